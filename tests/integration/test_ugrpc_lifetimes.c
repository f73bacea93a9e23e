/* SPDX-License-Identifier: MIT */
/* How calls, connections and servers end; who may use how much; what happens to those who abuse HTTP/2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include <ugrpc/ugrpc.h>

#include "base/base.h"
#include "support/echo_service.h"
#include "support/h2_client.h"

struct fixture {
    struct ugrpc_loop *loop;
    struct ugrpc_server *server;
    struct h2_client *client;
    struct echo echo;
    bool done;
    char seen[256];
};

static void start(struct fixture *f, const struct ugrpc_server_options *options)
{
    struct ugrpc_status st = {0};
    echo_init(&f->echo);
    f->loop = ugrpc_loop_new();
    f->server = ugrpc_server_new(f->loop, options, &st);
    assert_int_equal(
        ugrpc_server_add_service(f->server, &echo_service, echo_handlers, NULL, &f->echo, &st), 0);
    assert_int_equal(ugrpc_server_listen(f->server, "127.0.0.1:0", NULL, &st), 0);
    assert_int_equal(ugrpc_server_start(f->server, &st), 0);
    f->client = h2_connect(f->loop, ugrpc_server_address(f->server, 0), true);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    start(f, NULL);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    if (f->client) {
        h2_close(f->client);
    }
    ugrpc_server_free(f->server);
    ugrpc_loop_free(f->loop);
    free(f);
    return 0;
}

static int set_up_nothing(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return 0;
}

static const uint8_t empty_message[5];

static struct h2_call *begin(struct fixture *f, const char *path)
{
    struct h2_call *call = h2_call(f->client, path, empty_message, 5, true);
    h2_pump_some(f->client);
    return call;
}

static struct ugrpc_server_stats stats_of(const struct fixture *f)
{
    struct ugrpc_server_stats stats;
    ugrpc_server_read_stats(f->server, &stats);
    return stats;
}

static struct ugrpc_message *message_of_size(size_t len)
{
    uint8_t *data;
    struct ugrpc_message *message = ugrpc_message_new(len, &data);
    memset(data, 'm', len);
    return message;
}

/* ---- how calls end ---- */

static void a_reset_call_tells_its_handler_once_and_is_freed_when_finished(void **state)
{
    struct fixture *f = *state;
    struct h2_call *call = begin(f, ECHO_PATH("Hold"));
    assert_int_equal(f->echo.held_calls, 1);
    assert_int_equal(stats_of(f).open_calls, 1);
    h2_reset(f->client, call);
    h2_pump_some(f->client);
    assert_int_equal(f->echo.cancels, 1);
    assert_int_equal(stats_of(f).open_calls, 0);
}

static void finishing_a_cancelled_call_later_is_a_no_op(void **state)
{
    struct fixture *f = *state;
    f->echo.events.on_cancel = NULL;
    struct h2_call *call = begin(f, ECHO_PATH("Hold"));
    h2_reset(f->client, call);
    h2_pump_some(f->client);
    assert_true(ugrpc_call_cancelled(f->echo.held));
    assert_int_equal(stats_of(f).open_calls, 1);
    assert_string_equal(ugrpc_call_method(f->echo.held), ECHO_PATH("Hold")); /* still readable */
    struct ugrpc_message *message = message_of_size(10);
    assert_int_equal(ugrpc_call_send_message(f->echo.held, message), UGRPC_GONE);
    ugrpc_call_reply_message(f->echo.held, message);
    ugrpc_message_unref(message);
    assert_int_equal(stats_of(f).open_calls, 0);
}

static bool was_cancelled(void *userdata)
{
    return ((struct echo *)userdata)->cancels > 0;
}

static void watching_a_cancelled_call_fires_in_the_next_turn(void **state)
{
    struct fixture *f = *state;
    const struct ugrpc_call_events events = f->echo.events;
    f->echo.events.on_cancel = NULL;
    struct h2_call *call = begin(f, ECHO_PATH("Hold"));
    h2_reset(f->client, call);
    h2_pump_some(f->client);
    ugrpc_call_watch(f->echo.held, &events, &f->echo);
    assert_int_equal(f->echo.cancels, 0);
    h2_pump(f->client, was_cancelled, &f->echo);
    assert_int_equal(f->echo.cancels, 1);
}

