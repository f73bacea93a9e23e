/* SPDX-License-Identifier: MIT */
/* What the model has journaled, in which order, and what it does with that after a restart. */
#include "unit.h"

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fake_journal.h"
#include "fake_site.h"

struct fixture {
    struct fake_site *fake;
    struct fake_journal journal;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->fake = fake_site_new();
    fake_journal_attach(&f->journal, f->fake->site);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    fake_site_free(f->fake);
    free(f);
    return 0;
}

/* Until nothing moves any more: the journal writes and the device answers. */
static void settle(struct fixture *f)
{
    for (int i = 0; i < 5; i++) {
        fake_journal_sync(&f->journal);
        fake_finish_all(f->fake);
    }
}

static void set_accepted(struct fixture *f, struct component *component, double power_w, int64_t lifetime_s)
{
    struct fake_answer answer;
    assert_int_equal(fake_set(component, power_w, lifetime_s, &answer), 0);
    settle(f);
    assert_int_equal(answer.n, 1);
    assert_int_equal(answer.st.code, UGRPC_OK);
}

#define assert_says(f, what)   assert_true(fake_journal_says(&(f)->journal, what))
#define assert_silent(f, what) assert_false(fake_journal_says(&(f)->journal, what))

/* ---- what of a command was applied ------------------------------------------------------------------ */

static void what_was_applied_of_a_command_stands_with_its_outcome(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fake_bound(f->fake->bat_inv, METRIC_AC_ACTIVE_POWER, -3000, 3000, 60), 0);
    set_accepted(f, f->fake->bat_inv, 2000, 60);
    assert_says(f, "outcome 2 0\n");
    f->fake->pv_inv->spec.resolution = 88;
    set_accepted(f, f->fake->pv_inv, -200, 60);
    assert_says(f, "outcome 3 0 applied -176 W of -200 W (steps of 88 W)\n");
    f->fake->ev_charger->spec.least_w = 4140;
    set_accepted(f, f->fake->ev_charger, 500, 60);
    assert_says(f, "outcome 4 0 applied +500 W (it runs with 4140 W at least)\n");
    set_accepted(f, f->fake->ev_charger, 11000, 60);
    assert_says(f, "outcome 5 0\n");
    fake_report_momentary(f->fake->battery, BOUNDED_DC_POWER, -20000, 1000);
    settle(f);
    fake_pass_ms(f->fake, 60000);
    assert_says(
        f, "expired 2 after 0 renewals applied +1000 W of +2000 W (battery (5): what it allows now)\n");
    assert_says(f, "expired 5 after 0 renewals \n");
}

static void bounds_that_end_are_written_once_with_what_is_left(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fake_bound(f->fake->bat_inv, METRIC_AC_ACTIVE_POWER, -3000, 3000, 60), 0);
    assert_int_equal(fake_bound(f->fake->bat_inv, METRIC_AC_ACTIVE_POWER, -3000, 3000, 90), 0); /* longer */
    assert_int_equal(fake_bound(f->fake->bat_inv, METRIC_AC_ACTIVE_POWER, 3000, 4000, 90), 0);
    fake_pass_ms(f->fake, 89000);
    assert_silent(f, "bounds ended");
    fake_pass_ms(f->fake, 1000);
    assert_says(
        f, "bounds ended 4 ac_active_power -3000 ... 4000 W by key a: now in force: -10000 ... 10000 W\n");
    assert_int_equal(fake_journal_count(&f->journal, "bounds ended"), 1);
}

static void bounds_that_end_as_others_are_added_are_written_too(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fake_bound(f->fake->bat_inv, METRIC_AC_ACTIVE_POWER, -3000, 3000, 60), 0);
    f->fake->clock.at_ns += 60 * NS_PER_S; /* no timer has run yet */
    assert_int_equal(fake_bound(f->fake->bat_inv, METRIC_AC_ACTIVE_POWER, -2000, 2000, 60), 0);
    assert_says(
        f, "bounds ended 4 ac_active_power -3000 ... 3000 W by key a: now in force: -2000 ... 2000 W\n");
    fake_pass_ms(f->fake, 1);
    assert_int_equal(fake_journal_count(&f->journal, "bounds ended"), 1);
}

