/* SPDX-License-Identifier: MIT */
/* The client half of libugrpc at work, for ./dev bench to measure what that costs: empty unary calls, so many
 * at a time, to ugrpc-interop-server or another server of its service; or telemetry streams of a microgridd
 * on tests/bench/site.yaml, whose messages of 1 KB are taken as bytes or decoded.
 *
 *     client-load TARGET unary CALLS IN_FLIGHT
 *     client-load TARGET bytes|decoded MESSAGES STREAMS */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <microgrid/v1.h>
#include <ugrpc/ugrpc.h>

#include "grpc/testing/test.ugrpc.h"

#define N_COMPONENTS 10
#define N_METRICS    40 /* those of stream_load.c */

struct load {
    struct ugrpc_loop *loop;
    struct ugrpc_channel *channel;
    long to_begin, to_end; /* calls, or messages */
    bool failed;
};

/* One call or message more has come. */
static void note(struct load *load)
{
    if (--load->to_end == 0) {
        ugrpc_loop_stop(load->loop);
    }
}

static void on_failed(const struct ugrpc_status *st, void *userdata)
{
    struct load *load = userdata;
    fprintf(stderr, "client-load: %s\n", st->message);
    load->failed = true;
    ugrpc_loop_stop(load->loop);
}

/* ---- unary calls ---- */

static void begin_unary(struct load *load);

static void on_reply(const struct ugrpc_status *st, const grpc_testing_empty *reply, void *userdata)
{
    if (!reply) {
        on_failed(st, userdata);
        return;
    }
    note(userdata);
    begin_unary(userdata);
}

static void begin_unary(struct load *load)
{
    static const grpc_testing_empty request = GRPC_TESTING_EMPTY_INIT;
    if (load->to_begin > 0) {
        load->to_begin--;
        grpc_testing_test_service_empty_call_async(load->channel, &request, NULL, on_reply, load);
    }
}

/* ---- streams ---- */

static void on_decoded(struct ugrpc_pending *pending,
    const microgrid_v1_receive_component_data_stream_response *message, void *userdata)
{
    note(userdata);
}

static void on_bytes(struct ugrpc_pending *pending, const void *message, void *userdata)
{
    note(userdata);
}

static void on_bytes_done(struct ugrpc_pending *pending, const struct ugrpc_status *st, void *userdata)
{
    on_failed(st, userdata);
}

static void begin_bytes(struct load *load, const microgrid_v1_receive_component_data_stream_request *request)
{
    static const struct ugrpc_method method = {"ReceiveComponentDataStream", UGRPC_SERVER_STREAMING};
    static const struct ugrpc_service service = {"frequenz.api.microgrid.v1.Microgrid", &method, 1};
    static const struct ugrpc_pending_events events = {.message = on_bytes, .done = on_bytes_done};
    uint8_t packed[256];
    const struct ugrpc_bytes bytes = {packed, protobuf_c_message_pack(&request->base, packed)};
    ugrpc_pending_send(ugrpc_pending_new(load->channel, &service, &method, NULL, &events, load), &bytes);
}

static void begin_stream(struct load *load, uint64_t component_id, bool decoded)
{
    microgrid_common_v1_metrics_metric metrics[N_METRICS];
    microgrid_v1_receive_component_data_stream_request request =
        MICROGRID_V1_RECEIVE_COMPONENT_DATA_STREAM_REQUEST_INIT;
    microgrid_v1_receive_component_data_stream_request_component_data_stream_filter filter =
        MICROGRID_V1_RECEIVE_COMPONENT_DATA_STREAM_REQUEST_COMPONENT_DATA_STREAM_FILTER_INIT;
    for (int i = 0; i < N_METRICS; i++) {
        metrics[i] = i < 24 ? 10 + i : i < 28 ? 40 + i - 24 : 54 + i - 28;
    }
    filter.n_metrics = N_METRICS;
    filter.metrics = metrics;
    request.component_id = component_id;
    request.filter = &filter;
    if (decoded) {
        microgrid_v1_receive_component_data_stream_async(
            load->channel, &request, NULL, on_decoded, on_failed, load);
    } else {
        begin_bytes(load, &request);
    }
}

int main(int argc, char **argv)
{
    const struct ugrpc_channel_options options = {.insecure = true};
    struct ugrpc_status st;
    if (argc != 5) {
        fprintf(stderr,
            "usage: client-load TARGET unary CALLS IN_FLIGHT | TARGET bytes|decoded MESSAGES STREAMS\n");
        return 2;
    }
    struct load load = {.loop = ugrpc_loop_new(), .to_begin = atol(argv[3]), .to_end = atol(argv[3])};
    load.channel = ugrpc_channel_new(load.loop, argv[1], &options, &st);
    if (!load.channel) {
        fprintf(stderr, "client-load: %s\n", st.message);
        return 1;
    }
    for (long i = 0; i < atol(argv[4]); i++) {
        if (strcmp(argv[2], "unary") == 0) {
            begin_unary(&load);
        } else {
            begin_stream(&load, 1 + (uint64_t)i % N_COMPONENTS, strcmp(argv[2], "decoded") == 0);
        }
    }
    ugrpc_loop_run(load.loop);
    ugrpc_channel_free(load.channel);
    ugrpc_loop_free(load.loop);
    return load.failed;
}
