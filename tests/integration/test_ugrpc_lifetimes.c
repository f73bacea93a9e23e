/* SPDX-License-Identifier: MIT */
/* Where servers listen, how they end, and what loops and threads they live in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include <ugrpc/ugrpc.h>

#include "base/base.h"
#include "support/echo_fixture.h"

/* ---- where servers listen ---- */

static void ipv6_and_unix_sockets_serve_too(void **state)
{
    struct fixture *f = *state;
    struct ugrpc_status st;
    char path[64], text[80];
    snprintf(path, sizeof(path), "/tmp/ugrpc-test-%d.sock", (int)getpid());
    snprintf(text, sizeof(text), "unix:%s", path);
    assert_int_equal(ugrpc_server_listen(f->server, "[::1]:0", NULL, &st), 0);
    assert_int_equal(ugrpc_server_listen(f->server, text, NULL, &st), 0);
    assert_memory_equal(ugrpc_server_address(f->server, 1), "[::1]:", 6);
    assert_string_equal(ugrpc_server_address(f->server, 2), text);
    for (size_t i = 1; i <= 2; i++) {
        struct h2_client *c = h2_connect(f->loop, ugrpc_server_address(f->server, i), true);
        h2_call_empty(c, ECHO_PATH("Hold"));
        h2_pump_some(c);
        assert_memory_equal(ugrpc_call_peer(f->echo.held), i == 1 ? "[::1]" : "unix:", 5);
        echo_let_go(&f->echo);
        h2_close(c);
    }
    assert_int_equal(access(path, F_OK), 0);
    ugrpc_server_shutdown(f->server, 0, NULL, NULL);
    assert_int_equal(access(path, F_OK), -1); /* its file goes with it */
}

static void a_port_in_use_and_a_bad_address_are_told(void **state)
{
    static const char *const bad[] = {
        "", "localhost", "127.0.0.1:", ":80", "127.0.0.1:70000", "::1:80", "unix:", "127.0.0.1:8o"};
    struct fixture *f = *state;
    struct ugrpc_status st;
    assert_int_equal(
        ugrpc_server_listen(f->server, ugrpc_server_address(f->server, 0), NULL, &st), -UGRPC_ALREADY_EXISTS);
    assert_non_null(strstr(st.message, ugrpc_server_address(f->server, 0)));
    assert_int_equal(/* also to those who do not ask for words */
        ugrpc_server_listen(f->server, ugrpc_server_address(f->server, 0), NULL, NULL),
        -UGRPC_ALREADY_EXISTS);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(ugrpc_server_listen(f->server, bad[i], NULL, &st), -UGRPC_INVALID_ARGUMENT);
    }
}

/* ---- how servers end ---- */

static void shutdown_ends_streams_at_once_and_lets_unary_calls_finish(void **state)
{
    struct fixture *f = *state;
    unsigned done = 0;
    struct h2_call *stream = begin(f, ECHO_PATH("Watch"));
    struct h2_call *unary = begin(f, ECHO_PATH("Hold"));
    ugrpc_server_shutdown(f->server, 60000, note_done, &done);
    assert_int_equal(done, 0); /* never from within the function */
    h2_pump_until_closed(f->client, stream);
    assert_int_equal(h2_grpc_status(stream), UGRPC_UNAVAILABLE);
    assert_true(f->client->goaway);
    assert_int_equal(f->client->goaway_error, NGHTTP2_NO_ERROR);
    assert_false(unary->closed);
    assert_int_equal(done, 0);
    echo_let_go(&f->echo);
    h2_pump_until_closed(f->client, unary);
    assert_int_equal(h2_grpc_status(unary), UGRPC_ABORTED);
    h2_pump_until_gone(f->client);
    close(f->client->fd);
    f->client->fd = -1;
    h2_pump(f->client, is_done, &done);
}

static void shutdown_answers_streams_that_were_on_their_way(void **state)
{
    struct fixture *f = *state;
    unsigned done = 0;
    struct h2_call *early = begin(f, ECHO_PATH("Hold"));
    uint64_t sent = stats_of(f).bytes_out;
    ugrpc_server_shutdown(f->server, 60000, note_done, &done);
    while (stats_of(f).bytes_out == sent) {
        ugrpc_loop_turn(f->loop);
    }
    struct h2_call *late = h2_call_empty(f->client, ECHO_PATH("Unary"));
    nghttp2_session_send(f->client->h2); /* it has not read the GOAWAY */
    h2_pump_until_closed(f->client, late);
    assert_int_equal(h2_grpc_status(late), UGRPC_UNAVAILABLE);
    echo_let_go(&f->echo);
    h2_pump_until_gone(f->client);
    assert_int_equal(h2_grpc_status(early), UGRPC_ABORTED);
    assert_int_equal(f->client->goaways, 2);
    assert_int_equal(f->client->goaway_last_ids[0], INT32_MAX);
    assert_int_equal(f->client->goaway_last_ids[1], late->id);
}

