/* SPDX-License-Identifier: MIT */
/* Clients that speak another language than the gateway's, that are too many, or that just vanish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "support/gateway.h"

#define QUICK_SITE                                                                                           \
    "version: 1\n"                                                                                           \
    "site: {id: 7, name: Bench}\n"                                                                           \
    "defaults: {interval: 100 ms}\n"                                                                         \
    "components:\n"                                                                                          \
    "  grid: {id: 1, type: grid, fuse: 100 A}\n"                                                             \
    "  meter: {id: 2, type: meter, under: grid, power: 2 kW}\n"

static const microgrid_v1_list_components_request all = MICROGRID_V1_LIST_COMPONENTS_REQUEST_INIT;

static struct h2_call *begin_stream(struct gateway *g)
{
    microgrid_v1_receive_component_data_stream_request request =
        MICROGRID_V1_RECEIVE_COMPONENT_DATA_STREAM_REQUEST_INIT;
    request.component_id = 2;
    return gateway_begin(g, GATEWAY_PATH("ReceiveComponentDataStream"), &request);
}

static void expect_answer(struct gateway *g)
{
    assert_int_equal(h2_grpc_status(gateway_call(g, GATEWAY_PATH("ListComponents"), &all)), UGRPC_OK);
}

/* ---- other languages ---- */

/* Sends `data` and waits for the connection's end; the answer must hold `answer` (NULL: none is due). */
static void expect_turned_away(struct gateway *g, const char *data, size_t len, const char *answer)
{
    struct h2_client *c = h2_connect(NULL, g->addresses[0], false);
    h2_send_raw(c, data, len);
    h2_pump_until_gone(c);
    if (answer) {
        assert_non_null(strstr((const char *)c->raw, answer));
    } else {
        assert_int_equal(c->raw_len, 0);
    }
    h2_close(c);
}

#define HTTP1     "GET /metrics HTTP/1.1\r\nHost: gateway\r\n\r\n"
#define HTTP2     "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define TLS_HELLO "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"

static void on_a_plain_port_other_languages_are_closed_and_told(void **state)
{
    struct gateway *g = *state;
    gateway_start(g, ARGS(ON_DEFAULT_SITE), NULL);
    expect_turned_away(g, TLS_HELLO, sizeof(TLS_HELLO) - 1, "This is a gRPC port without TLS");
    process_expect(&g->process, ": connection refused: TLS on a port without TLS");
    expect_turned_away(g, HTTP1, sizeof(HTTP1) - 1, "HTTP/1.1 400 Bad Request\r\n");
    process_expect(&g->process, ": connection refused: HTTP/1.1 on a gRPC port, which speaks HTTP/2 only");
    expect_turned_away(g, "\0\1\2garbage", 10, NULL);
    process_expect(&g->process, ": connection refused: not HTTP/2");
    expect_answer(g);
}

static void who_comes_again_with_the_same_is_told_once(void **state)
{
    struct gateway *g = *state;
    gateway_start(g, ARGS(ON_DEFAULT_SITE), NULL);
    for (int i = 0; i < 50; i++) {
        expect_turned_away(g, TLS_HELLO, sizeof(TLS_HELLO) - 1, "This is a gRPC port without TLS");
        expect_turned_away(g, HTTP1, sizeof(HTTP1) - 1, "This is a gRPC port");
    }
    assert_int_equal(gateway_stop(g), 0);
    assert_int_equal(process_count(&g->process.err, "connection refused"), 2);
}

static void run_openssl(struct gateway *g, struct process *p, const char *const *argv, int status)
{
    *p = (struct process){0};
    assert_int_equal(process_run(p, &(struct process_options){.argv = argv, .folder = g->folder}), status);
}

/* Puts certificate.pem and key.pem into the gateway's folder. */
static void make_certificate(struct gateway *g)
{
    struct process openssl;
    run_openssl(g, &openssl,
        ARGS("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", "/CN=localhost", "-days", "2", "-keyout", "key.pem", "-out", "certificate.pem"),
        0);
    process_done(&openssl);
}

#define TLS "listen: {tls: {certificate: certificate.pem, key: key.pem}}\n"

