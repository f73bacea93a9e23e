/* SPDX-License-Identifier: MIT */
/* Blocking calls, against a server in another thread: all kinds, interruption, and what they refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <protobuf-c/protobuf-c.h>

#include "support/client_fixture.h"
#include "support/server_thread.h"

struct blocking {
    struct server_thread *server;
    struct ugrpc_channel *channel;
};

static const struct ugrpc_channel_options plain = {.insecure = true, .backoff_ms = 20};

static int set_up(void **state)
{
    struct blocking *b = calloc(1, sizeof(*b));
    b->server = server_thread_start(NULL, NULL, NULL);
    b->channel = ugrpc_channel_new(NULL, server_thread_address(b->server), &plain, NULL);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct blocking *b = *state;
    ugrpc_channel_free(b->channel);
    server_thread_stop(b->server);
    free(b);
    return 0;
}

static struct ugrpc_bytes bytes_of(const char *text)
{
    return (struct ugrpc_bytes){(const uint8_t *)text, strlen(text)};
}

static int call(struct ugrpc_channel *channel, int method, const char *text,
    const struct ugrpc_call_options *options, struct ugrpc_bytes **reply, struct ugrpc_status *st)
{
    struct ugrpc_bytes request = bytes_of(text);
    void *any;
    int rc = ugrpc_unary(channel, &echo_service, &echo_service.methods[method], &request, &any, options, st);
    *reply = any;
    return rc;
}

static void assert_answers(struct ugrpc_channel *channel, const char *text)
{
    struct ugrpc_bytes *reply;
    struct ugrpc_status st;
    if (call(channel, UNARY, text, NULL, &reply, &st) != 0) {
        fail_msg("%s", st.message);
    }
    assert_int_equal(reply->len, strlen(text));
    assert_memory_equal(reply->data, text, reply->len);
    free(reply);
}

static void a_call_returns_its_reply(void **state)
{
    struct blocking *b = *state;
    assert_answers(b->channel, "hello");
    assert_answers(b->channel, "");
}

static void a_call_returns_its_metadata(void **state)
{
    struct blocking *b = *state;
    const struct ugrpc_pair sent[] = {{"x-one", "1", 0}, {"x-details-bin", "\0\1", 2}};
    struct ugrpc_reply_metadata metadata = {0};
    const struct ugrpc_call_options options = {
        .metadata = sent, .n_metadata = 2, .reply_metadata = &metadata};
    struct ugrpc_bytes *reply;
    assert_int_equal(call(b->channel, METADATA, "x", &options, &reply, NULL), 0);
    free(reply);
    size_t found = 0;
    for (size_t i = 0; i < metadata.n_initial; i++) {
        found += strcmp(metadata.initial[i].key, "x-one") == 0 && strcmp(metadata.initial[i].value, "1") == 0;
    }
    for (size_t i = 0; i < metadata.n_trailing; i++) {
        found += strcmp(metadata.trailing[i].key, "x-one") == 0 && metadata.trailing[i].value_len == 1;
    }
    assert_int_equal(found, 2);
    assert_int_equal(metadata.details.len, 2);
    assert_memory_equal(metadata.details.data, "\0\1", 2);
    ugrpc_reply_metadata_done(&metadata);
    assert_null(metadata.initial);
}

static void a_deadline_ends_a_call(void **state)
{
    struct blocking *b = *state;
    const struct ugrpc_call_options soon = {.timeout_ms = 30};
    struct ugrpc_bytes *reply;
    struct ugrpc_status st;
    assert_int_equal(call(b->channel, HOLD, "x", &soon, &reply, &st), -UGRPC_DEADLINE_EXCEEDED);
    assert_int_equal(st.code, UGRPC_DEADLINE_EXCEEDED);
    assert_null(reply);
    server_thread_await_cancels(b->server, 1);
    assert_answers(b->channel, "next");
}

static struct ugrpc_stream *open_stream(
    struct blocking *b, int method, const struct ugrpc_call_options *options)
{
    return ugrpc_stream_open(b->channel, &echo_service, &echo_service.methods[method], options);
}

static bool say(struct ugrpc_stream *stream, const char *text)
{
    struct ugrpc_bytes bytes = bytes_of(text);
    return ugrpc_stream_send(stream, &bytes);
}

static void a_chat_goes_to_and_fro(void **state)
{
    struct ugrpc_stream *stream = open_stream(*state, CHAT, NULL);
    const void *message;
    for (int i = 0; i < 3; i++) {
        assert_true(say(stream, "hello"));
        assert_true(ugrpc_stream_next(stream, &message));
        assert_int_equal(((const struct ugrpc_bytes *)message)->len, 5);
    }
    ugrpc_stream_end(stream);
    assert_false(say(stream, "too late"));
    assert_false(ugrpc_stream_next(stream, &message));
    assert_int_equal(ugrpc_stream_close(stream, NULL), 0);
}

static void a_stream_is_counted(void **state)
{
    struct ugrpc_stream *stream = open_stream(*state, COUNT, NULL);
    uint8_t *data = calloc(1, 10000);
    struct ugrpc_bytes bytes = {data, 10000};
    void *any;
    for (int i = 0; i < 300; i++) { /* more than one takes at once */
        assert_true(ugrpc_stream_send(stream, &bytes));
    }
    free(data);
    assert_int_equal(ugrpc_stream_finish(stream, &any, NULL), 0);
    struct ugrpc_bytes *reply = any;
    assert_int_equal(reply->len, 3);
    assert_memory_equal(reply->data, "300", 3);
    free(reply);
}

