/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "near.h"
#include "sim/ac.h"
#include "sim/grid.h"
#include "sim/load.h"
#include "sim/rng.h"

static const double volts[3] = {230, 230, 230};

static void phases_add_up_to_the_total(void **state)
{
    struct ac_quantities ac;
    ac_init(&ac);
    static const double power_w[3] = {1000, -400, 50}, var[3] = {100, 300, 0}, v[3] = {228, 231, 235};
    ac_derive(&ac, power_w, var, v, 50.01, 16);
    assert_near(ac.power_w, 650, 1e-9);
    assert_near(ac.reactive_var, 400, 1e-9);
    double current_a = 0, apparent_va = 0;
    for (int i = 0; i < 3; i++) {
        const struct ac_phase *phase = &ac.phase[i];
        current_a += phase->current_a;
        apparent_va += phase->apparent_va;
        assert_near(phase->apparent_va, hypot(power_w[i], var[i]), 1e-9);
        assert_near(phase->current_a * v[i], phase->apparent_va, 1e-9);
        assert_near(phase->power_factor * phase->apparent_va, power_w[i], 1e-9);
        assert_true(phase->thd_pct > 0 && phase->thd_pct <= 30);
    }
    assert_near(ac.current_a, current_a, 1e-9);
    assert_near(ac.apparent_va, apparent_va, 1e-9);
    assert_near(ac.voltage_v, (228 + 231 + 235) / 3.0, 1e-9);
    assert_near(ac.frequency_hz, 50.01, 0);
}

static void line_voltage_is_root_three_of_phase_voltage(void **state)
{
    struct ac_quantities ac;
    ac_init(&ac);
    static const double none[3] = {0, 0, 0};
    ac_derive(&ac, none, none, volts, 50, 0);
    for (int i = 0; i < 3; i++) {
        assert_near(ac.phase[i].voltage_next_v, 230 * sqrt(3), 1e-9);
        assert_near(ac.phase[i].current_a, 0, 0);
        assert_near(ac.phase[i].power_factor, 1, 0);
        assert_near(ac.phase[i].thd_pct, 0, 0);
    }
}

static void counters_only_rise_and_separate_the_directions(void **state)
{
    struct ac_quantities ac;
    ac_init(&ac);
    struct rng rng;
    rng_init(&rng, 3, 1);
    struct ac_energy last = {0};
    double net_wh = 0;
    for (int i = 0; i < 5000; i++) {
        double power_w[3], var[3];
        for (int k = 0; k < 3; k++) {
            power_w[k] = 3000 * rng_gaussian(&rng);
            var[k] = 500 * rng_gaussian(&rng);
            net_wh += power_w[k] / 3600;
        }
        ac_count(&ac, power_w, var, 1);
        assert_true(ac.energy.consumed_wh >= last.consumed_wh);
        assert_true(ac.energy.delivered_wh >= last.delivered_wh);
        assert_true(ac.energy.apparent_vah > last.apparent_vah);
        assert_true(ac.energy.reactive_varh > last.reactive_varh);
        last = ac.energy;
    }
    assert_near(ac.energy.consumed_wh - ac.energy.delivered_wh, net_wh, 1e-6);
    double consumed_wh = 0;
    for (int k = 0; k < 3; k++) {
        consumed_wh += ac.phase[k].energy.consumed_wh;
    }
    assert_near(consumed_wh, ac.energy.consumed_wh, 1e-9);
    assert_true(ac.energy.delivered_wh > 1000);
}

static void shares_add_up_exactly(void **state)
{
    double shares[3];
    ac_split(1234.567, shares);
    assert_true(shares[0] + shares[1] + shares[2] == 1234.567);
    ac_split_weighted(-900, (const double[]){1, 0, 2}, shares);
    assert_near(shares[0], -300, 1e-9);
    assert_near(shares[1], 0, 1e-9);
    assert_near(shares[2], -600, 1e-9);
}

