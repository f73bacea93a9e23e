/* SPDX-License-Identifier: MIT */
/* What every version of the API shows of the model, before it is put into a version's messages. */
#ifndef SERVICE_SHOWN_H
#define SERVICE_SHOWN_H

#include <stddef.h>
#include <stdint.h>

#include "google/protobuf/timestamp.ugrpc.h"
#include "model/component.h"

/* UTC nanoseconds since 1970 as a Timestamp. */
ugrpc_protobuf_timestamp shown_timestamp(int64_t utc_ns);

/* The time of the newest sample, or now, when it is silence that is told. */
ugrpc_protobuf_timestamp shown_time(const struct telemetry *telemetry);

/* How many of telemetry->readings count: an offline component sends a state without metrics. */
size_t shown_readings(const struct telemetry *telemetry);

/* The bounds in force that a metric is published with, or NULL. */
const struct ranges *shown_bounds(const struct component *component, enum metric metric);

/* Rated bounds, rounded inward to float32 as the bounds in force are, so that no command inside them is
 * refused. A side that is not finite is none; without both there are none. */
struct range shown_rated(const struct component *component, enum bounded bounded);

#endif
