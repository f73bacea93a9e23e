/* SPDX-License-Identifier: MIT */
/* A message that lies whole in one piece of input is handed out where it lies: the usual case copies nothing.
 */
#include "ugrpc/frame.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_PIECE 4096

static int read_prefix(
    struct frame_reader *r, const uint8_t **data, size_t *len, size_t max, struct ugrpc_status *st)
{
    size_t n = sizeof(r->prefix) - r->prefix_got;
    n = n < *len ? n : *len;
    memcpy(r->prefix + r->prefix_got, *data, n);
    r->prefix_got = (uint8_t)(r->prefix_got + n);
    *data += n;
    *len -= n;
    if (r->prefix_got < sizeof(r->prefix)) {
        return 0;
    }
    if (r->prefix[0] > 1) {
        return status_set(st, UGRPC_INTERNAL,
            "a message begins with the flag byte %u; only 0 and 1 are known", r->prefix[0]);
    }
    r->len = (uint32_t)r->prefix[1] << 24 | (uint32_t)r->prefix[2] << 16 | (uint32_t)r->prefix[3] << 8 |
             r->prefix[4];
    if (r->len > max) {
        return status_set(
            st, UGRPC_RESOURCE_EXHAUSTED, "the message has %u bytes, the limit is %zu", r->len, max);
    }
    return 1;
}

static int keep_piece(struct frame_reader *r, const uint8_t *data, size_t len, struct ugrpc_status *st)
{
    if (r->cap - r->got < len) {
        size_t cap = r->cap ? r->cap : FIRST_PIECE;
        while (cap - r->got < len) {
            cap *= 2;
        }
        cap = cap < r->len ? cap : r->len;
        uint8_t *more = realloc(r->data, cap);
        if (!more) {
            return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        }
        r->data = more;
        r->cap = (uint32_t)cap;
    }
    memcpy(r->data + r->got, data, len);
    r->got += (uint32_t)len;
    return 0;
}

int frame_read(struct frame_reader *r, const uint8_t **data, size_t *len, size_t max, struct frame *frame,
    struct ugrpc_status *st)
{
    if (r->cap && r->got == r->len) { /* the last message was handed out of this memory */
        free(r->data);
        r->data = NULL;
        r->got = r->cap = 0;
        r->prefix_got = 0;
    }
    if (r->prefix_got < sizeof(r->prefix)) {
        int rc = read_prefix(r, data, len, max, st);
        if (rc <= 0) {
            return rc;
        }
    }
    if (r->got == 0 && *len >= r->len) {
        *frame = (struct frame){*data, r->len, r->prefix[0]};
        *data += r->len;
        *len -= r->len;
        r->prefix_got = 0;
        return 1;
    }
    size_t n = r->len - r->got;
    n = n < *len ? n : *len;
    if (n == 0) {
        return 0;
    }
    int rc = keep_piece(r, *data, n, st);
    if (rc != 0) {
        return rc;
    }
    *data += n;
    *len -= n;
    if (r->got < r->len) {
        return 0;
    }
    *frame = (struct frame){r->data, r->len, r->prefix[0]};
    return 1;
}

bool frame_at_boundary(const struct frame_reader *r)
{
    return r->prefix_got == 0 || (r->cap && r->got == r->len);
}

void frame_reader_done(struct frame_reader *r)
{
    free(r->data);
    *r = (struct frame_reader){0};
}
