/* SPDX-License-Identifier: MIT */
/* All entries stand in one buffer, in wire format, one after the other; the keys beside it say where each
 * ends. So the whole list is one copy, made once, and a filtered one is copies of pieces: nothing is
 * encoded for a call. */
#include "service/catalog.h"

#include <stdlib.h>
#include <string.h>

#include <ugrpc/message.h>

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Where the n keys of a set go. */
static uint64_t *key_set_room(struct key_set *set, const char *name, size_t n, struct ugrpc_status *st)
{
    *set = (struct key_set){0};
    if (n <= KEY_SET_UNSORTED) {
        set->n = n;
        return set->few;
    }
    if (n > KEY_SET_MAX) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "%s: %zu entries given, at most %d are taken", name, n,
            KEY_SET_MAX);
        return NULL;
    }
    set->sorted = malloc(n * sizeof(*set->sorted));
    if (!set->sorted) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "%s: no memory for %zu entries", name, n);
        return NULL;
    }
    set->n = n;
    return set->sorted;
}

static int key_set_sort(struct key_set *set)
{
    if (set->sorted) {
        qsort(set->sorted, set->n, sizeof(*set->sorted), compare_keys);
    }
    return 0;
}

int key_set_from_ids(
    struct key_set *set, const char *name, const uint64_t *ids, size_t n, struct ugrpc_status *st)
{
    uint64_t *keys = key_set_room(set, name, n, st);
    if (!keys) {
        return -UGRPC_RESOURCE_EXHAUSTED;
    }
    if (n) {
        memcpy(keys, ids, n * sizeof(*keys));
    }
    return key_set_sort(set);
}

int key_set_from_numbers(
    struct key_set *set, const char *name, const int *numbers, size_t n, struct ugrpc_status *st)
{
    uint64_t *keys = key_set_room(set, name, n, st);
    if (!keys) {
        return -UGRPC_RESOURCE_EXHAUSTED;
    }
    for (size_t i = 0; i < n; i++) {
        keys[i] = (uint32_t)numbers[i]; /* a negative one must not become CATALOG_NO_KEY */
    }
    return key_set_sort(set);
}

void key_set_done(struct key_set *set)
{
    free(set->sorted);
    *set = (struct key_set){0};
}

bool key_set_accepts(const struct key_set *set, uint64_t key)
{
    if (set->sorted) {
        return bsearch(&key, set->sorted, set->n, sizeof(key), compare_keys);
    }
    for (size_t i = 0; i < set->n; i++) {
        if (set->few[i] == key) {
            return true;
        }
    }
    return set->n == 0;
}

void catalog_add(
    struct catalog *catalog, uint64_t first_key, uint64_t second_key, const struct ProtobufCMessage *entry)
{
    if (catalog->n == catalog->cap) {
        size_t cap = 2 * catalog->cap + 16;
        struct catalog_entry *entries = realloc(catalog->entries, cap * sizeof(*entries));
        if (!entries) {
            abort(); /* as in bytes_extend() */
        }
        catalog->entries = entries;
        catalog->cap = cap;
    }
    bytes_add_message(&catalog->bytes, 1, entry);
    catalog->entries[catalog->n++] = (struct catalog_entry){
        .keys = {first_key, second_key}, .end = catalog->bytes.len};
    ugrpc_message_unref(catalog->all);
    catalog->all = NULL;
}

void catalog_done(struct catalog *catalog)
{
    ugrpc_message_unref(catalog->all);
    bytes_done(&catalog->bytes);
    free(catalog->entries);
    *catalog = (struct catalog){0};
}

static struct ugrpc_message *catalog_all(struct catalog *catalog)
{
    if (!catalog->all) {
        uint8_t *out = NULL;
        catalog->all = ugrpc_message_new(catalog->bytes.len, &out);
        if (catalog->all && catalog->bytes.len) {
            memcpy(out, catalog->bytes.data, catalog->bytes.len);
        }
    }
    return ugrpc_message_ref(catalog->all);
}

static bool matches(
    const struct catalog_entry *entry, const struct key_set *first, const struct key_set *second)
{
    return key_set_accepts(first, entry->keys[0]) && key_set_accepts(second, entry->keys[1]);
}

struct ugrpc_message *catalog_select(
    struct catalog *catalog, const struct key_set *first, const struct key_set *second)
{
    if (first->n == 0 && second->n == 0) {
        return catalog_all(catalog);
    }
    struct bytes picked = {0};
    size_t start = 0;
    for (size_t i = 0; i < catalog->n; i++) {
        const struct catalog_entry *entry = &catalog->entries[i];
        if (matches(entry, first, second)) {
            size_t len = entry->end - start;
            memcpy(bytes_extend(&picked, len), catalog->bytes.data + start, len);
        }
        start = entry->end;
    }
    uint8_t *out = NULL;
    struct ugrpc_message *reply = ugrpc_message_new(picked.len, &out);
    if (reply && picked.len) {
        memcpy(out, picked.data, picked.len);
    }
    bytes_done(&picked);
    return reply;
}
