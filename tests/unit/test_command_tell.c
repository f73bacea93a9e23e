/* SPDX-License-Identifier: MIT */
/* What people read of set-points: every change of what is applied, and which limit is behind it. */
#include "unit.h"

#include <math.h>
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

static void set_accepted(struct fake_site *fake, struct component *component, double power_w)
{
    struct fake_answer answer;
    assert_int_equal(fake_set(component, power_w, 60, &answer), 0);
    fake_finish_all(fake);
    assert_int_equal(answer.n, 1);
    assert_int_equal(answer.st.code, UGRPC_OK);
}

static void assert_said(const struct fake_site *fake, enum event_kind kind, const char *text)
{
    assert_int_equal(fake->last_event.kind, kind);
    assert_string_equal(fake->event_text, text);
}

/* The battery's limit moves what its inverter may do. */
static void allow(struct fake_site *fake, double charge_w)
{
    fake_report_momentary(fake->battery, BOUNDED_DC_POWER, -20000, charge_w);
    fake_finish_all(fake);
}

static void what_is_asked_and_applied_is_one_value(void **state)
{
    struct fake_site *fake = *state;
    set_accepted(fake, fake->bat_inv, -5000);
    assert_said(fake, EVENT_SETPOINT_ACCEPTED, "discharge, -5000 W for 60 s, from a");
}

static void what_steps_leave_of_a_set_point_is_told(void **state)
{
    struct fake_site *fake = *state;
    fake->bat_inv->spec.resolution = 88;
    set_accepted(fake, fake->bat_inv, -200);
    assert_said(
        fake, EVENT_SETPOINT_ACCEPTED, "discharge, -176 W of -200 W (steps of 88 W) for 60 s, from a");
}

static void less_than_it_takes_to_run_is_accepted_and_told(void **state)
{
    struct fake_site *fake = *state;
    fake->ev_charger->spec.least_w = 4140;
    set_accepted(fake, fake->ev_charger, 500);
    assert_said(
        fake, EVENT_SETPOINT_ACCEPTED, "charge, +500 W (it runs with 4140 W at least) for 60 s, from a");
    set_accepted(fake, fake->ev_charger, 0);
    assert_said(fake, EVENT_SETPOINT_ACCEPTED, "0 W for 60 s, from a");
    set_accepted(fake, fake->ev_charger, 4140);
    assert_said(fake, EVENT_SETPOINT_ACCEPTED, "charge, +4140 W for 60 s, from a");
}

static void bounds_that_leave_less_than_it_takes_to_run_are_told(void **state)
{
    struct fake_site *fake = *state;
    fake->ev_charger->spec.least_w = 4140;
    set_accepted(fake, fake->ev_charger, 11000);
    assert_int_equal(fake_bound(fake->ev_charger, METRIC_AC_ACTIVE_POWER, 0, 4000, 60), 0);
    assert_string_equal(fake->texts[EVENT_SETPOINT_MOVED],
        "now 0 W of +11000 W (added bounds) (it runs with 4140 W at least)");
}

static void what_bounds_take_and_give_back_is_told(void **state)
{
    struct fake_site *fake = *state;
    set_accepted(fake, fake->bat_inv, 5000);
    allow(fake, 3000);
    assert_said(fake, EVENT_SETPOINT_MOVED, "now +3000 W of +5000 W (battery (5): what it allows now)");
    allow(fake, 2000);
    assert_said(fake, EVENT_SETPOINT_MOVED, "now +2000 W of +5000 W (battery (5): what it allows now)");
    allow(fake, 20000);
    assert_said(fake, EVENT_SETPOINT_MOVED, "now +5000 W, as asked");
    assert_int_equal(fake->events[EVENT_SETPOINT_MOVED], 3);
}

static void a_relay_that_opens_and_closes_is_told(void **state)
{
    struct fake_site *fake = *state;
    set_accepted(fake, fake->relay_inv, 5000);
    fake_report_state(fake->relay, STATE_BIT(STATE_OFF) | STATE_BIT(STATE_RELAY_OPEN));
    assert_said(fake, EVENT_SETPOINT_MOVED, "now 0 W of +5000 W (relay (14) is open)");
    fake_finish_all(fake);
    fake_report_state(fake->relay, STATE_BIT(STATE_READY) | STATE_BIT(STATE_RELAY_CLOSED));
    assert_said(fake, EVENT_SETPOINT_MOVED, "now +5000 W, as asked");
}

