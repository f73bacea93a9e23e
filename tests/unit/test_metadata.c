/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ugrpc/status.h>

#include "fake_rcbuf.h"
#include "ugrpc/metadata.h"

struct fixture {
    struct arena arena;
    struct metadata in;
    struct outgoing_metadata *out;
};

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    metadata_done(&f->in);
    arena_done(&f->arena);
    free(f);
    assert_int_equal(fake_rcbufs, 0);
    return 0;
}

#define MAX_PAIRS 100

static int add(struct fixture *f, const char *key, const char *value)
{
    nghttp2_rcbuf *name = fake_rcbuf_new(key, strlen(key)), *text = fake_rcbuf_new(value, strlen(value));
    int rc = metadata_add(&f->in, name, text, MAX_PAIRS, &f->arena);
    nghttp2_rcbuf_decref(name); /* nghttp2's own references go when the header block has ended */
    nghttp2_rcbuf_decref(text);
    return rc;
}

static void expect_bytes(const struct ugrpc_bytes *value, const void *data, size_t len)
{
    assert_int_equal(value->len, len);
    assert_memory_equal(value->data, data, len);
}

static void expect_pair(const struct fixture *f, size_t index, const char *key, const void *data, size_t len)
{
    assert_true(index < f->in.n);
    assert_string_equal((const char *)nghttp2_rcbuf_get_buf(f->in.pairs[index].key).base, key);
    expect_bytes(&f->in.pairs[index].value, data, len);
}

/* ---- what comes in ---- */

static void pairs_keep_their_order_and_outlive_the_header_block(void **state)
{
    struct fixture *f = *state;
    for (unsigned i = 0; i < 100; i++) {
        char key[16], value[16];
        snprintf(key, sizeof(key), "x-%u", i % 7);
        snprintf(value, sizeof(value), "value %u", i);
        assert_int_equal(add(f, key, value), 0);
    }
    assert_int_equal(f->in.n, 100);
    for (unsigned i = 0; i < 100; i++) {
        char key[16], value[16];
        snprintf(key, sizeof(key), "x-%u", i % 7);
        snprintf(value, sizeof(value), "value %u", i);
        expect_pair(f, i, key, value, strlen(value));
    }
}

static void the_first_value_of_a_key_is_found(void **state)
{
    struct fixture *f = *state;
    struct ugrpc_bytes value;
    assert_false(metadata_find(&f->in, "a", &value));
    assert_int_equal(add(f, "a", "first"), 0);
    assert_int_equal(add(f, "ab", ""), 0);
    assert_int_equal(add(f, "a", "second"), 0);
    assert_true(metadata_find(&f->in, "a", &value));
    expect_bytes(&value, "first", 5);
    assert_true(metadata_find(&f->in, "ab", &value));
    expect_bytes(&value, "", 0);
    assert_false(metadata_find(&f->in, "abc", &value));
}

static void binary_values_are_decoded_with_or_without_padding(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(add(f, "x-bin", "AAEC/w"), 0);
    assert_int_equal(add(f, "x-bin", "AAEC/w=="), 0);
    assert_int_equal(add(f, "x-bin", ""), 0);
    expect_pair(f, 0, "x-bin", "\0\1\2\xff", 4);
    expect_pair(f, 1, "x-bin", "\0\1\2\xff", 4);
    expect_pair(f, 2, "x-bin", "", 0);
}

static void binary_values_joined_by_commas_are_several(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(add(f, "x-bin", "AQ==, Ag ,Aw,,"), 0);
    assert_int_equal(f->in.n, 5);
    expect_pair(f, 0, "x-bin", "\1", 1);
    expect_pair(f, 1, "x-bin", "\2", 1);
    expect_pair(f, 2, "x-bin", "\3", 1);
    expect_pair(f, 3, "x-bin", "", 0);
    expect_pair(f, 4, "x-bin", "", 0);
}

static void binary_values_that_are_no_base64_are_invalid(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(add(f, "x-bin", "no base64!"), -UGRPC_INVALID_ARGUMENT);
    assert_int_equal(add(f, "x-bin", "AQ,A"), -UGRPC_INVALID_ARGUMENT);
}

