/* SPDX-License-Identifier: MIT */
#include "reference_set.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

void ref_set_put(struct ref_set *set, struct ref_range range)
{
    assert(set->n < REF_MOST);
    set->items[set->n++] = range;
}

bool ref_set_has(const struct ref_set *set, double value)
{
    for (int i = 0; i < set->n; i++) {
        if (set->items[i].lower <= value && value <= set->items[i].upper) {
            return true;
        }
    }
    return false;
}

static bool all_have(const struct ref_set *sets, int n, double value)
{
    for (int i = 0; i < n; i++) {
        if (!ref_set_has(&sets[i], value)) {
            return false;
        }
    }
    return true;
}

static int compare(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

/* Every finite end of a range, ascending, each once. */
static int list_ends(const struct ref_set *sets, int n, double *ends)
{
    int all = 0, kept = 0;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < sets[i].n; j++) {
            const double both[] = {sets[i].items[j].lower, sets[i].items[j].upper};
            for (int k = 0; k < 2; k++) {
                if (isfinite(both[k])) {
                    ends[all++] = both[k];
                }
            }
        }
    }
    qsort(ends, (size_t)all, sizeof(ends[0]), compare);
    for (int i = 0; i < all; i++) {
        if (kept == 0 || ends[i] != ends[kept - 1]) {
            ends[kept++] = ends[i];
        }
    }
    return kept;
}

void ref_set_common(const struct ref_set *sets, int n, struct ref_set *out)
{
    static double ends[2 * REF_MOST * 8];
    int n_ends = list_ends(sets, n, ends);
    bool open = false; /* a range has begun */
    double lower = -INFINITY;
    out->n = 0;
    if (n_ends == 0) {
        if (all_have(sets, n, 0)) {
            ref_set_put(out, REF_ALL);
        }
        return;
    }
    for (int i = 0; i <= n_ends; i++) {
        double between = i == 0        ? ends[0] - 1e9
                         : i == n_ends ? ends[n_ends - 1] + 1e9
                                       : ends[i - 1] + (ends[i] - ends[i - 1]) / 2;
        bool in = all_have(sets, n, between);
        if (open && !in) {
            ref_set_put(out, (struct ref_range){lower, ends[i - 1]});
            open = false;
        } else if (!open && in) {
            lower = i == 0 ? -INFINITY : ends[i - 1];
            open = true;
        }
        if (i < n_ends && !open && all_have(sets, n, ends[i])) {
            lower = ends[i];
            open = true;
        }
    }
    if (open) {
        ref_set_put(out, (struct ref_range){lower, INFINITY});
    }
}

void ref_set_narrow(struct ref_set *set)
{
    int kept = 0;
    for (int i = 0; i < set->n; i++) {
        float lower = (float)set->items[i].lower, upper = (float)set->items[i].upper;
        while (lower < set->items[i].lower) {
            lower = nextafterf(lower, INFINITY);
        }
        while (upper > set->items[i].upper) {
            upper = nextafterf(upper, -INFINITY);
        }
        if (lower <= upper) {
            set->items[kept++] = (struct ref_range){lower, upper};
        }
    }
    set->n = kept;
}

double ref_set_nearest(const struct ref_set *set, double value)
{
    double best = 0;
    for (int i = 0; i < set->n; i++) {
        const double candidates[] = {set->items[i].lower, set->items[i].upper, value};
        for (int j = 0; j < 3; j++) {
            double candidate = candidates[j], off = fabs(candidate - value), best_off = fabs(best - value);
            if (ref_set_has(set, candidate) &&
                (off < best_off || (off == best_off && fabs(candidate) < fabs(best)))) {
                best = candidate;
            }
        }
    }
    return best;
}

double ref_set_floor(const struct ref_set *set, double value, double step)
{
    if (step == 0) {
        return value;
    }
    double steps = floor(fabs(value) / step + 1e-6);
    double floored = value < 0 ? -steps * step : steps * step;
    float beside = (float)floored;
    if (ref_set_has(set, floored) || (double)beside == floored) {
        return floored;
    }
    for (int i = 0; i < 2; i++) {
        if (ref_set_has(set, beside)) {
            return beside;
        }
        beside = nextafterf(beside, (double)(float)floored < floored ? INFINITY : -INFINITY);
    }
    return floored;
}
