/* SPDX-License-Identifier: MIT */
/* The chart: where dots stand, what stays empty, what is written beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/plot.h"

static char *draw(
    const struct plot_series *series, size_t n, int64_t now_s, int width, int height, bool colours)
{
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    assert_non_null(to);
    plot_draw(series, n, now_s * NS_PER_S, 10 * NS_PER_S, width, height, colours, "\n", to);
    fclose(to);
    return text;
}

static struct plot_series *series_new(const char *name, const char *unit)
{
    struct plot_series *series = calloc(1, sizeof(*series));
    assert_non_null(series);
    series->name = name;
    series->unit = unit;
    return series;
}

static void a_rise_goes_from_bottom_left_to_top_right(void **state)
{
    struct plot_series *series = series_new("pv", "W");
    plot_add(series, 0, 0);
    plot_add(series, 10 * NS_PER_S, 1000);
    char *text = draw(series, 1, 10, 21, 5, false);
    assert_string_equal(text, "    1.0 kW│       ⢀⠤⠊\n"
                              "          │     ⡠⠔⠁  \n"
                              "          │  ⢀⠔⠊     \n"
                              "       0 W┼⡠⠒⠁       \n"
                              "           pv 1.0 kW   \n");
    free(text);
    free(series);
}

static void what_is_past_or_missing_stays_empty(void **state)
{
    struct plot_series *series = series_new("pv", "W");
    plot_add(series, 0, 500);
    plot_add(series, 12 * NS_PER_S, NAN);
    plot_add(series, 20 * NS_PER_S, NAN);
    char *text = draw(series, 1, 20, 21, 5, false);
    assert_null(strstr(text, "\xe2\xa0")); /* no dots at all */
    assert_non_null(strstr(text, "pv -"));
    free(text);
    free(series);
}

static void negative_values_stand_below_the_axis(void **state)
{
    struct plot_series *series = series_new("pv", "W");
    plot_add(series, 0, -2000);
    plot_add(series, 10 * NS_PER_S, -2000);
    char *text = draw(series, 1, 10, 21, 5, false);
    assert_non_null(strstr(text, "       0 W┼          \n"));
    assert_non_null(strstr(text, "   -2.0 kW│⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀\n"));
    free(text);
    free(series);
}

static void each_unit_has_a_chart_and_colours_tell_series_apart(void **state)
{
    struct plot_series *two = calloc(2, sizeof(*two));
    assert_non_null(two);
    two[0] = (struct plot_series){.name = "a", .unit = "W"};
    two[1] = (struct plot_series){.name = "b", .unit = "°C"};
    plot_add(&two[0], 5 * NS_PER_S, 1);
    plot_add(&two[1], 5 * NS_PER_S, 1e6);
    char *text = draw(two, 2, 10, 40, 8, true);
    assert_non_null(strstr(text, "       1 W│"));
    assert_non_null(strstr(text, "1000000.0 °C│"));
    assert_true(strstr(text, "       1 W│") < strstr(text, "\033[36ma 1 W\033[0m   \n"));
    assert_true(strstr(text, "1000000.0 °C│") < strstr(text, "\033[33mb 1000000.0 °C\033[0m   \n"));
    assert_true(strstr(text, "1000000.0 °C│") < strstr(text, "\033[33m\xe2\xa0")); /* a dot of it */
    free(text);
    free(two);
}

static void what_there_is_no_room_for_is_named(void **state)
{
    struct plot_series *two = calloc(2, sizeof(*two));
    assert_non_null(two);
    two[0] = (struct plot_series){.name = "a", .unit = "W"};
    two[1] = (struct plot_series){.name = "b", .unit = "°C"};
    plot_add(&two[0], 5 * NS_PER_S, 1);
    plot_add(&two[1], 5 * NS_PER_S, 20);
    char *text = draw(two, 2, 10, 40, 6, false);
    assert_non_null(strstr(text, "           a 1 W   \nno room to draw: b 20.0 °C   \n"));
    free(text);
    free(two);
}

static void the_oldest_points_are_given_up(void **state)
{
    struct plot_series *series = series_new("pv", "W");
    for (int i = 0; i < PLOT_MAX_POINTS + 5; i++) {
        plot_add(series, i, i);
    }
    assert_int_equal(series->n, PLOT_MAX_POINTS);
    assert_true(series->points[series->first].value == 5);
    free(series);
}

static void a_tiny_or_empty_page_is_survived(void **state)
{
    char *text = draw(NULL, 0, 10, 0, 0, true);
    assert_true(strlen(text) > 0);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rise_goes_from_bottom_left_to_top_right),
        cmocka_unit_test(what_is_past_or_missing_stays_empty),
        cmocka_unit_test(negative_values_stand_below_the_axis),
        cmocka_unit_test(each_unit_has_a_chart_and_colours_tell_series_apart),
        cmocka_unit_test(what_there_is_no_room_for_is_named),
        cmocka_unit_test(the_oldest_points_are_given_up),
        cmocka_unit_test(a_tiny_or_empty_page_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