static void shutdown_does_not_wait_for_peers_that_do_not_answer(void **state)
{
    struct fixture *f = *state;
    unsigned done = 0;
    h2_pump_some(f->client);
    f->client->deaf = true;
    ugrpc_server_shutdown(f->server, 60000, note_done, &done);
    h2_pump(f->client, is_done, &done);
}

static void shutdown_may_be_asked_for_twice(void **state)
{
    struct fixture *f = *state;
    unsigned done = 0;
    begin(f, ECHO_PATH("Hold"));
    ugrpc_server_shutdown(f->server, 60000, note_done, &done);
    ugrpc_server_shutdown(f->server, 10, note_done, &done);
    h2_pump(f->client, is_done, &done);
    assert_int_equal(done, 2);
    ugrpc_server_shutdown(f->server, 10, note_done, &done); /* after its end too */
    while (done < 3) {
        ugrpc_loop_turn(f->loop);
    }
}

static void after_a_shutdown_nothing_is_served_any_more(void **state)
{
    struct fixture *f = *state;
    struct ugrpc_status st;
    ugrpc_server_shutdown(f->server, 0, NULL, NULL);
    assert_int_equal(ugrpc_server_start(f->server, &st), -UGRPC_FAILED_PRECONDITION);
    assert_int_equal(ugrpc_server_listen(f->server, "127.0.0.1:0", NULL, &st), -UGRPC_FAILED_PRECONDITION);
}

static void shutdown_cuts_what_outlives_the_grace(void **state)
{
    struct fixture *f = *state;
    unsigned done = 0;
    begin(f, ECHO_PATH("Hold"));
    ugrpc_server_shutdown(f->server, 10, note_done, &done);
    h2_pump(f->client, is_done, &done);
    assert_int_equal(f->echo.cancels, 1);
    assert_int_equal(stats_of(f).open_connections, 0);
}

static void shutdown_without_connections_is_done_in_the_next_turn(void **state)
{
    struct fixture *f = *state;
    unsigned done = 0;
    h2_close(f->client);
    f->client = NULL;
    while (stats_of(f).connections == 0 || stats_of(f).open_connections > 0) {
        ugrpc_loop_turn(f->loop);
    }
    ugrpc_server_shutdown(f->server, 60000, note_done, &done);
    assert_int_equal(done, 0);
    while (!done) {
        ugrpc_loop_turn(f->loop);
    }
}

static void freeing_a_server_cancels_what_is_open_and_frees_what_nobody_finishes(void **state)
{
    struct fixture *f = *state;
    begin(f, ECHO_PATH("Hold"));
    begin(f, ECHO_PATH("Chat"));
    f->echo.events.on_cancel = NULL; /* for calls that come now: they are never finished */
    begin(f, ECHO_PATH("Watch"));
    ugrpc_server_free(f->server);
    f->server = NULL;
    h2_pump_until_gone(f->client);
}

static void free_server(struct fixture *f)
{
    ugrpc_server_free(f->server);
    f->server = NULL;
}

static void free_in_handler(struct ugrpc_call *call, void *userdata)
{
    struct fixture *f = userdata;
    ugrpc_call_end(call);
    free_server(f);
}

static void a_server_may_be_freed_from_within_one_of_its_callbacks(void **state)
{
    static const struct ugrpc_call_events events = {NULL, free_in_handler};
    struct fixture *f = *state;
    struct h2_call *call = begin(f, ECHO_PATH("Hold"));
    ugrpc_call_watch(f->echo.held, &events, f);
    h2_reset(f->client, call);
    h2_pump_until_gone(f->client);
    assert_null(f->server);
}

static void free_in_done(void *userdata)
{
    free_server(userdata);
}

/* The streams' end, in the turn after it was asked for; then the unary calls', when the grace is over. */
static void a_server_may_be_freed_from_on_cancel_of_its_shutdown(void **state)
{
    static const struct ugrpc_call_events events = {NULL, free_in_handler};
    static const char *const methods[] = {ECHO_PATH("Watch"), ECHO_PATH("Hold")};
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        struct fixture f = {0};
        unsigned done = 0;
        fixture_start(&f, (struct ugrpc_server_options){0});
        begin(&f, methods[i]);
        ugrpc_call_watch(f.echo.held, &events, &f);
        ugrpc_server_shutdown(f.server, 10, note_done, &done);
        h2_pump_until_gone(f.client);
        assert_null(f.server);
        assert_int_equal(done, 0);
        fixture_stop(&f);
    }
}

static void a_server_may_be_freed_from_done(void **state)
{
    struct fixture *f = *state;
    begin(f, ECHO_PATH("Watch"));
    ugrpc_server_shutdown(f->server, 10, free_in_done, f);
    h2_pump_until_gone(f->client);
    while (f->server) {
        ugrpc_loop_turn(f->loop);
    }
}

