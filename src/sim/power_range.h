/* SPDX-License-Identifier: MIT */
/* What a component can do at this moment, in the passive sign convention: production and discharge down to
 * `lower_w` (≤ 0), consumption and charge up to `upper_w` (≥ 0). */
#ifndef SIM_POWER_RANGE_H
#define SIM_POWER_RANGE_H

#include <math.h>

/* What is not a number is no power: fmin() and comparisons would make the most that is possible of it. */
static inline double power_or_none(double power_w)
{
    return isnan(power_w) ? 0 : power_w;
}

struct power_range {
    double lower_w;
    double upper_w;
};

static inline double power_range_clamp(struct power_range range, double power_w)
{
    if (power_w < range.lower_w) {
        return range.lower_w;
    }
    return power_w > range.upper_w ? range.upper_w : power_w;
}

/* What both allow. Ranges hold 0, so there is always something left. */
static inline struct power_range power_range_both(struct power_range a, struct power_range b)
{
    return (struct power_range){
        .lower_w = a.lower_w > b.lower_w ? a.lower_w : b.lower_w,
        .upper_w = a.upper_w < b.upper_w ? a.upper_w : b.upper_w,
    };
}

#endif
