/* SPDX-License-Identifier: MIT */
/* A call's life at its client: it waits for a connection, opens a stream, sends, and ends once: by the
 * server's status, by what became of the stream, by its deadline, or by its owner. What the server cannot
 * have seen is sent again on another stream, without a word. */
#include "ugrpc/pending.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ugrpc/codec.h"
#include "ugrpc/creds_internal.h"
#include "ugrpc/message_internal.h"
#include "ugrpc/text.h"

#define SEND_LIMIT     (64 * 1024) /* of bytes that wait to be sent: then FULL */
#define MAX_TIMEOUT_MS (INT64_C(100) * 365 * 86400 * 1000)

/* ---- birth and death -------------------------------------------------------------------------------- */

static bool streams_requests(const struct ugrpc_pending *pending)
{
    return pending->method->kind >= UGRPC_CLIENT_STREAMING;
}

bool pending_streams_replies(const struct ugrpc_pending *pending)
{
    return pending->method->kind == UGRPC_SERVER_STREAMING || pending->method->kind == UGRPC_BIDI_STREAMING;
}

void pending_drop_kept(struct ugrpc_pending *pending)
{
    while (pending->kept) {
        struct kept_message *kept = pending->kept;
        pending->kept = kept->next;
        ugrpc_message_unref(kept->message);
        free(kept);
    }
    pending->kept_end = &pending->kept;
    pending->kept_len = 0;
}

void reply_free(const struct ugrpc_method *method, void *reply)
{
    if (reply && method->reply) {
        protobuf_c_message_free_unpacked(reply, NULL);
    } else {
        free(reply);
    }
}

static void pending_free(struct ugrpc_pending *pending)
{
    struct ugrpc_channel *channel = pending->channel;
    if (pending->transport) {
        transport_unref(pending->transport);
    }
    pending_drop_kept(pending);
    if (pending->own_reply) {
        reply_free(pending->method, pending->reply);
    }
    metadata_done(&pending->initial);
    metadata_done(&pending->trailing);
    ugrpc_call_creds_free(pending->creds);
    arena_done(&pending->message_arena);
    arena_done(&pending->arena);
    free(pending);
    channel_unpin(channel);
}

void pending_pin(struct ugrpc_pending *pending)
{
    pending->pins++;
}

void pending_unpin(struct ugrpc_pending *pending)
{
    if (--pending->pins == 0 && pending->finished && !pending->stream.session) {
        pending_free(pending);
    }
}

/* Off the channel's list: it is the owner's no more, and only its stream keeps it. */
static void leave_channel(struct ugrpc_pending *pending)
{
    struct ugrpc_channel *channel = pending->channel;
    channel_forget(channel, pending);
    loop_let_go(channel->loop);
    if (pending->prev) {
        pending->prev->next = pending->next;
    } else {
        channel->calls = pending->next;
    }
    if (pending->next) {
        pending->next->prev = pending->prev;
    }
}

/* ---- the end ---------------------------------------------------------------------------------------- */

/* What still stands of the stream is not wanted any more. */
static void drop_stream(struct ugrpc_pending *pending)
{
    struct stream *stream = &pending->stream;
    bool orderly = stream->remote_ended && pending->grpc_status >= 0;
    if (!stream->session) {
        return;
    }
    stream->deaf = true;
    if (!orderly || !stream_is_sent(stream)) { /* else it is closed just now */
        stream_clear(stream);
        stream_reset(stream, orderly ? NGHTTP2_NO_ERROR : NGHTTP2_CANCEL);
    }
}

static void tell_done(struct ugrpc_pending *pending)
{
    struct ugrpc_status st;
    const struct ugrpc_pending_events *events = pending->events;
    st.code = pending->code;
    st.message[0] = '\0';
    if (pending->code != UGRPC_OK) {
        status_set(&st, pending->code, "%s", pending->text);
    } else if (pending->reply && events && events->message) {
        events->message(pending, pending->reply, pending->userdata);
    }
    events = pending->events; /* the reply's receiver may have cancelled, or freed the channel */
    if (events && !pending->channel->freed) {
        pending->events = NULL;
        events->done(pending, &st, pending->userdata);
    }
}

