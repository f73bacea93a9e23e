/* SPDX-License-Identifier: MIT */
/* What batteries allow their inverters: named cases, the simulator's losses, and a random site. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_site.h"
#include "model/sharing.h"
#include "near.h"
#include "sim/inverter.h"

#define READY  STATE_BIT(STATE_READY)
#define CLOSED (READY | STATE_BIT(STATE_RELAY_CLOSED))

static const double ROUNDING_W = 0.01;

static int set_up(void **state)
{
    *state = fake_site_new();
    return 0;
}

static int tear_down(void **state)
{
    fake_site_free(*state);
    return 0;
}

/* What may flow on the AC side for a DC power discharged by an inverter of 10 kVA. */
static double ac_of(double dc_w)
{
    return (float)(0.96 * dc_w + 100);
}

static void assert_ranges(const struct component *component, size_t n, const struct range *want)
{
    const struct ranges *in_force = bounds_in_force(component, BOUNDED_ACTIVE);
    assert_int_equal(in_force->n, n);
    for (size_t i = 0; i < n; i++) {
        assert_near(in_force->items[i].lower, want[i].lower, ROUNDING_W);
        assert_near(in_force->items[i].upper, want[i].upper, ROUNDING_W);
    }
}

static void assert_one(const struct component *component, double lower, double upper)
{
    assert_ranges(component, 1, &(struct range){lower, upper});
}

/* A further battery behind an inverter. */
static struct component *add_battery(
    struct fake_site *fake, uint64_t id, struct component *inverter, double lower_w, double upper_w)
{
    char name[16];
    snprintf(name, sizeof(name), "battery_%llu", (unsigned long long)id);
    struct component *battery = fake_add(fake, id, name, COMPONENT_BATTERY, lower_w, upper_w);
    fake_connect(inverter, battery);
    fake_report_state(battery, CLOSED);
    fake_report_reading(battery, METRIC_BATTERY_SOC_PCT, 50);
    if (component_is_inverter(inverter)) {
        fake_report_state(inverter, READY); /* notices the connection */
    }
    return battery;
}

static struct component *add_inverter(struct fake_site *fake, uint64_t id, const char *name,
    enum component_type type, struct component *battery, double lower_w, double upper_w)
{
    struct component *inverter = fake_add(fake, id, name, type, lower_w, upper_w);
    fake_connect(fake->meter, inverter);
    if (battery) {
        fake_connect(inverter, battery);
    }
    fake_report_state(inverter, READY);
    return inverter;
}

/* ---- one battery ------------------------------------------------------------------------------------ */

static void bounds_of_a_battery_limit_its_inverter(void **state)
{
    struct fake_site *fake = *state;
    assert_int_equal(fake_bound(fake->battery, METRIC_DC_POWER, -1000, 2000, 5), 0);
    assert_one(fake->bat_inv, ac_of(-1000), 2000);
    assert_int_equal(fake_bound(fake->battery, METRIC_BATTERY_SOC_PCT, 50, 80, 5), 0);
    assert_one(fake->bat_inv, 0, 2000); /* at 50 %: no discharge */
}

static void gaps_in_the_bounds_of_a_battery_are_gaps_of_its_inverter(void **state)
{
    struct fake_site *fake = *state;
    const struct range dc[] = {{-3000, -1000}, {500, 2000}};
    const struct range ac[] = {{ac_of(-3000), -1000}, {(500 + 100) / 0.96, 2000}};
    int64_t until_utc_ns;
    assert_int_equal(
        fake_add_bounds(fake->battery, METRIC_DC_POWER, &fake_caller_a, NULL, dc, 2, 5, &until_utc_ns, NULL),
        0);
    assert_ranges(fake->bat_inv, 2, ac);
}

static void less_than_the_losses_at_no_load_cannot_be_discharged(void **state)
{
    struct fake_site *fake = *state;
    assert_int_equal(fake_bound(fake->battery, METRIC_DC_POWER, -90, 2000, 5), 0);
    assert_one(fake->bat_inv, 0, 2000);
}

