/* SPDX-License-Identifier: MIT */
/* The set-points of the reference, and what devices make of them. */
#include "reference.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define S          1000000000LL
#define ANSWER_S   10
#define SEQUENCE_S 30
#define LONGEST_S  900
#define RETRY_S    1

static bool operates(const struct ref_part *part)
{
    return part->state == REF_READY;
}

bool ref_online(const struct ref *ref, enum ref_which which)
{
    const struct ref_part *part = &ref->parts[which];
    return part->state != REF_UNKNOWN && ref->now_ns - part->sampled_ns < REF_MAX_AGE_S * S;
}

/* ---- set-points ------------------------------------------------------------------------------------- */

/* As every axis is after an expiry, start, standby, stop or error. */
static void settle(struct ref *ref, struct ref_part *part, int axis)
{
    struct ref_axis *one = &part->axes[axis];
    one->wish = (struct ref_wish){
        .mode = part->releases ? REF_FREE : REF_ZERO, .generation = ++ref->generations};
    one->accepted = one->wish;
    one->unsent = false;
    one->dropped = true;
}

static void settle_all(struct ref *ref, struct ref_part *part)
{
    for (int axis = 0; axis < REF_AXES; axis++) {
        if (part->takes[axis]) {
            settle(ref, part, axis);
        }
    }
}

static void end_if_due(struct ref *ref, struct ref_part *part, int axis)
{
    struct ref_axis *one = &part->axes[axis];
    if (one->wish.mode == REF_SET && one->wish.until_ns <= ref->now_ns) {
        bool waited = one->wish.waiting;
        bool at_0 = one->told && !one->released && one->power == 0;
        settle(ref, part, axis);
        one->must_end |= !waited && one->ever && (part->releases || !at_0);
    }
}

void ref_pass(struct ref *ref, int64_t now_ns, int64_t now_utc_ns)
{
    ref->now_ns = now_ns;
    ref->now_utc_ns = now_utc_ns;
    for (int i = 0; i < REF_PARTS; i++) {
        struct ref_part *part = &ref->parts[i];
        for (int j = part->n_entries - 1; j >= 0; j--) {
            if (part->entries[j].until_ns <= now_ns) {
                ref_take_out(part, j);
            }
        }
        for (int axis = 0; axis < REF_AXES; axis++) {
            struct ref_axis *one = &part->axes[axis];
            end_if_due(ref, part, axis);
            if (one->order.open && now_ns >= one->order.sent_ns + ANSWER_S * S) {
                ref_answer(ref, (enum ref_which)i, axis, one->order.number, false);
            }
        }
        if (part->action != REF_NO_ACTION && now_ns >= part->action_ns + SEQUENCE_S * S) {
            ref_action_done(ref, (enum ref_which)i, false);
        }
    }
}

static void begin_action(struct ref *ref, struct ref_part *part, enum ref_action action, bool asked)
{
    part->action = action;
    part->asked = asked;
    part->action_ns = ref->now_ns;
}

static void wake(struct ref *ref, struct ref_part *part)
{
    if (part->action == REF_NO_ACTION && part->state == REF_STANDBY) {
        begin_action(ref, part, REF_START, false);
    }
}

int ref_set_power(struct ref *ref, enum ref_which which, int axis, double value, int64_t lifetime_s)
{
    struct ref_part *part = &ref->parts[which];
    struct ref_axis *one = &part->axes[axis];
    bool starts = part->action == REF_START;
    bool ends = part->action == REF_STOP || part->action == REF_REST;
    if (!part->takes[axis]) {
        return UGRPC_UNIMPLEMENTED;
    }
    if (!ref_online(ref, which)) {
        return UGRPC_UNAVAILABLE;
    }
    if (part->state == REF_ERROR || ends ||
        (!starts && (part->state == REF_OFF || (part->state == REF_STANDBY && axis == REF_REACTIVE)))) {
        return UGRPC_FAILED_PRECONDITION;
    }
    if (which == REF_INVERTER && ref->parts[REF_BATTERY].open && value != 0) {
        return UGRPC_FAILED_PRECONDITION;
    }
    if (!ref_in_bounds(ref, which, axis, value)) {
        return UGRPC_OUT_OF_RANGE;
    }
    one->wish = (struct ref_wish){
        .mode = REF_SET,
        .waiting = starts || part->state == REF_STANDBY,
        .value = value,
        .until_ns = ref->now_ns + lifetime_s * S,
        .until_utc_ns = ref->now_utc_ns + lifetime_s * S,
        .generation = ++ref->generations,
    };
    one->unsent = !one->wish.waiting;
    if (one->wish.waiting) {
        one->accepted = one->wish;
        wake(ref, part);
    }
    return UGRPC_OK;
}

