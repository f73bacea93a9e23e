/* SPDX-License-Identifier: MIT */
/* Calls as a client makes them: one state machine, asynchronous on the channel's loop (struct ugrpc_pending),
 * and blocking on top of it, by turning the channel's private loop (ugrpc_unary(), struct ugrpc_stream). The
 * code that protoc-gen-ugrpc writes wraps these in the types of a service; methods without generated code
 * work with struct ugrpc_bytes. */
#ifndef UGRPC_CLIENT_H
#define UGRPC_CLIENT_H

#include <ugrpc/call.h>
#include <ugrpc/channel.h>
#include <ugrpc/service.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ugrpc_pending;
struct ugrpc_stream;

struct ugrpc_pair {
    const char *key; /* lower case; "-bin" keys carry any bytes */
    const void *value;
    size_t value_len; /* 0: strlen(), or nothing where value is NULL */
};

enum ugrpc_wait { UGRPC_WAIT_DEFAULT, UGRPC_WAIT_YES, UGRPC_WAIT_NO };

/* Zero is the default, so name only what you change. Pointers are borrowed for the function that takes it;
 * reply_metadata of a stream until it is closed. */
struct ugrpc_call_options {
    int64_t timeout_ms;                   /* 0: no deadline (one-shot: 60 s); negative: it has passed */
    const struct ugrpc_call_creds *creds; /* after the channel's own; refused on an insecure channel */
    enum ugrpc_compression compression;
    enum ugrpc_wait wait_for_ready; /* default: no, fail while the server cannot be reached; one-shot: yes */
    const struct ugrpc_pair *metadata;
    size_t n_metadata;
    struct ugrpc_reply_metadata *reply_metadata; /* blocking calls: filled; see there. NULL: not wanted */
};

/* ---- asynchronous ---- */

/* All run from the loop, never from within a function that starts or feeds the call, and none after
 * ugrpc_pending_cancel(). Any but `done` may be NULL. */
struct ugrpc_pending_events {
    void (*initial)(struct ugrpc_pending *pending, void *userdata); /* initial metadata is there */
    /* One reply, decoded (or a struct ugrpc_bytes); borrowed for the callback. */
    void (*message)(struct ugrpc_pending *pending, const void *message, void *userdata);
    void (*ready)(struct ugrpc_pending *pending, void *userdata); /* after FULL: there is room again */
    /* Once, last; the call is gone after it. Metadata and details can be read until it returns. */
    void (*done)(struct ugrpc_pending *pending, const struct ugrpc_status *st, void *userdata);
};

/* Begins a call; never NULL. `options` may be NULL, the channel may not. What is wrong from the start is told
 * by done(), too. Borrows `method` and `events`, which are constant tables, until the channel is freed. */
UGRPC_API struct ugrpc_pending *ugrpc_pending_new(struct ugrpc_channel *channel,
    const struct ugrpc_service *service, const struct ugrpc_method *method,
    const struct ugrpc_call_options *options, const struct ugrpc_pending_events *events, void *userdata);

/* One request message (const ProtobufCMessage *, or const struct ugrpc_bytes *), encoded before it returns.
 * Unary and server-streaming calls send exactly one. FULL: not taken, as more than 64 KiB would wait to be
 * sent; ready() will come. GONE: the call is over, or all is sent. */
UGRPC_API enum ugrpc_sent ugrpc_pending_send(struct ugrpc_pending *pending, const void *message);
/* All is sent. */
UGRPC_API void ugrpc_pending_end(struct ugrpc_pending *pending);
/* Stops (or resumes) refilling the server's flow-control window. */
UGRPC_API void ugrpc_pending_pause(struct ugrpc_pending *pending, bool pause);
/* Silence from now on: the call is reset, no callback runs any more, `pending` is gone. NULL is fine. */
UGRPC_API void ugrpc_pending_cancel(struct ugrpc_pending *pending);

/* What came back; index 0 … until false. Trailing: from within done(). */
UGRPC_API bool ugrpc_pending_initial_at(
    const struct ugrpc_pending *pending, size_t index, const char **key, struct ugrpc_bytes *value);
UGRPC_API bool ugrpc_pending_trailing_at(
    const struct ugrpc_pending *pending, size_t index, const char **key, struct ugrpc_bytes *value);
/* grpc-status-details-bin: a serialised google.rpc.Status; len 0: none. From within done(). */
UGRPC_API struct ugrpc_bytes ugrpc_pending_details(const struct ugrpc_pending *pending);
/* The status' whole text, however long; struct ugrpc_status has its first 511 bytes. From within done(). */
UGRPC_API const char *ugrpc_pending_message(const struct ugrpc_pending *pending);
UGRPC_API const char *ugrpc_pending_peer(const struct ugrpc_pending *pending); /* "" before it is connected */

