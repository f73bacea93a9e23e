/* SPDX-License-Identifier: MIT */
/* What callers hear of their set-points when these overtake one another, and when the device is slow or
 * silent. */
#include "unit.h"

#include <string.h>

#include "fake_site.h"
#include "model/outbox.h"

#define LIMIT_MS (OUTBOX_LIMIT_S * 1000)

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

static void set(struct component *component, double power_w, struct fake_answer *answer)
{
    assert_int_equal(fake_set(component, power_w, 60, answer), 0);
}

static void set_accepted(struct fake_site *fake, struct component *component, double power_w)
{
    struct fake_answer answer;
    set(component, power_w, &answer);
    fake_finish_all(fake);
    assert_int_equal(answer.n, 1);
    assert_int_equal(answer.st.code, UGRPC_OK);
}

static void finish_last(struct fake_site *fake, const struct component *component)
{
    fake_finish(fake_last(fake, component), UGRPC_OK);
    timers_run(&fake->timers);
}

static bool was_told(const struct fake_site *fake, const struct component *component, double power_w)
{
    for (size_t i = 0; i < fake->device.n; i++) {
        const struct fake_order *order = &fake->device.orders[i];
        if (order->component == component && order->kind == FAKE_POWER && order->power == power_w) {
            return true;
        }
    }
    return false;
}

#define assert_told(fake, component, expected_kind, expected_power)                                          \
    do {                                                                                                     \
        assert_int_equal(fake_last(fake, component)->kind, expected_kind);                                   \
        assert_true(fake_last(fake, component)->power == (expected_power));                                  \
    } while (0)

#define assert_answered(answer, expected)                                                                    \
    do {                                                                                                     \
        assert_int_equal((answer)->n, 1);                                                                    \
        assert_int_equal((answer)->st.code, expected);                                                       \
    } while (0)

/* ---- overtaking ------------------------------------------------------------------------------------- */

static void of_commands_that_overtake_one_another_those_that_were_sent_are_done(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answers[50];
    for (int i = 0; i < 50; i++) {
        set(fake->bat_inv, 100 * i, &answers[i]);
    }
    timers_run(&fake->timers);
    for (int i = 1; i < 49; i++) {
        assert_answered(&answers[i], UGRPC_ABORTED);
    }
    assert_string_equal(answers[48].st.message,
        "bat_inv (4): set-point +4800 W was dropped before its device could be told: +4900 W, from a, replaced it");
    assert_int_equal(fake->device.n, 1);
    finish_last(fake, fake->bat_inv);
    assert_answered(&answers[0], UGRPC_OK);
    assert_int_equal(answers[49].n, 0);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 4900);
    finish_last(fake, fake->bat_inv);
    assert_answered(&answers[49], UGRPC_OK);
    assert_int_equal(fake->device.n, 2);
    assert_int_equal(fake->events[EVENT_SETPOINT_ACCEPTED], 1); /* the first was no longer the newest */
}

static void commands_of_the_same_value_share_one_order_and_its_answer(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer first, long_one, short_one;
    int64_t now_utc_ns = fake->clock.utc_ns;
    fake->bat_inv->spec.resolution = 88;
    set(fake->bat_inv, 880, &first);
    assert_int_equal(fake_set(fake->bat_inv, 200, 900, &long_one), 0);
    assert_int_equal(fake_set(fake->bat_inv, 190, 20, &short_one), 0); /* 176 W, too */
    finish_last(fake, fake->bat_inv);
    assert_int_equal(fake->device.n, 2);
    assert_int_equal(long_one.n + short_one.n, 0);
    finish_last(fake, fake->bat_inv);
    assert_answered(&long_one, UGRPC_OK);
    assert_answered(&short_one, UGRPC_OK);
    assert_true(long_one.until_utc_ns == now_utc_ns + 900 * NS_PER_S);
    assert_true(short_one.until_utc_ns == now_utc_ns + 20 * NS_PER_S);
    fake_pass_ms(fake, 20000); /* the newest lifetime counts */
    assert_told(fake, fake->bat_inv, FAKE_POWER, 0);
}

