/* SPDX-License-Identifier: MIT */
/* How signals end the gateway, whatever it is doing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"
#include "net/address.h"
#include "support/gateway.h"

/* An inverter that takes its time to start, so that a call is running. */
#define SLOW_SITE                                                                                            \
    "version: 1\n"                                                                                           \
    "site: {id: 7, name: Bench}\n"                                                                           \
    "components:\n"                                                                                          \
    "  grid: {id: 1, type: grid, fuse: 100 A}\n"                                                             \
    "  meter: {id: 2, type: meter, under: grid}\n"                                                           \
    "  slow: {id: 3, type: battery_inverter, under: meter, rated: 5 kW, starts: standby, start_up: 25 s}\n"  \
    "  battery: {id: 4, type: battery, under: slow, capacity: 10 kWh}\n"                                     \
    "sensors:\n"                                                                                             \
    "  inside: {id: 1, type: thermometer, value: 20 °C}\n"

struct running {
    struct h2_call *component, *sensor; /* streams */
    struct h2_call *start;              /* a unary call that takes longer than the gateway has */
};

static struct running begin_calls(struct gateway *g)
{
    microgrid_v1_receive_component_data_stream_request component =
        MICROGRID_V1_RECEIVE_COMPONENT_DATA_STREAM_REQUEST_INIT;
    microgrid_v1_receive_sensor_data_stream_request sensor =
        MICROGRID_V1_RECEIVE_SENSOR_DATA_STREAM_REQUEST_INIT;
    microgrid_v1_start_component_request start = MICROGRID_V1_START_COMPONENT_REQUEST_INIT;
    component.component_id = 2;
    sensor.sensor_id = 1;
    start.component_id = 3;
    gateway_write(g, "site.yaml", SLOW_SITE);
    gateway_start(g, ARGS(ON_OWN_SITE), NULL);
    struct running running = {
        .component = gateway_begin(g, GATEWAY_PATH("ReceiveComponentDataStream"), &component),
        .sensor = gateway_begin(g, GATEWAY_PATH("ReceiveSensorDataStream"), &sensor),
        .start = gateway_begin(g, GATEWAY_PATH("StartComponent"), &start),
    };
    assert_true(running.component->body_len > 0);
    assert_true(running.sensor->body_len > 0);
    assert_false(running.start->closed);
    return running;
}

static void expect_unavailable(struct gateway *g, struct h2_call *call)
{
    h2_pump_until_closed(g->client, call);
    assert_int_equal(h2_grpc_status(call), UGRPC_UNAVAILABLE);
    assert_int_equal(call->error, NGHTTP2_NO_ERROR);
}

static void signals_end_streams_at_once_running_calls_later_and_the_gateway_well(void **state)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    void *at[ARRAY_LEN(numbers)]; /* all at the same time, as each has to wait for its running call */
    struct running running[ARRAY_LEN(numbers)];
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        gateway_set_up(&at[i]);
        running[i] = begin_calls(at[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        struct gateway *g = at[i];
        process_signal(&g->process, numbers[i]);
        expect_unavailable(g, running[i].component);
        expect_unavailable(g, running[i].sensor);
        if (numbers[i] == SIGHUP) { /* a terminal that goes away may say so twice */
            process_signal(&g->process, SIGHUP);
        }
        assert_true(g->client->goaway);
        assert_int_equal(g->client->goaway_error, NGHTTP2_NO_ERROR);
    }
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        struct gateway *g = at[i];
        assert_int_equal(process_wait(&g->process, GATEWAY_STOP_MS), 0);
        expect_unavailable(g, running[i].start);
        assert_int_equal(gateway_tear_down(&at[i]), 0);
    }
}

static bool accepts(const char *address)
{
    struct address a;
    assert_int_equal(address_parse(&a, address, NULL), 0);
    int fd = socket(a.sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool accepted = connect(fd, (struct sockaddr *)&a.sa, a.len) == 0;
    close(fd);
    return accepted;
}

static void a_stopping_gateway_takes_no_new_connections(void **state)
{
    struct gateway *g = *state;
    struct running running = begin_calls(g);
    assert_true(accepts(g->addresses[0]));
    process_signal(&g->process, SIGTERM);
    expect_unavailable(g, running.component);
    assert_false(accepts(g->addresses[0]));
    process_signal(&g->process, SIGTERM); /* it need not wait for its call */
    assert_int_equal(process_wait(&g->process, GATEWAY_STOP_MS), 1);
}

static void a_second_signal_ends_it_at_once_and_takes_its_endpoints_along(void **state)
{
    static const int numbers[][2] = {{SIGTERM, SIGTERM}, {SIGTERM, SIGINT}, {SIGHUP, SIGTERM}};
    struct gateway *g = *state;
    char endpoints[128];
    snprintf(endpoints, sizeof(endpoints), "%s/endpoints.json", g->folder);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        begin_calls(g); /* so it has something to wait for */
        process_signal(&g->process, numbers[i][0]);
        process_expect(&g->process, "stopping");
        process_signal(&g->process, numbers[i][1]);
        assert_int_equal(process_wait(&g->process, GATEWAY_STOP_MS), 1);
        process_assert_says(&g->process.err, "ending at once");
        assert_int_equal(access(endpoints, F_OK), -1);
    }
}

