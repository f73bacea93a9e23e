/* SPDX-License-Identifier: MIT */
/* The metrics of base/metric_table.h with the model's own, dense numbers; each API version has a table to its
 * wire numbers in service/. */
#ifndef MODEL_METRIC_H
#define MODEL_METRIC_H

#include <stdbool.h>

#include "base/metric_table.h"

enum metric {
    METRIC_NONE = 0,
#define X(id, name, unit) METRIC_##id,
    METRIC_TABLE(X)
#undef X
        METRIC_COUNT,
};

const char *metric_name(enum metric metric);    /* "ac_active_power" */
const char *metric_unit(enum metric metric);    /* "W"; "" for a ratio */
enum metric metric_from_name(const char *name); /* METRIC_NONE if there is none */
bool metric_is_sensor(enum metric metric);      /* one of the SENSOR_* ones */

#endif
