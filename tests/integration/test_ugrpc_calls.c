/* SPDX-License-Identifier: MIT */
/* How calls end, how fast they may send, and who makes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ugrpc/ugrpc.h>

#include "base/base.h"
#include "support/echo_fixture.h"

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
    h2_pump(f->client, echo_was_cancelled, &f->echo);
    assert_int_equal(f->echo.cancels, 1);
}

static void the_library_answers_when_the_deadline_passes(void **state)
{
    struct fixture *f = *state;
    h2_add_header(f->client, "grpc-timeout", "20m");
    struct h2_call *call = call_empty(f->client, ECHO_PATH("Hold"));
    assert_int_equal(h2_grpc_status(call), UGRPC_DEADLINE_EXCEEDED);
    assert_int_equal(f->echo.cancels, 1);
    h2_clear_headers(f->client);
    h2_add_header(f->client, "grpc-timeout", "0n");
    call = call_empty(f->client, ECHO_PATH("Watch"));
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
    fixture_start(f, (struct ugrpc_server_options){.max_connection_bytes = 200000});
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

/* ---- who calls ---- */

#define SEEN_MAX 256

static int note_begin(struct ugrpc_call *call, void *userdata, struct ugrpc_status *st)
{
    char *seen = userdata;
    struct ugrpc_bytes value;
    snprintf(seen, SEEN_MAX, "%s %s", ugrpc_call_method(call), ugrpc_call_authority(call));
    if (ugrpc_call_metadata(call, "x-refuse", &value)) {
        return ugrpc_status_set(st, UGRPC_PERMISSION_DENIED, "not for %s", (const char *)value.data);
    }
    ugrpc_call_set_identity(call, "somebody", userdata);
    ugrpc_call_set_subject(call, "something", 7);
    return 0;
}

static void note_end(struct ugrpc_call *call, const struct ugrpc_status *st, void *userdata)
{
    char *seen = userdata;
    const char *identity = ugrpc_call_identity(call);
    size_t len = strlen(seen);
    uint64_t id;
    const char *subject = ugrpc_call_subject(call, &id);
    snprintf(seen + len, SEEN_MAX - len, " %s %s %d %s", identity ? identity : "-", subject ? subject : "-",
        (int)id, ugrpc_code_name(st->code));
}

static void interceptors_see_each_call_and_its_outcome_and_may_refuse_it(void **state)
{
    static const struct ugrpc_interceptor interceptor = {note_begin, note_end};
    struct fixture *f = *state;
    char seen[SEEN_MAX];
    ugrpc_server_add_interceptor(f->server, &interceptor, seen);
    call_empty(f->client, ECHO_PATH("Unary"));
    assert_string_equal(seen, ECHO_PATH("Unary") " localhost somebody something 7 OK");

    struct h2_call *call = begin(f, ECHO_PATH("Hold"));
    h2_reset(f->client, call);
    h2_pump_some(f->client);
    assert_string_equal(seen, ECHO_PATH("Hold") " localhost somebody something 7 CANCELLED");

    h2_add_header(f->client, "x-refuse", "you");
    call = call_empty(f->client, ECHO_PATH("Unary"));
    assert_int_equal(h2_grpc_status(call), UGRPC_PERMISSION_DENIED);
    assert_string_equal(h2_header(call, "grpc-message"), "not for you");
    assert_string_equal(seen, ECHO_PATH("Unary") " localhost - - 0 PERMISSION_DENIED");
}

static int ask_for_key(struct ugrpc_call *call, void *userdata, struct ugrpc_status *st)
{
    struct ugrpc_bytes key;
    if (!ugrpc_call_metadata(call, "key", &key) || !ugrpc_key_equal((const char *)key.data, "secret")) {
        return ugrpc_status_set(st, UGRPC_UNAUTHENTICATED, "metadata \"key\" is not the API key");
    }
    ugrpc_call_set_identity(call, "operator", userdata);
    return 0;
}

static const struct ugrpc_interceptor keys_only = {.begin = ask_for_key};

