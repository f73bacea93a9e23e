/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "near.h"
#include "sim/capacitor_bank.h"
#include "sim/chp.h"
#include "sim/electrolyzer.h"
#include "sim/ev.h"
#include "sim/hvac.h"
#include "sim/miner.h"
#include "sim/rng.h"

static void a_chp_ramps_and_keeps_to_its_minimum_load(void **state)
{
    struct chp_params params;
    chp_params_default(&params, 6000);
    struct chp_state chp;
    chp_init(&chp);
    for (int i = 0; i < 10; i++) {
        double before_w = chp.power_w;
        chp_step(&chp, &params, -6000, false, 1);
        assert_near(before_w - chp.power_w, 100, 1e-6);
    }
    for (int i = 0; i < 100; i++) {
        chp_step(&chp, &params, -2000, false, 1);
    }
    assert_near(chp.power_w, -3000, 1e-6);
    for (int i = 0; i < 300; i++) {
        chp_step(&chp, &params, -2000, false, 1);
    }
    assert_near(chp.power_w, 0, 0);
    for (int i = 0; i < 100; i++) {
        chp_step(&chp, &params, -99e3, false, 1);
    }
    assert_near(chp.power_w, -6000, 1e-6);
}

static void a_chp_runs_its_minimum_time_unless_stopped(void **state)
{
    struct chp_params params;
    chp_params_default(&params, 6000);
    struct chp_state chp;
    chp_init(&chp);
    for (int i = 0; i < 60; i++) {
        chp_step(&chp, &params, -3000, false, 1);
    }
    for (int i = 60; i < 300; i++) {
        chp_step(&chp, &params, 0, false, 1);
        assert_true(chp.running);
    }
    assert_near(chp.power_w, -3000, 1e-6);
    for (int i = 0; i < 60; i++) {
        chp_step(&chp, &params, 0, false, 1);
    }
    assert_false(chp.running);
    assert_near(chp.power_w, 0, 0);

    chp_step(&chp, &params, -3000, false, 1);
    chp_step(&chp, &params, -3000, true, 1);
    assert_false(chp.running);
    assert_near(chp.power_w, 0, 1e-6);
}

static void an_electrolyzer_runs_above_its_minimum_or_not_at_all(void **state)
{
    struct electrolyzer_params params;
    electrolyzer_params_default(&params, 30e3);
    struct electrolyzer_state plant;
    electrolyzer_init(&plant);
    electrolyzer_step(&plant, &params, 2999, 100);
    assert_near(plant.power_w, 0, 0);
    electrolyzer_step(&plant, &params, 20e3, 1);
    assert_near(plant.power_w, 1000, 1e-6);
    electrolyzer_step(&plant, &params, 1e9, 100);
    assert_near(plant.power_w, 30e3, 1e-6);
    electrolyzer_step(&plant, &params, 0, 100);
    assert_near(plant.power_w, 0, 0);
}

static void a_capacitor_bank_switches_step_by_step_and_never_too_much(void **state)
{
    struct capacitor_bank_params params;
    capacitor_bank_params_default(&params, 8000);
    struct capacitor_bank_state bank;
    capacitor_bank_init(&bank);
    capacitor_bank_step(&bank, &params, -3999, 230, 0.1);
    assert_near(bank.reactive_var, -1000, 1e-6);
    for (int i = 0; i < 50; i++) {
        double before_var = bank.reactive_var;
        capacitor_bank_step(&bank, &params, -3999, 230, 0.1);
        assert_true(before_var - bank.reactive_var <= 1000 + 1e-6);
    }
    assert_near(bank.reactive_var, -3000, 1e-6);
    assert_near(bank.power_w, 6, 1e-6);
    capacitor_bank_step(&bank, &params, -8000, 230, 60);
    assert_near(bank.reactive_var, -8000, 1e-6);
    capacitor_bank_step(&bank, &params, -8000, 115, 1);
    assert_near(bank.reactive_var, -2000, 1e-6);
    capacitor_bank_step(&bank, &params, 0, 230, 60);
    assert_near(bank.reactive_var, 0, 0);
}

static double hvac_duty(double outside_c, double *low_c, double *high_c)
{
    struct hvac_params params;
    hvac_params_default(&params, 3000);
    struct hvac_state hvac;
    hvac_init(&hvac, &params);
    *low_c = *high_c = hvac.room_c;
    double on_s = 0;
    for (int i = 0; i < 4 * 86400; i += 10) {
        hvac_step(&hvac, &params, outside_c, 10);
        on_s += hvac.on ? 10 : 0;
        *low_c = fmin(*low_c, hvac.room_c);
        *high_c = fmax(*high_c, hvac.room_c);
        assert_near(hvac.power_w, hvac.on ? 3000 : 90, 0);
    }
    return on_s / (4 * 86400);
}

static void hvac_holds_the_room_and_works_harder_in_worse_weather(void **state)
{
    double low_c, high_c;
    double cold = hvac_duty(-10, &low_c, &high_c);
    assert_true(low_c > 20 && high_c < 22);
    assert_near(cold, 31.0 / 40, 0.05);
    double mild = hvac_duty(15, &low_c, &high_c);
    assert_near(mild, 6.0 / 40, 0.05);
    double hot = hvac_duty(35, &low_c, &high_c);
    assert_true(low_c > 20 && high_c < 22);
    assert_near(hot, 14.0 / 40, 0.05);
}

