/* SPDX-License-Identifier: MIT */
/* Bounds in force.
 *
 * They are worked out anew only when something that they follow from has changed: each component remembers
 * its inputs of the last time (limits of the moment, state of charge, added bounds, batteries behind it, open
 * relays, room on its way to the grid, active power), and a comparison of these is all that an ordinary
 * sample costs.
 *
 * A battery's DC power is its own, without discharging at or below the lower bound of its state of charge and
 * without charging at or above the upper one. What that leaves its inverters stands in dc_bounds.c. */
#include "model/bounds.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/driver.h"
#include "model/feeders.h"
#include "model/ledger.h"
#include "model/parts.h"
#include "model/site.h"
#include "model/tell.h"

#define WORTH_PART 0.01 /* of what a fuse leaves: less is no reason for an order to the device */

static const struct range SOC_ALL = {0, 100};

void bounds_begin(struct component *component)
{
    bool any = false;
    for (int i = 0; i < BOUNDED_COUNT; i++) {
        any |= component_takes_bounds(component, (enum bounded)i);
    }
    if (!any) {
        return;
    }
    component->added = calloc(1, sizeof(*component->added));
    if (!component->added) {
        abort();
    }
    component->added->told_hybrid = RANGE_ALL;
    component->added->ends_ns = INT64_MAX;
    component->added->dc.fuse_w = INFINITY;
    for (int i = 0; i < BOUNDED_COUNT; i++) {
        struct slot *slot = &component->added->slots[i];
        *slot = (struct slot){.component = component, .bounded = (enum bounded)i};
        timer_init(&slot->expiry, slot_on_expiry, slot);
    }
}

void bounds_done_with(struct component *component)
{
    for (int i = 0; i < BOUNDED_COUNT; i++) {
        ranges_done(&component->in_force[i]);
    }
    if (!component->added) {
        return;
    }
    for (int i = 0; i < BOUNDED_COUNT; i++) {
        timer_stop(component->site->timers, &component->added->slots[i].expiry);
        added_done(&component->added->slots[i].added);
        ranges_done(&component->added->slots[i].ended.ranges);
    }
    ranges_done(&component->added->work);
    ranges_done(&component->added->limit);
    ranges_done(&component->added->scratch);
    ranges_done(&component->added->dc.added);
    free(component->added);
    component->added = NULL;
}

/* ---- working out ------------------------------------------------------------------------------------ */

/* A battery's own limits of its state of charge, without what callers have added. */
static struct range own_soc(const struct component *battery)
{
    struct range rated = range_both(SOC_ALL, range_present(battery->spec.rated[BOUNDED_SOC]));
    struct range own = range_both(rated, range_present(battery->momentary[BOUNDED_SOC]));
    if (own.lower > own.upper) { /* the moment contradicts the rating: the rated limit next to it */
        own.lower = own.upper = fmin(fmax(own.lower, rated.lower), rated.upper);
    }
    return own;
}

/* A copy of what is added, or everything if nothing is. */
static void copy_added(const struct component *component, enum bounded bounded, struct ranges *set)
{
    const struct ranges *added = &component->added->slots[bounded].added.all;
    ranges_clear(set);
    if (added->n) {
        ranges_copy(set, added);
    } else {
        ranges_add(set, RANGE_ALL);
    }
}

/* The outer limits of the state of charge in force. */
static struct range soc_in_force(const struct component *battery)
{
    const struct ranges *soc = &battery->in_force[BOUNDED_SOC];
    return (struct range){soc->items[0].lower, soc->items[soc->n - 1].upper};
}

/* The DC power that limits of the state of charge leave; an unknown one (NAN) is limited by none. */
static struct range dc_by_soc(const struct component *battery, struct range soc)
{
    double soc_pct = component_reading(battery, METRIC_BATTERY_SOC_PCT);
    return (struct range){soc_pct <= soc.lower ? 0 : -INFINITY, soc_pct >= soc.upper ? 0 : INFINITY};
}

/* What the tightest fuse on the DC side leaves it at its voltage, which changes with each sample. Tightens at
 * once, widens if it is worth it; stays if the voltage is not known. */
static void follow_fuse(struct component *battery)
{
    const struct component *fuse = graph_dc_fuse(battery);
    double left_w = fuse ? graph_dc_fuse_share_a(fuse) * component_reading(battery, METRIC_DC_VOLTAGE) : NAN;
    double *fuse_w = &battery->added->dc.fuse_w;
    if (left_w < *fuse_w || left_w >= *fuse_w * (1 + WORTH_PART)) {
        *fuse_w = fmax(left_w, 0);
    }
}

