/* SPDX-License-Identifier: MIT */
/* Each handler hands its request's fields to the service or to what all faces share, and turns what comes
 * back into a reply. */
#include "service/v1/microgrid_v1.h"

#include <stdlib.h>

#include <ugrpc/server.h>

#include "base/base.h"
#include "base/clock.h"
#include "service/face.h"
#include "service/rpc.h"
#include "service/shown.h"
#include "service/v1/describe.h"
#include "service/v1/tables.h"
#include "service/v1/telemetry.h"
#include "service/v1/wire.h"

static void get_microgrid_metadata(
    struct ugrpc_call *call, const ugrpc_protobuf_empty *request, void *userdata)
{
    const struct face *face = userdata;
    ugrpc_call_reply_message(call, face->metadata);
}

static void list_components(
    struct ugrpc_call *call, const microgrid_v1_list_components_request *request, void *userdata)
{
    struct face *face = userdata;
    const struct face_filter ids = {
        .name = "component_ids", .n = request->n_component_ids, .ids = request->component_ids};
    const struct face_filter categories = {
        .name = "categories", .n = request->n_categories, .numbers = (const int *)request->categories};
    face_reply_list(call, &face->components, &ids, &categories);
}

static void list_sensors(
    struct ugrpc_call *call, const microgrid_v1_list_sensor_request *request, void *userdata)
{
    struct face *face = userdata;
    const struct face_filter ids = {
        .name = "sensor_ids", .n = request->n_sensor_ids, .ids = request->sensor_ids};
    const struct face_filter categories = {
        .name = "categories", .n = request->n_categories, .numbers = (const int *)request->categories};
    face_reply_list(call, &face->sensors, &ids, &categories);
}

static void list_connections(
    struct ugrpc_call *call, const microgrid_v1_list_connections_request *request, void *userdata)
{
    struct face *face = userdata;
    const struct face_filter starts = {.name = "starts", .n = request->n_starts, .ids = request->starts};
    const struct face_filter ends = {.name = "ends", .n = request->n_ends, .ids = request->ends};
    face_reply_list(call, &face->connections, &starts, &ends);
}

static void receive_component_data_stream(struct ugrpc_call *call,
    const microgrid_v1_receive_component_data_stream_request *request, void *userdata)
{
    struct face_metrics metrics = {0};
    if (request->filter) {
        metrics = (struct face_metrics){
            .given = true, .n = request->filter->n_metrics, .numbers = (const int *)request->filter->metrics};
    }
    face_stream_component(userdata, call, request->component_id, &metrics);
}

static void receive_sensor_data_stream(
    struct ugrpc_call *call, const microgrid_v1_receive_sensor_data_stream_request *request, void *userdata)
{
    struct face_metrics metrics = {0};
    if (request->filter) {
        metrics = (struct face_metrics){
            .given = true, .n = request->filter->n_metrics, .numbers = (const int *)request->filter->metrics};
    }
    face_stream_sensor(userdata, call, request->sensor_id, &metrics);
}

static int read_lifetime(unsigned number, const char *label, int64_t *lifetime_ns, struct ugrpc_status *st)
{
    static const int durations_s[] = {5, 5, 60, 300, 900}; /* by number; 0, UNSPECIFIED, is the default */
    if (number >= ARRAY_LEN(durations_s)) {
        return status_set(st, UGRPC_INVALID_ARGUMENT,
            "%s: validity_duration is %d, must be 0 (default, 5 s), 1 (5 s), 2 (1 min), 3 (5 min) or 4 "
            "(15 min)",
            label, (int)number);
    }
    *lifetime_ns = durations_s[number] * NS_PER_S;
    return 0;
}

static int read_ranges(const microgrid_v1_add_component_bounds_request *request, const char *label,
    struct range *ranges, struct ugrpc_status *st)
{
    int rc = 0;
    for (size_t i = 0; i < request->n_bounds && !rc; i++) {
        const v1_bounds *bounds = request->bounds[i];
        const struct face_bound bound = {
            .has_lower = v1_bounds_has_lower(bounds),
            .has_upper = v1_bounds_has_upper(bounds),
            .lower = bounds->lower,
            .upper = bounds->upper,
        };
        rc = face_range(bound, label, i, &ranges[i], st);
    }
    return rc;
}

