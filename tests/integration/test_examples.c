/* SPDX-License-Identifier: MIT */
/* The programs in examples/ do with the real gateway what they say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>

#include "support/authority.h"
#include "support/gateway.h"

/* Runs an example: what it prints is left in `ran`. */
static int run(struct process *ran, const char *const *argv)
{
    const struct process_options options = {.argv = argv};
    return process_run(ran, &options);
}

static void a_blocking_call_lists_the_components(void **state)
{
    struct gateway *g = *state;
    struct process ran = {0};
    gateway_start(g, ARGS(ON_DEFAULT_SITE), NULL);
    assert_int_equal(run(&ran, ARGS(EXAMPLE_LIST, g->addresses[0])), 0);
    process_assert_says(&ran.out, "   4  bat_inv_1\n");
    process_done(&ran);
}

static void an_asynchronous_stream_is_watched(void **state)
{
    struct gateway *g = *state;
    struct process ran = {0};
    gateway_start(g, ARGS(ON_DEFAULT_SITE), NULL);
    assert_int_equal(run(&ran, ARGS(EXAMPLE_WATCH, "4", g->addresses[0], "2")), 0);
    assert_int_equal(process_count(&ran.out, " W\n"), 2);
    process_done(&ran);
}

static void a_refused_stream_tells_why(void **state)
{
    struct gateway *g = *state;
    struct process ran = {0};
    gateway_start(g, ARGS(ON_DEFAULT_SITE), NULL);
    assert_int_equal(run(&ran, ARGS(EXAMPLE_WATCH, "4711", g->addresses[0])), 1);
    process_assert_says(&ran.err, "watch: ");
    process_assert_says(&ran.err, "4711");
    process_done(&ran);
}

static void a_stream_is_watched_in_an_epoll_loop_until_its_user_has_enough(void **state)
{
    struct gateway *g = *state;
    struct process watching = {0};
    gateway_start(g, ARGS(ON_DEFAULT_SITE), NULL);
    const struct process_options options = {.argv = ARGS(EXAMPLE_EPOLL, "4", g->addresses[0])};
    process_start(&watching, &options);
    int64_t until_ns = process_deadline_ns(PROCESS_PATIENCE_MS);
    while (process_count(&watching.out, "4: ") < 2) {
        assert_true(process_turn(&watching, -1, until_ns));
    }
    process_signal(&watching, SIGINT);
    assert_int_equal(process_wait(&watching, PROCESS_PATIENCE_MS), 0);
    process_done(&watching);
}

static void an_epoll_loop_hears_of_a_stream_that_is_refused(void **state)
{
    struct gateway *g = *state;
    struct process ran = {0};
    gateway_start(g, ARGS(ON_DEFAULT_SITE), NULL);
    assert_int_equal(run(&ran, ARGS(EXAMPLE_EPOLL, "4711", g->addresses[0])), 1);
    process_assert_says(&ran.err, "epoll: ");
    process_assert_says(&ran.err, "4711");
    process_done(&ran);
}

static void glibs_main_loop_makes_a_call(void **state)
{
#ifdef EXAMPLE_GLIB
    struct gateway *g = *state;
    struct process ran = {0}, refused = {0};
    gateway_start(g, ARGS(ON_DEFAULT_SITE), NULL);
    assert_int_equal(run(&ran, ARGS(EXAMPLE_GLIB, g->addresses[0])), 0);
    process_assert_says(&ran.out, "   4  bat_inv_1\n");
    assert_int_equal(run(&refused, ARGS(EXAMPLE_GLIB, "127.0.0.1:1")), 1);
    process_assert_says(&refused.err, "glib: cannot reach 127.0.0.1:1: ");
    process_done(&refused);
    process_done(&ran);
#else
    skip(); /* there is no GLib here */
#endif
}

static void a_one_shot_call_goes_over_tls(void **state)
{
    struct gateway *g = *state;
    struct process ran = {0}, refused = {0};
    struct authority *authority = authority_new();
    struct issued leaf = authority_issue(authority, "localhost", "DNS:localhost,IP:127.0.0.1", -1, 24 * 100);
    char site[512];
    snprintf(site, sizeof(site),
        "version: 1\n"
        "site: {id: 7, name: Secured}\n"
        "listen: {grpc: [\"127.0.0.1:0\"], tls: {certificate: %s, key: %s}}\n"
        "components:\n"
        "  grid: {id: 1, type: grid, fuse: 100 A}\n"
        "  meter: {id: 2, type: meter, under: grid, power: 2 kW}\n",
        leaf.certificate, leaf.key);
    gateway_write(g, "site.yaml", site);
    gateway_start(g, ARGS(ON_OWN_SITE), NULL);
    assert_int_equal(run(&ran, ARGS(EXAMPLE_ONCE, g->addresses[0], authority_certificate(authority))), 0);
    process_assert_says(&ran.out, "Secured\n");
    assert_int_equal(run(&refused, ARGS(EXAMPLE_ONCE, g->addresses[0], leaf.key)), 1);
    process_assert_says(&refused.err, leaf.key);
    process_done(&ran);
    process_done(&refused);
    authority_free(authority);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATEWAY_TEST(a_blocking_call_lists_the_components),
        GATEWAY_TEST(an_asynchronous_stream_is_watched),
        GATEWAY_TEST(a_refused_stream_tells_why),
        GATEWAY_TEST(a_stream_is_watched_in_an_epoll_loop_until_its_user_has_enough),
        GATEWAY_TEST(an_epoll_loop_hears_of_a_stream_that_is_refused),
        GATEWAY_TEST(glibs_main_loop_makes_a_call),
        GATEWAY_TEST(a_one_shot_call_goes_over_tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