static void bounds_of_a_battery_count_where_its_own_limits_are_unknown(void **state)
{
    struct fake_site *fake = *state;
    fake->battery->spec.rated[BOUNDED_DC_POWER] = (struct range){NAN, NAN};
    fake_report_momentary(fake->battery, BOUNDED_DC_POWER, -INFINITY, INFINITY);
    assert_int_equal(fake_bound(fake->battery, METRIC_DC_POWER, -INFINITY, 500, 60), 0);
    assert_one(fake->bat_inv, -10000, 500);
}

/* The simulator's inverter: its battery must stay within the bound wherever that lies. */
static void a_battery_never_passes_its_bound_by_the_losses_of_its_inverter(void **state)
{
    struct fake_site *fake = *state;
    struct inverter_params params;
    inverter_params_default(&params, 10e3);
    for (int bound_w = 0; bound_w <= 10300; bound_w += 10) {
        struct range range = {-bound_w, 20000}, above = {bound_w, 20000};
        int64_t until_utc_ns;
        assert_int_equal(fake_add_bounds(fake->battery, METRIC_DC_POWER, &fake_caller_a, "it", &range, 1, 60,
                             &until_utc_ns, NULL),
            0);
        double lower_w = bounds_in_force(fake->bat_inv, BOUNDED_ACTIVE)->items[0].lower;
        assert_true(inverter_dc_of_ac(&params, lower_w) >= range.lower);
        assert_int_equal(fake_add_bounds(fake->battery, METRIC_DC_POWER, &fake_caller_a, "it", &above, 1, 60,
                             &until_utc_ns, NULL),
            0);
        lower_w = bounds_in_force(fake->bat_inv, BOUNDED_ACTIVE)->items[0].lower;
        assert_true(lower_w == 0 || inverter_dc_of_ac(&params, lower_w) >= above.lower);
    }
}

/* ---- several batteries ------------------------------------------------------------------------------ */

static void what_several_batteries_can_do_adds_up(void **state)
{
    struct fake_site *fake = *state;
    add_battery(fake, 20, fake->bat_inv, -1000, 1000);
    fake_report_momentary(fake->battery, BOUNDED_DC_POWER, -2000, 3000);
    assert_one(fake->bat_inv, ac_of(-3000), 4000);
}

/* 20 kW and 4 kW: the second takes a sixth. */
static void the_bound_of_one_of_several_batteries_binds_it(void **state)
{
    struct fake_site *fake = *state;
    struct component *second = add_battery(fake, 20, fake->bat_inv, -4000, 4000);
    assert_int_equal(fake_bound(second, METRIC_DC_POWER, -1000, 500, 60), 0);
    assert_one(fake->bat_inv, ac_of(-6000), 3000);
    assert_int_equal(fake_bound(fake->battery, METRIC_DC_POWER, -10000, 1000, 60), 0);
    assert_one(fake->bat_inv, ac_of(-6000), 1200); /* the tightest of both counts */
}

static void the_state_of_charge_of_one_of_several_batteries_stops_their_inverter(void **state)
{
    struct fake_site *fake = *state;
    struct component *second = add_battery(fake, 20, fake->bat_inv, -4000, 4000);
    assert_int_equal(fake_bound(second, METRIC_BATTERY_SOC_PCT, 60, 90, 60), 0);
    assert_one(fake->bat_inv, 0, 10000);
}

static void a_battery_that_can_do_nothing_binds_nobody_and_leaves_all_to_the_others(void **state)
{
    struct fake_site *fake = *state;
    struct component *second = add_battery(fake, 20, fake->bat_inv, -4000, 4000);
    assert_int_equal(fake_bound(second, METRIC_DC_POWER, -1000, 1000, 60), 0);
    fake_report_momentary(fake->battery, BOUNDED_DC_POWER, -20000, 0); /* full */
    assert_one(fake->bat_inv, ac_of(-6000), 1000);
    fake_report_momentary(second, BOUNDED_DC_POWER, 0, 0);
    assert_one(fake->bat_inv, -10000, 0);
}

