/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "near.h"
#include "sim/precharger.h"
#include "sim/relay.h"
#include "sim/sequence.h"

static void a_relay_takes_its_time_and_counts_its_closings(void **state)
{
    struct relay_params params = {.switching_s = 0.05, .cycle_limit = 2};
    struct relay_state relay;
    relay_init(&relay, false);
    for (int i = 0; i < 2; i++) {
        assert_true(relay_command(&relay, &params, true));
        assert_true(relay_command(&relay, &params, true));
        relay_step(&relay, 0.03);
        assert_int_equal(relay.position, RELAY_CLOSING);
        assert_false(relay_conducts(&relay));
        relay_step(&relay, 0.03);
        assert_int_equal(relay.position, RELAY_CLOSED);
        assert_int_equal(relay.cycles, i + 1);
        assert_true(relay_command(&relay, &params, false));
        assert_true(relay_conducts(&relay));
        relay_step(&relay, 1);
        assert_int_equal(relay.position, RELAY_OPEN);
    }
    assert_true(relay_worn(&relay, &params));
    assert_false(relay_command(&relay, &params, true));
    assert_int_equal(relay.position, RELAY_OPEN);
}

static void precharge_closes_at_95_percent_after_three_time_constants(void **state)
{
    struct precharger_params params;
    precharger_params_default(&params);
    struct precharger_state pre;
    precharger_init(&pre, false, 400);
    precharger_start(&pre);
    double t_s = 0;
    while (pre.phase == PRECHARGER_PRECHARGING) {
        precharger_step(&pre, &params, 400, 0.01);
        t_s += 0.01;
        assert_near(pre.voltage_v, 400 * (1 - exp(-t_s)), 1e-6);
    }
    assert_int_equal(pre.phase, PRECHARGER_CLOSED);
    assert_near(t_s, 3 * 0.99857, 0.011); /* -RC ln(1 - 0.95) */
    precharger_step(&pre, &params, 400, 0.01);
    assert_near(pre.voltage_v, 400, 0);
}

static void too_slow_a_precharge_fails(void **state)
{
    struct precharger_params params;
    precharger_params_default(&params);
    params.capacitance_f = 0.1;
    struct precharger_state pre;
    precharger_init(&pre, false, 400);
    precharger_start(&pre);
    for (int i = 0; i < 9; i++) {
        precharger_step(&pre, &params, 400, 1);
        assert_int_equal(pre.phase, PRECHARGER_PRECHARGING);
    }
    precharger_step(&pre, &params, 400, 1);
    assert_int_equal(pre.phase, PRECHARGER_FAILED);
    precharger_start(&pre); /* another try goes on from the voltage reached */
    for (int i = 0; i < 10; i++) {
        precharger_step(&pre, &params, 400, 1);
    }
    assert_int_equal(pre.phase, PRECHARGER_CLOSED);
}

static void without_a_battery_precharge_never_closes(void **state)
{
    struct precharger_params params;
    precharger_params_default(&params);
    struct precharger_state pre;
    precharger_init(&pre, false, 0);
    precharger_start(&pre);
    for (int i = 0; i < 10; i++) {
        precharger_step(&pre, &params, 0, 1);
    }
    assert_int_equal(pre.phase, PRECHARGER_FAILED);
}

static double run_until_there(struct sequence_state *seq, const struct sequence_params *params)
{
    double t_s = 0;
    while (!sequence_there(seq, params) && t_s < 60) {
        sequence_step(seq, params, 400, 0.05);
        /* AC never closes onto a dead DC side. */
        assert_true(seq->ac.position != RELAY_CLOSED || seq->dc.position == RELAY_CLOSED ||
                    seq->goal != SEQUENCE_RUN);
        t_s += 0.05;
    }
    return t_s;
}

static void start_precharges_synchronises_and_closes(void **state)
{
    struct sequence_params params;
    sequence_params_default(&params, true);
    struct sequence_state seq;
    sequence_init(&seq, &params, SEQUENCE_OFF, 400);
    assert_true(sequence_there(&seq, &params));
    sequence_set_goal(&seq, SEQUENCE_RUN);
    double t_s = run_until_there(&seq, &params);
    assert_true(t_s > 5 && t_s < 6);
    assert_true(sequence_running(&seq));
    sequence_set_goal(&seq, SEQUENCE_STANDBY);
    t_s = run_until_there(&seq, &params);
    assert_true(t_s < 0.5);
    assert_int_equal(seq.dc.position, RELAY_CLOSED);
    sequence_set_goal(&seq, SEQUENCE_RUN);
    t_s = run_until_there(&seq, &params);
    assert_true(t_s > 1.9 && t_s < 2.5); /* only the grid must be watched again */
    sequence_set_goal(&seq, SEQUENCE_OFF);
    t_s = run_until_there(&seq, &params);
    assert_true(t_s < 0.5);
    assert_int_equal(seq.dc.position, RELAY_OPEN);
    assert_int_equal(seq.dc.cycles, 1);
    assert_int_equal(seq.ac.cycles, 2);
}

