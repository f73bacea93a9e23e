/* SPDX-License-Identifier: MIT */
/* One function a kind; limits are checked here too. */
#include "daemon/value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/base.h"
#include "base/nearest.h"
#include "daemon/column.h"

#define MAX_TEXT_BYTES 255

static int refuse_range(const struct option *option, struct ugrpc_status *st)
{
    char allowed[OPTION_BRIEF_MAX];
    option_allowed_brief(option, allowed, sizeof(allowed));
    return status_set(st, UGRPC_INVALID_ARGUMENT, "out of range; allowed: %s", allowed);
}

static bool in_range(const struct option *option, double number)
{
    bool limited = option->least != 0 || option->most != 0;
    return !limited || (number >= option->least && number <= option->most);
}

static int parse_number(
    const struct option *option, const char *text, struct value *value, struct ugrpc_status *st)
{
    if (quantity_parse(text, option->unit, &value->number, st) < 0) {
        return -UGRPC_INVALID_ARGUMENT;
    }
    return in_range(option, value->number) ? 0 : refuse_range(option, st);
}

static int parse_integer(
    const struct option *option, const char *text, struct value *value, struct ugrpc_status *st)
{
    struct ugrpc_status ignored;
    if (quantity_parse(text, UNIT_NONE, &value->number, &ignored) < 0 ||
        value->number != floor(value->number)) {
        return status_set(st, UGRPC_INVALID_ARGUMENT, "a whole number is due, like 1");
    }
    return in_range(option, value->number) ? 0 : refuse_range(option, st);
}

static int parse_flag(const char *text, struct value *value, struct ugrpc_status *st)
{
    static const struct {
        const char *text;
        int flag;
    } words[] = {{"true", 1}, {"false", 0}, {"on", 1}, {"off", 0}, {"yes", 1}, {"no", 0}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcasecmp(text, words[i].text) == 0) {
            value->number = words[i].flag;
            return 0;
        }
    }
    return status_set(st, UGRPC_INVALID_ARGUMENT, "neither yes nor no; write true or false");
}

static int parse_choice(
    const struct option *option, const char *text, struct value *value, struct ugrpc_status *st)
{
    struct nearest nearest = {.text = text};
    for (size_t i = 0; option->choices[i]; i++) {
        if (strcmp(option->choices[i], text) == 0) {
            value->text = option->choices[i];
            value->number = (double)i;
            return 0;
        }
        nearest_try(&nearest, option->choices[i]);
    }
    char allowed[OPTION_BRIEF_MAX];
    option_allowed_brief(option, allowed, sizeof(allowed));
    if (nearest.best) {
        return status_set(st, UGRPC_INVALID_ARGUMENT, "no such %s; did you mean %s? Allowed: %s",
            option->name, nearest.best, allowed);
    }
    return status_set(st, UGRPC_INVALID_ARGUMENT, "no such %s; allowed: %s", option->name, allowed);
}

static int parse_text(const char *text, struct value *value, struct ugrpc_status *st)
{
    if (strlen(text) > MAX_TEXT_BYTES) {
        return status_set(st, UGRPC_INVALID_ARGUMENT, "too long; allowed: %d bytes", MAX_TEXT_BYTES);
    }
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c < 0x20 || *c == 0x7f) {
            return status_set(
                st, UGRPC_INVALID_ARGUMENT, "has a control character; allowed: printable text on one line");
        }
    }
    value->text = text;
    return 0;
}

/* "weather.csv/ambient_temp_c" has a slash and a column after it; "10 kW" and "800 W/m2" begin as numbers. */
static int parse_series(
    const struct option *option, const char *text, struct value *value, struct ugrpc_status *st)
{
    const char *slash = strrchr(text, '/');
    struct ugrpc_status not_a_number;
    if (quantity_parse(text, option->unit, &value->number, &not_a_number) == 0) {
        return in_range(option, value->number) ? 0 : refuse_range(option, st);
    }
    bool looks_like_file = slash && slash != text && slash[1] && strstr(text, ".csv");
    if (looks_like_file) {
        int rc = column_check(slash + 1, option->unit, st);
        return rc < 0 ? rc : parse_text(text, value, st);
    }
    if (strpbrk(text, "0123456789") == text || *text == '-' || *text == '+') {
        return status_set(
            st, UGRPC_INVALID_ARGUMENT, "%s; or FILE/COLUMN of a CSV file", not_a_number.message);
    }
    return status_set(st, UGRPC_INVALID_ARGUMENT,
        "neither a series nor a constant; write FILE/COLUMN, like data.csv/column%s, or like 10 %s",
        column_ending(option->unit, 0), unit_spelling(option->unit, 0));
}

