/* SPDX-License-Identifier: MIT */
/* Strings and values are the model's, which does not change until the reply is encoded. */
#include "service/admin/holders.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <ugrpc/call.h>

#include "microgrid/admin/v1/admin.ugrpc.h"
#include "model/bounds.h"
#include "model/caller.h"
#include "model/journal.h"
#include "model/site.h"
#include "service/shown.h"

/* A message with what it points to. */
struct held_setpoint {
    microgrid_admin_v1_held_setpoint message;
    ugrpc_protobuf_timestamp until;
};

struct held_bounds {
    microgrid_admin_v1_held_bounds message;
    ugrpc_protobuf_timestamp until;
};

struct holders {
    const struct component *component; /* that is being looked at */
    struct clock *clock;
    struct held_setpoint *setpoints;
    struct held_bounds *bounds;
    size_t n_setpoints, cap_setpoints, n_bounds, cap_bounds;
};

static const microgrid_admin_v1_quantity quantities[BOUNDED_COUNT] = {
    [BOUNDED_ACTIVE] = MICROGRID_ADMIN_V1_QUANTITY_ACTIVE_POWER,
    [BOUNDED_REACTIVE] = MICROGRID_ADMIN_V1_QUANTITY_REACTIVE_POWER,
    [BOUNDED_DC_POWER] = MICROGRID_ADMIN_V1_QUANTITY_DC_POWER,
    [BOUNDED_SOC] = MICROGRID_ADMIN_V1_QUANTITY_STATE_OF_CHARGE,
};

/* Room for one more of `n` things in the list. */
static void *grow(void *list, size_t n, size_t *cap, size_t size)
{
    if (n < *cap) {
        return list;
    }
    *cap = *cap ? 2 * *cap : 16;
    list = realloc(list, *cap * size);
    if (!list) {
        abort();
    }
    return list;
}

/* What ends then on boot time, whatever UTC did meanwhile. To the millisecond, as each call reads both clocks
 * anew. */
static ugrpc_protobuf_timestamp until_of(const struct holders *holders, int64_t until_ns)
{
    int64_t utc_ns = clock_now_utc_ns(holders->clock) + until_ns - clock_now_ns(holders->clock);
    return shown_timestamp((utc_ns + NS_PER_MS / 2) / NS_PER_MS * NS_PER_MS);
}

static void add_setpoint(struct holders *holders, enum axis axis)
{
    const struct component *component = holders->component;
    const struct setpoint *setpoint = &component->setpoints[axis];
    if (setpoint->mode != SETPOINT_ACTIVE) {
        return;
    }
    holders->setpoints = grow(
        holders->setpoints, holders->n_setpoints, &holders->cap_setpoints, sizeof(*holders->setpoints));
    struct held_setpoint *held = &holders->setpoints[holders->n_setpoints++];
    microgrid_admin_v1_held_setpoint_init(&held->message);
    held->message.component_id = component->spec.id;
    held->message.component = (char *)component->spec.name;
    held->message.quantity = quantities[axis_bounded(axis)];
    held->message.requested = setpoint->requested;
    if (!isnan(setpoint->applied)) {
        microgrid_admin_v1_held_setpoint_set_applied(&held->message, setpoint->applied);
    }
    held->until = until_of(holders, setpoint->until_ns);
    held->message.caller = (char *)setpoint->by;
    held->message.renewals = setpoint->renewals;
}

static void add_bounds(const struct journal_bounds *added, void *userdata)
{
    struct holders *holders = userdata;
    holders->bounds = grow(
        holders->bounds, holders->n_bounds, &holders->cap_bounds, sizeof(*holders->bounds));
    struct held_bounds *held = &holders->bounds[holders->n_bounds++];
    microgrid_admin_v1_held_bounds_init(&held->message);
    held->message.component_id = added->component_id;
    held->message.component = (char *)holders->component->spec.name;
    held->message.quantity = quantities[added->bounded];
    if (isfinite(added->ranges->lower)) {
        microgrid_admin_v1_held_bounds_set_lower(&held->message, added->ranges->lower);
    }
    if (isfinite(added->ranges->upper)) {
        microgrid_admin_v1_held_bounds_set_upper(&held->message, added->ranges->upper);
    }
    held->until = until_of(holders, added->until_ns);
    held->message.caller = (char *)caller_shown(added->owner);
    held->message.token = (char *)(added->token ? added->token : "");
}

/* The lists no longer move: now they can be pointed to. */
static void reply(struct holders *holders, bool read_only, struct ugrpc_call *call)
{
    microgrid_admin_v1_list_holders_response message = MICROGRID_ADMIN_V1_LIST_HOLDERS_RESPONSE_INIT;
    message.read_only = read_only;
    message.n_setpoints = holders->n_setpoints;
    message.setpoints = calloc(holders->n_setpoints + 1, sizeof(message.setpoints[0]));
    message.n_bounds = holders->n_bounds;
    message.bounds = calloc(holders->n_bounds + 1, sizeof(message.bounds[0]));
    if (!message.setpoints || !message.bounds) {
        abort();
    }
    for (size_t i = 0; i < message.n_setpoints; i++) {
        holders->setpoints[i].message.valid_until = &holders->setpoints[i].until;
        message.setpoints[i] = &holders->setpoints[i].message;
    }
    for (size_t i = 0; i < message.n_bounds; i++) {
        holders->bounds[i].message.valid_until = &holders->bounds[i].until;
        message.bounds[i] = &holders->bounds[i].message;
    }
    microgrid_admin_v1_list_holders_reply(call, &message);
    free(message.setpoints);
    free(message.bounds);
}

void holders_reply(const struct site *site, bool read_only, struct ugrpc_call *call)
{
    struct holders holders = {.clock = site->timers->clock};
    for (size_t i = 0; i < site->n_components; i++) {
        holders.component = site->components[i];
        for (int axis = 0; axis < AXIS_COUNT; axis++) {
            add_setpoint(&holders, (enum axis)axis);
        }
        bounds_each_added(holders.component, add_bounds, &holders);
    }
    reply(&holders, read_only, call);
    free(holders.setpoints);
    free(holders.bounds);
}
