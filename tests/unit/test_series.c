/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/status.h"
#include "near.h"
#include "sim/rng.h"
#include "sim/series.h"

#define HOUR 3600.0
#define DAY  86400.0

/* Text of hourly samples, one a line: `value[i]`, a hole where it is NULL, no line where it is "". */
static char *hourly(const char *header, const char *const *value, size_t n)
{
    char *text = malloc(n * 64 + 64);
    int at = sprintf(text, "%s\n", header);
    for (size_t i = 0; i < n; i++) {
        if (value[i] == NULL || *value[i] != 0) {
            at += sprintf(text + at, "2022-01-%02zuT%02zu:00:00,%s\n", 1 + i / 24, i % 24,
                value[i] != NULL ? value[i] : "");
        }
    }
    return text;
}

/* A day that counts its hours, with some of them changed. */
struct change {
    size_t hour;
    const char *text;
};

static struct series *parse_day(
    const char *column, const struct change *change, size_t n_changes, struct ugrpc_status *st)
{
    static const char *const hours[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12",
        "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23"};
    const char *value[24];
    memcpy(value, hours, sizeof(value));
    for (size_t i = 0; i < n_changes; i++) {
        value[change[i].hour] = change[i].text;
    }
    char header[64];
    snprintf(header, sizeof(header), "time,%s", column);
    char *text = hourly(header, value, 24);
    struct series *series = series_parse(text, strlen(text), "day.csv", column, st);
    free(text);
    return series;
}

static struct series *parse(const char *text, const char *column, struct ugrpc_status *st)
{
    *st = (struct ugrpc_status){0};
    return series_parse(text, strlen(text), "x.csv", column, st);
}

static void assert_refused(const char *text, const char *column, enum ugrpc_code code, const char *message)
{
    struct ugrpc_status st;
    assert_null(parse(text, column, &st));
    assert_int_equal(st.code, code);
    assert_string_equal(st.message, message);
    assert_null(series_parse(text, strlen(text), "x.csv", column, NULL));
}

static void values_go_straight_from_sample_to_sample_and_round_the_seam(void **state)
{
    struct ugrpc_status st;
    struct series *series = parse_day("load_w", NULL, 0, &st);
    assert_non_null(series);
    assert_near(series_at(series, 10 * HOUR), 10, 0);
    assert_near(series_at(series, 10.25 * HOUR), 10.25, 1e-9);
    assert_near(series_at(series, 23 * HOUR), 23, 1e-9);
    assert_near(series_at(series, 23.5 * HOUR), 11.5, 1e-9);
    assert_near(series_at(series, DAY), 0, 1e-9);
    assert_near(series_at(series, 100 * DAY + 7 * HOUR), 7, 1e-6);
    assert_near(series_at(series, -HOUR), 23, 1e-9);
    assert_true(isfinite(series_at(series, NAN)) && isfinite(series_at(series, INFINITY)));
    series_free(series);
}

static void units_come_from_the_suffix(void **state)
{
    static const struct {
        const char *column;
        enum series_unit unit;
        double at_noon;
    } cases[] = {
        {"ac_power_w", SERIES_WATT, 12},
        {"ac_power_kw", SERIES_WATT, 12000},
        {"poa_w_m2", SERIES_WATT_PER_M2, 12},
        {"temp_c", SERIES_CELSIUS, 12},
        {"humidity_pct", SERIES_PERCENT, 12},
        {"pressure_hpa", SERIES_PASCAL, 1200},
        {"pressure_pa", SERIES_PASCAL, 12},
        {"wind_deg", SERIES_DEGREE, 12},
        {"wind_m_s", SERIES_METRE_PER_SECOND, 12},
        {"dc_a", SERIES_AMPERE, 12},
        {"dc_v", SERIES_VOLT, 12},
        {"q_kvar", SERIES_VAR, 12000},
        {"f_hz", SERIES_HERTZ, 12},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct ugrpc_status st;
        struct series *series = parse_day(cases[i].column, NULL, 0, &st);
        assert_non_null(series);
        assert_int_equal(series_unit(series), cases[i].unit);
        assert_near(series_at(series, 12 * HOUR), cases[i].at_noon, 1e-9);
        series_free(series);
    }
}

