/* SPDX-License-Identifier: MIT */
/* "Did you mean …?" */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

/* Collects the best of many candidates: `struct nearest n = {.text = wrong}; nearest_try(&n, name)…`. */
struct nearest {
    const char *text;
    const char *best; /* NULL while none is near enough to be meant */
    size_t distance;
};

void nearest_try(struct nearest *nearest, const char *candidate);

/* How many letters must be put in, taken out, changed or swapped with their neighbour; texts over 63 bytes
 * are far from everything. Letters' case costs nothing. */
size_t edit_distance(const char *a, const char *b);

#endif
