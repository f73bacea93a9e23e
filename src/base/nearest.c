/* SPDX-License-Identifier: MIT */
/* Optimal string alignment distance on three rows. */
#include "base/nearest.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define MAX_LEN 63

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t edit_distance(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b);
    if (a_len > MAX_LEN || b_len > MAX_LEN) {
        return SIZE_MAX;
    }
    size_t rows[3][MAX_LEN + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_len; j++) {
        above[j] = before[j] = j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            int ca = tolower((unsigned char)a[i - 1]), cb = tolower((unsigned char)b[j - 1]);
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (ca != cb));
            if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
                cb == tolower((unsigned char)a[i - 2])) {
                row[j] = least(row[j], before[j - 2] + 1);
            }
        }
        size_t *free_row = before;
        before = above;
        above = row;
        row = free_row;
    }
    return above[b_len];
}

void nearest_try(struct nearest *nearest, const char *candidate)
{
    size_t distance = edit_distance(nearest->text, candidate);
    /* A third of the letters may be wrong; more, and it is another word. */
    size_t limit = (strlen(nearest->text) + 2) / 3;
    if (distance <= limit && (!nearest->best || distance < nearest->distance)) {
        nearest->best = candidate;
        nearest->distance = distance;
    }
}
