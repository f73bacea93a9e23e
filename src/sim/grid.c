/* SPDX-License-Identifier: MIT */
/* Frequency and voltages are noise around their nominal values; load moves each phase by the drop at the
 * source's impedance. */
#include "sim/grid.h"

#include <math.h>

#include "sim/rng.h"

#define WANDER_TAU_S 60

void grid_params_default(struct grid_params *params, double fuse_a)
{
    double impedance_ohm = 0.02 * 230 / (fuse_a > 0 ? fuse_a : 100);
    *params = (struct grid_params){
        .nominal_hz = 50,
        .revert_per_s = 0.05,
        .sigma = 0.015,
        .nominal_v = 230,
        .noise_v = 0.4,
        .resistance_ohm = impedance_ohm * 0.9, /* low voltage cables: mostly resistive */
        .reactance_ohm = impedance_ohm * 0.4,
    };
}

void grid_init(struct grid_state *state, const struct grid_params *params)
{
    double v = params->nominal_v;
    *state = (struct grid_state){.frequency_hz = params->nominal_hz, .voltage_v = {v, v, v}};
}

/* The exact solution of dx = -k x dt + σ dW over a step, so its spread does not depend on dt. */
static void step_frequency(
    struct grid_state *state, const struct grid_params *params, double dt_s, struct rng *rng)
{
    double k = params->revert_per_s;
    double kept = exp(-k * dt_s);
    double spread = params->sigma * sqrt((1 - kept * kept) / (2 * k));
    state->frequency_hz = params->nominal_hz + (state->frequency_hz - params->nominal_hz) * kept +
                          spread * rng_gaussian(rng);
}

void grid_step(struct grid_state *state, const struct grid_params *params, const double power_w[3],
    const double reactive_var[3], double dt_s, struct rng *rng)
{
    step_frequency(state, params, dt_s, rng);
    for (int i = 0; i < 3; i++) {
        state->wander_v[i] = rng_noise(rng, state->wander_v[i], params->noise_v, WANDER_TAU_S, dt_s);
        /* The part of the drop in phase with the voltage; at most a fifth: beyond, a fuse would have blown.
         */
        double drop_v = (params->resistance_ohm * power_w[i] + params->reactance_ohm * reactive_var[i]) /
                        params->nominal_v;
        double most_v = params->nominal_v / 5;
        drop_v = fmax(-most_v, fmin(most_v, drop_v));
        state->voltage_v[i] = params->nominal_v + state->wander_v[i] - drop_v;
    }
}
