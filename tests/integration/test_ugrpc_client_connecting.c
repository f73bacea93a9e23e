/* SPDX-License-Identifier: MIT */
/* A channel's way to its server: several addresses, servers that come and go, how many calls one takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "support/client_fixture.h"
#include "support/raw_server.h"
#include "ugrpc/channel_internal.h"

static const struct ugrpc_call_options wait_for_ready = {.wait_for_ready = UGRPC_WAIT_YES};

static void the_addresses_of_a_target_are_tried_in_order(void **state)
{
    struct client_fixture *f = *state;
    struct raw_server *last = raw_server_new(f->loop, NULL, NULL);
    struct heard heard = {0};
    char target[256];
    snprintf(
        target, sizeof(target), "ipv4:127.0.0.1:1,127.0.0.1:2,%s,%s", f->target, raw_server_address(last));
    client_open(f, target, NULL);
    client_call(f, NULL, "x", &heard);
    assert_int_equal(heard.code, UGRPC_OK);
    assert_int_equal(raw_server_connections(last), 0);
    raw_server_free(last);
}

static void a_host_is_looked_up(void **state)
{
    struct client_fixture *f = *state;
    struct heard heard = {0};
    char target[256];
    snprintf(target, sizeof(target), "dns:///localhost:%s", strrchr(f->target, ':') + 1);
    client_open(f, target, NULL);
    client_call(f, NULL, "x", &heard);
    assert_int_equal(heard.code, UGRPC_OK);
}

static void a_host_without_an_address_is_named(void **state)
{
    struct client_fixture *f = *state;
    struct heard heard = {0};
    char target[128] = "";
    memset(target, 'a', 70); /* longer than a name's part may be, so nobody has to be asked */
    strcat(target, ".invalid:1");
    client_open(f, target, NULL);
    client_call(f, NULL, "x", &heard);
    assert_int_equal(heard.code, UGRPC_UNAVAILABLE);
    assert_contains(heard.text, "cannot reach aaa");
    assert_contains(heard.text, "host aaa");
}

static void a_unix_socket_is_a_target(void **state)
{
    struct client_fixture *f = *state;
    struct heard heard = {0};
    char path[] = "/tmp/ugrpc-client-XXXXXX", address[64];
    assert_non_null(mkdtemp(path));
    snprintf(address, sizeof(address), "unix:%s/socket", path);
    client_open(f, address, NULL);
    client_call(f, NULL, "x", &heard);
    assert_int_equal(heard.code, UGRPC_UNAVAILABLE);
    assert_contains(heard.text, "no such file");
    client_serve(f, address, NULL, NULL);
    client_call(f, &wait_for_ready, "x", &heard);
    assert_int_equal(heard.code, UGRPC_OK);
    ugrpc_server_free(f->server); /* removes the socket */
    f->server = NULL;
    assert_int_equal(remove(path), 0);
}

struct seen {
    enum ugrpc_connectivity states[16];
    int n;
};

static void on_change(struct ugrpc_channel *channel, enum ugrpc_connectivity state, void *userdata)
{
    struct seen *seen = userdata;
    assert_int_equal(ugrpc_channel_connectivity(channel, false), state);
    seen->states[seen->n++ % 16] = state;
}

static bool is_idle(void *channel)
{
    return ugrpc_channel_connectivity(channel, false) == UGRPC_IDLE;
}

static void the_connectivity_is_told(void **state)
{
    struct client_fixture *f = *state;
    struct heard heard = {0};
    struct seen seen = {0};
    ugrpc_server_free(f->server);
    f->server = NULL;
    ugrpc_channel_watch(f->channel, on_change, &seen);
    assert_int_equal(ugrpc_channel_connectivity(f->channel, false), UGRPC_IDLE);
    client_call(f, NULL, "x", &heard);
    assert_int_equal(heard.code, UGRPC_UNAVAILABLE);
    client_pump_until(f, is_idle, f->channel); /* after the back-off, as no call waits */
    client_settle(f);
    client_serve(f, f->target, NULL, NULL);
    client_call(f, NULL, "x", &heard);
    client_settle(f);
    static const enum ugrpc_connectivity told[] = {
        UGRPC_CONNECTING, UGRPC_TRANSIENT_FAILURE, UGRPC_IDLE, UGRPC_CONNECTING, UGRPC_READY};
    assert_int_equal(seen.n, 5);
    assert_memory_equal(seen.states, told, sizeof(told));
}

