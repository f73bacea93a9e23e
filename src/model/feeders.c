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
 * the device. Who was just told to give way is given the time to do so before the others have to. */
#include "model/feeders.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/feeder.h"
#include "model/parts.h"

#define TICK_NS       NS_PER_S
#define FIRST_TICK_NS (NS_PER_S / 5)
#define SLICE         200              /* members in a turn of the loop */
#define SPREAD_NS     (20 * NS_PER_MS) /* of the many commands in it each is checked, but followed together */
#define FOLLOW_NS     (5 * NS_PER_S)   /* until a device does as it was told, and is measured to */
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

static bool measures(const struct component *component)
{
    return measured(component) != NULL;
}

/* It is offline, or its newest sample says nothing of its power. */
static bool is_silent(const struct component *source, const struct trace *trace)
{
    return source->telemetry.offline || source->telemetry.sampled_at_ns != trace_newest_ns(trace);
}

/* A silent member holds nothing up: what it did last counts on, as its own. */
static void find_instant(struct balance *balance, const struct component *source, const struct trace *trace)
{
    if (is_silent(source, trace)) {
        balance->silent |= !source->member;
    } else if (trace_newest_ns(trace) < balance->at_ns) {
        balance->at_ns = trace_newest_ns(trace);
    }
}

enum extreme { LEAST, MOST };

/* What passes a feeder of some power, at least and at most. Beside other ways, what relays may lead elsewhere
 * is counted only if it takes room from others. */
static double passing(const struct feeder *feeder, struct way way, double power, enum extreme extreme)
{
    if (feeder->unlike && way.by) {
        power = extreme == MOST ? fmax(power, 0) : fmin(power, 0);
    }
    return way.share * power;
}

static void add_passing(struct flow *sum, const struct feeder *feeder, struct way way,
    const struct flow *flow, enum extreme extreme, int sign)
{
    EACH_LANE (axis, lane) {
        sum->of[axis][lane] += sign * passing(feeder, way, flow->of[axis][lane], extreme);
    }
}

static void sum_up(struct feeder *feeder, struct way way, const struct trace *trace, int sign)
{
    struct balance *balance = &feeder->balance;
    const struct flow flow = trace_at(trace, balance->at_ns);
    flow_add(&balance->flow, &flow, sign * way.share);
    add_passing(&balance->most, feeder, way, &flow, MOST, sign);
    add_passing(&balance->least, feeder, way, &flow, LEAST, sign);
}

/* Where ways are unlike, a load that seems to give room may be a member's power that came elsewhere. */
static struct load load_of(const struct feeder *feeder)
{
    const struct balance *balance = &feeder->balance;
    struct load load = {balance->flow, balance->flow};
    EACH_LANE (axis, lane) {
        if (feeder->unlike) {
            double flow = balance->flow.of[axis][lane];
            load.most.of[axis][lane] = fmax(fmax(flow, balance->most.of[axis][lane]), 0);
            load.least.of[axis][lane] = fmin(fmin(flow, balance->least.of[axis][lane]), 0);
        }
    }
    return load;
}

