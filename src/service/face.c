/* SPDX-License-Identifier: MIT */
/* A call is its own context: it stays valid until it is finished, so commands carry it as userdata. */
#include "service/face.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <protobuf-c/protobuf-c.h>
#include <ugrpc/server.h>

#include "base/base.h"
#include "google/protobuf/empty.ugrpc.h"
#include "model/journal.h"
#include "model/site.h"
#include "service/feed.h"
#include "service/rpc.h"

static void face_free(struct service_part *part)
{
    struct face *face = container_of(part, struct face, part);
    ugrpc_message_unref(face->metadata);
    catalog_done(&face->components);
    catalog_done(&face->sensors);
    catalog_done(&face->connections);
    free(face->component_feeds);
    free(face->sensor_feeds);
    free(face);
}

struct face *face_new(struct service *service, const struct face_version *version, struct ugrpc_status *st)
{
    const struct site *site = service_site(service);
    struct face *face = calloc(1, sizeof(*face));
    if (!face) {
        goto fail;
    }
    face->part.free = face_free;
    face->service = service;
    face->version = version;
    face->component_feeds = calloc(site->n_components + 1, sizeof(struct feed *));
    face->sensor_feeds = calloc(site->n_sensors + 1, sizeof(struct feed *));
    version->describe(face);
    if (!face->metadata || !face->component_feeds || !face->sensor_feeds) {
        goto fail;
    }
    service_adopt(service, &face->part);
    return face;
fail:
    if (face) {
        face_free(&face->part);
    }
    status_set(st, UGRPC_RESOURCE_EXHAUSTED, "no memory for the API");
    return NULL;
}

/* ---- rights ----------------------------------------------------------------------------------------- */

/* The method's name in a path of one of the face's services, or NULL. */
static const char *own_method(const struct face *face, const char *path)
{
    const char *name = strrchr(path, '/');
    for (const struct ugrpc_service *const *service = face->version->services; *service; service++) {
        size_t len = strlen((*service)->name);
        if (name == path + 1 + len && strncmp(path + 1, (*service)->name, len) == 0) {
            return name + 1;
        }
    }
    return NULL;
}

/* The method's entry among the version's, or NULL. */
static const struct face_method *find_method(const struct face *face, const char *name)
{
    const struct face_method *method = face->version->methods;
    while (method->name && strcmp(method->name, name) != 0) {
        method++;
    }
    return method->name ? method : NULL;
}

static int check_rights(struct ugrpc_call *call, void *userdata, struct ugrpc_status *st)
{
    const struct face *face = userdata;
    const struct rights *rights = ugrpc_call_identity_data(call);
    if (!rights && service_takes_commands(face->service)) {
        return 0; /* everybody may do everything */
    }
    const char *name = own_method(face, ugrpc_call_method(call));
    const struct face_method *method = name ? find_method(face, name) : NULL;
    return method ? service_check_method(face->service, rights, method->least, name, st) : 0;
}

/* Who commands should know that it would not survive a restart. */
static void mark_unkept(struct ugrpc_call *call, const struct ugrpc_status *call_st, void *userdata)
{
    static const char degraded[] = "degraded";
    const struct face *face = userdata;
    if (!journal_is_degraded(service_site(face->service))) {
        return;
    }
    const char *name = own_method(face, ugrpc_call_method(call));
    const struct face_method *method = name ? find_method(face, name) : NULL;
    if (method && method->least >= ROLE_OPERATOR) {
        (void)ugrpc_call_set_trailing(call, "journal", degraded, sizeof(degraded) - 1);
    }
}

int face_guard(struct face *face, struct ugrpc_server *server, struct ugrpc_status *st)
{
    static const struct ugrpc_interceptor rights = {.begin = check_rights, .end = mark_unkept};
    for (const struct ugrpc_service *const *service = face->version->services; *service; service++) {
        for (size_t i = 0; i < (*service)->n_methods; i++) {
            assert(find_method(face, (*service)->methods[i].name) && "who may call it?");
        }
    }
    if (ugrpc_server_add_interceptor(server, &rights, face)) {
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "no memory for the API");
    }
    return 0;
}

