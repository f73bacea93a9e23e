/* SPDX-License-Identifier: MIT */
/* The bounds of the reference. */
#include "reference.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define S          1000000000LL
#define EFFICIENCY 0.96 /* docs/decisions/0011-bounds-of-batteries.md */
#define FIXED_LOSS 0.01
#define MOST_LISTS 6

static void set_to(struct ref_set *set, struct ref_range range)
{
    set->n = 0;
    ref_set_put(set, range);
}

/* What callers have added and has not ended; everything if that is nothing. */
static void added(const struct ref *ref, enum ref_which which, enum ref_metric metric, struct ref_set *set)
{
    const struct ref_part *part = &ref->parts[which];
    set->n = 0;
    for (int i = 0; i < part->n_entries; i++) {
        if (part->entries[i].metric == metric && part->entries[i].until_ns > ref->now_ns) {
            ref_set_put(set, part->entries[i].range);
        }
    }
    if (set->n == 0) {
        ref_set_put(set, REF_ALL);
    }
}

static struct ref_range overlap(struct ref_range a, struct ref_range b)
{
    return (struct ref_range){fmax(a.lower, b.lower), fmin(a.upper, b.upper)};
}

static struct ref_range own_soc(const struct ref_part *battery)
{
    return overlap(battery->rated[REF_SOC], battery->momentary[REF_SOC]);
}

/* Limits of the state of charge that callers leave; if they leave none, the nearest own one. */
static void soc_in_force(const struct ref *ref, struct ref_set *out)
{
    static struct ref_set lists[2];
    const struct ref_range own = own_soc(&ref->parts[REF_BATTERY]);
    added(ref, REF_BATTERY, REF_SOC, &lists[0]);
    set_to(&lists[1], own);
    ref_set_common(lists, 2, out);
    ref_set_narrow(out);
    if (out->n > 0) {
        return;
    }
    double best = INFINITY, limit = own.lower;
    for (int i = 0; i < lists[0].n; i++) {
        struct ref_range range = lists[0].items[i];
        double off_lower = own.lower - range.upper, off_upper = range.lower - own.upper;
        if (off_lower >= 0 && off_lower <= best) {
            best = off_lower;
            limit = own.lower;
        }
        if (off_upper >= 0 && off_upper < best) {
            best = off_upper;
            limit = own.upper;
        }
    }
    set_to(out, (struct ref_range){limit, limit});
}

/* The DC power that limits of the state of charge leave. */
static struct ref_range dc_by_soc(const struct ref_part *battery, double lower_pct, double upper_pct)
{
    return (struct ref_range){
        battery->soc_pct <= lower_pct ? 0 : -INFINITY, battery->soc_pct >= upper_pct ? 0 : INFINITY};
}

static struct ref_range dc_by_soc_in_force(const struct ref *ref)
{
    static struct ref_set soc;
    soc_in_force(ref, &soc);
    return dc_by_soc(&ref->parts[REF_BATTERY], soc.items[0].lower, soc.items[soc.n - 1].upper);
}

/* What the battery lets its inverter do on the AC side; `by_itself`: whatever callers have added. */
static void ac_of_battery(const struct ref *ref, bool by_itself, struct ref_set *out)
{
    static struct ref_set lists[3], dc;
    const struct ref_part *battery = &ref->parts[REF_BATTERY];
    struct ref_range soc = own_soc(battery),
                     own = overlap(battery->rated[REF_DC], battery->momentary[REF_DC]);
    own = overlap(own, dc_by_soc(battery, soc.lower, soc.upper));
    own = (struct ref_range){fmin(own.lower, 0), fmax(own.upper, 0)};
    if (battery->open) {
        own = (struct ref_range){0, 0};
    }
    set_to(&lists[0], own);
    set_to(&lists[1], REF_ALL);
    set_to(&lists[2], REF_ALL);
    if (!by_itself) {
        struct ref_range by_soc = dc_by_soc_in_force(ref);
        added(ref, REF_BATTERY, REF_DC, &lists[1]);
        for (int i = 0; i < lists[1].n; i++) { /* what is cut off on both sides still is no flow */
            lists[1].items[i] = overlap(lists[1].items[i], by_soc);
        }
        if (own.lower == 0 || own.upper == 0) { /* a battery that can do nothing binds nobody */
            ref_set_put(&lists[1], (struct ref_range){0, 0});
        }
    }
    ref_set_common(lists, 3, &dc);
    double lost_w = FIXED_LOSS * ref->parts[REF_INVERTER].rated_va;
    out->n = 0;
    for (int i = 0; i < dc.n; i++) {
        struct ref_range range = dc.items[i];
        if (range.lower < 0) {
            range.lower = fmin(range.lower * EFFICIENCY + lost_w, 0);
        } else if (range.lower > 0) {
            range.lower = (range.lower + lost_w) / EFFICIENCY;
        }
        if (range.lower <= range.upper) {
            ref_set_put(out, range);
        }
    }
}

/* The active power beside which reactive power has to fit. */
static double beside(const struct ref_part *part)
{
    const struct ref_axis *active = &part->axes[REF_ACTIVE]; /* also what has ended, until that is told */
    bool counts = active->wish.mode != REF_FREE || (active->must_end && !active->order.open);
    bool follows = counts && !isnan(part->applied[REF_ACTIVE]);
    double power = follows ? part->applied[REF_ACTIVE] : part->reading[REF_ACTIVE];
    return isnan(power) ? 0 : power;
}

