/* SPDX-License-Identifier: MIT */
/* What bad networks and bad servers get: a status that names the target and the cause, and nothing leaked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <nghttp2/nghttp2.h>
#include <string.h>

#include "support/client_fixture.h"
#include "support/proxy.h"
#include "support/raw_server.h"
#include "ugrpc/channel_internal.h"

#define GRPC "content-type", "application/grpc"

/* ---- servers that say something wrong --------------------------------------------------------------- */

struct wrong {
    const char *name;
    void (*answer)(struct raw_server *server, int32_t id);
    enum ugrpc_code code;
    const char *text;
};

static void not_found(struct raw_server *s, int32_t id)
{
    raw_send_headers(s, id, true, "404", "content-type", "text/html", NULL);
}

static void bad_gateway(struct raw_server *s, int32_t id)
{
    raw_send_headers(s, id, false, "502", "content-type", "text/html", NULL);
    raw_send_frame(s, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, id, "<html>", 6);
}

static void not_grpc(struct raw_server *s, int32_t id)
{
    raw_send_headers(s, id, false, "200", "content-type", "application/json", NULL);
}

static void no_type(struct raw_server *s, int32_t id)
{
    raw_send_headers(s, id, false, "200", NULL);
}

static void no_status(struct raw_server *s, int32_t id)
{
    raw_send_headers(s, id, false, "200", GRPC, NULL);
    raw_send_frame(s, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, id, "\0\0\0\0\1x", 6);
}

static void trailers_without_status(struct raw_server *s, int32_t id)
{
    raw_send_headers(s, id, false, "200", GRPC, NULL);
    raw_send_headers(s, id, true, NULL, "x", "y", NULL);
}

static void strange_status(struct raw_server *s, int32_t id)
{
    raw_send_headers(s, id, true, "200", GRPC, "grpc-status", "4711", "grpc-message", "so%20so", NULL);
}

static void no_number(struct raw_server *s, int32_t id)
{
    raw_send_headers(s, id, true, "200", GRPC, "grpc-status", "five", NULL);
}

static void trailers_alone(struct raw_server *s, int32_t id)
{
    raw_send_headers(s, id, true, "200", GRPC, "grpc-status", "9", "grpc-message", "not 50%25 now", NULL);
}

static void status_of_http_too(struct raw_server *s, int32_t id)
{
    raw_send_headers(s, id, true, "503", GRPC, "grpc-status", "8", "grpc-message", "full", NULL);
}

static void hint_then_status(struct raw_server *s, int32_t id)
{
    raw_send_headers(s, id, false, "103", "link", "x", NULL);
    raw_send_headers(s, id, true, "200", GRPC, "grpc-status", "5", "grpc-message", "after a hint", NULL);
}

static void ok_without_message(struct raw_server *s, int32_t id)
{
    raw_send_headers(s, id, true, "200", GRPC, "grpc-status", "0", NULL);
}

static void two_messages(struct raw_server *s, int32_t id)
{
    raw_send_headers(s, id, false, "200", GRPC, NULL);
    raw_send_frame(s, NGHTTP2_DATA, 0, id, "\0\0\0\0\1x\0\0\0\0\1y", 12);
}

static void half_a_message(struct raw_server *s, int32_t id)
{
    raw_send_headers(s, id, false, "200", GRPC, NULL);
    raw_send_frame(s, NGHTTP2_DATA, 0, id, "\0\0\0\0\7x", 6);
    raw_send_headers(s, id, true, NULL, "grpc-status", "0", NULL);
}

static void message_too_large(struct raw_server *s, int32_t id)
{
    raw_send_headers(s, id, false, "200", GRPC, NULL);
    raw_send_frame(s, NGHTTP2_DATA, 0, id, "\0\377\377\377\377x", 6);
}

static void strange_flag(struct raw_server *s, int32_t id)
{
    raw_send_headers(s, id, false, "200", GRPC, NULL);
    raw_send_frame(s, NGHTTP2_DATA, 0, id, "\7\0\0\0\1x", 6);
}

static void compressed_with_nothing(struct raw_server *s, int32_t id)
{
    raw_send_headers(s, id, false, "200", GRPC, NULL);
    raw_send_frame(s, NGHTTP2_DATA, 0, id, "\1\0\0\0\1x", 6);
}

static void compressed_with_something_else(struct raw_server *s, int32_t id)
{
    raw_send_headers(s, id, false, "200", GRPC, "grpc-encoding", "snappy", NULL);
}

