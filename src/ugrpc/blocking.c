/* SPDX-License-Identifier: MIT */
/* Blocking calls: the asynchronous ones, and the channel's private loop turned until they have ended. */
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "ugrpc/pending.h"

#define QUEUE_MAX       16 /* received messages that wait for ugrpc_stream_next(): then the server is held back */
#define ONCE_TIMEOUT_MS 60000

/* Within a callback nothing is to be done: the turn that it comes from goes on. */
static void run_loop(struct ugrpc_channel *channel, uv_run_mode mode)
{
    if (channel->turning) {
        return;
    }
    channel->turning = true;
    uv_run(ugrpc_loop_uv(channel->loop), mode);
    channel->turning = false;
}

/* Turns the loop, which a call holds, once, sleeping until something happens. False: interrupted. */
static bool turn(struct ugrpc_channel *channel)
{
    if (atomic_exchange(&channel->interrupted, false)) {
        return false;
    }
    run_loop(channel, UV_RUN_ONCE);
    return true;
}

/* A loop that was turned within a callback would come back into the session that has called it. */
static int refuse_within_callbacks(const struct ugrpc_channel *channel, struct ugrpc_status *st)
{
    return channel->turning
               ? status_set(st, UGRPC_FAILED_PRECONDITION,
                     "channel to %s: a callback cannot make blocking calls on the channel that it comes from",
                     channel->target.shown)
               : 0;
}

/* Whether a blocking call may begin. Sees first what has come since the last one: a server that went away
 * meanwhile is not asked, but connected to anew, as is one whose back-off is over. */
static int begin(struct ugrpc_channel *channel, struct ugrpc_status *st)
{
    if (!channel) {
        return status_set(
            st, UGRPC_INVALID_ARGUMENT, "there is no channel: ugrpc_channel_new() has told why");
    }
    if (!channel->own_loop) {
        return status_set(st, UGRPC_FAILED_PRECONDITION,
            "channel to %s: blocking calls need a channel with a loop of its own (loop NULL)",
            channel->target.shown);
    }
    if (refuse_within_callbacks(channel, st) != 0) {
        return -UGRPC_FAILED_PRECONDITION;
    }
    if (channel->state != UGRPC_IDLE) {
        loop_hold(channel->loop); /* for libuv, a back-off is nothing to wait for */
        run_loop(channel, UV_RUN_NOWAIT);
        loop_let_go(channel->loop);
    }
    return 0;
}

/* ---- metadata --------------------------------------------------------------------------------------- */

static size_t count(const struct metadata *m)
{
    size_t size = 0;
    for (size_t i = 0; i < m->n; i++) {
        size += sizeof(struct ugrpc_pair) + nghttp2_rcbuf_get_buf(m->pairs[i].key).len + 1 +
                m->pairs[i].value.len + 1;
    }
    return size;
}

/* Copies bytes and a NUL to *at and moves it on. */
static char *put(char **at, const void *data, size_t len)
{
    char *copy = *at;
    if (len) {
        memcpy(copy, data, len);
    }
    copy[len] = '\0';
    *at += len + 1;
    return copy;
}

static void copy_pairs(const struct metadata *m, struct ugrpc_pair *pairs, char **at)
{
    for (size_t i = 0; i < m->n; i++) {
        nghttp2_vec key = nghttp2_rcbuf_get_buf(m->pairs[i].key);
        struct ugrpc_bytes value = m->pairs[i].value;
        pairs[i] = (struct ugrpc_pair){put(at, key.base, key.len), put(at, value.data, value.len), value.len};
    }
}

/* All in one piece of memory: the pairs, then their text. */
static void copy_metadata(const struct ugrpc_pending *pending, struct ugrpc_reply_metadata *to)
{
    if (!to) {
        return;
    }
    *to = (struct ugrpc_reply_metadata){0};
    struct ugrpc_pair *pairs = malloc(
        count(&pending->initial) + count(&pending->trailing) + pending->details.len + 1);
    if (!pairs) {
        return; /* as if there was none */
    }
    to->memory = pairs;
    to->initial = pairs;
    to->n_initial = pending->initial.n;
    to->trailing = pairs + to->n_initial;
    to->n_trailing = pending->trailing.n;
    char *at = (char *)(to->trailing + to->n_trailing);
    copy_pairs(&pending->initial, to->initial, &at);
    copy_pairs(&pending->trailing, to->trailing, &at);
    to->details = (struct ugrpc_bytes){
        (const uint8_t *)put(&at, pending->details.data, pending->details.len), pending->details.len};
}

