/* SPDX-License-Identifier: MIT */
/* What consumes: EV chargers, electrolyzers, heat pumps, crypto miners. */
#include <math.h>
#include <string.h>

#include "driver/sim/part.h"

/* 230 V behind a usual power factor, spread over three phases. */
static void consume(struct part *part, double power_w, double power_factor)
{
    part_set_power(part, power_w, power_w * sqrt(1 / (power_factor * power_factor) - 1));
}

/* EV charger. */

static int ev_init_part(struct part *part, const struct settings *settings, struct ugrpc_status *st)
{
    struct ev_params *params = &part->ev.params;
    struct source ambient;
    ev_params_default(params, part->component->spec.rated[BOUNDED_ACTIVE].upper);
    params->phases = (int)settings_number(settings, "phases", params->phases);
    params->min_w = part->component->spec.least_w;
    params->wants_wh = settings_number(settings, "car.wants", params->wants_wh);
    params->stay_s = settings_number(settings, "car.stays", params->stay_s);
    params->away_s = settings_number(settings, "car.away", params->away_s);
    int rc = part_source(part, settings, "ambient", 20, &ambient, st);
    if (rc != 0) {
        return rc;
    }
    params->ambient_c = part_source_now(part, &ambient); /* stations hardly notice the weather */
    const char *plugged = settings_text(settings, "car.plugged", "both");
    ev_init(&part->ev.state, params, strcmp(plugged, "both") == 0);
    if (strcmp(plugged, "station") == 0) {
        part->ev.state.phase = EV_PLUGGED_AT_STATION;
        part->ev.state.phase_left_s = params->step_s;
    }
    return 0;
}

static void ev_step_part(struct part *part, double dt_s)
{
    bool cut = !part->live || part->errors;
    ev_step(&part->ev.state, &part->ev.params, cut ? 0 : part_limit(part, INFINITY), dt_s, &part->rng);
    double power_w = cut ? 0 : part->ev.state.power_w;
    if (part->ev.params.phases == 3) {
        part_set_power(part, power_w, 0);
        return;
    }
    part_set_power(part, 0, 0);
    part->power_w[0] = power_w;
}

static void ev_read(struct part *part, struct sample_builder *builder)
{
    static const uint32_t cable[] = {
        [EV_UNPLUGGED] = STATE_BIT(STATE_EV_CHARGING_CABLE_UNPLUGGED),
        [EV_PLUGGED_AT_STATION] = STATE_BIT(STATE_EV_CHARGING_CABLE_PLUGGED_AT_STATION),
        [EV_PLUGGED_AT_EV] = STATE_BIT(STATE_EV_CHARGING_CABLE_PLUGGED_AT_STATION) |
                             STATE_BIT(STATE_EV_CHARGING_CABLE_PLUGGED_AT_EV),
        [EV_LOCKED] = STATE_BIT(STATE_EV_CHARGING_CABLE_LOCKED_AT_STATION) |
                      STATE_BIT(STATE_EV_CHARGING_CABLE_LOCKED_AT_EV),
    };
    const struct ev_state *state = &part->ev.state;
    builder->sample.state.states = part_power_state(state->power_w, 10) | cable[state->phase];
    builder->sample.momentary[BOUNDED_ACTIVE] = (struct range){0, fmax(0, state->available_w)};
    sample_put(builder, METRIC_EV_CHARGER_TEMPERATURE, state->temperature_c);
}

static void ev_remember(struct part *part, const struct numbers *numbers)
{
    struct ev_state *state = &part->ev.state;
    state->phase = (enum ev_phase)numbers_choice(numbers, "car_phase", (int)state->phase, EV_LOCKED);
    numbers_level(numbers, "car_wants_wh", &state->wants_wh, 0, 1e9);
    numbers_level(numbers, "car_charged_wh", &state->charged_wh, 0, 1e9);
    numbers_level(numbers, "car_phase_left_s", &state->phase_left_s, 0, 1e9);
}