static int free_in_begin(struct ugrpc_call *call, void *userdata, struct ugrpc_status *st)
{
    free_server(userdata);
    return 0;
}

static int free_and_refuse(struct ugrpc_call *call, void *userdata, struct ugrpc_status *st)
{
    free_server(userdata);
    return ugrpc_status_set(st, UGRPC_ABORTED, "no more");
}

static void free_in_end(struct ugrpc_call *call, const struct ugrpc_status *st, void *userdata)
{
    struct fixture *f = userdata;
    if (f->server) {
        free_server(f);
    }
}

static void a_server_may_be_freed_from_an_interceptor(void **state)
{
    static const struct ugrpc_interceptor interceptors[] = {
        {.begin = free_in_begin}, {.begin = free_and_refuse}, {.end = free_in_end}};
    static const char *const methods[] = {ECHO_PATH("Unary"), ECHO_PATH("Chat")};
    for (size_t i = 0; i < ARRAY_LEN(interceptors) * ARRAY_LEN(methods); i++) {
        struct fixture f = {0};
        fixture_start(&f, (struct ugrpc_server_options){0});
        ugrpc_server_add_interceptor(f.server, &interceptors[i % ARRAY_LEN(interceptors)], &f);
        ugrpc_server_add_interceptor(f.server, &interceptors[2], &f);
        h2_call_empty(f.client, methods[i / ARRAY_LEN(interceptors)]);
        h2_pump_until_gone(f.client);
        assert_null(f.server);
        fixture_stop(&f);
    }
}

static void a_server_runs_inside_a_loop_of_the_user(void **state)
{
    struct fixture *f = *state;
    uv_loop_t uv;
    struct ugrpc_status st;
    uv_loop_init(&uv);
    struct ugrpc_loop *loop = ugrpc_loop_attach(&uv);
    struct ugrpc_server *server = ugrpc_server_new(loop, NULL, &st);
    echo_init(&f->echo);
    ugrpc_server_add_service(server, &echo_service, echo_handlers, NULL, &f->echo, &st);
    assert_int_equal(ugrpc_server_listen(server, "127.0.0.1:0", NULL, &st), 0);
    assert_int_equal(ugrpc_server_start(server, &st), 0);
    struct h2_client *c = h2_connect(loop, ugrpc_server_address(server, 0), true);
    struct h2_call *call = call_empty(c, ECHO_PATH("Unary"));
    assert_int_equal(h2_grpc_status(call), UGRPC_OK);
    h2_close(c);
    ugrpc_server_free(server);
    ugrpc_loop_free(loop);
    uv_run(&uv, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&uv), 0);
}

/* One round of a program with poll() as its loop. False: it would have slept for ever. */
static bool wait_and_turn(struct ugrpc_loop *loop)
{
    struct pollfd readable = {.fd = ugrpc_loop_fd(loop), .events = POLLIN};
    int timeout_ms = ugrpc_loop_timeout_ms(loop);
    const int for_ever_ms = 5000; /* nothing here takes that long */
    int n = poll(&readable, 1, timeout_ms < 0 ? for_ever_ms : timeout_ms);
    ugrpc_loop_turn(loop);
    return n > 0 || timeout_ms >= 0;
}

static void a_loop_of_poll_wakes_for_deadlines(void **state)
{
    struct fixture *f = *state;
    h2_add_header(f->client, "grpc-timeout", "50m");
    h2_call_empty(f->client, ECHO_PATH("Hold"));
    nghttp2_session_send(f->client->h2);
    while (f->echo.cancels == 0) {
        assert_true(wait_and_turn(f->loop));
    }
}

static void a_loop_of_poll_sends_what_was_answered_between_its_turns(void **state)
{
    struct fixture *f = *state;
    begin(f, ECHO_PATH("Hold"));
    uint64_t sent = stats_of(f).bytes_out;
    echo_let_go(&f->echo);
    assert_int_equal(ugrpc_loop_timeout_ms(f->loop), 0);
    ugrpc_loop_turn(f->loop);
    assert_true(stats_of(f).bytes_out > sent);
}

static void a_loop_of_poll_sleeps_when_there_is_nothing_to_do_and_hears_posts(void **state)
{
    struct ugrpc_loop *loop = ugrpc_loop_new();
    unsigned done = 0;
    for (int i = 0; i < 3; i++) {
        ugrpc_loop_turn(loop);
    }
    assert_int_equal(ugrpc_loop_timeout_ms(loop), -1);
    ugrpc_loop_post(loop, note_done, &done);
    while (!done) {
        assert_true(wait_and_turn(loop));
    }
    ugrpc_loop_free(loop);
}

