/* SPDX-License-Identifier: MIT */
/* The room is one heat capacity between the weather and the machine; a thermostat with a band and minimum
 * times switches, so that it cycles as real ones do. */
#include "sim/hvac.h"

#include "sim/approach.h"

void hvac_params_default(struct hvac_params *params, double rated_w)
{
    *params = (struct hvac_params){
        .rated_w = rated_w,
        .standby_w = rated_w * 0.03,
        .room_c = 21,
        .band_k = 0.5,
        .strength_k = 40,
        .tau_s = 4 * 3600,
        .min_on_off_s = 180,
    };
}

void hvac_init(struct hvac_state *state, const struct hvac_params *params)
{
    *state = (struct hvac_state){
        .room_c = params->room_c, .in_state_s = params->min_on_off_s, .power_w = params->standby_w};
}

/* Beyond the band on the side that the weather pushes to: on. Beyond it on the other side: off. */
static bool wants_on(const struct hvac_state *state, const struct hvac_params *params)
{
    double off_k = state->cooling ? state->room_c - params->room_c : params->room_c - state->room_c;
    if (off_k > params->band_k) {
        return true;
    }
    return off_k < -params->band_k ? false : state->on;
}

void hvac_step(struct hvac_state *state, const struct hvac_params *params, double outside_c, double dt_s)
{
    double pull_k = !state->on ? 0 : state->cooling ? -params->strength_k : params->strength_k;
    state->room_c = approach_lag(state->room_c, outside_c + pull_k, params->tau_s, dt_s);
    state->in_state_s += dt_s;
    if (!state->on) {
        state->cooling = outside_c > params->room_c;
    }
    if (state->in_state_s >= params->min_on_off_s && wants_on(state, params) != state->on) {
        state->on = !state->on;
        state->in_state_s = 0;
    }
    state->power_w = state->on ? params->rated_w : params->standby_w;
}
