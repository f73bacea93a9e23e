/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fake_site.h"

static int set_up(void **state)
{
    *state = fake_site_new();
    return 0;
}

static int tear_down(void **state)
{
    fake_site_free(*state);
    return 0;
}

/* Sets, and has the device accept. */
static void set_accepted(
    struct fake_site *fake, struct component *component, double power, int64_t lifetime_s)
{
    struct fake_answer answer;
    assert_int_equal(fake_set(component, power, lifetime_s, &answer), 0);
    fake_finish_all(fake);
    assert_int_equal(answer.n, 1);
    assert_int_equal(answer.st.code, UGRPC_OK);
}

#define assert_told(fake, component, expected_kind, expected_power)                                          \
    do {                                                                                                     \
        assert_int_equal(fake_last(fake, component)->kind, expected_kind);                                   \
        assert_true(fake_last(fake, component)->power == (expected_power));                                  \
    } while (0)

static void nothing_is_written_before_the_first_command(void **state)
{
    struct fake_site *fake = *state;
    fake_report_reading(fake->pv_inv, METRIC_AC_ACTIVE_POWER, -12000);
    fake_pass_ms(fake, 100000);
    assert_int_equal(fake->device.n, 0);
    assert_int_equal(fake->pv_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_FREE);
}

static void a_set_point_is_answered_when_the_device_accepted_it(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    int64_t now_utc_ns = fake->clock.utc_ns;
    assert_int_equal(fake_set(fake->bat_inv, 5000, 60, &answer), 0);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 5000);
    fake_pass_ms(fake, 2000);
    assert_int_equal(answer.n, 0);
    fake_finish(fake_last(fake, fake->bat_inv), UGRPC_OK);
    assert_int_equal(answer.n, 1);
    assert_int_equal(answer.st.code, UGRPC_OK);
    assert_true(answer.until_utc_ns == now_utc_ns + 60 * NS_PER_S);
    assert_int_equal(fake->last_event.kind, EVENT_SETPOINT_ACCEPTED);
    assert_non_null(strstr(fake->event_text, "charge, +5000 W"));
}

static void after_its_lifetime_a_set_point_falls_back_to_0(void **state)
{
    struct fake_site *fake = *state;
    set_accepted(fake, fake->bat_inv, 5000, 10);
    fake_pass_ms(fake, 9900);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 5000);
    fake_pass_ms(fake, 200);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 0);
    assert_int_equal(fake->bat_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_ZERO);
    assert_int_equal(fake->events[EVENT_SETPOINT_EXPIRED], 1);
    fake_finish_all(fake);
    fake_pass_ms(fake, 100000);
    assert_int_equal(fake_count(fake, fake->bat_inv, FAKE_POWER), 2); /* told once, not again and again */
}

static void with_on_expiry_release_it_runs_free_again(void **state)
{
    struct fake_site *fake = *state;
    fake->pv_inv->spec.on_expiry = ON_EXPIRY_RELEASE;
    set_accepted(fake, fake->pv_inv, -3000, 10);
    fake_pass_ms(fake, 10000);
    assert_int_equal(fake_last(fake, fake->pv_inv)->kind, FAKE_RELEASE);
    assert_int_equal(fake->pv_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_FREE);
    assert_non_null(strstr(fake->event_text, "release"));
}

static void a_newer_command_replaces_the_older_and_its_lifetime(void **state)
{
    struct fake_site *fake = *state;
    set_accepted(fake, fake->bat_inv, 5000, 10);
    fake_pass_ms(fake, 9000);
    set_accepted(fake, fake->bat_inv, 4000, 20);
    fake_pass_ms(fake, 19000);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 4000);
    fake_pass_ms(fake, 1100);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 0);
}

static void a_shorter_newer_command_also_replaces_the_lifetime(void **state)
{
    struct fake_site *fake = *state;
    set_accepted(fake, fake->bat_inv, 5000, 60);
    set_accepted(fake, fake->bat_inv, 4000, 10);
    fake_pass_ms(fake, 10100);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 0);
}

/* The renewal comes at any moment around the expiry, and the device is slow from then on: whatever the order
 * of things, the last word is the newest command's. */
