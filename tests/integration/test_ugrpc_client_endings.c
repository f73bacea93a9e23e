/* SPDX-License-Identifier: MIT */
/* How calls and channels end: from within their own callbacks, before they have begun, with the loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "support/client_fixture.h"

static void cancel(struct ugrpc_pending *pending, void *userdata)
{
    ugrpc_pending_cancel(pending);
}

static void free_channel(struct ugrpc_pending *pending, void *userdata)
{
    struct client_fixture *f = userdata;
    ugrpc_channel_free(f->channel);
    f->channel = NULL;
}

typedef void action(struct ugrpc_pending *pending, void *userdata);

/* A stream that gets one message and then its end. */
static void chat(struct client_fixture *f, struct heard *heard)
{
    struct ugrpc_pending *pending = client_begin(f, CHAT, NULL, heard);
    client_say(pending, "x");
    ugrpc_pending_end(pending);
}

static action *const actions[] = {cancel, free_channel};

static void each_action(void **state, void (*run)(struct client_fixture *f, action *act))
{
    struct client_fixture *f = *state;
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (!f->channel) {
            client_open(f, f->target, NULL);
        }
        run(f, actions[i]);
        client_settle(f);
        assert_int_equal(!f->channel, actions[i] == free_channel);
    }
}

static void end_in_initial(struct client_fixture *f, action *act)
{
    struct heard heard = {.in_initial = act, .userdata = f};
    chat(f, &heard);
    client_pump(f, &heard.initials);
    client_settle(f);
    assert_int_equal(heard.messages + heard.dones, 0);
}

static void a_call_may_be_ended_when_its_initial_metadata_come(void **state)
{
    each_action(state, end_in_initial);
}

static void end_in_message(struct client_fixture *f, action *act)
{
    struct heard heard = {.in_message = act, .userdata = f};
    chat(f, &heard);
    client_pump(f, &heard.messages);
    client_settle(f);
    assert_int_equal(heard.dones, 0);
}

static void a_call_may_be_ended_by_a_message(void **state)
{
    each_action(state, end_in_message);
}

static void end_in_the_only_message(struct client_fixture *f, action *act)
{
    struct heard heard = {.in_message = act, .userdata = f};
    client_say(client_begin(f, UNARY, NULL, &heard), "x");
    client_pump(f, &heard.messages);
    client_settle(f);
    assert_int_equal(heard.dones, 0);
}

static void a_call_may_be_ended_by_its_only_message(void **state)
{
    each_action(state, end_in_the_only_message);
}

static void end_in_done(struct client_fixture *f, action *act)
{
    struct heard heard = {.in_done = act, .userdata = f};
    chat(f, &heard);
    client_pump(f, &heard.dones);
    client_settle(f);
    assert_int_equal(heard.dones, 1);
}

static void a_channel_may_be_freed_when_a_call_is_done(void **state)
{
    each_action(state, end_in_done);
}

static void end_in_ready(struct client_fixture *f, action *act)
{
    static const uint8_t data[60000];
    const struct ugrpc_bytes bytes = {data, sizeof(data)};
    struct heard heard = {.in_ready = act, .userdata = f};
    struct ugrpc_pending *pending = client_begin(f, COUNT, NULL, &heard);
    while (ugrpc_pending_send(pending, &bytes) == UGRPC_SENT) {
    }
    client_pump(f, &heard.readies);
    client_settle(f);
    assert_int_equal(heard.dones, 0);
}

static void a_call_may_be_ended_when_there_is_room_again(void **state)
{
    each_action(state, end_in_ready);
}

static void a_channel_may_be_freed_when_a_connection_is_lost(void **state)
{
    struct client_fixture *f = *state;
    struct heard first = {.in_done = free_channel, .userdata = f}, second = {0};
    first.in_done = second.in_done = free_channel;
    second.userdata = f;
    client_say(client_begin(f, HOLD, NULL, &first), "x");
    client_say(client_begin(f, HOLD, NULL, &second), "x");
    client_settle(f);
    ugrpc_server_free(f->server);
    f->server = NULL;
    client_settle(f);
    assert_int_equal(first.dones + second.dones, 1); /* the other one was dropped with the channel */
}

static void cancel_other(struct ugrpc_pending *pending, void *userdata)
{
    ugrpc_pending_cancel(userdata);
}

static void one_call_may_cancel_another_at_each_point(void **state)
{
    struct client_fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        struct heard heard = {0}, other = {0};
        struct ugrpc_pending *victim = client_begin(f, HOLD, NULL, &other);
        client_say(victim, "x");
        *(i == 0 ? &heard.in_initial : i == 1 ? &heard.in_message : &heard.in_done) = cancel_other;
        heard.userdata = victim;
        chat(f, &heard);
        client_pump(f, &heard.dones);
        client_settle(f);
        assert_int_equal(other.dones, 0);
        assert_int_equal(f->echo.cancels, i + 1);
    }
}

struct again {
    struct client_fixture *f;
    struct heard *next;
};

static void call_again(struct ugrpc_pending *pending, void *userdata)
{
    struct again *again = userdata;
    client_say(client_begin(again->f, UNARY, NULL, again->next), "again");
}

static void a_call_may_be_followed_by_another_from_its_end(void **state)
{
    struct client_fixture *f = *state;
    struct heard next = {0};
    struct again again = {f, &next};
    struct heard heard = {.in_done = call_again, .userdata = &again};
    client_call(f, NULL, "x", &heard);
    client_pump(f, &next.dones);
    assert_int_equal(next.code, UGRPC_OK);
    assert_string_equal(next.last, "again");
}

