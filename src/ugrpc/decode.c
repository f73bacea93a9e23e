/* SPDX-License-Identifier: MIT */
/* The bytes are walked through before protobuf-c unpacks them. It does that by recursion, so a type that
 * contains itself could be sent nested deep enough to end the stack; it hands out strings that end at their
 * first NUL, so what stands behind it would pass unseen; and it takes the field number 0 if that is written
 * longer than need be. */
#include "ugrpc/decode.h"

#include <string.h>

#include "base/utf8.h"

#define MAX_DEPTH 100 /* as Google's own decoders */
#define MALFORMED 1

struct cursor {
    const uint8_t *at, *end;
};

static bool read_varint(struct cursor *c, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && c->at < c->end; shift += 7) {
        uint8_t byte = *c->at++;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            return true;
        }
    }
    return false;
}

static int check(
    const ProtobufCMessageDescriptor *type, struct cursor c, unsigned depth, struct ugrpc_status *st);

/* A string or a message in a message. */
static int check_field(const ProtobufCMessageDescriptor *type, unsigned id, struct cursor value,
    unsigned depth, struct ugrpc_status *st)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(type, id);
    size_t len = (size_t)(value.end - value.at);
    if (field && field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return check(field->descriptor, value, depth + 1, st);
    }
    if (field && field->type == PROTOBUF_C_TYPE_STRING) {
        if (!utf8_valid((const char *)value.at, len)) {
            return status_set(
                st, UGRPC_INVALID_ARGUMENT, "%s: the text in %s is not UTF-8", type->name, field->name);
        }
        if (memchr(value.at, 0, len)) {
            return status_set(st, UGRPC_INVALID_ARGUMENT, "%s: the text in %s has a NUL character",
                type->name, field->name);
        }
    }
    return 0;
}

/* 0, negative with `st`, or MALFORMED. */
static int check(
    const ProtobufCMessageDescriptor *type, struct cursor c, unsigned depth, struct ugrpc_status *st)
{
    if (depth > MAX_DEPTH) {
        return status_set(
            st, UGRPC_INVALID_ARGUMENT, "%s: messages are nested deeper than %d", type->name, MAX_DEPTH);
    }
    while (c.at < c.end) {
        uint64_t key, value, len = 0;
        if (!read_varint(&c, &key) || key >> 3 == 0) {
            return MALFORMED;
        }
        switch (key & 7) {
        case 0:
            if (!read_varint(&c, &value)) {
                return MALFORMED;
            }
            break;
        case 1:
            len = 8;
            break;
        case 5:
            len = 4;
            break;
        case 2:
            if (!read_varint(&c, &len)) {
                return MALFORMED;
            }
            break;
        default:
            return MALFORMED;
        }
        if (len > (uint64_t)(c.end - c.at)) {
            return MALFORMED;
        }
        struct cursor inner = {c.at, c.at + len};
        int rc = (key & 7) == 2 ? check_field(type, (unsigned)(key >> 3), inner, depth, st) : 0;
        if (rc != 0) {
            return rc;
        }
        c.at += len;
    }
    return 0;
}

ProtobufCMessage *decode_message(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t len,
    struct arena *arena, struct ugrpc_status *st)
{
    int rc = check(type, (struct cursor){data, data + len}, 1, st);
    if (rc < 0) {
        return NULL;
    }
    ProtobufCAllocator allocator = arena ? arena_allocator(arena) : (ProtobufCAllocator){0};
    ProtobufCMessage *message = rc == MALFORMED
                                    ? NULL
                                    : protobuf_c_message_unpack(type, arena ? &allocator : NULL, len, data);
    if (!message) {
        if (arena && arena->full) {
            status_set(st, UGRPC_RESOURCE_EXHAUSTED, "%s: decoded, it needs more than %zu bytes of memory",
                type->name, arena->limit);
        } else {
            status_set(st, UGRPC_INVALID_ARGUMENT, "the message is no valid %s", type->name);
        }
        return NULL;
    }
    return message;
}
