/* SPDX-License-Identifier: MIT */
/* microgridctl commands: set-points, bounds, switching; what is refused, and that its advice works. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
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

/* Runs the command that stands on stderr after `before`. */
static void follow_advice(const char *before, const char *text)
{
    const char *argv[16] = {NULL};
    char line[400], *rest;
    size_t n = 0;
    const char *at = strstr(ctl.process.err.text, before);
    assert_non_null(at);
    snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at + strlen(before));
    line[strcspn(line, "\n")] = '\0';
    for (char *word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        argv[n++] = word;
    }
    assert_string_equal(argv[0], "microgridctl");
    ctl_expect_done(&ctl, argv + 1, text);
}

/* ---- set-points ---- */

static void a_set_point_is_told_in_words_and_with_its_sign(void **state)
{
    START(state);
    ctl_expect_done(
        &ctl, ARGS("charge", "bat_inv_1", "5kW", "--for", "2m"), "bat_inv_1 (4): charging, +5000 W until ");
    process_assert_says(&ctl.process.out, " (2 min), then 0 W\n");
    process_expect(&ctl.gateway->process, "component=bat_inv_1 id=4 msg=\"charge, +5000 W for 120 s");
    ctl_expect_done(&ctl, ARGS("discharge", "4", "3.5kW"), "bat_inv_1 (4): discharging, -3500 W until ");
    process_assert_says(&ctl.process.out, " (1 min), then 0 W\n");
    process_expect(&ctl.gateway->process, "-3500 W for 60 s");
    ctl_expect_done(&ctl, ARGS("set-power", "bat_inv_1", "-800W"), "discharging, -800 W");
    ctl_expect_done(&ctl, ARGS("set-power", "bat_inv_1", "0"), "bat_inv_1 (4): 0 W until ");
    ctl_expect_done(&ctl, ARGS("set-reactive", "bat_inv_1", "-1.5kVAr"), "capacitive, -1500 VAr until ");
    ctl_expect_done(&ctl, ARGS("set-reactive", "bat_inv_1", "500VAr"), "inductive, +500 VAr until ");
    ctl_expect_done(&ctl, ARGS("curtail", "pv_inv", "500W"), "pv_inv (9): limited, at most -500 W until ");
    ctl_expect_done(&ctl, ARGS("discharge", "chp", "2kW"), "chp (12): producing, -2000 W until ");
    process_assert_says(&ctl.process.out, " (1 min), then 0 W\n");
    ctl_expect_done(&ctl, ARGS("set-power", "bat_inv_1", "-0"), "bat_inv_1 (4): 0 W until ");
    json_t *order = ctl_json(&ctl, ARGS("charge", "bat_inv_1", "5kW", "--json"), 0);
    assert_true(json_number_value(json_object_get(order, "power")) == 5000);
    assert_int_equal(json_integer_value(json_object_get(order, "lifetime_s")), 60);
    json_decref(order);
}

static void what_steps_leave_of_a_set_point_is_told(void **state)
{
    START(state);
    ctl_expect_done(&ctl, ARGS("set-power", "bat_inv_2", "100W"),
        "bat_inv_2 (6): charging, +100 W, of which +88 W is applied (limits, or its steps) until ");
    json_t *order = ctl_json(&ctl, ARGS("set-power", "bat_inv_2", "100W", "--json"), 0);
    assert_true(json_number_value(json_object_get(order, "applied")) == 88);
    json_decref(order);
}

static void only_what_a_set_point_limits_is_curtailed(void **state)
{
    START(state);
    ctl_expect(&ctl, ARGS("curtail", "bat_inv_1", "1kW"), 2,
        "bat_inv_1 (4) does what it is told, being a battery inverter: a set-point is no limit to it\n"
        "  limit it: microgridctl bounds add bat_inv_1 power -1kW.. --for 15m\n"
        "  so much:  microgridctl discharge bat_inv_1 1kW\n");
    follow_advice("limit it: ", "bat_inv_1 (4): in force until ");
    ctl_expect(
        &ctl, ARGS("curtail", "bat_inv_1", "0"), 2, "  so much:  microgridctl discharge bat_inv_1 0\n");
    follow_advice("so much:  ", "bat_inv_1 (4): 0 W until ");
    ctl_expect_done(&ctl, ARGS("curtail", "pv_inv", "500W"),
        ", then 0 W until the next command, or free again (on_expiry: release in its site file)\n");
    ctl_expect_done(&ctl, ARGS("curtail", "--help"), "Afterwards the component gives NOTHING");
}

