/* SPDX-License-Identifier: MIT */
/* A server with the echo service and a client of it, in the test's own thread. */
#ifndef SUPPORT_ECHO_FIXTURE_H
#define SUPPORT_ECHO_FIXTURE_H

#include <ugrpc/ugrpc.h>

#include "support/echo_service.h"
#include "support/h2_client.h"

struct fixture {
    struct ugrpc_loop *loop;
    struct ugrpc_server *server;
    struct h2_client *client;
    struct echo echo;
    char log[4096]; /* what the server told above debug */
};

/* Starts all of it; the fixture is zeroed, and log hooks in `options` are replaced. fixture_serve() makes no
 * client; its server has TLS unless `tls` is NULL. */
void fixture_start(struct fixture *f, struct ugrpc_server_options options);
void fixture_serve(struct fixture *f, struct ugrpc_server_options options, struct ugrpc_server_tls *tls);

/* Parts that a test has freed itself are NULL. */
void fixture_stop(struct fixture *f);

/* For cmocka: started with defaults; or left to the test's fixture_start(), for options of its own. */
int fixture_set_up(void **state);
int fixture_set_up_nothing(void **state);
int fixture_tear_down(void **state);

#define FIXTURE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
#define FIXTURE_TEST_OWN(name)                                                                               \
    cmocka_unit_test_setup_teardown(name, fixture_set_up_nothing, fixture_tear_down)

/* One more client of the same server. */
struct h2_client *fixture_connect(struct fixture *f, bool with_http2);

/* Begins a call with one empty message, and lets the server take it. */
struct h2_call *begin(struct fixture *f, const char *path);

/* One whole call: with these bytes as its body, with one message, with one empty message. */
struct h2_call *call_bytes(struct fixture *f, const char *path, const void *body, size_t len);
struct h2_call *call_text(struct fixture *f, const char *path, const char *text);
struct h2_call *call_empty(struct h2_client *client, const char *path);

struct ugrpc_server_stats stats_of(const struct fixture *f);

/* For h2_pump(): no connection is left. */
bool nobody_is_connected(void *fixture);

/* For whatever calls back once, and for h2_pump(): `count` is an unsigned. */
void note_done(void *count);
bool is_done(void *count);

#endif
