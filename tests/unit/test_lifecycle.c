/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "fake_site.h"
#include "model/waiters.h"

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

static void run_ok(struct fake_site *fake, struct component *component, enum lifecycle_action action)
{
    struct fake_answer answer;
    assert_int_equal(fake_run(component, action, &answer), 0);
    fake_finish_all(fake);
    timers_run(&fake->timers);
    assert_int_equal(answer.n, 1);
    assert_int_equal(answer.st.code, UGRPC_OK);
}

static void who_accepts_what_is_the_contracts_table(void **state)
{
    struct fake_site *fake = *state;
    for (int type = 0; type < COMPONENT_TYPE_COUNT; type++) {
        struct component component = {.spec.type = (enum component_type)type};
        bool inverter = type == COMPONENT_BATTERY_INVERTER || type == COMPONENT_PV_INVERTER ||
                        type == COMPONENT_HYBRID_INVERTER;
        bool relays = type == COMPONENT_BATTERY || type == COMPONENT_RELAY || type == COMPONENT_PRECHARGER;
        bool plant = type == COMPONENT_EV_CHARGER || type == COMPONENT_ELECTROLYZER ||
                     type == COMPONENT_CHP || type == COMPONENT_WIND_TURBINE;
        assert_int_equal(lifecycle_accepts(&component, LIFECYCLE_START), inverter || relays);
        assert_int_equal(lifecycle_accepts(&component, LIFECYCLE_STOP), inverter || relays);
        assert_int_equal(lifecycle_accepts(&component, LIFECYCLE_STANDBY), inverter);
        assert_true(lifecycle_accepts(&component, LIFECYCLE_ACK));
        assert_int_equal(component_takes_power(&component, AXIS_ACTIVE), inverter || plant);
        assert_int_equal(
            component_takes_power(&component, AXIS_REACTIVE), inverter || type == COMPONENT_CAPACITOR_BANK);
        assert_int_equal(component_takes_bounds(&component, BOUNDED_SOC), type == COMPONENT_BATTERY);
        assert_int_equal(component_takes_bounds(&component, BOUNDED_DC_POWER), type == COMPONENT_BATTERY);
    }
    struct fake_answer answer;
    assert_int_equal(fake_run(fake->meter, LIFECYCLE_START, &answer), -UGRPC_UNIMPLEMENTED);
    assert_int_equal(fake_run(fake->battery, LIFECYCLE_STANDBY, &answer), -UGRPC_UNIMPLEMENTED);
}

static void a_start_is_answered_when_the_sequence_ended(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_OFF));
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_START, &answer), 0);
    fake_pass_ms(fake, 20000);
    assert_int_equal(answer.n, 0);
    fake_finish(fake_last(fake, fake->bat_inv), UGRPC_OK);
    timers_run(&fake->timers);
    assert_int_equal(answer.n, 1);
    assert_int_equal(answer.st.code, UGRPC_OK);
}

static void the_same_action_joins_the_running_one(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer first, second;
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_STOP, &first), 0);
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_STOP, &second), 0);
    assert_int_equal(fake_count(fake, fake->bat_inv, FAKE_STOP), 1);
    fake_finish_all(fake);
    timers_run(&fake->timers);
    assert_int_equal(first.n, 1);
    assert_int_equal(second.n, 1);
    assert_int_equal(second.st.code, UGRPC_OK);
}

static void another_action_replaces_the_running_one(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer stop, start;
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_STOP, &stop), 0);
    struct fake_order *stop_order = fake_last(fake, fake->bat_inv);
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_START, &start), 0);
    assert_int_equal(stop.n, 0);
    timers_run(&fake->timers);
    assert_int_equal(stop.n, 1);
    assert_int_equal(stop.st.code, UGRPC_ABORTED);
    assert_string_equal(stop.st.message, "bat_inv (4): stop was replaced by start");
    fake_finish(stop_order, UGRPC_ABORTED); /* the driver's own word on it changes nothing */
    assert_int_equal(start.n, 0);
    fake_finish_all(fake);
    timers_run(&fake->timers);
    assert_int_equal(start.st.code, UGRPC_OK);
    assert_int_equal(stop.n, 1);
}

