/* SPDX-License-Identifier: MIT */
/* Set-points with lifetimes; see the contract, calls 8 and 9. */
#ifndef MODEL_COMMAND_H
#define MODEL_COMMAND_H

#include "base/status.h"
#include "model/caller.h"
#include "model/component.h"

#define LIFETIME_MIN_S     10
#define LIFETIME_MAX_S     900
#define LIFETIME_DEFAULT_S 60

typedef void command_fn(const struct ugrpc_status *st, int64_t valid_until_utc_ns, void *userdata);

/* Asks `component` for `power` (finite; W or VAr) for `lifetime_s` (within the limits above). Checks, in the
 * contract's order: ability, device offline, state, error, relays in series, bounds. Returns a refusal, or 0
 * and the promise that done() runs once, from a later turn of the loop (unless site_free() comes first), with
 * what happened:
 *   - what the device said; UNAVAILABLE if it said nothing for 10 s;
 *   - of a value that was not sent, because the device had not answered an older one yet: ABORTED when a
 * newer command of another value, or start, standby or stop replaced it; FAILED_PRECONDITION when its
 * component failed or switched off; DEADLINE_EXCEEDED when its lifetime ended. Commands of the same value
 * share the answer to the one order that carries them out; RESOURCE_EXHAUSTED beyond a thousand. A component
 * in standby is woken (active power only): then done() comes at once and the value is applied when ready. */
int command_set_power(struct component *component, enum axis axis, const struct caller *caller, double power,
    int64_t lifetime_s, command_fn *done, void *userdata, struct ugrpc_status *st);

/* What became of a set-point that was accepted. */
enum command_end {
    COMMAND_REACHED,    /* measured within the component's tolerance of the applied value; where a set-point
                           only limits (PV, wind, CHP, EV charger): not beyond it */
    COMMAND_FAILED,     /* the device failed, or the lifetime ended before */
    COMMAND_OVERRIDDEN, /* a newer command came before, start, standby and stop among them */
};
typedef void command_end_fn(enum command_end end, void *userdata);

/* Directly after command_set_power() has taken a set-point: ended() runs once, from a later turn of the loop,
 * unless command_unwatch() or site_free() comes first. */
void command_watch(struct component *component, enum axis axis, command_end_fn *ended, void *userdata);
/* Only if it is still `userdata` who watches. */
void command_unwatch(struct component *component, enum axis axis, const void *userdata);

struct journal_setpoint;

/* After a restart, around all of bounds_restore() and command_restore(): until the end no device is told what
 * bounds come to of which only some are there yet. */
void command_restore_begin(struct site *site);
void command_restore_end(struct site *site);

/* After a restart, when the devices have been started: goes on with what was kept of the component. A
 * set-point whose lifetime has not ended keeps it and is told to the device as soon as that operates (or is
 * woken, if it waited for that). What else was commanded is as after an expiry, which the device is told at
 * once; with `dropped`, that it has not reached its end, but cannot go on, and why. Does nothing for an axis
 * that takes no set-points (any more). */
void command_restore(struct component *component, const struct journal_setpoint *kept, const char *dropped);

/* For lifecycle: drops both axes' set-points, overridden by a newer command; they are then as after an
 * expiry. */
void command_drop(struct component *component, const char *why);

/* For bounds: works the applied values out anew and tells the device what changed. */
void command_reapply(struct component *component);

/* For a stop of the gateway: brings every component that the gateway has commanded to 0 (not those that
 * revert by themselves), whatever is under way. done() runs once, when all devices have answered, or after
 * 10 s. */
void command_zero_all(struct site *site, void (*done)(void *userdata), void *userdata);
/* How many components it has brought to 0 so far, as their devices say. */
size_t command_count_zeroed(const struct site *site);

#endif
