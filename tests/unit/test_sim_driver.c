/* SPDX-License-Identifier: MIT */
/* The simulator behind the real model, on a fake clock. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "driver/sim/sim.h"
#include "model/bounds.h"
#include "model/command.h"
#include "model/driver.h"
#include "model/lifecycle.h"
#include "model/telemetry.h"

enum { GRID = 1, METER, INVERTER, BATTERY, PV, LOAD, RELAY, BEHIND_RELAY, BEHIND_BATTERY, FAULTY, N };

struct fixture {
    struct fake_clock fake;
    struct timers timers;
    struct site *site;
    struct device *sim;
    struct component *part[N];
    int n_done;
    struct ugrpc_status done;
};

static const struct caller me = {"test", "the test"};

static void on_done(const struct ugrpc_status *st, void *userdata)
{
    struct fixture *f = userdata;
    f->n_done++;
    f->done = *st;
}

static void on_command(const struct ugrpc_status *st, int64_t valid_until_utc_ns, void *userdata)
{
    on_done(st, userdata);
}

static void run_s(struct fixture *f, double seconds)
{
    timers_run_until(&f->timers, &f->fake, f->fake.at_ns + (int64_t)(seconds * 1e9));
}

static struct component *add(struct fixture *f, uint64_t id, const char *name, enum component_type type,
    int under, double lower_w, double upper_w, struct setting *settings, size_t n)
{
    struct ugrpc_status st = {0};
    struct component_spec spec = {.id = id,
        .name = name,
        .type = type,
        .manufacturer = "",
        .model_name = "",
        .fuse_current_a = 63,
        .interval_ns = NS_PER_S};
    for (int i = 0; i < BOUNDED_COUNT; i++) {
        spec.rated[i] = (struct range){NAN, NAN};
    }
    if (type == COMPONENT_BATTERY) {
        spec.rated[BOUNDED_DC_POWER] = (struct range){lower_w, upper_w};
        spec.rated[BOUNDED_SOC] = (struct range){10, 90};
    } else if (lower_w != upper_w) {
        spec.rated[BOUNDED_ACTIVE] = (struct range){lower_w, upper_w};
        spec.rated[BOUNDED_REACTIVE] = (struct range){lower_w, -lower_w};
    }
    struct component *component = site_add_component(f->site, &spec, &st);
    assert_string_equal(st.message, "");
    assert_non_null(component);
    if (under) {
        assert_int_equal(site_connect(f->site, f->part[under], component, &st), 0);
    }
    struct settings all = {settings, n};
    assert_int_equal(sim_attach_component(f->sim, component, &all, &st), 0);
    return component;
}

#define NUMBER(key, value)                                                                                   \
    {                                                                                                        \
        .name = (key), .number = (value)                                                                     \
    }
#define TEXT(key, value)                                                                                     \
    {                                                                                                        \
        .name = (key), .text = (value)                                                                       \
    }

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    timers_init(&f->timers, fake_clock_init(&f->fake));
    struct site_spec spec = {
        .id = 1, .name = "test", .latitude = 52, .longitude = 13, .country = "DE", .delivery_area = ""};
    f->site = site_new(&spec, &f->timers);
    struct sim_options options = {.seed = 7, .start_at_s = 12 * 3600};
    f->sim = sim_new(f->site, &options, NULL);
    struct setting battery[] = {NUMBER("capacity", 20000), NUMBER("soc", 50)};
    struct setting load[] = {NUMBER("power", 3000)};
    struct setting faulty[] = {TEXT("error", "overvoltage")};
    f->part[GRID] = add(f, GRID, "grid", COMPONENT_GRID, 0, -40000, 40000, NULL, 0);
    f->part[METER] = add(f, METER, "meter", COMPONENT_METER, GRID, 0, 0, NULL, 0);
    f->part[INVERTER] = add(
        f, INVERTER, "inverter", COMPONENT_BATTERY_INVERTER, METER, -10000, 10000, NULL, 0);
    f->part[BATTERY] = add(f, BATTERY, "battery", COMPONENT_BATTERY, INVERTER, -20000, 20000, battery, 2);
    f->part[PV] = add(f, PV, "pv", COMPONENT_PV_INVERTER, METER, -15000, 0, NULL, 0);
    f->part[LOAD] = add(f, LOAD, "load", COMPONENT_METER, METER, 0, 0, load, 1);
    f->part[RELAY] = add(f, RELAY, "relay", COMPONENT_RELAY, METER, 0, 0, NULL, 0);
    f->part[BEHIND_RELAY] = add(
        f, BEHIND_RELAY, "behind", COMPONENT_BATTERY_INVERTER, RELAY, -10000, 10000, NULL, 0);
    f->part[BEHIND_BATTERY] = add(
        f, BEHIND_BATTERY, "its_battery", COMPONENT_BATTERY, BEHIND_RELAY, -20000, 20000, battery, 2);
    f->part[FAULTY] = add(f, FAULTY, "faulty", COMPONENT_PV_INVERTER, METER, -5000, 0, faulty, 1);
    assert_int_equal(f->sim->driver->start(f->sim, NULL), 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    f->sim->driver->destroy(f->sim);
    site_free(f->site);
    timers_done(&f->timers);
    free(f);
    return 0;
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
    struct ugrpc_status st = {0};
    int before = f->n_done;
    int rc = command_set_power(f->part[which], AXIS_ACTIVE, &me, watts, 60, on_command, f, &st);
    assert_string_equal(st.message, "");
    assert_int_equal(rc, 0);
    run_s(f, 0.05);
    assert_int_equal(f->n_done, before + 1);
    assert_int_equal(f->done.code, UGRPC_OK);
}

static void run_action(struct fixture *f, int which, enum lifecycle_action action)
{
    struct ugrpc_status st = {0};
    int before = f->n_done;
    int rc = lifecycle_run(f->part[which], action, &me, on_done, f, &st);
    assert_string_equal(st.message, "");
    assert_int_equal(rc, 0);
    for (int i = 0; i < 30 && f->n_done == before; i++) {
        run_s(f, 1);
    }
    assert_int_equal(f->n_done, before + 1);
    assert_string_equal(f->done.message, "");
    assert_int_equal(f->done.code, UGRPC_OK);
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
    struct ugrpc_status st;
    int rc = command_set_power(f->part[BEHIND_RELAY], AXIS_ACTIVE, &me, 1000, 60, on_command, f, &st);
    assert_int_equal(rc, -UGRPC_FAILED_PRECONDITION);
    assert_non_null(strstr(st.message, "relay (7)"));
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
        TEST(the_meter_shows_the_sum_of_what_is_below),
        TEST(power_falls_back_to_zero_after_its_lifetime),
        TEST(pv_runs_free_until_it_is_curtailed),
        TEST(an_inverter_goes_to_standby_and_off_and_comes_back),
        TEST(a_pv_inverter_has_no_dc_relays_and_is_never_off),
        TEST(a_set_point_wakes_an_inverter_in_standby),
        TEST(an_open_relay_cuts_off_what_is_behind),
        TEST(an_error_is_shown_and_can_be_acknowledged),
        TEST(what_is_released_runs_free_again_after_its_error_was_acknowledged),
        TEST(the_same_seed_repeats_a_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
