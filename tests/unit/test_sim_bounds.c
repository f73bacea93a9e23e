/* SPDX-License-Identifier: MIT */
/* Bounds of the real model on the real physics: whatever the way from battery to grid, what flows stays
 * within them. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "near.h"
#include "sim_site.h"

struct fixture {
    struct sim_site *sim;
    struct component *meter;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->sim = sim_site_new();
    struct component *grid = sim_site_add(f->sim, 1, COMPONENT_GRID, NULL, -40000, 40000, NULL, 0);
    f->meter = sim_site_add(f->sim, 2, COMPONENT_METER, grid, 0, 0, NULL, 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sim_site_free(f->sim);
    free(f);
    return 0;
}

static struct component *add_inverter(struct fixture *f, uint64_t id, enum component_type type)
{
    struct setting settings[] = {NUMBER("irradiance", 600), NUMBER("ramp_time", 0.1)};
    bool pv = type != COMPONENT_BATTERY_INVERTER;
    return sim_site_add(f->sim, id, type, f->meter, -10000, 10000, pv ? settings : settings + 1, pv ? 2 : 1);
}

static struct component *add_battery(
    struct fixture *f, uint64_t id, struct component *under, double capacity_wh, double soc_pct)
{
    struct setting settings[] = {NUMBER("capacity", capacity_wh), NUMBER("soc", soc_pct)};
    return sim_site_add(f->sim, id, COMPONENT_BATTERY, under, -capacity_wh, capacity_wh, settings, 2);
}

static double ac_w(const struct component *component)
{
    return component_reading(component, METRIC_AC_ACTIVE_POWER);
}

static double dc_w(const struct component *component)
{
    return component_reading(component, METRIC_DC_POWER);
}

/* Does the most that is allowed on one side, and waits until all have settled and reported it. */
static void go_to_the_end(struct fixture *f, struct component *inverter, bool charge)
{
    const struct ranges *in_force = bounds_in_force(inverter, BOUNDED_ACTIVE);
    sim_site_set_power(
        f->sim, inverter, charge ? in_force->items[in_force->n - 1].upper : in_force->items[0].lower);
    sim_site_run_s(f->sim, 3);
}

static void the_bound_of_one_of_several_batteries_holds(void **state)
{
    struct fixture *f = *state;
    struct component *inverter = add_inverter(f, 3, COMPONENT_BATTERY_INVERTER);
    struct component *one = add_battery(f, 4, inverter, 20000, 50);
    struct component *other = add_battery(f, 5, inverter, 10000, 50);
    sim_site_start(f->sim);
    sim_site_bound(f->sim, one, METRIC_DC_POWER, -1000, 1500);
    go_to_the_end(f, inverter, true);
    assert_true(dc_w(one) > 1300 && dc_w(one) <= 1500);
    assert_near(dc_w(other), dc_w(one) / 2, 5);
    go_to_the_end(f, inverter, false);
    assert_true(dc_w(one) < -900 && dc_w(one) >= -1000);
    sim_site_bound(f->sim, other, METRIC_BATTERY_SOC_PCT, 60, 90);
    sim_site_run_s(f->sim, 3);
    assert_near(dc_w(other), 0, 0);
}

/* It is nearly full: the first must not take over more than it is left. */
static void a_bound_holds_while_the_other_battery_takes_ever_less(void **state)
{
    struct fixture *f = *state;
    struct component *inverter = add_inverter(f, 3, COMPONENT_BATTERY_INVERTER);
    struct component *one = add_battery(f, 4, inverter, 20000, 50);
    struct component *other = add_battery(f, 5, inverter, 2000, 89.5);
    sim_site_start(f->sim);
    sim_site_bound(f->sim, one, METRIC_DC_POWER, -2000, 2000);
    double least_w = INFINITY, most_w = 0;
    for (int i = 0; i < 1200; i++) {
        if (i % 50 == 0) {
            sim_site_bound(f->sim, one, METRIC_DC_POWER, -2000, 2000);
            go_to_the_end(f, inverter, true);
        }
        sim_site_run_s(f->sim, 1);
        most_w = fmax(most_w, dc_w(one));
        least_w = fmin(least_w, dc_w(other));
    }
    assert_true(least_w < 20);
    assert_true(most_w > 1900 && most_w <= 2001);
}

