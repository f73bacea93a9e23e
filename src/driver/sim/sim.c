/* SPDX-License-Identifier: MIT */
/* The simulator as a driver: it takes commands, steps the physics and reports samples.
 *
 * Physics runs in ticks. In each, every part is stepped, parents first (so an inverter decides before its
 * battery follows), then powers are summed up from the leaves to the grid. A tick of a large site is cut into
 * slices, one a loop turn. Samples do not wait for ticks: each component reports at its own interval, spread
 * evenly over time, from the state of the last complete tick. */
#include "driver/sim/sim.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "driver/sim/device.h"

#define SLICE_PARTS     1000
#define LONGEST_STEP_S  60.0 /* of physics at once: longer gaps, a suspend, say, did not happen to it */
#define SETTLING_STEPS  5    /* of a second, before the first sample: PV and loads are at work by then */
#define REPORT_GRID_NS  (5 * NS_PER_MS)
#define FINE_TICK_NS    (200 * NS_PER_MS)
#define FINE_TICK_PARTS 1000 /* up to so many, physics is finer than the samples */

static const struct part_kind *const kinds[COMPONENT_TYPE_COUNT] = {
    [COMPONENT_GRID] = &grid_kind,
    [COMPONENT_METER] = &meter_kind,
    [COMPONENT_BATTERY_INVERTER] = &inverter_kind,
    [COMPONENT_PV_INVERTER] = &inverter_kind,
    [COMPONENT_HYBRID_INVERTER] = &inverter_kind,
    [COMPONENT_CONVERTER] = &passive_kind,
    [COMPONENT_BATTERY] = &battery_kind,
    [COMPONENT_EV_CHARGER] = &ev_kind,
    [COMPONENT_CRYPTO_MINER] = &miner_kind,
    [COMPONENT_ELECTROLYZER] = &electrolyzer_kind,
    [COMPONENT_CHP] = &chp_kind,
    [COMPONENT_RELAY] = &relay_kind,
    [COMPONENT_PRECHARGER] = &precharger_kind,
    [COMPONENT_FUSE] = &passive_kind,
    [COMPONENT_TRANSFORMER] = &passive_kind,
    [COMPONENT_HVAC] = &hvac_kind,
    [COMPONENT_WIND_TURBINE] = &wind_kind,
    [COMPONENT_CAPACITOR_BANK] = &bank_kind,
};

/* A callback that waits for the next turn of the loop. */
struct completion {
    struct completion *next;
    status_fn *done;
    void *userdata;
    struct ugrpc_status st;
};

static const struct driver sim_driver;

static struct sim *sim_of(struct device *device)
{
    return container_of(device, struct sim, base);
}

/* Making the simulator. */

static void on_tick(struct timer *timer, void *userdata);
static void on_complete(struct timer *timer, void *userdata);
static void on_report(struct timer *timer, void *userdata);
static void report(struct part *part);
static void sim_destroy(struct device *device);

static double local_time_of_day_s(struct clock *clock)
{
    time_t now = (time_t)(clock_now_utc_ns(clock) / NS_PER_S);
    struct tm tm;
    localtime_r(&now, &tm);
    return tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
}

struct device *sim_new(struct site *site, const struct sim_options *options, struct ugrpc_status *st)
{
    struct sim *sim = calloc(1, sizeof(*sim));
    if (!sim) {
        goto fail;
    }
    sim->base = (struct device){.driver = &sim_driver, .site = site, .name = "sim"};
    sim->timers = site->timers;
    sim->seed = options->seed;
    sim->speed = options->speed > 0 ? options->speed : 1;
    sim->start_s = isnan(options->start_at_s) ? local_time_of_day_s(site->timers->clock)
                                              : options->start_at_s;
    sim->completions_end = &sim->completions;
    timer_init(&sim->tick, on_tick, sim);
    timer_init(&sim->complete, on_complete, sim);
    sim->data_dirs = calloc(options->n_data_dirs + 1, sizeof(*sim->data_dirs));
    if (!sim->data_dirs) {
        goto fail;
    }
    for (; sim->n_data_dirs < options->n_data_dirs; sim->n_data_dirs++) {
        if (!(sim->data_dirs[sim->n_data_dirs] = strdup(options->data_dirs[sim->n_data_dirs]))) {
            goto fail;
        }
    }
    return &sim->base;
fail:
    status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
    if (sim) {
        sim_destroy(&sim->base);
    }
    return NULL;
}

