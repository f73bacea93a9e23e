/* SPDX-License-Identifier: MIT */
#include "service/v1alpha/telemetry.h"

#include <math.h>

#include "model/telemetry.h"
#include "service/feed.h"
#include "service/shown.h"
#include "service/v1alpha/tables.h"
#include "service/v1alpha/wire.h"

#define MAX_RANGES 2 /* published clients read no more */

/* Fields of ElectricalComponentTelemetry and SensorTelemetry, which have the same layout. */
enum { FIELD_METRIC_SAMPLES = 2, FIELD_STATE_SNAPSHOTS = 3 };

static double distance_of(struct range range)
{
    return fmax(fmax(range.lower, -range.upper), 0);
}

/* The first of the (at most MAX_RANGES) neighbours that lie nearest to 0. */
static size_t first_shown(const struct ranges *ranges)
{
    size_t first = 0;
    while (first + MAX_RANGES < ranges->n &&
           distance_of(ranges->items[first + MAX_RANGES]) < distance_of(ranges->items[first])) {
        first++;
    }
    return first;
}

/* A metric's bounds as messages, and the pointers to them that protobuf-c wants. */
struct bounds_list {
    alpha_bounds items[MAX_RANGES], *pointers[MAX_RANGES];
    size_t n;
};

static void bounds_list_init(struct bounds_list *list, const struct ranges *ranges)
{
    list->n = 0;
    if (!ranges) {
        return;
    }
    for (size_t i = first_shown(ranges); i < ranges->n && list->n < MAX_RANGES; i++) {
        list->items[list->n] = alpha_bounds_of(ranges->items[i]);
        list->pointers[list->n] = &list->items[list->n];
        list->n++;
    }
}

/* `component` is NULL for a sensor, which has no bounds. */
static void encode_metrics(const struct telemetry *telemetry, const struct component *component,
    alpha_timestamp *sampled_at, struct feed_sample *sample)
{
    alpha_simple_value simple;
    alpha_simple_value_init(&simple);
    alpha_value value;
    alpha_value_init(&value);
    alpha_value_set_simple_metric(&value, &simple);

    for (size_t i = 0; i < shown_readings(telemetry); i++) {
        const struct reading *reading = &telemetry->readings[i];
        struct bounds_list bounds;
        bounds_list_init(&bounds, component ? shown_bounds(component, reading->metric) : NULL);
        simple.value = reading->value;
        alpha_metric_sample message;
        alpha_metric_sample_init(&message);
        message.sample_time = sampled_at;
        message.metric = alpha_metric(reading->metric);
        message.value = &value;
        message.n_bounds = bounds.n;
        message.bounds = bounds.pointers;
        bytes_add_message(&sample->bytes, FIELD_METRIC_SAMPLES, &message.base);
        feed_sample_end_metric(sample, reading->metric);
    }
}

struct diagnostics {
    alpha_diagnostic items[ERROR_COUNT], *pointers[ERROR_COUNT];
    size_t n;
};

static void diagnostics_init(struct diagnostics *list, uint64_t errors)
{
    list->n = 0;
    for (int code = 0; code < ERROR_COUNT; code++) {
        if (errors & ERROR_BIT(code)) {
            alpha_diagnostic *item = &list->items[list->n];
            alpha_diagnostic_init(item);
            item->diagnostic_code = alpha_diagnostic_code((enum error_code)code);
            item->message = (char *)error_name((enum error_code)code);
            list->pointers[list->n++] = item;
        }
    }
}

static void encode_state(
    const struct component_state *state, alpha_timestamp *sampled_at, struct feed_sample *sample)
{
    unsigned states[STATE_COUNT];
    struct diagnostics errors, warnings;
    diagnostics_init(&errors, state->errors);
    diagnostics_init(&warnings, state->warnings);
    alpha_state message;
    alpha_state_init(&message);
    message.origin_time = sampled_at;
    message.states = states;
    for (int code = 0; code < STATE_COUNT; code++) {
        if (state->states & STATE_BIT(code)) {
            states[message.n_states++] = (unsigned)alpha_state_code((enum state_code)code);
        }
    }
    message.n_errors = errors.n;
    message.errors = errors.pointers;
    message.n_warnings = warnings.n;
    message.warnings = warnings.pointers;
    bytes_add_message(&sample->bytes, FIELD_STATE_SNAPSHOTS, &message.base);
}

void alpha_encode_component(const void *object, struct feed_sample *sample)
{
    const struct component *component = object;
    const struct telemetry *telemetry = &component->telemetry;
    alpha_telemetry data;
    alpha_telemetry_init(&data);
    data.electrical_component_id = component->spec.id;
    bytes_add_fields(&sample->bytes, &data.base);
    feed_sample_end_head(sample);

    alpha_timestamp sampled_at = shown_time(telemetry);
    encode_metrics(telemetry, component, &sampled_at, sample);
    struct component_state state = telemetry_state(telemetry);
    encode_state(&state, &sampled_at, sample);
}

/* Sensors know less of states: OK, or ERROR whatever is wrong; before the first sample it is not known. */
static void encode_sensor_state(
    const struct telemetry *telemetry, alpha_timestamp *sampled_at, struct feed_sample *sample)
{
    bool failed = telemetry->offline || telemetry->state.errors;
    unsigned state = failed                      ? ALPHA_SENSOR_STATE(ERROR)
                     : telemetry->sampled_utc_ns ? ALPHA_SENSOR_STATE(OK)
                                                 : ALPHA_SENSOR_STATE(UNSPECIFIED);
    alpha_sensor_diagnostic diagnostic, *error = &diagnostic;
    alpha_sensor_diagnostic_init(&diagnostic);
    diagnostic.diagnostic_code = ALPHA_SENSOR_DIAGNOSTIC(UNKNOWN);
    diagnostic.message = (char *)(telemetry->offline ? "no sample: it is offline" : "it reports an error");
    alpha_sensor_state message;
    alpha_sensor_state_init(&message);
    message.origin_time = sampled_at;
    message.n_states = 1;
    message.states = &state;
    message.n_errors = failed;
    message.errors = &error;
    bytes_add_message(&sample->bytes, FIELD_STATE_SNAPSHOTS, &message.base);
}

void alpha_encode_sensor(const void *object, struct feed_sample *sample)
{
    const struct sensor *sensor = object;
    alpha_sensor_telemetry data;
    alpha_sensor_telemetry_init(&data);
    data.sensor_id = sensor->spec.id;
    bytes_add_fields(&sample->bytes, &data.base);
    feed_sample_end_head(sample);

    alpha_timestamp sampled_at = shown_time(&sensor->telemetry);
    encode_metrics(&sensor->telemetry, NULL, &sampled_at, sample);
    encode_sensor_state(&sensor->telemetry, &sampled_at, sample);
}
