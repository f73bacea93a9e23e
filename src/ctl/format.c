/* SPDX-License-Identifier: MIT */
#include "ctl/format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CENTURY_S (876000 * 3600.0)

/* ---- values ---- */

/* What is counted in thousands, for tables. */
static bool is_scaled(const char *unit)
{
    static const char *const scaled[] = {"W", "VAr", "VA", "Wh", "VAh", "VArh"};
    for (size_t i = 0; i < ARRAY_LEN(scaled); i++) {
        if (strcmp(scaled[i], unit) == 0) {
            return true;
        }
    }
    return false;
}

struct scale {
    double factor;
    const char *prefix;
    int digits;
};

/* `up`: the share of the last digit from which on a number is rounded up, 0.5, or, to be cut, 0. */
static struct scale scale_of(double magnitude, const char *unit, double up)
{
    if (!is_scaled(unit)) {
        return (struct scale){1, "", *unit ? 1 : 2};
    }
    if (magnitude < 1e3 - up) {
        return (struct scale){1, "", 0};
    }
    return magnitude < 1e6 - 100 * up ? (struct scale){1e3, "k", 1} : (struct scale){1e6, "M", 2};
}

/* `shown` has its scale already. A number that reads 0 is not negative. */
static const char *digits_format(double shown, int digits, char *out, size_t cap)
{
    snprintf(out, cap, "%.*f", digits, shown);
    if (out[0] == '-' && strtod(out, NULL) == 0) {
        memmove(out, out + 1, strlen(out));
    }
    return out;
}

/* 0 itself has no decimals. */
static const char *number_format(double value, const struct scale *scale, char *out, size_t cap)
{
    return digits_format(value / scale->factor, value == 0 ? 0 : scale->digits, out, cap);
}

const char *value_format(double value, const char *unit, char *out, size_t cap)
{
    struct scale scale = scale_of(fabs(value), unit, 0.5);
    char number[48];
    snprintf(out, cap, "%s%s%s%s", number_format(value, &scale, number, sizeof(number)), *unit ? " " : "",
        scale.prefix, unit);
    return out;
}

/* As the gateway writes numbers: the shortest text that a float reads back. */
static const char *exact_format(double value, char *out, size_t cap)
{
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(out, cap, "%.*g", digits, value);
        if ((float)strtod(out, NULL) == (float)value) {
            break;
        }
    }
    return out;
}

const char *power_format(double value, const char *unit, char *out, size_t cap)
{
    char number[32];
    snprintf(out, cap, "%s%s %s", value > 0 ? "+" : "", exact_format(value, number, sizeof(number)), unit);
    return out;
}

const char *operand_format(double value, enum unit unit, char *out, size_t cap)
{
    double shown = strtod(exact_format(value, out, cap), NULL); /* 0.1 rather than 0.100000001 */
    quantity_format(shown, unit, out, cap);
    char *blank = strchr(out, ' ');
    if (blank) {
        memmove(blank, blank + 1, strlen(blank));
    }
    return out;
}

/* ---- bounds ---- */

#define MOST_DIGITS          9
#define ABSENT(bounds, side) (!microgrid_common_v1_metrics_bounds_has_##side(bounds))

static double magnitude_of(microgrid_common_v1_metrics_bounds *const *bounds, size_t n)
{
    double magnitude = 0;
    for (size_t i = 0; i < n; i++) {
        magnitude = fmax(magnitude, ABSENT(bounds[i], lower) ? 0 : fabs((double)bounds[i]->lower));
        magnitude = fmax(magnitude, ABSENT(bounds[i], upper) ? 0 : fabs((double)bounds[i]->upper));
    }
    return magnitude;
}

enum side { LOWER, UPPER };

/* The nearest number with these digits that is not beyond the limit, as it would be read from a command. */
static const char *limit_format(
    double limit, enum side side, const struct scale *scale, char *out, size_t cap)
{
    double shown = strtod(number_format(limit, scale, out, cap), NULL);
    float asked = (float)(shown * scale->factor);
    if (side == LOWER ? asked < (float)limit : asked > (float)limit) {
        double step = pow(10, -scale->digits);
        digits_format(shown + (side == LOWER ? step : -step), scale->digits, out, cap);
    }
    return out;
}

static const char *side_format(
    double value, bool absent, enum side side, const struct scale *scale, char *out, size_t cap)
{
    if (absent) {
        out[0] = '\0';
        return out;
    }
    return scale ? limit_format(value, side, scale, out, cap) : exact_format(value, out, cap);
}