static void after_30_s_the_step_is_named(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer, again;
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_STOP, &answer), 0);
    fake_pass_ms(fake, 29000);
    assert_int_equal(answer.n, 0);
    fake_pass_ms(fake, 2000);
    assert_int_equal(answer.n, 1);
    assert_int_equal(answer.st.code, UGRPC_UNAVAILABLE);
    assert_non_null(strstr(answer.st.message, "closing AC relays"));
    struct fake_order *late = fake_last(fake, fake->bat_inv);
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_STOP, &again), 0); /* a new one, it joins nothing */
    fake_finish(late, UGRPC_OK);
    assert_int_equal(answer.n, 1);
    assert_int_equal(again.n, 0);
    fake_finish_all(fake);
    timers_run(&fake->timers);
    assert_int_equal(again.n, 1);
}

static void what_the_device_says_is_the_answer(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_START, &answer), 0);
    fake_finish(fake_last(fake, fake->bat_inv), UGRPC_INTERNAL);
    timers_run(&fake->timers);
    assert_int_equal(answer.st.code, UGRPC_INTERNAL);
    assert_string_equal(answer.st.message, "the fake device says no");
}

static void with_an_error_standing_a_start_says_whether_ack_helps(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    fake_report_error(fake->bat_inv, ERROR_OVERVOLTAGE, false);
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_START, &answer), -UGRPC_FAILED_PRECONDITION);
    assert_non_null(strstr(answer.st.message, "(overvoltage); acknowledge the error first"));
    fake_report_error(fake->bat_inv, ERROR_FUSE_ERROR, true);
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_START, &answer), -UGRPC_FAILED_PRECONDITION);
    assert_non_null(strstr(answer.st.message, "does not help"));
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_STANDBY, &answer), -UGRPC_FAILED_PRECONDITION);
    assert_int_equal(fake->device.n, 0);
}

static void an_offline_component_is_unavailable_for_every_action(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    fake_silence_ms(fake, 5000);
    for (int action = LIFECYCLE_START; action <= LIFECYCLE_ACK; action++) {
        assert_int_equal(fake_run(fake->bat_inv, (enum lifecycle_action)action, &answer), -UGRPC_UNAVAILABLE);
    }
    assert_int_equal(fake_run(fake->meter, LIFECYCLE_START, &answer), -UGRPC_UNIMPLEMENTED);
}

static void start_standby_and_stop_drop_both_set_points(void **state)
{
    struct fake_site *fake = *state;
    for (int action = LIFECYCLE_START; action <= LIFECYCLE_STOP; action++) {
        struct fake_answer active, reactive;
        fake_report_state(fake->bat_inv, STATE_BIT(STATE_READY));
        assert_int_equal(fake_set(fake->bat_inv, 1000, 60, &active), 0);
        assert_int_equal(fake_set_reactive(fake->bat_inv, 500, 60, &reactive), 0);
        fake_finish_all(fake);
        run_ok(fake, fake->bat_inv, (enum lifecycle_action)action);
        for (int axis = 0; axis < AXIS_COUNT; axis++) {
            assert_int_equal(fake->bat_inv->setpoints[axis].mode, SETPOINT_ZERO);
            assert_true(fake->bat_inv->setpoints[axis].applied == 0);
        }
        assert_int_equal(fake->events[EVENT_SETPOINT_DROPPED], 2 * (action + 1));
    }
}

static void a_refused_action_drops_nothing(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer set, stop;
    assert_int_equal(fake_set(fake->bat_inv, 1000, 60, &set), 0);
    fake_finish_all(fake);
    assert_int_equal(fake_run(fake->battery, LIFECYCLE_STOP, &stop), -UGRPC_FAILED_PRECONDITION);
    assert_int_equal(fake->bat_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_ACTIVE);
}

static void a_component_that_was_started_is_held_at_0(void **state)
{
    struct fake_site *fake = *state;
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_OFF));
    run_ok(fake, fake->bat_inv, LIFECYCLE_START);
    assert_int_equal(fake_count(fake, fake->bat_inv, FAKE_POWER), 0); /* not while it switches */
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_READY));
    assert_int_equal(fake_count(fake, fake->bat_inv, FAKE_POWER), 2); /* both axes */
    assert_true(fake_last(fake, fake->bat_inv)->power == 0);
}

