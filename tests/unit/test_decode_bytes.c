/* SPDX-License-Identifier: MIT */
/* What is refused of a message though protobuf-c would take it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/base.h"
#include "google/protobuf/struct.pb-c.h"
#include "ugrpc/decode.h"

/* Decodes a google.protobuf.Value; the code, and the words in `st`. */
static enum ugrpc_code decode(const void *bytes, size_t len, struct ugrpc_status *st)
{
    struct arena arena = {.limit = 1 << 20};
    *st = (struct ugrpc_status){.code = UGRPC_OK};
    const ProtobufCMessage *message = decode_message(
        &ugrpc__protobuf__value__descriptor, bytes, len, &arena, st);
    assert_int_equal(message == NULL, st->code != UGRPC_OK);
    arena_done(&arena);
    return st->code;
}

static void text_is_looked_at_to_its_end(void **state)
{
    static const struct {
        const char *bytes; /* string_value, number 3 */
        size_t len;
        const char *fault;
    } cases[] = {
        {"\x1a\3abc", 5, NULL}, {"\x1a\3a\xc3\xa9", 5, NULL}, {"\x1a\0", 2, NULL}, {"\x1a\3a\0b", 5, "NUL"},
        {"\x1a\1\0", 3, "NUL"}, {"\x1a\3a\0\xff", 5, "UTF-8"}, {"\x1a\3\xff\0a", 5, "UTF-8"},
        {"\x1a\2\0\xff\x1a\2ok", 8, "UTF-8"}, /* the last of several would be the one that counts */
        {"\x32\7\x0a\5\x1a\3a\0b", 9, "NUL"}, /* list_value { values { string_value */
        {"\x2a\7\x0a\5\x0a\3a\0b", 9, "NUL"}, /* struct_value { fields { key */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct ugrpc_status st;
        enum ugrpc_code wanted = cases[i].fault ? UGRPC_INVALID_ARGUMENT : UGRPC_OK;
        assert_int_equal(decode(cases[i].bytes, cases[i].len, &st), wanted);
        assert_true(!cases[i].fault || strstr(st.message, cases[i].fault));
    }
}

static void what_is_no_message_names_the_type_that_was_wanted(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {{"\x1a", 1}, {"\x1a\4abc", 5}, {"\x1b", 1}, {"\0\1", 2}, {"\x80\0\1", 3},
        {"\x32\5\x0a\3\x80\0\1", 7}, {"\x1a\x85\x80\x80\x80\x80\x80\x80\x80\x80\x80\1hello", 16}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct ugrpc_status st;
        assert_int_equal(decode(cases[i].bytes, cases[i].len, &st), UGRPC_INVALID_ARGUMENT);
        assert_non_null(strstr(st.message, "no valid google.protobuf.Value"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_looked_at_to_its_end),
        cmocka_unit_test(what_is_no_message_names_the_type_that_was_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