/* Whether so few digits leave nothing between its limits. */
static bool is_lost(const microgrid_common_v1_metrics_bounds *range, const struct scale *scale)
{
    char lower[48], upper[48];
    if (ABSENT(range, lower) || ABSENT(range, upper)) {
        return false;
    }
    limit_format(range->lower, LOWER, scale, lower, sizeof(lower));
    limit_format(range->upper, UPPER, scale, upper, sizeof(upper));
    return strtod(lower, NULL) > strtod(upper, NULL);
}

static const char *list_bounds(microgrid_common_v1_metrics_bounds *const *bounds, size_t n, const char *unit,
    const struct scale *scale, char *out, size_t cap)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < n && len < cap; i++) {
        char lower[48], upper[48];
        side_format(bounds[i]->lower, ABSENT(bounds[i], lower), LOWER, scale, lower, sizeof(lower));
        side_format(bounds[i]->upper, ABSENT(bounds[i], upper), UPPER, scale, upper, sizeof(upper));
        if (*lower && strcmp(lower, upper) == 0) { /* only this */
            len += (size_t)snprintf(out + len, cap - len, "%s%s", i ? ", " : "", lower);
            continue;
        }
        len += (size_t)snprintf(out + len, cap - len, "%s%s%s...%s%s", i ? ", " : "", lower,
            *lower ? " " : "", *upper ? " " : "", upper);
    }
    if (n > 0 && len < cap) {
        snprintf(out + len, cap - len, " %s%s", scale ? scale->prefix : "", unit);
    }
    return out;
}

const char *bounds_format(
    microgrid_common_v1_metrics_bounds *const *bounds, size_t n, const char *unit, char *out, size_t cap)
{
    struct scale scale = scale_of(magnitude_of(bounds, n), unit, 0);
    for (size_t i = 0; i < n; i++) {
        while (scale.digits < MOST_DIGITS && is_lost(bounds[i], &scale)) {
            scale.digits++;
        }
    }
    return list_bounds(bounds, n, unit, &scale, out, cap);
}

const char *bounds_format_exact(
    microgrid_common_v1_metrics_bounds *const *bounds, size_t n, const char *unit, char *out, size_t cap)
{
    return list_bounds(bounds, n, unit, NULL, out, cap);
}

/* ---- times ---- */

const char *clock_format(const ugrpc_protobuf_timestamp *at, char *out, size_t cap)
{
    struct tm parts;
    out[0] = '\0';
    if (at && localtime_r(&(time_t){at->seconds}, &parts)) {
        snprintf(out, cap, "%02d:%02d:%02d", parts.tm_hour, parts.tm_min, parts.tm_sec);
    }
    return out;
}

const char *moment_format(const ugrpc_protobuf_timestamp *at, char *out, size_t cap)
{
    struct tm parts;
    if (!at || !localtime_r(&(time_t){at->seconds}, &parts) ||
        strftime(out, cap, "%Y-%m-%d %H:%M:%S", &parts) == 0) {
        out[0] = '\0';
    }
    return out;
}

const char *utc_format(const ugrpc_protobuf_timestamp *at, char *out, size_t cap)
{
    struct tm parts;
    out[0] = '\0';
    if (at && gmtime_r(&(time_t){at->seconds}, &parts)) {
        snprintf(out, cap, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900, parts.tm_mon + 1,
            parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, at->nanos / 1000000);
    }
    return out;
}

const char *duration_format(int64_t seconds, char *out, size_t cap)
{
    if (seconds >= 3600) {
        snprintf(out, cap, seconds % 3600 >= 60 ? "%d h %d min" : "%d h", (int)(seconds / 3600),
            (int)(seconds % 3600 / 60));
    } else if (seconds >= 60 && seconds % 60 == 0) {
        snprintf(out, cap, "%d min", (int)(seconds / 60));
    } else {
        snprintf(out, cap, "%d s", (int)seconds);
    }
    return out;
}

/* ---- reading ---- */

int duration_parse(const char *text, double *seconds, struct ugrpc_status *st)
{
    size_t len = strlen(text);
    char longer[64];
    if (len > 1 && len < 32 && text[len - 1] == 'm') { /* nothing here is measured in metres */
        snprintf(longer, sizeof(longer), "%sin", text);
        text = longer;
    }
    int rc = quantity_parse(text, UNIT_SECOND, seconds, st);
    if (rc == 0 && *seconds <= 0) {
        rc = status_set(st, UGRPC_INVALID_ARGUMENT, "it must be longer than nothing");
    }
    if (rc == 0 && *seconds > CENTURY_S) { /* in ns it would be no number any more */
        rc = status_set(st, UGRPC_INVALID_ARGUMENT, "it must be a century at most");
    }
    return rc;
}

