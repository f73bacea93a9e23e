/* SPDX-License-Identifier: MIT */
/* A target of several addresses: attempts to connect that overlap, the first server that greets is taken. The
 * clock stands still: it is moved where time is meant to pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/authority.h"
#include "support/client_fixture.h"
#include "support/raw_server.h"

#define REFUSES "127.0.0.1:1"

/* An address that neither accepts nor refuses: nobody takes from its queue, and that is full. */
struct black_hole {
    int listener, filling[4];
    char address[32];
};

static void black_hole_init(struct black_hole *hole)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(sa);
    hole->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(hole->listener, (struct sockaddr *)&sa, sizeof(sa)), 0);
    assert_int_equal(listen(hole->listener, 0), 0);
    assert_int_equal(getsockname(hole->listener, (struct sockaddr *)&sa, &len), 0);
    for (int i = 0; i < 4; i++) {
        hole->filling[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(
            hole->filling[i], (struct sockaddr *)&sa, sizeof(sa)); /* is on its way, now or for ever */
    }
    snprintf(hole->address, sizeof(hole->address), "127.0.0.1:%d", ntohs(sa.sin_port));
}

static void black_hole_done(struct black_hole *hole)
{
    close(hole->listener);
    for (int i = 0; i < 4; i++) {
        close(hole->filling[i]);
    }
}

/* What a test has: addresses of each kind. */
struct addresses {
    struct client_fixture f; /* first: one that serves */
    struct black_hole hole;
    struct raw_server *silent; /* accepts, and says nothing unless it is told to */
    char target[256];
    struct heard heard;
};

static int set_up(void **state)
{
    struct addresses *a = calloc(1, sizeof(*a));
    echo_init(&a->f.echo);
    a->f.loop = ugrpc_loop_new();
    client_stop_clock(&a->f);
    client_serve(&a->f, NULL, NULL, NULL);
    black_hole_init(&a->hole);
    a->silent = raw_server_new(a->f.loop, NULL, NULL);
    *state = a;
    return 0;
}

static int tear_down(void **state)
{
    struct addresses *a = *state;
    black_hole_done(&a->hole);
    raw_server_free(a->silent);
    return client_tear_down(state);
}

/* Begins a call to two addresses, and lets happen what happens by itself. */
static struct ugrpc_pending *begin(struct addresses *a, const char *first, const char *second,
    const struct ugrpc_channel_options *options, const struct ugrpc_call_options *call)
{
    static const struct ugrpc_channel_options plain = {.insecure = true, .connect_timeout_ms = 1000};
    snprintf(a->target, sizeof(a->target), "ipv4:%s,%s", first, second);
    client_open(&a->f, a->target, options ? options : &plain);
    struct ugrpc_pending *pending = client_begin(&a->f, UNARY, call, &a->heard);
    client_say(pending, "x");
    client_settle(&a->f);
    return pending;
}

static void assert_fails(struct addresses *a, const char *const *parts)
{
    client_settle(&a->f);
    assert_int_equal(a->heard.dones, 1);
    assert_int_equal(a->heard.code, UGRPC_UNAVAILABLE);
    assert_contains(a->heard.text, a->target);
    for (; *parts; parts++) {
        assert_contains(a->heard.text, *parts);
    }
}

static void an_address_that_does_not_answer_has_a_start_of_250_ms(void **state)
{
    struct addresses *a = *state;
    begin(a, a->hole.address, a->f.target, NULL, NULL);
    client_advance(&a->f, 249);
    client_settle(&a->f);
    assert_int_equal(a->heard.dones, 0);
    client_advance(&a->f, 1);
    client_pump(&a->f, &a->heard.dones);
    assert_int_equal(a->heard.code, UGRPC_OK);
    assert_string_equal(a->heard.last, "x");
}

static void an_address_that_refuses_makes_way_at_once(void **state)
{
    struct addresses *a = *state;
    begin(a, REFUSES, a->f.target, NULL, NULL);
    client_pump(&a->f, &a->heard.dones);
    assert_int_equal(a->heard.code, UGRPC_OK);
}

static void who_accepts_but_does_not_greet_does_not_win(void **state)
{
    struct addresses *a = *state;
    begin(a, raw_server_address(a->silent), a->f.target, NULL, NULL);
    assert_true(raw_server_has_client(a->silent));
    client_advance(&a->f, 250);
    client_pump(&a->f, &a->heard.dones);
    assert_int_equal(a->heard.code, UGRPC_OK);
    assert_string_equal(a->heard.last, "x");
    client_settle(&a->f);
    assert_false(raw_server_has_client(a->silent)); /* the attempt that lost is closed */
}

static void an_earlier_attempt_may_still_win(void **state)
{
    struct addresses *a = *state;
    struct ugrpc_pending *pending = begin(a, raw_server_address(a->silent), a->hole.address, NULL, NULL);
    client_advance(&a->f, 250);
    client_settle(&a->f);
    assert_int_equal(ugrpc_channel_connectivity(a->f.channel, false), UGRPC_CONNECTING);
    raw_send_settings(a->silent);
    client_settle(&a->f);
    assert_string_equal(ugrpc_pending_peer(pending), raw_server_address(a->silent));
    client_advance(&a->f, 60000); /* nothing is left of the other one */
    client_settle(&a->f);
    assert_int_equal(ugrpc_channel_connectivity(a->f.channel, false), UGRPC_READY);
}

