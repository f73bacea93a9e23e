/* SPDX-License-Identifier: MIT */
/* What is held, as the gateway's own API tells it: set-points with what is applied of them, and bounds. */
#ifndef CTL_HELD_H
#define CTL_HELD_H

#include <stdbool.h>
#include <stdint.h>

#include "microgrid/admin/v1/admin.ugrpc.h"

struct ctl;

typedef microgrid_admin_v1_held_setpoint setpoint_message;
typedef microgrid_admin_v1_held_bounds held_bounds_message;
typedef microgrid_admin_v1_list_holders_response holders_message;

/* Whether it is worth asking unasked: on the gateway's own machine, without a key. Elsewhere few may, and a
 * refusal would stand in the gateway's log. */
bool held_may_ask(const struct ctl *ctl);
/* On a channel for blocking calls; NULL if it does not tell. The caller frees it with
 * microgrid_admin_v1_list_holders_response_free(). */
holders_message *held_ask(struct ctl *ctl);
/* The set-point of a component's metric, or NULL; also if `holders` is NULL. */
const setpoint_message *held_setpoint(const holders_message *holders, uint64_t component_id, int metric);

/* AC_ACTIVE_POWER of ACTIVE_POWER; UNSPECIFIED of what is not known. */
int held_metric(microgrid_admin_v1_quantity quantity);

#endif
