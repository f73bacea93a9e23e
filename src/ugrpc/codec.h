/* SPDX-License-Identifier: MIT */
/* Message compression: names on the wire, and whole messages at a time. */
#ifndef UGRPC_CODEC_H
#define UGRPC_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include <ugrpc/call.h>

#include "base/base.h"
#include "base/status.h"
#include "ugrpc/frame.h"

#define CODEC_ACCEPTED "identity,deflate,gzip"

const char *codec_name(enum ugrpc_compression codec); /* "identity", "deflate", "gzip" */
/* The codec of that name, or negative. */
int codec_find(const char *name, size_t len);
/* A bit (1 << codec) for each known name in a comma-separated list; identity is always in it. */
unsigned codec_list(const char *text, size_t len);

/* Compresses into memory of the caller's choosing: `to` holds codec_bound() bytes. Returns the length, or 0
 * when memory runs out. */
size_t codec_bound(size_t len);
size_t codec_compress(enum ugrpc_compression codec, uint8_t *to, size_t cap, const uint8_t *data, size_t len);

/* *out, malloc()ed, gets what `data` decompresses to. -UGRPC_RESOURCE_EXHAUSTED when that is more than
 * `limit` bytes, -UGRPC_INTERNAL when it is damaged. */
MUST_CHECK int codec_decompress(enum ugrpc_compression codec, const uint8_t *data, size_t len, size_t limit,
    uint8_t **out, size_t *out_len, struct ugrpc_status *st);

/* The same for a frame's message, if it is compressed: then it stands in *memory, else that is NULL. The
 * caller frees it. -UGRPC_INTERNAL also when the call has no compression. */
MUST_CHECK int codec_open_frame(enum ugrpc_compression codec, struct frame *frame, size_t limit,
    uint8_t **memory, struct ugrpc_status *st);

#endif
