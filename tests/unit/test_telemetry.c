/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fake_site.h"

struct listener {
    struct subscription subscription;
    int news;
    bool leaves;
    struct listener *takes_along;
    /* what it saw last */
    double power_w;
    struct component_state state;
    double bound_w;
    double applied_w;
};

struct fixture {
    struct fake_site *fake;
    struct listener listeners[4];
};

static void on_news(struct subscription *subscription, void *userdata)
{
    struct listener *listener = userdata;
    struct telemetry *telemetry = subscription->telemetry;
    const struct component *component = container_of(telemetry, struct component, telemetry);
    listener->news++;
    listener->power_w = component_reading(component, METRIC_AC_ACTIVE_POWER);
    listener->state = telemetry_state(telemetry);
    listener->applied_w = component->setpoints[AXIS_ACTIVE].applied;
    if (component->in_force[BOUNDED_ACTIVE].n) {
        listener->bound_w = component->in_force[BOUNDED_ACTIVE].items[0].upper;
    }
    if (listener->leaves) {
        telemetry_unsubscribe(subscription);
    }
    if (listener->takes_along) {
        telemetry_unsubscribe(&listener->takes_along->subscription);
    }
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->fake = fake_site_new();
    for (size_t i = 0; i < ARRAY_LEN(f->listeners); i++) {
        f->listeners[i].subscription = (struct subscription){
            .on_news = on_news, .userdata = &f->listeners[i]};
    }
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

static void listen(struct fixture *f, int i, struct component *component)
{
    telemetry_subscribe(&component->telemetry, &f->listeners[i].subscription);
}

static void a_sample_reaches_everyone_who_subscribed_once(void **state)
{
    struct fixture *f = *state;
    listen(f, 0, f->fake->bat_inv);
    listen(f, 1, f->fake->bat_inv);
    listen(f, 2, f->fake->pv_inv);
    fake_report_reading(f->fake->bat_inv, METRIC_AC_ACTIVE_POWER, 1234);
    assert_int_equal(f->listeners[0].news, 1);
    assert_int_equal(f->listeners[1].news, 1);
    assert_int_equal(f->listeners[2].news, 0);
    assert_true(f->listeners[0].power_w == 1234);
}

static void a_subscriber_may_leave_or_take_others_along_while_told(void **state)
{
    for (int kind = 0; kind < 16; kind++) {
        struct fixture *f;
        set_up((void **)&f);
        for (int i = 0; i < 4; i++) {
            listen(f, i, f->fake->bat_inv);
        }
        f->listeners[1].leaves = kind & 1;
        f->listeners[1].takes_along = &f->listeners[kind >> 1 & 3];
        f->listeners[2].leaves = kind & 8;
        fake_report_state(f->fake->bat_inv, STATE_BIT(STATE_READY));
        fake_report_state(f->fake->bat_inv, STATE_BIT(STATE_READY));
        int taken = kind >> 1 & 3;
        for (int i = 0; i < 4; i++) {
            bool gone = i == taken || (i == 1 && (kind & 1)) || (i == 2 && (kind & 8));
            assert_int_equal(f->listeners[i].subscription.telemetry == NULL, gone);
            if (!gone) {
                assert_int_equal(f->listeners[i].news, 2);
            }
        }
        tear_down((void **)&f);
    }
    (void)state;
}

static void what_a_subscriber_sees_is_already_the_new_state_of_things(void **state)
{
    struct fixture *f = *state;
    struct fake_answer answer;
    assert_int_equal(fake_set(f->fake->bat_inv, 5000, 60, &answer), 0);
    fake_finish_all(f->fake);
    listen(f, 0, f->fake->bat_inv);
    fake_report_momentary(f->fake->bat_inv, BOUNDED_ACTIVE, -2000, 2000);
    assert_true(f->listeners[0].bound_w == 2000);
    assert_true(f->listeners[0].applied_w == 2000);
}

static void before_any_sample_the_state_is_unknown(void **state)
{
    struct fake_site *bare = fake_site_new_bare();
    struct component *meter = fake_add(bare, 1, "meter", COMPONENT_METER, NAN, NAN);
    assert_int_equal(telemetry_state(&meter->telemetry).states, STATE_BIT(STATE_UNKNOWN));
    assert_false(telemetry_fresh(&meter->telemetry));
    assert_int_equal(meter->telemetry.n_readings, 0);
    fake_site_free(bare);
    (void)state;
}

static void what_never_answers_is_offline_after_its_max_age(void **state)
{
    struct fake_site *bare = fake_site_new_bare();
    struct component *meter = fake_add(bare, 1, "meter", COMPONENT_METER, NAN, NAN);
    struct component *fuse = fake_add(bare, 2, "fuse", COMPONENT_FUSE, NAN, NAN);
    fuse->device = NULL;
    fake_silence_ms(bare, 3100);
    assert_true(meter->telemetry.offline);
    assert_false(fuse->telemetry.offline); /* nothing behind it */
    fake_site_free(bare);
    (void)state;
}

static int64_t max_age_s(int64_t interval_ms)
{
    struct fake_site *bare = fake_site_new_bare();
    struct component_spec spec = {
        .id = 1, .name = "m", .type = COMPONENT_METER, .interval_ns = interval_ms * NS_PER_MS};
    int64_t age_ns = site_add_component(bare->site, &spec, NULL)->telemetry.max_age_ns;
    fake_site_free(bare);
    return age_ns / NS_PER_S;
}

static void the_max_age_is_three_intervals_between_3_and_8_s(void **state)
{
    assert_int_equal(max_age_s(100), 3);
    assert_int_equal(max_age_s(1000), 3);
    assert_int_equal(max_age_s(2000), 6);
    assert_int_equal(max_age_s(5000), 8);
    assert_int_equal(max_age_s(3600000), 8);
    (void)state;
}

static void an_offline_component_tells_at_once_and_then_once_a_second(void **state)
{
    struct fixture *f = *state;
    fake_report_state(f->fake->bat_inv, STATE_BIT(STATE_READY));
    listen(f, 0, f->fake->bat_inv);
    fake_silence_ms(f->fake, 2999);
    assert_int_equal(f->listeners[0].news, 0);
    fake_silence_ms(f->fake, 1);
    assert_int_equal(f->listeners[0].news, 1);
    assert_int_equal(f->listeners[0].state.states, STATE_BIT(STATE_UNAVAILABLE) | STATE_BIT(STATE_ERROR));
    assert_true(f->listeners[0].state.errors == ERROR_BIT(ERROR_HARDWARE_INACCESSIBLE));
    fake_silence_ms(f->fake, 10000);
    assert_int_equal(f->listeners[0].news, 11);
}

static void who_subscribes_to_an_offline_component_hears_each_second(void **state)
{
    struct fixture *f = *state;
    fake_silence_ms(f->fake, 60000);
    assert_int_equal(timers_next_ns(&f->fake->timers), INT64_MAX); /* nobody listens: nothing runs */
    listen(f, 0, f->fake->bat_inv);
    fake_silence_ms(f->fake, 5000);
    assert_int_equal(f->listeners[0].news, 5);
}

static void it_heals_with_the_next_sample(void **state)
{
    struct fixture *f = *state;
    listen(f, 0, f->fake->bat_inv);
    fake_silence_ms(f->fake, 5000);
    assert_int_equal(f->fake->events[EVENT_OFFLINE], 9); /* all of the site, once each */
    fake_report_state(f->fake->bat_inv, STATE_BIT(STATE_READY));
    assert_true(telemetry_fresh(&f->fake->bat_inv->telemetry));
    assert_int_equal(f->listeners[0].state.states, STATE_BIT(STATE_READY));
    assert_int_equal(f->fake->events[EVENT_ONLINE], 1);
    int before = f->listeners[0].news;
    fake_silence_ms(f->fake, 2900);
    assert_int_equal(f->listeners[0].news, before);
    fake_silence_ms(f->fake, 200);
    assert_int_equal(f->listeners[0].news, before + 1);
}

static void samples_in_time_keep_it_online_without_restarting_a_timer(void **state)
{
    struct fixture *f = *state;
    uint64_t started = f->fake->timers.next_order;
    fake_pass_ms(f->fake, 60000);
    assert_int_equal(f->fake->events[EVENT_OFFLINE], 0);
    assert_true(f->fake->timers.next_order - started < 60000 / 3000 * 9 * 2); /* 540 samples */
}

static void the_same_sample_again_is_dropped(void **state)
{
    struct fixture *f = *state;
    struct component *component = f->fake->bat_inv;
    struct reading reading = {METRIC_AC_ACTIVE_POWER, 777};
    struct sample sample = {.time_utc_ns = component->telemetry.sampled_utc_ns,
        .readings = &reading,
        .n_readings = 1,
        .state.states = STATE_BIT(STATE_READY)};
    listen(f, 0, component);
    device_report(component, &sample);
    assert_int_equal(f->listeners[0].news, 0);
    assert_true(isnan(component_reading(component, METRIC_AC_ACTIVE_POWER)));
    sample.time_utc_ns++;
    device_report(component, &sample);
    device_report(component, &sample);
    assert_int_equal(f->listeners[0].news, 1);
}

static void a_clock_set_back_makes_nothing_old_or_offline(void **state)
{
    struct fixture *f = *state;
    struct fake_answer answer;
    assert_int_equal(fake_set(f->fake->bat_inv, 5000, 60, &answer), 0);
    fake_finish_all(f->fake);
    listen(f, 0, f->fake->bat_inv);
    f->fake->clock.utc_ns -= 3600 * NS_PER_S;
    fake_report_state(f->fake->bat_inv, STATE_BIT(STATE_CHARGING));
    assert_int_equal(f->listeners[0].news, 1);
    assert_int_equal(f->listeners[0].state.states, STATE_BIT(STATE_CHARGING));
    fake_pass_ms(f->fake, 50000);
    assert_int_equal(f->fake->events[EVENT_OFFLINE], 0);
    assert_true(f->fake->bat_inv->setpoints[AXIS_ACTIVE].applied == 5000); /* its lifetime is untouched */
    f->fake->clock.utc_ns += 7200 * NS_PER_S;
    fake_pass_ms(f->fake, 5000);
    assert_int_equal(f->fake->events[EVENT_OFFLINE], 0);
    assert_int_equal(f->fake->bat_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_ACTIVE);
}

static void readings_that_are_no_numbers_or_come_twice_are_left_out(void **state)
{
    struct fixture *f = *state;
    struct component *component = f->fake->bat_inv;
    struct reading readings[] = {{METRIC_AC_FREQUENCY, NAN}, {METRIC_AC_VOLTAGE, INFINITY},
        {METRIC_AC_ACTIVE_POWER, 1}, {METRIC_AC_ACTIVE_POWER, 2}, {METRIC_NONE, 3}};
    struct sample sample = {.time_utc_ns = component->telemetry.sampled_utc_ns + 1,
        .readings = readings,
        .n_readings = ARRAY_LEN(readings),
        .state.states = STATE_BIT(STATE_READY)};
    device_report(component, &sample);
    assert_int_equal(component->telemetry.n_readings, 1);
    assert_true(component_reading(component, METRIC_AC_ACTIVE_POWER) == 1);
}

static void errors_are_present_if_and_only_if_the_state_is_error(void **state)
{
    struct fixture *f = *state;
    struct component *component = f->fake->bat_inv;
    struct sample sample = {.time_utc_ns = component->telemetry.sampled_utc_ns + 1};
    sample.state = (struct component_state){
        .states = STATE_BIT(STATE_READY), .errors = ERROR_BIT(ERROR_OVERVOLTAGE), .unrecoverable = true};
    device_report(component, &sample);
    assert_true(telemetry_state(&component->telemetry).errors == 0);
    sample.time_utc_ns++;
    sample.state = (struct component_state){.states = STATE_BIT(STATE_ERROR)};
    device_report(component, &sample);
    assert_true(telemetry_state(&component->telemetry).errors == ERROR_BIT(ERROR_UNKNOWN));
}

static void errors_are_told_when_they_come_and_go(void **state)
{
    struct fixture *f = *state;
    fake_report_error(f->fake->bat_inv, ERROR_OVERVOLTAGE, true);
    assert_string_equal(f->fake->event_text, "error: overvoltage (unrecoverable)");
    fake_report_error(f->fake->bat_inv, ERROR_OVERVOLTAGE, true);
    assert_int_equal(f->fake->events[EVENT_ERROR_RAISED], 1);
    fake_report_error(f->fake->bat_inv, ERROR_FUSE_ERROR, true);
    assert_int_equal(f->fake->events[EVENT_ERROR_RAISED], 2);
    assert_int_equal(f->fake->events[EVENT_ERROR_CLEARED], 1);
    fake_report_state(f->fake->bat_inv, STATE_BIT(STATE_STANDBY));
    assert_string_equal(f->fake->event_text, "error cleared: fuse_error");
}

static void a_silent_battery_does_not_narrow_its_inverters_bounds(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 20; i++) {
        fake_silence_ms(f->fake, 1000);
        fake_report_state(f->fake->bat_inv, STATE_BIT(STATE_READY));
    }
    assert_true(f->fake->battery->telemetry.offline);
    const struct ranges *in_force = bounds_in_force(f->fake->bat_inv, BOUNDED_ACTIVE);
    assert_true(in_force->items[0].lower == -10000 && in_force->items[0].upper == 10000);
}

