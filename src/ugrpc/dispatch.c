/* SPDX-License-Identifier: MIT */
/* The server's role on its streams: reads headers, runs interceptors, decodes messages, hands calls to their
 * handlers, and answers what never gets that far. */
#include <stdlib.h>
#include <string.h>

#include "ugrpc/codec.h"
#include "ugrpc/decode.h"
#include "ugrpc/server_internal.h"
#include "ugrpc/text.h"

#define PRINTF_LEN(vec) (int)((vec).len < 200 ? (vec).len : 200), (const char *)(vec).base

static struct ugrpc_server *server_of(const struct ugrpc_call *call)
{
    return call->peer->server;
}

static void refuse(struct ugrpc_call *call, enum ugrpc_code code, const char *format, ...) PRINTF_LIKE(3, 4);

static void refuse(struct ugrpc_call *call, enum ugrpc_code code, const char *format, ...)
{
    struct ugrpc_status st;
    va_list args;
    va_start(args, format);
    status_vset(&st, code, format, args);
    va_end(args);
    call_abort(call, &st);
}

static bool streams_requests(const struct ugrpc_call *call)
{
    return call->method->type->kind >= UGRPC_CLIENT_STREAMING;
}

static void on_timer(struct timer *timer, void *userdata)
{
    struct ugrpc_call *call = userdata;
    if (!call->cancelled) {
        refuse(call, UGRPC_DEADLINE_EXCEEDED, "the deadline has passed");
        return;
    }
    if (call->owned && call->events && call->events->on_cancel) { /* for one who began to watch too late */
        call->events->on_cancel(call, call->userdata);
    }
}

/* ---- headers ---- */

static int open_call(struct session *s, int32_t id)
{
    struct peer *peer = session_userdata(s);
    struct ugrpc_server *server = peer->server;
    struct ugrpc_call *call = calloc(1, sizeof(*call));
    if (!call || server->freeing) {
        free(call);
        return -UGRPC_RESOURCE_EXHAUSTED;
    }
    call->peer = peer;
    if (peer->refs == 1 && !peer->certificate) { /* known once the handshake is done */
        const char *subject = session_peer_subject(s);
        peer->certificate = subject ? strdup(subject) : NULL;
    }
    peer->refs++;
    call->next = server->calls;
    if (server->calls) {
        server->calls->prev = call;
    }
    server->calls = call;
    call->deadline_ns = INT64_MAX;
    call->send_limit = DEFAULT_SEND_LIMIT;
    call->accepted_codecs = 1u << UGRPC_IDENTITY;
    timer_init(&call->timer, on_timer, call);
    server->stats.calls++;
    server->stats.open_calls++;
    stream_open(&call->stream, s, id);
    return 0;
}

static bool is(nghttp2_vec name, const char *text, size_t len)
{
    return name.len == len && memcmp(name.base, text, len) == 0;
}
#define IS(name, literal) is(name, literal, sizeof(literal) - 1)

static bool is_grpc(nghttp2_vec type)
{
    const size_t len = sizeof("application/grpc") - 1;
    return type.len >= len && memcmp(type.base, "application/grpc", len) == 0 &&
           (type.len == len || type.base[len] == '+' || type.base[len] == ';');
}

/* Other paths would end up in status texts and logs as bytes that are not even UTF-8. Only with the schemes
 * that it knows does nghttp2 look at the slash. */
static bool is_path(nghttp2_vec text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.base[i] >= 0x80) {
            return false;
        }
    }
    return text.base[0] == '/';
}

static void hold(nghttp2_rcbuf **to, nghttp2_rcbuf *value)
{
    if (!*to) {
        nghttp2_rcbuf_incref(value);
        *to = value;
    }
}

static void set_timeout(struct ugrpc_call *call, nghttp2_vec text)
{
    int64_t timeout_ns = timeout_parse((const char *)text.base, text.len);
    call->bad_timeout = timeout_ns < 0;
    if (timeout_ns >= 0) {
        call->deadline_ns = loop_now_ns(server_of(call)->loop) + timeout_ns;
    }
}

