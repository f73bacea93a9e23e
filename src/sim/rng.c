/* SPDX-License-Identifier: MIT */
/* splitmix64: one addition and a hash of the counter. Its streams differ in where they start; the id goes
 * through the hash first, so that neighbouring ids begin far apart. */
#include "sim/rng.h"

#include <math.h>

#define GOLDEN 0x9e3779b97f4a7c15u

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

void rng_init(struct rng *rng, uint64_t seed, uint64_t id)
{
    *rng = (struct rng){.state = mix(seed + GOLDEN) ^ mix(mix(id * 2 + 1) + GOLDEN)};
}

uint64_t rng_next(struct rng *rng)
{
    rng->state += GOLDEN;
    return mix(rng->state);
}

double rng_uniform(struct rng *rng)
{
    return (double)(rng_next(rng) >> 11) * 0x1p-53;
}

/* Marsaglia's polar method: one logarithm for two values. */
double rng_gaussian(struct rng *rng)
{
    if (rng->has_spare) {
        rng->has_spare = false;
        return rng->spare;
    }
    double x, y, r;
    do {
        x = 2 * rng_uniform(rng) - 1;
        y = 2 * rng_uniform(rng) - 1;
        r = x * x + y * y;
    } while (r >= 1 || r == 0);
    double scale = sqrt(-2 * log(r) / r);
    rng->spare = y * scale;
    rng->has_spare = true;
    return x * scale;
}

double rng_noise(struct rng *rng, double value, double sd, double tau_s, double dt_s)
{
    /* What is forgotten in this step; the fresh part is scaled so that the variance stays sd². */
    double forgotten = dt_s / (tau_s + dt_s);
    return value * (1 - forgotten) + sd * sqrt(forgotten * (2 - forgotten)) * rng_gaussian(rng);
}
