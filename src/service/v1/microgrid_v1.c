/* SPDX-License-Identifier: MIT */
/* Each handler reads its request's fields, hands plain arguments to the service, and turns what comes back
 * into a reply. A call is its own context: it stays valid until it is finished, so commands carry it as
 * userdata. */
#include "service/v1/microgrid_v1.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <ugrpc/server.h>

#include "base/base.h"
#include "base/clock.h"
#include "model/bounds.h"
#include "service/catalog.h"
#include "service/feed.h"
#include "service/rpc.h"
#include "service/service.h"
#include "service/v1/describe.h"
#include "service/v1/tables.h"
#include "service/v1/telemetry.h"
#include "service/v1/wire.h"

struct v1 {
    struct service_face face;
    struct service *service;
    struct ugrpc_message *metadata;
    struct catalog components, sensors, connections;
    struct feed **component_feeds; /* in the order of site->components; NULL: nobody listens */
    struct feed **sensor_feeds;
};

static void get_microgrid_metadata(
    struct ugrpc_call *call, const ugrpc_protobuf_empty *request, void *userdata)
{
    const struct v1 *v1 = userdata;
    ugrpc_call_reply_message(call, v1->metadata);
}

/* Replies with what a catalog has for two filters, of which `rc` tells whether they were taken. */
static void reply_list(struct ugrpc_call *call, struct catalog *catalog, int rc, const struct key_set *first,
    const struct key_set *second, const struct ugrpc_status *st)
{
    if (rc) {
        ugrpc_call_fail_status(call, st);
        return;
    }
    struct ugrpc_message *reply = catalog_select(catalog, first, second);
    if (!reply) {
        ugrpc_call_fail(call, UGRPC_RESOURCE_EXHAUSTED, "no memory for the list");
        return;
    }
    ugrpc_call_reply_message(call, reply);
    ugrpc_message_unref(reply);
}

static void list_components(
    struct ugrpc_call *call, const microgrid_v1_list_components_request *request, void *userdata)
{
    struct v1 *v1 = userdata;
    struct key_set ids, categories = {0};
    struct ugrpc_status st;
    int rc = key_set_from_ids(&ids, "component_ids", request->component_ids, request->n_component_ids, &st);
    if (!rc) {
        rc = key_set_from_numbers(
            &categories, "categories", (const int *)request->categories, request->n_categories, &st);
    }
    reply_list(call, &v1->components, rc, &ids, &categories, &st);
    key_set_done(&ids);
    key_set_done(&categories);
}

static void list_sensors(
    struct ugrpc_call *call, const microgrid_v1_list_sensor_request *request, void *userdata)
{
    struct v1 *v1 = userdata;
    struct key_set ids, categories = {0};
    struct ugrpc_status st;
    int rc = key_set_from_ids(&ids, "sensor_ids", request->sensor_ids, request->n_sensor_ids, &st);
    if (!rc) {
        rc = key_set_from_numbers(
            &categories, "categories", (const int *)request->categories, request->n_categories, &st);
    }
    reply_list(call, &v1->sensors, rc, &ids, &categories, &st);
    key_set_done(&ids);
    key_set_done(&categories);
}

static void list_connections(
    struct ugrpc_call *call, const microgrid_v1_list_connections_request *request, void *userdata)
{
    struct v1 *v1 = userdata;
    struct key_set starts, ends = {0};
    struct ugrpc_status st;
    int rc = key_set_from_ids(&starts, "starts", request->starts, request->n_starts, &st);
    if (!rc) {
        rc = key_set_from_ids(&ends, "ends", request->ends, request->n_ends, &st);
    }
    reply_list(call, &v1->connections, rc, &starts, &ends, &st);
    key_set_done(&starts);
    key_set_done(&ends);
}

/* Fills `set` from a stream's filter; numbers that v1 does not know match nothing. `what` names the stream.
 */
static int read_filter(struct metric_set *set, const char *what, uint64_t id, const int *metrics, size_t n,
    struct ugrpc_status *st)
{
    *set = (struct metric_set){0};
    if (n == 0) {
        return status_set(st, UGRPC_INVALID_ARGUMENT,
            "%s %" PRIu64 ": filter.metrics is empty, must name at least one metric (no filter: all metrics)",
            what, id);
    }
    for (size_t i = 0; i < n; i++) {
        if (metrics[i] == V1_METRIC(UNSPECIFIED)) {
            return status_set(st, UGRPC_INVALID_ARGUMENT,
                "%s %" PRIu64 ": filter.metrics[%zu] is METRIC_UNSPECIFIED, must be a metric "
                "(no filter: all metrics)",
                what, id, i);
        }
        enum metric metric = v1_metric_from(metrics[i]);
        if (metric != METRIC_NONE) {
            metric_set_add(set, metric);
        }
    }
    return 0;
}