static void a_loop_of_poll_finishes_a_shutdown(void **state)
{
    struct fixture *f = *state;
    unsigned done = 0;
    begin(f, ECHO_PATH("Hold"));
    ugrpc_server_shutdown(f->server, 20, note_done, &done);
    while (!done) {
        assert_true(wait_and_turn(f->loop));
    }
}

static volatile sig_atomic_t pipe_signals;

static void note_signal(int number)
{
    pipe_signals++;
}

/* libugrpc cannot ask a program that uses it to ignore SIGPIPE, whose default is to end it. */
static void writing_to_a_peer_that_has_left_raises_no_signal(void **state)
{
    struct fixture *f = *state;
    struct sigaction before, noting = {.sa_handler = note_signal};
    char address[64];
    snprintf(address, sizeof(address), "unix:/tmp/ugrpc-pipe-%d.sock", (int)getpid());
    sigaction(SIGPIPE, &noting, &before);
    assert_int_equal(ugrpc_server_listen(f->server, address, NULL, NULL), 0);
    h2_close(f->client);
    f->client = h2_connect(f->loop, address, true);
    begin(f, ECHO_PATH("Hold"));
    close(f->client->fd);
    f->client->fd = -1;
    echo_let_go(&f->echo); /* the server does not know yet, and writes before it reads */
    while (stats_of(f).open_connections > 0) {
        ugrpc_loop_turn(f->loop);
    }
    sigaction(SIGPIPE, &before, NULL);
    assert_int_equal(pipe_signals, 0);
}

/* In a thread of its own; `userdata` is where the outcome goes. */
static void *serve_in_thread(void *userdata)
{
    struct fixture f = {0};
    unsigned good = 0;
    fixture_start(&f, (struct ugrpc_server_options){0});
    for (int i = 0; i < 200; i++) {
        good += h2_grpc_status(call_empty(f.client, ECHO_PATH("Unary"))) == UGRPC_OK;
    }
    fixture_stop(&f);
    *(bool *)userdata = good == 200;
    return NULL;
}

static void two_servers_on_two_loops_in_two_threads_share_nothing(void **state)
{
    pthread_t threads[2];
    bool good[2] = {false, false};
    for (int i = 0; i < 2; i++) {
        pthread_create(&threads[i], NULL, serve_in_thread, &good[i]);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_true(good[i]);
    }
}

struct poster {
    struct ugrpc_loop *loop;
    unsigned done;
};

static void *post_from_thread(void *userdata)
{
    struct poster *poster = userdata;
    ugrpc_loop_post(poster->loop, note_done, &poster->done);
    return NULL;
}

static void other_threads_post_to_the_loop(void **state)
{
    struct fixture *f = *state;
    struct poster poster = {f->loop, 0};
    pthread_t thread;
    pthread_create(&thread, NULL, post_from_thread, &poster);
    h2_pump(f->client, is_done, &poster.done);
    pthread_join(thread, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(ipv6_and_unix_sockets_serve_too),
        FIXTURE_TEST(a_port_in_use_and_a_bad_address_are_told),
        FIXTURE_TEST(shutdown_ends_streams_at_once_and_lets_unary_calls_finish),
        FIXTURE_TEST(shutdown_answers_streams_that_were_on_their_way),
        FIXTURE_TEST(shutdown_does_not_wait_for_peers_that_do_not_answer),
        FIXTURE_TEST(shutdown_may_be_asked_for_twice),
        FIXTURE_TEST(after_a_shutdown_nothing_is_served_any_more),
        FIXTURE_TEST(shutdown_cuts_what_outlives_the_grace),
        FIXTURE_TEST(shutdown_without_connections_is_done_in_the_next_turn),
        FIXTURE_TEST(freeing_a_server_cancels_what_is_open_and_frees_what_nobody_finishes),
        FIXTURE_TEST(a_server_may_be_freed_from_within_one_of_its_callbacks),
        cmocka_unit_test(a_server_may_be_freed_from_on_cancel_of_its_shutdown),
        FIXTURE_TEST(a_server_may_be_freed_from_done),
        cmocka_unit_test(a_server_may_be_freed_from_an_interceptor),
        FIXTURE_TEST(a_server_runs_inside_a_loop_of_the_user),
        FIXTURE_TEST(a_loop_of_poll_wakes_for_deadlines),
        FIXTURE_TEST(a_loop_of_poll_sends_what_was_answered_between_its_turns),
        cmocka_unit_test(a_loop_of_poll_sleeps_when_there_is_nothing_to_do_and_hears_posts),
        FIXTURE_TEST(a_loop_of_poll_finishes_a_shutdown),
        FIXTURE_TEST(writing_to_a_peer_that_has_left_raises_no_signal),
        cmocka_unit_test(two_servers_on_two_loops_in_two_threads_share_nothing),
        FIXTURE_TEST(other_threads_post_to_the_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
