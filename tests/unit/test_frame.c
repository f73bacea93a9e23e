/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "ugrpc/frame.h"

#define MAX 100000

/* Three messages: "ab", an empty one, and "cde" flagged as compressed. */
static const uint8_t three[] = {0, 0, 0, 0, 2, 'a', 'b', 0, 0, 0, 0, 0, 1, 0, 0, 0, 3, 'c', 'd', 'e'};
static const struct frame three_frames[] = {
    {(const uint8_t *)"ab", 2, false}, {(const uint8_t *)"", 0, false}, {(const uint8_t *)"cde", 3, true}};

static int read_one(struct frame_reader *r, const void *data, size_t len, struct frame *frame)
{
    const uint8_t *at = data;
    int rc = frame_read(r, &at, &len, MAX, frame, NULL);
    if (rc == 0) {
        assert_int_equal(len, 0); /* it asks for more only when it has taken all */
    }
    return rc;
}

/* Reads a piece; the messages in it must be those that come next. */
static void expect_next(struct frame_reader *r, const uint8_t *data, size_t len, size_t *next)
{
    uint8_t *piece = malloc(len + 1); /* of exactly this size, for sanitizers */
    memcpy(piece, data, len);
    const uint8_t *at = piece;
    struct frame frame;
    int rc;
    while ((rc = frame_read(r, &at, &len, MAX, &frame, NULL)) == 1) {
        assert_true(*next < ARRAY_LEN(three_frames));
        const struct frame *expected = &three_frames[(*next)++];
        assert_int_equal(frame.len, expected->len);
        assert_memory_equal(frame.data, expected->data, frame.len);
        assert_int_equal(frame.compressed, expected->compressed);
    }
    assert_int_equal(rc, 0);
    assert_int_equal(len, 0);
    free(piece);
}

static void messages_are_the_same_wherever_their_bytes_are_cut(void **state)
{
    for (size_t first = 0; first <= sizeof(three); first++) {
        for (size_t second = first; second <= sizeof(three); second++) {
            struct frame_reader r = {0};
            size_t next = 0;
            expect_next(&r, three, first, &next);
            expect_next(&r, three + first, second - first, &next);
            expect_next(&r, three + second, sizeof(three) - second, &next);
            assert_int_equal(next, ARRAY_LEN(three_frames));
            assert_true(frame_at_boundary(&r));
            frame_reader_done(&r);
        }
    }
}

static void a_message_in_one_piece_is_handed_out_where_it_lies(void **state)
{
    struct frame_reader r = {0};
    struct frame frame;
    assert_int_equal(read_one(&r, three, sizeof(three), &frame), 1);
    assert_ptr_equal(frame.data, three + 5);
    assert_int_equal(frame_held(&r), 0);
    frame_reader_done(&r);
}

static void the_end_of_the_bytes_is_a_boundary_only_between_messages(void **state)
{
    for (size_t len = 0; len <= sizeof(three); len++) {
        struct frame_reader r = {0};
        size_t next = 0;
        expect_next(&r, three, len, &next);
        assert_int_equal(frame_at_boundary(&r), len == 0 || len == 7 || len == 12 || len == sizeof(three));
        frame_reader_done(&r);
    }
}

static void a_message_as_large_as_the_limit_is_taken(void **state)
{
    static const uint8_t head[] = {0, 0, 1, 0x86, 0xa0}; /* 100,000 */
    uint8_t *body = malloc(MAX);
    struct frame_reader r = {0};
    struct frame frame;
    memset(body, 'x', MAX);
    assert_int_equal(read_one(&r, head, sizeof(head), &frame), 0);
    assert_int_equal(read_one(&r, body, MAX - 1, &frame), 0);
    assert_int_equal(read_one(&r, body + MAX - 1, 1, &frame), 1);
    assert_int_equal(frame.len, MAX);
    assert_memory_equal(frame.data, body, MAX);
    frame_reader_done(&r);
    free(body);
}

static void a_larger_one_is_refused_by_its_prefix_with_both_sizes(void **state)
{
    static const uint8_t head[] = {0, 0, 1, 0x86, 0xa1};
    const uint8_t *at = head;
    size_t len = sizeof(head);
    struct frame_reader r = {0};
    struct frame frame;
    struct ugrpc_status st;
    assert_int_equal(frame_read(&r, &at, &len, MAX, &frame, &st), -UGRPC_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(st.message, "100001"));
    assert_non_null(strstr(st.message, "100000"));
    assert_int_equal(frame_held(&r), 0);
    frame_reader_done(&r);
}

static void an_unknown_flag_is_refused_and_named(void **state)
{
    static const uint8_t head[] = {2, 0, 0, 0, 1, 'x'};
    const uint8_t *at = head;
    size_t len = sizeof(head);
    struct frame_reader r = {0};
    struct frame frame;
    struct ugrpc_status st;
    assert_int_equal(frame_read(&r, &at, &len, MAX, &frame, &st), -UGRPC_INTERNAL);
    assert_non_null(strstr(st.message, "flag byte 2"));
    frame_reader_done(&r);
}

static void memory_grows_with_what_has_come_not_with_what_was_announced(void **state)
{
    static const uint8_t head[] = {0, 0, 1, 0x86, 0xa0, 'x'};
    static const uint8_t more[MAX - 1];
    struct frame_reader r = {0};
    struct frame frame;
    assert_int_equal(read_one(&r, head, sizeof(head), &frame), 0);
    assert_in_range(frame_held(&r), 1, 4096);
    assert_int_equal(read_one(&r, more, 9999, &frame), 0);
    assert_in_range(frame_held(&r), 10000, 20000);
    assert_int_equal(read_one(&r, more, MAX - 10000, &frame), 1);
    assert_int_equal(frame_held(&r), MAX); /* never more than the message */
    frame_reader_done(&r);
}

static void the_memory_of_a_message_goes_with_the_next_read(void **state)
{
    struct frame_reader r = {0};
    struct frame frame;
    assert_int_equal(read_one(&r, three, 6, &frame), 0);
    assert_int_equal(read_one(&r, three + 6, 1, &frame), 1);
    assert_true(frame_held(&r) > 0);
    assert_int_equal(read_one(&r, "", 0, &frame), 0);
    assert_int_equal(frame_held(&r), 0);
    assert_true(frame_at_boundary(&r));
    frame_reader_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_the_same_wherever_their_bytes_are_cut),
        cmocka_unit_test(a_message_in_one_piece_is_handed_out_where_it_lies),
        cmocka_unit_test(the_end_of_the_bytes_is_a_boundary_only_between_messages),
        cmocka_unit_test(a_message_as_large_as_the_limit_is_taken),
        cmocka_unit_test(a_larger_one_is_refused_by_its_prefix_with_both_sizes),
        cmocka_unit_test(an_unknown_flag_is_refused_and_named),
        cmocka_unit_test(memory_grows_with_what_has_come_not_with_what_was_announced),
        cmocka_unit_test(the_memory_of_a_message_goes_with_the_next_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
