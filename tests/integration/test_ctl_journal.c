/* SPDX-License-Identifier: MIT */
/* microgridctl tells what was commanded and who holds what: journal, holders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ifaddrs.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/base.h"
#include "support/ctl.h"

#define ON_STATE ON_DEFAULT_SITE, "--state", "state"

static struct ctl_run ctl, following;

static void start(void **state)
{
    ctl = (struct ctl_run){.gateway = *state};
    following = (struct ctl_run){.gateway = *state};
    gateway_start(*state, ARGS(ON_STATE), NULL);
}

static int tear_down(void **state)
{
    process_done(&ctl.process);
    process_done(&following.process);
    return gateway_tear_down(state);
}

static void command_some(void)
{
    ctl_expect_done(&ctl, ARGS("charge", "bat_inv_1", "5kW"), "charging");
    ctl_expect_done(
        &ctl, ARGS("bounds", "add", "bat_inv_1", "power", "-2kW..4kW", "--for", "1m"), "in force until ");
    ctl_expect_done(&ctl, ARGS("set-reactive", "bat_inv_2", "440VAr"), "+440 VAr");
}

/* ---- journal ---------------------------------------------------------------------------------------- */

static void commands_outcomes_and_ends_are_there_after_a_crash(void **state)
{
    start(state);
    ctl_expect_done(&ctl, ARGS("charge", "bat_inv_1", "5kW", "--for", "10s"), "charging");
    gateway_kill(*state);
    gateway_start(*state, ARGS(ON_STATE), NULL);
    ctl_expect_done(&ctl, ARGS("discharge", "bat_inv_2", "880W", "--for", "15m"), "discharging");
    ctl_expect_done(
        &ctl, ARGS("journal"), "  bat_inv_1 (4): charging, +5000 W for 10 s: done   by 127.0.0.1:");
    process_assert_says(
        &ctl.process.out, "  bat_inv_2 (6): discharging, -880 W for 15 min: done   by 127.0.0.1:");
    process_assert_says(
        &ctl.process.out, "  the gateway started; the one before wrote no stop: it crashed, ");
    assert_int_equal(process_count(&ctl.process.out, "\n"), 3);
    ctl_expect_done(&ctl, ARGS("holders"), "  4  bat_inv_1  active power  +5000 W   +5000 W  ");
    int64_t until_ns = process_deadline_ns(2 * PROCESS_PATIENCE_MS);
    ctl_start(&following, ARGS("journal", "--follow", "--component", "bat_inv_1"));
    while (
        process_count(&following.process.out, "\n") < 3 && process_turn(&following.process, -1, until_ns)) {
    }
    process_assert_says(&following.process.out, "  bat_inv_1 (4): charging, +5000 W: expired at ");
    ctl_expect_done(&ctl, ARGS("holders"), "  6  bat_inv_2  active power  -880 W    -880 W  ");
    assert_int_equal(process_count(&ctl.process.out, "bat_inv_1"), 0);
}

static void the_journal_is_filtered_by_component_and_time(void **state)
{
    start(state);
    command_some();
    ctl_expect_done(
        &ctl, ARGS("journal"), "bat_inv_1 (4): bounds ac_active_power -2000 ... 4000 W for 1 min: done");
    process_assert_says(&ctl.process.out, "bat_inv_1 (4): charging, +5000 W for 1 min: done");
    assert_int_equal(process_count(&ctl.process.out, "\n"), 3);
    ctl_expect_done(
        &ctl, ARGS("journal", "--component", "bat_inv_2"), "bat_inv_2 (6): reactive power +440 VAr");
    assert_int_equal(process_count(&ctl.process.out, "\n"), 1);
    ctl_expect_done(
        &ctl, ARGS("journal", "--component", "bat_inv_2", "--component", "4", "--since", "yesterday"), "");
    assert_int_equal(process_count(&ctl.process.out, "\n"), 3);
    ctl_expect(&ctl, ARGS("journal", "--since", "soon"), 2, "--since \"soon\": a time is due, like 1h (ago)");
    ctl_expect(&ctl, ARGS("journal", "--component", "bat_inv1"), 2, "did you mean bat_inv_1 (4)?");
    ctl_expect(&ctl, ARGS("journal", "--csv", "--json"), 2, "give one of them");
}

#define SITE                                                                                                 \
    "version: 1\nsite: {id: 1, name: Changed}\ncomponents:\n"                                                \
    "  grid: {id: 1, type: grid, fuse: 100 A}\n  meter: {id: 2, type: meter, under: grid}\n"