static struct range dc_by_fuse(const struct component *battery)
{
    double fuse_w = bounds_dc_side(battery)->fuse_w;
    return (struct range){-fuse_w, fuse_w};
}

static struct range own_dc(const struct component *battery)
{
    struct range own = range_both(range_present(battery->spec.rated[BOUNDED_DC_POWER]),
        range_present(battery->momentary[BOUNDED_DC_POWER]));
    own = range_both(own, dc_by_soc(battery, own_soc(battery)));
    return (struct range){fmin(own.lower, 0), fmax(own.upper, 0)};
}

/* True if the DC power of a battery has changed. */
static bool refresh_dc(const struct component *battery)
{
    struct bounds_ledger *ledger = battery->added;
    struct dc_side *dc = &ledger->dc;
    struct range own = own_dc(battery);
    copy_added(battery, BOUNDED_DC_POWER, &ledger->work);
    ranges_clip(&ledger->work, dc_by_soc(battery, soc_in_force(battery)));
    ranges_clip(&ledger->work, dc_by_fuse(battery)); /* of which no device knows, either */
    if (own.lower == dc->own.lower && own.upper == dc->own.upper && ranges_equal(&ledger->work, &dc->added)) {
        return false;
    }
    dc->own = own;
    ranges_copy(&dc->added, &ledger->work);
    dc->version++;
    return true;
}

const struct dc_side *bounds_dc_side(const struct component *battery)
{
    return &battery->added->dc;
}

static double reactive_limit_var(const struct component *component, double active_w)
{
    double rated_va = component_rated_va(component);
    return sqrt(fmax(rated_va * rated_va - active_w * active_w, 0));
}

/* The active power that reactive power has to leave room for: as applied, or measured if nothing is. */
static double active_beside(const struct component *component)
{
    const struct setpoint *active = &component->setpoints[AXIS_ACTIVE];
    if (!component_takes_power(component, AXIS_ACTIVE)) {
        return 0;
    }
    double power_w = active->mode != SETPOINT_FREE ? active->applied : NAN;
    if (isnan(power_w)) {
        power_w = component_reading(component, METRIC_AC_ACTIVE_POWER);
    }
    return isnan(power_w) ? 0 : power_w;
}

/* Limits besides what is added to the component itself. `by_itself`: only those that its device holds to when
 * nobody tells it anything. */
static void clip(const struct component *component, enum bounded bounded, bool by_itself, struct ranges *set)
{
    ranges_clip(set, range_present(component->momentary[bounded]));
    if (!by_itself) {
        ranges_clip(set, range_present(component->spec.rated[bounded]));
        if (bounded <= BOUNDED_REACTIVE) {
            ranges_clip(
                set, feeders_room(component, bounded == BOUNDED_ACTIVE ? AXIS_ACTIVE : AXIS_REACTIVE));
        }
    }
    if (bounded == BOUNDED_ACTIVE && component_is_inverter(component)) {
        struct bounds_ledger *ledger = component->added;
        struct component *const *batteries;
        size_t n = graph_list_batteries(component, &batteries);
        dc_allow(component, batteries, by_itself ? 0 : n, &ledger->limit, &ledger->scratch);
        ranges_intersect(set, &ledger->limit);
    }
    if (bounded == BOUNDED_REACTIVE) {
        double limit_var = reactive_limit_var(component, active_beside(component));
        ranges_clip(set, (struct range){-limit_var, limit_var});
    }
    if (bounded == BOUNDED_DC_POWER) {
        ranges_clip(set, dc_by_fuse(component));
        ranges_clip(set, dc_by_soc(component, soc_in_force(component)));
    }
    if (graph_is_open(component) || (bounded <= BOUNDED_REACTIVE && graph_open_in_series(component))) {
        ranges_clip(set, (struct range){0, 0});
    }
}

/* The state of charge when nothing added is compatible with the own limits: the nearer one of these. */
static double nearest_soc(struct range own, const struct ranges *added)
{
    double below = INFINITY, above = INFINITY; /* how far off the added ones are */
    for (size_t i = 0; i < added->n; i++) {
        if (added->items[i].upper < own.lower) {
            below = fmin(below, own.lower - added->items[i].upper);
        } else {
            above = fmin(above, added->items[i].lower - own.upper);
        }
    }
    return above < below ? own.upper : own.lower;
}