static void set_codec(struct ugrpc_call *call, nghttp2_vec name)
{
    int codec = codec_find((const char *)name.base, name.len);
    call->unknown_codec = codec < 0;
    call->request_codec = codec > 0 ? (uint8_t)codec : UGRPC_IDENTITY;
}

/* True when the header is HTTP/2's or gRPC's own. */
static bool take_header(struct ugrpc_call *call, nghttp2_vec name, nghttp2_rcbuf *value)
{
    nghttp2_vec text = nghttp2_rcbuf_get_buf(value);
    if (name.base[0] == ':') {
        if (IS(name, ":path") && is_path(text)) {
            hold(&call->path, value);
            call->method = method_table_find(&server_of(call)->methods, (const char *)text.base, text.len);
        } else if (IS(name, ":method")) {
            call->post = IS(text, "POST");
        } else if (IS(name, ":authority")) {
            hold(&call->authority, value);
        }
        return true;
    }
    if (IS(name, "content-type")) {
        call->grpc = is_grpc(text);
        return true;
    }
    if (IS(name, "host")) {
        hold(&call->authority, value);
        return true;
    }
    if (name.len > 5 && memcmp(name.base, "grpc-", 5) == 0) {
        if (IS(name, "grpc-timeout")) {
            set_timeout(call, text);
        } else if (IS(name, "grpc-encoding")) {
            set_codec(call, text);
        } else if (IS(name, "grpc-accept-encoding")) {
            call->accepted_codecs |= (uint8_t)codec_list((const char *)text.base, text.len);
        } else {
            return !IS(name, "grpc-trace-bin") && !IS(name, "grpc-tags-bin"); /* metadata in all but name */
        }
        return true;
    }
    return IS(name, "te") || IS(name, "content-length") || IS(name, "accept-encoding");
}

static void on_header(struct stream *stream, nghttp2_rcbuf *name, nghttp2_rcbuf *value)
{
    struct ugrpc_call *call = call_of(stream);
    nghttp2_vec key = nghttp2_rcbuf_get_buf(name);
    uint32_t max_bytes = server_of(call)->limits.max_header_bytes;
    call->header_bytes += key.len + nghttp2_rcbuf_get_buf(value).len + BYTES_A_HEADER;
    if (call->begun || call->header_bytes > max_bytes) {
        return; /* trailers of a request mean nothing; too much is answered when the block is complete */
    }
    if (take_header(call, key, value)) {
        return;
    }
    int rc = metadata_add(&call->metadata, name, value, max_bytes / BYTES_A_HEADER, &call->arena);
    if (rc != 0) {
        call->metadata_fault = (uint8_t)-rc;
    }
}

/* ---- the way to the handler ---- */

/* Credentials and whatever else interceptors look after. False: answered. */
static bool intercept(struct ugrpc_call *call)
{
    struct ugrpc_server *server = server_of(call);
    struct ugrpc_status st;
    call->begun = true;
    for (size_t i = 0; i < server->n_interceptors && !call->concluded; i++) {
        const struct intercept *x = &server->interceptors[i];
        call->n_begun++;
        if (x->interceptor->begin && x->interceptor->begin(call, x->userdata, &st) != 0) {
            call_abort(call, &st);
        }
    }
    return !call->concluded; /* by a refusal, or because the server was freed meanwhile */
}

static void refuse_unknown_method(struct ugrpc_call *call)
{
    if (!call->path) {
        refuse(call, UGRPC_UNIMPLEMENTED, "malformed method name: must be ASCII that begins with a slash");
        return;
    }
    nghttp2_vec path = nghttp2_rcbuf_get_buf(call->path);
    const char *slash = path.len > 1 ? memchr(path.base + 1, '/', path.len - 1) : NULL;
    if (!slash) {
        refuse(call, UGRPC_UNIMPLEMENTED, "malformed method name \"%.*s\"", PRINTF_LEN(path));
        return;
    }
    nghttp2_vec service = {path.base + 1, (size_t)(slash - (const char *)path.base) - 1};
    for (size_t i = 0; i < server_of(call)->n_services; i++) {
        const char *name = server_of(call)->services[i]->name;
        if (is(service, name, strlen(name))) {
            refuse(call, UGRPC_UNIMPLEMENTED, "unknown method %s of service %s", slash + 1, name);
            return;
        }
    }
    refuse(call, UGRPC_UNIMPLEMENTED, "unknown service %.*s", PRINTF_LEN(service));
}