static bool is_ready(void *channel)
{
    return ugrpc_channel_connectivity(channel, false) == UGRPC_READY;
}

static bool is_held(void *userdata)
{
    struct client_fixture *f = userdata;
    client_settle(f);
    return f->echo.held_calls > 0;
}

/* More calls than a server takes at once wait here, and can still be ended. */
static void calls_beyond_the_servers_limit_wait_their_turn(void **state)
{
    enum { CALLS = 50 };
    struct client_fixture *f = *state;
    const struct ugrpc_server_options options = {.max_streams = 2};
    struct heard heard[CALLS] = {0}, first = {0};
    struct ugrpc_pending *pending[CALLS];
    client_serve(f, NULL, &options, NULL);
    client_open(f, f->target, NULL);
    client_call(f, NULL, "the limit is known", &first);
    for (int i = 0; i < CALLS; i++) {
        pending[i] = client_begin(f, HOLD, NULL, &heard[i]);
        client_say(pending[i], "x");
    }
    client_pump_until(f, is_held, f);
    assert_int_equal(f->echo.held_calls, 2);
    ugrpc_pending_cancel(pending[CALLS - 1]); /* waits */
    ugrpc_pending_cancel(pending[0]);         /* runs */
    client_settle(f);
    assert_int_equal(f->echo.held_calls, 3);
    for (int i = 1; i < CALLS - 1; i++) {
        ugrpc_pending_cancel(pending[i]);
        client_settle(f);
    }
    assert_int_equal(f->echo.held_calls, CALLS - 1);
    assert_int_equal(f->echo.cancels, CALLS - 1);
}

static void a_deadline_also_ends_calls_that_wait_for_others(void **state)
{
    struct client_fixture *f = *state;
    const struct ugrpc_server_options options = {.max_streams = 1};
    const struct ugrpc_call_options soon = {.timeout_ms = 20};
    struct heard running = {0}, waiting = {0};
    client_serve(f, NULL, &options, NULL);
    client_open(f, f->target, NULL);
    client_say(client_begin(f, HOLD, NULL, &running), "x");
    client_pump(f, (int *)&f->echo.held_calls);
    client_call(f, &soon, "x", &waiting);
    assert_int_equal(waiting.code, UGRPC_DEADLINE_EXCEEDED);
    assert_contains(waiting.text, "as many calls as it takes at once");
    assert_int_equal(running.dones, 0);
}

static void on_stopped(void *userdata)
{
    *(int *)userdata = 1;
}

/* The server's successor listens already, while the calls that it has are let end. */
static void a_server_that_goes_gets_no_new_calls(void **state)
{
    struct client_fixture *f = *state;
    const struct ugrpc_server_options options = {.max_streams = 1};
    struct heard held = {0}, queued = {0}, later = {0};
    int stopped = 0;
    client_serve(f, NULL, &options, NULL);
    client_open(f, f->target, NULL);
    client_say(client_begin(f, HOLD, NULL, &held), "x");
    client_pump(f, (int *)&f->echo.held_calls);
    client_say(client_begin(f, UNARY, &wait_for_ready, &queued), "queued");
    struct ugrpc_server *old = f->server;
    ugrpc_server_shutdown(old, 60000, on_stopped, &stopped);
    f->server = NULL;
    client_serve(f, f->target, NULL, NULL);
    client_pump(f, &queued.dones);
    assert_int_equal(queued.code, UGRPC_OK);
    client_call(f, &wait_for_ready, "later", &later);
    assert_int_equal(later.code, UGRPC_OK);
    assert_int_equal(held.dones, 0);
    echo_let_go(&f->echo);
    client_pump(f, &held.dones);
    assert_int_equal(held.code, UGRPC_ABORTED);
    client_pump(f, &stopped);
    ugrpc_server_free(old);
}

/* ---- servers that are scripted -------------------------------------------------------------------- */