/* ---- lists ------------------------------------------------------------------------------------------ */

static int read_keys(struct key_set *set, const struct face_filter *filter, struct ugrpc_status *st)
{
    return filter->ids ? key_set_from_ids(set, filter->name, filter->ids, filter->n, st)
                       : key_set_from_numbers(set, filter->name, filter->numbers, filter->n, st);
}

void face_reply_list(struct ugrpc_call *call, struct catalog *catalog, const struct face_filter *first,
    const struct face_filter *second)
{
    struct key_set keys[2] = {0};
    struct ugrpc_message *reply = NULL;
    struct ugrpc_status st;
    if (read_keys(&keys[0], first, &st) == 0 && read_keys(&keys[1], second, &st) == 0) {
        reply = catalog_select(catalog, &keys[0], &keys[1]);
        if (!reply) {
            status_set(&st, UGRPC_RESOURCE_EXHAUSTED, "no memory for the list");
        }
    }
    if (reply) {
        ugrpc_call_reply_message(call, reply);
    } else {
        ugrpc_call_fail_status(call, &st);
    }
    ugrpc_message_unref(reply);
    key_set_done(&keys[0]);
    key_set_done(&keys[1]);
}

/* ---- subjects --------------------------------------------------------------------------------------- */

static void about_component(const struct face *face, struct ugrpc_call *call, uint64_t component_id)
{
    const struct component *component = site_component(service_site(face->service), component_id);
    if (component) {
        ugrpc_call_set_subject(call, component->spec.name, component_id);
    }
}

static void about_sensor(const struct face *face, struct ugrpc_call *call, uint64_t sensor_id)
{
    const struct sensor *sensor = site_sensor(service_site(face->service), sensor_id);
    if (sensor) {
        ugrpc_call_set_subject(call, sensor->spec.name, sensor_id);
    }
}

bool face_may_command(const struct face *face, struct ugrpc_call *call, uint64_t component_id)
{
    const struct caller caller = {.rights = ugrpc_call_identity_data(call)};
    struct ugrpc_status st;
    about_component(face, call, component_id);
    if (service_check_command(face->service, &caller, component_id, rpc_method(call), &st)) {
        ugrpc_call_fail_status(call, &st);
        return false;
    }
    return true;
}

/* ---- streams ---------------------------------------------------------------------------------------- */

/* Fills `set`; numbers that the version does not know match nothing. `label` is what is streamed. */
static int read_metrics(const struct face *face, struct metric_set *set, const char *label,
    const struct face_metrics *metrics, struct ugrpc_status *st)
{
    *set = (struct metric_set){0};
    if (metrics->given && metrics->n == 0) {
        return status_set(st, UGRPC_INVALID_ARGUMENT,
            "%s: filter.metrics is empty, must name at least one metric (no filter: all metrics)", label);
    }
    for (size_t i = 0; i < metrics->n; i++) {
        if (metrics->numbers[i] == 0) {
            return status_set(st, UGRPC_INVALID_ARGUMENT,
                "%s: filter.metrics[%zu] is METRIC_UNSPECIFIED, must be a metric (no filter: all metrics)",
                label, i);
        }
        enum metric metric = face->version->metric_from(metrics->numbers[i]);
        if (metric != METRIC_NONE) {
            metric_set_add(set, metric);
        }
    }
    return 0;
}

void face_stream_component(
    struct face *face, struct ugrpc_call *call, uint64_t id, const struct face_metrics *metrics)
{
    struct metric_set set;
    struct ugrpc_status st;
    char label[SERVICE_LABEL_BYTES];
    about_component(face, call, id);
    service_label(face->service, id, label, sizeof(label));
    ptrdiff_t at = read_metrics(face, &set, label, metrics, &st);
    if (at < 0 || (at = service_find_component(face->service, id, &st)) < 0) {
        ugrpc_call_fail_status(call, &st);
        return;
    }
    struct component *component = service_site(face->service)->components[at];
    const struct feed_source source = {
        .telemetry = &component->telemetry,
        .object = component,
        .encode = face->version->encode_component,
        .slot = &face->component_feeds[at],
        .stats = service_stats(face->service),
    };
    if (feed_open(&source, metrics->given ? &set : NULL, call, &st)) {
        ugrpc_call_fail_status(call, &st);
    }
}

