/* SPDX-License-Identifier: MIT */
/* gRPC's message frames: a flag byte, four bytes of length, the message. They know nothing of DATA frames:
 * one may hold many messages, or a piece of one. */
#ifndef UGRPC_FRAME_H
#define UGRPC_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"
#include "base/status.h"

struct frame_reader { /* all zero = at the start of a frame */
    uint8_t *data;    /* a message that came in pieces; NULL otherwise */
    uint32_t got, cap;
    uint32_t len; /* of the message, once the prefix is complete */
    uint8_t prefix[5];
    uint8_t prefix_got;
};

struct frame { /* one message; borrowed until the next call */
    const uint8_t *data;
    size_t len;
    bool compressed;
};

/* Takes bytes off *data until a message is complete: 1. Or 0: all taken, more is needed. Negative:
 * -UGRPC_RESOURCE_EXHAUSTED when a message is announced that is larger than `max`, -UGRPC_INTERNAL for a flag
 * that gRPC does not know. Memory grows with what has come, not with what was announced. */
MUST_CHECK int frame_read(struct frame_reader *r, const uint8_t **data, size_t *len, size_t max,
    struct frame *frame, struct ugrpc_status *st);

/* Whether the bytes so far end between two messages. */
bool frame_at_boundary(const struct frame_reader *r);

/* The memory that it holds. */
static inline size_t frame_held(const struct frame_reader *r)
{
    return r->cap;
}

void frame_reader_done(struct frame_reader *r);

#endif
