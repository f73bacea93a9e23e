/* SPDX-License-Identifier: MIT */
/* The load of a feeder is the flow through it less what its members, the components that take set-points,
 * have to do with it.
 *
 * Samples come at different instants: a car that begins to charge shows at the main meter up to a second
 * before or after it shows at its charger. Taken as they come, this difference would look like a load,
 * tighten the bounds, and take from the set-point what nobody uses. Therefore flows are compared at one
 * instant in the past, between two samples of each, and one comparison that stands out counts for nothing. A
 * fuse bears that: it melts in minutes, not in seconds.
 *
 * A member's room is worked out whenever it is asked for. All are asked once a second, and soon after one of
 * them is told another power. What tightens counts at once; what widens, only if it is worth a new order to
 * the device. */
#include "model/feeders.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/feeder.h"
#include "model/parts.h"

#define TICK_NS       NS_PER_S
#define FIRST_TICK_NS (NS_PER_S / 5)
#define SPREAD_NS     (20 * NS_PER_MS) /* of the many commands in it each is checked, but followed together */
#define WORTH_PART    0.01             /* of the rated apparent power */
#define LEAST_PHASE   0.01             /* what has less of its power on a phase is not limited there */

/* ---- the load --------------------------------------------------------------------------------------- */

/* Its AC power as measured, or NULL: it measures none. */
static const struct trace *measured(const struct component *component)
{
    struct component *own = (struct component *)component; /* what is remembered here changes no answer */
    if (component->member) {
        return trace_take(&component->member->trace, &component->telemetry) ? &component->member->trace
                                                                            : NULL;
    }
    if (!own->trace && !isnan(component_reading(component, METRIC_AC_ACTIVE_POWER))) {
        own->trace = calloc(1, sizeof(*own->trace));
        if (!own->trace) {
            abort();
        }
    }
    return own->trace && trace_take(own->trace, &component->telemetry) ? own->trace : NULL;
}

/* The instant at which all that a feeder's load follows from has been measured, and the flow at it. */
struct balance {
    int64_t at_ns;
    bool silent; /* what measures the flow is offline */
    struct flow flow;
};

/* Who measures what flows through a component: itself, or what stands below it. */
static void each_source(const struct component *component, double share,
    void (*visit)(
        struct balance *balance, const struct component *source, const struct trace *trace, double share),
    struct balance *balance)
{
    const struct trace *trace = measured(component);
    if (trace) {
        visit(balance, component, trace, share);
        return;
    }
    for (size_t i = 0; i < component->n_children; i++) {
        const struct component *child = component->children[i];
        each_source(child, share / (double)child->n_parents, visit, balance);
    }
}

static void find_instant(
    struct balance *balance, const struct component *source, const struct trace *trace, double share)
{
    if (source->telemetry.offline) {
        balance->silent = true;
    } else if (trace_newest_ns(trace) < balance->at_ns) {
        balance->at_ns = trace_newest_ns(trace);
    }
}

static void sum_up(
    struct balance *balance, const struct component *source, const struct trace *trace, double share)
{
    const struct flow flow = trace_at(trace, balance->at_ns);
    flow_add(&balance->flow, &flow, share);
}