const struct part_kind ev_kind = {
    .is_ac = true,
    .init = ev_init_part,
    .step = ev_step_part,
    .read = ev_read,
    .remember = ev_remember,
};

/* Electrolyzer. */

static int electrolyzer_init_part(struct part *part, const struct settings *settings, struct ugrpc_status *st)
{
    electrolyzer_params_default(
        &part->electrolyzer.params, part->component->spec.rated[BOUNDED_ACTIVE].upper);
    part->electrolyzer.params.min_w = part->component->spec.least_w;
    part->electrolyzer.params.ramp_w_s = part->electrolyzer.params.rated_w /
                                         settings_number(settings, "ramp_time", 30);
    electrolyzer_init(&part->electrolyzer.state);
    return 0;
}

static void electrolyzer_step_part(struct part *part, double dt_s)
{
    double wanted_w = part->live && !part->errors ? part_limit(part, part->electrolyzer.params.rated_w) : 0;
    electrolyzer_step(&part->electrolyzer.state, &part->electrolyzer.params, wanted_w, dt_s);
    consume(part, part->electrolyzer.state.power_w, 0.95);
}

const struct part_kind electrolyzer_kind = {
    .is_ac = true,
    .init = electrolyzer_init_part,
    .step = electrolyzer_step_part,
};

/* Heat pump or air conditioner. */

static int need_rating(
    const struct part *part, const struct settings *settings, double *rated_w, struct ugrpc_status *st)
{
    *rated_w = settings_number(settings, "rated", 0);
    if (*rated_w > 0) {
        return 0;
    }
    return status_set(st, UGRPC_INVALID_ARGUMENT, "rated: %s needs one, as in \"3 kW\"",
        component_type_name(part->component->spec.type));
}

static int hvac_init_part(struct part *part, const struct settings *settings, struct ugrpc_status *st)
{
    double rated_w;
    int rc = need_rating(part, settings, &rated_w, st);
    if (rc == 0) {
        hvac_params_default(&part->hvac.params, rated_w);
        part->hvac.params.room_c = settings_number(settings, "room", part->hvac.params.room_c);
        hvac_init(&part->hvac.state, &part->hvac.params);
        rc = part_source(part, settings, "ambient", 5, &part->hvac.ambient, st);
    }
    return rc;
}

static void hvac_step_part(struct part *part, double dt_s)
{
    hvac_step(&part->hvac.state, &part->hvac.params, part_source_now(part, &part->hvac.ambient), dt_s);
    consume(part, part->errors ? 0 : part->hvac.state.power_w, 0.9);
}

static void hvac_remember(struct part *part, const struct numbers *numbers)
{
    struct hvac_state *state = &part->hvac.state;
    numbers_level(numbers, "room_c", &state->room_c, -100, 100);
    state->on = numbers_flag(numbers, "on", state->on);
    state->cooling = numbers_flag(numbers, "cooling", state->cooling);
    numbers_level(numbers, "in_state_s", &state->in_state_s, 0, 1e12);
}

const struct part_kind hvac_kind = {
    .is_ac = true,
    .init = hvac_init_part,
    .step = hvac_step_part,
    .remember = hvac_remember,
};

/* Crypto miner. */

static int miner_init_part(struct part *part, const struct settings *settings, struct ugrpc_status *st)
{
    double rated_w;
    int rc = need_rating(part, settings, &rated_w, st);
    if (rc == 0) {
        miner_params_default(&part->miner.params, rated_w);
        miner_init(&part->miner.state, &part->miner.params);
    }
    return rc;
}

static void miner_step_part(struct part *part, double dt_s)
{
    miner_step(&part->miner.state, &part->miner.params, dt_s, &part->rng);
    consume(part, part->errors ? 0 : part->miner.state.power_w, 0.98);
}

const struct part_kind miner_kind = {
    .is_ac = true,
    .init = miner_init_part,
    .step = miner_step_part,
};
