/* SPDX-License-Identifier: MIT */
/* A session is a clock that counts down through the phases of plugging; how much flows depends on the
 * phase, on what the car still wants and on what is allowed. A time step may pass several phases. */
#include "sim/ev.h"

#include <math.h>

#include "sim/approach.h"
#include "sim/power_range.h"
#include "sim/rng.h"

#define SECONDS_PER_HOUR     3600.0
#define PHASE_CHANGES_A_STEP 16 /* a step of days shall not loop for ever */

void ev_params_default(struct ev_params *params, double rated_w)
{
    int phases = rated_w < 4140 ? 1 : 3;
    *params = (struct ev_params){
        .rated_w = rated_w,
        .phases = phases,
        .min_w = 6 * 230 * phases,
        .ramp_w_s = rated_w / 4,
        .step_s = 5,
        .wants_wh = 30e3,
        .stay_s = 8 * SECONDS_PER_HOUR,
        .away_s = 4 * SECONDS_PER_HOUR,
        .taper_from_pct = 85,
        .ambient_c = 20,
    };
}

void ev_init(struct ev_state *state, const struct ev_params *params, bool plugged)
{
    *state = (struct ev_state){
        .phase = plugged ? EV_LOCKED : EV_UNPLUGGED,
        .wants_wh = params->wants_wh,
        .phase_left_s = plugged ? params->stay_s : params->away_s,
        .temperature_c = params->ambient_c,
    };
}

static double vary(double usual, struct rng *rng)
{
    return usual * (0.6 + 0.8 * rng_uniform(rng));
}

static void next_phase(struct ev_state *state, const struct ev_params *params, struct rng *rng)
{
    switch (state->phase) {
    case EV_UNPLUGGED:
        state->phase = EV_PLUGGED_AT_STATION;
        state->phase_left_s = params->step_s;
        break;
    case EV_PLUGGED_AT_STATION:
        state->phase = EV_PLUGGED_AT_EV;
        state->phase_left_s = params->step_s;
        break;
    case EV_PLUGGED_AT_EV:
        state->phase = EV_LOCKED;
        state->wants_wh = vary(params->wants_wh, rng);
        state->charged_wh = 0;
        state->phase_left_s = vary(params->stay_s, rng);
        break;
    case EV_LOCKED:
        state->phase = EV_UNPLUGGED;
        state->phase_left_s = vary(params->away_s, rng);
        break;
    }
}

static void pass_time(struct ev_state *state, const struct ev_params *params, double dt_s, struct rng *rng)
{
    state->phase_left_s -= dt_s;
    for (int i = 0; i < PHASE_CHANGES_A_STEP && state->phase_left_s <= 0; i++) {
        double over_s = -state->phase_left_s;
        next_phase(state, params, rng);
        state->phase_left_s -= over_s;
    }
}

/* Constant power, then in proportion to what is missing, but never so little that charging would break off.
 */
static double car_takes_w(const struct ev_state *state, const struct ev_params *params)
{
    double missing_wh = state->wants_wh - state->charged_wh;
    if (state->phase != EV_LOCKED || missing_wh <= 0) {
        return 0;
    }
    double taper = approach_slope(missing_wh, 0, state->wants_wh * (1 - params->taper_from_pct / 100));
    return fmin(params->rated_w, fmax(params->min_w, taper * params->rated_w));
}

void ev_step(
    struct ev_state *state, const struct ev_params *params, double allowed_w, double dt_s, struct rng *rng)
{
    pass_time(state, params, dt_s, rng);
    state->available_w = car_takes_w(state, params);
    double goal_w = fmin(power_or_none(allowed_w), state->available_w);
    if (goal_w < params->min_w) {
        goal_w = 0;
    }
    double power_w = approach_ramp(state->power_w, goal_w, params->ramp_w_s, dt_s);
    if (power_w < params->min_w) {
        power_w = goal_w > 0 ? params->min_w : 0; /* there is nothing between */
    }
    state->power_w = state->available_w > 0 ? power_w : 0; /* the contactor opens with the lock */
    state->charged_wh += state->power_w * dt_s / SECONDS_PER_HOUR;
    double settled_c = params->ambient_c + 15 * state->power_w / params->rated_w;
    state->temperature_c = approach_lag(state->temperature_c, settled_c, 600, dt_s);
}
