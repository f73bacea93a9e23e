/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/nearest.h"
#include "base/quantity.h"
#include "daemon/column.h"

static double parsed(const char *text, enum unit unit)
{
    double value = -12345;
    struct ugrpc_status st = {0};
    if (quantity_parse(text, unit, &value, &st) < 0) {
        fail_msg("%s: %s", text, st.message);
    }
    return value;
}

static void assert_refused(const char *text, enum unit unit, const char *message)
{
    double value = 0;
    struct ugrpc_status st = {0};
    assert_int_equal(quantity_parse(text, unit, &value, &st), -UGRPC_INVALID_ARGUMENT);
    assert_string_equal(st.message, message);
}

static void every_unit_is_read_into_its_base_unit(void **state)
{
    assert_float_equal(parsed("10 kW", UNIT_WATT), 10000, 1e-9);
    assert_float_equal(parsed("-1.5 MW", UNIT_WATT), -1.5e6, 1e-6);
    assert_float_equal(parsed("11 kVA", UNIT_VOLT_AMPERE), 11000, 1e-9);
    assert_float_equal(parsed("5 kVAr", UNIT_VAR), 5000, 1e-9);
    assert_float_equal(parsed("5 kvar", UNIT_VAR), 5000, 1e-9);
    assert_float_equal(parsed("20 kWh", UNIT_WATT_HOUR), 20000, 1e-9);
    assert_float_equal(parsed("63 A", UNIT_AMPERE), 63, 1e-9);
    assert_float_equal(parsed("0.4 kV", UNIT_VOLT), 400, 1e-9);
    assert_float_equal(parsed("100 ms", UNIT_SECOND), 0.1, 1e-9);
    assert_float_equal(parsed("15 min", UNIT_SECOND), 900, 1e-9);
    assert_float_equal(parsed("2 h", UNIT_SECOND), 7200, 1e-9);
    assert_float_equal(parsed("50 %", UNIT_PERCENT), 50, 1e-9);
    assert_float_equal(parsed("-5 °C", UNIT_CELSIUS), -5, 1e-9);
    assert_float_equal(parsed("21 C", UNIT_CELSIUS), 21, 1e-9);
    assert_float_equal(parsed("800 W/m2", UNIT_WATT_PER_M2), 800, 1e-9);
    assert_float_equal(parsed("50 Hz", UNIT_HERTZ), 50, 1e-9);
    assert_float_equal(parsed("1013 hPa", UNIT_PASCAL), 101300, 1e-9);
    assert_float_equal(parsed("180 °", UNIT_DEGREE), 180, 1e-9);
    assert_float_equal(parsed("2.5", UNIT_NONE), 2.5, 1e-9);
}

static void the_blank_before_a_unit_may_be_missing(void **state)
{
    assert_float_equal(parsed("10kW", UNIT_WATT), 10000, 1e-9);
    assert_float_equal(parsed("+1e3   W", UNIT_WATT), 1000, 1e-9);
}

static void a_missing_unit_is_refused_with_what_to_write(void **state)
{
    assert_refused("10", UNIT_WATT, "the unit is missing; write 10 W or 10 kW");
    assert_refused("0", UNIT_PERCENT, "the unit is missing; write 0 %");
}

static void a_unit_of_another_quantity_is_refused_by_both_names(void **state)
{
    assert_refused("10 kWh", UNIT_WATT, "kWh measures energy, but power is due; allowed: W, kW or MW");
}

static void letters_of_the_wrong_case_are_refused_with_the_right_ones(void **state)
{
    assert_refused("10 kw", UNIT_WATT, "no unit \"kw\"; did you mean kW?");
    assert_refused("10 KWH", UNIT_WATT_HOUR, "no unit \"KWH\"; did you mean kWh?");
}

static void an_unknown_unit_is_refused_with_the_known_ones(void **state)
{
    assert_refused("3 weeks", UNIT_SECOND, "no unit \"weeks\" for time; allowed: ms, s, min or h");
}

static void only_plain_finite_decimal_numbers_are_numbers(void **state)
{
    const char *bad[] = {"", "kW", "nan W", "inf W", "0x10 W", "-0x1p3 W", "1e999 W", "-", "--1 W"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        double value;
        assert_int_equal(quantity_parse(bad[i], UNIT_WATT, &value, NULL), -UGRPC_INVALID_ARGUMENT);
    }
}

static void a_unit_where_none_is_due_is_refused(void **state)
{
    assert_refused("20 kW", UNIT_NONE, "a number without a unit is due; write 20");
}