static void the_library_answers_when_the_deadline_passes(void **state)
{
    struct fixture *f = *state;
    h2_add_header(f->client, "grpc-timeout", "20m");
    struct h2_call *call = h2_call(f->client, ECHO_PATH("Hold"), empty_message, 5, true);
    h2_pump_until_closed(f->client, call);
    assert_int_equal(h2_grpc_status(call), UGRPC_DEADLINE_EXCEEDED);
    assert_int_equal(f->echo.cancels, 1);
    h2_clear_headers(f->client);
    h2_add_header(f->client, "grpc-timeout", "0n");
    call = h2_call(f->client, ECHO_PATH("Watch"), empty_message, 5, true);
    h2_pump_until_closed(f->client, call);
    assert_int_equal(h2_grpc_status(call), UGRPC_DEADLINE_EXCEEDED);
}

static void handlers_see_how_long_they_have(void **state)
{
    struct fixture *f = *state;
    begin(f, ECHO_PATH("Hold"));
    assert_true(ugrpc_call_remaining_ms(f->echo.held) == INT64_MAX);
    echo_let_go(&f->echo);
    h2_add_header(f->client, "grpc-timeout", "1H");
    begin(f, ECHO_PATH("Hold"));
    int64_t left_ms = ugrpc_call_remaining_ms(f->echo.held);
    assert_true(left_ms > 0 && left_ms <= 3600 * 1000);
    echo_let_go(&f->echo);
}

static void a_lost_connection_cancels_its_calls(void **state)
{
    struct fixture *f = *state;
    begin(f, ECHO_PATH("Hold"));
    begin(f, ECHO_PATH("Watch"));
    close(f->client->fd);
    f->client->fd = -1;
    f->client->closed = true;
    while (f->echo.cancels < 2) {
        ugrpc_loop_turn(f->loop);
    }
    assert_int_equal(stats_of(f).open_calls, 0);
    assert_int_equal(stats_of(f).open_connections, 0);
}

static void a_stream_that_fails_after_messages_sends_them_first(void **state)
{
    struct fixture *f = *state;
    struct h2_call *call = begin(f, ECHO_PATH("Watch"));
    struct ugrpc_message *message = message_of_size(10);
    ugrpc_call_send_message(f->echo.held, message);
    ugrpc_message_unref(message);
    echo_let_go(&f->echo);
    h2_pump_until_closed(f->client, call);
    assert_int_equal(call->body_len, 15);
    assert_int_equal(h2_grpc_status(call), UGRPC_ABORTED);
}

/* ---- back-pressure ---- */

static void a_slow_reader_gets_full_and_is_told_when_there_is_room(void **state)
{
    struct fixture *f = *state;
    struct h2_call *call = begin(f, ECHO_PATH("Watch"));
    struct ugrpc_message *message = message_of_size(10000);
    unsigned taken = 0;
    while (ugrpc_call_send_message(f->echo.held, message) == UGRPC_SENT) {
        taken++;
    }
    assert_int_equal(taken, 65536 / 10005);
    assert_int_equal(f->echo.readies, 0);
    h2_pump_some(f->client); /* reads 65,535 bytes, its window, and then more with each WINDOW_UPDATE */
    assert_int_equal(f->echo.readies, 1);
    assert_int_equal(call->body_len, taken * 10005);
    ugrpc_call_set_send_limit(f->echo.held, 1);
    assert_int_equal(ugrpc_call_send_message(f->echo.held, message), UGRPC_SENT);
    assert_int_equal(ugrpc_call_send_message(f->echo.held, message), UGRPC_FULL);
    ugrpc_message_unref(message);
    echo_let_go(&f->echo);
}