int ref_run(struct ref *ref, enum ref_which which, enum ref_action action)
{
    struct ref_part *part = &ref->parts[which];
    if (action != REF_ACK && !part->rests) {
        return UGRPC_UNIMPLEMENTED;
    }
    if (!ref_online(ref, which)) {
        return UGRPC_UNAVAILABLE;
    }
    if (action == REF_ACK) {
        if (part->state == REF_ERROR && part->action != REF_ACK) {
            begin_action(ref, part, action, true);
        }
        return UGRPC_OK;
    }
    if (part->state == REF_ERROR || (action == REF_REST && part->state == REF_OFF)) {
        return UGRPC_FAILED_PRECONDITION;
    }
    if (part->action == action) {
        part->asked = true;
        return UGRPC_OK;
    }
    begin_action(ref, part, action, true);
    settle_all(ref, part);
    return UGRPC_OK;
}

/* ---- devices ---------------------------------------------------------------------------------------- */

static void sample_axis(struct ref *ref, struct ref_part *part, int axis, enum ref_state before)
{
    const struct ref_wish *wish = &part->axes[axis].wish;
    bool rested = before == REF_STANDBY || before == REF_OFF;
    bool fails = part->state == REF_ERROR && before != REF_ERROR;
    bool rests = (part->state == REF_OFF && before != REF_OFF) || (part->state == REF_STANDBY && !rested);
    if (fails && wish->mode != REF_FREE) {
        settle(ref, part, axis);
    } else if (rests && wish->mode == REF_SET) {
        if (wish->waiting && before == REF_UNKNOWN && part->state == REF_STANDBY) {
            wake(ref, part);
        } else {
            settle(ref, part, axis);
        }
    } else if (part->state == REF_READY && part->action != REF_START) {
        part->axes[axis].wish.waiting = false;
    }
}

void ref_sample(struct ref *ref, enum ref_which which, enum ref_state state)
{
    struct ref_part *part = &ref->parts[which];
    enum ref_state before = part->state;
    part->state = state;
    part->sampled_ns = ref->now_ns;
    for (int axis = 0; axis < REF_AXES; axis++) {
        if (part->takes[axis]) {
            sample_axis(ref, part, axis, before);
        }
    }
}

void ref_action_done(struct ref *ref, enum ref_which which, bool ok)
{
    struct ref_part *part = &ref->parts[which];
    enum ref_action action = part->action;
    part->action = REF_NO_ACTION;
    for (int axis = 0; axis < REF_AXES; axis++) {
        struct ref_axis *one = &part->axes[axis];
        if (!part->takes[axis]) {
            continue;
        }
        one->calm_ns = ref->now_ns + 1;
        bool resumes = ok && part->asked && (action == REF_START || action == REF_ACK);
        one->ever |= resumes; /* nobody knows what it does now: it is told, released at least */
        if (resumes && one->wish.mode != REF_SET) {
            settle(ref, part, axis);
        }
        if (action == REF_START && one->wish.waiting) {
            if (ok) {
                one->wish.waiting = false;
            } else {
                settle(ref, part, axis);
            }
        }
    }
}

/* What the device said of a command that is still the newest decides whether it counts; a refused one leaves
 * what was accepted before. */