void pending_finish(struct ugrpc_pending *pending, enum ugrpc_code code, const char *text)
{
    if (pending->finished) {
        return;
    }
    pending_pin(pending);
    pending->finished = true;
    pending->code = code;
    pending->text = text ? text : "";
    timer_stop(loop_timers(pending->channel->loop), &pending->timer);
    leave_channel(pending);
    drop_stream(pending);
    tell_done(pending);
    pending_unpin(pending);
}

__attribute__((format(printf, 2, 0))) static const char *format_in_arena(
    struct ugrpc_pending *pending, const char *format, va_list args)
{
    char *text = NULL, *kept = NULL;
    int len = vasprintf(&text, format, args);
    if (len >= 0) {
        kept = arena_strndup(&pending->arena, text, (size_t)len);
        free(text);
    }
    return kept ? kept : "out of memory";
}

void pending_fail(struct ugrpc_pending *pending, enum ugrpc_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = format_in_arena(pending, format, args);
    va_end(args);
    pending_finish(pending, code, text);
}

void pending_doom(struct ugrpc_pending *pending, enum ugrpc_code code, const char *format, ...)
{
    va_list args;
    if (pending->doomed || pending->finished) {
        return;
    }
    va_start(args, format);
    pending->text = format_in_arena(pending, format, args);
    va_end(args);
    pending->code = code;
    pending->doomed = true;
    timer_start_in(loop_timers(pending->channel->loop), &pending->timer, 0);
}

static void on_timer(struct timer *timer, void *userdata)
{
    struct ugrpc_pending *pending = userdata;
    if (pending->doomed) {
        pending_finish(pending, pending->code, pending->text);
    } else if (pending->link_waiting && pending->channel->state == UGRPC_READY) {
        pending_fail(pending, UGRPC_DEADLINE_EXCEEDED,
            "the deadline has passed while %s was busy with as many calls as it takes at once",
            pending->channel->target.shown);
    } else if (pending->link_waiting) {
        struct ugrpc_status why;
        channel_explain(pending->channel, &why);
        pending_fail(pending, UGRPC_DEADLINE_EXCEEDED, "the deadline has passed before %s was reached%s%s",
            pending->channel->target.shown, why.message[0] ? ": " : "", why.message);
    } else {
        pending_fail(pending, UGRPC_DEADLINE_EXCEEDED, "the deadline has passed in a call to %s",
            pending->channel->target.shown);
    }
}

void ugrpc_pending_cancel(struct ugrpc_pending *pending)
{
    if (pending) {
        pending->events = NULL;
        pending_finish(pending, UGRPC_CANCELLED, "cancelled");
    }
}

/* ---- the request ------------------------------------------------------------------------------------ */

static nghttp2_nv header(const char *name, const char *value)
{
    return outgoing_header(name, value, strlen(value));
}

/* The time that is left, as text; NULL when memory runs out. */
static const char *timeout_text(struct ugrpc_pending *pending)
{
    char text[TIMEOUT_TEXT_MAX];
    int64_t left_ns = pending->deadline_ns - loop_now_ns(pending->channel->loop);
    size_t len = timeout_format(text, left_ns > 0 ? left_ns : 1);
    return arena_strndup(&pending->arena, text, len);
}

static size_t block_len(const nghttp2_nv *block, size_t n)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        len += block[i].namelen + block[i].valuelen + BYTES_A_HEADER;
    }
    return len;
}

#define OWN_HEADERS 10

