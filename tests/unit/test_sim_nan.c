/* SPDX-License-Identifier: MIT */
/* What is not a number, and what is rated 0, never becomes power: from such a thing a battery was once
 * charged out of nothing. */
#include "unit.h"

#include <math.h>

#include "base/base.h"
#include "near.h"
#include "sim/battery.h"
#include "sim/capacitor_bank.h"
#include "sim/chp.h"
#include "sim/electrolyzer.h"
#include "sim/ev.h"
#include "sim/inverter.h"
#include "sim/load.h"
#include "sim/pv.h"
#include "sim/rng.h"
#include "sim/wind_turbine.h"

static const struct power_range free_range = {-1e9, 1e9};

static void an_inverter_makes_none_of_it(void **state)
{
    struct inverter_params params;
    struct inverter_state inv;
    inverter_params_default(&params, 10e3);
    inverter_init(&inv, 20);
    struct inverter_inputs in = {.connected = true, .power_w = -8e3, .able = free_range, .ambient_c = 20};
    inverter_step(&inv, &params, &in, 10);
    in.power_w = in.reactive_var = NAN;
    inverter_step(&inv, &params, &in, 10);
    assert_near(inv.power_w, 0, 0);
    assert_near(inv.reactive_var, 0, 0);
    assert_near(inverter_dc_of_ac(&params, NAN), 0, 0);
    assert_near(inverter_ac_of_dc(&params, NAN), 0, 0);
}

static void an_inverter_rated_0_does_nothing(void **state)
{
    struct inverter_params params;
    struct inverter_state inv;
    inverter_params_default(&params, 0);
    inverter_init(&inv, 20);
    struct inverter_inputs in = {.connected = true, .power_w = 5e3, .able = free_range, .ambient_c = 20};
    inverter_step(&inv, &params, &in, 1);
    assert_near(inv.power_w, 0, 0);
    assert_near(inv.dc_power_w, 0, 0);
    assert_near(inv.heatsink_c, 20, 0);
    assert_near(inverter_dc_of_ac(&params, 5e3), 0, 0);
    assert_near(inverter_ac_of_dc(&params, -5e3), 0, 0);
}

static void a_battery_makes_none_of_it(void **state)
{
    struct battery_params params;
    struct battery_state battery;
    battery_params_default(&params, BATTERY_LFP, 20e3);
    battery_init(&battery, &params, 50, 20);
    battery_step(&battery, &params, NAN, 20, 3600);
    assert_near(battery.power_w, 0, 0);
    assert_near(battery.soc_pct, 50, 0);
    battery.temperature_c = NAN; /* whatever made it so */
    struct power_range limits = battery_limits(&battery, &params);
    assert_near(limits.lower_w, 0, 0);
    assert_near(limits.upper_w, 0, 0);
    battery.temperature_c = 20;
    battery.soc_pct = NAN;
    limits = battery_limits(&battery, &params);
    assert_near(limits.lower_w, 0, 0);
    assert_near(limits.upper_w, 0, 0);
}

static void sources_make_none_of_it(void **state)
{
    struct wind_turbine_params wind;
    struct wind_turbine_state turbine;
    wind_turbine_params_default(&wind, 10e3);
    wind_turbine_init(&turbine);
    assert_near(wind_turbine_curve_w(&wind, NAN), 0, 0);
    wind_turbine_step(&turbine, &wind, 12, NAN, 60);
    assert_near(turbine.power_w, 0, 0);

    struct pv_params modules;
    pv_params_default(&modules, 10e3);
    assert_near(pv_output(&modules, NAN, 20, 1).power_w, 0, 0);
    assert_near(pv_output(&modules, 800, NAN, 1).power_w, 0, 0);
    assert_near(pv_curtail(&modules, pv_output(&modules, 800, 20, 1), NAN).power_w, 0, 0);

    struct chp_params plant;
    struct chp_state chp;
    chp_params_default(&plant, 10e3);
    chp_init(&chp);
    chp_step(&chp, &plant, NAN, false, 600);
    assert_near(chp.power_w, 0, 0);

    struct capacitor_bank_params capacitors;
    struct capacitor_bank_state bank;
    capacitor_bank_params_default(&capacitors, 10e3);
    capacitor_bank_init(&bank);
    capacitor_bank_step(&bank, &capacitors, NAN, 230, 60);
    assert_near(bank.reactive_var, 0, 0);
}

static void loads_make_none_of_it(void **state)
{
    struct rng rng;
    rng_init(&rng, 1, 1);
    struct ev_params station;
    struct ev_state ev;
    ev_params_default(&station, 11e3);
    ev_init(&ev, &station, true);
    ev_step(&ev, &station, NAN, 60, &rng);
    assert_near(ev.power_w, 0, 0);

    struct electrolyzer_params params;
    struct electrolyzer_state electrolyzer;
    electrolyzer_params_default(&params, 10e3);
    electrolyzer_init(&electrolyzer);
    electrolyzer_step(&electrolyzer, &params, NAN, 600);
    assert_near(electrolyzer.power_w, 0, 0);

    struct load_params profile;
    struct load_state load;
    load_params_default(&profile);
    load_init(&load, &rng);
    load_step(&load, &profile, NAN, 1, &rng);
    for (int i = 0; i < 3; i++) {
        assert_near(load.power_w[i], 0, 0);
        assert_near(load.reactive_var[i], 0, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_inverter_makes_none_of_it),
        cmocka_unit_test(an_inverter_rated_0_does_nothing),
        cmocka_unit_test(a_battery_makes_none_of_it),
        cmocka_unit_test(sources_make_none_of_it),
        cmocka_unit_test(loads_make_none_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
