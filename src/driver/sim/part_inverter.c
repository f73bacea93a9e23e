/* SPDX-License-Identifier: MIT */
/* Battery, PV and hybrid inverters: what their DC side offers, the sequence of their relays, and how the DC
 * power is shared by the batteries behind them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "driver/sim/part.h"

#define INDOORS_C 20.0
#define NIGHT_USE 0.0003 /* of the rated power, from AC: a hybrid's controls while its modules are dark */
#define MIDSUMMER 172    /* the day of the year whose clear sky stands in for data */

/* Making it. */

static enum sequence_goal goal_from_name(const char *name)
{
    if (strcmp(name, "off") == 0) {
        return SEQUENCE_OFF;
    }
    return strcmp(name, "standby") == 0 ? SEQUENCE_STANDBY : SEQUENCE_RUN;
}

static int init_pv(struct part *part, const struct settings *settings, struct ugrpc_status *st)
{
    struct pv_part *pv = part->inverter.pv = calloc(1, sizeof(*pv));
    if (!pv) {
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
    }
    double latitude_deg = part->component->site->spec.latitude;
    pv_params_default(&pv->params, part->inverter.params.rated_w);
    pv->params.peak_w = settings_number(settings, "peak", pv->params.peak_w);
    sun_plane_default(&pv->plane, isnan(latitude_deg) ? 50 : latitude_deg);
    pv->plane.tilt_deg = settings_number(settings, "tilt", pv->plane.tilt_deg);
    pv->plane.azimuth_deg = settings_number(settings, "azimuth", pv->plane.azimuth_deg);
    pv->scale = settings_number(settings, "scale", 1);
    if (strcmp(settings_text(settings, "sign", "production"), "production") == 0) {
        pv->scale = -pv->scale;
    }
    const struct {
        const char *name;
        double otherwise;
        struct source *source;
    } sources[] = {
        {"power", NAN, &pv->power},
        {"irradiance", NAN, &pv->irradiance},
        {"ambient", 20, &pv->ambient},
        {"wind", 1, &pv->wind},
    };
    int rc = 0;
    for (size_t i = 0; i < ARRAY_LEN(sources) && rc == 0; i++) {
        rc = part_source(part, settings, sources[i].name, sources[i].otherwise, sources[i].source, st);
    }
    return rc;
}

static int inverter_init_part(struct part *part, const struct settings *settings, struct ugrpc_status *st)
{
    struct inverter_part *inverter = &part->inverter;
    const struct component *component = part->component;
    const struct range *rated = &component->spec.rated[BOUNDED_ACTIVE];
    inverter_params_default(&inverter->params, fmax(fabs(rated->lower), fabs(rated->upper)));
    inverter->params.rated_va = component_rated_va(component);
    inverter->params.ramp_w_s = inverter->params.rated_w / settings_number(settings, "ramp_time", 2);
    inverter->params.delay_s = settings_number(settings, "delay", inverter->params.delay_s);
    inverter_init(&inverter->state, INDOORS_C);
    inverter->batteries_left = (struct power_range){-INFINITY, INFINITY};
    sequence_params_default(&inverter->sequence_params, component_has_dc_relays(component));
    inverter->sequence_params.sync_s = settings_number(
        settings, "start_up", inverter->sequence_params.sync_s);
    inverter->goal = goal_from_name(settings_text(settings, "starts", "ready"));
    if (part->errors && inverter->goal == SEQUENCE_RUN) {
        inverter->goal = SEQUENCE_STANDBY;
    }
    sequence_init(&inverter->sequence, &inverter->sequence_params, inverter->goal, 0);
    return component->spec.type == COMPONENT_BATTERY_INVERTER ? 0 : init_pv(part, settings, st);
}

static void inverter_done_part(struct part *part)
{
    free(part->inverter.pv);
    free(part->inverter.links);
}

void inverter_part_link(struct part *part)
{
    struct inverter_part *inverter = &part->inverter;
    struct component *const *batteries;
    if (part->kind != &inverter_kind) {
        return;
    }
    size_t n = graph_list_batteries(part->component, &batteries);
    inverter->links = calloc(n + 1, sizeof(*inverter->links));
    if (!inverter->links) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        if (part_of(batteries[i])) {
            inverter->links[inverter->n_links++] = (struct dc_link){
                .battery = part_of(batteries[i]), .share = sharing_of_battery(part->component, batteries[i])};
        }
    }
}

/* Its DC side. */

void inverter_part_limit_batteries(struct part *part, struct range left)
{
    part->inverter.batteries_left = (struct power_range){left.lower, left.upper};
}

static bool conducts(const struct component *component)
{
    return part_of(component) && part_conducts(part_of(component));
}

static void look_at_batteries(struct part *part)
{
    for (size_t i = 0; i < part->inverter.n_links; i++) {
        struct dc_link *link = &part->inverter.links[i];
        const struct battery_part *battery = &link->battery->battery;
        link->conducts = graph_reaches(part->component, link->battery->component, conducts);
        link->able = (struct power_range){0, 0};
        if (link->conducts) {
            struct power_range limits = battery_limits(&battery->state, &battery->params);
            link->able = (struct power_range){
                limits.lower_w * link->share.discharge, limits.upper_w * link->share.charge};
        }
    }
}