static void an_expiry_never_touches_a_newer_command(void **state)
{
    for (int offset_ms = -3; offset_ms <= 3; offset_ms++) {
        struct fake_site *fake = fake_site_new();
        struct fake_answer first, second;
        assert_int_equal(fake_set(fake->bat_inv, 5000, 10, &first), 0);
        fake_finish_all(fake);
        int64_t until_ns = fake->bat_inv->setpoints[AXIS_ACTIVE].until_ns + offset_ms * NS_PER_MS;
        fake_pass_ms(fake, 9000);
        timers_run_until(&fake->timers, &fake->clock, until_ns);
        assert_int_equal(fake_set(fake->bat_inv, 4000, 10, &second), 0);
        for (int i = 0; i < 5; i++) {
            fake_pass_ms(fake, 1000);
            if (fake_unanswered(fake)) {
                fake_finish(fake_last(fake, fake->bat_inv), UGRPC_OK);
            }
        }
        assert_told(fake, fake->bat_inv, FAKE_POWER, 4000);
        assert_int_equal(first.n, 1);
        assert_int_equal(second.n, 1);
        assert_int_equal(fake->bat_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_ACTIVE);
        fake_site_free(fake);
    }
}

static void a_late_answer_to_an_old_command_does_not_bring_it_back(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer first, second;
    assert_int_equal(fake_set(fake->bat_inv, 5000, 10, &first), 0);
    assert_int_equal(fake_set(fake->bat_inv, -4000, 60, &second), 0);
    assert_int_equal(fake->device.n, 1); /* one at a time */
    fake_finish(&fake->device.orders[0], UGRPC_OK);
    assert_int_equal(first.n, 1);
    assert_int_equal(second.n, 0);
    assert_told(fake, fake->bat_inv, FAKE_POWER, -4000);
    fake_finish(&fake->device.orders[1], UGRPC_OK);
    assert_int_equal(second.n, 1);
    fake_pass_ms(fake, 11000);
    assert_told(fake, fake->bat_inv, FAKE_POWER, -4000);
    assert_true(fake->bat_inv->setpoints[AXIS_ACTIVE].requested == -4000);
}

static void a_late_failure_of_an_old_command_does_not_touch_the_newer(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer first, second;
    assert_int_equal(fake_set(fake->bat_inv, 5000, 60, &first), 0);
    assert_int_equal(fake_set(fake->bat_inv, -4000, 60, &second), 0);
    fake_finish(&fake->device.orders[0], UGRPC_INTERNAL);
    fake_finish(&fake->device.orders[1], UGRPC_OK);
    assert_int_equal(first.st.code, UGRPC_INTERNAL);
    assert_int_equal(second.st.code, UGRPC_OK);
    assert_true(fake->bat_inv->setpoints[AXIS_ACTIVE].requested == -4000);
    assert_true(fake->bat_inv->setpoints[AXIS_ACTIVE].applied == -4000);
}

static void a_refused_command_leaves_what_was_before(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    set_accepted(fake, fake->bat_inv, 5000, 20);
    fake_pass_ms(fake, 5000);
    assert_int_equal(fake_set(fake->bat_inv, -4000, 60, &answer), 0);
    fake_finish(fake_last(fake, fake->bat_inv), UGRPC_INTERNAL);
    assert_int_equal(answer.st.code, UGRPC_INTERNAL);
    assert_true(fake->bat_inv->setpoints[AXIS_ACTIVE].requested == 5000);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 5000); /* told again: who knows what it holds */
    fake_finish_all(fake);
    fake_pass_ms(fake, 16000); /* and its lifetime is the old one */
    assert_told(fake, fake->bat_inv, FAKE_POWER, 0);
}

static void a_refused_first_command_leaves_the_component_free(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    assert_int_equal(fake_set(fake->pv_inv, -4000, 60, &answer), 0);
    fake_finish(fake_last(fake, fake->pv_inv), UGRPC_INTERNAL);
    assert_int_equal(fake->pv_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_FREE);
    assert_int_equal(fake_last(fake, fake->pv_inv)->kind, FAKE_RELEASE);
    fake_finish_all(fake);
    fake_pass_ms(fake, 70000);
    assert_int_equal(fake->events[EVENT_SETPOINT_EXPIRED], 0);
}

