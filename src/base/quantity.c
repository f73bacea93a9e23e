/* SPDX-License-Identifier: MIT */
/* All spellings stand in one table, each unit's own together and in rising order, other ways to write the
 * same after them; the messages are made from it too. Case counts, because mW and MW do. */
#include "base/quantity.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base.h"

struct spelling {
    const char *text;
    enum unit unit;
    double factor;
};

static const struct spelling spellings[] = {
    {"W", UNIT_WATT, 1},
    {"kW", UNIT_WATT, 1e3},
    {"MW", UNIT_WATT, 1e6},
    {"VAr", UNIT_VAR, 1},
    {"kVAr", UNIT_VAR, 1e3},
    {"MVAr", UNIT_VAR, 1e6},
    {"var", UNIT_VAR, 1}, /* as IEC has it */
    {"kvar", UNIT_VAR, 1e3},
    {"Mvar", UNIT_VAR, 1e6},
    {"VA", UNIT_VOLT_AMPERE, 1},
    {"kVA", UNIT_VOLT_AMPERE, 1e3},
    {"MVA", UNIT_VOLT_AMPERE, 1e6},
    {"Wh", UNIT_WATT_HOUR, 1},
    {"kWh", UNIT_WATT_HOUR, 1e3},
    {"MWh", UNIT_WATT_HOUR, 1e6},
    {"A", UNIT_AMPERE, 1},
    {"kA", UNIT_AMPERE, 1e3},
    {"V", UNIT_VOLT, 1},
    {"kV", UNIT_VOLT, 1e3},
    {"ms", UNIT_SECOND, 1e-3},
    {"s", UNIT_SECOND, 1},
    {"min", UNIT_SECOND, 60},
    {"h", UNIT_SECOND, 3600},
    {"%", UNIT_PERCENT, 1},
    {"°C", UNIT_CELSIUS, 1},
    {"C", UNIT_CELSIUS, 1},
    {"Hz", UNIT_HERTZ, 1},
    {"W/m2", UNIT_WATT_PER_M2, 1},
    {"W/m²", UNIT_WATT_PER_M2, 1},
    {"m/s", UNIT_METRE_PER_SECOND, 1},
    {"°", UNIT_DEGREE, 1},
    {"deg", UNIT_DEGREE, 1},
    {"Pa", UNIT_PASCAL, 1},
    {"hPa", UNIT_PASCAL, 100},
};

static const char *const nouns[UNIT_COUNT] = {
    [UNIT_NONE] = "a number",
    [UNIT_WATT] = "power",
    [UNIT_VAR] = "reactive power",
    [UNIT_VOLT_AMPERE] = "apparent power",
    [UNIT_WATT_HOUR] = "energy",
    [UNIT_AMPERE] = "current",
    [UNIT_VOLT] = "voltage",
    [UNIT_SECOND] = "time",
    [UNIT_PERCENT] = "a share",
    [UNIT_CELSIUS] = "temperature",
    [UNIT_HERTZ] = "frequency",
    [UNIT_WATT_PER_M2] = "irradiance",
    [UNIT_METRE_PER_SECOND] = "speed",
    [UNIT_DEGREE] = "an angle",
    [UNIT_PASCAL] = "pressure",
};

const char *unit_noun(enum unit unit)
{
    return nouns[unit];
}

const char *unit_spelling(enum unit unit, size_t index)
{
    for (size_t i = 0; i < ARRAY_LEN(spellings); i++) {
        if (spellings[i].unit == unit && index-- == 0) {
            return spellings[i].text;
        }
    }
    return NULL;
}

const char *unit_words(unit_word_fn *word, enum unit unit, char *out, size_t cap)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; word(unit, i) && len < cap; i++) {
        const char *glue = i == 0 ? "" : word(unit, i + 1) ? ", " : " or ";
        len += (size_t)snprintf(out + len, cap - len, "%s%s", glue, word(unit, i));
    }
    return out;
}

static const struct spelling *find(const char *text, int (*compare)(const char *, const char *))
{
    for (size_t i = 0; i < ARRAY_LEN(spellings); i++) {
        if (compare(spellings[i].text, text) == 0) {
            return &spellings[i];
        }
    }
    return NULL;
}

/* The number at the beginning of `text`, plain decimal only (strtod also knows hex, nan and infinity). */
static bool parse_number(const char *text, double *value, const char **rest)
{
    const char *c = text + (*text == '-' || *text == '+');
    if (!isdigit((unsigned char)*c) && *c != '.') {
        return false;
    }
    if (c[0] == '0' && (c[1] == 'x' || c[1] == 'X')) {
        return false;
    }
    char *end;
    *value = strtod(text, &end);
    *rest = end;
    return end != text && isfinite(*value);
}

static int refuse_unit(const char *rest, enum unit due, struct ugrpc_status *st)
{
    char list[80];
    unit_words(unit_spelling, due, list, sizeof(list));
    const struct spelling *other = find(rest, strcmp);
    if (other) {
        return status_set(st, UGRPC_INVALID_ARGUMENT, "%s measures %s, but %s is due; allowed: %s", rest,
            nouns[other->unit], nouns[due], list);
    }
    other = find(rest, strcasecmp);
    if (other && other->unit == due) {
        return status_set(
            st, UGRPC_INVALID_ARGUMENT, "no unit \"%.40s\"; did you mean %s?", rest, other->text);
    }
    return status_set(
        st, UGRPC_INVALID_ARGUMENT, "no unit \"%.40s\" for %s; allowed: %s", rest, nouns[due], list);
}

int quantity_parse(const char *text, enum unit unit, double *value, struct ugrpc_status *st)
{
    const char *rest;
    double number;
    if (!parse_number(text, &number, &rest)) {
        if (unit == UNIT_NONE) {
            return status_set(st, UGRPC_INVALID_ARGUMENT, "a number is due, like 1 or 2.5");
        }
        return status_set(
            st, UGRPC_INVALID_ARGUMENT, "a number with its unit is due, like 10 %s", unit_spelling(unit, 0));
    }
    int number_len = (int)(rest - text);
    rest += strspn(rest, " ");
    if (unit == UNIT_NONE) {
        if (*rest) {
            return status_set(st, UGRPC_INVALID_ARGUMENT, "a number without a unit is due; write %.*s",
                number_len > 40 ? 40 : number_len, text);
        }
        *value = number;
        return 0;
    }
    if (!*rest) {
        const char *second = unit_spelling(unit, 1);
        return status_set(st, UGRPC_INVALID_ARGUMENT, "the unit is missing; write %.40s %s%s%.40s%s%s", text,
            unit_spelling(unit, 0), second ? " or " : "", second ? text : "", second ? " " : "",
            second ? second : "");
    }
    const struct spelling *spelling = find(rest, strcmp);
    if (!spelling || spelling->unit != unit) {
        return refuse_unit(rest, unit, st);
    }
    *value = number * spelling->factor;
    return 0;
}

void quantity_format(double value, enum unit unit, char *out, size_t cap)
{
    const struct spelling *best = NULL;
    for (size_t i = 0; i < ARRAY_LEN(spellings); i++) {
        const struct spelling *one = &spellings[i];
        bool fits = one->unit == unit && (!best || fabs(value) >= one->factor) &&
                    (!best || one->factor > best->factor);
        /* Zero reads best in the unit itself: 0 s, not 0 ms. */
        if (fits || (one->unit == unit && value == 0 && one->factor == 1 && best && best->factor != 1)) {
            best = one;
        }
    }
    if (best) {
        snprintf(out, cap, "%.10g %s", value / best->factor, best->text);
    } else {
        snprintf(out, cap, "%.10g", value);
    }
}
