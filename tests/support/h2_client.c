/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ugrpc/loop.h>

#include "base/clock.h"
#include "net/address.h"
#include "support/h2_client.h"

#define PATIENCE_S 10

/* What SSL_read() or SSL_write() returned, as recv() and send() would say it. */
static ssize_t tls_result(struct h2_client *c, int rc)
{
    int error = SSL_get_error(c->ssl, rc);
    if (rc > 0) {
        return rc;
    }
    c->said_goodbye |= error == SSL_ERROR_ZERO_RETURN;
    errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
    return error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

static ssize_t on_send(nghttp2_session *h2, const uint8_t *data, size_t len, int flags, void *userdata)
{
    struct h2_client *c = userdata;
    ssize_t n = c->ssl ? tls_result(c, SSL_write(c->ssl, data, (int)len))
                       : send(c->fd, data, len, MSG_NOSIGNAL);
    if (n >= 0) {
        return n;
    }
    return errno == EAGAIN ? NGHTTP2_ERR_WOULDBLOCK : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_header(nghttp2_session *h2, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
    const uint8_t *value, size_t value_len, uint8_t flags, void *userdata)
{
    struct h2_call *call = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
    call->headers = realloc(call->headers, (call->n_headers + 1) * sizeof(*call->headers));
    call->headers[call->n_headers++] = (struct h2_header){
        strndup((const char *)name, name_len), strndup((const char *)value, value_len)};
    return 0;
}

static int on_chunk(
    nghttp2_session *h2, uint8_t flags, int32_t id, const uint8_t *data, size_t len, void *userdata)
{
    struct h2_call *call = nghttp2_session_get_stream_user_data(h2, id);
    call->body = realloc(call->body, call->body_len + len);
    memcpy(call->body + call->body_len, data, len);
    call->body_len += len;
    return 0;
}

static int on_frame(nghttp2_session *h2, const nghttp2_frame *frame, void *userdata)
{
    struct h2_client *c = userdata;
    if (frame->hd.type == NGHTTP2_GOAWAY) {
        c->goaway = true;
        c->goaway_error = frame->goaway.error_code;
        if (c->goaways < 2) {
            c->goaway_last_ids[c->goaways++] = frame->goaway.last_stream_id;
        }
    }
    c->pongs += frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK);
    return 0;
}

static int on_close(nghttp2_session *h2, int32_t id, uint32_t error, void *userdata)
{
    struct h2_call *call = nghttp2_session_get_stream_user_data(h2, id);
    if (call) {
        call->closed = true;
        call->error = error;
    }
    return 0;
}

static ssize_t on_body(nghttp2_session *h2, int32_t id, uint8_t *buf, size_t cap, uint32_t *flags,
    nghttp2_data_source *source, void *userdata)
{
    struct h2_call *call = source->ptr;
    size_t n = call->to_send_len < cap ? call->to_send_len : cap;
    if (n == 0 && !call->end_after) {
        return NGHTTP2_ERR_DEFERRED;
    }
    if (n) {
        memcpy(buf, call->to_send, n);
    }
    call->to_send += n;
    call->to_send_len -= n;
    if (call->to_send_len == 0 && call->end_after) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return (ssize_t)n;
}

static void start_http2(struct h2_client *c)
{
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *option;
    assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
    assert_int_equal(nghttp2_option_new(&option), 0);
    nghttp2_session_callbacks_set_send_callback(callbacks, on_send);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_chunk);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_option_set_peer_max_concurrent_streams(option, 1000);
    assert_int_equal(nghttp2_session_client_new2(&c->h2, callbacks, c, option), 0);
    nghttp2_submit_settings(c->h2, NGHTTP2_FLAG_NONE, NULL, 0);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
}

struct h2_client *h2_connect(struct ugrpc_loop *loop, const char *address, bool with_http2)
{
    struct h2_client *c = calloc(1, sizeof(*c));
    struct address a;
    assert_int_equal(address_parse(&a, address, NULL), 0);
    c->loop = loop;
    c->fd = socket(a.sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(c->fd, (struct sockaddr *)&a.sa, a.len), 0);
    int on = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* fails, and may, on a unix socket */
    fcntl(c->fd, F_SETFL, fcntl(c->fd, F_GETFL) | O_NONBLOCK);
    if (with_http2) {
        start_http2(c);
    }
    return c;
}

static void free_header(const struct h2_header *header)
{
    free((char *)header->name);
    free((char *)header->value);
}

