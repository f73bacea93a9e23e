/* SPDX-License-Identifier: MIT */
/* A call as its handler on the server sees it. The handler owns the call until it finishes it by exactly one
 * of reply, fail or end, now or later. Reset, deadline and a lost peer are one event, on_cancel; a cancelled
 * call stays valid until it is finished, and finishing it is then a no-op. Everything here is called from the
 * loop. */
#ifndef UGRPC_CALL_H
#define UGRPC_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ugrpc/message.h>
#include <ugrpc/service.h>
#include <ugrpc/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum ugrpc_sent {
    UGRPC_SENT, /* taken */
    UGRPC_FULL, /* not taken: the reader is slow; on_ready will tell when there is room */
    UGRPC_GONE, /* cancelled: finish the call */
};

enum ugrpc_compression { UGRPC_IDENTITY, UGRPC_DEFLATE, UGRPC_GZIP };

struct ugrpc_call_events {
    void (*on_ready)(struct ugrpc_call *call, void *userdata);  /* after FULL: there is room again */
    void (*on_cancel)(struct ugrpc_call *call, void *userdata); /* once: drop the work and finish the call */
};

/* Finishing: each may be called once, and it gives the call back. `reply` must be of the method's reply type
 * (asserted); it is encoded before the function returns. */
UGRPC_API void ugrpc_call_reply(struct ugrpc_call *call, const struct ProtobufCMessage *reply);
UGRPC_API void ugrpc_call_reply_message(
    struct ugrpc_call *call, struct ugrpc_message *reply); /* takes a reference */
UGRPC_API void ugrpc_call_end(struct ugrpc_call *call);    /* OK, after a stream */
UGRPC_API void ugrpc_call_fail(struct ugrpc_call *call, enum ugrpc_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4))); /* any length of text */
UGRPC_API void ugrpc_call_fail_status(struct ugrpc_call *call, const struct ugrpc_status *st);

/* Sending on a stream. A message is taken when nothing waits to be sent, or when what waits and the message
 * together stay below the send limit (64 KiB, or as set: 1 means one message at a time, so that the newest
 * always goes next) – and when the connection has room for it besides what its other streams have to send
 * (max_connection_bytes; a message by itself may be larger). */
UGRPC_API enum ugrpc_sent ugrpc_call_send(struct ugrpc_call *call, const struct ProtobufCMessage *message);
UGRPC_API enum ugrpc_sent ugrpc_call_send_message(struct ugrpc_call *call, struct ugrpc_message *message);
UGRPC_API void ugrpc_call_set_send_limit(struct ugrpc_call *call, size_t bytes);

/* Borrows `events` until the call is finished; replaces what watched before. Watching a call that is already
 * cancelled fires on_cancel in the next loop turn. */
UGRPC_API void ugrpc_call_watch(
    struct ugrpc_call *call, const struct ugrpc_call_events *events, void *userdata);
UGRPC_API bool ugrpc_call_cancelled(const struct ugrpc_call *call);

/* Client- and bidi-streaming: stops (or resumes) refilling the client's flow-control window, so that it stops
 * sending. */
UGRPC_API void ugrpc_call_pause(struct ugrpc_call *call, bool pause);

/* What the call came with. Strings live as long as the call. */
UGRPC_API const char *ugrpc_call_method(
    const struct ugrpc_call *call); /* "/package.Service/Method"; "/" if the client sent what is no name */
UGRPC_API const char *ugrpc_call_authority(const struct ugrpc_call *call); /* "" if the client sent none */
UGRPC_API const char *ugrpc_call_peer(
    const struct ugrpc_call *call); /* "127.0.0.1:41822", "[::1]:4711", "unix:" */
UGRPC_API const char *ugrpc_call_peer_certificate(
    const struct ugrpc_call *call); /* verified subject name, "CN=ems,O=Site" (RFC 2253), or NULL */
UGRPC_API bool ugrpc_call_secure(const struct ugrpc_call *call);            /* it came by TLS */
UGRPC_API uint64_t ugrpc_call_connection_id(const struct ugrpc_call *call); /* never used twice by a server */
UGRPC_API int64_t ugrpc_call_remaining_ms(
    const struct ugrpc_call *call); /* to the deadline; INT64_MAX: none */

/* Request metadata; "-bin" keys give decoded bytes. Keys are lower case. The first value of `key`, or false.
 */
UGRPC_API bool ugrpc_call_metadata(const struct ugrpc_call *call, const char *key, struct ugrpc_bytes *value);
/* All of it in order: index 0 … until false. Leaves out what belongs to HTTP/2 and gRPC themselves. */
UGRPC_API bool ugrpc_call_metadata_at(
    const struct ugrpc_call *call, size_t index, const char **key, struct ugrpc_bytes *value);

/* Reply metadata: copied. Initial metadata goes out with the first message, so set it before; trailing
 * metadata with the status. A "-bin" value may hold any bytes; another must be printable ASCII. 0, or
 * -UGRPC_INVALID_ARGUMENT, or -UGRPC_FAILED_PRECONDITION when that part has been sent. */
UGRPC_API int ugrpc_call_set_initial(struct ugrpc_call *call, const char *key, const void *value, size_t len);
UGRPC_API int ugrpc_call_set_trailing(
    struct ugrpc_call *call, const char *key, const void *value, size_t len);

/* Sends the initial metadata now rather than with the first message. */
UGRPC_API void ugrpc_call_send_initial(struct ugrpc_call *call);

/* How replies are compressed, where the client accepts it; without this, as the client compressed its
 * request. Ignored once initial metadata is sent. */
UGRPC_API void ugrpc_call_set_compression(struct ugrpc_call *call, enum ugrpc_compression compression);
UGRPC_API enum ugrpc_compression ugrpc_call_compression(const struct ugrpc_call *call);

/* Who an interceptor found the caller to be: a name (a key's, say; copied; may be NULL), and whatever the
 * program knows of him (his rights, say), which the library only hands on: borrowed until the call is gone,
 * at the latest with ugrpc_server_free(). Both are NULL until set; the last one set counts. */
UGRPC_API void ugrpc_call_set_identity(struct ugrpc_call *call, const char *name, const void *data);
UGRPC_API const char *ugrpc_call_identity(const struct ugrpc_call *call);
UGRPC_API const void *ugrpc_call_identity_data(const struct ugrpc_call *call);

/* What the call is about, as its handler says for interceptors that log its end: a name (copied) and a
 * number. NULL until said. */
UGRPC_API void ugrpc_call_set_subject(struct ugrpc_call *call, const char *name, uint64_t id);
UGRPC_API const char *ugrpc_call_subject(const struct ugrpc_call *call, uint64_t *id);

#ifdef __cplusplus
}
#endif
#endif