int sim_read_error(const struct settings *settings, uint64_t *errors, struct ugrpc_status *st)
{
    const char *error = settings_text(settings, "error", NULL);
    *errors = 0;
    if (error) {
        int code = error_from_name(error);
        if (code < 0) {
            return status_set(st, UGRPC_INVALID_ARGUMENT, "error: \"%s\" is no error of the API", error);
        }
        *errors = ERROR_BIT(code);
    }
    return 0;
}

static int read_common_settings(struct part *part, const struct settings *settings, struct ugrpc_status *st)
{
    int rc = sim_read_error(settings, &part->errors, st);
    if (rc < 0) {
        return rc;
    }
    part->unrecoverable = part->errors && !settings_flag(settings, "recoverable", true);
    part->offline = settings_flag(settings, "offline", false);
    part->basic = strcmp(settings_text(settings, "metrics", "full"), "basic") == 0;
    return 0;
}

int sim_attach_component(struct device *device, struct component *component, const struct settings *settings,
    struct ugrpc_status *st)
{
    struct sim *sim = sim_of(device);
    if (sim->n_parts == sim->cap_parts) {
        size_t cap = sim->cap_parts ? 2 * sim->cap_parts : 16;
        struct part **parts = realloc(sim->parts, cap * sizeof(struct part *));
        if (!parts) {
            return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        }
        sim->parts = parts;
        sim->cap_parts = cap;
    }
    struct part *part = calloc(1, sizeof(*part));
    if (!part) {
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
    }
    part->component = component;
    part->sim = sim;
    part->kind = kinds[component->spec.type];
    part->wanted[AXIS_ACTIVE] = part->wanted[AXIS_REACTIVE] = NAN;
    rng_init(&part->rng, sim->seed, component->spec.id);
    ac_init(&part->ac);
    timer_init(&part->report, on_report, part);
    sim->parts[sim->n_parts++] = part;
    component->driver_data = part;
    component->device = device;
    if (component->spec.type == COMPONENT_GRID) {
        sim->grid = part;
    }
    int rc = read_common_settings(part, settings, st);
    if (rc == 0 && part->kind->init) {
        rc = part->kind->init(part, settings, st);
    }
    return rc;
}

void sim_describe(const struct device *device, char *out, size_t cap)
{
    const struct sim *sim = container_of(device, const struct sim, base);
    int minutes = (int)fmod(sim->start_s / 60, 24 * 60);
    int len = snprintf(out, cap, "simulated, data from %02d:%02d, seed %llu", minutes / 60, minutes % 60,
        (unsigned long long)sim->seed);
    if (sim->speed != 1 && len > 0 && (size_t)len < cap) {
        snprintf(out + len, cap - (size_t)len, ", speed x%g", sim->speed);
    }
}

/* What parts ask of their simulator. */

double sim_data_time_s(const struct sim *sim, int64_t at_ns)
{
    return sim->start_s + (double)(at_ns - sim->started_at_ns) / (double)NS_PER_S * sim->speed;
}

double part_sim_time_s(const struct part *part)
{
    return sim_data_time_s(part->sim, part->sim->tick_at_ns);
}

const double *part_voltages(const struct part *part)
{
    static const double island_v[3] = {230, 230, 230};
    return part->sim->grid ? part->sim->grid->grid.state.voltage_v : island_v;
}

void part_set_power(struct part *part, double power_w, double reactive_var)
{
    ac_split(power_w, part->power_w);
    ac_split(reactive_var, part->reactive_var);
}