/* ---- order ------------------------------------------------------------------------------------------ */

static void a_command_is_written_then_sent_then_its_outcome_written_then_answered(void **state)
{
    struct fixture *f = *state;
    struct fake_answer answer;
    size_t before = f->fake->device.n;
    assert_int_equal(fake_set(f->fake->bat_inv, 5000, 60, &answer), 0);
    assert_says(f, "command 1 set 4 5000  by a\n");
    assert_says(f, "keep 4.0 5000 until 60\n");
    assert_int_equal(f->fake->device.n, before); /* its intent is not safe yet */
    fake_journal_sync(&f->journal);
    assert_int_equal(f->fake->device.n, before + 1);
    assert_silent(f, "outcome");
    fake_finish_all(f->fake);
    assert_says(f, "outcome 1 0\n");
    assert_int_equal(answer.n, 0); /* nor this */
    fake_journal_sync(&f->journal);
    assert_int_equal(answer.n, 1);
    assert_int_equal(answer.st.code, UGRPC_OK);
}

static void a_refusal_of_the_device_is_an_outcome_and_what_was_before_is_kept(void **state)
{
    struct fixture *f = *state;
    struct fake_answer answer;
    set_accepted(f, f->fake->bat_inv, 5000, 60);
    fake_journal_forget(&f->journal);
    assert_int_equal(fake_set(f->fake->bat_inv, 3000, 120, &answer), 0);
    fake_journal_sync(&f->journal);
    fake_finish(fake_last(f->fake, f->fake->bat_inv), UGRPC_INTERNAL);
    assert_says(f, "keep 4.0 3000 until 120\n");
    assert_says(f, "keep 4.0 5000 until 60\n");
    assert_says(f, "outcome 2 13\n");
    settle(f);
    assert_int_equal(answer.st.code, UGRPC_INTERNAL);
}

static void a_newer_command_that_comes_while_the_journal_writes_replaces_the_older(void **state)
{
    struct fixture *f = *state;
    struct fake_answer older, newer;
    size_t before = f->fake->device.n;
    assert_int_equal(fake_set(f->fake->bat_inv, 5000, 60, &older), 0);
    assert_int_equal(fake_set(f->fake->bat_inv, 3000, 60, &newer), 0);
    settle(f);
    assert_int_equal(older.st.code, UGRPC_ABORTED);
    assert_int_equal(newer.st.code, UGRPC_OK);
    assert_int_equal(f->fake->device.n, before + 1);
    assert_true(fake_last(f->fake, f->fake->bat_inv)->power == 3000);
    assert_says(f, "outcome 1 10\n");
    assert_says(f, "outcome 2 0\n");
}

static void bounds_move_what_still_waits_for_the_journal(void **state)
{
    struct fixture *f = *state;
    struct fake_answer answer;
    assert_int_equal(fake_set(f->fake->bat_inv, 5000, 60, &answer), 0);
    assert_int_equal(fake_bound(f->fake->bat_inv, METRIC_AC_ACTIVE_POWER, -2000, 2000, 60), 0);
    settle(f);
    assert_true(fake_last(f->fake, f->fake->bat_inv)->power == 2000);
    assert_int_equal(answer.st.code, UGRPC_OK);
}

static void what_the_device_holds_is_not_forgotten_with_a_command_that_it_was_never_told(void **state)
{
    struct fixture *f = *state;
    struct fake_answer answer;
    set_accepted(f, f->fake->bat_inv, 5000, 60);
    assert_int_equal(fake_set(f->fake->bat_inv, 3000, 60, &answer), 0); /* waits for the journal */
    fake_report_error(f->fake->bat_inv, ERROR_OVERVOLTAGE, false);
    assert_true(fake_last(f->fake, f->fake->bat_inv)->power == 0);
    settle(f);
    assert_int_equal(answer.st.code, UGRPC_FAILED_PRECONDITION);
}

