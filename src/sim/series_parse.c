/* SPDX-License-Identifier: MIT */
/* Reads CSV text line by line into rows. Text comes from anywhere, so every look is bounded: a span has a
 * start and an end and is only ever made shorter. What is quoted in messages is cut and cleaned. */
#include "sim/series_rows.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/status.h"

#define MAX_NUMBER_BYTES 48
#define MOST             1e15 /* of a value, in the unit of the wire: far from overflow in any sum */
#define MIN_YEAR         1900
#define MAX_YEAR         2200

struct span {
    const char *at, *end;
};

struct reader {
    struct span rest;
    const char *name;
    unsigned line;
    struct ugrpc_status *st;
};

struct ending {
    const char *text;
    enum series_unit unit;
    double factor;
};

static const struct ending endings[] = {
    {"_w", SERIES_WATT, 1},
    {"_kw", SERIES_WATT, 1e3},
    {"_mw", SERIES_WATT, 1e6},
    {"_var", SERIES_VAR, 1},
    {"_kvar", SERIES_VAR, 1e3},
    {"_w_m2", SERIES_WATT_PER_M2, 1},
    {"_c", SERIES_CELSIUS, 1},
    {"_pct", SERIES_PERCENT, 1},
    {"_pa", SERIES_PASCAL, 1},
    {"_hpa", SERIES_PASCAL, 100},
    {"_deg", SERIES_DEGREE, 1},
    {"_m_s", SERIES_METRE_PER_SECOND, 1},
    {"_a", SERIES_AMPERE, 1},
    {"_v", SERIES_VOLT, 1},
    {"_kv", SERIES_VOLT, 1e3},
    {"_hz", SERIES_HERTZ, 1},
};

/* The longest decides: irradiance_w_m2 is no length in m2. */
static const struct ending *find_ending(const char *column)
{
    const struct ending *best = NULL;
    size_t len = strlen(column), best_len = 0;
    for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
        size_t n = strlen(endings[i].text);
        if (n > best_len && len >= n && memcmp(column + len - n, endings[i].text, n) == 0) {
            best = &endings[i];
            best_len = n;
        }
    }
    return best;
}

int series_column_unit(const char *column)
{
    const struct ending *ending = find_ending(column);
    return ending ? (int)ending->unit : -1;
}

const char *series_column_ending(enum series_unit unit, size_t index)
{
    for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
        if (endings[i].unit == unit && index-- == 0) {
            return endings[i].text;
        }
    }
    return NULL;
}

/* A piece of the file for a message. */
struct excerpt {
    char text[40];
};

static struct excerpt excerpt(struct span span)
{
    struct excerpt out = {{0}};
    size_t len = (size_t)(span.end - span.at), most = sizeof(out.text) - 1;
    for (size_t i = 0; i < len && i < most; i++) {
        char c = span.at[i];
        bool cut = len > most && i >= most - 3;
        out.text[i] = cut ? '.' : c >= ' ' && c < 127 ? c : '?';
    }
    return out;
}

static bool span_is(struct span span, const char *text)
{
    size_t len = strlen(text);
    return (size_t)(span.end - span.at) == len && memcmp(span.at, text, len) == 0;
}

static struct span trim(struct span span)
{
    while (span.at < span.end && (*span.at == ' ' || *span.at == '\t')) {
        span.at++;
    }
    while (span.at < span.end && (span.end[-1] == ' ' || span.end[-1] == '\t' || span.end[-1] == '\r')) {
        span.end--;
    }
    return span;
}

/* The next line that says something. 1 = there is one, 0 = the text is over, negative = error. */
static int next_line(struct reader *r, struct span *line)
{
    while (r->rest.at < r->rest.end) {
        size_t left = (size_t)(r->rest.end - r->rest.at);
        const char *newline = memchr(r->rest.at, '\n', left);
        const char *end = newline != NULL ? newline : r->rest.end;
        *line = (struct span){r->rest.at, end};
        r->rest.at = newline != NULL ? newline + 1 : end;
        r->line++;
        if (line->end - line->at > (long)SERIES_MAX_LINE_BYTES) {
            return status_set(r->st, UGRPC_INVALID_ARGUMENT, "%s, line %u: longer than %u bytes", r->name,
                r->line, SERIES_MAX_LINE_BYTES);
        }
        *line = trim(*line);
        if (line->at < line->end && *line->at != '#') {
            return 1;
        }
    }
    return 0;
}

