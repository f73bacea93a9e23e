/* SPDX-License-Identifier: MIT */
/* Binds the server to its addresses. A port in use is tried again for a while, as the gateway that is being
 * replaced may still hold it. */
#ifndef DAEMON_LISTENERS_H
#define DAEMON_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

#define LISTENERS_RETRY_S 10

struct listeners;
struct timers;
struct ugrpc_server;
struct ugrpc_server_tls;

struct listeners_options {
    struct ugrpc_server *server;
    struct ugrpc_server_tls *tls; /* NULL: plain */
    struct timers *timers;
    const char *const *addresses; /* borrowed until listeners_free() */
    size_t n;
    status_fn *done; /* see listeners_open() */
    void *userdata;
};

struct listeners *listeners_new(const struct listeners_options *options);

/* 0: all are bound. 1: a port is in use (logged); done() will run once, from the loop, when all are bound or
 * the time is over. Negative: an address cannot be bound at all, in `st`. A loopback address of IPv6 on a
 * machine without it is only a warning, as long as another address works. */
int listeners_open(struct listeners *listeners, struct ugrpc_status *st);

void listeners_free(struct listeners *listeners); /* done() will not run. NULL is fine */

/* Whether only this machine reaches the address: 127.0.0.0/8, ::1, or a unix socket. */
bool listeners_is_local(const char *address);

#endif
