/* SPDX-License-Identifier: MIT */
/* The programs in examples/ do with the real gateway what they say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

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

static void an_address_in_the_place_of_the_id_is_refused(void **state)
{
    struct process ran = {0};
    assert_int_equal(run(&ran, ARGS(EXAMPLE_WATCH, "127.0.0.1:50051")), 2);
    process_assert_says(&ran.err, "usage: watch COMPONENT_ID ");
    process_done(&ran);
    assert_int_equal(run(&ran, ARGS(EXAMPLE_EPOLL, "127.0.0.1:50051")), 2);
    process_assert_says(&ran.err, "usage: epoll COMPONENT_ID ");
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

static void a_one_shot_call_goes_over_tls_with_a_key(void **state)
{
    struct gateway *g = *state;
    struct process ran = {0}, refused = {0};
    struct authority *authority = authority_new();
    struct issued leaf = authority_issue(authority, "localhost", "DNS:localhost,IP:127.0.0.1", -1, 24 * 100);
    char site[512], keys[64];
    snprintf(site, sizeof(site),
        "version: 1\n"
        "site: {id: 7, name: Secured}\n"
        "listen: {grpc: [\"127.0.0.1:0\"], tls: {certificate: %s, key: %s}, keys: keys}\n"
        "components:\n"
        "  grid: {id: 1, type: grid, fuse: 100 A}\n"
        "  meter: {id: 2, type: meter, under: grid, power: 2 kW}\n",
        leaf.certificate, leaf.key);
    gateway_write(g, "site.yaml", site);
    gateway_write(g, "keys", "ems 2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b\n");
    snprintf(keys, sizeof(keys), "%s/keys", g->folder);
    assert_int_equal(chmod(keys, 0600), 0);
    gateway_start(g, ARGS(ON_OWN_SITE), NULL);
    const char *ca = authority_certificate(authority);
    assert_int_equal(run(&ran, ARGS(EXAMPLE_ONCE, g->addresses[0], ca, "secret")), 0);
    process_assert_says(&ran.out, "Secured\n");
    assert_int_equal(run(&refused, ARGS(EXAMPLE_ONCE, g->addresses[0], ca)), 1);
    process_assert_says(&refused.err, "once: ");
    process_assert_says(&refused.err, "key");
    process_done(&refused);
    assert_int_equal(run(&refused, ARGS(EXAMPLE_ONCE, g->addresses[0], leaf.key)), 1);
    process_assert_says(&refused.err, leaf.key);
    process_done(&ran);
    process_done(&refused);
    authority_free(authority);
}

static void an_own_servicer_is_listed_and_watched_by_the_clients(void **state)
{
    const char *ctl = getenv("MICROGRIDCTL");
    const struct process_options options = {.argv = ARGS(EXAMPLE_SERVE, "127.0.0.1:0")};
    struct process server = {0}, ran = {0};
    char address[32] = "";
    process_start(&server, &options);
    while (process_count(&server.out, "\n") == 0) {
        assert_true(process_turn(&server, -1, process_deadline_ns(5000)));
    }
    assert_int_equal(sscanf(server.out.text, "%31s", address), 1);
    assert_int_equal(run(&ran, ARGS(ctl, "list", "--target", address)), 0);
    process_assert_says(&ran.out, "1  meter  meter  -      1.2 kW");
    process_done(&ran);
    assert_int_equal(run(&ran, ARGS(EXAMPLE_WATCH, "1", address, "2")), 0);
    assert_int_equal(process_count(&ran.out, "    1234.5 W\n"), 2);
    process_done(&ran);
    assert_int_equal(run(&ran, ARGS(EXAMPLE_WATCH, "7", address)), 1);
    process_assert_says(&ran.err, "there is no component 7");
    process_done(&ran);
    process_done(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATEWAY_TEST(a_blocking_call_lists_the_components),
        GATEWAY_TEST(an_asynchronous_stream_is_watched),
        GATEWAY_TEST(a_refused_stream_tells_why),
        GATEWAY_TEST(an_address_in_the_place_of_the_id_is_refused),
        GATEWAY_TEST(a_one_shot_call_goes_over_tls_with_a_key),
        GATEWAY_TEST(an_own_servicer_is_listed_and_watched_by_the_clients),
        GATEWAY_TEST(a_stream_is_watched_in_an_epoll_loop_until_its_user_has_enough),
        GATEWAY_TEST(an_epoll_loop_hears_of_a_stream_that_is_refused),
        GATEWAY_TEST(glibs_main_loop_makes_a_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
