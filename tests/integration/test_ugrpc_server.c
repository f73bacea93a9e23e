/* SPDX-License-Identifier: MIT */
/* What a server answers, to good requests and to bad ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <ugrpc/ugrpc.h>

#include "base/base.h"
#include "support/echo_fixture.h"

static int set_up(void **state)
{
    fixture_set_up_nothing(state);
    fixture_start(
        *state, (struct ugrpc_server_options){.max_message_bytes = 100000, .max_header_bytes = 4096});
    return 0;
}

static void expect_message(const struct h2_call *call, size_t index, const char *text)
{
    size_t len;
    bool compressed;
    const uint8_t *message = h2_message(call, index, &len, &compressed);
    assert_non_null(message);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(message, text, len);
}

static void expect_refusal(const struct h2_call *call, enum ugrpc_code code, const char *part_of_message)
{
    assert_int_equal(h2_grpc_status(call), code);
    if (!strstr(h2_header(call, "grpc-message"), part_of_message)) {
        fail_msg("\"%s\" is not in \"%s\"", part_of_message, h2_header(call, "grpc-message"));
    }
    assert_int_equal(call->body_len, 0);
    assert_int_equal(call->error, NGHTTP2_NO_ERROR);
}

/* ---- good calls ---- */

static void a_unary_call_is_answered_with_message_and_status(void **state)
{
    struct h2_call *call = call_text(*state, ECHO_PATH("Unary"), "hello");
    assert_string_equal(h2_header(call, ":status"), "200");
    assert_string_equal(h2_header(call, "content-type"), "application/grpc");
    assert_int_equal(h2_grpc_status(call), UGRPC_OK);
    expect_message(call, 0, "hello");
}

static void an_empty_message_is_a_message(void **state)
{
    struct h2_call *call = call_text(*state, ECHO_PATH("Unary"), "");
    assert_int_equal(h2_grpc_status(call), UGRPC_OK);
    expect_message(call, 0, "");
}

static void a_message_may_come_in_pieces_and_as_large_as_the_limit(void **state)
{
    struct fixture *f = *state;
    uint8_t *text = malloc(100000), *body = malloc(100005);
    memset(text, 'x', 100000);
    size_t len = h2_frame(body, text, 100000, false);
    struct h2_call *call = h2_call(f->client, ECHO_PATH("Unary"), body, 3, false);
    h2_pump_some(f->client);
    h2_more(f->client, call, body + 3, 10, false);
    h2_pump_some(f->client);
    h2_more(f->client, call, body + 13, len - 13, true);
    h2_pump_until_closed(f->client, call);
    assert_int_equal(h2_grpc_status(call), UGRPC_OK);
    assert_int_equal(call->body_len, len);
    assert_memory_equal(call->body, body, len);
    free(text);
    free(body);
}

static void client_streaming_counts_messages_wherever_their_bytes_are_cut(void **state)
{
    struct fixture *f = *state;
    for (size_t cut = 0; cut <= 16; cut++) {
        uint8_t body[64];
        size_t len = h2_frame(body, "ab", 2, false);
        len += h2_frame(body + len, "", 0, false);
        len += h2_frame(body + len, "c", 1, false);
        struct h2_call *call = h2_call(f->client, ECHO_PATH("Count"), body, cut, false);
        h2_pump_some(f->client);
        h2_more(f->client, call, body + cut, len - cut, true);
        h2_pump_until_closed(f->client, call);
        expect_message(call, 0, "3");
        assert_int_equal(f->echo.bytes, 3);
    }
}

static void bidi_streaming_answers_each_message_before_the_next_is_sent(void **state)
{
    struct fixture *f = *state;
    uint8_t body[64];
    size_t len = h2_frame(body, "one", 3, false);
    struct h2_call *call = h2_call(f->client, ECHO_PATH("Chat"), body, len, false);
    h2_pump_some(f->client);
    expect_message(call, 0, "one");
    len = h2_frame(body, "two", 3, false);
    h2_more(f->client, call, body, len, true);
    h2_pump_until_closed(f->client, call);
    expect_message(call, 1, "two");
    assert_int_equal(h2_grpc_status(call), UGRPC_OK);
    assert_int_equal(f->echo.ends, 1);
}