static void work_out(const struct component *component, enum bounded bounded, struct ranges *set)
{
    copy_added(component, bounded, set);
    if (bounded == BOUNDED_SOC) {
        struct range own = own_soc(component);
        ranges_clip(set, own);
        ranges_round_inward(set);
        if (set->n == 0) {
            double soc_pct = nearest_soc(own, &component->added->slots[bounded].added.all);
            ranges_add(set, (struct range){(float)soc_pct, (float)soc_pct});
        }
        return;
    }
    clip(component, bounded, false, set);
    ranges_round_inward(set);
    if (set->n == 0) {
        ranges_add(set, (struct range){0, 0});
    } else if (!isfinite(set->items[0].lower) || !isfinite(set->items[set->n - 1].upper)) {
        ranges_clear(set); /* the limits of this battery are unknown, so none are published */
    }
}

/* Somebody has commanded it, or added bounds that bear on it: till then nothing is written to its device. */
static bool is_asked(const struct component *component)
{
    return component->setpoints[AXIS_ACTIVE].mode != SETPOINT_FREE ||
           (component->spec.type == COMPONENT_HYBRID_INVERTER && bounds_have_added(component, AXIS_ACTIVE));
}

static struct inputs inputs_of(const struct component *component)
{
    struct inputs now = {.soc_pct = 0};
    memcpy(now.momentary, component->momentary, sizeof(now.momentary));
    for (int i = 0; i < BOUNDED_COUNT; i++) {
        now.added += component->added->slots[i].added.version;
    }
    if (component->spec.type == COMPONENT_BATTERY) {
        now.soc_pct = component_reading(component, METRIC_BATTERY_SOC_PCT);
        now.fuse_w = component->added->dc.fuse_w;
        now.open = graph_is_open(component) ? component : NULL;
        return now;
    }
    if (component_takes_power(component, AXIS_REACTIVE)) {
        now.active_w = active_beside(component);
    }
    for (int axis = 0; axis < AXIS_COUNT; axis++) {
        now.room[axis] = feeders_room(component, (enum axis)axis);
    }
    struct component *const *batteries;
    size_t n = graph_list_batteries(component, &batteries);
    for (size_t i = 0; i < n; i++) {
        now.behind += batteries[i]->added->dc.version;
    }
    now.pv_w = component->pv_w;
    now.asked = is_asked(component);
    now.switchings = component->site->switchings;
    now.open = graph_open_in_series(component);
    return now;
}

/* True if the bounds in force of this metric have changed. */
static bool refresh_one(struct component *component, enum bounded bounded)
{
    struct ranges *work = &component->added->work, *in_force = &component->in_force[bounded];
    if (!component_takes_bounds(component, bounded)) {
        return false;
    }
    work_out(component, bounded, work);
    if (ranges_equal(work, in_force)) {
        return false;
    }
    struct ranges before = *in_force;
    *in_force = *work;
    *work = before;
    return true;
}

static void refresh_battery(struct component *battery)
{
    refresh_one(battery, BOUNDED_SOC); /* first: it limits the DC power */
    refresh_one(battery, BOUNDED_DC_POWER);
    if (refresh_dc(battery)) {
        struct component *const *inverters;
        size_t n = graph_list_inverters(battery, &inverters);
        for (size_t i = 0; i < n; i++) {
            bounds_refresh(inverters[i]);
        }
    }
}

/* Hands on what callers and fuses leave the batteries of a hybrid inverter, if its device can hold that. */
static void tell_hybrid(struct component *component)
{
    struct bounds_ledger *ledger = component->added;
    struct device *device = component->device;
    if (component->spec.type != COMPONENT_HYBRID_INVERTER || !device || !device->driver->limit_batteries) {
        return;
    }
    struct range left = is_asked(component)
                            ? dc_left_to_batteries(component, &ledger->limit, &ledger->scratch)
                            : RANGE_ALL;
    if (left.lower != ledger->told_hybrid.lower || left.upper != ledger->told_hybrid.upper) {
        ledger->told_hybrid = left;
        device->driver->limit_batteries(device, component, left);
    }
}

/* Bounds of different metrics may end at one instant, and none must be told what the others no longer say. */
static void expire(struct component *component)
{
    slots_expire(component);
    if (component_is_inverter(component)) {
        struct component *const *batteries;
        size_t n = graph_list_batteries(component, &batteries);
        for (size_t i = 0; i < n; i++) {
            if (slots_expire(batteries[i])) {
                bounds_refresh(batteries[i]);
            }
        }
    }
}

