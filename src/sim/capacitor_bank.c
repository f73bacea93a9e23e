/* SPDX-License-Identifier: MIT */
/* A step is switched at a time, each after the pause of the one before; a long time step may switch
 * several. */
#include "sim/capacitor_bank.h"

#include <math.h>

#include "sim/power_range.h"

void capacitor_bank_params_default(struct capacitor_bank_params *params, double rated_var)
{
    *params = (struct capacitor_bank_params){
        .rated_var = rated_var, .steps = 8, .pause_s = 1, .nominal_v = 230, .loss_pct = 0.2};
}

void capacitor_bank_init(struct capacitor_bank_state *state)
{
    *state = (struct capacitor_bank_state){0};
}

static int steps_wanted(const struct capacitor_bank_params *params, double wanted_var)
{
    double each_var = params->rated_var / params->steps;
    double steps = floor(-power_or_none(wanted_var) / each_var + 1e-6);
    return (int)fmax(0, fmin(params->steps, steps));
}

void capacitor_bank_step(struct capacitor_bank_state *state, const struct capacitor_bank_params *params,
    double wanted_var, double voltage_v, double dt_s)
{
    int goal = steps_wanted(params, wanted_var);
    double left_s = dt_s;
    while (state->steps_in != goal && state->pause_left_s <= left_s) {
        left_s -= state->pause_left_s;
        state->steps_in += goal > state->steps_in ? 1 : -1;
        state->pause_left_s = params->pause_s;
    }
    state->pause_left_s = fmax(0, state->pause_left_s - left_s);

    double v = voltage_v /
               params->nominal_v; /* a capacitor's reactive power goes with the voltage's square */
    state->reactive_var = 0 - params->rated_var * state->steps_in / params->steps * v * v;
    state->power_w = fabs(state->reactive_var) * params->loss_pct / 100;
}
