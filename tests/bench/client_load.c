/* SPDX-License-Identifier: MIT */
/* What the client half of libugrpc costs, against ugrpc-interop-server or another server of the same service.
 * usage: client-load TARGET unary CALLS [IN_FLIGHT]      empty unary calls, so many at a time
 *        client-load TARGET bytes|decoded MESSAGES       streams of messages with 1 KB, taken as bytes or
 * decoded Prints the CPU time that each took. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ugrpc/ugrpc.h>

#include "grpc/testing/test.ugrpc.h"

#define MESSAGES_A_STREAM 4000
#define MESSAGE_SIZE      1024

struct load {
    struct ugrpc_loop *loop;
    struct ugrpc_channel *channel;
    long calls_to_begin, calls_to_end, messages;
    bool failed;
};

static void begin_unary(struct load *load);

/* False: it was the last one. */
static bool note_end(struct load *load, const struct ugrpc_status *st)
{
    if (st->code != UGRPC_OK) {
        fprintf(stderr, "client-load: %s\n", st->message);
        load->failed = true;
    }
    if (--load->calls_to_end > 0 && !load->failed) {
        return true;
    }
    ugrpc_loop_stop(load->loop);
    return false;
}

static void on_reply(const struct ugrpc_status *st, const grpc_testing_empty *reply, void *userdata)
{
    if (note_end(userdata, st)) {
        begin_unary(userdata);
    }
}

static void begin_unary(struct load *load)
{
    static const grpc_testing_empty request = GRPC_TESTING_EMPTY_INIT;
    if (load->calls_to_begin > 0) {
        load->calls_to_begin--;
        grpc_testing_test_service_empty_call_async(load->channel, &request, NULL, on_reply, load);
    }
}

static void on_message(struct ugrpc_pending *pending, const void *message, void *userdata)
{
    ((struct load *)userdata)->messages++;
}

static void begin_stream(struct load *load, const struct ugrpc_method *method);

static void on_decoded_end(struct ugrpc_pending *pending, const struct ugrpc_status *st, void *userdata)
{
    if (note_end(userdata, st)) {
        begin_stream(userdata, NULL);
    }
}

static const struct ugrpc_method as_bytes = {"StreamingOutputCall", UGRPC_SERVER_STREAMING};

static void on_bytes_end(struct ugrpc_pending *pending, const struct ugrpc_status *st, void *userdata)
{
    if (note_end(userdata, st)) {
        begin_stream(userdata, &as_bytes);
    }
}

/* `method` NULL: the generated one, whose messages are decoded. */
static void begin_stream(struct load *load, const struct ugrpc_method *method)
{
    static const struct ugrpc_pending_events of_decoded = {.message = on_message, .done = on_decoded_end};
    static const struct ugrpc_pending_events of_bytes = {.message = on_message, .done = on_bytes_end};
    static uint8_t packed[MESSAGES_A_STREAM * 8];
    grpc_testing_streaming_output_call_request request = GRPC_TESTING_STREAMING_OUTPUT_CALL_REQUEST_INIT;
    grpc_testing_response_parameters size = GRPC_TESTING_RESPONSE_PARAMETERS_INIT, *sizes[MESSAGES_A_STREAM];
    size.size = MESSAGE_SIZE;
    for (int i = 0; i < MESSAGES_A_STREAM; i++) {
        sizes[i] = &size;
    }
    request.n_response_parameters = MESSAGES_A_STREAM;
    request.response_parameters = sizes;
    const struct ugrpc_bytes bytes = {packed, protobuf_c_message_pack(&request.base, packed)};
    const struct ugrpc_service *service = &grpc_testing_test_service_service;
    for (size_t i = 0; !method && i < service->n_methods; i++) {
        if (strcmp(service->methods[i].name, as_bytes.name) == 0) {
            method = &service->methods[i];
        }
    }
    bool raw = method == &as_bytes;
    struct ugrpc_pending *pending = ugrpc_pending_new(
        load->channel, service, method, NULL, raw ? &of_bytes : &of_decoded, load);
    ugrpc_pending_send(pending, raw ? (const void *)&bytes : &request);
}

static int run(struct load *load, const char *what, long n, long in_flight)
{
    struct timespec cpu;
    if (strcmp(what, "unary") == 0) {
        load->calls_to_begin = load->calls_to_end = n;
        for (long i = 0; i < in_flight; i++) {
            begin_unary(load);
        }
    } else {
        load->calls_to_end = (n + MESSAGES_A_STREAM - 1) / MESSAGES_A_STREAM;
        begin_stream(load, strcmp(what, "bytes") == 0 ? &as_bytes : NULL);
    }
    ugrpc_loop_run(load->loop);
    if (load->failed) {
        return 1;
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    double us = ((double)cpu.tv_sec * 1e6 + (double)cpu.tv_nsec / 1e3) /
                (double)(load->messages ? load->messages : n);
    printf("%s: %.3f us of CPU each\n", what, us);
    return 0;
}

int main(int argc, char **argv)
{
    const struct ugrpc_channel_options options = {.insecure = true};
    struct load load = {.loop = ugrpc_loop_new()};
    struct ugrpc_status st;
    if (argc < 4) {
        fprintf(
            stderr, "usage: client-load TARGET unary CALLS [IN_FLIGHT] | TARGET bytes|decoded MESSAGES\n");
        return 2;
    }
    load.channel = ugrpc_channel_new(load.loop, argv[1], &options, &st);
    if (!load.channel) {
        fprintf(stderr, "client-load: %s\n", st.message);
        return 1;
    }
    int rc = run(&load, argv[2], atol(argv[3]), argc > 4 ? atol(argv[4]) : 100);
    ugrpc_channel_free(load.channel);
    ugrpc_loop_free(load.loop);
    return rc;
}