static double median(double a, double b, double c)
{
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* Further from 0 than before counts when two of the last three say so, nearer when all do. */
static double load_above(double before, double a, double b, double c)
{
    return fmax(median(a, b, c), fmin(before, fmax(fmax(a, b), c)));
}

static void take_load(struct feeder *feeder, struct load load)
{
    struct load *loads = feeder->loads;
    for (int i = 0; feeder->n_loads == 0 && i < FEEDER_LOADS; i++) {
        loads[i] = load;
    }
    loads[feeder->n_loads++ % FEEDER_LOADS] = load;
    EACH_LANE (axis, lane) {
        double *above = &feeder->load.most.of[axis][lane], *below = &feeder->load.least.of[axis][lane];
        *above = load_above(
            *above, loads[0].most.of[axis][lane], loads[1].most.of[axis][lane], loads[2].most.of[axis][lane]);
        *below = -load_above(-*below, -loads[0].least.of[axis][lane], -loads[1].least.of[axis][lane],
            -loads[2].least.of[axis][lane]);
    }
}

/* ---- members ---------------------------------------------------------------------------------------- */

/* What its device will do: as it was told, or will be as soon as it is ready, but its least power at least.
 * NAN: what it likes. */
static double owed(const struct component *component, enum axis axis)
{
    const struct setpoint *setpoint = &component->setpoints[axis];
    double power = setpoint->applied, least_w = axis == AXIS_ACTIVE ? component->spec.least_w : 0;
    if (setpoint->mode == SETPOINT_FREE) {
        return NAN;
    }
    if (isnan(power)) {
        power = setpoint->mode == SETPOINT_ACTIVE ? bounds_apply(component, axis, setpoint->requested) : 0;
    }
    return power == 0 ? 0 : copysign(fmax(fabs(power), least_w), power);
}

/* Its device has just been told another power. Told again and again, it gets no more time. */
static bool is_to_follow(struct member *member, enum axis axis, double power)
{
    int64_t now_ns = clock_now_ns(member->component->site->timers->clock);
    if (!isnan(member->owed[axis]) && power != member->owed[axis] && now_ns >= member->follows_until_ns) {
        member->follows_until_ns = now_ns + FOLLOW_NS;
    }
    member->owed[axis] = power;
    return now_ns < member->follows_until_ns;
}

/* Its device may do what it was measured to do, and will do what it owes. */
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
    for (int i = 0; i < RECKONINGS; i++) {
        member->most[i] = member->least[i] = now;
    }
    for (int axis = 0; axis < AXIS_COUNT; axis++) {
        double power = owed(component, (enum axis)axis);
        bool follows = is_to_follow(member, (enum axis)axis, power);
        for (int lane = 0; lane < LANE_COUNT && !isnan(power); lane++) {
            double part = power * member->part[lane], measured_part = now.of[axis][lane];
            member->most[AT_WORST].of[axis][lane] = fmax(measured_part, part);
            member->least[AT_WORST].of[axis][lane] = fmin(measured_part, part);
            member->most[SOON].of[axis][lane] = follows ? part : fmax(measured_part, part);
            member->least[SOON].of[axis][lane] = follows ? part : fmin(measured_part, part);
        }
    }
}

