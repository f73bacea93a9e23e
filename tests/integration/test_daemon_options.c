/* SPDX-License-Identifier: MIT */
/* What the command line and the site file may say, and what is said of those that say it wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ugrpc/server.h>

#include "base/base.h"
#include "support/gateway.h"

/* ---- verbs ---- */

static void the_help_names_every_option_and_goes_to_stdout(void **state)
{
    static const char *const options[] = {"--config FILE", "--grpc ADDR:PORT", "--endpoints FILE",
        "--state DIR", "--check", "--read-only", "--insecure-listen", "--log-format", "--schema", "--help",
        "--version"};
    struct gateway *g = *state;
    assert_int_equal(gateway_run(g, ARGS("--help")), 0);
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        process_assert_says(&g->process.out, options[i]);
    }
    assert_int_equal(g->process.err.len, 0);
}

static void help_on_a_topic_has_its_keys_or_the_nearest_topic(void **state)
{
    struct gateway *g = *state;
    assert_int_equal(gateway_run(g, ARGS("--help=battery")), 0);
    process_assert_says(&g->process.out, "capacity");
    assert_int_equal(gateway_run(g, ARGS("--help=batery")), 2);
    process_assert_says(&g->process.err, "did you mean battery?");
}

static void the_version_is_told(void **state)
{
    struct gateway *g = *state;
    assert_int_equal(gateway_run(g, ARGS("--version")), 0);
    char said[64];
    snprintf(said, sizeof(said), "microgridd %s\n", ugrpc_version());
    assert_string_equal(g->process.out.text, said);
}

static void the_schema_is_json(void **state)
{
    struct gateway *g = *state;
    assert_int_equal(gateway_run(g, ARGS("--schema")), 0);
    json_t *schema = json_loads(g->process.out.text, 0, NULL);
    assert_non_null(schema);
    assert_non_null(json_object_get(json_object_get(schema, "properties"), "components"));
    json_decref(schema);
}

static void what_cannot_be_printed_is_told(void **state)
{
    static const char *const verbs[][4] = {{"--help"}, {"--help=grid"}, {"--version"}, {"--schema"},
        {"--schema=markdown"}, {"--check", "--config", SITE_DEFAULT}};
    struct gateway *g = *state;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        gateway_spawn(g, verbs[i], &(struct process_options){.out = full});
        assert_int_equal(process_wait(&g->process, PROCESS_PATIENCE_MS), 1);
        process_assert_says(&g->process.err, "cannot write to stdout: No space left on device");
    }
    close(full);
}

/* ---- the command line ---- */

static void a_wrong_command_line_is_told_in_one_line(void **state)
{
    static const struct {
        const char *arguments[6];
        const char *said;
    } cases[] = {
        {{"--confg", "site.yaml"}, "microgridd: no option \"--confg\"; did you mean --config?\n"},
        {{"--insecure-lisen"},
            "microgridd: no option \"--insecure-lisen\"; did you mean --insecure-listen?\n"},
        {{"--xyz"}, "microgridd: no option \"--xyz\"; microgridd --help lists them\n"},
        {{"--config"}, "microgridd: --config needs a value\n"},
        {{"--log-format", "yaml"}, "microgridd: --log-format \"yaml\": allowed: text, logfmt, json\n"},
        {{"site.yaml"}, "microgridd: what is \"site.yaml\"? The site file is given as --config FILE\n"},
        {{"--check"},
            "microgridd: no site file; microgridd --config FILE   (microgridd --help shows examples)\n"},
    };
    struct gateway *g = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(gateway_run(g, cases[i].arguments), 2);
        assert_string_equal(g->process.err.text, cases[i].said);
        assert_int_equal(g->process.out.len, 0);
    }
}

/* ---- the site file ---- */

#define GOOD_SITE                                                                                            \
    "version: 1\n"                                                                                           \
    "site: {id: 7, name: Bench}\n"                                                                           \
    "components:\n"                                                                                          \
    "  grid: {id: 1, type: grid, fuse: 100 A}\n"                                                             \
    "  meter: {id: 2, type: meter, under: grid}\n"