static void a_sensor_is_fresh_and_offline_like_a_component(void **state)
{
    struct fixture *f = *state;
    struct sensor_spec spec = {.id = 4, .name = "thermometer", .type = SENSOR_THERMOMETER};
    struct sensor *sensor = site_add_sensor(f->fake->site, &spec, NULL); /* 4 is a component's id, too */
    fake_silence_ms(f->fake, 2000);
    assert_non_null(sensor);
    assert_ptr_equal(site_sensor(f->fake->site, 4), sensor);
    assert_null(site_add_sensor(f->fake->site, &spec, NULL));
    sensor->device = &f->fake->device.base;
    struct reading reading = {METRIC_SENSOR_TEMPERATURE, 21};
    struct sample sample = {.time_utc_ns = 1, .readings = &reading, .n_readings = 1};
    sensor_report(sensor, &sample);
    assert_true(telemetry_fresh(&sensor->telemetry));
    fake_silence_ms(f->fake, 3100);
    assert_true(sensor->telemetry.offline);
    assert_int_equal(f->fake->last_event.kind, EVENT_OFFLINE);
    assert_null(f->fake->last_event.component);
    assert_int_equal(f->fake->last_event.id, 4);
    sample.time_utc_ns++;
    sensor_report(sensor, &sample);
    assert_true(telemetry_fresh(&sensor->telemetry));
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_sample_reaches_everyone_who_subscribed_once),
        test(a_subscriber_may_leave_or_take_others_along_while_told),
        test(what_a_subscriber_sees_is_already_the_new_state_of_things),
        test(before_any_sample_the_state_is_unknown),
        test(what_never_answers_is_offline_after_its_max_age),
        test(the_max_age_is_three_intervals_between_3_and_8_s),
        test(an_offline_component_tells_at_once_and_then_once_a_second),
        test(who_subscribes_to_an_offline_component_hears_each_second),
        test(it_heals_with_the_next_sample),
        test(samples_in_time_keep_it_online_without_restarting_a_timer),
        test(the_same_sample_again_is_dropped),
        test(a_clock_set_back_makes_nothing_old_or_offline),
        test(readings_that_are_no_numbers_or_come_twice_are_left_out),
        test(errors_are_present_if_and_only_if_the_state_is_error),
        test(errors_are_told_when_they_come_and_go),
        test(a_silent_battery_does_not_narrow_its_inverters_bounds),
        test(a_sensor_is_fresh_and_offline_like_a_component),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
