/* SPDX-License-Identifier: MIT */
/* The public grid: frequency as an Ornstein–Uhlenbeck process around its nominal value, voltage of each phase
 * behind a source impedance, sagging under load and rising under production. */
#ifndef SIM_GRID_H
#define SIM_GRID_H

struct rng;

struct grid_params {
    double nominal_hz;
    double revert_per_s;   /* k: how fast the frequency returns */
    double sigma;          /* of the process; its standard deviation is sigma / √(2k), 47 mHz by default */
    double nominal_v;      /* phase to neutral, without load */
    double noise_v;        /* standard deviation of the slow wander of each phase */
    double resistance_ohm; /* of the source, for each phase */
    double reactance_ohm;
};

struct grid_state {
    double frequency_hz;
    double voltage_v[3]; /* phase to neutral, at the connection point */
    double wander_v[3];
};

/* 50 Hz, k = 0.05, σ = 0.015, 230 V; the impedance drops 2 % at `fuse_a` (0: as for 100 A). */
void grid_params_default(struct grid_params *params, double fuse_a);
void grid_init(struct grid_state *state, const struct grid_params *params);

/* `power_w` and `reactive_var` of each phase at the connection point, import and inductive positive (those of
 * the step before do). */
void grid_step(struct grid_state *state, const struct grid_params *params, const double power_w[3],
    const double reactive_var[3], double dt_s, struct rng *rng);

#endif