/* As much as there is room for, then the end. */
static void send_many(void *echo)
{
    struct echo *e = echo;
    ugrpc_call_set_send_limit(e->held, SIZE_MAX);
    for (int i = 0; i < 3000; i++) {
        uint8_t *data;
        struct ugrpc_message *message = ugrpc_message_new(1000, &data);
        memset(data, i, 1000);
        ugrpc_call_send_message(e->held, message);
        ugrpc_message_unref(message);
    }
    ugrpc_call_end(e->held);
}

static void more_messages_than_one_keeps_arrive_in_order(void **state)
{
    struct blocking *b = *state;
    struct ugrpc_stream *stream = open_stream(b, WATCH, NULL);
    const void *message;
    assert_true(say(stream, "x"));
    assert_answers(b->channel, "so the other call has begun, too");
    server_thread_do(b->server, send_many);
    for (int i = 0; i < 3000; i++) {
        assert_true(ugrpc_stream_next(stream, &message));
        assert_int_equal(((const struct ugrpc_bytes *)message)->data[999], (uint8_t)i);
    }
    assert_false(ugrpc_stream_next(stream, &message));
    assert_int_equal(ugrpc_stream_close(stream, NULL), 0);
}

static void a_stream_that_is_closed_early_is_cancelled(void **state)
{
    struct blocking *b = *state;
    struct ugrpc_stream *stream = open_stream(b, WATCH, NULL);
    assert_true(say(stream, "x"));
    assert_answers(b->channel, "meanwhile");
    struct ugrpc_status st = {.code = UGRPC_INTERNAL};
    assert_int_equal(ugrpc_stream_close(stream, &st), 0);
    assert_int_equal(st.code, UGRPC_OK);
    assert_answers(b->channel, "takes the cancellation along");
    server_thread_await_cancels(b->server, 1);
}

/* Nobody looks at a private loop between two calls. */
static void a_server_that_came_back_between_two_calls_is_found(void **state)
{
    struct blocking *b = *state;
    char address[128];
    assert_answers(b->channel, "before");
    snprintf(address, sizeof(address), "%s", server_thread_address(b->server));
    server_thread_stop(b->server);
    b->server = server_thread_start(address, NULL, NULL);
    const struct ugrpc_call_options wait = {.wait_for_ready = UGRPC_WAIT_YES};
    struct ugrpc_bytes *reply;
    struct ugrpc_status st;
    if (call(b->channel, UNARY, "after", &wait, &reply, &st) != 0) {
        fail_msg("%s", st.message);
    }
    free(reply);
}

