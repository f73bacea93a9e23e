/* SPDX-License-Identifier: MIT */
/* Metrics as people name them on the command line. */
#ifndef CTL_METRIC_H
#define CTL_METRIC_H

#include <stddef.h>

#include "base/base.h"

struct arguments;

/* "ac_active_power", or short: "power", "soc"; "active-power" as well. CTL_USAGE, told with the nearest name,
 * if it is none. */
int metric_parse(const char *text, int *metric) MUST_CHECK;

/* The index-th short name and what it stands for; NULL past the last. */
const char *metric_brief(size_t index, int *metric);

/* All of --metric, which may be repeated and hold several, joined by commas. At most `cap`. */
int metrics_parse(const struct arguments *arguments, int *metrics, size_t cap, size_t *n) MUST_CHECK;

#endif
