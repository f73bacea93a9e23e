/* SPDX-License-Identifier: MIT */
/* A list of blocks; only the newest has room. */
#include "daemon/pool.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 8000

struct pool_block {
    struct pool_block *next;
    size_t size;
    alignas(max_align_t) unsigned char bytes[];
};

void *pool_alloc(struct pool *pool, size_t size)
{
    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (!pool->blocks || pool->blocks->size - pool->used < size) {
        size_t bytes = size > BLOCK_BYTES ? size : BLOCK_BYTES;
        struct pool_block *block = calloc(1, sizeof(*block) + bytes);
        if (!block) {
            abort();
        }
        *block = (struct pool_block){.next = pool->blocks, .size = bytes};
        pool->blocks = block;
        pool->used = 0;
    }
    void *memory = pool->blocks->bytes + pool->used;
    pool->used += size;
    return memory;
}

char *pool_copy(struct pool *pool, const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(pool_alloc(pool, size), text, size);
}

char *pool_format(struct pool *pool, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = pool_alloc(pool, (size_t)(len < 0 ? 0 : len) + 1);
    if (len >= 0) {
        vsnprintf(text, (size_t)len + 1, format, again);
    }
    va_end(again);
    return text;
}

void pool_done(struct pool *pool)
{
    while (pool->blocks) {
        struct pool_block *block = pool->blocks;
        pool->blocks = block->next;
        free(block);
    }
    pool->used = 0;
}