static void a_battery_behind_an_open_relay_takes_no_share(void **state)
{
    struct fake_site *fake = *state;
    struct component *relay = fake_add(fake, 21, "dc_relay", COMPONENT_RELAY, NAN, NAN);
    fake_connect(fake->bat_inv, relay);
    fake_report_state(relay, CLOSED);
    add_battery(fake, 20, relay, -20000, 20000);
    assert_int_equal(fake_bound(fake->battery, METRIC_DC_POWER, -2000, 2000, 60), 0);
    assert_one(fake->bat_inv, ac_of(-4000), 4000);
    fake_report_state(relay, READY | STATE_BIT(STATE_RELAY_OPEN));
    assert_one(fake->bat_inv, ac_of(-2000), 2000);
}

static void beside_a_battery_without_known_limits_each_may_take_all(void **state)
{
    struct fake_site *fake = *state;
    add_battery(fake, 20, fake->bat_inv, NAN, NAN);
    assert_int_equal(fake_bound(fake->battery, METRIC_DC_POWER, -2000, 3000, 60), 0);
    assert_one(fake->bat_inv, ac_of(-2000), 3000);
}

static void a_shared_battery_is_split_by_rated_power(void **state)
{
    struct fake_site *fake = *state;
    struct component *small = add_inverter(
        fake, 20, "small", COMPONENT_BATTERY_INVERTER, fake->battery, -5000, 2500);
    small->spec.rated_va = 50000; /* has no say in it */
    assert_int_equal(fake_bound(fake->battery, METRIC_DC_POWER, -3000, 3000, 5), 0);
    assert_one(fake->bat_inv, ac_of(-2000), 2400);
    assert_one(small, -1000 * 0.96 + 500, 600);
}

static void the_refusal_names_the_battery_that_binds(void **state)
{
    struct fake_site *fake = *state;
    struct component *second = add_battery(fake, 20, fake->bat_inv, -4000, 4000);
    struct fake_answer answer;
    assert_int_equal(fake_bound(second, METRIC_DC_POWER, -1000, 500, 60), 0);
    assert_int_equal(fake_set(fake->bat_inv, 4000, 60, &answer), -UGRPC_OUT_OF_RANGE);
    assert_non_null(strstr(answer.st.message, "(battery_20 (20): added bounds)"));
    assert_int_equal(fake_bound(second, METRIC_BATTERY_SOC_PCT, 10, 40, 60), 0);
    assert_int_equal(fake_set(fake->bat_inv, 4000, 60, &answer), -UGRPC_OUT_OF_RANGE);
    assert_non_null(strstr(answer.st.message, "(battery_20 (20): state of charge)"));
}

/* ---- hybrid inverters ------------------------------------------------------------------------------- */

struct hybrid {
    struct component *inverter, *battery;
};

static struct hybrid add_hybrid(struct fake_site *fake)
{
    struct component *inverter = add_inverter(
        fake, 30, "hybrid", COMPONENT_HYBRID_INVERTER, NULL, -10000, 10000);
    return (struct hybrid){inverter, add_battery(fake, 31, inverter, -4000, 2000)};
}

static void the_own_limits_of_a_battery_limit_a_hybrid_inverter_only_when_charging(void **state)
{
    struct fake_site *fake = *state;
    struct hybrid hybrid = add_hybrid(fake);
    assert_one(hybrid.inverter, -10000, 2000);
}

