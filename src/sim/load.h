/* SPDX-License-Identifier: MIT */
/* An unmetered load: a profile, usually measured, plus noise, spread unevenly over the phases. */
#ifndef SIM_LOAD_H
#define SIM_LOAD_H

struct rng;

struct load_params {
    double noise_pct;    /* standard deviation of the noise, of the profile's value */
    double noise_tau_s;  /* its memory */
    double power_factor; /* inductive; 1 = none */
};

struct load_state {
    double noise; /* share of the profile's value */
    double power_w[3];
    double reactive_var[3];
    double weights[3]; /* of the phases: each within 15 % of the others' mean, for good */
};

void load_params_default(struct load_params *params); /* 2 %, 20 s, 0.97 */
void load_init(struct load_state *state, struct rng *rng);

/* `profile_w` may be negative (a profile of production); the noise never turns its sign. */
void load_step(struct load_state *state, const struct load_params *params, double profile_w, double dt_s,
    struct rng *rng);

#endif
