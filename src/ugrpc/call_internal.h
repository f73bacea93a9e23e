/* SPDX-License-Identifier: MIT */
/* The inside of a call on the server: a stream, what its headers said, and the handler's side of it. It is
 * freed when its stream is closed and no handler owns it any more. */
#ifndef UGRPC_CALL_INTERNAL_H
#define UGRPC_CALL_INTERNAL_H

#include <ugrpc/call.h>

#include "base/timer.h"
#include "ugrpc/arena.h"
#include "ugrpc/metadata.h"
#include "ugrpc/method_table.h"
#include "ugrpc/session.h"

struct peer;

struct ugrpc_call {
    struct stream stream;           /* first */
    struct peer *peer;              /* a reference */
    struct ugrpc_call *prev, *next; /* all calls of the server */
    const struct method *method;    /* NULL: none of that name */
    nghttp2_rcbuf *path, *authority;
    struct metadata metadata;
    struct arena arena;
    const void *request; /* decoded; unary and server-streaming */
    struct outgoing_metadata *initial, *trailing;
    const struct ugrpc_call_events *events;
    void *userdata;
    const char *identity;
    const void *identity_data;
    const char *subject; /* with its id */
    uint64_t subject_id;
    const char *text;   /* of the status; in the arena */
    struct timer timer; /* the deadline; later, for a late watcher, on_cancel */
    int64_t deadline_ns;
    size_t send_limit;
    size_t header_bytes;
    uint32_t http_status;  /* not 0: this is no gRPC request, and its answer */
    uint8_t code;          /* enum ugrpc_code, once concluded */
    uint8_t request_codec; /* enum ugrpc_compression */
    uint8_t reply_codec;
    uint8_t accepted_codecs; /* bits */
    uint8_t metadata_fault;  /* enum ugrpc_code: why some of it was not taken */
    unsigned pins;           /* functions on the stack that still use it */
    bool begun;              /* has come to the interceptors … */
    unsigned n_begun;        /* … and to `begin` of so many */
    bool owned;              /* by its handler, which has not finished it */
    bool concluded;          /* has its status */
    bool ending;             /* interceptors hear of it, and may add trailing metadata */
    bool cancelled;          /* the handler has been, or is being, told */
    /* What the headers were found to be. */
    bool post, grpc, unknown_codec, bad_timeout;
};

static inline struct ugrpc_call *call_of(struct stream *stream)
{
    return (struct ugrpc_call *)stream;
}

/* Ends the call by the library's own word: what waits is dropped, the handler, if it has the call, sees
 * on_cancel. */
void call_abort(struct ugrpc_call *call, const struct ugrpc_status *st);

static inline void call_pin(struct ugrpc_call *call)
{
    call->pins++;
}
void call_unpin(struct ugrpc_call *call); /* may free it */

/* Tells the handler, once, if it owns the call. */
void call_cancel(struct ugrpc_call *call);
/* Sets the status, tells the interceptors, stops the timer; sends nothing. `text` is copied. False when it
 * had one. */
bool call_conclude(struct ugrpc_call *call, enum ugrpc_code code, const char *text, size_t len);
/* After call_conclude(): the status, after what waits to be sent or with the headers. */
void call_send_status(struct ugrpc_call *call);
bool call_submit_trailers(struct ugrpc_call *call); /* false: there are none */
/* Answers what is no gRPC request, in HTTP's terms, readable for people. The answer is there at once; it
 * ends, by stream_finish(), when the request does. */
void call_send_http_error(struct ugrpc_call *call);
void call_free(struct ugrpc_call *call);

#endif