static void on_a_tls_port_tls_is_spoken_and_all_else_is_closed_and_told(void **state)
{
    struct gateway *g = *state;
    struct process openssl;
    make_certificate(g);
    gateway_write(g, "site.yaml", QUICK_SITE TLS);
    gateway_start(g, ARGS(ON_OWN_SITE), NULL);
    run_openssl(g, &openssl,
        ARGS("openssl", "s_client", "-alpn", "h2", "-CAfile", "certificate.pem", "-verify_return_error",
            "-connect", g->addresses[0]),
        0);
    process_assert_says(&openssl.out, "ALPN protocol: h2");
    process_done(&openssl);
    expect_turned_away(g, HTTP2, sizeof(HTTP2) - 1, NULL);
    process_expect(&g->process, ": connection refused: HTTP/2 without TLS, but this port needs TLS");
    expect_turned_away(g, HTTP1, sizeof(HTTP1) - 1, "HTTP/1.1 400 Bad Request\r\n");
    process_expect(&g->process, ": connection refused: HTTP/1.1 without TLS, but this port needs TLS");
}

static void a_handshake_that_fails_is_told_with_its_reason(void **state)
{
    struct gateway *g = *state;
    struct process openssl;
    make_certificate(g);
    gateway_write(g, "site.yaml", QUICK_SITE TLS);
    gateway_start(g, ARGS(ON_OWN_SITE), NULL);
    run_openssl(
        g, &openssl, ARGS("openssl", "s_client", "-alpn", "http/1.1", "-connect", g->addresses[0]), 1);
    process_done(&openssl);
    process_expect(&g->process, ": connection refused: the TLS handshake failed: ");
    run_openssl(g, &openssl,
        ARGS("openssl", "s_client", "-alpn", "h2", "-verify_return_error", "-connect", g->addresses[0]), 1);
    process_done(&openssl);
    process_expect(&g->process, "unknown ca");
}

static void beyond_this_machine_tls_and_keys_do_without_a_word(void **state)
{
    struct gateway *g = *state;
    char keys[64];
    make_certificate(g);
    gateway_write(g, "keys", "ems 2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b\n");
    gateway_write(g, "site.yaml",
        QUICK_SITE
        "listen: {tls: {certificate: certificate.pem, key: key.pem}, keys: keys, grpc: 0.0.0.0:0}\n");
    assert_int_equal(gateway_run(g, ARGS("--config", "site.yaml")), 2); /* the others may read them */
    process_assert_says(&g->process.err, "everybody on this machine may read it; chmod 600");
    snprintf(keys, sizeof(keys), "%s/keys", g->folder);
    assert_int_equal(chmod(keys, 0600), 0);
    gateway_start(g, ARGS("--config", "site.yaml"), NULL);
    process_expect(&g->process, "(TLS, 1 key (1 operator), other machines too)");
}

/* ---- too many ---- */

struct progress {
    const struct h2_call *stream;
    size_t wanted; /* messages */
};

static bool has_progressed(void *userdata)
{
    const struct progress *progress = userdata;
    size_t len;
    bool compressed;
    return h2_message(progress->stream, progress->wanted - 1, &len, &compressed) != NULL;
}

static void expect_messages(struct gateway *g, const struct h2_call *stream, size_t n)
{
    h2_pump(g->client, has_progressed, &(struct progress){stream, n});
}

static void without_descriptors_new_clients_are_turned_away_and_the_others_served(void **state)
{
    struct gateway *g = *state;
    struct h2_client *many[40];
    gateway_write(g, "site.yaml", QUICK_SITE);
    gateway_start(g, ARGS(ON_OWN_SITE), &(struct process_options){.max_files = 32});
    struct h2_call *stream = begin_stream(g);
    expect_messages(g, stream, 1);
    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        many[i] = h2_connect(NULL, g->addresses[0], false);
    }
    h2_pump_until_gone(many[ARRAY_LEN(many) - 1]);
    process_expect(&g->process, "connections are refused: no file descriptor is left");

    int64_t from_ns = clock_now_ns(clock_real()), used_ns = process_cpu_ns(&g->process);
    expect_messages(g, stream, 8);
    int64_t took_ns = clock_now_ns(clock_real()) - from_ns;
    assert_true(process_cpu_ns(&g->process) - used_ns < took_ns / 2); /* waiting is what it does */

    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        h2_close(many[i]);
    }
    h2_pump_some(g->client);
    struct h2_client *later = h2_connect(NULL, g->addresses[0], true);
    h2_pump_some(later);
    assert_false(later->closed);
    h2_close(later);
}

