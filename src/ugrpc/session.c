/* SPDX-License-Identifier: MIT */
/* Reading: bytes → nghttp2 → message frames → role. Sending: streams queue messages by reference; at the end
 * of the loop turn nghttp2 asks for them frame by frame, and they are copied once, into the buffer that goes
 * to the kernel. A session that is dropped from within one of its own callbacks is deleted when that returns.
 */
#include "ugrpc/session.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/timer.h"
#include "net/connection.h"
#include "net/net.h"
#include "net/preface.h"
#include "ugrpc/message_internal.h"

#define STREAM_WINDOW     (256 * 1024)
#define CONNECTION_WINDOW (1024 * 1024)
#define FLUSH_ROUNDS      8    /* a turn and connection, so that a fast reader cannot keep the loop */
#define FAREWELL_MS       1000 /* for the peer to close its side */
#define MAX_ACKS          1000 /* of pings and settings, unsent, before the peer is a flood */

struct session {
    struct ugrpc_loop *loop;
    struct connection *conn;
    nghttp2_session *h2; /* NULL until the first bytes are HTTP/2's */
    const struct session_role *role;
    const struct session_limits *limits;
    struct session_counters *counters;
    void *userdata;
    struct flush flush;
    struct timer timer;
    struct stream *streams;
    struct stream *ready; /* to be told after the present flush */
    size_t held;
    uint64_t heard_ms;     /* when bytes last came */
    uint64_t used_ms;      /* when a stream last ended, or a ping came */
    uint64_t ping_sent_ms; /* 0: none is out */
    uint64_t resets_ms;    /* when reset_tokens was last filled up */
    uint64_t reset_tokens; /* in thousandths */
    unsigned busy;         /* inside nghttp2 or a role */
    bool greeted;          /* the peer's SETTINGS have come */
    bool finishing, dropped;
};

static void flush_session(struct flush *flush);

static uint64_t now_ms(const struct session *s)
{
    return uv_now(ugrpc_loop_uv(s->loop));
}

static void mark(struct session *s)
{
    if (!s->dropped) {
        loop_mark(s->loop, &s->flush);
    }
}

static void start_timer(struct session *s, int64_t delay_ms)
{
    timer_start_in(loop_timers(s->loop), &s->timer, delay_ms * NS_PER_MS);
}

static void session_delete(struct session *s)
{
    nghttp2_session_del(s->h2);
    free(s);
}

static void leave(struct session *s)
{
    if (--s->busy == 0 && s->dropped) {
        session_delete(s);
    }
}

/* ---- streams ---- */

void stream_open(struct stream *stream, struct session *s, int32_t id)
{
    stream->session = s;
    stream->id = id;
    stream->prev = NULL;
    stream->next = s->streams;
    if (s->streams) {
        s->streams->prev = stream;
    }
    s->streams = stream;
    nghttp2_session_set_stream_user_data(s->h2, id, stream);
}

static void forget_ready(struct stream *stream)
{
    if (!stream->in_ready_list) {
        return;
    }
    struct stream **at = &stream->session->ready;
    while (*at != stream) {
        at = &(*at)->next_ready;
    }
    *at = stream->next_ready;
    stream->in_ready_list = false;
}

static void close_stream(struct stream *stream, uint32_t error)
{
    struct session *s = stream->session;
    forget_ready(stream);
    if (stream->prev) {
        stream->prev->next = stream->next;
    } else {
        s->streams = stream->next;
    }
    if (stream->next) {
        stream->next->prev = stream->prev;
    }
    nghttp2_session_set_stream_user_data(s->h2, stream->id, NULL);
    s->held -= stream->held;
    s->used_ms = now_ms(s);
    stream->session = NULL;
    stream_done(stream);
    s->role->closed(stream, error); /* may free it */
}

size_t session_held(const struct session *s)
{
    return s->held;
}

static void drop_outgoing(struct stream *stream)
{
    struct outgoing *out = stream->first;
    stream->first = out->next;
    if (!out->next) {
        stream->last = NULL;
    }
    ugrpc_message_unref(out->message);
    free(out);
}

void stream_done(struct stream *stream)
{
    while (stream->first) {
        drop_outgoing(stream);
    }
    stream->waiting = stream->sent_of_first = 0;
    frame_reader_done(&stream->in);
}