static void an_expiry_goes_to_the_device_before_it_is_written(void **state)
{
    struct fixture *f = *state;
    set_accepted(f, f->fake->bat_inv, 5000, 60);
    fake_journal_forget(&f->journal);
    fake_pass_ms(f->fake, 60000);
    assert_true(fake_last(f->fake, f->fake->bat_inv)->power == 0);
    assert_says(f, "expired 1 after 0 renewals");
    assert_says(f, "keep 4.0 nothing\n");
}

static void a_sequence_begins_when_the_journal_has_it(void **state)
{
    struct fixture *f = *state;
    struct fake_answer answer;
    assert_int_equal(fake_run(f->fake->bat_inv, LIFECYCLE_STANDBY, &answer), 0);
    assert_int_equal(fake_count(f->fake, f->fake->bat_inv, FAKE_STANDBY), 0);
    assert_says(f, "command 1 standby 4");
    fake_journal_sync(&f->journal);
    assert_int_equal(fake_count(f->fake, f->fake->bat_inv, FAKE_STANDBY), 1);
    fake_finish_all(f->fake);
    assert_says(f, "outcome 1 0\n");
    assert_int_equal(answer.n, 0);
    settle(f);
    assert_int_equal(answer.n, 1);
}

static void a_sequence_that_was_replaced_before_the_journal_had_it_never_begins(void **state)
{
    struct fixture *f = *state;
    struct fake_answer standby, stop;
    assert_int_equal(fake_run(f->fake->bat_inv, LIFECYCLE_STANDBY, &standby), 0);
    assert_int_equal(fake_run(f->fake->bat_inv, LIFECYCLE_STOP, &stop), 0);
    settle(f);
    assert_int_equal(standby.st.code, UGRPC_ABORTED);
    assert_int_equal(stop.st.code, UGRPC_OK);
    assert_int_equal(fake_count(f->fake, f->fake->bat_inv, FAKE_STANDBY), 0);
    assert_int_equal(fake_count(f->fake, f->fake->bat_inv, FAKE_STOP), 1);
}

static void a_component_in_standby_is_woken_when_the_journal_knows_why(void **state)
{
    struct fixture *f = *state;
    struct fake_answer answer;
    fake_report_state(f->fake->bat_inv, STATE_BIT(STATE_STANDBY));
    assert_int_equal(fake_set(f->fake->bat_inv, 5000, 60, &answer), 0);
    assert_says(f, "keep 4.0 5000 until 60 waiting\n");
    assert_int_equal(fake_count(f->fake, f->fake->bat_inv, FAKE_START), 0);
    fake_journal_sync(&f->journal);
    assert_int_equal(answer.n, 1);
    assert_int_equal(fake_count(f->fake, f->fake->bat_inv, FAKE_START), 1);
}

/* ---- renewals --------------------------------------------------------------------------------------- */

static void renewals_of_a_value_are_no_entries_but_prolong_what_is_kept(void **state)
{
    struct fixture *f = *state;
    set_accepted(f, f->fake->bat_inv, 5000, 60);
    fake_journal_forget(&f->journal);
    for (int i = 0; i < 3; i++) {
        fake_pass_ms(f->fake, 10000);
        set_accepted(f, f->fake->bat_inv, 5000, 60);
    }
    assert_silent(f, "command");
    assert_silent(f, "outcome");
    assert_says(f, "keep 4.0 5000 until 90\n");
    fake_pass_ms(f->fake, 60000);
    assert_says(f, "expired 1 after 3 renewals");
}

static void a_renewal_is_sent_at_once_and_answered_when_it_is_safe(void **state)
{
    struct fixture *f = *state;
    struct fake_answer answer;
    set_accepted(f, f->fake->bat_inv, 5000, 60);
    size_t before = f->fake->device.n;
    assert_int_equal(fake_set(f->fake->bat_inv, 5000, 60, &answer), 0);
    assert_int_equal(f->fake->device.n, before + 1);
    fake_finish_all(f->fake);
    assert_int_equal(answer.n, 0);
    fake_journal_sync(&f->journal);
    assert_int_equal(answer.n, 1);
}

