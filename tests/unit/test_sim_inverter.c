/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "near.h"
#include "sim/inverter.h"

static const struct power_range free_range = {-1e9, 1e9};

static struct inverter_params ten_kw(void)
{
    struct inverter_params params;
    inverter_params_default(&params, 10e3);
    return params;
}

static void efficiency_meets_its_points(void **state)
{
    static const double points[][2] = {{0.025, 0.78}, {0.1, 0.93}, {1, 0.97}};
    struct inverter_params params = ten_kw();
    for (size_t i = 0; i < ARRAY_LEN(points); i++) {
        double ac_w = points[i][0] * 10e3;
        assert_near(ac_w / -inverter_dc_of_ac(&params, -ac_w), points[i][1], 0.002);
        assert_near(inverter_dc_of_ac(&params, ac_w) / ac_w, points[i][1], 0.002);
    }
    assert_true(-5e3 / inverter_dc_of_ac(&params, -5e3) > 0.97);
    assert_near(inverter_dc_of_ac(&params, 0), 0, 0);
}

static void dc_and_ac_are_each_others_inverse(void **state)
{
    struct inverter_params params = ten_kw();
    double last_w = -INFINITY;
    for (int i = -2000; i <= 2000; i++) {
        double ac_w = i * 7.5;
        double dc_w = inverter_dc_of_ac(&params, ac_w);
        assert_true(dc_w > last_w);
        assert_true(dc_w <= ac_w);
        assert_near(inverter_ac_of_dc(&params, dc_w), ac_w, 1e-6);
        last_w = dc_w;
    }
}

static void power_ramps_after_the_delay(void **state)
{
    struct inverter_params params = ten_kw();
    struct inverter_state inv;
    inverter_init(&inv, 20);
    struct inverter_inputs in = {.connected = true, .power_w = 8e3, .able = free_range, .ambient_c = 20};
    inverter_step(&inv, &params, &in, 0.1);
    assert_near(inv.power_w, 0, 0);
    inverter_step(&inv, &params, &in, 0.1);
    assert_near(inv.power_w, 500, 1e-6);
    inverter_step(&inv, &params, &in, 1);
    assert_near(inv.power_w, 5500, 1e-6);
    inverter_step(&inv, &params, &in, 1);
    assert_near(inv.power_w, 8e3, 1e-6);
}

static void one_long_step_equals_many_short_ones(void **state)
{
    struct inverter_params params = ten_kw();
    struct inverter_state one, many;
    inverter_init(&one, 20);
    inverter_init(&many, 20);
    struct inverter_inputs in = {.connected = true, .power_w = -9e3, .able = free_range, .ambient_c = 20};
    inverter_step(&one, &params, &in, 1);
    for (int i = 0; i < 100; i++) {
        inverter_step(&many, &params, &in, 0.01);
    }
    assert_near(one.power_w, many.power_w, 1);
    assert_near(one.power_w, -4500, 1);
}

static void a_command_that_changes_each_step_still_gets_through(void **state)
{
    struct inverter_params params = ten_kw();
    struct inverter_state inv;
    inverter_init(&inv, 20);
    struct inverter_inputs in = {.connected = true, .able = free_range, .ambient_c = 20};
    for (int i = 0; i < 100; i++) {
        in.power_w = 5000 + i;
        inverter_step(&inv, &params, &in, 0.05);
    }
    assert_true(inv.power_w > 5090);
}

static void reactive_yields_to_active_within_apparent_power(void **state)
{
    struct inverter_params params = ten_kw();
    struct inverter_state inv;
    inverter_init(&inv, 20);
    struct inverter_inputs in = {
        .connected = true, .power_w = -8e3, .reactive_var = -9e3, .able = free_range, .ambient_c = 20};
    for (int i = 0; i < 100; i++) {
        inverter_step(&inv, &params, &in, 0.1);
        assert_true(hypot(inv.power_w, inv.reactive_var) <= 10e3 * (1 + 1e-12));
    }
    assert_near(inv.power_w, -8e3, 1e-6);
    assert_near(inv.reactive_var, -6e3, 1e-6);
}

