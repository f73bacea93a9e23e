/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "google/protobuf/field_mask.ugrpc.h"
#include "google/protobuf/struct.ugrpc.h"
#include "presence.ugrpc.h"
#include "ugrpc/decode.h"

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct arena));
    return 0;
}

static int tear_down(void **state)
{
    arena_done(*state);
    free(*state);
    return 0;
}

static void *decode(void **state, const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t len,
    struct ugrpc_status *st)
{
    uint8_t *exact = calloc(1, len ? len : 1); /* so that sanitizers see a read beyond it */
    memcpy(exact, data, len);
    void *message = decode_message(type, exact, len, *state, st);
    free(exact); /* the message does not need it */
    return message;
}

/* Encodes a message and decodes that. */
static void *decode_again(void **state, const ProtobufCMessage *message, struct ugrpc_status *st)
{
    uint8_t data[1024];
    assert_true(protobuf_c_message_get_packed_size(message) <= sizeof(data));
    return decode(state, message->descriptor, data, protobuf_c_message_pack(message, data), st);
}

static void fields_of_every_kind_are_decoded(void **state)
{
    presence_v1_fields_inner inner = PRESENCE_V1_FIELDS_INNER_INIT;
    presence_v1_fields_inner_set_state(&inner, PRESENCE_V1_FIELDS_INNER_READY);
    presence_v1_fields_by_name_entry entry = PRESENCE_V1_FIELDS_BY_NAME_ENTRY_INIT, *entries[] = {&entry};
    entry.key = (char[]){"caf\xc3\xa9"};
    entry.value = &inner;
    presence_v1_fields fields;
    presence_v1_fields_init(&fields);
    fields.n_by_name = 1;
    fields.by_name = entries;
    fields.n_numbers = 3;
    fields.numbers = (int32_t[]){1, -2, 3};
    presence_v1_fields_set_a_string(&fields, "");
    presence_v1_fields_set_a_double(&fields, -0.5);
    presence_v1_fields_set_some_bytes(&fields, (ProtobufCBinaryData){2, (uint8_t *)"\xff\0"});
    presence_v1_fields_set_choice_inner(&fields, &inner);

    const presence_v1_fields *m = decode_again(state, &fields.base, NULL);
    assert_non_null(m);
    assert_string_equal(m->by_name[0]->key, "caf\xc3\xa9");
    assert_int_equal(m->by_name[0]->value->state, PRESENCE_V1_FIELDS_INNER_READY);
    assert_int_equal(m->n_numbers, 3);
    assert_int_equal(m->numbers[1], -2);
    assert_true(presence_v1_fields_has_a_string(m));
    assert_string_equal(m->a_string, "");
    assert_true(m->a_double == -0.5);
    assert_false(presence_v1_fields_has_a_float(m));
    assert_memory_equal(m->some_bytes.data, "\xff\0", 2);
    assert_int_equal(m->choice_case, PRESENCE_V1_FIELDS_CHOICE_CHOICE_INNER);
    assert_int_equal(m->choice_inner->state, PRESENCE_V1_FIELDS_INNER_READY);
}

static void no_bytes_are_an_empty_message(void **state)
{
    const presence_v1_fields *m = decode(
        state, &presence__v1__fields__descriptor, (const uint8_t *)"", 0, NULL);
    assert_non_null(m);
    assert_int_equal(m->without_presence, 0);
    assert_int_equal(m->choice_case, PRESENCE_V1_FIELDS_CHOICE_NOT_SET);
}

static void what_is_no_message_is_refused_with_the_type_named(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } broken[] = {
        {"\x30", 1},                                            /* a field without its value */
        {"\x72\5abc", 5},                                       /* longer than what is left */
        {"\x8a\1\2\x08", 4},                                    /* likewise, inside */
        {"\x73", 1},                                            /* a group */
        {"\0\1", 2},                                            /* field 0 */
        {"\x80\0\1", 3},                                        /* likewise, written longer */
        {"\x8a\1\3\x80\0\1", 6},                                /* and inside */
        {"\x30\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", 12}, /* a number of eleven bytes */
    };
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        struct ugrpc_status st = {0};
        assert_null(decode(
            state, &presence__v1__fields__descriptor, (const uint8_t *)broken[i].bytes, broken[i].len, &st));
        assert_int_equal(st.code, UGRPC_INVALID_ARGUMENT);
        assert_non_null(strstr(st.message, "presence.v1.Fields"));
    }
}

/* ---- text ---- */

static void expect_no_utf8(void **state, const ProtobufCMessage *message, const char *field)
{
    struct ugrpc_status st = {0};
    assert_null(decode_again(state, message, &st));
    assert_int_equal(st.code, UGRPC_INVALID_ARGUMENT);
    assert_non_null(strstr(st.message, "UTF-8"));
    assert_non_null(strstr(st.message, field));
}

