/* SPDX-License-Identifier: MIT */
/* Sets of allowed values the slow way: what is in a set is asked of every value at which it could change, and
 * of one between any two of these. Shares nothing with src/model/range.c. */
#ifndef TESTS_REFERENCE_SET_H
#define TESTS_REFERENCE_SET_H

#include <stdbool.h>

#define REF_MOST 512 /* ranges of a set */

struct ref_range {
    double lower, upper;
};

struct ref_set {
    struct ref_range items[REF_MOST]; /* in any order, overlapping or not, until ref_set_tidy() */
    int n;
};

#define REF_ALL ((struct ref_range){-__builtin_inf(), __builtin_inf()})

void ref_set_put(struct ref_set *set, struct ref_range range);
bool ref_set_has(const struct ref_set *set, double value);

/* What is in all of `n` sets, as ascending ranges that do not touch. */
void ref_set_common(const struct ref_set *sets, int n, struct ref_set *out);
/* Moves the ends to float32 values inside; what vanishes is left out. */
void ref_set_narrow(struct ref_set *set);

/* The value of the set or 0 that is nearest; of two the one nearer to 0. */
double ref_set_nearest(const struct ref_set *set, double value);

/* The multiple of `step` next to `value` towards 0; a multiple that float32 cannot hold may give way to the
 * float32 value beside it that is in the set. */
double ref_set_floor(const struct ref_set *set, double value, double step);

#endif