static void a_hybrid_inverter_gives_what_its_pv_can_beyond_what_is_left_to_its_battery(void **state)
{
    struct fake_site *fake = *state;
    struct hybrid hybrid = add_hybrid(fake);
    assert_int_equal(fake_bound(hybrid.battery, METRIC_DC_POWER, -1000, 1500, 60), 0);
    assert_one(hybrid.inverter, ac_of(-1000), 1500); /* no PV is known of */
    fake_report_pv(hybrid.inverter, 3000);
    assert_one(hybrid.inverter, ac_of(-4000), 1500);
    assert_int_equal(fake_bound(hybrid.battery, METRIC_BATTERY_SOC_PCT, 60, 90, 60), 0);
    assert_one(hybrid.inverter, ac_of(-3000), 1500);
    fake_report_pv(hybrid.inverter, 0);
    assert_one(hybrid.inverter, 0, 1500);
    fake_report_pv(hybrid.inverter, NAN); /* counts as none */
    assert_one(hybrid.inverter, 0, 1500);
}

static void the_device_of_a_hybrid_inverter_holds_what_is_left_to_its_batteries(void **state)
{
    struct fake_site *fake = *state;
    struct hybrid hybrid = add_hybrid(fake);
    fake_report_pv(hybrid.inverter, 3000);
    assert_int_equal(fake->device.n_left, 0); /* nothing is written before somebody asks */
    assert_int_equal(fake_bound(hybrid.battery, METRIC_DC_POWER, -1000, 1500, 60), 0);
    assert_int_equal(fake->device.n_left, 1);
    assert_true(fake->device.left.lower == -1000 && fake->device.left.upper == 1500);
    fake_pass_ms(fake, 10000);
    assert_int_equal(fake->device.n_left, 1);
    assert_int_equal(fake_bound(hybrid.battery, METRIC_BATTERY_SOC_PCT, 10, 40, 30), 0);
    assert_true(fake->device.left.lower == -1000 && fake->device.left.upper == 0);
    fake_pass_ms(fake, 60000);
    assert_int_equal(fake->device.n_left, 4);
    assert_true(isinf(fake->device.left.lower) && isinf(fake->device.left.upper));
}

static void without_a_device_that_holds_it_pv_beyond_what_the_battery_may_take_is_given_away(void **state)
{
    struct fake_site *fake = *state;
    struct driver driver = *fake->device.base.driver;
    struct device device = fake->device.base;
    struct hybrid hybrid = add_hybrid(fake);
    driver.limit_batteries = NULL;
    device.driver = &driver;
    hybrid.inverter->device = &device;
    fake_report_pv(hybrid.inverter, 3000);
    assert_int_equal(fake_bound(hybrid.battery, METRIC_DC_POWER, -1000, 500, 60), 0);
    assert_one(hybrid.inverter, ac_of(-4000), -2500);
    hybrid.inverter->device = NULL;
}

/* ---- a random site ---------------------------------------------------------------------------------- */

#define INVERTERS 4
#define BATTERIES 4

static double any_w(double most_w)
{
    return floor(drand48() * most_w);
}

/* Adds to what flows through each battery when `inverter` does `ac_w` and loses `lost_w`. */
static void flow(const struct component *inverter, double dc_w, double *through_w)
{
    struct component *const *batteries;
    size_t n = graph_list_batteries(inverter, &batteries);
    double able_w[BATTERIES], sum_w = 0;
    for (size_t i = 0; i < n; i++) {
        struct sharing part = sharing_of_battery(inverter, batteries[i]);
        struct range own = batteries[i]->momentary[BOUNDED_DC_POWER];
        able_w[i] = dc_w < 0 ? own.lower * part.discharge : own.upper * part.charge;
        sum_w += able_w[i];
    }
    for (size_t i = 0; i < n; i++) {
        through_w[batteries[i]->spec.id - 100] += dc_w * sharing_of_power(able_w[i], sum_w);
    }
}