static void a_miner_is_steady_but_for_restarts(void **state)
{
    struct miner_params params;
    miner_params_default(&params, 3000);
    struct miner_state miner;
    miner_init(&miner, &params);
    struct rng rng;
    rng_init(&rng, 1, 5);
    int low = 0, n = 30 * 86400 / 5;
    for (int i = 0; i < n; i++) {
        miner_step(&miner, &params, 5, &rng);
        assert_true(miner.power_w > 0 && miner.power_w < 3200);
        low += miner.power_w < 1000;
    }
    double expected = n * params.boot_s / (params.restart_every_s + params.boot_s);
    assert_true(low > expected / 2 && low < expected * 2);
}

static void the_first_car_charges_then_tapers_then_is_full(void **state)
{
    struct ev_params params;
    ev_params_default(&params, 11e3);
    struct rng rng;
    rng_init(&rng, 1, 10);
    struct ev_state ev;
    ev_init(&ev, &params, true);
    assert_int_equal(ev.phase, EV_LOCKED);
    double wh = 0, last_w = 0;
    int charging_s = 0;
    for (int i = 0; i < 6 * 3600; i++) {
        ev_step(&ev, &params, INFINITY, 1, &rng);
        assert_int_equal(ev.phase, EV_LOCKED);
        wh += ev.power_w / 3600;
        if (i > 10 && wh < 25e3) {
            assert_near(ev.power_w, 11e3, 1e-6);
        } else if (wh > 26e3) {
            assert_true(ev.power_w <= last_w);
        }
        assert_true(ev.power_w == 0 || ev.power_w >= 4140);
        charging_s += ev.power_w > 0;
        last_w = ev.power_w;
    }
    assert_near(wh, 30e3, 5);
    assert_near(ev.charged_wh, wh, 1e-6);
    assert_true(charging_s > 2.5 * 3600);
}

static void a_car_obeys_its_limit_or_does_not_charge(void **state)
{
    struct ev_params params;
    ev_params_default(&params, 11e3);
    struct rng rng;
    rng_init(&rng, 1, 10);
    struct ev_state ev;
    ev_init(&ev, &params, true);
    static const double limits_w[][2] = {
        {11e3, 11e3}, {6000, 6000}, {4140, 4140}, {4139, 0}, {0, 0}, {-5, 0}, {8000, 8000}, {1e6, 11e3}};
    for (size_t i = 0; i < ARRAY_LEN(limits_w); i++) {
        for (int k = 0; k < 10; k++) {
            ev_step(&ev, &params, limits_w[i][0], 1, &rng);
            assert_true(ev.power_w == 0 || ev.power_w >= 4140);
        }
        assert_near(ev.power_w, limits_w[i][1], 1e-6);
        assert_near(ev.available_w, 11e3, 1e-6);
    }
    ev_params_default(&params, 3700);
    assert_int_equal(params.phases, 1);
    assert_near(params.min_w, 1380, 0);
}

static void cars_come_and_go_in_order(void **state)
{
    struct ev_params params;
    ev_params_default(&params, 11e3);
    struct rng rng;
    rng_init(&rng, 1, 10);
    struct ev_state ev;
    ev_init(&ev, &params, true);
    enum ev_phase last = ev.phase;
    int arrivals = 0;
    for (int i = 0; i < 7 * 86400; i++) {
        ev_step(&ev, &params, INFINITY, 1, &rng);
        if (ev.phase != last) {
            assert_int_equal(ev.phase, (last + 1) % 4);
            arrivals += ev.phase == EV_LOCKED;
            if (ev.phase == EV_LOCKED) {
                assert_true(ev.wants_wh >= 18e3 && ev.wants_wh <= 42e3);
                assert_true(ev.charged_wh < 20);
            }
        }
        assert_true(ev.phase == EV_LOCKED || ev.power_w == 0);
        last = ev.phase;
    }
    assert_true(arrivals > 8 && arrivals < 22);
}

static void long_steps_keep_the_same_timetable(void **state)
{
    struct ev_params params;
    ev_params_default(&params, 11e3);
    struct rng rng_a, rng_b;
    rng_init(&rng_a, 1, 10);
    rng_init(&rng_b, 1, 10);
    struct ev_state a, b;
    ev_init(&a, &params, true);
    ev_init(&b, &params, true);
    for (int i = 0; i < 300; i++) {
        for (int k = 0; k < 600; k++) {
            ev_step(&a, &params, INFINITY, 1, &rng_a);
        }
        ev_step(&b, &params, INFINITY, 600, &rng_b);
        assert_int_equal(a.phase, b.phase);
        assert_near(a.phase_left_s, b.phase_left_s, 1e-3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chp_ramps_and_keeps_to_its_minimum_load),
        cmocka_unit_test(a_chp_runs_its_minimum_time_unless_stopped),
        cmocka_unit_test(an_electrolyzer_runs_above_its_minimum_or_not_at_all),
        cmocka_unit_test(a_capacitor_bank_switches_step_by_step_and_never_too_much),
        cmocka_unit_test(hvac_holds_the_room_and_works_harder_in_worse_weather),
        cmocka_unit_test(a_miner_is_steady_but_for_restarts),
        cmocka_unit_test(the_first_car_charges_then_tapers_then_is_full),
        cmocka_unit_test(a_car_obeys_its_limit_or_does_not_charge),
        cmocka_unit_test(cars_come_and_go_in_order),
        cmocka_unit_test(long_steps_keep_the_same_timetable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