static void server_streaming_sends_until_the_handler_ends_it(void **state)
{
    struct fixture *f = *state;
    uint8_t body[16], *data;
    struct h2_call *call = h2_call(f->client, ECHO_PATH("Watch"), body, h2_frame(body, "", 0, false), true);
    h2_pump_some(f->client);
    struct ugrpc_message *message = ugrpc_message_new(4, &data);
    memcpy(data, "tick", 4);
    assert_int_equal(ugrpc_call_send_message(f->echo.held, message), UGRPC_SENT);
    assert_int_equal(ugrpc_call_send_message(f->echo.held, message), UGRPC_SENT);
    ugrpc_message_unref(message);
    h2_pump_some(f->client);
    expect_message(call, 0, "tick");
    expect_message(call, 1, "tick");
    assert_false(call->closed);
    ugrpc_call_end(f->echo.held);
    h2_pump_until_closed(f->client, call);
    assert_int_equal(h2_grpc_status(call), UGRPC_OK);
}

static void metadata_comes_back_as_sent(void **state)
{
    struct fixture *f = *state;
    h2_add_header(f->client, "x-text", "plain value");
    h2_add_header(f->client, "x-data-bin", "AAEC/w"); /* 00 01 02 ff, unpadded */
    h2_add_header(f->client, "grpc-timeout", "5S");
    struct h2_call *call = call_text(f, ECHO_PATH("Metadata"), "");
    assert_string_equal(h2_header(call, "x-text"), "plain value");
    assert_string_equal(h2_header(call, "x-data-bin"), "AAEC/w");
    assert_string_equal(h2_header(call, "grpc-timeout"), "");
    unsigned times = 0;
    for (size_t i = 0; i < call->n_headers; i++) {
        times += strcmp(call->headers[i].name, "x-text") == 0;
    }
    assert_int_equal(times, 2); /* initial and trailing */
}

static void binary_metadata_may_be_padded_and_joined_by_commas(void **state)
{
    struct fixture *f = *state;
    h2_add_header(f->client, "x-data-bin", "AAEC/w==,AQ, Ag==");
    struct h2_call *call = call_text(f, ECHO_PATH("Metadata"), "");
    char all[64] = "";
    for (size_t i = 0; i < call->n_headers / 2 + 1; i++) {
        if (strcmp(call->headers[i].name, "x-data-bin") == 0) {
            strcat(all, call->headers[i].value);
            strcat(all, ";");
        }
    }
    assert_string_equal(all, "AAEC/w;AQ;Ag;");
}

static void a_long_and_strange_status_text_arrives_whole(void **state)
{
    struct fixture *f = *state;
    uint8_t body[16];
    char text[2001], coded[2200] = "";
    struct h2_call *call = h2_call(f->client, ECHO_PATH("Hold"), body, h2_frame(body, "", 0, false), true);
    h2_pump_some(f->client);
    memset(text, 'y', 2000);
    memcpy(text, "50 % \xc3\xa9\n", 8); /* é, line feed */
    text[2000] = '\0';
    ugrpc_call_fail(f->echo.held, UGRPC_NOT_FOUND, "%s", text);
    h2_pump_until_closed(f->client, call);
    strcpy(coded, "50 %25 %C3%A9%0A");
    strcat(coded, text + 8);
    assert_int_equal(h2_grpc_status(call), UGRPC_NOT_FOUND);
    assert_string_equal(h2_header(call, "grpc-message"), coded);
}

/* ---- compression ---- */

static size_t compress_frame(uint8_t *to, size_t cap, int window_bits, const void *data, size_t len)
{
    z_stream z = {
        .next_in = (Bytef *)data, .avail_in = (uInt)len, .next_out = to + 5, .avail_out = (uInt)cap};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t n = z.total_out;
    deflateEnd(&z);
    to[0] = 1;
    to[1] = (uint8_t)(n >> 24);
    to[2] = (uint8_t)(n >> 16);
    to[3] = (uint8_t)(n >> 8);
    to[4] = (uint8_t)n;
    return n + 5;
}