static void a_fall_to_0_that_the_device_refused_is_tried_again(void **state)
{
    struct fake_site *fake = *state;
    set_accepted(fake, fake->bat_inv, 5000, 10);
    fake_pass_ms(fake, 10000);
    size_t tries = fake_count(fake, fake->bat_inv, FAKE_POWER);
    for (int i = 0; i < 3; i++) {
        fake_finish(fake_last(fake, fake->bat_inv), UGRPC_UNAVAILABLE);
        fake_pass_ms(fake, 2500);
        assert_told(fake, fake->bat_inv, FAKE_POWER, 0);
        assert_int_equal(fake_count(fake, fake->bat_inv, FAKE_POWER), ++tries);
    }
    assert_int_equal(fake->events[EVENT_SETPOINT_FAILED], 1); /* told once */
}

static void what_a_component_forgot_while_offline_is_told_again(void **state)
{
    struct fake_site *fake = *state;
    set_accepted(fake, fake->bat_inv, 5000, 60);
    size_t told = fake_count(fake, fake->bat_inv, FAKE_POWER);
    fake_silence_ms(fake, 5000);
    assert_false(telemetry_fresh(&fake->bat_inv->telemetry));
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_READY));
    assert_int_equal(fake_count(fake, fake->bat_inv, FAKE_POWER), told + 1);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 5000);
}

static void a_set_point_ends_also_while_its_component_is_offline(void **state)
{
    struct fake_site *fake = *state;
    set_accepted(fake, fake->bat_inv, 5000, 10);
    fake_silence_ms(fake, 11000);
    assert_false(telemetry_fresh(&fake->bat_inv->telemetry));
    assert_told(fake, fake->bat_inv, FAKE_POWER, 0);
}

/* ---- refusals --------------------------------------------------------------------------------------- */

static void a_value_outside_names_value_bounds_reason_and_nearest(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    assert_int_equal(fake_set(fake->bat_inv, -15000, 60, &answer), -UGRPC_OUT_OF_RANGE);
    assert_string_equal(answer.st.message,
        "bat_inv (4): -15000 W is outside -10000 ... 10000 W (rated); nearest allowed: -10000 W");
    assert_int_equal(fake->device.n, 0);
}

static void a_wrong_sign_is_out_of_range(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    assert_int_equal(fake_set(fake->pv_inv, 1, 60, &answer), -UGRPC_OUT_OF_RANGE);
    assert_non_null(strstr(answer.st.message, "nearest allowed: 0 W"));
    assert_int_equal(fake_set(fake->ev_charger, -1, 60, &answer), -UGRPC_OUT_OF_RANGE);
}

static void a_value_between_two_ranges_is_told_both_neighbours(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    assert_int_equal(fake_bound(fake->bat_inv, METRIC_AC_ACTIVE_POWER, 2000, 4000, 60), 0);
    assert_int_equal(fake_set(fake->bat_inv, 500, 60, &answer), -UGRPC_OUT_OF_RANGE);
    assert_string_equal(answer.st.message,
        "bat_inv (4): 500 W is outside 2000 ... 4000 W (added bounds); nearest allowed: 0 or 2000 W");
}

static void zero_is_always_within_bounds(void **state)
{
    struct fake_site *fake = *state;
    assert_int_equal(fake_bound(fake->bat_inv, METRIC_AC_ACTIVE_POWER, 2000, 4000, 60), 0);
    set_accepted(fake, fake->bat_inv, 0, 60);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 0);
}

static void the_battery_is_named_when_its_state_of_charge_refuses(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    fake_report_reading(fake->battery, METRIC_BATTERY_SOC_PCT, 90);
    assert_int_equal(fake_set(fake->bat_inv, 5000, 60, &answer), -UGRPC_OUT_OF_RANGE);
    assert_string_equal(answer.st.message,
        "bat_inv (4): 5000 W is outside -10000 ... 0 W (battery (5): state "
        "of charge); nearest allowed: 0 W");
    set_accepted(fake, fake->bat_inv, -5000, 60);
}

