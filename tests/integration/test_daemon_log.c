/* SPDX-License-Identifier: MIT */
/* What the gateway logs, in which form, and that it lives on where nobody takes its log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <fcntl.h>
#include <jansson.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "support/gateway.h"

/* Something of each kind that is logged: a set-point, refusals of one component and of none, a stranger's own
 * words, a wrong protocol. */
static void make_it_speak(struct gateway *g)
{
    const microgrid_v1_list_components_request all = MICROGRID_V1_LIST_COMPONENTS_REQUEST_INIT;
    assert_int_equal(gateway_set_power(g, 4, 1000), UGRPC_OK);
    assert_int_equal(gateway_set_power(g, 4, 1e6f), UGRPC_OUT_OF_RANGE);
    assert_int_equal(gateway_set_power(g, 999, 0), UGRPC_NOT_FOUND);
    struct h2_call *odd = gateway_call(g, GATEWAY_PATH("\"odd\\\xc3\xa9\xff"), &all);
    assert_int_equal(h2_grpc_status(odd), UGRPC_UNIMPLEMENTED);
    gateway_call(g, "/frequenz.api.microgrid.v2.Microgrid/ListComponents", &all);
    struct h2_client *other = h2_connect(NULL, g->addresses[0], false);
    h2_send_raw(other, "GET / HTTP/1.1\r\n\r\n", 18);
    h2_pump_until_gone(other);
    h2_close(other);
}

/* ---- forms ---- */

/* Calls check() with each line of the log. */
static void check_lines(const struct gateway *g, void (*check)(const char *line))
{
    char *all = strdup(g->process.err.text), *rest;
    unsigned n = 0;
    assert_int_equal(all[strlen(all) - 1], '\n');
    for (char *line = strtok_r(all, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        check(line);
        n++;
    }
    assert_true(n >= 7);
    free(all);
}

static void check_json(const char *line)
{
    json_t *root = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    if (!root) {
        fail_msg("no JSON: %s", line);
    }
    assert_non_null(json_string_value(json_object_get(root, "time")));
    assert_non_null(json_string_value(json_object_get(root, "level")));
    assert_non_null(json_string_value(json_object_get(root, "msg")));
    const char *component = json_string_value(json_object_get(root, "component"));
    json_int_t id = json_integer_value(json_object_get(root, "id"));
    assert_true(component ? strcmp(component, "bat_inv_1") == 0 && id == 4 : id == 0);
    json_decref(root);
}

static void as_json_each_line_is_an_object(void **state)
{
    struct gateway *g = *state;
    gateway_start(g, ARGS(ON_DEFAULT_SITE, "--log-format", "json", "--log-level", "debug"), NULL);
    make_it_speak(g);
    assert_int_equal(gateway_stop(g), 0);
    check_lines(g, check_json);
    process_assert_says(&g->process.err, "\"component\":\"bat_inv_1\",\"id\":4,\"msg\":\"charge, +1000 W");
}

/* Passes one key=value; the value may be between quotes, in which \ goes before " and \. */
static const char *pass_pair(const char *at)
{
    assert_true(islower((unsigned char)*at));
    at += strspn(at, "abcdefghijklmnopqrstuvwxyz");
    assert_int_equal(*at++, '=');
    if (*at != '"') {
        return at + strcspn(at, " \"=");
    }
    for (at++; *at != '"'; at++) {
        if (*at == '\\') {
            at++;
            assert_true(*at == '"' || *at == '\\');
        }
        assert_true(*at);
    }
    return at + 1;
}

static void check_logfmt(const char *line)
{
    const char *at = line;
    assert_memory_equal(line, "time=20", 7);
    assert_non_null(strstr(line, " level="));
    assert_non_null(strstr(line, " msg=\""));
    while (*(at = pass_pair(at))) {
        assert_int_equal(*at++, ' ');
    }
}

static void elsewhere_than_on_a_terminal_each_line_is_logfmt(void **state)
{
    struct gateway *g = *state;
    gateway_start(g, ARGS(ON_DEFAULT_SITE), NULL);
    make_it_speak(g);
    assert_int_equal(gateway_stop(g), 0);
    check_lines(g, check_logfmt);
    process_assert_says(&g->process.err, " level=info component=bat_inv_1 id=4 msg=\"charge, +1000 W");
}

static void check_text(const char *line)
{
    for (const char *c = line; *c; c++) {
        assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
    }
}

static void as_text_each_line_has_its_time_and_level(void **state)
{
    struct gateway *g = *state;
    gateway_start(g, ARGS(ON_DEFAULT_SITE, "--log-format", "text"), NULL);
    make_it_speak(g);
    assert_int_equal(gateway_stop(g), 0);
    check_lines(g, check_text);
    process_assert_says(&g->process.err, " info  bat_inv_1 (4): charge, +1000 W for 60 s, from 127.0.0.1:");
    process_assert_says(&g->process.err, " warn  127.0.0.1:");
}

/* ---- what is told how often ---- */

static void at_debug_every_call_is_told_with_its_caller_and_outcome(void **state)
{
    const microgrid_v1_list_components_request all = MICROGRID_V1_LIST_COMPONENTS_REQUEST_INIT;
    struct gateway *g = *state;
    gateway_start(g, ARGS(ON_DEFAULT_SITE, "--log-level", "debug"), NULL);
    gateway_call(g, GATEWAY_PATH("ListComponents"), &all);
    gateway_set_power(g, 4, 1e6f);
    process_expect(&g->process, "level=debug msg=\"ListComponents from 127.0.0.1:");
    process_expect(&g->process, ": OK\"");
    process_expect(
        &g->process, "level=debug component=bat_inv_1 id=4 msg=\"SetComponentPowerActive from 127.0.0.1:");
}

static void at_level_error_nothing_usual_is_told(void **state)
{
    struct gateway *g = *state;
    gateway_start(g, ARGS(ON_DEFAULT_SITE, "--log-level", "error"), NULL);
    make_it_speak(g);
    assert_int_equal(gateway_stop(g), 0);
    assert_string_equal(g->process.err.text, "");
}

static void a_repeated_refusal_is_told_once_and_then_counted(void **state)
{
    struct gateway *g = *state;
    gateway_start(g, ARGS(ON_DEFAULT_SITE), NULL);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(gateway_set_power(g, 4, 1e6f), UGRPC_OUT_OF_RANGE);
    }
    assert_int_equal(gateway_set_power(g, 999, 0), UGRPC_NOT_FOUND);
    assert_int_equal(gateway_stop(g), 0);
    assert_int_equal(process_count(&g->process.err, "OUT_OF_RANGE"), 2);
    process_assert_says(&g->process.err,
        "component=bat_inv_1 id=4 msg=\"SetComponentPowerActive from 127.0.0.1: OUT_OF_RANGE: 49 more like it, the last: bat_inv_1 (4): 1000000 W is outside");
    assert_int_equal(process_count(&g->process.err, "NOT_FOUND"), 1);
}