#define INVERTER                                                                                             \
    "  gone: {id: 4, type: battery_inverter, under: meter, rated: 5 kW}\n"                                   \
    "  battery: {id: 5, type: battery, under: gone, capacity: 10 kWh}\n"

static void of_a_component_that_has_left_the_site_the_number_is_enough(void **state)
{
    struct gateway *g = *state;
    ctl = following = (struct ctl_run){.gateway = g};
    gateway_write(g, "site.yaml", SITE INVERTER);
    gateway_start(g, ARGS(ON_OWN_SITE, "--state", "state"), NULL);
    ctl_expect_done(&ctl, ARGS("charge", "gone", "1kW"), "charging");
    assert_int_equal(gateway_stop(g), 0);
    gateway_write(g, "site.yaml", SITE);
    gateway_start(g, ARGS(ON_OWN_SITE, "--state", "state"), NULL);
    ctl_expect_done(
        &ctl, ARGS("journal", "--component", "4"), "gone (4): active power +1000 W for 1 min: done");
    ctl_expect_done(&ctl, ARGS("journal", "--component", "4", "--since", "2099-01-01"), "");
    process_assert_says(&ctl.process.err, "no entries of component 4 since ");
    ctl_expect(&ctl, ARGS("journal", "--component", "gone"), 2, "no component \"gone\"");
}

/* On stdout there is nothing: who counts lines counts entries. */
static void expect_none(const char *const *arguments, const char *told)
{
    ctl_expect_done(&ctl, arguments, "");
    assert_string_equal(ctl.process.out.text, "");
    assert_string_equal(ctl.process.err.text, told);
}

static void that_there_are_no_entries_is_told_people(void **state)
{
    start(state);
    expect_none(ARGS("journal"), "no entries\n");
    expect_none(ARGS("journal", "--json"), "");
    command_some();
    expect_none(ARGS("journal", "--since", "2099-01-01"), "no entries since 2099-01-01 00:00:00\n");
    expect_none(ARGS("journal", "--component", "pv_inv"), "no entries of pv_inv (9)\n");
    expect_none(ARGS("journal", "--component", "pv_inv", "--component", "chp", "--since", "2099-01-01"),
        "no entries of these components since 2099-01-01 00:00:00\n");
    expect_none(ARGS("journal", "--since", "2099-01-01", "--json"), "");
    ctl_expect_done(&ctl, ARGS("journal", "--since", "2099-01-01", "--csv"), "time,entry,");
    assert_int_equal(process_count(&ctl.process.out, "\n"), 1);
    assert_string_equal(ctl.process.err.text, "");
}

static void a_journal_that_cannot_be_written_is_told_with_what_is_commanded(void **state)
{
    struct rlimit small;
    start(state);
    ctl_expect_done(&ctl, ARGS("charge", "bat_inv_1", "1kW"), "charging");
    assert_string_equal(ctl.process.err.text, "");
    ctl_expect_done(&ctl, ARGS("health"), ": serving\n");
    assert_int_equal(prlimit(ctl.gateway->process.pid, RLIMIT_FSIZE, NULL, &small), 0);
    small.rlim_cur = 4096;
    assert_int_equal(prlimit(ctl.gateway->process.pid, RLIMIT_FSIZE, &small, NULL), 0);
    ctl_expect_done(&ctl, ARGS("charge", "bat_inv_1", "2kW"), "charging");
    process_expect(&ctl.gateway->process, "state/journal.db cannot be written: ");
    const char *const *commands[] = {ARGS("charge", "bat_inv_1", "3kW", "--json"),
        ARGS("set-reactive", "bat_inv_2", "440VAr", "--json"),
        ARGS("bounds", "add", "bat_inv_1", "power", "-2kW..4kW", "--json"),
        ARGS("start", "bat_inv_1", "--json")};
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        json_t *done = ctl_json(&ctl, commands[i], 0);
        assert_true(json_is_true(json_object_get(done, "journal_degraded")));
        assert_string_equal(ctl.process.err.text,
            "the gateway cannot write its journal: what is commanded now does not outlive a crash of it\n");
        json_decref(done);
    }
    ctl_expect_done(&ctl, ARGS("health"), ": serving, but its journal cannot be written\n");
    json_t *health = ctl_json(&ctl, ARGS("health", "--json"), 0);
    assert_true(json_is_true(json_object_get(health, "journal_degraded")));
    json_decref(health);
    ctl_expect_done(&ctl, ARGS("info"), ", serving, but its journal cannot be written\n");
    json_t *info = ctl_json(&ctl, ARGS("info", "--json"), 0), *gateway = json_object_get(info, "gateway");
    assert_true(json_is_true(json_object_get(gateway, "serving")));
    assert_true(json_is_true(json_object_get(gateway, "journal_degraded")));
    json_decref(info);
}

