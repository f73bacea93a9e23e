/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "near.h"
#include "sim/pv.h"
#include "sim/sun.h"
#include "sim/weather.h"
#include "sim/wind_turbine.h"

static void nights_are_dark_and_noon_is_bright(void **state)
{
    struct sun_plane plane;
    sun_plane_default(&plane, 52.5);
    for (int day = 1; day <= 366; day++) {
        assert_near(sun_irradiance_w_m2(&plane, day, 0), 0, 0);
        assert_near(sun_irradiance_w_m2(&plane, day, 86400), 0, 0);
        assert_true(sun_irradiance_w_m2(&plane, day, 43200) > 50);
        for (int t = 0; t < 86400; t += 1800) {
            double w_m2 = sun_irradiance_w_m2(&plane, day, t);
            assert_true(w_m2 >= 0 && w_m2 < 1200);
        }
    }
}

static void the_sun_stands_where_it_should(void **state)
{
    /* It rises at 6 at the equator in spring, and in Berlin at 3:42 in midsummer, at 8:18 in midwinter. */
    static const struct {
        double latitude_deg;
        int day;
        double rise_s;
    } cases[] = {{0, 81, 6 * 3600}, {52.5, 172, 3.705 * 3600}, {52.5, 355, 8.295 * 3600}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct sun_plane flat = {.latitude_deg = cases[i].latitude_deg};
        double rise_s = cases[i].rise_s, set_s = 86400 - rise_s;
        assert_near(sun_irradiance_w_m2(&flat, cases[i].day, rise_s - 120), 0, 0);
        assert_true(sun_irradiance_w_m2(&flat, cases[i].day, rise_s + 120) > 0);
        assert_true(sun_irradiance_w_m2(&flat, cases[i].day, set_s - 120) > 0);
        assert_near(sun_irradiance_w_m2(&flat, cases[i].day, set_s + 120), 0, 0);
    }
    struct sun_plane east = {.latitude_deg = 50, .tilt_deg = 40, .azimuth_deg = 90};
    assert_true(sun_irradiance_w_m2(&east, 172, 9 * 3600) > 1.5 * sun_irradiance_w_m2(&east, 172, 15 * 3600));
    struct sun_plane south;
    sun_plane_default(&south, -33);
    assert_near(south.azimuth_deg, 0, 0); /* the southern half looks north */
    assert_true(sun_irradiance_w_m2(&south, 355, 43200) > 900);
}

static void modules_give_their_peak_at_standard_conditions(void **state)
{
    struct pv_params params;
    pv_params_default(&params, 10e3);
    params.noct_c = 20; /* module as warm as the air */
    assert_near(pv_output(&params, 1000, 25, 1).power_w, -11e3, 1e-6);
    assert_near(pv_output(&params, 1000, 35, 1).power_w, -11e3 * (1 - 0.037), 1e-6);
    pv_params_default(&params, 10e3);
    assert_near(pv_output(&params, 800, 20, 1).module_c, 45, 1e-9);
    assert_true(pv_output(&params, 800, 20, 8).module_c < 30);
    struct pv_output noon = pv_output(&params, 900, 30, 2);
    assert_near(noon.voltage_v * noon.current_a, noon.power_w, 1e-9);
    assert_true(noon.voltage_v > 500 && noon.voltage_v < 620);
}

static void no_light_gives_no_power_whatever_the_sensor_says(void **state)
{
    struct pv_params params;
    pv_params_default(&params, 10e3);
    struct pv_output night = pv_output(&params, -4.7, -10, 3);
    assert_near(night.power_w, 0, 0);
    assert_near(night.voltage_v, 0, 0);
    assert_near(night.module_c, -10, 1e-9);
    assert_near(pv_curtail(&params, night, -100).power_w, 0, 0);
}

static void curtailment_takes_less_at_a_higher_voltage(void **state)
{
    struct pv_params params;
    pv_params_default(&params, 10e3);
    struct pv_output sun = pv_output(&params, 900, 20, 2);
    struct pv_output half = pv_curtail(&params, sun, sun.power_w / 2);
    assert_near(half.power_w, sun.power_w / 2, 1e-9);
    assert_true(half.voltage_v > sun.voltage_v);
    assert_near(half.voltage_v * half.current_a, half.power_w, 1e-9);
    assert_near(pv_curtail(&params, sun, 2 * sun.power_w).power_w, sun.power_w, 1e-9);
    assert_near(pv_curtail(&params, sun, 0).current_a, 0, 1e-9);
}

static void the_power_curve_has_its_three_winds(void **state)
{
    struct wind_turbine_params params;
    wind_turbine_params_default(&params, 50e3);
    params.hub_factor = 1;
    assert_near(wind_turbine_curve_w(&params, 0), 0, 0);
    assert_near(wind_turbine_curve_w(&params, 3), 0, 0);
    assert_near(wind_turbine_curve_w(&params, 12), -50e3, 1e-6);
    assert_near(wind_turbine_curve_w(&params, 20), -50e3, 1e-6);
    assert_near(wind_turbine_curve_w(&params, 25), 0, 0);
    double half_w = wind_turbine_curve_w(&params, 7);
    assert_true(half_w < -0.15 * 50e3 && half_w > -0.25 * 50e3);
}

static void a_turbine_follows_wind_and_limit(void **state)
{
    struct wind_turbine_params params;
    wind_turbine_params_default(&params, 50e3);
    struct wind_turbine_state turbine;
    wind_turbine_init(&turbine);
    wind_turbine_step(&turbine, &params, 15, -INFINITY, 1);
    assert_true(turbine.power_w < 0 && turbine.power_w > -10e3); /* a heavy rotor */
    for (int i = 0; i < 120; i++) {
        wind_turbine_step(&turbine, &params, 15, -INFINITY, 1);
    }
    assert_near(turbine.power_w, -50e3, 10);
    wind_turbine_step(&turbine, &params, 15, -20e3, 1);
    assert_near(turbine.power_w, -20e3, 0);
    assert_true(turbine.available_w < -49e3);
    wind_turbine_step(&turbine, &params, 15, 0, 1);
    assert_near(turbine.power_w, 0, 0);
}

static void dew_point_meets_known_values(void **state)
{
    assert_near(weather_dew_point_c(20, 100), 20, 1e-9);
    assert_near(weather_dew_point_c(20, 50), 9.26, 0.05);
    assert_near(weather_dew_point_c(-10, 80), -12.8, 0.2);
    assert_true(isfinite(weather_dew_point_c(20, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nights_are_dark_and_noon_is_bright),
        cmocka_unit_test(the_sun_stands_where_it_should),
        cmocka_unit_test(modules_give_their_peak_at_standard_conditions),
        cmocka_unit_test(no_light_gives_no_power_whatever_the_sensor_says),
        cmocka_unit_test(curtailment_takes_less_at_a_higher_voltage),
        cmocka_unit_test(the_power_curve_has_its_three_winds),
        cmocka_unit_test(a_turbine_follows_wind_and_limit),
        cmocka_unit_test(dew_point_meets_known_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
