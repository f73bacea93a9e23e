/* SPDX-License-Identifier: MIT */
/* At most a thousand entries that change seldom: plain arrays, searched from front to back. */
#include "model/added.h"

#include <stdlib.h>
#include <string.h>

void added_done(struct added *added)
{
    for (size_t i = 0; i < added->n; i++) {
        free(added->entries[i].owner);
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

static struct added_entry *find(const struct added *added, const char *owner, struct range range)
{
    for (size_t i = 0; i < added->n; i++) {
        struct added_entry *entry = &added->entries[i];
        if (same(entry->range, range) && strcmp(entry->owner, owner) == 0) {
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

size_t added_count_with(const struct added *added, const char *owner, const struct range *ranges, size_t n)
{
    size_t count = added->n;
    for (size_t i = 0; i < n; i++) {
        count += !repeated(ranges, i) && !find(added, owner, ranges[i]);
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

static struct added_entry *append(struct added *added, const char *owner, struct range range)
{
    if (added->n == added->cap) {
        size_t cap = added->cap ? 2 * added->cap : 4;
        struct added_entry *grown = realloc(added->entries, cap * sizeof(*grown));
        if (!grown) {
            abort(); /* a limit that silently is not kept would be worse */
        }
        added->entries = grown;
        added->cap = cap;
    }
    struct added_entry *entry = &added->entries[added->n++];
    *entry = (struct added_entry){.range = range, .owner = strdup(owner)};
    if (!entry->owner) {
        abort();
    }
    return entry;
}

int64_t added_put(struct added *added, const char *owner, const struct range *ranges, size_t n,
    int64_t until_ns, int64_t until_utc_ns)
{
    int64_t all_until_ns = INT64_MAX, all_until_utc_ns = until_utc_ns;
    for (size_t i = 0; i < n; i++) {
        struct added_entry *entry = find(added, owner, ranges[i]);
        if (!entry) {
            entry = append(added, owner, ranges[i]);
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

size_t added_expire(struct added *added, int64_t now_ns)
{
    size_t kept = 0, n = added->n;
    for (size_t i = 0; i < n; i++) {
        if (added->entries[i].until_ns > now_ns) {
            added->entries[kept++] = added->entries[i];
        } else {
            free(added->entries[i].owner);
        }
    }
    added->n = kept;
    if (kept < n) {
        follow(added);
    }
    return n - kept;
}
