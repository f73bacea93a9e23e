/* SPDX-License-Identifier: MIT */
/* A service on raw bytes with a method of each kind, and a record of what its handlers saw. */
#ifndef SUPPORT_ECHO_SERVICE_H
#define SUPPORT_ECHO_SERVICE_H

#include <ugrpc/ugrpc.h>

#define ECHO_PATH(method) "/test.Echo/" method

struct echo {
    struct ugrpc_call *held; /* the newest call of Hold, or of Watch */
    unsigned held_calls, cancels, readies, messages, ends;
    size_t bytes; /* in messages */
    enum ugrpc_sent last_sent;
    struct ugrpc_call_events events;
};

/* Unary: the request comes back. Hold: unary, stays in `held`. Watch: server-streaming, stays in `held`.
 * Count: client-streaming, replies "N". Chat: bidi, each message comes back. Metadata: unary, all request
 * metadata comes back as initial and as trailing metadata, and what x-details-bin has, as the status'
 * details. */
extern const struct ugrpc_service echo_service;
extern const struct ugrpc_handler echo_handlers[];

void echo_init(struct echo *e);

/* Some message; caller unrefs it. */
struct ugrpc_message *message_of_size(size_t len);

/* Finishes the held call. */
void echo_let_go(struct echo *e);

/* Whether a call was cancelled; for h2_pump(). */
bool echo_was_cancelled(void *echo);

#endif