/* Fields of a line, quotes regarded. */
static unsigned count_fields(const char *line, const char *end)
{
    unsigned n = 1;
    bool quoted = false;
    for (; line < end; line++) {
        quoted ^= *line == '"';
        n += *line == ',' && !quoted;
    }
    assert_false(quoted);
    return n;
}

static void csv_has_as_many_fields_in_each_line_as_in_its_heading(void **state)
{
    start(state);
    command_some();
    ctl_expect_done(&ctl, ARGS("journal", "--csv"), "time,entry,kind,id,name,verb,value,unit,");
    process_assert_says(&ctl.process.out, ",4,bat_inv_1,set_active_power,5000,W,60,,127.0.0.1:");
    unsigned n_lines = 0;
    const char *line = ctl.process.out.text;
    for (const char *end; (end = strstr(line, "\r\n")); line = end + 2, n_lines++) {
        assert_int_equal(count_fields(line, end), 18);
    }
    assert_int_equal(*line, 0);
    assert_int_equal(n_lines, 4);
}

static void json_has_an_entry_a_line(void **state)
{
    start(state);
    command_some();
    json_t *entry = ctl_json(&ctl, ARGS("journal", "--json", "--component", "bat_inv_2"), 0);
    assert_string_equal(json_string_value(json_object_get(entry, "kind")), "command");
    assert_string_equal(json_string_value(json_object_get(entry, "name")), "bat_inv_2");
    assert_string_equal(json_string_value(json_object_get(entry, "verb")), "set_reactive_power");
    assert_string_equal(json_string_value(json_object_get(entry, "unit")), "VAr");
    assert_string_equal(json_string_value(json_object_get(entry, "code")), "OK");
    assert_true(json_number_value(json_object_get(entry, "value")) == 440);
    assert_int_equal(json_integer_value(json_object_get(entry, "lifetime_s")), 60);
    json_decref(entry);
}

static void follow_shows_a_new_command_at_once_and_ends_with_ctrl_c(void **state)
{
    start(state);
    ctl_expect_done(&ctl, ARGS("charge", "bat_inv_1", "5kW"), "charging");
    ctl_start(&following, ARGS("journal", "--follow"));
    ctl_wait_for(&following, "bat_inv_1 (4): charging, +5000 W", 1);
    ctl_expect_done(&ctl, ARGS("charge", "bat_inv_1", "6kW"), "charging");
    ctl_wait_for(&following, "bat_inv_1 (4): charging, +6000 W", 1);
    process_signal(&following.process, SIGINT);
    assert_int_equal(process_wait(&following.process, PROCESS_PATIENCE_MS), 0);
    assert_int_equal(process_count(&following.process.out, "\n"), 2);
}

static void follow_waits_for_a_gateway_that_is_gone_and_shows_nothing_twice(void **state)
{
    struct gateway *g = *state;
    char address[64];
    start(state);
    snprintf(address, sizeof(address), "%s", g->addresses[0]);
    ctl_expect_done(&ctl, ARGS("charge", "bat_inv_1", "5kW"), "charging");
    ctl_start(&following, ARGS("journal", "--follow"));
    ctl_wait_for(&following, "bat_inv_1 (4): charging, +5000 W", 1);
    gateway_kill(g);
    process_expect(&following.process, "waiting for the gateway: ");
    gateway_start(g, ARGS("--config", SITE_DEFAULT, "--grpc", address, "--state", "state"), NULL);
    ctl_expect_done(&ctl, ARGS("charge", "bat_inv_1", "6kW"), "charging");
    ctl_wait_for(&following, "bat_inv_1 (4): charging, +6000 W", 1);
    assert_int_equal(process_count(&following.process.out, "+5000 W"), 1);
    process_assert_says(&following.process.err, "the gateway is back");
}

static void without_a_journal_it_is_said_how_to_have_one(void **state)
{
    ctl = (struct ctl_run){.gateway = *state};
    gateway_start(*state, ARGS(ON_DEFAULT_SITE), NULL);
    ctl_expect(&ctl, ARGS("journal"), 1, "keeps no journal: start it with --state DIR");
    ctl_expect(&ctl, ARGS("journal", "--follow"), 1, "FAILED_PRECONDITION");
}

