/* SPDX-License-Identifier: MIT */
#include "service/v1/wire.h"

#include <math.h>

#include "base/clock.h"
#include "model/range.h"

v1_timestamp v1_timestamp_of(int64_t utc_ns)
{
    v1_timestamp timestamp;
    v1_timestamp_init(&timestamp);
    timestamp.seconds = utc_ns / NS_PER_S;
    timestamp.nanos = (int32_t)(utc_ns % NS_PER_S);
    if (timestamp.nanos < 0) { /* before 1970: nanos count forward all the same */
        timestamp.seconds--;
        timestamp.nanos += (int32_t)NS_PER_S;
    }
    return timestamp;
}

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

struct range v1_range_of(const v1_bounds *bounds)
{
    struct range range = RANGE_ALL;
    if (v1_bounds_has_lower(bounds)) {
        range.lower = (double)bounds->lower;
    }
    if (v1_bounds_has_upper(bounds)) {
        range.upper = (double)bounds->upper;
    }
    return range;
}