static int submit_headers(
    struct ugrpc_pending *pending, struct transport *transport, const struct outgoing_metadata *of_creds)
{
    const struct ugrpc_channel *channel = pending->channel;
    size_t most = OWN_HEADERS + outgoing_metadata_count(pending->metadata) +
                  outgoing_metadata_count(of_creds);
    nghttp2_nv *block = arena_alloc(&pending->arena, most * sizeof(*block));
    const char *timeout = pending->deadline_ns != INT64_MAX ? timeout_text(pending) : NULL;
    size_t n = 0;
    if (!block || (pending->deadline_ns != INT64_MAX && !timeout)) {
        return -UGRPC_RESOURCE_EXHAUSTED;
    }
    block[n++] = header(":method", "POST");
    block[n++] = header(":scheme", channel->tls ? "https" : "http");
    block[n++] = header(":path", pending->path);
    block[n++] = header(":authority", channel->authority);
    if (timeout) {
        block[n++] = header("grpc-timeout", timeout);
    }
    block[n++] = header("te", "trailers");
    block[n++] = header("content-type", "application/grpc");
    block[n++] = header("user-agent", channel->user_agent);
    if (pending->request_codec != UGRPC_IDENTITY) {
        block[n++] = header("grpc-encoding", codec_name(pending->request_codec));
    }
    block[n++] = header("grpc-accept-encoding", CODEC_ACCEPTED);
    n += outgoing_metadata_put(block + n, pending->metadata);
    n += outgoing_metadata_put(block + n, of_creds);
    size_t len = block_len(block, n);
    if (len > MAX_HEADER_BLOCK) {
        pending_doom(pending, UGRPC_RESOURCE_EXHAUSTED,
            "the request's metadata has %zu bytes, at most %d can be sent", len, MAX_HEADER_BLOCK);
        return 0;
    }
    return stream_request(&pending->stream, transport->session, block, n);
}

static int push(struct ugrpc_pending *pending, struct ugrpc_message *message)
{
    size_t len;
    const uint8_t *frame = message_frame(message, pending->request_codec, &len);
    return stream_push(&pending->stream, message, frame, len);
}

