/* SPDX-License-Identifier: MIT */
/* The simulator behind the real model, on a fake clock. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim_site.h"

enum {
    GRID = 1,
    METER,
    INVERTER,
    BATTERY,
    PV,
    LOAD,
    RELAY,
    BEHIND_RELAY,
    BEHIND_BATTERY,
    FAULTY,
    NIGHT,
    DARK,
    N
};

struct fixture {
    struct sim_site *sim;
    struct component *part[N];
};

static void add(struct fixture *f, int which, enum component_type type, int under, double lower_w,
    double upper_w, struct setting *settings, size_t n)
{
    f->part[which] = sim_site_add(
        f->sim, (uint64_t)which, type, under ? f->part[under] : NULL, lower_w, upper_w, settings, n);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->sim = sim_site_new();
    struct setting battery[] = {NUMBER("capacity", 20000), NUMBER("soc", 50)};
    struct setting load[] = {NUMBER("power", 3000)};
    struct setting faulty[] = {TEXT("error", "overvoltage")};
    struct setting night[] = {NUMBER("irradiance", 0)};
    add(f, GRID, COMPONENT_GRID, 0, -40000, 40000, NULL, 0);
    add(f, METER, COMPONENT_METER, GRID, 0, 0, NULL, 0);
    add(f, INVERTER, COMPONENT_BATTERY_INVERTER, METER, -10000, 10000, NULL, 0);
    add(f, BATTERY, COMPONENT_BATTERY, INVERTER, -20000, 20000, battery, 2);
    add(f, PV, COMPONENT_PV_INVERTER, METER, -15000, 0, NULL, 0);
    add(f, LOAD, COMPONENT_METER, METER, 0, 0, load, 1);
    add(f, RELAY, COMPONENT_RELAY, METER, 0, 0, NULL, 0);
    add(f, BEHIND_RELAY, COMPONENT_BATTERY_INVERTER, RELAY, -10000, 10000, NULL, 0);
    add(f, BEHIND_BATTERY, COMPONENT_BATTERY, BEHIND_RELAY, -20000, 20000, battery, 2);
    add(f, FAULTY, COMPONENT_PV_INVERTER, METER, -5000, 0, faulty, 1);
    add(f, NIGHT, COMPONENT_HYBRID_INVERTER, METER, -10000, 10000, night, 1);
    add(f, DARK, COMPONENT_PV_INVERTER, METER, -10000, 0, night, 1);
    sim_site_start(f->sim);
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

static void run_s(struct fixture *f, double seconds)
{
    sim_site_run_s(f->sim, seconds);
}

static double power_w(const struct fixture *f, int which)
{
    return component_reading(f->part[which], METRIC_AC_ACTIVE_POWER);
}

static bool in_state(const struct fixture *f, int which, enum state_code code)
{
    struct component_state state = telemetry_state(&f->part[which]->telemetry);
    return state_has(&state, code);
}

static void set_power(struct fixture *f, int which, double watts)
{
    sim_site_set_power(f->sim, f->part[which], watts);
}

static void run_action(struct fixture *f, int which, enum lifecycle_action action)
{
    sim_site_run_action(f->sim, f->part[which], action);
}

static void every_component_has_a_sample_at_once(void **state)
{
    struct fixture *f = *state;
    for (int i = GRID; i < N; i++) {
        assert_true(telemetry_fresh(&f->part[i]->telemetry));
    }
    assert_true(in_state(f, INVERTER, STATE_READY));
    assert_true(in_state(f, BATTERY, STATE_RELAY_CLOSED));
}

static void no_component_lets_more_than_its_interval_pass(void **state)
{
    struct fixture *f = *state;
    int64_t started_utc_ns = f->sim->fake.utc_ns;
    for (int second = 1; second <= 3; second++) {
        run_s(f, 1);
        for (int i = GRID; i < N; i++) {
            assert_true(f->part[i]->telemetry.sampled_utc_ns > started_utc_ns + (second - 1) * NS_PER_S);
        }
    }
}

static void the_meter_shows_the_sum_of_what_is_below(void **state)
{
    struct fixture *f = *state;
    set_power(f, INVERTER, 5000);
    run_s(f, 10);
    double sum_w = power_w(f, INVERTER) + power_w(f, PV) + power_w(f, LOAD) + power_w(f, BEHIND_RELAY);
    assert_float_equal(power_w(f, INVERTER), 5000, 1);
    assert_true(power_w(f, PV) < -1000);
    assert_true(fabs(power_w(f, METER) - sum_w) < 200); /* they report at different instants */
    assert_true(fabs(power_w(f, GRID) - power_w(f, METER)) < 200);
    assert_true(component_reading(f->part[BATTERY], METRIC_DC_POWER) > 4500);
    assert_true(in_state(f, BATTERY, STATE_CHARGING));
}

