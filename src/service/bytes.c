/* SPDX-License-Identifier: MIT */
/* Sizes are computed before anything is written, so a message is encoded straight into its place. */
#include "service/bytes.h"

#include <stdlib.h>
#include <string.h>

#include <protobuf-c/protobuf-c.h>

#define LENGTH_DELIMITED 2u /* the wire type of strings, bytes and messages */

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
    uint8_t header[FIELD_HEADER_MAX];
    size_t len = protobuf_c_message_get_packed_size(message);
    size_t header_len = field_header(header, field, len);
    uint8_t *out = bytes_extend(bytes, header_len + len);
    memcpy(out, header, header_len);
    protobuf_c_message_pack(message, out + header_len);
}

size_t field_header(uint8_t out[FIELD_HEADER_MAX], unsigned field, size_t len)
{
    size_t n = 0;
    out[n++] = (uint8_t)(field << 3 | LENGTH_DELIMITED);
    while (len >= 0x80) {
        out[n++] = (uint8_t)(len | 0x80);
        len >>= 7;
    }
    out[n++] = (uint8_t)len;
    return n;
}