static void compressed_requests_are_answered_compressed_if_that_is_accepted(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *name, *accepted, *answered;
        int window_bits;
    } cases[] = {{"gzip", "identity,deflate,gzip", "gzip", 31}, {"deflate", "deflate", "deflate", 15},
        {"gzip", "identity", "", 31}};
    char text[1000];
    memset(text, 'z', sizeof(text));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint8_t body[1100], back[1000];
        size_t len = compress_frame(body, 1000, cases[i].window_bits, text, sizeof(text)), n;
        h2_clear_headers(f->client);
        h2_add_header(f->client, "grpc-encoding", cases[i].name);
        h2_add_header(f->client, "grpc-accept-encoding", cases[i].accepted);
        struct h2_call *call = call_bytes(f, ECHO_PATH("Unary"), body, len);
        bool compressed;
        const uint8_t *message = h2_message(call, 0, &n, &compressed);
        assert_non_null(message);
        assert_string_equal(h2_header(call, "grpc-encoding"), cases[i].answered);
        assert_int_equal(compressed, *cases[i].answered != 0);
        if (compressed) {
            z_stream z = {
                .next_in = (Bytef *)message, .avail_in = (uInt)n, .next_out = back, .avail_out = 1000};
            inflateInit2(&z, cases[i].window_bits);
            assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
            assert_int_equal(z.total_out, 1000);
            inflateEnd(&z);
            message = back;
        }
        assert_memory_equal(message, text, sizeof(text));
    }
}

static void what_is_accepted_may_be_told_in_several_lines(void **state)
{
    struct fixture *f = *state;
    uint8_t body[16];
    h2_add_header(f->client, "grpc-accept-encoding", "gzip");
    h2_add_header(f->client, "grpc-accept-encoding", "identity");
    struct h2_call *call = h2_call(f->client, ECHO_PATH("Hold"), body, h2_frame(body, "", 0, false), true);
    h2_pump_some(f->client);
    ugrpc_call_set_compression(f->echo.held, UGRPC_GZIP);
    assert_int_equal(ugrpc_call_compression(f->echo.held), UGRPC_GZIP);
    echo_let_go(&f->echo);
    h2_pump_until_closed(f->client, call);
}

static void a_compressed_bomb_is_refused_at_the_limit(void **state)
{
    struct fixture *f = *state;
    static uint8_t zeros[1 << 20], body[8192];
    h2_add_header(f->client, "grpc-encoding", "gzip");
    size_t len = compress_frame(body, sizeof(body) - 5, 31, zeros, sizeof(zeros));
    expect_refusal(call_bytes(f, ECHO_PATH("Unary"), body, len), UGRPC_RESOURCE_EXHAUSTED, "100000");
}

static void damaged_compressed_data_is_internal(void **state)
{
    struct fixture *f = *state;
    uint8_t body[200];
    h2_add_header(f->client, "grpc-encoding", "gzip");
    size_t len = h2_frame(body, "this is no gzip data", 20, true);
    expect_refusal(call_bytes(f, ECHO_PATH("Unary"), body, len), UGRPC_INTERNAL, "gzip");
}

/* ---- bad requests ---- */

static void an_oversized_message_is_resource_exhausted_with_both_sizes(void **state)
{
    static const uint8_t head[] = {0, 0x7f, 0xff, 0xff, 0xff, 'x'};
    struct fixture *f = *state;
    struct h2_call *call = h2_call(f->client, ECHO_PATH("Unary"), head, sizeof(head), false);
    h2_pump_until_closed(f->client, call); /* without waiting for the rest */
    expect_refusal(call, UGRPC_RESOURCE_EXHAUSTED, "2147483647");
    expect_refusal(call, UGRPC_RESOURCE_EXHAUSTED, "100000");
}

