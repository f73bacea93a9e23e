/* SPDX-License-Identifier: MIT */
#include "fake_net.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <ugrpc/loop.h>

#include "net/listener.h"
#include "net/net.h"

/* ---- the listener: the loop's data points to it ---- */

struct listener {
    uv_loop_t *uv;
    listener_fn *fn;
    void *userdata;
    struct connection *arriving; /* comes back in connection_new() */
};

struct listener *listener_new(
    struct uv_loop_s *uv, const char *address, struct tls *tls, bool reuse_port, struct ugrpc_status *st)
{
    struct listener *l = calloc(1, sizeof(*l));
    assert(l);
    l->uv = uv;
    uv->data = l;
    return l;
}

int listener_start(struct listener *l, listener_fn *fn, void *userdata, struct ugrpc_status *st)
{
    l->fn = fn;
    l->userdata = userdata;
    return 0;
}

void listener_free(struct listener *l)
{
    if (l) {
        l->uv->data = NULL;
        free(l);
    }
}

const char *listener_address(const struct listener *l)
{
    return "fake";
}

struct tls *listener_tls(const struct listener *l)
{
    return NULL;
}

/* ---- the connection, its peer at the other end ---- */

struct connection {
    const struct connection_events *events; /* NULL: not accepted yet, or closed by the server */
    void *userdata;
    struct buffer out, in_flight; /* committed; flushed */
    struct buffer received;
    size_t room; /* what the peer will read */
    bool finishing;
};

struct connection *fake_peer_connect(struct ugrpc_loop *loop)
{
    struct listener *l = ugrpc_loop_uv(loop)->data;
    struct connection *c = calloc(1, sizeof(*c));
    assert(l && l->fn && c);
    l->arriving = c;
    l->fn(l, 0, NULL, NULL, l->userdata);
    return c;
}

struct connection *connection_new(struct net *net, int fd, const struct address *from, struct tls *tls,
    const struct connection_events *events, void *userdata, struct ugrpc_status *st)
{
    struct listener *l = net->uv->data;
    struct connection *c = l->arriving;
    c->events = events;
    c->userdata = userdata;
    return c;
}

struct connection *connection_connect(struct net *net, const struct address *address, struct tls *tls,
    const char *host, struct tls_ticket *ticket, const struct connection_events *events, void *userdata,
    struct ugrpc_status *st)
{
    struct connection *c = calloc(1, sizeof(*c));
    assert(c);
    c->events = events;
    c->userdata = userdata;
    net->uv->data = c;
    return c;
}

struct connection *fake_server_accept(struct ugrpc_loop *loop)
{
    struct connection *c = ugrpc_loop_uv(loop)->data;
    ugrpc_loop_uv(loop)->data = NULL;
    if (c && c->events) {
        c->events->on_open(c, c->userdata);
    }
    return c;
}

void fake_peer_free(struct connection *c)
{
    assert(!c->events);
    buffer_done(&c->out);
    buffer_done(&c->in_flight);
    buffer_done(&c->received);
    free(c);
}

void connection_close(struct connection *c)
{
    if (c) {
        c->events = NULL;
    }
}

/* The peer reads of what is in flight. */
static void deliver(struct connection *c)
{
    size_t n = c->in_flight.len < c->room ? c->in_flight.len : c->room;
    if (n == 0) {
        return;
    }
    int rc = buffer_append(&c->received, c->in_flight.data, n);
    assert(rc == 0);
    c->room -= n;
    c->in_flight.len -= n;
    memmove(c->in_flight.data, c->in_flight.data + n, c->in_flight.len);
}

void fake_peer_read(struct connection *c, size_t len)
{
    bool waiting = !connection_writable(c);
    c->room = len < SIZE_MAX - c->room ? c->room + len : SIZE_MAX;
    deliver(c);
    if (waiting && connection_writable(c) && c->events) {
        c->events->on_drain(c, c->userdata);
    }
}

const struct buffer *fake_peer_received(const struct connection *c)
{
    return &c->received;
}

void fake_peer_send(struct connection *c, const void *data, size_t len)
{
    if (c->events && !c->finishing) {
        c->events->on_read(c, data, len, c->userdata);
    }
}

void fake_peer_hang_up(struct connection *c)
{
    struct ugrpc_status why;
    status_set(&why, UGRPC_CANCELLED, "the peer closed the connection");
    if (c->events) {
        c->events->on_end(c, &why, c->userdata);
    }
}

uint8_t *connection_reserve(struct connection *c, size_t len)
{
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
    return c->in_flight.len == 0;
}

int connection_flush(struct connection *c)
{
    if (connection_writable(c)) {
        struct buffer empty = c->in_flight;
        c->in_flight = c->out;
        c->out = empty;
        deliver(c);
    }
    return 0;
}

void connection_finish(struct connection *c)
{
    int rc = connection_flush(c);
    assert(rc == 0);
    c->finishing = true;
}

const char *connection_peer(const struct connection *c)
{
    return "fake";
}

const char *connection_peer_subject(const struct connection *c)
{
    return NULL;
}