void ref_answer(struct ref *ref, enum ref_which which, int axis, int64_t number, bool ok)
{
    struct ref_part *part = &ref->parts[which];
    struct ref_axis *one = &part->axes[axis];
    struct ref_order order = one->order;
    end_if_due(ref, part, axis);
    if (!order.open || order.number != number) {
        return; /* too late */
    }
    one->order.open = false;
    if (!ok) {
        one->calm_ns = ref->now_ns + RETRY_S * S;
    }
    if (ok && order.carries && order.wish.generation > one->accepted.generation) {
        one->accepted = order.wish;
    }
    if (!ok && order.carries && order.wish.generation == one->wish.generation) {
        one->wish = one->accepted;
        one->wish.waiting = false; /* or it could not have been refused */
        one->wish.generation = ++ref->generations;
        end_if_due(ref, part, axis);
    }
}

static const char *order_is_owed(
    const struct ref *ref, enum ref_which which, int axis, bool release, double power)
{
    const struct ref_part *part = &ref->parts[which];
    const struct ref_axis *one = &part->axes[axis];
    if (one->wish.mode == REF_SET && one->wish.waiting) { /* the end of what was before may come late */
        return release == part->releases && power == 0 ? NULL : "told while it still waits";
    }
    switch (one->wish.mode) {
    case REF_SET:
        return release                                                 ? "released amid a set-point"
               : power != ref_apply(ref, which, axis, one->wish.value) ? "not what the set-point comes to"
                                                                       : NULL;
    case REF_ZERO:
        return release ? "released, but it is to be at 0" : power != 0 ? "not 0" : NULL;
    case REF_FREE:
        if (release) {
            return one->ever ? NULL : "released, but it was never told anything";
        }
        return !ref_bounds_are_added(ref, which, axis)
                   ? "runs free, nobody added bounds, and it was told a power"
               : power != ref_apply(ref, which, axis, part->free_power[axis])
                   ? "not what its bounds leave of running free"
                   : NULL;
    }
    return NULL;
}

const char *ref_order(
    struct ref *ref, enum ref_which which, int axis, bool release, double power, int64_t number)
{
    struct ref_axis *one = &ref->parts[which].axes[axis];
    const char *complaint = order_is_owed(ref, which, axis, release, power);
    if (one->order.open) {
        return "an order before the device has answered the last one";
    }
    one->order = (struct ref_order){
        .open = true, .carries = one->unsent, .number = number, .sent_ns = ref->now_ns, .wish = one->wish};
    one->unsent = false;
    one->must_end = false;
    one->ever = true;
    one->told = true;
    one->released = release;
    one->power = power;
    if (release) {
        one->calm_ns = ref->now_ns + 1; /* bounds limit it again with the next sample */
    }
    return complaint;
}

/* Bounds bear on what runs free; its device is told as soon as a sample shows that. */
static const char *check_free(const struct ref *ref, enum ref_which which, int axis)
{
    static struct ref_set set;
    const struct ref_part *part = &ref->parts[which];
    const struct ref_axis *one = &part->axes[axis];
    bool limited = one->told && !one->released;
    if (!ref_bounds_are_added(ref, which, axis)) {
        return limited                   ? "runs free, but its device was told a power and not released"
               : one->ever && !one->told ? "was told something before the restart and not released since"
                                         : NULL;
    }
    ref_in_force(ref, which, (enum ref_metric)axis, &set);
    double does = part->reading[axis], may = ref_set_nearest(&set, does);
    ref_own(ref, which, axis, &set);
    if (!limited && may != ref_set_nearest(&set, does)) {
        return "runs free beyond its bounds";
    }
    return limited && one->power != ref_apply(ref, which, axis, one->power)
               ? "runs free, limited to what is no longer allowed"
               : NULL;
}

/* Meanwhile the device holds what was before, while that lasts and is allowed. */
static const char *check_held(const struct ref *ref, enum ref_which which, int axis)
{
    const struct ref_axis *one = &ref->parts[which].axes[axis];
    bool held = one->told && !one->released && one->accepted.mode == REF_SET;
    return held && one->accepted.until_ns <= ref->now_ns
               ? "the older set-point has ended while a newer one waits"
           : held && one->power != ref_apply(ref, which, axis, one->power)
               ? "its device holds what is no longer allowed while a newer one waits"
               : NULL;
}

