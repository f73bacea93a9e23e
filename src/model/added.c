/* SPDX-License-Identifier: MIT */
/* At most a thousand entries that change seldom: plain arrays, searched from front to back. */
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

/* The entry that `by` would only prolong. */
static struct added_entry *find(const struct added *added, struct added_by by, struct range range)
{
    for (size_t i = 0; i < added->n; i++) {
        struct added_entry *entry = &added->entries[i];
        if (same(entry->range, range) &&
            (by.token ? has_token(entry, by.token) : !entry->token && strcmp(entry->owner, by.owner) == 0)) {
            return entry;
        }
    }
    return NULL;
}

static bool repeated(const struct range *ranges, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (same(ranges[i], ranges[at])) {
            return true;
        }
    }
    return false;
}

size_t added_count_with(const struct added *added, struct added_by by, const struct range *ranges, size_t n)
{
    size_t count = added->n;
    for (size_t i = 0; i < added->n; i++) {
        count -= has_token(&added->entries[i], by.token);
    }
    for (size_t i = 0; i < n; i++) {
        count += !repeated(ranges, i) && (by.token || !find(added, by, ranges[i]));
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

/* A limit that silently is not kept would be worse than an end. */
static void *or_abort(void *allocated)
{
    if (!allocated) {
        abort();
    }
    return allocated;
}

static struct added_entry *append(struct added *added, struct added_by by, struct range range)
{
    if (added->n == added->cap) {
        added->cap = added->cap ? 2 * added->cap : 4;
        added->entries = or_abort(realloc(added->entries, added->cap * sizeof(*added->entries)));
    }
    struct added_entry *entry = &added->entries[added->n++];
    *entry = (struct added_entry){
        .range = range,
        .owner = or_abort(strdup(by.owner)),
        .token = by.token ? or_abort(strdup(by.token)) : NULL,
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

int64_t added_put(struct added *added, struct added_by by, const struct range *ranges, size_t n,
    int64_t until_ns, int64_t until_utc_ns)
{
    int64_t all_until_ns = INT64_MAX, all_until_utc_ns = until_utc_ns;
    keep(added, INT64_MIN, by.token);
    for (size_t i = 0; i < n; i++) {
        struct added_entry *entry = find(added, by, ranges[i]);
        if (!entry) {
            entry = append(added, by, ranges[i]);
        }
        if (entry->until_ns < until_ns) {
            entry->until_ns = until_ns;
            entry->until_utc_ns = until_utc_ns;
        }
        if (entry->until_ns < all_until_ns) {
            all_until_ns = entry->until_ns;
            all_until_utc_ns = entry->until_utc_ns;
        }
    }
    follow(added);
    return all_until_utc_ns;
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
