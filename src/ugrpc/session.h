/* SPDX-License-Identifier: MIT */
/* HTTP/2 on one connection: nghttp2 and what it needs, with streams of gRPC messages on top. It knows message
 * frames and flow control, but no methods and no status: a role (the server's or the client's) gives them
 * their meaning. */
#ifndef UGRPC_SESSION_H
#define UGRPC_SESSION_H

#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "ugrpc/frame.h"
#include "ugrpc/loop_internal.h"

#define MAX_HEADER_BLOCK (1 << 20) /* bytes of it that are sent at most */

struct address;
struct connection;
struct session;
struct tls;
struct tls_ticket;
struct ugrpc_message;

/* One message that waits to be sent. */
struct outgoing {
    struct outgoing *next;
    struct ugrpc_message *message;
    const uint8_t *data; /* a form of it, as it goes on the wire */
    size_t len;
};

/* What nghttp2 has to take a stream's bytes from. */
enum stream_source {
    SOURCE_NONE,     /* all that was there has been sent: the next message brings a new one */
    SOURCE_ASKED,    /* it will be asked for them */
    SOURCE_DEFERRED, /* it was asked and had nothing */
};

/* Part of a call; small, as thousands of them stand idle. */
struct stream {
    struct session *session; /* NULL once the stream is closed: all that follows is a no-op then */
    struct stream *prev, *next;
    struct stream *next_ready;
    struct outgoing *first, *last;
    struct outgoing only; /* the place of a message that waits alone, as nearly all do */
    size_t sent_of_first;
    size_t waiting; /* bytes from there to the end of the queue */
    size_t held;    /* bytes of memory for what was received; they count against the connection's limit too */
    size_t withheld; /* received while paused: not given back to the flow-control window */
    struct frame_reader in;
    int32_t id;
    enum stream_source source;
    bool headers_sent, finishing, paused;
    bool wants_ready, in_ready_list;
    bool starved;      /* wants_ready, because the connection has no room */
    bool deaf;         /* what the peer still sends is dropped */
    bool remote_ended; /* the peer has sent all */
    bool left;         /* a client's: its request has been sent, or begun to be */
};

/* What streams mean. All run from the loop, within a read or a flush of the session. */
struct session_role {
    /* A server's: the peer opens a stream: the new one is entered by stream_open(). Negative refuses it. */
    int (*open)(struct session *s, int32_t id);
    /* A client's: the server has greeted, or changed how many streams it takes. */
    void (*greeted)(struct session *s);
    /* A client's: no stream can be opened any more; the server has said so, or was told. */
    void (*goaway)(struct session *s, const nghttp2_goaway *goaway);
    /* A server's request headers; a client's reply headers, then its trailers. */
    void (*header)(struct stream *stream, nghttp2_rcbuf *name, nghttp2_rcbuf *value);
    void (*headers_done)(struct stream *stream);
    void (*message)(struct stream *stream, const struct frame *frame);
    void (*bad_frame)(struct stream *stream, const struct ugrpc_status *st);
    void (*remote_end)(struct stream *stream);
    /* All messages are sent and the stream is finishing: submit the trailers. False: there are none. */
    bool (*trailers)(struct stream *stream);
    /* After wants_ready: some of the queue was sent, or the connection has room. */
    void (*ready)(struct stream *stream);
    /* The stream is over; `error` is HTTP/2's. stream->session is NULL already. */
    void (*closed)(struct stream *stream, uint32_t error);
    /* The peer speaks something else; it has been answered where that was possible. */
    void (*refused)(struct session *s, const struct ugrpc_status *why);
    /* The session is over: forget it. Its streams that are still open are closed after this. */
    void (*ended)(struct session *s, const struct ugrpc_status *why);
};

struct session_limits {
    uint32_t max_streams;
    uint32_t max_header_bytes;
    uint32_t max_message_bytes;
    uint32_t max_connection_bytes;
    uint32_t handshake_timeout_ms;
    int64_t idle_timeout_ms; /* 0: none */
    int64_t keepalive_time_ms;
    int64_t keepalive_timeout_ms;
    bool keepalive_needs_streams; /* no pings without */
    uint32_t max_resets_per_s;    /* a server's */
};

struct session_counters {
    uint64_t messages_in, messages_out, bytes_in, bytes_out;
};

/* On an accepted socket, which it takes, also when it fails. Borrows everything else until role->ended() or
 * session_drop(); frees itself then. */
struct session *session_accept(struct ugrpc_loop *loop, int fd, const struct address *from, struct tls *tls,
    const struct session_role *role, const struct session_limits *limits, struct session_counters *counters,
    void *userdata, struct ugrpc_status *st);

/* Begins to connect, as a client; with `tls` the server must be `host`. role->greeted(), or role->ended()
 * with the reason, comes from the loop. Borrows as above, and the ticket. */
struct session *session_connect(struct ugrpc_loop *loop, const struct address *address, struct tls *tls,
    const char *host, struct tls_ticket *ticket, const struct session_role *role,
    const struct session_limits *limits, struct session_counters *counters, void *userdata,
    struct ugrpc_status *st);

/* Ends it at once: role->ended(), then role->closed() for each stream, before this returns. */
void session_drop(struct session *s, const struct ugrpc_status *why);
/* Tells the peer to go: no new streams, and the connection ends when the last stream has. Streams that are on
 * the way meanwhile are still opened; with `at_once` they are not, and the peer learns so. May be called
 * again with that. */
void session_shutdown(struct session *s, bool at_once);

void *session_userdata(const struct session *s);
const char *session_peer(const struct session *s);
const char *session_peer_subject(const struct session *s);

/* Whether `more` received bytes may be held besides what the session's streams hold and have to send; counts
 * them for the stream. */
MUST_CHECK bool session_hold(struct stream *stream, size_t more);
/* Bytes that all its streams have to send. */
size_t session_waiting(const struct session *s);

/* The server takes one stream more at present. */
bool session_has_room(const struct session *s);

/* A client opens a stream, which lives in the caller's memory, with its header block; values flagged NO_COPY
 * live until role->closed(). Only while session_has_room(). Negative when memory or stream ids run out. */
MUST_CHECK int stream_request(struct stream *stream, struct session *s, const nghttp2_nv *nv, size_t n);
/* Enters a stream that lives in the caller's memory. */
void stream_open(struct stream *stream, struct session *s, int32_t id);
/* The header block; with `last` it ends the stream. Values flagged NO_COPY live until role->closed(). */
void stream_headers(struct stream *stream, const nghttp2_nv *nv, size_t n, bool last);
void stream_trailers(struct stream *stream, const nghttp2_nv *nv, size_t n);
/* Whether a message of this size may be queued: the connection's limit allows it, or nothing else waits to be
 * sent on it, so that no message is too large for ever. */
bool stream_has_room(const struct stream *stream, size_t len);
/* role->ready() when the connection has room again. */
void stream_await_room(struct stream *stream);
/* Queues a form of a message; takes a reference. Negative when memory runs out. */
MUST_CHECK int stream_push(
    struct stream *stream, struct ugrpc_message *message, const uint8_t *data, size_t len);
void stream_clear(struct stream *stream);  /* drops what waits, except a message begun */
void stream_finish(struct stream *stream); /* role->trailers() after the last message */
void stream_reset(struct stream *stream, uint32_t error);
void stream_pause(struct stream *stream, bool pause);
bool stream_is_sent(const struct stream *stream); /* our side of it has ended */

#endif
