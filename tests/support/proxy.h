/* SPDX-License-Identifier: MIT */
/* A TCP proxy that is a bad network: it delays, fragments, stops and cuts what it carries. */
#ifndef SUPPORT_PROXY_H
#define SUPPORT_PROXY_H

#include <stdbool.h>
#include <stddef.h>

struct proxy;
struct ugrpc_loop;

/* To and from the server. */
enum proxy_way { PROXY_THERE, PROXY_BACK };

/* Listens on a free port of 127.0.0.1 and leads to `target` ("127.0.0.1:PORT"). */
struct proxy *proxy_new(struct ugrpc_loop *loop, const char *target);
void proxy_free(struct proxy *proxy); /* NULL is fine */
const char *proxy_address(const struct proxy *proxy);

/* So many bytes at most in a turn of the loop, each way; 0: all that is there. */
void proxy_fragment(struct proxy *proxy, size_t bytes);
/* Carries nothing on, and keeps what comes until it is resumed. */
void proxy_stop(struct proxy *proxy, bool stop);
/* Ends each connection when so many bytes have been carried that way; SIZE_MAX: never. */
void proxy_cut_after(struct proxy *proxy, enum proxy_way way, size_t bytes);
/* Ends the connections there are. */
void proxy_cut(struct proxy *proxy);

/* What the newest connection has carried. */
size_t proxy_carried(const struct proxy *proxy, enum proxy_way way);
unsigned proxy_connections(const struct proxy *proxy);

#endif
