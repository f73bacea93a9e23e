/* SPDX-License-Identifier: MIT */
#include "ugrpc/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CHUNK   480 /* a typical request fits, and malloc() has its fast path for it */
#define LARGEST_CHUNK 65536

struct arena_chunk {
    struct arena_chunk *next;
    size_t cap;
    alignas(max_align_t) uint8_t data[];
};

void *arena_alloc(struct arena *a, size_t len)
{
    if (len > SIZE_MAX / 4) {
        return NULL;
    }
    len = (len + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (!a->chunk || a->chunk->cap - a->used < len) {
        size_t cap = a->chunk ? 2 * a->chunk->cap : FIRST_CHUNK;
        if (cap > LARGEST_CHUNK) {
            cap = LARGEST_CHUNK;
        }
        if (cap < len) {
            cap = len;
        }
        if (a->limit && a->total + cap > a->limit) {
            a->full = true;
            return NULL;
        }
        struct arena_chunk *chunk = malloc(sizeof(*chunk) + cap);
        if (!chunk) {
            return NULL;
        }
        chunk->next = a->chunk;
        chunk->cap = cap;
        a->chunk = chunk;
        a->used = 0;
        a->total += cap;
    }
    void *at = a->chunk->data + a->used;
    a->used += len;
    return at;
}

char *arena_strndup(struct arena *a, const char *text, size_t len)
{
    char *copy = arena_alloc(a, len + 1);
    if (copy) {
        if (len) { /* `text` may be NULL otherwise */
            memcpy(copy, text, len);
        }
        copy[len] = '\0';
    }
    return copy;
}

void arena_reset(struct arena *a)
{
    struct arena_chunk *newest = a->chunk;
    struct arena kept = {.limit = a->limit};
    if (newest && newest->cap <= LARGEST_CHUNK) {
        a->chunk = newest->next;
        newest->next = NULL;
        kept.chunk = newest;
        kept.total = newest->cap;
    }
    arena_done(a);
    *a = kept;
}

void arena_done(struct arena *a)
{
    while (a->chunk) {
        struct arena_chunk *next = a->chunk->next;
        free(a->chunk);
        a->chunk = next;
    }
    *a = (struct arena){0};
}

static void *allocate(void *userdata, size_t len)
{
    return arena_alloc(userdata, len);
}

static void keep(void *userdata, void *at)
{
}

ProtobufCAllocator arena_allocator(struct arena *a)
{
    return (ProtobufCAllocator){allocate, keep, a};
}
