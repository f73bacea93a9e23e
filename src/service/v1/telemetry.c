/* SPDX-License-Identifier: MIT */
#include "service/v1/telemetry.h"

#include <stdint.h>

#include "model/telemetry.h"
#include "service/feed.h"
#include "service/readings.h"
#include "service/shown.h"
#include "service/v1/tables.h"
#include "service/v1/wire.h"

/* Of ComponentData and SensorData; readings.c writes their field 2. */
enum { FIELD_STATES = 3 };

static const struct readings_style readings_style = {.number = v1_metric, .max_bounds = SIZE_MAX};

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
    readings_encode(sample, telemetry, component, &sampled_at, &readings_style);
    struct component_state state = telemetry_state(telemetry);
    encode_state(&state, &sampled_at, sample);
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
    readings_encode(sample, &sensor->telemetry, NULL, &sampled_at, &readings_style);
    encode_sensor_state(&sensor->telemetry, &sampled_at, sample);
}