static void power_falls_back_to_zero_after_its_lifetime(void **state)
{
    struct fixture *f = *state;
    set_power(f, INVERTER, -5000);
    run_s(f, 58);
    assert_float_equal(power_w(f, INVERTER), -5000, 1);
    run_s(f, 6);
    assert_float_equal(power_w(f, INVERTER), 0, 1);
    assert_true(component_reading(f->part[BATTERY], METRIC_BATTERY_SOC_PCT) < 50);
}

static void pv_runs_free_until_it_is_curtailed(void **state)
{
    struct fixture *f = *state;
    run_s(f, 5);
    double free_w = power_w(f, PV);
    set_power(f, PV, -500);
    run_s(f, 5);
    assert_float_equal(power_w(f, PV), -500, 1);
    assert_true(free_w < -1000);
}

static void at_night_a_hybrid_inverter_lives_on_the_grid_and_a_pv_inverter_sleeps(void **state)
{
    struct fixture *f = *state;
    set_power(f, PV, 0);
    run_s(f, 5);
    assert_float_equal(power_w(f, NIGHT), 3, 0.001);
    assert_float_equal(power_w(f, PV), 0, 0); /* its modules feed it */
    assert_float_equal(power_w(f, DARK), 0, 0);
    assert_true(in_state(f, NIGHT, STATE_READY));
    sim_site_bound(f->sim, f->part[NIGHT], METRIC_AC_ACTIVE_POWER, -500, 0);
    run_s(f, 5);
    assert_true(isnan(f->part[NIGHT]->setpoints[AXIS_ACTIVE].applied)); /* that is no power to be limited */
}

static void an_inverter_goes_to_standby_and_off_and_comes_back(void **state)
{
    struct fixture *f = *state;
    set_power(f, INVERTER, 5000);
    run_s(f, 5);
    run_action(f, INVERTER, LIFECYCLE_STANDBY);
    assert_true(in_state(f, INVERTER, STATE_STANDBY));
    assert_float_equal(power_w(f, INVERTER), 0, 0.1);
    run_action(f, INVERTER, LIFECYCLE_STOP);
    assert_true(in_state(f, INVERTER, STATE_OFF));
    run_action(f, INVERTER, LIFECYCLE_START);
    assert_true(in_state(f, INVERTER, STATE_READY));
}

static void a_pv_inverter_has_no_dc_relays_and_is_never_off(void **state)
{
    struct fixture *f = *state;
    run_action(f, PV, LIFECYCLE_STOP);
    assert_true(in_state(f, PV, STATE_STANDBY));
    assert_float_equal(power_w(f, PV), 0, 0.1);
}

static void a_set_point_wakes_an_inverter_in_standby(void **state)
{
    struct fixture *f = *state;
    run_action(f, INVERTER, LIFECYCLE_STANDBY);
    set_power(f, INVERTER, 3000);
    run_s(f, 20);
    assert_float_equal(power_w(f, INVERTER), 3000, 1);
}

static void an_open_relay_cuts_off_what_is_behind(void **state)
{
    struct fixture *f = *state;
    set_power(f, BEHIND_RELAY, 4000);
    run_s(f, 6);
    assert_float_equal(power_w(f, BEHIND_RELAY), 4000, 1);
    run_action(f, RELAY, LIFECYCLE_STOP);
    run_s(f, 3);
    assert_true(in_state(f, RELAY, STATE_RELAY_OPEN));
    assert_float_equal(power_w(f, BEHIND_RELAY), 0, 1);
    const struct caller me = {"test", "the test"};
    struct ugrpc_status st;
    int rc = command_set_power(f->part[BEHIND_RELAY], AXIS_ACTIVE, &me, 1000, 60, NULL, NULL, &st);
    assert_int_equal(rc, -UGRPC_FAILED_PRECONDITION);
    assert_non_null(strstr(st.message, "relay_7 (7)"));
}