static void a_paused_call_stops_its_sender_at_the_window(void **state)
{
    struct fixture *f = *state;
    size_t len = 1 << 20;
    uint8_t *body = calloc(1, len);
    struct h2_call *call = h2_call(f->client, ECHO_PATH("Count"), body, 0, false);
    h2_pump_some(f->client);
    ugrpc_call_pause(f->echo.held, true);
    h2_more(f->client, call, body, len, true); /* empty messages */
    h2_pump_some(f->client);
    assert_true(f->echo.messages > 0 && f->echo.messages < len / 5);
    assert_false(call->closed);
    ugrpc_call_pause(f->echo.held, false);
    h2_pump_until_closed(f->client, call);
    assert_int_equal(f->echo.messages, len / 5);
    free(body);
}

static void replies_that_nobody_reads_are_bounded_by_the_connection(void **state)
{
    struct fixture *f = *state;
    start(f, &(struct ugrpc_server_options){.max_connection_bytes = 200000});
    uint8_t *body = calloc(1, 150005);
    body[2] = 2, body[3] = 0x49, body[4] = 0xf0; /* 150,000 */
    nghttp2_settings_entry no_window = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0};
    nghttp2_submit_settings(f->client->h2, NGHTTP2_FLAG_NONE, &no_window, 1);
    h2_call(f->client, ECHO_PATH("Unary"), body, 150005, true);
    h2_pump_some(f->client);
    struct h2_call *second = h2_call(f->client, ECHO_PATH("Unary"), body, 150005, true);
    h2_pump_until_closed(f->client, second);
    assert_int_equal(h2_grpc_status(second), UGRPC_RESOURCE_EXHAUSTED);
    free(body);
}

/* ---- abuse, and what only looks like it ---- */

static bool goaway_came(void *userdata)
{
    return ((struct h2_client *)userdata)->goaway;
}

static void a_flood_of_resets_ends_the_connection_calmly(void **state)
{
    struct fixture *f = *state;
    start(f, &(struct ugrpc_server_options){.max_resets_per_s = 100});
    for (int i = 0; i < 200 && !f->client->goaway; i++) {
        struct h2_call *call = h2_call(f->client, ECHO_PATH("Hold"), empty_message, 5, true);
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
        struct h2_call *call = h2_call(f->client, ECHO_PATH("Hold"), empty_message, 5, true);
        nghttp2_session_send(f->client->h2);
        h2_reset(f->client, call);
        if (i % 50 == 49) {
            h2_pump_some(f->client);
        }
    }
    struct h2_call *call = h2_call(f->client, ECHO_PATH("Unary"), empty_message, 5, true);
    h2_pump_until_closed(f->client, call);
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
    start(f, &(struct ugrpc_server_options){.keepalive_time_ms = 20, .keepalive_timeout_ms = 20});
    begin(f, ECHO_PATH("Hold"));
    f->client->deaf = true; /* so it never sees, nor answers, the ping */
    h2_pump(f->client, was_cancelled, &f->echo);
    assert_int_equal(stats_of(f).open_connections, 0);
}

static void a_half_open_connection_is_closed_after_the_handshake_time(void **state)
{
    struct fixture *f = *state;
    start(f, &(struct ugrpc_server_options){.handshake_timeout_ms = 20});
    struct h2_client *silent = h2_connect(f->loop, ugrpc_server_address(f->server, 0), false);
    h2_pump_until_gone(silent);
    h2_close(silent);
    struct h2_client *half = h2_connect(f->loop, ugrpc_server_address(f->server, 0), false);
    h2_send_raw(half, "PRI * HTTP/2.0\r\n", 16);
    h2_pump_until_gone(half);
    h2_close(half);
}

static void an_idle_connection_is_closed_when_so_configured(void **state)
{
    struct fixture *f = *state;
    start(f, &(struct ugrpc_server_options){.idle_timeout_ms = 30, .handshake_timeout_ms = 30});
    struct h2_call *call = h2_call(f->client, ECHO_PATH("Unary"), empty_message, 5, true);
    h2_pump_until_closed(f->client, call);
    assert_int_equal(h2_grpc_status(call), UGRPC_OK);
    h2_pump_until_gone(f->client);
    assert_true(f->client->goaway);
    assert_int_equal(f->client->goaway_error, NGHTTP2_NO_ERROR);
}