static void a_refusal_has_the_nearest_value_as_a_command_that_works(void **state)
{
    START(state);
    ctl_expect(&ctl, ARGS("set-power", "bat_inv_1", "-15kW", "--for", "10s"), 1,
        "refused: bat_inv_1 (4): -15000 W is outside -10000 ... 10000 W (rated)  OUT_OF_RANGE\n"
        "  nearest allowed: microgridctl discharge bat_inv_1 10kW --for 10s\n");
    follow_advice("nearest allowed: ", "discharging, -10000 W");
    ctl_expect(&ctl, ARGS("charge", "bat_inv_1", "12kW"), 1,
        "nearest allowed: microgridctl charge bat_inv_1 10kW\n");
    follow_advice("nearest allowed: ", "charging, +10000 W");
    ctl_expect(
        &ctl, ARGS("set-power", "pv_inv", "5kW"), 1, "nearest allowed: microgridctl curtail pv_inv 0\n");
    follow_advice("nearest allowed: ", "limited, at most 0 W");
    ctl_expect(
        &ctl, ARGS("set-reactive", "bat_inv_1", "50kVAr"), 1, "nearest allowed: microgridctl set-reactive ");
    ctl_expect_done(&ctl, ARGS("set-power", "bat_inv_1", "0"), "0 W");
    ctl_expect(
        &ctl, ARGS("set-reactive", "bat_inv_1", "50kVAr"), 1, "nearest allowed: microgridctl set-reactive ");
    follow_advice("nearest allowed: ", "inductive, +10000 VAr");
    json_t *refusal = ctl_json(&ctl, ARGS("charge", "bat_inv_1", "12kW", "--json"), 1);
    json_t *error = json_object_get(refusal, "error");
    assert_string_equal(json_string_value(json_object_get(error, "code")), "OUT_OF_RANGE");
    assert_non_null(strstr(json_string_value(json_object_get(error, "next")), "charge bat_inv_1 10kW"));
    json_decref(refusal);
}

static void advice_repeats_the_way_to_the_gateway(void **state)
{
    char advice[200];
    START(state);
    ctl.env[0] = "MICROGRID_TARGET=127.0.0.1:1";
    snprintf(advice, sizeof(advice), "microgridctl charge bat_inv_1 10kW --target %s --timeout 9s\n",
        ctl.gateway->addresses[0]);
    ctl_expect(&ctl,
        ARGS("charge", "--target", ctl.gateway->addresses[0], "bat_inv_1", "12kW", "--timeout", "9s"), 1,
        advice);
}

static void a_limit_above_the_present_yield_is_advised_as_bounds(void **state)
{
    START(state);
    ctl_expect(&ctl, ARGS("curtail", "pv_inv", "14.9kW"), 1,
        "microgridctl bounds add pv_inv power -14.9kW..0 --for 15m\n");
    follow_advice("a limit for later: ", "pv_inv (9): in force until ");
}

static void units_are_required_and_must_fit(void **state)
{
    START(state);
    ctl_expect(
        &ctl, ARGS("set-power", "bat_inv_1", "5"), 2, "\"5\": the unit is missing; write 5 W or 5 kW\n");
    ctl_expect(&ctl, ARGS("set-power", "bat_inv_1", "5kWh"), 2, "kWh measures energy, but power is due");
    ctl_expect(&ctl, ARGS("set-power", "bat_inv_1", "5kw"), 2, "did you mean kW?");
    ctl_expect(&ctl, ARGS("set-reactive", "bat_inv_1", "5kW"), 2, "but reactive power is due");
    ctl_expect(&ctl, ARGS("discharge", "bat_inv_1", "-3.5kW"), 2,
        "\"-3.5kW\": discharge says the direction already; write 3.5kW");
    ctl_expect(
        &ctl, ARGS("charge", "bat_inv_1", "1kW", "--for", "90"), 2, "--for \"90\": the unit is missing");
    ctl_expect(&ctl, ARGS("charge", "bat_inv_1", "1kW", "--for", "10500ms"), 2, "whole seconds are due");
    ctl_expect(&ctl, ARGS("charge", "bat_inv_1", "1kW", "--for", "1h"), 2,
        "--for \"1h\": a set-point lasts 10s to 15m; --hold renews it until Ctrl-C\n");
    ctl_expect(&ctl, ARGS("charge", "bat_inv_1", "1kW", "--for", "9s"), 2, "a set-point lasts 10s to 15m");
    assert_int_equal(process_count(&ctl.gateway->process.err, "charge, "), 0);
}

