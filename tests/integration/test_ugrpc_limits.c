/* SPDX-License-Identifier: MIT */
/* What one connection may make the server hold, and what it costs to try for more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <ugrpc/ugrpc.h>

#include "support/echo_fixture.h"

static void all_streams_of_a_connection_share_its_limit(void **state)
{
    enum { N = 20, LEN = 300000 };
    struct fixture *f = *state;
    struct ugrpc_call *calls[N];
    unsigned taken = 0;
    fixture_start(f, (struct ugrpc_server_options){.max_connection_bytes = 1 << 20});
    nghttp2_settings_entry no_window = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0};
    nghttp2_submit_settings(f->client->h2, NGHTTP2_FLAG_NONE, &no_window, 1);
    struct ugrpc_message *message = message_of_size(LEN);
    for (size_t i = 0; i < N; i++) {
        begin(f, ECHO_PATH("Watch"));
        calls[i] = f->echo.held;
        taken += ugrpc_call_send_message(calls[i], message) == UGRPC_SENT;
    }
    assert_int_equal(taken, (1 << 20) / LEN);
    assert_int_equal(f->echo.readies, 0);
    h2_open_windows(f->client);
    h2_pump_some(f->client);
    assert_int_equal(f->echo.readies, N - taken); /* each that was refused, once */
    for (size_t i = taken; i < N; i++) {
        assert_int_equal(ugrpc_call_send_message(calls[i], message), UGRPC_SENT);
        h2_pump_some(f->client);
    }
    ugrpc_message_unref(message);
    for (size_t i = 0; i < N; i++) {
        ugrpc_call_end(calls[i]);
    }
}

static void a_message_larger_than_the_limit_goes_when_nothing_else_waits(void **state)
{
    struct fixture *f = *state;
    fixture_start(f, (struct ugrpc_server_options){.max_connection_bytes = 100000});
    h2_open_windows(f->client);
    struct h2_call *first = begin(f, ECHO_PATH("Watch"));
    struct ugrpc_call *call = f->echo.held;
    struct h2_call *second = begin(f, ECHO_PATH("Hold"));
    struct ugrpc_message *message = message_of_size(1 << 20);
    assert_int_equal(ugrpc_call_send_message(call, message), UGRPC_SENT);
    h2_pump_some(f->client);
    assert_int_equal(first->body_len, (1 << 20) + 5);
    ugrpc_call_reply_message(f->echo.held, message);
    h2_pump_until_closed(f->client, second);
    assert_int_equal(second->body_len, (1 << 20) + 5);
    ugrpc_message_unref(message);
    ugrpc_call_end(call);
}

/* A stream that is reset, too, makes room for those that wait. */
static void streams_that_end_make_room_for_those_that_wait(void **state)
{
    struct fixture *f = *state;
    fixture_start(f, (struct ugrpc_server_options){.max_connection_bytes = 100000});
    nghttp2_settings_entry no_window = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0};
    nghttp2_submit_settings(f->client->h2, NGHTTP2_FLAG_NONE, &no_window, 1);
    struct ugrpc_message *message = message_of_size(90000);
    struct h2_call *first = begin(f, ECHO_PATH("Watch"));
    assert_int_equal(ugrpc_call_send_message(f->echo.held, message), UGRPC_SENT);
    begin(f, ECHO_PATH("Watch"));
    struct ugrpc_call *waits = f->echo.held;
    assert_int_equal(ugrpc_call_send_message(waits, message), UGRPC_FULL);
    h2_reset(f->client, first);
    h2_pump_some(f->client);
    assert_int_equal(f->echo.readies, 1);
    assert_int_equal(ugrpc_call_send_message(waits, message), UGRPC_SENT);
    ugrpc_message_unref(message);
}

/* ---- peers that write HTTP/2 by hand ---- */