static void the_momentary_range_holds_without_ramp(void **state)
{
    struct inverter_params params = ten_kw();
    struct inverter_state inv;
    inverter_init(&inv, 20);
    struct inverter_inputs in = {.connected = true, .power_w = -INFINITY, .able = {-6e3, 0}, .ambient_c = 20};
    for (int i = 0; i < 5; i++) {
        inverter_step(&inv, &params, &in, 1);
    }
    assert_near(inv.power_w, -6e3, 1e-6);
    in.able.lower_w = -100; /* a cloud */
    inverter_step(&inv, &params, &in, 1);
    assert_near(inv.power_w, -100, 1e-6);
}

static void loss_is_the_difference_of_both_sides_and_warms(void **state)
{
    struct inverter_params params = ten_kw();
    struct inverter_state inv;
    inverter_init(&inv, 20);
    struct inverter_inputs in = {.connected = true, .power_w = 10e3, .able = free_range, .ambient_c = 20};
    for (int i = 0; i < 7200; i++) {
        inverter_step(&inv, &params, &in, 1);
        assert_near(inv.power_w - inv.dc_power_w, inv.loss_w, 1e-9);
        assert_true(inv.loss_w >= 0);
    }
    assert_near(inv.heatsink_c, 60, 2);
    assert_true(inv.cabinet_c > 30 && inv.cabinet_c < inv.temperature_c);
    assert_true(inv.transformer_c > 45 && inv.transformer_c < 60);
    assert_near(inverter_limits(&inv, &params).upper_w, 10e3, 0);
}

static void heat_limits_power(void **state)
{
    struct inverter_params params = ten_kw();
    struct inverter_state inv;
    inverter_init(&inv, 55);
    struct inverter_inputs in = {.connected = true, .power_w = -10e3, .able = free_range, .ambient_c = 55};
    for (int i = 0; i < 7200; i++) {
        inverter_step(&inv, &params, &in, 1);
        struct power_range range = inverter_limits(&inv, &params);
        assert_near(range.lower_w, -range.upper_w, 0);
    }
    assert_true(inv.heatsink_c < 95);
    assert_true(inv.power_w > -9e3 && inv.power_w < -3e3);
}

static void disconnected_means_no_power_at_once_and_a_fresh_start(void **state)
{
    struct inverter_params params = ten_kw();
    struct inverter_state inv;
    inverter_init(&inv, 20);
    struct inverter_inputs in = {
        .connected = true, .power_w = -10e3, .able = free_range, .ambient_c = 20, .idle_w = 4};
    inverter_step(&inv, &params, &in, 3);
    in.connected = false;
    inverter_step(&inv, &params, &in, 0.1);
    assert_near(inv.power_w, 0, 0);
    assert_near(inv.dc_power_w, 0, 0);
    in.connected = true;
    inverter_step(&inv, &params, &in, 0.1);
    assert_near(inv.power_w, 4, 0); /* still in the delay: its own use only */
    inverter_step(&inv, &params, &in, 0.1);
    assert_near(inv.power_w, -500, 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(efficiency_meets_its_points),
        cmocka_unit_test(dc_and_ac_are_each_others_inverse),
        cmocka_unit_test(power_ramps_after_the_delay),
        cmocka_unit_test(one_long_step_equals_many_short_ones),
        cmocka_unit_test(a_command_that_changes_each_step_still_gets_through),
        cmocka_unit_test(reactive_yields_to_active_within_apparent_power),
        cmocka_unit_test(the_momentary_range_holds_without_ramp),
        cmocka_unit_test(loss_is_the_difference_of_both_sides_and_warms),
        cmocka_unit_test(heat_limits_power),
        cmocka_unit_test(disconnected_means_no_power_at_once_and_a_fresh_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
