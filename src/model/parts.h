/* SPDX-License-Identifier: MIT */
/* What the parts of model/ need of one another beyond the public headers: birth and death of each part of a
 * component, and what a new sample sets off. Private to model/. */
#ifndef MODEL_PARTS_H
#define MODEL_PARTS_H

#include "base/status.h"
#include "model/bounds.h"
#include "model/command.h"
#include "model/dc_bounds.h"
#include "model/graph.h"
#include "model/lifecycle.h"
#include "model/telemetry.h"

/* begin: after the spec stands; done_with: frees, also what never began. */
void bounds_begin(struct component *component);
void bounds_done_with(struct component *component);
void bounds_keep(const struct component *component); /* in the site's journal */
void command_begin(struct component *component);
void command_done_with(struct component *component);
void command_keep(const struct component *component); /* in the site's journal */
void command_zeroing_done_with(struct site *site);
void lifecycle_begin(struct component *component);
void lifecycle_done_with(struct component *component);
void links_done_with(struct component *component);
void feeders_done_with(struct site *site);
void telemetry_begin_component(struct component *component);
void telemetry_begin_sensor(struct site *site, struct sensor *sensor);
void telemetry_done_with(struct telemetry *telemetry);

/* bounds: the DC power of a battery. */
const struct dc_side *bounds_dc_side(const struct component *battery);
/* bounds: something that can be in series has opened or closed. */
void bounds_switched(struct component *component);
/* The value nearest to `value` that the device of the component keeps to by itself: within its limits of the
 * moment, whatever it is rated and callers have added. */
double bounds_nearest_own(const struct component *component, enum axis axis, double value);
/* Callers have added bounds that bear on this axis. */
bool bounds_have_added(const struct component *component, enum axis axis);

/* command: a sample has come, which changed the state from `before` (or ended an offline time). */
void command_follow_state(
    struct component *component, const struct component_state *before, bool was_offline);
/* A start or an acknowledgement that somebody asked for ended well: nobody knows what the device holds now,
 * and an axis is as after an expiry unless a set-point came meanwhile. */
void command_resume(struct component *component);
/* A start of the component ended: what waited for it is applied, or dropped with `why` (NULL: it succeeded).
 */
void command_started(struct component *component, const char *why);

/* lifecycle: the sequence that runs for the component, or -1. */
int lifecycle_running(const struct component *component);
/* A sequence or an acknowledgement runs. */
bool lifecycle_busy(const struct component *component);
/* 0, or -UGRPC_RESOURCE_EXHAUSTED if no sequence may begin, as the device has not answered the ones before.
 */
int lifecycle_check_room(const struct component *component, struct ugrpc_status *st);

/* In operation: neither at rest nor switching nor in error. */
static inline bool state_operates(const struct component_state *state)
{
    return !(state->states &
             (STATE_BIT(STATE_UNAVAILABLE) | STATE_BIT(STATE_SWITCHING_OFF) | STATE_BIT(STATE_OFF) |
                 STATE_BIT(STATE_SWITCHING_ON) | STATE_BIT(STATE_STANDBY) | STATE_BIT(STATE_ERROR)));
}

/* "overvoltage, fuse_error": the errors of a set, for messages. */
const char *errors_format(uint64_t errors, char *out, size_t cap);

/* 0, or -UGRPC_UNAVAILABLE with a message if the component's device does not answer. */
int telemetry_check_online(const struct component *component, struct ugrpc_status *st);
/* 0, or -UGRPC_FAILED_PRECONDITION with a message that says whether ack helps. */
int telemetry_check_no_error(const struct component *component, const char *what, struct ugrpc_status *st);

#endif