/* Nor does anybody hear there that the back-off is over. */
static void a_call_after_the_back_off_connects_again(void **state)
{
    struct blocking *b = *state;
    const struct ugrpc_channel_options hasty = {.insecure = true, .backoff_ms = 1};
    char address[128];
    struct ugrpc_bytes *reply;
    snprintf(address, sizeof(address), "%s", server_thread_address(b->server));
    server_thread_stop(b->server);
    struct ugrpc_channel *channel = ugrpc_channel_new(NULL, address, &hasty, NULL);
    assert_int_equal(call(channel, UNARY, "too early", NULL, &reply, NULL), -UGRPC_UNAVAILABLE);
    int64_t over_ns = clock_now_ns(clock_real()) + 2 * NS_PER_MS;
    b->server = server_thread_start(address, NULL, NULL);
    while (clock_now_ns(clock_real()) < over_ns) {
    }
    assert_answers(channel, "in time");
    ugrpc_channel_free(channel);
}

/* ---- interruption ----------------------------------------------------------------------------------- */

static void *interrupt(void *channel)
{
    ugrpc_channel_interrupt(channel);
    return NULL;
}

static void a_thread_interrupts_a_call(void **state)
{
    struct blocking *b = *state;
    struct ugrpc_bytes *reply;
    struct ugrpc_status st;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, interrupt, b->channel), 0);
    assert_int_equal(call(b->channel, HOLD, "x", NULL, &reply, &st), -UGRPC_CANCELLED);
    assert_non_null(strstr(st.message, "a call to 127.0.0.1:"));
    assert_non_null(strstr(st.message, " was interrupted"));
    pthread_join(thread, NULL);
    assert_answers(b->channel, "once only");
}

static struct ugrpc_channel *of_signals;

static void on_signal(int number)
{
    ugrpc_channel_interrupt(of_signals);
}

static void raise_alarm(void *echo)
{
    kill(getpid(), SIGALRM);
}

static void a_signal_interrupts_a_stream(void **state)
{
    struct blocking *b = *state;
    struct sigaction action = {.sa_handler = on_signal}, before;
    struct ugrpc_stream *stream = open_stream(b, WATCH, NULL);
    const void *message;
    struct ugrpc_status st;
    of_signals = b->channel;
    sigaction(SIGALRM, &action, &before);
    assert_true(say(stream, "x"));
    assert_answers(b->channel, "now both are at the server");
    server_thread_do(b->server, raise_alarm);
    assert_false(ugrpc_stream_next(stream, &message));
    assert_int_equal(ugrpc_stream_close(stream, &st), -UGRPC_CANCELLED);
    assert_non_null(strstr(st.message, "a call to 127.0.0.1:"));
    assert_non_null(strstr(st.message, " was interrupted"));
    sigaction(SIGALRM, &before, NULL);
}

/* ---- what was forgotten ------------------------------------------------------------------------------ */

static const ProtobufCMessageDescriptor due = {
    .magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
    .name = "test.v1.SomeRequest",
    .short_name = "SomeRequest",
    .c_name = "Test__V1__SomeRequest",
    .sizeof_message = sizeof(ProtobufCMessage),
};

static void a_zeroed_request_names_what_begins_it(void **state)
{
    struct blocking *b = *state;
    const ProtobufCMessage zeroed = {0};
    struct ugrpc_method method = echo_service.methods[UNARY];
    struct ugrpc_status st;
    void *reply;
    method.request = &due;
    assert_int_equal(
        ugrpc_unary(b->channel, &echo_service, &method, &zeroed, &reply, NULL, &st), -UGRPC_INVALID_ARGUMENT);
    assert_non_null(strstr(st.message, "a call to 127.0.0.1:"));
    assert_non_null(
        strstr(st.message, "zeroed memory, a SomeRequest is due: begin it with TEST_V1_SOME_REQUEST_INIT"));
    assert_int_equal(
        ugrpc_unary(b->channel, &echo_service, &method, NULL, &reply, NULL, &st), -UGRPC_INVALID_ARGUMENT);
    assert_null(reply);
    assert_answers(b->channel, "and the channel works");
}