struct h2_client *h2_connect_tls(struct ugrpc_loop *loop, const char *address)
{
    struct h2_client *c = h2_connect(loop, address, true);
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    c->ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    SSL_set_mode(c->ssl, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_set_alpn_protos(c->ssl, (const unsigned char *)"\x02h2", 3);
    SSL_set_fd(c->ssl, c->fd);
    SSL_set_connect_state(c->ssl);
    return c;
}

void h2_close(struct h2_client *c)
{
    if (!c) {
        return;
    }
    SSL_free(c->ssl);
    if (c->fd >= 0) {
        close(c->fd);
    }
    nghttp2_session_del(c->h2);
    while (c->calls) {
        struct h2_call *call = c->calls;
        c->calls = call->next;
        for (size_t i = 0; i < call->n_headers; i++) {
            free_header(&call->headers[i]);
        }
        free(call->headers);
        free(call->body);
        free(call);
    }
    h2_clear_headers(c);
    free(c->raw);
    free(c);
}

static bool read_some(struct h2_client *c)
{
    uint8_t data[65536];
    if (c->deaf || c->closed) {
        return false;
    }
    ssize_t n = c->ssl ? tls_result(c, SSL_read(c->ssl, data, sizeof(data)))
                       : recv(c->fd, data, sizeof(data), MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) {
        return false;
    }
    if (n <= 0) {
        c->closed = true;
        return true;
    }
    c->received += (size_t)n;
    if (c->h2) {
        assert_true(nghttp2_session_mem_recv(c->h2, data, (size_t)n) == n);
    } else {
        c->raw = realloc(c->raw, c->raw_len + (size_t)n + 1);
        memcpy(c->raw + c->raw_len, data, (size_t)n);
        c->raw_len += (size_t)n;
        c->raw[c->raw_len] = '\0';
    }
    return true;
}

/* One turn of both; waits at most `wait_ms` for either to have something to do. */
static void turn(struct h2_client *c, int wait_ms)
{
    if (c->h2 && !c->closed) {
        nghttp2_session_send(c->h2);
    }
    if (c->loop) {
        ugrpc_loop_turn(c->loop);
    }
    if (read_some(c)) {
        return;
    }
    int server_ms = c->loop ? ugrpc_loop_timeout_ms(c->loop) : -1;
    struct pollfd fds[] = {
        {c->loop ? ugrpc_loop_fd(c->loop) : -1, POLLIN, 0}, {c->deaf || c->closed ? -1 : c->fd, POLLIN, 0}};
    poll(fds, 2, server_ms >= 0 && server_ms < wait_ms ? server_ms : wait_ms);
}

void h2_pump(struct h2_client *c, bool (*done)(void *userdata), void *userdata)
{
    int64_t until_ns = clock_now_ns(clock_real()) + PATIENCE_S * NS_PER_S;
    while (!done(userdata)) {
        turn(c, 100);
        assert_true(clock_now_ns(clock_real()) < until_ns);
    }
}

static bool call_closed(void *userdata)
{
    return ((struct h2_call *)userdata)->closed;
}

static bool client_closed(void *userdata)
{
    return ((struct h2_client *)userdata)->closed;
}

void h2_pump_until_closed(struct h2_client *c, struct h2_call *call)
{
    h2_pump(c, call_closed, call);
}

void h2_pump_until_gone(struct h2_client *c)
{
    h2_pump(c, client_closed, c);
}

static bool pong_came(void *userdata)
{
    struct h2_client *c = userdata;
    return c->closed || c->pongs == c->pings;
}

/* A ping's answer shows that the server has handled all that was sent before it; when two in a row bring
 * nothing else, both have nothing to do. */
void h2_pump_some(struct h2_client *c)
{
    const size_t pong_len = 17;
    for (int quiet = 0; quiet < 2 && !c->closed;) {
        size_t before = c->received;
        nghttp2_submit_ping(c->h2, NGHTTP2_FLAG_NONE, NULL);
        c->pings++;
        h2_pump(c, pong_came, c);
        quiet = c->received - before > pong_len ? 0 : quiet + 1;
    }
}

void h2_open_windows(struct h2_client *c)
{
    const int32_t most = INT32_MAX;
    nghttp2_settings_entry window = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, (uint32_t)most};
    nghttp2_submit_settings(c->h2, NGHTTP2_FLAG_NONE, &window, 1);
    nghttp2_session_set_local_window_size(c->h2, NGHTTP2_FLAG_NONE, 0, most);
}