static void a_value_that_bounds_move_before_it_is_sent_is_still_its_callers(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer first, second;
    set(fake->bat_inv, 100, &first);
    set(fake->bat_inv, 5000, &second);
    assert_int_equal(fake_bound(fake->bat_inv, METRIC_AC_ACTIVE_POWER, -1000, 1000, 60), 0);
    finish_last(fake, fake->bat_inv);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 1000);
    finish_last(fake, fake->bat_inv);
    assert_answered(&second, UGRPC_OK);
    assert_true(fake->bat_inv->setpoints[AXIS_ACTIVE].requested == 5000);
}

static void a_command_that_a_stop_drops_before_it_was_sent_is_aborted(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer first, second, stop;
    set(fake->bat_inv, 4000, &first);
    set(fake->bat_inv, 3000, &second);
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_STOP, &stop), 0);
    assert_int_equal(second.n, 0); /* not from within the stop's own call */
    timers_run(&fake->timers);
    assert_answered(&second, UGRPC_ABORTED);
    assert_string_equal(second.st.message,
        "bat_inv (4): set-point +3000 W was dropped before its device could be told: stop");
    fake_finish_all(fake);
    assert_false(was_told(fake, fake->bat_inv, 3000));
    assert_true(was_told(fake, fake->bat_inv, 0));
    assert_answered(&first, UGRPC_OK); /* the device did take it */
    assert_int_equal(second.n, 1);
    assert_int_equal(fake->events[EVENT_SETPOINT_ACCEPTED], 0);
}

static void what_follows_from_a_drop_is_measured_by_what_was_sent(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer first, second, stop;
    set(fake->bat_inv, 0, &first);
    set(fake->bat_inv, 3000, &second);
    assert_int_equal(fake_run(fake->bat_inv, LIFECYCLE_STOP, &stop), 0);
    fake_finish_all(fake);
    assert_answered(&second, UGRPC_ABORTED);
    assert_int_equal(fake_count(fake, fake->bat_inv, FAKE_POWER), 1); /* it is told 0 already */
}

static void a_command_that_an_error_drops_before_it_was_sent_has_failed(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer first, second;
    set(fake->bat_inv, 4000, &first);
    set(fake->bat_inv, 3000, &second);
    fake_report_error(fake->bat_inv, ERROR_OVERVOLTAGE, false);
    timers_run(&fake->timers);
    assert_answered(&second, UGRPC_FAILED_PRECONDITION);
    assert_non_null(strstr(second.st.message, "overvoltage"));
    fake_finish_all(fake);
    assert_false(was_told(fake, fake->bat_inv, 3000));
    assert_told(fake, fake->bat_inv, FAKE_POWER, 0);
}

static void a_command_whose_lifetime_ends_before_it_was_sent_is_told_so(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer first, second;
    set(fake->bat_inv, 4000, &first);
    assert_int_equal(fake_set(fake->bat_inv, 3000, 10, &second), 0);
    fake_pass_ms(fake, LIMIT_MS); /* in this moment the first has failed, and the second could be sent */
    assert_answered(&first, UGRPC_UNAVAILABLE);
    timers_run(&fake->timers);
    assert_answered(&second, UGRPC_DEADLINE_EXCEEDED);
    assert_string_equal(second.st.message,
        "bat_inv (4): set-point +3000 W was dropped before its device could be told: its lifetime ended");
    assert_false(was_told(fake, fake->bat_inv, 3000));
    assert_told(fake, fake->bat_inv, FAKE_POWER, 0);
    finish_last(fake, fake->bat_inv);
    fake_pass_ms(fake, 5000);
    assert_int_equal(fake_count(fake, fake->bat_inv, FAKE_POWER), 2); /* that was all */
    assert_int_equal(fake->events[EVENT_SETPOINT_EXPIRED], 1);
    assert_int_equal(fake->events[EVENT_SETPOINT_ACCEPTED], 0);
}

