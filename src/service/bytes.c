/* SPDX-License-Identifier: MIT */
/* Sizes are computed before anything is written, so a message is encoded straight into its place. */
#include "service/bytes.h"

#include <stdlib.h>
#include <string.h>

#include <protobuf-c/protobuf-c.h>

/* Wire types. */
enum { VARINT = 0, LENGTH_DELIMITED = 2, FIXED32 = 5 };

void bytes_done(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){0};
}

uint8_t *bytes_extend(struct bytes *bytes, size_t n)
{
    if (bytes->cap - bytes->len < n) {
        size_t cap = 2 * bytes->cap + n + 64;
        uint8_t *data = realloc(bytes->data, cap);
        if (!data) {
            abort();
        }
        bytes->data = data;
        bytes->cap = cap;
    }
    bytes->len += n;
    return bytes->data + bytes->len - n;
}

void bytes_add_fields(struct bytes *bytes, const struct ProtobufCMessage *message)
{
    protobuf_c_message_pack(message, bytes_extend(bytes, protobuf_c_message_get_packed_size(message)));
}

void bytes_add_message(struct bytes *bytes, unsigned field, const struct ProtobufCMessage *message)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    bytes_add_header(bytes, field, len);
    protobuf_c_message_pack(message, bytes_extend(bytes, len));
}

/* A tag and a varint; returns their length. */
static size_t put_number(uint8_t *out, unsigned field, unsigned wire_type, uint64_t value)
{
    size_t n = 0;
    out[n++] = (uint8_t)(field << 3 | wire_type);
    while (value >= 0x80) {
        out[n++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    out[n++] = (uint8_t)value;
    return n;
}

static void add_number(struct bytes *bytes, unsigned field, unsigned wire_type, uint64_t value)
{
    uint8_t *out = bytes_extend(bytes, FIELD_HEADER_MAX);
    bytes->len -= FIELD_HEADER_MAX - put_number(out, field, wire_type, value);
}

void bytes_add_varint(struct bytes *bytes, unsigned field, uint64_t value)
{
    add_number(bytes, field, VARINT, value);
}

void bytes_add_header(struct bytes *bytes, unsigned field, size_t len)
{
    add_number(bytes, field, LENGTH_DELIMITED, len);
}

void bytes_add_float(struct bytes *bytes, unsigned field, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    uint8_t *out = bytes_extend(bytes, 1 + sizeof(bits));
    *out++ = (uint8_t)(field << 3 | FIXED32);
    for (int shift = 0; shift < 32; shift += 8) {
        *out++ = (uint8_t)(bits >> shift);
    }
}

size_t field_header(uint8_t out[FIELD_HEADER_MAX], unsigned field, size_t len)
{
    return put_number(out, field, LENGTH_DELIMITED, len);
}
