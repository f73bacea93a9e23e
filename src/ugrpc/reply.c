/* SPDX-License-Identifier: MIT */
/* What comes back of a call: headers, messages, the status, and what of them cannot be. */
#include <stdlib.h>
#include <string.h>

#include "ugrpc/codec.h"
#include "ugrpc/decode.h"
#include "ugrpc/pending.h"
#include "ugrpc/text.h"

/* Memory of a decoded message: telemetry needs some sixteen times its bytes, hostile messages sixty times. */
#define DECODED_PER_BYTE 16
#define DECODED_LEAST    (1u << 20)

/* ---- the reply's headers ---------------------------------------------------------------------------- */

static bool is(nghttp2_vec name, const char *text)
{
    return name.len == strlen(text) && memcmp(name.base, text, name.len) == 0;
}

static int read_number(nghttp2_vec text, int most)
{
    int number = text.len ? 0 : -1;
    for (size_t i = 0; i < text.len && number >= 0; i++) {
        bool digit = text.base[i] >= '0' && text.base[i] <= '9';
        number = digit && number <= most ? 10 * number + (text.base[i] - '0') : -1;
    }
    return number;
}

/* True when the header is HTTP/2's or gRPC's own. */
static bool take_header(struct ugrpc_pending *pending, nghttp2_vec name, nghttp2_vec text)
{
    if (name.base[0] == ':') {
        pending->http_status = read_number(text, 999);
        return true;
    }
    if (is(name, "content-type")) {
        pending->content_type = arena_strndup(&pending->arena, (const char *)text.base, text.len);
        return true;
    }
    if (is(name, "grpc-status")) {
        int code = read_number(text, UGRPC_UNAUTHENTICATED);
        pending->grpc_status = code >= 0 && code <= UGRPC_UNAUTHENTICATED ? code : UGRPC_UNKNOWN;
        return true;
    }
    if (is(name, "grpc-message")) {
        char *message = arena_alloc(&pending->arena, text.len + 1);
        if (message) {
            message[percent_decode(message, (const char *)text.base, text.len)] = '\0';
            pending->grpc_message = message;
        }
        return true;
    }
    if (is(name, "grpc-encoding")) {
        int codec = codec_find((const char *)text.base, text.len);
        pending->unknown_codec = codec < 0;
        pending->reply_codec = codec > 0 ? (uint8_t)codec : UGRPC_IDENTITY;
        return true;
    }
    return is(name, "grpc-accept-encoding") || is(name, "accept-encoding");
}

void reply_on_header(struct stream *stream, nghttp2_rcbuf *name, nghttp2_rcbuf *value)
{
    struct ugrpc_pending *pending = (struct ugrpc_pending *)stream;
    struct metadata *metadata = pending->has_headers ? &pending->trailing : &pending->initial;
    nghttp2_vec key = nghttp2_rcbuf_get_buf(name), text = nghttp2_rcbuf_get_buf(value);
    size_t max_bytes = pending->channel->limits.max_header_bytes;
    pending->header_bytes += key.len + text.len + BYTES_A_HEADER;
    if (pending->header_bytes > max_bytes || take_header(pending, key, text)) {
        return; /* too much is told when the block is complete */
    }
    int rc = metadata_add(metadata, name, value, max_bytes / BYTES_A_HEADER, &pending->arena);
    if (rc != 0) {
        pending->metadata_fault = (uint8_t)-rc;
    }
}

static bool is_grpc(const char *type)
{
    const size_t len = sizeof("application/grpc") - 1;
    return type && strncmp(type, "application/grpc", len) == 0 && strchr("+;", type[len]);
}

static enum ugrpc_code code_of_http(int status)
{
    switch (status) {
    case 400:
        return UGRPC_INTERNAL;
    case 401:
        return UGRPC_UNAUTHENTICATED;
    case 403:
        return UGRPC_PERMISSION_DENIED;
    case 404:
        return UGRPC_UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504:
        return UGRPC_UNAVAILABLE;
    default:
        return UGRPC_UNKNOWN;
    }
}

static void find_details(struct ugrpc_pending *pending)
{
    if (!metadata_find(&pending->trailing, "grpc-status-details-bin", &pending->details)) {
        pending->details = (struct ugrpc_bytes){0};
    }
}

/* The first header block. False: it was the end. */
static bool check_headers(struct ugrpc_pending *pending)
{
    if (pending->grpc_status < 0 && (pending->http_status != 200 || !is_grpc(pending->content_type))) {
        pending_fail(pending,
            pending->http_status == 200 ? UGRPC_UNKNOWN : code_of_http(pending->http_status),
            "%s does not answer as a gRPC server: HTTP status %d, content-type %.100s",
            pending->channel->target.shown, pending->http_status,
            pending->content_type ? pending->content_type : "missing");
        return false;
    }
    if (pending->unknown_codec) {
        pending_fail(pending, UGRPC_INTERNAL, "the reply's grpc-encoding is not known here, but %s are",
            CODEC_ACCEPTED);
        return false;
    }
    return true;
}