static void a_command_that_must_wait_for_its_component_replaces_one_that_was_not_sent(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer first, second, third;
    set(fake->bat_inv, 4000, &first);
    set(fake->bat_inv, 3000, &second);
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_SWITCHING_ON));
    set(fake->bat_inv, 3000, &third);
    timers_run(&fake->timers);
    assert_answered(&second, UGRPC_ABORTED);
    assert_answered(&third, UGRPC_OK); /* as soon as it is ready */
    finish_last(fake, fake->bat_inv);
    assert_false(was_told(fake, fake->bat_inv, 3000));
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_READY));
    assert_told(fake, fake->bat_inv, FAKE_POWER, 3000);
}

/* ---- refusals --------------------------------------------------------------------------------------- */

static void a_refusal_brings_the_last_accepted_request_back(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer second, third;
    const struct setpoint *setpoint = &fake->bat_inv->setpoints[AXIS_ACTIVE];
    set_accepted(fake, fake->bat_inv, 5000);
    assert_int_equal(fake_set(fake->bat_inv, 4000, 20, &second), 0);
    int64_t until_ns = setpoint->until_ns;
    set(fake->bat_inv, 3000, &third);
    fake_finish(fake_last(fake, fake->bat_inv), UGRPC_OK);
    assert_answered(&second, UGRPC_OK);
    fake_finish(fake_last(fake, fake->bat_inv), UGRPC_INTERNAL);
    assert_answered(&third, UGRPC_INTERNAL);
    assert_true(setpoint->requested == 4000);
    assert_true(setpoint->until_ns == until_ns);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 4000);
}

static void a_refusal_does_not_bring_back_what_was_dropped_meanwhile(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer first, second;
    set(fake->bat_inv, 5000, &first);
    fake_report_error(fake->bat_inv, ERROR_OVERVOLTAGE, false);
    fake_finish_all(fake); /* accepted, after all, and then set to 0 */
    assert_answered(&first, UGRPC_OK);
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_READY));
    fake_finish_all(fake);
    set(fake->bat_inv, 3000, &second);
    fake_finish(fake_last(fake, fake->bat_inv), UGRPC_INTERNAL);
    assert_int_equal(fake->bat_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_ZERO);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 0);
}

/* ---- silence ---------------------------------------------------------------------------------------- */

static void a_device_that_does_not_answer_is_unavailable_and_the_next_order_goes_out(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer first, second;
    set(fake->bat_inv, 4000, &first);
    fake_pass_ms(fake, LIMIT_MS - 1000);
    set(fake->bat_inv, 3000, &second);
    assert_int_equal(first.n, 0);
    fake_pass_ms(fake, 1000);
    assert_answered(&first, UGRPC_UNAVAILABLE);
    assert_string_equal(first.st.message,
        "bat_inv (4): its device fake has not answered within 10 s; nobody knows what it does now");
    assert_told(fake, fake->bat_inv, FAKE_POWER, 3000);
    finish_last(fake, fake->bat_inv);
    assert_answered(&second, UGRPC_OK);
}

static void the_fall_to_0_reaches_a_device_that_did_not_answer_the_set_point(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    set_accepted(fake, fake->bat_inv, 5000);
    assert_int_equal(fake_set(fake->bat_inv, 4000, 10, &answer), 0); /* both end at the same time */
    fake_pass_ms(fake, LIMIT_MS);
    assert_answered(&answer, UGRPC_UNAVAILABLE);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 0);
    size_t told = fake_count(fake, fake->bat_inv, FAKE_POWER);
    fake_pass_ms(fake, LIMIT_MS + 2000); /* nor that: it is told again */
    assert_int_equal(fake_count(fake, fake->bat_inv, FAKE_POWER), told + 1);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 0);
    assert_int_equal(fake->events[EVENT_SETPOINT_FAILED], 1);
}

