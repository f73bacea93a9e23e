/* SPDX-License-Identifier: MIT */
/* A feeder is a fuse or a grid connection with all that hangs below it. Its load is the flow through it less
 * what its members, the components that take set-points, have to do with it.
 *
 * Samples come at different instants: a car that begins to charge shows at the main meter up to a second
 * before or after it shows at its charger. Taken as it comes, this difference would look like a load, would
 * tighten the bounds, lower the set-point and so begin anew for ever. Therefore flows are compared at one
 * instant in the past, between two samples of each, and the load that counts is the median of the
 * last three seconds. A fuse bears that: it melts in minutes, not in seconds.
 *
 * The rooms of the members follow once a second, and when one of them is told another power. What tightens
 * counts at once; what widens, only if it is worth a new order to the device. */
#include "model/feeders.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/graph.h"
#include "model/parts.h"
#include "model/site.h"

#define LINE_V        400.0 /* of a site without transformers */
#define SQRT3         1.7320508075688772
#define TICK_NS       NS_PER_S
#define FIRST_TICK_NS (NS_PER_S / 5)
#define N_SAMPLES     10 /* more than any component may be silent and not offline */
#define N_LOADS       3
#define WORTH_PART    0.01 /* of the rated apparent power */
#define LEAST_PHASE   0.01 /* what has less of its power on a phase is not limited there */

enum lane { PHASE_1, PHASE_2, PHASE_3, ALL_PHASES, LANE_COUNT };

struct flow {
    double of[AXIS_COUNT][LANE_COUNT]; /* W and VAr */
};

/* The last samples of what measures AC power, one a tick. */
struct trace {
    struct {
        int64_t at_ns;
        float of[AXIS_COUNT][LANE_COUNT];
    } samples[N_SAMPLES]; /* the newest at `newest`, the others before it */
    size_t newest, n;
    double share; /* of it that passes the feeder which is being put together */
};

/* One feeder on a member's way. */
struct feed {
    struct feeder *feeder;
    double share; /* of the member's power that passes it; less than 1 where there are several ways */
};

struct member {
    struct component *component;
    struct feed *feeds;
    size_t n_feeds;
    double part[LANE_COUNT]; /* of its power on each phase, as last seen */
    struct flow most, least; /* what the others have to reckon with */
    struct range room[AXIS_COUNT];
};

struct feeder {
    const struct component *component;
    double phase_va;       /* infinite: no fuse */
    struct range active_w; /* all phases */
    struct member **members;
    double *shares;
    size_t n_members;
    struct flow loads[N_LOADS];        /* the last ones measured */
    struct flow load_most, load_least; /* what counts of them, for limits above and below */
    uint64_t n_loads;
    int64_t measured_at_ns;
    struct flow most, least; /* of all members */
    bool roomy;              /* whatever its members are told, it bears that */
};

struct feeders {
    struct site *site;
    size_t n_connections; /* it was put together for so many */
    struct feeder *feeders;
    size_t n_feeders;
    struct member *members;
    size_t n_members;
    struct timer tick;
    bool spreading;
};

/* ---- flows ------------------------------------------------------------------------------------------ */

#define EACH_LANE(axis, lane)                                                                                \
    for (int axis = 0; axis < AXIS_COUNT; axis++)                                                            \
        for (int lane = 0; lane < LANE_COUNT; lane++)

static void add_flow(struct flow *sum, const struct flow *flow, double factor)
{
    EACH_LANE (axis, lane) {
        sum->of[axis][lane] += factor * flow->of[axis][lane];
    }
}

/* What is measured of AC power; without phases, they are taken to have a third each. False: nothing is. */
static bool read_flow(const struct telemetry *telemetry, struct flow *flow)
{
    static const enum metric totals[AXIS_COUNT] = {METRIC_AC_ACTIVE_POWER, METRIC_AC_REACTIVE_POWER};
    EACH_LANE (axis, lane) {
        flow->of[axis][lane] = NAN;
    }
    for (size_t i = 0; i < telemetry->n_readings; i++) {
        const struct reading *reading = &telemetry->readings[i];
        for (int axis = 0; axis < AXIS_COUNT; axis++) {
            int phase = (int)reading->metric - (int)totals[axis]; /* those of the phases follow the total's */
            if (phase >= 0 && phase <= 3) {
                flow->of[axis][phase == 0 ? ALL_PHASES : phase - 1] = reading->value;
            }
        }
    }
    if (isnan(flow->of[AXIS_ACTIVE][ALL_PHASES])) {
        return false;
    }
    EACH_LANE (axis, lane) {
        double all = flow->of[axis][ALL_PHASES];
        if (isnan(flow->of[axis][lane])) {
            flow->of[axis][lane] = isnan(all) ? 0 : all / 3;
        }
    }
    return true;
}