static void directions_take_the_short_way_round(void **state)
{
    const struct change change[] = {{1, "350"}, {2, "10"}, {3, "-30"}, {4, "720"}};
    struct series *series = parse_day("wind_direction_deg", change, ARRAY_LEN(change), NULL);
    assert_non_null(series);
    assert_near(series_at(series, 1.25 * HOUR), 355, 1e-9);
    assert_near(series_at(series, 1.75 * HOUR), 5, 1e-9);
    assert_near(series_at(series, 2.5 * HOUR), 350, 1e-9);
    assert_near(series_at(series, 3 * HOUR), 330, 1e-9);
    assert_near(series_at(series, 4 * HOUR), 0, 1e-9);
    series_free(series);
}

static void small_holes_are_bridged_and_larger_ones_named(void **state)
{
    const struct change bridged[] = {{5, NULL}, {6, ""}};
    struct ugrpc_status st;
    struct series *series = parse_day("load_w", bridged, 2, &st);
    assert_non_null(series);
    assert_near(series_at(series, 5.5 * HOUR), 5.5, 1e-9);
    assert_near(series_at(series, 22 * HOUR), 22, 1e-9); /* the guess is off behind a missing line */
    series_free(series);

    const struct change hole[] = {{5, NULL}, {6, ""}, {7, NULL}};
    assert_null(parse_day("load_w", hole, 3, &st));
    assert_int_equal(st.code, UGRPC_INVALID_ARGUMENT);
    assert_string_equal(st.message,
        "day.csv: a hole of 240 min between lines 6 and 9; at most 180 min (three times "
        "the usual step) are bridged");
}

static void only_whole_days_are_played(void **state)
{
    const char *value[24 * 4];
    for (size_t i = 0; i < ARRAY_LEN(value); i++) {
        bool whole = i >= 24 && i < 72; /* the 2nd and 3rd of January */
        value[i] = i < 5 || i > 90 ? "" : whole ? "1" : "-99";
    }
    char *text = hourly("time,load_w", value, ARRAY_LEN(value));
    struct series *series = series_parse(text, strlen(text), "x.csv", "load_w", NULL);
    assert_non_null(series);
    for (int hour = 0; hour < 5 * 24; hour++) { /* around the seam, too */
        assert_near(series_at(series, hour * HOUR), 1, 0);
    }
    series_free(series);
    free(text);
}

static void spellings_of_time_and_fields_are_understood(void **state)
{
    static const char *const spellings[][2] = {{"2024-12-31T", ":00"}, {"2024-12-31 ", ":00:00"},
        {"2024-12-31T", ":00:00.25Z"}, {"2024-12-31T", ":00:00-07:00"}, {"2024-12-31T", ":00:00+0530"},
        {"2024-12-31T", ":00:00+01"}, {"\"2024-12-31T", ":00:00\""}, {"  2024-12-31T", ":00:00  "}};
    for (size_t k = 0; k < ARRAY_LEN(spellings); k++) {
        char text[2048] = "\xef\xbb\xbf"
                          "time,note,\"load_w\",more\r\n# a remark\r\n\r\n";
        size_t at = strlen(text);
        for (int hour = 0; hour < 24; hour++) {
            at += (size_t)sprintf(
                text + at, "%s%02d%s,\"a, b\", \"%d\" ,\r\n", spellings[k][0], hour, spellings[k][1], hour);
        }
        struct ugrpc_status st;
        struct series *series = parse(text, "load_w", &st);
        assert_non_null(series);
        assert_near(series_at(series, 12 * HOUR), 12, 1e-3);
        series_free(series);
    }
}

