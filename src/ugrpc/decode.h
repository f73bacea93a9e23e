/* SPDX-License-Identifier: MIT */
/* protobuf-c's decoder with what it leaves out: strings must be UTF-8 without NUL, no field has the number 0,
 * nesting has a limit, and errors name the message. */
#ifndef UGRPC_DECODE_H
#define UGRPC_DECODE_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "ugrpc/arena.h"

/* The message in the arena's memory (without an arena: in malloc()'s, for
 * protobuf_c_message_free_unpacked()), or NULL with `st`: UGRPC_INVALID_ARGUMENT, or UGRPC_RESOURCE_EXHAUSTED
 * when the arena has reached its limit. */
ProtobufCMessage *decode_message(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t len,
    struct arena *arena, struct ugrpc_status *st);

#endif
