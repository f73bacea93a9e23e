/* SPDX-License-Identifier: MIT */
/* Written field by field: by protobuf-c's descriptors the 58 metrics of a meter take several times as long,
 * and it is done for every sample that anybody listens to. */
#include "service/readings.h"

#include <math.h>
#include <string.h>

#include "model/component.h"
#include "model/range.h"
#include "service/feed.h"
#include "service/shown.h"

#define FLOAT_LEN 5 /* with its tag */

/* Fields of the data, of a sample in it, and of a sample's value and bounds. */
enum { DATA_SAMPLES = 2 };
enum { SAMPLE_TIME = 1, SAMPLE_METRIC = 2, SAMPLE_VALUE = 3, SAMPLE_BOUNDS = 4 };
enum { VALUE_SIMPLE = 1, SIMPLE_VALUE = 2, BOUNDS_LOWER = 1, BOUNDS_UPPER = 2 };

static double distance_of(struct range range)
{
    return fmax(fmax(range.lower, -range.upper), 0);
}

/* The first of the (at most `max`) neighbours that lie nearest to 0. */
static size_t first_shown(const struct ranges *ranges, size_t max)
{
    size_t first = 0;
    while (ranges->n - first > max &&
           distance_of(ranges->items[first + max]) < distance_of(ranges->items[first])) {
        first++;
    }
    return first;
}

/* Both ends are finite, or the model would not publish them. */
static void add_bounds(struct bytes *bytes, const struct ranges *bounds, size_t max)
{
    size_t first = first_shown(bounds, max);
    for (size_t i = first; i < bounds->n && i - first < max; i++) {
        bytes_add_header(bytes, SAMPLE_BOUNDS, 2 * FLOAT_LEN);
        bytes_add_float(bytes, BOUNDS_LOWER, (float)bounds->items[i].lower);
        bytes_add_float(bytes, BOUNDS_UPPER, (float)bounds->items[i].upper);
    }
}

static void add_value(struct bytes *bytes, float value)
{
    size_t len = value != 0 ? FLOAT_LEN : 0; /* zeros are left out, as everywhere in proto3 */
    bytes_add_header(bytes, SAMPLE_VALUE, 2 + len);
    bytes_add_header(bytes, VALUE_SIMPLE, len);
    if (len) {
        bytes_add_float(bytes, SIMPLE_VALUE, value);
    }
}

void readings_encode(struct feed_sample *sample, const struct telemetry *telemetry,
    const struct component *component, const ugrpc_protobuf_timestamp *sampled_at,
    const struct readings_style *style)
{
    struct bytes one = {0}; /* all begin with the time */
    bytes_add_message(&one, SAMPLE_TIME, &sampled_at->base);
    size_t time_len = one.len;
    for (size_t i = 0; i < shown_readings(telemetry); i++) {
        const struct reading *reading = &telemetry->readings[i];
        const struct ranges *bounds = component ? shown_bounds(component, reading->metric) : NULL;
        one.len = time_len;
        bytes_add_varint(&one, SAMPLE_METRIC, (uint64_t)style->number(reading->metric));
        add_value(&one, reading->value);
        if (bounds) {
            add_bounds(&one, bounds, style->max_bounds);
        }
        bytes_add_header(&sample->bytes, DATA_SAMPLES, one.len);
        memcpy(bytes_extend(&sample->bytes, one.len), one.data, one.len);
        feed_sample_end_metric(sample, reading->metric);
    }
    bytes_done(&one);
}