/* A kilobyte of commas is a thousand values, each with memory of its own. */
static void joined_values_cannot_be_more_than_headers_could(void **state)
{
    struct fixture *f = *state;
    char commas[1000];
    memset(commas, ',', sizeof(commas) - 1);
    commas[sizeof(commas) - 1] = '\0';
    assert_int_equal(add(f, "x-bin", commas), -UGRPC_RESOURCE_EXHAUSTED);
    assert_int_equal(f->in.n, MAX_PAIRS);
    assert_int_equal(add(f, "x", "one more"), -UGRPC_RESOURCE_EXHAUSTED);
    assert_true(f->arena.total < 200 * MAX_PAIRS);
}

static void only_the_end_of_a_key_makes_it_binary(void **state)
{
    static const char *const plain[] = {"bin", "-bin", "x-bin-y", "xbin", "x-binary", "x-bi"};
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        assert_int_equal(add(f, plain[i], "AQ"), 0);
        expect_pair(f, i, plain[i], "AQ", 2);
    }
}

/* ---- what goes out ---- */

static int send(struct fixture *f, const char *key, const void *value, size_t len)
{
    return outgoing_metadata_add(&f->out, key, value, len, &f->arena);
}

static void expect_sent(const struct outgoing_metadata *out, const char *key, const char *value)
{
    assert_non_null(out);
    assert_int_equal(out->nv.namelen, strlen(key));
    assert_memory_equal(out->nv.name, key, strlen(key));
    assert_int_equal(out->nv.valuelen, strlen(value));
    assert_memory_equal(out->nv.value, value, strlen(value));
}

static void what_is_sent_keeps_its_order_and_is_copied(void **state)
{
    struct fixture *f = *state;
    char key[] = "x-a", value[] = "1";
    assert_int_equal(outgoing_metadata_count(f->out), 0);
    assert_int_equal(send(f, key, value, 1), 0);
    key[2] = 'b';
    value[0] = '2';
    assert_int_equal(send(f, key, value, 1), 0);
    assert_int_equal(send(f, "x-empty", NULL, 0), 0);
    assert_int_equal(outgoing_metadata_count(f->out), 3);
    expect_sent(f->out, "x-a", "1");
    expect_sent(f->out->next, "x-b", "2");
    expect_sent(f->out->next->next, "x-empty", "");
}

static void binary_values_of_any_bytes_are_sent_as_base64(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(send(f, "x-bin", "\0\1\2\xff", 4), 0);
    assert_int_equal(send(f, "x-bin", NULL, 0), 0);
    assert_int_equal(send(f, "grpc-status-details-bin", "\xff", 1), 0);
    expect_sent(f->out, "x-bin", "AAEC/w");
    expect_sent(f->out->next, "x-bin", "");
    expect_sent(f->out->next->next, "grpc-status-details-bin", "/w");
}

static void keys_that_http_or_grpc_need_are_not_to_be_set(void **state)
{
    static const char *const keys[] = {"", ":status", "grpc-status", "grpc-message", "grpc-anything",
        "content-type", "content-length", "te", "connection", "transfer-encoding", "upgrade", "keep-alive",
        "X-Upper", "with space", "umlaut\xc3\xa4", "a:b", "line\n"};
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        assert_int_equal(send(f, keys[i], "x", 1), -UGRPC_INVALID_ARGUMENT);
    }
    assert_null(f->out);
    assert_int_equal(send(f, "0-_.z", "x", 1), 0);
}

static void text_that_is_not_printable_ascii_is_not_to_be_sent(void **state)
{
    static const char *const values[] = {"line\n", "\x1b", "\x7f", "caf\xc3\xa9", " front", "back ", " "};
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        assert_int_equal(send(f, "x-a", values[i], strlen(values[i])), -UGRPC_INVALID_ARGUMENT);
    }
    assert_int_equal(send(f, "x-a", "a\0b", 3), -UGRPC_INVALID_ARGUMENT);
    assert_null(f->out);
    assert_int_equal(send(f, "x-a", "in the ~ middle!", 16), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pairs_keep_their_order_and_outlive_the_header_block),
        TEST(the_first_value_of_a_key_is_found),
        TEST(binary_values_are_decoded_with_or_without_padding),
        TEST(binary_values_joined_by_commas_are_several),
        TEST(binary_values_that_are_no_base64_are_invalid),
        TEST(joined_values_cannot_be_more_than_headers_could),
        TEST(only_the_end_of_a_key_makes_it_binary),
        TEST(what_is_sent_keeps_its_order_and_is_copied),
        TEST(binary_values_of_any_bytes_are_sent_as_base64),
        TEST(keys_that_http_or_grpc_need_are_not_to_be_set),
        TEST(text_that_is_not_printable_ascii_is_not_to_be_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