void reply_on_headers_done(struct stream *stream)
{
    struct ugrpc_pending *pending = (struct ugrpc_pending *)stream;
    if (!pending->has_headers && pending->http_status >= 100 && pending->http_status < 200) {
        pending->http_status = 0; /* 103 and its like; the real ones follow */
        metadata_done(&pending->initial);
        return;
    }
    if (pending->header_bytes > pending->channel->limits.max_header_bytes) {
        pending_fail(pending, UGRPC_RESOURCE_EXHAUSTED, "the reply's metadata has %zu bytes, the limit is %u",
            pending->header_bytes, pending->channel->limits.max_header_bytes);
        return;
    }
    if (pending->metadata_fault == UGRPC_INVALID_ARGUMENT) {
        pending_fail(pending, UGRPC_INTERNAL, "a -bin value of the reply's metadata is no base64");
        return;
    }
    if (pending->metadata_fault) {
        pending_fail(pending, UGRPC_RESOURCE_EXHAUSTED, "the reply has more metadata than can be kept");
        return;
    }
    if (pending->has_headers) {
        return; /* trailers: the end of the stream follows */
    }
    pending->has_headers = true;
    pending_drop_kept(pending);
    if (stream->remote_ended) { /* trailers alone */
        pending->trailing = pending->initial;
        pending->initial = (struct metadata){0};
    }
    if (!check_headers(pending) || stream->remote_ended) {
        return;
    }
    if (pending->events && pending->events->initial) {
        pending_pin(pending);
        pending->events->initial(pending, pending->userdata);
        pending_unpin(pending);
    }
}

/* ---- the reply's messages --------------------------------------------------------------------------- */

/* A stream's messages share the arena's memory, one after the other. */
static void *decode(struct ugrpc_pending *pending, const uint8_t *data, size_t len, struct ugrpc_status *st)
{
    struct arena *arena = pending->own_reply ? NULL : &pending->message_arena;
    if (arena) {
        arena_reset(arena);
        size_t limit = DECODED_PER_BYTE * (size_t)pending->channel->limits.max_message_bytes;
        arena->limit = limit > DECODED_LEAST ? limit : DECODED_LEAST;
    }
    if (pending->method->reply) {
        return decode_message(pending->method->reply, data, len, arena, st);
    }
    struct ugrpc_bytes *bytes = arena ? arena_alloc(arena, sizeof(*bytes) + len)
                                      : malloc(sizeof(*bytes) + len);
    if (!bytes) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        return NULL;
    }
    *bytes = (struct ugrpc_bytes){(const uint8_t *)(bytes + 1), len};
    if (len) {
        memcpy(bytes + 1, data, len);
    }
    return bytes;
}

static void take_message(struct ugrpc_pending *pending, const uint8_t *data, size_t len)
{
    struct ugrpc_status st;
    if (pending->reply) {
        pending_fail(
            pending, UGRPC_INTERNAL, "%s has one reply message, but the server sent a second", pending->path);
        return;
    }
    void *message = decode(pending, data, len, &st);
    if (!message) {
        bool too_large = st.code == UGRPC_RESOURCE_EXHAUSTED;
        pending_fail(pending, too_large ? st.code : UGRPC_INTERNAL, "%s", st.message);
    } else if (!pending_streams_replies(pending)) {
        pending->reply = message;
    } else if (pending->events && pending->events->message) {
        pending->events->message(pending, message, pending->userdata);
    }
}

void reply_on_message(struct stream *stream, const struct frame *frame)
{
    struct ugrpc_pending *pending = (struct ugrpc_pending *)stream;
    struct frame message = *frame;
    uint8_t *memory;
    struct ugrpc_status st;
    if (codec_open_frame(
            pending->reply_codec, &message, pending->channel->limits.max_message_bytes, &memory, &st) != 0) {
        pending_fail(pending, st.code, "%s", st.message);
        return;
    }
    pending_pin(pending);
    take_message(pending, message.data, message.len);
    pending_unpin(pending);
    free(memory);
}

void reply_on_bad_frame(struct stream *stream, const struct ugrpc_status *st)
{
    pending_fail((struct ugrpc_pending *)stream, st->code, "%s", st->message);
}

/* As the server says; but its watch over our own deadline may only have been first, and does not know how we
 * call it. */
static void finish_refused(struct ugrpc_pending *pending)
{
    const char *message = pending->grpc_message ? pending->grpc_message : "";
    if (pending->grpc_status == UGRPC_DEADLINE_EXCEEDED &&
        loop_now_ns(pending->channel->loop) >= pending->deadline_ns) {
        pending_fail(pending, UGRPC_DEADLINE_EXCEEDED, "the deadline has passed in a call to %s%s%s",
            pending->channel->target.shown, *message ? ", which says: " : "", message);
        return;
    }
    pending_finish(pending, (enum ugrpc_code)pending->grpc_status, pending->grpc_message);
}

void reply_on_remote_end(struct stream *stream)
{
    struct ugrpc_pending *pending = (struct ugrpc_pending *)stream;
    if (pending->grpc_status < 0) {
        pending_fail(pending, UGRPC_INTERNAL, "the server ended the call without a status");
    } else if (pending->grpc_status != UGRPC_OK) {
        find_details(pending);
        finish_refused(pending);
    } else if (!frame_at_boundary(&stream->in)) {
        pending_fail(pending, UGRPC_INTERNAL, "the reply ends in the middle of a message");
    } else if (!pending_streams_replies(pending) && !pending->reply) {
        pending_fail(pending, UGRPC_INTERNAL, "the server said OK, but sent no reply message");
    } else {
        find_details(pending);
        pending_finish(pending, UGRPC_OK, NULL);
    }
}
