/* SPDX-License-Identifier: MIT */
/* One end of a TLS connection without a socket: encrypted bytes are fed in and collected by the owner. */
#ifndef NET_TLS_STREAM_H
#define NET_TLS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"
#include "base/status.h"
#include "net/buffer.h"

struct tls;
struct tls_stream;
struct tls_ticket;

/* The server's end. NULL when memory runs out. */
struct tls_stream *tls_stream_new(struct tls *tls);

/* The client's end of a connection to `host`; the ticket is borrowed until tls_stream_free(). Its handshake
 * begins with the first tls_stream_read(). NULL when memory runs out. */
struct tls_stream *tls_stream_new_client(struct tls *tls, const char *host, struct tls_ticket *ticket);
void tls_stream_free(struct tls_stream *ts); /* NULL is fine */

/* What came from the peer: borrowed, and to be read empty before it goes. */
void tls_stream_feed(struct tls_stream *ts, const uint8_t *data, size_t len);

/* Decrypted bytes, or 0 when more must be fed first, or negative: the connection is over. -UGRPC_CANCELLED is
 * the peer's own orderly end, -UGRPC_FAILED_PRECONDITION a server's handshake that did not succeed (a
 * client's is -UGRPC_UNAVAILABLE). */
MUST_CHECK int tls_stream_read(struct tls_stream *ts, uint8_t *to, size_t cap, struct ugrpc_status *st);

/* Encrypts all of it into tls_stream_out(). Not before the handshake is done. */
MUST_CHECK int tls_stream_write(struct tls_stream *ts, const uint8_t *data, size_t len);

/* Puts the closing alert there. */
void tls_stream_end(struct tls_stream *ts);

/* What is to be sent to the peer; the owner takes it. */
struct buffer *tls_stream_out(struct tls_stream *ts);

bool tls_stream_open(const struct tls_stream *ts); /* the handshake is done */

/* The verified client certificate's subject ("CN=ems,O=Site"), or NULL. Caller frees with free(). */
char *tls_stream_peer_subject(struct tls_stream *ts);

#endif