static void names_that_nobody_has_are_answered_with_the_nearest(void **state)
{
    START(state);
    ctl_expect(&ctl, ARGS("set-power", "bat_inv1", "1kW"), 2,
        "no component \"bat_inv1\"; did you mean bat_inv_1 (4)?      all names: microgridctl list\n");
    ctl_expect(&ctl, ARGS("curtail", "pv", "1kW"), 2, "did you mean pv_inv (9)?");
    ctl_expect(&ctl, ARGS("power", "bat_inv_1", "1kW"), 2,
        "no command \"power\"; did you mean microgridctl set-power?\n");
    ctl_expect(&ctl, ARGS("start", "999"), 2, "no component \"999\"      all names: microgridctl list\n");
    ctl_expect(&ctl, ARGS("charge", "thermometer", "1kW"), 2, "no component \"thermometer\"");
    json_t *error = ctl_json(&ctl, ARGS("start", "xyz", "--json"), 2);
    assert_string_equal(json_string_value(json_object_get(json_object_get(error, "error"), "kind")), "usage");
    json_decref(error);
}

static void what_a_component_cannot_do_is_refused(void **state)
{
    START(state);
    ctl_expect(&ctl, ARGS("charge", "main_meter", "1kW"), 1, "UNIMPLEMENTED");
}

static void a_read_only_gateway_refuses(void **state)
{
    start(state, ARGS(ON_DEFAULT_SITE, "--read-only"));
    ctl_expect(&ctl, ARGS("charge", "bat_inv_1", "1kW"), 1, "PERMISSION_DENIED");
}

/* ---- --hold ---- */

static void hold_renews_until_interrupted_and_then_sets_0(void **state)
{
    start(state, ARGS(ON_DEFAULT_SITE, "--log-level", "debug"));
    ctl_start(&ctl, ARGS("charge", "bat_inv_1", "5kW", "--hold"));
    ctl_wait_for(&ctl, "bat_inv_1 (4): charging, +5000 W, held until Ctrl-C\n", 1);
    int64_t until_ns = process_deadline_ns(PROCESS_PATIENCE_MS);
    while (process_count(&ctl.gateway->process.err, "+5000 W for 15 s") < 2) {
        process_turn(&ctl.gateway->process, -1, until_ns);
    }
    process_signal(&ctl.process, SIGINT);
    assert_int_equal(process_wait(&ctl.process, PROCESS_PATIENCE_MS), 0);
    process_assert_says(&ctl.process.out, "bat_inv_1 (4): 0 W until ");
    process_expect(&ctl.gateway->process, "0 W for 10 s");
}

static void hold_goes_on_as_soon_as_the_gateway_is_back(void **state)
{
    char address[64];
    START(state);
    snprintf(address, sizeof(address), "%s", ctl.gateway->addresses[0]);
    ctl_start(&ctl, ARGS("charge", "bat_inv_1", "5kW", "--hold"));
    ctl_wait_for(&ctl, "held until Ctrl-C\n", 1);
    assert_int_equal(gateway_stop(ctl.gateway), 0);
    process_expect(&ctl.process, "trying again until Ctrl-C");
    gateway_start(ctl.gateway, ARGS("--config", SITE_DEFAULT, "--grpc", address), NULL);
    ctl_wait_for(&ctl, "held until Ctrl-C\n", 2);
    process_signal(&ctl.process, SIGINT);
    assert_int_equal(process_wait(&ctl.process, PROCESS_PATIENCE_MS), 0);
}