static void an_interceptor_may_ask_every_call_for_a_key_and_tell_handlers_whose_it_is(void **state)
{
    static const char *const keys[] = {NULL, "secre", "secrets", "", "secret"};
    static int rights;
    struct fixture *f = *state;
    ugrpc_server_add_interceptor(f->server, &keys_only, &rights);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        h2_clear_headers(f->client);
        if (keys[i]) {
            h2_add_header(f->client, "key", keys[i]);
        }
        struct h2_call *call = call_empty(f->client, ECHO_PATH("Unary"));
        assert_int_equal(h2_grpc_status(call), i == 4 ? UGRPC_OK : UGRPC_UNAUTHENTICATED);
    }
    begin(f, ECHO_PATH("Hold"));
    assert_string_equal(ugrpc_call_identity(f->echo.held), "operator");
    assert_ptr_equal(ugrpc_call_identity_data(f->echo.held), &rights);
    echo_let_go(&f->echo);
}

struct pair {
    int refuses;
    unsigned begins, ends;
};

static int count_begin(struct ugrpc_call *call, void *userdata, struct ugrpc_status *st)
{
    struct pair *pair = userdata;
    pair->begins++;
    return pair->refuses ? ugrpc_status_set(st, UGRPC_PERMISSION_DENIED, "no") : 0;
}

static void count_end(struct ugrpc_call *call, const struct ugrpc_status *st, void *userdata)
{
    ((struct pair *)userdata)->ends++;
}

static void an_interceptor_sees_the_end_of_what_it_saw_begin(void **state)
{
    static const struct ugrpc_interceptor pairs = {count_begin, count_end}, ends = {.end = count_end};
    struct fixture *f = *state;
    struct pair first = {0}, second = {.refuses = 1}, third = {0}, watcher = {0};
    ugrpc_server_add_interceptor(f->server, &keys_only, NULL);
    ugrpc_server_add_interceptor(f->server, &pairs, &first);
    ugrpc_server_add_interceptor(f->server, &pairs, &second);
    ugrpc_server_add_interceptor(f->server, &pairs, &third);
    ugrpc_server_add_interceptor(f->server, &ends, &watcher);
    h2_pump_until_closed(f->client, h2_call_empty(f->client, ECHO_PATH("Unary"))); /* without key */
    assert_int_equal(first.begins + first.ends, 0);
    assert_int_equal(watcher.ends, 1);
    h2_add_header(f->client, "key", "secret");
    h2_pump_until_closed(f->client, h2_call_empty(f->client, ECHO_PATH("Unary")));
    const struct pair all[] = {first, second, third};
    for (unsigned i = 0; i < ARRAY_LEN(all); i++) {
        assert_int_equal(all[i].begins, i < 2);
        assert_int_equal(all[i].ends, i < 2);
    }
    assert_int_equal(watcher.ends, 2);
}

static void calls_know_their_peer_and_connection(void **state)
{
    struct fixture *f = *state;
    begin(f, ECHO_PATH("Hold"));
    assert_memory_equal(ugrpc_call_peer(f->echo.held), "127.0.0.1:", 10);
    assert_null(ugrpc_call_peer_certificate(f->echo.held));
    assert_false(ugrpc_call_secure(f->echo.held));
    uint64_t first = ugrpc_call_connection_id(f->echo.held);
    echo_let_go(&f->echo);
    struct h2_client *other = fixture_connect(f, true);
    h2_call_empty(other, ECHO_PATH("Hold"));
    h2_pump_some(other);
    assert_true(ugrpc_call_connection_id(f->echo.held) != first);
    echo_let_go(&f->echo);
    h2_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_reset_call_tells_its_handler_once_and_is_freed_when_finished),
        FIXTURE_TEST(finishing_a_cancelled_call_later_is_a_no_op),
        FIXTURE_TEST(watching_a_cancelled_call_fires_in_the_next_turn),
        FIXTURE_TEST(the_library_answers_when_the_deadline_passes),
        FIXTURE_TEST(handlers_see_how_long_they_have),
        FIXTURE_TEST(a_lost_connection_cancels_its_calls),
        FIXTURE_TEST(a_stream_that_fails_after_messages_sends_them_first),
        FIXTURE_TEST(a_slow_reader_gets_full_and_is_told_when_there_is_room),
        FIXTURE_TEST(a_paused_call_stops_its_sender_at_the_window),
        FIXTURE_TEST_OWN(replies_that_nobody_reads_are_bounded_by_the_connection),
        FIXTURE_TEST(interceptors_see_each_call_and_its_outcome_and_may_refuse_it),
        FIXTURE_TEST(an_interceptor_may_ask_every_call_for_a_key_and_tell_handlers_whose_it_is),
        FIXTURE_TEST(an_interceptor_sees_the_end_of_what_it_saw_begin),
        FIXTURE_TEST(calls_know_their_peer_and_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