void ugrpc_reply_metadata_done(struct ugrpc_reply_metadata *metadata)
{
    free(metadata->memory);
    *metadata = (struct ugrpc_reply_metadata){0};
}

/* ---- unary ------------------------------------------------------------------------------------------ */

struct unary {
    bool done;
    void *reply;
    struct ugrpc_status st;
    struct ugrpc_reply_metadata *metadata;
};

static void on_unary_reply(struct ugrpc_pending *pending, const void *message, void *userdata)
{
    struct unary *unary = userdata;
    unary->reply = pending->reply;
    pending->reply = NULL;
}

static void on_unary_done(struct ugrpc_pending *pending, const struct ugrpc_status *st, void *userdata)
{
    struct unary *unary = userdata;
    unary->done = true;
    unary->st = *st;
    copy_metadata(pending, unary->metadata);
}

int ugrpc_unary(struct ugrpc_channel *channel, const struct ugrpc_service *service,
    const struct ugrpc_method *method, const void *request, void **reply,
    const struct ugrpc_call_options *options, struct ugrpc_status *st)
{
    static const struct ugrpc_pending_events events = {.message = on_unary_reply, .done = on_unary_done};
    struct unary unary = {.metadata = options ? options->reply_metadata : NULL};
    if (!reply) {
        return status_set(st, UGRPC_INVALID_ARGUMENT, "there is no place for the reply (NULL)");
    }
    *reply = NULL;
    int rc = begin(channel, st);
    if (rc) {
        return rc;
    }
    struct ugrpc_pending *pending = ugrpc_pending_new(channel, service, method, options, &events, &unary);
    pending->own_reply = true;
    ugrpc_pending_send(pending, request);
    while (!unary.done) {
        if (!turn(channel)) {
            ugrpc_pending_cancel(pending);
            return status_set(st, UGRPC_CANCELLED, "a call to %s was interrupted", channel->target.shown);
        }
    }
    if (unary.st.code != UGRPC_OK) {
        reply_free(method, unary.reply);
        unary.reply = NULL;
    }
    *reply = unary.reply;
    if (st) {
        *st = unary.st;
    }
    return -(int)unary.st.code;
}

int ugrpc_unary_once(const char *target, const struct ugrpc_service *service,
    const struct ugrpc_method *method, const void *request, void **reply,
    const struct ugrpc_channel_options *channel_options, const struct ugrpc_call_options *options,
    struct ugrpc_status *st)
{
    struct ugrpc_status own;
    st = st ? st : &own;
    struct ugrpc_call_options o = options ? *options : (struct ugrpc_call_options){0};
    if (!reply) {
        return status_set(st, UGRPC_INVALID_ARGUMENT, "there is no place for the reply (NULL)");
    }
    *reply = NULL;
    struct ugrpc_channel *channel = ugrpc_channel_new(NULL, target, channel_options, st);
    if (!channel) {
        return -(int)st->code;
    }
    if (o.wait_for_ready == UGRPC_WAIT_DEFAULT) {
        o.wait_for_ready = UGRPC_WAIT_YES;
    }
    if (o.timeout_ms == 0) {
        o.timeout_ms = ONCE_TIMEOUT_MS;
    }
    int rc = ugrpc_unary(channel, service, method, request, reply, &o, st);
    ugrpc_channel_free(channel);
    return rc;
}

/* ---- streams ---------------------------------------------------------------------------------------- */

struct received {
    struct received *next;
    const void *message;
    struct arena arena;
};

struct ugrpc_stream {
    struct ugrpc_channel *channel;
    struct ugrpc_pending *pending; /* NULL: it has ended */
    struct received *first, **last, *current;
    size_t n_received;
    const struct ugrpc_method *method;
    void *reply; /* the only one of a client's stream */
    bool has_room;
    struct ugrpc_status st;
    struct ugrpc_reply_metadata *metadata;
};

static void received_free(struct received *received)
{
    if (received) {
        arena_done(&received->arena);
        free(received);
    }
}

/* Takes the message's memory over. */
static void on_message(struct ugrpc_pending *pending, const void *message, void *userdata)
{
    struct ugrpc_stream *stream = userdata;
    if (pending->own_reply) {
        stream->reply = pending->reply;
        pending->reply = NULL;
        return;
    }
    struct received *received = malloc(sizeof(*received));
    if (!received) {
        abort(); /* a message that is silently lost would be worse */
    }
    *received = (struct received){.message = message, .arena = pending->message_arena};
    pending->message_arena = (struct arena){0};
    *stream->last = received;
    stream->last = &received->next;
    if (++stream->n_received >= QUEUE_MAX) {
        ugrpc_pending_pause(pending, true);
    }
}

