/* SPDX-License-Identifier: MIT */
#include "daemon/column.h"

#include "base/base.h"
#include "sim/series.h"

static const struct {
    enum unit unit;
    enum series_unit of_column;
} columns[] = {
    {UNIT_WATT, SERIES_WATT},
    {UNIT_VAR, SERIES_VAR},
    {UNIT_AMPERE, SERIES_AMPERE},
    {UNIT_VOLT, SERIES_VOLT},
    {UNIT_PERCENT, SERIES_PERCENT},
    {UNIT_CELSIUS, SERIES_CELSIUS},
    {UNIT_HERTZ, SERIES_HERTZ},
    {UNIT_WATT_PER_M2, SERIES_WATT_PER_M2},
    {UNIT_METRE_PER_SECOND, SERIES_METRE_PER_SECOND},
    {UNIT_DEGREE, SERIES_DEGREE},
    {UNIT_PASCAL, SERIES_PASCAL},
};

const char *column_ending(enum unit unit, size_t index)
{
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        if (columns[i].unit == unit) {
            return series_column_ending(columns[i].of_column, index);
        }
    }
    return NULL;
}

static enum unit unit_of_column(const char *column)
{
    int unit = series_column_unit(column);
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        if ((int)columns[i].of_column == unit) {
            return columns[i].unit;
        }
    }
    return UNIT_NONE;
}

int column_check(const char *column, enum unit due, struct ugrpc_status *st)
{
    char list[80];
    enum unit unit = unit_of_column(column);
    if (unit == due) {
        return 0;
    }
    unit_words(column_ending, due, list, sizeof(list));
    if (unit == UNIT_NONE) {
        return status_set(st, UGRPC_INVALID_ARGUMENT,
            "the name of column %.60s does not end in its unit; allowed: a column of %s, ending in %s",
            column, unit_noun(due), list);
    }
    return status_set(st, UGRPC_INVALID_ARGUMENT,
        "column %.60s measures %s (%s), but %s is due; allowed: a column ending in %s", column,
        unit_noun(unit), unit_spelling(unit, 0), unit_noun(due), list);
}