static void an_unknown_encoding_is_unimplemented_and_the_known_ones_are_named(void **state)
{
    struct fixture *f = *state;
    h2_add_header(f->client, "grpc-encoding", "snappy");
    struct h2_call *call = call_text(f, ECHO_PATH("Unary"), "x");
    expect_refusal(call, UGRPC_UNIMPLEMENTED, "grpc-encoding");
    assert_string_equal(h2_header(call, "grpc-accept-encoding"), "identity,deflate,gzip");
}

static void a_compressed_flag_without_encoding_is_internal(void **state)
{
    uint8_t body[16];
    expect_refusal(
        call_bytes(*state, ECHO_PATH("Unary"), body, h2_frame(body, "x", 1, true)), UGRPC_INTERNAL, "flag");
}

static void an_unknown_flag_byte_is_internal(void **state)
{
    uint8_t body[16];
    size_t len = h2_frame(body, "x", 1, false);
    body[0] = 7;
    expect_refusal(call_bytes(*state, ECHO_PATH("Unary"), body, len), UGRPC_INTERNAL, "flag byte 7");
}

static void a_truncated_frame_is_internal(void **state)
{
    for (size_t len = 1; len < 10; len++) {
        uint8_t body[16];
        h2_frame(body, "hello", 5, false);
        expect_refusal(
            call_bytes(*state, ECHO_PATH("Unary"), body, len), UGRPC_INTERNAL, "middle of a message");
    }
}

static void a_request_without_message_is_internal(void **state)
{
    expect_refusal(call_bytes(*state, ECHO_PATH("Unary"), NULL, 0), UGRPC_INTERNAL, "no message");
}

static void a_second_message_on_a_unary_call_is_invalid_argument(void **state)
{
    struct fixture *f = *state;
    uint8_t body[32];
    size_t len = h2_frame(body, "a", 1, false);
    len += h2_frame(body + len, "b", 1, false);
    expect_refusal(call_bytes(f, ECHO_PATH("Unary"), body, len), UGRPC_INVALID_ARGUMENT, "second");
    assert_int_equal(f->echo.messages, 0);
}

static void a_bad_timeout_is_invalid_argument(void **state)
{
    static const char *const timeouts[] = {"", "5", "S", "-1S", "123456789S", "1.5S", "5s", "5 S"};
    struct fixture *f = *state;
    for (size_t i = 1; i < ARRAY_LEN(timeouts); i++) {
        h2_clear_headers(f->client);
        h2_add_header(f->client, "grpc-timeout", timeouts[i]);
        expect_refusal(call_text(f, ECHO_PATH("Unary"), "x"), UGRPC_INVALID_ARGUMENT, "grpc-timeout");
    }
}

static void a_wrong_content_type_is_http_415(void **state)
{
    static const char *const wrong[] = {"text/plain", "application/grpcx", "application/json"};
    static const char *const right[] = {"application/grpc+proto", "application/grpc;charset=utf-8"};
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        h2_clear_headers(f->client);
        h2_add_header(f->client, "content-type", wrong[i]);
        struct h2_call *call = call_text(f, ECHO_PATH("Unary"), "x");
        assert_string_equal(h2_header(call, ":status"), "415");
        assert_int_equal(h2_grpc_status(call), -1);
        assert_non_null(memmem(call->body, call->body_len, "application/grpc", 16));
    }
    for (size_t i = 0; i < ARRAY_LEN(right); i++) {
        h2_clear_headers(f->client);
        h2_add_header(f->client, "content-type", right[i]);
        assert_int_equal(h2_grpc_status(call_text(f, ECHO_PATH("Unary"), "x")), UGRPC_OK);
    }
}

static void a_wrong_content_type_is_told_before_the_request_ends(void **state)
{
    struct fixture *f = *state;
    h2_add_header(f->client, "content-type", "application/json");
    struct h2_call *call = h2_call(f->client, ECHO_PATH("Chat"), NULL, 0, false);
    h2_pump_some(f->client);
    assert_string_equal(h2_header(call, ":status"), "415");
    assert_non_null(memmem(call->body, call->body_len, "application/grpc", 16));
    h2_more(f->client, call, "{\"json\": 1", 10, false); /* no message of gRPC's: nothing more is wanted */
    h2_pump_until_closed(f->client, call);
    assert_int_equal(call->error, NGHTTP2_NO_ERROR);
}