static void with_on_expiry_release_a_started_component_runs_free(void **state)
{
    struct fake_site *fake = *state;
    fake->pv_inv->spec.on_expiry = ON_EXPIRY_RELEASE;
    run_ok(fake, fake->pv_inv, LIFECYCLE_START);
    fake_report_state(fake->pv_inv, STATE_BIT(STATE_READY));
    assert_int_equal(fake->pv_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_FREE);
    assert_int_equal(fake_count(fake, fake->pv_inv, FAKE_POWER), 0);
}

/* The sequence itself may set anything, and last. */
static void nothing_is_told_while_a_sequence_runs(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_OFF));
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_START, &answer), 0);
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_READY)); /* before its end */
    assert_int_equal(fake_count(fake, fake->bat_inv, FAKE_POWER), 0);
    fake_finish(fake_last(fake, fake->bat_inv), UGRPC_OK);
    assert_int_equal(fake_count(fake, fake->bat_inv, FAKE_POWER), 2); /* both axes */
    assert_true(fake_last(fake, fake->bat_inv)->power == 0);
}

/* Whatever is held after an acknowledgement or a start, it is not what runs free. */
static void with_on_expiry_release_it_is_released_after_an_acknowledgement_and_a_start(void **state)
{
    struct fake_site *fake = *state;
    struct component *both[] = {fake->pv_inv, fake->ev_charger};
    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        both[i]->spec.on_expiry = ON_EXPIRY_RELEASE;
        fake_report_error(both[i], ERROR_OVERVOLTAGE, false);
        run_ok(fake, both[i], LIFECYCLE_ACK);
    }
    assert_int_equal(fake_count(fake, fake->pv_inv, FAKE_RELEASE), 0); /* not while the error still shows */
    fake_report_state(fake->ev_charger, STATE_BIT(STATE_READY));
    assert_int_equal(fake_count(fake, fake->ev_charger, FAKE_RELEASE), 1); /* it has but one axis */
    fake_report_state(fake->pv_inv, STATE_BIT(STATE_STANDBY));
    assert_int_equal(fake_count(fake, fake->pv_inv, FAKE_RELEASE), 0);
    run_ok(fake, fake->pv_inv, LIFECYCLE_START);
    fake_report_state(fake->pv_inv, STATE_BIT(STATE_READY));
    assert_int_equal(fake_count(fake, fake->pv_inv, FAKE_RELEASE), 2);
    assert_int_equal(fake->pv_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_FREE);
    fake_finish_all(fake);
    fake_pass_ms(fake, 5000);
    assert_int_equal(fake_count(fake, fake->pv_inv, FAKE_RELEASE), 2);
    assert_int_equal(fake_count(fake, fake->pv_inv, FAKE_POWER), 0);
}

static void with_on_expiry_zero_it_is_held_at_0_after_an_acknowledgement(void **state)
{
    struct fake_site *fake = *state;
    fake_report_error(fake->ev_charger, ERROR_OVERVOLTAGE, false);
    run_ok(fake, fake->ev_charger, LIFECYCLE_ACK);
    fake_report_state(fake->ev_charger, STATE_BIT(STATE_READY));
    assert_int_equal(fake->ev_charger->setpoints[AXIS_ACTIVE].mode, SETPOINT_ZERO);
    assert_int_equal(fake_last(fake, fake->ev_charger)->kind, FAKE_POWER);
    assert_true(fake_last(fake, fake->ev_charger)->power == 0);
}

static void an_acknowledgement_that_failed_leaves_what_was_never_commanded_free(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    fake_report_error(fake->ev_charger, ERROR_OVERVOLTAGE, false);
    assert_int_equal(fake_run(fake->ev_charger, LIFECYCLE_ACK, &answer), 0);
    fake_finish(fake_last(fake, fake->ev_charger), UGRPC_INTERNAL);
    fake_report_state(fake->ev_charger, STATE_BIT(STATE_READY));
    assert_int_equal(fake->ev_charger->setpoints[AXIS_ACTIVE].mode, SETPOINT_FREE);
    assert_int_equal(fake_count(fake, fake->ev_charger, FAKE_POWER), 0);
}