/* Starts on this site, and expects exactly this of it on stderr; a check says the same on stdout. */
static void expect_refused(struct gateway *g, const char *site, const char *said)
{
    gateway_write(g, "site.yaml", site);
    assert_int_equal(gateway_run(g, ARGS("--config", "site.yaml")), 2);
    assert_string_equal(g->process.err.text, said);
    assert_int_equal(gateway_run(g, ARGS("--config", "site.yaml", "--check")), 1);
    assert_string_equal(g->process.out.text, said);
}

static void a_check_tells_what_a_good_site_has(void **state)
{
    struct gateway *g = *state;
    gateway_write(g, "site.yaml", GOOD_SITE);
    assert_int_equal(gateway_run(g, ARGS("--check", "--config", "site.yaml")), 0);
    assert_string_equal(g->process.out.text, "site.yaml: good: 2 components, 1 connection, 0 sensors\n");
    assert_int_equal(g->process.err.len, 0);
}

static void a_check_changes_nothing(void **state)
{
    struct gateway *g = *state;
    char made[64];
    gateway_write(g, "site.yaml", GOOD_SITE);
    assert_int_equal(gateway_run(g, ARGS("--check", ON_OWN_SITE, "--state", "state", "--endpoints", "e")), 0);
    snprintf(made, sizeof(made), "%s/state", g->folder);
    assert_int_equal(access(made, F_OK), -1);
    snprintf(made, sizeof(made), "%s/e", g->folder);
    assert_int_equal(access(made, F_OK), -1);
}

static void a_file_that_is_not_there_or_no_file_is_told(void **state)
{
    struct gateway *g = *state;
    assert_int_equal(gateway_run(g, ARGS("--config", "none.yaml")), 2);
    assert_string_equal(g->process.err.text, "none.yaml: cannot be read: No such file or directory\n");
    assert_int_equal(gateway_run(g, ARGS("--config", "/")), 2);
    assert_string_equal(g->process.err.text, "/: cannot be read: it is a folder\n");
}

static void a_broken_file_is_told_with_its_line(void **state)
{
    expect_refused(*state, "", "site.yaml:1: the file is empty; allowed: version, site, components ...\n");
    expect_refused(*state, GOOD_SITE "  other: {id: 3, type: meter\n",
        "site.yaml:7: not YAML: did not find expected ',' or '}', while parsing a flow mapping (column 1)\n");
}

static void all_errors_of_a_file_come_at_once_with_line_key_value_and_what_is_allowed(void **state)
{
    expect_refused(*state,
        "version: 2\n"
        "site: {id: 7}\n"
        "listen: {grpc: \"0.0.0.0:0x\"}\n"
        "components:\n"
        "  grid: {id: 1, type: grid, fuse: 100}\n"
        "  meter: {id: 1, type: meter, under: gird}\n"
        "  pv: {id: 3, type: pv_inverter, under: meter, rated: 10 kWh, resolutoin: 1 W}\n",
        "site.yaml:1: version: \"2\": out of range; allowed: 1\n"
        "site.yaml:2: site.name: is missing; allowed: a text\n"
        "site.yaml:3: listen.grpc: address \"0.0.0.0:0x\": write HOST:PORT, [IPV6]:PORT or "
        "unix:PATH, with a port of 0 to 65535\n"
        "site.yaml:5: components.grid.fuse: \"100\": the unit is missing; write 100 A or 100 kA\n"
        "site.yaml:6: components.meter.id: id 1 is taken by grid in line 5\n"
        "site.yaml:6: components.meter.under: \"gird\": no such component; did you mean grid?\n"
        "site.yaml:7: components.pv.rated: \"10 kWh\": kWh measures energy, but power is due; allowed: W, kW or "
        "MW\n"
        "site.yaml:7: components.pv.resolutoin: unknown key; did you mean \"resolution\"?\n");
}

static void contradictions_are_told_with_all_else_that_needs_the_whole_file(void **state)
{
    expect_refused(*state,
        GOOD_SITE "  lonely: {id: 3, type: battery_inverter, under: meter, rated: 5 kW}\n"
                  "  battery: {id: 4, type: battery, under: meter, capacity: 10 kWh}\n"
                  "  other: {id: 5, type: meter, under: grid, power: none.csv/load_w}\n"
                  "listen: {grpc: 0.0.0.0:50051}\n",
        "site.yaml:6: components.lonely: lonely (3) has no battery behind it; a battery inverter needs one\n"
        "site.yaml:7: components.battery: battery (4) is under the meter meter (2); a meter must not feed a "
        "battery directly\n"
        "site.yaml:8: components.other.power: \"none.csv/load_w\": ./none.csv: No such file or directory\n"
        "site.yaml:9: listen.grpc: \"0.0.0.0:50051\": other machines could reach it without TLS and keys; write "
        "listen: {tls: {certificate: FILE, key: FILE}, keys: FILE}, or give --insecure-listen to let everybody "
        "in\n");
}

