/* SPDX-License-Identifier: MIT */
/* How much one client may ask for; what happens to those who abuse HTTP/2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <ugrpc/ugrpc.h>

#include "base/base.h"
#include "support/echo_fixture.h"

static bool goaway_came(void *userdata)
{
    return ((struct h2_client *)userdata)->goaway;
}

static void a_flood_of_resets_ends_the_connection_calmly(void **state)
{
    struct fixture *f = *state;
    fixture_start(f, (struct ugrpc_server_options){.max_resets_per_s = 100});
    for (int i = 0; i < 200 && !f->client->goaway; i++) {
        struct h2_call *call = h2_call_empty(f->client, ECHO_PATH("Hold"));
        nghttp2_session_send(f->client->h2);
        h2_reset(f->client, call);
    }
    h2_pump(f->client, goaway_came, f->client);
    assert_int_equal(f->client->goaway_error, NGHTTP2_ENHANCE_YOUR_CALM);
    h2_pump_until_gone(f->client);
}

static void cancels_below_the_limit_never_cost_the_connection(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 1000; i++) { /* in much less than a second; 2,000 a second are allowed */
        struct h2_call *call = h2_call_empty(f->client, ECHO_PATH("Hold"));
        nghttp2_session_send(f->client->h2);
        h2_reset(f->client, call);
        if (i % 50 == 49) {
            h2_pump_some(f->client);
        }
    }
    struct h2_call *call = call_empty(f->client, ECHO_PATH("Unary"));
    assert_int_equal(h2_grpc_status(call), UGRPC_OK);
    assert_false(f->client->goaway);
}

static void pings_are_answered_for_ever_on_an_idle_connection(void **state)
{
    struct fixture *f = *state;
    for (unsigned i = 0; i < 5000; i++) {
        nghttp2_submit_ping(f->client->h2, NGHTTP2_FLAG_NONE, NULL);
        f->client->pings++;
        if (i % 100 == 99) {
            h2_pump_some(f->client);
        }
    }
    assert_true(f->client->pongs >= 5000);
    assert_int_equal(f->client->pongs, f->client->pings);
    assert_false(f->client->goaway);
}

static void pings_whose_answers_nobody_reads_end_the_connection(void **state)
{
    struct fixture *f = *state;
    static const uint8_t ping[17] = {0, 0, 8, 6};
    struct h2_client *c = f->client;
    h2_pump_some(c);
    c->deaf = true;
    uint8_t many[17 * 1000];
    for (size_t i = 0; i < 1000; i++) {
        memcpy(many + 17 * i, ping, 17);
    }
    /* Send until the server has ended it, or, if it never does, for ever: the test's time limit says so. */
    for (size_t at = 0; stats_of(f).open_connections > 0;) {
        ssize_t n = send(c->fd, many + at, sizeof(many) - at, MSG_NOSIGNAL);
        at = n > 0 ? (at + (size_t)n) % sizeof(many) : at;
        ugrpc_loop_turn(f->loop);
    }
}

static void a_dead_peer_is_found_by_a_ping(void **state)
{
    struct fixture *f = *state;
    fixture_start(f, (struct ugrpc_server_options){.keepalive_time_ms = 20, .keepalive_timeout_ms = 20});
    begin(f, ECHO_PATH("Hold"));
    f->client->deaf = true; /* so it never sees, nor answers, the ping */
    h2_pump(f->client, echo_was_cancelled, &f->echo);
    assert_int_equal(stats_of(f).open_connections, 0);
}

static void a_half_open_connection_is_closed_after_the_handshake_time(void **state)
{
    struct fixture *f = *state;
    fixture_start(f, (struct ugrpc_server_options){.handshake_timeout_ms = 20});
    struct h2_client *silent = fixture_connect(f, false);
    h2_pump_until_gone(silent);
    h2_close(silent);
    struct h2_client *half = fixture_connect(f, false);
    h2_send_raw(half, "PRI * HTTP/2.0\r\n", 16);
    h2_pump_until_gone(half);
    h2_close(half);
}

static void an_idle_connection_is_closed_when_so_configured(void **state)
{
    struct fixture *f = *state;
    fixture_start(f, (struct ugrpc_server_options){.idle_timeout_ms = 30, .handshake_timeout_ms = 30});
    struct h2_call *call = call_empty(f->client, ECHO_PATH("Unary"));
    assert_int_equal(h2_grpc_status(call), UGRPC_OK);
    h2_pump_until_gone(f->client);
    assert_true(f->client->goaway);
    assert_int_equal(f->client->goaway_error, NGHTTP2_NO_ERROR);
}

/* Our own pings, and their answers, are no use of it. */
static void an_idle_connection_is_closed_in_spite_of_keepalive(void **state)
{
    struct fixture *f = *state;
    fixture_start(f, (struct ugrpc_server_options){.idle_timeout_ms = 100, .keepalive_time_ms = 20});
    h2_pump_until_gone(f->client);
    assert_true(f->client->goaway);
    assert_int_equal(f->client->goaway_error, NGHTTP2_NO_ERROR);
}

static void connections_beyond_the_limit_are_closed_at_once(void **state)
{
    struct fixture *f = *state;
    fixture_start(f, (struct ugrpc_server_options){.max_connections = 1});
    h2_pump_some(f->client);
    struct h2_client *second = fixture_connect(f, true);
    h2_pump_until_gone(second);
    h2_close(second);
    assert_int_equal(stats_of(f).refused_connections, 1);
    struct h2_call *call = call_empty(f->client, ECHO_PATH("Unary"));
    assert_int_equal(h2_grpc_status(call), UGRPC_OK);
}

static void without_free_descriptors_connections_are_refused_and_come_back(void **state)
{
    struct fixture *f = *state;
    struct rlimit limit, none_left;
    h2_pump_some(f->client);
    getrlimit(RLIMIT_NOFILE, &limit);
    struct h2_client *refused = fixture_connect(f, true);
    none_left = limit;
    none_left.rlim_cur = (rlim_t)refused->fd + 1; /* all below are in use */
    setrlimit(RLIMIT_NOFILE, &none_left);
    h2_pump_until_gone(refused);
    setrlimit(RLIMIT_NOFILE, &limit);
    h2_close(refused);
    struct h2_client *later = fixture_connect(f, true);
    struct h2_call *call = call_empty(later, ECHO_PATH("Unary"));
    assert_int_equal(h2_grpc_status(call), UGRPC_OK);
    h2_close(later);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST_OWN(a_flood_of_resets_ends_the_connection_calmly),
        FIXTURE_TEST(cancels_below_the_limit_never_cost_the_connection),
        FIXTURE_TEST(pings_are_answered_for_ever_on_an_idle_connection),
        FIXTURE_TEST(pings_whose_answers_nobody_reads_end_the_connection),
        FIXTURE_TEST_OWN(a_dead_peer_is_found_by_a_ping),
        FIXTURE_TEST_OWN(a_half_open_connection_is_closed_after_the_handshake_time),
        FIXTURE_TEST_OWN(an_idle_connection_is_closed_when_so_configured),
        FIXTURE_TEST_OWN(an_idle_connection_is_closed_in_spite_of_keepalive),
        FIXTURE_TEST_OWN(connections_beyond_the_limit_are_closed_at_once),
        FIXTURE_TEST(without_free_descriptors_connections_are_refused_and_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
