/* SPDX-License-Identifier: MIT */
#include "support/raw_server.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <ugrpc/loop.h>

#define PREFACE_LEN 24
#define HEAD_LEN    9

struct raw_server {
    uv_tcp_t listener;
    struct peer *peer; /* NULL: none */
    const struct raw_events *events;
    void *userdata;
    unsigned connections;
    char address[32];
};

struct peer {
    uv_tcp_t tcp;
    struct raw_server *server; /* NULL: it is no longer wanted */
    size_t preface_seen;
    size_t len;
    uint8_t in[1 << 20];
};

static void on_peer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void raw_close(struct raw_server *server)
{
    struct peer *peer = server->peer;
    server->peer = NULL;
    if (peer) {
        peer->server = NULL;
        uv_close((uv_handle_t *)&peer->tcp, on_peer_closed);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct peer *peer = handle->data;
    *buf = uv_buf_init((char *)peer->in + peer->len, (unsigned)(sizeof(peer->in) - peer->len));
}

static size_t take_frame(struct peer *peer, const uint8_t *at, size_t left)
{
    struct raw_server *server = peer->server;
    size_t len = left < HEAD_LEN ? 0 : (size_t)at[0] << 16 | (size_t)at[1] << 8 | at[2];
    if (left < HEAD_LEN + len) {
        return 0;
    }
    const struct raw_frame frame = {.type = at[3],
        .flags = at[4],
        .id = (int32_t)((uint32_t)(at[5] & 0x7f) << 24 | (uint32_t)at[6] << 16 | (uint32_t)at[7] << 8 |
                        at[8]),
        .payload = at + HEAD_LEN,
        .len = len};
    if (server->events && server->events->frame) {
        if (frame.type == NGHTTP2_SETTINGS && !(frame.flags & NGHTTP2_FLAG_ACK)) {
            raw_send_frame(server, NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, NULL, 0);
        }
        server->events->frame(server, &frame, server->userdata);
    }
    return HEAD_LEN + len;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct peer *peer = stream->data;
    if (!peer->server || n == 0) {
        return;
    }
    if (n < 0) {
        raw_close(peer->server);
        return;
    }
    peer->len += (size_t)n;
    size_t at = 0, taken;
    if (peer->preface_seen < PREFACE_LEN) {
        at = PREFACE_LEN - peer->preface_seen < peer->len ? PREFACE_LEN - peer->preface_seen : peer->len;
        peer->preface_seen += at;
    }
    while (peer->server && (taken = take_frame(peer, peer->in + at, peer->len - at)) > 0) {
        at += taken;
    }
    peer->len -= at;
    memmove(peer->in, peer->in + at, peer->len);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct raw_server *server = listener->data;
    struct peer *peer = calloc(1, sizeof(*peer));
    assert_int_equal(status, 0);
    raw_close(server);
    uv_tcp_init(listener->loop, &peer->tcp);
    uv_unref((uv_handle_t *)&peer->tcp);
    peer->tcp.data = peer;
    peer->server = server;
    server->peer = peer;
    server->connections++;
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&peer->tcp), 0);
    uv_read_start((uv_stream_t *)&peer->tcp, on_alloc, on_read);
    if (server->events && server->events->accepted) {
        server->events->accepted(server, server->userdata);
    }
}

struct raw_server *raw_server_new(struct ugrpc_loop *loop, const struct raw_events *events, void *userdata)
{
    struct raw_server *server = calloc(1, sizeof(*server));
    struct sockaddr_in address;
    int len = sizeof(address);
    server->events = events;
    server->userdata = userdata;
    uv_tcp_init(ugrpc_loop_uv(loop), &server->listener);
    server->listener.data = server;
    uv_unref((uv_handle_t *)&server->listener); /* so that a test which fails does not hang instead */
    uv_ip4_addr("127.0.0.1", 0, &address);
    assert_int_equal(uv_tcp_bind(&server->listener, (struct sockaddr *)&address, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&server->listener, 16, on_connection), 0);
    uv_tcp_getsockname(&server->listener, (struct sockaddr *)&address, &len);
    snprintf(server->address, sizeof(server->address), "127.0.0.1:%d", ntohs(address.sin_port));
    return server;
}