void bounds_refresh(struct component *component)
{
    struct bounds_ledger *ledger = component->added;
    if (!ledger) {
        return;
    }
    expire(component);
    if (component->spec.type == COMPONENT_BATTERY) {
        follow_fuse(component);
    }
    struct inputs now = inputs_of(component);
    /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): a NAN is to equal itself */
    if (ledger->worked_out && memcmp(&now, &ledger->inputs, sizeof(now)) == 0) {
        return;
    }
    ledger->inputs = now;
    ledger->worked_out = true;
    if (component->spec.type == COMPONENT_BATTERY) {
        refresh_battery(component);
        return;
    }
    tell_hybrid(component);
    bool changed = refresh_one(component, BOUNDED_ACTIVE);
    changed |= refresh_one(component, BOUNDED_REACTIVE);
    if (changed) {
        command_reapply(component);
    }
}

void bounds_switched(struct component *component)
{
    struct site *site = component->site;
    site->switchings++;
    if (component->spec.type == COMPONENT_BATTERY) {
        struct component *const *inverters;
        size_t n = graph_list_inverters(component, &inverters);
        bounds_refresh(component);
        for (size_t i = 0; i < n; i++) {
            bounds_refresh(inverters[i]);
        }
        return;
    }
    for (size_t i = 0; i < site->n_components; i++) {
        bounds_refresh(site->components[i]); /* a relay may switch all of them */
    }
}

const struct ranges *bounds_in_force(const struct component *component, enum bounded bounded)
{
    return &component->in_force[bounded];
}

/* ---- values ----------------------------------------------------------------------------------------- */

double bounds_apply(const struct component *component, enum axis axis, double requested)
{
    const struct ranges *in_force = &component->in_force[axis_bounded(axis)];
    double nearest = ranges_nearest(in_force, requested, true);
    double floored = ranges_floor(in_force, nearest, component->spec.resolution);
    double least_w = axis == AXIS_ACTIVE ? component->spec.least_w : 0;
    if (fabs(floored) < least_w && !ranges_contain(in_force, copysign(least_w, floored))) {
        return 0; /* told less than its least, it would go on with that: it has to stop */
    }
    return ranges_contain(in_force, floored) ? floored : 0;
}

double bounds_nearest_own(const struct component *component, enum axis axis, double value)
{
    struct ranges *work = &component->added->work;
    ranges_clear(work);
    ranges_add(work, RANGE_ALL);
    clip(component, axis_bounded(axis), true, work);
    ranges_round_inward(work);
    return ranges_nearest(work, value, true);
}

/* It lies in `set`, and also once it is floored to the resolution. */
static bool passes(const struct ranges *set, double value, double resolution)
{
    double floored = ranges_floor(set, value, resolution);
    return ranges_contain(set, value) && (floored == 0 || ranges_contain(set, floored));
}

/* A value of `range`, one of the set, that also passes once it is floored to the resolution, nearest to
 * `value`; NAN if there is none. One that float32 holds, as it is to be sent: a multiple of the resolution
 * may lie between two of these, and then the one nearer to 0 is floored to a step less. */
static double acceptable_in(const struct ranges *set, struct range range, double value, double resolution)
{
    double nearest = ranges_nearest(&(struct ranges){.items = &range, .n = 1}, value, false);
    if (passes(set, nearest, resolution)) {
        return nearest;
    }
    double next = ranges_floor(set, nearest, resolution) + copysign(resolution, nearest); /* away from 0 */
    float narrow = (float)next;
    if (!passes(set, narrow, resolution)) {
        narrow = nextafterf(narrow, copysignf(INFINITY, narrow));
    }
    return narrow >= range.lower && narrow <= range.upper && passes(set, narrow, resolution) ? narrow : NAN;
}

void bounds_acceptable(
    const struct component *component, enum axis axis, double value, double *below, double *above)
{
    const struct ranges *in_force = &component->in_force[axis_bounded(axis)];
    *below = value >= 0 ? 0 : NAN; /* 0 is always allowed */
    *above = value <= 0 ? 0 : NAN;
    for (size_t i = 0; i < in_force->n; i++) {
        double one = acceptable_in(in_force, in_force->items[i], value, component->spec.resolution);
        if (one <= value && !(one <= *below)) {
            *below = one;
        }
        if (one >= value && !(one >= *above)) {
            *above = one;
        }
    }
}

/* ---- reasons ---------------------------------------------------------------------------------------- */