static void text_that_is_not_utf8_is_refused_wherever_it_stands(void **state)
{
    static char wrong[] = "caf\xe9", fine[] = "caf\xc3\xa9";
    presence_v1_fields fields;
    presence_v1_fields_init(&fields);
    presence_v1_fields_set_a_string(&fields, wrong);
    expect_no_utf8(state, &fields.base, "a_string");

    presence_v1_fields_init(&fields);
    presence_v1_fields_set_text(&fields, wrong);
    expect_no_utf8(state, &fields.base, "text");

    presence_v1_fields_init(&fields);
    presence_v1_fields_by_name_entry entry = PRESENCE_V1_FIELDS_BY_NAME_ENTRY_INIT, *entries[] = {&entry};
    entry.key = wrong;
    fields.n_by_name = 1;
    fields.by_name = entries;
    expect_no_utf8(state, &fields.base, "key");

    ugrpc_protobuf_field_mask mask = UGRPC_PROTOBUF_FIELD_MASK_INIT;
    mask.n_paths = 2;
    mask.paths = (char *[]){fine, wrong};
    expect_no_utf8(state, &mask.base, "paths");

    ugrpc_protobuf_value text = UGRPC_PROTOBUF_VALUE_INIT, list_value = UGRPC_PROTOBUF_VALUE_INIT;
    ugrpc_protobuf_list_value list = UGRPC_PROTOBUF_LIST_VALUE_INIT;
    ugrpc_protobuf_value_set_string_value(&text, wrong);
    list.n_values = 1;
    list.values = (ugrpc_protobuf_value *[]){&text};
    ugrpc_protobuf_value_set_list_value(&list_value, &list);
    expect_no_utf8(state, &list_value.base, "string_value");
}

static void bytes_and_unknown_fields_need_not_be_text(void **state)
{
    static const char unknown[] = "\xfa\x3f\4caf\xe9"; /* number 1023 */
    presence_v1_fields fields;
    presence_v1_fields_init(&fields);
    presence_v1_fields_set_some_bytes(&fields, (ProtobufCBinaryData){4, (uint8_t *)"caf\xe9"});
    assert_non_null(decode_again(state, &fields.base, NULL));
    assert_non_null(decode(
        state, &presence__v1__fields__descriptor, (const uint8_t *)unknown, sizeof(unknown) - 1, NULL));
}

/* ---- limits ---- */

/* A Value, in which are lists of one Value, until there are `depth` messages in each other. */
static void *decode_nested(void **state, unsigned depth, struct ugrpc_status *st)
{
    uint8_t data[4096], *end = data + sizeof(data), *at = end;
    for (unsigned i = depth; i > 1; i--) {
        size_t len = (size_t)(end - at);
        bool long_len = len > 127;
        at -= long_len ? 3 : 2;
        at[0] = i % 2 ? 0x0a : 0x32; /* ListValue.values, Value.list_value */
        at[1] = (uint8_t)(long_len ? len | 0x80 : len);
        if (long_len) {
            at[2] = (uint8_t)(len >> 7);
        }
    }
    return decode(state, &ugrpc__protobuf__value__descriptor, at, (size_t)(end - at), st);
}

static void messages_are_nested_a_hundred_deep_at_most(void **state)
{
    struct ugrpc_status st = {0};
    const ugrpc_protobuf_value *value = decode_nested(state, 100, &st);
    unsigned depth = 1;
    for (; value && ugrpc_protobuf_value_has_list_value(value); depth++) {
        const ugrpc_protobuf_list_value *list = value->list_value;
        depth += list->n_values > 0;
        value = list->n_values ? list->values[0] : NULL;
    }
    assert_int_equal(depth, 100);
    assert_null(decode_nested(state, 101, &st));
    assert_int_equal(st.code, UGRPC_INVALID_ARGUMENT);
    assert_non_null(strstr(st.message, "nested deeper than 100"));
    assert_null(decode_nested(state, 1000, &st));
}

static void more_memory_than_the_arena_may_have_is_resource_exhausted(void **state)
{
    uint8_t data[1000];
    struct ugrpc_status st = {0};
    struct arena *arena = *state;
    arena->limit = 4096;
    for (size_t i = 0; i < sizeof(data); i += 2) { /* five hundred empty paths */
        data[i] = 0x0a;
        data[i + 1] = 0;
    }
    assert_non_null(decode(state, &ugrpc__protobuf__field_mask__descriptor, data, 20, &st));
    assert_null(decode(state, &ugrpc__protobuf__field_mask__descriptor, data, sizeof(data), &st));
    assert_int_equal(st.code, UGRPC_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(st.message, "4096"));
    assert_non_null(strstr(st.message, "google.protobuf.FieldMask"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fields_of_every_kind_are_decoded),
        TEST(no_bytes_are_an_empty_message),
        TEST(what_is_no_message_is_refused_with_the_type_named),
        TEST(text_that_is_not_utf8_is_refused_wherever_it_stands),
        TEST(bytes_and_unknown_fields_need_not_be_text),
        TEST(messages_are_nested_a_hundred_deep_at_most),
        TEST(more_memory_than_the_arena_may_have_is_resource_exhausted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