static void compressed_badly(struct raw_server *s, int32_t id)
{
    raw_send_headers(s, id, false, "200", GRPC, "grpc-encoding", "gzip", NULL);
    raw_send_frame(s, NGHTTP2_DATA, 0, id, "\1\0\0\0\1x", 6);
}

static void bad_base64(struct raw_server *s, int32_t id)
{
    raw_send_headers(s, id, true, "200", GRPC, "grpc-status", "0", "x-bin", "!!", NULL);
}

static void much_metadata(struct raw_server *s, int32_t id)
{
    char value[121];
    memset(value, 'x', 120);
    value[120] = '\0';
    raw_send_headers(s, id, false, "200", GRPC, "a", value, "b", value, "c", value, NULL);
    raw_send_headers(
        s, id, true, NULL, "a", value, "b", value, "c", value, "d", value, "grpc-status", "0", NULL);
}

static void data_first(struct raw_server *s, int32_t id)
{
    raw_send_frame(s, NGHTTP2_DATA, 0, id, "\0\0\0\0\1x", 6);
}

static void upper_case(struct raw_server *s, int32_t id)
{
    raw_send_headers(s, id, true, "200", GRPC, "X-Loud", "1", "grpc-status", "0", NULL);
}

static void unreadable_headers(struct raw_server *s, int32_t id)
{
    raw_send_frame(s, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, id, "\377\377\377\377\377\377", 6);
}

static void push(struct raw_server *s, int32_t id)
{
    raw_send_frame(s, NGHTTP2_PUSH_PROMISE, NGHTTP2_FLAG_END_HEADERS, id, "\0\0\0\2\210", 5);
}

static void stream_of_its_own(struct raw_server *s, int32_t id)
{
    raw_send_headers(s, 2, true, "200", GRPC, "grpc-status", "0", NULL);
}

static void too_much_room(struct raw_server *s, int32_t id)
{
    raw_send_frame(s, NGHTTP2_WINDOW_UPDATE, 0, 0, "\177\377\377\377", 4);
}

static void too_long_a_frame(struct raw_server *s, int32_t id)
{
    raw_send(s, "\377\377\377\0\0\0\0\0\1", 9);
}

static void hang_up(struct raw_server *s, int32_t id)
{
    raw_close(s);
}

static void hang_up_in_the_reply(struct raw_server *s, int32_t id)
{
    raw_send_headers(s, id, false, "200", GRPC, NULL);
    raw_send_frame(s, NGHTTP2_DATA, 0, id, "\0\0\0\0\7x", 6);
    raw_close(s);
}

static const struct wrong wrongs[] = {
    {"404", not_found, UGRPC_UNIMPLEMENTED, "HTTP status 404, content-type text/html"},
    {"502", bad_gateway, UGRPC_UNAVAILABLE, "HTTP status 502"},
    {"JSON", not_grpc, UGRPC_UNKNOWN, "content-type application/json"},
    {"no type", no_type, UGRPC_UNKNOWN, "content-type missing"},
    {"no status", no_status, UGRPC_INTERNAL, "without a status"},
    {"trailers without status", trailers_without_status, UGRPC_INTERNAL, "without a status"},
    {"strange status", strange_status, UGRPC_UNKNOWN, "so so"},
    {"no number", no_number, UGRPC_UNKNOWN, ""},
    {"trailers alone", trailers_alone, UGRPC_FAILED_PRECONDITION, "not 50% now"},
    {"503 with a status", status_of_http_too, UGRPC_RESOURCE_EXHAUSTED, "full"},
    {"103 first", hint_then_status, UGRPC_NOT_FOUND, "after a hint"},
    {"OK alone", ok_without_message, UGRPC_INTERNAL, "no reply message"},
    {"two messages", two_messages, UGRPC_INTERNAL, "a second"},
    {"half a message", half_a_message, UGRPC_INTERNAL, "in the middle of a message"},
    {"large message", message_too_large, UGRPC_RESOURCE_EXHAUSTED, "4294967295"},
    {"strange flag", strange_flag, UGRPC_INTERNAL, "flag"},
    {"no compression", compressed_with_nothing, UGRPC_INTERNAL, "names no compression"},
    {"other compression", compressed_with_something_else, UGRPC_INTERNAL, "grpc-encoding"},
    {"bad compression", compressed_badly, UGRPC_INTERNAL, "gzip"},
    {"bad base64", bad_base64, UGRPC_INTERNAL, "base64"},
    {"much metadata", much_metadata, UGRPC_RESOURCE_EXHAUSTED, "the limit is 1000"},
    {"DATA first", data_first, UGRPC_UNAVAILABLE, "PROTOCOL_ERROR"},
    {"upper case", upper_case, UGRPC_INTERNAL, "PROTOCOL_ERROR"},
    {"unreadable headers", unreadable_headers, UGRPC_UNAVAILABLE, "COMPRESSION_ERROR"},
    {"push", push, UGRPC_UNAVAILABLE, "PROTOCOL_ERROR"},
    {"a stream of its own", stream_of_its_own, UGRPC_UNAVAILABLE, "PROTOCOL_ERROR"},
    {"too much room", too_much_room, UGRPC_UNAVAILABLE, "FLOW_CONTROL_ERROR"},
    {"too long a frame", too_long_a_frame, UGRPC_UNAVAILABLE, "FRAME_SIZE_ERROR"},
    {"hang-up", hang_up, UGRPC_UNAVAILABLE, "lost"},
    {"hang-up in the reply", hang_up_in_the_reply, UGRPC_UNAVAILABLE, "lost"},
};

