/* SPDX-License-Identifier: MIT */
/* A session's life: first bytes, reads and flushes, one timer, the end. A session that is dropped from within
 * one of its own callbacks is deleted when that returns. */
#include "ugrpc/session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/connection.h"
#include "net/preface.h"
#include "ugrpc/loop_internal.h"
#include "ugrpc/session_internal.h"

#define FLUSH_ROUNDS 8    /* a turn and connection, so that a fast reader cannot keep the loop */
#define FAREWELL_MS  1000 /* for the peer to close its side */
#define LAST_WORD_MS 500  /* for it to learn that it should go, and to stop opening streams */

const uint8_t session_shutdown_ping[8] = {'g', 'o', 'o', 'd', '-', 'b', 'y', 'e'};

static void flush_session(struct flush *flush);

static void start_timer(struct session *s, int64_t delay_ms)
{
    timer_start_in(loop_timers(s->loop), &s->timer, delay_ms * NS_PER_MS);
}

void session_check_soon(struct session *s)
{
    start_timer(s, 0);
}

void session_terminate(struct session *s, uint32_t error)
{
    if (!s->terminated) {
        s->terminated = true;
        nghttp2_session_terminate_session(s->h2, error);
        start_timer(s, FAREWELL_MS); /* a peer that reads nothing never gets the GOAWAY */
        session_mark(s);
    }
}

static void session_delete(struct session *s)
{
    nghttp2_session_del(s->h2);
    free(s->fault);
    free(s);
}

static void leave(struct session *s)
{
    if (--s->busy == 0 && s->dropped) {
        session_delete(s);
    }
}

void session_drop(struct session *s, const struct ugrpc_status *why)
{
    struct ugrpc_status fault;
    if (s->dropped) {
        return;
    }
    if (s->fault) {
        status_set(&fault, UGRPC_UNAVAILABLE, "%s", s->fault);
        why = &fault;
    }
    s->dropped = true;
    s->busy++;
    connection_close(s->conn);
    timer_stop(loop_timers(s->loop), &s->timer);
    loop_unmark(s->loop, &s->flush);
    s->role->ended(s, why);
    while (s->streams) {
        stream_close(s->streams, NGHTTP2_CANCEL);
    }
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
        s->sending = true;
        int rc = nghttp2_session_send(s->h2);
        s->sending = false;
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
        session_mark(s);
    } else if (!nghttp2_session_want_read(s->h2) && s->client && (s->streams || !s->greeted)) {
        status_set(&why, UGRPC_UNAVAILABLE, "HTTP/2 has ended it"); /* s->fault says more */
        session_drop(s, &why);
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
    session_mark(userdata);
}

static void on_end(struct connection *c, const struct ugrpc_status *why, void *userdata)
{
    struct session *s = userdata;
    if (why->code == UGRPC_FAILED_PRECONDITION && !s->client) { /* TLS never came about */
        s->role->refused(s, why);
    }
    if (why->code == UGRPC_CANCELLED && s->client && !s->greeted) {
        struct ugrpc_status more;
        const char *hint = !s->secure ? "it may want TLS"
                           : s->h2    ? "it may not want us"
                                      : "it may speak no TLS";
        status_set(&more, UGRPC_UNAVAILABLE, "it closes the connection without a word of HTTP/2: %s", hint);
        session_drop(s, &more);
        return;
    }
    session_drop(s, why);
}