static int64_t newest_at_ns(const struct trace *trace)
{
    return trace->samples[trace->newest].at_ns;
}

static void take_sample(struct component *component)
{
    struct trace *trace = component->trace;
    const struct telemetry *telemetry = &component->telemetry;
    struct flow flow;
    if (telemetry->sequence == 0 || (trace->n && telemetry->sampled_at_ns == newest_at_ns(trace)) ||
        !read_flow(telemetry, &flow)) {
        return;
    }
    trace->newest = (trace->newest + 1) % N_SAMPLES;
    trace->n = trace->n < N_SAMPLES ? trace->n + 1 : N_SAMPLES;
    trace->samples[trace->newest].at_ns = telemetry->sampled_at_ns;
    EACH_LANE (axis, lane) {
        trace->samples[trace->newest].of[axis][lane] = (float)flow.of[axis][lane];
    }
}

/* What flowed at one instant: on the way between the samples before and after it, or as in the nearest one.
 */
static struct flow flow_at(const struct trace *trace, int64_t at_ns)
{
    struct flow flow = {0};
    size_t after = trace->newest, before = after;
    for (size_t i = 1; i < trace->n && trace->samples[before].at_ns > at_ns; i++) {
        after = before;
        before = (before + N_SAMPLES - 1) % N_SAMPLES;
    }
    double span_ns = (double)(trace->samples[after].at_ns - trace->samples[before].at_ns);
    double way = span_ns > 0 ? (double)(at_ns - trace->samples[before].at_ns) / span_ns : 0;
    way = fmin(fmax(way, 0), 1);
    EACH_LANE (axis, lane) {
        flow.of[axis][lane] = (1 - way) * trace->samples[before].of[axis][lane] +
                              way * trace->samples[after].of[axis][lane];
    }
    return flow;
}

static struct flow newest_flow(const struct trace *trace)
{
    return flow_at(trace, INT64_MAX);
}

/* Who measures what flows through a component: itself, or what stands below it. */
static void each_source(const struct component *component, double share,
    void (*visit)(const struct component *source, double share, void *userdata), void *userdata)
{
    if (component->trace->n) {
        visit(component, share, userdata);
        return;
    }
    for (size_t i = 0; i < component->n_children; i++) {
        const struct component *child = component->children[i];
        each_source(child, share / (double)child->n_parents, visit, userdata);
    }
}

/* The instant at which all that a feeder's load follows from has been measured, and the flow at it. */
struct balance {
    int64_t at_ns;
    bool silent; /* not all is measured */
    struct flow flow;
};

static void find_instant(const struct component *source, double share, void *userdata)
{
    struct balance *balance = userdata;
    if (source->telemetry.offline) {
        balance->silent = true;
    } else if (newest_at_ns(source->trace) < balance->at_ns) {
        balance->at_ns = newest_at_ns(source->trace);
    }
}

static void sum_source(const struct component *source, double share, void *userdata)
{
    struct balance *balance = userdata;
    const struct flow flow = flow_at(source->trace, balance->at_ns);
    add_flow(&balance->flow, &flow, share);
}

static double median(double a, double b, double c)
{
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* More than before counts when two of the last three say so, less when all do. */
static void take_load(struct feeder *feeder, const struct flow *load)
{
    struct flow *loads = feeder->loads;
    for (int i = 0; feeder->n_loads == 0 && i < N_LOADS; i++) {
        loads[i] = *load;
    }
    loads[feeder->n_loads++ % N_LOADS] = *load;
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
        const struct component *member = feeder->members[i]->component;
        if (member->trace->n) {
            find_instant(member, 1, &balance);
        }
    }
    if (silent || balance.at_ns <= feeder->measured_at_ns) {
        return; /* the load is what it was */
    }
    feeder->measured_at_ns = balance.at_ns;
    each_source(feeder->component, 1, sum_source, &balance);
    for (size_t i = 0; i < feeder->n_members; i++) {
        sum_source(feeder->members[i]->component, -feeder->shares[i], &balance);
    }
    take_load(feeder, &balance.flow);
}