static void values_are_written_in_the_unit_that_reads_best(void **state)
{
    static const struct {
        double value;
        enum unit unit;
        const char *text;
    } cases[] = {
        {12000, UNIT_WATT, "12 kW"},
        {-500, UNIT_WATT, "-500 W"},
        {0, UNIT_SECOND, "0 s"},
        {0.1, UNIT_SECOND, "100 ms"},
        {7200, UNIT_SECOND, "2 h"},
        {0, UNIT_WATT, "0 W"},
        {1500, UNIT_VAR, "1.5 kVAr"},
        {20, UNIT_CELSIUS, "20 °C"},
        {0.5, UNIT_NONE, "0.5"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[40];
        quantity_format(cases[i].value, cases[i].unit, text, sizeof(text));
        assert_string_equal(text, cases[i].text);
    }
}

static void what_is_written_is_read_back(void **state)
{
    static const double values[] = {0, 1, -1, 0.25, 999, 1000, 1e6, -123456, 3600};
    for (int unit = UNIT_WATT; unit < UNIT_COUNT; unit++) {
        for (size_t i = 0; i < ARRAY_LEN(values); i++) {
            char text[40];
            quantity_format(values[i], unit, text, sizeof(text));
            assert_float_equal(parsed(text, unit), values[i], 1e-3);
        }
    }
}

static void refuse_column(const char *column, enum unit due, const char *message)
{
    struct ugrpc_status st;
    assert_int_equal(column_check(column, due, &st), -UGRPC_INVALID_ARGUMENT);
    assert_string_equal(st.message, message);
}

static void a_column_is_taken_where_what_its_name_ends_in_is_due_and_nowhere_else(void **state)
{
    for (int of = UNIT_WATT; of < UNIT_COUNT; of++) {
        for (size_t i = 0; column_ending(of, i); i++) {
            char column[40];
            snprintf(column, sizeof(column), "measured%s", column_ending(of, i));
            for (int due = UNIT_WATT; due < UNIT_COUNT; due++) {
                struct ugrpc_status st;
                assert_int_equal(column_check(column, due, &st), due == of ? 0 : -UGRPC_INVALID_ARGUMENT);
            }
        }
    }
}

static void a_column_of_another_unit_or_of_none_is_refused_with_what_is_due(void **state)
{
    refuse_column("ambient_temp_c", UNIT_WATT,
        "column ambient_temp_c measures temperature (°C), but power is due; allowed: a column ending in _w, _kw or "
        "_mw");
    refuse_column("ac_power_kw", UNIT_WATT_PER_M2,
        "column ac_power_kw measures power (W), but irradiance is due; allowed: a column ending in _w_m2");
    refuse_column("power", UNIT_WATT,
        "the name of column power does not end in its unit; allowed: a column of power, ending in _w, _kw or _mw");
    refuse_column("power_W", UNIT_WATT,
        "the name of column power_W does not end in its unit; allowed: a column of power, ending in _w, _kw or "
        "_mw");
}

static void the_nearest_name_is_the_one_that_was_meant(void **state)
{
    struct nearest nearest = {.text = "resolutoin"};
    nearest_try(&nearest, "rated");
    nearest_try(&nearest, "resolution");
    nearest_try(&nearest, "on_expiry");
    assert_string_equal(nearest.best, "resolution");
    assert_int_equal(nearest.distance, 1);
}

static void a_name_that_resembles_nothing_has_no_nearest(void **state)
{
    struct nearest nearest = {.text = "colour"};
    nearest_try(&nearest, "rated");
    nearest_try(&nearest, "interval");
    assert_null(nearest.best);
}

static void distances_count_letters(void **state)
{
    assert_int_equal(edit_distance("kitten", "sitting"), 3);
    assert_int_equal(edit_distance("", "abc"), 3);
    assert_int_equal(edit_distance("ab", "ba"), 1);
    assert_int_equal(edit_distance("Soc_Min", "soc_min"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_unit_is_read_into_its_base_unit),
        cmocka_unit_test(the_blank_before_a_unit_may_be_missing),
        cmocka_unit_test(a_missing_unit_is_refused_with_what_to_write),
        cmocka_unit_test(a_unit_of_another_quantity_is_refused_by_both_names),
        cmocka_unit_test(letters_of_the_wrong_case_are_refused_with_the_right_ones),
        cmocka_unit_test(an_unknown_unit_is_refused_with_the_known_ones),
        cmocka_unit_test(only_plain_finite_decimal_numbers_are_numbers),
        cmocka_unit_test(a_unit_where_none_is_due_is_refused),
        cmocka_unit_test(values_are_written_in_the_unit_that_reads_best),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(a_column_is_taken_where_what_its_name_ends_in_is_due_and_nowhere_else),
        cmocka_unit_test(a_column_of_another_unit_or_of_none_is_refused_with_what_is_due),
        cmocka_unit_test(the_nearest_name_is_the_one_that_was_meant),
        cmocka_unit_test(a_name_that_resembles_nothing_has_no_nearest),
        cmocka_unit_test(distances_count_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
