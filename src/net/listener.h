/* SPDX-License-Identifier: MIT */
/* A bound socket that connections come from. One descriptor is kept in reserve: without a free one, new
 * connections are closed at once, so a full process neither spins nor leaves clients hanging. */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include <stdbool.h>

#include "base/base.h"
#include "base/status.h"

struct address;
struct listener;
struct tls;
struct uv_loop_s;

/* Takes `fd`, an accepted, non-blocking socket; it is -1 when one had to be refused because of `why`. */
typedef void listener_fn(
    struct listener *l, int fd, const struct address *from, const struct ugrpc_status *why, void *userdata);

/* Binds and listens; nothing is accepted before listener_start(). `tls` (kept by reference) is NULL for plain
 * connections. NULL with `st`; its code is UGRPC_ALREADY_EXISTS when the address is in use. */
struct listener *listener_new(
    struct uv_loop_s *uv, const char *address, struct tls *tls, bool reuse_port, struct ugrpc_status *st);
MUST_CHECK int listener_start(struct listener *l, listener_fn *fn, void *userdata, struct ugrpc_status *st);

/* Stops at once and removes a unix socket's file. NULL is fine. */
void listener_free(struct listener *l);

const char *listener_address(const struct listener *l); /* as bound */
struct tls *listener_tls(const struct listener *l);

#endif
