/* SPDX-License-Identifier: MIT */
/* A gRPC client made of a blocking-free socket and nghttp2, for tests: it can be as rude as a test needs. It
 * lives in the test's own thread; pump() lets server and client take turns until something has happened. The
 * server may also be another process, which takes its own. */
#ifndef SUPPORT_H2_CLIENT_H
#define SUPPORT_H2_CLIENT_H

#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ssl_st;
struct ugrpc_loop;

struct h2_header {
    const char *name, *value;
};

struct h2_call {
    int32_t id;
    struct h2_call *next;
    struct h2_header *headers; /* of replies: initial and trailing */
    size_t n_headers;
    uint8_t *body;
    size_t body_len;
    bool closed;
    uint32_t error; /* HTTP/2's, when closed */
    const uint8_t *to_send;
    size_t to_send_len;
    bool end_after, hold; /* hold: keep the stream open after to_send */
};

struct h2_client {
    int fd;
    struct ssl_st *ssl; /* NULL: plain */
    nghttp2_session *h2;
    struct ugrpc_loop *loop; /* the server's; NULL: that is another process */
    struct h2_call *calls;
    bool closed;       /* by the server */
    bool said_goodbye; /* TLS: with its closing alert */
    bool goaway;
    uint32_t goaway_error;
    int32_t goaway_last_ids[2]; /* of the first ones */
    unsigned goaways;
    unsigned pings, pongs; /* sent by h2_pump_some(); answered */
    size_t received;
    bool deaf; /* does not read */
    struct h2_header extra[8];
    size_t n_extra;
    uint8_t *raw; /* what a peer without HTTP/2 got */
    size_t raw_len;
};

/* Connects to "127.0.0.1:PORT", "[::1]:PORT" or "unix:/path", with the server on `loop` (NULL: in another
 * process); with_http2 false leaves the bytes to the test. */
struct h2_client *h2_connect(struct ugrpc_loop *loop, const char *address, bool with_http2);
/* Over TLS, trusting any certificate. */
struct h2_client *h2_connect_tls(struct ugrpc_loop *loop, const char *address);
void h2_close(struct h2_client *c); /* NULL is fine */

/* Turns server and client until `done` says so; fails the test after ten seconds without that. */
void h2_pump(struct h2_client *c, bool (*done)(void *userdata), void *userdata);
void h2_pump_until_closed(struct h2_client *c, struct h2_call *call);
void h2_pump_until_gone(struct h2_client *c); /* the connection */
void h2_pump_some(struct h2_client *c);       /* until both have nothing to do */

/* Lets replies of any size come. */
void h2_open_windows(struct h2_client *c);

/* Headers for the next calls, besides the usual ones. */
void h2_add_header(struct h2_client *c, const char *name, const char *value);
void h2_clear_headers(struct h2_client *c);

/* Begins a POST; `body` is borrowed. With `end` the request ends after it. */
struct h2_call *h2_call(struct h2_client *c, const char *path, const void *body, size_t len, bool end);
struct h2_call *h2_call_empty(struct h2_client *c, const char *path); /* its body: one empty message */
void h2_more(struct h2_client *c, struct h2_call *call, const void *body, size_t len, bool end);
void h2_reset(struct h2_client *c, struct h2_call *call);

const char *h2_header(const struct h2_call *call, const char *name); /* the last one, or "" */
int h2_grpc_status(const struct h2_call *call);                      /* -1: none */
/* The index-th message in the reply's body; NULL: none. */
const uint8_t *h2_message(const struct h2_call *call, size_t index, size_t *len, bool *compressed);

/* Writes a framed message to `to`; returns its length. */
size_t h2_frame(uint8_t *to, const void *data, size_t len, bool compressed);

void h2_send_raw(struct h2_client *c, const void *data, size_t len);

#endif
