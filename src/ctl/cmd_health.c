/* SPDX-License-Identifier: MIT */
/* Whether the gateway serves: for people, and for whatever restarts what does not. */
#include <stdio.h>

#include "ctl/ctl.h"
#include "ctl/json.h"
#include "ctl/report.h"
#include "grpc/health/v1/health.ugrpc.h"

/* Of one of the gateway's services, "" for all of it. */
static int ask(struct ctl *ctl, const char *service,
    ugrpc_health_v1_health_check_response_serving_status *status, struct ugrpc_status *st)
{
    struct ugrpc_call_options options = {.timeout_ms = ctl_timeout_ms(ctl, false)};
    ugrpc_health_v1_health_check_request request = UGRPC_HEALTH_V1_HEALTH_CHECK_REQUEST_INIT;
    ugrpc_health_v1_health_check_response *reply;
    request.service = (char *)service;
    *status = UGRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_UNKNOWN;
    int rc = ugrpc_health_v1_check(ctl->channel, &request, &reply, &options, st);
    if (rc == 0) {
        *status = reply->status;
        ugrpc_health_v1_health_check_response_free(reply);
    }
    return rc;
}

int command_health(struct ctl *ctl)
{
    int rc = ctl_connect(ctl, NULL);
    if (rc) {
        return rc;
    }
    ugrpc_health_v1_health_check_response_serving_status all, journal;
    struct ugrpc_status st, no_journal;
    if (ask(ctl, "", &all, &st) < 0) {
        return report_status(ctl, &st, NULL);
    }
    bool serving = all == UGRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_SERVING;
    bool degraded = ask(ctl, "journal", &journal, &no_journal) == 0 &&
                    journal == UGRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_NOT_SERVING;
    if (ctl->json) {
        json_print(json_pack(
            "{s:s, s:b, s:b}", "target", ctl->target, "serving", serving, "journal_degraded", degraded));
    } else {
        printf("%s: %s%s\n", ctl->target, serving ? "serving" : "not serving",
            degraded ? ", but its journal cannot be written" : "");
    }
    return serving ? CTL_DONE : CTL_FAILED;
}
