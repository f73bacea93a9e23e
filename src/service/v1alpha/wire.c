/* SPDX-License-Identifier: MIT */
#include "service/v1alpha/wire.h"

#include <math.h>

#include "model/range.h"

alpha_bounds alpha_bounds_of(struct range range)
{
    alpha_bounds bounds;
    alpha_bounds_init(&bounds);
    if (isfinite(range.lower)) {
        alpha_bounds_set_lower(&bounds, (float)range.lower);
    }
    if (isfinite(range.upper)) {
        alpha_bounds_set_upper(&bounds, (float)range.upper);
    }
    return bounds;
}
