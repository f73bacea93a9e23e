/* SPDX-License-Identifier: MIT */
/* protobuf-c unpacks by recursion, so a type that contains itself could be sent nested deep enough to end the
 * stack. The depth is therefore counted on the bytes first; types without messages in them need no look. */
#include "ugrpc/decode.h"

#include <string.h>

#include "base/utf8.h"

#define MAX_DEPTH 100 /* as Google's own decoders */

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

/* False when nested too deep. What is malformed is left to the decoder, which says no to it. */
static bool depth_fits(const ProtobufCMessageDescriptor *type, struct cursor c, unsigned depth)
{
    if (depth > MAX_DEPTH) {
        return false;
    }
    while (c.at < c.end) {
        uint64_t key, value;
        if (!read_varint(&c, &key)) {
            return true;
        }
        size_t skip = 0;
        switch (key & 7) {
        case 0:
            if (!read_varint(&c, &value)) {
                return true;
            }
            break;
        case 1:
            skip = 8;
            break;
        case 5:
            skip = 4;
            break;
        case 2: {
            if (!read_varint(&c, &value) || value > (size_t)(c.end - c.at)) {
                return true;
            }
            skip = value;
            const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(
                type, (unsigned)(key >> 3));
            struct cursor inner = {c.at, c.at + skip};
            if (field && field->type == PROTOBUF_C_TYPE_MESSAGE &&
                !depth_fits(field->descriptor, inner, depth + 1)) {
                return false;
            }
            break;
        }
        default:
            return true;
        }
        if (skip > (size_t)(c.end - c.at)) {
            return true;
        }
        c.at += skip;
    }
    return true;
}

/* Whether messages of this type can hold messages at all. */
static bool can_nest(const ProtobufCMessageDescriptor *type)
{
    for (unsigned i = 0; i < type->n_fields; i++) {
        if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE) {
            return true;
        }
    }
    return false;
}

static int check_text(const ProtobufCMessage *message, struct ugrpc_status *st);

static int check_value(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, const void *at,
    struct ugrpc_status *st)
{
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *text = *(char *const *)at;
        if (text && !utf8_valid(text, strlen(text))) {
            return status_set(st, UGRPC_INVALID_ARGUMENT, "%s: the text in %s is not UTF-8",
                message->descriptor->name, field->name);
        }
        return 0;
    }
    const ProtobufCMessage *inner = *(ProtobufCMessage *const *)at;
    return inner ? check_text(inner, st) : 0;
}

static int check_text(const ProtobufCMessage *message, struct ugrpc_status *st)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    const char *base = (const char *)message;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE) {
            continue;
        }
        const void *at = base + field->offset;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            size_t n;
            memcpy(&n, base + field->quantifier_offset, sizeof(n));
            void *const *list = n ? *(void *const *const *)at : NULL;
            for (size_t j = 0; j < n; j++) {
                if (check_value(message, field, &list[j], st) != 0) {
                    return -UGRPC_INVALID_ARGUMENT;
                }
            }
            continue;
        }
        if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
            uint32_t chosen;
            memcpy(&chosen, base + field->quantifier_offset, sizeof(chosen));
            if (chosen != field->id) {
                continue;
            }
        }
        if (check_value(message, field, at, st) != 0) {
            return -UGRPC_INVALID_ARGUMENT;
        }
    }
    return 0;
}

ProtobufCMessage *decode_message(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t len,
    struct arena *arena, struct ugrpc_status *st)
{
    if (can_nest(type) && !depth_fits(type, (struct cursor){data, data + len}, 1)) {
        status_set(
            st, UGRPC_INVALID_ARGUMENT, "%s: messages are nested deeper than %d", type->name, MAX_DEPTH);
        return NULL;
    }
    ProtobufCAllocator allocator = arena_allocator(arena);
    ProtobufCMessage *message = protobuf_c_message_unpack(type, &allocator, len, data);
    if (!message) {
        if (arena->full) {
            status_set(st, UGRPC_RESOURCE_EXHAUSTED, "%s: decoded, it needs more than %zu bytes of memory",
                type->name, arena->limit);
        } else {
            status_set(st, UGRPC_INVALID_ARGUMENT, "the request is no valid %s", type->name);
        }
        return NULL;
    }
    return check_text(message, st) == 0 ? message : NULL;
}
