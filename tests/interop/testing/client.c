/* SPDX-License-Identifier: MIT */
/* The client's cases of gRPC's interoperability suite on libugrpc, for other implementations' test servers;
 * its options stand at its end. With --ask-compressed the calls' metadata ask for compressed replies. Exits
 * with 0 when the case has gone as the suite says, else it says what was different. */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ugrpc/ugrpc.h>

#include "grpc/testing/test.ugrpc.h"

#define LARGE_REQUEST 271828
#define LARGE_REPLY   314159
#define TIMEOUT_MS    20000

struct client {
    struct ugrpc_channel *channel;
    struct ugrpc_call_options options; /* of each call */
    bool failed;
};

__attribute__((format(printf, 2, 3))) static void fail(struct client *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    c->failed = true;
}

static void expect_status(
    struct client *c, const struct ugrpc_status *st, enum ugrpc_code code, const char *message)
{
    if (st->code != code || (message && strcmp(st->message, message) != 0)) {
        fail(c, "status %d \"%s\" instead of %d \"%s\"", st->code, st->message, code, message ? message : "");
    }
}

static void expect_size(struct client *c, const char *what, size_t size, size_t expected)
{
    if (size != expected) {
        fail(c, "%s: %zu bytes instead of %zu", what, size, expected);
    }
}

static size_t size_of(const grpc_testing_payload *payload)
{
    return payload ? payload->body.len : 0;
}

/* Of zeros, as the suite wants it. */
static grpc_testing_payload payload_of(size_t size)
{
    static uint8_t zeros[LARGE_REQUEST];
    grpc_testing_payload payload = GRPC_TESTING_PAYLOAD_INIT;
    payload.body.data = zeros;
    payload.body.len = size;
    return payload;
}

/* ---- unary ------------------------------------------------------------------------------------------ */

static void empty_unary(struct client *c)
{
    grpc_testing_empty request = GRPC_TESTING_EMPTY_INIT, *reply;
    struct ugrpc_status st;
    grpc_testing_test_service_empty_call(c->channel, &request, &reply, &c->options, &st);
    expect_status(c, &st, UGRPC_OK, NULL);
    grpc_testing_empty_free(reply);
}

static void unary(struct client *c, size_t request_size, int32_t reply_size)
{
    grpc_testing_simple_request request = GRPC_TESTING_SIMPLE_REQUEST_INIT;
    grpc_testing_simple_response *reply;
    grpc_testing_payload payload = payload_of(request_size);
    struct ugrpc_status st;
    request.payload = &payload;
    request.response_size = reply_size;
    grpc_testing_test_service_unary_call(c->channel, &request, &reply, &c->options, &st);
    expect_status(c, &st, UGRPC_OK, NULL);
    expect_size(c, "the reply", reply ? size_of(reply->payload) : 0, (size_t)reply_size);
    grpc_testing_simple_response_free(reply);
}

static void large_unary(struct client *c)
{
    unary(c, LARGE_REQUEST, LARGE_REPLY);
}

static void status_from_unary(struct client *c, const char *message)
{
    grpc_testing_simple_request request = GRPC_TESTING_SIMPLE_REQUEST_INIT;
    grpc_testing_echo_status status = GRPC_TESTING_ECHO_STATUS_INIT;
    grpc_testing_simple_response *reply;
    struct ugrpc_status st;
    status.code = UGRPC_UNKNOWN;
    status.message = (char *)message;
    request.response_status = &status;
    grpc_testing_test_service_unary_call(c->channel, &request, &reply, &c->options, &st);
    expect_status(c, &st, UGRPC_UNKNOWN, message);
    grpc_testing_simple_response_free(reply);
}

static void special_status_message(struct client *c)
{
    status_from_unary(
        c, "\t\ntest with whitespace\r\nand Unicode BMP \xe2\x98\xba and non-BMP \xf0\x9f\x98\x88\t\n");
}

static void unimplemented_method(struct client *c)
{
    grpc_testing_empty request = GRPC_TESTING_EMPTY_INIT, *reply;
    struct ugrpc_status st;
    grpc_testing_test_service_unimplemented_call(c->channel, &request, &reply, &c->options, &st);
    expect_status(c, &st, UGRPC_UNIMPLEMENTED, NULL);
    grpc_testing_empty_free(reply);
}