/* Its samples have stopped, but perhaps it still hears what it is told. */
static void the_fall_to_0_is_tried_also_when_nobody_knows_what_a_silent_device_holds(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    assert_int_equal(fake_set(fake->bat_inv, 5000, 15, &answer), 0);
    fake_finish_all(fake);
    set(fake->bat_inv, 4000, &answer);
    fake_silence_ms(fake, LIMIT_MS + 2000);
    assert_answered(&answer, UGRPC_UNAVAILABLE);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 4000); /* offline: the 5000 W are not told again */
    fake_silence_ms(fake, 4000);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 0);

    assert_int_equal(fake_set(fake->pv_inv, -100, 60, &answer), -UGRPC_UNAVAILABLE);
    fake_report_state(fake->pv_inv, STATE_BIT(STATE_READY));
    assert_int_equal(fake_set(fake->pv_inv, -5000, 10, &answer), 0);
    fake_finish_all(fake);
    fake_silence_ms(fake, 1000);
    set(fake->pv_inv, -4000, &answer);
    fake_silence_ms(fake, LIMIT_MS); /* what was before has ended meanwhile */
    assert_answered(&answer, UGRPC_UNAVAILABLE);
    assert_told(fake, fake->pv_inv, FAKE_POWER, 0);
}

static void what_was_before_counts_again_after_a_command_without_an_answer(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    set_accepted(fake, fake->bat_inv, 5000);
    set(fake->bat_inv, 4000, &answer);
    fake_pass_ms(fake, LIMIT_MS);
    assert_answered(&answer, UGRPC_UNAVAILABLE);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 5000); /* it may have taken the other one */
    assert_true(fake->bat_inv->setpoints[AXIS_ACTIVE].requested == 5000);
}

static void an_answer_that_comes_too_late_changes_nothing(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer first, second;
    set_accepted(fake, fake->bat_inv, 5000);
    set(fake->bat_inv, 4000, &first);
    struct fake_order *lost = fake_last(fake, fake->bat_inv);
    fake_pass_ms(fake, LIMIT_MS);
    set(fake->bat_inv, 3000, &second); /* behind the 5000 W that are told again */
    fake_finish(lost, UGRPC_OK);
    assert_answered(&first, UGRPC_UNAVAILABLE);
    assert_int_equal(second.n, 0);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 5000);
    assert_true(fake->bat_inv->setpoints[AXIS_ACTIVE].requested == 3000);
    finish_last(fake, fake->bat_inv);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 3000);
    fake_finish(fake_last(fake, fake->bat_inv), UGRPC_INTERNAL);
    assert_true(fake->bat_inv->setpoints[AXIS_ACTIVE].requested == 5000); /* not the 4000 W */
}

static void nor_does_one_that_comes_when_nothing_is_under_way(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    assert_int_equal(fake_set(fake->bat_inv, 5000, 10, &answer), 0);
    fake_finish_all(fake);
    fake_silence_ms(fake, 2 * LIMIT_MS);
    struct fake_order *lost = fake_last(fake, fake->bat_inv);
    assert_true(lost->power == 0);
    assert_int_equal(fake->events[EVENT_SETPOINT_FAILED], 1);
    fake_finish(lost, UGRPC_OK);
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_READY));
    fake_finish(fake_last(fake, fake->bat_inv), UGRPC_INTERNAL); /* it is told again, and refuses */
    assert_int_equal(fake_count(fake, fake->bat_inv, FAKE_POWER), 3);
    assert_int_equal(fake->events[EVENT_SETPOINT_FAILED], 1); /* the same failure goes on */
}

static void orders_go_out_also_when_the_device_owes_very_many_answers(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    for (int i = 1; i <= 2 * OUTBOX_TICKETS; i++) {
        set(fake->pv_inv, -100 * i, &answer);
        fake_pass_ms(fake, 2 * LIMIT_MS); /* the release in between is not answered either */
        assert_answered(&answer, UGRPC_UNAVAILABLE);
        assert_true(was_told(fake, fake->pv_inv, -100 * i));
    }
    fake_finish_all(fake); /* all of it late, the newest too: nobody can tell them apart */
    fake_pass_ms(fake, 2 * LIMIT_MS);
    fake_finish_all(fake);
    set_accepted(fake, fake->pv_inv, -5000); /* as ever */
    assert_true(fake->pv_inv->setpoints[AXIS_ACTIVE].requested == -5000);
}

