/* SPDX-License-Identifier: MIT */
/* The client's half of libugrpc against the server's half, on one loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <ugrpc/ugrpc.h>

#include "support/echo_service.h"

enum { UNARY, HOLD, WATCH, COUNT, CHAT, METADATA };

struct fixture {
    struct ugrpc_loop *loop;
    struct ugrpc_server *server;
    struct ugrpc_channel *channel;
    struct echo echo;
    char target[64];
};

/* What came of a call. */
struct heard {
    int messages, initials, readies, dones;
    size_t bytes;
    char last[64], text[512];
    enum ugrpc_code code;
};

static void on_initial(struct ugrpc_pending *pending, void *userdata)
{
    ((struct heard *)userdata)->initials++;
}

static void on_message(struct ugrpc_pending *pending, const void *message, void *userdata)
{
    struct heard *heard = userdata;
    const struct ugrpc_bytes *bytes = message;
    assert_int_equal(heard->dones, 0);
    heard->messages++;
    heard->bytes += bytes->len;
    snprintf(heard->last, sizeof(heard->last), "%.*s", (int)(bytes->len < 60 ? bytes->len : 60), bytes->data);
}

static void on_ready(struct ugrpc_pending *pending, void *userdata)
{
    ((struct heard *)userdata)->readies++;
}

static void on_done(struct ugrpc_pending *pending, const struct ugrpc_status *st, void *userdata)
{
    struct heard *heard = userdata;
    heard->dones++;
    heard->code = st->code;
    snprintf(heard->text, sizeof(heard->text), "%s", st->message);
}

static const struct ugrpc_pending_events events = {
    .initial = on_initial, .message = on_message, .ready = on_ready, .done = on_done};

static void serve(struct fixture *f, const char *address)
{
    struct ugrpc_status st = {0};
    f->server = ugrpc_server_new(f->loop, NULL, &st);
    assert_int_equal(
        ugrpc_server_add_service(f->server, &echo_service, echo_handlers, NULL, &f->echo, &st), 0);
    assert_int_equal(ugrpc_server_listen(f->server, address, NULL, &st), 0);
    assert_int_equal(ugrpc_server_start(f->server, &st), 0);
    snprintf(f->target, sizeof(f->target), "%s", ugrpc_server_address(f->server, 0));
}

static int set_up(void **state)
{
    static const struct ugrpc_channel_options options = {.insecure = true, .backoff_ms = 50};
    struct fixture *f = calloc(1, sizeof(*f));
    echo_init(&f->echo);
    f->loop = ugrpc_loop_new();
    serve(f, "127.0.0.1:0");
    f->channel = ugrpc_channel_new(f->loop, f->target, &options, NULL);
    assert_non_null(f->channel);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    ugrpc_channel_free(f->channel);
    ugrpc_server_free(f->server);
    ugrpc_loop_free(f->loop);
    free(f);
    return 0;
}

static struct ugrpc_pending *begin(
    struct fixture *f, int method, const struct ugrpc_call_options *options, struct heard *heard)
{
    *heard = (struct heard){0};
    return ugrpc_pending_new(
        f->channel, &echo_service, &echo_service.methods[method], options, &events, heard);
}

static void say(struct ugrpc_pending *pending, const char *text)
{
    struct ugrpc_bytes bytes = {(const uint8_t *)text, strlen(text)};
    assert_int_equal(ugrpc_pending_send(pending, &bytes), UGRPC_SENT);
}

static void on_wake(uv_timer_t *timer)
{
}

/* Turns the loop until *what is not 0; 5 s are too long. */
static void pump(struct fixture *f, const int *what)
{
    uv_timer_t *timer = malloc(sizeof(*timer));
    uv_timer_init(ugrpc_loop_uv(f->loop), timer);
    uv_timer_start(timer, on_wake, 10, 10);
    uint64_t begun = uv_hrtime();
    while (!*what) {
        uv_run(ugrpc_loop_uv(f->loop), UV_RUN_ONCE);
        if (uv_hrtime() - begun > 5000000000u) {
            fail_msg("nothing happened");
        }
    }
    uv_close((uv_handle_t *)timer, (uv_close_cb)free);
}

static void a_unary_call_gets_its_reply(void **state)
{
    struct fixture *f = *state;
    struct heard heard;
    say(begin(f, UNARY, NULL, &heard), "hello");
    assert_int_equal(heard.dones, 0);
    pump(f, &heard.dones);
    assert_int_equal(heard.code, UGRPC_OK);
    assert_int_equal(heard.messages, 1);
    assert_string_equal(heard.last, "hello");
    assert_int_equal(ugrpc_channel_connectivity(f->channel, false), UGRPC_READY);
}

