/* SPDX-License-Identifier: MIT */
/* The noise scales the profile, so that a small load is quiet; phases differ by weights that are drawn
 * once. */
#include "sim/load.h"

#include <math.h>

#include "sim/ac.h"
#include "sim/power_range.h"
#include "sim/rng.h"

void load_params_default(struct load_params *params)
{
    *params = (struct load_params){.noise_pct = 2, .noise_tau_s = 20, .power_factor = 0.97};
}

void load_init(struct load_state *state, struct rng *rng)
{
    *state = (struct load_state){0};
    for (int i = 0; i < 3; i++) {
        state->weights[i] = 0.93 + 0.14 * rng_uniform(rng);
    }
}

void load_step(struct load_state *state, const struct load_params *params, double profile_w, double dt_s,
    struct rng *rng)
{
    state->noise = rng_noise(rng, state->noise, params->noise_pct / 100, params->noise_tau_s, dt_s);
    double power_w = power_or_none(profile_w) * fmax(0, 1 + state->noise);
    double pf = params->power_factor;
    double reactive_var = pf > 0 && pf < 1 ? fabs(power_w) * sqrt(1 - pf * pf) / pf : 0;
    ac_split_weighted(power_w, state->weights, state->power_w);
    ac_split_weighted(reactive_var, state->weights, state->reactive_var);
}