static void another_method_than_post_is_http_405(void **state)
{
    struct fixture *f = *state;
    h2_add_header(f->client, ":method", "GET");
    struct h2_call *call = call_bytes(f, ECHO_PATH("Unary"), NULL, 0);
    assert_string_equal(h2_header(call, ":status"), "405");
    assert_string_equal(h2_header(call, "allow"), "POST");
}

static void unknown_methods_and_services_are_unimplemented(void **state)
{
    expect_refusal(
        call_text(*state, ECHO_PATH("Nothing"), "x"), UGRPC_UNIMPLEMENTED, "unknown method Nothing");
    expect_refusal(
        call_text(*state, "/test.Other/Unary", "x"), UGRPC_UNIMPLEMENTED, "unknown service test.Other");
    expect_refusal(call_text(*state, "/", "x"), UGRPC_UNIMPLEMENTED, "malformed");
    expect_refusal(call_text(*state, ECHO_PATH("caf\xe9"), "x"), UGRPC_UNIMPLEMENTED, "must be ASCII");
}

/* With a scheme that nghttp2 does not know it lets any path pass. */
static void a_path_without_slash_is_malformed(void **state)
{
    struct fixture *f = *state;
    h2_add_header(f->client, ":scheme", "other");
    expect_refusal(call_text(f, "x/test.Echo/Unary", "x"), UGRPC_UNIMPLEMENTED, "begins with a slash");
}

static void binary_metadata_that_is_no_base64_is_invalid_argument(void **state)
{
    struct fixture *f = *state;
    h2_add_header(f->client, "x-bin", "not base64!");
    expect_refusal(call_text(f, ECHO_PATH("Unary"), "x"), UGRPC_INVALID_ARGUMENT, "base64");
}