bool session_hold(struct stream *stream, size_t more)
{
    struct session *s = stream->session;
    if (s && s->held + more > s->limits->max_connection_bytes) {
        return false;
    }
    if (s) {
        s->held += more;
        stream->held += more;
    }
    return true;
}

static void release(struct stream *stream, size_t less)
{
    stream->session->held -= less;
    stream->held -= less;
}

static ssize_t on_read_data(nghttp2_session *h2, int32_t id, uint8_t *buf, size_t len, uint32_t *flags,
    nghttp2_data_source *source, void *userdata)
{
    struct session *s = userdata;
    struct stream *stream = source->ptr;
    if (connection_unflushed(s->conn) >= NET_WRITE_MAX) {
        return NGHTTP2_ERR_PAUSE;
    }
    if (stream->waiting == 0 && !stream->finishing) {
        stream->deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (stream->waiting > len) {
        return (ssize_t)len;
    }
    if (stream->finishing) {
        *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
        s->role->trailers(stream);
    }
    return (ssize_t)stream->waiting;
}

static int on_send_data(nghttp2_session *h2, nghttp2_frame *frame, const uint8_t *head, size_t len,
    nghttp2_data_source *source, void *userdata)
{
    struct session *s = userdata;
    struct stream *stream = source->ptr;
    uint8_t *to = connection_reserve(s->conn, 9 + len);
    if (!to) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    memcpy(to, head, 9);
    to += 9;
    connection_commit(s->conn, 9 + len);
    stream->waiting -= len;
    release(stream, len);
    while (len > 0) {
        struct outgoing *out = stream->first;
        size_t n = out->len - stream->sent_of_first;
        n = n < len ? n : len;
        memcpy(to, out->data + stream->sent_of_first, n);
        to += n;
        len -= n;
        stream->sent_of_first += n;
        if (stream->sent_of_first == out->len) {
            stream->sent_of_first = 0;
            drop_outgoing(stream);
            s->counters->messages_out++;
        }
    }
    if (stream->wants_ready && !stream->in_ready_list) {
        stream->in_ready_list = true;
        stream->next_ready = s->ready;
        s->ready = stream;
    }
    return 0;
}

void stream_headers(struct stream *stream, const nghttp2_nv *nv, size_t n, bool last)
{
    struct session *s = stream->session;
    if (!s || stream->headers_sent) {
        return;
    }
    stream->headers_sent = true;
    nghttp2_data_provider provider = {.source.ptr = stream, .read_callback = on_read_data};
    if (nghttp2_submit_response(s->h2, stream->id, nv, n, last ? NULL : &provider) != 0) {
        nghttp2_submit_rst_stream(s->h2, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_INTERNAL_ERROR);
    }
    mark(s);
}

void stream_trailers(struct stream *stream, const nghttp2_nv *nv, size_t n)
{
    if (stream->session && nghttp2_submit_trailer(stream->session->h2, stream->id, nv, n) != 0) {
        stream_reset(stream, NGHTTP2_INTERNAL_ERROR);
    }
}

static void resume(struct stream *stream)
{
    if (stream->deferred) {
        stream->deferred = false;
        nghttp2_session_resume_data(stream->session->h2, stream->id);
    }
    mark(stream->session);
}

int stream_push(struct stream *stream, struct ugrpc_message *message, const uint8_t *data, size_t len)
{
    if (!stream->session) {
        return 0;
    }
    struct outgoing *out = malloc(sizeof(*out));
    if (!out) {
        return -UGRPC_RESOURCE_EXHAUSTED;
    }
    *out = (struct outgoing){NULL, ugrpc_message_ref(message), data, len};
    if (stream->last) {
        stream->last->next = out;
    } else {
        stream->first = out;
    }
    stream->last = out;
    stream->waiting += len;
    stream->held += len;
    stream->session->held += len;
    resume(stream);
    return 0;
}

void stream_clear(struct stream *stream)
{
    if (!stream->session) {
        return;
    }
    struct outgoing *begun = stream->sent_of_first ? stream->first : NULL;
    if (begun) {
        stream->first = begun->next;
    }
    while (stream->first) {
        release(stream, stream->first->len);
        stream->waiting -= stream->first->len;
        drop_outgoing(stream);
    }
    if (begun) {
        begun->next = NULL;
        stream->first = stream->last = begun;
    }
}

void stream_finish(struct stream *stream)
{
    if (stream->session) {
        stream->finishing = true;
        resume(stream);
    }
}

void stream_reset(struct stream *stream, uint32_t error)
{
    if (stream->session) {
        nghttp2_submit_rst_stream(stream->session->h2, NGHTTP2_FLAG_NONE, stream->id, error);
        mark(stream->session);
    }
}

void stream_pause(struct stream *stream, bool pause)
{
    stream->paused = pause;
    if (stream->session && !pause && stream->withheld) {
        nghttp2_session_consume_stream(stream->session->h2, stream->id, stream->withheld);
        stream->withheld = 0;
        mark(stream->session);
    }
}

/* ---- what nghttp2 tells ---- */

static int go_on(const struct session *s)
{
    return s->dropped ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static ssize_t on_send(nghttp2_session *h2, const uint8_t *data, size_t len, int flags, void *userdata)
{
    struct session *s = userdata;
    if (s->dropped) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    if (connection_unflushed(s->conn) >= NET_WRITE_MAX) {
        return NGHTTP2_ERR_WOULDBLOCK;
    }
    uint8_t *to = connection_reserve(s->conn, len);
    if (!to) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    memcpy(to, data, len);
    connection_commit(s->conn, len);
    return (ssize_t)len;
}

static int on_begin_headers(nghttp2_session *h2, const nghttp2_frame *frame, void *userdata)
{
    struct session *s = userdata;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST &&
        s->role->open(s, frame->hd.stream_id) != 0) {
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    return go_on(s);
}

static int on_header(nghttp2_session *h2, const nghttp2_frame *frame, nghttp2_rcbuf *name,
    nghttp2_rcbuf *value, uint8_t flags, void *userdata)
{
    struct session *s = userdata;
    struct stream *stream = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
    if (stream && !stream->deaf) {
        s->role->header(stream, name, value);
    }
    return go_on(s);
}

static int on_chunk(
    nghttp2_session *h2, uint8_t flags, int32_t id, const uint8_t *data, size_t len, void *userdata)
{
    struct session *s = userdata;
    struct stream *stream = nghttp2_session_get_stream_user_data(h2, id);
    nghttp2_session_consume_connection(h2, len);
    if (!stream || stream->deaf) {
        return go_on(s); /* its window stays closed: the peer need not send more */
    }
    if (stream->paused) {
        stream->withheld += len;
    } else {
        nghttp2_session_consume_stream(h2, id, len);
    }
    while (stream->session && !stream->deaf) {
        struct frame frame;
        struct ugrpc_status st;
        size_t held = frame_held(&stream->in);
        int rc = frame_read(&stream->in, &data, &len, s->limits->max_message_bytes, &frame, &st);
        size_t holds = frame_held(&stream->in);
        if (holds < held) {
            release(stream, held - holds);
        } else if (rc >= 0 && !session_hold(stream, holds - held)) {
            rc = status_set(&st, UGRPC_RESOURCE_EXHAUSTED,
                "the connection's unread requests and unsent replies have more than %u bytes",
                s->limits->max_connection_bytes);
        }
        if (rc < 0) {
            stream->deaf = true;
            s->role->bad_frame(stream, &st);
            break;
        }
        if (rc == 0) {
            break;
        }
        s->counters->messages_in++;
        s->role->message(stream, &frame);
        stream = nghttp2_session_get_stream_user_data(h2, id);
        if (!stream) {
            break;
        }
    }
    return go_on(s);
}

/* The peer's right to reset streams: a second's worth at once, and so many a second for good. */
static void count_reset(struct session *s)
{
    uint64_t rate = s->limits->max_resets_per_s, now = now_ms(s);
    uint64_t full = 1000 * rate;
    s->reset_tokens += (now - s->resets_ms) * rate;
    s->reset_tokens = s->reset_tokens < full ? s->reset_tokens : full;
    s->resets_ms = now;
    if (s->reset_tokens < 1000) {
        nghttp2_session_terminate_session(s->h2, NGHTTP2_ENHANCE_YOUR_CALM);
        return;
    }
    s->reset_tokens -= 1000;
}

static int on_frame(nghttp2_session *h2, const nghttp2_frame *frame, void *userdata)
{
    struct session *s = userdata;
    switch (frame->hd.type) {
    case NGHTTP2_SETTINGS:
        s->greeted = true;
        return 0;
    case NGHTTP2_PING:
        s->used_ms = now_ms(s);
        return 0;
    case NGHTTP2_RST_STREAM:
        count_reset(s);
        return 0;
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA:
        break;
    default:
        return 0;
    }
    struct stream *stream = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
    if (!stream) {
        return 0;
    }
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST && !stream->deaf) {
        stream->remote_ended = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
        s->role->headers_done(stream);
        stream = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
    }
    if (stream && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) {
        stream->remote_ended = true;
        if (!stream->deaf) {
            s->role->remote_end(stream);
        }
    }
    return go_on(s);
}

/* After an early answer the peer is told that the rest of its request is not wanted. */
static int on_frame_sent(nghttp2_session *h2, const nghttp2_frame *frame, void *userdata)
{
    struct session *s = userdata;
    if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) &&
        nghttp2_session_get_stream_remote_close(h2, frame->hd.stream_id) == 0) {
        nghttp2_submit_rst_stream(h2, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    }
    if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code != NGHTTP2_NO_ERROR) {
        count_reset(s); /* a peer may as well make us reset its streams, by faults in them */
    }
    return 0;
}