void part_raise(struct part *part, enum error_code code)
{
    part->errors |= ERROR_BIT(code);
}

double part_limit(const struct part *part, double otherwise)
{
    double wanted = part->wanted[AXIS_ACTIVE];
    return isnan(wanted) ? otherwise : wanted;
}

uint32_t part_power_state(double power_w, double threshold_w)
{
    if (power_w > threshold_w) {
        return STATE_BIT(STATE_CHARGING);
    }
    return power_w < -threshold_w ? STATE_BIT(STATE_DISCHARGING) : STATE_BIT(STATE_READY);
}

int part_source(struct part *part, const struct settings *settings, const char *name, double otherwise,
    struct source *source, struct ugrpc_status *st)
{
    return sim_source(part->sim, settings, name, otherwise, source, st);
}

double part_source_now(const struct part *part, const struct source *source)
{
    return source_at(source, part_sim_time_s(part));
}

/* Callbacks are never run from within the function that took them. */

static void complete(struct sim *sim, status_fn *done, void *userdata, const struct ugrpc_status *st)
{
    struct completion *completion = malloc(sizeof(*completion));
    if (!completion) {
        abort(); /* a command that is never answered would be worse */
    }
    *completion = (struct completion){.done = done, .userdata = userdata, .st = *st};
    *sim->completions_end = completion;
    sim->completions_end = &completion->next;
    if (!timer_running(&sim->complete)) {
        timer_start_in(sim->timers, &sim->complete, 0);
    }
}

static void on_complete(struct timer *timer, void *userdata)
{
    struct sim *sim = userdata;
    struct completion *completion = sim->completions;
    sim->completions = NULL;
    sim->completions_end = &sim->completions;
    while (completion) {
        struct completion *next = completion->next;
        completion->done(&completion->st, completion->userdata);
        free(completion);
        completion = next;
    }
}

/* Physics. */

/* Parents have been stepped before, so each of them knows by now whether AC comes out of it: a grid's ways
 * are followed once a step, however they are meshed. */
static bool is_fed_by(const struct component *parent)
{
    const struct part *part = part_of(parent);
    return !part || part->feeds;
}

static size_t count_feeding(const struct component *component)
{
    size_t n = 0;
    for (size_t i = 0; i < component->n_parents; i++) {
        n += is_fed_by(component->parents[i]);
    }
    return n;
}

static void settle(struct part *part)
{
    if (!part->on_settled || !part->kind->settled(part)) {
        return;
    }
    status_fn *done = part->on_settled;
    part->on_settled = NULL;
    report(part); /* whoever is told "done" already sees the new state */
    done(&part->fault, part->on_settled_userdata);
}

static void step_part(struct part *part, double dt_s)
{
    part->n_feeding = count_feeding(part->component);
    part->live = part->n_feeding > 0 || part->component->n_parents == 0;
    if (part->kind->step) {
        part->kind->step(part, dt_s);
        if (!part->live) {
            part_set_power(part, 0, 0);
        }
    } else {
        part_set_power(part, 0, 0);
    }
    part->feeds = part->live && part_conducts(part);
}

/* All below this part is summed up by now: it is counted, and added to what stands nearer to the grid;
 * those of several parents that feed it share it. Energy is counted here and not with the samples, so that it
 * is that of the very steps which charge the batteries. */
static void sum_up(struct part *part, double dt_s)
{
    const struct component *component = part->component;
    memcpy(part->total_w, part->power_w, sizeof(part->total_w));
    memcpy(part->total_var, part->reactive_var, sizeof(part->total_var));
    if (part->kind->is_ac) {
        ac_count(&part->ac, part->total_w, part->total_var, dt_s);
    }
    double sharers = (double)(part->n_feeding > 0 ? part->n_feeding : component->n_parents);
    for (size_t i = 0; i < component->n_parents; i++) {
        struct part *parent = part_of(component->parents[i]);
        if (!parent || (part->n_feeding > 0 && !parent->feeds)) {
            continue;
        }
        for (int phase = 0; phase < 3; phase++) {
            parent->power_w[phase] += part->power_w[phase] / sharers;
            parent->reactive_var[phase] += part->reactive_var[phase] / sharers;
        }
    }
}

