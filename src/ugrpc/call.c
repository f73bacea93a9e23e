/* SPDX-License-Identifier: MIT */
/* What handlers may do with a call: finish it, send on it, watch it, read what it came with. */
#include "ugrpc/call_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ugrpc/codec.h"
#include "ugrpc/message_internal.h"
#include "ugrpc/server_internal.h"
#include "ugrpc/text.h"

#define MAX_OWN_HEADERS 8

static nghttp2_nv header(const char *name, const char *value)
{
    return outgoing_header(name, value, strlen(value));
}

/* Room for a header block: on the stack when it is small, else in the arena. */
static nghttp2_nv *block_new(struct ugrpc_call *call, nghttp2_nv *small, size_t small_len, size_t n)
{
    return n <= small_len ? small : arena_alloc(&call->arena, n * sizeof(nghttp2_nv));
}

static size_t put_status(struct ugrpc_call *call, nghttp2_nv *to)
{
    static const char *const numbers[] = {
        "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16"};
    size_t n = 0;
    to[n++] = header("grpc-status", numbers[call->code < ARRAY_LEN(numbers) ? call->code : UGRPC_UNKNOWN]);
    size_t len = call->text ? strlen(call->text) : 0;
    char *coded = len ? arena_alloc(&call->arena, 3 * len) : NULL;
    if (coded) {
        to[n++] = outgoing_header("grpc-message", coded, percent_encode(coded, call->text, len));
    }
    return n + outgoing_metadata_put(to + n, call->trailing);
}

/* ---- the end of a call ---- */

void call_free(struct ugrpc_call *call)
{
    struct ugrpc_server *server = call->peer->server;
    if (call->prev) {
        call->prev->next = call->next;
    } else {
        server->calls = call->next;
    }
    if (call->next) {
        call->next->prev = call->prev;
    }
    server->stats.open_calls--;
    timer_stop(loop_timers(server->loop), &call->timer);
    metadata_done(&call->metadata);
    nghttp2_rcbuf_decref(call->path);
    nghttp2_rcbuf_decref(call->authority);
    arena_done(&call->arena);
    peer_unref(call->peer);
    free(call);
}

void call_unpin(struct ugrpc_call *call)
{
    struct ugrpc_server *server = call->peer->server;
    if (--call->pins == 0 && !call->owned && !call->stream.session) {
        call_free(call);
        server_delete_unused(server);
    }
}

bool call_conclude(struct ugrpc_call *call, enum ugrpc_code code, const char *text, size_t len)
{
    struct ugrpc_server *server = call->peer->server;
    if (call->concluded) {
        return false;
    }
    call->concluded = true;
    call->code = (uint8_t)code;
    call->text = len ? arena_strndup(&call->arena, text, len) : NULL;
    timer_stop(loop_timers(server->loop), &call->timer);
    if (call->begun && server->n_interceptors > 0) {
        struct ugrpc_status st = {.code = code};
        if (call->text) {
            status_set(&st, code, "%s", call->text);
        }
        call->ending = true;
        for (size_t i = 0; i < server->n_interceptors; i++) {
            const struct intercept *x = &server->interceptors[i];
            if (x->interceptor->end && (!x->interceptor->begin || i < call->n_begun)) {
                x->interceptor->end(call, &st, x->userdata);
            }
        }
        call->ending = false;
    }
    return true;
}

void call_send_status(struct ugrpc_call *call)
{
    struct stream *stream = &call->stream;
    if (!stream->session) {
        return;
    }
    if (stream->headers_sent) {
        stream_finish(stream);
        return;
    }
    /* Nothing was sent: headers and trailers in one. */
    nghttp2_nv small[16];
    size_t most = MAX_OWN_HEADERS + outgoing_metadata_count(call->initial) +
                  outgoing_metadata_count(call->trailing);
    nghttp2_nv *block = block_new(call, small, ARRAY_LEN(small), most);
    if (!block) {
        stream_reset(stream, NGHTTP2_INTERNAL_ERROR);
        return;
    }
    size_t n = 0;
    block[n++] = header(":status", "200");
    block[n++] = header("content-type", "application/grpc");
    if (call->unknown_codec) {
        block[n++] = header("grpc-accept-encoding", CODEC_ACCEPTED);
    }
    n += outgoing_metadata_put(block + n, call->initial);
    n += put_status(call, block + n);
    stream_headers(stream, block, n, true);
}