/* ---- holders ---------------------------------------------------------------------------------------- */

static void holders_tell_what_is_applied_under_whose_bounds(void **state)
{
    ctl = (struct ctl_run){.gateway = *state};
    gateway_start(*state, ARGS(ON_DEFAULT_SITE), NULL); /* it takes no journal */
    ctl_expect_done(&ctl, ARGS("holders"), "nobody holds anything");
    command_some();
    ctl_expect_done(&ctl, ARGS("holders"), "  4  bat_inv_1  active power     +5000 W   +4000 W  ");
    process_assert_says(&ctl.process.out, "  6  bat_inv_2  reactive power  +440 VAr  +440 VAr  ");
    process_assert_says(&ctl.process.out, "  4  bat_inv_1  active power  -2000 ... 4000 W  ");
    json_t *holders = ctl_json(&ctl, ARGS("holders", "--json"), 0);
    json_t *setpoint = json_array_get(json_object_get(holders, "setpoints"), 0);
    json_t *bounds = json_array_get(json_object_get(holders, "bounds"), 0);
    assert_true(json_number_value(json_object_get(setpoint, "requested")) == 5000);
    assert_true(json_number_value(json_object_get(setpoint, "applied")) == 4000);
    assert_string_equal(json_string_value(json_object_get(bounds, "metric")), "ac_active_power");
    assert_int_equal(strncmp(json_string_value(json_object_get(bounds, "caller")), "127.0.0.1:", 10), 0);
    json_decref(holders);
}

/* ---- who may ask ------------------------------------------------------------------------------------ */

/* An address of this machine's that is not its loopback; false: it has none. */
static bool find_address(char *out, size_t cap)
{
    struct ifaddrs *all, *one;
    bool found = false;
    assert_int_equal(getifaddrs(&all), 0);
    for (one = all; one && !found; one = one->ifa_next) {
        found = one->ifa_addr && one->ifa_addr->sa_family == AF_INET &&
                getnameinfo(one->ifa_addr, sizeof(struct sockaddr_in), out, (socklen_t)cap, NULL, 0,
                    NI_NUMERICHOST) == 0 &&
                strncmp(out, "127.", 4) != 0;
    }
    freeifaddrs(all);
    return found;
}

static void who_does_not_come_by_loopback_is_refused(void **state)
{
    struct gateway *g = *state;
    char host[64], listen[80];
    ctl = (struct ctl_run){.gateway = g};
    if (!find_address(host, sizeof(host))) {
        skip();
    }
    snprintf(listen, sizeof(listen), "%s:0", host);
    gateway_start(
        g, ARGS("--config", SITE_DEFAULT, "--grpc", listen, "--insecure-listen", "--state", "state"), NULL);
    ctl_expect_done(&ctl, ARGS("list", "--insecure"), "bat_inv_1");
    ctl_expect(&ctl, ARGS("journal", "--insecure"), 1, "needs the role admin");
    ctl_expect(&ctl, ARGS("holders", "--insecure"), 1, "PERMISSION_DENIED");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, gateway_set_up, tear_down)

static void a_gateway_that_takes_no_commands_has_no_holders(void **state)
{
    start(state);
    command_some();
    gateway_kill(*state);
    gateway_start(*state, ARGS(ON_STATE, "--read-only"), NULL);
    ctl_expect_done(&ctl, ARGS("holders"), "nobody can hold anything: the gateway takes no commands; ");
    json_t *holders = ctl_json(&ctl, ARGS("holders", "--json"), 0);
    assert_true(json_is_true(json_object_get(holders, "read_only")));
    json_decref(holders);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(commands_outcomes_and_ends_are_there_after_a_crash),
        TEST(the_journal_is_filtered_by_component_and_time),
        TEST(of_a_component_that_has_left_the_site_the_number_is_enough),
        TEST(that_there_are_no_entries_is_told_people),
        TEST(csv_has_as_many_fields_in_each_line_as_in_its_heading),
        TEST(json_has_an_entry_a_line),
        TEST(follow_shows_a_new_command_at_once_and_ends_with_ctrl_c),
        TEST(follow_waits_for_a_gateway_that_is_gone_and_shows_nothing_twice),
        TEST(without_a_journal_it_is_said_how_to_have_one),
        TEST(holders_tell_what_is_applied_under_whose_bounds),
        TEST(a_gateway_that_takes_no_commands_has_no_holders),
        TEST(a_journal_that_cannot_be_written_is_told_with_what_is_commanded),
        TEST(who_does_not_come_by_loopback_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