/* Local midnight, so many days ago: not always 24 h apart. */
static int64_t midnight_before(time_t now, int days)
{
    struct tm parts;
    localtime_r(&now, &parts);
    parts.tm_mday -= days;
    parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
    parts.tm_isdst = -1;
    return mktime(&parts);
}

int moment_parse(const char *text, ugrpc_protobuf_timestamp *at, struct ugrpc_status *st)
{
    static const char *const formats[] = {"%H:%M:%S", "%H:%M", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"};
    static const char *const day_names[] = {"today", "yesterday"};
    time_t now = time(NULL);
    double ago;
    if (duration_parse(text, &ago, NULL) == 0) {
        at->seconds = now - (int64_t)ago;
        return 0;
    }
    for (int days = 0; days < (int)ARRAY_LEN(day_names); days++) {
        if (strcmp(text, day_names[days]) == 0) {
            at->seconds = midnight_before(now, days);
            return 0;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        struct tm parts;
        localtime_r(&now, &parts); /* of a time of day, the day */
        parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
        parts.tm_isdst = -1;
        const char *rest = strptime(text, formats[i], &parts);
        if (!rest || (*rest && strcmp(rest, "Z") != 0)) {
            continue;
        }
        if (*rest) {
            at->seconds = timegm(&parts);
            return 0;
        }
        at->seconds = mktime(&parts);
        if (i < 2 && at->seconds > now) { /* yesterday's */
            parts.tm_mday--;
            parts.tm_isdst = -1;
            at->seconds = mktime(&parts);
        }
        return 0;
    }
    return status_set(st, UGRPC_INVALID_ARGUMENT,
        "a time is due, like 1h (ago), today, 12:06, 2026-01-31 or \"2026-01-31 12:06\"");
}

int power_parse(const char *text, enum unit unit, double *value, struct ugrpc_status *st)
{
    int rc = 0;
    *value = 0;
    if (strcmp(text, "0") != 0 && strcmp(text, "-0") != 0) {
        rc = quantity_parse(text, unit, value, st);
    }
    *value = *value == 0 ? 0 : *value; /* no -0 */
    return rc;
}

static int side_parse(const char *text, size_t len, enum unit unit, double *value, struct ugrpc_status *st)
{
    char side[64];
    if (len >= sizeof(side)) {
        return status_set(st, UGRPC_INVALID_ARGUMENT, "it is too long for a number with its unit");
    }
    memcpy(side, text, len);
    side[len] = '\0';
    return power_parse(side, unit, value, st);
}

int range_parse(
    const char *text, enum unit unit, microgrid_common_v1_metrics_bounds *bounds, struct ugrpc_status *st)
{
    const char *dots = strstr(text, "..");
    double lower = 0, upper = 0;
    microgrid_common_v1_metrics_bounds_init(bounds);
    if (!dots || (dots == text && !dots[2])) {
        const char *spelling = unit_spelling(unit, 0);
        return status_set(st, UGRPC_INVALID_ARGUMENT, "a range is due, like -20%s..40%s or ..40%s", spelling,
            spelling, spelling);
    }
    if (dots > text) {
        if (side_parse(text, (size_t)(dots - text), unit, &lower, st) < 0) {
            return -UGRPC_INVALID_ARGUMENT;
        }
        microgrid_common_v1_metrics_bounds_set_lower(bounds, (float)lower);
    }
    if (dots[2]) {
        if (side_parse(dots + 2, strlen(dots + 2), unit, &upper, st) < 0) {
            return -UGRPC_INVALID_ARGUMENT;
        }
        microgrid_common_v1_metrics_bounds_set_upper(bounds, (float)upper);
    }
    if (dots > text && dots[2] && lower > upper) {
        return status_set(st, UGRPC_INVALID_ARGUMENT, "the lower end comes first; write %s..%.*s", dots + 2,
            (int)(dots - text), text);
    }
    return 0;
}

enum unit unit_from_spelling(const char *text)
{
    for (int unit = 0; unit < UNIT_COUNT; unit++) {
        const char *spelling;
        for (size_t i = 0; (spelling = unit_spelling((enum unit)unit, i)); i++) {
            if (strcmp(spelling, text) == 0) {
                return (enum unit)unit;
            }
        }
    }
    return UNIT_NONE;
}