bool call_submit_trailers(struct ugrpc_call *call)
{
    if (call->http_status) {
        return false;
    }
    nghttp2_nv small[8];
    nghttp2_nv *block = block_new(call, small, ARRAY_LEN(small), 2 + outgoing_metadata_count(call->trailing));
    if (!block) {
        stream_reset(&call->stream, NGHTTP2_INTERNAL_ERROR);
        return false;
    }
    stream_trailers(&call->stream, block, put_status(call, block));
    return true;
}

void call_send_http_error(struct ugrpc_call *call)
{
    static const char *const texts[] = {"This is a gRPC server: calls are POST requests.\n",
        "This is a gRPC server: content-type must begin with application/grpc.\n"};
    bool no_post = call->http_status == 405;
    const char *text = texts[!no_post];
    uint8_t *data;
    struct ugrpc_message *body = ugrpc_message_new(strlen(text), &data);
    nghttp2_nv block[3];
    size_t n = 0;
    if (!body || !call_conclude(call, UGRPC_INVALID_ARGUMENT, NULL, 0)) {
        ugrpc_message_unref(body);
        stream_reset(&call->stream, NGHTTP2_INTERNAL_ERROR);
        return;
    }
    memcpy(data, text, strlen(text));
    block[n++] = header(":status", no_post ? "405" : "415");
    block[n++] = header("content-type", "text/plain");
    if (no_post) {
        block[n++] = header("allow", "POST");
    }
    stream_headers(&call->stream, block, n, false);
    if (stream_push(&call->stream, body, data, strlen(text)) != 0) {
        stream_reset(&call->stream, NGHTTP2_INTERNAL_ERROR);
    }
    ugrpc_message_unref(body);
}

void call_cancel(struct ugrpc_call *call)
{
    if (call->owned && !call->cancelled) {
        call->cancelled = true;
        if (call->events && call->events->on_cancel) {
            call->events->on_cancel(call, call->userdata);
        }
    }
}

void call_abort(struct ugrpc_call *call, const struct ugrpc_status *st)
{
    call_pin(call);
    if (call_conclude(call, st->code, st->message, strlen(st->message))) {
        stream_clear(&call->stream);
        call->stream.deaf = true;
        call_send_status(call);
        call_cancel(call);
    }
    call_unpin(call);
}

/* The handler's own end. */
static void finish(struct ugrpc_call *call, enum ugrpc_code code, const char *text, size_t len)
{
    assert(call->owned && "a call is finished once");
    call_pin(call);
    if (call_conclude(call, code, text, len)) {
        if (!call->stream.remote_ended) {
            call->stream.deaf = true;
        }
        call_send_status(call);
    }
    call->owned = false;
    call->events = NULL;
    call_unpin(call);
}

void ugrpc_call_end(struct ugrpc_call *call)
{
    finish(call, UGRPC_OK, NULL, 0);
}

void ugrpc_call_fail(struct ugrpc_call *call, enum ugrpc_code code, const char *format, ...)
{
    assert(code != UGRPC_OK);
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int len = vasprintf(&text, format, args);
    va_end(args);
    finish(call, code, text, len > 0 ? (size_t)len : 0);
    if (len >= 0) {
        free(text);
    }
}

void ugrpc_call_fail_status(struct ugrpc_call *call, const struct ugrpc_status *st)
{
    finish(call, st->code, st->message, strlen(st->message));
}

/* ---- sending ---- */

