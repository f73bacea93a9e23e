/* SPDX-License-Identifier: MIT */
/* gRPC's "deflate" is zlib's own format (RFC 1950), "gzip" the file format around the same data. */
#include "ugrpc/codec.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static const char *const names[] = {
    [UGRPC_IDENTITY] = "identity", [UGRPC_DEFLATE] = "deflate", [UGRPC_GZIP] = "gzip"};

static int window_bits(enum ugrpc_compression codec)
{
    return codec == UGRPC_GZIP ? 15 + 16 : 15;
}

const char *codec_name(enum ugrpc_compression codec)
{
    return names[codec];
}

int codec_find(const char *name, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0) {
            return (int)i;
        }
    }
    return -1;
}

unsigned codec_list(const char *text, size_t len)
{
    unsigned found = 1u << UGRPC_IDENTITY;
    const char *end = text + len;
    while (text < end) {
        while (text < end && (*text == ' ' || *text == ',' || *text == '\t')) {
            text++;
        }
        size_t n = 0;
        while (text + n < end && text[n] != ',' && text[n] != ' ' && text[n] != '\t') {
            n++;
        }
        int codec = codec_find(text, n);
        if (codec >= 0) {
            found |= 1u << codec;
        }
        text += n;
    }
    return found;
}

size_t codec_bound(size_t len)
{
    return compressBound(len) + 18; /* gzip's longer frame */
}

size_t codec_compress(enum ugrpc_compression codec, uint8_t *to, size_t cap, const uint8_t *data, size_t len)
{
    z_stream z = {0};
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_bits(codec), 8, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        return 0;
    }
    z.next_in = (Bytef *)data;
    z.avail_in = (uInt)len;
    z.next_out = to;
    z.avail_out = (uInt)cap;
    int rc = deflate(&z, Z_FINISH);
    size_t out_len = rc == Z_STREAM_END ? z.total_out : 0;
    deflateEnd(&z);
    return out_len;
}

static int inflate_all(
    z_stream *z, size_t limit, uint8_t **out, size_t *out_len, const char *name, struct ugrpc_status *st)
{
    size_t cap = 0, len = 0;
    for (;;) {
        if (len == cap) {
            /* One byte past the limit is enough to know that it is too much. */
            size_t grown = cap ? 2 * cap : 4 * (size_t)z->avail_in + 64;
            cap = grown > limit + 1 ? limit + 1 : grown;
            uint8_t *more = realloc(*out, cap);
            if (!more) {
                return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
            }
            *out = more;
        }
        z->next_out = *out + len;
        z->avail_out = (uInt)(cap - len);
        int rc = inflate(z, Z_NO_FLUSH);
        len = cap - z->avail_out;
        if (len > limit) {
            return status_set(st, UGRPC_RESOURCE_EXHAUSTED,
                "the %s message is more than %zu bytes when decompressed, the limit is %zu", name, limit,
                limit);
        }
        if (rc == Z_STREAM_END && z->avail_in == 0) {
            *out_len = len;
            return 0;
        }
        if (rc != Z_OK || (z->avail_out > 0 && z->avail_in == 0)) {
            return status_set(st, UGRPC_INTERNAL, "the message is no valid %s data", name);
        }
    }
}

int codec_decompress(enum ugrpc_compression codec, const uint8_t *data, size_t len, size_t limit,
    uint8_t **out, size_t *out_len, struct ugrpc_status *st)
{
    z_stream z = {.next_in = (Bytef *)data, .avail_in = (uInt)len};
    *out = NULL;
    *out_len = 0;
    if (inflateInit2(&z, window_bits(codec)) != Z_OK) {
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
    }
    int rc = inflate_all(&z, limit, out, out_len, names[codec], st);
    inflateEnd(&z);
    if (rc != 0) {
        free(*out);
        *out = NULL;
    }
    return rc;
}

int codec_open_frame(enum ugrpc_compression codec, struct frame *frame, size_t limit, uint8_t **memory,
    struct ugrpc_status *st)
{
    *memory = NULL;
    if (!frame->compressed) {
        return 0;
    }
    if (codec == UGRPC_IDENTITY) {
        return status_set(
            st, UGRPC_INTERNAL, "a message is flagged as compressed, but grpc-encoding names no compression");
    }
    int rc = codec_decompress(codec, frame->data, frame->len, limit, memory, &frame->len, st);
    frame->data = *memory;
    return rc;
}
