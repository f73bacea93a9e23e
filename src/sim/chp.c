/* SPDX-License-Identifier: MIT */
/* The minimum time counts from the start and holds the engine at its minimum load; only `stop` is stronger.
 */
#include "sim/chp.h"

#include "sim/approach.h"
#include "sim/power_range.h"

void chp_params_default(struct chp_params *params, double rated_w)
{
    *params = (struct chp_params){
        .rated_w = rated_w, .min_w = 0.5 * rated_w, .ramp_w_s = rated_w / 60, .min_run_s = 300};
}

void chp_init(struct chp_state *state)
{
    *state = (struct chp_state){0};
}

void chp_step(
    struct chp_state *state, const struct chp_params *params, double wanted_w, bool stop, double dt_s)
{
    double wanted = -power_or_none(wanted_w); /* in here production counts positive */
    bool asked = !stop && wanted >= params->min_w;
    state->run_s = state->running ? state->run_s + dt_s : 0;
    if (asked) {
        state->running = true;
    } else if (stop || state->run_s >= params->min_run_s) {
        state->running = false;
    }
    double goal_w = 0;
    if (state->running) {
        goal_w = wanted < params->min_w ? params->min_w : wanted > params->rated_w ? params->rated_w : wanted;
    }
    state->power_w = approach_ramp(state->power_w, 0 - goal_w, params->ramp_w_s, dt_s);
}
