/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "near.h"
#include "sim/battery.h"
#include "sim/inverter.h"

static struct battery_params lfp(void)
{
    struct battery_params params;
    battery_params_default(&params, BATTERY_LFP, 20e3);
    return params;
}

static void soc_follows_the_energy_that_loss_leaves(void **state)
{
    struct battery_params params = lfp();
    params.health_pct = 90;
    struct battery_state b;
    battery_init(&b, &params, 50, 20);
    double in_wh = 0, lost_wh = 0;
    for (int i = 0; i < 4000; i++) {
        double power_w = i < 1500 ? 8000 : i < 3000 ? -12000 : 500;
        battery_step(&b, &params, power_w, 20, 1);
        assert_near(b.power_w, power_w, 1e-6);
        in_wh += b.power_w / 3600;
        lost_wh += b.loss_w / 3600;
    }
    double gained_wh = (b.soc_pct - 50) / 100 * 18e3;
    assert_near(gained_wh, in_wh - lost_wh, 1e-3);
    assert_true(lost_wh > 50);
}

static void a_full_cycle_at_half_power_loses_a_few_percent(void **state)
{
    struct battery_params params = lfp();
    struct battery_state b;
    battery_init(&b, &params, 20, 20);
    double in_wh = 0, out_wh = 0;
    while (b.soc_pct < 80) {
        battery_step(&b, &params, 10000, 20, 1);
        in_wh += b.power_w / 3600;
    }
    while (b.soc_pct > 20) {
        battery_step(&b, &params, -10000, 20, 1);
        out_wh -= b.power_w / 3600;
    }
    assert_true(out_wh / in_wh > 0.95 && out_wh / in_wh < 0.99);
}

static void energy_is_conserved_from_ac_to_the_cells(void **state)
{
    struct battery_params params = lfp();
    struct inverter_params inverter_params;
    inverter_params_default(&inverter_params, 10e3);
    struct battery_state b;
    struct inverter_state inv;
    battery_init(&b, &params, 50, 20);
    inverter_init(&inv, 20);
    double ac_wh = 0, lost_wh = 0;
    for (int i = 0; i < 36000; i++) { /* over both limits of the state of charge */
        struct inverter_inputs in = {
            .connected = true, .power_w = i % 20000 < 10000 ? 9e3 : -9e3, .ambient_c = 20};
        in.able = inverter_range_of_dc(&inverter_params, battery_limits(&b, &params));
        inverter_step(&inv, &inverter_params, &in, 1);
        battery_step(&b, &params, inv.dc_power_w, 20, 1);
        assert_near(b.power_w, inv.dc_power_w, 1e-6);
        ac_wh += inv.power_w / 3600;
        lost_wh += (inv.loss_w + b.loss_w) / 3600;
    }
    assert_near((b.soc_pct - 50) / 100 * 20e3, ac_wh - lost_wh, 1e-3);
    assert_true(lost_wh > 1000);
}

static void voltage_follows_the_chemistry_and_sags_under_load(void **state)
{
    static const struct {
        enum battery_chemistry chemistry;
        double soc_pct, cell_v;
    } points[] = {
        {BATTERY_LFP, 10, 3.20},
        {BATTERY_LFP, 20, 3.23},
        {BATTERY_LFP, 50, 3.30},
        {BATTERY_LFP, 90, 3.34},
        {BATTERY_NMC, 10, 3.55},
        {BATTERY_NMC, 50, 3.75},
        {BATTERY_NMC, 80, 4.00},
        {BATTERY_NMC, 90, 4.12},
        {BATTERY_NMC, 65, 3.875},
    };
    for (size_t i = 0; i < ARRAY_LEN(points); i++) {
        struct battery_params params;
        battery_params_default(&params, points[i].chemistry, 20e3);
        double v = battery_open_circuit_v(&params, points[i].soc_pct) / params.cells;
        assert_near(v, points[i].cell_v, 1e-9);
    }
    struct battery_params params = lfp();
    struct battery_state b;
    battery_init(&b, &params, 50, 25);
    double rest_v = b.voltage_v;
    assert_true(rest_v > 390 && rest_v < 410);
    battery_step(&b, &params, -20e3, 25, 1);
    assert_true(b.voltage_v < rest_v * 0.985 && b.voltage_v > rest_v * 0.97);
    assert_true(b.current_a < 0);
    assert_near(b.voltage_v * b.current_a, -20e3, 1e-6);
    battery_step(&b, &params, 20e3, 25, 1);
    assert_true(b.voltage_v > rest_v * 1.015);
}

static void voltage_never_falls_as_charge_rises(void **state)
{
    for (int chemistry = BATTERY_LFP; chemistry <= BATTERY_NA_ION; chemistry++) {
        struct battery_params params;
        battery_params_default(&params, chemistry, 1e3);
        double last_v = 0;
        for (int i = -10; i <= 210; i++) {
            double v = battery_open_circuit_v(&params, i / 2.0);
            assert_true(v >= last_v);
            last_v = v;
        }
    }
}