static void receive_component_data_stream(struct ugrpc_call *call,
    const microgrid_v1_receive_component_data_stream_request *request, void *userdata)
{
    struct v1 *v1 = userdata;
    struct metric_set metrics;
    struct ugrpc_status st;
    if (request->filter && read_filter(&metrics, "component", request->component_id,
                               (const int *)request->filter->metrics, request->filter->n_metrics, &st)) {
        ugrpc_call_fail_status(call, &st);
        return;
    }
    ptrdiff_t at = service_find_component(v1->service, request->component_id, &st);
    if (at < 0) {
        ugrpc_call_fail_status(call, &st);
        return;
    }
    struct component *component = service_site(v1->service)->components[at];
    const struct feed_source source = {
        .telemetry = &component->telemetry,
        .object = component,
        .encode = v1_encode_component,
        .slot = &v1->component_feeds[at],
        .stats = service_stats(v1->service),
    };
    if (feed_open(&source, request->filter ? &metrics : NULL, call, &st)) {
        ugrpc_call_fail_status(call, &st);
    }
}

static void receive_sensor_data_stream(
    struct ugrpc_call *call, const microgrid_v1_receive_sensor_data_stream_request *request, void *userdata)
{
    struct v1 *v1 = userdata;
    struct metric_set metrics;
    struct ugrpc_status st;
    if (request->filter && read_filter(&metrics, "sensor", request->sensor_id,
                               (const int *)request->filter->metrics, request->filter->n_metrics, &st)) {
        ugrpc_call_fail_status(call, &st);
        return;
    }
    ptrdiff_t at = service_find_sensor(v1->service, request->sensor_id, &st);
    if (at < 0) {
        ugrpc_call_fail_status(call, &st);
        return;
    }
    struct sensor *sensor = service_site(v1->service)->sensors[at];
    const struct feed_source source = {
        .telemetry = &sensor->telemetry,
        .object = sensor,
        .encode = v1_encode_sensor,
        .slot = &v1->sensor_feeds[at],
        .stats = service_stats(v1->service),
    };
    if (feed_open(&source, request->filter ? &metrics : NULL, call, &st)) {
        ugrpc_call_fail_status(call, &st);
    }
}

/* The checks of an AddComponentBounds request that need v1's numbers. Fills metric and lifetime. */
static int read_bounds_target(const microgrid_v1_add_component_bounds_request *request, const char *label,
    enum metric *metric, int64_t *lifetime_ns, struct ugrpc_status *st)
{
    static const int durations_s[] = {5, 5, 60, 300, 900}; /* by number; 0, UNSPECIFIED, is the default */
    *metric = v1_metric_from((int)request->target_metric);
    if (*metric == METRIC_NONE) {
        return status_set(st, UGRPC_INVALID_ARGUMENT,
            "%s: target_metric is %d, must be a metric of frequenz.api.common.v1.metrics.Metric that takes "
            "bounds, such as METRIC_AC_ACTIVE_POWER (%d)",
            label, (int)request->target_metric, V1_METRIC(AC_ACTIVE_POWER));
    }
    if ((unsigned)request->validity_duration >= ARRAY_LEN(durations_s)) {
        return status_set(st, UGRPC_INVALID_ARGUMENT,
            "%s: validity_duration is %d, must be 0 (default, 5 s), 1 (5 s), 2 (1 min), 3 (5 min) or 4 "
            "(15 min)",
            label, (int)request->validity_duration);
    }
    *lifetime_ns = durations_s[request->validity_duration] * NS_PER_S;
    return 0;
}

/* An infinite side is refused, though an absent one means just that: it is more often a mistake. */
static int read_ranges(const microgrid_v1_add_component_bounds_request *request, const char *label,
    struct range *ranges, struct ugrpc_status *st)
{
    for (size_t i = 0; i < request->n_bounds; i++) {
        const v1_bounds *bounds = request->bounds[i];
        bool lower_is_bad = v1_bounds_has_lower(bounds) && !isfinite(bounds->lower);
        bool upper_is_bad = v1_bounds_has_upper(bounds) && !isfinite(bounds->upper);
        if (lower_is_bad || upper_is_bad) {
            return status_set(st, UGRPC_INVALID_ARGUMENT,
                "%s: bounds[%zu].%s is %g, must be a finite number (left out: no limit)", label, i,
                lower_is_bad ? "lower" : "upper", (double)(lower_is_bad ? bounds->lower : bounds->upper));
        }
        ranges[i] = v1_range_of(bounds);
    }
    return 0;
}