static void frequency_spreads_as_the_process_should(void **state)
{
    struct grid_params params;
    grid_params_default(&params, 100);
    static const double none[3] = {0, 0, 0};
    static const double steps_s[] = {0.1, 1, 20};
    for (size_t k = 0; k < ARRAY_LEN(steps_s); k++) {
        struct grid_state grid;
        grid_init(&grid, &params);
        struct rng rng;
        rng_init(&rng, 1, 1);
        double sum = 0, sum2 = 0;
        int n = 400000;
        for (int i = 0; i < n; i++) {
            grid_step(&grid, &params, none, none, steps_s[k], &rng);
            double off_hz = grid.frequency_hz - 50;
            sum += off_hz;
            sum2 += off_hz * off_hz;
        }
        assert_near(sum / n, 0, 0.004);
        assert_near(sqrt(sum2 / n), 0.015 / sqrt(2 * 0.05), 0.003);
    }
}

static void load_sags_the_voltage_and_production_lifts_it(void **state)
{
    struct grid_params params;
    grid_params_default(&params, 100);
    params.noise_v = 0;
    struct grid_state grid;
    grid_init(&grid, &params);
    struct rng rng;
    rng_init(&rng, 1, 1);
    static const double power_w[3] = {10e3, 0, -10e3}, none[3] = {0, 0, 0}, var[3] = {0, 0, 5e3};
    grid_step(&grid, &params, power_w, none, 1, &rng);
    assert_true(grid.voltage_v[0] < 229 && grid.voltage_v[0] > 225);
    assert_near(grid.voltage_v[1], 230, 1e-9);
    assert_near(grid.voltage_v[2] - 230, 230 - grid.voltage_v[0], 1e-9);
    double lifted_v = grid.voltage_v[2];
    grid_step(&grid, &params, power_w, var, 1, &rng);
    assert_true(grid.voltage_v[2] < lifted_v);
}

static void a_stream_repeats_and_others_differ(void **state)
{
    struct rng a, b, other;
    rng_init(&a, 7, 12);
    rng_init(&b, 7, 12);
    rng_init(&other, 7, 13);
    int same = 0;
    for (int i = 0; i < 1000; i++) {
        double x = rng_gaussian(&a);
        assert_true(x == rng_gaussian(&b));
        same += x == rng_gaussian(&other);
    }
    assert_int_equal(same, 0);
}

static void uniform_and_gaussian_have_their_moments(void **state)
{
    struct rng rng;
    rng_init(&rng, 1, 0);
    double u = 0, g = 0, g2 = 0, noise = 0, noise2 = 0;
    int n = 200000;
    for (int i = 0; i < n; i++) {
        double x = rng_uniform(&rng), y = rng_gaussian(&rng);
        assert_true(x >= 0 && x < 1);
        noise = rng_noise(&rng, noise, 3, 2, 1);
        u += x;
        g += y;
        g2 += y * y;
        noise2 += noise * noise;
    }
    assert_near(u / n, 0.5, 0.005);
    assert_near(g / n, 0, 0.01);
    assert_near(g2 / n, 1, 0.02);
    assert_near(sqrt(noise2 / n), 3, 0.06);
}

static void load_keeps_to_its_profile_and_spreads_over_the_phases(void **state)
{
    struct load_params params;
    load_params_default(&params);
    struct rng rng;
    rng_init(&rng, 1, 13);
    struct load_state load;
    load_init(&load, &rng);
    double sum_w = 0;
    for (int i = 0; i < 20000; i++) {
        load_step(&load, &params, 4000, 1, &rng);
        double power_w = load.power_w[0] + load.power_w[1] + load.power_w[2];
        double var = load.reactive_var[0] + load.reactive_var[1] + load.reactive_var[2];
        assert_near(power_w / hypot(power_w, var), 0.97, 1e-6);
        assert_true(fabs(power_w - 4000) < 600);
        sum_w += power_w;
    }
    assert_near(sum_w / 20000, 4000, 20);
    assert_true(load.power_w[0] != load.power_w[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phases_add_up_to_the_total),
        cmocka_unit_test(line_voltage_is_root_three_of_phase_voltage),
        cmocka_unit_test(counters_only_rise_and_separate_the_directions),
        cmocka_unit_test(shares_add_up_exactly),
        cmocka_unit_test(frequency_spreads_as_the_process_should),
        cmocka_unit_test(load_sags_the_voltage_and_production_lifts_it),
        cmocka_unit_test(a_stream_repeats_and_others_differ),
        cmocka_unit_test(uniform_and_gaussian_have_their_moments),
        cmocka_unit_test(load_keeps_to_its_profile_and_spreads_over_the_phases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
