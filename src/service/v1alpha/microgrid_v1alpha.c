/* SPDX-License-Identifier: MIT */
/* Each handler hands its request's fields to the service or to what all faces share, and turns what comes
 * back into a reply. */
#include "service/v1alpha/microgrid_v1alpha.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <ugrpc/server.h>

#include "base/clock.h"
#include "frequenz/api/microgrid/v1alpha19/microgrid.ugrpc.h"
#include "service/face.h"
#include "service/rpc.h"
#include "service/shown.h"
#include "service/v1alpha/describe.h"
#include "service/v1alpha/set_power.h"
#include "service/v1alpha/tables.h"
#include "service/v1alpha/telemetry.h"
#include "service/v1alpha/wire.h"

#define BOUNDS_LIFETIME_MIN_S 5 /* and the default */
#define TOKEN_MAX             255

static void get_microgrid(struct ugrpc_call *call, const ugrpc_protobuf_empty *request, void *userdata)
{
    const struct face *face = userdata;
    ugrpc_call_reply_message(call, face->metadata);
}

static void list_electrical_components(struct ugrpc_call *call,
    const microgrid_v1alpha18_list_electrical_components_request *request, void *userdata)
{
    struct face *face = userdata;
    const struct face_filter ids = {.name = "electrical_component_ids",
        .n = request->n_electrical_component_ids,
        .ids = request->electrical_component_ids};
    const struct face_filter categories = {.name = "electrical_component_categories",
        .n = request->n_electrical_component_categories,
        .numbers = (const int *)request->electrical_component_categories};
    face_reply_list(call, &face->components, &ids, &categories);
}

static void list_sensors(
    struct ugrpc_call *call, const microgrid_v1alpha18_list_sensor_request *request, void *userdata)
{
    static const struct face_filter any = {.name = ""};
    struct face *face = userdata;
    const struct face_filter ids = {
        .name = "sensor_ids", .n = request->n_sensor_ids, .ids = request->sensor_ids};
    face_reply_list(call, &face->sensors, &ids, &any);
}

static void list_electrical_component_connections(struct ugrpc_call *call,
    const microgrid_v1alpha18_list_electrical_component_connections_request *request, void *userdata)
{
    struct face *face = userdata;
    const struct face_filter sources = {.name = "source_electrical_component_ids",
        .n = request->n_source_electrical_component_ids,
        .ids = request->source_electrical_component_ids};
    const struct face_filter destinations = {.name = "destination_electrical_component_ids",
        .n = request->n_destination_electrical_component_ids,
        .ids = request->destination_electrical_component_ids};
    face_reply_list(call, &face->connections, &sources, &destinations);
}

static void receive_electrical_component_telemetry_stream(struct ugrpc_call *call,
    const microgrid_v1alpha18_receive_electrical_component_telemetry_stream_request *request, void *userdata)
{
    struct face_metrics metrics = {0};
    if (request->filter) {
        metrics = (struct face_metrics){
            .given = true, .n = request->filter->n_metrics, .numbers = (const int *)request->filter->metrics};
    }
    face_stream_component(userdata, call, request->electrical_component_id, &metrics);
}

static void receive_sensor_telemetry_stream(struct ugrpc_call *call,
    const microgrid_v1alpha18_receive_sensor_telemetry_stream_request *request, void *userdata)
{
    struct face_metrics metrics = {0};
    if (request->filter) {
        metrics = (struct face_metrics){
            .given = true, .n = request->filter->n_metrics, .numbers = (const int *)request->filter->metrics};
    }
    face_stream_sensor(userdata, call, request->sensor_id, &metrics);
}

static int read_ranges(
    const alpha_bounds_request *request, const char *label, struct range *ranges, struct ugrpc_status *st)
{
    int rc = 0;
    for (size_t i = 0; i < request->n_bounds && !rc; i++) {
        const alpha_bounds *bounds = request->bounds[i];
        const struct face_bound bound = {
            .has_lower = alpha_bounds_has_lower(bounds),
            .has_upper = alpha_bounds_has_upper(bounds),
            .lower = bounds->lower,
            .upper = bounds->upper,
        };
        rc = face_range(bound, label, i, &ranges[i], st);
    }
    return rc;
}

static int check_token(const char *token, const char *label, struct ugrpc_status *st)
{
    if (strlen(token) > TOKEN_MAX) {
        return status_set(st, UGRPC_INVALID_ARGUMENT, "%s: bounds_token has %zu bytes, allowed are %d", label,
            strlen(token), TOKEN_MAX);
    }
    return 0;
}

