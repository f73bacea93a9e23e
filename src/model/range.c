/* SPDX-License-Identifier: MIT */
/* Sets of ranges as sorted arrays. Sets only ever grow their storage, so that one which is worked out anew
 * again and again soon stops allocating. */
#include "model/range.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUOTIENT_TOLERANCE 1e-6 /* of a multiple of the resolution; from the API's contract */
#define FORMAT_MAX         4    /* ranges that a message names */

static void reserve(struct ranges *set, size_t n)
{
    if (n <= set->cap) {
        return;
    }
    size_t cap = n > 2 * set->cap ? n : 2 * set->cap;
    struct range *items = realloc(set->items, cap * sizeof(*items));
    if (!items) {
        abort(); /* a limit that silently is not kept would be worse */
    }
    set->items = items;
    set->cap = cap;
}

void ranges_done(struct ranges *set)
{
    if (set) {
        free(set->items);
        *set = (struct ranges){0};
    }
}

void ranges_clear(struct ranges *set)
{
    set->n = 0;
}

void ranges_copy(struct ranges *to, const struct ranges *from)
{
    reserve(to, from->n);
    if (from->n) {
        memcpy(to->items, from->items, from->n * sizeof(*from->items));
    }
    to->n = from->n;
}

/* The first range that does not lie wholly below `value`. */
static size_t first_reaching(const struct ranges *set, double value)
{
    size_t low = 0, high = set->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (set->items[middle].upper < value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void ranges_add(struct ranges *set, struct range range)
{
    size_t first = first_reaching(set, range.lower), end = first;
    while (end < set->n && set->items[end].lower <= range.upper) {
        range.lower = fmin(range.lower, set->items[end].lower);
        range.upper = fmax(range.upper, set->items[end].upper);
        end++;
    }
    reserve(set, set->n + 1);
    memmove(set->items + first + 1, set->items + end, (set->n - end) * sizeof(range));
    set->items[first] = range;
    set->n = set->n - (end - first) + 1;
}

void ranges_clip(struct ranges *set, struct range range)
{
    size_t kept = 0;
    for (size_t i = 0; i < set->n; i++) {
        struct range part = {fmax(set->items[i].lower, range.lower), fmin(set->items[i].upper, range.upper)};
        if (part.lower <= part.upper) {
            set->items[kept++] = part;
        }
    }
    set->n = kept;
}

void ranges_intersect(struct ranges *set, const struct ranges *other)
{
    size_t n = set->n, most = set->n + other->n; /* the result cannot have more */
    reserve(set, most + n);
    if (n) {
        memmove(set->items + most, set->items, n * sizeof(*set->items));
    }
    const struct range *from = set->items + most;
    set->n = 0;
    for (size_t i = 0, j = 0; i < n && j < other->n;) {
        struct range part = {
            fmax(from[i].lower, other->items[j].lower), fmin(from[i].upper, other->items[j].upper)};
        if (part.lower <= part.upper) {
            set->items[set->n++] = part;
        }
        if (from[i].upper < other->items[j].upper) {
            i++;
        } else {
            j++;
        }
    }
}

bool ranges_contain(const struct ranges *set, double value)
{
    size_t at = first_reaching(set, value);
    return at < set->n && set->items[at].lower <= value;
}

bool ranges_equal(const struct ranges *a, const struct ranges *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (size_t i = 0; i < a->n; i++) {
        if (a->items[i].lower != b->items[i].lower || a->items[i].upper != b->items[i].upper) {
            return false;
        }
    }
    return true;
}

static double nearer(double value, double a, double b)
{
    double to_a = fabs(value - a), to_b = fabs(value - b);
    if (to_a != to_b) {
        return to_a < to_b ? a : b;
    }
    return fabs(a) <= fabs(b) ? a : b;
}

double ranges_nearest(const struct ranges *set, double value, bool zero_allowed)
{
    double best = zero_allowed ? 0 : NAN;
    for (size_t i = 0; i < set->n; i++) {
        double here = fmin(fmax(value, set->items[i].lower), set->items[i].upper);
        best = isnan(best) ? here : nearer(value, best, here);
    }
    return isnan(best) ? value : best + 0.0; /* never -0 */
}

static double round_up(double value)
{
    float narrow = (float)value;
    return narrow < value ? nextafterf(narrow, INFINITY) : narrow;
}

void ranges_round_inward(struct ranges *set)
{
    size_t kept = 0;
    for (size_t i = 0; i < set->n; i++) {
        struct range range = set->items[i];
        if (isfinite(range.lower)) {
            range.lower = round_up(range.lower) + 0.0;
        }
        if (isfinite(range.upper)) {
            range.upper = -round_up(-range.upper) + 0.0;
        }
        if (range.lower <= range.upper) {
            set->items[kept++] = range;
        }
    }
    set->n = kept;
}

double floor_to_resolution(double value, double resolution)
{
    if (!(resolution > 0)) {
        return value + 0.0;
    }
    double quotient = fabs(value) / resolution, whole = round(quotient);
    if (fabs(quotient - whole) > QUOTIENT_TOLERANCE) {
        whole = floor(quotient);
    }
    return copysign(whole * resolution, value) + 0.0;
}

double ranges_floor(const struct ranges *set, double value, double resolution)
{
    double floored = floor_to_resolution(value, resolution);
    float narrow = (float)floored;
    float beside = nextafterf(narrow, narrow < floored ? INFINITY : -INFINITY);
    if (narrow == floored || ranges_contain(set, floored)) {
        return floored;
    }
    return ranges_contain(set, narrow) ? narrow : ranges_contain(set, beside) ? beside : floored;
}

const char *number_format(double value, char *out, size_t cap)
{
    if (!isfinite(value) || fabs(value) >= 1e15) {
        snprintf(out, cap, "%g", value);
        return out;
    }
    for (int decimals = 0; decimals <= 9; decimals++) {
        snprintf(out, cap, "%.*f", decimals, value);
        if (strtof(out, NULL) == (float)value) {
            break;
        }
    }
    return out;
}

/* Appends to a text of which `used` bytes stand; returns the new length, at most cap - 1. */
static size_t append(char *out, size_t cap, size_t used, const char *text)
{
    int len = snprintf(out + used, cap - used, "%s", text);
    return used + (size_t)len < cap ? used + (size_t)len : cap - 1;
}

void ranges_format(const struct ranges *set, const char *unit, char *out, size_t cap)
{
    char number[32];
    size_t used = append(out, cap, 0, set->n ? "" : "nothing");
    for (size_t i = 0; i < set->n && i < FORMAT_MAX; i++) {
        used = append(out, cap, used, i ? " or " : "");
        used = append(out, cap, used, number_format(set->items[i].lower, number, sizeof(number)));
        used = append(out, cap, used, " ... ");
        used = append(out, cap, used, number_format(set->items[i].upper, number, sizeof(number)));
    }
    if (set->n > FORMAT_MAX) {
        snprintf(number, sizeof(number), " or %zu more", set->n - FORMAT_MAX);
        used = append(out, cap, used, number);
    }
    if (set->n && *unit) {
        used = append(out, cap, used, " ");
        append(out, cap, used, unit);
    }
}
