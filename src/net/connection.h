/* SPDX-License-Identifier: MIT */
/* One connection, accepted or begun here, plain or TLS behind the same functions: TCP or unix socket. */
#ifndef NET_CONNECTION_H
#define NET_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"
#include "base/status.h"

struct address;
struct connection;
struct net;
struct tls;
struct tls_ticket;

struct connection_events {
    /* A connection begun here stands, its TLS handshake done: write now. */
    void (*on_open)(struct connection *c, void *userdata);
    /* Bytes from the peer, decrypted; borrowed for the call. */
    void (*on_read)(struct connection *c, const uint8_t *data, size_t len, void *userdata);
    /* After connection_flush() could not finish: all has gone to the kernel now, there is room again. */
    void (*on_drain)(struct connection *c, void *userdata);
    /* The peer closed it or something failed; nothing can be sent any more. Once; call connection_close(). */
    void (*on_end)(struct connection *c, const struct ugrpc_status *why, void *userdata);
};

/* Takes an accepted, non-blocking socket, also when it fails. Borrows `net`, `events`, `userdata` until
 * connection_close(). All events come from the loop, never from within a function below. NULL with `st`. */
struct connection *connection_new(struct net *net, int fd, const struct address *from, struct tls *tls,
    const struct connection_events *events, void *userdata, struct ugrpc_status *st);

/* Begins to connect. With `tls` the server must be `host`; the ticket is borrowed until connection_close().
 * on_open, or on_end with the reason, comes from the loop; bound the wait with a timer. The rest as above. */
struct connection *connection_connect(struct net *net, const struct address *address, struct tls *tls,
    const char *host, struct tls_ticket *ticket, const struct connection_events *events, void *userdata,
    struct ugrpc_status *st);

/* Room for `len` bytes to be sent; connection_commit() counts them. NULL when memory runs out. */
MUST_CHECK uint8_t *connection_reserve(struct connection *c, size_t len);
void connection_commit(struct connection *c, size_t len);

/* Bytes committed and not flushed. */
size_t connection_unflushed(const struct connection *c);

/* False while an earlier flush waits for the peer: write nothing then, on_drain will come. */
bool connection_writable(const struct connection *c);

/* Hands to the kernel what was committed. -errno: the connection is broken (on_end will not come). */
MUST_CHECK int connection_flush(struct connection *c);

/* Sends what is left, then tells the peer that nothing more comes; what it still sends is dropped. on_end
 * comes when it closes its side: bound the wait with a timer and connection_close(). */
void connection_finish(struct connection *c);

/* Ends it at once; no event comes after this. NULL is fine. Its memory goes when the loop has closed it. */
void connection_close(struct connection *c);

const char *connection_peer(const struct connection *c);         /* "127.0.0.1:41822" */
const char *connection_peer_subject(const struct connection *c); /* of a verified certificate, or NULL */

#endif