static int on_frame_not_sent(nghttp2_session *h2, const nghttp2_frame *frame, int error, void *userdata)
{
    if (frame->hd.type == NGHTTP2_HEADERS && error != NGHTTP2_ERR_STREAM_CLOSED &&
        error != NGHTTP2_ERR_STREAM_CLOSING) { /* a header block beyond all measure */
        nghttp2_submit_rst_stream(h2, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_INTERNAL_ERROR);
    }
    return 0;
}

static int on_stream_close(nghttp2_session *h2, int32_t id, uint32_t error, void *userdata)
{
    struct session *s = userdata;
    struct stream *stream = nghttp2_session_get_stream_user_data(h2, id);
    if (stream) {
        close_stream(stream, error);
    }
    return go_on(s);
}

/* ---- the session's life ---- */

void session_drop(struct session *s, const struct ugrpc_status *why)
{
    if (s->dropped) {
        return;
    }
    s->dropped = true;
    s->busy++;
    connection_close(s->conn);
    timer_stop(loop_timers(s->loop), &s->timer);
    loop_unmark(s->loop, &s->flush);
    while (s->streams) {
        close_stream(s->streams, NGHTTP2_CANCEL);
    }
    s->role->ended(s, why);
    leave(s);
}

/* Everything has been said: sends what is left and waits a moment for the peer to close. */
static void finish(struct session *s)
{
    if (!s->finishing) {
        s->finishing = true;
        connection_finish(s->conn);
        start_timer(s, FAREWELL_MS);
    }
}