static void bring_and_take_clients(struct gateway *g, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct gateway visitor = {.addresses = g->addresses, .n = g->n};
        if (i % 2) {
            expect_answer(&visitor);
        } else {
            begin_stream(&visitor); /* and vanishes with it */
        }
        h2_close(visitor.client);
    }
    h2_pump_some(g->client); /* what was sent before is known to it then */
}

static void two_thousand_clients_leave_nothing_behind(void **state)
{
    struct gateway *g = *state;
    /* The sanitizer, if there is one, is not to keep what was freed. */
    gateway_start(g, ARGS(ON_DEFAULT_SITE),
        &(struct process_options){
            .env = "ASAN_OPTIONS=quarantine_size_mb=0:thread_local_quarantine_size_kb=0"});
    expect_answer(g);
    bring_and_take_clients(g, 200);
    unsigned files = process_open_files(&g->process), resident_kb = process_resident_kb(&g->process);
    bring_and_take_clients(g, 2000);
    assert_int_equal(process_open_files(&g->process), files);
    assert_true(process_resident_kb(&g->process) < resident_kb + 512);
}

/* ---- commands ---- */

static void a_read_only_gateway_denies_every_command_and_serves_the_rest(void **state)
{
    struct gateway *g = *state;
    microgrid_v1_set_component_power_active_request active =
        MICROGRID_V1_SET_COMPONENT_POWER_ACTIVE_REQUEST_INIT;
    microgrid_v1_set_component_power_reactive_request reactive =
        MICROGRID_V1_SET_COMPONENT_POWER_REACTIVE_REQUEST_INIT;
    microgrid_v1_add_component_bounds_request bounds = MICROGRID_V1_ADD_COMPONENT_BOUNDS_REQUEST_INIT;
    microgrid_v1_start_component_request start = MICROGRID_V1_START_COMPONENT_REQUEST_INIT;
    microgrid_v1_put_component_in_standby_request standby =
        MICROGRID_V1_PUT_COMPONENT_IN_STANDBY_REQUEST_INIT;
    microgrid_v1_stop_component_request stop = MICROGRID_V1_STOP_COMPONENT_REQUEST_INIT;
    microgrid_v1_ack_component_error_request ack = MICROGRID_V1_ACK_COMPONENT_ERROR_REQUEST_INIT;
    const struct {
        const char *path;
        const void *request;
    } commands[] = {
        {GATEWAY_PATH("SetComponentPowerActive"), &active},
        {GATEWAY_PATH("SetComponentPowerReactive"), &reactive},
        {GATEWAY_PATH("AddComponentBounds"), &bounds},
        {GATEWAY_PATH("StartComponent"), &start},
        {GATEWAY_PATH("PutComponentInStandby"), &standby},
        {GATEWAY_PATH("StopComponent"), &stop},
        {GATEWAY_PATH("AckComponentError"), &ack},
    };
    gateway_start(g, ARGS(ON_DEFAULT_SITE, "--read-only"), NULL);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        struct h2_call *call = gateway_call(g, commands[i].path, commands[i].request);
        assert_int_equal(h2_grpc_status(call), UGRPC_PERMISSION_DENIED);
        assert_non_null(strstr(h2_header(call, "grpc-message"), "read-only"));
    }
    expect_answer(g);
    assert_true(begin_stream(g)->body_len > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATEWAY_TEST(on_a_plain_port_other_languages_are_closed_and_told),
        GATEWAY_TEST(who_comes_again_with_the_same_is_told_once),
        GATEWAY_TEST(on_a_tls_port_tls_is_spoken_and_all_else_is_closed_and_told),
        GATEWAY_TEST(a_handshake_that_fails_is_told_with_its_reason),
        GATEWAY_TEST(beyond_this_machine_tls_and_keys_do_without_a_word),
        GATEWAY_TEST(without_descriptors_new_clients_are_turned_away_and_the_others_served),
        GATEWAY_TEST(two_thousand_clients_leave_nothing_behind),
        GATEWAY_TEST(a_read_only_gateway_denies_every_command_and_serves_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