/* Sums of doubles that are added and taken away again for years stay exact to a milliwatt. */
static void count(const struct member *member, int sign)
{
    for (size_t i = 0; i < member->n_feeds; i++) {
        const struct feed *feed = &member->feeds[i];
        for (int j = 0; j < RECKONINGS; j++) {
            struct feeder *feeder = feed->feeder;
            add_passing(&feeder->most[j], feeder, feed->way, &member->most[j], MOST, sign);
            add_passing(&feeder->least[j], feeder, feed->way, &member->least[j], LEAST, sign);
        }
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
    struct range other = {feeder->load.least.of[!axis][lane], feeder->load.most.of[!axis][lane]};
    if (axis == AXIS_REACTIVE) {
        other.lower += feeder->least[AT_WORST].of[AXIS_ACTIVE][lane];
        other.upper += feeder->most[AT_WORST].of[AXIS_ACTIVE][lane];
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
        double above = feeder->load.most.of[axis][lane] + feeder->most[AT_WORST].of[axis][lane];
        double below = feeder->load.least.of[axis][lane] + feeder->least[AT_WORST].of[axis][lane];
        feeder->binds |= above + feeder->need[axis] > limit->upper ||
                         below - feeder->need[axis] < limit->lower;
    }
}

/* What flows at a feeder without this member. */
static struct range flow_beside(
    const struct feed *feed, const struct member *member, int axis, int lane, enum reckoning reckoning)
{
    const struct feeder *feeder = feed->feeder;
    const struct flow *most = &feeder->most[reckoning], *least = &feeder->least[reckoning];
    return (struct range){
        feeder->load.least.of[axis][lane] + least->of[axis][lane] -
            passing(feeder, feed->way, member->least[reckoning].of[axis][lane], LEAST),
        feeder->load.most.of[axis][lane] + most->of[axis][lane] -
            passing(feeder, feed->way, member->most[reckoning].of[axis][lane], MOST),
    };
}

/* What a phase, or the connection, leaves a member. */
static struct range room_at(
    const struct member *member, const struct feed *feed, int axis, int lane, enum reckoning reckoning)
{
    double part = feed->way.share * member->part[lane];
    if (member->part[lane] < LEAST_PHASE) {
        return RANGE_ALL;
    }
    struct range limit = feed->feeder->limits[axis][lane];
    struct range beside = flow_beside(feed, member, axis, lane, reckoning);
    return (struct range){
        fmin((limit.lower - beside.lower) / part, 0), fmax((limit.upper - beside.upper) / part, 0)};
}

static struct range room_of(const struct member *member, enum axis axis, enum reckoning reckoning)
{
    struct range room = RANGE_ALL;
    for (size_t i = 0; i < member->n_feeds; i++) {
        for (int lane = 0; member->feeds[i].feeder->binds && lane < LANE_COUNT; lane++) {
            room = range_both(room, room_at(member, &member->feeds[i], axis, lane, reckoning));
        }
    }
    return room;
}

/* Tightens at once to what will be there soon, widens to what is there if that is worth it. */
static double move_end(double end, double now, double soon, double worth)
{
    return fabs(soon) < fabs(end) ? soon : fabs(now) - fabs(end) >= worth ? now : end;
}

static struct range renew_room(struct member *member, enum axis axis)
{
    double worth = WORTH_PART * component_rated_va(member->component);
    struct range rated = member->component->spec.rated[axis_bounded(axis)];
    struct range *room = &member->room[axis];
    struct range now = room_of(member, axis, AT_WORST), soon = room_of(member, axis, SOON);
    room->lower = move_end(room->lower, now.lower, soon.lower, worth);
    room->upper = move_end(room->upper, now.upper, soon.upper, worth);
    /* what does not bind is the same whatever it is, and no reason to work anything out anew */
    room->lower = room->lower <= rated.lower ? -INFINITY : room->lower;
    room->upper = room->upper >= rated.upper ? INFINITY : room->upper;
    return *room;
}

/* ---- when ------------------------------------------------------------------------------------------- */

static void recount(struct member *member)
{
    count(member, -1);
    reckon_with(member);
    count(member, 1);
}

static void count_all(const struct feeders *feeders, int sign)
{
    for (size_t i = 0; i < feeders->n_members; i++) {
        count(&feeders->members[i], sign);
    }
}

/* Listed anew when another one measures its power for the first time; true then. */
static bool look_for_sources(struct feeders *feeders, struct feeder *feeder)
{
    bool anew = feeder->n_sources == 0;
    for (size_t i = 0; i < feeder->n_sources; i++) {
        struct source *source = &feeder->sources[i];
        anew |= measured(source->component) != source->trace;
    }
    if (!anew) {
        return false;
    }
    bool unlike = feeder_list_sources(feeders, feeder, measures);
    for (size_t i = 0; i < feeder->n_sources; i++) {
        feeder->sources[i].trace = measured(feeder->sources[i].component);
    }
    if (unlike != feeder->unlike) { /* each counts otherwise */
        count_all(feeders, -1);
        feeder->unlike = unlike;
        count_all(feeders, 1);
    }
    return true;
}

static void begin_comparison(struct feeders *feeders)
{
    for (size_t i = 0; i < feeders->n_feeders; i++) {
        struct feeder *feeder = &feeders->feeders[i];
        feeder->balance = (struct balance){.at_ns = clock_now_ns(feeders->site->timers->clock)};
        look_for_sources(feeders, feeder);
        for (size_t j = 0; j < feeder->n_sources; j++) {
            if (feeder->sources[j].trace) {
                find_instant(&feeder->balance, feeder->sources[j].component, feeder->sources[j].trace);
            }
        }
    }
}

/* A member's sample counts, and the instant at which all is compared is no later. */
static void take_member(struct member *member)
{
    if (measured(member->component)) {
        recount(member);
        for (size_t i = 0; i < member->n_feeds; i++) {
            find_instant(&member->feeds[i].feeder->balance, member->component, &member->trace);
        }
    }
}

static void compare_member(struct member *member)
{
    for (size_t i = 0; i < member->n_feeds; i++) {
        const struct feed *feed = &member->feeds[i];
        sum_up(feed->feeder, feed->way, &member->trace, -1);
    }
}

/* True if a feeder may limit its members, or has done so. */
static bool end_comparison(struct feeders *feeders)
{
    bool any = false;
    for (size_t i = 0; i < feeders->n_feeders; i++) {
        struct feeder *feeder = &feeders->feeders[i];
        bool bound = feeder->binds, anew = look_for_sources(feeders, feeder);
        for (size_t j = 0; j < feeder->n_sources; j++) {
            if (feeder->sources[j].trace) {
                sum_up(feeder, feeder->sources[j].way, feeder->sources[j].trace, 1);
            }
        }
        if (!anew && !feeder->balance.silent && feeder->balance.at_ns > feeder->measured_at_ns) {
            feeder->measured_at_ns = feeder->balance.at_ns;
            take_load(feeder, load_of(feeder));
        } /* else the load is what it was */
        find_limits(feeder);
        any |= bound || feeder->binds;
    }
    return any;
}

/* Does something with the next members; true when all have had their turn. */
static bool slice(struct feeders *feeders, size_t *next, void (*each)(struct member *member))
{
    size_t end = *next + SLICE < feeders->n_members ? *next + SLICE : feeders->n_members;
    while (*next < end) {
        each(&feeders->members[(*next)++]);
    }
    bool last = end == feeders->n_members;
    *next = last ? 0 : end;
    return last;
}

static void renew(struct member *member)
{
    bounds_refresh(member->component); /* which asks for its rooms */
}

/* A turn of the comparison; true when it has ended. */
static bool compare(struct feeders *feeders)
{
    switch (feeders->phase) {
    case TAKE:
        if (feeders->next == 0) {
            begin_comparison(feeders);
        }
        feeders->phase = slice(feeders, &feeders->next, take_member) ? COMPARE : TAKE;
        return false;
    case COMPARE:
        if (!slice(feeders, &feeders->next, compare_member)) {
            return false;
        }
        feeders->phase = end_comparison(feeders) ? RENEW : TAKE;
        return feeders->phase == TAKE;
    case RENEW:
        if (!slice(feeders, &feeders->next, renew)) {
            return false;
        }
        feeders->phase = TAKE;
    }
    return true;
}

/* Once a second, in slices. */
static void on_tick(struct timer *timer, void *userdata)
{
    struct feeders *feeders = userdata;
    timer_start_in(feeders->site->timers, timer, compare(feeders) ? TICK_NS : 0);
}

static void on_spread(struct timer *timer, void *userdata)
{
    struct feeders *feeders = userdata;
    if (!slice(feeders, &feeders->next_spread, renew)) {
        timer_start_in(feeders->site->timers, timer, 0);
    }
}

void feeders_follow(struct component *component)
{
    struct member *member = component->member;
    struct feeders *feeders = component->site->feeders;
    if (!member) {
        return;
    }
    recount(member);
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
    *feeders = (struct feeders){.site = site};
    timer_init(&feeders->tick, on_tick, feeders);
    timer_init(&feeders->spread, on_spread, feeders);
    site->feeders = feeders;
    feeder_link(feeders);
    if (feeders->n_feeders == 0) {
        return;
    }
    for (size_t i = 0; i < feeders->n_members; i++) {
        recount(&feeders->members[i]);
    }
    for (size_t i = 0; i < feeders->n_feeders; i++) {
        find_limits(&feeders->feeders[i]);
    }
    timer_start_in(site->timers, &feeders->tick, FIRST_TICK_NS);
}

/* Put together at the first question of one that is connected, as a site is connected after its components
 * are added. */
struct range feeders_room(const struct component *component, enum axis axis)
{
    struct site *site = component->site;
    if (component->n_parents == 0) {
        return RANGE_ALL;
    }
    if (!site->feeders) {
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
        struct range room = room_at(member, feed, axis, lane, AT_WORST);
        double left = value < 0 ? -room.lower : room.upper;
        if (left >= tightest) {
            continue;
        }
        tightest = left;
        struct range beside = flow_beside(feed, member, axis, lane, AT_WORST);
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