static void inverters_that_share_a_battery_keep_its_bound_together(void **state)
{
    struct fixture *f = *state;
    struct component *big = add_inverter(f, 3, COMPONENT_BATTERY_INVERTER);
    struct component *small = sim_site_add(
        f->sim, 4, COMPONENT_BATTERY_INVERTER, f->meter, -5000, 5000, NULL, 0);
    small->spec.rated_va = 20000;
    struct component *battery = add_battery(f, 5, big, 10000, 50);
    assert_int_equal(site_connect(f->sim->site, small, battery, NULL), 0);
    sim_site_start(f->sim);
    go_to_the_end(f, big, true);
    go_to_the_end(f, small, true);
    assert_near(ac_w(small), bounds_in_force(small, BOUNDED_ACTIVE)->items[0].upper, 50); /* as published */
    sim_site_bound(f->sim, battery, METRIC_DC_POWER, -3000, 2000);
    sim_site_run_s(f->sim, 3);
    assert_true(dc_w(battery) > 1700 && dc_w(battery) <= 2000);
    go_to_the_end(f, big, false);
    go_to_the_end(f, small, false);
    assert_true(dc_w(battery) < -2500 && dc_w(battery) >= -3000);
}

static void a_small_bound_holds_with_the_losses_of_low_load(void **state)
{
    struct fixture *f = *state;
    struct component *inverter = add_inverter(f, 3, COMPONENT_BATTERY_INVERTER);
    struct component *battery = add_battery(f, 4, inverter, 20000, 50);
    sim_site_start(f->sim);
    sim_site_bound(f->sim, battery, METRIC_DC_POWER, -250, 20000);
    go_to_the_end(f, inverter, false);
    assert_true(dc_w(battery) < -200 && dc_w(battery) >= -250);
}

static void pv_does_not_charge_the_battery_of_a_hybrid_inverter_beyond_its_bounds(void **state)
{
    struct fixture *f = *state;
    struct component *hybrid = add_inverter(f, 3, COMPONENT_HYBRID_INVERTER);
    struct component *battery = add_battery(f, 4, hybrid, 20000, 50);
    sim_site_start(f->sim);
    sim_site_set_power(f->sim, hybrid, 0);
    sim_site_run_s(f->sim, 3);
    assert_true(dc_w(battery) > 5000); /* all of its PV */
    sim_site_bound(f->sim, battery, METRIC_DC_POWER, -3000, 1000);
    sim_site_run_s(f->sim, 3);
    assert_near(dc_w(battery), 1000, 1);
    assert_near(ac_w(hybrid), 0, 1);
    sim_site_bound(f->sim, battery, METRIC_BATTERY_SOC_PCT, 10, 40);
    sim_site_run_s(f->sim, 3);
    assert_near(dc_w(battery), 0, 1);
}

static void the_battery_of_a_hybrid_inverter_is_not_discharged_beyond_its_bounds(void **state)
{
    struct fixture *f = *state;
    struct component *hybrid = add_inverter(f, 3, COMPONENT_HYBRID_INVERTER);
    struct component *battery = add_battery(f, 4, hybrid, 20000, 50);
    sim_site_start(f->sim);
    double pv_w = -ac_w(hybrid);
    sim_site_bound(f->sim, battery, METRIC_DC_POWER, -1500, 20000);
    go_to_the_end(f, hybrid, false);
    assert_true(dc_w(battery) < -1000 && dc_w(battery) >= -1500);
    assert_true(ac_w(hybrid) < -pv_w - 1000);
    sim_site_bound(f->sim, battery, METRIC_BATTERY_SOC_PCT, 60, 90);
    sim_site_run_s(f->sim, 3);
    go_to_the_end(f, hybrid, false);
    assert_true(ac_w(hybrid) < -pv_w + 500); /* what its PV gives is still used */
    assert_true(dc_w(battery) >= 0);
}

