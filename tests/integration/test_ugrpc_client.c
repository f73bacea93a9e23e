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

#include <ugrpc/ugrpc.h>

#include "support/client_fixture.h"

static void a_unary_call_gets_its_reply(void **state)
{
    struct client_fixture *f = *state;
    struct heard heard = {0};
    client_say(client_begin(f, UNARY, NULL, &heard), "hello");
    assert_int_equal(heard.dones, 0);
    client_pump(f, &heard.dones);
    assert_int_equal(heard.code, UGRPC_OK);
    assert_int_equal(heard.messages, 1);
    assert_string_equal(heard.last, "hello");
    assert_int_equal(ugrpc_channel_connectivity(f->channel, false), UGRPC_READY);
}

static void a_client_stream_is_counted(void **state)
{
    struct client_fixture *f = *state;
    struct heard heard = {0};
    struct ugrpc_pending *pending = client_begin(f, COUNT, NULL, &heard);
    for (int i = 0; i < 5; i++) {
        client_say(pending, "one");
    }
    ugrpc_pending_end(pending);
    client_pump(f, &heard.dones);
    assert_int_equal(heard.code, UGRPC_OK);
    assert_string_equal(heard.last, "5");
}

static void a_chat_goes_to_and_fro(void **state)
{
    struct client_fixture *f = *state;
    struct heard heard = {0};
    struct ugrpc_pending *pending = client_begin(f, CHAT, NULL, &heard);
    for (int i = 1; i <= 3; i++) {
        char text[8];
        snprintf(text, sizeof(text), "%d", i);
        client_say(pending, text);
        client_pump(f, &heard.messages);
        assert_string_equal(heard.last, text);
        heard.messages = 0;
    }
    ugrpc_pending_end(pending);
    client_pump(f, &heard.dones);
    assert_int_equal(heard.code, UGRPC_OK);
}

static void a_cancelled_call_is_silent_and_its_server_hears_of_it(void **state)
{
    struct client_fixture *f = *state;
    struct heard heard = {0}, other = {0};
    struct ugrpc_pending *pending = client_begin(f, HOLD, NULL, &heard);
    client_say(pending, "x");
    client_pump(f, (int *)&f->echo.held_calls);
    ugrpc_pending_cancel(pending);
    client_pump(f, (int *)&f->echo.cancels);
    client_say(client_begin(f, UNARY, NULL, &other), "y");
    client_pump(f, &other.dones);
    assert_int_equal(heard.dones, 0);
}

static void a_deadline_ends_the_call(void **state)
{
    struct client_fixture *f = *state;
    struct heard heard = {0};
    const struct ugrpc_call_options options = {.timeout_ms = 50};
    client_say(client_begin(f, HOLD, &options, &heard), "x");
    client_pump(f, &heard.dones);
    assert_int_equal(heard.code, UGRPC_DEADLINE_EXCEEDED);
}

static void the_servers_status_comes_back(void **state)
{
    struct client_fixture *f = *state;
    struct heard heard = {0};
    client_say(client_begin(f, HOLD, NULL, &heard), "x");
    client_pump(f, (int *)&f->echo.held_calls);
    echo_let_go(&f->echo);
    client_pump(f, &heard.dones);
    assert_int_equal(heard.code, UGRPC_ABORTED);
    assert_string_equal(heard.text, "let go");
}

static void a_call_waits_for_a_server_that_comes_later(void **state)
{
    struct client_fixture *f = *state;
    struct heard patient = {0}, hasty = {0};
    const struct ugrpc_call_options options = {.wait_for_ready = UGRPC_WAIT_YES};
    ugrpc_server_free(f->server);
    f->server = NULL;
    client_say(client_begin(f, UNARY, &options, &patient), "patient");
    client_say(client_begin(f, UNARY, NULL, &hasty), "hasty");
    client_pump(f, &hasty.dones);
    assert_int_equal(hasty.code, UGRPC_UNAVAILABLE);
    assert_non_null(strstr(hasty.text, f->target));
    assert_non_null(strstr(hasty.text, "connection refused"));
    assert_int_equal(patient.dones, 0);
    client_serve(f, f->target, NULL, NULL);
    client_pump(f, &patient.dones);
    assert_int_equal(patient.code, UGRPC_OK);
}

static void a_lost_connection_ends_calls_and_the_next_connects_again(void **state)
{
    struct client_fixture *f = *state;
    struct heard lost = {0}, next = {0};
    const struct ugrpc_call_options options = {.wait_for_ready = UGRPC_WAIT_YES};
    client_say(client_begin(f, HOLD, NULL, &lost), "x");
    client_pump(f, (int *)&f->echo.held_calls);
    ugrpc_server_free(f->server);
    f->server = NULL;
    client_pump(f, &lost.dones);
    assert_int_equal(lost.code, UGRPC_UNAVAILABLE);
    client_serve(f, f->target, NULL, NULL);
    client_say(client_begin(f, UNARY, &options, &next), "again");
    client_pump(f, &next.dones);
    assert_int_equal(next.code, UGRPC_OK);
}

static void freeing_a_channel_drops_its_calls(void **state)
{
    struct client_fixture *f = *state;
    struct heard heard = {0}, waiting = {0};
    client_say(client_begin(f, HOLD, NULL, &heard), "x");
    client_pump(f, (int *)&f->echo.held_calls);
    client_say(client_begin(f, HOLD, NULL, &waiting), "x");
    ugrpc_channel_free(f->channel);
    f->channel = NULL;
    client_pump(f, (int *)&f->echo.cancels);
    assert_int_equal(heard.dones + waiting.dones, 0);
}

/* Before anything is sent: a server would answer a line break in a header with a reset of the stream. */
static void what_no_header_can_carry_is_refused(void **state)
{
    struct client_fixture *f = *state;
    const struct ugrpc_channel_options agent = {.insecure = true, .user_agent = "me\r\nkey: secret"},
                                       authority = {.insecure = true, .authority = "gw local"};
    const struct ugrpc_call_options packed = {.compression = (enum ugrpc_compression)7};
    struct ugrpc_status st = {0};
    struct heard heard = {0};
    assert_null(ugrpc_channel_new(f->loop, f->target, &agent, &st));
    assert_int_equal(st.code, UGRPC_INVALID_ARGUMENT);
    assert_contains(st.message, "user_agent");
    assert_null(ugrpc_channel_new(f->loop, f->target, &authority, &st));
    assert_int_equal(st.code, UGRPC_INVALID_ARGUMENT);
    assert_contains(st.message, "authority");
    client_call(f, &packed, "x", &heard);
    assert_int_equal(heard.code, UGRPC_INVALID_ARGUMENT);
    assert_contains(heard.text, "compression 7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(a_unary_call_gets_its_reply),
        CLIENT_TEST(a_client_stream_is_counted),
        CLIENT_TEST(a_chat_goes_to_and_fro),
        CLIENT_TEST(a_cancelled_call_is_silent_and_its_server_hears_of_it),
        CLIENT_TEST(a_deadline_ends_the_call),
        CLIENT_TEST(the_servers_status_comes_back),
        CLIENT_TEST(a_call_waits_for_a_server_that_comes_later),
        CLIENT_TEST(a_lost_connection_ends_calls_and_the_next_connects_again),
        CLIENT_TEST(freeing_a_channel_drops_its_calls),
        CLIENT_TEST(what_no_header_can_carry_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