static struct power_range batteries_range(const struct inverter_part *inverter)
{
    struct power_range sum = {0, 0};
    for (size_t i = 0; i < inverter->n_links; i++) {
        sum.lower_w += inverter->links[i].able.lower_w;
        sum.upper_w += inverter->links[i].able.upper_w;
    }
    return sum;
}

/* `sum` is what all batteries are able to do. */
static void share_out(struct inverter_part *inverter, double power_w, struct power_range sum)
{
    for (size_t i = 0; i < inverter->n_links; i++) {
        const struct dc_link *link = &inverter->links[i];
        double share = power_w < 0 ? sharing_of_power(link->able.lower_w, sum.lower_w)
                                   : sharing_of_power(link->able.upper_w, sum.upper_w);
        link->battery->battery.dc_in_w += power_w * share;
    }
}

static double dc_voltage_v(const struct inverter_part *inverter)
{
    for (size_t i = 0; i < inverter->n_links; i++) {
        if (inverter->links[i].conducts) {
            return inverter->links[i].battery->battery.state.voltage_v;
        }
    }
    return inverter->pv ? inverter->pv->now.voltage_v : 0;
}

static void look_at_the_sun(const struct part *part, struct pv_part *pv)
{
    double irradiance_w_m2 = source_given(&pv->irradiance) ? part_source_now(part, &pv->irradiance)
                                                           : sun_irradiance_w_m2(&pv->plane, MIDSUMMER,
                                                                 fmod(part_sim_time_s(part), 86400));
    pv->available = pv_output(
        &pv->params, irradiance_w_m2, part_source_now(part, &pv->ambient), part_source_now(part, &pv->wind));
    if (source_given(&pv->power)) {
        pv->available.power_w = fmin(0, part_source_now(part, &pv->power) * pv->scale);
        pv->available.current_a = pv->available.voltage_v > 1
                                      ? pv->available.power_w / pv->available.voltage_v
                                      : 0;
    }
}

/* One step. */

static double free_power_w(const struct inverter_part *inverter)
{
    return inverter->pv ? inverter_ac_of_dc(&inverter->params, inverter->pv->available.power_w) : 0;
}

static void follow_sequence(struct part *part, double dt_s)
{
    struct inverter_part *inverter = &part->inverter;
    if (part->errors && inverter->goal == SEQUENCE_RUN) {
        inverter->goal = SEQUENCE_STANDBY;
    }
    bool power_gone = fabs(inverter->state.power_w) <= 0.01 * inverter->params.rated_w;
    if (inverter->sequence.goal != inverter->goal && (inverter->goal == SEQUENCE_RUN || power_gone)) {
        sequence_set_goal(&inverter->sequence, inverter->goal);
    }
    sequence_step(&inverter->sequence, &inverter->sequence_params, dc_voltage_v(inverter), dt_s);
    if (inverter->sequence.fault == SEQUENCE_PRECHARGE_TOO_SLOW) {
        part_raise(part, ERROR_PRECHARGE_ERROR);
    } else if (inverter->sequence.fault == SEQUENCE_RELAY_WORN) {
        part_raise(part, ERROR_RELAY_CYCLE_LIMIT_REACHED);
    }
}

/* A PV inverter sleeps instead: the API's clients take its power to be 0 at most. */
static double night_use_w(const struct part *part)
{
    const struct inverter_part *inverter = &part->inverter;
    bool dark = inverter->pv && inverter->pv->available.power_w == 0;
    return dark && part->component->spec.type == COMPONENT_HYBRID_INVERTER
               ? NIGHT_USE * inverter->params.rated_w
               : 0;
}

static void inverter_step_part(struct part *part, double dt_s)
{
    struct inverter_part *inverter = &part->inverter;
    struct pv_part *pv = inverter->pv;
    look_at_batteries(part);
    follow_sequence(part, dt_s);

    struct power_range able = batteries_range(inverter);
    struct power_range batteries = power_range_both(able, inverter->batteries_left);
    struct power_range dc = batteries;
    if (pv) {
        look_at_the_sun(part, pv);
        dc.lower_w += pv->available.power_w;
    }
    inverter->able = inverter_range_of_dc(&inverter->params, dc);
    bool stopping = inverter->goal != SEQUENCE_RUN;
    struct inverter_inputs inputs = {
        .connected = part->live && sequence_running(&inverter->sequence) && part->errors == 0,
        .power_w = stopping ? 0 : part_limit(part, free_power_w(inverter)),
        .reactive_var = stopping || isnan(part->wanted[AXIS_REACTIVE]) ? 0 : part->wanted[AXIS_REACTIVE],
        .able = inverter->able,
        .ambient_c = INDOORS_C,
        .idle_w = night_use_w(part),
    };
    inverter_step(&inverter->state, &inverter->params, &inputs, dt_s);
    part_set_power(part, inverter->state.power_w, inverter->state.reactive_var);

    double dc_w = inverter->state.dc_power_w;
    double batteries_w = power_range_clamp(batteries, pv ? dc_w - pv->available.power_w : dc_w);
    if (pv) {
        pv->now = pv_curtail(
            &pv->params, pv->available, fmin(0, fmax(pv->available.power_w, dc_w - batteries_w)));
    }
    share_out(inverter, inputs.connected ? batteries_w : 0, able);
}

