/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/timer.h"

struct fixture {
    struct fake_clock fake;
    struct timers timers;
    struct timer timer[200];
    int fired[400], n_fired;
    bool restart;
};

static void on_fire(struct timer *timer, void *userdata)
{
    struct fixture *f = userdata;
    f->fired[f->n_fired++] = (int)(timer - f->timer);
    if (f->restart) {
        timer_start_in(&f->timers, timer, 0);
    }
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    timers_init(&f->timers, fake_clock_init(&f->fake));
    for (size_t i = 0; i < ARRAY_LEN(f->timer); i++) {
        timer_init(&f->timer[i], on_fire, f);
    }
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    timers_done(&f->timers);
    free(f);
    return 0;
}

static void timers_fire_in_order_of_time_whatever_was_stopped(void **state)
{
    struct fixture *f = *state;
    unsigned seed = 7;
    for (size_t i = 0; i < 200; i++) {
        seed = seed * 1103515245u + 12345u;
        timer_start_in(&f->timers, &f->timer[i], (int64_t)(seed >> 16) % 1000);
    }
    for (size_t i = 0; i < 200; i += 3) {
        timer_stop(&f->timers, &f->timer[i]);
        timer_stop(&f->timers, &f->timer[i]);
    }
    timers_run_until(&f->timers, &f->fake, f->fake.at_ns + 2000);
    assert_int_equal(f->n_fired, 133);
    for (int i = 1; i < f->n_fired; i++) {
        assert_true(f->timer[f->fired[i - 1]].at_ns <= f->timer[f->fired[i]].at_ns);
    }
    assert_int_equal(timers_next_ns(&f->timers), INT64_MAX);
}

static void equal_times_fire_in_the_order_of_their_start(void **state)
{
    struct fixture *f = *state;
    for (int i = 9; i >= 0; i--) {
        timer_start_at(&f->timers, &f->timer[i], f->fake.at_ns + 5);
    }
    timers_run_until(&f->timers, &f->fake, f->fake.at_ns + 5);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(f->fired[i], 9 - i);
    }
}

static void a_timer_started_in_a_callback_waits_for_the_next_run(void **state)
{
    struct fixture *f = *state;
    f->restart = true;
    timer_start_in(&f->timers, &f->timer[0], 0);
    assert_int_equal(timers_run(&f->timers), 1);
    assert_int_equal(timers_run(&f->timers), 1);
    assert_true(timer_running(&f->timer[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(timers_fire_in_order_of_time_whatever_was_stopped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(equal_times_fire_in_the_order_of_their_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_timer_started_in_a_callback_waits_for_the_next_run, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
