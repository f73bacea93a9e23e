/* SPDX-License-Identifier: MIT */
/* An echo server on a loop and a thread of its own, for clients that block. */
#ifndef SUPPORT_SERVER_THREAD_H
#define SUPPORT_SERVER_THREAD_H

#include <ugrpc/ugrpc.h>

#include "support/echo_service.h"

struct server_thread;

/* `address` NULL: a free port. `options` and `tls` may be NULL. */
struct server_thread *server_thread_start(
    const char *address, const struct ugrpc_server_options *options, struct ugrpc_server_tls *tls);
void server_thread_stop(struct server_thread *server); /* NULL is fine */
const char *server_thread_address(const struct server_thread *server);

/* Runs fn(echo) on the server's loop. */
void server_thread_do(struct server_thread *server, void (*fn)(void *echo));
/* How many calls of the echo service have been cancelled; waits for so many. */
void server_thread_await_cancels(struct server_thread *server, unsigned n);

#endif
