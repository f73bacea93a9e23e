/* SPDX-License-Identifier: MIT */
/* What becomes of a set-point after it was accepted. */
#include "unit.h"

#include "fake_site.h"

struct heard {
    int n;
    enum command_end end;
};

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

static void on_end(enum command_end end, void *userdata)
{
    struct heard *heard = userdata;
    heard->n++;
    heard->end = end;
}

/* Sets and watches; the device has not answered yet. */
static void set_watched(struct component *component, double power_w, struct heard *heard)
{
    static struct fake_answer answer;
    *heard = (struct heard){0};
    assert_int_equal(fake_set(component, power_w, 60, &answer), 0);
    command_watch(component, AXIS_ACTIVE, on_end, heard);
}

#define assert_heard(heard, expected)                                                                        \
    do {                                                                                                     \
        assert_int_equal((heard)->n, 1);                                                                     \
        assert_int_equal((heard)->end, expected);                                                            \
    } while (0)

static void it_is_reached_when_the_first_sample_after_the_device_took_it_shows_it(void **state)
{
    struct fake_site *fake = *state;
    struct heard heard;
    fake_report_reading(fake->bat_inv, METRIC_AC_ACTIVE_POWER, 5000); /* from before: proves nothing */
    set_watched(fake->bat_inv, 5000, &heard);
    fake_report_reading(
        fake->bat_inv, METRIC_AC_ACTIVE_POWER, 5000); /* nor while the device has not taken it */
    fake_finish_all(fake);
    assert_int_equal(heard.n, 0);
    fake_report_reading(fake->bat_inv, METRIC_AC_ACTIVE_POWER, 4000);
    assert_int_equal(heard.n, 0);
    fake_report_reading(fake->bat_inv, METRIC_AC_ACTIVE_POWER, 4900);
    assert_heard(&heard, COMMAND_REACHED);
    fake_report_reading(fake->bat_inv, METRIC_AC_ACTIVE_POWER, 5000);
    assert_heard(&heard, COMMAND_REACHED); /* once */
}

static void a_tolerance_of_its_own_counts(void **state)
{
    struct fake_site *fake = *state;
    struct heard heard;
    fake->bat_inv->spec.tolerance = 50;
    set_watched(fake->bat_inv, 5000, &heard);
    fake_finish_all(fake);
    fake_report_reading(fake->bat_inv, METRIC_AC_ACTIVE_POWER, 4949);
    assert_int_equal(heard.n, 0);
    fake_report_reading(fake->bat_inv, METRIC_AC_ACTIVE_POWER, 5050);
    assert_heard(&heard, COMMAND_REACHED);
}

static void what_bounds_make_of_it_is_what_must_be_reached(void **state)
{
    struct fake_site *fake = *state;
    struct heard heard;
    set_watched(fake->bat_inv, 5000, &heard);
    fake_finish_all(fake);
    assert_int_equal(fake_bound(fake->bat_inv, METRIC_AC_ACTIVE_POWER, -2000, 2000, 60), 0);
    fake_finish_all(fake);
    fake_report_reading(fake->bat_inv, METRIC_AC_ACTIVE_POWER, 2000);
    assert_heard(&heard, COMMAND_REACHED);
}

/* A limit that moves with every sample keeps an order under way at each. */
static void limits_that_move_with_every_sample_do_not_hide_that_it_is_reached(void **state)
{
    struct fake_site *fake = *state;
    struct heard heard;
    set_watched(fake->pv_inv, -10000, &heard);
    fake_finish_all(fake);
    fake_report_reading(fake->pv_inv, METRIC_AC_ACTIVE_POWER, -14000);
    for (int i = 1; i <= 3; i++) {
        fake_report_momentary(fake->pv_inv, BOUNDED_ACTIVE, -10000 + 10.0 * i, 0);
        assert_int_equal(fake_unanswered(fake), 1);
    }
    assert_int_equal(heard.n, 0);
    fake_report_reading(fake->pv_inv, METRIC_AC_ACTIVE_POWER, -9970);
    assert_heard(&heard, COMMAND_REACHED);
}

static void what_only_limits_is_reached_by_less(void **state)
{
    struct fake_site *fake = *state;
    struct heard heard;
    fake_report_reading(fake->pv_inv, METRIC_AC_ACTIVE_POWER, -12000);
    set_watched(fake->pv_inv, -5000, &heard);
    fake_finish_all(fake);
    fake_report_reading(fake->pv_inv, METRIC_AC_ACTIVE_POWER, -11000);
    assert_int_equal(heard.n, 0);
    fake_report_reading(fake->pv_inv, METRIC_AC_ACTIVE_POWER, -1000);
    assert_heard(&heard, COMMAND_REACHED);

    set_watched(fake->ev_charger, 5000, &heard);
    fake_finish_all(fake);
    fake_report_reading(fake->ev_charger, METRIC_AC_ACTIVE_POWER, 0);
    assert_heard(&heard, COMMAND_REACHED);
}

