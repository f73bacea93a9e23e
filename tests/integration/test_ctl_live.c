/* SPDX-License-Identifier: MIT */
/* microgridctl watch and record: lines, JSON, CSV, a table and a chart on a terminal; a gateway that goes and
 * comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/ctl.h"

static struct ctl_run ctl;

static void start(void **state)
{
    ctl = (struct ctl_run){.gateway = *state};
    gateway_start(*state, ARGS(ON_DEFAULT_SITE), NULL);
}

/* ---- no terminal ---- */

static void watch_without_a_terminal_prints_a_line_a_sample(void **state)
{
    start(state);
    ctl_expect_done(
        &ctl, ARGS("watch", "bat_inv_1", "9", "thermometer", "--count", "1"), "  bat_inv_1  0 W  READY\n");
    process_assert_says(&ctl.process.out, "  pv_inv  ");
    process_assert_says(&ctl.process.out, " °C  ON\n");
    assert_int_equal(process_count(&ctl.process.out, "\n"), 3);
    ctl_expect_done(&ctl, ARGS("watch", "battery_1", "--metric", "soc,dc_power", "--count", "2"),
        "  battery_1  battery_soc_pct 50.0 %  dc_power 0 W  READY RELAY_CLOSED\n");
    assert_int_equal(process_count(&ctl.process.out, "\n"), 2);
    ctl_expect_done(&ctl, ARGS("watch", "bat_inv_1", "--for", "10ms"), "");
}

static void watch_as_json_is_an_object_a_line(void **state)
{
    start(state);
    ctl_expect_done(
        &ctl, ARGS("watch", "bat_inv_1", "thermometer", "--json", "--count", "2"), "\"kind\":\"sensor\"");
    const char *at = ctl.process.out.text;
    for (int lines = 0; *at; lines++) {
        json_t *one = json_loadb(at, strcspn(at, "\n"), 0, NULL);
        assert_non_null(one);
        assert_true(json_object_size(json_object_get(one, "metrics")) > 0);
        json_decref(one);
        at += strcspn(at, "\n") + 1;
        assert_true(lines < 4);
    }
}

static void watch_ends_with_an_interrupt(void **state)
{
    start(state);
    ctl_start(&ctl, ARGS("watch"));
    ctl_wait_for(&ctl, "  precharger  ", 2);
    process_signal(&ctl.process, SIGINT);
    assert_int_equal(process_wait(&ctl.process, PROCESS_PATIENCE_MS), 0);
}

static void wrong_words_are_told(void **state)
{
    start(state);
    ctl_expect(&ctl, ARGS("watch", "termometer"), 2,
        "no component or sensor \"termometer\"; did you mean thermometer (101)?");
    ctl_expect(&ctl, ARGS("watch", "--metric", "soc,powr"), 2, "no metric \"powr\"; did you mean power?");
    ctl_expect(&ctl, ARGS("watch", "--count", "0"), 2, "--count \"0\"");
    ctl_expect(&ctl, ARGS("watch", "--for", "10"), 2, "the unit is missing; write 10 ms or 10 s");
    ctl_expect(&ctl, ARGS("watch", "--metric", "nonsense"), 2, "all metrics: microgridctl help metrics\n");
    ctl_expect_done(&ctl, ARGS("help", "metrics"), "  sensor_irradiance");
}

/* ---- record ---- */

static void record_writes_csv(void **state)
{
    char path[128], line[400];
    start(state);
    ctl_expect_done(&ctl, ARGS("record", "pv_inv", "battery_1", "--count", "2"),
        "time,id,name,state,ac_active_power (W),ac_reactive_power (VAr),dc_power (W),battery_soc_pct (%)\r\n");
    assert_int_equal(process_count(&ctl.process.out, "\r\n"), 5);
    assert_int_equal(process_count(&ctl.process.out, "Z,5,battery_1,READY RELAY_CLOSED,,,0,50\r\n"), 2);
    assert_int_equal(ctl_do(&ctl, ARGS("record", "battery_1", "thermometer", "--metric", "soc", "--count",
                                      "1", "--output", "x.csv")),
        0);
    assert_int_equal(ctl.process.out.len, 0);
    snprintf(path, sizeof(path), "%s/x.csv", ctl.gateway->folder);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    assert_string_equal(line, "time,id,name,state,battery_soc_pct (%)\r\n");
    assert_non_null(fgets(line, sizeof(line), file));
    assert_non_null(fgets(line, sizeof(line), file));
    assert_null(fgets(line, sizeof(line), file));
    fclose(file);
    ctl_expect(&ctl, ARGS("record", "--output", "none/x.csv"), 4, "none/x.csv: No such file or directory");
}

