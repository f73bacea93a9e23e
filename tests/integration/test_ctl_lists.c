/* SPDX-License-Identifier: MIT */
/* microgridctl tells what is there: info, list, tree, connections, sensors, health, and how it is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "support/ctl.h"

static struct ctl_run ctl;

static void start(void **state, const char *const *arguments)
{
    ctl = (struct ctl_run){.gateway = *state};
    gateway_start(*state, arguments, NULL);
}

#define START(state) start(state, ARGS(ON_DEFAULT_SITE))

static void info_says_which_site_and_which_gateway(void **state)
{
    char gateway[200];
    START(state);
    ctl_expect_done(
        &ctl, ARGS("info"), "Demo site   microgrid 2200, enterprise 1, active, 52.52 N 13.40 E DE, ");
    snprintf(gateway, sizeof(gateway), "gateway     at %s, no TLS, API v1 v1alpha18 v1alpha19, serving",
        ctl.gateway->addresses[0]);
    process_assert_says(&ctl.process.out, gateway);
    json_t *info = ctl_json(&ctl, ARGS("info", "--json"), 0);
    json_t *site = json_object_get(info, "microgrid");
    assert_int_equal(json_integer_value(json_object_get(site, "id")), 2200);
    assert_string_equal(json_string_value(json_object_get(site, "created")), "2024-05-01T00:00:00.000Z");
    assert_true(json_is_true(json_object_get(json_object_get(info, "gateway"), "serving")));
    json_decref(info);
}

static void list_shows_state_power_and_what_is_allowed(void **state)
{
    START(state);
    ctl_expect_done(&ctl, ARGS("list", "--category", "inverter"),
        "  4  bat_inv_1  battery inverter  READY            0 W  -10.0 ... 10.0 kW\n");
    assert_int_equal(process_count(&ctl.process.out, "\n"), 4); /* heading, 4, 6, 9 */
    process_assert_says(&ctl.process.out, "PV inverter");
    ctl_expect_done(&ctl, ARGS("list"), " 15  precharger");
    assert_int_equal(process_count(&ctl.process.out, "\n"), 16);
}

static void list_filters_by_several_categories_and_kinds_of_inverter(void **state)
{
    START(state);
    assert_int_equal(ctl_do(&ctl, ARGS("list", "--names", "--category", "pv_inverter", "--category=chp")), 0);
    assert_string_equal(ctl.process.out.text, "pv_inv\nchp\n");
    json_t *names = ctl_json(&ctl, ARGS("list", "--names", "--json"), 0);
    assert_int_equal(json_array_size(names), 15);
    json_decref(names);
    ctl_expect(&ctl, ARGS("list", "--category", "invertr"), 2, "did you mean inverter?");
    ctl_expect(&ctl, ARGS("list", "--category", "pv"), 2, "did you mean pv_inverter?");
    ctl_expect(&ctl, ARGS("list", "--category", "Inverter"), 2, "did you mean inverter?");
    ctl_expect(
        &ctl, ARGS("list", "--foo"), 2, "no option \"--foo\"      all options: microgridctl list --help\n");
    ctl_expect_done(&ctl, ARGS("help", "categories"), "  voltage_transformer");
    ctl_expect(
        &ctl, ARGS("list", "--category", "xyzzy"), 2, "all categories: microgridctl help categories\n");
}

static void list_as_json_has_metrics_with_units_and_bounds(void **state)
{
    START(state);
    json_t *list = ctl_json(&ctl, ARGS("list", "--json", "--category", "battery_inverter"), 0);
    json_t *one = json_array_get(list, 0);
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(json_string_value(json_object_get(one, "type")), "battery_inverter");
    json_t *power = json_object_get(json_object_get(one, "metrics"), "ac_active_power");
    assert_string_equal(json_string_value(json_object_get(power, "unit")), "W");
    json_t *bounds = json_array_get(json_object_get(power, "bounds"), 0);
    assert_true(json_number_value(json_array_get(bounds, 0)) == -10000);
    assert_true(json_number_value(json_array_get(bounds, 1)) == 10000);
    assert_string_equal(json_string_value(json_array_get(json_object_get(one, "states"), 0)), "ready");
    json_decref(list);
}

