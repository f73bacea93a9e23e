/* SPDX-License-Identifier: MIT */
/* How microgridctl writes values, and reads what people write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/metric_table.h"
#include "ctl/format.h"
#include "ctl/metric.h"
#include "ctl/suggestion.h"
#include "ctl/table.h"
#include "ctl/vocabulary.h"

typedef microgrid_common_v1_metrics_bounds bounds_message;

static void values_for_tables_are_short(void **state)
{
    static const struct {
        double value;
        const char *unit, *text;
    } cases[] = {
        {0, "W", "0 W"},
        {-0.2, "W", "0 W"},
        {999.4, "W", "999 W"},
        {999.6, "W", "1.0 kW"},
        {-12063.4, "W", "-12.1 kW"},
        {999949, "W", "999.9 kW"},
        {999951, "W", "1.00 MW"},
        {20000, "Wh", "20.0 kWh"},
        {49.98, "%", "50.0 %"},
        {0, "%", "0 %"},
        {-0.01, "°C", "0.0 °C"},
        {0.987, "", "0.99"},
        {1500, "VAr", "1.5 kVAr"},
        {101325, "Pa", "101325.0 Pa"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[48];
        assert_string_equal(value_format(cases[i].value, cases[i].unit, text, sizeof(text)), cases[i].text);
    }
}

static void powers_say_their_sign(void **state)
{
    char text[48];
    assert_string_equal(power_format(5000, "W", text, sizeof(text)), "+5000 W");
    assert_string_equal(power_format(-12063.4, "W", text, sizeof(text)), "-12063.4 W");
    assert_string_equal(power_format(0, "VAr", text, sizeof(text)), "0 VAr");
}

static void an_operand_reads_back_as_the_same_float(void **state)
{
    static const float values[] = {10000, -12063.4f, 0.1f, 88, 1e-3f, 123456.789f, -1430.6849f, FLT_MAX};
    char text[48];
    assert_string_equal(operand_format(10000, UNIT_WATT, text, sizeof(text)), "10kW");
    assert_string_equal(operand_format((double)0.1f, UNIT_WATT, text, sizeof(text)), "0.1W");
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        double value;
        operand_format((double)values[i], UNIT_WATT, text, sizeof(text));
        assert_int_equal(power_parse(text, UNIT_WATT, &value, NULL), 0);
        assert_true((float)value == values[i]);
    }
}

static bounds_message *bounds(bounds_message *one, float lower, float upper)
{
    microgrid_common_v1_metrics_bounds_init(one);
    if (!isnan(lower)) {
        microgrid_common_v1_metrics_bounds_set_lower(one, lower);
    }
    if (!isnan(upper)) {
        microgrid_common_v1_metrics_bounds_set_upper(one, upper);
    }
    return one;
}

static void bounds_share_a_unit(void **state)
{
    char text[100];
    bounds_message a, b, c;
    bounds_message *one[] = {bounds(&a, -10000, 10000)};
    assert_string_equal(bounds_format(one, 1, "W", text, sizeof(text)), "-10.0 ... 10.0 kW");
    bounds_message *two[] = {bounds(&a, -12163.4f, 0), bounds(&b, 500, 500)};
    assert_string_equal(bounds_format(two, 2, "W", text, sizeof(text)), "-12.1 ... 0, 0.5 kW");
    assert_string_equal(bounds_format_exact(two, 2, "W", text, sizeof(text)), "-12163.4 ... 0, 500 W");
    bounds_message *open[] = {bounds(&a, NAN, -8), bounds(&b, 8, NAN), bounds(&c, NAN, NAN)};
    assert_string_equal(bounds_format_exact(open, 3, "%", text, sizeof(text)), "... -8, 8 ..., ... %");
    assert_string_equal(bounds_format(NULL, 0, "W", text, sizeof(text)), "");
}

static void limits_are_rounded_to_what_can_be_asked_for(void **state)
{
    static const struct {
        float lower, upper;
        const char *unit, *text;
    } cases[] = {
        {-9856, 9856, "W", "-9.8 ... 9.8 kW"},
        {-9849, 9800, "W", "-9.8 ... 9.8 kW"},
        {-999.6f, 999.6f, "W", "-999 ... 999 W"},
        {-1000, 999999, "W", "-1.0 ... 999.9 kW"},
        {-1e6f, 1239999, "W", "-1.00 ... 1.23 MW"},
        {-10000, 60, "W", "-10.0 ... 0.0 kW"},
        {-60, 0.9f, "W", "-60 ... 0 W"},
        {5040, 9856, "W", "5.1 ... 9.8 kW"}, /* it does nothing below */
        {-9856, -5040, "W", "-9.8 ... -5.1 kW"},
        {5040, 5090, "W", "5.04 ... 5.09 kW"}, /* what lies between can be told, too */
        {5041.5f, 5041.5f, "W", "5.0415 kW"},
        {10.1f, 80.1f, "%", "10.1 ... 80.1 %"}, /* as they were written, whatever a float makes of it */
        {33.33f, 66.67f, "%", "33.4 ... 66.6 %"},
        {-1280, 439, "VAr", "-1.2 ... 0.4 kVAr"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[100];
        bounds_message a, *one = bounds(&a, cases[i].lower, cases[i].upper);
        assert_string_equal(bounds_format(&one, 1, cases[i].unit, text, sizeof(text)), cases[i].text);
    }
}

