/* SPDX-License-Identifier: MIT */
/* Which services say that they are well: what the health service tells, and what it watches. */
#ifndef UGRPC_SERVING_H
#define UGRPC_SERVING_H

#include <stdbool.h>

#include <ugrpc/server.h>

/* Called when the health of `service` ("" = the server) may have changed. */
typedef void serving_fn(const char *service, void *userdata);

/* 1 serving, 0 not, -1 no such service. */
int server_serving(const struct ugrpc_server *server, const char *service);

/* Each name that has a health: "", the services, and what else ugrpc_server_set_serving() was called for.
 * NULL beyond the last. */
const char *server_serving_name(const struct ugrpc_server *server, size_t index);

/* One watcher a server, the health service; replaces the one before. */
void server_watch_serving(struct ugrpc_server *server, serving_fn *fn, void *userdata);

/* Memory that goes with the server: for services that come with the library. */
void server_keep(struct ugrpc_server *server, void *memory, void (*free_fn)(void *memory));

#endif
