/* SPDX-License-Identifier: MIT */
/* A server that is no server: it says what a test tells it to, byte by byte, and notes which frames its
 * client sends. One connection at a time; a new one takes the place of the last. */
#ifndef SUPPORT_RAW_SERVER_H
#define SUPPORT_RAW_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct raw_server;
struct ugrpc_loop;

struct raw_frame {
    uint8_t type, flags;
    int32_t id;
    const uint8_t *payload;
    size_t len;
};

/* All may be NULL. */
struct raw_events {
    void (*accepted)(struct raw_server *server, void *userdata);
    /* Of a client that speaks HTTP/2: whole frames, its preface apart. Its settings are acknowledged. */
    void (*frame)(struct raw_server *server, const struct raw_frame *frame, void *userdata);
};

/* Listens on a free port of 127.0.0.1. */
struct raw_server *raw_server_new(struct ugrpc_loop *loop, const struct raw_events *events, void *userdata);
void raw_server_free(struct raw_server *server); /* NULL is fine */
const char *raw_server_address(const struct raw_server *server);
unsigned raw_server_connections(const struct raw_server *server); /* that have come so far */
bool raw_server_has_client(const struct raw_server *server);      /* now */

void raw_send(struct raw_server *server, const void *data, size_t len);
void raw_send_frame(
    struct raw_server *server, uint8_t type, uint8_t flags, int32_t id, const void *payload, size_t len);
void raw_send_settings(struct raw_server *server);
/* ":status" and pairs of name and value, ended by NULL. */
void raw_send_headers(struct raw_server *server, int32_t id, bool last, const char *status, ...);
void raw_send_goaway(struct raw_server *server, int32_t last_id, uint32_t error, const char *why);
void raw_send_reset(struct raw_server *server, int32_t id, uint32_t error);
/* A whole answer to a unary call: this message, uncompressed, and OK. */
void raw_send_reply(struct raw_server *server, int32_t id, const char *text);
void raw_close(struct raw_server *server);

#endif