/* A last word to who does not speak what is spoken here. */
static void answer(struct session *s, const char *text)
{
    size_t len = strlen(text);
    uint8_t *to = connection_reserve(s->conn, len);
    if (to) {
        memcpy(to, text, len);
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
    size_t earlier = s->preface.len;
    switch (preface_take(&s->preface, data, len)) {
    case PREFACE_UNDECIDED:
        return false;
    case PREFACE_HTTP2:
        if (session_start_http2(s) == 0 &&
            nghttp2_session_mem_recv(s->h2, s->preface.bytes, earlier) == (ssize_t)earlier) {
            return true;
        }
        status_set(&why, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        session_drop(s, &why);
        return false;
    case PREFACE_HTTP1:
        status_set(&why, UGRPC_FAILED_PRECONDITION, "HTTP/1.1 on a gRPC port, which speaks HTTP/2 only");
        s->role->refused(s, &why);
        answer(s, preface_http1_on_grpc);
        return false;
    case PREFACE_TLS:
        status_set(&why, UGRPC_FAILED_PRECONDITION, "TLS on a port without TLS");
        s->role->refused(s, &why);
        answer(s, preface_tls_on_plain);
        return false;
    default:
        status_set(&why, UGRPC_FAILED_PRECONDITION, "not HTTP/2");
        break;
    }
    s->role->refused(s, &why);
    session_drop(s, &why);
    return false;
}

/* A server's first bytes: SETTINGS, else they tell what it speaks instead. False: it is over. */
static bool check_server(struct session *s, const uint8_t *data, size_t len)
{
    struct preface *preface = &s->preface;
    const uint8_t *first = preface->bytes;
    struct ugrpc_status why;
    while (preface->len < PREFACE_MAX && len > 0) {
        preface->bytes[preface->len++] = *data++;
        len--;
    }
    if (preface_is_tls_answer(first[0])) {
        status_set(&why, UGRPC_FAILED_PRECONDITION, "it answers with TLS, but plain text was asked for");
    } else if (first[0] == 'H') {
        status_set(&why, UGRPC_FAILED_PRECONDITION, "it answers with HTTP/1.1, not HTTP/2");
    } else if (preface->len < 4 || (first[0] == 0 && first[3] == NGHTTP2_SETTINGS)) {
        return true; /* what it really is, nghttp2 finds out */
    } else {
        status_set(&why, UGRPC_FAILED_PRECONDITION, "it does not answer with HTTP/2");
    }
    session_drop(s, &why);
    return false;
}

/* Frames that may wait for a peer who does not read, DATA aside. What a reader of replies leaves there goes
 * with its streams; more is one who makes us answer for nothing, with refused streams for example. */
static size_t max_queued(const struct session *s)
{
    return 2000 + 8 * (size_t)s->limits->max_streams;
}

static void receive(struct session *s, const uint8_t *data, size_t len)
{
    bool goes_on = s->client ? s->greeted || check_server(s, data, len) : s->h2 || begin(s, data, len);
    if (!goes_on || s->terminated) {
        return;
    }
    ssize_t rc = nghttp2_session_mem_recv(s->h2, data, len);
    if (s->dropped) {
        return;
    }
    if (rc == NGHTTP2_ERR_FLOODED ||
        (!s->client && nghttp2_session_get_outbound_queue_size(s->h2) > max_queued(s))) {
        session_terminate(s, NGHTTP2_ENHANCE_YOUR_CALM);
    } else if (rc < 0) {
        struct ugrpc_status why;
        status_set(&why, UGRPC_INTERNAL, "HTTP/2: %s", nghttp2_strerror((int)rc));
        session_drop(s, &why);
        return;
    }
    session_mark(s);
}

static void on_read(struct connection *c, const uint8_t *data, size_t len, void *userdata)
{
    struct session *s = userdata;
    s->counters->bytes_in += len;
    s->heard_ms = session_now_ms(s);
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
    int64_t now = (int64_t)session_now_ms(s), silent_ms = now - (int64_t)s->heard_ms;
    int64_t unused_ms = s->streams ? 0 : now - (int64_t)s->used_ms;
    if (s->finishing || s->terminated) {
        status_set(&why, UGRPC_CANCELLED, "the connection was finished");
    } else if (!s->greeted) {
        status_set(&why, UGRPC_DEADLINE_EXCEEDED, "no HTTP/2 within %u ms", limits->handshake_timeout_ms);
    } else if (limits->idle_timeout_ms > 0 && unused_ms >= limits->idle_timeout_ms) {
        session_terminate(s, NGHTTP2_NO_ERROR);
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
        if (next_ms <= 0 && limits->keepalive_needs_streams && !s->streams) {
            next_ms = limits->keepalive_time_ms;
        }
        if (next_ms <= 0) {
            if (!s->ping_sent_ms) {
                nghttp2_submit_ping(s->h2, NGHTTP2_FLAG_NONE, NULL);
                s->ping_sent_ms = (uint64_t)now;
                session_mark(s);
            }
            next_ms = (int64_t)s->ping_sent_ms + limits->keepalive_timeout_ms - now;
        }
        if (s->farewell_ms && now >= (int64_t)s->farewell_ms) {
            session_name_last_stream(s);
        } else if (s->farewell_ms && (int64_t)s->farewell_ms - now < next_ms) {
            next_ms = (int64_t)s->farewell_ms - now;
        }
        if (limits->idle_timeout_ms > 0 && limits->idle_timeout_ms - unused_ms < next_ms) {
            next_ms = limits->idle_timeout_ms - unused_ms;
        }
        start_timer(s, next_ms > 0 ? next_ms : 1);
        return;
    }
    session_drop(s, &why);
}

static void on_open(struct connection *c, void *userdata)
{
    struct session *s = userdata;
    struct ugrpc_status why;
    if (session_start_http2(s) == 0) {
        session_mark(s);
        return;
    }
    status_set(&why, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
    session_drop(s, &why);
}

static const struct connection_events events = {
    .on_open = on_open, .on_read = on_read, .on_drain = on_drain, .on_end = on_end};

static struct session *session_new(struct ugrpc_loop *loop, const struct session_role *role,
    const struct session_limits *limits, struct session_counters *counters, void *userdata)
{
    struct session *s = calloc(1, sizeof(*s));
    if (!s) {
        return NULL;
    }
    s->loop = loop;
    s->role = role;
    s->limits = limits;
    s->counters = counters;
    s->userdata = userdata;
    s->flush.fn = flush_session;
    s->heard_ms = s->used_ms = s->resets_ms = session_now_ms(s);
    s->reset_tokens = 1000 * (uint64_t)limits->max_resets_per_s;
    timer_init(&s->timer, on_timer, s);
    return s;
}

/* After the attempt to make s->conn, which explains a failure in its status. */
static struct session *session_begin(struct session *s)
{
    if (!s->conn) {
        free(s);
        return NULL;
    }
    start_timer(s, s->limits->handshake_timeout_ms);
    return s;
}

struct session *session_accept(struct ugrpc_loop *loop, int fd, const struct address *from, struct tls *tls,
    const struct session_role *role, const struct session_limits *limits, struct session_counters *counters,
    void *userdata, struct ugrpc_status *st)
{
    struct session *s = session_new(loop, role, limits, counters, userdata);
    if (!s) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        close(fd);
        return NULL;
    }
    s->conn = connection_new(loop_net(loop), fd, from, tls, &events, s, st);
    return session_begin(s);
}

struct session *session_connect(struct ugrpc_loop *loop, const struct address *address, struct tls *tls,
    const char *host, struct tls_ticket *ticket, const struct session_role *role,
    const struct session_limits *limits, struct session_counters *counters, void *userdata,
    struct ugrpc_status *st)
{
    struct session *s = session_new(loop, role, limits, counters, userdata);
    if (!s) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        return NULL;
    }
    s->client = true;
    s->secure = tls;
    s->conn = connection_connect(loop_net(loop), address, tls, host, ticket, &events, s, st);
    return session_begin(s);
}

void session_name_last_stream(struct session *s)
{
    if (s->farewell_ms) {
        s->farewell_ms = 0;
        nghttp2_submit_goaway(s->h2, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(s->h2),
            NGHTTP2_NO_ERROR, NULL, 0);
        session_mark(s);
    }
}

/* As RFC 9113 has it (6.8): first a GOAWAY that refuses no stream; when the ping after it comes back, the
 * peer has seen it, so that the second leaves none in the dark. */
void session_shutdown(struct session *s, bool at_once)
{
    if (!s->h2) {
        struct ugrpc_status why;
        status_set(&why, UGRPC_UNAVAILABLE, "the server is shutting down");
        session_drop(s, &why);
        return;
    }
    if (s->terminated || s->finishing) {
        return; /* it goes already */
    }
    if (!s->shutting_down) {
        s->shutting_down = true;
        s->farewell_ms = session_now_ms(s) + LAST_WORD_MS;
        nghttp2_submit_shutdown_notice(s->h2); /* the ping goes when this has: nghttp2 would send it first */
        if (s->greeted) {                      /* else its SETTINGS do it */
            session_check_soon(s);
        }
        session_mark(s);
    }
    if (at_once) {
        session_name_last_stream(s);
    }
}

void *session_userdata(const struct session *s)
{
    return s->userdata;
}

const char *session_peer(const struct session *s)
{
    return connection_peer(s->conn);
}

const char *session_peer_subject(const struct session *s)
{
    return connection_peer_subject(s->conn);
}
