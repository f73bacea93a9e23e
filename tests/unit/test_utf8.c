/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <string.h>

#include "base/base.h"
#include "base/utf8.h"

static void characters_of_each_length_are_good(void **state)
{
    static const char *const good[] = {"\x01", "~", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
        "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_int_equal(utf8_char_len(good[i], strlen(good[i])), strlen(good[i]));
    }
    assert_int_equal(utf8_char_len("", 1), 1); /* NUL is one too */
    assert_true(utf8_valid("", 0));
    assert_true(utf8_valid("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x8b", 10));
}

static void overlong_surrogate_too_large_torn_and_stray_bytes_are_not(void **state)
{
    static const char *const bad[] = {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80",
        "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xff", "\xc3",
        "\xe2\x82", "\xf0\x9f\x94", "\xc3(", "\xe2(\xac", "\xf0\x9f\x94("};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(utf8_char_len(bad[i], strlen(bad[i])), 0);
        assert_false(utf8_valid(bad[i], strlen(bad[i])));
    }
    assert_false(utf8_valid("good\xff", 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_of_each_length_are_good),
        cmocka_unit_test(overlong_surrogate_too_large_torn_and_stray_bytes_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
