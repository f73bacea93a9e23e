/* SPDX-License-Identifier: MIT */
#include "ugrpc/message_internal.h"

#include <protobuf-c/protobuf-c.h>
#include <stdlib.h>

#include "ugrpc/codec.h"

#define WORTH_COMPRESSING 64 /* below, the frame around the compressed data eats the gain */

struct form {
    uint8_t *frame;
    size_t len;
};

struct ugrpc_message {
    unsigned refs;
    size_t len;              /* of the message itself */
    struct form *compressed; /* by codec; NULL until one is asked for */
    uint8_t frame[];         /* identity */
};

static void write_prefix(uint8_t *at, bool compressed, size_t len)
{
    at[0] = compressed;
    at[1] = (uint8_t)(len >> 24);
    at[2] = (uint8_t)(len >> 16);
    at[3] = (uint8_t)(len >> 8);
    at[4] = (uint8_t)len;
}

struct ugrpc_message *ugrpc_message_new(size_t len, uint8_t **data)
{
    struct ugrpc_message *message = len < 1u << 31 ? malloc(sizeof(*message) + FRAME_PREFIX + len) : NULL;
    if (!message) {
        return NULL;
    }
    message->refs = 1;
    message->len = len;
    message->compressed = NULL;
    write_prefix(message->frame, false, len);
    *data = message->frame + FRAME_PREFIX;
    return message;
}

struct ugrpc_message *ugrpc_message_pack(const struct ProtobufCMessage *message)
{
    uint8_t *data;
    struct ugrpc_message *packed = ugrpc_message_new(protobuf_c_message_get_packed_size(message), &data);
    if (packed) {
        protobuf_c_message_pack(message, data);
    }
    return packed;
}

struct ugrpc_message *ugrpc_message_ref(struct ugrpc_message *message)
{
    if (message) {
        message->refs++;
    }
    return message;
}

void ugrpc_message_unref(struct ugrpc_message *message)
{
    if (!message || --message->refs > 0) {
        return;
    }
    if (message->compressed) {
        for (int codec = UGRPC_DEFLATE; codec <= UGRPC_GZIP; codec++) {
            free(message->compressed[codec].frame);
        }
        free(message->compressed);
    }
    free(message);
}

size_t ugrpc_message_len(const struct ugrpc_message *message)
{
    return message->len;
}

/* Makes the form; it stays empty when that fails. */
static void compress_form(
    const struct ugrpc_message *message, enum ugrpc_compression codec, struct form *form)
{
    size_t cap = codec_bound(message->len);
    uint8_t *frame = malloc(FRAME_PREFIX + cap);
    if (!frame) {
        return;
    }
    size_t len = codec_compress(
        codec, frame + FRAME_PREFIX, cap, message->frame + FRAME_PREFIX, message->len);
    if (len == 0) {
        free(frame);
        return;
    }
    write_prefix(frame, true, len);
    uint8_t *fitted = realloc(frame, FRAME_PREFIX + len);
    form->frame = fitted ? fitted : frame;
    form->len = FRAME_PREFIX + len;
}

const uint8_t *message_frame(struct ugrpc_message *message, enum ugrpc_compression codec, size_t *len)
{
    if (codec != UGRPC_IDENTITY && message->len >= WORTH_COMPRESSING) {
        if (!message->compressed) {
            message->compressed = calloc(UGRPC_GZIP + 1, sizeof(*message->compressed));
        }
        struct form *form = message->compressed ? &message->compressed[codec] : NULL;
        if (form && !form->frame) {
            compress_form(message, codec, form);
        }
        if (form && form->frame) {
            *len = form->len;
            return form->frame;
        }
    }
    *len = FRAME_PREFIX + message->len;
    return message->frame;
}
