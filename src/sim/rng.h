/* SPDX-License-Identifier: MIT */
/* Seeded random numbers: the whole simulator's only source of chance. Every component has a stream of its
 * own, so a run repeats whatever the order in which components are stepped. Not for secrets. */
#ifndef SIM_RNG_H
#define SIM_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint64_t state;
    double spare; /* gaussians come in pairs */
    bool has_spare;
};

/* Starts the stream of component `id` in a run seeded with `seed`. Different ids give unrelated streams. */
void rng_init(struct rng *rng, uint64_t seed, uint64_t id);

uint64_t rng_next(struct rng *rng);   /* 64 random bits */
double rng_uniform(struct rng *rng);  /* 0 ≤ x < 1 */
double rng_gaussian(struct rng *rng); /* mean 0, standard deviation 1 */

/* One step of a noise that forgets itself in about `tau_s` and has standard deviation `sd` around 0 at any
 * dt. Feed the returned value back in; start with 0. */
double rng_noise(struct rng *rng, double value, double sd, double tau_s, double dt_s);

#endif