static void those_who_wait_behind_a_slow_device_are_bounded(void **state)
{
    struct fake_site *fake = *state;
    static struct fake_answer answers[WAITERS_MAX];
    struct fake_answer first, one_more, other;
    set(fake->bat_inv, 1000, &first);
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        set(fake->bat_inv, 2000, &answers[i]);
    }
    assert_int_equal(fake_set(fake->bat_inv, 2000, 60, &one_more), -UGRPC_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(one_more.st.message, "bat_inv (4)"));
    set(fake->bat_inv, 0, &other); /* who wants something else replaces them */
    timers_run(&fake->timers);
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        assert_answered(&answers[i], UGRPC_ABORTED);
    }
    finish_last(fake, fake->bat_inv);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 0);
}

/* ---- the end of the gateway ------------------------------------------------------------------------- */

static void on_zeroed(void *userdata)
{
    ++*(int *)userdata;
}

static void the_end_of_the_gateway_does_not_wait_for_a_silent_device(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer first, second;
    int zeroed = 0;
    set(fake->bat_inv, 4000, &first);
    set(fake->bat_inv, 3000, &second);
    command_zero_all(fake->site, on_zeroed, &zeroed);
    assert_told(fake, fake->bat_inv, FAKE_POWER, 0); /* at once */
    timers_run(&fake->timers);
    assert_answered(&first, UGRPC_UNAVAILABLE);
    assert_answered(&second, UGRPC_UNAVAILABLE);
    assert_false(was_told(fake, fake->bat_inv, 3000));
    assert_int_equal(zeroed, 0);
    fake_silence_ms(fake, LIMIT_MS);
    assert_int_equal(zeroed, 1);
}

static void the_end_of_the_gateway_counts_components_at_0_once(void **state)
{
    struct fake_site *fake = *state;
    int zeroed = 0;
    struct fake_answer answer;
    set_accepted(fake, fake->bat_inv, 3000);
    assert_int_equal(fake_set_reactive(fake->bat_inv, 500, 60, &answer), 0);
    fake_finish_all(fake);
    set_accepted(fake, fake->pv_inv, -1000);
    set_accepted(fake, fake->ev_charger, 0);
    assert_int_equal(command_count_zeroed(fake->site), 0);
    command_zero_all(fake->site, on_zeroed, &zeroed);
    fake_finish_all(fake);
    timers_run(&fake->timers);
    assert_int_equal(zeroed, 1);
    assert_int_equal(command_count_zeroed(fake->site), 2); /* what stands at 0 is left there */
}

static void the_end_of_the_gateway_releases_what_it_may_still_hold(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    int zeroed = 0;
    set(fake->pv_inv, -4000, &answer);
    fake_pass_ms(fake, 2 * LIMIT_MS); /* neither this nor the release after it is answered */
    assert_int_equal(fake_count(fake, fake->pv_inv, FAKE_RELEASE), 1);
    command_zero_all(fake->site, on_zeroed, &zeroed);
    assert_int_equal(fake_count(fake, fake->pv_inv, FAKE_RELEASE), 2);
    finish_last(fake, fake->pv_inv);
    assert_int_equal(zeroed, 1);
}

/* ---- two axes that end together --------------------------------------------------------------------- */

/* How often the device was told so much reactive power. */
static int count_reactive(const struct fake_site *fake, double power_var)
{
    int count = 0;
    for (size_t i = 0; i < fake->device.n; i++) {
        const struct fake_order *order = &fake->device.orders[i];
        count += order->kind == FAKE_POWER && order->axis == AXIS_REACTIVE && order->power == power_var;
    }
    return count;
}