static void power_is_floored_to_the_resolution_after_the_range_check(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    fake->bat_inv->spec.resolution = 88;
    set_accepted(fake, fake->bat_inv, -200, 60);
    assert_told(fake, fake->bat_inv, FAKE_POWER, -176);
    set_accepted(fake, fake->bat_inv, 87, 60);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 0);
    assert_int_equal(fake_bound(fake->bat_inv, METRIC_AC_ACTIVE_POWER, 180, 1000, 60), 0);
    assert_int_equal(fake_set(fake->bat_inv, 200, 60, &answer), -UGRPC_OUT_OF_RANGE);
    assert_non_null(strstr(answer.st.message, "200 W becomes 176 W"));
    assert_non_null(strstr(answer.st.message, "nearest allowed: 0 or 264 W"));
    set_accepted(fake, fake->bat_inv, 264, 60);
}

static void every_published_bound_passes_the_range_check(void **state)
{
    struct fake_site *fake = *state;
    fake_bound(fake->bat_inv, METRIC_AC_ACTIVE_POWER, -3000.1, 4000.1, 60);
    fake_bound(fake->bat_inv, METRIC_AC_ACTIVE_POWER, 5000.7, 6000.9, 60);
    const struct ranges *in_force = bounds_in_force(fake->bat_inv, BOUNDED_ACTIVE);
    assert_int_equal(in_force->n, 2);
    for (size_t i = 0; i < in_force->n; i++) {
        assert_true(in_force->items[i].lower == (float)in_force->items[i].lower);
        set_accepted(fake, fake->bat_inv, in_force->items[i].lower, 60);
        set_accepted(fake, fake->bat_inv, in_force->items[i].upper, 60);
    }
}

/* Three steps of 230.1 W are 690.3 W, which float32 cannot hold: what is published lies just inside. */
static void a_published_bound_passes_also_where_float32_cannot_hold_the_step(void **state)
{
    struct fake_site *fake = *state;
    fake->bat_inv->spec.resolution = 230.1;
    assert_int_equal(fake_bound(fake->bat_inv, METRIC_AC_ACTIVE_POWER, -690.3, 690.3, 60), 0);
    const struct ranges *in_force = bounds_in_force(fake->bat_inv, BOUNDED_ACTIVE);
    for (int i = 0; i < 2; i++) {
        double bound = i == 0 ? in_force->items[0].lower : in_force->items[0].upper;
        assert_true(fabs(bound) < 690.3);
        set_accepted(fake, fake->bat_inv, bound, 60);
        assert_told(fake, fake->bat_inv, FAKE_POWER, bound);
    }
    size_t told = fake->device.n;
    fake_pass_ms(fake, 2000);
    assert_int_equal(fake->device.n, told); /* it is what the set-point comes to: nothing to tell */
}

static void a_component_that_takes_no_set_points_is_unimplemented(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    assert_int_equal(fake_set(fake->meter, 0, 60, &answer), -UGRPC_UNIMPLEMENTED);
    assert_int_equal(fake_set(fake->battery, 0, 60, &answer), -UGRPC_UNIMPLEMENTED);
    assert_int_equal(fake_set_reactive(fake->ev_charger, 0, 60, &answer), -UGRPC_UNIMPLEMENTED);
    fake_silence_ms(fake, 10000); /* ability comes before offline */
    assert_int_equal(fake_set(fake->meter, 0, 60, &answer), -UGRPC_UNIMPLEMENTED);
}

static void an_offline_component_is_unavailable_before_anything_of_its_state(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    fake_report_error(fake->bat_inv, ERROR_OVERVOLTAGE, false);
    fake_silence_ms(fake, 10000);
    assert_int_equal(fake_set(fake->bat_inv, 99999, 60, &answer), -UGRPC_UNAVAILABLE);
}

static void in_error_or_off_any_set_point_is_refused_even_0(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    fake_report_error(fake->bat_inv, ERROR_OVERVOLTAGE, false);
    assert_int_equal(fake_set(fake->bat_inv, 0, 60, &answer), -UGRPC_FAILED_PRECONDITION);
    assert_non_null(strstr(answer.st.message, "overvoltage"));
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_OFF));
    assert_int_equal(fake_set(fake->bat_inv, 0, 60, &answer), -UGRPC_FAILED_PRECONDITION);
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_SWITCHING_OFF));
    assert_int_equal(fake_set(fake->bat_inv, 0, 60, &answer), -UGRPC_FAILED_PRECONDITION);
}