static void the_tree_stands_as_it_is_connected(void **state)
{
    START(state);
    ctl_expect_done(&ctl, ARGS("tree"), "+ consumes/charges   - produces/discharges\n");
    process_assert_says(&ctl.process.out, "   ├─ bat_meter 3   0 W\n"
                                          "   │  ├─ bat_inv_1 4   0 W\n"
                                          "   │  │  └─ battery_1 5   50 %, 20.0 kWh\n"
                                          "   │  └─ bat_inv_2 6   0 W\n");
    process_assert_says(&ctl.process.out, "      └─ precharger 15");
    process_assert_says(&ctl.process.out, "   fuse 100 A");
    json_t *tree = ctl_json(&ctl, ARGS("tree", "--json"), 0);
    json_t *grid = json_array_get(tree, 0), *meter = json_array_get(json_object_get(grid, "children"), 0);
    assert_int_equal(json_array_size(tree), 1);
    assert_string_equal(json_string_value(json_object_get(meter, "name")), "main_meter");
    assert_int_equal(json_array_size(json_object_get(meter, "children")), 6);
    json_decref(tree);
}

static void a_component_with_two_parents_has_its_children_once(void **state)
{
    gateway_write(*state, "site.yaml",
        "version: 1\nsite: {id: 1, name: Two}\ndefaults: {driver: sim}\ncomponents:\n"
        "  grid: {id: 1, type: grid, fuse: 100 A}\n  meter: {id: 2, type: meter, under: grid}\n"
        "  a: {id: 3, type: battery_inverter, under: meter, rated: 5 kW}\n"
        "  b: {id: 4, type: battery_inverter, under: meter, rated: 5 kW}\n"
        "  battery: {id: 5, type: battery, under: [a, b], capacity: 20 kWh}\n");
    start(state, ARGS(ON_OWN_SITE));
    ctl_expect_done(&ctl, ARGS("tree"), "battery 5");
    assert_int_equal(process_count(&ctl.process.out, "battery 5"), 2);
    assert_int_equal(process_count(&ctl.process.out, "stand above"), 1);
}

static void connections_and_sensors_are_listed(void **state)
{
    START(state);
    ctl_expect_done(&ctl, ARGS("connections"), "    4  bat_inv_1     5  battery_1");
    json_t *list = ctl_json(&ctl, ARGS("connections", "--json"), 0);
    assert_int_equal(json_array_size(list), 14);
    json_decref(list);
    ctl_expect_done(&ctl, ARGS("sensors"), "101  thermometer  thermometer  ON     ");
    process_assert_says(&ctl.process.out, " m/s, ");
    list = ctl_json(&ctl, ARGS("sensors", "--json"), 0);
    assert_non_null(
        json_object_get(json_object_get(json_array_get(list, 0), "metrics"), "sensor_temperature"));
    json_decref(list);
    ctl_expect_done(&ctl, ARGS("sensors", "--names"), "pyranometer\n");
}

static void health_is_an_exit_status(void **state)
{
    START(state);
    ctl_expect_done(&ctl, ARGS("health"), ": serving\n");
    json_t *health = ctl_json(&ctl, ARGS("health", "--json"), 0);
    assert_true(json_is_true(json_object_get(health, "serving")));
    json_decref(health);
    assert_int_equal(gateway_stop(ctl.gateway), 0);
    assert_int_equal(process_count(&ctl.gateway->process.err, "NOT_FOUND"), 0); /* it refused nothing */
    ctl_expect(&ctl, ARGS("health"), 3, "connection refused");
}

/* ---- where options come from ---- */