/* ---- members ---------------------------------------------------------------------------------------- */

/* On which phases it works shows while it does. */
static void see_parts(struct member *member)
{
    const struct component *component = member->component;
    const struct flow newest = newest_flow(component->trace);
    const double *active_w = newest.of[AXIS_ACTIVE];
    if (fabs(active_w[ALL_PHASES]) > WORTH_PART * component_rated_va(component)) {
        for (int lane = PHASE_1; lane <= PHASE_3; lane++) {
            member->part[lane] = fmin(fmax(active_w[lane] / active_w[ALL_PHASES], 0), 1);
        }
    }
}

/* Its device may do what it was measured to do, and will do what it was told. */
static void reckon_with(struct member *member)
{
    const struct component *component = member->component;
    see_parts(member);
    member->most = member->least = newest_flow(component->trace);
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

/* What fuses leave on one phase, or the connection on all: of the others' flow it is the range `beside`. */
static struct range left_by(struct range limit, struct range beside, double part)
{
    return (struct range){
        fmin((limit.lower - beside.lower) / part, 0), fmax((limit.upper - beside.upper) / part, 0)};
}

static struct range both(struct range a, struct range b)
{
    return (struct range){fmax(a.lower, b.lower), fmin(a.upper, b.upper)};
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

static struct range room_at(const struct member *member, const struct feed *feed, int axis, int lane)
{
    double part = feed->share * member->part[lane];
    return part < LEAST_PHASE
               ? RANGE_ALL
               : left_by(limit_of(feed->feeder, axis, lane), flow_beside(feed, member, axis, lane), part);
}

static struct range room_of(const struct member *member, enum axis axis)
{
    struct range rated = member->component->spec.rated[axis_bounded(axis)];
    struct range room = RANGE_ALL;
    for (size_t i = 0; i < member->n_feeds; i++) {
        for (int lane = 0; lane < LANE_COUNT; lane++) {
            room = both(room, room_at(member, &member->feeds[i], axis, lane));
        }
    }
    /* what does not bind is the same whatever it is, so that a sample of it costs nothing */
    return (struct range){room.lower <= rated.lower ? -INFINITY : room.lower,
        room.upper >= rated.upper ? INFINITY : room.upper};
}

/* Tightens at once, widens if it is worth it. */
static double settle_end(double before, double now, double worth)
{
    return fabs(now) <= fabs(before) || fabs(now) - fabs(before) >= worth ? now : before;
}

static void renew_room(struct member *member)
{
    struct component *component = member->component;
    double worth = WORTH_PART * component_rated_va(component);
    for (int axis = 0; axis < AXIS_COUNT; axis++) {
        struct range *room = &member->room[axis];
        if (component_takes_power(component, (enum axis)axis)) {
            struct range now = room_of(member, (enum axis)axis);
            room->lower = settle_end(room->lower, now.lower, worth);
            room->upper = settle_end(room->upper, now.upper, worth);
        }
    }
    bounds_refresh(component);
}

static void count(const struct member *member, int sign)
{
    for (size_t i = 0; i < member->n_feeds; i++) {
        const struct feed *feed = &member->feeds[i];
        add_flow(&feed->feeder->most, &member->most, sign * feed->share);
        add_flow(&feed->feeder->least, &member->least, sign * feed->share);
    }
}

static void count_all(struct feeders *feeders)
{
    for (size_t i = 0; i < feeders->n_feeders; i++) {
        feeders->feeders[i].most = feeders->feeders[i].least = (struct flow){0};
    }
    for (size_t i = 0; i < feeders->n_members; i++) {
        reckon_with(&feeders->members[i]);
        count(&feeders->members[i], 1);
    }
}

/* The most that may flow at a feeder, either way, whatever its members are told. */
static double reach_of(const struct feeder *feeder, int axis, int lane)
{
    struct range reach = {feeder->load_least.of[axis][lane], feeder->load_most.of[axis][lane]};
    for (size_t i = 0; i < feeder->n_members; i++) {
        const struct member *member = feeder->members[i];
        struct range rated = member->component->spec.rated[axis_bounded((enum axis)axis)];
        double part = member->part[lane];
        reach.lower += feeder->shares[i] * fmin(member->least.of[axis][lane], part * fmin(rated.lower, 0));
        reach.upper += feeder->shares[i] * fmax(member->most.of[axis][lane], part * fmax(rated.upper, 0));
    }
    return fmax(fabs(reach.lower), fabs(reach.upper));
}

static bool is_roomy(const struct feeder *feeder)
{
    double all_w = reach_of(feeder, AXIS_ACTIVE, ALL_PHASES);
    bool roomy = all_w <= fmin(-feeder->active_w.lower, feeder->active_w.upper);
    for (int lane = PHASE_1; roomy && lane <= PHASE_3; lane++) {
        roomy = hypot(reach_of(feeder, AXIS_ACTIVE, lane), reach_of(feeder, AXIS_REACTIVE, lane)) <=
                feeder->phase_va;
    }
    return roomy;
}

static void on_tick(struct timer *timer, void *userdata)
{
    struct feeders *feeders = userdata;
    struct site *site = feeders->site;
    int64_t now_ns = clock_now_ns(site->timers->clock);
    for (size_t i = 0; i < site->n_components; i++) {
        take_sample(site->components[i]);
    }
    count_all(feeders);
    for (size_t i = 0; i < feeders->n_feeders; i++) {
        struct feeder *feeder = &feeders->feeders[i];
        measure_load(feeder, now_ns);
        feeder->roomy = is_roomy(feeder);
    }
    feeders->spreading = true;
    for (size_t i = 0; i < feeders->n_members; i++) {
        renew_room(&feeders->members[i]);
    }
    feeders->spreading = false;
    timer_start_in(site->timers, timer, TICK_NS);
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
    if (feeders->spreading) {
        return; /* those that this tightens are still to come, or come with the next tick */
    }
    feeders->spreading = true;
    for (size_t i = 0; i < member->n_feeds; i++) {
        const struct feeder *feeder = member->feeds[i].feeder;
        for (size_t j = 0; !feeder->roomy && j < feeder->n_members; j++) {
            renew_room(feeder->members[j]);
        }
    }
    feeders->spreading = false;
}

/* ---- put together ----------------------------------------------------------------------------------- */

static void *zeroed(size_t n, size_t size)
{
    void *memory = calloc(n ? n : 1, size);
    if (!memory) {
        abort();
    }
    return memory;
}

static bool is_limited(double limit)
{
    return isfinite(limit); /* neither absent nor unbounded */
}

static bool is_feeder(const struct component *component)
{
    const struct component_spec *spec = &component->spec;
    return (spec->type == COMPONENT_FUSE || spec->type == COMPONENT_GRID) &&
           (spec->fuse_current_a > 0 ||
               (spec->type == COMPONENT_GRID && (is_limited(spec->rated[BOUNDED_ACTIVE].lower) ||
                                                    is_limited(spec->rated[BOUNDED_ACTIVE].upper))));
}

static bool is_member(const struct component *component)
{
    return component_takes_power(component, AXIS_ACTIVE) || component_takes_power(component, AXIS_REACTIVE);
}

/* The line voltage of the first transformer met, at the side that is met; 0: there is none. */
static double voltage_above(const struct component *component)
{
    double line_v = 0;
    for (size_t i = 0; i < component->n_parents && line_v == 0; i++) {
        const struct component *parent = component->parents[i];
        line_v = parent->spec.type == COMPONENT_TRANSFORMER ? parent->spec.secondary_v
                                                            : voltage_above(parent);
    }
    return line_v;
}

static double voltage_below(const struct component *component)
{
    double line_v = 0;
    for (size_t i = 0; i < component->n_children && line_v == 0; i++) {
        const struct component *child = component->children[i];
        line_v = child->spec.type == COMPONENT_TRANSFORMER ? child->spec.primary_v : voltage_below(child);
    }
    return line_v;
}

static double phase_va_of(const struct component *component)
{
    if (component->spec.fuse_current_a <= 0) {
        return INFINITY;
    }
    double line_v = voltage_above(component);
    line_v = line_v > 0 ? line_v : voltage_below(component);
    return (line_v > 0 ? line_v : LINE_V) / SQRT3 * component->spec.fuse_current_a;
}

/* What part of each component's power passes `feeder`; several ways share alike. */
static void share_out(const struct component *feeder, struct component *const *order, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double share = order[i] == feeder ? 1 : 0;
        for (size_t j = 0; j < order[i]->n_parents; j++) {
            share += order[i]->parents[j]->trace->share / (double)order[i]->n_parents;
        }
        order[i]->trace->share = share;
    }
}

static void add_feed(struct member *member, struct feeder *feeder, double share)
{
    member->feeds = realloc(member->feeds, (member->n_feeds + 1) * sizeof(*member->feeds));
    if (!member->feeds) {
        abort();
    }
    member->feeds[member->n_feeds++] = (struct feed){feeder, share};
    feeder->members[feeder->n_members] = member;
    feeder->shares[feeder->n_members++] = share;
}

static void put_together(
    struct feeders *feeders, const struct component *component, struct component *const *order, size_t n)
{
    struct feeder *feeder = &feeders->feeders[feeders->n_feeders++];
    *feeder = (struct feeder){
        .component = component, .phase_va = phase_va_of(component), .active_w = RANGE_ALL};
    struct range active_w = component->spec.rated[BOUNDED_ACTIVE];
    if (component->spec.type == COMPONENT_GRID) {
        feeder->active_w = (struct range){fmax(-INFINITY, active_w.lower), fmin(INFINITY, active_w.upper)};
    }
    share_out(component, order, n);
    feeder->members = zeroed(feeders->n_members, sizeof(struct member *));
    feeder->shares = zeroed(feeders->n_members, sizeof(double));
    for (size_t i = 0; i < n; i++) {
        if (order[i]->member && order[i]->trace->share > 0) {
            add_feed(order[i]->member, feeder, order[i]->trace->share);
        }
    }
}

static void begin_member(struct feeders *feeders, struct component *component)
{
    struct member *member = &feeders->members[feeders->n_members++];
    *member = (struct member){.component = component, .room = {RANGE_ALL, RANGE_ALL}};
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        member->part[lane] = lane == ALL_PHASES ? 1 : 1.0 / 3;
    }
    component->member = member;
}

