/* SPDX-License-Identifier: MIT */
/* A list reply whose entries are encoded once, when the service is built: the whole list is one shared
 * message, a filtered one is gathered. An entry has two keys (id and category, or start and end); a filter is
 * one set of accepted keys for each: AND between the sets, OR inside, and an empty set does not filter. */
#ifndef SERVICE_CATALOG_H
#define SERVICE_CATALOG_H

#include <stdbool.h>

#include "base/status.h"
#include "service/bytes.h"

struct ugrpc_message;

#define CATALOG_NO_KEY   UINT64_MAX /* an entry's key that no filter names: its category has no number here */
#define KEY_SET_MAX      524288     /* further keys are refused: they are sorted on the loop */
#define KEY_SET_UNSORTED 16

struct key_set {
    uint64_t few[KEY_SET_UNSORTED]; /* small sets are searched as they come */
    uint64_t *sorted;               /* NULL for a small set */
    size_t n;
};

/* Copies a request's list. `name` is the field's, for -UGRPC_RESOURCE_EXHAUSTED. Undone by key_set_done(),
 * also after an error. */
int key_set_from_ids(
    struct key_set *set, const char *name, const uint64_t *ids, size_t n, struct ugrpc_status *st);
/* The same for enum values. 0 (UNSPECIFIED) and unknown numbers simply match nothing. */
int key_set_from_numbers(
    struct key_set *set, const char *name, const int *numbers, size_t n, struct ugrpc_status *st);
void key_set_done(struct key_set *set);
bool key_set_accepts(const struct key_set *set, uint64_t key);

struct catalog_entry {
    uint64_t keys[2];
    size_t end; /* of its bytes; they begin where the previous entry's end */
};

struct catalog { /* zero is empty */
    struct bytes bytes;
    struct catalog_entry *entries;
    size_t n, cap;
    struct ugrpc_message *all; /* made on first use */
};

/* Entries are field 1 of the reply, as in every list call of the API. Listed in the order added. */
void catalog_add(
    struct catalog *catalog, uint64_t first_key, uint64_t second_key, const struct ProtobufCMessage *entry);
void catalog_done(struct catalog *catalog);

/* The reply for a filter; caller drops it with ugrpc_message_unref(). NULL when memory runs out. */
struct ugrpc_message *catalog_select(
    struct catalog *catalog, const struct key_set *first, const struct key_set *second);

#endif
