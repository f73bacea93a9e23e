/* SPDX-License-Identifier: MIT */
/* What travels with a client's calls: metadata, details, compressed and large messages, and how fast. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "google/protobuf/struct.ugrpc.h"
#include "support/client_fixture.h"

/* ---- metadata --------------------------------------------------------------------------------------- */

static const uint8_t binary[] = {0, 1, 0xff, ',', 0};
static const struct ugrpc_pair sent[] = {
    {"x-text", "some text", 0},
    {"x-twice", "first", 0},
    {"x-twice", "second", 0},
    {"x-empty", "", 0},
    {"x-none", NULL, 0},
    {"x-bin", binary, sizeof(binary)},
    {"x-empty-bin", NULL, 0},
    {"x-details-bin", binary, sizeof(binary)},
};
#define N_SENT (sizeof(sent) / sizeof(sent[0]))

typedef bool metadata_at(
    const struct ugrpc_pending *pending, size_t index, const char **key, struct ugrpc_bytes *value);

static void check_metadata(const struct ugrpc_pending *pending, metadata_at *at)
{
    const char *key;
    struct ugrpc_bytes value;
    size_t found = 0;
    for (size_t i = 0; at(pending, i, &key, &value); i++) {
        if (found < N_SENT && strcmp(key, sent[found].key) == 0) {
            const char *text = sent[found].value;
            size_t len = sent[found].value_len || !text ? sent[found].value_len : strlen(text);
            assert_int_equal(value.len, len);
            if (len) {
                assert_memory_equal(value.data, text, len);
            }
            found++;
        }
    }
    assert_int_equal(found, N_SENT);
}

static void check_initial(struct ugrpc_pending *pending, void *userdata)
{
    check_metadata(pending, ugrpc_pending_initial_at);
    assert_string_equal(ugrpc_pending_peer(pending), ((struct client_fixture *)userdata)->target);
}

static void check_all(struct ugrpc_pending *pending, void *userdata)
{
    check_metadata(pending, ugrpc_pending_initial_at);
    check_metadata(pending, ugrpc_pending_trailing_at);
    struct ugrpc_bytes details = ugrpc_pending_details(pending);
    assert_int_equal(details.len, sizeof(binary));
    assert_memory_equal(details.data, binary, sizeof(binary));
}

static void metadata_go_both_ways(void **state)
{
    struct client_fixture *f = *state;
    const struct ugrpc_call_options options = {.metadata = sent, .n_metadata = N_SENT};
    struct heard heard = {.in_initial = check_initial, .in_done = check_all, .userdata = f};
    client_say(client_begin(f, METADATA, &options, &heard), "x");
    client_pump(f, &heard.dones);
    assert_int_equal(heard.initials, 1);
    assert_int_equal(heard.code, UGRPC_OK);
}

static void what_cannot_be_metadata_is_refused(void **state)
{
    static const struct ugrpc_pair bad[] = {{"", "x", 0}, {"X-Upper", "x", 0}, {"grpc-status", "0", 0},
        {"te", "x", 0}, {":path", "/", 0}, {"x-text", "a\nb", 0}, {"x-text", " a", 0},
        {"x-text", "\xc3\xa4", 0}};
    struct client_fixture *f = *state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct ugrpc_call_options options = {.metadata = &bad[i], .n_metadata = 1};
        struct heard heard = {0};
        client_call(f, &options, "x", &heard);
        assert_int_equal(heard.code, UGRPC_INVALID_ARGUMENT);
        assert_contains(heard.text, bad[i].key);
    }
    assert_int_equal(f->echo.messages, 0);
}

/* ---- messages --------------------------------------------------------------------------------------- */

static uint8_t *filled(size_t len)
{
    uint8_t *data = malloc(len);
    for (size_t i = 0; i < len; i++) {
        data[i] = (uint8_t)(i % 251);
    }
    return data;
}

static void send_filled(
    struct client_fixture *f, const struct ugrpc_call_options *options, size_t len, struct heard *heard)
{
    uint8_t *data = filled(len);
    struct ugrpc_bytes bytes = {data, len};
    ugrpc_pending_send(client_begin(f, UNARY, options, heard), &bytes);
    free(data);
    client_pump(f, &heard->dones);
}

static void messages_may_be_empty_and_large(void **state)
{
    static const size_t lens[] = {0, 1, 65535, 65536, 1 << 20, 4 << 20};
    struct client_fixture *f = *state;
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        for (int codec = UGRPC_IDENTITY; codec <= UGRPC_GZIP; codec++) {
            const struct ugrpc_call_options options = {.compression = (enum ugrpc_compression)codec};
            struct heard heard = {0};
            send_filled(f, &options, lens[i], &heard);
            assert_int_equal(heard.code, UGRPC_OK);
            assert_int_equal(heard.bytes, lens[i]);
        }
    }
}