static void greet(struct raw_server *server, void *userdata)
{
    raw_send_settings(server);
}

static void on_frame(struct raw_server *server, const struct raw_frame *frame, void *userdata)
{
    const struct wrong *wrong = userdata;
    if (frame->type == NGHTTP2_HEADERS) {
        wrong->answer(server, frame->id);
    }
}

static const struct raw_events scripted = {.accepted = greet, .frame = on_frame};
static const struct ugrpc_channel_options plain = {
    .insecure = true, .backoff_ms = 20, .max_header_bytes = 1000};

static void a_wrong_answer_ends_the_call_with_its_cause(void **state)
{
    struct client_fixture *f = *state;
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        const struct wrong *wrong = &wrongs[i];
        struct raw_server *server = raw_server_new(f->loop, &scripted, (void *)wrong);
        struct heard heard = {0};
        client_open(f, raw_server_address(server), &plain);
        client_call(f, NULL, "x", &heard);
        if (heard.code != wrong->code || !strstr(heard.text, wrong->text)) {
            fail_msg("%s: %d \"%s\", expected %d \"%s\"", wrong->name, heard.code, heard.text, wrong->code,
                wrong->text);
        }
        if (heard.code == UGRPC_UNAVAILABLE) {
            assert_contains(heard.text, raw_server_address(server));
        }
        raw_server_free(server);
    }
}

static uint32_t reset_error;

static void reset(struct raw_server *server, int32_t id)
{
    raw_send_reset(server, id, reset_error);
}

static void a_reset_stream_has_the_code_that_grpc_says(void **state)
{
    static const enum ugrpc_code codes[] = {UGRPC_INTERNAL, UGRPC_INTERNAL, UGRPC_INTERNAL, UGRPC_INTERNAL,
        UGRPC_INTERNAL, UGRPC_INTERNAL, UGRPC_INTERNAL, UGRPC_UNAVAILABLE, UGRPC_CANCELLED, UGRPC_INTERNAL,
        UGRPC_INTERNAL, UGRPC_RESOURCE_EXHAUSTED, UGRPC_PERMISSION_DENIED};
    static const struct wrong wrong = {.answer = reset};
    struct client_fixture *f = *state;
    struct raw_server *server = raw_server_new(f->loop, &scripted, (void *)&wrong);
    client_open(f, raw_server_address(server), NULL);
    for (reset_error = 0; reset_error < sizeof(codes) / sizeof(codes[0]); reset_error++) {
        struct heard heard = {0};
        client_call(f, NULL, "x", &heard);
        assert_int_equal(heard.code, codes[reset_error]);
        assert_contains(heard.text, nghttp2_http2_strerror(reset_error));
    }
    raw_server_free(server);
}

/* ---- servers that are none -------------------------------------------------------------------------- */

struct greeting {
    const char *bytes;
    size_t len;
    const char *text;
};

#define BYTES(text) text, sizeof(text) - 1
static const struct greeting greetings[] = {
    {BYTES("HTTP/1.1 400 Bad Request\r\n\r\n"), "it answers with HTTP/1.1, not HTTP/2"},
    {BYTES("\x15\x03\x01\x00\x02\x02\x16"), "it answers with TLS, but plain text was asked for"},
    {BYTES("SSH-2.0-OpenSSH_9.2\r\n"), "it does not answer with HTTP/2"},
    {BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "it does not answer with HTTP/2"},
    {BYTES("\0\0\0\6\0\0\0\0\0"), "it does not answer with HTTP/2"},
    {BYTES("\0\0\1\4\0\0\0\0\0x"), "FRAME_SIZE_ERROR"},
};