static void a_non_zero_set_point_behind_an_open_relay_names_the_relay(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    fake_report_state(fake->relay, STATE_BIT(STATE_OFF) | STATE_BIT(STATE_RELAY_OPEN));
    assert_int_equal(fake_set(fake->relay_inv, 99999, 60, &answer), -UGRPC_FAILED_PRECONDITION);
    assert_non_null(strstr(answer.st.message, "relay (14) is open"));
    set_accepted(fake, fake->relay_inv, 0, 60);
    fake_report_state(fake->battery, STATE_BIT(STATE_OFF) | STATE_BIT(STATE_RELAY_OPEN));
    assert_int_equal(fake_set(fake->bat_inv, 100, 60, &answer), -UGRPC_FAILED_PRECONDITION);
    assert_non_null(strstr(answer.st.message, "battery (5) is open"));
}

/* ---- bounds and the applied value ------------------------------------------------------------------- */

static void the_applied_value_follows_the_bounds_and_returns(void **state)
{
    struct fake_site *fake = *state;
    set_accepted(fake, fake->bat_inv, 5000, 60);
    int64_t until_utc_ns = fake->bat_inv->setpoints[AXIS_ACTIVE].until_utc_ns;
    fake_report_momentary(fake->battery, BOUNDED_DC_POWER, -20000, 3000);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 3000);
    assert_int_equal(fake->last_event.kind, EVENT_SETPOINT_MOVED);
    fake_finish_all(fake);
    assert_int_equal(fake_bound(fake->bat_inv, METRIC_AC_ACTIVE_POWER, -1000, 1000, 5), 0);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 1000);
    fake_finish_all(fake);
    fake_pass_ms(fake, 5100);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 3000);
    fake_finish_all(fake);
    fake_report_momentary(fake->battery, BOUNDED_DC_POWER, -20000, 20000);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 5000);
    assert_true(fake->bat_inv->setpoints[AXIS_ACTIVE].until_utc_ns == until_utc_ns);
}

/* Told 2 kW, an engine of 5 kW at least goes on with 5 kW for its minimum run time. */
static void what_would_do_more_than_it_may_is_stopped(void **state)
{
    struct fake_site *fake = *state;
    struct component *chp = fake_add(fake, 20, "chp", COMPONENT_CHP, -10000, 0);
    chp->spec.least_w = 5000;
    fake_connect(fake->meter, chp);
    fake_report_state(chp, STATE_BIT(STATE_READY));
    set_accepted(fake, chp, -10000, 60);
    assert_int_equal(fake_bound(chp, METRIC_AC_ACTIVE_POWER, -2000, 0, 10), 0);
    assert_told(fake, chp, FAKE_POWER, 0);
    set_accepted(fake, chp, -1500, 60);
    assert_told(fake, chp, FAKE_POWER, 0);
    fake_pass_ms(fake, 10000);
    assert_told(fake, chp, FAKE_POWER, -1500); /* there are no bounds any more that its least would break */
    set_accepted(fake, chp, -10000, 60);
    assert_int_equal(fake_bound(chp, METRIC_AC_ACTIVE_POWER, -6000, -3000, 10), 0);
    assert_told(fake, chp, FAKE_POWER, -6000);
}

static void what_runs_free_outside_added_bounds_is_limited_until_they_end(void **state)
{
    struct fake_site *fake = *state;
    fake_report_reading(fake->pv_inv, METRIC_AC_ACTIVE_POWER, -12000);
    assert_int_equal(fake_bound(fake->pv_inv, METRIC_AC_ACTIVE_POWER, -13000, 0, 60), 0);
    assert_int_equal(fake->device.n, 0); /* within: nothing is written */
    assert_int_equal(fake_bound(fake->ev_charger, METRIC_AC_ACTIVE_POWER, 0, 1000, 60), 0);
    assert_int_equal(fake->device.n, 0);
    fake_pass_ms(fake, 61000);
    assert_int_equal(fake_bound(fake->pv_inv, METRIC_AC_ACTIVE_POWER, -5000, 0, 60), 0);
    assert_told(fake, fake->pv_inv, FAKE_POWER, -5000);
    assert_int_equal(fake->pv_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_FREE);
    fake_finish_all(fake);
    fake_report_reading(fake->pv_inv, METRIC_AC_ACTIVE_POWER, -5003); /* it wavers around its limit */
    fake_report_reading(fake->pv_inv, METRIC_AC_ACTIVE_POWER, -4990);
    assert_int_equal(fake->device.n, 1);
    assert_int_equal(fake_bound(fake->pv_inv, METRIC_AC_ACTIVE_POWER, -8000, 0, 90), 0);
    assert_told(fake, fake->pv_inv, FAKE_POWER, -8000);
    fake_finish_all(fake);
    fake_pass_ms(fake, 91000);
    assert_int_equal(fake_last(fake, fake->pv_inv)->kind, FAKE_RELEASE);
}