static void unimplemented_service(struct client *c)
{
    static const struct ugrpc_method method = {"UnimplementedCall", UGRPC_UNARY};
    static const struct ugrpc_service service = {
        .name = "grpc.testing.UnimplementedService", .methods = &method, .n_methods = 1};
    const struct ugrpc_bytes request = {0};
    void *reply;
    struct ugrpc_status st;
    ugrpc_unary(c->channel, &service, &method, &request, &reply, &c->options, &st);
    expect_status(c, &st, UGRPC_UNIMPLEMENTED, NULL);
    free(reply);
}

/* ---- streams ---------------------------------------------------------------------------------------- */

static void client_streaming(struct client *c)
{
    static const size_t sizes[] = {27182, 8, 1828, 45904};
    struct ugrpc_stream *stream = grpc_testing_test_service_streaming_input_call_open(
        c->channel, &c->options);
    grpc_testing_streaming_input_call_response *reply;
    struct ugrpc_status st;
    for (size_t i = 0; i < 4; i++) {
        grpc_testing_streaming_input_call_request request = GRPC_TESTING_STREAMING_INPUT_CALL_REQUEST_INIT;
        grpc_testing_payload payload = payload_of(sizes[i]);
        request.payload = &payload;
        grpc_testing_test_service_streaming_input_call_write(stream, &request);
    }
    grpc_testing_test_service_streaming_input_call_finish(stream, &reply, &st);
    expect_status(c, &st, UGRPC_OK, NULL);
    expect_size(c, "all payloads", reply ? (size_t)reply->aggregated_payload_size : 0, 74922);
    grpc_testing_streaming_input_call_response_free(reply);
}

static void server_streaming(struct client *c)
{
    static const int32_t sizes[] = {31415, 9, 2653, 58979};
    grpc_testing_streaming_output_call_request request = GRPC_TESTING_STREAMING_OUTPUT_CALL_REQUEST_INIT;
    grpc_testing_response_parameters parameters[4], *asked[4];
    const grpc_testing_streaming_output_call_response *message;
    struct ugrpc_status st;
    for (size_t i = 0; i < 4; i++) {
        grpc_testing_response_parameters_init(&parameters[i]);
        parameters[i].size = sizes[i];
        asked[i] = &parameters[i];
    }
    request.n_response_parameters = 4;
    request.response_parameters = asked;
    struct ugrpc_stream *stream = grpc_testing_test_service_streaming_output_call_open(
        c->channel, &request, &c->options);
    size_t n = 0;
    for (; grpc_testing_test_service_streaming_output_call_next(stream, &message); n++) {
        expect_size(c, "a message", size_of(message->payload), n < 4 ? (size_t)sizes[n] : 0);
    }
    ugrpc_stream_close(stream, &st);
    expect_status(c, &st, UGRPC_OK, NULL);
    expect_size(c, "the number of messages", n, 4);
}

static bool ask(struct ugrpc_stream *stream, size_t request_size, int32_t reply_size)
{
    grpc_testing_streaming_output_call_request request = GRPC_TESTING_STREAMING_OUTPUT_CALL_REQUEST_INIT;
    grpc_testing_response_parameters parameters = GRPC_TESTING_RESPONSE_PARAMETERS_INIT, *asked = &parameters;
    grpc_testing_payload payload = payload_of(request_size);
    parameters.size = reply_size;
    request.n_response_parameters = 1;
    request.response_parameters = &asked;
    request.payload = &payload;
    return grpc_testing_test_service_full_duplex_call_write(stream, &request);
}

static void expect_answer(struct client *c, struct ugrpc_stream *stream, int32_t size)
{
    const grpc_testing_streaming_output_call_response *message;
    if (grpc_testing_test_service_full_duplex_call_next(stream, &message)) {
        expect_size(c, "an answer", size_of(message->payload), (size_t)size);
    } else {
        fail(c, "no answer of %d bytes", size);
    }
}

static void expect_end(
    struct client *c, struct ugrpc_stream *stream, enum ugrpc_code code, const char *message)
{
    const grpc_testing_streaming_output_call_response *more;
    struct ugrpc_status st;
    if (grpc_testing_test_service_full_duplex_call_next(stream, &more)) {
        fail(c, "more messages than asked for");
    }
    ugrpc_stream_close(stream, &st);
    expect_status(c, &st, code, message);
}