void ugrpc_call_send_initial(struct ugrpc_call *call)
{
    if (call->stream.headers_sent || call->concluded || !call->stream.session) {
        return;
    }
    nghttp2_nv small[16];
    nghttp2_nv *block = block_new(
        call, small, ARRAY_LEN(small), MAX_OWN_HEADERS + outgoing_metadata_count(call->initial));
    if (!block) {
        stream_reset(&call->stream, NGHTTP2_INTERNAL_ERROR);
        return;
    }
    size_t n = 0;
    block[n++] = header(":status", "200");
    block[n++] = header("content-type", "application/grpc");
    if (call->reply_codec != UGRPC_IDENTITY) {
        block[n++] = header("grpc-encoding", codec_name(call->reply_codec));
    }
    n += outgoing_metadata_put(block + n, call->initial);
    stream_headers(&call->stream, block, n, false);
}

/* Queues it with the headers before it. */
static void push(struct ugrpc_call *call, struct ugrpc_message *message, const uint8_t *frame, size_t len)
{
    ugrpc_call_send_initial(call);
    if (stream_push(&call->stream, message, frame, len) != 0) {
        stream_reset(&call->stream, NGHTTP2_INTERNAL_ERROR);
    }
}

void ugrpc_call_reply_message(struct ugrpc_call *call, struct ugrpc_message *reply)
{
    struct session *s = call->stream.session;
    if (s && !call->concluded) {
        size_t len;
        const uint8_t *frame = message_frame(reply, call->reply_codec, &len);
        if (!stream_has_room(&call->stream, len)) {
            ugrpc_call_fail(call, UGRPC_RESOURCE_EXHAUSTED,
                "%zu bytes of replies wait on this connection already: its client reads too slowly",
                session_waiting(s));
            return;
        }
        push(call, reply, frame, len);
    }
    finish(call, UGRPC_OK, NULL, 0);
}