/* 8000 W and, of 9000 VAr, the 6000 that these leave room for. */
static void set_both(struct fake_site *fake)
{
    struct fake_answer answer;
    const struct range less = {-1000, 1000};
    int64_t until_utc_ns;
    set_accepted(fake, fake->bat_inv, 8000);
    assert_int_equal(fake_add_bounds(fake->battery, METRIC_DC_POWER, &fake_caller_a, "t", &less, 1, 60,
                         &until_utc_ns, NULL),
        0);
    fake_finish_all(fake);
    assert_int_equal(fake_set_reactive(fake->bat_inv, 9000, 60, &answer), 0);
    fake_finish_all(fake);
    assert_int_equal(bounds_clear(fake->battery, &fake_caller_a, METRIC_DC_POWER, "t", NULL), 0);
    fake_finish_all(fake);
    assert_true(fake->bat_inv->setpoints[AXIS_REACTIVE].applied == 6000);
    assert_int_equal(count_reactive(fake, 9000), 1);
}

static void what_ends_now_is_not_sent_once_more(void **state)
{
    struct fake_site *fake = *state;
    set_both(fake);
    fake_pass_ms(fake, 60000); /* 0 W first, beside which there is room for 9000 VAr */
    assert_int_equal(count_reactive(fake, 9000), 1);
    assert_int_equal(count_reactive(fake, 0), 1);
}

static void the_end_of_the_gateway_moves_no_reactive_power_before_its_0(void **state)
{
    struct fake_site *fake = *state;
    int zeroed = 0;
    set_both(fake);
    command_zero_all(fake->site, on_zeroed, &zeroed);
    fake_finish_all(fake);
    assert_int_equal(zeroed, 1);
    assert_int_equal(count_reactive(fake, 9000), 1);
    assert_int_equal(count_reactive(fake, 0), 1);
}

static void the_end_of_the_gateway_limits_nothing_anew(void **state)
{
    struct fake_site *fake = *state;
    int zeroed = 0;
    fake_report_reading(fake->pv_inv, METRIC_AC_ACTIVE_POWER, -8000);
    assert_int_equal(fake_bound(fake->pv_inv, METRIC_AC_ACTIVE_POWER, -5000, 0, 60), 0);
    fake_finish_all(fake);
    assert_true(fake_last(fake, fake->pv_inv)->power == -5000);
    command_zero_all(fake->site, on_zeroed, &zeroed);
    fake_finish_all(fake);
    fake_report_reading(fake->pv_inv, METRIC_AC_ACTIVE_POWER, -8000); /* while others are still waited for */
    assert_int_equal(fake_last(fake, fake->pv_inv)->kind, FAKE_RELEASE);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(of_commands_that_overtake_one_another_those_that_were_sent_are_done),
        test(commands_of_the_same_value_share_one_order_and_its_answer),
        test(a_value_that_bounds_move_before_it_is_sent_is_still_its_callers),
        test(a_command_that_a_stop_drops_before_it_was_sent_is_aborted),
        test(what_follows_from_a_drop_is_measured_by_what_was_sent),
        test(a_command_that_an_error_drops_before_it_was_sent_has_failed),
        test(a_command_whose_lifetime_ends_before_it_was_sent_is_told_so),
        test(a_command_that_must_wait_for_its_component_replaces_one_that_was_not_sent),
        test(a_refusal_brings_the_last_accepted_request_back),
        test(a_refusal_does_not_bring_back_what_was_dropped_meanwhile),
        test(a_device_that_does_not_answer_is_unavailable_and_the_next_order_goes_out),
        test(the_fall_to_0_reaches_a_device_that_did_not_answer_the_set_point),
        test(the_fall_to_0_is_tried_also_when_nobody_knows_what_a_silent_device_holds),
        test(what_was_before_counts_again_after_a_command_without_an_answer),
        test(an_answer_that_comes_too_late_changes_nothing),
        test(nor_does_one_that_comes_when_nothing_is_under_way),
        test(orders_go_out_also_when_the_device_owes_very_many_answers),
        test(those_who_wait_behind_a_slow_device_are_bounded),
        test(the_end_of_the_gateway_does_not_wait_for_a_silent_device),
        test(the_end_of_the_gateway_counts_components_at_0_once),
        test(the_end_of_the_gateway_releases_what_it_may_still_hold),
        test(what_ends_now_is_not_sent_once_more),
        test(the_end_of_the_gateway_moves_no_reactive_power_before_its_0),
        test(the_end_of_the_gateway_limits_nothing_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