static void record_as_json_is_an_object_a_line_and_overwrites_nothing_unasked(void **state)
{
    start(state);
    ctl_expect_done(
        &ctl, ARGS("record", "pv_inv", "--json", "--count", "2"), "{\"kind\":\"component\",\"id\":9,");
    assert_int_equal(process_count(&ctl.process.out, "}\n"), 2);
    ctl_expect_done(&ctl, ARGS("record", "pv_inv", "--count", "1", "--output", "x.csv"), "");
    ctl_expect(&ctl, ARGS("record", "pv_inv", "--count", "1", "--output", "x.csv"), 4,
        "failed: x.csv: is there already; --force writes over it\n");
    ctl_expect_done(&ctl, ARGS("record", "pv_inv", "--count", "1", "--output", "x.csv", "--force"), "");
    ctl_expect_done(&ctl, ARGS("record", "pv_inv", "--count", "1", "--output", "/dev/null"), "");
}

static void a_gateway_that_falls_silent_is_told(void **state)
{
    start(state);
    ctl_start(&ctl, ARGS("watch", "pv_inv"));
    ctl_wait_for(&ctl, "  pv_inv  ", 2);
    process_signal(&ctl.gateway->process, SIGSTOP);
    process_expect(&ctl.process, " has been silent for ");
    process_signal(&ctl.gateway->process, SIGCONT);
    process_expect(&ctl.process, "the gateway is back\n");
    process_signal(&ctl.process, SIGINT);
    assert_int_equal(process_wait(&ctl.process, PROCESS_PATIENCE_MS), 0);
}

static void record_waits_for_a_gateway_that_goes_away(void **state)
{
    char address[64];
    start(state);
    snprintf(address, sizeof(address), "%s", ctl.gateway->addresses[0]);
    ctl_start(&ctl, ARGS("record", "pv_inv"));
    ctl_wait_for(&ctl, "Z,9,pv_inv,", 1);
    assert_int_equal(gateway_stop(ctl.gateway), 0);
    process_expect(&ctl.process, "waiting for the gateway: ");
    unsigned so_far = process_count(&ctl.process.out, "Z,9,pv_inv,");
    gateway_start(ctl.gateway, ARGS("--config", SITE_DEFAULT, "--grpc", address), NULL);
    process_expect(&ctl.process, "the gateway is back\n");
    ctl_wait_for(&ctl, "Z,9,pv_inv,", so_far + 1);
    process_signal(&ctl.process, SIGTERM);
    assert_int_equal(process_wait(&ctl.process, PROCESS_PATIENCE_MS), 0);
}

static void a_gateway_that_never_was_there_is_not_waited_for(void **state)
{
    start(state);
    ctl_expect(
        &ctl, ARGS("watch", "--target", "127.0.0.1:1"), 3, "cannot reach 127.0.0.1:1: connection refused");
}

/* ---- a terminal ---- */

struct terminal {
    int master, slave;
    char text[1 << 20];
    size_t len;
};

static void terminal_open(struct terminal *t)
{
    const struct winsize size = {.ws_row = 16, .ws_col = 90};
    t->len = 0;
    assert_int_equal(openpty(&t->master, &t->slave, NULL, NULL, &size), 0);
    assert_int_equal(fcntl(t->master, F_SETFL, O_NONBLOCK), 0);
    ctl.in = ctl.out = t->slave;
}

/* Until `text` has come since the last time. */
static void terminal_expect(struct terminal *t, const char *text)
{
    int64_t until_ns = process_deadline_ns(PROCESS_PATIENCE_MS);
    t->len = 0;
    t->text[0] = '\0';
    while (!strstr(t->text, text)) {
        ssize_t n = read(t->master, t->text + t->len, sizeof(t->text) - t->len - 1);
        t->len += n > 0 ? (size_t)n : 0;
        t->text[t->len] = '\0';
        if (n <= 0) {
            process_turn(&ctl.process, t->master, until_ns);
        }
    }
}

