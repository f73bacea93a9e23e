/* SPDX-License-Identifier: MIT */
/* A servicer of the Microgrid API: one meter, which any client of the API can list and watch, as
 * microgridctl watch meter --target 127.0.0.1:50053 does. What it does not serve answers UNIMPLEMENTED.
 * usage: serve [ADDRESS], by default 127.0.0.1:50053; prints where it listens. Built with
 *
 *     cc -o serve serve.c $(pkg-config --cflags --libs libmicrogrid libuv) */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <microgrid/v1.h>
#include <ugrpc/ugrpc.h>
#include <uv.h>

static float read_power_w(void)
{
    return 1234.5F; /* ask your meter here; + is taken from the grid */
}

static void list_components(
    struct ugrpc_call *call, const microgrid_v1_list_components_request *req, void *userdata)
{
    microgrid_v1_list_components_response reply = MICROGRID_V1_LIST_COMPONENTS_RESPONSE_INIT;
    microgrid_common_v1_microgrid_components_component
        meter = MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_COMPONENT_INIT,
        *all[] = {&meter};
    char name[] = "meter";
    meter.id = 1;
    meter.name = name;
    meter.category = MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_COMPONENT_CATEGORY_METER;
    reply.n_components = 1;
    reply.components = all;
    microgrid_v1_list_components_reply(call, &reply); /* encoded before it returns: locals will do */
}

static void list_sensors(struct ugrpc_call *call, const microgrid_v1_list_sensor_request *req, void *userdata)
{
    const microgrid_v1_list_sensors_response none = MICROGRID_V1_LIST_SENSORS_RESPONSE_INIT;
    microgrid_v1_list_sensors_reply(call, &none);
}

/* A reader that is too slow misses some. */
static void send_sample(uv_timer_t *timer)
{
    microgrid_v1_receive_component_data_stream_response message =
        MICROGRID_V1_RECEIVE_COMPONENT_DATA_STREAM_RESPONSE_INIT;
    microgrid_common_v1_microgrid_components_component_data data =
        MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_COMPONENT_DATA_INIT;
    microgrid_common_v1_metrics_metric_sample sample = MICROGRID_COMMON_V1_METRICS_METRIC_SAMPLE_INIT,
                                              *samples[] = {&sample};
    microgrid_common_v1_metrics_metric_value_variant value =
        MICROGRID_COMMON_V1_METRICS_METRIC_VALUE_VARIANT_INIT;
    microgrid_common_v1_metrics_simple_metric_value power =
        MICROGRID_COMMON_V1_METRICS_SIMPLE_METRIC_VALUE_INIT;
    ugrpc_protobuf_timestamp now = UGRPC_PROTOBUF_TIMESTAMP_INIT;
    now.seconds = time(NULL);
    power.value = read_power_w();
    microgrid_common_v1_metrics_metric_value_variant_set_simple_metric(&value, &power);
    sample.sampled_at = &now;
    sample.metric = MICROGRID_COMMON_V1_METRICS_METRIC_AC_ACTIVE_POWER;
    sample.value = &value;
    data.component_id = 1;
    data.n_metric_samples = 1;
    data.metric_samples = samples;
    message.data = &data;
    microgrid_v1_receive_component_data_stream_send(timer->data, &message);
}

/* The stream's client is gone, or its deadline has passed. */
static void on_cancel(struct ugrpc_call *call, void *userdata)
{
    uv_close(userdata, (uv_close_cb)free);
    ugrpc_call_end(call);
}

static void receive_component_data_stream(
    struct ugrpc_call *call, const microgrid_v1_receive_component_data_stream_request *req, void *userdata)
{
    static const struct ugrpc_call_events events = {.on_cancel = on_cancel};
    if (req->component_id != 1) {
        ugrpc_call_fail(call, UGRPC_NOT_FOUND, "there is no component %llu, only the meter, 1",
            (unsigned long long)req->component_id);
        return;
    }
    uv_timer_t *timer = malloc(sizeof(*timer));
    if (!timer) {
        ugrpc_call_fail(call, UGRPC_RESOURCE_EXHAUSTED, "no memory for another stream");
        return;
    }
    uv_timer_init(userdata, timer);
    timer->data = call;
    uv_timer_start(timer, send_sample, 0, 1000);
    ugrpc_call_watch(call, &events, timer);
}

static const struct microgrid_v1_servicer servicer = {
    .list_components = list_components,
    .list_sensors = list_sensors,
    .receive_component_data_stream = receive_component_data_stream,
};

int main(int argc, char **argv)
{
    struct ugrpc_status st;
    struct ugrpc_loop *loop = ugrpc_loop_new();
    struct ugrpc_server *server = ugrpc_server_new(loop, NULL, &st);
    if (!server || microgrid_v1_add_servicer_to_server(server, &servicer, ugrpc_loop_uv(loop)) != 0 ||
        ugrpc_server_listen(server, argc > 1 ? argv[1] : "127.0.0.1:50053", NULL, &st) != 0 ||
        ugrpc_server_start(server, &st) != 0) {
        fprintf(stderr, "serve: %s\n", st.message);
        return 1;
    }
    printf("%s\n", ugrpc_server_address(server, 0));
    fflush(stdout);
    ugrpc_loop_run(loop);
    ugrpc_server_free(server);
    ugrpc_loop_free(loop);
    return 0;
}
