/* SPDX-License-Identifier: MIT */
/* A measured series from one column of a CSV file, played back in a loop of whole days.
 *
 * The file: a header line with the columns' names, then one line a sample, separated by commas. The first
 * column is the time, `2022-03-18T04:33:00-07:00` (or a blank for the T; seconds, fractions and zone may be
 * missing). The local time as it is written counts, the zone is ignored: data recorded at noon is played at
 * noon. Times rise from line to line. Fields may be quoted; empty lines and lines that begin with # are
 * skipped.
 *
 * The value column's name ends in its unit, which series_at() has brought to what the wire carries:
 *
 *     _w _kw _mw _var _kvar  W, VAr      _v _kv _a       V, A           _pct     %
 *     _w_m2                  W/m²        _pa _hpa        Pa             _hz      Hz
 *     _c                     °C          _m_s            m/s            _deg     degrees, 0 ≤ x < 360
 *
 * Air pressure is in Pa, as the published client documents its pressure metric ("in Pascal (Pa)") and as the
 * API's rule of SI units asks; so 809.2 in a column pressure_hpa is 80920.
 *
 * Numbers are plain decimals up to ±1e15. An empty field, or a missing line, is a hole. Holes up to three
 * times the usual (median) step are interpolated; longer ones are an error. The loop runs from the first to
 * the last whole day in the file; what lies before and after is not used. Values go straight from sample to
 * sample; directions take the short way round. */
#ifndef SIM_SERIES_H
#define SIM_SERIES_H

#include <stddef.h>

#include "base/base.h"

struct ugrpc_status;
struct series;

enum series_unit {
    SERIES_WATT,
    SERIES_VAR,
    SERIES_WATT_PER_M2,
    SERIES_CELSIUS,
    SERIES_PERCENT,
    SERIES_PASCAL,
    SERIES_DEGREE,
    SERIES_METRE_PER_SECOND,
    SERIES_AMPERE,
    SERIES_VOLT,
    SERIES_HERTZ,
};

/* The unit that a column's name ends in; -1 if it ends in none. */
int series_column_unit(const char *column);

/* The index-th ending of columns in that unit, or NULL past the last: "_w", "_kw", "_mw". */
const char *series_column_ending(enum series_unit unit, size_t index);

#define SERIES_MAX_FILE_BYTES (64u << 20)
#define SERIES_MAX_LINE_BYTES (16u << 10)

/* Reads `column` of the file. A blocking read of a local file: for start-up only. The caller frees with
 * series_free(); one series serves any number of components and threads. NULL with `st` (may be NULL):
 * NOT_FOUND       no such file, or no such column (names those there are)
 * OUT_OF_RANGE    the file is larger than SERIES_MAX_FILE_BYTES
 * INVALID_ARGUMENT anything wrong in it: empty, unsorted, no number, a hole, no whole day; names the line
 * UNAVAILABLE     it cannot be read */
struct series *series_load(const char *path, const char *column, struct ugrpc_status *st) MUST_CHECK;

/* The same from memory; `text` need not end in a zero byte. `name` stands for the file in messages. */
struct series *series_parse(
    const char *text, size_t len, const char *name, const char *column, struct ugrpc_status *st) MUST_CHECK;

void series_free(struct series *series); /* NULL is fine */

/* The value `seconds` after the midnight at which the first whole day begins; any number, also negative or
 * beyond the end: the data repeats. To start at ten o'clock, begin with 36000. O(1) for evenly spaced data.
 */
double series_at(const struct series *series, double seconds);

enum series_unit series_unit(const struct series *series);

#endif
