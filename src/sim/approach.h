/* SPDX-License-Identifier: MIT */
/* The two ways in which simulated quantities move. Both are cheap (no exp) and stable at any dt. */
#ifndef SIM_APPROACH_H
#define SIM_APPROACH_H

/* First-order lag towards `goal` with time constant `tau_s`, by implicit Euler: never overshoots, however
 * long the step. */
static inline double approach_lag(double value, double goal, double tau_s, double dt_s)
{
    return value + (goal - value) * dt_s / (tau_s + dt_s);
}

/* Ramp towards `goal` by at most `rate` a second. */
static inline double approach_ramp(double value, double goal, double rate_per_s, double dt_s)
{
    double most = rate_per_s * dt_s;
    if (goal > value + most) {
        return value + most;
    }
    return goal < value - most ? value - most : goal;
}

/* 0 at or below `from` (and for NaN), 1 at or above `to`, straight between; `from` > `to` falls instead of
 * rising. */
static inline double approach_slope(double x, double from, double to)
{
    double y = (x - from) / (to - from);
    if (!(y > 0)) {
        return 0;
    }
    return y > 1 ? 1 : y;
}

#endif