static double step_length_s(const struct sim *sim)
{
    double dt_s = (double)(sim->tick_at_ns - sim->last_tick_ns) / (double)NS_PER_S * sim->speed;
    return fmin(dt_s, LONGEST_STEP_S * fmax(1, sim->speed));
}

/* Steps one slice: first all parts from the grid outwards, then the sums on the way back. True when the tick
 * is whole. */
static bool run_slice(struct sim *sim, double dt_s)
{
    size_t end = sim->slice + SLICE_PARTS;
    for (; sim->slice < end && sim->slice < sim->n_parts; sim->slice++) {
        step_part(sim->parts[sim->slice], dt_s);
    }
    for (; sim->slice < end && sim->slice < 2 * sim->n_parts; sim->slice++) {
        sum_up(sim->parts[2 * sim->n_parts - 1 - sim->slice], dt_s);
    }
    if (sim->slice < 2 * sim->n_parts) {
        return false;
    }
    sim->slice = 0;
    return true;
}

static void on_tick(struct timer *timer, void *userdata)
{
    struct sim *sim = userdata;
    if (sim->slice == 0) {
        sim->last_tick_ns = sim->tick_at_ns;
        sim->tick_at_ns = clock_now_ns(sim->timers->clock);
    }
    if (!run_slice(sim, step_length_s(sim))) {
        timer_start_in(sim->timers, timer, 0);
        return;
    }
    int64_t next_ns = timer->at_ns + sim->tick_ns;
    int64_t now_ns = clock_now_ns(sim->timers->clock);
    timer_start_at(sim->timers, timer, next_ns > now_ns ? next_ns : now_ns + sim->tick_ns);
    for (size_t i = 0; i < sim->n_parts; i++) {
        settle(sim->parts[i]);
    }
}

/* Samples. */

static void derive_ac(struct part *part)
{
    const struct sim *sim = part->sim;
    static const double dead_v[3];
    double frequency_hz = sim->grid ? sim->grid->grid.state.frequency_hz : 50;
    double rated_a = component_rated_va(part->component) / 690;
    ac_derive(&part->ac, part->total_w, part->total_var, part->live ? part_voltages(part) : dead_v,
        part->live ? frequency_hz : 0, rated_a > 0 ? rated_a : 0);
}

static void report(struct part *part)
{
    struct sim *sim = part->sim;
    if (part->offline) {
        return;
    }
    struct sample_builder builder;
    builder.sample = (struct sample){
        .time_utc_ns = clock_now_utc_ns(sim->timers->clock),
        .readings = builder.readings,
        .state = {.states = STATE_BIT(STATE_READY)},
        .momentary = {RANGE_ALL, RANGE_ALL, RANGE_ALL, RANGE_ALL},
    };
    if (part->kind->is_ac) {
        derive_ac(part);
        sample_put_ac(&builder, &part->ac, part->basic);
    }
    if (part->kind->read) {
        part->kind->read(part, &builder);
    }
    if (part->errors) {
        struct component_state *state = &builder.sample.state;
        uint32_t operation = STATE_BIT(STATE_OFF) | STATE_BIT(STATE_STANDBY) | STATE_BIT(STATE_READY) |
                             STATE_BIT(STATE_CHARGING) | STATE_BIT(STATE_DISCHARGING) |
                             STATE_BIT(STATE_SWITCHING_ON) | STATE_BIT(STATE_SWITCHING_OFF);
        state->states = (state->states & ~operation) | STATE_BIT(STATE_ERROR);
        state->errors = part->errors;
        state->unrecoverable = part->unrecoverable;
    }
    device_report(part->component, &builder.sample);
}