static void compression_makes_less_of_it_both_ways(void **state)
{
    const struct ugrpc_call_options options = {.compression = UGRPC_GZIP};
    struct client_fixture *f = *state;
    struct heard heard = {0};
    struct ugrpc_server_stats stats;
    send_filled(f, &options, 1 << 20, &heard);
    ugrpc_server_read_stats(f->server, &stats);
    assert_in_range(stats.bytes_in, 1, 100000);
    assert_in_range(stats.bytes_out, 1, 100000);
}

static void messages_beyond_a_limit_are_refused_on_their_side(void **state)
{
    struct client_fixture *f = *state;
    struct heard heard = {0};
    send_filled(f, NULL, (4 << 20) + 1, &heard); /* the server's limit */
    assert_int_equal(heard.code, UGRPC_RESOURCE_EXHAUSTED);

    const struct ugrpc_channel_options sends = {.insecure = true, .max_send_bytes = 1000};
    client_open(f, f->target, &sends);
    send_filled(f, NULL, 1001, &heard);
    assert_int_equal(heard.code, UGRPC_RESOURCE_EXHAUSTED);
    assert_contains(heard.text, "at most 1000");
    send_filled(f, NULL, 1000, &heard);
    assert_int_equal(heard.code, UGRPC_OK);

    const struct ugrpc_channel_options receives = {.insecure = true, .max_receive_bytes = 1000};
    client_open(f, f->target, &receives);
    send_filled(f, NULL, 1001, &heard);
    assert_int_equal(heard.code, UGRPC_RESOURCE_EXHAUSTED);
    const struct ugrpc_call_options zipped = {.compression = UGRPC_GZIP};
    send_filled(f, &zipped, 100000, &heard); /* small, until it is decompressed */
    assert_int_equal(heard.code, UGRPC_RESOURCE_EXHAUSTED);
    send_filled(f, NULL, 1000, &heard);
    assert_int_equal(heard.code, UGRPC_OK);
}

static void on_done(struct ugrpc_pending *pending, const struct ugrpc_status *st, void *userdata)
{
    struct heard *heard = userdata;
    heard->code = st->code;
    snprintf(heard->text, sizeof(heard->text), "%s", st->message);
    heard->dones++;
}

/* Two bytes an empty value, which decoded needs some fifty. */
static void a_message_that_needs_too_much_memory_ends_its_stream(void **state)
{
    static const struct ugrpc_pending_events events = {.done = on_done};
    const struct ugrpc_channel_options receives = {.insecure = true, .max_receive_bytes = 1 << 20};
    struct client_fixture *f = *state;
    struct ugrpc_method watch = echo_service.methods[WATCH];
    struct heard heard = {0};
    uint8_t *data;
    struct ugrpc_message *message = ugrpc_message_new(1 << 20, &data);
    for (size_t i = 0; i < 1 << 20; i += 2) {
        data[i] = 0x0a;
        data[i + 1] = 0;
    }
    watch.reply = &ugrpc__protobuf__list_value__descriptor;
    client_open(f, f->target, &receives);
    struct ugrpc_pending *pending = ugrpc_pending_new(
        f->channel, &echo_service, &watch, NULL, &events, &heard);
    ugrpc_pending_send(pending, &(struct ugrpc_bytes){0});
    client_settle(f);
    assert_int_equal(ugrpc_call_send_message(f->echo.held, message), UGRPC_SENT);
    ugrpc_message_unref(message);
    client_pump(f, &heard.dones);
    assert_int_equal(heard.code, UGRPC_RESOURCE_EXHAUSTED);
    assert_contains(heard.text, "needs more than 16777216 bytes of memory");
}

static void many_large_messages_at_once_all_arrive(void **state)
{
    enum { CALLS = 60 };
    struct client_fixture *f = *state;
    const struct ugrpc_server_options options = {.max_connection_bytes = 1u << 30};
    client_serve(f, NULL, &options, NULL);
    client_open(f, f->target, NULL);
    struct heard heard[CALLS] = {0};
    uint8_t *data = filled(2 << 20);
    struct ugrpc_bytes bytes = {data, 2 << 20};
    for (int i = 0; i < CALLS; i++) {
        ugrpc_pending_send(client_begin(f, UNARY, NULL, &heard[i]), &bytes);
    }
    free(data);
    for (int i = 0; i < CALLS; i++) {
        client_pump(f, &heard[i].dones);
        assert_int_equal(heard[i].code, UGRPC_OK);
        assert_int_equal(heard[i].bytes, 2 << 20);
    }
}