static void with_tls_the_handshake_must_be_done(void **state)
{
    struct addresses *a = *state;
    struct authority *authority = authority_new();
    struct issued leaf = authority_issue(authority, "localhost", "IP:127.0.0.1", -1, 1);
    const struct ugrpc_server_tls_options own = {.certificate_file = leaf.certificate, .key_file = leaf.key};
    const struct ugrpc_tls_options believing = {.ca_file = authority_certificate(authority)};
    struct ugrpc_server_tls *server_tls = ugrpc_server_tls_new(&own, NULL);
    struct ugrpc_tls_creds *tls = ugrpc_tls_creds_new(&believing, NULL);
    const struct ugrpc_channel_options options = {.tls = tls};
    client_serve(&a->f, NULL, NULL, server_tls);
    begin(a, raw_server_address(a->silent), a->f.target, &options, NULL);
    assert_true(raw_server_has_client(a->silent));
    client_advance(&a->f, 250);
    client_pump(&a->f, &a->heard.dones);
    assert_int_equal(a->heard.code, UGRPC_OK);
    ugrpc_tls_creds_free(tls);
    ugrpc_server_tls_free(server_tls);
    authority_free(authority);
}

static void all_addresses_together_have_one_deadline(void **state)
{
    struct addresses *a = *state;
    begin(a, a->hole.address, raw_server_address(a->silent), NULL, NULL);
    client_advance(&a->f, 250);
    client_settle(&a->f);
    assert_true(raw_server_has_client(a->silent));
    client_advance(&a->f, 749);
    client_settle(&a->f);
    assert_int_equal(a->heard.dones, 0);
    client_advance(&a->f, 1);
    char of_hole[80], of_silent[80];
    snprintf(of_hole, sizeof(of_hole), "%s: no HTTP/2 within 1000 ms", a->hole.address);
    snprintf(of_silent, sizeof(of_silent), "%s: no HTTP/2 within 1000 ms", raw_server_address(a->silent));
    assert_fails(a, (const char *const[]){of_hole, of_silent, NULL});
    assert_int_equal(ugrpc_channel_connectivity(a->f.channel, false), UGRPC_TRANSIENT_FAILURE);
    assert_false(raw_server_has_client(a->silent));
}

static void each_address_has_its_own_reason(void **state)
{
    struct addresses *a = *state;
    begin(a, REFUSES, raw_server_address(a->silent), NULL, NULL);
    raw_close(a->silent);
    char of_silent[80];
    snprintf(of_silent, sizeof(of_silent), "; %s: it closes the connection", raw_server_address(a->silent));
    assert_fails(a, (const char *const[]){REFUSES ": connection refused", of_silent, NULL});
}

static void a_call_whose_deadline_passes_names_who_has_not_answered(void **state)
{
    const struct ugrpc_call_options call = {.timeout_ms = 500};
    struct addresses *a = *state;
    begin(a, REFUSES, a->hole.address, NULL, &call);
    client_advance(&a->f, 500);
    client_pump(&a->f, &a->heard.dones);
    char of_hole[80];
    snprintf(of_hole, sizeof(of_hole), "; %s: no answer yet", a->hole.address);
    assert_int_equal(a->heard.code, UGRPC_DEADLINE_EXCEEDED);
    assert_contains(a->heard.text, REFUSES ": connection refused");
    assert_contains(a->heard.text, of_hole);
}

static void a_channel_may_be_freed_while_it_tries_several(void **state)
{
    struct addresses *a = *state;
    begin(a, raw_server_address(a->silent), a->hole.address, NULL, NULL);
    client_advance(&a->f, 250);
    client_settle(&a->f);
    ugrpc_channel_free(a->f.channel);
    a->f.channel = NULL;
    client_advance(&a->f, 60000);
    client_settle(&a->f);
    assert_int_equal(a->heard.dones, 0);
    assert_false(raw_server_has_client(a->silent));
}

#define ADDRESSES_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ADDRESSES_TEST(an_address_that_does_not_answer_has_a_start_of_250_ms),
        ADDRESSES_TEST(an_address_that_refuses_makes_way_at_once),
        ADDRESSES_TEST(who_accepts_but_does_not_greet_does_not_win),
        ADDRESSES_TEST(an_earlier_attempt_may_still_win),
        ADDRESSES_TEST(with_tls_the_handshake_must_be_done),
        ADDRESSES_TEST(all_addresses_together_have_one_deadline),
        ADDRESSES_TEST(each_address_has_its_own_reason),
        ADDRESSES_TEST(a_call_whose_deadline_passes_names_who_has_not_answered),
        ADDRESSES_TEST(a_channel_may_be_freed_while_it_tries_several),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