static void on_report(struct timer *timer, void *userdata)
{
    struct part *part = userdata;
    struct timers *timers = part->sim->timers;
    int64_t interval_ns = part->component->spec.interval_ns;
    int64_t now_ns = clock_now_ns(timers->clock);
    int64_t missed = (now_ns - timer->at_ns) / interval_ns;
    timer_start_at(timers, timer, timer->at_ns + (missed + 1) * interval_ns);
    report(part);
}

/* The driver. */

static void sort_parts(struct sim *sim)
{
    struct site *site = sim->base.site;
    struct component **order = calloc(site->n_components + 1, sizeof(struct component *));
    if (!order) {
        abort();
    }
    graph_sort(site, order);
    size_t n = 0;
    for (size_t i = 0; i < site->n_components; i++) {
        if (order[i]->device == &sim->base) {
            sim->parts[n++] = part_of(order[i]);
        }
    }
    free(order);
}

static int64_t shortest_interval_ns(const struct sim *sim)
{
    int64_t shortest_ns = NS_PER_S;
    for (size_t i = 0; i < sim->n_parts; i++) {
        int64_t interval_ns = sim->parts[i]->component->spec.interval_ns;
        shortest_ns = interval_ns < shortest_ns ? interval_ns : shortest_ns;
    }
    return shortest_ns;
}

static int sim_start(struct device *device, struct ugrpc_status *st)
{
    struct sim *sim = sim_of(device);
    sort_parts(sim);
    sim->tick_ns = shortest_interval_ns(sim);
    if (sim->n_parts <= FINE_TICK_PARTS && sim->tick_ns > FINE_TICK_NS) {
        sim->tick_ns = FINE_TICK_NS;
    }
    sim->started_at_ns = sim->tick_at_ns = sim->last_tick_ns = clock_now_ns(sim->timers->clock);
    for (size_t i = 0; i < sim->n_parts; i++) {
        inverter_part_link(sim->parts[i]);
    }
    for (int i = 0; i < SETTLING_STEPS; i++) {
        while (!run_slice(sim, 1)) {
        }
    }
    timer_start_in(sim->timers, &sim->tick, sim->tick_ns);
    for (size_t i = 0; i < sim->n_parts; i++) {
        struct part *part = sim->parts[i];
        int64_t interval_ns = part->component->spec.interval_ns;
        report(part);
        /* spread over the first interval, so that samples do not all fall into one turn of the loop, nor each
         * into a turn of its own */
        int64_t offset_ns = (int64_t)((double)interval_ns * (double)(i + 1) / (double)sim->n_parts);
        offset_ns -= offset_ns % REPORT_GRID_NS;
        timer_start_at(
            sim->timers, &part->report, sim->started_at_ns + (offset_ns > 0 ? offset_ns : interval_ns));
    }
    for (size_t i = 0; i < sim->n_sensors; i++) {
        sensor_part_start(sim->sensors[i]);
    }
    return 0;
}

static void sim_set_power(struct device *device, struct component *component, enum axis axis, double power,
    status_fn *done, void *userdata)
{
    struct part *part = part_of(component);
    struct ugrpc_status st = {.code = UGRPC_OK};
    if (part->offline) {
        status_set(&st, UGRPC_UNAVAILABLE, "%s: the device does not answer", component_label(component));
    } else if (part->errors) {
        status_set(&st, UGRPC_FAILED_PRECONDITION, "%s: the device is in error", component_label(component));
    } else {
        part->wanted[axis] = power;
    }
    complete(part->sim, done, userdata, &st);
}

static void sim_release(
    struct device *device, struct component *component, enum axis axis, status_fn *done, void *userdata)
{
    sim_set_power(device, component, axis, NAN, done, userdata);
}

static void sim_limit_batteries(struct device *device, struct component *hybrid, struct range dc_w)
{
    inverter_part_limit_batteries(part_of(hybrid), dc_w);
}