void ugrpc_call_reply(struct ugrpc_call *call, const struct ProtobufCMessage *reply)
{
    assert(!call->method->type->reply || reply->descriptor == call->method->type->reply);
    if (call->concluded) {
        ugrpc_call_end(call); /* nobody hears it */
        return;
    }
    struct ugrpc_message *message = ugrpc_message_pack(reply);
    if (!message) {
        ugrpc_call_fail(call, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        return;
    }
    ugrpc_call_reply_message(call, message);
    ugrpc_message_unref(message);
}

enum ugrpc_sent ugrpc_call_send_message(struct ugrpc_call *call, struct ugrpc_message *message)
{
    struct stream *stream = &call->stream;
    if (call->concluded || !stream->session) {
        return UGRPC_GONE;
    }
    size_t len;
    const uint8_t *frame = message_frame(message, call->reply_codec, &len);
    if (stream->waiting > 0 && stream->waiting + len > call->send_limit) {
        stream->wants_ready = true;
        return UGRPC_FULL;
    }
    if (!stream_has_room(stream, len)) {
        stream_await_room(stream);
        return UGRPC_FULL;
    }
    push(call, message, frame, len);
    return UGRPC_SENT;
}

enum ugrpc_sent ugrpc_call_send(struct ugrpc_call *call, const struct ProtobufCMessage *message)
{
    assert(!call->method->type->reply || message->descriptor == call->method->type->reply);
    if (call->concluded || !call->stream.session) {
        return UGRPC_GONE;
    }
    struct ugrpc_message *packed = ugrpc_message_pack(message);
    if (!packed) {
        call->stream.wants_ready = call->stream.waiting > 0;
        return UGRPC_FULL;
    }
    enum ugrpc_sent sent = ugrpc_call_send_message(call, packed);
    ugrpc_message_unref(packed);
    return sent;
}

void ugrpc_call_set_send_limit(struct ugrpc_call *call, size_t bytes)
{
    call->send_limit = bytes;
}

/* ---- watching ---- */

void ugrpc_call_watch(struct ugrpc_call *call, const struct ugrpc_call_events *events, void *userdata)
{
    call->events = events;
    call->userdata = userdata;
    if (call->cancelled && call->owned) {
        timer_start_in(loop_timers(call->peer->server->loop), &call->timer, 0);
    }
}

bool ugrpc_call_cancelled(const struct ugrpc_call *call)
{
    return call->cancelled;
}

void ugrpc_call_pause(struct ugrpc_call *call, bool pause)
{
    stream_pause(&call->stream, pause);
}

/* ---- what it came with ---- */

const char *ugrpc_call_method(const struct ugrpc_call *call)
{
    return call->path ? (const char *)nghttp2_rcbuf_get_buf(call->path).base : "/";
}

const char *ugrpc_call_authority(const struct ugrpc_call *call)
{
    return call->authority ? (const char *)nghttp2_rcbuf_get_buf(call->authority).base : "";
}

const char *ugrpc_call_peer(const struct ugrpc_call *call)
{
    return call->peer->address;
}

const char *ugrpc_call_peer_certificate(const struct ugrpc_call *call)
{
    return call->peer->certificate;
}

uint64_t ugrpc_call_connection_id(const struct ugrpc_call *call)
{
    return call->peer->id;
}

int64_t ugrpc_call_remaining_ms(const struct ugrpc_call *call)
{
    if (call->deadline_ns == INT64_MAX) {
        return INT64_MAX;
    }
    int64_t left_ns = call->deadline_ns - loop_now_ns(call->peer->server->loop);
    return left_ns > 0 ? left_ns / NS_PER_MS : 0;
}

bool ugrpc_call_metadata(const struct ugrpc_call *call, const char *key, struct ugrpc_bytes *value)
{
    return metadata_find(&call->metadata, key, value);
}

bool ugrpc_call_metadata_at(
    const struct ugrpc_call *call, size_t index, const char **key, struct ugrpc_bytes *value)
{
    return metadata_at(&call->metadata, index, key, value);
}

int ugrpc_call_set_initial(struct ugrpc_call *call, const char *key, const void *value, size_t len)
{
    if (call->stream.headers_sent) {
        return -UGRPC_FAILED_PRECONDITION;
    }
    return outgoing_metadata_add(&call->initial, key, value, len, &call->arena);
}

int ugrpc_call_set_trailing(struct ugrpc_call *call, const char *key, const void *value, size_t len)
{
    if (call->concluded && !call->ending) {
        return -UGRPC_FAILED_PRECONDITION;
    }
    return outgoing_metadata_add(&call->trailing, key, value, len, &call->arena);
}

void ugrpc_call_set_compression(struct ugrpc_call *call, enum ugrpc_compression compression)
{
    if (!call->stream.headers_sent) {
        bool accepted = call->accepted_codecs & 1u << compression;
        call->reply_codec = accepted ? (uint8_t)compression : UGRPC_IDENTITY;
    }
}

enum ugrpc_compression ugrpc_call_compression(const struct ugrpc_call *call)
{
    return call->reply_codec;
}

bool ugrpc_call_secure(const struct ugrpc_call *call)
{
    return call->peer->secure;
}

void ugrpc_call_set_identity(struct ugrpc_call *call, const char *name, const void *data)
{
    call->identity = name ? arena_strndup(&call->arena, name, strlen(name)) : NULL;
    call->identity_data = data;
}

const char *ugrpc_call_identity(const struct ugrpc_call *call)
{
    return call->identity;
}

const void *ugrpc_call_identity_data(const struct ugrpc_call *call)
{
    return call->identity_data;
}

void ugrpc_call_set_subject(struct ugrpc_call *call, const char *name, uint64_t id)
{
    call->subject = arena_strndup(&call->arena, name, strlen(name));
    call->subject_id = id;
}

const char *ugrpc_call_subject(const struct ugrpc_call *call, uint64_t *id)
{
    *id = call->subject_id;
    return call->subject;
}
