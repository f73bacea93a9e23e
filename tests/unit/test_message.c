/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "google/protobuf/wrappers.ugrpc.h"
#include "ugrpc/codec.h"
#include "ugrpc/message_internal.h"

static struct ugrpc_message *message_of(const void *data, size_t len)
{
    uint8_t *to;
    struct ugrpc_message *message = ugrpc_message_new(len, &to);
    assert_non_null(message);
    memcpy(to, data, len);
    return message;
}

static struct ugrpc_message *zeros(size_t len)
{
    uint8_t *data = calloc(1, len);
    struct ugrpc_message *message = message_of(data, len);
    free(data);
    return message;
}

/* The frame's five bytes in front. */
static void expect_prefix(const uint8_t *frame, size_t frame_len, bool compressed)
{
    size_t len = frame_len - FRAME_PREFIX;
    const uint8_t prefix[] = {
        compressed, (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len};
    assert_memory_equal(frame, prefix, sizeof(prefix));
}

static void a_message_is_framed_as_it_goes_on_the_wire(void **state)
{
    size_t len;
    struct ugrpc_message *message = zeros(0x010203);
    const uint8_t *frame = message_frame(message, UGRPC_IDENTITY, &len);
    assert_int_equal(ugrpc_message_len(message), 0x010203);
    assert_int_equal(len, 0x010203 + FRAME_PREFIX);
    assert_memory_equal(frame, "\0\0\1\2\3", FRAME_PREFIX);
    ugrpc_message_unref(message);

    message = message_of("hello", 5);
    assert_memory_equal(message_frame(message, UGRPC_IDENTITY, &len), "\0\0\0\0\5hello", 10);
    assert_int_equal(len, 10);
    ugrpc_message_unref(message);
}

static void an_empty_message_is_five_bytes(void **state)
{
    size_t len;
    struct ugrpc_message *message = message_of("", 0);
    assert_memory_equal(message_frame(message, UGRPC_GZIP, &len), "\0\0\0\0\0", FRAME_PREFIX);
    assert_int_equal(len, FRAME_PREFIX);
    ugrpc_message_unref(message);
}

static void packing_encodes_a_protobuf_message(void **state)
{
    size_t len;
    ugrpc_protobuf_string_value value = UGRPC_PROTOBUF_STRING_VALUE_INIT;
    value.value = (char[]){"abc"};
    struct ugrpc_message *message = ugrpc_message_pack(&value.base);
    assert_int_equal(ugrpc_message_len(message), 5);
    assert_memory_equal(message_frame(message, UGRPC_IDENTITY, &len), "\0\0\0\0\5\x0a\3abc", 10);
    ugrpc_message_unref(message);
}

static void a_compressed_form_decompresses_to_the_message(void **state)
{
    struct ugrpc_message *message = zeros(1000);
    for (int codec = UGRPC_DEFLATE; codec <= UGRPC_GZIP; codec++) {
        size_t len, plain_len;
        uint8_t *plain;
        const uint8_t *frame = message_frame(message, (enum ugrpc_compression)codec, &len);
        assert_true(len < 100);
        expect_prefix(frame, len, true);
        assert_int_equal(codec_decompress((enum ugrpc_compression)codec, frame + FRAME_PREFIX,
                             len - FRAME_PREFIX, 1000, &plain, &plain_len, NULL),
            0);
        assert_int_equal(plain_len, 1000);
        free(plain);
    }
    ugrpc_message_unref(message);
}

static void a_form_is_made_once_for_all_calls(void **state)
{
    size_t gzip_len, deflate_len, len;
    struct ugrpc_message *message = zeros(1000);
    const uint8_t *gzip = message_frame(message, UGRPC_GZIP, &gzip_len);
    const uint8_t *deflate = message_frame(message, UGRPC_DEFLATE, &deflate_len);
    assert_ptr_not_equal(gzip, deflate);
    assert_ptr_equal(message_frame(message, UGRPC_GZIP, &len), gzip);
    assert_int_equal(len, gzip_len);
    assert_ptr_equal(message_frame(message, UGRPC_DEFLATE, &len), deflate);
    assert_int_equal(len, deflate_len);
    ugrpc_message_unref(message);
}

static void short_messages_are_never_compressed(void **state)
{
    size_t len;
    struct ugrpc_message *message = zeros(63);
    const uint8_t *frame = message_frame(message, UGRPC_GZIP, &len);
    assert_int_equal(len, 63 + FRAME_PREFIX);
    expect_prefix(frame, len, false);
    ugrpc_message_unref(message);
}

static void a_message_lives_until_its_last_reference_goes(void **state)
{
    size_t len;
    struct ugrpc_message *message = message_of("hello", 5);
    assert_ptr_equal(ugrpc_message_ref(message), message);
    ugrpc_message_unref(message);
    assert_memory_equal(message_frame(message, UGRPC_IDENTITY, &len) + FRAME_PREFIX, "hello", 5);
    ugrpc_message_unref(message); /* a leak, or a free too many, is seen by the sanitizers */
}

static void null_is_no_message_and_two_gigabytes_are_too_many(void **state)
{
    uint8_t *data;
    assert_null(ugrpc_message_ref(NULL));
    ugrpc_message_unref(NULL);
    assert_null(ugrpc_message_new(1u << 31, &data));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_framed_as_it_goes_on_the_wire),
        cmocka_unit_test(an_empty_message_is_five_bytes),
        cmocka_unit_test(packing_encodes_a_protobuf_message),
        cmocka_unit_test(a_compressed_form_decompresses_to_the_message),
        cmocka_unit_test(a_form_is_made_once_for_all_calls),
        cmocka_unit_test(short_messages_are_never_compressed),
        cmocka_unit_test(a_message_lives_until_its_last_reference_goes),
        cmocka_unit_test(null_is_no_message_and_two_gigabytes_are_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
