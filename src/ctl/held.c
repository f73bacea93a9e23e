/* SPDX-License-Identifier: MIT */
#include "ctl/held.h"

#include <ugrpc/client.h>

#include "ctl/ctl.h"
#include "ctl/vocabulary.h"

#define TIMEOUT_MS   2000 /* it is only told besides */

#define QUANTITY(id) MICROGRID_ADMIN_V1_QUANTITY_##id

bool held_may_ask(const struct ctl *ctl)
{
    return ctl->insecure && ctl->is_local;
}

holders_message *held_ask(struct ctl *ctl)
{
    struct ugrpc_call_options options = {.timeout_ms = TIMEOUT_MS};
    struct ugrpc_status st;
    ugrpc_protobuf_empty nothing = UGRPC_PROTOBUF_EMPTY_INIT;
    holders_message *holders = NULL;
    if (!held_may_ask(ctl) ||
        microgrid_admin_v1_list_holders(ctl->channel, &nothing, &holders, &options, &st) < 0) {
        return NULL;
    }
    return holders;
}

const setpoint_message *held_setpoint(const holders_message *holders, uint64_t component_id, int metric)
{
    for (size_t i = 0; holders && i < holders->n_setpoints; i++) {
        const setpoint_message *held = holders->setpoints[i];
        if (held->component_id == component_id && held_metric(held->quantity) == metric) {
            return held;
        }
    }
    return NULL;
}

int held_metric(microgrid_admin_v1_quantity quantity)
{
    static const int metrics[] = {
        [QUANTITY(ACTIVE_POWER)] = METRIC(AC_ACTIVE_POWER),
        [QUANTITY(REACTIVE_POWER)] = METRIC(AC_REACTIVE_POWER),
        [QUANTITY(DC_POWER)] = METRIC(DC_POWER),
        [QUANTITY(STATE_OF_CHARGE)] = METRIC(BATTERY_SOC_PCT),
    };
    bool known = quantity >= 0 && (size_t)quantity < ARRAY_LEN(metrics);
    return known ? metrics[quantity] : METRIC(UNSPECIFIED);
}
