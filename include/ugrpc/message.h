/* SPDX-License-Identifier: MIT */
/* One encoded, reference-counted message: encode once, send to many calls. Compressed forms are made on first
 * use and kept with it, so a thousand streams that want gzip cost one compression. Not thread-safe: one loop.
 */
#ifndef UGRPC_MESSAGE_H
#define UGRPC_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include <ugrpc/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ProtobufCMessage;
struct ugrpc_message;

/* A message of `len` bytes; write them to *data before the first send. NULL when memory runs out or len ≥
 * 2^31. */
UGRPC_API struct ugrpc_message *ugrpc_message_new(size_t len, uint8_t **data);

/* Encodes a protobuf-c message. */
UGRPC_API struct ugrpc_message *ugrpc_message_pack(const struct ProtobufCMessage *message);

/* Sending takes a reference of its own. NULL is fine for both. */
UGRPC_API struct ugrpc_message *ugrpc_message_ref(struct ugrpc_message *message);
UGRPC_API void ugrpc_message_unref(struct ugrpc_message *message);

UGRPC_API size_t ugrpc_message_len(const struct ugrpc_message *message);

#ifdef __cplusplus
}
#endif
#endif