int pending_open(struct ugrpc_pending *pending, struct transport *transport)
{
    const struct ugrpc_channel *channel = pending->channel;
    struct outgoing_metadata *of_creds = NULL;
    struct ugrpc_status st;
    if (creds_apply(channel->creds, pending->path, &of_creds, &pending->arena, &st) != 0 ||
        creds_apply(pending->creds, pending->path, &of_creds, &pending->arena, &st) != 0) {
        pending_doom(pending, st.code, "%s", st.message);
        return 0;
    }
    int rc = submit_headers(pending, transport, of_creds);
    if (rc || pending->doomed) {
        return rc;
    }
    transport->refs++;
    pending->transport = transport;
    for (const struct kept_message *kept = pending->kept; kept && !rc; kept = kept->next) {
        rc = push(pending, kept->message);
    }
    if (rc) {
        pending_doom(pending, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
    } else if (pending->ended) {
        stream_finish(&pending->stream);
    }
    if (pending->n_sent > 1) {
        pending_drop_kept(pending); /* too much to send again */
    }
    return 0;
}

/* "MICROGRID_V1_LIST_COMPONENTS_REQUEST_INIT" of "Microgrid__V1__ListComponentsRequest" */
static void name_init(const ProtobufCMessageDescriptor *descriptor, char *out, size_t cap)
{
    const char *name = descriptor->c_name;
    size_t len = 0;
    for (size_t i = 0; name[i] && len + 2 < cap; i++) {
        bool glue = name[i] == '_' && name[i + 1] == '_';
        if (i > 0 && isupper((unsigned char)name[i]) && name[i - 1] != '_' &&
            !isupper((unsigned char)name[i - 1])) {
            out[len++] = '_';
        }
        out[len++] = (char)toupper((unsigned char)name[i]);
        i += glue;
    }
    snprintf(out + len, cap - len, "_INIT");
}

/* Of a user who has forgotten to begin a message, or has another. */
static bool check_request(struct ugrpc_pending *pending, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *due = pending->method->request;
    char init[200];
    if (message && message->descriptor == due) {
        return true;
    }
    name_init(due, init, sizeof(init));
    pending_doom(pending, UGRPC_INVALID_ARGUMENT,
        "the request of a call to %s is %s%s, a %s is due: begin it with %s", pending->channel->target.shown,
        !message              ? "NULL"
        : message->descriptor ? "a "
                              : "no message, but zeroed memory",
        message && message->descriptor ? message->descriptor->short_name : "", due->short_name, init);
    return false;
}

/* NULL: doomed, or out of memory. */
static struct ugrpc_message *encode(struct ugrpc_pending *pending, const void *message)
{
    if (pending->method->request) {
        return check_request(pending, message) ? ugrpc_message_pack(message) : NULL;
    }
    const struct ugrpc_bytes *bytes = message;
    uint8_t *data;
    struct ugrpc_message *encoded = ugrpc_message_new(bytes->len, &data);
    if (encoded && bytes->len) {
        memcpy(data, bytes->data, bytes->len);
    }
    return encoded;
}

/* Keeps a message for the first attempt, or another. */
static int keep(struct ugrpc_pending *pending, struct ugrpc_message *message)
{
    struct kept_message *kept = malloc(sizeof(*kept));
    if (!kept) {
        return -UGRPC_RESOURCE_EXHAUSTED;
    }
    *kept = (struct kept_message){.message = ugrpc_message_ref(message)};
    *pending->kept_end = kept;
    pending->kept_end = &kept->next;
    pending->kept_len += ugrpc_message_len(message);
    return 0;
}

static enum ugrpc_sent send_encoded(struct ugrpc_pending *pending, struct ugrpc_message *message)
{
    struct stream *stream = &pending->stream;
    size_t len = ugrpc_message_len(message), limit = pending->channel->max_send_bytes;
    size_t waits = stream->session ? stream->waiting : pending->kept_len;
    if (limit && len > limit) {
        pending_doom(pending, UGRPC_RESOURCE_EXHAUSTED,
            "the request message has %zu bytes, the channel sends at most %zu", len, limit);
        return UGRPC_GONE;
    }
    if (waits > 0 && waits + len > SEND_LIMIT) {
        stream->wants_ready = true;
        return UGRPC_FULL;
    }
    bool first = pending->n_sent++ == 0;
    int rc = 0;
    if (!stream->session || (first && !pending->has_headers)) {
        rc = keep(pending, message);
    } else {
        pending_drop_kept(pending);
    }
    if (!rc && stream->session) {
        rc = push(pending, message);
    }
    if (rc) {
        pending_doom(pending, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        return UGRPC_GONE;
    }
    return UGRPC_SENT;
}

enum ugrpc_sent ugrpc_pending_send(struct ugrpc_pending *pending, const void *message)
{
    if (pending->finished || pending->doomed || pending->ended) {
        return UGRPC_GONE;
    }
    struct ugrpc_message *encoded = encode(pending, message);
    if (!encoded) {
        pending_doom(pending, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        return UGRPC_GONE;
    }
    enum ugrpc_sent sent = send_encoded(pending, encoded);
    ugrpc_message_unref(encoded);
    if (sent == UGRPC_SENT && !streams_requests(pending)) {
        ugrpc_pending_end(pending);
    }
    return sent;
}

void ugrpc_pending_end(struct ugrpc_pending *pending)
{
    if (!pending->ended) {
        pending->ended = true;
        stream_finish(&pending->stream); /* or when it stands */
    }
}

void ugrpc_pending_pause(struct ugrpc_pending *pending, bool pause)
{
    stream_pause(&pending->stream, pause);
}

/* ---- the stream's end ------------------------------------------------------------------------------- */

static enum ugrpc_code code_of_reset(uint32_t error)
{
    switch (error) {
    case NGHTTP2_REFUSED_STREAM:
        return UGRPC_UNAVAILABLE;
    case NGHTTP2_CANCEL:
        return UGRPC_CANCELLED;
    case NGHTTP2_ENHANCE_YOUR_CALM:
        return UGRPC_RESOURCE_EXHAUSTED;
    case NGHTTP2_INADEQUATE_SECURITY:
        return UGRPC_PERMISSION_DENIED;
    default:
        return UGRPC_INTERNAL;
    }
}

/* Whether the server cannot have seen the call, and all that was sent is still there. */
static bool may_retry(const struct ugrpc_pending *pending, uint32_t error)
{
    const struct transport *transport = pending->transport;
    bool complete = pending->n_sent == 0 || pending->kept;
    bool unsent = !pending->stream.left && (!transport->session || transport->going);
    bool refused = error == NGHTTP2_REFUSED_STREAM && !pending->retried;
    return complete && !pending->has_headers && !pending->doomed && (unsent || refused);
}

static void retry(struct ugrpc_pending *pending)
{
    const struct transport *transport = pending->transport;
    pending->retried |= pending->stream.left || (transport->session && !transport->going);
    pending->stream = (struct stream){
        .wants_ready = pending->stream.wants_ready, .paused = pending->stream.paused};
    pending->header_bytes = 0;
    pending->transport = NULL;
    channel_take(pending->channel, pending);
}

static void on_closed(struct stream *stream, uint32_t error)
{
    struct ugrpc_pending *pending = (struct ugrpc_pending *)stream;
    struct ugrpc_channel *channel = pending->channel;
    struct transport *transport = pending->transport;
    channel_pin(channel);
    pending_pin(pending);
    if (pending->finished) {
        ; /* its end has been told */
    } else if (may_retry(pending, error)) {
        retry(pending);
        transport_unref(transport);
    } else if (!transport->session) {
        pending_fail(pending, UGRPC_UNAVAILABLE, "connection to %s lost: %s", pending->channel->target.shown,
            transport->why.message);
    } else if (error == NGHTTP2_CANCEL && loop_now_ns(pending->channel->loop) >= pending->deadline_ns) {
        pending_fail(pending, UGRPC_DEADLINE_EXCEEDED, "the deadline has passed in a call to %s",
            channel->target.shown); /* the server's watch was first */
    } else {
        pending_fail(pending, code_of_reset(error), "the stream of a call to %s was reset: %s",
            channel->target.shown, nghttp2_http2_strerror(error));
    }
    pending_unpin(pending);
    channel_on_room(channel);
    channel_unpin(channel);
}

static void on_ready(struct stream *stream)
{
    struct ugrpc_pending *pending = (struct ugrpc_pending *)stream;
    if (!stream->wants_ready || pending->finished || stream->waiting > SEND_LIMIT / 2) {
        return;
    }
    stream->wants_ready = false;
    if (pending->events && pending->events->ready) {
        pending_pin(pending);
        pending->events->ready(pending, pending->userdata);
        pending_unpin(pending);
    }
}

static bool on_trailers(struct stream *stream)
{
    return false; /* requests have none */
}

/* ---- what came back --------------------------------------------------------------------------------- */

bool ugrpc_pending_initial_at(
    const struct ugrpc_pending *pending, size_t index, const char **key, struct ugrpc_bytes *value)
{
    return metadata_at(&pending->initial, index, key, value);
}

bool ugrpc_pending_trailing_at(
    const struct ugrpc_pending *pending, size_t index, const char **key, struct ugrpc_bytes *value)
{
    return metadata_at(&pending->trailing, index, key, value);
}

struct ugrpc_bytes ugrpc_pending_details(const struct ugrpc_pending *pending)
{
    return pending->details;
}

const char *ugrpc_pending_message(const struct ugrpc_pending *pending)
{
    return pending->text ? pending->text : "";
}

const char *ugrpc_pending_peer(const struct ugrpc_pending *pending)
{
    const struct transport *transport = pending->transport;
    return transport && transport->session ? session_peer(transport->session) : "";
}

/* ---- the beginning ---------------------------------------------------------------------------------- */

static int set_path(struct ugrpc_pending *pending, const struct ugrpc_service *service)
{
    size_t service_len = strlen(service->name), method_len = strlen(pending->method->name);
    char *path = arena_alloc(&pending->arena, service_len + method_len + sizeof("//"));
    if (!path) {
        return -1;
    }
    path[0] = path[service_len + 1] = '/';
    memcpy(path + 1, service->name, service_len);
    memcpy(path + service_len + 2, pending->method->name, method_len + 1);
    pending->path = path;
    return 0;
}

/* Dooms the call when they do not fit. */
static void set_options(struct ugrpc_pending *pending, const struct ugrpc_call_options *o)
{
    const struct ugrpc_channel *channel = pending->channel;
    pending->wait_for_ready = o->wait_for_ready == UGRPC_WAIT_YES;
    if (o->compression <= UGRPC_GZIP) {
        pending->request_codec = (uint8_t)o->compression;
    } else {
        pending_doom(pending, UGRPC_INVALID_ARGUMENT, "compression %d is not known", (int)o->compression);
    }
    pending->creds = creds_ref(o->creds);
    if (o->timeout_ms != 0) {
        int64_t timeout_ms = o->timeout_ms < MAX_TIMEOUT_MS ? o->timeout_ms : MAX_TIMEOUT_MS;
        pending->deadline_ns = loop_now_ns(channel->loop) + (timeout_ms > 0 ? timeout_ms : 0) * NS_PER_MS;
        timer_start_at(loop_timers(channel->loop), &pending->timer, pending->deadline_ns);
    }
    if (o->timeout_ms < 0) {
        pending_doom(pending, UGRPC_DEADLINE_EXCEEDED,
            "the deadline of a call to %s has passed before it began", channel->target.shown);
    }
    if ((channel->creds || o->creds) && !channel->tls && !target_is_unix(&channel->target)) {
        pending_doom(pending, UGRPC_UNAUTHENTICATED,
            "call credentials do not travel on the insecure channel to %s", channel->target.shown);
    }
    for (size_t i = 0; i < o->n_metadata; i++) {
        const struct ugrpc_pair *pair = &o->metadata[i];
        const void *value = pair->value ? pair->value : "";
        size_t len = pair->value_len ? pair->value_len : strlen(value);
        if (outgoing_metadata_add(&pending->metadata, pair->key, value, len, &pending->arena) != 0) {
            pending_doom(pending, UGRPC_INVALID_ARGUMENT, "metadata \"%.100s\" cannot be sent", pair->key);
        }
    }
}

struct ugrpc_pending *ugrpc_pending_new(struct ugrpc_channel *channel, const struct ugrpc_service *service,
    const struct ugrpc_method *method, const struct ugrpc_call_options *options,
    const struct ugrpc_pending_events *events, void *userdata)
{
    static const struct ugrpc_call_options defaults;
    struct ugrpc_pending *pending = calloc(1, sizeof(*pending));
    if (!pending) {
        abort(); /* a call that promises an end needs the memory to tell it */
    }
    channel_pin(channel);
    loop_hold(channel->loop);
    pending->channel = channel;
    pending->method = method;
    pending->events = events;
    pending->userdata = userdata;
    pending->kept_end = &pending->kept;
    pending->grpc_status = -1;
    pending->deadline_ns = INT64_MAX;
    timer_init(&pending->timer, on_timer, pending);
    pending->next = channel->calls;
    if (channel->calls) {
        channel->calls->prev = pending;
    }
    channel->calls = pending;
    if (set_path(pending, service) != 0) {
        pending_doom(pending, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        return pending;
    }
    set_options(pending, options ? options : &defaults);
    if (!pending->doomed) {
        channel_take(channel, pending);
    }
    return pending;
}

const struct session_role client_role = {
    .greeted = channel_on_greeted,
    .goaway = channel_on_goaway,
    .ended = channel_on_ended,
    .header = reply_on_header,
    .headers_done = reply_on_headers_done,
    .message = reply_on_message,
    .bad_frame = reply_on_bad_frame,
    .remote_end = reply_on_remote_end,
    .trailers = on_trailers,
    .ready = on_ready,
    .closed = on_closed,
};