const char *ref_check_told(const struct ref *ref, enum ref_which which, int axis)
{
    const struct ref_part *part = &ref->parts[which];
    const struct ref_axis *one = &part->axes[axis];
    bool reachable = ref_online(ref, which) && operates(part) && part->action == REF_NO_ACTION;
    if (one->order.open) {
        return NULL;
    }
    if (one->must_end) {
        return "it has ended, and its device was not told";
    }
    if (one->unsent && ref->slow) {
        return reachable && part->sampled_ns >= one->calm_ns ? check_held(ref, which, axis) : NULL;
    }
    if (one->unsent) {
        return "a command was accepted, and its device was not told";
    }
    if (!reachable || part->sampled_ns < one->calm_ns) {
        return NULL;
    }
    switch (one->wish.mode) {
    case REF_SET:
        return one->wish.waiting ? "it operates, and its set-point still waits"
               : !one->told || one->released || one->power != ref_apply(ref, which, axis, one->wish.value)
                   ? "its device was not told what the set-point comes to"
                   : NULL;
    case REF_ZERO:
        return !one->told || one->released || one->power != 0 ? "its device was not told 0" : NULL;
    case REF_FREE:
        return check_free(ref, which, axis);
    }
    return NULL;
}

/* ---- ends and beginnings ---------------------------------------------------------------------------- */

void ref_stop(struct ref *ref, struct ref *kept)
{
    *kept = *ref;
    for (int i = 0; i < REF_PARTS; i++) {
        for (int axis = 0; axis < REF_AXES; axis++) {
            struct ref_axis *one = &ref->parts[i].axes[axis];
            const struct ref_order *order = &one->order;
            bool unanswered = one->unsent || (order->open && order->carries &&
                                                 order->wish.generation == one->wish.generation);
            if (unanswered) { /* its caller hears that it was not carried out */
                kept->parts[i].axes[axis].wish = one->accepted;
            }
            if (one->ever && one->wish.mode == REF_SET) {
                one->wish = (struct ref_wish){.mode = REF_ZERO, .generation = ++ref->generations};
            }
            one->unsent = false;
            one->order.open = false; /* what is under way is not waited for if something follows */
        }
    }
}

/* When it ends on this run's clock; false if it has ended. */
static bool carry_over(
    const struct ref *ref, bool same_boot, bool believed, int64_t *until_ns, int64_t until_utc_ns)
{
    int64_t left_ns = same_boot ? *until_ns - ref->now_ns : believed ? until_utc_ns - ref->now_utc_ns : 0;
    *until_ns = ref->now_ns + left_ns;
    return left_ns > 0 && left_ns <= LONGEST_S * S;
}

void ref_restart(struct ref *ref, const struct ref *kept, bool same_boot, bool believed)
{
    int64_t now_ns = ref->now_ns, now_utc_ns = ref->now_utc_ns;
    *ref = *kept;
    ref->now_ns = now_ns;
    ref->now_utc_ns = now_utc_ns;
    for (int i = 0; i < REF_PARTS; i++) {
        struct ref_part *part = &ref->parts[i];
        for (int j = part->n_entries - 1; j >= 0; j--) {
            struct ref_entry *entry = &part->entries[j];
            if (!carry_over(ref, same_boot, believed, &entry->until_ns, entry->until_utc_ns)) {
                ref_take_out(part, j);
            }
        }
        for (int axis = 0; axis < REF_AXES; axis++) {
            struct ref_axis *one = &part->axes[axis];
            one->order.open = one->unsent = one->told = false;
            one->calm_ns = now_ns;
            if (one->wish.mode == REF_SET &&
                !carry_over(ref, same_boot, believed, &one->wish.until_ns, one->wish.until_utc_ns)) {
                settle(ref, part, axis);
            }
            one->ever |= one->dropped || one->wish.mode != REF_FREE;
            one->must_end = one->wish.mode == REF_ZERO ||
                            (one->wish.mode == REF_FREE && kept->parts[i].axes[axis].wish.mode == REF_SET);
            one->accepted = one->wish;
        }
        part->state = REF_UNKNOWN;
        part->action = REF_NO_ACTION;
        part->open = false;
        part->soc_pct = part->reading[0] = part->reading[1] = NAN;
        for (int metric = 0; metric < REF_METRICS; metric++) {
            part->momentary[metric] = REF_ALL;
        }
    }
}