static void what_waits_and_is_applied_otherwise_is_told_when_it_wakes(void **state)
{
    struct fake_site *fake = *state;
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_STANDBY));
    struct fake_answer answer;
    assert_int_equal(fake_set(fake->bat_inv, 5000, 60, &answer), 0);
    allow(fake, 3000); /* and the start is done */
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_READY));
    assert_said(fake, EVENT_SETPOINT_MOVED, "now +3000 W of +5000 W (battery (5): what it allows now)");
}

static void what_comes_back_from_offline_is_told_only_if_it_is_applied_otherwise(void **state)
{
    struct fake_site *fake = *state;
    set_accepted(fake, fake->bat_inv, 5000);
    size_t told = fake_count(fake, fake->bat_inv, FAKE_POWER);
    fake_silence_ms(fake, 5000);
    fake_report_state(fake->battery, STATE_BIT(STATE_READY) | STATE_BIT(STATE_RELAY_CLOSED));
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_READY));
    fake_finish_all(fake);
    assert_int_equal(fake_count(fake, fake->bat_inv, FAKE_POWER), told + 1); /* once more, the same */
    assert_int_equal(fake->events[EVENT_SETPOINT_MOVED], 0);
    fake_silence_ms(fake, 5000);
    allow(fake, 3000);
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_READY));
    assert_said(fake, EVENT_SETPOINT_MOVED, "now +3000 W of +5000 W (battery (5): what it allows now)");
}

static void while_the_device_has_not_answered_nothing_is_told_but_its_answer(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    assert_int_equal(fake_set(fake->bat_inv, 5000, 60, &answer), 0);
    fake_report_momentary(fake->battery, BOUNDED_DC_POWER, -20000, 3000);
    assert_int_equal(fake->events[EVENT_SETPOINT_MOVED], 0);
    fake_finish_all(fake);
    assert_said(fake, EVENT_SETPOINT_ACCEPTED,
        "charge, +3000 W of +5000 W (battery (5): what it allows now) for 60 s, from a");
    assert_int_equal(fake->events[EVENT_SETPOINT_MOVED], 0);
}

static void axes_are_told_apart(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    assert_int_equal(fake_set_reactive(fake->bat_inv, 8000, 60, &answer), 0);
    fake_finish_all(fake);
    assert_int_equal(fake->last_event.axis, AXIS_REACTIVE);
    set_accepted(fake, fake->bat_inv, 8000);
    assert_int_equal(fake->last_event.axis, AXIS_ACTIVE);
    assert_int_equal(fake->events[EVENT_SETPOINT_MOVED], 1); /* of the other, which makes room */
}

static void a_refusal_names_the_limit_that_is_behind_it(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    fake_report_momentary(fake->pv_inv, BOUNDED_ACTIVE, -1400, 0);
    assert_int_equal(fake_set(fake->pv_inv, -1433, 60, &answer), -UGRPC_OUT_OF_RANGE);
    assert_string_equal(answer.st.message,
        "pv_inv (9): -1433 W is outside -1400 ... 0 W (irradiance or temperature now); nearest allowed: -1400 W");
    assert_int_equal(fake_set(fake->pv_inv, 500, 60, &answer), -UGRPC_OUT_OF_RANGE);
    assert_string_equal(answer.st.message,
        "pv_inv (9): 500 W is outside -1400 ... 0 W (rated -15000 ... 0 W); nearest allowed: 0 W");
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(what_is_asked_and_applied_is_one_value),
        test(what_steps_leave_of_a_set_point_is_told),
        test(less_than_it_takes_to_run_is_accepted_and_told),
        test(bounds_that_leave_less_than_it_takes_to_run_are_told),
        test(what_bounds_take_and_give_back_is_told),
        test(a_relay_that_opens_and_closes_is_told),
        test(what_waits_and_is_applied_otherwise_is_told_when_it_wakes),
        test(what_comes_back_from_offline_is_told_only_if_it_is_applied_otherwise),
        test(while_the_device_has_not_answered_nothing_is_told_but_its_answer),
        test(axes_are_told_apart),
        test(a_refusal_names_the_limit_that_is_behind_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