/* For generated code, whose callbacks have the types of their messages: an adapter, generated beside each
 * callback, gives `fn` its own type back and calls it. Such a call has no ready(): who sends more than is
 * taken at once begins it with ugrpc_pending_new(). */
typedef void ugrpc_any_fn(void);
typedef void ugrpc_reply_adapter(
    ugrpc_any_fn *fn, const struct ugrpc_status *st, const void *reply, void *userdata);
typedef void ugrpc_message_adapter(
    ugrpc_any_fn *fn, struct ugrpc_pending *pending, const void *message, void *userdata);
typedef void ugrpc_done_fn(const struct ugrpc_status *st, void *userdata);

/* A call with one reply, which is NULL unless st->code is OK. `request` NULL: the caller streams. */
UGRPC_API struct ugrpc_pending *ugrpc_call_reply_async(struct ugrpc_channel *channel,
    const struct ugrpc_service *service, const struct ugrpc_method *method, const void *request,
    const struct ugrpc_call_options *options, ugrpc_reply_adapter *adapter, ugrpc_any_fn *done,
    void *userdata);
/* A call with a stream of replies. */
UGRPC_API struct ugrpc_pending *ugrpc_call_stream_async(struct ugrpc_channel *channel,
    const struct ugrpc_service *service, const struct ugrpc_method *method, const void *request,
    const struct ugrpc_call_options *options, ugrpc_message_adapter *adapter, ugrpc_any_fn *on_message,
    ugrpc_done_fn *done, void *userdata);

/* ---- blocking: only on channels with a private loop ----
 * Between these functions nothing happens on the channel: what the server sends meanwhile is seen by the next
 * one. Not from callbacks of the same channel: FAILED_PRECONDITION. */

/* Copies of the reply's metadata, for blocking calls. Zero before; undone by ugrpc_reply_metadata_done(). */
struct ugrpc_reply_metadata {
    struct ugrpc_pair *initial, *trailing; /* value_len is always set */
    size_t n_initial, n_trailing;
    struct ugrpc_bytes details;
    void *memory; /* the library's */
};
UGRPC_API void ugrpc_reply_metadata_done(struct ugrpc_reply_metadata *metadata);

/* 0 with *reply, which the caller frees with protobuf_c_message_free_unpacked() (a struct ugrpc_bytes: with
 * free()), or a negative code explained in *st. `options` and `st` may be NULL. INVALID_ARGUMENT for a
 * channel or `reply` that is NULL, and for a request that was not begun with its type's ..._INIT. */
UGRPC_API int ugrpc_unary(struct ugrpc_channel *channel, const struct ugrpc_service *service,
    const struct ugrpc_method *method, const void *request, void **reply,
    const struct ugrpc_call_options *options, struct ugrpc_status *st);

/* Connects, calls, closes. wait_for_ready unless it says no, for 60 s unless it says otherwise. */
UGRPC_API int ugrpc_unary_once(const char *target, const struct ugrpc_service *service,
    const struct ugrpc_method *method, const void *request, void **reply,
    const struct ugrpc_channel_options *channel_options, const struct ugrpc_call_options *options,
    struct ugrpc_status *st);

/* A streaming call; never NULL. What is wrong, a channel that is NULL too, is told when it is closed, which
 * comes before ugrpc_channel_free(). */
UGRPC_API struct ugrpc_stream *ugrpc_stream_open(struct ugrpc_channel *channel,
    const struct ugrpc_service *service, const struct ugrpc_method *method,
    const struct ugrpc_call_options *options);
/* Waits for room, and sends; false: the call is over. */
UGRPC_API bool ugrpc_stream_send(struct ugrpc_stream *stream, const void *message);
UGRPC_API void ugrpc_stream_end(struct ugrpc_stream *stream); /* all is sent */
/* Waits for a reply, borrowed until the next call with this stream. False: there is none any more. */
UGRPC_API bool ugrpc_stream_next(struct ugrpc_stream *stream, const void **message);
/* Client-streaming: sends the end and waits for the one reply, which the caller frees as ugrpc_unary()'s.
 * Frees the stream. 0, or a negative code explained in *st. */
UGRPC_API int ugrpc_stream_finish(struct ugrpc_stream *stream, void **reply, struct ugrpc_status *st);
/* Why it ended; cancels it if it has not (then 0 is returned). Frees it. NULL is fine. */
UGRPC_API int ugrpc_stream_close(struct ugrpc_stream *stream, struct ugrpc_status *st);

#ifdef __cplusplus
}
#endif
#endif