void face_stream_sensor(
    struct face *face, struct ugrpc_call *call, uint64_t id, const struct face_metrics *metrics)
{
    struct metric_set set;
    struct ugrpc_status st;
    char label[SERVICE_LABEL_BYTES];
    about_sensor(face, call, id);
    service_sensor_label(face->service, id, label, sizeof(label));
    ptrdiff_t at = read_metrics(face, &set, label, metrics, &st);
    if (at < 0 || (at = service_find_sensor(face->service, id, &st)) < 0) {
        ugrpc_call_fail_status(call, &st);
        return;
    }
    struct sensor *sensor = service_site(face->service)->sensors[at];
    const struct feed_source source = {
        .telemetry = &sensor->telemetry,
        .object = sensor,
        .encode = face->version->encode_sensor,
        .slot = &face->sensor_feeds[at],
        .stats = service_stats(face->service),
    };
    if (feed_open(&source, metrics->given ? &set : NULL, call, &st)) {
        ugrpc_call_fail_status(call, &st);
    }
}

/* ---- bounds ----------------------------------------------------------------------------------------- */

int face_target_metric(
    const struct face *face, int number, const char *label, enum metric *metric, struct ugrpc_status *st)
{
    *metric = face->version->metric_from(number);
    if (number == 0 || !protobuf_c_enum_descriptor_get_value(face->version->metrics, number)) {
        return status_set(st, UGRPC_INVALID_ARGUMENT,
            "%s: target_metric is %d, must be a metric that takes bounds, such as %s", label, number,
            face->version->active_power);
    }
    return 0;
}

int face_range(
    struct face_bound bound, const char *label, size_t index, struct range *range, struct ugrpc_status *st)
{
    bool lower_is_bad = bound.has_lower && !isfinite(bound.lower);
    bool upper_is_bad = bound.has_upper && !isfinite(bound.upper);
    if (lower_is_bad || upper_is_bad) {
        return status_set(st, UGRPC_INVALID_ARGUMENT,
            "%s: bounds[%zu].%s is %g, must be a finite number (left out: no limit)", label, index,
            lower_is_bad ? "lower" : "upper", (double)(lower_is_bad ? bound.lower : bound.upper));
    }
    *range = (struct range){
        bound.has_lower ? (double)bound.lower : -INFINITY, bound.has_upper ? (double)bound.upper : INFINITY};
    return 0;
}

struct kept_reply {
    struct ugrpc_call *call;
    int64_t at_utc_ns;
    face_reply_fn *reply;
};

static void on_kept(void *userdata)
{
    struct kept_reply *kept = userdata;
    kept->reply(kept->call, kept->at_utc_ns);
    free(kept);
}

void face_reply_kept(struct face *face, struct ugrpc_call *call, int64_t at_utc_ns, face_reply_fn *reply)
{
    struct kept_reply *kept = malloc(sizeof(*kept));
    if (!kept) {
        abort(); /* it has been done, and must be answered */
    }
    *kept = (struct kept_reply){call, at_utc_ns, reply};
    if (!journal_sync(service_site(face->service), on_kept, kept)) {
        on_kept(kept);
    }
}

/* ---- life cycle ------------------------------------------------------------------------------------- */

static void run_done(const struct ugrpc_status *st, void *userdata)
{
    struct ugrpc_call *call = userdata;
    if (st->code != UGRPC_OK) {
        ugrpc_call_fail_status(call, st);
        return;
    }
    const ugrpc_protobuf_empty nothing = UGRPC_PROTOBUF_EMPTY_INIT;
    ugrpc_call_reply(call, &nothing.base);
}

void face_run(struct face *face, struct ugrpc_call *call, uint64_t id, enum lifecycle_action action)
{
    struct rpc_caller caller;
    struct ugrpc_status st;
    if (face_may_command(face, call, id) &&
        service_run(face->service, rpc_caller_init(&caller, call), id, action, run_done, call, &st)) {
        ugrpc_call_fail_status(call, &st);
    }
}
