/* SPDX-License-Identifier: MIT */
/* Output gathers in a buffer borrowed from `net`. A flush tries to write it whole, which nearly always
 * works, and the buffer goes back; only the rest for a slow peer stays here, handed to libuv. The struct
 * holds its uv handle and is freed in the handle's close callback, never before. */
#include "net/connection.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "net/address.h"
#include "net/buffer.h"
#include "net/net.h"
#include "net/preface.h"
#include "net/tls.h"
#include "net/tls_stream.h"

struct connection {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } uv;
    struct net *net;
    const struct connection_events *events; /* NULL once closed */
    void *userdata;
    struct tls_stream *tls; /* NULL: plain */
    char *peer_subject;
    struct buffer out;       /* committed, not flushed; plain */
    struct buffer in_flight; /* with libuv until on_written */
    uv_write_t write;
    uv_shutdown_t shutdown;
    bool writing, seen_first_byte, handshake_done, finishing;
    char peer[ADDRESS_TEXT_MAX];
};

static void on_closed(uv_handle_t *handle)
{
    struct connection *c = handle->data;
    tls_stream_free(c->tls);
    free(c->peer_subject);
    buffer_done(&c->out);
    buffer_done(&c->in_flight);
    free(c);
}

void connection_close(struct connection *c)
{
    if (c && c->events) {
        c->events = NULL;
        uv_close(&c->uv.handle, on_closed);
    }
}

static void end(struct connection *c, const struct ugrpc_status *why)
{
    if (c->events) {
        uv_read_stop(&c->uv.stream);
        c->events->on_end(c, why, c->userdata);
    }
}

static void on_shut_down(uv_shutdown_t *request, int status)
{
}

static void on_written(uv_write_t *write, int status)
{
    struct connection *c = write->data;
    c->writing = false;
    if (!c->events) {
        return; /* `net` may be gone too */
    }
    net_give_back(c->net, &c->in_flight);
    if (status < 0) {
        struct ugrpc_status why;
        status_set(&why, UGRPC_UNAVAILABLE, "cannot send: %s", uv_strerror(status));
        end(c, &why);
        return;
    }
    if (c->tls && tls_stream_out(c->tls)->len > 0 && connection_flush(c) != 0) {
        return; /* the next read tells */
    }
    c->events->on_drain(c, c->userdata);
}

/* Writes `b` and leaves it empty: given back when all could be written at once, else kept in flight. */
static int write_out(struct connection *c, struct buffer *b)
{
    uv_buf_t buf = uv_buf_init((char *)b->data, (unsigned)b->len);
    int n = uv_try_write(&c->uv.stream, &buf, 1);
    if (n == (int)b->len) {
        net_give_back(c->net, b);
        return 0;
    }
    if (n < 0 && n != UV_EAGAIN) {
        return n;
    }
    size_t sent = n > 0 ? (size_t)n : 0;
    c->in_flight = *b;
    *b = (struct buffer){0};
    buf = uv_buf_init((char *)c->in_flight.data + sent, (unsigned)(c->in_flight.len - sent));
    c->write.data = c;
    c->writing = true;
    return uv_write(&c->write, &c->uv.stream, &buf, 1, on_written);
}

uint8_t *connection_reserve(struct connection *c, size_t len)
{
    net_lend(c->net, &c->out);
    return buffer_reserve(&c->out, len);
}

void connection_commit(struct connection *c, size_t len)
{
    buffer_commit(&c->out, len);
}

size_t connection_unflushed(const struct connection *c)
{
    return c->out.len;
}

bool connection_writable(const struct connection *c)
{
    return !c->writing && (!c->tls || c->handshake_done);
}

int connection_flush(struct connection *c)
{
    if (c->writing) {
        return 0;
    }
    if (!c->tls) {
        return c->out.len ? write_out(c, &c->out) : 0;
    }
    struct buffer *wire = tls_stream_out(c->tls);
    if (c->out.len && c->handshake_done) {
        if (tls_stream_write(c->tls, c->out.data, c->out.len) != 0) {
            return -1;
        }
        net_give_back(c->net, &c->out);
    }
    return wire->len ? write_out(c, wire) : 0;
}

void connection_finish(struct connection *c)
{
    if (c->finishing) {
        return;
    }
    if (c->tls) {
        int rc = connection_flush(c);
        tls_stream_end(c->tls);
        (void)rc; /* a broken connection needs no farewell */
    }
    c->finishing = true;
    if (connection_flush(c) == 0) {
        uv_shutdown(&c->shutdown, &c->uv.stream, on_shut_down); /* after what libuv still has to write */
    }
}

const char *connection_peer(const struct connection *c)
{
    return c->peer;
}

const char *connection_peer_subject(const struct connection *c)
{
    return c->peer_subject;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct connection *c = handle->data;
    *buf = uv_buf_init((char *)c->net->read, sizeof(c->net->read));
}

