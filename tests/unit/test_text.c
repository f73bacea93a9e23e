/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ugrpc/text.h"

/* ---- base64 ---- */

static const struct {
    const char *plain, *coded, *padded;
} rfc4648[] = {{"", "", ""}, {"f", "Zg", "Zg=="}, {"fo", "Zm8", "Zm8="}, {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg", "Zm9vYg=="}, {"fooba", "Zm9vYmE", "Zm9vYmE="}, {"foobar", "Zm9vYmFy", "Zm9vYmFy"}};

static void base64_is_written_without_padding(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(rfc4648); i++) {
        char coded[16];
        size_t len = strlen(rfc4648[i].plain);
        assert_int_equal(base64_encoded_len(len), strlen(rfc4648[i].coded));
        assert_int_equal(
            base64_encode(coded, (const uint8_t *)rfc4648[i].plain, len), strlen(rfc4648[i].coded));
        assert_memory_equal(coded, rfc4648[i].coded, strlen(rfc4648[i].coded));
    }
}

static void base64_is_read_with_and_without_padding(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(rfc4648); i++) {
        uint8_t plain[16];
        size_t len = strlen(rfc4648[i].plain);
        assert_int_equal(base64_decode(plain, rfc4648[i].coded, strlen(rfc4648[i].coded)), len);
        assert_memory_equal(plain, rfc4648[i].plain, len);
        assert_int_equal(base64_decode(plain, rfc4648[i].padded, strlen(rfc4648[i].padded)), len);
        assert_memory_equal(plain, rfc4648[i].plain, len);
    }
}

static void every_byte_survives_base64(void **state)
{
    uint8_t data[256], back[260];
    char coded[400];
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 167);
    }
    for (size_t len = 0; len <= sizeof(data); len++) {
        size_t coded_len = base64_encode(coded, data, len);
        assert_int_equal(coded_len, base64_encoded_len(len));
        assert_int_equal(base64_decode(back, coded, coded_len), len);
        assert_memory_equal(back, data, len);
    }
}

static void what_is_no_base64_is_refused(void **state)
{
    static const char *const wrong[] = {"A", "AAAAA", "=", "==", "AA=", "A===", "====", "AA=A",
        "Zg==Zg==", "Z g=", "-_-_", "Zm9\n", "Zm9\xc3", "AAAA="};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        uint8_t plain[16];
        if (base64_decode(plain, wrong[i], strlen(wrong[i])) >= 0) {
            fail_msg("\"%s\" was taken", wrong[i]);
        }
    }
}

/* ---- percent-encoding ---- */

static void expect_percent_encoded(const char *text, const char *coded)
{
    char to[64];
    size_t len = percent_encode(to, text, strlen(text));
    assert_int_equal(len, strlen(coded));
    assert_memory_equal(to, coded, len);
}

static void all_but_printable_ascii_and_the_percent_sign_is_percent_encoded(void **state)
{
    expect_percent_encoded("", "");
    expect_percent_encoded("plain text, ~!", "plain text, ~!");
    expect_percent_encoded("50 %", "50 %25");
    expect_percent_encoded("a\nb\x7f", "a%0Ab%7F");
    expect_percent_encoded("\xc3\xa9\xf0\x9f\x94\x8b", "%C3%A9%F0%9F%94%8B");
}

static void expect_percent_decoded(const char *coded, const char *text)
{
    char to[64];
    size_t len = percent_decode(to, coded, strlen(coded));
    assert_int_equal(len, strlen(text));
    assert_memory_equal(to, text, len);
}

static void percent_decoding_takes_digits_of_both_cases(void **state)
{
    expect_percent_decoded("%C3%A9", "\xc3\xa9");
    expect_percent_decoded("%c3%a9", "\xc3\xa9");
    expect_percent_decoded("a%25", "a%");
    expect_percent_decoded("%2541", "%41");
}

static void a_percent_sign_without_two_digits_stays_as_it_is(void **state)
{
    static const char *const kept[] = {"%", "%4", "100%", "%zz", "%4g", "%g4", "% 1", "%%"};
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        expect_percent_decoded(kept[i], kept[i]);
    }
    expect_percent_decoded("%%41", "%A");
}

static void every_byte_survives_percent_encoding(void **state)
{
    char text[256], coded[3 * sizeof(text)], back[3 * sizeof(text)];
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (char)i;
    }
    size_t len = percent_encode(coded, text, sizeof(text));
    assert_true(len <= sizeof(coded));
    assert_int_equal(percent_decode(back, coded, len), sizeof(text));
    assert_memory_equal(back, text, sizeof(text));
}

/* ---- timeouts ---- */

static int64_t timeout_of(const char *text)
{
    return timeout_parse(text, strlen(text));
}

static void a_timeout_is_digits_and_a_unit(void **state)
{
    assert_int_equal(timeout_of("1n"), 1);
    assert_int_equal(timeout_of("20u"), 20000);
    assert_int_equal(timeout_of("300m"), 300 * NS_PER_MS);
    assert_int_equal(timeout_of("4S"), 4 * NS_PER_S);
    assert_int_equal(timeout_of("50M"), 3000 * NS_PER_S);
    assert_int_equal(timeout_of("6H"), 21600 * NS_PER_S);
    assert_int_equal(timeout_of("0S"), 0);
    assert_int_equal(timeout_of("00000007S"), 7 * NS_PER_S);
    assert_int_equal(timeout_of("99999999M"), 99999999LL * 60 * NS_PER_S);
}

/* Large enough to be for ever, small enough to be added to any time. */
static void hours_that_do_not_fit_become_a_century_or_more(void **state)
{
    int64_t most = timeout_of("99999999H");
    assert_true(most > 100LL * 366 * 24 * 3600 * NS_PER_S);
    assert_true(most <= INT64_MAX / 2);
    assert_true(timeout_of("10000000H") <= most);
}

static void any_other_timeout_is_refused(void **state)
{
    static const char *const wrong[] = {
        "", "5", "S", "-1S", "+1S", "123456789S", "1.5S", "5s", "5 S", " 5S", "5SS", "0x1S", "5\xc2\xb5"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        if (timeout_of(wrong[i]) >= 0) {
            fail_msg("\"%s\" was taken", wrong[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_is_written_without_padding),
        cmocka_unit_test(base64_is_read_with_and_without_padding),
        cmocka_unit_test(every_byte_survives_base64),
        cmocka_unit_test(what_is_no_base64_is_refused),
        cmocka_unit_test(all_but_printable_ascii_and_the_percent_sign_is_percent_encoded),
        cmocka_unit_test(percent_decoding_takes_digits_of_both_cases),
        cmocka_unit_test(a_percent_sign_without_two_digits_stays_as_it_is),
        cmocka_unit_test(every_byte_survives_percent_encoding),
        cmocka_unit_test(a_timeout_is_digits_and_a_unit),
        cmocka_unit_test(hours_that_do_not_fit_become_a_century_or_more),
        cmocka_unit_test(any_other_timeout_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