static void an_error_of_one_kind_hides_none_of_another(void **state)
{
    expect_refused(*state,
        "version: 1\n"
        "site: {id: 7, name: Test}\n"
        "components:\n"
        "  grid: {id: 1, type: grid, fuse: 100 A}\n"
        "  meter: {id: 2, type: meter, under: [grid, grid], noize: 2 %}\n"
        "  lonely: {id: 3, type: battery_inverter, under: meter, rated: 5 kWh, resolution: 88 W}\n"
        "  battery: {id: 4, type: battery, under: meter, soc_min: 80 %, soc_max: 20 %}\n"
        "  other: {id: 5, type: meter, under: grid, power: none.csv/load_w, noize: 2 %}\n"
        "sensors:\n"
        "  thermometer: {id: 1, type: thermometer, value: none.csv/air_c, modle: T1}\n"
        "listen: {grpc: \"0.0.0.0:1\"}\n",
        "site.yaml:5: components.meter.noize: unknown key; did you mean \"noise\"?\n"
        "site.yaml:5: components.meter.under: \"grid\": named twice\n"
        "site.yaml:6: components.lonely.rated: \"5 kWh\": kWh measures energy, but power is due; allowed: W, kW or "
        "MW\n"
        "site.yaml:6: components.lonely: lonely (3) has no battery behind it; a battery inverter needs one\n"
        "site.yaml:7: components.battery.capacity: is missing; allowed: 1 Wh ... 1000 MWh\n"
        "site.yaml:7: components.battery.soc_max: soc_min 80 % is not below soc_max 20 %\n"
        "site.yaml:7: components.battery: battery (4) is under the meter meter (2); a meter must not feed a "
        "battery directly\n"
        "site.yaml:8: components.other.noize: unknown key; did you mean \"noise\"?\n"
        "site.yaml:8: components.other.power: \"none.csv/load_w\": ./none.csv: No such file or directory\n"
        "site.yaml:10: sensors.thermometer.modle: unknown key; did you mean \"model\"?\n"
        "site.yaml:10: sensors.thermometer.value: \"none.csv/air_c\": ./none.csv: No such file or directory\n"
        "site.yaml:11: listen.grpc: \"0.0.0.0:1\": other machines could reach it without TLS and keys; write "
        "listen: {tls: {certificate: FILE, key: FILE}, keys: FILE}, or give --insecure-listen to let everybody "
        "in\n");
}

/* An inverter with its battery, from line 6 on. */
#define STORAGE                                                                                              \
    "  inverter: {id: 3, type: battery_inverter, under: meter, rated: 5 kW}\n"                               \
    "  battery: {id: 4, type: battery, under: inverter, capacity: 10 kWh}\n"

