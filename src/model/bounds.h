/* SPDX-License-Identifier: MIT */
/* Bounds that callers add, and the bounds in force that result:
 * in force = (union of the active added ones, or everything if none is) ∩ rated ∩ momentary; see the
 * contract, call 7. */
#ifndef MODEL_BOUNDS_H
#define MODEL_BOUNDS_H

#include "base/status.h"
#include "model/caller.h"
#include "model/component.h"
#include "model/journal.h"

#define BOUNDS_MAX_ENTRIES 1000 /* a component and metric, before merging */

/* What a caller adds. */
struct bounds_request {
    enum metric metric;         /* METRIC_NONE: one that the model does not have, and so no bounds */
    const struct range *ranges; /* each lower ≤ upper, no NaN: the caller has checked */
    size_t n;                   /* at least 1 */
    int64_t lifetime_ns;
    const char *token; /* replaces what was added to this metric with the same token; NULL: none */
};

/* Adds bounds. Identical ranges of one caller, without a token, are one entry with the later expiry. 0 with
 * the expiry that counts in *until_utc_ns, or -UGRPC_UNIMPLEMENTED for a metric that takes none here (naming
 * those that do), -UGRPC_UNAVAILABLE while its device is offline, -UGRPC_RESOURCE_EXHAUSTED when the entries
 * would pass the limit (nothing is added then). The bounds in force and the applied set-points follow before
 * it returns; its caller may hear of it after journal_sync(). */
int bounds_add(struct component *component, const struct caller *caller, const struct bounds_request *request,
    int64_t *until_utc_ns, struct ugrpc_status *st);

/* Takes out what was added to `metric` with `token`; there need not be any. 0, -UGRPC_UNIMPLEMENTED or
 * -UGRPC_UNAVAILABLE; its caller may hear of it after journal_sync(). */
int bounds_clear(struct component *component, const struct caller *caller, enum metric metric,
    const char *token, struct ugrpc_status *st);

/* Calls for each of the added bounds that have not ended, one range at a time. */
typedef void bounds_added_fn(const struct journal_bounds *added, void *userdata);
void bounds_each_added(const struct component *component, bounds_added_fn *each, void *userdata);

/* After a restart: goes on with what was kept, as if it had been added then; or tells, and writes to the
 * journal, that it has ended, and why. Both do nothing for a metric that takes no bounds (any more). */
void bounds_restore(struct component *component, const struct journal_bounds *kept);
void bounds_end_kept(const struct component *component, const struct journal_bounds *kept,
    struct journal *journal, enum journal_end end, const char *why);

/* What a command is checked against and streams publish: finite, ascending, on float32 values. If nothing is
 * allowed, [[0, 0]] for a power, the nearest own limit for SoC. Without ranges (n = 0) only where the
 * component does not take bounds, and for the DC power of a battery whose limits are unknown. */
const struct ranges *bounds_in_force(const struct component *component, enum bounded bounded);

/* Works the bounds in force out anew (and those of inverters before a battery), then the applied set-points.
 * Costs next to nothing when nothing has changed that they follow from. */
void bounds_refresh(struct component *component);

/* The value that the device is told for a request: nearest in (in force ∪ {0}), ties towards 0, floored to
 * the resolution; 0 if that lies outside, or if the device would do more than it is told, as it has a least
 * power, and that lies outside. */
double bounds_apply(const struct component *component, enum axis axis, double requested);

/* The nearest values at or below and at or above `value` that a command would be accepted with, after the
 * resolution; NAN: none on this side. One of them is always a number. */
void bounds_acceptable(
    const struct component *component, enum axis axis, double value, double *below, double *above);

/* What limits: "rated", "battery_1: state of charge", "added bounds", "relay_1 is open" …, for messages. */
const char *bounds_reason(
    const struct component *component, enum axis axis, double value, char *out, size_t cap);

#endif