static void begin_sequence(struct part *part, enum sequence_goal goal, status_fn *done, void *userdata)
{
    if (part->on_settled) {
        struct ugrpc_status aborted;
        status_set(&aborted, UGRPC_ABORTED, "%s: another sequence replaced this one",
            component_label(part->component));
        complete(part->sim, part->on_settled, part->on_settled_userdata, &aborted);
        part->on_settled = NULL;
    }
    part->fault = (struct ugrpc_status){.code = UGRPC_OK};
    if (part->kind->go) {
        part->kind->go(part, goal);
        part->on_settled = done;
        part->on_settled_userdata = userdata;
    }
    report(part);
    if (!part->kind->go) {
        complete(part->sim, done, userdata, &part->fault);
    }
}

static void sim_start_component(
    struct device *device, struct component *component, status_fn *done, void *userdata)
{
    begin_sequence(part_of(component), SEQUENCE_RUN, done, userdata);
}

static void sim_standby(struct device *device, struct component *component, status_fn *done, void *userdata)
{
    begin_sequence(part_of(component), SEQUENCE_STANDBY, done, userdata);
}

static void sim_stop(struct device *device, struct component *component, status_fn *done, void *userdata)
{
    begin_sequence(part_of(component), SEQUENCE_OFF, done, userdata);
}

/* An inverter goes to standby (its sequence keeps it off if the DC relays are open); what only switches,
 * opens. */
static void sim_ack(struct device *device, struct component *component, status_fn *done, void *userdata)
{
    struct part *part = part_of(component);
    if (part->errors && part->unrecoverable) {
        struct ugrpc_status st;
        status_set(
            &st, UGRPC_FAILED_PRECONDITION, "%s: the error is not recoverable", component_label(component));
        complete(part->sim, done, userdata, &st);
        return;
    }
    part->errors = 0;
    part->wanted[AXIS_ACTIVE] = part->wanted[AXIS_REACTIVE] = 0;
    bool off = part->kind != &inverter_kind || (part->inverter.sequence_params.has_dc_relay &&
                                                   part->inverter.sequence.dc.position == RELAY_OPEN);
    begin_sequence(part, off ? SEQUENCE_OFF : SEQUENCE_STANDBY, done, userdata);
}

static const char *sim_step(struct device *device, const struct component *component)
{
    const struct part *part = part_of(component);
    if (part->kind == &inverter_kind) {
        return inverter_part_step_name(part);
    }
    return part->kind == &precharger_kind ? "precharging" : "switching relays";
}

static void part_free(struct part *part)
{
    timer_stop(part->sim->timers, &part->report);
    if (part->kind && part->kind->done) {
        part->kind->done(part);
    }
    part->component->driver_data = NULL;
    part->component->device = NULL;
    free(part);
}

static void sim_destroy(struct device *device)
{
    struct sim *sim = sim_of(device);
    timer_stop(sim->timers, &sim->tick);
    timer_stop(sim->timers, &sim->complete);
    while (sim->completions) {
        struct completion *next = sim->completions->next;
        free(sim->completions);
        sim->completions = next;
    }
    for (size_t i = 0; i < sim->n_parts; i++) {
        part_free(sim->parts[i]);
    }
    for (size_t i = 0; i < sim->n_sensors; i++) {
        sensor_part_free(sim->sensors[i]);
    }
    for (size_t i = 0; i < sim->n_data_dirs; i++) {
        free(sim->data_dirs[i]);
    }
    sim_series_free(sim);
    free(sim->parts);
    free(sim->sensors);
    free(sim->data_dirs);
    free(sim);
}

static const struct driver sim_driver = {
    .name = "sim",
    .start = sim_start,
    .set_power = sim_set_power,
    .release = sim_release,
    .limit_batteries = sim_limit_batteries,
    .start_component = sim_start_component,
    .standby = sim_standby,
    .stop = sim_stop,
    .ack = sim_ack,
    .step = sim_step,
    .visit_memory = sim_visit_memory,
    .destroy = sim_destroy,
};
