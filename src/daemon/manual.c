/* SPDX-License-Identifier: MIT */
/* One walk over the option table for each kind of reader. A topic is a section, or the keys that are a
 * component's or sensor's own because of its type. */
#include "daemon/manual.h"

#include <stdbool.h>
#include <string.h>

#include "base/base.h"
#include "base/nearest.h"
#include "daemon/column.h"
#include "daemon/option.h"

#define COMPONENT_TYPES_MOST 16 /* an option of so many types is one of all */

struct topic {
    const char *name;
    enum option_place place;
    int type;    /* its own keys; -1: those without a type */
    bool of_all; /* all keys of a place, or those that every type has */
    const char *text;
};

static const struct topic sections[] = {
    {"file", IN_ROOT, -1, true, "The file itself."},
    {"site", IN_SITE, -1, true, "What the microgrid is and where it stands."},
    {"listen", IN_LISTEN, -1, true,
        "Where and how clients connect. What other machines can reach needs `tls` and `keys` (or `tls.client_ca`), "
        "unless `--insecure-listen` is given. Paths are meant from the file's folder.\n\n"
        "A client sends its API key, as it is, in the metadata `key` of each call. `microgridctl key new` makes one, "
        "and its line in the file `keys`. By hand such a line comes from\n\n"
        "    echo ems $(printf %s \"$KEY\" | sha256sum | cut -c -64) >>keys; chmod 600 keys\n\n"
        "After the digest may stand, with blanks between them, `role=` viewer (lists, streams), operator (the default: "
        "commands too) or admin (the gateway itself too); `components=4,pv_inv`, names or ids, which alone may then be "
        "commanded; and `secret=TEXT`, with which its user must sign each call, as clients know it by "
        "`sign_secret` or `--secret-file`: calls that somebody has recorded are then of no use to him.\n\n"
        "With `tls.client_ca` a line `cert:ems role=viewer` gives its role, instead of a key's, to who shows a "
        "certificate whose subject has the common name ems. Who shows both acts by his key. Without the file `keys` "
        "every certificate is an operator's."},
    {"simulation", IN_SIMULATION, -1, true, "How simulated devices run."},
    {"defaults", IN_DEFAULTS, -1, true,
        "What counts for each component and sensor that does not say otherwise."},
};

static const struct topic every_component = {"component", IN_COMPONENT, -1, false,
    "Keys of every component. `NAME: {id: 1, type: meter, under: grid}`."};
static const struct topic every_sensor = {"sensor", IN_SENSOR, -1, false,
    "Keys of every sensor. `NAME: {id: 1, type: thermometer, value: 20 °C}`."};

static bool belongs(const struct option *option, const struct topic *topic)
{
    if (!(option->places & topic->place)) {
        return false;
    }
    if (topic->of_all) {
        return true;
    }
    /* "under" has types too, all but one: for people it is a key of every component. */
    bool general = option->types == 0 || __builtin_popcount(option->types) > COMPONENT_TYPES_MOST;
    if (topic->type < 0) {
        return general;
    }
    return !general && option_applies(option, topic->place, topic->type);
}

/* The default as people read it. */
static const char *default_of(const struct option *option)
{
    if (option->required) {
        return "required";
    }
    return option->otherwise ? option->otherwise : option->derived ? option->derived : "";
}

/* --- markdown --------------------------------------------------------------------------------------------
 */

/* A table's cell: a bar would end it, a star would begin emphasis. */
static void put_cell(FILE *to, const char *text)
{
    for (const char *c = text; *c; c++) {
        if (*c == '|' || *c == '*') {
            fputc('\\', to);
        }
        fputc(*c, to);
    }
}

static void put_markdown_table(FILE *to, const struct topic *topic)
{
    bool first = true;
    for (size_t i = 0; i < n_options; i++) {
        if (!belongs(&options[i], topic)) {
            continue;
        }
        if (first) {
            fputs("\n| key | value | default | meaning |\n|---|---|---|---|\n", to);
            first = false;
        }
        char allowed[OPTION_ALLOWED_MAX];
        option_allowed(&options[i], allowed, sizeof(allowed));
        fprintf(to, "| `%s` | ", options[i].name);
        put_cell(to, allowed);
        fputs(" | ", to);
        put_cell(to, default_of(&options[i]));
        fputs(" | ", to);
        put_cell(to, options[i].help);
        fputs(" |\n", to);
    }
    if (first) {
        fputs("\nNo keys of its own.\n", to);
    }
}

static void put_words(FILE *to, const char *(*word)(enum unit unit, size_t index), enum unit unit)
{
    for (size_t i = 0; word(unit, i); i++) {
        fprintf(to, "%s`%s`", i ? ", " : "", word(unit, i));
    }
}

static void put_units(FILE *to)
{
    fputs(
        "\n## Quantities\n\n"
        "A quantity carries its unit, with or without a blank before it: `10 kW`, `50 %`, `15 min`. A bare number "
        "is an error\nwhere a unit is due. Positive is consumption or charging, negative production or "
        "discharging; ratings have no sign.\n\n| measures | units | columns end in |\n|---|---|---|\n",
        to);
    for (int unit = UNIT_WATT; unit < UNIT_COUNT; unit++) {
        fprintf(to, "| %s | ", unit_noun(unit));
        put_words(to, unit_spelling, unit);
        fputs(" | ", to);
        put_words(to, column_ending, unit);
        fputs(" |\n", to);
    }
    fputs(
        "\nA value \"FILE/COLUMN\" is a column of a CSV file with measured data, played in a loop: the first column "
        "is the time,\nthe column's name ends in the unit of its values. A column whose name ends in the unit of "
        "something else, or in none of\nthese, is an error: rename it. The file is looked up beside the site file, "
        "in the folder `data` there, and in the data\nfolder (`--data`, else `MICROGRIDD_DATA`, else the installed "
        "one).\n",
        to);
}