static void limits_are_full_in_the_middle_and_end_at_the_soc_limits(void **state)
{
    struct battery_params params = lfp();
    struct battery_state b;
    battery_init(&b, &params, 50, 20);
    assert_near(battery_limits(&b, &params).upper_w, 20e3, 1e-6);
    assert_near(battery_limits(&b, &params).lower_w, -20e3, 1e-6);
    b.soc_pct = 89;
    assert_near(battery_limits(&b, &params).upper_w, 10e3, 1e-6);
    assert_near(battery_limits(&b, &params).lower_w, -20e3, 1e-6);
    b.soc_pct = 90;
    assert_near(battery_limits(&b, &params).upper_w, 0, 0);
    b.soc_pct = 10;
    assert_near(battery_limits(&b, &params).lower_w, 0, 0);
    assert_near(battery_limits(&b, &params).upper_w, 20e3, 1e-6);
    params.soc_max_pct = 100;
    b.soc_pct = 97;
    assert_near(battery_limits(&b, &params).upper_w, 20e3 * (1 - 0.85 * 0.7), 1e-6);
}

static void limits_lead_to_the_soc_limits_and_not_beyond(void **state)
{
    struct battery_params params = lfp();
    struct battery_state b;
    battery_init(&b, &params, 50, 20);
    for (int i = 0; i < 6 * 3600; i++) {
        battery_step(&b, &params, battery_limits(&b, &params).upper_w, 20, 1);
    }
    assert_near(b.soc_pct, 90, 0.001);
    for (int i = 0; i < 6 * 3600; i++) {
        battery_step(&b, &params, battery_limits(&b, &params).lower_w, 20, 1);
    }
    assert_near(b.soc_pct, 10, 0.001);
}

static void half_c_on_ac_fits_into_the_limits_with_room(void **state)
{
    struct battery_params params = lfp();
    struct inverter_params inverter;
    inverter_params_default(&inverter, 10e3);
    struct battery_state b;
    battery_init(&b, &params, 50, 20);
    struct power_range ac = inverter_range_of_dc(&inverter, battery_limits(&b, &params));
    assert_true(ac.upper_w > 10.5e3 && ac.lower_w < -10.5e3);
}

static void cold_and_hot_cells_are_protected(void **state)
{
    struct battery_params params = lfp();
    struct battery_state b;
    battery_init(&b, &params, 50, -1);
    assert_near(battery_limits(&b, &params).upper_w, 0, 0);
    assert_near(battery_limits(&b, &params).lower_w, -20e3, 1e-6);
    b.temperature_c = 5;
    assert_near(battery_limits(&b, &params).upper_w, 10e3, 1e-6);
    b.temperature_c = -25;
    assert_near(battery_limits(&b, &params).lower_w, 0, 0);
    b.temperature_c = 50;
    assert_near(battery_limits(&b, &params).upper_w, 10e3, 1e-6);
    b.temperature_c = 60;
    assert_near(battery_limits(&b, &params).upper_w, 0, 0);
    assert_near(battery_limits(&b, &params).lower_w, 0, 0);
}

static void loss_warms_the_battery_and_rest_cools_it(void **state)
{
    struct battery_params params = lfp();
    struct battery_state b;
    battery_init(&b, &params, 50, 20);
    for (int i = 0; i < 3 * 3600; i++) {
        battery_step(&b, &params, i / 600 % 2 ? 20e3 : -20e3, 20, 1);
    }
    double warm_c = b.temperature_c;
    assert_true(warm_c > 26 && warm_c < 45);
    for (int i = 0; i < 24 * 3600; i++) {
        battery_step(&b, &params, 0, 20, 1);
    }
    assert_near(b.temperature_c, 20, 0.1);
}

static void full_takes_no_more_and_empty_gives_no_more(void **state)
{
    struct battery_params params = lfp();
    struct battery_state b;
    battery_init(&b, &params, 99.999, 20);
    battery_step(&b, &params, 20e3, 20, 60);
    assert_near(b.soc_pct, 100, 1e-9);
    assert_true(b.power_w < 20e3);
    battery_step(&b, &params, 20e3, 20, 60);
    assert_near(b.power_w, 0, 1e-6);
    battery_init(&b, &params, 0, 20);
    battery_step(&b, &params, -20e3, 20, 1);
    assert_near(b.soc_pct, 0, 0);
    assert_near(b.power_w, 0, 1e-6);
}

static void absurd_discharge_ends_at_what_the_resistance_lets_through(void **state)
{
    struct battery_params params = lfp();
    struct battery_state b;
    battery_init(&b, &params, 50, 25);
    battery_step(&b, &params, -1e9, 25, 0.1);
    double most_w = battery_open_circuit_v(&params, 50) / 2 * battery_open_circuit_v(&params, 50) / 2;
    assert_near(b.power_w, -most_w / params.resistance_ohm, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(soc_follows_the_energy_that_loss_leaves),
        cmocka_unit_test(a_full_cycle_at_half_power_loses_a_few_percent),
        cmocka_unit_test(energy_is_conserved_from_ac_to_the_cells),
        cmocka_unit_test(voltage_follows_the_chemistry_and_sags_under_load),
        cmocka_unit_test(voltage_never_falls_as_charge_rises),
        cmocka_unit_test(limits_are_full_in_the_middle_and_end_at_the_soc_limits),
        cmocka_unit_test(limits_lead_to_the_soc_limits_and_not_beyond),
        cmocka_unit_test(half_c_on_ac_fits_into_the_limits_with_room),
        cmocka_unit_test(cold_and_hot_cells_are_protected),
        cmocka_unit_test(loss_warms_the_battery_and_rest_cools_it),
        cmocka_unit_test(full_takes_no_more_and_empty_gives_no_more),
        cmocka_unit_test(absurd_discharge_ends_at_what_the_resistance_lets_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
