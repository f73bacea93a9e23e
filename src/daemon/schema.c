/* SPDX-License-Identifier: MIT */
/* The JSON Schema of a site file, from the option table. A component's keys depend on its type, so each type
 * is one alternative of its own. */
#include <jansson.h>
#include <string.h>

#include "daemon/column.h"
#include "daemon/manual.h"
#include "daemon/option.h"

/* "W|kW|MW" */
static const char *alternatives(unit_word_fn *word, enum unit unit, char *out, size_t cap)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; word(unit, i) && len < cap; i++) {
        len += (size_t)snprintf(out + len, cap - len, "%s%s", i ? "|" : "", word(unit, i));
    }
    return out;
}

/* "^[-+]?[0-9.]+(e[-+]?[0-9]+)? *(W|kW|MW)$" */
static json_t *quantity_pattern(enum unit unit)
{
    char units[160];
    return json_sprintf("^[-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)? *(%s)$",
        alternatives(unit_spelling, unit, units, sizeof(units)));
}

static json_t *column_pattern(enum unit unit)
{
    char endings[80];
    return json_sprintf("\\.csv/[^/]*(%s)$", alternatives(column_ending, unit, endings, sizeof(endings)));
}

static json_t *string_of(const char *pattern)
{
    return json_pack("{s:s, s:s}", "type", "string", "pattern", pattern);
}

static json_t *number_schema(const struct option *option)
{
    if (option->unit != UNIT_NONE) {
        return json_pack("{s:s, s:o}", "type", "string", "pattern", quantity_pattern(option->unit));
    }
    bool whole = option->kind == OPTION_INTEGER;
    json_t *schema = json_pack("{s:s}", "type", whole ? "integer" : "number");
    if (option->least != 0 || option->most != 0) {
        json_object_set_new(
            schema, "minimum", whole ? json_integer((json_int_t)option->least) : json_real(option->least));
        json_object_set_new(
            schema, "maximum", whole ? json_integer((json_int_t)option->most) : json_real(option->most));
    }
    return schema;
}

static json_t *choice_schema(const struct option *option)
{
    json_t *list = json_array();
    for (size_t i = 0; option->choices[i]; i++) {
        json_array_append_new(list, json_string(option->choices[i]));
    }
    return json_pack("{s:o}", "enum", list);
}

static json_t *value_schema(const struct option *option)
{
    switch (option->kind) {
    case OPTION_NUMBER:
    case OPTION_INTEGER:
        return number_schema(option);
    case OPTION_FLAG:
        return json_pack("{s:[b, b, s, s, s, s]}", "enum", 1, 0, "on", "off", "yes", "no");
    case OPTION_CHOICE:
        return choice_schema(option);
    case OPTION_SERIES:
        return json_pack("{s:[{s:s, s:o}, {s:s, s:o}]}", "anyOf", "type", "string", "pattern",
            column_pattern(option->unit), "type", "string", "pattern", quantity_pattern(option->unit));
    case OPTION_TEXTS:
    case OPTION_NAMES:
        return json_pack("{s:[{s:s}, {s:s, s:i, s:{s:s}}]}", "anyOf", "type", "string", "type", "array",
            "minItems", 1, "items", "type", "string");
    case OPTION_DATE:
        return string_of("^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?$");
    case OPTION_DAY_TIME:
        return string_of("^(now|[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?)$");
    case OPTION_TEXT:
    case OPTION_FILE:
        return json_pack("{s:s, s:i}", "type", "string", "maxLength", 255);
    case OPTION_MAPPING:
        break;
    }
    return json_pack("{s:s}", "type", "object");
}

static json_t *empty_object(void)
{
    return json_pack("{s:s, s:{}, s:b}", "type", "object", "properties", "additionalProperties", 0);
}

/* "car.wants" goes into the object "car", which is made when it is first needed. */
static void put_property(json_t *object, const struct option *option)
{
    json_t *properties = json_object_get(object, "properties");
    const char *dot = strchr(option->name, '.');
    json_t *schema = value_schema(option);
    json_object_set_new(schema, "description", json_string(option->help));
    if (option->otherwise) {
        json_object_set_new(schema, "default", json_string(option->otherwise));
    }
    if (!dot) {
        json_object_set_new(properties, option->name, schema);
        if (option->required) {
            json_t *required = json_object_get(object, "required");
            if (!required) {
                json_object_set_new(object, "required", json_array());
                required = json_object_get(object, "required");
            }
            json_array_append_new(required, json_string(option->name));
        }
        return;
    }
    char group[32];
    snprintf(group, sizeof(group), "%.*s", (int)(dot - option->name), option->name);
    json_t *inner = json_object_get(properties, group);
    if (!inner) {
        json_object_set_new(properties, group, empty_object());
        inner = json_object_get(properties, group);
    }
    json_object_set_new(json_object_get(inner, "properties"), dot + 1, schema);
}

static json_t *section_schema(enum option_place place, int type)
{
    json_t *object = empty_object();
    for (size_t i = 0; i < n_options; i++) {
        if (option_applies(&options[i], place, type)) {
            put_property(object, &options[i]);
        }
    }
    return object;
}

/* Names to items, each of the type that it says. */
static json_t *items_schema(enum option_place place, const char *const *types)
{
    json_t *alternatives = json_array();
    for (int type = 0; types[type]; type++) {
        json_t *schema = section_schema(place, type);
        json_t *own = json_object_get(json_object_get(schema, "properties"), "type");
        json_object_del(own, "enum");
        json_object_set_new(own, "const", json_string(types[type]));
        json_array_append_new(alternatives, schema);
    }
    return json_pack("{s:s, s:{s:s}, s:{s:o}}", "type", "object", "propertyNames", "pattern",
        "^[A-Za-z0-9_-]{1,63}$", "additionalProperties", "oneOf", alternatives);
}

void manual_schema(FILE *to)
{
    json_t *root = section_schema(IN_ROOT, -1);
    json_t *properties = json_object_get(root, "properties");
    json_object_set_new(root, "$schema", json_string("https://json-schema.org/draft/2020-12/schema"));
    json_object_set_new(root, "title", json_string("Site file of microgridd"));
    json_object_set_new(properties, "site", section_schema(IN_SITE, -1));
    json_object_set_new(properties, "listen", section_schema(IN_LISTEN, -1));
    json_object_set_new(properties, "simulation", section_schema(IN_SIMULATION, -1));
    json_object_set_new(properties, "defaults", section_schema(IN_DEFAULTS, -1));
    json_object_set_new(properties, "components", items_schema(IN_COMPONENT, component_type_choices));
    json_object_set_new(properties, "sensors", items_schema(IN_SENSOR, sensor_type_choices));
    json_dumpf(root, to, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(12));
    fputc('\n', to);
    json_decref(root);
}
