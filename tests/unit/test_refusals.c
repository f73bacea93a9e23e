/* SPDX-License-Identifier: MIT */
/* The log of refused calls, on a fake clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/timer.h"
#include "daemon/refusals.h"

struct fixture {
    struct fake_clock clock;
    struct timers timers;
    struct refusals *refusals;
    int lines;
    char last[800], last_name[64];
    uint64_t last_id;
};

static void on_line(const char *name, uint64_t id, const char *text, void *userdata)
{
    struct fixture *f = userdata;
    f->lines++;
    snprintf(f->last, sizeof(f->last), "%s", text);
    snprintf(f->last_name, sizeof(f->last_name), "%s", name ? name : "");
    f->last_id = id;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    if (!f) {
        return -1;
    }
    timers_init(&f->timers, fake_clock_init(&f->clock));
    f->refusals = refusals_new(&f->timers, on_line, f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    refusals_free(f->refusals);
    timers_done(&f->timers);
    free(f);
    return 0;
}

static void refuse_with(
    struct fixture *f, const char *caller, const char *method, uint64_t id, const char *message)
{
    struct ugrpc_status st;
    status_set(&st, UGRPC_OUT_OF_RANGE, "%s", message);
    refusals_add(f->refusals, &(struct refusal){
                                  .caller = caller,
                                  .method = method,
                                  .name = id ? "bat_inv_1" : NULL,
                                  .id = id,
                                  .st = &st,
                              });
}

static void refuse(struct fixture *f, const char *caller, const char *method, uint64_t id)
{
    refuse_with(f, caller, method, id, "-15000 W is outside");
}

static void the_first_refusal_is_told_with_its_component(void **state)
{
    struct fixture *f = *state;
    refuse(f, "127.0.0.1", "SetComponentPowerActive", 4);
    assert_int_equal(f->lines, 1);
    assert_string_equal(f->last, "SetComponentPowerActive from 127.0.0.1: OUT_OF_RANGE: -15000 W is outside");
    assert_string_equal(f->last_name, "bat_inv_1");
    assert_int_equal(f->last_id, 4);
}

static void more_like_it_are_counted_and_told_once_a_minute(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 42; i++) {
        refuse(f, "127.0.0.1", "SetComponentPowerActive", 4);
    }
    assert_int_equal(f->lines, 1);
    timers_run_until(&f->timers, &f->clock, f->clock.at_ns + 59 * NS_PER_S);
    assert_int_equal(f->lines, 1);
    timers_run_until(&f->timers, &f->clock, f->clock.at_ns + 2 * NS_PER_S);
    assert_int_equal(f->lines, 2);
    assert_string_equal(f->last,
        "SetComponentPowerActive from 127.0.0.1: OUT_OF_RANGE: 41 more like it, the last: -15000 W is outside");
    timers_run_until(&f->timers, &f->clock, f->clock.at_ns + 600 * NS_PER_S);
    assert_int_equal(f->lines, 2);
}

static void another_caller_method_or_component_is_another_refusal(void **state)
{
    struct fixture *f = *state;
    refuse(f, "127.0.0.1", "SetComponentPowerActive", 4);
    refuse(f, "10.0.0.1", "SetComponentPowerActive", 4);
    refuse(f, "127.0.0.1", "SetComponentPowerReactive", 4);
    refuse(f, "127.0.0.1", "SetComponentPowerActive", 6);
    refuse(f, "127.0.0.1", "SetComponentPowerActive", 0);
    assert_int_equal(f->lines, 5);
    assert_string_equal(f->last_name, "");
}

static void another_reason_is_another_refusal_other_numbers_are_not(void **state)
{
    struct fixture *f = *state;
    const char *method = "SetComponentPowerActive", *caller = "127.0.0.1";
    refuse_with(f, caller, method, 4, "inv (4): -15000 W is outside -10000 ... 10000 W (rated)");
    refuse_with(f, caller, method, 4, "inv (4): -1.5e+06 W is outside -9999.5 ... 0 W (rated)");
    refuse_with(f, caller, method, 4, "inv (4): 20000 W is outside -10000 ... 10000 W (rated)");
    assert_int_equal(f->lines, 1);
    refuse_with(f, caller, method, 4, "inv (4): -15000 W is outside -2000 ... 2000 W (added bounds)");
    assert_int_equal(f->lines, 2);
    refuse_with(f, caller, method, 4, "inv (4): -3000 W is outside -2000 ... 2000 W (added bounds)");
    timers_run_until(&f->timers, &f->clock, f->clock.at_ns + 61 * NS_PER_S);
    assert_int_equal(f->lines, 4);
    assert_string_equal(f->last,
        "SetComponentPowerActive from 127.0.0.1: OUT_OF_RANGE: 1 more like it, the last: inv (4): -3000 W is "
        "outside -2000 ... 2000 W (added bounds)");
}

static void the_table_has_an_end_and_the_quiet_make_room(void **state)
{
    struct fixture *f = *state;
    refuse(f, "127.0.0.1", "StopComponent", 1);
    refuse(f, "127.0.0.1", "StopComponent", 1);
    for (uint64_t id = 2; id < 1000; id++) {
        fake_clock_advance_ns(&f->clock, 1);
        refuse(f, "127.0.0.1", "StopComponent", id);
    }
    /* Each first one, and the one counted before it made room. */
    assert_int_equal(f->lines, 1000);
    refuse(f, "127.0.0.1", "StopComponent", 999);
    assert_int_equal(f->lines, 1000);
    refuse(f, "127.0.0.1", "StopComponent", 1);
    assert_int_equal(f->lines, 1001);
}

static void what_was_counted_is_told_at_the_end(void **state)
{
    struct fixture *f = *state;
    refuse(f, "127.0.0.1", "StopComponent", 1);
    refuse(f, "127.0.0.1", "StopComponent", 1);
    refusals_free(f->refusals);
    f->refusals = NULL;
    assert_int_equal(f->lines, 2);
    assert_string_equal(
        f->last, "StopComponent from 127.0.0.1: OUT_OF_RANGE: 1 more like it, the last: -15000 W is outside");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_first_refusal_is_told_with_its_component),
        TEST(more_like_it_are_counted_and_told_once_a_minute),
        TEST(another_caller_method_or_component_is_another_refusal),
        TEST(another_reason_is_another_refusal_other_numbers_are_not),
        TEST(the_table_has_an_end_and_the_quiet_make_room),
        TEST(what_was_counted_is_told_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
