/* SPDX-License-Identifier: MIT */
/* The inside of a server, for the files that it is made of. */
#ifndef UGRPC_SERVER_INTERNAL_H
#define UGRPC_SERVER_INTERNAL_H

#include <ugrpc/server.h>

#include "base/timer.h"
#include "ugrpc/call_internal.h"
#include "ugrpc/method_table.h"
#include "ugrpc/session.h"
#include "ugrpc/turned_away.h"

#define DEFAULT_SEND_LIMIT 65536

struct farewell;
struct listener;
struct serving;

/* One connection as calls know it: it may be gone while they are not. */
struct peer {
    unsigned refs;
    struct ugrpc_server *server;
    struct session *session; /* NULL once ended */
    struct peer *prev, *next;
    uint64_t id;
    bool secure; /* with TLS */
    char *certificate;
    char address[];
};

struct intercept {
    const struct ugrpc_interceptor *interceptor;
    void *userdata;
};

struct ugrpc_server {
    struct ugrpc_loop *loop;
    struct session_limits limits;
    uint32_t max_connections;
    bool reuse_port;
    void (*log)(enum ugrpc_log_level level, const char *text, void *userdata);
    void *log_userdata;

    struct method_table methods;
    const struct ugrpc_service **services;
    size_t n_services;
    struct method fallback; /* handler NULL: none */
    struct intercept *interceptors;
    size_t n_interceptors;

    struct listener **listeners;
    char **addresses; /* of the listeners, which shutdown closes */
    size_t n_listeners;
    unsigned pins;                               /* functions on the stack that still use it */
    bool started, shutting_down, freeing, freed; /* freed: only calls and functions on the stack keep it */
    bool shutdown_holds;                         /* the loop, until `done` */
    struct timer shutdown_timer;                 /* the end of the grace */
    struct timer streams_timer;                  /* the turn after shutdown was asked for */
    bool unary_ended;
    struct farewell *farewells;

    struct peer *peers;
    struct ugrpc_call *calls;
    uint64_t next_peer_id;
    struct ugrpc_server_stats stats;
    struct session_counters counters;
    struct turned_away turned_away;
    struct serving *serving;
};

void server_log(struct ugrpc_server *server, enum ugrpc_log_level level, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Tells that a connection was, or will be, turned away; see turned_away.h. `peer` is "" for all together. */
void server_turned_away(struct ugrpc_server *server, const char *peer, const char *why);

/* What streams of a server do: dispatch.c. */
extern const struct session_role server_role;

/* A session has ended; shutdown may be waiting for that. */
void server_peer_gone(struct ugrpc_server *server, struct peer *peer, const struct ugrpc_status *why);
void peer_unref(struct peer *peer);

/* The memory of a freed server, unless a call or a function on the stack still uses it. */
void server_delete_unused(struct ugrpc_server *server);

#endif