static void bad_text_is_refused_naming_the_line(void **state)
{
    assert_refused("", "load_w", UGRPC_INVALID_ARGUMENT, "x.csv is empty");
    assert_refused("\n\n# nothing\n", "load_w", UGRPC_INVALID_ARGUMENT, "x.csv is empty");
    assert_refused("time,load_w\n", "load_w", UGRPC_INVALID_ARGUMENT,
        "x.csv has 0 values in 0 lines of data; two are the least");
    assert_refused("time,load_w\n2022-01-01T00:00,1\n2022-01-01T00:15,\n", "load_w", UGRPC_INVALID_ARGUMENT,
        "x.csv has 1 value in 2 lines of data; two are the least");
    assert_refused("time,load_w,pv_kw\n", "lod_w", UGRPC_NOT_FOUND,
        "x.csv has no column \"lod_w\"; it has: load_w, pv_kw");
    assert_refused(
        "time\n", "time", UGRPC_NOT_FOUND, "x.csv has no column \"time\"; it has: none besides the time");
    assert_refused("time,load_w\n2022-01-01T00:00,1\n2022-01-01T00:00,1\n", "load_w", UGRPC_INVALID_ARGUMENT,
        "x.csv, line 3: the time is not after that of line 2; sort the file by time");
    assert_refused("time,load_w\n2022-01-01T00:00,1\n2021-12-31T23:00,1\n", "load_w", UGRPC_INVALID_ARGUMENT,
        "x.csv, line 3: the time is not after that of line 2; sort the file by time");
    assert_refused("time,a_v,load_w\n2022-01-01T00:00,1\n", "load_w", UGRPC_INVALID_ARGUMENT,
        "x.csv, line 2: has 2 fields, column \"load_w\" is number 3");
    assert_refused("time,load_w\n2022-01-01T08:00,1\n2022-01-01T09:00,1\n2022-01-01T10:00,1\n", "load_w",
        UGRPC_INVALID_ARGUMENT,
        "x.csv: no whole day, from midnight to midnight, between line 2 and line 4; whole days are played in a loop");

    struct ugrpc_status st;
    assert_null(parse("time,load\n", "load", &st));
    assert_int_equal(st.code, UGRPC_INVALID_ARGUMENT);
    assert_non_null(strstr(st.message, "column \"load\" does not end in its unit (_w, _kw"));
}

