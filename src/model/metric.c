/* SPDX-License-Identifier: MIT */
/* The metrics' names and units, from the one table. */
#include "model/metric.h"

#include <string.h>

static const struct {
    const char *name, *unit;
} metrics[METRIC_COUNT] = {[METRIC_NONE] = {"none", ""},
#define X(id, friendly, wire_unit) [METRIC_##id] = {friendly, wire_unit},
    METRIC_TABLE(X)
#undef X
};

const char *metric_name(enum metric metric)
{
    return metrics[metric].name;
}

const char *metric_unit(enum metric metric)
{
    return metrics[metric].unit;
}

enum metric metric_from_name(const char *name)
{
    for (int i = METRIC_NONE + 1; i < METRIC_COUNT; i++) {
        if (strcmp(metrics[i].name, name) == 0) {
            return (enum metric)i;
        }
    }
    return METRIC_NONE;
}

bool metric_is_sensor(enum metric metric)
{
    return metric >= METRIC_SENSOR_WIND_SPEED && metric <= METRIC_SENSOR_IRRADIANCE;
}