void h2_add_header(struct h2_client *c, const char *name, const char *value)
{
    assert_true(c->n_extra < sizeof(c->extra) / sizeof(c->extra[0]));
    c->extra[c->n_extra++] = (struct h2_header){strdup(name), strdup(value)};
}

void h2_clear_headers(struct h2_client *c)
{
    while (c->n_extra > 0) {
        free_header(&c->extra[--c->n_extra]);
    }
}

static nghttp2_nv nv(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE};
}

static const char *find_header(const struct h2_header *headers, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(headers[i].name, name) == 0) {
            return headers[i].value;
        }
    }
    return NULL;
}

/* The usual headers; an extra one of the same name replaces the usual, or removes it by being empty. */
struct h2_call *h2_call(struct h2_client *c, const char *path, const void *body, size_t len, bool end)
{
    const struct h2_header usual[] = {{":method", "POST"}, {":scheme", "http"}, {":path", path},
        {":authority", "localhost"}, {"te", "trailers"}, {"content-type", "application/grpc"}};
    const size_t n_usual = sizeof(usual) / sizeof(usual[0]);
    nghttp2_nv block[16];
    size_t n = 0;
    for (size_t i = 0; i < n_usual; i++) {
        const char *own = find_header(c->extra, c->n_extra, usual[i].name);
        const char *value = own ? own : usual[i].value;
        if (*value) {
            block[n++] = nv(usual[i].name, value);
        }
    }
    for (size_t i = 0; i < c->n_extra; i++) {
        if (!find_header(usual, n_usual, c->extra[i].name)) {
            block[n++] = nv(c->extra[i].name, c->extra[i].value);
        }
    }
    struct h2_call *call = calloc(1, sizeof(*call));
    call->to_send = body;
    call->to_send_len = len;
    call->end_after = end;
    call->next = c->calls;
    c->calls = call;
    nghttp2_data_provider provider = {.source.ptr = call, .read_callback = on_body};
    call->id = nghttp2_submit_request(c->h2, NULL, block, n, len == 0 && end ? NULL : &provider, call);
    assert_true(call->id > 0);
    return call;
}

struct h2_call *h2_call_empty(struct h2_client *c, const char *path)
{
    static const uint8_t message[5];
    return h2_call(c, path, message, sizeof(message), true);
}

void h2_more(struct h2_client *c, struct h2_call *call, const void *body, size_t len, bool end)
{
    assert_int_equal(call->to_send_len, 0);
    call->to_send = body;
    call->to_send_len = len;
    call->end_after = end;
    nghttp2_session_resume_data(c->h2, call->id);
}

void h2_reset(struct h2_client *c, struct h2_call *call)
{
    nghttp2_submit_rst_stream(c->h2, NGHTTP2_FLAG_NONE, call->id, NGHTTP2_CANCEL);
}

const char *h2_header(const struct h2_call *call, const char *name)
{
    const char *value = "";
    for (size_t i = 0; i < call->n_headers; i++) {
        value = strcmp(call->headers[i].name, name) == 0 ? call->headers[i].value : value;
    }
    return value;
}

int h2_grpc_status(const struct h2_call *call)
{
    const char *text = h2_header(call, "grpc-status");
    return *text ? atoi(text) : -1;
}

const uint8_t *h2_message(const struct h2_call *call, size_t index, size_t *len, bool *compressed)
{
    const uint8_t *at = call->body, *end = call->body + call->body_len;
    while (end - at >= 5) {
        size_t n = (size_t)at[1] << 24 | (size_t)at[2] << 16 | (size_t)at[3] << 8 | at[4];
        if ((size_t)(end - at) < 5 + n) {
            return NULL;
        }
        if (index-- == 0) {
            *len = n;
            *compressed = at[0];
            return at + 5;
        }
        at += 5 + n;
    }
    return NULL;
}

size_t h2_frame(uint8_t *to, const void *data, size_t len, bool compressed)
{
    to[0] = compressed;
    to[1] = (uint8_t)(len >> 24);
    to[2] = (uint8_t)(len >> 16);
    to[3] = (uint8_t)(len >> 8);
    to[4] = (uint8_t)len;
    memcpy(to + 5, data, len);
    return len + 5;
}

void h2_send_raw(struct h2_client *c, const void *data, size_t len)
{
    assert_true(send(c->fd, data, len, MSG_NOSIGNAL) == (ssize_t)len);
}