static void a_held_limit_is_only_let_go(void **state)
{
    START(state);
    ctl_start(&ctl, ARGS("curtail", "pv_inv", "500W", "--hold"));
    ctl_wait_for(&ctl, "pv_inv (9): limited, at most -500 W, held until Ctrl-C\n", 1);
    process_signal(&ctl.process, SIGTERM);
    assert_int_equal(process_wait(&ctl.process, PROCESS_PATIENCE_MS), 0);
    process_assert_says(&ctl.process.out, "pv_inv (9): no longer renewed, ends at ");
}

static void hold_that_is_refused_ends_at_once_and_has_no_time_limit(void **state)
{
    START(state);
    ctl_expect(&ctl, ARGS("charge", "bat_inv_1", "15kW", "--hold"), 1, "nearest allowed: ");
    ctl_expect(&ctl, ARGS("charge", "bat_inv_1", "1kW", "--hold", "--for", "1m"), 2, "give one of them");
}

/* ---- bounds ---- */

static void bounds_are_added_and_cut_what_is_allowed(void **state)
{
    START(state);
    ctl_expect_done(&ctl, ARGS("bounds", "add", "bat_inv_1", "ac_active_power", "-2kW..4kW", "--for", "1m"),
        ": -2000 ... 4000 W (0 W is always allowed)\n");
    ctl_expect(
        &ctl, ARGS("charge", "bat_inv_1", "5kW"), 1, "nearest allowed: microgridctl charge bat_inv_1 4kW\n");
    ctl_expect_done(&ctl, ARGS("bounds", "add", "bat_inv_1", "power", "5kW..6kW", "..-8kW"),
        ": -10000 ... -8000, -2000 ... 4000, 5000 ... 6000 W (0 W is always allowed)\n"
        "  added 5000 ... 6000, ... -8000 W, united with what else is added, cut by what the component allows\n");
    ctl_expect_done(
        &ctl, ARGS("bounds", "add", "battery_1", "soc", "20%..80%", "--for", "15m"), ": 20 ... 80 %\n");
    json_t *added = ctl_json(&ctl, ARGS("bounds", "add", "battery_1", "soc", "20%..", "--json"), 0);
    json_t *range = json_array_get(json_object_get(added, "bounds"), 0);
    assert_true(json_number_value(json_array_get(range, 0)) == 20 && json_is_null(json_array_get(range, 1)));
    json_decref(added);
}

static void added_bounds_tell_what_is_in_force_and_what_they_moved(void **state)
{
    START(state);
    ctl_expect_done(&ctl, ARGS("charge", "bat_inv_1", "5kW"), "charging");
    ctl_expect_done(&ctl, ARGS("bounds", "add", "bat_inv_1", "power", "-2kW..4kW", "--for", "1m"),
        ": -2000 ... 4000 W (0 W is always allowed)\n  set-point 5000 W moved to 4000 W\n");
    process_assert_says(&ctl.process.out, "bat_inv_1 (4): in force until ");
    ctl_expect_done(&ctl, ARGS("bounds", "add", "bat_inv_1", "power", "0..4.5kW", "--for", "1m"),
        ": -2000 ... 4500 W (0 W is always allowed)\n"
        "  added 0 ... 4500 W, united with what else is added, cut by what the component allows\n"
        "  set-point 4000 W moved to 4500 W\n");
    json_t *added = ctl_json(&ctl, ARGS("bounds", "add", "bat_inv_1", "power", "..3kW", "--json"), 0);
    assert_int_equal(json_array_size(json_object_get(added, "in_force")), 1);
    json_decref(added);
}

static void active_power_may_be_called_so(void **state)
{
    static const char *const words[] = {"active", "active-power", "active_power", "ac-active-power"};
    START(state);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        json_t *added = ctl_json(&ctl, ARGS("bounds", "add", "bat_inv_1", words[i], "0..4kW", "--json"), 0);
        assert_string_equal(json_string_value(json_object_get(added, "metric")), "ac_active_power");
        json_decref(added);
    }
}

