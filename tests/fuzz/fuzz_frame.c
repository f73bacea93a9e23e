/* SPDX-License-Identifier: MIT */
/* The bytes of a stream of messages, as DATA frames bring them: framed, perhaps compressed, decoded. In front
 * of them stand a byte that chooses compression and type, and the sizes (less one) of the pieces that they
 * come in: how many, then each, used over and over. Cut or whole, they are the same messages. */
#include <assert.h>

#include "base/base.h"
#include "frequenz/api/microgrid/v1/microgrid.ugrpc.h"
#include "fuzz.h"
#include "google/protobuf/descriptor.ugrpc.h"
#include "google/protobuf/struct.ugrpc.h"
#include "legacy.ugrpc.h"
#include "presence.ugrpc.h"
#include "ugrpc/codec.h"
#include "ugrpc/decode.h"
#include "ugrpc/frame.h"
#include "ugrpc/message_internal.h"

#define MAX_MESSAGE 8192
#define MAX_MEMORY  (1 << 20)

static const ProtobufCMessageDescriptor *const types[] = {
    &presence__v1__fields__descriptor,
    &ugrpc__protobuf__value__descriptor,
    &legacy__settings__descriptor,
    &ugrpc__protobuf__file_descriptor_proto__descriptor,
    &microgrid__v1__receive_component_data_stream_response__descriptor,
};

/* What reading a stream of messages came to. */
struct outcome {
    int rc;
    bool at_boundary;
    size_t n;
    uint32_t hash; /* of all messages with their flags and lengths */
};

static uint32_t hash(uint32_t start, const uint8_t *data, size_t len) /* FNV-1a */
{
    for (size_t i = 0; i < len; i++) {
        start = (start ^ data[i]) * 16777619u;
    }
    return start;
}

typedef void message_fn(const uint8_t *data, size_t len, bool compressed, uint8_t choice);

/* Reads what comes in pieces of these sizes; all at once if there are none. */
static struct outcome read_pieces(struct input stream, struct input sizes, message_fn *fn, uint8_t choice)
{
    struct frame_reader r = {0};
    struct outcome outcome = {.hash = 2166136261u};
    for (size_t i = 0; outcome.rc == 0 && stream.len > 0; i++) {
        struct input piece = input_take(&stream, sizes.len ? sizes.data[i % sizes.len] + 1u : SIZE_MAX);
        uint8_t *copy = input_copy(piece);
        const uint8_t *at = copy;
        struct frame frame;
        while ((outcome.rc = frame_read(&r, &at, &piece.len, MAX_MESSAGE, &frame, NULL)) == 1) {
            const uint8_t head[] = {frame.compressed, (uint8_t)(frame.len >> 8), (uint8_t)frame.len};
            assert(frame.len <= MAX_MESSAGE);
            outcome.n++;
            outcome.hash = hash(hash(outcome.hash, head, sizeof(head)), frame.data, frame.len);
            if (fn) {
                fn(frame.data, frame.len, frame.compressed, choice);
            }
        }
        assert(outcome.rc < 0 || piece.len == 0);
        assert(frame_held(&r) <= MAX_MESSAGE);
        free(copy);
    }
    outcome.at_boundary = frame_at_boundary(&r);
    frame_reader_done(&r);
    return outcome;
}

/* What was decoded is encoded to the same bytes again and again. */
static void check_decoding(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t len)
{
    struct arena arena = {.limit = MAX_MEMORY};
    struct ugrpc_status st = {0};
    const ProtobufCMessage *message = decode_message(type, data, len, &arena, &st);
    if (message) {
        size_t packed_len = protobuf_c_message_get_packed_size(message);
        uint8_t *packed = malloc(packed_len + 1), *again = malloc(packed_len + 1);
        struct arena second = {0};
        assert(packed && again);
        assert(protobuf_c_message_pack(message, packed) == packed_len);
        message = decode_message(type, packed, packed_len, &second, &st);
        assert(message && protobuf_c_message_get_packed_size(message) == packed_len);
        protobuf_c_message_pack(message, again);
        assert(memcmp(packed, again, packed_len) == 0);
        arena_done(&second);
        free(packed);
        free(again);
    } else {
        assert(st.code == UGRPC_INVALID_ARGUMENT || st.code == UGRPC_RESOURCE_EXHAUSTED);
    }
    arena_done(&arena);
}

/* What we compress is decompressed to the same bytes. */
static void check_compression(const uint8_t *data, size_t len, enum ugrpc_compression codec)
{
    uint8_t *to, *out = NULL;
    size_t frame_len, out_len;
    struct ugrpc_message *message = ugrpc_message_new(len, &to);
    assert(message);
    memcpy(to, data, len);
    const uint8_t *frame = message_frame(message, codec, &frame_len);
    if (frame[0]) {
        int rc = codec_decompress(
            codec, frame + FRAME_PREFIX, frame_len - FRAME_PREFIX, len, &out, &out_len, NULL);
        assert(rc == 0 && out_len == len && memcmp(out, data, len) == 0);
    } else {
        assert(frame_len == FRAME_PREFIX + len && memcmp(frame + FRAME_PREFIX, data, len) == 0);
    }
    free(out);
    ugrpc_message_unref(message);
}

static void on_message(const uint8_t *data, size_t len, bool compressed, uint8_t choice)
{
    static const enum ugrpc_compression codecs[] = {UGRPC_GZIP, UGRPC_DEFLATE};
    enum ugrpc_compression codec = codecs[choice % ARRAY_LEN(codecs)];
    uint8_t *out = NULL;
    if (compressed) {
        struct ugrpc_status st = {0};
        int rc = codec_decompress(codec, data, len, MAX_MESSAGE, &out, &len, &st);
        assert(rc == -(int)st.code && (rc == 0) == (out != NULL));
        if (rc != 0) {
            assert(rc == -UGRPC_INTERNAL || rc == -UGRPC_RESOURCE_EXHAUSTED);
            return;
        }
        assert(len <= MAX_MESSAGE);
        data = out;
    }
    check_compression(data, len, codec);
    check_decoding(types[choice / 2 % ARRAY_LEN(types)], data, len);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    const uint8_t choice = input_byte(&in);
    struct input sizes = input_take(&in, input_byte(&in) % 16);
    struct outcome whole = read_pieces(in, (struct input){0}, on_message, choice);
    struct outcome cut = read_pieces(in, sizes, NULL, choice);
    assert(cut.rc == whole.rc && cut.n == whole.n && cut.hash == whole.hash);
    assert(cut.rc < 0 || cut.at_boundary == whole.at_boundary);
    return 0;
}
