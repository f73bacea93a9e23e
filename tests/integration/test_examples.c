/* SPDX-License-Identifier: MIT */
/* The programs in examples/ do with the real gateway what they say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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
        GATEWAY_TEST(a_one_shot_call_goes_over_tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