static void a_client_stream_is_counted(void **state)
{
    struct fixture *f = *state;
    struct heard heard;
    struct ugrpc_pending *pending = begin(f, COUNT, NULL, &heard);
    for (int i = 0; i < 5; i++) {
        say(pending, "one");
    }
    ugrpc_pending_end(pending);
    pump(f, &heard.dones);
    assert_int_equal(heard.code, UGRPC_OK);
    assert_string_equal(heard.last, "5");
}

static void a_chat_goes_to_and_fro(void **state)
{
    struct fixture *f = *state;
    struct heard heard;
    struct ugrpc_pending *pending = begin(f, CHAT, NULL, &heard);
    for (int i = 1; i <= 3; i++) {
        char text[8];
        snprintf(text, sizeof(text), "%d", i);
        say(pending, text);
        pump(f, &heard.messages);
        assert_string_equal(heard.last, text);
        heard.messages = 0;
    }
    ugrpc_pending_end(pending);
    pump(f, &heard.dones);
    assert_int_equal(heard.code, UGRPC_OK);
}

static void a_cancelled_call_is_silent_and_its_server_hears_of_it(void **state)
{
    struct fixture *f = *state;
    struct heard heard, other;
    struct ugrpc_pending *pending = begin(f, HOLD, NULL, &heard);
    say(pending, "x");
    pump(f, (int *)&f->echo.held_calls);
    ugrpc_pending_cancel(pending);
    pump(f, (int *)&f->echo.cancels);
    say(begin(f, UNARY, NULL, &other), "y");
    pump(f, &other.dones);
    assert_int_equal(heard.dones, 0);
}

static void a_deadline_ends_the_call(void **state)
{
    struct fixture *f = *state;
    struct heard heard;
    const struct ugrpc_call_options options = {.timeout_ms = 50};
    say(begin(f, HOLD, &options, &heard), "x");
    pump(f, &heard.dones);
    assert_int_equal(heard.code, UGRPC_DEADLINE_EXCEEDED);
}

static void the_servers_status_comes_back(void **state)
{
    struct fixture *f = *state;
    struct heard heard;
    say(begin(f, HOLD, NULL, &heard), "x");
    pump(f, (int *)&f->echo.held_calls);
    echo_let_go(&f->echo);
    pump(f, &heard.dones);
    assert_int_equal(heard.code, UGRPC_ABORTED);
    assert_string_equal(heard.text, "let go");
}

static void a_call_waits_for_a_server_that_comes_later(void **state)
{
    struct fixture *f = *state;
    struct heard patient, hasty;
    const struct ugrpc_call_options options = {.wait_for_ready = UGRPC_WAIT_YES};
    ugrpc_server_free(f->server);
    f->server = NULL;
    say(begin(f, UNARY, &options, &patient), "patient");
    say(begin(f, UNARY, NULL, &hasty), "hasty");
    pump(f, &hasty.dones);
    assert_int_equal(hasty.code, UGRPC_UNAVAILABLE);
    assert_non_null(strstr(hasty.text, f->target));
    assert_non_null(strstr(hasty.text, "connection refused"));
    assert_int_equal(patient.dones, 0);
    char address[64];
    snprintf(address, sizeof(address), "%s", f->target);
    serve(f, address);
    pump(f, &patient.dones);
    assert_int_equal(patient.code, UGRPC_OK);
}

static void a_lost_connection_ends_calls_and_the_next_connects_again(void **state)
{
    struct fixture *f = *state;
    struct heard lost, next;
    const struct ugrpc_call_options options = {.wait_for_ready = UGRPC_WAIT_YES};
    char address[64];
    say(begin(f, HOLD, NULL, &lost), "x");
    pump(f, (int *)&f->echo.held_calls);
    ugrpc_server_free(f->server);
    pump(f, &lost.dones);
    assert_int_equal(lost.code, UGRPC_UNAVAILABLE);
    snprintf(address, sizeof(address), "%s", f->target);
    serve(f, address);
    say(begin(f, UNARY, &options, &next), "again");
    pump(f, &next.dones);
    assert_int_equal(next.code, UGRPC_OK);
}

static void freeing_a_channel_drops_its_calls(void **state)
{
    struct fixture *f = *state;
    struct heard heard, waiting;
    say(begin(f, HOLD, NULL, &heard), "x");
    pump(f, (int *)&f->echo.held_calls);
    say(begin(f, HOLD, NULL, &waiting), "x");
    ugrpc_channel_free(f->channel);
    f->channel = NULL;
    pump(f, (int *)&f->echo.cancels);
    assert_int_equal(heard.dones + waiting.dones, 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_unary_call_gets_its_reply),
        test(a_client_stream_is_counted),
        test(a_chat_goes_to_and_fro),
        test(a_cancelled_call_is_silent_and_its_server_hears_of_it),
        test(a_deadline_ends_the_call),
        test(the_servers_status_comes_back),
        test(a_call_waits_for_a_server_that_comes_later),
        test(a_lost_connection_ends_calls_and_the_next_connects_again),
        test(freeing_a_channel_drops_its_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