/* ---- flow ------------------------------------------------------------------------------------------- */

/* Messages of 16 KiB on the held stream, until there is no room or `left` are sent. */
static int send_some(struct client_fixture *f, int left)
{
    static const uint8_t data[16384];
    int n = 0;
    while (n < left) {
        uint8_t *to;
        struct ugrpc_message *message = ugrpc_message_new(sizeof(data), &to);
        memset(to, 0, sizeof(data));
        enum ugrpc_sent sent_now = ugrpc_call_send_message(f->echo.held, message);
        ugrpc_message_unref(message);
        if (sent_now != UGRPC_SENT) {
            break;
        }
        n++;
    }
    return n;
}

static void a_paused_reader_holds_its_server_back(void **state)
{
    enum { ALL = 200 };
    struct client_fixture *f = *state;
    struct heard heard = {0}, other = {0};
    struct ugrpc_pending *pending = client_begin(f, WATCH, NULL, &heard);
    client_say(pending, "x");
    ugrpc_pending_pause(pending, true);
    client_pump(f, (int *)&f->echo.held_calls);
    int n = 0;
    for (int more = 1; more > 0; n += more) {
        more = send_some(f, ALL - n);
        client_settle(f);
    }
    assert_in_range(n, 16, ALL / 2);           /* a window and a queue full */
    assert_in_range(heard.messages, 1, n);     /* what is in the window comes */
    client_call(f, NULL, "others go", &other); /* the connection's window is open */
    assert_int_equal(other.code, UGRPC_OK);
    ugrpc_pending_pause(pending, false);
    while (n < ALL) {
        n += send_some(f, ALL - n);
        client_settle(f);
    }
    ugrpc_call_end(f->echo.held);
    client_pump(f, &heard.dones);
    assert_int_equal(heard.messages, ALL);
}

static void who_sends_too_fast_is_told_when_there_is_room(void **state)
{
    enum { ALL = 500 };
    static const uint8_t data[10000];
    const struct ugrpc_bytes bytes = {data, sizeof(data)};
    struct client_fixture *f = *state;
    struct heard heard = {0};
    struct ugrpc_pending *pending = client_begin(f, COUNT, NULL, &heard);
    int full = 0;
    for (int n = 0; n < ALL;) {
        if (ugrpc_pending_send(pending, &bytes) == UGRPC_SENT) {
            n++;
            continue;
        }
        full++;
        heard.readies = 0;
        client_pump(f, &heard.readies);
    }
    assert_true(full > 0);
    ugrpc_pending_end(pending);
    client_pump(f, &heard.dones);
    assert_string_equal(heard.last, "500");
    assert_int_equal(f->echo.bytes, ALL * sizeof(data));
}

/* ---- loops ------------------------------------------------------------------------------------------ */

static void a_channel_lives_in_another_kind_of_loop(void **state)
{
    struct client_fixture *f = *state;
    const struct ugrpc_call_options soon = {.timeout_ms = 20};
    struct heard heard = {0}, late = {0};
    client_say(client_begin(f, UNARY, NULL, &heard), "x");
    client_say(client_begin(f, HOLD, &soon, &late), "x");
    while (heard.dones + late.dones < 2) {
        struct pollfd fd = {.fd = ugrpc_loop_fd(f->loop), .events = POLLIN};
        assert_true(poll(&fd, 1, ugrpc_loop_timeout_ms(f->loop)) >= 0);
        ugrpc_loop_turn(f->loop);
    }
    assert_string_equal(heard.last, "x");
    assert_int_equal(late.code, UGRPC_DEADLINE_EXCEEDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(metadata_go_both_ways),
        CLIENT_TEST(what_cannot_be_metadata_is_refused),
        CLIENT_TEST(messages_may_be_empty_and_large),
        CLIENT_TEST(compression_makes_less_of_it_both_ways),
        CLIENT_TEST(messages_beyond_a_limit_are_refused_on_their_side),
        CLIENT_TEST(a_message_that_needs_too_much_memory_ends_its_stream),
        CLIENT_TEST_LOOP(many_large_messages_at_once_all_arrive),
        CLIENT_TEST(a_paused_reader_holds_its_server_back),
        CLIENT_TEST(who_sends_too_fast_is_told_when_there_is_room),
        CLIENT_TEST(a_channel_lives_in_another_kind_of_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
