/* SPDX-License-Identifier: MIT */
/* One message of a component's or a sensor's stream, looked at in one way. */
#ifndef CTL_SAMPLE_H
#define CTL_SAMPLE_H

#include <stdbool.h>

#include <jansson.h>

#include "ctl/vocabulary.h"

typedef microgrid_common_v1_microgrid_components_component_data component_data;
typedef microgrid_common_v1_microgrid_sensors_sensor_data sensor_data;
typedef microgrid_common_v1_metrics_bounds bounds_message;

/* Borrowed; one of the two, or neither when nothing came. */
struct sample {
    const component_data *component;
    const sensor_data *sensor;
};

/* The index-th metric with its value; false past the last. One without a value is NAN. */
bool sample_at(const struct sample *sample, size_t index, int *metric, double *value);
bool sample_value(const struct sample *sample, int metric, double *value);
/* The bounds in force of a metric; NULL and 0 without. */
bounds_message *const *sample_bounds(const struct sample *sample, int metric, size_t *n);
/* AC_ACTIVE_POWER or DC_POWER, whichever it has; -1: neither. */
int sample_power_metric(const struct sample *sample);

/* When it was taken, or NULL. */
const ugrpc_protobuf_timestamp *sample_time(const struct sample *sample);
bool sample_has_state(const struct sample *sample, int state);
/* "CHARGING", "ERROR (overvoltage)"; returns `out`. */
const char *sample_states(const struct sample *sample, char *out, size_t cap);

/* A message, to keep; the caller frees it with protobuf_c_message_free_unpacked(). */
ProtobufCMessage *message_copy(const ProtobufCMessage *message);
/* The sample's message itself, to keep; the caller frees it with protobuf_c_message_free_unpacked(). NULL if
 * nothing came. */
ProtobufCMessage *sample_copy(const struct sample *sample);

/* Adds "sampled_at", "states", "errors" and "metrics" to `object`. */
void sample_to_json(const struct sample *sample, json_t *object);
/* [[-10000, 10000], [null, 5]] */
json_t *bounds_to_json(bounds_message *const *bounds, size_t n);
/* Floats as people wrote them: 0.1, not 0.10000000149. */
json_t *float_to_json(double value);

#endif