static void whatever_is_published_keeps_every_battery_within_its_bounds(void **state)
{
    struct fake_site *fake = *state;
    struct component *inverters[INVERTERS], *batteries[BATTERIES];
    size_t tight = 0;
    srand48(7);
    for (uint64_t i = 0; i < BATTERIES; i++) {
        char name[16];
        snprintf(name, sizeof(name), "b%d", (int)i);
        batteries[i] = fake_add(fake, 100 + i, name, COMPONENT_BATTERY, -20000, 20000);
        snprintf(name, sizeof(name), "i%d", (int)i);
        inverters[i] = add_inverter(fake, 200 + i, name, COMPONENT_BATTERY_INVERTER, batteries[i],
            -1000 - any_w(15000), 1000 + any_w(15000));
    }
    fake_connect(inverters[0], batteries[1]);
    fake_connect(inverters[0], batteries[2]);
    fake_connect(inverters[1], batteries[2]);
    fake_connect(inverters[3], batteries[2]);
    for (size_t i = 0; i < BATTERIES; i++) {
        fake_report_state(batteries[i], CLOSED);
        fake_report_momentary(batteries[i], BOUNDED_DC_POWER, -20000, 20000);
        fake_report_state(inverters[i], READY);
    }
    for (int step = 0; step < 2000; step++) {
        struct component *battery = batteries[(int)(drand48() * BATTERIES)];
        fake_report_momentary(battery, BOUNDED_DC_POWER, drand48() < 0.1 ? 0 : -any_w(20000),
            drand48() < 0.1 ? 0 : any_w(20000));
        struct range range = {-any_w(8000), any_w(8000)};
        int64_t until_utc_ns;
        assert_int_equal(fake_add_bounds(battery, METRIC_DC_POWER, &fake_caller_a, "it", &range, 1, 60,
                             &until_utc_ns, NULL),
            0);
        double through_w[BATTERIES] = {0};
        for (size_t i = 0; i < INVERTERS; i++) {
            const struct ranges *in_force = bounds_in_force(inverters[i], BOUNDED_ACTIVE);
            double ac_w = drand48() < 0.5 ? in_force->items[0].lower : in_force->items[in_force->n - 1].upper;
            double rated_va = component_rated_va(inverters[i]);
            flow(inverters[i], ac_w < 0 ? (ac_w - 0.01 * rated_va) / 0.96 : ac_w, through_w);
        }
        for (size_t i = 0; i < BATTERIES; i++) {
            const struct ranges *in_force = bounds_in_force(batteries[i], BOUNDED_DC_POWER);
            double lower_w = in_force->n ? in_force->items[0].lower : -INFINITY;
            double upper_w = in_force->n ? in_force->items[0].upper : INFINITY;
            assert_true(through_w[i] >= lower_w - ROUNDING_W && through_w[i] <= upper_w + ROUNDING_W);
            tight += fabs(through_w[i] - lower_w) < 1 || fabs(through_w[i] - upper_w) < 1;
        }
    }
    assert_true(tight > 2000); /* the bounds are used, too */
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* An inverter of 10 kW with a fuse of 10 A on its DC side. */
static struct component *add_fused_inverter(
    struct fake_site *fake, enum component_type type, struct component **fuse)
{
    struct component *inverter = add_inverter(fake, 31, "fused", type, NULL, -10000, 10000);
    *fuse = fake_add(fake, 30, "dc_fuse", COMPONENT_FUSE, NAN, NAN);
    (*fuse)->spec.fuse_current_a = 10;
    fake_connect(inverter, *fuse);
    return inverter;
}

/* At the battery's 400 V it carries 4 kW. */
static void a_fuse_before_a_battery_limits_it_and_its_inverter(void **state)
{
    struct fake_site *fake = *state;
    struct component *fuse, *inverter = add_fused_inverter(fake, COMPONENT_BATTERY_INVERTER, &fuse);
    struct component *battery = add_battery(fake, 32, fuse, -20000, 20000);
    fake_report_state(inverter, READY);
    assert_one(inverter, -10000, 10000); /* as long as the voltage is not known */
    fake_report_reading(battery, METRIC_DC_VOLTAGE, 400);
    const struct ranges *dc = bounds_in_force(battery, BOUNDED_DC_POWER);
    assert_near(dc->items[0].lower, -4000, ROUNDING_W);
    assert_near(dc->items[0].upper, 4000, ROUNDING_W);
    assert_one(inverter, ac_of(-4000), 4000);
    struct fake_answer answer;
    assert_int_equal(fake_set(inverter, 5000, 60, &answer), -UGRPC_OUT_OF_RANGE);
    assert_non_null(strstr(answer.st.message, "dc_fuse (30): fuse of 10 A"));
}

/* At 400 V its fuse carries 4 kW. */
static struct component *add_fused_battery(
    struct fake_site *fake, uint64_t id, struct component *fuse, double lower_w, double upper_w)
{
    struct component *battery = add_battery(fake, id, fuse, lower_w, upper_w);
    fake_report_reading(battery, METRIC_DC_VOLTAGE, 400);
    return battery;
}

static void batteries_behind_one_fuse_share_what_it_carries(void **state)
{
    struct fake_site *fake = *state;
    struct component *fuse, *inverter = add_fused_inverter(fake, COMPONENT_BATTERY_INVERTER, &fuse);
    struct component *one = add_fused_battery(fake, 32, fuse, -20000, 20000);
    struct component *other = add_fused_battery(fake, 33, fuse, -20000, 20000);
    fake_report_state(inverter, READY);
    fake_report_state(one, CLOSED);
    fake_report_state(other, CLOSED);
    const struct ranges *dc = bounds_in_force(one, BOUNDED_DC_POWER);
    assert_near(dc->items[0].lower, -2000, ROUNDING_W);
    assert_near(dc->items[0].upper, 2000, ROUNDING_W);
    assert_one(inverter, ac_of(-4000), 4000);
}

/* The inverter's device shares its power out by what the batteries are able to, and knows of no fuse. */
static void a_fuse_before_one_of_several_batteries_binds_their_inverter(void **state)
{
    struct fake_site *fake = *state;
    struct component *fuse, *inverter = add_fused_inverter(fake, COMPONENT_BATTERY_INVERTER, &fuse);
    add_fused_battery(fake, 32, fuse, -9000, 9000);
    struct component *other = add_battery(fake, 33, inverter, -9000, 9000);
    fake_report_state(inverter, READY);
    assert_one(inverter, ac_of(-8000), 8000); /* half of it through the fuse */
    fake_report_momentary(other, BOUNDED_DC_POWER, -9000, 0);
    assert_one(inverter, ac_of(-8000), 4000);
    struct fake_answer answer;
    assert_int_equal(fake_set(inverter, 5000, 60, &answer), -UGRPC_OUT_OF_RANGE);
    assert_non_null(strstr(answer.st.message, "dc_fuse (30): fuse of 10 A"));
}

static void the_voltage_of_a_battery_that_flickers_is_no_order_each_second(void **state)
{
    struct fake_site *fake = *state;
    struct component *fuse, *inverter = add_fused_inverter(fake, COMPONENT_BATTERY_INVERTER, &fuse);
    struct component *battery = add_fused_battery(fake, 32, fuse, -20000, 20000);
    fake_report_state(inverter, READY);
    struct fake_answer answer;
    assert_int_equal(fake_set(inverter, 4000, 60, &answer), 0);
    for (int i = 0; i < 20; i++) {
        fake_finish_all(fake);
        fake_report_reading(battery, METRIC_DC_VOLTAGE, i % 2 ? 400.1 : 399.9);
    }
    assert_true(fake_count(fake, inverter, FAKE_POWER) <= 2);
    assert_near(inverter->setpoints[AXIS_ACTIVE].applied, 3999, 0.01);
    fake_report_reading(battery, METRIC_DC_VOLTAGE, 420);
    assert_near(inverter->setpoints[AXIS_ACTIVE].applied, 4000, 0);
}

/* Its PV charges its batteries through their fuse, whatever its AC side does. */
static void the_device_of_a_hybrid_inverter_holds_what_a_fuse_leaves_once_it_is_commanded(void **state)
{
    struct fake_site *fake = *state;
    struct component *fuse, *hybrid = add_fused_inverter(fake, COMPONENT_HYBRID_INVERTER, &fuse);
    add_fused_battery(fake, 32, fuse, -9000, 9000);
    fake_report_pv(hybrid, 6000);
    assert_int_equal(fake->device.n_left, 0); /* nothing is written before somebody asks */
    struct fake_answer answer;
    assert_int_equal(fake_set(hybrid, 0, 60, &answer), 0);
    assert_int_equal(fake->device.n_left, 1);
    assert_true(fake->device.left.lower == -4000 && fake->device.left.upper == 4000);
}

/* Each walk by so many must come by each but once. */
static void the_tightest_fuse_is_found_behind_any_number_of_parallel_ways(void **state)
{
    struct fake_site *fake = *state;
    struct component *fuse, *inverter = add_fused_inverter(fake, COMPONENT_BATTERY_INVERTER, &fuse);
    struct component *above = fuse, *tightest = NULL;
    fuse->spec.fuse_current_a = 100;
    for (uint64_t id = 100; id < 100 + 3 * 40; id += 3) {
        struct component *ways[3];
        for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
            char name[16];
            snprintf(name, sizeof(name), "way_%zu", (size_t)id + i);
            ways[i] = fake_add(fake, id + i, name, i < 2 ? COMPONENT_FUSE : COMPONENT_CONVERTER, NAN, NAN);
            ways[i]->spec.fuse_current_a = i < 2 ? 50 : 0;
        }
        for (size_t i = 0; i < 2; i++) {
            fake_connect(above, ways[i]);
            fake_connect(ways[i], ways[2]);
        }
        above = ways[2];
        tightest = id == 100 + 3 * 20 ? ways[1] : tightest;
    }
    tightest->spec.fuse_current_a = 10;
    struct component *battery = add_fused_battery(fake, 32, above, -20000, 20000);
    fake_report_state(inverter, READY);
    assert_ptr_equal(graph_dc_fuse(battery), tightest);
    assert_one(inverter, ac_of(-4000), 4000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(bounds_of_a_battery_limit_its_inverter),
        test(a_fuse_before_a_battery_limits_it_and_its_inverter),
        test(batteries_behind_one_fuse_share_what_it_carries),
        test(a_fuse_before_one_of_several_batteries_binds_their_inverter),
        test(the_tightest_fuse_is_found_behind_any_number_of_parallel_ways),
        test(the_voltage_of_a_battery_that_flickers_is_no_order_each_second),
        test(the_device_of_a_hybrid_inverter_holds_what_a_fuse_leaves_once_it_is_commanded),
        test(gaps_in_the_bounds_of_a_battery_are_gaps_of_its_inverter),
        test(less_than_the_losses_at_no_load_cannot_be_discharged),
        test(bounds_of_a_battery_count_where_its_own_limits_are_unknown),
        test(a_battery_never_passes_its_bound_by_the_losses_of_its_inverter),
        test(what_several_batteries_can_do_adds_up),
        test(the_bound_of_one_of_several_batteries_binds_it),
        test(the_state_of_charge_of_one_of_several_batteries_stops_their_inverter),
        test(a_battery_that_can_do_nothing_binds_nobody_and_leaves_all_to_the_others),
        test(a_battery_behind_an_open_relay_takes_no_share),
        test(beside_a_battery_without_known_limits_each_may_take_all),
        test(a_shared_battery_is_split_by_rated_power),
        test(the_refusal_names_the_battery_that_binds),
        test(the_own_limits_of_a_battery_limit_a_hybrid_inverter_only_when_charging),
        test(a_hybrid_inverter_gives_what_its_pv_can_beyond_what_is_left_to_its_battery),
        test(the_device_of_a_hybrid_inverter_holds_what_is_left_to_its_batteries),
        test(without_a_device_that_holds_it_pv_beyond_what_the_battery_may_take_is_given_away),
        test(whatever_is_published_keeps_every_battery_within_its_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