static void every_open_switch_on_the_way_to_a_battery_counts(void **state)
{
    struct fixture *f = *state;
    struct component *inverter = add_inverter(f, 3, COMPONENT_BATTERY_INVERTER), *last = inverter;
    for (uint64_t id = 10; id < 16; id++) {
        last = sim_site_add(f->sim, id, COMPONENT_RELAY, last, 0, 0, NULL, 0);
    }
    struct component *behind = add_battery(f, 4, last, 20000, 50);
    struct component *beside = add_battery(f, 5, inverter, 20000, 50);
    sim_site_start(f->sim);
    sim_site_set_power(f->sim, inverter, 6000);
    sim_site_run_s(f->sim, 3);
    assert_near(dc_w(behind), dc_w(beside), 50);
    sim_site_run_action(f->sim, last, LIFECYCLE_STOP);
    sim_site_run_s(f->sim, 3);
    assert_near(dc_w(behind), 0, 0);
    assert_true(dc_w(beside) > 5000);
}

static void a_battery_behind_parallel_switches_is_one_battery(void **state)
{
    struct fixture *f = *state;
    struct component *inverter = add_inverter(f, 3, COMPONENT_BATTERY_INVERTER);
    struct component *one = sim_site_add(f->sim, 10, COMPONENT_RELAY, inverter, 0, 0, NULL, 0);
    struct component *other = sim_site_add(f->sim, 11, COMPONENT_RELAY, inverter, 0, 0, NULL, 0);
    struct component *battery = add_battery(f, 4, one, 4000, 50);
    assert_int_equal(site_connect(f->sim->site, other, battery, NULL), 0);
    sim_site_start(f->sim);
    assert_near(bounds_in_force(inverter, BOUNDED_ACTIVE)->items[0].upper, 4000, 0);
    sim_site_set_power(f->sim, inverter, 4000);
    sim_site_run_s(f->sim, 3);
    assert_true(dc_w(battery) > 3700 && dc_w(battery) < 4000);
    sim_site_run_action(f->sim, one, LIFECYCLE_STOP);
    sim_site_run_s(f->sim, 3);
    assert_true(dc_w(battery) > 3700);
}

static struct component *add_running_chp(struct fixture *f)
{
    struct setting settings[] = {NUMBER("ramp_time", 1)};
    struct component *chp = sim_site_add(f->sim, 3, COMPONENT_CHP, f->meter, -10000, 0, settings, 1);
    sim_site_start(f->sim);
    sim_site_set_power(f->sim, chp, -10000);
    sim_site_run_s(f->sim, 3);
    assert_near(ac_w(chp), -10000, 1);
    return chp;
}

static void a_chp_goes_on_with_its_least_power_while_that_is_within_its_bounds(void **state)
{
    struct fixture *f = *state;
    struct component *chp = add_running_chp(f);
    sim_site_bound(f->sim, chp, METRIC_AC_ACTIVE_POWER, -6000, 0);
    sim_site_run_s(f->sim, 3);
    assert_near(ac_w(chp), -6000, 1);
    sim_site_set_power(f->sim, chp, -2000);
    sim_site_run_s(f->sim, 3);
    assert_near(ac_w(chp), -5000, 1);
}

/* Its minimum run time is no reason to break bounds. */
static void a_chp_stops_for_bounds_below_its_least_power(void **state)
{
    struct fixture *f = *state;
    struct component *chp = add_running_chp(f);
    sim_site_bound(f->sim, chp, METRIC_AC_ACTIVE_POWER, -2000, 0);
    sim_site_run_s(f->sim, 3);
    assert_near(ac_w(chp), 0, 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(the_bound_of_one_of_several_batteries_holds),
        test(a_bound_holds_while_the_other_battery_takes_ever_less),
        test(inverters_that_share_a_battery_keep_its_bound_together),
        test(a_small_bound_holds_with_the_losses_of_low_load),
        test(pv_does_not_charge_the_battery_of_a_hybrid_inverter_beyond_its_bounds),
        test(the_battery_of_a_hybrid_inverter_is_not_discharged_beyond_its_bounds),
        test(every_open_switch_on_the_way_to_a_battery_counts),
        test(a_battery_behind_parallel_switches_is_one_battery),
        test(a_chp_goes_on_with_its_least_power_while_that_is_within_its_bounds),
        test(a_chp_stops_for_bounds_below_its_least_power),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
