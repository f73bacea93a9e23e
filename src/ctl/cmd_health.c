/* SPDX-License-Identifier: MIT */
/* Whether the gateway serves: for people, and for whatever restarts what does not. */
#include <stdio.h>

#include "ctl/ctl.h"
#include "ctl/json.h"
#include "ctl/report.h"
#include "ctl/serving.h"

/* Of the gateway as a whole, where health is not listed: that came late to grpc.health.v1. */
static int check(const struct ctl *ctl, struct serving *serving, struct ugrpc_status *st)
{
    const struct ugrpc_call_options options = {.timeout_ms = ctl_timeout_ms(ctl, false)};
    const ugrpc_health_v1_health_check_request request = UGRPC_HEALTH_V1_HEALTH_CHECK_REQUEST_INIT;
    ugrpc_health_v1_health_check_response *reply;
    int rc = ugrpc_health_v1_check(ctl->channel, &request, &reply, &options, st);
    if (rc == 0) {
        serving->serving = reply->status == UGRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_SERVING;
        ugrpc_health_v1_health_check_response_free(reply);
    }
    return rc;
}

static int ask(const struct ctl *ctl, struct serving *serving, struct ugrpc_status *st)
{
    ugrpc_health_v1_health_list_response *health = serving_list(ctl, st);
    if (!health && st->code == UGRPC_UNIMPLEMENTED) {
        return check(ctl, serving, st);
    }
    *serving = serving_of(health);
    ugrpc_health_v1_health_list_response_free(health);
    return health ? 0 : -(int)st->code;
}

int command_health(struct ctl *ctl)
{
    struct serving serving = {.serving = false};
    struct ugrpc_status st;
    int rc = ctl_connect(ctl, NULL);
    if (rc) {
        return rc;
    }
    if (ask(ctl, &serving, &st) < 0) {
        return report_status(ctl, &st, NULL);
    }
    if (ctl->json) {
        json_print(json_pack("{s:s, s:b, s:b}", "target", ctl->target, "serving", serving.serving,
            "journal_degraded", serving.journal_degraded));
    } else {
        printf("%s: %s\n", ctl->target, serving_text(serving));
    }
    return serving.serving ? CTL_DONE : CTL_FAILED;
}