/* Fills all but the ranges. */
static int read_request(const struct face *face, const alpha_bounds_request *request, const char *label,
    struct bounds_request *added, struct ugrpc_status *st)
{
    uint64_t lifetime_s = alpha_bounds_request_has_lifetime(request) ? request->request_lifetime
                                                                     : BOUNDS_LIFETIME_MIN_S;
    int rc = face_target_metric(face, (int)request->target_metric, label, &added->metric, st);
    if (rc) {
        return rc;
    }
    if (lifetime_s < BOUNDS_LIFETIME_MIN_S || lifetime_s > LIFETIME_MAX_S) {
        return status_set(st, UGRPC_INVALID_ARGUMENT,
            "%s: request_lifetime is %" PRIu64 " s, must be %d ... %d s (%d s if it is left out)", label,
            lifetime_s, BOUNDS_LIFETIME_MIN_S, LIFETIME_MAX_S, BOUNDS_LIFETIME_MIN_S);
    }
    added->lifetime_ns = (int64_t)lifetime_s * NS_PER_S;
    added->n = request->n_bounds;
    if (alpha_bounds_request_has_token(request) && *request->bounds_token) {
        added->token = request->bounds_token;
        return check_token(added->token, label, st);
    }
    return 0;
}

static int augment(struct face *face, const struct ugrpc_call *call, const alpha_bounds_request *request,
    int64_t *until_utc_ns, struct ugrpc_status *st)
{
    struct rpc_caller caller;
    struct bounds_request added = {0};
    char label[SERVICE_LABEL_BYTES];
    service_label(face->service, request->electrical_component_id, label, sizeof(label));
    int rc = read_request(face, request, label, &added, st);
    if (rc) {
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
        rc = service_add_bounds(face->service, rpc_caller_init(&caller, call),
            request->electrical_component_id, &added, until_utc_ns, st);
    }
    free(ranges);
    return rc;
}

static void bounds_added(struct ugrpc_call *call, int64_t until_utc_ns)
{
    alpha_timestamp until = shown_timestamp(until_utc_ns);
    microgrid_v1alpha18_augment_electrical_component_bounds_response reply =
        MICROGRID_V1ALPHA18_AUGMENT_ELECTRICAL_COMPONENT_BOUNDS_RESPONSE_INIT;
    reply.valid_until_time = &until;
    microgrid_v1alpha18_augment_electrical_component_bounds_reply(call, &reply);
}

static void bounds_cleared(struct ugrpc_call *call, int64_t at_utc_ns)
{
    const ugrpc_protobuf_empty nothing = UGRPC_PROTOBUF_EMPTY_INIT;
    microgrid_v1alpha18_clear_electrical_component_bounds_reply(call, &nothing);
}

static void augment_electrical_component_bounds(struct ugrpc_call *call,
    const microgrid_v1alpha18_augment_electrical_component_bounds_request *request, void *userdata)
{
    int64_t until_utc_ns = 0;
    struct ugrpc_status st;
    if (!face_may_command(userdata, call, request->electrical_component_id)) {
        return;
    }
    if (augment(userdata, call, request, &until_utc_ns, &st)) {
        ugrpc_call_fail_status(call, &st);
        return;
    }
    face_reply_kept(userdata, call, until_utc_ns, bounds_added);
}

/* A token that was never used, the empty one too, has nothing to clear. */
static int clear(struct face *face, const struct ugrpc_call *call,
    const microgrid_v1alpha18_clear_electrical_component_bounds_request *request, struct ugrpc_status *st)
{
    struct rpc_caller caller;
    enum metric metric;
    char label[SERVICE_LABEL_BYTES];
    service_label(face->service, request->electrical_component_id, label, sizeof(label));
    int rc = face_target_metric(face, (int)request->target_metric, label, &metric, st);
    return rc ? rc
              : service_clear_bounds(face->service, rpc_caller_init(&caller, call),
                    request->electrical_component_id, metric, request->bounds_token, st);
}

static void clear_electrical_component_bounds(struct ugrpc_call *call,
    const microgrid_v1alpha18_clear_electrical_component_bounds_request *request, void *userdata)
{
    struct ugrpc_status st;
    if (!face_may_command(userdata, call, request->electrical_component_id)) {
        return;
    }
    if (clear(userdata, call, request, &st)) {
        ugrpc_call_fail_status(call, &st);
        return;
    }
    face_reply_kept(userdata, call, 0, bounds_cleared);
}

