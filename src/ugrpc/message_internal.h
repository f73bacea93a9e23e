/* SPDX-License-Identifier: MIT */
/* The inside of a message: each form is kept as it goes on the wire, with its 5-byte prefix. */
#ifndef UGRPC_MESSAGE_INTERNAL_H
#define UGRPC_MESSAGE_INTERNAL_H

#include <ugrpc/call.h>
#include <ugrpc/message.h>

#define FRAME_PREFIX 5

/* The message as wanted, or uncompressed where compressing it does not pay or memory runs out; either is
 * right to send. Lives as long as the message. */
const uint8_t *message_frame(struct ugrpc_message *message, enum ugrpc_compression codec, size_t *len);

#endif