static void under_nohup_a_hangup_is_nothing(void **state)
{
    const microgrid_v1_list_components_request all = MICROGRID_V1_LIST_COMPONENTS_REQUEST_INIT;
    struct gateway *g = *state;
    gateway_start(g, ARGS(ON_DEFAULT_SITE), &(struct process_options){.no_hangup = true});
    process_signal(&g->process, SIGHUP);
    assert_int_equal(h2_grpc_status(gateway_call(g, GATEWAY_PATH("ListComponents"), &all)), UGRPC_OK);
    assert_int_equal(gateway_stop(g), 0);
    assert_int_equal(process_count(&g->process.err, "SIGHUP"), 0);
}

static void a_gateway_that_waits_for_its_port_ends_as_well(void **state)
{
    struct gateway *g = *state;
    void *holder;
    gateway_set_up(&holder);
    gateway_start(holder, ARGS(ON_DEFAULT_SITE), NULL);
    gateway_spawn(
        g, ARGS("--config", SITE_DEFAULT, "--grpc", ((struct gateway *)holder)->addresses[0]), NULL);
    process_expect(&g->process, "is in use");
    assert_int_equal(gateway_stop(g), 0);
    assert_int_equal(gateway_tear_down(&holder), 0);
}

static void idle_and_silent_connections_hold_nothing_up(void **state)
{
    struct gateway *g = *state;
    struct h2_client *idle[2];
    gateway_start(g, ARGS(ON_DEFAULT_SITE), NULL);
    for (size_t i = 0; i < ARRAY_LEN(idle); i++) {
        idle[i] = h2_connect(NULL, g->addresses[0], i == 0);
    }
    h2_pump_some(idle[0]);
    assert_int_equal(gateway_stop(g), 0);
    process_assert_says(&g->process.err, "stopping (SIGTERM)");
    assert_int_equal(process_count(&g->process.err, "did not answer"), 0);
    for (size_t i = 0; i < ARRAY_LEN(idle); i++) {
        h2_close(idle[i]);
    }
}

static void expect_last_line(const struct gateway *g, const char *line)
{
    const struct process_output *log = &g->process.err;
    size_t len = strlen(line);
    assert_true(log->len > len);
    assert_string_equal(log->text + log->len - len, line);
}

static void the_log_ends_with_what_was_brought_to_0_and_that_it_stopped(void **state)
{
    struct gateway *g = *state;
    gateway_start(g, ARGS(ON_DEFAULT_SITE), NULL);
    assert_int_equal(gateway_set_power(g, 4, 1000), UGRPC_OK);
    assert_int_equal(gateway_set_power(g, 6, -1000), UGRPC_OK);
    assert_int_equal(gateway_stop(g), 0);
    process_assert_says(&g->process.err, " level=info msg=\"2 components were brought to 0\"\n");
    process_assert_says(&g->process.err, "\"stopping (SIGTERM)\"");
    expect_last_line(g, " level=info msg=\"stopped\"\n");
    gateway_start(g, ARGS(ON_DEFAULT_SITE), NULL);
    assert_int_equal(gateway_stop(g), 0);
    assert_int_equal(process_count(&g->process.err, "brought to 0\""), 0);
    expect_last_line(g, " level=info msg=\"stopped\"\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_end_streams_at_once_running_calls_later_and_the_gateway_well),
        GATEWAY_TEST(a_stopping_gateway_takes_no_new_connections),
        GATEWAY_TEST(a_second_signal_ends_it_at_once_and_takes_its_endpoints_along),
        GATEWAY_TEST(under_nohup_a_hangup_is_nothing),
        GATEWAY_TEST(a_gateway_that_waits_for_its_port_ends_as_well),
        GATEWAY_TEST(idle_and_silent_connections_hold_nothing_up),
        GATEWAY_TEST(the_log_ends_with_what_was_brought_to_0_and_that_it_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
