/* SPDX-License-Identifier: MIT */
/* A stream answers at once with what the gateway knows, so one message of each is enough. Some are open at
 * the same time, to wait once rather than for each. */
#include "ctl/snapshot.h"

#include "ctl/ctl.h"
#include "ctl/report.h"

#define AT_ONCE 64   /* fewer than any server refuses */
#define NEXT_MS 1500 /* gateways sample once a second, or more often */

static struct ugrpc_stream *open_one(
    struct ctl *ctl, const struct named *named, const struct ugrpc_call_options *options)
{
    if (named->component) {
        microgrid_v1_receive_component_data_stream_request request =
            MICROGRID_V1_RECEIVE_COMPONENT_DATA_STREAM_REQUEST_INIT;
        request.component_id = named_id(named);
        return microgrid_v1_receive_component_data_stream_open(ctl->channel, &request, options);
    }
    microgrid_v1_receive_sensor_data_stream_request request =
        MICROGRID_V1_RECEIVE_SENSOR_DATA_STREAM_REQUEST_INIT;
    request.sensor_id = named_id(named);
    return microgrid_v1_receive_sensor_data_stream_open(ctl->channel, &request, options);
}

static bool take_one(struct ugrpc_stream *stream, const struct named *named, struct sample *sample)
{
    const microgrid_v1_receive_component_data_stream_response *component;
    const microgrid_v1_receive_sensor_data_stream_response *sensor;
    if (named->component) {
        if (!microgrid_v1_receive_component_data_stream_next(stream, &component)) {
            return false;
        }
        sample->component = (const component_data *)sample_copy(
            &(struct sample){.component = component->data});
        return true;
    }
    if (!microgrid_v1_receive_sensor_data_stream_next(stream, &sensor)) {
        return false;
    }
    sample->sensor = (const sensor_data *)sample_copy(&(struct sample){.sensor = sensor->data});
    return true;
}

static int take_some(
    struct ctl *ctl, const struct named *named, size_t n, struct sample *samples, struct ugrpc_status *st)
{
    struct ugrpc_call_options options = {.timeout_ms = ctl_timeout_ms(ctl, false)};
    struct ugrpc_stream *streams[AT_ONCE];
    int rc = 0;
    for (size_t i = 0; i < n; i++) {
        streams[i] = open_one(ctl, &named[i], &options);
    }
    for (size_t i = 0; i < n; i++) {
        struct ugrpc_status end;
        bool taken = rc == 0 && take_one(streams[i], &named[i], &samples[i]);
        int ended = ugrpc_stream_close(streams[i], &end);
        if (rc == 0 && !taken) {
            rc = ended < 0 ? ended : status_set(&end, UGRPC_UNKNOWN, "a stream ended without a sample");
            *st = end;
        }
    }
    return rc;
}

int snapshot_try(
    struct ctl *ctl, const struct named *named, size_t n, struct snapshot *snapshot, struct ugrpc_status *st)
{
    *snapshot = (struct snapshot){.samples = must(calloc(n + 1, sizeof(*snapshot->samples))), .n = n};
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i += AT_ONCE) {
        size_t some = n - i < AT_ONCE ? n - i : AT_ONCE;
        rc = take_some(ctl, named + i, some, snapshot->samples + i, st);
    }
    return rc;
}

int snapshot_take(struct ctl *ctl, const struct named *named, size_t n, struct snapshot *snapshot)
{
    struct ugrpc_status st;
    int rc = snapshot_try(ctl, named, n, snapshot, &st);
    return rc < 0 ? report_status(ctl, &st, NULL) : 0;
}

int snapshot_all(struct ctl *ctl, const struct directory *directory, struct snapshot *snapshot)
{
    size_t n = directory->components->n_components;
    struct named *named = must(calloc(n + 1, sizeof(*named)));
    for (size_t i = 0; i < n; i++) {
        named[i].component = directory->components->components[i];
    }
    int rc = snapshot_take(ctl, named, n, snapshot);
    free(named);
    return rc;
}

component_data *snapshot_next(struct ctl *ctl, const component_message *component)
{
    const struct named named = {.component = component};
    struct ugrpc_call_options options = {.timeout_ms = NEXT_MS};
    struct ugrpc_stream *stream = open_one(ctl, &named, &options);
    const microgrid_v1_receive_component_data_stream_response *message;
    component_data *data = NULL;
    for (int i = 0; i < 2 && microgrid_v1_receive_component_data_stream_next(stream, &message); i++) {
        if (i == 1) {
            data = (component_data *)sample_copy(&(struct sample){.component = message->data});
        }
    }
    ugrpc_stream_close(stream, NULL);
    return data;
}

void snapshot_done(struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->n; i++) {
        protobuf_c_message_free_unpacked((ProtobufCMessage *)snapshot->samples[i].component, NULL);
        protobuf_c_message_free_unpacked((ProtobufCMessage *)snapshot->samples[i].sensor, NULL);
    }
    free(snapshot->samples);
    *snapshot = (struct snapshot){.n = 0};
}
