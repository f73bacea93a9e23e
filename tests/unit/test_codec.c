/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "ugrpc/codec.h"

static const enum ugrpc_compression compressions[] = {UGRPC_DEFLATE, UGRPC_GZIP};

struct bytes {
    uint8_t *data;
    size_t len;
};

/* Text that compresses to about a third. */
static struct bytes sample(size_t len)
{
    struct bytes bytes = {malloc(len + 1), len};
    uint32_t noise = 1;
    for (size_t i = 0; i < len; i++) {
        noise = noise * 1103515245u + 12345u;
        bytes.data[i] = "aaaaabcd"[noise >> 29];
    }
    return bytes;
}

static struct bytes compress(enum ugrpc_compression codec, const uint8_t *data, size_t len)
{
    size_t cap = codec_bound(len);
    struct bytes bytes = {malloc(cap), 0};
    bytes.len = codec_compress(codec, bytes.data, cap, data, len);
    assert_in_range(bytes.len, 1, cap);
    return bytes;
}

static int decompress(
    enum ugrpc_compression codec, const uint8_t *data, size_t len, size_t limit, struct ugrpc_status *st)
{
    uint8_t *out = NULL;
    size_t out_len;
    int rc = codec_decompress(codec, data, len, limit, &out, &out_len, st);
    assert_int_equal(out != NULL, rc == 0);
    free(out);
    return rc;
}

/* ---- names ---- */

static void codecs_have_the_names_of_the_wire(void **state)
{
    assert_string_equal(codec_name(UGRPC_IDENTITY), "identity");
    assert_string_equal(codec_name(UGRPC_DEFLATE), "deflate");
    assert_string_equal(codec_name(UGRPC_GZIP), "gzip");
    for (int codec = UGRPC_IDENTITY; codec <= UGRPC_GZIP; codec++) {
        const char *name = codec_name((enum ugrpc_compression)codec);
        assert_int_equal(codec_find(name, strlen(name)), codec);
        assert_true(codec_find(name, strlen(name) - 1) < 0);
    }
    assert_true(codec_find("", 0) < 0);
    assert_true(codec_find("snappy", 6) < 0);
    assert_true(codec_find("GZIP", 4) < 0);
}

static void expect_list(const char *text, unsigned codecs)
{
    assert_int_equal(codec_list(text, strlen(text)), codecs | 1u << UGRPC_IDENTITY);
}

static void a_list_names_what_is_accepted_and_identity_always_is(void **state)
{
    const unsigned deflate = 1u << UGRPC_DEFLATE, gzip = 1u << UGRPC_GZIP;
    expect_list(CODEC_ACCEPTED, deflate | gzip);
    expect_list("", 0);
    expect_list("gzip", gzip);
    expect_list("deflate, gzip", deflate | gzip);
    expect_list(" ,\tgzip ,, snappy,", gzip);
    expect_list("gzip;q=1", 0);
    expect_list("gzipped,defl", 0);
}

/* ---- data ---- */

static void what_was_compressed_comes_back(void **state)
{
    static const size_t lens[] = {0, 1, 63, 1000, 200000};
    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        struct bytes plain = sample(lens[i]);
        for (size_t k = 0; k < ARRAY_LEN(compressions); k++) {
            struct bytes packed = compress(compressions[k], plain.data, plain.len);
            uint8_t *out;
            size_t len;
            assert_int_equal(
                codec_decompress(compressions[k], packed.data, packed.len, plain.len, &out, &len, NULL), 0);
            assert_int_equal(len, plain.len);
            assert_memory_equal(out, plain.data, len);
            free(out);
            free(packed.data);
        }
        free(plain.data);
    }
}

static void long_text_becomes_shorter(void **state)
{
    struct bytes plain = sample(10000);
    for (size_t k = 0; k < ARRAY_LEN(compressions); k++) {
        struct bytes packed = compress(compressions[k], plain.data, plain.len);
        assert_true(packed.len < plain.len / 2);
        free(packed.data);
    }
    free(plain.data);
}