static void a_terminal_gets_a_live_table_and_a_chart(void **state)
{
    struct terminal *t = calloc(1, sizeof(*t));
    struct termios before, after;
    assert_non_null(t);
    start(state);
    ctl_expect_done(&ctl, ARGS("charge", "bat_inv_1", "5kW", "--for", "15m"), "charging");
    terminal_open(t);
    assert_int_equal(tcgetattr(t->slave, &before), 0);
    ctl_start(&ctl, ARGS("watch", "bat_inv_1", "pv_inv"));
    terminal_expect(t, "\033[?1049h");
    terminal_expect(t, "ENDS IN  ALLOWED NOW"); /* the gateway's own API tells, on its own machine */
    terminal_expect(t, "  5.0 kW  5.0 kW  ");
    terminal_expect(t, " -         -  -"); /* pv_inv's */
    assert_int_equal(write(t->master, "p", 1), 1);
    terminal_expect(t, "q quit, p table");
    terminal_expect(t, "⣀"); /* dots */
    assert_int_equal(write(t->master, "p", 1), 1);
    terminal_expect(t, "q quit, p plot");
    assert_int_equal(write(t->master, "q", 1), 1);
    assert_int_equal(process_wait(&ctl.process, PROCESS_PATIENCE_MS), 0);
    terminal_expect(t, "\033[?1049l");
    assert_int_equal(tcgetattr(t->slave, &after), 0);
    assert_int_equal(after.c_lflag, before.c_lflag);
    close(t->master);
    close(t->slave);
    free(t);
}

static void a_plot_asked_for_comes_first_and_ctrl_c_gives_the_terminal_back(void **state)
{
    struct terminal *t = calloc(1, sizeof(*t));
    struct termios before, after;
    assert_non_null(t);
    start(state);
    terminal_open(t);
    assert_int_equal(tcgetattr(t->slave, &before), 0);
    ctl_start(&ctl, ARGS("watch", "main_meter", "--plot"));
    terminal_expect(t, "q quit, p table");
    process_signal(&ctl.process, SIGINT);
    assert_int_equal(process_wait(&ctl.process, PROCESS_PATIENCE_MS), 0);
    terminal_expect(t, "\033[?1049l");
    assert_int_equal(tcgetattr(t->slave, &after), 0);
    assert_int_equal(after.c_lflag, before.c_lflag);
    close(t->master);
    close(t->slave);
    free(t);
}

static void a_plot_draws_every_metric_and_sensor_that_was_named(void **state)
{
    struct terminal *t = calloc(1, sizeof(*t));
    assert_non_null(t);
    start(state);
    terminal_open(t);
    ctl_start(&ctl, ARGS("watch", "battery_1", "--metric", "soc,dc_power", "--plot"));
    terminal_expect(t, "0 %┼");
    terminal_expect(t, "battery_1 battery_soc_pct 50.0 %");
    terminal_expect(t, "0 W┼");
    terminal_expect(t, "battery_1 dc_power 0 W");
    process_signal(&ctl.process, SIGINT);
    assert_int_equal(process_wait(&ctl.process, PROCESS_PATIENCE_MS), 0);
    ctl_start(&ctl, ARGS("watch", "main_meter", "pv_inv", "thermometer", "--plot"));
    terminal_expect(t, "0 °C┼");
    terminal_expect(t, "thermometer ");
    process_signal(&ctl.process, SIGINT);
    assert_int_equal(process_wait(&ctl.process, PROCESS_PATIENCE_MS), 0);
    ctl_start(&ctl, ARGS("watch", "--plot"));
    terminal_expect(t, "9 more are not drawn: name those that matter");
    process_signal(&ctl.process, SIGINT);
    assert_int_equal(process_wait(&ctl.process, PROCESS_PATIENCE_MS), 0);
    close(t->master);
    close(t->slave);
    free(t);
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
        TEST(watch_without_a_terminal_prints_a_line_a_sample),
        TEST(watch_as_json_is_an_object_a_line),
        TEST(watch_ends_with_an_interrupt),
        TEST(wrong_words_are_told),
        TEST(record_writes_csv),
        TEST(record_as_json_is_an_object_a_line_and_overwrites_nothing_unasked),
        TEST(a_gateway_that_falls_silent_is_told),
        TEST(record_waits_for_a_gateway_that_goes_away),
        TEST(a_gateway_that_never_was_there_is_not_waited_for),
        TEST(a_terminal_gets_a_live_table_and_a_chart),
        TEST(a_plot_asked_for_comes_first_and_ctrl_c_gives_the_terminal_back),
        TEST(a_plot_draws_every_metric_and_sensor_that_was_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