static void set_electrical_component_power(
    struct ugrpc_call *call, const alpha_power_request *request, void *userdata)
{
    alpha_set_power(userdata, call, request);
}

static void start_electrical_component(struct ugrpc_call *call,
    const microgrid_v1alpha18_start_electrical_component_request *request, void *userdata)
{
    face_run(userdata, call, request->electrical_component_id, LIFECYCLE_START);
}

static void put_electrical_component_in_standby(struct ugrpc_call *call,
    const microgrid_v1alpha18_put_electrical_component_in_standby_request *request, void *userdata)
{
    face_run(userdata, call, request->electrical_component_id, LIFECYCLE_STANDBY);
}

static void stop_electrical_component(struct ugrpc_call *call,
    const microgrid_v1alpha18_stop_electrical_component_request *request, void *userdata)
{
    face_run(userdata, call, request->electrical_component_id, LIFECYCLE_STOP);
}

static void ack_electrical_component_error(struct ugrpc_call *call,
    const microgrid_v1alpha18_ack_electrical_component_error_request *request, void *userdata)
{
    face_run(userdata, call, request->electrical_component_id, LIFECYCLE_ACK);
}

static const struct microgrid_v1alpha18_servicer servicer = {
    .get_microgrid = get_microgrid,
    .list_electrical_components = list_electrical_components,
    .list_sensors = list_sensors,
    .list_electrical_component_connections = list_electrical_component_connections,
    .receive_electrical_component_telemetry_stream = receive_electrical_component_telemetry_stream,
    .receive_sensor_telemetry_stream = receive_sensor_telemetry_stream,
    .augment_electrical_component_bounds = augment_electrical_component_bounds,
    .clear_electrical_component_bounds = clear_electrical_component_bounds,
    .set_electrical_component_power = set_electrical_component_power,
    .start_electrical_component = start_electrical_component,
    .put_electrical_component_in_standby = put_electrical_component_in_standby,
    .stop_electrical_component = stop_electrical_component,
    .ack_electrical_component_error = ack_electrical_component_error,
};

static const struct ugrpc_service *const services[] = {
    &microgrid_v1alpha18_service, &microgrid_v1alpha19_service, NULL};

static const struct face_method methods[] = {
    {"GetMicrogrid", ROLE_VIEWER},
    {"ListElectricalComponents", ROLE_VIEWER},
    {"ListSensors", ROLE_VIEWER},
    {"ListElectricalComponentConnections", ROLE_VIEWER},
    {"ReceiveElectricalComponentTelemetryStream", ROLE_VIEWER},
    {"ReceiveSensorTelemetryStream", ROLE_VIEWER},
    {"AugmentElectricalComponentBounds", ROLE_OPERATOR},
    {"ClearElectricalComponentBounds", ROLE_OPERATOR},
    {"SetElectricalComponentPower", ROLE_OPERATOR},
    {"StartElectricalComponent", ROLE_OPERATOR},
    {"PutElectricalComponentInStandby", ROLE_OPERATOR},
    {"StopElectricalComponent", ROLE_OPERATOR},
    {"AckElectricalComponentError", ROLE_OPERATOR},
    {NULL, ROLES},
};

static const struct face_version version = {
    .services = services,
    .methods = methods,
    .describe = alpha_describe,
    .metric_from = alpha_metric_from,
    .metrics = &microgrid__common__v1alpha8__metrics__metric__descriptor,
    .active_power = "METRIC_AC_POWER_ACTIVE",
    .encode_component = alpha_encode_component,
    .encode_sensor = alpha_encode_sensor,
};

int service_v1alpha_add(struct service *service, struct ugrpc_server *server, struct ugrpc_status *st)
{
    struct face *face = face_new(service, &version, st);
    if (!face) {
        return -UGRPC_RESOURCE_EXHAUSTED;
    }
    int rc = face_guard(face, server, st);
    if (rc) {
        return rc;
    }
    rc = microgrid_v1alpha18_add_servicer_to_server(server, &servicer, face);
    if (rc) {
        return status_set(
            st, (enum ugrpc_code) - rc, "%s is served already", microgrid_v1alpha18_service.name);
    }
    return ugrpc_server_add_alias(server, &microgrid_v1alpha19_service, &microgrid_v1alpha18_service, st);
}