static bool check_headers(struct ugrpc_call *call)
{
    struct ugrpc_server *server = server_of(call);
    if (!call->post || !call->grpc) {
        call->http_status = call->post ? 415 : 405;
        call_send_http_error(call);
    } else if (call->header_bytes > server->limits.max_header_bytes) {
        refuse(call, UGRPC_RESOURCE_EXHAUSTED, "the request's metadata has %zu bytes, the limit is %u",
            call->header_bytes, server->limits.max_header_bytes);
    } else if (server->shutting_down) {
        refuse(call, UGRPC_UNAVAILABLE, "the server is shutting down");
    } else if (call->metadata_fault == UGRPC_INVALID_ARGUMENT) {
        refuse(call, UGRPC_INVALID_ARGUMENT, "a -bin metadata value is no base64");
    } else if (call->metadata_fault) {
        refuse(call, UGRPC_RESOURCE_EXHAUSTED, "the request's metadata has more values than %u, the limit",
            server->limits.max_header_bytes / BYTES_A_HEADER);
    } else if (!intercept(call)) {
        return false;
    } else if (!call->method) {
        refuse_unknown_method(call);
    } else if (call->unknown_codec) {
        refuse(call, UGRPC_UNIMPLEMENTED, "the request's grpc-encoding is not known here, but %s are",
            CODEC_ACCEPTED);
    } else if (call->bad_timeout) {
        refuse(call, UGRPC_INVALID_ARGUMENT, "grpc-timeout must be 1 to 8 digits and one of H M S m u n");
    } else {
        return true;
    }
    return false;
}

/* All its headers are there, and it is not refused. */
static void admit(struct ugrpc_call *call)
{
    if (call->deadline_ns != INT64_MAX) {
        timer_start_at(loop_timers(server_of(call)->loop), &call->timer, call->deadline_ns);
    }
    if (call->accepted_codecs & 1u << call->request_codec) {
        call->reply_codec = call->request_codec;
    }
    if (streams_requests(call)) {
        const struct method *method = call->method;
        call->owned = true;
        method->handler->begin(call, NULL, method->servicer, method->userdata);
    }
}

static void on_headers_done(struct stream *stream)
{
    struct ugrpc_call *call = call_of(stream);
    if (!call->method && server_of(call)->fallback.handler) {
        call->method = &server_of(call)->fallback;
    }
    call_pin(call);
    if (check_headers(call)) {
        admit(call);
    }
    call_unpin(call);
}

/* ---- messages ---- */

/* The message as handlers get it: decoded, or bytes. NULL with `st`. */
static const void *decode(struct ugrpc_call *call, const uint8_t *data, size_t len, struct arena *arena,
    bool copy_bytes, struct ugrpc_status *st)
{
    if (call->method->type->request) {
        return decode_message(call->method->type->request, data, len, arena, st);
    }
    struct ugrpc_bytes *bytes = arena_alloc(arena, sizeof(*bytes));
    if (bytes && copy_bytes) {
        data = (const uint8_t *)arena_strndup(arena, (const char *)data, len);
    }
    if (!bytes || !data) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        return NULL;
    }
    *bytes = (struct ugrpc_bytes){data, len};
    return bytes;
}

/* A message of a stream lives as long as the callback. */
static void hand_over(struct ugrpc_call *call, const uint8_t *data, size_t len)
{
    struct arena arena = {.limit = server_of(call)->limits.max_connection_bytes};
    struct ugrpc_status st;
    const void *message = decode(call, data, len, &arena, false, &st);
    if (!message) {
        call_abort(call, &st);
    } else if (call->owned && !call->cancelled) {
        const struct method *method = call->method;
        method->handler->message(call, message, method->servicer, method->userdata);
    }
    arena_done(&arena);
}