/* Takes one field, and its comma, off the line; false when there is none left. A quoted field ends at the
 * next quote; what stands between that and the comma is ignored. */
static bool next_field(struct span *line, struct span *field)
{
    if (line->at == NULL) {
        return false;
    }
    struct span rest = trim(*line);
    bool quoted = rest.at < rest.end && *rest.at == '"';
    const char *quote = quoted ? memchr(rest.at + 1, '"', (size_t)(rest.end - rest.at - 1)) : NULL;
    const char *from = quote != NULL ? quote : rest.at;
    const char *comma = memchr(from, ',', (size_t)(rest.end - from));
    const char *end = comma != NULL ? comma : rest.end;
    *field = trim(quote != NULL ? (struct span){rest.at + 1, quote} : (struct span){rest.at, end});
    *line = comma != NULL ? (struct span){comma + 1, rest.end} : (struct span){NULL, NULL};
    return true;
}

static int fail_no_column(struct reader *r, struct span header, const char *column)
{
    char names[300] = "";
    size_t used = 0;
    struct span field;
    next_field(&header, &field); /* the time */
    while (next_field(&header, &field) && used < sizeof(names) - 1) {
        int n = snprintf(
            names + used, sizeof(names) - used, "%s%s", used > 0 ? ", " : "", excerpt(field).text);
        used += (size_t)n;
    }
    return status_set(r->st, UGRPC_NOT_FOUND, "%s has no column \"%s\"; it has: %s", r->name, column,
        used > 0 ? names : "none besides the time");
}

static int find_unit(struct reader *r, const char *column, enum series_unit *unit, double *factor)
{
    const struct ending *ending = find_ending(column);
    if (ending) {
        *unit = ending->unit;
        *factor = ending->factor;
        return 0;
    }
    char list[128] = "";
    size_t len = 0;
    for (size_t i = 0; i < ARRAY_LEN(endings) && len < sizeof(list); i++) {
        len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "", endings[i].text);
    }
    return status_set(r->st, UGRPC_INVALID_ARGUMENT, "%s: column \"%s\" does not end in its unit (%s)",
        r->name, column, list);
}

static int find_column(struct reader *r, const char *column, size_t *index)
{
    struct span line, field;
    int found = next_line(r, &line);
    if (found <= 0) {
        return found < 0 ? found : status_set(r->st, UGRPC_INVALID_ARGUMENT, "%s is empty", r->name);
    }
    struct span header = line;
    for (size_t i = 0; next_field(&line, &field); i++) {
        if (i > 0 && span_is(field, column)) {
            *index = i;
            return 0;
        }
    }
    return fail_no_column(r, header, column);
}

/* Takes `digits` digits off the front; false if they are not all there. */
static bool take_number(struct span *span, int digits, int *value)
{
    if (span->end - span->at < digits) {
        return false;
    }
    *value = 0;
    for (int i = 0; i < digits; i++) {
        char c = span->at[i];
        if (c < '0' || c > '9') {
            return false;
        }
        *value = *value * 10 + (c - '0');
    }
    span->at += digits;
    return true;
}

static bool take_char(struct span *span, char c)
{
    if (span->at == span->end || *span->at != c) {
        return false;
    }
    span->at++;
    return true;
}

/* Z, +01, +0100, +01:00 or nothing; then the end. */
static bool take_zone(struct span span)
{
    int hours, minutes = 0;
    if (span.at == span.end || span_is(span, "Z")) {
        return true;
    }
    if (!take_char(&span, '+') && !take_char(&span, '-')) {
        return false;
    }
    if (!take_number(&span, 2, &hours) || hours > 23) {
        return false;
    }
    bool more = span.at < span.end;
    take_char(&span, ':');
    return (!more || take_number(&span, 2, &minutes)) && minutes < 60 && span.at == span.end;
}

static double take_fraction(struct span *span)
{
    double fraction = 0, digit = 0.1;
    if (!take_char(span, '.')) {
        return 0;
    }
    for (; span->at < span->end && *span->at >= '0' && *span->at <= '9'; span->at++, digit /= 10) {
        fraction += digit * (*span->at - '0');
    }
    return fraction;
}