static void limits_of_its_own_never_write_to_what_runs_free(void **state)
{
    struct fake_site *fake = *state;
    fake_report_reading(fake->pv_inv, METRIC_AC_ACTIVE_POWER, -12010);
    fake_report_momentary(fake->pv_inv, BOUNDED_ACTIVE, -12000, 0);
    assert_int_equal(fake_bound(fake->pv_inv, METRIC_AC_ACTIVE_POWER, -13000, 0, 60), 0);
    fake_report_momentary(fake->pv_inv, BOUNDED_ACTIVE, -3000, 0);
    assert_int_equal(fake->device.n, 0);
}

static void what_runs_free_beyond_its_rating_is_limited_once_a_caller_adds_bounds(void **state)
{
    struct fake_site *fake = *state;
    fake_report_reading(fake->pv_inv, METRIC_AC_ACTIVE_POWER, -16000); /* rated 15 kW */
    fake_pass_ms(fake, 5000);
    assert_int_equal(fake->device.n, 0); /* nothing is written before somebody asks */
    assert_int_equal(fake_bound(fake->pv_inv, METRIC_AC_ACTIVE_POWER, -20000, 0, 60), 0);
    fake_report_reading(fake->pv_inv, METRIC_AC_ACTIVE_POWER, -16000);
    assert_told(fake, fake->pv_inv, FAKE_POWER, -15000);
    fake_finish_all(fake);
    fake_pass_ms(fake, 61000);
    assert_int_equal(fake_last(fake, fake->pv_inv)->kind, FAKE_RELEASE);
}

static void reactive_power_has_what_active_leaves_of_the_apparent(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    set_accepted(fake, fake->bat_inv, 6000, 60);
    const struct ranges *in_force = bounds_in_force(fake->bat_inv, BOUNDED_REACTIVE);
    assert_true(in_force->items[0].lower == -8000 && in_force->items[0].upper == 8000);
    assert_int_equal(fake_set_reactive(fake->bat_inv, 8001, 60, &answer), -UGRPC_OUT_OF_RANGE);
    assert_non_null(strstr(answer.st.message, "8001 VAr"));
    assert_int_equal(fake_set_reactive(fake->bat_inv, 8000, 60, &answer), 0);
    assert_int_equal(fake_last(fake, fake->bat_inv)->axis, AXIS_REACTIVE);
}

static void active_power_is_never_refused_because_of_reactive_but_shrinks_it(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    assert_int_equal(fake_set_reactive(fake->bat_inv, 8000, 60, &answer), 0);
    fake_finish_all(fake);
    set_accepted(fake, fake->bat_inv, 8000, 10);
    const struct setpoint *reactive = &fake->bat_inv->setpoints[AXIS_REACTIVE];
    assert_true(reactive->applied == 6000);
    assert_true(reactive->requested == 8000);
    assert_int_equal(reactive->mode, SETPOINT_ACTIVE);
    fake_finish_all(fake);
    fake_pass_ms(fake, 10100); /* active ends: reactive returns, with its own lifetime */
    fake_finish_all(fake);
    assert_true(reactive->applied == 8000);
    fake_pass_ms(fake, 50000);
    assert_int_equal(reactive->mode, SETPOINT_ZERO);
}

/* ---- waking ----------------------------------------------------------------------------------------- */

static void a_set_point_wakes_from_standby_and_is_applied_when_ready(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_STANDBY));
    assert_int_equal(fake_set(fake->bat_inv, 5000, 60, &answer), 0);
    assert_int_equal(fake_last(fake, fake->bat_inv)->kind, FAKE_START);
    timers_run(&fake->timers);
    assert_int_equal(answer.n, 1); /* at once */
    assert_int_equal(answer.st.code, UGRPC_OK);
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_SWITCHING_ON));
    assert_int_equal(fake_count(fake, fake->bat_inv, FAKE_POWER), 0);
    fake_finish(fake_last(fake, fake->bat_inv), UGRPC_OK);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 5000);
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_READY));
    fake_finish_all(fake);
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_CHARGING));
    assert_int_equal(fake_count(fake, fake->bat_inv, FAKE_POWER), 1);
}