static void a_renewal_that_the_device_refuses_is_written(void **state)
{
    struct fixture *f = *state;
    struct fake_answer answer;
    set_accepted(f, f->fake->bat_inv, 5000, 60);
    fake_journal_forget(&f->journal);
    fake_pass_ms(f->fake, 5000);
    assert_int_equal(fake_set(f->fake->bat_inv, 5000, 60, &answer), 0);
    fake_finish(fake_last(f->fake, f->fake->bat_inv), UGRPC_UNAVAILABLE);
    settle(f);
    assert_int_equal(answer.st.code, UGRPC_UNAVAILABLE);
    assert_says(f, "outcome 1 14\n");
    assert_says(f, "keep 4.0 5000 until 60\n");
}

static void the_same_value_of_another_caller_is_a_command(void **state)
{
    struct fixture *f = *state;
    struct fake_answer answer = {0};
    set_accepted(f, f->fake->bat_inv, 5000, 60);
    assert_int_equal(command_set_power(f->fake->bat_inv, AXIS_ACTIVE, &fake_caller_b, 5000, 60,
                         fake_on_command, &answer, &answer.st),
        0);
    assert_says(f, "command 2 set 4 5000  by b\n");
}

/* ---- bounds ----------------------------------------------------------------------------------------- */

static void bounds_are_kept_and_their_prolongation_is_no_entry(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fake_bound(f->fake->bat_inv, METRIC_AC_ACTIVE_POWER, -2000, 2000, 60), 0);
    assert_says(f, "command 1 add bounds 4");
    assert_says(f, "bound 4.0 -2000 2000 until 60 key a\n");
    fake_journal_forget(&f->journal);
    fake_pass_ms(f->fake, 5000);
    assert_int_equal(fake_bound(f->fake->bat_inv, METRIC_AC_ACTIVE_POWER, -2000, 2000, 60), 0);
    assert_silent(f, "command");
    assert_says(f, "bound 4.0 -2000 2000 until 65 key a\n");
}

static void a_token_takes_back_what_was_kept_with_it(void **state)
{
    struct fixture *f = *state;
    const struct range one = {-2000, 2000}, other = {-1000, 1000};
    int64_t until;
    assert_int_equal(fake_add_bounds(f->fake->bat_inv, METRIC_AC_ACTIVE_POWER, &fake_caller_a, "t", &one, 1,
                         60, &until, NULL),
        0);
    assert_int_equal(fake_add_bounds(f->fake->bat_inv, METRIC_AC_ACTIVE_POWER, &fake_caller_a, "t", &other, 1,
                         60, &until, NULL),
        0);
    assert_int_equal(fake_journal_count(&f->journal, "unbound 4.0 t\n"), 2);
    assert_int_equal(bounds_clear(f->fake->bat_inv, &fake_caller_a, METRIC_AC_ACTIVE_POWER, "t", NULL), 0);
    assert_int_equal(fake_journal_count(&f->journal, "unbound 4.0 t\n"), 3);
    assert_says(f, "clear bounds 4");
}

/* ---- restart ---------------------------------------------------------------------------------------- */

static struct journal_setpoint kept(const struct fixture *f, double requested, int64_t left_s)
{
    const struct fake_clock *clock = &f->fake->clock;
    return (struct journal_setpoint){
        .component_id = 4,
        .axis = AXIS_ACTIVE,
        .mode = SETPOINT_ACTIVE,
        .requested = requested,
        .until_ns = clock->at_ns + left_s * NS_PER_S,
        .until_utc_ns = clock->utc_ns + left_s * NS_PER_S,
        .by = "key ems",
        .entry = 77,
        .renewals = 2,
    };
}

static void a_set_point_goes_on_to_its_original_end(void **state)
{
    struct fixture *f = *state;
    struct journal_setpoint setpoint = kept(f, 5000, 30);
    command_restore(f->fake->bat_inv, &setpoint, NULL);
    assert_true(fake_last(f->fake, f->fake->bat_inv)->power == 5000);
    fake_finish_all(f->fake);
    const struct setpoint *now = &f->fake->bat_inv->setpoints[AXIS_ACTIVE];
    assert_int_equal(now->until_utc_ns, setpoint.until_utc_ns);
    assert_string_equal(now->by, "key ems");
    assert_int_equal(f->fake->events[EVENT_SETPOINT_RESTORED], 1);
    fake_pass_ms(f->fake, 29000);
    assert_true(fake_last(f->fake, f->fake->bat_inv)->power == 5000);
    fake_pass_ms(f->fake, 1000);
    assert_true(fake_last(f->fake, f->fake->bat_inv)->power == 0);
    assert_says(f, "expired 77 after 2 renewals");
}