static void the_command_line_counts_before_the_environment_before_the_file(void **state)
{
    START(state);
    char target[128], *address = ctl.gateway->addresses[0];
    gateway_write(*state, "microgridctl.yaml", "target: 127.0.0.1:1\njson: yes\n");
    json_t *info = ctl_json(&ctl, ARGS("info"), 0); /* json from the file, the target from the environment */
    json_decref(info);
    ctl_expect(
        &ctl, ARGS("info", "--target", "127.0.0.1:2"), 3, "cannot reach 127.0.0.1:2: connection refused");
    snprintf(target, sizeof(target), "target: %s\n", address);
    gateway_write(*state, "microgridctl.yaml", target);
    ctl.env[0] = "MICROGRID_TARGET=";
    ctl_expect_done(&ctl, ARGS("info"), "Demo site");
    gateway_write(*state, "other.yaml", "target: 127.0.0.1:3\n");
    ctl_expect(&ctl, ARGS("info", "--config", "other.yaml"), 3, "127.0.0.1:3");
    ctl.env[1] = "MICROGRID_CONFIG=other.yaml";
    ctl_expect(&ctl, ARGS("info"), 3, "127.0.0.1:3");
    ctl.env[1] = "MICROGRID_TIMEOUT=soon";
    ctl_expect(&ctl, ARGS("info"), 2, "$MICROGRID_TIMEOUT \"soon\": a number with its unit is due");
}

static void a_wrong_configuration_file_is_told_with_its_line(void **state)
{
    static const struct {
        const char *text, *complaint;
    } wrong[] = {
        {"# mine\ntarge: x\n", "microgridctl.yaml:2: targe: no such setting; did you mean target?\n"},
        {"insecure: perhaps\n", "microgridctl.yaml:1: insecure: yes or no is due\n"},
        {"target: [a, b]\n", "microgridctl.yaml:1: this: a line like"},
        {"- target\n", "lines like \"target: gw.local:50051\" are due"},
        {"target: {\n", "microgridctl.yaml:2: did not find expected"},
    };
    START(state);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        gateway_write(*state, "microgridctl.yaml", wrong[i].text);
        ctl_expect(&ctl, ARGS("info"), 2, wrong[i].complaint);
    }
    gateway_write(*state, "microgridctl.yaml", "# mine\nkey-file: gone.key\n");
    ctl_expect(&ctl, ARGS("info"), 2,
        "microgridctl.yaml:2: key-file /"); /* beside the file, as site files have it */
    process_assert_says(&ctl.process.err, "/gone.key: No such file or directory\n");
    ctl_expect(
        &ctl, ARGS("info", "--key-file", "gone.key"), 2, "--key-file gone.key: No such file or directory\n");
    gateway_write(*state, "microgridctl.yaml", "ca: gone.pem\n");
    ctl_expect(&ctl, ARGS("info"), 2, "microgridctl.yaml:1: ca: CA certificates /");
    ctl_expect(&ctl, ARGS("info", "--config", "none.yaml"), 2, "none.yaml: No such file or directory");
    gateway_write(*state, "microgridctl.yaml", "");
    ctl_expect_done(&ctl, ARGS("info"), "Demo site");
}

static int tear_down(void **state)
{
    process_done(&ctl.process);
    return gateway_tear_down(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, gateway_set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(info_says_which_site_and_which_gateway),
        TEST(list_shows_state_power_and_what_is_allowed),
        TEST(list_filters_by_several_categories_and_kinds_of_inverter),
        TEST(list_as_json_has_metrics_with_units_and_bounds),
        TEST(the_tree_stands_as_it_is_connected),
        TEST(a_component_with_two_parents_has_its_children_once),
        TEST(connections_and_sensors_are_listed),
        TEST(health_is_an_exit_status),
        TEST(the_command_line_counts_before_the_environment_before_the_file),
        TEST(a_wrong_configuration_file_is_told_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
