/* SPDX-License-Identifier: MIT */
/* A stand-in for libugrpc's server, without sockets: linked instead of it, it runs real handlers on calls
 * that a test makes, and keeps what they send. */
#ifndef SUPPORT_FAKE_SERVER_H
#define SUPPORT_FAKE_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include <protobuf-c/protobuf-c.h>
#include <ugrpc/ugrpc.h>

#include "ugrpc/arena.h"

#define FAKE_MAX 64

struct rights;

struct ugrpc_message {
    int refs;
    size_t len;
    uint8_t data[];
};

struct ugrpc_call {
    char method[128], peer[64], identity[64], subject[64]; /* subject "": nobody said */
    uint64_t subject_id;
    uint64_t connection_id;
    const struct ugrpc_server *server;
    const struct rights *rights;
    struct arena arena; /* of the decoded request */
    const struct ugrpc_method *info;
    const struct ugrpc_call_events *events;
    void *userdata;
    int room; /* how many more messages it takes before it is FULL; -1: any number */
    bool full, cancelled, finished;
    void (*on_send)(struct ugrpc_call *call); /* runs first in a send: what may happen meanwhile */
    struct ugrpc_status status;
    char trailing[64];                    /* "key: value", the last one */
    struct ugrpc_message *sent[FAKE_MAX]; /* a reply, or a stream's messages */
    size_t n_sent, send_limit;
};

struct ugrpc_server *fake_server_new(void);
void fake_server_free(struct ugrpc_server *server);

/* Who calls from now on. identity "": nobody. */
void fake_server_set_peer(
    struct ugrpc_server *server, const char *peer, uint64_t connection_id, const char *identity);

/* And with these rights, which stay the test's; NULL: all. */
void fake_server_set_rights(struct ugrpc_server *server, const struct rights *rights);

/* Health of the server as a whole; tells the health service. */
void fake_server_set_serving(struct ugrpc_server *server, bool serving);

/* Makes a call with the request's bytes, or with a message; a client-streaming call gets it as its only one.
 * It stays until fake_call_free(). */
struct ugrpc_call *fake_call_bytes(
    struct ugrpc_server *server, const char *method, const uint8_t *data, size_t len);
struct ugrpc_call *fake_call(
    struct ugrpc_server *server, const char *method, const ProtobufCMessage *request);

void fake_call_cancel(struct ugrpc_call *call);
void fake_call_make_room(struct ugrpc_call *call, int room); /* and tells the handler, if it met FULL */

/* The index-th message that was sent, decoded; free with protobuf_c_message_free_unpacked(). NULL: there is
 * none. */
void *fake_call_message(const struct ugrpc_call *call, size_t index);

/* Cancels the call first, if it is not finished. */
void fake_call_free(struct ugrpc_call *call);

/* How many shared messages exist now: 0 at a test's end, or something leaks. */
extern size_t fake_messages;

#endif