static void what_ended_meanwhile_is_brought_to_0_at_once(void **state)
{
    struct fixture *f = *state;
    struct journal_setpoint setpoint = kept(f, 5000, 0);
    command_restore(f->fake->bat_inv, &setpoint, NULL);
    assert_true(fake_last(f->fake, f->fake->bat_inv)->power == 0);
    assert_int_equal(f->fake->events[EVENT_SETPOINT_EXPIRED], 1);
}

static void an_axis_that_held_0_is_told_0_again(void **state)
{
    struct fixture *f = *state;
    struct journal_setpoint setpoint = {
        .component_id = 4, .axis = AXIS_ACTIVE, .mode = SETPOINT_ZERO, .by = ""};
    command_restore(f->fake->bat_inv, &setpoint, NULL);
    assert_true(fake_last(f->fake, f->fake->bat_inv)->power == 0);
    assert_int_equal(f->fake->events[EVENT_SETPOINT_EXPIRED], 0);
}

static void a_component_that_waited_to_be_woken_is_woken(void **state)
{
    struct fixture *f = *state;
    struct journal_setpoint setpoint = kept(f, 5000, 30);
    setpoint.waiting = true;
    fake_report_state(f->fake->bat_inv, STATE_BIT(STATE_STANDBY));
    command_restore(f->fake->bat_inv, &setpoint, NULL);
    assert_int_equal(fake_count(f->fake, f->fake->bat_inv, FAKE_START), 1);
    assert_int_equal(f->fake->bat_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_ACTIVE);
}

/* A site that begins, of which nothing has been sampled. */
static void a_component_that_waited_is_woken_by_its_first_sample(void **state)
{
    struct fixture *f = *state;
    struct fake_site *fresh = fake_site_new_bare();
    struct component *pv = fake_add(fresh, 9, "pv_inv", COMPONENT_PV_INVERTER, -15000, 0);
    struct journal_setpoint setpoint = kept(f, -5000, 30);
    setpoint.waiting = true;
    command_restore(pv, &setpoint, NULL);
    assert_true(pv->setpoints[AXIS_ACTIVE].waiting);
    fake_report_state(pv, STATE_BIT(STATE_STANDBY));
    assert_int_equal(pv->setpoints[AXIS_ACTIVE].mode, SETPOINT_ACTIVE);
    assert_int_equal(fake_count(fresh, pv, FAKE_START), 1);
    fake_site_free(fresh);
}

static void a_component_that_is_off_by_now_loses_its_set_point(void **state)
{
    struct fixture *f = *state;
    struct journal_setpoint setpoint = kept(f, 5000, 30);
    fake_report_state(f->fake->bat_inv, STATE_BIT(STATE_OFF));
    command_restore(f->fake->bat_inv, &setpoint, NULL);
    assert_int_equal(f->fake->bat_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_ZERO);
    assert_says(f, "dropped 77");
}

static void one_that_ran_free_within_a_limit_is_freed_of_it(void **state)
{
    struct fixture *f = *state;
    struct journal_setpoint setpoint = {.component_id = 9,
        .axis = AXIS_ACTIVE,
        .mode = SETPOINT_FREE,
        .limiting = true,
        .requested = -8000,
        .by = ""};
    command_restore(f->fake->pv_inv, &setpoint, NULL);
    assert_int_equal(fake_last(f->fake, f->fake->pv_inv)->kind, FAKE_RELEASE);
    assert_int_equal(f->fake->pv_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_FREE);
}

