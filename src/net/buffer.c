/* SPDX-License-Identifier: MIT */
/* Doubles its memory, so that appending costs a constant time a byte. */
#include "net/buffer.h"

#include <stdlib.h>
#include <string.h>

uint8_t *buffer_reserve(struct buffer *b, size_t len)
{
    if (b->cap - b->len < len) {
        size_t cap = b->cap ? b->cap : 1024;
        while (cap - b->len < len) {
            if (cap > SIZE_MAX / 2) {
                return NULL;
            }
            cap *= 2;
        }
        uint8_t *data = realloc(b->data, cap);
        if (!data) {
            return NULL;
        }
        b->data = data;
        b->cap = cap;
    }
    return b->data + b->len;
}

int buffer_append(struct buffer *b, const void *data, size_t len)
{
    uint8_t *to = buffer_reserve(b, len);
    if (!to) {
        return -1;
    }
    if (len) {
        memcpy(to, data, len);
    }
    b->len += len;
    return 0;
}

void buffer_done(struct buffer *b)
{
    free(b->data);
    *b = (struct buffer){0};
}