/* Two ways of a meter, a fuse and a switch each lead to one panel. On one the fuse stands before the relay,
 * on the other behind the precharger. */
struct ways {
    struct sim_site *sim;
    struct component *meter[2], *fuse[2], *contact[2], *panel;
};

static struct component *add_to(
    struct sim_site *sim, uint64_t id, enum component_type type, struct component *under)
{
    return sim_site_add(sim, id, type, under, 0, 0, NULL, 0);
}

static struct ways two_ways(void)
{
    struct ways w = {.sim = sim_site_new()};
    struct setting load[] = {NUMBER("power", 3000)};
    struct component *grid = add_to(w.sim, 1, COMPONENT_GRID, NULL);
    w.meter[0] = add_to(w.sim, 2, COMPONENT_METER, grid);
    w.meter[1] = add_to(w.sim, 3, COMPONENT_METER, grid);
    w.fuse[0] = add_to(w.sim, 4, COMPONENT_FUSE, w.meter[0]);
    w.contact[0] = add_to(w.sim, 5, COMPONENT_RELAY, w.fuse[0]);
    w.contact[1] = add_to(w.sim, 6, COMPONENT_PRECHARGER, w.meter[1]);
    w.fuse[1] = add_to(w.sim, 7, COMPONENT_FUSE, w.contact[1]);
    w.panel = sim_site_add(w.sim, 8, COMPONENT_METER, w.contact[0], 0, 0, load, 1);
    assert_int_equal(site_connect(w.sim->site, w.fuse[1], w.panel, NULL), 0);
    sim_site_start(w.sim);
    return w;
}

/* Their samples are of different instants, and the load wavers. */
static void expect_shares(const struct ways *w, double first, double second)
{
    sim_site_run_s(w->sim, 5);
    double panel_w = component_reading(w->panel, METRIC_AC_ACTIVE_POWER);
    assert_true(first + second == 0 ? panel_w == 0 : panel_w > 2000);
    assert_float_equal(component_reading(w->meter[0], METRIC_AC_ACTIVE_POWER), first * panel_w, panel_w / 10);
    assert_float_equal(
        component_reading(w->meter[1], METRIC_AC_ACTIVE_POWER), second * panel_w, panel_w / 10);
}

static void of_parallel_ways_only_those_that_are_closed_carry_power(void **state)
{
    struct ways w = two_ways();
    expect_shares(&w, 0.5, 0.5);
    sim_site_run_action(w.sim, w.contact[0], LIFECYCLE_STOP);
    expect_shares(&w, 0, 1);
    sim_site_run_action(w.sim, w.contact[0], LIFECYCLE_START);
    expect_shares(&w, 0.5, 0.5);
    sim_site_run_action(w.sim, w.contact[1], LIFECYCLE_STOP);
    expect_shares(&w, 1, 0);
    sim_site_run_action(w.sim, w.contact[0], LIFECYCLE_STOP);
    expect_shares(&w, 0, 0);
    sim_site_free(w.sim);
}

static void an_error_is_shown_and_can_be_acknowledged(void **state)
{
    struct fixture *f = *state;
    assert_true(in_state(f, FAULTY, STATE_ERROR));
    assert_true(f->part[FAULTY]->telemetry.state.errors == ERROR_BIT(ERROR_OVERVOLTAGE));
    run_action(f, FAULTY, LIFECYCLE_ACK);
    assert_true(in_state(f, FAULTY, STATE_STANDBY));
    run_action(f, FAULTY, LIFECYCLE_START);
    assert_false(in_state(f, FAULTY, STATE_ERROR));
}

static void what_is_released_runs_free_again_after_its_error_was_acknowledged(void **state)
{
    struct fixture *f = *state;
    f->part[FAULTY]->spec.on_expiry = ON_EXPIRY_RELEASE;
    run_action(f, FAULTY, LIFECYCLE_ACK);
    run_action(f, FAULTY, LIFECYCLE_START);
    run_s(f, 10);
    assert_true(power_w(f, FAULTY) < -1000);
}

static double consumed_wh(const struct fixture *f, int which)
{
    return component_reading(f->part[which], METRIC_AC_ACTIVE_ENERGY_CONSUMED);
}