/* Whole days, or a second with its zone: UTC only, as times of day elsewhere would need a calendar. */
static int parse_date(const char *text, struct value *value, struct ugrpc_status *st)
{
    struct tm tm = {0};
    int year, month, day, end = 0;
    bool fits = sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &end) == 3 && end == 10;
    int hour = 0, minute = 0, second = 0, rest = 0;
    if (fits && text[end] != '\0') {
        fits = sscanf(text + end, "T%2d:%2d:%2dZ%n", &hour, &minute, &second, &rest) == 3 && rest == 10 &&
               text[end + rest] == '\0';
    }
    tm = (struct tm){.tm_year = year - 1900,
        .tm_mon = month - 1,
        .tm_mday = day,
        .tm_hour = hour,
        .tm_min = minute,
        .tm_sec = second};
    if (fits && year >= 1971 && year <= 2200 && hour >= 0 && hour < 24 && minute >= 0 && minute < 60 &&
        second >= 0 && second < 60) {
        time_t at = timegm(&tm);
        /* timegm() moves the 31st of April to May: then it was no date. */
        if (tm.tm_mon == month - 1 && tm.tm_mday == day) {
            value->number = (double)at;
            return 0;
        }
    }
    return status_set(
        st, UGRPC_INVALID_ARGUMENT, "no date; write it like 2024-05-31 or 2024-05-31T12:00:00Z (UTC)");
}

static int parse_day_time(const char *text, struct value *value, struct ugrpc_status *st)
{
    int hour, minute, second = 0, end = 0;
    if (strcmp(text, "now") == 0) {
        value->number = -1;
        return 0;
    }
    bool fits = sscanf(text, "%2d:%2d%n", &hour, &minute, &end) == 2 && end >= 4;
    if (fits && text[end] == ':') {
        int more = 0;
        fits = sscanf(text + end, ":%2d%n", &second, &more) == 1;
        end += more;
    }
    if (fits && text[end] == '\0' && hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 &&
        second < 60) {
        value->number = hour * 3600 + minute * 60 + second;
        return 0;
    }
    return status_set(st, UGRPC_INVALID_ARGUMENT, "no time of day; write it like \"10:00\", or now");
}

int value_parse(const struct option *option, const char *text, struct value *value, struct ugrpc_status *st)
{
    value->option = option;
    value->number = NAN;
    value->text = NULL;
    if (*text == '\0') {
        char allowed[OPTION_BRIEF_MAX];
        option_allowed_brief(option, allowed, sizeof(allowed));
        return status_set(st, UGRPC_INVALID_ARGUMENT, "the value is missing; allowed: %s", allowed);
    }
    switch (option->kind) {
    case OPTION_NUMBER:
        return parse_number(option, text, value, st);
    case OPTION_INTEGER:
        return parse_integer(option, text, value, st);
    case OPTION_FLAG:
        return parse_flag(text, value, st);
    case OPTION_CHOICE:
        return parse_choice(option, text, value, st);
    case OPTION_SERIES:
        return parse_series(option, text, value, st);
    case OPTION_DATE:
        return parse_date(text, value, st);
    case OPTION_DAY_TIME:
        return parse_day_time(text, value, st);
    case OPTION_TEXT:
    case OPTION_FILE:
    case OPTION_TEXTS:
    case OPTION_NAMES:
        return parse_text(text, value, st);
    case OPTION_MAPPING:
        break;
    }
    return status_set(st, UGRPC_INVALID_ARGUMENT, "a mapping is due: keys with their values");
}