/* Its sample. */

static uint32_t inverter_state(const struct part *part)
{
    const struct inverter_part *inverter = &part->inverter;
    if (inverter->goal == SEQUENCE_RUN) {
        return sequence_running(&inverter->sequence)
                   ? part_power_state(inverter->state.power_w, fmax(10, 0.002 * inverter->params.rated_w))
                   : STATE_BIT(STATE_SWITCHING_ON);
    }
    if (inverter->sequence.goal != inverter->goal ||
        !sequence_there(&inverter->sequence, &inverter->sequence_params)) {
        return STATE_BIT(STATE_SWITCHING_OFF);
    }
    bool off = inverter->goal == SEQUENCE_OFF && inverter->sequence_params.has_dc_relay;
    return off ? STATE_BIT(STATE_OFF) : STATE_BIT(STATE_STANDBY);
}

static void inverter_read(struct part *part, struct sample_builder *builder)
{
    const struct inverter_part *inverter = &part->inverter;
    struct range *active = &builder->sample.momentary[BOUNDED_ACTIVE];
    struct power_range cool = inverter_limits(&inverter->state, &inverter->params);
    if (inverter->pv) {
        cool = power_range_both(cool, inverter->able);
        cool.lower_w = fmin(cool.lower_w, -1); /* at night too a PV inverter is one that can produce */
    }
    *active = (struct range){cool.lower_w, cool.upper_w};
    builder->sample.pv_w = inverter->pv ? -inverter->pv->available.power_w : 0;
    builder->sample.state.states = inverter_state(part);

    double dc_v = dc_voltage_v(inverter);
    double dc_w = inverter->state.dc_power_w;
    sample_put_dc(builder, dc_v, dc_v > 1 ? dc_w / dc_v : 0, dc_w);
    sample_put(builder, METRIC_INVERTER_TEMPERATURE, inverter->state.temperature_c);
    if (!part->basic) {
        sample_put(builder, METRIC_INVERTER_TEMPERATURE_CABINET, inverter->state.cabinet_c);
        sample_put(builder, METRIC_INVERTER_TEMPERATURE_HEATSINK, inverter->state.heatsink_c);
        sample_put(builder, METRIC_INVERTER_TEMPERATURE_TRANSFORMER, inverter->state.transformer_c);
    }
}

/* Its sequences. */

static void inverter_go(struct part *part, enum sequence_goal goal)
{
    part->inverter.goal = goal;
    if (goal == SEQUENCE_RUN) {
        sequence_set_goal(&part->inverter.sequence, goal); /* clears an older fault */
    }
}

static bool inverter_settled(struct part *part)
{
    const struct inverter_part *inverter = &part->inverter;
    if (part->errors) {
        status_set(&part->fault, UGRPC_UNAVAILABLE, "%s: failed while %s", component_label(part->component),
            inverter_part_step_name(part));
        return true;
    }
    return inverter->sequence.goal == inverter->goal &&
           sequence_there(&inverter->sequence, &inverter->sequence_params);
}

const char *inverter_part_step_name(const struct part *part)
{
    const struct inverter_part *inverter = &part->inverter;
    if (inverter->goal != SEQUENCE_RUN) {
        return inverter->sequence.goal != inverter->goal ? "bringing power to 0" : "opening relays";
    }
    if (inverter->sequence_params.has_dc_relay && inverter->sequence.dc.position != RELAY_CLOSED) {
        return "precharging and closing DC relays";
    }
    return inverter->sequence.sync_left_s > 0 ? "synchronising with the grid" : "closing AC relays";
}

static void inverter_remember(struct part *part, const struct numbers *numbers)
{
    struct inverter_part *inverter = &part->inverter;
    int goal = numbers_choice(numbers, "goal", (int)inverter->goal, SEQUENCE_RUN);
    if (goal != (int)inverter->goal) {
        inverter->goal = (enum sequence_goal)goal;
        sequence_init(&inverter->sequence, &inverter->sequence_params, inverter->goal, 0);
    }
    numbers_cycles(numbers, "dc_cycles", &inverter->sequence.dc);
    numbers_cycles(numbers, "ac_cycles", &inverter->sequence.ac);
}

const struct part_kind inverter_kind = {
    .is_ac = true,
    .init = inverter_init_part,
    .step = inverter_step_part,
    .read = inverter_read,
    .go = inverter_go,
    .settled = inverter_settled,
    .remember = inverter_remember,
    .done = inverter_done_part,
};
