/* SPDX-License-Identifier: MIT */
/* What the faces of all API versions have in common. A face holds what one version tells of the site, encoded
 * once, and the feeds of its streams; its handlers are thin: they hand the fields of their messages over to
 * the functions here. */
#ifndef SERVICE_FACE_H
#define SERVICE_FACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "model/lifecycle.h"
#include "model/metric.h"
#include "model/range.h"
#include "service/catalog.h"
#include "service/service.h"

struct face;
struct feed;
struct feed_sample;
struct ugrpc_call;
struct ugrpc_message;
struct ugrpc_server;
struct ugrpc_service;

/* Who may call a method: the least role. */
struct face_method {
    const char *name; /* NULL ends a list */
    enum role least;
};

/* What makes a version: a constant. */
struct face_version {
    const struct ugrpc_service *const *services;   /* under these names; NULL ends */
    const struct face_method *methods;             /* all of theirs */
    void (*describe)(struct face *face);           /* fills `metadata` and the catalogs */
    enum metric (*metric_from)(int number);        /* METRIC_NONE for what the model does not have */
    const struct ProtobufCEnumDescriptor *metrics; /* what the version knows */
    const char *active_power;                      /* "METRIC_AC_ACTIVE_POWER", an example for messages */
    void (*encode_component)(const void *component, struct feed_sample *sample);
    void (*encode_sensor)(const void *sensor, struct feed_sample *sample);
};

struct face {
    struct service_part part; /* first: freed with the service */
    struct service *service;
    const struct face_version *version;
    struct ugrpc_message *metadata; /* what the site is */
    struct catalog components, sensors, connections;
    struct feed **component_feeds; /* in the order of site->components; NULL: nobody listens */
    struct feed **sensor_feeds;
};

/* The service owns the face. NULL when memory runs out. */
struct face *face_new(struct service *service, const struct face_version *version, struct ugrpc_status *st);

/* Has calls refused before they are decoded, as rights come first. Asserts that each method of the version's
 * services has its role. */
int face_guard(struct face *face, struct ugrpc_server *server, struct ugrpc_status *st);

/* A repeated field that filters a list: ids or enum values. Empty: no filter. */
struct face_filter {
    const char *name; /* the field's, for messages */
    size_t n;
    const uint64_t *ids; /* one of the two */
    const int *numbers;
};

/* Finishes the call with the entries that pass both filters. */
void face_reply_list(struct ugrpc_call *call, struct catalog *catalog, const struct face_filter *first,
    const struct face_filter *second);

/* A stream's filter. */
struct face_metrics {
    bool given; /* false: all metrics */
    size_t n;
    const int *numbers;
};

/* A command's request is decoded: says what the call is about, for the log of calls (nothing if the site has
 * no such component), and whether its caller may command that; if not, the call is finished. Before any other
 * field is looked at. */
bool face_may_command(const struct face *face, struct ugrpc_call *call, uint64_t component_id);

/* reply() finishes the call, with `at_utc_ns`, when what was commanded is safe in the journal; at once if
 * there is none. */
typedef void face_reply_fn(struct ugrpc_call *call, int64_t at_utc_ns);
void face_reply_kept(struct face *face, struct ugrpc_call *call, int64_t at_utc_ns, face_reply_fn *reply);

/* Make the call a stream, or refuse it. */
void face_stream_component(
    struct face *face, struct ugrpc_call *call, uint64_t id, const struct face_metrics *metrics);
void face_stream_sensor(
    struct face *face, struct ugrpc_call *call, uint64_t id, const struct face_metrics *metrics);

/* The metric that bounds are for, from target_metric's number, METRIC_NONE for one that only the version
 * knows; `label` is the component's. 0 or -UGRPC_INVALID_ARGUMENT. */
int face_target_metric(
    const struct face *face, int number, const char *label, enum metric *metric, struct ugrpc_status *st);

/* One of a request's bounds, with a side or without. An infinite side is refused, though an absent one means
 * just that: it is more often a mistake. 0 or -UGRPC_INVALID_ARGUMENT. */
struct face_bound {
    bool has_lower, has_upper;
    float lower, upper;
};
int face_range(
    struct face_bound bound, const char *label, size_t index, struct range *range, struct ugrpc_status *st);

/* Start, standby, stop or acknowledge; the call is finished with Empty or the refusal. */
void face_run(struct face *face, struct ugrpc_call *call, uint64_t id, enum lifecycle_action action);

#endif
