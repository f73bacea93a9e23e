/* SPDX-License-Identifier: MIT */
/* Metadata of a call: what came stays in nghttp2's reference-counted buffers, which it shares between the
 * calls of a connection; what goes out is written into the call's arena. */
#ifndef UGRPC_METADATA_H
#define UGRPC_METADATA_H

#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <ugrpc/service.h>

#include "base/base.h"
#include "ugrpc/arena.h"

#define BYTES_A_HEADER 32 /* that HTTP/2 counts besides its name and value */

struct metadata_pair {
    nghttp2_rcbuf *key;
    nghttp2_rcbuf *text; /* holds the value; NULL when it was decoded into the arena */
    struct ugrpc_bytes value;
};

struct metadata { /* all zero = empty; the pairs stand in the arena */
    struct metadata_pair *pairs;
    size_t n, cap;
};

/* Adds a header; a "-bin" one is decoded and may become several (they may be joined by commas). 0;
 * -UGRPC_INVALID_ARGUMENT when it is no base64; -UGRPC_RESOURCE_EXHAUSTED when there would be more than
 * `max_pairs`, or memory runs out. */
MUST_CHECK int metadata_add(
    struct metadata *m, nghttp2_rcbuf *key, nghttp2_rcbuf *value, size_t max_pairs, struct arena *arena);
bool metadata_find(const struct metadata *m, const char *key, struct ugrpc_bytes *value);
/* In order: index 0 … until false. */
bool metadata_at(const struct metadata *m, size_t index, const char **key, struct ugrpc_bytes *value);
void metadata_done(struct metadata *m); /* the arena goes by itself */

/* Metadata to be sent, in order. */
struct outgoing_metadata {
    struct outgoing_metadata *next;
    nghttp2_nv nv; /* text in the arena */
};

/* 0, -UGRPC_INVALID_ARGUMENT for a key or value that may not be sent, -UGRPC_RESOURCE_EXHAUSTED. */
MUST_CHECK int outgoing_metadata_add(
    struct outgoing_metadata **list, const char *key, const void *value, size_t len, struct arena *arena);
size_t outgoing_metadata_count(const struct outgoing_metadata *list);
size_t outgoing_metadata_put(nghttp2_nv *to, const struct outgoing_metadata *list); /* returns how many */

/* A header to be sent; its text lives as long as the stream. */
static inline nghttp2_nv outgoing_header(const char *name, const char *value, size_t value_len)
{
    return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name), value_len,
        NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

#endif