static void a_call_is_cancelled_before_anything_has_left(void **state)
{
    struct client_fixture *f = *state;
    struct heard heard = {0}, other = {0};
    ugrpc_pending_cancel(client_begin(f, UNARY, NULL, &heard)); /* not yet connected */
    client_call(f, NULL, "x", &other);
    struct ugrpc_pending *pending = client_begin(
        f, UNARY, NULL, &heard); /* on a stream that is not yet sent */
    client_say(pending, "never");
    ugrpc_pending_cancel(pending);
    client_call(f, NULL, "y", &other);
    assert_int_equal(heard.dones, 0);
    assert_int_equal(f->echo.messages, 2);
}

static void on_change(struct ugrpc_channel *channel, enum ugrpc_connectivity state, void *userdata)
{
    struct client_fixture *f = userdata;
    ugrpc_channel_free(channel);
    f->channel = NULL;
}

static bool is_freed(void *userdata)
{
    return !((struct client_fixture *)userdata)->channel;
}

static void a_channel_may_be_freed_when_its_connectivity_changes(void **state)
{
    struct client_fixture *f = *state;
    ugrpc_channel_watch(f->channel, on_change, f);
    ugrpc_channel_connectivity(f->channel, true);
    client_pump_until(f, is_freed, f);
}

static void stop_loop(struct ugrpc_pending *pending, void *userdata)
{
    ugrpc_loop_stop(userdata);
}

/* Between two attempts to connect there is no socket that would keep a loop running. */
static void a_loop_runs_as_long_as_a_call_waits(void **state)
{
    struct client_fixture *f = *state;
    struct heard hasty = {0}, patient = {.in_done = stop_loop, .userdata = f->loop};
    const struct ugrpc_call_options wait = {.wait_for_ready = UGRPC_WAIT_YES, .timeout_ms = 60};
    client_open(f, "127.0.0.1:1", NULL);
    client_say(client_begin(f, UNARY, NULL, &hasty), "x");
    client_say(client_begin(f, UNARY, &wait, &patient), "x");
    ugrpc_server_free(f->server);
    f->server = NULL;
    ugrpc_loop_run(f->loop);
    assert_int_equal(hasty.code, UGRPC_UNAVAILABLE);
    assert_int_equal(patient.code, UGRPC_DEADLINE_EXCEEDED);
    assert_contains(patient.text, "127.0.0.1:1");
    assert_contains(patient.text, "refused");
}

static void a_deadline_in_the_past_ends_the_call_at_once(void **state)
{
    struct client_fixture *f = *state;
    struct heard heard = {0};
    const struct ugrpc_call_options past = {.timeout_ms = -5}, far = {.timeout_ms = INT64_MAX};
    client_call(f, &past, "x", &heard);
    assert_int_equal(heard.code, UGRPC_DEADLINE_EXCEEDED);
    assert_int_equal(f->echo.messages, 0);
    client_call(f, &far, "x", &heard);
    assert_int_equal(heard.code, UGRPC_OK);
}

static void a_loop_may_be_freed_while_a_lookup_is_under_way(void **state)
{
    struct client_fixture *f = *state;
    struct heard heard = {0};
    client_open(f, "localhost:1", NULL);
    client_say(client_begin(f, UNARY, NULL, &heard), "x");
    ugrpc_channel_free(f->channel);
    f->channel = NULL;
    ugrpc_server_free(f->server);
    f->server = NULL;
    ugrpc_loop_free(f->loop);
    f->loop = NULL;
    assert_int_equal(heard.dones, 0);
}

static void nothing_can_be_sent_after_the_end(void **state)
{
    struct client_fixture *f = *state;
    struct heard heard = {0};
    const struct ugrpc_bytes bytes = {(const uint8_t *)"x", 1};
    struct ugrpc_pending *pending = client_begin(f, UNARY, NULL, &heard);
    client_say(pending, "one");
    assert_int_equal(ugrpc_pending_send(pending, &bytes), UGRPC_GONE);
    client_pump(f, &heard.dones);
    assert_int_equal(heard.code, UGRPC_OK);
    assert_string_equal(heard.last, "one");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(a_call_may_be_ended_when_its_initial_metadata_come),
        CLIENT_TEST(a_call_may_be_ended_by_a_message),
        CLIENT_TEST(a_call_may_be_ended_by_its_only_message),
        CLIENT_TEST(a_channel_may_be_freed_when_a_call_is_done),
        CLIENT_TEST(a_call_may_be_ended_when_there_is_room_again),
        CLIENT_TEST(a_channel_may_be_freed_when_a_connection_is_lost),
        CLIENT_TEST(one_call_may_cancel_another_at_each_point),
        CLIENT_TEST(a_call_may_be_followed_by_another_from_its_end),
        CLIENT_TEST(a_call_is_cancelled_before_anything_has_left),
        CLIENT_TEST(a_channel_may_be_freed_when_its_connectivity_changes),
        CLIENT_TEST(a_loop_runs_as_long_as_a_call_waits),
        CLIENT_TEST(a_deadline_in_the_past_ends_the_call_at_once),
        CLIENT_TEST(a_loop_may_be_freed_while_a_lookup_is_under_way),
        CLIENT_TEST(nothing_can_be_sent_after_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