static void a_sensor_that_starts_with_an_error_is_told_with_it(void **state)
{
    struct gateway *g = *state;
    gateway_write(g, "site.yaml",
        "version: 1\n"
        "site: {id: 7, name: Test}\n"
        "components: {grid: {id: 1, type: grid, fuse: 100 A}, meter: {id: 2, type: meter, under: grid}}\n"
        "sensors: {faulty: {id: 101, type: thermometer, value: 20 °C, error: internal}}\n");
    gateway_start(g, ARGS(ON_OWN_SITE), NULL);
    process_expect(&g->process, " level=warn component=faulty id=101 msg=\"error: internal\"");
}

/* ---- who takes it ---- */

static void under_journald_each_line_begins_with_its_priority(void **state)
{
    struct gateway *g = *state;
    struct stat info;
    char stream[64], path[64];
    snprintf(path, sizeof(path), "%s/journal", g->folder);
    int journal = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(fstat(journal, &info), 0);
    snprintf(stream, sizeof(stream), "JOURNAL_STREAM=%lu:%lu", (unsigned long)info.st_dev,
        (unsigned long)info.st_ino);
    gateway_start(g, ARGS(ON_DEFAULT_SITE), &(struct process_options){.err = journal, .env = stream});
    make_it_speak(g);
    assert_int_equal(gateway_stop(g), 0);
    char line[2048];
    FILE *from = fdopen(journal, "r");
    rewind(from);
    unsigned n = 0, warnings = 0;
    for (; fgets(line, sizeof(line), from); n++) {
        line[strcspn(line, "\n")] = '\0';
        check_logfmt(line + 3);
        bool warning = strstr(line, " level=warn ");
        assert_memory_equal(line, warning ? "<4>" : "<6>", 3);
        warnings += warning;
    }
    assert_true(n >= 7 && warnings > 0 && warnings < n);
    fclose(from);
}

