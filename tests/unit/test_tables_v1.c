/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "service/shown.h"
#include "service/v1/tables.h"
#include "service/v1/wire.h"

/* The enum's value whose name is PREFIX + `name` in capitals, or -1. */
static int number_of(const ProtobufCEnumDescriptor *descriptor, const char *prefix, const char *name)
{
    char full[128];
    size_t n = (size_t)snprintf(full, sizeof(full), "%s%s", prefix, name);
    for (size_t i = strlen(prefix); i < n; i++) {
        full[i] = full[i] >= 'a' && full[i] <= 'z' ? (char)(full[i] - 'a' + 'A') : full[i];
    }
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value_by_name(descriptor, full);
    return value ? value->value : -1;
}

#define METRICS    &microgrid__common__v1__metrics__metric__descriptor
#define STATES     &microgrid__common__v1__microgrid__components__component_state_code__descriptor
#define ERRORS     &microgrid__common__v1__microgrid__components__component_error_code__descriptor
#define CATEGORIES &microgrid__common__v1__microgrid__components__component_category__descriptor
#define SENSORS    &microgrid__common__v1__microgrid__sensors__sensor_category__descriptor

static void every_metric_has_its_number_both_ways(void **state)
{
    for (enum metric metric = METRIC_NONE + 1; metric < METRIC_COUNT; metric++) {
        int number = number_of(METRICS, "METRIC_", metric_name(metric));
        assert_int_not_equal(number, -1);
        assert_int_equal(v1_metric(metric), number);
        assert_int_equal(v1_metric_from(number), metric);
    }
}

static void every_number_of_a_metric_is_known_to_the_model(void **state)
{
    const ProtobufCEnumDescriptor *descriptor = METRICS;
    for (size_t i = 0; i < descriptor->n_values; i++) {
        int number = descriptor->values[i].value;
        assert_int_equal(v1_metric(v1_metric_from(number)), number);
    }
    assert_int_equal(v1_metric_from(0), METRIC_NONE);
    assert_int_equal(v1_metric_from(-1), METRIC_NONE);
    assert_int_equal(v1_metric_from(68), METRIC_NONE); /* a gap */
    assert_int_equal(v1_metric_from(100000), METRIC_NONE);
}

static void every_state_error_and_sensor_category_has_its_number(void **state)
{
    for (enum state_code code = 0; code < STATE_COUNT; code++) {
        assert_int_equal(v1_state(code), number_of(STATES, "COMPONENT_STATE_CODE_", state_name(code)));
    }
    size_t n_errors = 0;
    for (enum error_code code = 0; code < ERROR_COUNT; code++) {
        int expected = number_of(ERRORS, "COMPONENT_ERROR_CODE_", error_name(code));
        assert_int_equal(v1_error(code), expected == -1 ? 0 : expected); /* -1: only v1alpha has it */
        n_errors += expected != -1;
    }
    for (enum sensor_type type = 0; type < SENSOR_TYPE_COUNT; type++) {
        assert_int_equal(
            v1_sensor_category(type), number_of(SENSORS, "SENSOR_CATEGORY_", sensor_type_name(type)));
    }
    assert_int_equal((STATES)->n_values, STATE_COUNT + 1); /* and UNSPECIFIED: nothing that the model lacks */
    assert_int_equal((ERRORS)->n_values, n_errors + 1);
    assert_int_equal((SENSORS)->n_values, SENSOR_TYPE_COUNT + 1);
}

static void every_component_type_has_its_category_but_those_that_v1_lacks(void **state)
{
    bool served[64] = {false};
    for (enum component_type type = 0; type < COMPONENT_TYPE_COUNT; type++) {
        const char *name = component_type_name(type);
        int expected = number_of(CATEGORIES, "COMPONENT_CATEGORY_", name);
        switch (type) {
        case COMPONENT_BATTERY_INVERTER:
        case COMPONENT_PV_INVERTER:
        case COMPONENT_HYBRID_INVERTER:
            expected = number_of(CATEGORIES, "COMPONENT_CATEGORY_", "inverter");
            assert_int_not_equal(v1_inverter_type(type), 0);
            break;
        case COMPONENT_TRANSFORMER:
            expected = number_of(CATEGORIES, "COMPONENT_CATEGORY_", "voltage_transformer");
            break;
        case COMPONENT_WIND_TURBINE:
        case COMPONENT_CAPACITOR_BANK:
            assert_int_equal(expected, -1);
            expected = 0;
            break;
        default:
            assert_int_equal(v1_inverter_type(type), 0);
        }
        assert_int_equal(v1_category(type), expected);
        served[expected] = true;
    }
    const ProtobufCEnumDescriptor *categories = CATEGORIES;
    for (size_t i = 0; i < categories->n_values; i++) {
        assert_true(served[categories->values[i].value]);
    }
}

static void every_type_of_inverter_battery_and_charger_is_told_apart(void **state)
{
    assert_int_equal(v1_inverter_type(COMPONENT_BATTERY_INVERTER), 1);
    assert_int_equal(v1_inverter_type(COMPONENT_PV_INVERTER), 2);
    assert_int_equal(v1_inverter_type(COMPONENT_HYBRID_INVERTER), 3);
    assert_int_equal(v1_battery_type(BATTERY_TYPE_LI_ION), 1);
    assert_int_equal(v1_battery_type(BATTERY_TYPE_NA_ION), 2);
    assert_int_equal(v1_ev_charger_type(EV_CHARGER_AC), 1);
    assert_int_equal(v1_ev_charger_type(EV_CHARGER_DC), 2);
    assert_int_equal(v1_ev_charger_type(EV_CHARGER_HYBRID), 3);
}

static void timestamps_and_bounds_keep_their_meaning(void **state)
{
    assert_int_equal(shown_timestamp(1500000001).seconds, 1);
    assert_int_equal(shown_timestamp(1500000001).nanos, 500000001);
    assert_int_equal(shown_timestamp(-1).seconds, -1);
    assert_int_equal(shown_timestamp(-1).nanos, 999999999);
    v1_bounds half = v1_bounds_of((struct range){-5, RANGE_ALL.upper});
    assert_true(v1_bounds_has_lower(&half));
    assert_false(v1_bounds_has_upper(&half));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_metric_has_its_number_both_ways),
        cmocka_unit_test(every_number_of_a_metric_is_known_to_the_model),
        cmocka_unit_test(every_state_error_and_sensor_category_has_its_number),
        cmocka_unit_test(every_component_type_has_its_category_but_those_that_v1_lacks),
        cmocka_unit_test(every_type_of_inverter_battery_and_charger_is_told_apart),
        cmocka_unit_test(timestamps_and_bounds_keep_their_meaning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