static void connections_beyond_the_limit_are_closed_at_once(void **state)
{
    struct fixture *f = *state;
    start(f, &(struct ugrpc_server_options){.max_connections = 1});
    h2_pump_some(f->client);
    struct h2_client *second = h2_connect(f->loop, ugrpc_server_address(f->server, 0), true);
    h2_pump_until_gone(second);
    h2_close(second);
    assert_int_equal(stats_of(f).refused_connections, 1);
    struct h2_call *call = h2_call(f->client, ECHO_PATH("Unary"), empty_message, 5, true);
    h2_pump_until_closed(f->client, call);
    assert_int_equal(h2_grpc_status(call), UGRPC_OK);
}

static void without_free_descriptors_connections_are_refused_and_come_back(void **state)
{
    struct fixture *f = *state;
    struct rlimit limit, none_left;
    h2_pump_some(f->client);
    getrlimit(RLIMIT_NOFILE, &limit);
    struct h2_client *refused = h2_connect(f->loop, ugrpc_server_address(f->server, 0), true);
    none_left = limit;
    none_left.rlim_cur = (rlim_t)refused->fd + 1; /* all below are in use */
    setrlimit(RLIMIT_NOFILE, &none_left);
    h2_pump_until_gone(refused);
    setrlimit(RLIMIT_NOFILE, &limit);
    h2_close(refused);
    struct h2_client *later = h2_connect(f->loop, ugrpc_server_address(f->server, 0), true);
    struct h2_call *call = h2_call(later, ECHO_PATH("Unary"), empty_message, 5, true);
    h2_pump_until_closed(later, call);
    assert_int_equal(h2_grpc_status(call), UGRPC_OK);
    h2_close(later);
}

/* ---- who calls ---- */

static int note_begin(struct ugrpc_call *call, void *userdata, struct ugrpc_status *st)
{
    struct fixture *f = userdata;
    struct ugrpc_bytes value;
    snprintf(f->seen, sizeof(f->seen), "%s %s", ugrpc_call_method(call), ugrpc_call_authority(call));
    if (ugrpc_call_metadata(call, "x-refuse", &value)) {
        return ugrpc_status_set(st, UGRPC_PERMISSION_DENIED, "not for %s", (const char *)value.data);
    }
    ugrpc_call_set_identity(call, "somebody");
    return 0;
}

static void note_end(struct ugrpc_call *call, const struct ugrpc_status *st, void *userdata)
{
    struct fixture *f = userdata;
    const char *identity = ugrpc_call_identity(call);
    size_t len = strlen(f->seen);
    snprintf(
        f->seen + len, sizeof(f->seen) - len, " %s %s", identity ? identity : "-", ugrpc_code_name(st->code));
}

static void interceptors_see_each_call_and_its_outcome_and_may_refuse_it(void **state)
{
    static const struct ugrpc_interceptor interceptor = {note_begin, note_end};
    struct fixture *f = *state;
    ugrpc_server_add_interceptor(f->server, &interceptor, f);
    struct h2_call *call = h2_call(f->client, ECHO_PATH("Unary"), empty_message, 5, true);
    h2_pump_until_closed(f->client, call);
    assert_string_equal(f->seen, ECHO_PATH("Unary") " localhost somebody OK");

    call = begin(f, ECHO_PATH("Hold"));
    h2_reset(f->client, call);
    h2_pump_some(f->client);
    assert_string_equal(f->seen, ECHO_PATH("Hold") " localhost somebody CANCELLED");

    h2_add_header(f->client, "x-refuse", "you");
    call = h2_call(f->client, ECHO_PATH("Unary"), empty_message, 5, true);
    h2_pump_until_closed(f->client, call);
    assert_int_equal(h2_grpc_status(call), UGRPC_PERMISSION_DENIED);
    assert_string_equal(h2_header(call, "grpc-message"), "not for you");
    assert_string_equal(f->seen, ECHO_PATH("Unary") " localhost - PERMISSION_DENIED");
}

static bool check_key(const char *key, char identity[64], void *userdata)
{
    strcpy(identity, "operator");
    return ugrpc_key_equal(key, "secret");
}