static void tell_ready(struct session *s)
{
    while (s->ready) {
        struct stream *stream = s->ready;
        s->ready = stream->next_ready;
        stream->in_ready_list = false;
        s->role->ready(stream);
    }
}

static void send_all(struct session *s)
{
    struct ugrpc_status why;
    for (int round = 0; round < FLUSH_ROUNDS; round++) {
        if (!connection_writable(s->conn)) {
            return; /* on_drain() will come */
        }
        int rc = nghttp2_session_send(s->h2);
        if (s->dropped) {
            return;
        }
        s->counters->bytes_out += connection_unflushed(s->conn);
        if (rc != 0) {
            status_set(&why, UGRPC_INTERNAL, "HTTP/2: %s", nghttp2_strerror(rc));
            session_drop(s, &why);
            return;
        }
        if (connection_flush(s->conn) != 0) {
            status_set(&why, UGRPC_UNAVAILABLE, "the connection is broken");
            session_drop(s, &why);
            return;
        }
        tell_ready(s);
        if (s->dropped) {
            return;
        }
        if (!nghttp2_session_want_write(s->h2)) {
            break;
        }
    }
    if (nghttp2_session_want_write(s->h2)) {
        mark(s);
    } else if (!nghttp2_session_want_read(s->h2)) {
        finish(s);
    }
}