static int add_bounds(struct face *face, const struct ugrpc_call *call,
    const microgrid_v1_add_component_bounds_request *request, int64_t *until_utc_ns, struct ugrpc_status *st)
{
    struct rpc_caller caller;
    struct bounds_request added = {.n = request->n_bounds};
    char label[SERVICE_LABEL_BYTES];
    service_label(face->service, request->component_id, label, sizeof(label));
    int rc = face_target_metric(face, (int)request->target_metric, label, &added.metric, st);
    if (rc || (rc = read_lifetime((unsigned)request->validity_duration, label, &added.lifetime_ns, st))) {
        return rc;
    }
    struct range *ranges = calloc(request->n_bounds + 1, sizeof(*ranges));
    if (!ranges) {
        return status_set(
            st, UGRPC_RESOURCE_EXHAUSTED, "%s: no memory for %zu bounds", label, request->n_bounds);
    }
    added.ranges = ranges;
    rc = read_ranges(request, label, ranges, st);
    if (!rc) {
        rc = service_add_bounds(
            face->service, rpc_caller_init(&caller, call), request->component_id, &added, until_utc_ns, st);
    }
    free(ranges);
    return rc;
}

static void bounds_added(struct ugrpc_call *call, int64_t until_utc_ns)
{
    v1_timestamp until = shown_timestamp(until_utc_ns);
    microgrid_v1_add_component_bounds_response reply = MICROGRID_V1_ADD_COMPONENT_BOUNDS_RESPONSE_INIT;
    reply.ts = &until;
    microgrid_v1_add_component_bounds_reply(call, &reply);
}

static void add_component_bounds(
    struct ugrpc_call *call, const microgrid_v1_add_component_bounds_request *request, void *userdata)
{
    int64_t until_utc_ns = 0;
    struct ugrpc_status st;
    if (!face_may_command(userdata, call, request->component_id)) {
        return;
    }
    if (add_bounds(userdata, call, request, &until_utc_ns, &st)) {
        ugrpc_call_fail_status(call, &st);
        return;
    }
    face_reply_kept(userdata, call, until_utc_ns, bounds_added);
}

static void active_power_set(const struct ugrpc_status *st, int64_t valid_until_utc_ns, void *userdata)
{
    struct ugrpc_call *call = userdata;
    if (st->code != UGRPC_OK) {
        ugrpc_call_fail_status(call, st);
        return;
    }
    v1_timestamp valid_until = shown_timestamp(valid_until_utc_ns);
    microgrid_v1_set_component_power_active_response reply =
        MICROGRID_V1_SET_COMPONENT_POWER_ACTIVE_RESPONSE_INIT;
    reply.valid_until = &valid_until;
    microgrid_v1_set_component_power_active_reply(call, &reply);
}

static void reactive_power_set(const struct ugrpc_status *st, int64_t valid_until_utc_ns, void *userdata)
{
    struct ugrpc_call *call = userdata;
    if (st->code != UGRPC_OK) {
        ugrpc_call_fail_status(call, st);
        return;
    }
    v1_timestamp valid_until = shown_timestamp(valid_until_utc_ns);
    microgrid_v1_set_component_power_reactive_response reply =
        MICROGRID_V1_SET_COMPONENT_POWER_REACTIVE_RESPONSE_INIT;
    reply.valid_until = &valid_until;
    microgrid_v1_set_component_power_reactive_reply(call, &reply);
}

static void set_power(struct face *face, struct ugrpc_call *call, uint64_t id, enum axis axis, float power,
    struct service_lifetime lifetime, command_fn *done)
{
    struct rpc_caller caller;
    struct ugrpc_status st;
    if (face_may_command(face, call, id) && service_set_power(face->service, rpc_caller_init(&caller, call),
                                                id, axis, (double)power, lifetime, done, call, &st)) {
        ugrpc_call_fail_status(call, &st);
    }
}

