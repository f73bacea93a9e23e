/* SPDX-License-Identifier: MIT */
#include "ctl/sample.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/format.h"

static double value_of(const microgrid_common_v1_metrics_metric_value_variant *value)
{
    if (value && microgrid_common_v1_metrics_metric_value_variant_has_simple_metric(value)) {
        return value->simple_metric->value;
    }
    if (value && microgrid_common_v1_metrics_metric_value_variant_has_aggregated_metric(value)) {
        return value->aggregated_metric->avg_value;
    }
    return NAN;
}

bool sample_at(const struct sample *sample, size_t index, int *metric, double *value)
{
    if (sample->component && index < sample->component->n_metric_samples) {
        *metric = (int)sample->component->metric_samples[index]->metric;
        *value = value_of(sample->component->metric_samples[index]->value);
        return true;
    }
    if (sample->sensor && index < sample->sensor->n_metric_samples) {
        *metric = (int)sample->sensor->metric_samples[index]->metric;
        *value = value_of(sample->sensor->metric_samples[index]->value);
        return true;
    }
    return false;
}

bool sample_value(const struct sample *sample, int metric, double *value)
{
    int found;
    for (size_t i = 0; sample_at(sample, i, &found, value); i++) {
        if (found == metric) {
            return !isnan(*value);
        }
    }
    return false;
}

bounds_message *const *sample_bounds(const struct sample *sample, int metric, size_t *n)
{
    *n = 0;
    for (size_t i = 0; sample->component && i < sample->component->n_metric_samples; i++) {
        const microgrid_common_v1_metrics_metric_sample *one = sample->component->metric_samples[i];
        if ((int)one->metric == metric) {
            *n = one->n_bounds;
            return one->bounds;
        }
    }
    return NULL;
}

int sample_power_metric(const struct sample *sample)
{
    double value;
    if (sample_value(sample, METRIC(AC_ACTIVE_POWER), &value)) {
        return METRIC(AC_ACTIVE_POWER);
    }
    return sample_value(sample, METRIC(DC_POWER), &value) ? METRIC(DC_POWER) : -1;
}

const ugrpc_protobuf_timestamp *sample_time(const struct sample *sample)
{
    if (sample->component && sample->component->n_states) {
        return sample->component->states[0]->sampled_at;
    }
    return sample->sensor && sample->sensor->n_states ? sample->sensor->states[0]->sampled_at : NULL;
}

ProtobufCMessage *message_copy(const ProtobufCMessage *message)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = must(malloc(len + 1));
    protobuf_c_message_pack(message, bytes);
    ProtobufCMessage *twin = must(protobuf_c_message_unpack(message->descriptor, NULL, len, bytes));
    free(bytes);
    return twin;
}

ProtobufCMessage *sample_copy(const struct sample *sample)
{
    const ProtobufCMessage *message = sample->component ? &sample->component->base
                                      : sample->sensor  ? &sample->sensor->base
                                                        : NULL;
    return message ? message_copy(message) : NULL;
}

/* ---- states ---- */

/* The index-th state, or error, of the newest snapshot; NULL past the last. Returns `out`. */
static const char *state_at(const struct sample *sample, size_t index, char *out, size_t cap)
{
    if (sample->component && sample->component->n_states && index < sample->component->states[0]->n_states) {
        return word_of(state_words, (int)sample->component->states[0]->states[index], out, cap);
    }
    if (sample->sensor && sample->sensor->n_states && index < sample->sensor->states[0]->n_states) {
        return word_of(sensor_state_words, (int)sample->sensor->states[0]->states[index], out, cap);
    }
    return NULL;
}

static const char *error_at(const struct sample *sample, size_t index, char *out, size_t cap)
{
    if (sample->component && sample->component->n_states && index < sample->component->states[0]->n_errors) {
        return word_of(error_words, (int)sample->component->states[0]->errors[index], out, cap);
    }
    return NULL; /* a sensor's only say that there is one */
}

bool sample_has_state(const struct sample *sample, int state)
{
    for (size_t i = 0; sample->component && i < sample->component->n_states; i++) {
        for (size_t j = 0; j < sample->component->states[i]->n_states; j++) {
            if ((int)sample->component->states[i]->states[j] == state) {
                return true;
            }
        }
    }
    return false;
}

const char *sample_states(const struct sample *sample, char *out, size_t cap)
{
    static const char long_prefix[] = "ev_charging_cable_";
    char word[80];
    size_t len = 0, i;
    out[0] = '\0';
    for (i = 0; len < cap && state_at(sample, i, word, sizeof(word)); i++) {
        bool is_long = strncmp(word, long_prefix, strlen(long_prefix)) == 0;
        len += (size_t)snprintf(
            out + len, cap - len, "%s%s", i ? " " : "", word + (is_long ? strlen(long_prefix) : 0));
    }
    for (char *c = out; *c; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    for (i = 0; len < cap && error_at(sample, i, word, sizeof(word)); i++) {
        len += (size_t)snprintf(out + len, cap - len, "%s%s", i ? ", " : " (", word);
    }
    if (i > 0 && len < cap) {
        snprintf(out + len, cap - len, ")");
    }
    return *out ? out : "-";
}

/* ---- JSON ---- */

json_t *float_to_json(double value)
{
    char text[32];
    snprintf(text, sizeof(text), "%.7g", value);
    return isfinite(value) ? json_real(strtod(text, NULL)) : json_null();
}

json_t *bounds_to_json(bounds_message *const *bounds, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        bool lower = microgrid_common_v1_metrics_bounds_has_lower(bounds[i]);
        bool upper = microgrid_common_v1_metrics_bounds_has_upper(bounds[i]);
        json_array_append_new(list, json_pack("[o,o]", lower ? float_to_json(bounds[i]->lower) : json_null(),
                                        upper ? float_to_json(bounds[i]->upper) : json_null()));
    }
    return list;
}

static json_t *words_to_json(
    const struct sample *sample, const char *(*at)(const struct sample *, size_t, char *, size_t))
{
    json_t *list = json_array();
    char word[80];
    for (size_t i = 0; at(sample, i, word, sizeof(word)); i++) {
        json_array_append_new(list, json_string(word));
    }
    return list;
}

static json_t *metrics_to_json(const struct sample *sample)
{
    json_t *metrics = json_object();
    int metric;
    double value;
    for (size_t i = 0; sample_at(sample, i, &metric, &value); i++) {
        char name[80];
        json_t *one = json_pack("{s:o}", "value", float_to_json(value));
        if (*metric_unit(metric)) {
            json_object_set_new(one, "unit", json_string(metric_unit(metric)));
        }
        size_t n;
        bounds_message *const *bounds = sample_bounds(sample, metric, &n);
        if (n > 0) {
            json_object_set_new(one, "bounds", bounds_to_json(bounds, n));
        }
        json_object_set_new(metrics, word_of(metric_words, metric, name, sizeof(name)), one);
    }
    return metrics;
}

void sample_to_json(const struct sample *sample, json_t *object)
{
    char text[40];
    const ugrpc_protobuf_timestamp *at = sample_time(sample);
    json_object_set_new(
        object, "sampled_at", at ? json_string(utc_format(at, text, sizeof(text))) : json_null());
    json_object_set_new(object, "states", words_to_json(sample, state_at));
    json_object_set_new(object, "errors", words_to_json(sample, error_at));
    json_object_set_new(object, "metrics", metrics_to_json(sample));
}