/* Between battery and grid some 5 % are lost. */
static void assert_charged_as_counted(const struct fixture *f, double soc_before_pct, double before_wh)
{
    double stored_wh = (component_reading(f->part[BATTERY], METRIC_BATTERY_SOC_PCT) - soc_before_pct) / 100 *
                       20000;
    double counted_wh = consumed_wh(f, INVERTER) - before_wh;
    assert_true(counted_wh > 20);
    assert_true(stored_wh > 0.93 * counted_wh - 3 && stored_wh < 0.99 * counted_wh + 3);
}

static void counters_and_state_of_charge_count_the_same_energy(void **state)
{
    struct fixture *f = *state;
    double soc_pct = component_reading(f->part[BATTERY], METRIC_BATTERY_SOC_PCT);
    double before_wh = consumed_wh(f, INVERTER);
    set_power(f, INVERTER, 8000);
    run_s(f, 50);
    assert_charged_as_counted(f, soc_pct, before_wh);
}

/* What the machine slept through did not happen: neither here nor there. */
static void after_a_suspend_counters_and_state_of_charge_agree(void **state)
{
    struct fixture *f = *state;
    double soc_pct = component_reading(f->part[BATTERY], METRIC_BATTERY_SOC_PCT);
    double before_wh = consumed_wh(f, INVERTER);
    set_power(f, INVERTER, 8000);
    run_s(f, 20);
    f->sim->fake.at_ns += 3600 * NS_PER_S;
    f->sim->fake.utc_ns += 3600 * NS_PER_S;
    run_s(f, 20);
    assert_charged_as_counted(f, soc_pct, before_wh);
    assert_true(consumed_wh(f, INVERTER) - before_wh < 1000); /* not the 8 kWh of an hour */
}

static void counters_of_a_meter_are_the_sums_of_what_is_below(void **state)
{
    struct fixture *f = *state;
    static const int below[] = {INVERTER, PV, LOAD, BEHIND_RELAY, FAULTY, NIGHT, DARK};
    set_power(f, INVERTER, 5000);
    run_s(f, 30);
    double sum_wh = 0;
    for (size_t i = 0; i < ARRAY_LEN(below); i++) {
        sum_wh += consumed_wh(f, below[i]) -
                  component_reading(f->part[below[i]], METRIC_AC_ACTIVE_ENERGY_DELIVERED);
    }
    double meter_wh = consumed_wh(f, METER) -
                      component_reading(f->part[METER], METRIC_AC_ACTIVE_ENERGY_DELIVERED);
    assert_true(fabs(meter_wh) > 10);
    assert_true(fabs(meter_wh - sum_wh) < 6); /* their samples are up to a second apart */
}

static void the_same_seed_repeats_a_run(void **state)
{
    float first[2];
    for (int i = 0; i < 2; i++) {
        void *again;
        set_up(&again);
        struct fixture *f = again;
        run_s(f, 20);
        first[i] = (float)power_w(f, LOAD);
        tear_down(&again);
    }
    assert_true(first[0] == first[1]);
    assert_true(first[0] != 3000.0f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_component_has_a_sample_at_once),
        TEST(no_component_lets_more_than_its_interval_pass),
        TEST(the_meter_shows_the_sum_of_what_is_below),
        TEST(power_falls_back_to_zero_after_its_lifetime),
        TEST(pv_runs_free_until_it_is_curtailed),
        TEST(at_night_a_hybrid_inverter_lives_on_the_grid_and_a_pv_inverter_sleeps),
        TEST(an_inverter_goes_to_standby_and_off_and_comes_back),
        TEST(a_pv_inverter_has_no_dc_relays_and_is_never_off),
        TEST(a_set_point_wakes_an_inverter_in_standby),
        TEST(an_open_relay_cuts_off_what_is_behind),
        cmocka_unit_test(of_parallel_ways_only_those_that_are_closed_carry_power),
        TEST(an_error_is_shown_and_can_be_acknowledged),
        TEST(what_is_released_runs_free_again_after_its_error_was_acknowledged),
        TEST(counters_and_state_of_charge_count_the_same_energy),
        TEST(after_a_suspend_counters_and_state_of_charge_agree),
        TEST(counters_of_a_meter_are_the_sums_of_what_is_below),
        TEST(the_same_seed_repeats_a_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
