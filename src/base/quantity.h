/* SPDX-License-Identifier: MIT */
/* Numbers with units, as people write them in site files and on command lines: "10 kW", "20 kWh", "5 s", "50
 * %". */
#ifndef BASE_QUANTITY_H
#define BASE_QUANTITY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* What a number measures. Values are kept in the unit named here; times in seconds, angles in degrees. */
enum unit {
    UNIT_NONE, /* a bare number is due */
    UNIT_WATT,
    UNIT_VAR,
    UNIT_VOLT_AMPERE,
    UNIT_WATT_HOUR,
    UNIT_AMPERE,
    UNIT_VOLT,
    UNIT_SECOND,
    UNIT_PERCENT,
    UNIT_CELSIUS,
    UNIT_HERTZ,
    UNIT_WATT_PER_M2,
    UNIT_METRE_PER_SECOND,
    UNIT_DEGREE,
    UNIT_PASCAL,
    UNIT_COUNT,
};

/* Reads `text` into *value; a blank before the unit may be missing. -UGRPC_INVALID_ARGUMENT says what to
 * write instead, without repeating `text`. */
int quantity_parse(const char *text, enum unit unit, double *value, struct ugrpc_status *st);

/* Writes a value in the unit in which it reads best: 12000 W is "12 kW". */
void quantity_format(double value, enum unit unit, char *out, size_t cap);

const char *unit_noun(enum unit unit); /* "power", "time"; what the number measures */

/* The index-th way to write the unit, or NULL past the last: "W", "kW", "MW". */
const char *unit_spelling(enum unit unit, size_t index);

/* "W, kW or MW": all that `word` gives for the unit, in a list; returns `out`. */
typedef const char *unit_word_fn(enum unit unit, size_t index);
const char *unit_words(unit_word_fn *word, enum unit unit, char *out, size_t cap);

#endif