static void times_are_told(void **state)
{
    char text[48];
    ugrpc_protobuf_timestamp at = UGRPC_PROTOBUF_TIMESTAMP_INIT;
    at.seconds = 1767268800;
    at.nanos = 250999999;
    assert_string_equal(utc_format(&at, text, sizeof(text)), "2026-01-01T12:00:00.250Z");
    assert_string_equal(utc_format(NULL, text, sizeof(text)), "");
    setenv("TZ", "UTC-2", 1);
    tzset();
    assert_string_equal(clock_format(&at, text, sizeof(text)), "14:00:00");
    assert_string_equal(clock_format(NULL, text, sizeof(text)), "");
    assert_string_equal(duration_format(60, text, sizeof(text)), "1 min");
    assert_string_equal(duration_format(90, text, sizeof(text)), "90 s");
    assert_string_equal(duration_format(5400, text, sizeof(text)), "1 h 30 min");
    assert_string_equal(duration_format(7200, text, sizeof(text)), "2 h");
}

static void durations_are_read(void **state)
{
    static const struct {
        const char *text;
        double seconds; /* 0: refused */
    } cases[] = {{"30s", 30}, {"15m", 900}, {"15 min", 900}, {"1h", 3600}, {"1.5m", 90}, {"500ms", 0.5},
        {"m", 0}, {"15", 0}, {"15 M", 0}, {"-5s", 0}, {"0s", 0}, {"", 0}, {"5kW", 0}, {"876000h", 3.1536e9},
        {"876001h", 0}, {"1e20s", 0}, {"1e308h", 0}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        double seconds = 0;
        struct ugrpc_status st = {.message = ""};
        int rc = duration_parse(cases[i].text, &seconds, &st);
        assert_int_equal(rc, cases[i].seconds > 0 ? 0 : -UGRPC_INVALID_ARGUMENT);
        assert_true(rc < 0 ? *st.message != '\0' : seconds == cases[i].seconds);
    }
}

static void moments_are_read(void **state)
{
    ugrpc_protobuf_timestamp at = UGRPC_PROTOBUF_TIMESTAMP_INIT;
    char text[40];
    struct ugrpc_status st;
    static const char *const cases[][2] = {
        {"2026-01-31", "2026-01-31 00:00:00"},
        {"2026-01-31 12:06", "2026-01-31 12:06:00"},
        {"2026-01-31 12:06:03", "2026-01-31 12:06:03"},
        {"2026-01-31T12:06:03", "2026-01-31 12:06:03"},
        {"2026-01-31T12:06Z", "2026-01-31 14:06:00"},
    };
    setenv("TZ", "UTC-2", 1);
    tzset();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(moment_parse(cases[i][0], &at, &st), 0);
        assert_string_equal(moment_format(&at, text, sizeof(text)), cases[i][1]);
    }
    int64_t before = time(NULL);
    assert_int_equal(moment_parse("1h", &at, &st), 0);
    assert_in_range(at.seconds, before - 3600, time(NULL) - 3600);
    static const char *const days[] = {"00:00", "23:59:59"}; /* today's or yesterday's, but past */
    for (size_t i = 0; i < ARRAY_LEN(days); i++) {
        assert_int_equal(moment_parse(days[i], &at, &st), 0);
        assert_in_range(at.seconds, before - 86400, time(NULL));
    }
    static const char *const wrong[] = {
        "", "soon", "tomorrow", "today 12:06", "12", "12:6x", "2026-13-01", "2026-01-31 12:06 CET", "-1h"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_int_equal(moment_parse(wrong[i], &at, &st), -UGRPC_INVALID_ARGUMENT);
        assert_non_null(strstr(st.message, "1h (ago), today, 12:06"));
    }
}

