/* SPDX-License-Identifier: MIT */
/* Who is let in, with what rights: addresses, TLS, API keys and certificates, and the rule that nothing
 * beyond this machine is served without them unless the operator says so. */
#ifndef DAEMON_ACCESS_H
#define DAEMON_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/arguments.h"
#include "daemon/config.h"

struct clock;
struct keys;
struct ugrpc_server;
struct ugrpc_server_tls;

struct access {
    const char *const *addresses; /* the site file's or --grpc's */
    size_t n;
    bool local;                   /* all of them are reached from this machine only */
    struct ugrpc_server_tls *tls; /* NULL: plain */
    bool client_certificates;
    struct keys *keys; /* NULL: none needed */
    int64_t signature_window_s;
    struct clock *clock; /* by which signatures are checked */
};

/* Reads what the configuration names and checks the rule; borrows both. What is wrong goes to `problems`. */
void access_init(struct access *access, const struct config *config, const struct arguments *arguments,
    struct problems *problems);
void access_done(struct access *access); /* after the server */

/* Makes the server ask every call, health and reflection too, for what is due, and hand on its caller's
 * struct rights as the data of its identity. With keys these are those of the key that the call shows, else
 * of the client certificate's own line; with client_ca alone an operator's; with neither all (NULL) on this
 * machine, and an operator's from others, which --insecure-listen lets in. Borrows `access` and the clock
 * until the server is freed. */
int access_require(
    struct access *access, struct clock *clock, struct ugrpc_server *server, struct ugrpc_status *st);

/* "no TLS, this machine only" */
void access_describe(const struct access *access, char *out, size_t cap);

#endif