struct script {
    struct client_fixture *f;
    struct raw_server *server;
    int requests;
    uint32_t max_streams; /* 0: no limit told */
    void (*answer)(struct script *script, int32_t id);
};

static void greet(struct raw_server *server, void *userdata)
{
    raw_send_settings(server);
}

static void on_frame(struct raw_server *server, const struct raw_frame *frame, void *userdata)
{
    struct script *script = userdata;
    if (frame->type == NGHTTP2_HEADERS) {
        script->requests++;
        if (script->answer) {
            script->answer(script, frame->id);
        }
    }
}

static const struct raw_events scripted = {.accepted = greet, .frame = on_frame};

static struct script *script_new(struct client_fixture *f, void (*answer)(struct script *script, int32_t id))
{
    struct script *script = calloc(1, sizeof(*script));
    script->f = f;
    script->answer = answer;
    script->server = raw_server_new(f->loop, &scripted, script);
    client_open(f, raw_server_address(script->server), NULL);
    return script;
}

static void script_free(struct script *script)
{
    raw_server_free(script->server);
    free(script);
}

static void refuse_first(struct script *script, int32_t id)
{
    if (script->requests == 1) {
        raw_send_reset(script->server, id, NGHTTP2_REFUSED_STREAM);
    } else {
        raw_send_reply(script->server, id, "second");
    }
}

static void a_refused_call_is_tried_again(void **state)
{
    struct script *script = script_new(*state, refuse_first);
    struct heard heard = {0};
    client_call(*state, NULL, "x", &heard);
    assert_int_equal(heard.code, UGRPC_OK);
    assert_string_equal(heard.last, "second");
    assert_int_equal(script->requests, 2);
    script_free(script);
}

static void refuse(struct script *script, int32_t id)
{
    raw_send_reset(script->server, id, NGHTTP2_REFUSED_STREAM);
}

static void a_call_that_is_refused_twice_is_unavailable(void **state)
{
    struct script *script = script_new(*state, refuse);
    struct heard heard = {0};
    client_call(*state, NULL, "x", &heard);
    assert_int_equal(heard.code, UGRPC_UNAVAILABLE);
    assert_contains(heard.text, "REFUSED_STREAM");
    assert_int_equal(script->requests, 2);
    script_free(script);
}

static void go_away_before_it(struct script *script, int32_t id)
{
    if (script->requests == 1) {
        raw_send_goaway(script->server, id - 2 > 0 ? id - 2 : 0, NGHTTP2_NO_ERROR, "");
    } else {
        raw_send_reply(script->server, id, "elsewhere");
    }
}

static void a_call_that_a_goaway_leaves_out_goes_to_the_next_connection(void **state)
{
    struct script *script = script_new(*state, go_away_before_it);
    struct heard heard = {0};
    client_call(*state, NULL, "x", &heard);
    assert_int_equal(heard.code, UGRPC_OK);
    assert_string_equal(heard.last, "elsewhere");
    assert_int_equal(raw_server_connections(script->server), 2);
    script_free(script);
}

static void go_away_at_once(struct raw_server *server, void *userdata)
{
    raw_send_settings(server);
    raw_send_goaway(server, 0, NGHTTP2_NO_ERROR, "");
}

static void a_server_that_sends_everybody_away_is_left_alone_for_a_while(void **state)
{
    static const struct raw_events unkind = {.accepted = go_away_at_once, .frame = on_frame};
    struct client_fixture *f = *state;
    struct script script = {.f = f};
    struct heard heard = {0};
    script.server = raw_server_new(f->loop, &unkind, &script);
    client_open(f, raw_server_address(script.server), NULL);
    client_call(f, NULL, "x", &heard);
    assert_int_equal(heard.code, UGRPC_UNAVAILABLE);
    assert_contains(heard.text, "sends away");
    assert_int_equal(raw_server_connections(script.server), 2);
    raw_server_free(script.server);
}

static void go_away_angry(struct script *script, int32_t id)
{
    raw_send_goaway(script->server, id, NGHTTP2_ENHANCE_YOUR_CALM, "too_many_pings");
    raw_close(script->server);
}

