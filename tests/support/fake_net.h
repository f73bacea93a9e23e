/* SPDX-License-Identifier: MIT */
/* Stands in for net's listeners and connections: linked instead of them, it gives a server, or a channel,
 * peers that live in the test's own memory. They send what and when the test says, and read as slowly. Hold
 * the loop meanwhile (loop_hold()), as there is no socket that keeps it running. */
#ifndef SUPPORT_FAKE_NET_H
#define SUPPORT_FAKE_NET_H

#include <stddef.h>

#include "net/buffer.h"
#include "net/connection.h"

struct ugrpc_loop;

/* Connects to the server that listens on this loop, wherever it says. Free it after the server. */
struct connection *fake_peer_connect(struct ugrpc_loop *loop);
void fake_peer_free(struct connection *c);

/* The other way round: who connects on this loop (never to a server on the same one) is accepted. NULL:
 * nobody does. Free it after the channel. */
struct connection *fake_server_accept(struct ugrpc_loop *loop);

/* The peer sends; nobody hears it when the server has closed the connection. */
void fake_peer_send(struct connection *c, const void *data, size_t len);
/* It will read so many bytes more; none at first. */
void fake_peer_read(struct connection *c, size_t len);
void fake_peer_hang_up(struct connection *c);

/* All that it has read. */
const struct buffer *fake_peer_received(const struct connection *c);

#endif
