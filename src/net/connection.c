/* SPDX-License-Identifier: MIT */
/* Output gathers in a buffer borrowed from `net`. A flush tries to write it whole, which nearly always
 * works, and the buffer goes back; only the rest for a slow peer stays here until the socket has room. The
 * socket is read and written here rather than by libuv, whose streams raise SIGPIPE: that would end a program
 * which does not know that it is a server. The struct holds its uv handle and is freed in the handle's close
 * callback, never before. */
#include "net/connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "net/address.h"
#include "net/buffer.h"
#include "net/net.h"
#include "net/preface.h"
#include "net/tls.h"
#include "net/tls_stream.h"

/* What TLS may have to answer, by itself, to a peer that does not read. */
#define TLS_BACKLOG_MAX NET_WRITE_MAX

struct connection {
    uv_poll_t poll;
    int fd;
    struct net *net;
    const struct connection_events *events; /* NULL once closed */
    void *userdata;
    struct tls_stream *tls; /* NULL: plain */
    char *peer_subject;
    struct buffer out;       /* committed, not flushed; plain */
    struct buffer in_flight; /* being written, while `writing` */
    size_t sent;             /* of it */
    struct preface preface;  /* of a peer who should speak TLS */
    bool client, connecting; /* begun here; not there yet */
    bool writing, said_tls, handshake_done, finishing;
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
        uv_close((uv_handle_t *)&c->poll, on_closed);
        close(c->fd);
    }
}

static void end(struct connection *c, enum ugrpc_code code, const char *text)
{
    struct ugrpc_status why;
    status_set(&why, code, "%s", text);
    uv_poll_stop(&c->poll);
    c->events->on_end(c, &why, c->userdata);
}

static void end_broken(struct connection *c, const char *what, int error)
{
    char text[128];
    snprintf(text, sizeof(text), "cannot %s: %s", what, strerror(error));
    end(c, UGRPC_UNAVAILABLE, text);
}

static void on_poll(uv_poll_t *poll, int status, int events);

/* Waits for bytes, and for room if there is something to write. */
static void watch(struct connection *c)
{
    uv_poll_start(&c->poll, UV_READABLE | (c->writing ? UV_WRITABLE : 0), on_poll);
}

