/* SPDX-License-Identifier: MIT */
#include "service/v1alpha/telemetry.h"

#include "model/telemetry.h"
#include "service/feed.h"
#include "service/readings.h"
#include "service/shown.h"
#include "service/v1alpha/tables.h"
#include "service/v1alpha/wire.h"

/* Of ElectricalComponentTelemetry and SensorTelemetry; readings.c writes their field 2. */
enum { FIELD_STATE_SNAPSHOTS = 3 };

static const struct readings_style readings_style = {
    .number = alpha_metric, .max_bounds = 2 /* published clients read no more */};

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
    readings_encode(sample, telemetry, component, &sampled_at, &readings_style);
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
    readings_encode(sample, &sensor->telemetry, NULL, &sampled_at, &readings_style);
    encode_sensor_state(&sensor->telemetry, &sampled_at, sample);
}
