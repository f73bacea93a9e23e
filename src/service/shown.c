/* SPDX-License-Identifier: MIT */
#include "service/shown.h"

#include "base/clock.h"
#include "model/bounds.h"
#include "model/site.h"
#include "model/telemetry.h"

ugrpc_protobuf_timestamp shown_timestamp(int64_t utc_ns)
{
    ugrpc_protobuf_timestamp timestamp;
    ugrpc_protobuf_timestamp_init(&timestamp);
    timestamp.seconds = utc_ns / NS_PER_S;
    timestamp.nanos = (int32_t)(utc_ns % NS_PER_S);
    if (timestamp.nanos < 0) { /* before 1970: nanos count forward all the same */
        timestamp.seconds--;
        timestamp.nanos += (int32_t)NS_PER_S;
    }
    return timestamp;
}

ugrpc_protobuf_timestamp shown_time(const struct telemetry *telemetry)
{
    return shown_timestamp(telemetry_fresh(telemetry) ? telemetry->sampled_utc_ns
                                                      : clock_now_utc_ns(telemetry->site->timers->clock));
}

size_t shown_readings(const struct telemetry *telemetry)
{
    return telemetry_fresh(telemetry) ? telemetry->n_readings : 0;
}

const struct ranges *shown_bounds(const struct component *component, enum metric metric)
{
    int bounded = component_bounded(component, metric);
    return bounded < 0 ? NULL : bounds_in_force(component, (enum bounded)bounded);
}

struct range shown_rated(const struct component *component, enum bounded bounded)
{
    struct range item = component->spec.rated[bounded];
    struct ranges one = {.items = &item, .n = 1, .cap = 1};
    ranges_round_inward(&one);
    return one.n ? item : component->spec.rated[bounded];
}