static void a_failed_wake_drops_the_set_point_with_an_event(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_STANDBY));
    assert_int_equal(fake_set(fake->bat_inv, 5000, 60, &answer), 0);
    fake_finish(fake_last(fake, fake->bat_inv), UGRPC_INTERNAL);
    assert_int_equal(fake->events[EVENT_SETPOINT_DROPPED], 1);
    assert_int_equal(fake->bat_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_ZERO);
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_STANDBY));
    assert_int_equal(fake_count(fake, fake->bat_inv, FAKE_POWER), 0);
}

static void a_set_point_that_waits_is_dropped_by_standby_and_stop(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer set, run;
    enum lifecycle_action actions[] = {LIFECYCLE_STANDBY, LIFECYCLE_STOP};
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        fake_report_state(fake->bat_inv, STATE_BIT(STATE_STANDBY));
        assert_int_equal(fake_set(fake->bat_inv, 5000, 60, &set), 0);
        struct fake_order *wake = fake_last(fake, fake->bat_inv);
        assert_int_equal(fake_run(fake->bat_inv, actions[i], &run), 0);
        fake_finish(wake, UGRPC_ABORTED);
        fake_finish_all(fake);
        assert_int_equal(run.st.code, UGRPC_OK);
        assert_int_equal(fake->bat_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_ZERO);
    }
    assert_int_equal(fake->events[EVENT_SETPOINT_DROPPED], 2);
    assert_int_equal(fake_count(fake, fake->bat_inv, FAKE_POWER), 0);
}

static void reactive_power_does_not_wake_from_standby(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_STANDBY));
    assert_int_equal(fake_set_reactive(fake->bat_inv, 0, 60, &answer), -UGRPC_FAILED_PRECONDITION);
    assert_int_equal(fake->device.n, 0);
}

static void a_set_point_while_switching_on_waits_for_ready(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_SWITCHING_ON));
    assert_int_equal(fake_set(fake->bat_inv, 5000, 60, &answer), 0);
    assert_int_equal(fake->device.n, 0);
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_READY));
    assert_told(fake, fake->bat_inv, FAKE_POWER, 5000);
}

static void a_waiting_set_point_ends_with_its_lifetime(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_STANDBY));
    assert_int_equal(fake_set(fake->bat_inv, 5000, 10, &answer), 0);
    fake_pass_ms(fake, 10100);
    fake_finish(fake_last(fake, fake->bat_inv), UGRPC_OK);
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_READY));
    assert_told(fake, fake->bat_inv, FAKE_POWER, 0);
}

/* ---- errors and the end ----------------------------------------------------------------------------- */

static void an_error_drops_both_axes(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    set_accepted(fake, fake->bat_inv, 3000, 60);
    assert_int_equal(fake_set_reactive(fake->bat_inv, 2000, 60, &answer), 0);
    fake_finish_all(fake);
    fake_report_error(fake->bat_inv, ERROR_OVERVOLTAGE, false);
    assert_int_equal(fake->events[EVENT_SETPOINT_DROPPED], 2);
    assert_int_equal(fake->bat_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_ZERO);
    assert_int_equal(fake->bat_inv->setpoints[AXIS_REACTIVE].mode, SETPOINT_ZERO);
    fake_finish_all(fake);
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_READY));
    assert_told(fake, fake->bat_inv, FAKE_POWER, 0);
}

static void an_error_or_a_switch_off_writes_nothing_to_what_was_never_commanded(void **state)
{
    struct fake_site *fake = *state;
    fake_report_error(fake->pv_inv, ERROR_OVERVOLTAGE, false);
    fake_report_state(fake->pv_inv, STATE_BIT(STATE_OFF));
    fake_report_state(fake->pv_inv, STATE_BIT(STATE_READY));
    assert_int_equal(fake->device.n, 0);
    assert_int_equal(fake->pv_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_FREE);
}

