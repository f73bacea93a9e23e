/* SPDX-License-Identifier: MIT */
#include "service/v1/telemetry.h"

#include <stdlib.h>

#include "model/telemetry.h"
#include "service/feed.h"
#include "service/shown.h"
#include "service/v1/tables.h"
#include "service/v1/wire.h"

/* Fields of ComponentData and SensorData, which have the same layout. */
enum { FIELD_METRIC_SAMPLES = 2, FIELD_STATES = 3 };

/* The bounds in force as messages, and the pointers to them that protobuf-c wants. */
struct bounds_list {
    v1_bounds *items;
    v1_bounds **pointers;
    size_t n;
};

static void bounds_list_init(struct bounds_list *list, const struct ranges *ranges)
{
    *list = (struct bounds_list){.n = ranges->n};
    list->items = calloc(ranges->n, sizeof(*list->items));
    list->pointers = calloc(ranges->n, sizeof(void *));
    if (ranges->n && (!list->items || !list->pointers)) {
        abort(); /* as in bytes_extend(): a sample without its bounds would be read as unlimited */
    }
    for (size_t i = 0; i < ranges->n; i++) {
        list->items[i] = v1_bounds_of(ranges->items[i]);
        list->pointers[i] = &list->items[i];
    }
}

static void bounds_list_done(struct bounds_list *list)
{
    free(list->items);
    free(list->pointers);
}

static void encode_metrics(
    const struct component *component, v1_timestamp *sampled_at, struct feed_sample *sample)
{
    v1_simple_value simple;
    v1_simple_value_init(&simple);
    v1_value value;
    v1_value_init(&value);
    v1_value_set_simple_metric(&value, &simple);

    for (size_t i = 0; i < shown_readings(&component->telemetry); i++) {
        const struct reading *reading = &component->telemetry.readings[i];
        const struct ranges *in_force = shown_bounds(component, reading->metric);
        struct bounds_list bounds = {0};
        if (in_force) {
            bounds_list_init(&bounds, in_force);
        }
        simple.value = reading->value;
        v1_metric_sample message;
        v1_metric_sample_init(&message);
        message.sampled_at = sampled_at;
        message.metric = v1_metric(reading->metric);
        message.value = &value;
        message.n_bounds = bounds.n;
        message.bounds = bounds.pointers;
        bytes_add_message(&sample->bytes, FIELD_METRIC_SAMPLES, &message.base);
        feed_sample_end_metric(sample, reading->metric);
        bounds_list_done(&bounds);
    }
}

static void encode_state(
    const struct component_state *state, v1_timestamp *sampled_at, struct feed_sample *sample)
{
    unsigned states[STATE_COUNT], errors[ERROR_COUNT], warnings[ERROR_COUNT];
    v1_component_state message;
    v1_component_state_init(&message);
    message.sampled_at = sampled_at;
    message.states = states;
    message.errors = errors;
    message.warnings = warnings;
    for (int code = 0; code < STATE_COUNT; code++) {
        if (state->states & STATE_BIT(code)) {
            states[message.n_states++] = (unsigned)v1_state(code);
        }
    }
    for (int code = 0; code < ERROR_COUNT; code++) {
        if (state->errors & ERROR_BIT(code)) {
            errors[message.n_errors++] = (unsigned)v1_error(code);
        }
        if (state->warnings & ERROR_BIT(code)) {
            warnings[message.n_warnings++] = (unsigned)v1_error(code);
        }
    }
    bytes_add_message(&sample->bytes, FIELD_STATES, &message.base);
}

void v1_encode_component(const void *object, struct feed_sample *sample)
{
    const struct component *component = object;
    const struct telemetry *telemetry = &component->telemetry;
    v1_component_data data;
    v1_component_data_init(&data);
    data.component_id = component->spec.id;
    bytes_add_fields(&sample->bytes, &data.base);
    feed_sample_end_head(sample);

    v1_timestamp sampled_at = shown_time(telemetry);
    encode_metrics(component, &sampled_at, sample);
    struct component_state state = telemetry_state(telemetry);
    encode_state(&state, &sampled_at, sample);
}

static void encode_sensor_metrics(
    const struct telemetry *telemetry, v1_timestamp *sampled_at, struct feed_sample *sample)
{
    v1_simple_value simple;
    v1_simple_value_init(&simple);
    v1_value value;
    v1_value_init(&value);
    v1_value_set_simple_metric(&value, &simple);

    for (size_t i = 0; i < shown_readings(telemetry); i++) {
        v1_sensor_metric_sample message;
        v1_sensor_metric_sample_init(&message);
        simple.value = telemetry->readings[i].value;
        message.sampled_at = sampled_at;
        message.metric = v1_metric(telemetry->readings[i].metric);
        message.value = &value;
        bytes_add_message(&sample->bytes, FIELD_METRIC_SAMPLES, &message.base);
        feed_sample_end_metric(sample, telemetry->readings[i].metric);
    }
}

/* Sensors know less of states: ON, or ERROR whatever is wrong; before the first sample it is not known. */
static void encode_sensor_state(
    const struct telemetry *telemetry, v1_timestamp *sampled_at, struct feed_sample *sample)
{
    bool failed = telemetry->offline || telemetry->state.errors;
    unsigned state = failed                      ? V1_SENSOR_STATE(ERROR)
                     : telemetry->sampled_utc_ns ? V1_SENSOR_STATE(ON)
                                                 : V1_SENSOR_STATE(UNSPECIFIED);
    unsigned error = V1_SENSOR_ERROR(UNKNOWN);
    v1_sensor_state message;
    v1_sensor_state_init(&message);
    message.sampled_at = sampled_at;
    message.n_states = 1;
    message.states = &state;
    message.n_errors = failed;
    message.errors = &error;
    bytes_add_message(&sample->bytes, FIELD_STATES, &message.base);
}

void v1_encode_sensor(const void *object, struct feed_sample *sample)
{
    const struct sensor *sensor = object;
    v1_sensor_data data;
    v1_sensor_data_init(&data);
    data.sensor_id = sensor->spec.id;
    bytes_add_fields(&sample->bytes, &data.base);
    feed_sample_end_head(sample);

    v1_timestamp sampled_at = shown_time(&sensor->telemetry);
    encode_sensor_metrics(&sensor->telemetry, &sampled_at, sample);
    encode_sensor_state(&sensor->telemetry, &sampled_at, sample);
}