static void ping_pong(struct client *c)
{
    static const int32_t requests[] = {27182, 8, 1828, 45904}, answers[] = {31415, 9, 2653, 58979};
    struct ugrpc_stream *stream = grpc_testing_test_service_full_duplex_call_open(c->channel, &c->options);
    for (size_t i = 0; i < 4; i++) {
        ask(stream, (size_t)requests[i], answers[i]);
        expect_answer(c, stream, answers[i]);
    }
    ugrpc_stream_end(stream);
    expect_end(c, stream, UGRPC_OK, NULL);
}

static void empty_stream(struct client *c)
{
    struct ugrpc_stream *stream = grpc_testing_test_service_full_duplex_call_open(c->channel, &c->options);
    ugrpc_stream_end(stream);
    expect_end(c, stream, UGRPC_OK, NULL);
}

static void timeout_on_sleeping_server(struct client *c)
{
    empty_unary(c); /* connects first: the deadline is for the server */
    c->options.timeout_ms = 1;
    struct ugrpc_stream *stream = grpc_testing_test_service_full_duplex_call_open(c->channel, &c->options);
    grpc_testing_streaming_output_call_request request = GRPC_TESTING_STREAMING_OUTPUT_CALL_REQUEST_INIT;
    grpc_testing_payload payload = payload_of(27182);
    request.payload = &payload;
    grpc_testing_test_service_full_duplex_call_write(stream, &request);
    expect_end(c, stream, UGRPC_DEADLINE_EXCEEDED, NULL);
}

static void cancel_after_begin(struct client *c)
{
    struct ugrpc_stream *stream = grpc_testing_test_service_streaming_input_call_open(
        c->channel, &c->options);
    grpc_testing_streaming_input_call_response *reply;
    struct ugrpc_status st;
    ugrpc_channel_interrupt(c->channel);
    grpc_testing_test_service_streaming_input_call_finish(stream, &reply, &st);
    expect_status(c, &st, UGRPC_CANCELLED, NULL);
    grpc_testing_streaming_input_call_response_free(reply);
}

static void cancel_after_first_response(struct client *c)
{
    struct ugrpc_stream *stream = grpc_testing_test_service_full_duplex_call_open(c->channel, &c->options);
    ask(stream, 27182, 31415);
    expect_answer(c, stream, 31415);
    ugrpc_channel_interrupt(c->channel);
    expect_end(c, stream, UGRPC_CANCELLED, NULL);
}

static void status_code_and_message(struct client *c)
{
    static const char message[] = "test status message";
    status_from_unary(c, message);
    struct ugrpc_stream *stream = grpc_testing_test_service_full_duplex_call_open(c->channel, &c->options);
    grpc_testing_streaming_output_call_request request = GRPC_TESTING_STREAMING_OUTPUT_CALL_REQUEST_INIT;
    grpc_testing_echo_status status = GRPC_TESTING_ECHO_STATUS_INIT;
    status.code = UGRPC_UNKNOWN;
    status.message = (char *)message;
    request.response_status = &status;
    grpc_testing_test_service_full_duplex_call_write(stream, &request);
    ugrpc_stream_end(stream);
    expect_end(c, stream, UGRPC_UNKNOWN, message);
}

/* ---- metadata --------------------------------------------------------------------------------------- */

static void expect_pair(
    struct client *c, const struct ugrpc_pair *pairs, size_t n, const struct ugrpc_pair *expected)
{
    size_t len = expected->value_len ? expected->value_len : strlen(expected->value);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(pairs[i].key, expected->key) == 0 && pairs[i].value_len == len &&
            memcmp(pairs[i].value, expected->value, len) == 0) {
            return;
        }
    }
    fail(c, "%s has not come back", expected->key);
}

static void expect_metadata(struct client *c, const struct ugrpc_pair sent[2])
{
    struct ugrpc_reply_metadata *metadata = c->options.reply_metadata;
    expect_pair(c, metadata->initial, metadata->n_initial, &sent[0]);
    expect_pair(c, metadata->trailing, metadata->n_trailing, &sent[1]);
    ugrpc_reply_metadata_done(metadata);
}