static void a_required_key_is_asked_of_every_call(void **state)
{
    static const char *const keys[] = {NULL, "secre", "secrets", "", "secret"};
    struct fixture *f = *state;
    ugrpc_server_require_key(f->server, check_key, NULL);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        h2_clear_headers(f->client);
        if (keys[i]) {
            h2_add_header(f->client, "key", keys[i]);
        }
        struct h2_call *call = h2_call(f->client, ECHO_PATH("Unary"), empty_message, 5, true);
        h2_pump_until_closed(f->client, call);
        assert_int_equal(h2_grpc_status(call), i == 4 ? UGRPC_OK : UGRPC_UNAUTHENTICATED);
    }
    begin(f, ECHO_PATH("Hold"));
    assert_string_equal(ugrpc_call_identity(f->echo.held), "operator");
    echo_let_go(&f->echo);
}

static void calls_know_their_peer_and_connection(void **state)
{
    struct fixture *f = *state;
    begin(f, ECHO_PATH("Hold"));
    assert_memory_equal(ugrpc_call_peer(f->echo.held), "127.0.0.1:", 10);
    assert_null(ugrpc_call_peer_certificate(f->echo.held));
    uint64_t first = ugrpc_call_connection_id(f->echo.held);
    echo_let_go(&f->echo);
    struct h2_client *other = h2_connect(f->loop, ugrpc_server_address(f->server, 0), true);
    h2_call(other, ECHO_PATH("Hold"), empty_message, 5, true);
    h2_pump_some(other);
    assert_true(ugrpc_call_connection_id(f->echo.held) != first);
    echo_let_go(&f->echo);
    h2_close(other);
}

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
        h2_call(c, ECHO_PATH("Hold"), empty_message, 5, true);
        h2_pump_some(c);
        assert_memory_equal(ugrpc_call_peer(f->echo.held), i == 1 ? "[::1]:" : "unix:", i == 1 ? 6 : 6);
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
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(ugrpc_server_listen(f->server, bad[i], NULL, &st), -UGRPC_INVALID_ARGUMENT);
    }
}

/* ---- how servers end ---- */

static void note_done(void *userdata)
{
    ((struct fixture *)userdata)->done = true;
}

static bool is_done(void *userdata)
{
    return ((struct fixture *)userdata)->done;
}

static void shutdown_ends_streams_at_once_and_lets_unary_calls_finish(void **state)
{
    struct fixture *f = *state;
    struct h2_call *stream = begin(f, ECHO_PATH("Watch"));
    struct h2_call *unary = begin(f, ECHO_PATH("Hold"));
    ugrpc_server_shutdown(f->server, 60000, note_done, f);
    assert_false(f->done); /* never from within the function */
    h2_pump_until_closed(f->client, stream);
    assert_int_equal(h2_grpc_status(stream), UGRPC_UNAVAILABLE);
    assert_true(f->client->goaway);
    assert_int_equal(f->client->goaway_error, NGHTTP2_NO_ERROR);
    assert_false(unary->closed);
    assert_false(f->done);
    echo_let_go(&f->echo);
    h2_pump_until_closed(f->client, unary);
    assert_int_equal(h2_grpc_status(unary), UGRPC_ABORTED);
    h2_pump_until_gone(f->client);
    close(f->client->fd);
    f->client->fd = -1;
    h2_pump(f->client, is_done, f);
}

static void shutdown_cuts_what_outlives_the_grace(void **state)
{
    struct fixture *f = *state;
    begin(f, ECHO_PATH("Hold"));
    ugrpc_server_shutdown(f->server, 10, note_done, f);
    h2_pump(f->client, is_done, f);
    assert_int_equal(f->echo.cancels, 1);
    assert_int_equal(stats_of(f).open_connections, 0);
}