static void say_greeting(struct raw_server *server, void *userdata)
{
    const struct greeting *greeting = userdata;
    raw_send(server, greeting->bytes, greeting->len);
}

static void what_is_no_grpc_server_is_told(void **state)
{
    static const struct raw_events says = {.accepted = say_greeting};
    struct client_fixture *f = *state;
    for (size_t i = 0; i < sizeof(greetings) / sizeof(greetings[0]); i++) {
        struct raw_server *server = raw_server_new(f->loop, &says, (void *)&greetings[i]);
        struct heard heard = {0};
        client_open(f, raw_server_address(server), NULL);
        client_call(f, NULL, "x", &heard);
        assert_int_equal(heard.code, UGRPC_UNAVAILABLE);
        assert_contains(heard.text, raw_server_address(server));
        assert_contains(heard.text, greetings[i].text);
        raw_server_free(server);
    }
}

static void who_says_nothing_is_given_up(void **state)
{
    static const struct ugrpc_channel_options options = {.insecure = true, .connect_timeout_ms = 50};
    struct client_fixture *f = *state;
    struct raw_server *server = raw_server_new(f->loop, NULL, NULL);
    struct heard heard = {0};
    client_open(f, raw_server_address(server), &options);
    client_call(f, NULL, "x", &heard);
    assert_int_equal(heard.code, UGRPC_UNAVAILABLE);
    assert_contains(heard.text, "no HTTP/2 within 50 ms");
    raw_server_free(server);
}

static void hang_up_at_once(struct raw_server *server, void *userdata)
{
    raw_close(server);
}

static void who_hangs_up_at_once_is_told(void **state)
{
    static const struct raw_events hangs_up = {.accepted = hang_up_at_once};
    struct client_fixture *f = *state;
    struct raw_server *server = raw_server_new(f->loop, &hangs_up, NULL);
    struct heard heard = {0};
    client_open(f, raw_server_address(server), NULL);
    client_call(f, NULL, "x", &heard);
    assert_int_equal(heard.code, UGRPC_UNAVAILABLE);
    assert_contains(heard.text, "cannot reach");
    raw_server_free(server);
}

/* ---- networks --------------------------------------------------------------------------------------- */

static const struct ugrpc_call_options patient = {.wait_for_ready = UGRPC_WAIT_YES};

/* A stream with a message each way, and a unary call. */
static void talk(struct client_fixture *f, struct heard heard[2])
{
    struct ugrpc_pending *pending = client_begin(f, CHAT, &patient, &heard[0]);
    client_say(pending, "hello");
    ugrpc_pending_end(pending);
    client_say(client_begin(f, UNARY, &patient, &heard[1]), "hello");
    client_pump(f, &heard[0].dones);
    client_pump(f, &heard[1].dones);
}

static void a_network_may_break_everything_into_bytes(void **state)
{
    struct client_fixture *f = *state;
    struct proxy *proxy = proxy_new(f->loop, f->target);
    struct heard heard[2] = {0};
    for (size_t bytes = 1; bytes < 10; bytes += 4) {
        proxy_fragment(proxy, bytes);
        client_open(f, proxy_address(proxy), NULL);
        talk(f, heard);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(heard[i].code, UGRPC_OK);
            assert_string_equal(heard[i].last, "hello");
        }
    }
    proxy_free(proxy);
}

