/* SPDX-License-Identifier: MIT */
/* Whether the gateway serves: for people, and for whatever restarts what does not. */
#include <stdio.h>

#include "ctl/ctl.h"
#include "ctl/json.h"
#include "ctl/report.h"
#include "grpc/health/v1/health.ugrpc.h"

int command_health(struct ctl *ctl)
{
    int rc = ctl_connect(ctl, NULL);
    if (rc) {
        return rc;
    }
    struct ugrpc_call_options options = {.timeout_ms = ctl_timeout_ms(ctl, false)};
    struct ugrpc_status st;
    ugrpc_health_v1_health_check_request request = UGRPC_HEALTH_V1_HEALTH_CHECK_REQUEST_INIT;
    ugrpc_health_v1_health_check_response *reply;
    if (ugrpc_health_v1_check(ctl->channel, &request, &reply, &options, &st) < 0) {
        return report_status(ctl, &st, NULL);
    }
    bool serving = reply->status == UGRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_SERVING;
    ugrpc_health_v1_health_check_response_free(reply);
    if (ctl->json) {
        json_print(json_pack("{s:s, s:b}", "target", ctl->target, "serving", serving));
    } else {
        printf("%s: %s\n", ctl->target, serving ? "serving" : "not serving");
    }
    return serving ? CTL_DONE : CTL_FAILED;
}