static void too_much_metadata_is_resource_exhausted(void **state)
{
    struct fixture *f = *state;
    char value[5000];
    memset(value, 'v', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    h2_add_header(f->client, "x-large", value);
    expect_refusal(call_text(f, ECHO_PATH("Unary"), "x"), UGRPC_RESOURCE_EXHAUSTED, "4096");
    h2_clear_headers(f->client);
    assert_int_equal(
        h2_grpc_status(call_text(f, ECHO_PATH("Unary"), "x")), UGRPC_OK); /* the connection lives on */
}

static void too_many_values_in_one_header_are_resource_exhausted(void **state)
{
    struct fixture *f = *state;
    char commas[1000]; /* within the limit of bytes */
    memset(commas, ',', sizeof(commas) - 1);
    commas[sizeof(commas) - 1] = '\0';
    h2_add_header(f->client, "x-bin", commas);
    expect_refusal(call_text(f, ECHO_PATH("Unary"), "x"), UGRPC_RESOURCE_EXHAUSTED, "more values than 128");
}

static void http1_gets_a_readable_400(void **state)
{
    struct fixture *f = *state;
    struct h2_client *c = fixture_connect(f, false);
    static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    h2_send_raw(c, request, sizeof(request) - 1);
    h2_pump_until_gone(c);
    assert_non_null(strstr((char *)c->raw, "HTTP/1.1 400 "));
    assert_non_null(strstr((char *)c->raw, "gRPC port"));
    assert_non_null(strstr(f->log, "HTTP/1.1 on a gRPC port"));
    h2_close(c);
}

static void first_bytes_may_come_one_by_one(void **state)
{
    struct fixture *f = *state;
    static const char request[] = "POST / HTTP/1.1\r\n\r\n";
    for (size_t cut = 1; cut < 8; cut++) { /* "P" begins HTTP/2 as well */
        struct h2_client *c = fixture_connect(f, false);
        h2_send_raw(c, request, cut);
        h2_pump_some(f->client); /* the server has seen them */
        h2_send_raw(c, request + cut, sizeof(request) - 1 - cut);
        h2_pump_until_gone(c);
        assert_non_null(strstr((char *)c->raw, "HTTP/1.1 400 "));
        h2_close(c);
    }
    for (size_t cut = 1; cut < 24; cut++) {
        struct h2_client *c = fixture_connect(f, false);
        uint8_t preface[24 + 9] = NGHTTP2_CLIENT_MAGIC "\0\0\0\x04"; /* and SETTINGS */
        h2_send_raw(c, preface, cut);
        h2_pump_some(f->client);
        h2_send_raw(c, preface + cut, sizeof(preface) - cut);
        static const uint8_t goaway[17] = {0, 0, 8, 7};
        h2_send_raw(c, goaway, sizeof(goaway));
        h2_pump_until_gone(c);
        assert_true(c->raw_len > 9 && c->raw[3] == NGHTTP2_SETTINGS);
        h2_close(c);
    }
}

static void tls_on_a_plain_port_is_answered_in_plain_text_and_logged(void **state)
{
    struct fixture *f = *state;
    struct h2_client *c = fixture_connect(f, false);
    h2_send_raw(c, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 9);
    h2_pump_until_gone(c); /* so its client can say that it is answered without TLS */
    assert_non_null(strstr((const char *)c->raw, "This is a gRPC port without TLS"));
    assert_non_null(strstr(f->log, "TLS on a port without TLS"));
    h2_close(c);
}

static void garbage_is_closed_and_logged(void **state)
{
    struct fixture *f = *state;
    struct h2_client *c = fixture_connect(f, false);
    h2_send_raw(c, "\x00\x01\x02garbage", 10);
    h2_pump_until_gone(c);
    assert_non_null(strstr(f->log, "not HTTP/2"));
    h2_close(c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_unary_call_is_answered_with_message_and_status),
        TEST(an_empty_message_is_a_message),
        TEST(a_message_may_come_in_pieces_and_as_large_as_the_limit),
        TEST(client_streaming_counts_messages_wherever_their_bytes_are_cut),
        TEST(bidi_streaming_answers_each_message_before_the_next_is_sent),
        TEST(server_streaming_sends_until_the_handler_ends_it),
        TEST(metadata_comes_back_as_sent),
        TEST(binary_metadata_may_be_padded_and_joined_by_commas),
        TEST(a_long_and_strange_status_text_arrives_whole),
        TEST(compressed_requests_are_answered_compressed_if_that_is_accepted),
        TEST(what_is_accepted_may_be_told_in_several_lines),
        TEST(a_compressed_bomb_is_refused_at_the_limit),
        TEST(damaged_compressed_data_is_internal),
        TEST(an_oversized_message_is_resource_exhausted_with_both_sizes),
        TEST(an_unknown_encoding_is_unimplemented_and_the_known_ones_are_named),
        TEST(a_compressed_flag_without_encoding_is_internal),
        TEST(an_unknown_flag_byte_is_internal),
        TEST(a_truncated_frame_is_internal),
        TEST(a_request_without_message_is_internal),
        TEST(a_second_message_on_a_unary_call_is_invalid_argument),
        TEST(a_bad_timeout_is_invalid_argument),
        TEST(a_wrong_content_type_is_http_415),
        TEST(a_wrong_content_type_is_told_before_the_request_ends),
        TEST(another_method_than_post_is_http_405),
        TEST(unknown_methods_and_services_are_unimplemented),
        TEST(a_path_without_slash_is_malformed),
        TEST(binary_metadata_that_is_no_base64_is_invalid_argument),
        TEST(too_much_metadata_is_resource_exhausted),
        TEST(too_many_values_in_one_header_are_resource_exhausted),
        TEST(http1_gets_a_readable_400),
        TEST(first_bytes_may_come_one_by_one),
        TEST(tls_on_a_plain_port_is_answered_in_plain_text_and_logged),
        TEST(garbage_is_closed_and_logged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
