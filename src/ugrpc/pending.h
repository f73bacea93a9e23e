/* SPDX-License-Identifier: MIT */
/* The inside of a call as its client makes it: a stream once there is a connection, what was sent before, and
 * what has come back. It is freed when it has been told its end (or was cancelled) and its stream is closed.
 */
#ifndef UGRPC_PENDING_H
#define UGRPC_PENDING_H

#include <ugrpc/client.h>

#include "base/timer.h"
#include "ugrpc/arena.h"
#include "ugrpc/channel_internal.h"
#include "ugrpc/metadata.h"
#include "ugrpc/session.h"

struct kept_message {
    struct kept_message *next;
    struct ugrpc_message *message;
};

/* What generated code listens with. */
struct typed {
    ugrpc_any_fn *fn;
    ugrpc_reply_adapter *reply; /* one of the two */
    ugrpc_message_adapter *message;
    ugrpc_done_fn *done;
    void *userdata;
};

struct ugrpc_pending {
    struct stream stream; /* first */
    struct ugrpc_channel *channel;
    struct transport *transport;                        /* a reference, while the stream is open */
    struct ugrpc_pending *prev, *next;                  /* all calls of the channel */
    struct ugrpc_pending *next_waiting, **link_waiting; /* in channel->waiting; NULL: it does not wait */
    const struct ugrpc_method *method;
    char *path;
    struct arena arena; /* of the request's headers and the reply's metadata */
    struct outgoing_metadata *metadata;
    struct ugrpc_call_creds *creds; /* of this call, or NULL */
    const struct ugrpc_pending_events *events;
    void *userdata;
    struct typed typed;
    struct timer timer; /* the deadline, or what was wrong from the start */
    int64_t deadline_ns;

    /* Messages that a new attempt would send again: all before the stream stands, then the first alone. */
    struct kept_message *kept, **kept_end;
    size_t kept_len;
    unsigned n_sent;

    /* The reply. */
    struct metadata initial, trailing;
    struct arena message_arena; /* of one message */
    void *reply;                /* the only one, kept for the end */
    bool own_reply;             /* it is malloc()ed: whoever takes it sets it to NULL here */
    size_t header_bytes;
    int http_status;
    int grpc_status; /* -1: there was none */
    const char *grpc_message, *content_type;
    struct ugrpc_bytes details;
    enum ugrpc_code code; /* once finished or doomed */
    const char *text;
    uint8_t request_codec, reply_codec;
    uint8_t metadata_fault; /* the code that reply metadata have for what cannot be taken; 0: none */
    unsigned pins;          /* functions on the stack that still use it */
    bool wait_for_ready;
    bool doomed;      /* it cannot be: the timer tells */
    bool retried;     /* after a server has refused it */
    bool ended;       /* all is sent */
    bool has_headers; /* of the reply */
    bool unknown_codec;
    bool finished; /* has its status */
};

/* Opens its stream. Negative: the transport takes no more. */
MUST_CHECK int pending_open(struct ugrpc_pending *pending, struct transport *transport);

/* Ends it, and tells its owner. `text` lives as long as the call, and may be NULL. */
void pending_finish(struct ugrpc_pending *pending, enum ugrpc_code code, const char *text);
void pending_fail(struct ugrpc_pending *pending, enum ugrpc_code code, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* What is wrong is told in a later turn of the loop. */
void pending_doom(struct ugrpc_pending *pending, enum ugrpc_code code, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* While it is pinned a call stays, whatever its owner does in a callback. */
void pending_pin(struct ugrpc_pending *pending);
void pending_unpin(struct ugrpc_pending *pending); /* may free it */

bool pending_streams_replies(const struct ugrpc_pending *pending);
/* It will not be tried again. */
void pending_drop_kept(struct ugrpc_pending *pending);

/* The client's role, as far as it is about replies: reply.c. */
void reply_on_header(struct stream *stream, nghttp2_rcbuf *name, nghttp2_rcbuf *value);
void reply_on_headers_done(struct stream *stream);
void reply_on_message(struct stream *stream, const struct frame *frame);
void reply_on_bad_frame(struct stream *stream, const struct ugrpc_status *st);
void reply_on_remote_end(struct stream *stream);

/* Frees a reply that is malloc()ed; NULL is fine. */
void reply_free(const struct ugrpc_method *method, void *reply);

extern const struct session_role client_role;

#endif