static void why_a_server_ended_the_connection_is_told(void **state)
{
    struct script *script = script_new(*state, go_away_angry);
    struct heard heard = {0};
    client_call(*state, NULL, "x", &heard);
    assert_int_equal(heard.code, UGRPC_UNAVAILABLE);
    assert_contains(heard.text, raw_server_address(script->server));
    assert_contains(heard.text, "ENHANCE_YOUR_CALM");
    assert_contains(heard.text, "too_many_pings");
    script_free(script);
}

struct complaint {
    uint32_t error;
    const char *text;
    int64_t keepalive_ms; /* after it */
};

static void only_too_many_pings_double_the_keepalive_interval(void **state)
{
    static const struct complaint complaints[] = {
        {NGHTTP2_ENHANCE_YOUR_CALM, "too_many_pings", 30000},
        {NGHTTP2_ENHANCE_YOUR_CALM, "too_many_calls", 30000},
        {NGHTTP2_ENHANCE_YOUR_CALM, "too_many_pings, really", 30000},
        {NGHTTP2_NO_ERROR, "too_many_pings", 30000},
        {NGHTTP2_ENHANCE_YOUR_CALM, "too_many_pings", 60000}, /* and so on */
    };
    const struct ugrpc_channel_options options = {.insecure = true, .keepalive_time_ms = 15000};
    struct client_fixture *f = *state;
    struct script *script = script_new(f, NULL);
    client_open(f, raw_server_address(script->server), &options);
    for (size_t i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++) {
        ugrpc_channel_connectivity(f->channel, true);
        client_pump_until(f, is_ready, f->channel);
        f->channel->ready_since_ns = 0; /* long ago: it went in good order */
        raw_send_goaway(script->server, 0, complaints[i].error, complaints[i].text);
        client_pump_until(f, is_idle, f->channel);
        assert_int_equal(f->channel->limits.keepalive_time_ms, complaints[i].keepalive_ms);
    }
    script_free(script);
}

static void pings_that_were_not_asked_for_stay_so(void **state)
{
    struct client_fixture *f = *state;
    struct script *script = script_new(f, NULL);
    int64_t never_ms = f->channel->limits.keepalive_time_ms;
    ugrpc_channel_connectivity(f->channel, true);
    client_pump_until(f, is_ready, f->channel);
    raw_send_goaway(script->server, 0, NGHTTP2_ENHANCE_YOUR_CALM, "too_many_pings");
    client_pump_until(f, is_idle, f->channel);
    assert_int_equal(f->channel->limits.keepalive_time_ms, never_ms);
    script_free(script);
}

static void answer(struct script *script, int32_t id)
{
    raw_send_reply(script->server, id, "ok");
}

/* However long it took to reach the first time. */
static void a_server_that_went_in_good_order_is_soon_tried_again(void **state)
{
    struct client_fixture *f = *state;
    struct script *script = script_new(f, answer);
    struct heard heard = {0};
    char address[64];
    snprintf(address, sizeof(address), "%s", raw_server_address(script->server));
    client_call(f, NULL, "x", &heard);
    assert_int_equal(heard.code, UGRPC_OK);
    f->channel->ready_since_ns = 0;
    f->channel->backoff.next_ns = 3600 * NS_PER_S;
    raw_send_goaway(script->server, 1, NGHTTP2_NO_ERROR, "");
    client_pump_until(f, is_idle, f->channel);
    script_free(script);
    client_call(f, NULL, "x", &heard);
    assert_int_equal(heard.code, UGRPC_UNAVAILABLE);
    client_serve(f, address, NULL, NULL);
    client_call(f, &wait_for_ready, "x", &heard);
    assert_int_equal(heard.code, UGRPC_OK);
}

static void raise_limit(struct raw_server *server, uint32_t limit)
{
    const uint8_t payload[6] = {0, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, (uint8_t)(limit >> 24),
        (uint8_t)(limit >> 16), (uint8_t)(limit >> 8), (uint8_t)limit};
    raw_send_frame(server, NGHTTP2_SETTINGS, 0, 0, payload, sizeof(payload));
}

static void greet_with_0(struct raw_server *server, void *userdata)
{
    raise_limit(server, 0);
}