/* It starts, answers and ends as ever. */
static void expect_it_lives(struct gateway *g, const char *const *arguments, const struct process_options *o)
{
    gateway_start(g, arguments, o);
    make_it_speak(g);
    assert_int_equal(gateway_stop(g), 0);
}

static void full_devices_and_closed_descriptors_do_not_matter(void **state)
{
    struct gateway *g = *state;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    expect_it_lives(g, ARGS(ON_DEFAULT_SITE), &(struct process_options){.out = full, .err = full});
    close(full);
    expect_it_lives(g, ARGS(ON_DEFAULT_SITE, "--log-level", "debug"),
        &(struct process_options){.in = PROCESS_CLOSED, .out = PROCESS_CLOSED, .err = PROCESS_CLOSED});
}

static void a_reader_that_has_gone_does_not_matter(void **state)
{
    struct gateway *g = *state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    gateway_start(g, ARGS(ON_DEFAULT_SITE), &(struct process_options){.err = ends[1]});
    close(ends[0]);
    close(ends[1]);
    make_it_speak(g);
    assert_int_equal(gateway_stop(g), 0);
}

static void fill(int end)
{
    static const char data[4096];
    int flags = fcntl(end, F_GETFL);
    assert_int_equal(fcntl(end, F_SETFL, flags | O_NONBLOCK), 0);
    while (write(end, data, sizeof(data)) > 0) {
    }
    assert_int_equal(fcntl(end, F_SETFL, flags), 0);
}

static void a_reader_that_does_not_read_holds_nothing_up_and_hears_what_it_missed(void **state)
{
    struct gateway *g = *state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fill(ends[1]);
    gateway_start(g, ARGS(ON_DEFAULT_SITE), &(struct process_options){.err = ends[1]});
    make_it_speak(g);
    assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0); /* it is not the gateway's alone */
    close(ends[1]);
    FILE *from = fdopen(ends[0], "r");
    for (size_t full = 65536; full > 0; full--) {
        assert_int_equal(fgetc(from), 0);
    }
    assert_int_equal(gateway_set_power(g, 6, 1e6f), UGRPC_OUT_OF_RANGE);
    assert_int_equal(gateway_stop(g), 0);
    char line[2048];
    assert_non_null(fgets(line, sizeof(line), from));
    assert_non_null(strstr(line, " level=warn msg=\""));
    assert_non_null(strstr(line, "missing here: "));
    assert_non_null(strstr(line, " lines of this log, which nobody took\""));
    assert_non_null(fgets(line, sizeof(line), from));
    assert_non_null(strstr(line, "component=bat_inv_2 id=6 "));
    fclose(from);
}

static void a_socket_that_is_not_read_holds_nothing_up(void **state) /* journald's is one */
{
    struct gateway *g = *state;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    fill(ends[1]);
    expect_it_lives(g, ARGS(ON_DEFAULT_SITE), &(struct process_options){.err = ends[1]});
    close(ends[0]);
    close(ends[1]);
}

static void a_stopped_terminal_holds_nothing_up(void **state)
{
    struct gateway *g = *state;
    int master, slave;
    assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
    assert_int_equal(tcflow(slave, TCOOFF), 0); /* Ctrl-S */
    expect_it_lives(g, ARGS(ON_DEFAULT_SITE), &(struct process_options){.err = slave});
    close(slave);
    close(master);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATEWAY_TEST(as_json_each_line_is_an_object),
        GATEWAY_TEST(elsewhere_than_on_a_terminal_each_line_is_logfmt),
        GATEWAY_TEST(as_text_each_line_has_its_time_and_level),
        GATEWAY_TEST(at_debug_every_call_is_told_with_its_caller_and_outcome),
        GATEWAY_TEST(at_level_error_nothing_usual_is_told),
        GATEWAY_TEST(a_repeated_refusal_is_told_once_and_then_counted),
        GATEWAY_TEST(a_sensor_that_starts_with_an_error_is_told_with_it),
        GATEWAY_TEST(under_journald_each_line_begins_with_its_priority),
        GATEWAY_TEST(full_devices_and_closed_descriptors_do_not_matter),
        GATEWAY_TEST(a_reader_that_has_gone_does_not_matter),
        GATEWAY_TEST(a_reader_that_does_not_read_holds_nothing_up_and_hears_what_it_missed),
        GATEWAY_TEST(a_socket_that_is_not_read_holds_nothing_up),
        GATEWAY_TEST(a_stopped_terminal_holds_nothing_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
