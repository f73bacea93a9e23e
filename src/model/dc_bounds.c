/* SPDX-License-Identifier: MIT */
/* From the DC side to the AC side of an inverter, in three steps.
 *
 * Together. The batteries' own limits add up: the devices see to them by themselves. What callers have added
 * the devices do not know, so it is the inverter that has to be held: a battery takes its share of the
 * inverter's DC power (sharing.h), hence the inverter may do what the battery may, divided by that share; of
 * several batteries the tightest counts. Through a battery that can do nothing nothing flows: it binds
 * nobody.
 *
 * PV. A hybrid inverter has PV on the same DC side, which it uses first. It may give what its PV can give now
 * beyond what its batteries may. By charging from PV it can pass their upper limit whatever its AC side does;
 * only its device can hold that (limit_batteries() in driver.h). Where it cannot, the inverter has to give
 * away what its batteries may not take.
 *
 * Losses. Discharging, the batteries bear them; of a range above 0, the AC side does. What comes out counts
 * as EFFICIENCY of what goes in, less FIXED_LOSS of the rated power. A usual inverter loses 0.7 % of its
 * rated power at no load and 3.1 % at full load (its efficiency is 0.78 at 2.5 %, 0.93 at 10 % and 0.97 at
 * rated power); this is half as much again everywhere, for older and hotter ones. */
#include "model/dc_bounds.h"

#include <math.h>

#include "model/driver.h"
#include "model/graph.h"
#include "model/parts.h"
#include "model/sharing.h"

#define EFFICIENCY 0.96
#define FIXED_LOSS 0.01 /* of the rated apparent power */

static double times(double limit_w, double part)
{
    return part > 0 ? limit_w * part : 0; /* an infinite limit, too */
}

/* What is this inverter's of a battery's own limits. */
static struct range own_part(const struct component *inverter, const struct component *battery)
{
    if (!graph_reaches(inverter, battery, NULL)) {
        return (struct range){0, 0};
    }
    struct sharing part = sharing_of_battery(inverter, battery);
    struct range own = bounds_dc_side(battery)->own;
    return (struct range){times(own.lower, part.discharge), times(own.upper, part.charge)};
}

static struct range own_sum(const struct component *inverter)
{
    struct component *const *batteries;
    size_t n = graph_list_batteries(inverter, &batteries);
    struct range sum = n > 0 ? (struct range){0, 0} : RANGE_ALL;
    for (size_t i = 0; i < n; i++) {
        struct range own = own_part(inverter, batteries[i]);
        sum.lower += own.lower;
        sum.upper += own.upper;
    }
    return sum;
}

/* The DC power of the inverter for which one battery stays within what callers leave it. */
static void stretch(
    const struct component *inverter, const struct component *battery, struct range sum, struct ranges *set)
{
    const struct ranges *added = &bounds_dc_side(battery)->added;
    struct range own = own_part(inverter, battery);
    struct sharing part = sharing_of_battery(inverter, battery);
    double down = sharing_of_power(own.lower, sum.lower), up = sharing_of_power(own.upper, sum.upper);
    ranges_clear(set);
    if (down == 0) {
        ranges_add(set, (struct range){-INFINITY, 0});
    }
    if (up == 0) {
        ranges_add(set, (struct range){0, INFINITY});
    }
    for (size_t i = 0; i < added->n; i++) {
        struct range range = added->items[i];
        if (down > 0 && range.lower <= 0) {
            double factor = part.discharge / down;
            ranges_add(set, (struct range){range.lower * factor, fmin(range.upper, 0) * factor});
        }
        if (up > 0 && range.upper >= 0) {
            double factor = part.charge / up;
            ranges_add(set, (struct range){fmax(range.lower, 0) * factor, range.upper * factor});
        }
    }
}

/* The DC power of the inverter for which all of `bounded` do. */
static void stretch_all(const struct component *inverter, struct component *const *bounded, size_t n_bounded,
    struct range sum, struct ranges *set, struct ranges *scratch)
{
    ranges_clear(set);
    ranges_add(set, RANGE_ALL);
    for (size_t i = 0; i < n_bounded; i++) {
        stretch(inverter, bounded[i], sum, scratch);
        ranges_intersect(set, scratch);
    }
}

static struct range around_0(const struct ranges *set)
{
    if (set->n == 0) {
        return (struct range){0, 0};
    }
    return (struct range){fmin(set->items[0].lower, 0), fmax(set->items[set->n - 1].upper, 0)};
}

static struct range beside_pv(const struct component *hybrid, struct range batteries)
{
    const struct device *device = hybrid->device;
    bool device_holds = device && device->driver->limit_batteries;
    return (struct range){
        batteries.lower - hybrid->pv_w, batteries.upper - (device_holds ? 0 : hybrid->pv_w)};
}

static struct range to_ac(const struct component *inverter, struct range dc)
{
    double lost_w = FIXED_LOSS * component_rated_va(inverter);
    return (struct range){
        dc.lower < 0   ? fmin(dc.lower * EFFICIENCY + lost_w, 0)
        : dc.lower > 0 ? (dc.lower + lost_w) / EFFICIENCY
                       : 0,
        dc.upper,
    };
}

void dc_allow(const struct component *inverter, struct component *const *bounded, size_t n_bounded,
    struct ranges *set, struct ranges *scratch)
{
    struct range sum = own_sum(inverter);
    stretch_all(inverter, bounded, n_bounded, sum, set, scratch);
    if (inverter->spec.type == COMPONENT_HYBRID_INVERTER) {
        struct range dc = beside_pv(inverter, around_0(set));
        ranges_clear(set);
        ranges_add(set, dc);
        sum.lower = -INFINITY; /* the device's own limits of the moment hold both */
    }
    ranges_clip(set, sum);
    size_t kept = 0;
    for (size_t i = 0; i < set->n; i++) {
        struct range ac = to_ac(inverter, set->items[i]);
        if (ac.lower <= ac.upper) {
            set->items[kept++] = ac; /* they only shrink, so they stay apart */
        }
    }
    set->n = kept;
}

struct range dc_left_to_batteries(
    const struct component *inverter, struct ranges *scratch, struct ranges *more_scratch)
{
    struct component *const *batteries;
    size_t n = graph_list_batteries(inverter, &batteries);
    stretch_all(inverter, batteries, n, own_sum(inverter), scratch, more_scratch);
    return around_0(scratch);
}