static void one_that_ran_free_within_a_limit_keeps_to_it_as_long_as_that_holds(void **state)
{
    struct fixture *f = *state;
    fake_report_reading(f->fake->pv_inv, METRIC_AC_ACTIVE_POWER, -8000);
    assert_int_equal(fake_bound(f->fake->pv_inv, METRIC_AC_ACTIVE_POWER, -2000, 0, 60), 0);
    settle(f);
    assert_says(f, "keep 9.0 free, limited\n");
    fake_journal_forget(&f->journal);
    journal_snapshot(f->fake->site);
    assert_says(f, "keep 9.0 free, limited\n"); /* not as after an expiry, which would be 0 */
}

static void a_silent_device_is_told_what_goes_on_when_it_answers(void **state)
{
    struct fixture *f = *state;
    fake_silence_ms(f->fake, 10000); /* all are offline */
    struct journal_setpoint setpoint = kept(f, 5000, 60);
    size_t before = f->fake->device.n;
    command_restore(f->fake->bat_inv, &setpoint, NULL);
    assert_int_equal(f->fake->device.n, before);
    fake_report_state(f->fake->bat_inv, STATE_BIT(STATE_READY));
    assert_true(fake_last(f->fake, f->fake->bat_inv)->power == 5000);
}

static void a_snapshot_has_all_that_counts(void **state)
{
    struct fixture *f = *state;
    set_accepted(f, f->fake->bat_inv, 5000, 60);
    set_accepted(f, f->fake->pv_inv, -1000, 10);
    assert_int_equal(fake_bound(f->fake->battery, METRIC_BATTERY_SOC_PCT, 20, 80, 300), 0);
    fake_pass_ms(f->fake, 10000);
    fake_journal_forget(&f->journal);
    journal_snapshot(f->fake->site);
    assert_int_equal(strncmp(f->journal.text, "forget\n", 7), 0);
    assert_says(f, "keep 4.0 5000 until 60\n");
    assert_says(f, "keep 9.0 nothing\n");
    assert_says(f, "bound 5.3 20 80 until 300 key a\n");
    assert_silent(f, "keep 10."); /* never commanded: it is not touched after a restart either */
}

/* ---- odd moments ------------------------------------------------------------------------------------ */

static void a_set_point_ends_in_time_while_a_newer_one_waits_for_the_journal(void **state)
{
    struct fixture *f = *state;
    struct fake_answer answer;
    set_accepted(f, f->fake->bat_inv, 5000, 10);
    fake_pass_ms(f->fake, 9900);
    assert_int_equal(fake_set(f->fake->bat_inv, 1000, 60, &answer), 0); /* and the disk is slow */
    fake_pass_ms(f->fake, 1900);
    assert_false(fake_last(f->fake, f->fake->bat_inv)->power == 5000); /* 1.8 s after its end */
}

static void a_bound_moves_the_applied_set_point_while_a_newer_one_waits_for_the_journal(void **state)
{
    struct fixture *f = *state;
    struct fake_answer answer;
    set_accepted(f, f->fake->bat_inv, 5000, 60);
    assert_int_equal(fake_set(f->fake->bat_inv, 4000, 60, &answer), 0); /* and the disk is slow */
    assert_int_equal(fake_bound(f->fake->bat_inv, METRIC_AC_ACTIVE_POWER, -2000, 2000, 60), 0);
    assert_true(fabs(fake_last(f->fake, f->fake->bat_inv)->power) <= 2000);
}

static void a_limit_of_one_that_runs_free_is_kept(void **state)
{
    struct fixture *f = *state;
    fake_report_reading(f->fake->pv_inv, METRIC_AC_ACTIVE_POWER, -8000);
    size_t before = f->fake->device.n;
    assert_int_equal(fake_bound(f->fake->pv_inv, METRIC_AC_ACTIVE_POWER, -2000, 0, 60), 0);
    settle(f);
    assert_int_equal(f->fake->device.n, before + 1); /* it was told -2000 W */
    assert_says(f, "keep 9.0");                      /* else nothing frees it after a crash */
}

static void on_zeroed(void *userdata)
{
}

