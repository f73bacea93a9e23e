/* SPDX-License-Identifier: MIT */
/* The metric samples of telemetry messages. On the wire they are laid out alike in every version of the API,
 * for components and for sensors; only the metrics' numbers differ. */
#ifndef SERVICE_READINGS_H
#define SERVICE_READINGS_H

#include <stddef.h>

#include "google/protobuf/timestamp.ugrpc.h"
#include "model/metric.h"

struct component;
struct feed_sample;
struct telemetry;

/* How a version writes them. */
struct readings_style {
    int (*number)(enum metric metric);
    size_t max_bounds; /* of a metric: the neighbours that lie nearest to 0 */
};

/* Writes each reading that is shown and closes its piece. `component` is NULL for a sensor, which has no
 * bounds. */
void readings_encode(struct feed_sample *sample, const struct telemetry *telemetry,
    const struct component *component, const ugrpc_protobuf_timestamp *sampled_at,
    const struct readings_style *style);

#endif