static void a_newer_command_overrides_it(void **state)
{
    struct fake_site *fake = *state;
    struct heard first, second;
    set_watched(fake->bat_inv, 5000, &first);
    set_watched(fake->bat_inv, 5000, &second);
    assert_heard(&first, COMMAND_OVERRIDDEN);
    assert_int_equal(second.n, 0);
    fake_finish_all(fake);
    fake_report_reading(fake->bat_inv, METRIC_AC_ACTIVE_POWER, 5000);
    assert_heard(&second, COMMAND_REACHED);
    assert_heard(&first, COMMAND_OVERRIDDEN);
}

static void the_other_axis_does_not_override_it(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    struct heard heard;
    set_watched(fake->bat_inv, 5000, &heard);
    assert_int_equal(fake_set_reactive(fake->bat_inv, 100, 60, &answer), 0);
    fake_finish_all(fake);
    assert_int_equal(heard.n, 0);
}

static void a_stop_overrides_it(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    struct heard heard;
    set_watched(fake->pv_inv, -5000, &heard);
    fake_finish_all(fake);
    assert_int_equal(fake_run(fake->pv_inv, LIFECYCLE_STOP, &answer), 0);
    assert_heard(&heard, COMMAND_OVERRIDDEN);
}

static void it_has_failed_when_its_lifetime_ends_before(void **state)
{
    struct fake_site *fake = *state;
    struct heard heard;
    set_watched(fake->bat_inv, 5000, &heard);
    fake_finish_all(fake);
    fake_pass_ms(fake, 59000);
    assert_int_equal(heard.n, 0);
    fake_pass_ms(fake, 2000);
    assert_heard(&heard, COMMAND_FAILED);
}

static void it_has_failed_when_the_device_refuses_it_or_fails(void **state)
{
    struct fake_site *fake = *state;
    struct heard heard;
    set_watched(fake->bat_inv, 5000, &heard);
    fake_finish(fake_last(fake, fake->bat_inv), UGRPC_UNAVAILABLE);
    assert_heard(&heard, COMMAND_FAILED);

    fake_finish_all(fake);
    set_watched(fake->bat_inv, 5000, &heard);
    fake_finish_all(fake);
    fake_report_error(fake->bat_inv, ERROR_OVERTEMPERATURE, false);
    assert_heard(&heard, COMMAND_FAILED);
}

static void one_that_waits_for_its_component_is_reached_after_it_woke(void **state)
{
    struct fake_site *fake = *state;
    struct heard heard;
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_STANDBY));
    set_watched(fake->bat_inv, 5000, &heard);
    fake_report_reading(fake->bat_inv, METRIC_AC_ACTIVE_POWER, 5000); /* still in standby */
    assert_int_equal(heard.n, 0);
    fake_finish_all(fake);
    fake_report_state(fake->bat_inv, STATE_BIT(STATE_READY));
    fake_finish_all(fake);
    fake_report_reading(fake->bat_inv, METRIC_AC_ACTIVE_POWER, 5000);
    assert_heard(&heard, COMMAND_REACHED);
}

static void who_stops_watching_hears_nothing_and_changes_nothing(void **state)
{
    struct fake_site *fake = *state;
    struct heard heard, other;
    set_watched(fake->bat_inv, 5000, &heard);
    fake_finish_all(fake);
    command_unwatch(fake->bat_inv, AXIS_ACTIVE, &other); /* never watched */
    command_unwatch(fake->bat_inv, AXIS_ACTIVE, &heard);
    assert_true(fake->bat_inv->setpoints[AXIS_ACTIVE].applied == 5000);
    fake_report_reading(fake->bat_inv, METRIC_AC_ACTIVE_POWER, 5000);
    fake_pass_ms(fake, 61000);
    assert_int_equal(heard.n, 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(it_is_reached_when_the_first_sample_after_the_device_took_it_shows_it),
        test(a_tolerance_of_its_own_counts),
        test(what_bounds_make_of_it_is_what_must_be_reached),
        test(limits_that_move_with_every_sample_do_not_hide_that_it_is_reached),
        test(what_only_limits_is_reached_by_less),
        test(a_newer_command_overrides_it),
        test(the_other_axis_does_not_override_it),
        test(a_stop_overrides_it),
        test(it_has_failed_when_its_lifetime_ends_before),
        test(it_has_failed_when_the_device_refuses_it_or_fails),
        test(one_that_waits_for_its_component_is_reached_after_it_woke),
        test(who_stops_watching_hears_nothing_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