static int add_bounds(struct v1 *v1, const struct ugrpc_call *call,
    const microgrid_v1_add_component_bounds_request *request, int64_t *until_utc_ns, struct ugrpc_status *st)
{
    struct rpc_caller caller;
    char label[128];
    enum metric metric = METRIC_NONE;
    int64_t lifetime_ns = 0;
    service_label(v1->service, request->component_id, label, sizeof(label));
    int rc = read_bounds_target(request, label, &metric, &lifetime_ns, st);
    if (rc) {
        return rc;
    }
    struct range *ranges = calloc(request->n_bounds + 1, sizeof(*ranges));
    if (!ranges) {
        return status_set(
            st, UGRPC_RESOURCE_EXHAUSTED, "%s: no memory for %zu bounds", label, request->n_bounds);
    }
    rc = read_ranges(request, label, ranges, st);
    if (!rc) {
        const struct bounds_request added = {
            .metric = metric, .ranges = ranges, .n = request->n_bounds, .lifetime_ns = lifetime_ns};
        rc = service_add_bounds(
            v1->service, rpc_caller_init(&caller, call), request->component_id, &added, until_utc_ns, st);
    }
    free(ranges);
    return rc;
}

static void add_component_bounds(
    struct ugrpc_call *call, const microgrid_v1_add_component_bounds_request *request, void *userdata)
{
    int64_t until_utc_ns = 0;
    struct ugrpc_status st;
    if (add_bounds(userdata, call, request, &until_utc_ns, &st)) {
        ugrpc_call_fail_status(call, &st);
        return;
    }
    v1_timestamp until = v1_timestamp_of(until_utc_ns);
    microgrid_v1_add_component_bounds_response reply = MICROGRID_V1_ADD_COMPONENT_BOUNDS_RESPONSE_INIT;
    reply.ts = &until;
    microgrid_v1_add_component_bounds_reply(call, &reply);
}

static void active_power_set(const struct ugrpc_status *st, int64_t valid_until_utc_ns, void *userdata)
{
    struct ugrpc_call *call = userdata;
    if (st->code != UGRPC_OK) {
        ugrpc_call_fail_status(call, st);
        return;
    }
    v1_timestamp valid_until = v1_timestamp_of(valid_until_utc_ns);
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
    v1_timestamp valid_until = v1_timestamp_of(valid_until_utc_ns);
    microgrid_v1_set_component_power_reactive_response reply =
        MICROGRID_V1_SET_COMPONENT_POWER_REACTIVE_RESPONSE_INIT;
    reply.valid_until = &valid_until;
    microgrid_v1_set_component_power_reactive_reply(call, &reply);
}

static void set_component_power_active(
    struct ugrpc_call *call, const microgrid_v1_set_component_power_active_request *request, void *userdata)
{
    struct v1 *v1 = userdata;
    struct rpc_caller caller;
    struct ugrpc_status st;
    struct service_lifetime lifetime = {
        .given = microgrid_v1_set_component_power_active_request_has_request_lifetime(request),
        .seconds = request->request_lifetime,
    };
    if (service_set_power(v1->service, rpc_caller_init(&caller, call), request->component_id, AXIS_ACTIVE,
            (double)request->power, lifetime, active_power_set, call, &st)) {
        ugrpc_call_fail_status(call, &st);
    }
}

static void set_component_power_reactive(
    struct ugrpc_call *call, const microgrid_v1_set_component_power_reactive_request *request, void *userdata)
{
    struct v1 *v1 = userdata;
    struct rpc_caller caller;
    struct ugrpc_status st;
    struct service_lifetime lifetime = {
        .given = microgrid_v1_set_component_power_reactive_request_has_request_lifetime(request),
        .seconds = request->request_lifetime,
    };
    if (service_set_power(v1->service, rpc_caller_init(&caller, call), request->component_id, AXIS_REACTIVE,
            (double)request->power, lifetime, reactive_power_set, call, &st)) {
        ugrpc_call_fail_status(call, &st);
    }
}