static void flush_session(struct flush *flush)
{
    struct session *s = container_of(flush, struct session, flush);
    if (s->h2 && !s->finishing) {
        s->busy++;
        send_all(s);
        leave(s);
    }
}

static void on_drain(struct connection *c, void *userdata)
{
    mark(userdata);
}

static void on_end(struct connection *c, const struct ugrpc_status *why, void *userdata)
{
    struct session *s = userdata;
    if (why->code == UGRPC_FAILED_PRECONDITION) { /* no TLS where TLS is due */
        s->role->refused(s, why);
    }
    session_drop(s, why);
}

static void fill_callbacks(nghttp2_session_callbacks *cb)
{
    nghttp2_session_callbacks_set_send_callback(cb, on_send);
    nghttp2_session_callbacks_set_send_data_callback(cb, on_send_data);
    nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback2(cb, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_chunk);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_frame_sent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(cb, on_frame_not_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
}

static void fill_option(nghttp2_option *option)
{
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_max_outbound_ack(option, MAX_ACKS);
    nghttp2_option_set_max_send_header_block_length(option, 1 << 20);
    /* Resets are counted here: nghttp2's own limit answers INTERNAL_ERROR. */
    nghttp2_option_set_stream_reset_rate_limit(option, UINT64_MAX, UINT64_MAX);
}

static int start_http2(struct session *s)
{
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_option *option = NULL;
    int rc = NGHTTP2_ERR_NOMEM;
    if (nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&option) == 0) {
        fill_callbacks(callbacks);
        fill_option(option);
        rc = nghttp2_session_server_new2(&s->h2, callbacks, s, option);
    }
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
    if (rc != 0) {
        return rc;
    }
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, s->limits->max_streams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, s->limits->max_header_bytes},
    };
    rc = nghttp2_submit_settings(s->h2, NGHTTP2_FLAG_NONE, settings, ARRAY_LEN(settings));
    if (rc == 0) {
        rc = nghttp2_session_set_local_window_size(s->h2, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW);
    }
    return rc;
}

static void refuse_http1(struct session *s)
{
    size_t len = strlen(preface_http1_on_grpc);
    uint8_t *to = connection_reserve(s->conn, len);
    if (to) {
        memcpy(to, preface_http1_on_grpc, len);
        connection_commit(s->conn, len);
    }
    if (connection_flush(s->conn) == 0) {
        finish(s);
    }
}