static void begin(struct feeders *feeders, size_t n_feeders)
{
    struct site *site = feeders->site;
    size_t n = site->n_components;
    struct component **order = zeroed(n, sizeof(struct component *));
    feeders->feeders = zeroed(n_feeders, sizeof(*feeders->feeders));
    feeders->members = zeroed(n, sizeof(*feeders->members));
    graph_sort(site, order);
    for (size_t i = 0; i < n; i++) {
        order[i]->trace = zeroed(1, sizeof(*order[i]->trace));
        if (is_member(order[i])) {
            begin_member(feeders, order[i]);
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (is_feeder(order[i])) {
            put_together(feeders, order[i], order, n);
        }
    }
    free(order);
    count_all(feeders);
    for (size_t i = 0; i < feeders->n_members; i++) {
        struct member *member = &feeders->members[i];
        for (int axis = 0; axis < AXIS_COUNT; axis++) {
            member->room[axis] = room_of(
                member, (enum axis)axis); /* of the fuses alone, until all is measured */
        }
    }
    timer_start_in(site->timers, &feeders->tick, FIRST_TICK_NS);
}

void feeders_done_with(struct site *site)
{
    struct feeders *feeders = site->feeders;
    if (!feeders) {
        return;
    }
    timer_stop(site->timers, &feeders->tick);
    for (size_t i = 0; i < feeders->n_feeders; i++) {
        free(feeders->feeders[i].members);
        free(feeders->feeders[i].shares);
    }
    for (size_t i = 0; i < feeders->n_members; i++) {
        free(feeders->members[i].feeds);
    }
    for (size_t i = 0; i < site->n_components; i++) {
        free(site->components[i]->trace);
        site->components[i]->trace = NULL;
        site->components[i]->member = NULL;
    }
    free(feeders->feeders);
    free(feeders->members);
    free(feeders);
    site->feeders = NULL;
}

/* Put together at the first question, as a site is connected after its components are added. */
static void know_feeders(struct site *site)
{
    if (site->feeders && site->feeders->n_connections == site->n_connections) {
        return;
    }
    feeders_done_with(site);
    site->feeders = zeroed(1, sizeof(*site->feeders));
    *site->feeders = (struct feeders){.site = site, .n_connections = site->n_connections};
    timer_init(&site->feeders->tick, on_tick, site->feeders);
    size_t n_feeders = 0;
    for (size_t i = 0; i < site->n_components; i++) {
        n_feeders += is_feeder(site->components[i]);
    }
    if (n_feeders > 0) {
        begin(site->feeders, n_feeders);
    }
}

struct range feeders_room(const struct component *component, enum axis axis)
{
    know_feeders(component->site);
    return component->member ? component->member->room[axis] : RANGE_ALL;
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