static void a_set_point_that_came_before_the_acknowledgement_ended_is_told_again(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer ack, set;
    fake_report_error(fake->bat_inv, ERROR_OVERVOLTAGE, false);
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_ACK, &ack), 0);
    struct fake_order *order = fake_last(fake, fake->bat_inv);
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_READY)); /* the device was faster than its answer */
    assert_int_equal(fake_set(fake->bat_inv, 700, 60, &set), 0);
    fake_finish(fake_last(fake, fake->bat_inv), UGRPC_OK);
    fake_finish(order, UGRPC_OK);
    assert_int_equal(fake->bat_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_ACTIVE);
    size_t told = 0;
    for (size_t i = 0; i < fake->device.n; i++) {
        told += fake->device.orders[i].kind == FAKE_POWER && fake->device.orders[i].power == 700;
    }
    assert_int_equal(told, 2);
    assert_int_equal(fake->bat_inv->setpoints[AXIS_REACTIVE].mode, SETPOINT_ZERO);
}

static void a_wake_for_active_power_writes_nothing_to_an_axis_that_was_never_commanded(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_STANDBY));
    assert_int_equal(fake_set(fake->bat_inv, 700, 60, &answer), 0);
    fake_finish_all(fake);
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_READY));
    fake_finish_all(fake);
    assert_int_equal(fake->bat_inv->setpoints[AXIS_REACTIVE].mode, SETPOINT_FREE);
    assert_int_equal(fake_count(fake, fake->bat_inv, FAKE_POWER), 1);
}

static void set_points_are_refused_while_a_stop_runs_and_wait_while_a_start_does(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer run, set;
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_STOP, &run), 0); /* before its state shows it */
    assert_int_equal(fake_set(fake->bat_inv, 0, 60, &set), -UGRPC_FAILED_PRECONDITION);
    fake_finish_all(fake);
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_OFF));
    assert_int_equal(fake_set(fake->bat_inv, 0, 60, &set), -UGRPC_FAILED_PRECONDITION);
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_START, &run), 0);
    assert_int_equal(fake_set(fake->bat_inv, 700, 60, &set), 0);
    fake_finish(fake_last(fake, fake->bat_inv), UGRPC_OK);
    assert_true(fake_last(fake, fake->bat_inv)->power == 700);
}

static void a_battery_stops_only_without_power(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    fake_report_reading(fake->battery, METRIC_DC_POWER, 101); /* 0.5 % of 20 kW are 100 W */
    assert_int_equal(fake_run(fake->battery, LIFECYCLE_STOP, &answer), -UGRPC_FAILED_PRECONDITION);
    assert_non_null(strstr(answer.st.message, "101 W"));
    fake_report_reading(fake->battery, METRIC_DC_POWER, -101);
    assert_int_equal(fake_run(fake->battery, LIFECYCLE_STOP, &answer), -UGRPC_FAILED_PRECONDITION);
    fake_report_reading(fake->battery, METRIC_DC_POWER, 100);
    run_ok(fake, fake->battery, LIFECYCLE_STOP);
    fake->battery->spec.rated[BOUNDED_DC_POWER] = (struct range){-1000, 1000};
    fake_report_reading(fake->battery, METRIC_DC_POWER, 20); /* at least 20 W */
    run_ok(fake, fake->battery, LIFECYCLE_STOP);
    fake_report_reading(fake->battery, METRIC_DC_POWER, 21);
    assert_int_equal(fake_run(fake->battery, LIFECYCLE_STOP, &answer), -UGRPC_FAILED_PRECONDITION);
}

static void a_battery_stops_only_without_a_set_point_on_its_inverter(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    assert_int_equal(fake_set(fake->bat_inv, 1000, 60, &answer), 0);
    fake_finish_all(fake);
    assert_int_equal(fake_run(fake->battery, LIFECYCLE_STOP, &answer), -UGRPC_FAILED_PRECONDITION);
    assert_non_null(strstr(answer.st.message, "bat_inv (4) has a set-point of 1000 W"));
    assert_int_equal(fake_set(fake->bat_inv, 0, 60, &answer), 0);
    fake_finish_all(fake);
    run_ok(fake, fake->battery, LIFECYCLE_STOP);
}

static void what_is_already_done_is_success(void **state)
{
    struct fake_site *fake = *state;
    run_ok(fake, fake->battery, LIFECYCLE_START);
    fake_report_state(fake->battery, STATE_BIT(STATE_OFF) | STATE_BIT(STATE_RELAY_OPEN));
    fake_report_reading(fake->battery, METRIC_DC_POWER, 5000); /* open is open */
    run_ok(fake, fake->battery, LIFECYCLE_STOP);
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_STANDBY));
    run_ok(fake, fake->bat_inv, LIFECYCLE_STANDBY);
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_OFF));
    run_ok(fake, fake->bat_inv, LIFECYCLE_STOP);
}

