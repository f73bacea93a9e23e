/* SPDX-License-Identifier: MIT */
/* Memory that is given back all at once: what a configuration consists of. */
#ifndef DAEMON_POOL_H
#define DAEMON_POOL_H

#include <stddef.h>

struct pool_block;

struct pool {
    struct pool_block *blocks;
    size_t used; /* of the newest block */
};

/* Zeroed and aligned for anything; never NULL: aborts when memory runs out. */
void *pool_alloc(struct pool *pool, size_t size);
char *pool_copy(struct pool *pool, const char *text);

/* The text of a printf, whatever its length. */
char *pool_format(struct pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));

void pool_done(struct pool *pool); /* frees everything; an empty pool is {NULL} */

#endif