static void on_ready(struct ugrpc_pending *pending, void *userdata)
{
    struct ugrpc_stream *stream = userdata;
    stream->has_room = true;
}

static void on_done(struct ugrpc_pending *pending, const struct ugrpc_status *st, void *userdata)
{
    struct ugrpc_stream *stream = userdata;
    stream->pending = NULL;
    stream->st = *st;
    copy_metadata(pending, stream->metadata);
}

struct ugrpc_stream *ugrpc_stream_open(struct ugrpc_channel *channel, const struct ugrpc_service *service,
    const struct ugrpc_method *method, const struct ugrpc_call_options *options)
{
    static const struct ugrpc_pending_events events = {
        .message = on_message, .ready = on_ready, .done = on_done};
    struct ugrpc_stream *stream = calloc(1, sizeof(*stream));
    if (!stream) {
        abort(); /* as in ugrpc_pending_new() */
    }
    stream->channel = channel;
    stream->method = method;
    stream->last = &stream->first;
    stream->metadata = options ? options->reply_metadata : NULL;
    if (begin(channel, &stream->st) != 0) {
        return stream;
    }
    stream->pending = ugrpc_pending_new(channel, service, method, options, &events, stream);
    stream->pending->own_reply = method->kind == UGRPC_CLIENT_STREAMING;
    return stream;
}

/* False: interrupted, or not allowed here, and so over. */
static bool stream_turn(struct ugrpc_stream *stream)
{
    if (refuse_within_callbacks(stream->channel, &stream->st) == 0) {
        if (turn(stream->channel)) {
            return true;
        }
        status_set(
            &stream->st, UGRPC_CANCELLED, "a call to %s was interrupted", stream->channel->target.shown);
    }
    ugrpc_pending_cancel(stream->pending);
    stream->pending = NULL;
    return false;
}

bool ugrpc_stream_send(struct ugrpc_stream *stream, const void *message)
{
    while (stream->pending) {
        stream->has_room = false;
        enum ugrpc_sent sent = ugrpc_pending_send(stream->pending, message);
        if (sent == UGRPC_SENT) {
            run_loop(stream->channel, UV_RUN_NOWAIT); /* it is on its way when this returns */
            return true;
        }
        if (sent == UGRPC_GONE && !stream->pending->doomed) {
            return false; /* after its end */
        }
        while (stream->pending && !stream->has_room) {
            if (!stream_turn(stream)) {
                return false;
            }
        }
    }
    return false;
}

void ugrpc_stream_end(struct ugrpc_stream *stream)
{
    if (stream->pending) {
        ugrpc_pending_end(stream->pending);
        run_loop(stream->channel, UV_RUN_NOWAIT);
    }
}

bool ugrpc_stream_next(struct ugrpc_stream *stream, const void **message)
{
    received_free(stream->current);
    stream->current = NULL;
    *message = NULL;
    while (!stream->first && stream->pending) {
        if (!stream_turn(stream)) {
            break;
        }
    }
    struct received *received = stream->first;
    if (!received) {
        return false;
    }
    stream->first = received->next;
    if (!stream->first) {
        stream->last = &stream->first;
    }
    if (--stream->n_received == QUEUE_MAX / 2 && stream->pending) {
        ugrpc_pending_pause(stream->pending, false);
    }
    stream->current = received;
    *message = received->message;
    return true;
}

int ugrpc_stream_finish(struct ugrpc_stream *stream, void **reply, struct ugrpc_status *st)
{
    *reply = NULL;
    if (stream->pending) {
        ugrpc_pending_end(stream->pending);
    }
    while (stream->pending && stream_turn(stream)) {
    }
    if (stream->st.code == UGRPC_OK) {
        *reply = stream->reply;
        stream->reply = NULL;
    }
    return ugrpc_stream_close(stream, st);
}

int ugrpc_stream_close(struct ugrpc_stream *stream, struct ugrpc_status *st)
{
    if (!stream) {
        return 0;
    }
    struct ugrpc_status why = stream->st;
    ugrpc_pending_cancel(stream->pending);
    reply_free(stream->method, stream->reply);
    received_free(stream->current);
    while (stream->first) {
        struct received *received = stream->first;
        stream->first = received->next;
        received_free(received);
    }
    free(stream);
    if (st) {
        *st = why;
    }
    return -(int)why.code;
}