static void what_was_dropped_by_a_stop_does_not_go_on_after_it(void **state)
{
    struct fixture *f = *state;
    struct fake_answer first, second;
    set_accepted(f, f->fake->bat_inv, 1000, 60);
    assert_int_equal(fake_set(f->fake->bat_inv, 2000, 60, &first), 0);
    fake_journal_sync(&f->journal); /* under way to a slow device */
    assert_int_equal(fake_set(f->fake->bat_inv, 5000, 60, &second), 0);
    fake_journal_sync(&f->journal);
    fake_journal_forget(&f->journal);
    command_zero_all(f->fake->site, on_zeroed, NULL);
    settle(f);
    assert_int_equal(second.n, 1);
    assert_int_equal(second.st.code, UGRPC_UNAVAILABLE); /* "was dropped before its device could be told" */
    assert_says(f, "keep 4.0");                          /* what is kept is still 5000 W */
}

static void one_that_switches_off_before_the_journal_knew_of_its_wake_drops_its_set_point(void **state)
{
    struct fixture *f = *state;
    struct fake_answer answer;
    fake_report_state(f->fake->bat_inv, STATE_BIT(STATE_STANDBY));
    assert_int_equal(fake_set(f->fake->bat_inv, 5000, 60, &answer), 0);
    fake_report_state(f->fake->bat_inv, STATE_BIT(STATE_OFF));
    settle(f);
    fake_report_state(f->fake->bat_inv, STATE_BIT(STATE_READY)); /* somebody switches it on by hand */
    settle(f);
    assert_int_equal(f->fake->bat_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_ZERO);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_was_applied_of_a_command_stands_with_its_outcome),
        TEST(bounds_that_end_are_written_once_with_what_is_left),
        TEST(bounds_that_end_as_others_are_added_are_written_too),
        TEST(a_command_is_written_then_sent_then_its_outcome_written_then_answered),
        TEST(a_refusal_of_the_device_is_an_outcome_and_what_was_before_is_kept),
        TEST(a_newer_command_that_comes_while_the_journal_writes_replaces_the_older),
        TEST(bounds_move_what_still_waits_for_the_journal),
        TEST(what_the_device_holds_is_not_forgotten_with_a_command_that_it_was_never_told),
        TEST(an_expiry_goes_to_the_device_before_it_is_written),
        TEST(a_sequence_begins_when_the_journal_has_it),
        TEST(a_sequence_that_was_replaced_before_the_journal_had_it_never_begins),
        TEST(a_component_in_standby_is_woken_when_the_journal_knows_why),
        TEST(renewals_of_a_value_are_no_entries_but_prolong_what_is_kept),
        TEST(a_renewal_is_sent_at_once_and_answered_when_it_is_safe),
        TEST(a_renewal_that_the_device_refuses_is_written),
        TEST(the_same_value_of_another_caller_is_a_command),
        TEST(bounds_are_kept_and_their_prolongation_is_no_entry),
        TEST(a_token_takes_back_what_was_kept_with_it),
        TEST(a_set_point_goes_on_to_its_original_end),
        TEST(what_ended_meanwhile_is_brought_to_0_at_once),
        TEST(an_axis_that_held_0_is_told_0_again),
        TEST(a_component_that_waited_to_be_woken_is_woken),
        TEST(a_component_that_waited_is_woken_by_its_first_sample),
        TEST(a_component_that_is_off_by_now_loses_its_set_point),
        TEST(one_that_ran_free_within_a_limit_is_freed_of_it),
        TEST(one_that_ran_free_within_a_limit_keeps_to_it_as_long_as_that_holds),
        TEST(a_silent_device_is_told_what_goes_on_when_it_answers),
        TEST(a_snapshot_has_all_that_counts),
        TEST(a_set_point_ends_in_time_while_a_newer_one_waits_for_the_journal),
        TEST(a_bound_moves_the_applied_set_point_while_a_newer_one_waits_for_the_journal),
        TEST(a_limit_of_one_that_runs_free_is_kept),
        TEST(what_was_dropped_by_a_stop_does_not_go_on_after_it),
        TEST(one_that_switches_off_before_the_journal_knew_of_its_wake_drops_its_set_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
