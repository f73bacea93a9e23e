/* SPDX-License-Identifier: MIT */
/* Inside sim/series: one column of a CSV text as it stands in the file, checked line by line. */
#ifndef SIM_SERIES_ROWS_H
#define SIM_SERIES_ROWS_H

#include <stddef.h>

#include "base/base.h"
#include "sim/series.h"

struct ugrpc_status;

struct series_row {
    double time_s; /* local time as written, since 1970-01-01T00:00:00 */
    double value;  /* in the unit of the wire; NaN where the field is empty */
    unsigned line; /* in the file, from 1 */
};

struct series_rows {
    struct series_row *row; /* times rise */
    size_t n, cap;
    enum series_unit unit;
};

/* `rows` is the caller's, to be freed with series_rows_done() whatever the outcome. */
int series_rows_parse(struct series_rows *rows, const char *text, size_t len, const char *name,
    const char *column, struct ugrpc_status *st) MUST_CHECK;
void series_rows_done(struct series_rows *rows);

#endif