/* The first bytes decide what this connection is. False: nothing for nghttp2. */
static bool begin(struct session *s, const uint8_t *data, size_t len)
{
    struct ugrpc_status why;
    switch (preface_tell(data, len)) {
    case PREFACE_HTTP2:
        if (start_http2(s) == 0) {
            return true;
        }
        status_set(&why, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        session_drop(s, &why);
        return false;
    case PREFACE_HTTP1:
        status_set(&why, UGRPC_FAILED_PRECONDITION, "HTTP/1.1 on a gRPC port, which speaks HTTP/2 only");
        s->role->refused(s, &why);
        refuse_http1(s);
        return false;
    case PREFACE_TLS:
        status_set(&why, UGRPC_FAILED_PRECONDITION, "TLS on a port without TLS");
        break;
    default:
        status_set(&why, UGRPC_FAILED_PRECONDITION, "not HTTP/2");
        break;
    }
    s->role->refused(s, &why);
    session_drop(s, &why);
    return false;
}

static void receive(struct session *s, const uint8_t *data, size_t len)
{
    if (!s->h2 && !begin(s, data, len)) {
        return;
    }
    ssize_t rc = nghttp2_session_mem_recv(s->h2, data, len);
    if (s->dropped) {
        return;
    }
    if (rc == NGHTTP2_ERR_FLOODED) {
        nghttp2_session_terminate_session(s->h2, NGHTTP2_ENHANCE_YOUR_CALM);
    } else if (rc < 0) {
        struct ugrpc_status why;
        status_set(&why, UGRPC_INTERNAL, "HTTP/2: %s", nghttp2_strerror((int)rc));
        session_drop(s, &why);
        return;
    }
    mark(s);
}

static void on_read(struct connection *c, const uint8_t *data, size_t len, void *userdata)
{
    struct session *s = userdata;
    s->counters->bytes_in += len;
    s->heard_ms = now_ms(s);
    if (!s->finishing) {
        s->busy++;
        receive(s, data, len);
        leave(s);
    }
}

/* One timer for everything: it finds out what is due, so that no read or call needs to move it. */
static void on_timer(struct timer *timer, void *userdata)
{
    struct session *s = userdata;
    const struct session_limits *limits = s->limits;
    struct ugrpc_status why;
    int64_t now = (int64_t)now_ms(s), silent_ms = now - (int64_t)s->heard_ms;
    int64_t unused_ms = s->streams ? 0 : now - (int64_t)s->used_ms;
    if (s->finishing) {
        status_set(&why, UGRPC_CANCELLED, "the connection was finished");
    } else if (!s->greeted && now - (int64_t)s->used_ms >= limits->handshake_timeout_ms) {
        status_set(
            &why, UGRPC_DEADLINE_EXCEEDED, "no HTTP/2 preface within %u ms", limits->handshake_timeout_ms);
    } else if (limits->idle_timeout_ms > 0 && unused_ms >= limits->idle_timeout_ms) {
        nghttp2_session_terminate_session(s->h2, NGHTTP2_NO_ERROR);
        mark(s);
        return;
    } else if (s->ping_sent_ms && s->heard_ms <= s->ping_sent_ms &&
               now - (int64_t)s->ping_sent_ms >= limits->keepalive_timeout_ms) {
        status_set(&why, UGRPC_UNAVAILABLE, "the peer has not answered a ping for %lld ms",
            (long long)limits->keepalive_timeout_ms);
    } else {
        int64_t next_ms = limits->keepalive_time_ms - silent_ms;
        if (s->ping_sent_ms && s->heard_ms > s->ping_sent_ms) {
            s->ping_sent_ms = 0;
        }
        if (next_ms <= 0) {
            if (!s->ping_sent_ms) {
                nghttp2_submit_ping(s->h2, NGHTTP2_FLAG_NONE, NULL);
                s->ping_sent_ms = (uint64_t)now;
                mark(s);
            }
            next_ms = (int64_t)s->ping_sent_ms + limits->keepalive_timeout_ms - now;
        }
        if (limits->idle_timeout_ms > 0 && limits->idle_timeout_ms - unused_ms < next_ms) {
            next_ms = limits->idle_timeout_ms - unused_ms;
        }
        start_timer(s, next_ms > 0 ? next_ms : 1);
        return;
    }
    session_drop(s, &why);
}

struct session *session_accept(struct ugrpc_loop *loop, struct uv_stream_s *listener, struct tls *tls,
    const struct session_role *role, const struct session_limits *limits, struct session_counters *counters,
    void *userdata, struct ugrpc_status *st)
{
    static const struct connection_events events = {on_read, on_drain, on_end};
    struct session *s = calloc(1, sizeof(*s));
    if (!s) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        return NULL;
    }
    s->conn = connection_accept(loop_net(loop), listener, tls, &events, s, st);
    if (!s->conn) {
        free(s);
        return NULL;
    }
    s->loop = loop;
    s->role = role;
    s->limits = limits;
    s->counters = counters;
    s->userdata = userdata;
    s->flush.fn = flush_session;
    s->heard_ms = s->used_ms = s->resets_ms = now_ms(s);
    s->reset_tokens = 1000 * (uint64_t)limits->max_resets_per_s;
    timer_init(&s->timer, on_timer, s);
    start_timer(s, limits->handshake_timeout_ms);
    return s;
}

void session_shutdown(struct session *s)
{
    if (!s->h2) {
        struct ugrpc_status why;
        status_set(&why, UGRPC_UNAVAILABLE, "the server is shutting down");
        session_drop(s, &why);
        return;
    }
    nghttp2_submit_goaway(
        s->h2, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(s->h2), NGHTTP2_NO_ERROR, NULL, 0);
    mark(s);
}

void *session_userdata(const struct session *s)
{
    return s->userdata;
}

struct ugrpc_loop *session_loop(const struct session *s)
{
    return s->loop;
}

struct stream *session_first_stream(const struct session *s)
{
    return s->streams;
}

const char *session_peer(const struct session *s)
{
    return connection_peer(s->conn);
}

const char *session_peer_subject(const struct session *s)
{
    return connection_peer_subject(s->conn);
}
