/* SPDX-License-Identifier: MIT */
/* What a simulated site has accumulated, through the ends of a real gateway. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "support/ctl.h"

#define ON_SITE  ON_OWN_SITE
#define ON_STATE ON_SITE, "--state", "state"

/* Physics a hundred times as fast, so that a second charges. */
#define BEGIN                                                                                                \
    "version: 1\n"                                                                                           \
    "site: {id: 1, name: test}\n"                                                                            \
    "simulation: {speed: 100, save_every: 1 s}\n"                                                            \
    "defaults: {driver: sim, interval: 200 ms}\n"                                                            \
    "components:\n"                                                                                          \
    "  grid:    {id: 1, type: grid, fuse: 100 A}\n"                                                          \
    "  meter:   {id: 2, type: meter, under: grid, power: 3 kW}\n"                                            \
    "  bat_inv: {id: 4, type: battery_inverter, under: meter, rated: 10 kW}\n"
#define BATTERY "  battery: {id: 5, type: battery, under: bat_inv, capacity: 20 kWh, soc: 50 %}\n"
#define RELAY   "  relay:   {id: 14, type: relay, under: meter}\n"

static struct ctl_run ctl;

static struct gateway *prepare(void **state)
{
    ctl = (struct ctl_run){.gateway = *state};
    gateway_write(*state, "site.yaml", BEGIN BATTERY RELAY);
    return *state;
}

/* The metric in the next sample, after the one that is there. */
static double reading(const char *component, const char *metric)
{
    ctl_expect_done(&ctl, ARGS("watch", component, "--json", "--count", "2"), "\n");
    json_t *sample = json_loads(strchr(ctl.process.out.text, '\n'), 0, NULL);
    const json_t *value = json_object_get(
        json_object_get(json_object_get(sample, "metrics"), metric), "value");
    assert_non_null(value);
    double number = json_number_value(value);
    json_decref(sample);
    return number;
}

static double soc_pct(void)
{
    return reading("battery", "battery_soc_pct");
}

static double imported_wh(void)
{
    return reading("grid", "ac_active_energy_consumed");
}

static void charge_to(double wanted_pct)
{
    ctl_expect_done(&ctl, ARGS("charge", "bat_inv", "10kW", "--for", "15m"), "");
    for (int i = 0; soc_pct() < wanted_pct; i++) {
        assert_true(i < 60); /* samples */
    }
}

/* As the journal has it; -1: not at all. */
static double kept_soc_pct(const struct gateway *g)
{
    char path[64];
    sqlite3 *db;
    sqlite3_stmt *statement;
    snprintf(path, sizeof(path), "%s/state/journal.db", g->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(
            db, "SELECT value FROM memory WHERE component = 5 AND name = 'soc_pct'", -1, &statement, NULL),
        SQLITE_OK);
    double number = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_double(statement, 0) : -1;
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return number;
}

static void a_simulated_site_goes_on_after_a_stop_from_where_it_was(void **state)
{
    struct gateway *g = prepare(state);
    gateway_start(g, ARGS(ON_STATE), NULL);
    charge_to(52);
    ctl_expect_done(&ctl, ARGS("stop", "relay"), "");
    double before_pct = soc_pct(), before_wh = imported_wh();
    assert_true(before_wh > 400);
    assert_int_equal(gateway_stop(g), 0);
    double kept_pct = kept_soc_pct(g);
    assert_true(kept_pct >= before_pct);
    gateway_start(g, ARGS(ON_STATE), NULL);
    process_expect(&g->process, "state/journal.db: 5 components go on with what they had accumulated");
    assert_true(soc_pct() >= kept_pct - 0.01);
    assert_true(imported_wh() >= before_wh);
    ctl_expect_done(&ctl, ARGS("watch", "relay", "--count", "1"), "RELAY_OPEN");
}

static void after_a_crash_it_goes_on_from_what_was_kept_last(void **state)
{
    struct gateway *g = prepare(state);
    gateway_start(g, ARGS(ON_STATE), NULL);
    charge_to(51);
    for (int i = 0; kept_soc_pct(g) < 51; i++) {
        assert_true(i < 60);
        soc_pct(); /* the next sample */
    }
    gateway_kill(g);
    double kept_pct = kept_soc_pct(g);
    gateway_start(g, ARGS(ON_STATE), NULL);
    assert_true(soc_pct() >= kept_pct - 0.01);
    assert_true(imported_wh() > 200);
}

static void a_gateway_that_takes_no_commands_keeps_it_too(void **state)
{
    struct gateway *g = prepare(state);
    gateway_start(g, ARGS(ON_STATE), NULL);
    charge_to(51);
    assert_int_equal(gateway_stop(g), 0);
    double kept_pct = kept_soc_pct(g);
    gateway_start(g, ARGS(ON_STATE, "--read-only"), NULL);
    assert_true(fabs(soc_pct() - kept_pct) < 0.01);
    double before_wh = imported_wh();
    assert_int_equal(gateway_stop(g), 0);
    gateway_start(g, ARGS(ON_STATE), NULL);
    assert_true(soc_pct() >= kept_pct - 0.01);
    assert_true(imported_wh() >= before_wh);
}

static void a_changed_site_goes_on_with_what_it_still_has(void **state)
{
    struct gateway *g = prepare(state);
    gateway_start(g, ARGS(ON_STATE), NULL);
    charge_to(51);
    double before_wh = imported_wh();
    assert_int_equal(gateway_stop(g), 0);
    gateway_write(g, "site.yaml",
        BEGIN "  battery: {id: 7, type: battery, under: bat_inv, capacity: 20 kWh, soc: 30 %}\n"
              "  load:    {id: 5, type: meter, under: meter}\n");
    gateway_start(g, ARGS(ON_STATE), NULL);
    process_expect(
        &g->process, "load (5): what was kept for id 5 is of another type than meter; it begins anew");
    assert_true(imported_wh() >= before_wh);
    assert_true(soc_pct() < 50);
    assert_int_equal(gateway_stop(g), 0);
}

static void without_a_state_folder_each_start_is_fresh(void **state)
{
    struct gateway *g = prepare(state);
    gateway_start(g, ARGS(ON_SITE), NULL);
    charge_to(51);
    assert_int_equal(gateway_stop(g), 0);
    gateway_start(g, ARGS(ON_SITE), NULL);
    assert_true(soc_pct() == 50);
    assert_int_equal(process_count(&g->process.err, "accumulated"), 0);
}

static int tear_down(void **state)
{
    process_done(&ctl.process);
    return gateway_tear_down(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, gateway_set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_simulated_site_goes_on_after_a_stop_from_where_it_was),
        TEST(after_a_crash_it_goes_on_from_what_was_kept_last),
        TEST(a_gateway_that_takes_no_commands_keeps_it_too),
        TEST(a_changed_site_goes_on_with_what_it_still_has),
        TEST(without_a_state_folder_each_start_is_fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
