/* SPDX-License-Identifier: MIT */
/* Memory that is given back all at once: what a configuration consists of. */
#ifndef DAEMON_ARENA_H
#define DAEMON_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks;
    size_t used; /* of the newest block */
};

/* Zeroed and aligned for anything; never NULL: aborts when memory runs out. */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_copy(struct arena *arena, const char *text);

/* The text of a printf, whatever its length. */
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

void arena_done(struct arena *arena); /* frees everything; an empty arena is {NULL} */

#endif
