/* SPDX-License-Identifier: MIT */
#include "support/proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <ugrpc/loop.h>

#define CHUNK 65536

struct end {
    uv_tcp_t tcp;
    struct pair *pair;
    bool connected;
    size_t len; /* has come from here and waits for the other end */
    uint8_t bytes[CHUNK];
};

struct pair {
    struct pair *next;
    struct proxy *proxy; /* NULL: cut */
    struct end end[2];   /* the client's, the server's */
    size_t carried[2];
    int open;
};

struct proxy {
    uv_tcp_t listener;
    uv_idle_t idle; /* while there is something, each turn carries some of it on */
    int open;       /* of these two handles */
    struct pair *pairs;
    struct sockaddr_in target;
    size_t fragment, cut_after[2], carried[2];
    unsigned connections;
    bool stopped;
    char address[32];
};

static void on_end_closed(uv_handle_t *handle)
{
    struct pair *pair = handle->data;
    if (--pair->open == 0) {
        free(pair);
    }
}

static void cut(struct pair *pair)
{
    struct pair **link = &pair->proxy->pairs;
    while (*link != pair) {
        link = &(*link)->next;
    }
    *link = pair->next;
    pair->proxy = NULL;
    for (int i = 0; i < 2; i++) {
        pair->end[i].tcp.data = pair;
        uv_close((uv_handle_t *)&pair->end[i].tcp, on_end_closed);
    }
}

/* Carries on what has come from one end. False: the connection has been cut. */
static bool carry(struct pair *pair, enum proxy_way way)
{
    struct proxy *proxy = pair->proxy;
    struct end *from = &pair->end[way], *to = &pair->end[!way];
    size_t n = proxy->fragment && from->len > proxy->fragment ? proxy->fragment : from->len;
    size_t room = proxy->cut_after[way] - pair->carried[way];
    n = n < room ? n : room;
    if (proxy->stopped || !to->connected) {
        return true;
    }
    uv_buf_t buf = uv_buf_init((char *)from->bytes, (unsigned)n);
    int sent = n ? uv_try_write((uv_stream_t *)&to->tcp, &buf, 1) : 0;
    if (sent > 0) {
        from->len -= (size_t)sent;
        memmove(from->bytes, from->bytes + sent, from->len);
        pair->carried[way] += (size_t)sent;
        proxy->carried[way] = pair->carried[way];
    }
    if ((sent < 0 && sent != UV_EAGAIN) || pair->carried[way] == proxy->cut_after[way]) {
        cut(pair);
        return false;
    }
    return true;
}

static void on_idle(uv_idle_t *idle)
{
    struct proxy *proxy = idle->data;
    bool more = false;
    for (struct pair *pair = proxy->pairs, *next; pair; pair = next) {
        next = pair->next;
        if (carry(pair, PROXY_THERE) && carry(pair, PROXY_BACK)) {
            more |= pair->end[0].len + pair->end[1].len > 0;
        }
    }
    if (!more || proxy->stopped) {
        uv_idle_stop(idle);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct end *end = handle->data;
    *buf = uv_buf_init((char *)end->bytes + end->len, (unsigned)(CHUNK - end->len));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct end *end = stream->data;
    if (n > 0) {
        end->len += (size_t)n;
        uv_idle_start(&end->pair->proxy->idle, on_idle);
    } else if (n < 0 && n != UV_ENOBUFS) { /* without a buffer: there is no room */
        cut(end->pair);
    }
}

static void on_connected(uv_connect_t *request, int status)
{
    struct end *end = request->data;
    free(request);
    if (status == 0) {
        end->connected = true;
        uv_tcp_nodelay(&end->tcp, 1);
        uv_read_start((uv_stream_t *)&end->tcp, on_alloc, on_read);
        uv_idle_start(&end->pair->proxy->idle, on_idle);
    } else if (status != UV_ECANCELED) {
        cut(end->pair);
    }
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct proxy *proxy = listener->data;
    struct pair *pair = calloc(1, sizeof(*pair));
    uv_connect_t *request = malloc(sizeof(*request));
    assert_int_equal(status, 0);
    pair->proxy = proxy;
    pair->next = proxy->pairs;
    pair->open = 2;
    proxy->pairs = pair;
    proxy->connections++;
    memset(proxy->carried, 0, sizeof(proxy->carried));
    for (int i = 0; i < 2; i++) {
        uv_tcp_init(listener->loop, &pair->end[i].tcp);
        uv_unref((uv_handle_t *)&pair->end[i].tcp);
        pair->end[i].tcp.data = &pair->end[i];
        pair->end[i].pair = pair;
    }
    struct end *client = &pair->end[0];
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&client->tcp), 0);
    uv_tcp_nodelay(&client->tcp, 1);
    client->connected = true;
    uv_read_start((uv_stream_t *)&client->tcp, on_alloc, on_read);
    request->data = &pair->end[1];
    uv_tcp_connect(request, &pair->end[1].tcp, (struct sockaddr *)&proxy->target, on_connected);
}

struct proxy *proxy_new(struct ugrpc_loop *loop, const char *target)
{
    struct proxy *proxy = calloc(1, sizeof(*proxy));
    struct sockaddr_in address;
    int len = sizeof(address);
    const char *colon = strchr(target, ':');
    assert_int_equal(strncmp(target, "127.0.0.1:", 10), 0);
    uv_ip4_addr("127.0.0.1", atoi(colon + 1), &proxy->target);
    proxy->cut_after[0] = proxy->cut_after[1] = SIZE_MAX;
    uv_idle_init(ugrpc_loop_uv(loop), &proxy->idle);
    uv_tcp_init(ugrpc_loop_uv(loop), &proxy->listener);
    proxy->idle.data = proxy->listener.data = proxy;
    proxy->open = 2;
    uv_unref((uv_handle_t *)&proxy->listener); /* so that a test which fails does not hang instead */
    uv_unref((uv_handle_t *)&proxy->idle);
    uv_ip4_addr("127.0.0.1", 0, &address);
    assert_int_equal(uv_tcp_bind(&proxy->listener, (struct sockaddr *)&address, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&proxy->listener, 16, on_connection), 0);
    uv_tcp_getsockname(&proxy->listener, (struct sockaddr *)&address, &len);
    snprintf(proxy->address, sizeof(proxy->address), "127.0.0.1:%d", ntohs(address.sin_port));
    return proxy;
}

static void on_proxy_closed(uv_handle_t *handle)
{
    struct proxy *proxy = handle->data;
    if (--proxy->open == 0) {
        free(proxy);
    }
}

void proxy_cut(struct proxy *proxy)
{
    while (proxy->pairs) {
        cut(proxy->pairs);
    }
}

void proxy_free(struct proxy *proxy)
{
    if (proxy) {
        proxy_cut(proxy);
        uv_close((uv_handle_t *)&proxy->idle, on_proxy_closed);
        uv_close((uv_handle_t *)&proxy->listener, on_proxy_closed);
    }
}

const char *proxy_address(const struct proxy *proxy)
{
    return proxy->address;
}

void proxy_fragment(struct proxy *proxy, size_t bytes)
{
    proxy->fragment = bytes;
}

void proxy_stop(struct proxy *proxy, bool stop)
{
    proxy->stopped = stop;
    uv_idle_start(&proxy->idle, on_idle);
}

void proxy_cut_after(struct proxy *proxy, enum proxy_way way, size_t bytes)
{
    proxy->cut_after[way] = bytes;
}

size_t proxy_carried(const struct proxy *proxy, enum proxy_way way)
{
    return proxy->carried[way];
}

unsigned proxy_connections(const struct proxy *proxy)
{
    return proxy->connections;
}
