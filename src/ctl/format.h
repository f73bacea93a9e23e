/* SPDX-License-Identifier: MIT */
/* Values as people read them, and as they write them. Each …_format() returns `out`. */
#ifndef CTL_FORMAT_H
#define CTL_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include <microgrid/v1.h>

#include "base/base.h"
#include "base/quantity.h"

/* "-12.1 kW", "0 W", "50.0 %": short, for tables. */
const char *value_format(double value, const char *unit, char *out, size_t cap);
/* "+5000 W", "-12063.4 W": as it is, with its sign. */
const char *power_format(double value, const char *unit, char *out, size_t cap);
/* "10kW": what quantity_parse() reads back as the same float. */
const char *operand_format(double value, enum unit unit, char *out, size_t cap);
/* "-10.0 ... 10.0 kW", several joined by ", ", rounded to what is within and can be asked for; exact: "-2000
 * ... 4000 W". */
const char *bounds_format(
    microgrid_common_v1_metrics_bounds *const *bounds, size_t n, const char *unit, char *out, size_t cap);
const char *bounds_format_exact(
    microgrid_common_v1_metrics_bounds *const *bounds, size_t n, const char *unit, char *out, size_t cap);

/* "12:06:03", local time; "" where there is none. */
const char *clock_format(const ugrpc_protobuf_timestamp *at, char *out, size_t cap);
/* "2026-01-01 12:06:03", local time */
const char *moment_format(const ugrpc_protobuf_timestamp *at, char *out, size_t cap);
/* "2026-01-01T12:06:03.250Z" */
const char *utc_format(const ugrpc_protobuf_timestamp *at, char *out, size_t cap);
/* "2 min", "90 s", "1 h 30 min" */
const char *duration_format(int64_t seconds, char *out, size_t cap);

/* "30s", "15m" or "15 min", "1h"; into seconds. -UGRPC_INVALID_ARGUMENT says what to write instead. */
int duration_parse(const char *text, double *seconds, struct ugrpc_status *st) MUST_CHECK;
/* A time in the past: "30m" ago; local time like "12:06", "2026-01-31", "2026-01-31 12:06:03"; "today" and
 * "yesterday", which begin at local midnight; UTC with T and Z. */
int moment_parse(const char *text, ugrpc_protobuf_timestamp *at, struct ugrpc_status *st) MUST_CHECK;
/* "-2kW..4kW", "..4kW", "10%..": a missing side is absent. */
int range_parse(const char *text, enum unit unit, microgrid_common_v1_metrics_bounds *bounds,
    struct ugrpc_status *st) MUST_CHECK;
/* A power: 0 needs no unit. */
int power_parse(const char *text, enum unit unit, double *value, struct ugrpc_status *st) MUST_CHECK;
/* The unit that is written like this, or UNIT_NONE. */
enum unit unit_from_spelling(const char *text);

#endif