static void what_follows_from_an_error_is_not_told_too(void **state)
{
    static const struct {
        const char *site, *said;
    } cases[] = {
        {"version: 1\nsite: {id: 7, name: Test}\n",
            "1: components: is missing; at least a grid is due: components: {grid: {id: 1, type: grid, fuse: 63 "
            "A}, ...}\n"},
        /* no grid for the rest, and nothing to reach it by */
        {"version: 1\nsite: {id: 7, name: Test}\ncomponents:\n"
         "  grid: {id: 1, type: grid, fuse: 100 A, id: 1}\n"
         "  meter: {id: 2, type: meter, under: grit}\n" STORAGE,
            "4: components.grid.id: given twice; first in line 4\n"
            "site.yaml:5: components.meter.under: \"grit\": no such component; did you mean grid?\n"},
        /* no battery behind the inverter */
        {GOOD_SITE "  inverter: {id: 3, type: battery_inverter, under: meter, rated: 5 kW}\n"
                   "  battery: {id: 0, type: battery, under: inverter, capacity: 10 kWh}\n",
            "7: components.battery.id: \"0\": out of range; allowed: 1 ... 9007199254740991\n"},
        {GOOD_SITE "  inverter: {id: 3, type: battery_inverter, under: meter, rated: 5 kW}\n"
                   "  battery: nonsense\n",
            "7: components.battery: a mapping is due: {key: value, ...}\n"},
        /* a cycle */
        {GOOD_SITE STORAGE "  relay: {id: 5, type: relay, under: relay}\n",
            "8: components.relay.under: \"relay\": a component cannot be under itself\n"},
        /* limits by a rating that is wrong, and the driver's own words about it */
        {GOOD_SITE "  chp: {id: 3, type: chp, under: meter, rated: x, min_power: 2 kW, resolution: 88 W}\n",
            "6: components.chp.rated: \"x\": a number with its unit is due, like 10 W\n"},
        /* a second inverter under this name */
        {GOOD_SITE STORAGE "  inverter: {id: 5, type: relay, under: battery}\n",
            "8: components.inverter: this name is taken in line 6\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char said[512];
        snprintf(said, sizeof(said), "site.yaml:%s", cases[i].said);
        expect_refused(*state, cases[i].site, said);
    }
}

/* ---- measured data ---- */

/* Checks a site whose load is `data`; NULL: the file is not there. */
static void expect_data_refused(struct gateway *g, const char *data, const char *said)
{
    if (data) {
        gateway_write(g, "load.csv", data);
    }
    gateway_write(
        g, "site.yaml", GOOD_SITE "  load: {id: 3, type: meter, under: grid, power: load.csv/load_w}\n");
    assert_int_equal(gateway_run(g, ARGS("--check", "--config", "site.yaml")), 1);
    process_assert_says(&g->process.out, "site.yaml:6: components.load.power: \"load.csv/load_w\": ");
    process_assert_says(&g->process.out, said);
    assert_int_equal(process_count(&g->process.out, "\n"), 1);
}

#define HEAD "time,load_w\n"

static void data_that_cannot_be_played_are_told_with_file_and_line(void **state)
{
    struct gateway *g = *state;
    expect_data_refused(g, NULL, "load.csv: No such file or directory");
    expect_data_refused(g, "", "load.csv is empty");
    expect_data_refused(g, HEAD, "load.csv has 0 values in 0 lines of data; two are the least");
    expect_data_refused(g, "time,other_w\n2022-03-18T00:00:00,1\n", "no column \"load_w\"; it has: other_w");
    expect_data_refused(g, HEAD "2022-03-18T01:00:00,1\n2022-03-18T00:00:00,2\n",
        "load.csv, line 3: the time is not after that of line 2; sort the file by time");
    expect_data_refused(g, HEAD "2022-03-18T00:00:00,1\n2022-03-18T01:00:00,many\n", "line 3: \"many\"");
    expect_data_refused(g,
        HEAD "2022-03-18T00:00:00,1\n2022-03-18T01:00:00,1\n2022-03-18T02:00:00,1\n2022-03-18T20:00:00,1\n",
        "a hole of 1080 min between lines 4 and 5; at most 180 min");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATEWAY_TEST(the_help_names_every_option_and_goes_to_stdout),
        GATEWAY_TEST(help_on_a_topic_has_its_keys_or_the_nearest_topic),
        GATEWAY_TEST(the_version_is_told),
        GATEWAY_TEST(the_schema_is_json),
        GATEWAY_TEST(what_cannot_be_printed_is_told),
        GATEWAY_TEST(a_wrong_command_line_is_told_in_one_line),
        GATEWAY_TEST(a_check_tells_what_a_good_site_has),
        GATEWAY_TEST(a_check_changes_nothing),
        GATEWAY_TEST(a_file_that_is_not_there_or_no_file_is_told),
        GATEWAY_TEST(a_broken_file_is_told_with_its_line),
        GATEWAY_TEST(all_errors_of_a_file_come_at_once_with_line_key_value_and_what_is_allowed),
        GATEWAY_TEST(contradictions_are_told_with_all_else_that_needs_the_whole_file),
        GATEWAY_TEST(an_error_of_one_kind_hides_none_of_another),
        GATEWAY_TEST(what_follows_from_an_error_is_not_told_too),
        GATEWAY_TEST(data_that_cannot_be_played_are_told_with_file_and_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
