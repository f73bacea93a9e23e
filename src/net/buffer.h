/* SPDX-License-Identifier: MIT */
/* A growing run of bytes. The memory moves when it grows, so hold offsets rather than pointers into it. */
#ifndef NET_BUFFER_H
#define NET_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

struct buffer {
    uint8_t *data; /* NULL until the first byte */
    size_t len, cap;
};

/* Makes room for `len` more bytes and returns where they go; buffer_commit() then counts them. NULL when
 * memory runs out. */
MUST_CHECK uint8_t *buffer_reserve(struct buffer *b, size_t len);

static inline void buffer_commit(struct buffer *b, size_t len)
{
    b->len += len;
}

/* 0, or -1 when memory runs out. */
MUST_CHECK int buffer_append(struct buffer *b, const void *data, size_t len);

void buffer_done(struct buffer *b); /* leaves an empty buffer */

#endif
