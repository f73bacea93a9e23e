/* SPDX-License-Identifier: MIT */
/* The client's half of libugrpc and an echo server, on one loop in the test's own thread. */
#ifndef SUPPORT_CLIENT_FIXTURE_H
#define SUPPORT_CLIENT_FIXTURE_H

#include <ugrpc/ugrpc.h>

#include "base/clock.h"
#include "support/echo_service.h"

/* The methods of echo_service. */
enum { UNARY, HOLD, WATCH, COUNT, CHAT, METADATA };

struct client_fixture {
    struct ugrpc_loop *loop;
    struct ugrpc_server *server;
    struct ugrpc_channel *channel;
    struct echo echo;
    char target[128]; /* where the server is */
    struct fake_clock clock;
    bool clock_stands;
};

/* What came of a call. */
struct heard {
    int messages, initials, readies, dones;
    size_t bytes;
    char last[64], text[512];
    enum ugrpc_code code;
    void (*in_message)(
        struct ugrpc_pending *pending, void *userdata); /* to be done there, once; may be NULL */
    void (*in_initial)(struct ugrpc_pending *pending, void *userdata);
    void (*in_ready)(struct ugrpc_pending *pending, void *userdata);
    void (*in_done)(struct ugrpc_pending *pending, void *userdata);
    void *userdata;
};

/* For cmocka: a loop, the server and a plain channel; or the loop alone, and the rest is the test's. */
int client_set_up(void **state);
int client_set_up_loop(void **state);
int client_tear_down(void **state);

#define CLIENT_TEST(name)      cmocka_unit_test_setup_teardown(name, client_set_up, client_tear_down)
#define CLIENT_TEST_LOOP(name) cmocka_unit_test_setup_teardown(name, client_set_up_loop, client_tear_down)

/* Both may be NULL. Frees what was there before. */
void client_serve(struct client_fixture *f, const char *address, const struct ugrpc_server_options *options,
    struct ugrpc_server_tls *tls);
/* Insecure, with a short back-off, unless there are options. */
void client_open(struct client_fixture *f, const char *target, const struct ugrpc_channel_options *options);

/* Begins a call; `heard` is zeroed but for what is to be done in its callbacks. */
struct ugrpc_pending *client_begin(
    struct client_fixture *f, int method, const struct ugrpc_call_options *options, struct heard *heard);
void client_say(struct ugrpc_pending *pending, const char *text);
/* A unary call with this request, up to its end. */
void client_call(struct client_fixture *f, const struct ugrpc_call_options *options, const char *text,
    struct heard *heard);

/* Turns the loop until *what is not 0; a test that waits for nothing fails. */
void client_pump(struct client_fixture *f, const int *what);
void client_pump_until(struct client_fixture *f, bool (*is_so)(void *userdata), void *userdata);
/* Turns the loop until what is under way in this process has come to rest. */
void client_settle(struct client_fixture *f);

/* From now on time passes for the loop's timers only by client_advance(). */
void client_stop_clock(struct client_fixture *f);
void client_advance(struct client_fixture *f, int64_t ms);

/* `text` has `part` in it. */
void assert_contains(const char *text, const char *part);

#endif