static void a_server_may_take_no_calls_until_later(void **state)
{
    static const struct raw_events closed = {.accepted = greet_with_0, .frame = on_frame};
    struct client_fixture *f = *state;
    struct script script = {.f = f, .answer = answer};
    struct heard heard = {0};
    script.server = raw_server_new(f->loop, &closed, &script);
    client_open(f, raw_server_address(script.server), NULL);
    client_say(client_begin(f, UNARY, NULL, &heard), "x");
    client_pump_until(f, is_ready, f->channel);
    client_settle(f);
    assert_int_equal(script.requests, 0);
    raise_limit(script.server, 1);
    client_pump(f, &heard.dones);
    assert_int_equal(heard.code, UGRPC_OK);
    raw_server_free(script.server);
}

static void metadata_beyond_all_measure_are_refused_at_once(void **state)
{
    struct client_fixture *f = *state;
    struct heard heard = {0};
    size_t len = 2 << 20;
    char *value = malloc(len);
    memset(value, 'x', len);
    const struct ugrpc_pair pair = {"x-large", value, len};
    const struct ugrpc_call_options options = {.metadata = &pair, .n_metadata = 1};
    client_call(f, &options, "x", &heard);
    assert_int_equal(heard.code, UGRPC_RESOURCE_EXHAUSTED);
    client_call(f, NULL, "x", &heard);
    assert_int_equal(heard.code, UGRPC_OK);
    free(value);
}

static int add_nothing(
    struct ugrpc_creds_sink *sink, const char *method, void *userdata, struct ugrpc_status *st)
{
    return -1;
}

static void credentials_that_fail_without_a_word_end_the_call(void **state)
{
    struct client_fixture *f = *state;
    struct heard heard = {0};
    char path[] = "/tmp/ugrpc-client-XXXXXX", address[64];
    struct ugrpc_call_creds *creds = ugrpc_call_creds_plugin(add_nothing, NULL, NULL);
    const struct ugrpc_call_options options = {.creds = creds};
    client_call(f, &options, "x", &heard);
    assert_int_equal(heard.code, UGRPC_UNAUTHENTICATED); /* the channel is insecure */
    assert_contains(heard.text, "insecure");
    assert_non_null(mkdtemp(path));
    snprintf(address, sizeof(address), "unix:%s/socket", path);
    client_serve(f, address, NULL, NULL);
    client_open(f, address, NULL);
    client_call(f, &options, "x", &heard);
    assert_int_equal(heard.code, UGRPC_UNAUTHENTICATED);
    assert_int_equal(f->echo.messages, 0);
    ugrpc_call_creds_free(creds);
    ugrpc_server_free(f->server);
    f->server = NULL;
    assert_int_equal(remove(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(the_addresses_of_a_target_are_tried_in_order),
        CLIENT_TEST(a_host_is_looked_up),
        CLIENT_TEST(a_host_without_an_address_is_named),
        CLIENT_TEST_LOOP(a_unix_socket_is_a_target),
        CLIENT_TEST(the_connectivity_is_told),
        CLIENT_TEST_LOOP(calls_beyond_the_servers_limit_wait_their_turn),
        CLIENT_TEST_LOOP(a_deadline_also_ends_calls_that_wait_for_others),
        CLIENT_TEST_LOOP(a_server_that_goes_gets_no_new_calls),
        CLIENT_TEST_LOOP(a_refused_call_is_tried_again),
        CLIENT_TEST_LOOP(a_call_that_is_refused_twice_is_unavailable),
        CLIENT_TEST_LOOP(a_call_that_a_goaway_leaves_out_goes_to_the_next_connection),
        CLIENT_TEST_LOOP(a_server_that_sends_everybody_away_is_left_alone_for_a_while),
        CLIENT_TEST_LOOP(why_a_server_ended_the_connection_is_told),
        CLIENT_TEST_LOOP(only_too_many_pings_double_the_keepalive_interval),
        CLIENT_TEST_LOOP(pings_that_were_not_asked_for_stay_so),
        CLIENT_TEST_LOOP(a_server_that_went_in_good_order_is_soon_tried_again),
        CLIENT_TEST_LOOP(a_server_may_take_no_calls_until_later),
        CLIENT_TEST(metadata_beyond_all_measure_are_refused_at_once),
        CLIENT_TEST(credentials_that_fail_without_a_word_end_the_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
