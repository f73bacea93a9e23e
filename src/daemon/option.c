/* SPDX-License-Identifier: MIT */
/* Questions to the option table. It is short enough to be searched from end to end. */
#include "daemon/option.h"

#include <stdio.h>
#include <string.h>

#include "base/nearest.h"

bool option_applies(const struct option *option, enum option_place place, int type)
{
    if (!(option->places & place)) {
        return false;
    }
    return type < 0 || option->types == 0 || option->types & (1u << type);
}

const struct option *option_find(const char *name, enum option_place place, int type)
{
    for (size_t i = 0; i < n_options; i++) {
        if (option_applies(&options[i], place, type) && strcmp(options[i].name, name) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

const char *option_nearest(const char *name, enum option_place place, int type)
{
    struct nearest nearest = {.text = name};
    for (size_t i = 0; i < n_options; i++) {
        if (option_applies(&options[i], place, type)) {
            nearest_try(&nearest, options[i].name);
        }
    }
    return nearest.best;
}

static void put_choices(const struct option *option, char *out, size_t cap)
{
    size_t len = (size_t)snprintf(out, cap, "one of ");
    for (size_t i = 0; option->choices[i] && len < cap; i++) {
        len += (size_t)snprintf(out + len, cap - len, "%s%s", i ? ", " : "", option->choices[i]);
    }
}

static void put_range(const struct option *option, char *out, size_t cap)
{
    if (option->least == 0 && option->most == 0) {
        snprintf(out, cap, option->kind == OPTION_INTEGER ? "a whole number" : "a number");
        return;
    }
    char least[32], most[32];
    quantity_format(option->least, option->unit, least, sizeof(least));
    quantity_format(option->most, option->unit, most, sizeof(most));
    if (option->kind == OPTION_INTEGER) {
        snprintf(least, sizeof(least), "%.0f", option->least);
        snprintf(most, sizeof(most), "%.0f", option->most);
    }
    if (option->least == option->most) {
        snprintf(out, cap, "%s", least);
        return;
    }
    snprintf(out, cap, "%s ... %s", least, most);
}

void option_allowed(const struct option *option, char *out, size_t cap)
{
    switch (option->kind) {
    case OPTION_NUMBER:
    case OPTION_INTEGER:
        put_range(option, out, cap);
        return;
    case OPTION_SERIES: {
        char range[80];
        put_range(option, range, sizeof(range));
        snprintf(out, cap, "FILE/COLUMN, or %s", range);
        return;
    }
    case OPTION_CHOICE:
        put_choices(option, out, cap);
        return;
    case OPTION_FLAG:
        snprintf(out, cap, "true or false");
        return;
    case OPTION_TEXT:
        snprintf(out, cap, "a text");
        return;
    case OPTION_FILE:
        snprintf(out, cap, "a path");
        return;
    case OPTION_TEXTS:
        snprintf(out, cap, "a text or a list of texts");
        return;
    case OPTION_NAMES:
        snprintf(out, cap, "a component's name or a list of names");
        return;
    case OPTION_DATE:
        snprintf(out, cap, "a date, like 2024-05-31 or 2024-05-31T12:00:00Z");
        return;
    case OPTION_DAY_TIME:
        snprintf(out, cap, "a time of day, like \"10:00\", or now");
        return;
    case OPTION_MAPPING:
        snprintf(out, cap, "a mapping");
        return;
    }
}

void option_allowed_brief(const struct option *option, char *out, size_t cap)
{
    static const char rest[] = " ... (microgridd --schema lists all)";
    char allowed[OPTION_ALLOWED_MAX];
    option_allowed(option, allowed, sizeof(allowed));
    size_t len = strlen(allowed);
    if (len < cap) {
        memcpy(out, allowed, len + 1);
        return;
    }
    for (len = cap - sizeof(rest); len > 0 && allowed[len - 1] != ','; len--) {
    }
    snprintf(out, cap, "%.*s%s", (int)len, allowed, rest);
}
