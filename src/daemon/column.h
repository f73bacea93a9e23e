/* SPDX-License-Identifier: MIT */
/* Columns of CSV files, whose names end in their unit: "load_w", "ambient_temp_c". */
#ifndef DAEMON_COLUMN_H
#define DAEMON_COLUMN_H

#include "base/quantity.h"

/* The index-th ending of a column's name for that unit, or NULL past the last: "_w", "_kw", "_mw". */
const char *column_ending(enum unit unit, size_t index);

/* 0 if the column's name says that it holds what is due; else -UGRPC_INVALID_ARGUMENT with what it holds and
 * what its name should end in. */
int column_check(const char *column, enum unit due, struct ugrpc_status *st);

#endif