static bool parse_time(struct span span, double *time_s)
{
    int year, month, day, hour, minute, second = 0;
    if (!take_number(&span, 4, &year) || !take_char(&span, '-') || !take_number(&span, 2, &month) ||
        !take_char(&span, '-') || !take_number(&span, 2, &day)) {
        return false;
    }
    if (!take_char(&span, 'T') && !take_char(&span, ' ')) {
        return false;
    }
    if (!take_number(&span, 2, &hour) || !take_char(&span, ':') || !take_number(&span, 2, &minute)) {
        return false;
    }
    if (take_char(&span, ':') && !take_number(&span, 2, &second)) {
        return false;
    }
    double fraction = take_fraction(&span);
    if (!take_zone(span) || year < MIN_YEAR || year > MAX_YEAR || hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    *time_s = (double)timegm(&tm) + hour * 3600 + minute * 60 + second + fraction;
    return tm.tm_mon == month - 1 && tm.tm_mday == day; /* timegm() moves the 31st of April to May */
}

/* strtod() alone would also take "inf", "nan" and hexadecimal. */
static bool parse_number(struct span span, double *value)
{
    char text[MAX_NUMBER_BYTES];
    size_t len = (size_t)(span.end - span.at);
    if (len >= sizeof(text)) {
        return false;
    }
    memcpy(text, span.at, len);
    text[len] = 0;
    if (strspn(text, "0123456789+-.eE") != len) {
        return false;
    }
    char *end;
    *value = strtod(text, &end);
    return end == text + len && isfinite(*value);
}

static int add_row(struct series_rows *rows, struct reader *r, struct series_row row)
{
    if (rows->n > 0 && row.time_s <= rows->row[rows->n - 1].time_s) {
        return status_set(r->st, UGRPC_INVALID_ARGUMENT,
            "%s, line %u: the time is not after that of line %u; sort the file by time", r->name, row.line,
            rows->row[rows->n - 1].line);
    }
    if (rows->n == rows->cap) {
        size_t cap = rows->cap > 0 ? rows->cap * 2 : 1024;
        struct series_row *grown = realloc(rows->row, cap * sizeof(*grown));
        if (grown == NULL) {
            return status_set(r->st, UGRPC_RESOURCE_EXHAUSTED, "%s: out of memory", r->name);
        }
        rows->row = grown;
        rows->cap = cap;
    }
    rows->row[rows->n++] = row;
    return 0;
}

static int parse_line(struct series_rows *rows, struct reader *r, struct span line, const char *column,
    size_t index, double factor)
{
    struct span time = {NULL, NULL}, field = {NULL, NULL};
    struct series_row row = {.line = r->line};
    if (!next_field(&line, &time) || !parse_time(time, &row.time_s)) {
        return status_set(r->st, UGRPC_INVALID_ARGUMENT,
            "%s, line %u: \"%s\" is no time like 2022-03-18T04:33:00 (first column)", r->name, r->line,
            excerpt(time).text);
    }
    for (size_t i = 1; i <= index; i++) {
        if (!next_field(&line, &field)) {
            return status_set(r->st, UGRPC_INVALID_ARGUMENT,
                "%s, line %u: has %zu fields, column \"%s\" is number %zu", r->name, r->line, i, column,
                index + 1);
        }
    }
    if (field.at == field.end) {
        row.value = NAN;
    } else if (parse_number(field, &row.value) && fabs(row.value * factor) <= MOST) {
        row.value *= factor;
    } else {
        return status_set(r->st, UGRPC_INVALID_ARGUMENT,
            "%s, line %u: \"%s\" in column \"%s\" is no number within ±1e15", r->name, r->line,
            excerpt(field).text, column);
    }
    return add_row(rows, r, row);
}

int series_rows_parse(struct series_rows *rows, const char *text, size_t len, const char *name,
    const char *column, struct ugrpc_status *st)
{
    struct reader r = {.rest = {text, text + len}, .name = name, .st = st};
    *rows = (struct series_rows){0};
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        r.rest.at += 3; /* a byte order mark */
    }
    size_t index = 0;
    double factor = 1;
    int rc = find_column(&r, column, &index);
    if (rc == 0) {
        rc = find_unit(&r, column, &rows->unit, &factor);
    }
    struct span line;
    while (rc == 0 && (rc = next_line(&r, &line)) > 0) {
        rc = parse_line(rows, &r, line, column, index, factor);
    }
    return rc;
}

void series_rows_done(struct series_rows *rows)
{
    free(rows->row);
    *rows = (struct series_rows){0};
}
