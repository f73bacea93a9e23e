/* SPDX-License-Identifier: MIT */
/* What of the site's events is told to whoever reads the log at level info, on a fake clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/timer.h"
#include "daemon/event_log.h"
#include "model/component.h"

#define MAX_LINES 32

struct fixture {
    struct fake_clock clock;
    struct timers timers;
    struct event_log *log;
    char lines[MAX_LINES][200]; /* "bat_inv (4): now +1 W" */
    size_t n;
    size_t hidden; /* at debug */
    enum log_level level;
};

static const struct component some_component;

static void on_line(enum log_level level, const char *name, uint64_t id, const char *text, void *userdata)
{
    struct fixture *f = userdata;
    if (level == LOG_LEVEL_DEBUG) {
        f->hidden++;
        return;
    }
    assert_true(f->n < MAX_LINES);
    snprintf(f->lines[f->n++], sizeof(f->lines[0]), "%s (%d): %s", name, (int)id, text);
    f->level = level;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    timers_init(&f->timers, fake_clock_init(&f->clock));
    f->log = event_log_new(&f->timers, on_line, f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    event_log_free(f->log);
    timers_done(&f->timers);
    free(f);
    return 0;
}

static void happen_to(struct fixture *f, uint64_t id, int axis, enum event_kind kind, const char *text)
{
    struct observer observer = event_log_observer(f->log);
    const struct event event = {
        .kind = kind, .component = &some_component, .name = "inv", .id = id, .axis = axis, .text = text};
    observer.on_event(&event, observer.userdata);
}

static void happen(struct fixture *f, enum event_kind kind, const char *text)
{
    happen_to(f, 4, AXIS_ACTIVE, kind, text);
}

static void move(struct fixture *f, int watts)
{
    char text[40];
    snprintf(text, sizeof(text), "now %d W", watts);
    happen(f, EVENT_SETPOINT_MOVED, text);
}

static void pass_s(struct fixture *f, int64_t seconds)
{
    timers_run_until(&f->timers, &f->clock, f->clock.at_ns + seconds * NS_PER_S);
}

static void each_of_a_few_moves_is_told(void **state)
{
    struct fixture *f = *state;
    for (int i = 1; i <= EVENT_LOG_BURST; i++) {
        move(f, i);
        assert_int_equal(f->n, i);
    }
    assert_string_equal(f->lines[EVENT_LOG_BURST - 1], "inv (4): now 6 W");
    assert_int_equal(f->hidden, 0);
}

static void of_many_moves_the_last_is_told_with_their_number(void **state)
{
    struct fixture *f = *state;
    for (int i = 1; i <= 50; i++) {
        move(f, i);
    }
    assert_int_equal(f->n, EVENT_LOG_BURST);
    assert_int_equal(f->hidden, 50 - EVENT_LOG_BURST);
    pass_s(f, 61);
    assert_int_equal(f->n, EVENT_LOG_BURST + 1);
    assert_string_equal(f->lines[EVENT_LOG_BURST], "inv (4): now 50 W (and 43 changes before that)");
    pass_s(f, 600);
    assert_int_equal(f->n, EVENT_LOG_BURST + 1);
}

static void one_move_too_many_is_only_late(void **state)
{
    struct fixture *f = *state;
    for (int i = 1; i <= EVENT_LOG_BURST + 1; i++) {
        move(f, i);
    }
    pass_s(f, 61);
    assert_string_equal(f->lines[EVENT_LOG_BURST], "inv (4): now 7 W");
}

static void what_goes_on_has_a_line_a_minute_until_it_is_quiet(void **state)
{
    struct fixture *f = *state;
    for (int second = 1; second <= 180; second++) {
        move(f, second);
        pass_s(f, 1);
    }
    pass_s(f, 60); /* the last of them */
    size_t told = f->n;
    assert_in_range(told, EVENT_LOG_BURST + 3, EVENT_LOG_BURST + 4);
    assert_string_equal(f->lines[EVENT_LOG_BURST + 1], "inv (4): now 120 W (and 59 changes before that)");
    pass_s(f, 120);
    move(f, 1);
    move(f, 2);
    assert_int_equal(f->n, told + 2);
}

static void what_was_counted_is_told_before_the_next_line_about_it(void **state)
{
    struct fixture *f = *state;
    for (int i = 1; i <= 10; i++) {
        move(f, i);
    }
    happen_to(f, 6, AXIS_ACTIVE, EVENT_SETPOINT_EXPIRED, "lifetime ended, 0 W");
    assert_int_equal(f->n, EVENT_LOG_BURST + 1);
    happen(f, EVENT_SETPOINT_EXPIRED, "lifetime ended, 0 W");
    assert_int_equal(f->n, EVENT_LOG_BURST + 3);
    assert_string_equal(f->lines[EVENT_LOG_BURST + 1], "inv (4): now 10 W (and 3 changes before that)");
    assert_string_equal(f->lines[EVENT_LOG_BURST + 2], "inv (4): lifetime ended, 0 W");
}

static void components_sensors_and_axes_are_counted_apart(void **state)
{
    struct fixture *f = *state;
    struct observer observer = event_log_observer(f->log);
    for (int i = 1; i <= 10; i++) {
        happen_to(f, 4, AXIS_REACTIVE, EVENT_SETPOINT_MOVED, "now 1 VAr");
    }
    assert_int_equal(f->n, EVENT_LOG_BURST);
    happen_to(f, 5, AXIS_REACTIVE, EVENT_SETPOINT_MOVED, "now 2 VAr");
    assert_int_equal(f->n, EVENT_LOG_BURST + 1);
    const struct event of_sensor = {.kind = EVENT_OFFLINE, .name = "thermometer", .id = 4, .text = "offline"};
    observer.on_event(&of_sensor, observer.userdata);
    assert_int_equal(f->n, EVENT_LOG_BURST + 2); /* it is another's: nothing else is told for it */
    assert_string_equal(f->lines[EVENT_LOG_BURST + 1], "thermometer (4): offline");
    move(f, 1);
    assert_int_equal(f->n, EVENT_LOG_BURST + 4);
    assert_string_equal(f->lines[EVENT_LOG_BURST + 2], "inv (4): now 1 VAr (and 3 changes before that)");
}

static void a_renewal_is_told_once_a_minute(void **state)
{
    struct fixture *f = *state;
    for (int second = 0; second < 58; second += 2) {
        happen(f, EVENT_SETPOINT_ACCEPTED, "charge, +5000 W for 60 s, from a");
        pass_s(f, 2);
    }
    assert_int_equal(f->n, 1);
    pass_s(f, 3);
    happen(f, EVENT_SETPOINT_ACCEPTED, "charge, +5000 W for 60 s, from a");
    assert_int_equal(f->n, 2);
}

static void it_is_no_renewal_once_something_else_was_told(void **state)
{
    struct fixture *f = *state;
    happen(f, EVENT_SETPOINT_ACCEPTED, "charge, +5000 W for 60 s, from a");
    happen(f, EVENT_LIFECYCLE, "stop begins, from b");
    happen(f, EVENT_SETPOINT_ACCEPTED, "charge, +5000 W for 60 s, from a");
    happen(f, EVENT_SETPOINT_ACCEPTED, "charge, +5000 W for 60 s, from a");
    assert_int_equal(f->n, 3);
    happen(f, EVENT_SETPOINT_ACCEPTED, "0 W for 60 s, from a");
    happen(f, EVENT_SETPOINT_ACCEPTED, "charge, +5000 W for 60 s, from a");
    assert_int_equal(f->n, 5);
}

static void a_device_that_comes_and_goes_is_counted_and_its_last_state_told(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 20; i++) {
        happen(f, EVENT_OFFLINE, "offline");
        happen(f, EVENT_ONLINE, "online again");
    }
    happen(f, EVENT_OFFLINE, "offline");
    assert_int_equal(f->n, EVENT_LOG_BURST);
    pass_s(f, 61);
    assert_int_equal(f->n, EVENT_LOG_BURST + 1);
    assert_string_equal(f->lines[EVENT_LOG_BURST], "inv (4): offline (and 34 changes before that)");
    assert_int_equal(f->level, LOG_LEVEL_WARNING);
}

static void what_was_counted_is_told_at_the_end(void **state)
{
    struct fixture *f = *state;
    for (int i = 1; i <= 10; i++) {
        move(f, i);
    }
    event_log_free(f->log);
    f->log = NULL;
    assert_string_equal(f->lines[EVENT_LOG_BURST], "inv (4): now 10 W (and 3 changes before that)");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(each_of_a_few_moves_is_told),
        TEST(of_many_moves_the_last_is_told_with_their_number),
        TEST(one_move_too_many_is_only_late),
        TEST(what_goes_on_has_a_line_a_minute_until_it_is_quiet),
        TEST(what_was_counted_is_told_before_the_next_line_about_it),
        TEST(components_sensors_and_axes_are_counted_apart),
        TEST(a_renewal_is_told_once_a_minute),
        TEST(it_is_no_renewal_once_something_else_was_told),
        TEST(a_device_that_comes_and_goes_is_counted_and_its_last_state_told),
        TEST(what_was_counted_is_told_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