static void days_have_names(void **state)
{
    static const char *const zones[] = {
        "UTC", "UTC-2", "CET-1CEST,M3.5.0,M10.5.0/3", "NZST-12NZDT,M9.5.0,M4.1.0/3"};
    ugrpc_protobuf_timestamp today = UGRPC_PROTOBUF_TIMESTAMP_INIT, yesterday = today;
    struct ugrpc_status st;
    for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
        time_t now;
        char day[40], text[40];
        setenv("TZ", zones[i], 1);
        tzset();
        do { /* again, if midnight came between */
            now = time(NULL);
            assert_int_equal(moment_parse("today", &today, &st), 0);
            assert_int_equal(moment_parse("yesterday", &yesterday, &st), 0);
            strftime(day, sizeof(day), "%Y-%m-%d 00:00:00", localtime(&(time_t){time(NULL)}));
        } while (strncmp(moment_format(&today, text, sizeof(text)), day, 10) != 0);
        assert_string_equal(moment_format(&today, text, sizeof(text)), day);
        assert_in_range(now - today.seconds, 0, 25 * 3600);
        assert_in_range(today.seconds - yesterday.seconds, 23 * 3600, 25 * 3600);
        moment_format(&yesterday, text, sizeof(text));
        assert_string_equal(text + 10, " 00:00:00");
    }
}

static void ranges_are_read(void **state)
{
    bounds_message range;
    assert_int_equal(range_parse("-2kW..4kW", UNIT_WATT, &range, NULL), 0);
    assert_true(range.lower == -2000 && range.upper == 4000);
    assert_int_equal(range_parse("..4kW", UNIT_WATT, &range, NULL), 0);
    assert_false(microgrid_common_v1_metrics_bounds_has_lower(&range));
    assert_int_equal(range_parse("10%..", UNIT_PERCENT, &range, NULL), 0);
    assert_false(microgrid_common_v1_metrics_bounds_has_upper(&range));
    assert_int_equal(range_parse("-1.5kW..0", UNIT_WATT, &range, NULL), 0);
    assert_true(range.lower == -1500 && range.upper == 0);
    static const char *const wrong[] = {"", "..", "4kW", "1..2kW", "1kW..2", "a..b", "1W..2%",
        "1111111111111111111111111111111111111111111111111111111111111111111111W..2W"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_int_equal(range_parse(wrong[i], UNIT_WATT, &range, NULL), -UGRPC_INVALID_ARGUMENT);
    }
}

static void every_metric_of_the_table_is_a_word_with_its_unit(void **state)
{
    char word[80];
    int metric;
#define X(id, name, unit)                                                                                    \
    assert_string_equal(word_of(metric_words, METRIC(id), word, sizeof(word)), name);                        \
    assert_int_equal(metric_parse(name, &metric), 0);                                                        \
    assert_int_equal(metric, METRIC(id));                                                                    \
    assert_string_equal(metric_unit(metric), unit);
    METRIC_TABLE(X)
#undef X
    assert_int_equal(metric_parse("soc", &metric), 0);
    assert_int_equal(metric, METRIC(BATTERY_SOC_PCT));
    assert_int_equal(metric_parse("active", &metric), 0);
    assert_int_equal(metric, METRIC(AC_ACTIVE_POWER));
    assert_int_equal(metric_parse("reactive-power", &metric), 0);
    assert_int_equal(metric, METRIC(AC_REACTIVE_POWER));
    assert_int_equal(metric_parse("unspecified", &metric), 2);
    assert_string_equal(metric_unit(4711), "");
    assert_string_equal(word_of(metric_words, 4711, word, sizeof(word)), "4711");
}

