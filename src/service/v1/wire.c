/* SPDX-License-Identifier: MIT */
#include "service/v1/wire.h"

#include <math.h>

#include "model/range.h"

v1_bounds v1_bounds_of(struct range range)
{
    v1_bounds bounds;
    v1_bounds_init(&bounds);
    if (isfinite(range.lower)) {
        v1_bounds_set_lower(&bounds, (float)range.lower);
    }
    if (isfinite(range.upper)) {
        v1_bounds_set_upper(&bounds, (float)range.upper);
    }
    return bounds;
}