static size_t put_frame(
    uint8_t *to, uint8_t type, uint8_t flags, uint32_t id, const void *payload, size_t len)
{
    const uint8_t head[] = {(uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, type, flags,
        (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id};
    memcpy(to, head, sizeof(head));
    memcpy(to + sizeof(head), payload, len);
    return sizeof(head) + len;
}

/* Writes all while the server takes turns; false when that has closed the connection first. */
static bool feed(struct fixture *f, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(f->client->fd, data, len, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN) {
            return false;
        }
        data += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
        ugrpc_loop_turn(f->loop);
    }
    return true;
}

/* A stream whose reply is larger than the sockets' buffers, on a connection whose client reads nothing. */
static void clog_way_back(struct fixture *f)
{
    static const char path[] = ECHO_PATH("Watch");
    static const uint8_t settings[] = {0, 4, 0x7f, 0xff, 0xff, 0xff}, window[] = {0x7f, 0xff, 0, 0};
    uint8_t out[256] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    uint8_t block[128] = {0x83, 0x86, 0x04, sizeof(path) - 1}; /* POST, http, :path */
    size_t len = 24, block_len = 4 + sizeof(path) - 1;
    memcpy(block + 4, path, sizeof(path) - 1);
    memcpy(block + block_len,
        "\x01\x01x\x0f\x10\x10"
        "application/grpc",
        22); /* :authority, content-type */
    block_len += 22;
    len += put_frame(out + len, NGHTTP2_SETTINGS, 0, 0, settings, sizeof(settings));
    len += put_frame(out + len, NGHTTP2_WINDOW_UPDATE, 0, 0, window, sizeof(window));
    len += put_frame(out + len, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, block, block_len);
    len += put_frame(out + len, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, "\0\0\0\0", 5);
    assert_true(feed(f, out, len));
    while (!f->echo.held) {
        ugrpc_loop_turn(f->loop);
    }
    struct ugrpc_message *message = message_of_size(8 << 20);
    assert_int_equal(ugrpc_call_send_message(f->echo.held, message), UGRPC_SENT);
    ugrpc_message_unref(message);
}

/* It never acknowledges our SETTINGS, so each stream beyond the limit is one more frame that waits to be
 * sent. */
static void refused_streams_of_a_peer_that_reads_nothing_end_the_connection(void **state)
{
    static const uint8_t block[] = {0x83, 0x86, 0x84, 0x41, 0x01, 'x'}; /* POST http / x */
    struct fixture *f = *state;
    fixture_serve(f, (struct ugrpc_server_options){0}, NULL);
    f->client = fixture_connect(f, false);
    f->client->deaf = true;
    clog_way_back(f);
    bool alive = true;
    for (uint32_t id = 3; id < 20000 && alive; id += 2) {
        uint8_t frame[9 + sizeof(block)];
        size_t len = put_frame(frame, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, id, block, sizeof(block));
        alive = feed(f, frame, len);
    }
    h2_pump(f->client, nobody_is_connected, f);
}

/* What half a minute at 1,000 a second leaves behind, without the wait. */
static void cancels_by_the_thousand_leave_nothing_behind(void **state)
{
    struct fixture *f = *state;
    fixture_start(f, (struct ugrpc_server_options){.max_resets_per_s = 1000000});
    for (int i = 0; i < 30000; i++) {
        struct h2_call *call = h2_call_empty(f->client, i % 2 ? ECHO_PATH("Hold") : ECHO_PATH("Unary"));
        nghttp2_session_send(f->client->h2);
        h2_reset(f->client, call);
        if (i % 500 == 499) {
            h2_pump_some(f->client);
        }
    }
    assert_int_equal(h2_grpc_status(call_empty(f->client, ECHO_PATH("Unary"))), UGRPC_OK);
    assert_false(f->client->goaway);
    assert_int_equal(stats_of(f).open_calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST_OWN(all_streams_of_a_connection_share_its_limit),
        FIXTURE_TEST_OWN(a_message_larger_than_the_limit_goes_when_nothing_else_waits),
        FIXTURE_TEST_OWN(streams_that_end_make_room_for_those_that_wait),
        FIXTURE_TEST_OWN(cancels_by_the_thousand_leave_nothing_behind),
        FIXTURE_TEST_OWN(refused_streams_of_a_peer_that_reads_nothing_end_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
