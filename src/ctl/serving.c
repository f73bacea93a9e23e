/* SPDX-License-Identifier: MIT */
/* The journal has a health of its own beside the gateway's: commands go on without it. Both stand in one
 * list, so that nobody has to ask for a name which a gateway without a journal refuses, and logs. */
#include "ctl/serving.h"

#include <string.h>

#include "ctl/ctl.h"

#define GATEWAY ""
#define JOURNAL "journal"

ugrpc_health_v1_health_list_response *serving_list(const struct ctl *ctl, struct ugrpc_status *st)
{
    const struct ugrpc_call_options options = {.timeout_ms = ctl_timeout_ms(ctl, false)};
    const ugrpc_health_v1_health_list_request all = UGRPC_HEALTH_V1_HEALTH_LIST_REQUEST_INIT;
    ugrpc_health_v1_health_list_response *health;
    return ugrpc_health_v1_list(ctl->channel, &all, &health, &options, st) < 0 ? NULL : health;
}

/* `name` is listed, and does not serve. */
static bool is_down(const ugrpc_health_v1_health_list_response *health, const char *name)
{
    for (size_t i = 0; health && i < health->n_statuses; i++) {
        const ugrpc_health_v1_health_check_response *value = health->statuses[i]->value;
        if (value && strcmp(health->statuses[i]->key, name) == 0) {
            return value->status != UGRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_SERVING;
        }
    }
    return false;
}

struct serving serving_of(const ugrpc_health_v1_health_list_response *health)
{
    return (struct serving){
        .serving = !is_down(health, GATEWAY), .journal_degraded = is_down(health, JOURNAL)};
}

const char *serving_text(struct serving serving)
{
    if (!serving.serving) {
        return "not serving";
    }
    return serving.journal_degraded ? "serving, but its journal cannot be written" : "serving";
}