static void shutdown_without_connections_is_done_in_the_next_turn(void **state)
{
    struct fixture *f = *state;
    h2_close(f->client);
    f->client = NULL;
    while (stats_of(f).connections == 0 || stats_of(f).open_connections > 0) {
        ugrpc_loop_turn(f->loop);
    }
    ugrpc_server_shutdown(f->server, 60000, note_done, f);
    assert_false(f->done);
    while (!f->done) {
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

static void free_in_handler(struct ugrpc_call *call, void *userdata)
{
    struct fixture *f = userdata;
    ugrpc_call_end(call);
    ugrpc_server_free(f->server);
    f->server = NULL;
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
    struct h2_call *call = h2_call(c, ECHO_PATH("Unary"), empty_message, 5, true);
    h2_pump_until_closed(c, call);
    assert_int_equal(h2_grpc_status(call), UGRPC_OK);
    h2_close(c);
    ugrpc_server_free(server);
    ugrpc_loop_free(loop);
    uv_run(&uv, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&uv), 0);
}

static void *serve_in_thread(void *userdata)
{
    struct fixture *f = userdata;
    start(f, NULL);
    for (int i = 0; i < 200; i++) {
        struct h2_call *call = h2_call(f->client, ECHO_PATH("Unary"), empty_message, 5, true);
        h2_pump_until_closed(f->client, call);
        f->done = h2_grpc_status(call) == UGRPC_OK;
    }
    h2_close(f->client);
    ugrpc_server_free(f->server);
    ugrpc_loop_free(f->loop);
    return NULL;
}

static void two_servers_on_two_loops_in_two_threads_share_nothing(void **state)
{
    struct fixture all[2] = {0};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        pthread_create(&threads[i], NULL, serve_in_thread, &all[i]);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_true(all[i].done);
    }
}

static void *post_from_thread(void *userdata)
{
    struct fixture *f = userdata;
    ugrpc_loop_post(f->loop, note_done, f);
    return NULL;
}

static void other_threads_post_to_the_loop(void **state)
{
    struct fixture *f = *state;
    pthread_t thread;
    pthread_create(&thread, NULL, post_from_thread, f);
    h2_pump(f->client, is_done, f);
    pthread_join(thread, NULL);
}

#define TEST(name)     cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_OWN(name) cmocka_unit_test_setup_teardown(name, set_up_nothing, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reset_call_tells_its_handler_once_and_is_freed_when_finished),
        TEST(finishing_a_cancelled_call_later_is_a_no_op),
        TEST(watching_a_cancelled_call_fires_in_the_next_turn),
        TEST(the_library_answers_when_the_deadline_passes),
        TEST(handlers_see_how_long_they_have),
        TEST(a_lost_connection_cancels_its_calls),
        TEST(a_stream_that_fails_after_messages_sends_them_first),
        TEST(a_slow_reader_gets_full_and_is_told_when_there_is_room),
        TEST(a_paused_call_stops_its_sender_at_the_window),
        TEST_OWN(replies_that_nobody_reads_are_bounded_by_the_connection),
        TEST_OWN(a_flood_of_resets_ends_the_connection_calmly),
        TEST(cancels_below_the_limit_never_cost_the_connection),
        TEST(pings_are_answered_for_ever_on_an_idle_connection),
        TEST(pings_whose_answers_nobody_reads_end_the_connection),
        TEST_OWN(a_dead_peer_is_found_by_a_ping),
        TEST_OWN(a_half_open_connection_is_closed_after_the_handshake_time),
        TEST_OWN(an_idle_connection_is_closed_when_so_configured),
        TEST_OWN(connections_beyond_the_limit_are_closed_at_once),
        TEST(without_free_descriptors_connections_are_refused_and_come_back),
        TEST(interceptors_see_each_call_and_its_outcome_and_may_refuse_it),
        TEST(a_required_key_is_asked_of_every_call),
        TEST(calls_know_their_peer_and_connection),
        TEST(ipv6_and_unix_sockets_serve_too),
        TEST(a_port_in_use_and_a_bad_address_are_told),
        TEST(shutdown_ends_streams_at_once_and_lets_unary_calls_finish),
        TEST(shutdown_cuts_what_outlives_the_grace),
        TEST(shutdown_without_connections_is_done_in_the_next_turn),
        TEST(freeing_a_server_cancels_what_is_open_and_frees_what_nobody_finishes),
        TEST(a_server_may_be_freed_from_within_one_of_its_callbacks),
        TEST(a_server_runs_inside_a_loop_of_the_user),
        TEST(two_servers_on_two_loops_in_two_threads_share_nothing),
        TEST(other_threads_post_to_the_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