static void put_types(
    FILE *to, const char *const *types, enum option_place place, const struct topic *every, const char *title)
{
    fprintf(to, "\n## %s\n\n%s\n", title, every->text);
    put_markdown_table(to, every);
    for (int type = 0; types[type]; type++) {
        struct topic topic = {.name = types[type], .place = place, .type = type};
        fprintf(to, "\n### %s\n", types[type]);
        put_markdown_table(to, &topic);
    }
}

void manual_markdown(FILE *to)
{
    fputs(
        "<!-- SPDX-License-Identifier: MIT -->\n"
        "<!-- Made from the option table by: microgridd --schema=markdown >docs/configuration.md -->\n"
        "# The site file\n\n"
        "One YAML file describes the site; the gateway never writes it. `microgridd --check FILE` tells all that "
        "is wrong with\none, with line, key, value and what is allowed. `microgridd --schema` prints a JSON Schema "
        "for editors,\n`microgridd --help=battery` the keys of one type or section. "
        "[share/site-default.yaml](../share/site-default.yaml)\nis an example.\n\n"
        "Nested keys are written with a dot here: `car.wants` is `car: {wants: 30 kWh}`. Aliases are not "
        "supported.\n",
        to);
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        fprintf(to, "\n## %s\n\n%s\n", i == 0 ? "Top level" : sections[i].name, sections[i].text);
        put_markdown_table(to, &sections[i]);
    }
    put_types(to, component_type_choices, IN_COMPONENT, &every_component, "components");
    put_types(to, sensor_type_choices, IN_SENSOR, &every_sensor, "sensors");
    put_units(to);
}

/* --- help ------------------------------------------------------------------------------------------------
 */

static void put_overview_line(FILE *to, const struct topic *topic)
{
    int column = fprintf(to, "  %-17s", topic->name);
    for (size_t i = 0; i < n_options; i++) {
        if (!belongs(&options[i], topic)) {
            continue;
        }
        int len = (int)strlen(options[i].name) + 2;
        if (column + len > 100) {
            column = fprintf(to, "\n  %-17s", "") - 1;
        }
        column += fprintf(to, " %s%s", options[i].name, options[i].required ? "*" : "");
    }
    fputc('\n', to);
}

void manual_overview(FILE *to)
{
    fputs("Keys of a site file (* = required); --help=TOPIC explains those of a line:\n", to);
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        put_overview_line(to, &sections[i]);
    }
    put_overview_line(to, &every_component);
    for (int type = 0; component_type_choices[type]; type++) {
        struct topic topic = {component_type_choices[type], IN_COMPONENT, type, false, ""};
        put_overview_line(to, &topic);
    }
    put_overview_line(to, &every_sensor);
    for (int type = 0; sensor_type_choices[type]; type++) {
        struct topic topic = {sensor_type_choices[type], IN_SENSOR, type, false, ""};
        put_overview_line(to, &topic);
    }
}

static void put_topic(const struct topic *topic, FILE *to)
{
    for (size_t i = 0; i < n_options; i++) {
        if (!belongs(&options[i], topic)) {
            continue;
        }
        char allowed[OPTION_ALLOWED_MAX];
        option_allowed(&options[i], allowed, sizeof(allowed));
        const char *otherwise = default_of(&options[i]);
        const char *lead = options[i].required ? "   " : *otherwise ? "   default: " : "";
        fprintf(to, "  %-18s %s\n  %-18s %s%s%s\n", options[i].name, options[i].help, "", allowed, lead,
            otherwise);
    }
}

/* Tries a topic against the name asked for; prints it if it is the one. */
static bool try_topic(const struct topic *topic, const char *name, FILE *to, struct nearest *nearest)
{
    nearest_try(nearest, topic->name);
    if (strcmp(topic->name, name) != 0) {
        return false;
    }
    if (topic->type >= 0) {
        bool sensor = topic->place == IN_SENSOR;
        fprintf(to, "%s: its own keys; those of every %s: --help=%s\n", name, sensor ? "sensor" : "component",
            sensor ? "sensor" : "component");
    } else {
        fprintf(to, "%s: %s\n", name, topic->text);
    }
    put_topic(topic, to);
    return true;
}

int manual_topic(const char *name, FILE *to, const char **nearest_name)
{
    struct nearest nearest = {.text = name};
    bool found = try_topic(&every_component, name, to, &nearest) ||
                 try_topic(&every_sensor, name, to, &nearest);
    for (size_t i = 0; !found && i < ARRAY_LEN(sections); i++) {
        found = try_topic(&sections[i], name, to, &nearest);
    }
    for (int type = 0; !found && component_type_choices[type]; type++) {
        struct topic topic = {component_type_choices[type], IN_COMPONENT, type, false, ""};
        found = try_topic(&topic, name, to, &nearest);
    }
    for (int type = 0; !found && sensor_type_choices[type]; type++) {
        struct topic topic = {sensor_type_choices[type], IN_SENSOR, type, false, ""};
        found = try_topic(&topic, name, to, &nearest);
    }
    *nearest_name = nearest.best;
    return found ? 0 : -1;
}