static void the_nearest_word_is_found(void **state)
{
    static const struct {
        const char *typed, *meant;
    } cases[] = {
        {"ac_reactive_powr", "ac_reactive_power"},
        {"dc_curent", "dc_current"},
        {"active", "ac_active_power"},     /* rather than a neighbour of some letters */
        {"Apparent", "ac_apparent_power"}, /* the shortest that has the word */
        {"power_active", "ac_active_power"},
        {"batt-temp", "battery_temperature"},
        {"soc", "battery_soc_pct"},
        {"dc", "dc_power"},
        {"ctive", NULL}, /* no word begins so */
        {"a", NULL},
        {"_", NULL},
        {"", NULL},
        {"xyzzy", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char best[80];
        struct suggestion suggestion = {.text = cases[i].typed};
        word_suggest(metric_words, &suggestion, best, sizeof(best));
        if (cases[i].meant) {
            assert_string_equal(suggestion.best, cases[i].meant);
        } else {
            assert_null(suggestion.best);
        }
    }
}

static void types_and_flows_have_words_for_people(void **state)
{
    char text[48];
    component_message component = MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_COMPONENT_INIT;
    microgrid_common_v1_microgrid_components_component_category_metadata_variant meta =
        MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_COMPONENT_CATEGORY_METADATA_VARIANT_INIT;
    microgrid_common_v1_microgrid_components_inverter inverter =
        MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_INVERTER_INIT;
    component.category = CATEGORY(GRID);
    assert_string_equal(flow_word(&component, -1), "exporting");
    component.category = CATEGORY(EV_CHARGER);
    assert_string_equal(component_type_shown(&component, text, sizeof(text)), "EV charger");
    component.category = CATEGORY(CHP);
    assert_string_equal(component_type_shown(&component, text, sizeof(text)), "CHP");
    assert_string_equal(flow_word(&component, -1), "producing");
    component.category = CATEGORY(INVERTER);
    assert_string_equal(component_type(&component, text, sizeof(text)), "inverter");
    inverter.type = MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_INVERTER_TYPE_SOLAR;
    microgrid_common_v1_microgrid_components_component_category_metadata_variant_set_inverter(
        &meta, &inverter);
    component.category_type = &meta;
    assert_string_equal(component_type_shown(&component, text, sizeof(text)), "PV inverter");
    assert_string_equal(flow_word(&component, -1), "producing");
    inverter.type = MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_INVERTER_TYPE_HYBRID;
    assert_string_equal(flow_word(&component, -1), "discharging");
    assert_string_equal(flow_word(&component, 0), "idle");
}

static void a_table_is_aligned_by_characters(void **state)
{
    static const char *const headings[] = {"NAME", " VALUE", "STATE", NULL};
    struct table table;
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    table_init(&table, headings);
    table_add(&table, "a");
    table_add(&table, "%d °C", 21);
    table_add(&table, "ON");
    table_add(&table, "longer");
    table_add(&table, "-");
    table_add(&table, "OFF");
    table_print(&table, to, NULL);
    table_done(&table);
    fclose(to);
    assert_string_equal(text, "NAME     VALUE  STATE\n"
                              "a        21 °C  ON\n"
                              "longer       -  OFF\n");
    free(text);
}

static void what_a_gateway_sends_cannot_write_to_the_terminal(void **state)
{
    static const struct {
        const char *sent, *shown;
    } cases[] = {{"21 °C, 5 m²", "21 °C, 5 m²"}, {"a\033[2Jb", "a?[2Jb"}, {"a\r\nb\x7f", "a??b?"},
        {"\xc2\x9b"
         "31m",
            "??31m"},
        {"\xff\xc3", "??"}, {"", ""}};
    char text[40];
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        strcpy(text, cases[i].sent);
        text_clean(text);
        assert_string_equal(text, cases[i].shown);
    }
    text_clean(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_for_tables_are_short),
        cmocka_unit_test(powers_say_their_sign),
        cmocka_unit_test(an_operand_reads_back_as_the_same_float),
        cmocka_unit_test(bounds_share_a_unit),
        cmocka_unit_test(limits_are_rounded_to_what_can_be_asked_for),
        cmocka_unit_test(times_are_told),
        cmocka_unit_test(durations_are_read),
        cmocka_unit_test(moments_are_read),
        cmocka_unit_test(days_have_names),
        cmocka_unit_test(ranges_are_read),
        cmocka_unit_test(every_metric_of_the_table_is_a_word_with_its_unit),
        cmocka_unit_test(the_nearest_word_is_found),
        cmocka_unit_test(types_and_flows_have_words_for_people),
        cmocka_unit_test(a_table_is_aligned_by_characters),
        cmocka_unit_test(what_a_gateway_sends_cannot_write_to_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