static void no_channel_and_no_reply_are_refused(void **state)
{
    struct blocking *b = *state;
    struct ugrpc_bytes request = bytes_of("x");
    const struct ugrpc_method *unary = &echo_service.methods[UNARY];
    struct ugrpc_status st;
    void *reply;
    const void *message;
    assert_int_equal(
        ugrpc_unary(NULL, &echo_service, unary, &request, &reply, NULL, &st), -UGRPC_INVALID_ARGUMENT);
    assert_int_equal(
        ugrpc_unary(b->channel, &echo_service, unary, &request, NULL, NULL, &st), -UGRPC_INVALID_ARGUMENT);
    struct ugrpc_stream *stream = ugrpc_stream_open(NULL, &echo_service, &echo_service.methods[WATCH], NULL);
    assert_false(ugrpc_stream_send(stream, &request));
    assert_false(ugrpc_stream_next(stream, &message));
    assert_int_equal(ugrpc_stream_close(stream, &st), -UGRPC_INVALID_ARGUMENT);
    assert_non_null(strstr(st.message, "no channel"));
    assert_null(ugrpc_channel_new(NULL, NULL, &plain, &st));
    assert_int_equal(st.code, UGRPC_INVALID_ARGUMENT);
}

static void a_deadline_names_the_target(void **state)
{
    struct blocking *b = *state;
    const struct ugrpc_call_options soon = {.timeout_ms = 20}, past = {.timeout_ms = -1};
    struct ugrpc_bytes *reply;
    struct ugrpc_status st;
    assert_int_equal(call(b->channel, HOLD, "x", &soon, &reply, &st), -UGRPC_DEADLINE_EXCEEDED);
    assert_non_null(strstr(st.message, server_thread_address(b->server)));
    assert_int_equal(call(b->channel, HOLD, "x", &past, &reply, &st), -UGRPC_DEADLINE_EXCEEDED);
    assert_non_null(strstr(st.message, server_thread_address(b->server)));
}

/* ---- one-shot --------------------------------------------------------------------------------------- */

static int once(const char *target, const struct ugrpc_call_options *options, struct ugrpc_status *st)
{
    struct ugrpc_bytes request = bytes_of("x");
    void *reply;
    int rc = ugrpc_unary_once(
        target, &echo_service, &echo_service.methods[UNARY], &request, &reply, &plain, options, st);
    free(reply);
    return rc;
}

static void a_call_may_bring_its_own_channel(void **state)
{
    struct blocking *b = *state;
    const struct ugrpc_call_options soon = {.timeout_ms = 30}, hasty = {.wait_for_ready = UGRPC_WAIT_NO};
    struct ugrpc_status st;
    assert_int_equal(once(server_thread_address(b->server), NULL, &st), 0);
    assert_int_equal(once("127.0.0.1:1", &soon, &st), -UGRPC_DEADLINE_EXCEEDED);
    assert_contains(st.message, "127.0.0.1:1");
    assert_contains(st.message, "refused");
    assert_int_equal(once("127.0.0.1:1", &hasty, &st), -UGRPC_UNAVAILABLE);
    assert_int_equal(once("no target", NULL, &st), -UGRPC_INVALID_ARGUMENT);
    assert_int_equal(once("no target", NULL, NULL), -UGRPC_INVALID_ARGUMENT);
}

/* ---- what is refused -------------------------------------------------------------------------------- */

static void a_channel_on_a_loop_of_the_users_does_not_block(void **state)
{
    struct blocking *b = *state;
    struct ugrpc_loop *loop = ugrpc_loop_new();
    struct ugrpc_channel *channel = ugrpc_channel_new(loop, server_thread_address(b->server), &plain, NULL);
    struct ugrpc_bytes *reply;
    struct ugrpc_status st;
    assert_int_equal(call(channel, UNARY, "x", NULL, &reply, &st), -UGRPC_FAILED_PRECONDITION);
    struct ugrpc_stream *stream = ugrpc_stream_open(
        channel, &echo_service, &echo_service.methods[CHAT], NULL);
    assert_false(say(stream, "x"));
    assert_int_equal(ugrpc_stream_close(stream, &st), -UGRPC_FAILED_PRECONDITION);
    ugrpc_channel_free(channel);
    ugrpc_loop_free(loop);
}

