/* SPDX-License-Identifier: MIT */
/* Between nothing and its minimum load there is only the ramp. */
#include "sim/electrolyzer.h"

#include "sim/approach.h"

void electrolyzer_params_default(struct electrolyzer_params *params, double rated_w)
{
    *params = (struct electrolyzer_params){
        .rated_w = rated_w, .min_w = 0.1 * rated_w, .ramp_w_s = rated_w / 30};
}

void electrolyzer_init(struct electrolyzer_state *state)
{
    *state = (struct electrolyzer_state){0};
}

void electrolyzer_step(
    struct electrolyzer_state *state, const struct electrolyzer_params *params, double wanted_w, double dt_s)
{
    double goal_w = !(wanted_w >= params->min_w) ? 0
                    : wanted_w > params->rated_w ? params->rated_w
                                                 : wanted_w;
    state->power_w = approach_ramp(state->power_w, goal_w, params->ramp_w_s, dt_s);
}