/* The first bytes on a TLS port that are not TLS: answers what can be answered. False: it is over. */
static bool check_first_bytes(struct connection *c, const uint8_t *data, size_t len)
{
    struct ugrpc_status why;
    switch (preface_tell(data, len)) {
    case PREFACE_TLS:
        return true;
    case PREFACE_HTTP1: {
        uv_buf_t answer = uv_buf_init((char *)preface_http1_on_tls, (unsigned)strlen(preface_http1_on_tls));
        uv_try_write(&c->uv.stream, &answer, 1);
        status_set(&why, UGRPC_FAILED_PRECONDITION, "HTTP/1.1 without TLS, but this port needs TLS");
        break;
    }
    case PREFACE_HTTP2:
        status_set(&why, UGRPC_FAILED_PRECONDITION, "HTTP/2 without TLS, but this port needs TLS");
        break;
    default:
        status_set(&why, UGRPC_FAILED_PRECONDITION, "neither TLS nor HTTP, but this port needs TLS");
        break;
    }
    end(c, &why);
    return false;
}

static void read_tls(struct connection *c, const uint8_t *data, size_t len)
{
    if (!c->seen_first_byte && !check_first_bytes(c, data, len)) {
        return;
    }
    c->seen_first_byte = true;
    tls_stream_feed(c->tls, data, len);
    struct ugrpc_status why;
    int n;
    while ((n = tls_stream_read(c->tls, c->net->plain, sizeof(c->net->plain), &why)) > 0) {
        if (!c->handshake_done) {
            c->handshake_done = true;
            c->peer_subject = tls_stream_peer_subject(c->tls);
        }
        if (!c->finishing) {
            c->events->on_read(c, c->net->plain, (size_t)n, c->userdata);
        }
        if (!c->events) {
            return; /* closed by its owner meanwhile */
        }
    }
    if (n == 0 && !c->handshake_done && tls_stream_open(c->tls)) {
        c->handshake_done = true;
        c->peer_subject = tls_stream_peer_subject(c->tls);
    }
    int rc = connection_flush(c); /* the handshake's, or the alert that says what was wrong */
    if (n < 0 || rc != 0) {
        if (n >= 0) {
            status_set(&why, UGRPC_UNAVAILABLE, "cannot send");
        }
        end(c, &why);
    }
}

static void on_uv_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    struct connection *c = stream->data;
    if (nread == 0 || !c->events) {
        return;
    }
    if (nread < 0) {
        struct ugrpc_status why;
        if (nread == UV_EOF) {
            status_set(&why, UGRPC_CANCELLED, "the peer closed the connection");
        } else {
            status_set(&why, UGRPC_UNAVAILABLE, "cannot receive: %s", uv_strerror((int)nread));
        }
        end(c, &why);
        return;
    }
    if (c->tls) {
        read_tls(c, (const uint8_t *)buf->base, (size_t)nread);
    } else if (!c->finishing) {
        c->events->on_read(c, (const uint8_t *)buf->base, (size_t)nread, c->userdata);
    }
}

static void note_peer(struct connection *c)
{
    struct address a = {0};
    int len = sizeof(a.sa);
    if (c->uv.handle.type == UV_TCP && uv_tcp_getpeername(&c->uv.tcp, (struct sockaddr *)&a.sa, &len) == 0) {
        uv_tcp_nodelay(&c->uv.tcp, 1);
        a.len = (socklen_t)len;
    } else {
        a.sa.ss_family = AF_UNIX;
        a.len = offsetof(struct sockaddr_un, sun_path);
    }
    address_format(&a, c->peer);
}

struct connection *connection_accept(struct net *net, struct uv_stream_s *listener, struct tls *tls,
    const struct connection_events *events, void *userdata, struct ugrpc_status *st)
{
    struct connection *c = calloc(1, sizeof(*c));
    if (!c) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        return NULL;
    }
    int rc = listener->type == UV_TCP ? uv_tcp_init(net->uv, &c->uv.tcp)
                                      : uv_pipe_init(net->uv, &c->uv.pipe, 0);
    if (rc != 0) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "%s", uv_strerror(rc));
        free(c);
        return NULL;
    }
    c->uv.handle.data = c;
    c->net = net;
    c->events = events;
    c->userdata = userdata;
    rc = uv_accept(listener, &c->uv.stream);
    if (rc == 0 && tls && !(c->tls = tls_stream_new(tls))) {
        rc = UV_ENOMEM;
    }
    if (rc == 0) {
        note_peer(c);
        rc = uv_read_start(&c->uv.stream, on_alloc, on_uv_read);
    }
    if (rc != 0) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "cannot accept: %s", uv_strerror(rc));
        connection_close(c);
        return NULL;
    }
    return c;
}