static void custom_metadata(struct client *c)
{
    static const struct ugrpc_pair sent[] = {{"x-grpc-test-echo-initial", "test_initial_metadata_value", 0},
        {"x-grpc-test-echo-trailing-bin", "\xab\xab\xab", 3}};
    struct ugrpc_reply_metadata metadata = {0};
    c->options.metadata = sent;
    c->options.n_metadata = 2;
    c->options.reply_metadata = &metadata;
    unary(c, LARGE_REQUEST, LARGE_REPLY);
    expect_metadata(c, sent);
    struct ugrpc_stream *stream = grpc_testing_test_service_full_duplex_call_open(c->channel, &c->options);
    ask(stream, LARGE_REQUEST, LARGE_REPLY);
    expect_answer(c, stream, LARGE_REPLY);
    ugrpc_stream_end(stream);
    expect_end(c, stream, UGRPC_OK, NULL);
    expect_metadata(c, sent);
}

/* ---- the program ------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    void (*run)(struct client *c);
} cases[] = {
    {"empty_unary", empty_unary},
    {"large_unary", large_unary},
    {"client_streaming", client_streaming},
    {"server_streaming", server_streaming},
    {"ping_pong", ping_pong},
    {"empty_stream", empty_stream},
    {"timeout_on_sleeping_server", timeout_on_sleeping_server},
    {"cancel_after_begin", cancel_after_begin},
    {"cancel_after_first_response", cancel_after_first_response},
    {"custom_metadata", custom_metadata},
    {"status_code_and_message", status_code_and_message},
    {"special_status_message", special_status_message},
    {"unimplemented_method", unimplemented_method},
    {"unimplemented_service", unimplemented_service},
};

static int run_case(struct client *c, const char *name)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (strcmp(cases[i].name, name) == 0) {
            cases[i].run(c);
            return c->failed;
        }
    }
    fprintf(stderr, "no case %s\n", name);
    return 2;
}

static int connect_and_run(const char *target, const char *name, const struct ugrpc_tls_options *tls_options,
    const struct ugrpc_call_options *call)
{
    struct client c = {.options = *call};
    struct ugrpc_tls_creds *tls = NULL;
    struct ugrpc_status st;
    int rc = 1;
    if (tls_options->ca_file && !(tls = ugrpc_tls_creds_new(tls_options, &st))) {
        fprintf(stderr, "%s\n", st.message);
        return 1;
    }
    const struct ugrpc_channel_options options = {.tls = tls, .insecure = !tls};
    c.channel = ugrpc_channel_new(NULL, target, &options, &st);
    if (c.channel) {
        rc = run_case(&c, name);
    } else {
        fprintf(stderr, "%s\n", st.message);
    }
    ugrpc_channel_free(c.channel);
    ugrpc_tls_creds_free(tls);
    return rc;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"target", required_argument, NULL, 't'},
        {"case", required_argument, NULL, 'c'}, {"ca", required_argument, NULL, 'a'},
        {"server-name", required_argument, NULL, 'n'}, {"compression", required_argument, NULL, 'z'},
        {"ask-compressed", no_argument, NULL, 'x'}, {NULL, 0, NULL, 0}};
    struct ugrpc_tls_options tls = {0};
    static const struct ugrpc_pair compressed = {"x-compress", "gzip", 0};
    struct ugrpc_call_options call = {.timeout_ms = TIMEOUT_MS};
    const char *target = NULL, *name = NULL;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 't':
            target = optarg;
            break;
        case 'c':
            name = optarg;
            break;
        case 'a':
            tls.ca_file = optarg;
            break;
        case 'n':
            tls.server_name = optarg;
            break;
        case 'z':
            call.compression = strcmp(optarg, "gzip") == 0 ? UGRPC_GZIP : UGRPC_DEFLATE;
            break;
        case 'x':
            call.metadata = &compressed;
            call.n_metadata = 1;
            break;
        default:
            return 2;
        }
    }
    if (!target || !name || optind < argc) {
        fprintf(stderr,
            "usage: %s --target T --case NAME [--ca FILE [--server-name NAME]] [--compression gzip|deflate]"
            " [--ask-compressed]\n",
            argv[0]);
        return 2;
    }
    return connect_and_run(target, name, &tls, &call);
}
