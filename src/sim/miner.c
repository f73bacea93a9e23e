/* SPDX-License-Identifier: MIT */
/* Restarts come by chance, as likely in each second as in any other. */
#include "sim/miner.h"

#include <math.h>

#include "sim/rng.h"

#define NOISE_SD    0.005
#define NOISE_TAU_S 10

void miner_params_default(struct miner_params *params, double rated_w)
{
    *params = (struct miner_params){
        .rated_w = rated_w, .boot_w = 0.15 * rated_w, .restart_every_s = 6 * 3600, .boot_s = 60};
}

void miner_init(struct miner_state *state, const struct miner_params *params)
{
    *state = (struct miner_state){.power_w = params->rated_w};
}

void miner_step(struct miner_state *state, const struct miner_params *params, double dt_s, struct rng *rng)
{
    state->noise = rng_noise(rng, state->noise, NOISE_SD, NOISE_TAU_S, dt_s);
    state->boot_left_s = fmax(0, state->boot_left_s - dt_s);
    if (state->boot_left_s <= 0 && rng_uniform(rng) * params->restart_every_s < dt_s) {
        state->boot_left_s = params->boot_s;
    }
    double level_w = state->boot_left_s > 0 ? params->boot_w : params->rated_w;
    state->power_w = fmax(0, level_w * (1 + state->noise));
}