static void set_component_power_active(
    struct ugrpc_call *call, const microgrid_v1_set_component_power_active_request *request, void *userdata)
{
    const struct service_lifetime lifetime = {
        .given = microgrid_v1_set_component_power_active_request_has_request_lifetime(request),
        .seconds = request->request_lifetime,
    };
    set_power(userdata, call, request->component_id, AXIS_ACTIVE, request->power, lifetime, active_power_set);
}

static void set_component_power_reactive(
    struct ugrpc_call *call, const microgrid_v1_set_component_power_reactive_request *request, void *userdata)
{
    const struct service_lifetime lifetime = {
        .given = microgrid_v1_set_component_power_reactive_request_has_request_lifetime(request),
        .seconds = request->request_lifetime,
    };
    set_power(
        userdata, call, request->component_id, AXIS_REACTIVE, request->power, lifetime, reactive_power_set);
}

static void start_component(
    struct ugrpc_call *call, const microgrid_v1_start_component_request *request, void *userdata)
{
    face_run(userdata, call, request->component_id, LIFECYCLE_START);
}

static void put_component_in_standby(
    struct ugrpc_call *call, const microgrid_v1_put_component_in_standby_request *request, void *userdata)
{
    face_run(userdata, call, request->component_id, LIFECYCLE_STANDBY);
}

static void stop_component(
    struct ugrpc_call *call, const microgrid_v1_stop_component_request *request, void *userdata)
{
    face_run(userdata, call, request->component_id, LIFECYCLE_STOP);
}

static void ack_component_error(
    struct ugrpc_call *call, const microgrid_v1_ack_component_error_request *request, void *userdata)
{
    face_run(userdata, call, request->component_id, LIFECYCLE_ACK);
}

static const struct microgrid_v1_servicer servicer = {
    .get_microgrid_metadata = get_microgrid_metadata,
    .list_components = list_components,
    .list_sensors = list_sensors,
    .list_connections = list_connections,
    .receive_component_data_stream = receive_component_data_stream,
    .receive_sensor_data_stream = receive_sensor_data_stream,
    .add_component_bounds = add_component_bounds,
    .set_component_power_active = set_component_power_active,
    .set_component_power_reactive = set_component_power_reactive,
    .start_component = start_component,
    .put_component_in_standby = put_component_in_standby,
    .stop_component = stop_component,
    .ack_component_error = ack_component_error,
};

static const struct ugrpc_service *const services[] = {&microgrid_v1_service, NULL};

static const struct face_method methods[] = {
    {"GetMicrogridMetadata", ROLE_VIEWER},
    {"ListComponents", ROLE_VIEWER},
    {"ListSensors", ROLE_VIEWER},
    {"ListConnections", ROLE_VIEWER},
    {"ReceiveComponentDataStream", ROLE_VIEWER},
    {"ReceiveSensorDataStream", ROLE_VIEWER},
    {"AddComponentBounds", ROLE_OPERATOR},
    {"SetComponentPowerActive", ROLE_OPERATOR},
    {"SetComponentPowerReactive", ROLE_OPERATOR},
    {"StartComponent", ROLE_OPERATOR},
    {"PutComponentInStandby", ROLE_OPERATOR},
    {"StopComponent", ROLE_OPERATOR},
    {"AckComponentError", ROLE_OPERATOR},
    {NULL, ROLES},
};

static const struct face_version version = {
    .services = services,
    .methods = methods,
    .describe = v1_describe,
    .metric_from = v1_metric_from,
    .metrics = &microgrid__common__v1__metrics__metric__descriptor,
    .active_power = "METRIC_AC_ACTIVE_POWER",
    .encode_component = v1_encode_component,
    .encode_sensor = v1_encode_sensor,
};

int service_v1_add(struct service *service, struct ugrpc_server *server, struct ugrpc_status *st)
{
    struct face *face = face_new(service, &version, st);
    if (!face) {
        return -UGRPC_RESOURCE_EXHAUSTED;
    }
    int rc = face_guard(face, server, st);
    if (rc) {
        return rc;
    }
    rc = microgrid_v1_add_servicer_to_server(server, &servicer, face);
    return rc ? status_set(st, (enum ugrpc_code) - rc, "frequenz.api.microgrid.v1 is served already") : 0;
}