/* The one message of a unary request is kept until the client has said that it was the only one. */
static void keep_request(struct ugrpc_call *call, const uint8_t *data, size_t len)
{
    struct ugrpc_status st;
    if (call->request) {
        refuse(call, UGRPC_INVALID_ARGUMENT, "%s takes one request message, but there is a second",
            ugrpc_call_method(call));
        return;
    }
    size_t before = call->arena.total;
    call->arena.limit = before + server_of(call)->limits.max_connection_bytes;
    call->request = decode(call, data, len, &call->arena, true, &st);
    call->arena.limit = 0;
    if (!call->request) {
        call_abort(call, &st);
    } else if (!session_hold(&call->stream, call->arena.total - before)) {
        refuse(call, UGRPC_RESOURCE_EXHAUSTED,
            "the connection's requests and replies have more than %u bytes",
            server_of(call)->limits.max_connection_bytes);
    }
}

static void on_message(struct stream *stream, const struct frame *frame)
{
    struct ugrpc_call *call = call_of(stream);
    struct frame message = *frame;
    uint8_t *memory;
    struct ugrpc_status st;
    if (call->http_status) {
        return;
    }
    if (codec_open_frame(
            call->request_codec, &message, server_of(call)->limits.max_message_bytes, &memory, &st) != 0) {
        call_abort(call, &st);
        return;
    }
    call_pin(call);
    if (streams_requests(call)) {
        hand_over(call, message.data, message.len);
    } else {
        keep_request(call, message.data, message.len);
    }
    call_unpin(call);
    free(memory);
}

static void on_bad_frame(struct stream *stream, const struct ugrpc_status *st)
{
    struct ugrpc_call *call = call_of(stream);
    if (call->http_status) {
        stream_finish(stream);
    } else {
        call_abort(call, st);
    }
}

static void on_remote_end(struct stream *stream)
{
    struct ugrpc_call *call = call_of(stream);
    const struct method *method = call->method;
    if (call->http_status) {
        stream_finish(stream);
    } else if (!frame_at_boundary(&stream->in)) {
        refuse(call, UGRPC_INTERNAL, "the request ends in the middle of a message");
    } else if (streams_requests(call)) {
        if (call->owned && !call->cancelled && method->handler->end) {
            method->handler->end(call, method->servicer, method->userdata);
        }
    } else if (!call->request) {
        refuse(call, UGRPC_INTERNAL, "the request has no message"); /* as the other implementations say */
    } else {
        call->owned = true;
        method->handler->begin(call, call->request, method->servicer, method->userdata);
    }
}

/* ---- the rest of a stream's life ---- */

static bool on_trailers(struct stream *stream)
{
    return call_submit_trailers(call_of(stream));
}

static void on_ready(struct stream *stream)
{
    struct ugrpc_call *call = call_of(stream);
    if (!stream->wants_ready || !call->owned || call->cancelled || stream->waiting > call->send_limit / 2) {
        return;
    }
    stream->wants_ready = false;
    if (call->events && call->events->on_ready) {
        call->events->on_ready(call, call->userdata);
    }
}

static void on_closed(struct stream *stream, uint32_t error)
{
    struct ugrpc_call *call = call_of(stream);
    static const char text[] = "the client cancelled the call or was lost";
    call_pin(call);
    call_conclude(call, UGRPC_CANCELLED, text, sizeof(text) - 1);
    call_cancel(call);
    if (server_of(call)->freeing) {
        call->owned = false; /* nobody may come back for it */
    }
    call_unpin(call);
}

static void on_refused(struct session *s, const struct ugrpc_status *why)
{
    struct peer *peer = session_userdata(s);
    server_turned_away(peer->server, peer->address, why->message);
}

static void on_ended(struct session *s, const struct ugrpc_status *why)
{
    struct peer *peer = session_userdata(s);
    peer->session = NULL;
    server_peer_gone(peer->server, peer, why);
}

const struct session_role server_role = {
    .open = open_call,
    .header = on_header,
    .headers_done = on_headers_done,
    .message = on_message,
    .bad_frame = on_bad_frame,
    .remote_end = on_remote_end,
    .trailers = on_trailers,
    .ready = on_ready,
    .closed = on_closed,
    .refused = on_refused,
    .ended = on_ended,
};