static void without_dc_relay_off_ends_in_standby(void **state)
{
    struct sequence_params params;
    sequence_params_default(&params, false);
    struct sequence_state seq;
    sequence_init(&seq, &params, SEQUENCE_RUN, 600);
    assert_true(sequence_running(&seq));
    sequence_set_goal(&seq, SEQUENCE_OFF);
    run_until_there(&seq, &params);
    assert_true(sequence_there(&seq, &params));
    assert_int_equal(seq.dc.position, RELAY_CLOSED);
    assert_int_equal(seq.ac.position, RELAY_OPEN);
}

static void a_change_of_mind_midway_is_followed(void **state)
{
    struct sequence_params params;
    sequence_params_default(&params, true);
    struct sequence_state seq;
    sequence_init(&seq, &params, SEQUENCE_OFF, 400);
    sequence_set_goal(&seq, SEQUENCE_RUN);
    for (int i = 0; i < 80; i++) {
        sequence_step(&seq, &params, 400, 0.05);
    }
    assert_int_equal(seq.dc.position, RELAY_CLOSED);
    sequence_set_goal(&seq, SEQUENCE_OFF);
    run_until_there(&seq, &params);
    assert_true(sequence_there(&seq, &params));
    assert_int_equal(seq.ac.cycles, 0);
}

static void a_dead_dc_side_needs_no_precharge(void **state)
{
    struct sequence_params params;
    sequence_params_default(&params, true);
    struct sequence_state seq;
    sequence_init(&seq, &params, SEQUENCE_OFF, 0);
    sequence_set_goal(&seq, SEQUENCE_RUN);
    for (int i = 0; i < 60; i++) {
        sequence_step(&seq, &params, 0, 0.05);
    }
    assert_true(sequence_running(&seq));
    assert_int_equal(seq.fault, SEQUENCE_FINE);
    sequence_step(&seq, &params, 400, 0.05); /* the battery comes back */
    assert_true(sequence_running(&seq));
    assert_near(seq.link.voltage_v, 400, 0);
}

static void a_failed_start_ends_off_with_its_reason(void **state)
{
    struct sequence_params params;
    sequence_params_default(&params, true);
    params.link.resistance_ohm = 1000;
    struct sequence_state seq;
    sequence_init(&seq, &params, SEQUENCE_OFF, 400);
    sequence_set_goal(&seq, SEQUENCE_RUN);
    for (int i = 0; i < 300; i++) {
        sequence_step(&seq, &params, 400, 0.05);
    }
    assert_int_equal(seq.fault, SEQUENCE_PRECHARGE_TOO_SLOW);
    assert_int_equal(seq.dc.position, RELAY_OPEN);
    params.link.resistance_ohm = 50;
    params.dc.cycle_limit = 1;
    seq.dc.cycles = 1;
    sequence_set_goal(&seq, SEQUENCE_RUN);
    assert_int_equal(seq.fault, SEQUENCE_FINE);
    for (int i = 0; i < 300; i++) {
        sequence_step(&seq, &params, 400, 0.05);
    }
    assert_int_equal(seq.fault, SEQUENCE_RELAY_WORN);
    assert_false(sequence_running(&seq));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relay_takes_its_time_and_counts_its_closings),
        cmocka_unit_test(precharge_closes_at_95_percent_after_three_time_constants),
        cmocka_unit_test(too_slow_a_precharge_fails),
        cmocka_unit_test(without_a_battery_precharge_never_closes),
        cmocka_unit_test(start_precharges_synchronises_and_closes),
        cmocka_unit_test(without_dc_relay_off_ends_in_standby),
        cmocka_unit_test(a_change_of_mind_midway_is_followed),
        cmocka_unit_test(a_dead_dc_side_needs_no_precharge),
        cmocka_unit_test(a_failed_start_ends_off_with_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