/* The number of bytes that the kernel took, or -errno. */
static ssize_t send_some(struct connection *c, const uint8_t *data, size_t len)
{
    ssize_t n;
    do {
        n = send(c->fd, data, len, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n >= 0 ? n : errno == EAGAIN ? 0 : -errno;
}

/* Writes `b` and leaves it empty: given back when all could be written at once, else kept in flight. 0 or
 * -errno. */
static int write_out(struct connection *c, struct buffer *b)
{
    ssize_t n = send_some(c, b->data, b->len);
    if (n < 0) {
        return (int)n;
    }
    if ((size_t)n == b->len) {
        net_give_back(c->net, b);
        return 0;
    }
    c->in_flight = *b;
    c->sent = (size_t)n;
    *b = (struct buffer){0};
    c->writing = true;
    watch(c);
    return 0;
}

/* There is room for what is in flight, and then for what has gathered meanwhile. */
static void write_rest(struct connection *c)
{
    ssize_t n = send_some(c, c->in_flight.data + c->sent, c->in_flight.len - c->sent);
    if (n < 0) {
        end_broken(c, "send", (int)-n);
        return;
    }
    c->sent += (size_t)n;
    if (c->sent < c->in_flight.len) {
        return;
    }
    net_give_back(c->net, &c->in_flight);
    c->writing = false;
    int rc = connection_flush(c);
    if (rc < 0) {
        end_broken(c, "send", -rc);
        return;
    }
    if (c->writing) {
        return;
    }
    watch(c);
    if (c->finishing) {
        shutdown(c->fd, SHUT_WR);
    } else {
        c->events->on_drain(c, c->userdata);
    }
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
            return -ENOMEM;
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
    int rc = connection_flush(c);
    if (c->tls && rc == 0) {
        tls_stream_end(c->tls);
        rc = connection_flush(c);
    }
    c->finishing = true;
    if (rc == 0 && !c->writing) { /* else write_rest() does it; a broken connection needs no farewell */
        shutdown(c->fd, SHUT_WR);
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

/* The first bytes of a server that should speak TLS. */
static bool check_server(struct connection *c, const uint8_t *data)
{
    if (preface_is_tls_answer(data[0])) {
        return true;
    }
    end(c, UGRPC_FAILED_PRECONDITION, "it answers without TLS, but TLS was asked for");
    return false;
}

/* The first bytes on a TLS port: answers what can be answered. True: they are TLS. */
static bool check_first_bytes(struct connection *c, const uint8_t *data, size_t len)
{
    if (c->client) {
        return check_server(c, data);
    }
    switch (preface_take(&c->preface, data, len)) {
    case PREFACE_TLS:
        return true;
    case PREFACE_UNDECIDED:
        return false;
    case PREFACE_HTTP1:
        send_some(c, (const uint8_t *)preface_http1_on_tls, strlen(preface_http1_on_tls));
        end(c, UGRPC_FAILED_PRECONDITION, "HTTP/1.1 without TLS, but this port needs TLS");
        return false;
    case PREFACE_HTTP2:
        end(c, UGRPC_FAILED_PRECONDITION, "HTTP/2 without TLS, but this port needs TLS");
        return false;
    default:
        end(c, UGRPC_FAILED_PRECONDITION, "neither TLS nor HTTP, but this port needs TLS");
        return false;
    }
}

/* False: its owner has closed it. */
static bool note_handshake(struct connection *c)
{
    if (!c->handshake_done && tls_stream_open(c->tls)) {
        c->handshake_done = true;
        if (c->client) {
            c->events->on_open(c, c->userdata);
        } else {
            c->peer_subject = tls_stream_peer_subject(c->tls);
        }
    }
    return c->events;
}

/* A client begins its handshake with no data. */
static void read_tls(struct connection *c, const uint8_t *data, size_t len)
{
    if (len && !c->said_tls && !check_first_bytes(c, data, len)) {
        return;
    }
    c->said_tls = len; /* by the first byte already, so none of them was kept */
    tls_stream_feed(c->tls, data, len);
    struct ugrpc_status why;
    int n;
    while ((n = tls_stream_read(c->tls, c->net->plain, sizeof(c->net->plain), &why)) > 0) {
        if (!note_handshake(c)) {
            return;
        }
        if (!c->finishing) {
            c->events->on_read(c, c->net->plain, (size_t)n, c->userdata);
        }
        if (!c->events) {
            return; /* closed by its owner meanwhile */
        }
    }
    if (!note_handshake(c)) {
        return;
    }
    int rc = connection_flush(c); /* the handshake's, or the alert that says what was wrong */
    if (n < 0) {
        end(c, why.code, why.message);
    } else if (rc != 0) {
        end_broken(c, "send", -rc);
    } else if (c->writing && tls_stream_out(c->tls)->len > TLS_BACKLOG_MAX) { /* a flood of KeyUpdates */
        end(c, UGRPC_RESOURCE_EXHAUSTED, "the peer makes TLS answer, but reads nothing");
    }
}

/* Reads once, so that no peer can keep the loop. False: nothing came, or it is over. */
static bool receive(struct connection *c)
{
    uint8_t *data = c->net->read;
    ssize_t n = recv(c->fd, data, sizeof(c->net->read), 0);
    if (n > 0 && c->tls) {
        read_tls(c, data, (size_t)n);
    } else if (n > 0 && !c->finishing) {
        c->events->on_read(c, data, (size_t)n, c->userdata);
    } else if (n == 0) {
        end(c, UGRPC_CANCELLED, "the peer closed the connection");
    } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
        end_broken(c, "receive", errno);
    }
    return n > 0 && c->events;
}

/* The attempt to connect has ended. */
static void finish_connect(struct connection *c)
{
    int error = 0;
    socklen_t len = sizeof(error);
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
        error = errno;
    }
    if (error) {
        end(c, UGRPC_UNAVAILABLE, uv_strerror(-error));
        return;
    }
    c->connecting = false;
    watch(c);
    if (c->tls) {
        read_tls(c, NULL, 0);
    } else {
        c->events->on_open(c, c->userdata);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct connection *c = poll->data;
    if (c->connecting) {
        finish_connect(c);
        return;
    }
    if (status < 0) { /* the socket has failed, which recv() tells after all that came before */
        while (receive(c)) {
        }
        return;
    }
    if (events & UV_READABLE) {
        receive(c);
    }
    if ((events & UV_WRITABLE) && c->events && c->writing) {
        write_rest(c);
    }
}

/* Takes the socket, also when it fails. */
static struct connection *connection_alloc(struct net *net, int fd, const struct address *peer,
    const struct connection_events *events, void *userdata, struct ugrpc_status *st)
{
    struct connection *c = calloc(1, sizeof(*c));
    int rc = c ? uv_poll_init(net->uv, &c->poll, fd) : UV_ENOMEM;
    if (rc != 0) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "no connection: %s", uv_strerror(rc));
        free(c);
        close(fd);
        return NULL;
    }
    c->poll.data = c;
    c->fd = fd;
    c->net = net;
    c->events = events;
    c->userdata = userdata;
    address_format(peer, c->peer);
    if (!address_is_unix(peer)) {
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    return c;
}

struct connection *connection_new(struct net *net, int fd, const struct address *from, struct tls *tls,
    const struct connection_events *events, void *userdata, struct ugrpc_status *st)
{
    struct connection *c = connection_alloc(net, fd, from, events, userdata, st);
    if (c && tls && !(c->tls = tls_stream_new(tls))) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "no connection: out of memory");
        connection_close(c);
        return NULL;
    }
    if (c) {
        watch(c);
    }
    return c;
}

static int begin_connect(int fd, const struct address *address)
{
    if (connect(fd, (const struct sockaddr *)&address->sa, address->len) == 0 || errno == EINPROGRESS ||
        errno == EINTR) {
        return 0; /* told by the loop in either case */
    }
    return -errno;
}

struct connection *connection_connect(struct net *net, const struct address *address, struct tls *tls,
    const char *host, struct tls_ticket *ticket, const struct connection_events *events, void *userdata,
    struct ugrpc_status *st)
{
    int fd = socket(address->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int rc = fd >= 0 ? begin_connect(fd, address) : -errno;
    if (rc != 0) {
        status_set(st, UGRPC_UNAVAILABLE, "%s", uv_strerror(rc));
        if (fd >= 0) {
            close(fd);
        }
        return NULL;
    }
    struct connection *c = connection_alloc(net, fd, address, events, userdata, st);
    if (!c) {
        return NULL;
    }
    c->client = c->connecting = true;
    if (tls && !(c->tls = tls_stream_new_client(tls, host, ticket))) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        connection_close(c);
        return NULL;
    }
    uv_poll_start(&c->poll, UV_WRITABLE, on_poll);
    return c;
}
