/* SPDX-License-Identifier: MIT */
/* Every name of the model and its number in v1alpha, both ways; what has no counterpart is listed here. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "service/v1alpha/tables.h"
#include "service/v1alpha/wire.h"

#define COMPONENTS(id) microgrid__common__v1alpha8__microgrid__electrical_components__##id##__descriptor
#define METRICS        &microgrid__common__v1alpha8__metrics__metric__descriptor
#define STATES         &COMPONENTS(electrical_component_state_code)
#define DIAGNOSTICS    &COMPONENTS(electrical_component_diagnostic_code)
#define CATEGORIES     &COMPONENTS(electrical_component_category)

/* The enum's value whose name is PREFIX + `name` in capitals, or 0: none. */
static int number_of(const ProtobufCEnumDescriptor *descriptor, const char *prefix, const char *name)
{
    char full[128];
    size_t n = (size_t)snprintf(full, sizeof(full), "%s%s", prefix, name);
    for (size_t i = strlen(prefix); i < n; i++) {
        full[i] = full[i] >= 'a' && full[i] <= 'z' ? (char)(full[i] - 'a' + 'A') : full[i];
    }
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value_by_name(descriptor, full);
    return value ? value->value : 0;
}

/* "ac_active_power_phase_1" is called AC_POWER_ACTIVE_PHASE_1 here. */
static const char *renamed(const char *name, char *out, size_t cap)
{
    static const char *const kinds[] = {"active", "reactive", "apparent"};
    static const char *const quantities[] = {"power", "energy"};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        for (size_t j = 0; j < ARRAY_LEN(quantities); j++) {
            char before[64];
            size_t n = (size_t)snprintf(before, sizeof(before), "ac_%s_%s", kinds[i], quantities[j]);
            if (strncmp(name, before, n) == 0) {
                snprintf(out, cap, "ac_%s_%s%s", quantities[j], kinds[i], name + n);
                return out;
            }
        }
    }
    return name;
}

static bool is_one_of(const char *name, const char *const *list)
{
    while (*list && strcmp(*list, name) != 0) {
        list++;
    }
    return *list;
}

/* Every value of the enum, UNSPECIFIED aside, is one of `found` or listed as having no counterpart. */
static void assert_all_known(
    const ProtobufCEnumDescriptor *descriptor, const bool *found, const char *const *without)
{
    for (size_t i = 0; i < descriptor->n_values; i++) {
        const ProtobufCEnumValue *value = &descriptor->values[i];
        if (value->value != 0 && found[value->value] == is_one_of(value->name, without)) {
            fail_msg("%s: %s", value->name, found[value->value] ? "has one after all" : "has none");
        }
    }
}

static void every_metric_has_its_number_both_ways(void **state)
{
    static const char *const without[] = {"METRIC_PRESSURE_ABSOLUTE", NULL};
    bool found[256] = {false};
    for (enum metric metric = METRIC_NONE + 1; metric < METRIC_COUNT; metric++) {
        char name[64];
        int number = number_of(METRICS, "METRIC_", renamed(metric_name(metric), name, sizeof(name)));
        assert_int_not_equal(number, 0);
        assert_int_equal(alpha_metric(metric), number);
        assert_int_equal(alpha_metric_from(number), metric);
        found[number] = true;
    }
    assert_all_known(METRICS, found, without);
    assert_int_equal(alpha_metric_from(0), METRIC_NONE);
    assert_int_equal(alpha_metric_from(-1), METRIC_NONE);
    assert_int_equal(alpha_metric_from(34), METRIC_NONE); /* a gap */
    assert_int_equal(alpha_metric_from(180), METRIC_NONE);
    assert_int_equal(alpha_metric_from(100000), METRIC_NONE);
}

static void every_state_has_its_number(void **state)
{
    static const char *const without[] = {NULL};
    bool found[256] = {false};
    for (enum state_code code = 0; code < STATE_COUNT; code++) {
        int number = number_of(STATES, "ELECTRICAL_COMPONENT_STATE_CODE_", state_name(code));
        assert_int_not_equal(number, 0);
        assert_int_equal(alpha_state_code(code), number);
        found[number] = true;
    }
    assert_all_known(STATES, found, without);
}

static void every_error_has_its_diagnostic_but_one(void **state)
{
    static const char *const without[] = {NULL};
    bool found[256] = {false};
    for (enum error_code code = 0; code < ERROR_COUNT; code++) {
        int number = number_of(DIAGNOSTICS, "ELECTRICAL_COMPONENT_DIAGNOSTIC_CODE_", error_name(code));
        assert_int_equal(number == 0, code == ERROR_UNDERVOLTAGE_SHUTDOWN);
        assert_int_equal(alpha_diagnostic_code(code), number);
        found[number] = true;
    }
    assert_all_known(DIAGNOSTICS, found, without);
}

static void every_component_type_has_its_category_but_fuses(void **state)
{
    static const char *const without[] = {
        "ELECTRICAL_COMPONENT_CATEGORY_PLC",
        "ELECTRICAL_COMPONENT_CATEGORY_STATIC_TRANSFER_SWITCH",
        "ELECTRICAL_COMPONENT_CATEGORY_UNINTERRUPTIBLE_POWER_SUPPLY",
        "ELECTRICAL_COMPONENT_CATEGORY_STEAM_BOILER",
        NULL,
    };
    static const char *const names[COMPONENT_TYPE_COUNT] = {
        [COMPONENT_GRID] = "grid_connection_point",
        [COMPONENT_BATTERY_INVERTER] = "inverter",
        [COMPONENT_PV_INVERTER] = "inverter",
        [COMPONENT_HYBRID_INVERTER] = "inverter",
        [COMPONENT_RELAY] = "breaker",
        [COMPONENT_TRANSFORMER] = "power_transformer",
    };
    bool found[256] = {false};
    for (enum component_type type = 0; type < COMPONENT_TYPE_COUNT; type++) {
        int number = number_of(CATEGORIES, "ELECTRICAL_COMPONENT_CATEGORY_",
            names[type] ? names[type] : component_type_name(type));
        assert_int_equal(number == 0, type == COMPONENT_FUSE);
        assert_int_equal(alpha_category(type), number);
        assert_int_equal(alpha_inverter_type(type) != 0, names[type] && strcmp(names[type], "inverter") == 0);
        found[number] = true;
    }
    assert_all_known(CATEGORIES, found, without);
}

static void every_type_of_inverter_battery_and_charger_is_told_apart(void **state)
{
    assert_int_equal(alpha_inverter_type(COMPONENT_BATTERY_INVERTER), 1);
    assert_int_equal(alpha_inverter_type(COMPONENT_PV_INVERTER), 2);
    assert_int_equal(alpha_inverter_type(COMPONENT_HYBRID_INVERTER), 3);
    assert_int_equal(alpha_battery_type(BATTERY_TYPE_LI_ION), 1);
    assert_int_equal(alpha_battery_type(BATTERY_TYPE_NA_ION), 2);
    assert_int_equal(alpha_ev_charger_type(EV_CHARGER_AC), 1);
    assert_int_equal(alpha_ev_charger_type(EV_CHARGER_DC), 2);
    assert_int_equal(alpha_ev_charger_type(EV_CHARGER_HYBRID), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_metric_has_its_number_both_ways),
        cmocka_unit_test(every_state_has_its_number),
        cmocka_unit_test(every_error_has_its_diagnostic_but_one),
        cmocka_unit_test(every_component_type_has_its_category_but_fuses),
        cmocka_unit_test(every_type_of_inverter_battery_and_charger_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