/* The life cycle's four commands reply with Empty. */
static void life_cycle_done(const struct ugrpc_status *st, void *userdata)
{
    struct ugrpc_call *call = userdata;
    if (st->code != UGRPC_OK) {
        ugrpc_call_fail_status(call, st);
        return;
    }
    const ugrpc_protobuf_empty nothing = UGRPC_PROTOBUF_EMPTY_INIT;
    ugrpc_call_reply(call, &nothing.base);
}

static void run(struct v1 *v1, struct ugrpc_call *call, uint64_t id, enum lifecycle_action action)
{
    struct rpc_caller caller;
    struct ugrpc_status st;
    if (service_run(v1->service, rpc_caller_init(&caller, call), id, action, life_cycle_done, call, &st)) {
        ugrpc_call_fail_status(call, &st);
    }
}

static void start_component(
    struct ugrpc_call *call, const microgrid_v1_start_component_request *request, void *userdata)
{
    run(userdata, call, request->component_id, LIFECYCLE_START);
}

static void put_component_in_standby(
    struct ugrpc_call *call, const microgrid_v1_put_component_in_standby_request *request, void *userdata)
{
    run(userdata, call, request->component_id, LIFECYCLE_STANDBY);
}

static void stop_component(
    struct ugrpc_call *call, const microgrid_v1_stop_component_request *request, void *userdata)
{
    run(userdata, call, request->component_id, LIFECYCLE_STOP);
}

static void ack_component_error(
    struct ugrpc_call *call, const microgrid_v1_ack_component_error_request *request, void *userdata)
{
    run(userdata, call, request->component_id, LIFECYCLE_ACK);
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

/* Rights come before decoding, so they are checked when the headers are there. Added only if somebody lacks
 * some. */
static int check_rights(struct ugrpc_call *call, void *userdata, struct ugrpc_status *st)
{
    static const char prefix[] = "/frequenz.api.microgrid.v1.Microgrid/";
    static const char *const commands[] = {
        "AddComponentBounds",
        "SetComponentPowerActive",
        "SetComponentPowerReactive",
        "StartComponent",
        "PutComponentInStandby",
        "StopComponent",
        "AckComponentError",
    };
    const struct v1 *v1 = userdata;
    const char *method = ugrpc_call_method(call);
    if (strncmp(method, prefix, strlen(prefix)) != 0) {
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (strcmp(method + strlen(prefix), commands[i]) == 0) {
            return service_check_rights(v1->service, commands[i], st);
        }
    }
    return 0;
}

static const struct ugrpc_interceptor rights = {.begin = check_rights};

static void v1_free(struct service_face *face)
{
    struct v1 *v1 = container_of(face, struct v1, face);
    ugrpc_message_unref(v1->metadata);
    catalog_done(&v1->components);
    catalog_done(&v1->sensors);
    catalog_done(&v1->connections);
    free(v1->component_feeds);
    free(v1->sensor_feeds);
    free(v1);
}

static struct v1 *v1_new(struct service *service)
{
    const struct site *site = service_site(service);
    struct v1 *v1 = calloc(1, sizeof(*v1));
    if (!v1) {
        return NULL;
    }
    v1->face.free = v1_free;
    v1->service = service;
    v1->metadata = v1_describe_site(site);
    v1->component_feeds = calloc(site->n_components + 1, sizeof(struct feed *));
    v1->sensor_feeds = calloc(site->n_sensors + 1, sizeof(struct feed *));
    if (!v1->metadata || !v1->component_feeds || !v1->sensor_feeds) {
        v1_free(&v1->face);
        return NULL;
    }
    v1_describe_components(site, &v1->components);
    v1_describe_sensors(site, &v1->sensors);
    v1_describe_connections(site, &v1->connections);
    return v1;
}

int service_v1_add(struct service *service, struct ugrpc_server *server, struct ugrpc_status *st)
{
    struct v1 *v1 = v1_new(service);
    if (!v1) {
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "no memory for the API");
    }
    service_adopt(service, &v1->face);
    if (service_check_rights(service, "", NULL) && ugrpc_server_add_interceptor(server, &rights, v1)) {
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "no memory for the API");
    }
    int rc = microgrid_v1_add_servicer_to_server(server, &servicer, v1);
    return rc ? status_set(st, (enum ugrpc_code) - rc, "frequenz.api.microgrid.v1 is served already") : 0;
}