static double median(double a, double b, double c)
{
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* More than before counts when two of the last three say so, less when all do. */
static void take_load(struct feeder *feeder, const struct flow *load)
{
    struct flow *loads = feeder->loads;
    for (int i = 0; feeder->n_loads == 0 && i < FEEDER_LOADS; i++) {
        loads[i] = *load;
    }
    loads[feeder->n_loads++ % FEEDER_LOADS] = *load;
    EACH_LANE (axis, lane) {
        double a = loads[0].of[axis][lane], b = loads[1].of[axis][lane], c = loads[2].of[axis][lane];
        double least = fmin(fmin(a, b), c), middle = median(a, b, c), most = fmax(fmax(a, b), c);
        double *above = &feeder->load_most.of[axis][lane], *below = &feeder->load_least.of[axis][lane];
        *above = fmax(middle, fmin(*above, most));
        *below = fmin(middle, fmax(*below, least));
    }
}

static void measure_load(struct feeder *feeder, int64_t now_ns)
{
    struct balance balance = {.at_ns = now_ns};
    each_source(feeder->component, 1, find_instant, &balance);
    bool silent = balance.silent;
    for (size_t i = 0; i < feeder->n_members; i++) {
        const struct member *member = feeder->members[i];
        if (member->trace.n) {
            find_instant(&balance, member->component, &member->trace, 1);
        }
    }
    if (silent || balance.at_ns <= feeder->measured_at_ns) {
        return; /* the load is what it was */
    }
    feeder->measured_at_ns = balance.at_ns;
    each_source(feeder->component, 1, sum_up, &balance);
    for (size_t i = 0; i < feeder->n_members; i++) {
        const struct member *member = feeder->members[i];
        sum_up(&balance, member->component, &member->trace, -feeder->shares[i]);
    }
    take_load(feeder, &balance.flow);
}

/* ---- members ---------------------------------------------------------------------------------------- */

/* Its device may do what it was measured to do, and will do what it was told. */
static void reckon_with(struct member *member)
{
    const struct component *component = member->component;
    const struct flow now = trace_now(&member->trace);
    double power_w = now.of[AXIS_ACTIVE][ALL_PHASES];
    if (fabs(power_w) > WORTH_PART * component_rated_va(component)) { /* on which phases it works shows now */
        for (int lane = PHASE_1; lane <= PHASE_3; lane++) {
            member->part[lane] = fmin(fmax(now.of[AXIS_ACTIVE][lane] / power_w, 0), 1);
        }
    }
    member->most = member->least = now;
    for (int axis = 0; axis < AXIS_COUNT; axis++) {
        const struct setpoint *setpoint = &component->setpoints[axis];
        if (setpoint->mode == SETPOINT_FREE || isnan(setpoint->applied)) {
            continue;
        }
        for (int lane = 0; lane < LANE_COUNT; lane++) {
            double told = setpoint->applied * member->part[lane];
            member->most.of[axis][lane] = fmax(member->most.of[axis][lane], told);
            member->least.of[axis][lane] = fmin(member->least.of[axis][lane], told);
        }
    }
}

static void count(const struct member *member, int sign)
{
    for (size_t i = 0; i < member->n_feeds; i++) {
        const struct feed *feed = &member->feeds[i];
        flow_add(&feed->feeder->most, &member->most, sign * feed->share);
        flow_add(&feed->feeder->least, &member->least, sign * feed->share);
    }
}

/* What a member may want beyond what it is measured to do. */
static void count_need(const struct member *member)
{
    const struct flow now = trace_now(&member->trace);
    EACH_LANE (axis, lane) {
        struct range rated = member->component->spec.rated[axis_bounded((enum axis)axis)];
        double above = member->part[lane] * fmax(rated.upper, 0) - now.of[axis][lane];
        double below = member->part[lane] * fmin(rated.lower, 0) - now.of[axis][lane];
        for (size_t i = 0; i < member->n_feeds; i++) {
            const struct feed *feed = &member->feeds[i];
            double *need_above = &feed->feeder->need_above.of[axis][lane];
            double *need_below = &feed->feeder->need_below.of[axis][lane];
            *need_above = fmax(*need_above, feed->share * above);
            *need_below = fmin(*need_below, feed->share * below);
        }
    }
}

static void count_all(struct feeders *feeders)
{
    const struct flow none = {0};
    for (size_t i = 0; i < feeders->n_feeders; i++) {
        struct feeder *feeder = &feeders->feeders[i];
        feeder->most = feeder->least = feeder->need_above = feeder->need_below = none;
    }
    for (size_t i = 0; i < feeders->n_members; i++) {
        reckon_with(&feeders->members[i]);
        count(&feeders->members[i], 1);
        count_need(&feeders->members[i]);
    }
}

/* ---- rooms ------------------------------------------------------------------------------------------ */

/* The other leg of the apparent power. */
static double beside_va(double va, double power)
{
    return isinf(va) ? va : sqrt(fmax(va * va - power * power, 0));
}

/* What a phase or the connection may carry of active or reactive power. Active power comes first: of reactive
 * power only that of the loads takes room from it, while reactive power leaves room for all that is active.
 */
static struct range limit_of(const struct feeder *feeder, int axis, int lane)
{
    if (lane == ALL_PHASES) {
        return axis == AXIS_ACTIVE ? feeder->active_w : RANGE_ALL;
    }
    struct range other = {feeder->load_least.of[!axis][lane], feeder->load_most.of[!axis][lane]};
    if (axis == AXIS_REACTIVE) {
        other.lower += feeder->least.of[AXIS_ACTIVE][lane];
        other.upper += feeder->most.of[AXIS_ACTIVE][lane];
    }
    double limit = beside_va(feeder->phase_va, fmax(fabs(other.lower), fabs(other.upper)));
    return (struct range){-limit, limit};
}

/* Its limits, and whether any member comes near one. */
static void find_limits(struct feeder *feeder)
{
    feeder->binds = false;
    EACH_LANE (axis, lane) {
        struct range *limit = &feeder->limits[axis][lane];
        *limit = limit_of(feeder, axis, lane);
        double above = feeder->load_most.of[axis][lane] + feeder->most.of[axis][lane];
        double below = feeder->load_least.of[axis][lane] + feeder->least.of[axis][lane];
        feeder->binds |= above + feeder->need_above.of[axis][lane] > limit->upper ||
                         below + feeder->need_below.of[axis][lane] < limit->lower;
    }
}

/* What flows at a feeder without this member. */
static struct range flow_beside(const struct feed *feed, const struct member *member, int axis, int lane)
{
    const struct feeder *feeder = feed->feeder;
    return (struct range){
        feeder->load_least.of[axis][lane] + feeder->least.of[axis][lane] -
            feed->share * member->least.of[axis][lane],
        feeder->load_most.of[axis][lane] + feeder->most.of[axis][lane] -
            feed->share * member->most.of[axis][lane],
    };
}

/* What a phase, or the connection, leaves a member. */
static struct range room_at(const struct member *member, const struct feed *feed, int axis, int lane)
{
    double part = feed->share * member->part[lane];
    if (!feed->feeder->binds || part < LEAST_PHASE) {
        return RANGE_ALL;
    }
    struct range limit = feed->feeder->limits[axis][lane];
    struct range beside = flow_beside(feed, member, axis, lane);
    return (struct range){
        fmin((limit.lower - beside.lower) / part, 0), fmax((limit.upper - beside.upper) / part, 0)};
}

static struct range room_of(const struct member *member, enum axis axis)
{
    struct range rated = member->component->spec.rated[axis_bounded(axis)];
    struct range room = RANGE_ALL;
    for (size_t i = 0; i < member->n_feeds; i++) {
        for (int lane = 0; lane < LANE_COUNT; lane++) {
            struct range left = room_at(member, &member->feeds[i], axis, lane);
            room = (struct range){fmax(room.lower, left.lower), fmin(room.upper, left.upper)};
        }
    }
    /* what does not bind is the same whatever it is, and no reason to work anything out anew */
    return (struct range){room.lower <= rated.lower ? -INFINITY : room.lower,
        room.upper >= rated.upper ? INFINITY : room.upper};
}

/* Tightens at once, widens if it is worth it. */
static double move_end(double end, double now, double worth)
{
    return fabs(now) < fabs(end) || fabs(now) - fabs(end) >= worth ? now : end;
}

static struct range renew_room(struct member *member, enum axis axis)
{
    double worth = WORTH_PART * component_rated_va(member->component);
    struct range *room = &member->room[axis], now = room_of(member, axis);
    room->lower = move_end(room->lower, now.lower, worth);
    room->upper = move_end(room->upper, now.upper, worth);
    return *room;
}

static void renew_all(struct feeders *feeders)
{
    for (size_t i = 0; i < feeders->n_members; i++) {
        bounds_refresh(feeders->members[i].component); /* which asks for its rooms */
    }
}

/* ---- when ------------------------------------------------------------------------------------------- */

static void on_tick(struct timer *timer, void *userdata)
{
    struct feeders *feeders = userdata;
    int64_t now_ns = clock_now_ns(feeders->site->timers->clock);
    for (size_t i = 0; i < feeders->n_members; i++) {
        measured(feeders->members[i].component);
    }
    count_all(feeders);
    for (size_t i = 0; i < feeders->n_feeders; i++) {
        measure_load(&feeders->feeders[i], now_ns);
        find_limits(&feeders->feeders[i]);
    }
    renew_all(feeders);
    timer_start_in(feeders->site->timers, timer, TICK_NS);
}

static void on_spread(struct timer *timer, void *userdata)
{
    renew_all(userdata);
}

void feeders_follow(struct component *component)
{
    struct member *member = component->member;
    struct feeders *feeders = component->site->feeders;
    if (!member) {
        return;
    }
    count(member, -1);
    reckon_with(member);
    count(member, 1);
    for (size_t i = 0; i < member->n_feeds; i++) {
        struct feeder *feeder = member->feeds[i].feeder;
        bool bound = feeder->binds;
        find_limits(feeder);
        if ((bound || feeder->binds) && !timer_running(&feeders->spread)) {
            timer_start_in(feeders->site->timers, &feeders->spread, SPREAD_NS);
        }
    }
}

void feeders_done_with(struct site *site)
{
    struct feeders *feeders = site->feeders;
    if (!feeders) {
        return;
    }
    timer_stop(site->timers, &feeders->tick);
    timer_stop(site->timers, &feeders->spread);
    feeder_unlink(feeders);
    for (size_t i = 0; i < site->n_components; i++) {
        free(site->components[i]->trace);
        site->components[i]->trace = NULL;
    }
    free(feeders);
    site->feeders = NULL;
}

static void begin(struct site *site)
{
    struct feeders *feeders = calloc(1, sizeof(*feeders));
    if (!feeders) {
        abort();
    }
    *feeders = (struct feeders){.site = site, .n_connections = site->n_connections};
    timer_init(&feeders->tick, on_tick, feeders);
    timer_init(&feeders->spread, on_spread, feeders);
    site->feeders = feeders;
    feeder_link(feeders);
    if (feeders->n_feeders == 0) {
        return;
    }
    count_all(feeders);
    for (size_t i = 0; i < feeders->n_feeders; i++) {
        find_limits(&feeders->feeders[i]);
    }
    timer_start_in(site->timers, &feeders->tick, FIRST_TICK_NS);
}

/* Put together at the first question, as a site is connected after its components are added. */
struct range feeders_room(const struct component *component, enum axis axis)
{
    struct site *site = component->site;
    if (!site->feeders || site->feeders->n_connections != site->n_connections) {
        feeders_done_with(site);
        begin(site);
    }
    return component->member && component_takes_power(component, axis) ? renew_room(component->member, axis)
                                                                       : RANGE_ALL;
}

/* ---- reasons ---------------------------------------------------------------------------------------- */

const char *feeders_reason(
    const struct component *component, enum axis axis, double value, char *out, size_t cap)
{
    const struct member *member = component->member;
    double tightest = INFINITY;
    out[0] = '\0';
    for (size_t i = 0; member && i < member->n_feeds * LANE_COUNT; i++) {
        const struct feed *feed = &member->feeds[i / LANE_COUNT];
        const struct feeder *feeder = feed->feeder;
        int lane = (int)(i % LANE_COUNT);
        struct range room = room_at(member, feed, axis, lane);
        double left = value < 0 ? -room.lower : room.upper;
        if (left >= tightest) {
            continue;
        }
        tightest = left;
        struct range beside = flow_beside(feed, member, axis, lane);
        char number[32], limit[64];
        if (lane == ALL_PHASES) {
            double limit_w = value < 0 ? -feeder->active_w.lower : feeder->active_w.upper;
            snprintf(limit, sizeof(limit), "%s limit %s W", value < 0 ? "export" : "import",
                number_format(limit_w, number, sizeof(number)));
        } else {
            snprintf(limit, sizeof(limit), "fuse of %g A, phase %d", feeder->component->spec.fuse_current_a,
                lane + 1);
        }
        snprintf(out, cap, "%s: %s, beside %.0f %s of others", component_label(feeder->component), limit,
            value < 0 ? beside.lower : beside.upper, axis_unit(axis));
    }
    return out;
}
