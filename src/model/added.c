/* SPDX-License-Identifier: MIT */
/* At most a thousand entries that change seldom, but a request may name any number of ranges: its distinct
 * ones are found first, no more of them than there may be entries, so that the rest costs what a thousand
 * cost. */
#include "model/added.h"

#include <stdlib.h>
#include <string.h>

static void entry_done(struct added_entry *entry)
{
    free(entry->owner);
    free(entry->token);
}

void added_done(struct added *added)
{
    for (size_t i = 0; i < added->n; i++) {
        entry_done(&added->entries[i]);
    }
    free(added->entries);
    ranges_done(&added->all);
    ranges_done(&added->before);
    *added = (struct added){0};
}

static bool same(struct range a, struct range b)
{
    return a.lower == b.lower && a.upper == b.upper;
}

static bool has_token(const struct added_entry *entry, const char *token)
{
    return token && entry->token && strcmp(entry->token, token) == 0;
}

/* A limit that silently is not kept would be worse than an end. */
static void *or_abort(void *allocated)
{
    if (!allocated) {
        abort();
    }
    return allocated;
}

static int compare(const void *a, const void *b)
{
    const struct range *one = a, *other = b;
    return one->lower != other->lower ? (one->lower > other->lower) - (one->lower < other->lower)
                                      : (one->upper > other->upper) - (one->upper < other->upper);
}

/* The first of `n` sorted things of `size` bytes, each of which begins with its range, that is not before
 * `range`. */
static size_t place_of(const void *things, size_t n, size_t size, struct range range)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare((const char *)things + middle * size, &range) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The distinct ranges of a request, sorted; NULL if they are more than `most`. Caller frees with free(). */
static struct range *distinct(const struct added_request *request, size_t most, size_t *n)
{
    struct range *list = or_abort(malloc((request->n < most ? request->n : most) * sizeof(*list)));
    *n = 0;
    for (size_t i = 0; i < request->n; i++) {
        struct range range = request->ranges[i];
        size_t at = place_of(list, *n, sizeof(*list), range);
        if (at < *n && same(list[at], range)) {
            continue;
        }
        if (*n == most) {
            free(list);
            return NULL;
        }
        memmove(list + at + 1, list + at, (*n - at) * sizeof(*list));
        list[at] = range;
        ++*n;
    }
    return list;
}

/* The one of the first `n` entries that the request would only prolong. */
static struct added_entry *find(
    const struct added *added, size_t n, const struct added_request *request, struct range range)
{
    for (size_t i = place_of(added->entries, n, sizeof(*added->entries), range);
         i < n && same(added->entries[i].range, range); i++) {
        struct added_entry *entry = &added->entries[i];
        if (request->token ? has_token(entry, request->token)
                           : !entry->token && strcmp(entry->owner, request->owner) == 0) {
            return entry;
        }
    }
    return NULL;
}

/* How many entries there would be with these ranges. */
static size_t count_with(
    const struct added *added, const struct added_request *request, const struct range *ranges, size_t n)
{
    size_t count = added->n;
    for (size_t i = 0; i < added->n; i++) {
        count -= has_token(&added->entries[i], request->token);
    }
    for (size_t i = 0; i < n; i++) {
        count += request->token || !find(added, added->n, request, ranges[i]);
    }
    return count;
}

/* Works the union and the next expiry out anew. */
static void follow(struct added *added)
{
    struct ranges before = added->all;
    added->all = added->before;
    added->before = before;
    ranges_clear(&added->all);
    added->next_ns = INT64_MAX;
    for (size_t i = 0; i < added->n; i++) {
        ranges_add(&added->all, added->entries[i].range);
        if (added->entries[i].until_ns < added->next_ns) {
            added->next_ns = added->entries[i].until_ns;
        }
    }
    added->version += !ranges_equal(&added->all, &added->before);
}

static struct added_entry *append(
    struct added *added, const struct added_request *request, struct range range)
{
    if (added->n == added->cap) {
        added->cap = added->cap ? 2 * added->cap : 4;
        added->entries = or_abort(realloc(added->entries, added->cap * sizeof(*added->entries)));
    }
    struct added_entry *entry = &added->entries[added->n++];
    *entry = (struct added_entry){
        .range = range,
        .owner = or_abort(strdup(request->owner)),
        .token = request->token ? or_abort(strdup(request->token)) : NULL,
    };
    return entry;
}

/* Keeps the entries that last beyond `now_ns` and do not have `token`; returns how many went. */
static size_t keep(struct added *added, int64_t now_ns, const char *token)
{
    size_t kept = 0, n = added->n;
    for (size_t i = 0; i < n; i++) {
        if (added->entries[i].until_ns > now_ns && !has_token(&added->entries[i], token)) {
            added->entries[kept++] = added->entries[i];
        } else {
            entry_done(&added->entries[i]);
        }
    }
    added->n = kept;
    return n - kept;
}

bool added_put(struct added *added, const struct added_request *request, size_t most, int64_t *until_utc_ns)
{
    size_t n;
    struct range *ranges = distinct(request, most, &n);
    if (!ranges || count_with(added, request, ranges, n) > most) {
        free(ranges);
        return false;
    }
    keep(added, INT64_MIN, request->token);
    size_t sorted = added->n;
    int64_t all_until_ns = INT64_MAX;
    for (size_t i = 0; i < n; i++) {
        struct added_entry *entry = find(added, sorted, request, ranges[i]);
        if (!entry) {
            entry = append(added, request, ranges[i]);
        }
        if (entry->until_ns < request->until_ns) {
            entry->until_ns = request->until_ns;
            entry->until_utc_ns = request->until_utc_ns;
        }
        if (entry->until_ns < all_until_ns) {
            all_until_ns = entry->until_ns;
            *until_utc_ns = entry->until_utc_ns;
        }
    }
    free(ranges);
    if (added->n > sorted) {
        qsort(added->entries, added->n, sizeof(*added->entries), compare);
    }
    follow(added);
    return true;
}

size_t added_remove(struct added *added, const char *token)
{
    size_t removed = keep(added, INT64_MIN, token);
    if (removed) {
        follow(added);
    }
    return removed;
}

size_t added_expire(struct added *added, int64_t now_ns)
{
    size_t ended = keep(added, now_ns, NULL);
    if (ended) {
        follow(added);
    }
    return ended;
}