static void standby_from_off_is_refused(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_OFF));
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_STANDBY, &answer), -UGRPC_FAILED_PRECONDITION);
    assert_non_null(strstr(answer.st.message, "relays are open"));
}

static void a_relay_opens_also_under_load(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    assert_int_equal(fake_set(fake->relay_inv, 5000, 60, &answer), 0);
    fake_finish_all(fake);
    run_ok(fake, fake->relay, LIFECYCLE_STOP);
}

static void ack_without_an_error_is_success_and_changes_nothing(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    assert_int_equal(fake_set(fake->bat_inv, 1000, 60, &answer), 0);
    fake_finish_all(fake);
    run_ok(fake, fake->bat_inv, LIFECYCLE_ACK);
    assert_int_equal(fake_count(fake, fake->bat_inv, FAKE_ACK), 0);
    assert_int_equal(fake->bat_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_ACTIVE);
    fake->grid->device = NULL; /* nothing behind it: nothing to fail */
    run_ok(fake, fake->grid, LIFECYCLE_ACK);
}

static void ack_clears_a_recoverable_error_through_the_driver(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer first, second;
    fake_report_error(fake->bat_inv, ERROR_OVERVOLTAGE, false);
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_ACK, &first), 0);
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_ACK, &second), 0);
    assert_int_equal(fake_count(fake, fake->bat_inv, FAKE_ACK), 1);
    fake_finish_all(fake);
    timers_run(&fake->timers);
    assert_int_equal(first.n, 1);
    assert_int_equal(second.n, 1);
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_STANDBY));
    assert_int_equal(fake->events[EVENT_ERROR_CLEARED], 1);
}

static void a_cause_that_persists_raises_its_error_again_with_the_next_sample(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    fake_report_error(fake->bat_inv, ERROR_OVERVOLTAGE, false);
    run_ok(fake, fake->bat_inv, LIFECYCLE_ACK);
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_READY));
    assert_int_equal(fake_set(fake->bat_inv, 700, 60, &answer), 0);
    fake_finish_all(fake);
    fake_report_error(fake->bat_inv, ERROR_OVERVOLTAGE, false);
    assert_int_equal(fake->events[EVENT_ERROR_RAISED], 2);
    assert_int_equal(fake->events[EVENT_SETPOINT_DROPPED], 1);
    assert_int_equal(fake_set(fake->bat_inv, 700, 60, &answer), -UGRPC_FAILED_PRECONDITION);
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_START, &answer), -UGRPC_FAILED_PRECONDITION);
    run_ok(fake, fake->bat_inv, LIFECYCLE_ACK); /* again, through the driver */
    assert_int_equal(fake_count(fake, fake->bat_inv, FAKE_ACK), 2);
}

static void ack_of_an_unrecoverable_error_is_refused(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    fake_report_error(fake->bat_inv, ERROR_FUSE_ERROR, true);
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_ACK, &answer), -UGRPC_FAILED_PRECONDITION);
    assert_non_null(strstr(answer.st.message, "fuse_error is unrecoverable"));
}

static void hardware_inaccessible_cannot_be_acknowledged(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    fake_report_error(fake->bat_inv, ERROR_HARDWARE_INACCESSIBLE, false);
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_ACK, &answer), -UGRPC_UNAVAILABLE);
}

static void all_who_joined_are_answered_in_one_turn_and_are_bounded(void **state)
{
    struct fake_site *fake = *state;
    static struct fake_answer answers[WAITERS_MAX], one_more;
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_STOP, &answers[i]), 0);
    }
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_STOP, &one_more), -UGRPC_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(one_more.st.message, "bat_inv (4)"));
    fake_finish(fake_last(fake, fake->bat_inv), UGRPC_OK);
    assert_int_equal(answers[0].n, 0);
    timers_run(&fake->timers);
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        assert_int_equal(answers[i].n, 1);
    }
}

static void ask_again(const struct ugrpc_status *st, void *userdata)
{
    struct fake_site *fake = userdata;
    assert_int_equal(lifecycle_run(fake->meter, LIFECYCLE_ACK, &fake_caller_a, ask_again, fake, NULL), 0);
}