/* The limit that has the strongest objection to `value`, so far. */
struct objection {
    double value, distance;
    char *out;
    size_t cap;
};

PRINTF_LIKE(3, 4)
static void object(struct objection *objection, double nearest, const char *format, ...)
{
    double distance = fabs(nearest - objection->value);
    if (distance <= objection->distance) {
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(objection->out, objection->cap, format, args);
    va_end(args);
    objection->distance = distance;
}

static double clamp(double value, struct range range)
{
    return fmin(fmax(value, range.lower), range.upper);
}

/* The nearest to `value` that the batteries allow, with what is added to `bounded`. */
static double nearest_allowed(
    const struct component *inverter, struct component *const *bounded, size_t n_bounded, double value)
{
    struct bounds_ledger *ledger = inverter->added;
    dc_allow(inverter, bounded, n_bounded, &ledger->limit, &ledger->scratch);
    return ranges_nearest(&ledger->limit, value, true);
}

static void batteries_object(const struct component *inverter, struct objection *objection)
{
    struct component *const *batteries;
    size_t n = graph_list_batteries(inverter, &batteries);
    for (size_t i = 0; i < n; i++) {
        struct range by_soc = dc_by_soc(batteries[i], soc_in_force(batteries[i]));
        if ((objection->value < 0 ? by_soc.lower : by_soc.upper) == 0) {
            object(objection, nearest_allowed(inverter, &batteries[i], 1, objection->value),
                "%s: state of charge", component_label(batteries[i]));
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (dc_by_fuse(batteries[i]).upper <= fmax(-own_dc(batteries[i]).lower, own_dc(batteries[i]).upper)) {
            object(objection, nearest_allowed(inverter, &batteries[i], 1, objection->value),
                "%s: fuse of %g A", component_label(graph_dc_fuse(batteries[i])),
                graph_dc_fuse(batteries[i])->spec.fuse_current_a);
        }
    }
    if (n > 0) {
        object(objection, nearest_allowed(inverter, NULL, 0, objection->value), "%s: what %s now",
            component_label(batteries[0]), n > 1 ? "it and the others allow" : "it allows");
    }
    for (size_t i = 0; i < n; i++) {
        object(objection, nearest_allowed(inverter, &batteries[i], 1, objection->value), "%s: added bounds",
            component_label(batteries[i]));
    }
}

/* Where less is in force than the rating, its numbers are told too: those in force would be taken for it. */
static void rating_objects(
    const struct component *component, enum bounded bounded, struct objection *objection)
{
    struct range rated = range_present(component->spec.rated[bounded]);
    struct ranges *work = &component->added->work;
    char numbers[160];
    ranges_clear(work);
    ranges_add(work, rated);
    ranges_round_inward(work);
    bool all = ranges_equal(work, &component->in_force[bounded]);
    ranges_format(work, metric_unit(bounded_metric(bounded)), numbers, sizeof(numbers));
    object(objection, clamp(objection->value, rated), "rated%s%s", all ? "" : " ", all ? "" : numbers);
}

const char *bounds_reason(
    const struct component *component, enum axis axis, double value, char *out, size_t cap)
{
    enum bounded bounded = axis_bounded(axis);
    struct objection objection = {.value = value, .out = out, .cap = cap};
    const struct component *open = graph_open_in_series(component);
    const struct ranges *added = &component->added->slots[bounded].added.all;
    snprintf(out, cap, "not allowed");
    if (open) {
        object(&objection, 0, "%s is open", component_label(open));
    }
    rating_objects(component, bounded, &objection);
    if (axis == AXIS_ACTIVE && component_is_inverter(component)) {
        batteries_object(component, &objection);
    }
    if (axis == AXIS_REACTIVE) {
        double active_w = active_beside(component);
        double limit_var = reactive_limit_var(component, active_w);
        char number[32];
        object(&objection, clamp(value, (struct range){-limit_var, limit_var}), "rated %.0f VA beside %s W",
            component_rated_va(component), number_format(active_w, number, sizeof(number)));
    }
    char feeder[160];
    feeders_reason(component, axis, value, feeder, sizeof(feeder));
    object(&objection, clamp(value, feeders_room(component, axis)), "%s", feeder);
    object(&objection, clamp(value, range_present(component->momentary[bounded])), "%s",
        component->spec.type == COMPONENT_PV_INVERTER ? "irradiance or temperature now" : "its limits now");
    if (added->n) {
        object(&objection, ranges_nearest(added, value, true), "added bounds");
    }
    return out;
}