static void limits(
    const struct ref *ref, enum ref_which which, enum ref_metric metric, bool by_itself, struct ref_set *out)
{
    static struct ref_set lists[MOST_LISTS];
    const struct ref_part *part = &ref->parts[which];
    int n = 0;
    set_to(&lists[n++], part->momentary[metric]);
    if (!by_itself) {
        set_to(&lists[n++], part->rated[metric]);
        added(ref, which, metric, &lists[n++]);
    }
    if (which == REF_INVERTER && metric == REF_ACTIVE) {
        ac_of_battery(ref, by_itself, &lists[n++]);
    }
    if (metric == REF_REACTIVE) {
        double active_w = beside(part);
        double most_var = sqrt(fmax(part->rated_va * part->rated_va - active_w * active_w, 0));
        set_to(&lists[n++], (struct ref_range){-most_var, most_var});
    }
    if (metric == REF_DC) {
        set_to(&lists[n++], dc_by_soc_in_force(ref));
    }
    if ((which == REF_INVERTER || which == REF_BATTERY) && ref->parts[REF_BATTERY].open) {
        set_to(&lists[n++], (struct ref_range){0, 0});
    }
    assert(n <= MOST_LISTS);
    ref_set_common(lists, n, out);
    ref_set_narrow(out);
}

void ref_own(const struct ref *ref, enum ref_which which, int axis, struct ref_set *out)
{
    limits(ref, which, (enum ref_metric)axis, true, out);
}

void ref_in_force(const struct ref *ref, enum ref_which which, enum ref_metric metric, struct ref_set *out)
{
    if (metric == REF_SOC) {
        soc_in_force(ref, out);
        return;
    }
    limits(ref, which, metric, false, out);
    if (out->n == 0) {
        ref_set_put(out, (struct ref_range){0, 0});
    }
}

double ref_apply(const struct ref *ref, enum ref_which which, int axis, double value)
{
    static struct ref_set in_force;
    ref_in_force(ref, which, (enum ref_metric)axis, &in_force);
    double floored = ref_set_floor(
        &in_force, ref_set_nearest(&in_force, value), ref->parts[which].resolution);
    return ref_set_has(&in_force, floored) ? floored : 0;
}

bool ref_in_bounds(const struct ref *ref, enum ref_which which, int axis, double value)
{
    static struct ref_set in_force;
    ref_in_force(ref, which, (enum ref_metric)axis, &in_force);
    double floored = ref_set_floor(&in_force, value, ref->parts[which].resolution);
    return (value == 0 || ref_set_has(&in_force, value)) && (floored == 0 || ref_set_has(&in_force, floored));
}

bool ref_bounds_are_added(const struct ref *ref, enum ref_which which, int axis)
{
    for (int i = 0; i < REF_PARTS; i++) {
        const struct ref_part *part = &ref->parts[i];
        for (int j = 0; j < part->n_entries; j++) {
            bool own = i == (int)which && (int)part->entries[j].metric == axis;
            bool batterys = which == REF_INVERTER && axis == REF_ACTIVE && i == REF_BATTERY;
            if (part->entries[j].until_ns > ref->now_ns && (own || batterys)) {
                return true;
            }
        }
    }
    return false;
}

void ref_take_out(struct ref_part *part, int i)
{
    part->entries[i] = part->entries[--part->n_entries];
}

int ref_clear(struct ref *ref, enum ref_which which, enum ref_metric metric, const char *token)
{
    struct ref_part *part = &ref->parts[which];
    if (!ref_online(ref, which)) {
        return UGRPC_UNAVAILABLE;
    }
    for (int i = part->n_entries - 1; i >= 0; i--) {
        if (part->entries[i].metric == metric && strcmp(part->entries[i].token, token) == 0) {
            ref_take_out(part, i);
        }
    }
    return UGRPC_OK;
}

static struct ref_entry *find(
    struct ref_part *part, const struct ref_bounds *bounds, const char *token, struct ref_range range)
{
    for (int i = 0; i < part->n_entries; i++) {
        struct ref_entry *entry = &part->entries[i];
        if (entry->metric == bounds->metric && entry->range.lower == range.lower &&
            entry->range.upper == range.upper && strcmp(entry->token, token) == 0 &&
            (*token || strcmp(entry->owner, bounds->owner) == 0)) {
            return entry;
        }
    }
    return NULL;
}

int ref_add(struct ref *ref, enum ref_which which, const struct ref_bounds *bounds, int64_t *until_utc_ns)
{
    struct ref_part *part = &ref->parts[which];
    const char *token = bounds->token ? bounds->token : "";
    int64_t until_ns = ref->now_ns + bounds->lifetime_s * S, first_ns = INT64_MAX;
    if (!ref_online(ref, which)) {
        return UGRPC_UNAVAILABLE;
    }
    if (*token) {
        ref_clear(ref, which, bounds->metric, token);
    }
    for (int i = 0; i < bounds->n; i++) {
        struct ref_entry *entry = find(part, bounds, token, bounds->ranges[i]);
        if (!entry) {
            assert(part->n_entries < REF_ENTRIES);
            entry = &part->entries[part->n_entries++];
            *entry = (struct ref_entry){.metric = bounds->metric, .range = bounds->ranges[i]};
            snprintf(entry->owner, sizeof(entry->owner), "%s", bounds->owner);
            snprintf(entry->token, sizeof(entry->token), "%s", token);
        }
        if (entry->until_ns < until_ns) {
            entry->until_ns = until_ns;
            entry->until_utc_ns = ref->now_utc_ns + bounds->lifetime_s * S;
        }
        if (entry->until_ns < first_ns) {
            first_ns = entry->until_ns;
            *until_utc_ns = entry->until_utc_ns;
        }
    }
    return UGRPC_OK;
}