static void what_is_no_number_is_refused(void **state)
{
    static const char *const bad[] = {"nan", "NaN", "inf", "-inf", "1e999", "-1e13", "0x10", "1,5", "1.5.5",
        "--1", "1 2", "W", "-", "e5", "123456789012345678901234567890123456789012345678901234567890"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char text[160], message[160];
        snprintf(text, sizeof(text), "time,load_kw\n2022-01-01T00:00,1\n2022-01-01T01:00,\"%s\"\n", bad[i]);
        struct ugrpc_status st;
        assert_null(parse(text, "load_kw", &st));
        assert_int_equal(st.code, UGRPC_INVALID_ARGUMENT);
        snprintf(message, sizeof(message),
            "x.csv, line 3: \"%.36s%s\" in column \"load_kw\" is no number within ±1e15", bad[i],
            strlen(bad[i]) > 36 ? "..." : "");
        assert_string_equal(st.message, message);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const bad[] = {"", "now", "2022-01-01", "2022-13-01T00:00", "2022-02-29T00:00",
        "2022-00-10T00:00", "2022-01-01T24:00", "2022-01-01T00:60", "2022-01-01T00:00:61",
        "2022-01-01T00:00+", "2022-01-01T00:00+1", "2022-01-01T00:00+01:", "2022-01-01T00:00 CET",
        "0001-01-01T00:00", "2022-01-01T0a:00", "22-01-01T00:00", "01.02.2022 00:00"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char text[160], message[160];
        snprintf(text, sizeof(text), "time,load_kw\n%s,1\n", bad[i]);
        snprintf(message, sizeof(message),
            "x.csv, line 2: \"%s\" is no time like 2022-03-18T04:33:00 (first column)", bad[i]);
        assert_refused(text, "load_kw", UGRPC_INVALID_ARGUMENT, message);
    }
}

static void an_endless_line_is_refused(void **state)
{
    size_t len = (size_t)3 * SERIES_MAX_LINE_BYTES;
    char *text = malloc(len);
    memset(text, 'x', len);
    struct ugrpc_status st;
    assert_null(series_parse(text, len, "x.csv", "load_w", &st));
    assert_string_equal(st.message, "x.csv, line 1: longer than 16384 bytes");
    free(text);
}

static void files_that_cannot_be_read_say_why(void **state)
{
    struct ugrpc_status st;
    assert_null(series_load("/nonexistent/x.csv", "load_w", &st));
    assert_int_equal(st.code, UGRPC_NOT_FOUND);
    assert_string_equal(st.message, "/nonexistent/x.csv: No such file or directory");
    assert_null(series_load("/", "load_w", &st));
    assert_string_equal(st.message, "/ is no regular file");

    char path[] = "/tmp/series-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_null(series_load(path, "load_w", &st));
    assert_non_null(strstr(st.message, " is empty"));
    assert_int_equal(ftruncate(fd, (off_t)SERIES_MAX_FILE_BYTES + 1), 0);
    assert_null(series_load(path, "load_w", &st));
    assert_int_equal(st.code, UGRPC_OUT_OF_RANGE);
    close(fd);
    unlink(path);
}

static struct series *load_shared(const char *file, const char *column)
{
    char path[1024];
    const char *root = getenv("SOURCE_ROOT");
    snprintf(path, sizeof(path), "%s/share/data/%s", root != NULL ? root : ".", file);
    struct ugrpc_status st = {0};
    struct series *series = series_load(path, column, &st);
    if (series == NULL) {
        fail_msg("%s", st.message);
    }
    return series;
}

static void the_shipped_data_play(void **state)
{
    struct series *load = load_shared("load_measured_15min.csv", "warehouse_w");
    assert_near(series_at(load, 0), 61.4763, 1e-9);
    assert_near(series_at(load, 31 * DAY), 61.4763, 1e-9); /* the loop */
    assert_near(series_at(load, 1.5 * 900), (61.4763 + 63.0326) / 2, 1e-9);
    series_free(load);

    struct series *sun = load_shared("weather_rmis_5min.csv", "plane_of_array_w_m2");
    for (int day = 0; day < 4; day++) {
        assert_true(series_at(sun, day * DAY) < 1);
    }
    assert_true(series_at(sun, 10 * HOUR) > 50); /* where the default site begins */
    series_free(sun);

    struct series *pressure = load_shared("weather_rmis_5min.csv", "pressure_hpa");
    assert_near(series_at(pressure, 300), 80917.8, 1e-6);
    series_free(pressure);

    struct series *wind = load_shared("weather_rmis_5min.csv", "wind_direction_deg");
    for (int step = 0; step < 4 * 288; step++) {
        double degrees = series_at(wind, step * 300.0);
        assert_true(degrees >= 0 && degrees < 360);
    }
    series_free(wind);

    struct series *pv = load_shared("pv_rsf2_15min.csv", "ac_power_kw");
    double most_w = 0;
    for (int step = 0; step < 5 * 96; step++) {
        most_w = fmax(most_w, series_at(pv, step * 900.0));
        assert_near(series_at(pv, 5 * DAY + step * 900.0), series_at(pv, step * 900.0), 1e-3);
    }
    assert_near(most_w, 207500.2, 0.1);
    series_free(pv);

    struct series *serf = load_shared("pv_serf_east_1min.csv", "ac_power_w");
    assert_near(
        series_at(serf, DAY + 12 * HOUR), series_at(serf, 12 * HOUR), 1e-3); /* one whole day of two */
    series_free(serf);
}

static void mangled_text_never_breaks_the_parser(void **state)
{
    static const char alphabet[] = "0123456789-:T,.\"\n\r #eZ+_w\0\xff";
    struct rng rng;
    rng_init(&rng, 1, 0);
    const char *value[48];
    for (size_t i = 0; i < ARRAY_LEN(value); i++) {
        value[i] = "12.5";
    }
    char *text = hourly("time,load_w", value, ARRAY_LEN(value));
    size_t len = strlen(text);
    char *copy = malloc(len);
    int parsed = 0;
    for (int run = 0; run < 5000; run++) {
        memcpy(copy, text, len); /* NOLINT(bugprone-not-null-terminated-result): the parser needs no zero */
        size_t cut = run % 3 == 0 ? rng_next(&rng) % len : len;
        for (uint64_t n = rng_next(&rng) % 4; n > 0; n--) {
            copy[rng_next(&rng) % len] = alphabet[rng_next(&rng) % sizeof(alphabet)];
        }
        struct ugrpc_status st = {0};
        struct series *series = series_parse(copy, cut, "x.csv", "load_w", &st);
        assert_true((series == NULL) == (st.code != UGRPC_OK));
        for (int i = 0; series != NULL && i < 50; i++) {
            assert_true(isfinite(series_at(series, 3 * DAY * rng_uniform(&rng))));
        }
        parsed += series != NULL;
        series_free(series);
    }
    assert_true(parsed > 500);
    free(copy);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_go_straight_from_sample_to_sample_and_round_the_seam),
        cmocka_unit_test(units_come_from_the_suffix),
        cmocka_unit_test(directions_take_the_short_way_round),
        cmocka_unit_test(small_holes_are_bridged_and_larger_ones_named),
        cmocka_unit_test(only_whole_days_are_played),
        cmocka_unit_test(spellings_of_time_and_fields_are_understood),
        cmocka_unit_test(bad_text_is_refused_naming_the_line),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(an_endless_line_is_refused),
        cmocka_unit_test(files_that_cannot_be_read_say_why),
        cmocka_unit_test(the_shipped_data_play),
        cmocka_unit_test(mangled_text_never_breaks_the_parser),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
