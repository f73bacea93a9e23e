/* SPDX-License-Identifier: MIT */
/* Sets of allowed values: ascending, disjoint closed ranges. An empty set allows nothing. Infinite ends mean
 * unbounded. */
#ifndef MODEL_RANGE_H
#define MODEL_RANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/base.h"

struct range {
    double lower, upper; /* lower <= upper; either may be infinite */
};

#define RANGE_ALL ((struct range){-__builtin_inf(), __builtin_inf()})

/* A range or one side of it may be absent: NAN. */
static inline struct range range_present(struct range range)
{
    return (struct range){__builtin_isnan(range.lower) ? -__builtin_inf() : range.lower,
        __builtin_isnan(range.upper) ? __builtin_inf() : range.upper};
}

/* What both allow; lower > upper if that is nothing. */
static inline struct range range_both(struct range a, struct range b)
{
    return (struct range){__builtin_fmax(a.lower, b.lower), __builtin_fmin(a.upper, b.upper)};
}

struct ranges {
    struct range *items; /* ascending, neither overlapping nor touching */
    size_t n, cap;
};

void ranges_done(struct ranges *set);
void ranges_clear(struct ranges *set);
void ranges_copy(struct ranges *to, const struct ranges *from);

/* Unites: overlapping and touching ranges become one. O(log n) at the upper end of the set, O(n) elsewhere.
 */
void ranges_add(struct ranges *set, struct range range);

/* Keeps what lies in `range` (or in `other`). */
void ranges_clip(struct ranges *set, struct range range);
void ranges_intersect(struct ranges *set, const struct ranges *other);

bool ranges_contain(const struct ranges *set, double value);
bool ranges_equal(const struct ranges *a, const struct ranges *b);

/* The value of the set (or 0, if `zero_allowed`) nearest to `value`; ties towards 0. `value` itself if the
 * set is empty and 0 is not allowed. */
double ranges_nearest(const struct ranges *set, double value, bool zero_allowed);

/* Moves finite ends inward to values that float32 holds exactly; a range that vanishes is dropped. */
void ranges_round_inward(struct ranges *set);

/* The magnitude of `value` floored to a multiple of `resolution` (0: unchanged); a quotient within 1e-6 of an
 * integer is that integer. */
double floor_to_resolution(double value, double resolution);

/* The same, for a set whose ends are float32 values: a multiple that lies outside only because float32 cannot
 * hold it is the float32 value next to it that lies inside. */
double ranges_floor(const struct ranges *set, double value, double resolution);

/* The fewest decimals that give the same float32: "-10000", "0.1". Returns `out`; 32 bytes always suffice. */
const char *number_format(double value, char *out, size_t cap);

/* "-10000 ... 10000 W" or "-2000 ... -500 or 500 ... 4000 W"; at most 4 ranges, then "or 12 more". Always
 * ends in NUL. */
void ranges_format(const struct ranges *set, const char *unit, char *out, size_t cap);

#endif