static void the_bound_holds_for_what_cannot_be_compressed(void **state)
{
    struct bytes noise = {malloc(70000), 70000};
    uint32_t x = 1;
    for (size_t i = 0; i < noise.len; i++) {
        x = x * 1664525u + 1013904223u;
        noise.data[i] = (uint8_t)(x >> 24);
    }
    for (size_t k = 0; k < ARRAY_LEN(compressions); k++) {
        free(compress(compressions[k], noise.data, noise.len).data);
    }
    free(noise.data);
}

static void one_byte_beyond_the_limit_is_resource_exhausted(void **state)
{
    struct bytes plain = sample(5000);
    for (size_t k = 0; k < ARRAY_LEN(compressions); k++) {
        struct ugrpc_status st;
        struct bytes packed = compress(compressions[k], plain.data, plain.len);
        assert_int_equal(decompress(compressions[k], packed.data, packed.len, 5000, &st), 0);
        assert_int_equal(
            decompress(compressions[k], packed.data, packed.len, 4999, &st), -UGRPC_RESOURCE_EXHAUSTED);
        assert_non_null(strstr(st.message, codec_name(compressions[k])));
        assert_non_null(strstr(st.message, "4999"));
        assert_int_equal(
            decompress(compressions[k], packed.data, packed.len, 0, &st), -UGRPC_RESOURCE_EXHAUSTED);
        free(packed.data);
    }
    free(plain.data);
}

/* A thousand times as large as it looks. */
static void a_bomb_is_resource_exhausted(void **state)
{
    uint8_t *zeros = calloc(1, 8 << 20);
    for (size_t k = 0; k < ARRAY_LEN(compressions); k++) {
        struct ugrpc_status st;
        struct bytes packed = compress(compressions[k], zeros, 8 << 20);
        assert_true(packed.len < 16384);
        assert_int_equal(
            decompress(compressions[k], packed.data, packed.len, 100000, &st), -UGRPC_RESOURCE_EXHAUSTED);
        free(packed.data);
    }
    free(zeros);
}

static void expect_damaged(enum ugrpc_compression codec, const uint8_t *data, size_t len)
{
    struct ugrpc_status st;
    uint8_t *exact = malloc(len ? len : 1);
    memcpy(exact, data, len);
    assert_int_equal(decompress(codec, exact, len, 100000, &st), -UGRPC_INTERNAL);
    assert_non_null(strstr(st.message, codec_name(codec)));
    free(exact);
}

static void data_that_is_cut_anywhere_is_damaged(void **state)
{
    struct bytes plain = sample(300);
    for (size_t k = 0; k < ARRAY_LEN(compressions); k++) {
        struct bytes packed = compress(compressions[k], plain.data, plain.len);
        for (size_t len = 0; len < packed.len; len++) {
            expect_damaged(compressions[k], packed.data, len);
        }
        free(packed.data);
    }
    free(plain.data);
}

static void changed_foreign_and_trailing_bytes_are_damage(void **state)
{
    struct bytes plain = sample(300);
    for (size_t k = 0; k < ARRAY_LEN(compressions); k++) {
        struct bytes packed = compress(compressions[k], plain.data, plain.len);
        expect_damaged(compressions[1 - k], packed.data, packed.len); /* the other one's format */
        packed.data = realloc(packed.data, packed.len + 1);
        packed.data[packed.len] = 0;
        expect_damaged(compressions[k], packed.data, packed.len + 1);
        packed.data[packed.len - 3] ^= 1; /* in the checksum or the length at its end */
        expect_damaged(compressions[k], packed.data, packed.len);
        free(packed.data);
    }
    expect_damaged(UGRPC_GZIP, plain.data, plain.len);
    free(plain.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codecs_have_the_names_of_the_wire),
        cmocka_unit_test(a_list_names_what_is_accepted_and_identity_always_is),
        cmocka_unit_test(what_was_compressed_comes_back),
        cmocka_unit_test(long_text_becomes_shorter),
        cmocka_unit_test(the_bound_holds_for_what_cannot_be_compressed),
        cmocka_unit_test(one_byte_beyond_the_limit_is_resource_exhausted),
        cmocka_unit_test(a_bomb_is_resource_exhausted),
        cmocka_unit_test(data_that_is_cut_anywhere_is_damaged),
        cmocka_unit_test(changed_foreign_and_trailing_bytes_are_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