static void wrong_bounds_are_told(void **state)
{
    START(state);
    ctl_expect(&ctl, ARGS("bounds", "add", "bat_inv_1", "power", "4kW"), 2, "a range is due, like -20W..40W");
    ctl_expect(
        &ctl, ARGS("bounds", "add", "bat_inv_1", "power", "1..2kW"), 2, "the unit is missing; write 1 W or");
    ctl_expect(&ctl, ARGS("bounds", "add", "bat_inv_1", "powr", "1W..2W"), 2, "did you mean power?");
    ctl_expect(&ctl, ARGS("bounds", "add", "bat_inv_1", "activ", "1W..2W"), 2,
        "no metric \"activ\"; did you mean power?      all metrics: microgridctl help metrics\n");
    ctl_expect(
        &ctl, ARGS("bounds", "add", "bat_inv_1", "power", "1W..2W", "--for", "2m"), 2, "5s, 1m, 5m or 15m");
    ctl_expect(&ctl, ARGS("bounds", "add", "bat_inv_1", "power", "2W..1W"), 2,
        "\"2W..1W\": the lower end comes first; write 1W..2W\n");
    ctl_expect(&ctl, ARGS("bounds", "add", "bat_inv_1", "voltage", "1V..2V"), 1, "UNIMPLEMENTED");
}

/* ---- switching ---- */

static void components_are_switched_and_what_must_come_first_is_told(void **state)
{
    START(state);
    ctl_expect_done(&ctl, ARGS("standby", "bat_inv_1"), "bat_inv_1 (4): in standby\n");
    ctl_expect(
        &ctl, ARGS("set-reactive", "bat_inv_1", "1kVAr"), 1, "  first: microgridctl start bat_inv_1\n");
    follow_advice("first: ", "bat_inv_1 (4): started\n");
    ctl_expect_done(&ctl, ARGS("charge", "bat_inv_1", "5kW"), "charging");
    ctl_expect(&ctl, ARGS("stop", "battery_1"), 1, "  first: microgridctl set-power bat_inv_1 0\n");
    follow_advice("first: ", "bat_inv_1 (4): 0 W");
    ctl_expect_done(&ctl, ARGS("ack", "bat_inv_1"), "bat_inv_1 (4): no error any more\n");
    ctl_expect_done(&ctl, ARGS("stop", "bat_inv_1"), "bat_inv_1 (4): stopped\n");
    ctl_expect(&ctl, ARGS("charge", "bat_inv_1", "1kW"), 1, "FAILED_PRECONDITION");
    json_t *done = ctl_json(&ctl, ARGS("start", "bat_inv_1", "--json"), 0);
    assert_string_equal(json_string_value(json_object_get(done, "done")), "start");
    json_decref(done);
    ctl_expect(&ctl, ARGS("start", "main_meter"), 1, "UNIMPLEMENTED");
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
        TEST(a_set_point_is_told_in_words_and_with_its_sign),
        TEST(what_steps_leave_of_a_set_point_is_told),
        TEST(only_what_a_set_point_limits_is_curtailed),
        TEST(a_refusal_has_the_nearest_value_as_a_command_that_works),
        TEST(advice_repeats_the_way_to_the_gateway),
        TEST(a_limit_above_the_present_yield_is_advised_as_bounds),
        TEST(units_are_required_and_must_fit),
        TEST(names_that_nobody_has_are_answered_with_the_nearest),
        TEST(what_a_component_cannot_do_is_refused),
        TEST(a_read_only_gateway_refuses),
        TEST(hold_renews_until_interrupted_and_then_sets_0),
        TEST(hold_goes_on_as_soon_as_the_gateway_is_back),
        TEST(a_held_limit_is_only_let_go),
        TEST(hold_that_is_refused_ends_at_once_and_has_no_time_limit),
        TEST(bounds_are_added_and_cut_what_is_allowed),
        TEST(added_bounds_tell_what_is_in_force_and_what_they_moved),
        TEST(active_power_may_be_called_so),
        TEST(wrong_bounds_are_told),
        TEST(components_are_switched_and_what_must_come_first_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