static void cut_everywhere(struct client_fixture *f, enum proxy_way way)
{
    struct proxy *proxy = proxy_new(f->loop, f->target);
    static const struct ugrpc_channel_options hasty = {.insecure = true, .backoff_ms = 1};
    struct heard heard[2] = {0};
    client_open(f, proxy_address(proxy), &hasty);
    talk(f, heard);
    size_t all = proxy_carried(proxy, way);
    assert_in_range(all, 100, 1000);
    size_t failed = 0;
    for (size_t bytes = 0; bytes < all; bytes++) {
        proxy_cut_after(proxy, way, bytes);
        client_open(f, proxy_address(proxy), &hasty);
        struct ugrpc_pending *pending = client_begin(f, CHAT, NULL, &heard[0]);
        client_say(pending, "hello");
        ugrpc_pending_end(pending);
        client_say(client_begin(f, UNARY, NULL, &heard[1]), "hello");
        client_pump(f, &heard[0].dones);
        client_pump(f, &heard[1].dones);
        for (int i = 0; i < 2; i++) {
            if (heard[i].code != UGRPC_OK) {
                assert_int_equal(heard[i].code, UGRPC_UNAVAILABLE);
                assert_contains(heard[i].text, proxy_address(proxy));
                failed++;
            }
        }
        proxy_cut_after(proxy, way, SIZE_MAX);
        talk(f, heard);
        assert_int_equal(heard[0].code, UGRPC_OK);
        assert_int_equal(heard[1].code, UGRPC_OK);
    }
    assert_true(failed >= all); /* it was cut indeed: at least one of the two each time */
    proxy_free(proxy);
}

static void a_connection_may_be_cut_after_each_byte_that_is_sent(void **state)
{
    cut_everywhere(*state, PROXY_THERE);
}

static void a_connection_may_be_cut_after_each_byte_that_comes(void **state)
{
    cut_everywhere(*state, PROXY_BACK);
}

static void a_network_that_stops_does_not_stop_deadlines(void **state)
{
    struct client_fixture *f = *state;
    struct proxy *proxy = proxy_new(f->loop, f->target);
    const struct ugrpc_call_options soon = {.timeout_ms = 30};
    struct heard heard = {0};
    client_open(f, proxy_address(proxy), NULL);
    client_call(f, NULL, "x", &heard);
    proxy_stop(proxy, true);
    client_call(f, &soon, "x", &heard);
    assert_int_equal(heard.code, UGRPC_DEADLINE_EXCEEDED);
    proxy_stop(proxy, false);
    client_call(f, NULL, "y", &heard);
    assert_string_equal(heard.last, "y");
    proxy_free(proxy);
}

/* 10 s are the least that one may ask for. */
static void set_keepalive(struct client_fixture *f, const char *target, int64_t time_ms, int64_t timeout_ms)
{
    client_open(f, target, NULL);
    f->channel->limits.keepalive_time_ms = time_ms;
    f->channel->limits.keepalive_timeout_ms = timeout_ms;
}

static void pings_find_a_network_that_stopped(void **state)
{
    struct client_fixture *f = *state;
    struct proxy *proxy = proxy_new(f->loop, f->target);
    struct heard heard = {0};
    set_keepalive(f, proxy_address(proxy), 20, 20);
    client_say(client_begin(f, HOLD, NULL, &heard), "x");
    client_pump(f, (int *)&f->echo.held_calls);
    proxy_stop(proxy, true);
    client_pump(f, &heard.dones);
    assert_int_equal(heard.code, UGRPC_UNAVAILABLE);
    assert_contains(heard.text, "has not answered a ping");
    proxy_free(proxy);
}

static bool many_pings(void *userdata)
{
    struct client_fixture *f = userdata;
    struct ugrpc_server_stats stats;
    ugrpc_server_read_stats(f->server, &stats);
    return stats.bytes_in > 2000; /* a ping has 17, the rest less than 500 */
}

static void pings_that_are_answered_at_once_keep_the_connection(void **state)
{
    struct client_fixture *f = *state;
    struct heard heard = {0};
    set_keepalive(f, f->target, 1, 20000);
    client_say(client_begin(f, HOLD, NULL, &heard), "x");
    client_pump_until(f, many_pings, f);
    assert_int_equal(heard.dones, 0);
    assert_int_equal(f->echo.cancels, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST_LOOP(a_wrong_answer_ends_the_call_with_its_cause),
        CLIENT_TEST_LOOP(a_reset_stream_has_the_code_that_grpc_says),
        CLIENT_TEST_LOOP(what_is_no_grpc_server_is_told),
        CLIENT_TEST_LOOP(who_says_nothing_is_given_up),
        CLIENT_TEST_LOOP(who_hangs_up_at_once_is_told),
        CLIENT_TEST(a_network_may_break_everything_into_bytes),
        CLIENT_TEST(a_connection_may_be_cut_after_each_byte_that_is_sent),
        CLIENT_TEST(a_connection_may_be_cut_after_each_byte_that_comes),
        CLIENT_TEST(a_network_that_stops_does_not_stop_deadlines),
        CLIENT_TEST(pings_find_a_network_that_stopped),
        CLIENT_TEST(pings_that_are_answered_at_once_keep_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
