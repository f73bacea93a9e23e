/* SPDX-License-Identifier: MIT */
/* Memory that is freed together: what one call needs. Not for single big things that come and go. */
#ifndef UGRPC_ARENA_H
#define UGRPC_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/base.h"

struct arena_chunk;

struct arena { /* all zero = empty */
    struct arena_chunk *chunk;
    size_t used;  /* of the newest chunk */
    size_t total; /* bytes taken from malloc() */
    size_t limit; /* 0: none; more than that is refused … */
    bool full;    /* … and was asked for */
};

MUST_CHECK void *arena_alloc(
    struct arena *a, size_t len); /* aligned for anything; NULL when memory runs out */
MUST_CHECK char *arena_strndup(struct arena *a, const char *text, size_t len);
void arena_reset(struct arena *a); /* all that was taken is free again; keeps the newest memory */
void arena_done(struct arena *a);

/* For protobuf-c: freeing does nothing. */
ProtobufCAllocator arena_allocator(struct arena *a);

#endif