void raw_server_free(struct raw_server *server)
{
    if (server) {
        raw_close(server);
        uv_close((uv_handle_t *)&server->listener, on_peer_closed);
    }
}

const char *raw_server_address(const struct raw_server *server)
{
    return server->address;
}

unsigned raw_server_connections(const struct raw_server *server)
{
    return server->connections;
}

bool raw_server_has_client(const struct raw_server *server)
{
    return server->peer;
}

void raw_send(struct raw_server *server, const void *data, size_t len)
{
    uv_buf_t buf = uv_buf_init((char *)data, (unsigned)len);
    if (server->peer) { /* a few bytes, which the socket always takes */
        assert_int_equal(uv_try_write((uv_stream_t *)&server->peer->tcp, &buf, 1), len);
    }
}

void raw_send_frame(
    struct raw_server *server, uint8_t type, uint8_t flags, int32_t id, const void *payload, size_t len)
{
    uint8_t bytes[4096] = {0, (uint8_t)(len >> 8), (uint8_t)len, type, flags, (uint8_t)(id >> 24),
        (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id};
    assert_true(HEAD_LEN + len <= sizeof(bytes));
    if (len) {
        memcpy(bytes + HEAD_LEN, payload, len);
    }
    raw_send(server, bytes, HEAD_LEN + len);
}

void raw_send_settings(struct raw_server *server)
{
    raw_send_frame(server, NGHTTP2_SETTINGS, 0, 0, NULL, 0);
}

static size_t put_text(uint8_t *to, const char *text)
{
    to[0] = (uint8_t)strlen(text); /* not Huffman's code; shorter than 127 */
    memcpy(to + 1, text, to[0]);
    return 1u + to[0];
}

void raw_send_headers(struct raw_server *server, int32_t id, bool last, const char *status, ...)
{
    uint8_t block[2048], flags = NGHTTP2_FLAG_END_HEADERS | (last ? NGHTTP2_FLAG_END_STREAM : 0);
    size_t len = 0;
    va_list pairs;
    if (status) {
        block[len++] = 0x08; /* a literal for name 8 of the static table, ":status" */
        len += put_text(block + len, status);
    }
    va_start(pairs, status);
    for (const char *name; (name = va_arg(pairs, const char *));) {
        block[len++] = 0x00; /* a literal with a name of its own */
        len += put_text(block + len, name);
        len += put_text(block + len, va_arg(pairs, const char *));
    }
    va_end(pairs);
    raw_send_frame(server, NGHTTP2_HEADERS, flags, id, block, len);
}

static void put_u32(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        to[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

void raw_send_goaway(struct raw_server *server, int32_t last_id, uint32_t error, const char *why)
{
    uint8_t payload[256];
    put_u32(payload, (uint32_t)last_id);
    put_u32(payload + 4, error);
    memcpy(payload + 8, why, strlen(why));
    raw_send_frame(server, NGHTTP2_GOAWAY, 0, 0, payload, 8 + strlen(why));
}

void raw_send_reset(struct raw_server *server, int32_t id, uint32_t error)
{
    uint8_t payload[4];
    put_u32(payload, error);
    raw_send_frame(server, NGHTTP2_RST_STREAM, 0, id, payload, sizeof(payload));
}

void raw_send_reply(struct raw_server *server, int32_t id, const char *text)
{
    uint8_t data[256] = {0, 0, 0, 0, (uint8_t)strlen(text)};
    memcpy(data + 5, text, strlen(text));
    raw_send_headers(server, id, false, "200", "content-type", "application/grpc", NULL);
    raw_send_frame(server, NGHTTP2_DATA, 0, id, data, 5 + strlen(text));
    raw_send_headers(server, id, true, NULL, "grpc-status", "0", NULL);
}
