/* SPDX-License-Identifier: MIT */
/* An asynchronous stream: watches the active power of a component. The loop is the library's own; it works in
 * a libuv loop of yours (ugrpc_loop_attach()) and in any other (epoll.c, glib.c) alike. usage: watch
 * COMPONENT_ID [TARGET [MESSAGES]], by default 127.0.0.1:50051 and for ever. Built with
 *
 *     cc -o watch watch.c $(pkg-config --cflags --libs libmicrogrid) */
#include <stdio.h>
#include <stdlib.h>

#include <microgrid/v1.h>
#include <ugrpc/ugrpc.h>

struct watch {
    struct ugrpc_loop *loop;
    long left; /* messages; negative: no limit */
    int rc;
};

static void on_message(struct ugrpc_pending *pending,
    const microgrid_v1_receive_component_data_stream_response *message, void *userdata)
{
    struct watch *watch = userdata;
    for (size_t i = 0; message->data && i < message->data->n_metric_samples; i++) {
        const microgrid_common_v1_metrics_metric_value_variant *value =
            message->data->metric_samples[i]->value;
        if (value && microgrid_common_v1_metrics_metric_value_variant_has_simple_metric(value)) {
            printf("%10.1f W\n", value->simple_metric->value);
        }
    }
    fflush(stdout);
    if (watch->left > 0 && --watch->left == 0) {
        ugrpc_pending_cancel(pending); /* on_done() will not run */
        ugrpc_loop_stop(watch->loop);
    }
}

static void on_done(const struct ugrpc_status *st, void *userdata)
{
    struct watch *watch = userdata;
    fprintf(stderr, "watch: %s\n", st->message);
    watch->rc = 1;
    ugrpc_loop_stop(watch->loop);
}

int main(int argc, char **argv)
{
    const struct ugrpc_channel_options options = {.insecure = true,
        .keepalive_time_ms = 10000,
        .keepalive_timeout_ms = 5000}; /* silence ends it, too */
    microgrid_v1_receive_component_data_stream_request request =
        MICROGRID_V1_RECEIVE_COMPONENT_DATA_STREAM_REQUEST_INIT;
    microgrid_v1_receive_component_data_stream_request_component_data_stream_filter filter =
        MICROGRID_V1_RECEIVE_COMPONENT_DATA_STREAM_REQUEST_COMPONENT_DATA_STREAM_FILTER_INIT;
    microgrid_common_v1_metrics_metric power[] = {MICROGRID_COMMON_V1_METRICS_METRIC_AC_ACTIVE_POWER};
    struct watch watch = {.left = argc > 3 ? atol(argv[3]) : -1};
    struct ugrpc_status st;
    char *end;
    if (argc < 2 || (request.component_id = strtoull(argv[1], &end, 10)) == 0 || *end) {
        fprintf(stderr, "usage: watch COMPONENT_ID [TARGET [MESSAGES]]\n");
        return 2;
    }
    watch.loop = ugrpc_loop_new();
    struct ugrpc_channel *channel = ugrpc_channel_new(
        watch.loop, argc > 2 ? argv[2] : "127.0.0.1:50051", &options, &st);
    if (!channel) {
        fprintf(stderr, "watch: %s\n", st.message);
        return 2;
    }
    request.filter = &filter;
    filter.n_metrics = 1;
    filter.metrics = power;
    microgrid_v1_receive_component_data_stream_async(channel, &request, NULL, on_message, on_done, &watch);
    ugrpc_loop_run(watch.loop);
    ugrpc_channel_free(channel);
    ugrpc_loop_free(watch.loop);
    return watch.rc;
}