static void on_zeroed(void *userdata)
{
    ++*(int *)userdata;
}

static void the_end_of_the_gateway_brings_what_it_commanded_to_0(void **state)
{
    struct fake_site *fake = *state;
    int zeroed = 0;
    set_accepted(fake, fake->bat_inv, 3000, 60);
    set_accepted(fake, fake->ev_charger, 0, 60);
    command_zero_all(fake->site, on_zeroed, &zeroed);
    timers_run(&fake->timers);
    assert_int_equal(zeroed, 0);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 0);
    assert_int_equal(fake_unanswered(fake), 1); /* not what stands at 0, nor what was never commanded */
    fake_finish(fake_last(fake, fake->bat_inv), UGRPC_INTERNAL);
    timers_run(&fake->timers);
    assert_int_equal(zeroed, 1);
    assert_int_equal(command_count_zeroed(fake->site), 0); /* its device has refused */
}

static void the_end_of_the_gateway_leaves_devices_that_revert_by_themselves(void **state)
{
    struct fake_site *fake = *state;
    int zeroed = 0;
    set_accepted(fake, fake->bat_inv, 3000, 60);
    fake->device.reverts = true;
    command_zero_all(fake->site, on_zeroed, &zeroed);
    assert_int_equal(zeroed, 0); /* never before it returned */
    timers_run(&fake->timers);
    assert_int_equal(zeroed, 1);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 3000);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(nothing_is_written_before_the_first_command),
        test(a_set_point_is_answered_when_the_device_accepted_it),
        test(after_its_lifetime_a_set_point_falls_back_to_0),
        test(with_on_expiry_release_it_runs_free_again),
        test(a_newer_command_replaces_the_older_and_its_lifetime),
        test(a_shorter_newer_command_also_replaces_the_lifetime),
        test(an_expiry_never_touches_a_newer_command),
        test(a_late_answer_to_an_old_command_does_not_bring_it_back),
        test(a_late_failure_of_an_old_command_does_not_touch_the_newer),
        test(a_refused_command_leaves_what_was_before),
        test(a_refused_first_command_leaves_the_component_free),
        test(a_fall_to_0_that_the_device_refused_is_tried_again),
        test(what_a_component_forgot_while_offline_is_told_again),
        test(a_set_point_ends_also_while_its_component_is_offline),
        test(a_value_outside_names_value_bounds_reason_and_nearest),
        test(a_wrong_sign_is_out_of_range),
        test(a_value_between_two_ranges_is_told_both_neighbours),
        test(zero_is_always_within_bounds),
        test(the_battery_is_named_when_its_state_of_charge_refuses),
        test(power_is_floored_to_the_resolution_after_the_range_check),
        test(every_published_bound_passes_the_range_check),
        test(a_published_bound_passes_also_where_float32_cannot_hold_the_step),
        test(a_component_that_takes_no_set_points_is_unimplemented),
        test(an_offline_component_is_unavailable_before_anything_of_its_state),
        test(in_error_or_off_any_set_point_is_refused_even_0),
        test(a_non_zero_set_point_behind_an_open_relay_names_the_relay),
        test(the_applied_value_follows_the_bounds_and_returns),
        test(what_would_do_more_than_it_may_is_stopped),
        test(what_runs_free_outside_added_bounds_is_limited_until_they_end),
        test(limits_of_its_own_never_write_to_what_runs_free),
        test(what_runs_free_beyond_its_rating_is_limited_once_a_caller_adds_bounds),
        test(reactive_power_has_what_active_leaves_of_the_apparent),
        test(active_power_is_never_refused_because_of_reactive_but_shrinks_it),
        test(a_set_point_wakes_from_standby_and_is_applied_when_ready),
        test(a_failed_wake_drops_the_set_point_with_an_event),
        test(a_set_point_that_waits_is_dropped_by_standby_and_stop),
        test(reactive_power_does_not_wake_from_standby),
        test(a_set_point_while_switching_on_waits_for_ready),
        test(a_waiting_set_point_ends_with_its_lifetime),
        test(an_error_drops_both_axes),
        test(an_error_or_a_switch_off_writes_nothing_to_what_was_never_commanded),
        test(the_end_of_the_gateway_brings_what_it_commanded_to_0),
        test(the_end_of_the_gateway_leaves_devices_that_revert_by_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
