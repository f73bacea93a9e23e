/* SPDX-License-Identifier: MIT */
/* A crypto miner: constant power, broken by a restart now and then. */
#ifndef SIM_MINER_H
#define SIM_MINER_H

struct rng;

struct miner_params {
    double rated_w;
    double boot_w;          /* while restarting */
    double restart_every_s; /* on average */
    double boot_s;
};

struct miner_state {
    double power_w; /* ≥ 0 */
    double noise;
    double boot_left_s;
};

void miner_params_default(struct miner_params *params, double rated_w); /* every 6 h, 60 s at 15 % */
void miner_init(struct miner_state *state, const struct miner_params *params);
void miner_step(struct miner_state *state, const struct miner_params *params, double dt_s, struct rng *rng);

#endif