static void what_is_asked_for_while_answers_are_given_is_answered_in_the_next_turn(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    ask_again(NULL, fake); /* for ever */
    assert_int_equal(fake_run(fake->meter, LIFECYCLE_ACK, &answer), 0);
    timers_run(&fake->timers);
    assert_int_equal(answer.n, 1);
}

static void sequences_that_a_device_never_answers_are_bounded(void **state)
{
    struct fake_site *fake = *state;
    static struct fake_answer answers[LIFECYCLE_MAX_RUNS], one_more;
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        enum lifecycle_action action = i % 2 ? LIFECYCLE_START : LIFECYCLE_STOP;
        assert_int_equal(fake_run(fake->bat_inv, action, &answers[i]), 0);
    }
    struct fake_order *newest = fake_last(fake, fake->bat_inv);
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_STOP, &one_more), -UGRPC_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(one_more.st.message, "bat_inv (4): its device fake owes"));
    fake_finish(&fake->device.orders[0], UGRPC_ABORTED); /* one answer makes room for one */
    fake_finish(newest, UGRPC_OK);
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_STOP, &one_more), 0);
    fake_finish_all(fake);
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        assert_int_equal(answers[i].n, 1);
    }
    assert_int_equal(one_more.st.code, UGRPC_OK);
}

static void a_set_point_that_could_not_wake_its_component_is_refused(void **state)
{
    struct fake_site *fake = *state;
    static struct fake_answer answers[LIFECYCLE_MAX_RUNS], set;
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_STOP, &answers[i]), 0);
        fake_pass_ms(fake, LIFECYCLE_LIMIT_S * 1000);
    }
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_STANDBY));
    assert_int_equal(fake_set(fake->bat_inv, 100, 60, &set), -UGRPC_RESOURCE_EXHAUSTED);
}

static void runs_that_never_end_are_freed_with_the_site(void **state)
{
    struct fake_site *fake = *state;
    static struct fake_answer answers[3];
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_STOP, &answers[0]), 0);
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_START, &answers[1]), 0);
    assert_int_equal(fake_set(fake->pv_inv, -100, 60, &answers[2]), 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(who_accepts_what_is_the_contracts_table),
        test(a_start_is_answered_when_the_sequence_ended),
        test(the_same_action_joins_the_running_one),
        test(another_action_replaces_the_running_one),
        test(after_30_s_the_step_is_named),
        test(what_the_device_says_is_the_answer),
        test(with_an_error_standing_a_start_says_whether_ack_helps),
        test(an_offline_component_is_unavailable_for_every_action),
        test(start_standby_and_stop_drop_both_set_points),
        test(a_refused_action_drops_nothing),
        test(a_component_that_was_started_is_held_at_0),
        test(with_on_expiry_release_a_started_component_runs_free),
        test(nothing_is_told_while_a_sequence_runs),
        test(with_on_expiry_release_it_is_released_after_an_acknowledgement_and_a_start),
        test(with_on_expiry_zero_it_is_held_at_0_after_an_acknowledgement),
        test(an_acknowledgement_that_failed_leaves_what_was_never_commanded_free),
        test(a_set_point_that_came_before_the_acknowledgement_ended_is_told_again),
        test(a_wake_for_active_power_writes_nothing_to_an_axis_that_was_never_commanded),
        test(set_points_are_refused_while_a_stop_runs_and_wait_while_a_start_does),
        test(a_battery_stops_only_without_power),
        test(a_battery_stops_only_without_a_set_point_on_its_inverter),
        test(what_is_already_done_is_success),
        test(standby_from_off_is_refused),
        test(a_relay_opens_also_under_load),
        test(ack_without_an_error_is_success_and_changes_nothing),
        test(ack_clears_a_recoverable_error_through_the_driver),
        test(a_cause_that_persists_raises_its_error_again_with_the_next_sample),
        test(ack_of_an_unrecoverable_error_is_refused),
        test(hardware_inaccessible_cannot_be_acknowledged),
        test(all_who_joined_are_answered_in_one_turn_and_are_bounded),
        test(what_is_asked_for_while_answers_are_given_is_answered_in_the_next_turn),
        test(sequences_that_a_device_never_answers_are_bounded),
        test(a_set_point_that_could_not_wake_its_component_is_refused),
        test(runs_that_never_end_are_freed_with_the_site),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