static int block_within(
    struct ugrpc_creds_sink *sink, const char *method, void *userdata, struct ugrpc_status *st)
{
    struct ugrpc_bytes *reply;
    return call(*(struct ugrpc_channel **)userdata, UNARY, "within", NULL, &reply, st);
}

static void callbacks_cannot_block_on_their_channel(void **state)
{
    struct blocking *b = *state;
    char path[] = "/tmp/ugrpc-client-XXXXXX", address[64];
    assert_non_null(mkdtemp(path));
    snprintf(address, sizeof(address), "unix:%s/socket", path); /* where credentials may travel */
    server_thread_stop(b->server);
    b->server = server_thread_start(address, NULL, NULL);
    ugrpc_channel_free(b->channel);
    b->channel = ugrpc_channel_new(NULL, address, &plain, NULL);
    struct ugrpc_call_creds *creds = ugrpc_call_creds_plugin(block_within, &b->channel, NULL);
    const struct ugrpc_call_options options = {.creds = creds};
    struct ugrpc_bytes *reply;
    struct ugrpc_status st;
    assert_int_equal(call(b->channel, UNARY, "x", &options, &reply, &st), -UGRPC_FAILED_PRECONDITION);
    assert_contains(st.message, "callback");
    ugrpc_call_creds_free(creds);
    server_thread_stop(b->server);
    b->server = NULL;
    assert_int_equal(remove(path), 0);
}

static void next_within(struct ugrpc_pending *pending, const struct ugrpc_status *st, void *userdata)
{
    struct ugrpc_stream **stream = userdata;
    const void *message;
    assert_int_equal(st->code, UGRPC_OK);
    assert_false(ugrpc_stream_next(*stream, &message));
    assert_int_equal(ugrpc_stream_close(*stream, NULL), -UGRPC_FAILED_PRECONDITION);
    *stream = NULL;
}

static void callbacks_cannot_wait_for_a_stream_of_their_channel(void **state)
{
    static const struct ugrpc_pending_events events = {.done = next_within};
    struct blocking *b = *state;
    struct ugrpc_bytes request = bytes_of("x");
    struct ugrpc_stream *stream = open_stream(b, CHAT, NULL);
    struct ugrpc_pending *pending = ugrpc_pending_new(
        b->channel, &echo_service, &echo_service.methods[UNARY], NULL, &events, &stream);
    assert_int_equal(ugrpc_pending_send(pending, &request), UGRPC_SENT);
    while (stream) {
        assert_answers(b->channel, "turns the loop");
    }
}

#define BLOCKING_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BLOCKING_TEST(a_call_returns_its_reply),
        BLOCKING_TEST(a_call_returns_its_metadata),
        BLOCKING_TEST(a_deadline_ends_a_call),
        BLOCKING_TEST(a_chat_goes_to_and_fro),
        BLOCKING_TEST(a_stream_is_counted),
        BLOCKING_TEST(more_messages_than_one_keeps_arrive_in_order),
        BLOCKING_TEST(a_stream_that_is_closed_early_is_cancelled),
        BLOCKING_TEST(a_server_that_came_back_between_two_calls_is_found),
        BLOCKING_TEST(a_call_after_the_back_off_connects_again),
        BLOCKING_TEST(a_thread_interrupts_a_call),
        BLOCKING_TEST(a_signal_interrupts_a_stream),
        BLOCKING_TEST(a_zeroed_request_names_what_begins_it),
        BLOCKING_TEST(no_channel_and_no_reply_are_refused),
        BLOCKING_TEST(a_deadline_names_the_target),
        BLOCKING_TEST(a_call_may_bring_its_own_channel),
        BLOCKING_TEST(a_channel_on_a_loop_of_the_users_does_not_block),
        BLOCKING_TEST(callbacks_cannot_block_on_their_channel),
        BLOCKING_TEST(callbacks_cannot_wait_for_a_stream_of_their_channel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
