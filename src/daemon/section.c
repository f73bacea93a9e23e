/* SPDX-License-Identifier: MIT */
/* Mappings inside a mapping are flattened: {car: {wants: 30 kWh}} is the key "car.wants". A node that is met
 * twice is an alias: refused, as site files are short and a few lines of aliases can unfold to gigabytes. */
#include "daemon/section.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/value.h"

int node_line(const yaml_node_t *node)
{
    return (int)node->start_mark.line + 1;
}

yaml_node_t *section_visit(struct section_reader *reader, int index, const char *key)
{
    yaml_node_t *node = yaml_document_get_node(reader->document, index);
    if (node && reader->visited[index]) {
        problems_add(
            reader->problems, node_line(node), key, NULL, "used again through an alias; write the value out");
        return NULL;
    }
    if (node) {
        reader->visited[index] = true;
    }
    return node;
}

const char *section_scalar(struct section_reader *reader, yaml_node_t *node, const char *key)
{
    if (node->type != YAML_SCALAR_NODE) {
        problems_add(reader->problems, node_line(node), key, NULL, "a single value is due, not %s",
            node->type == YAML_MAPPING_NODE ? "a mapping" : "a list");
        return NULL;
    }
    const char *text = (const char *)node->data.scalar.value;
    if (strlen(text) != node->data.scalar.length) {
        problems_add(reader->problems, node_line(node), key, NULL, "has a zero byte");
        return NULL;
    }
    return text;
}

static const char *value_key(struct section_reader *reader, const struct section *section, const char *name)
{
    return *section->path ? pool_format(reader->pool, "%s.%s", section->path, name) : name;
}

/* Whether a mapping may stand under that name: some option is called "name.…". */
static bool is_group(const struct section *section, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < n_options; i++) {
        if (option_applies(&options[i], section->place, section->type) &&
            strncmp(options[i].name, name, len) == 0 && options[i].name[len] == '.') {
            return true;
        }
    }
    return false;
}

/* "battery and pv_inverter have it", for a key in the wrong place. */
static void put_owners(const struct section *section, const char *name, char *out, size_t cap)
{
    const char *const *types = section->place == IN_SENSOR ? sensor_type_choices : component_type_choices;
    size_t len = 0, shown = 0;
    out[0] = '\0';
    for (int type = 0; types[type] && len < cap && shown < 6; type++) {
        if (option_find(name, section->place, type)) {
            len += (size_t)snprintf(out + len, cap - len, "%s%s", shown++ ? ", " : "", types[type]);
        }
    }
}

static void put_known(const struct section *section, char *out, size_t cap)
{
    size_t len = 0;
    for (size_t i = 0; i < n_options && len < cap; i++) {
        const struct option *option = &options[i];
        if (option_applies(option, section->place, section->type) &&
            option_find(option->name, section->place, section->type) == option) {
            len += (size_t)snprintf(out + len, cap - len, "%s%s", len ? ", " : "", option->name);
        }
    }
}

static void refuse_key(
    struct section_reader *reader, const struct section *section, const char *name, int line)
{
    const char *key = value_key(reader, section, name);
    if (section->type < 0 && section->place & (IN_COMPONENT | IN_SENSOR)) {
        /* Its type is missing or wrong, which was told: only what no type knows is one more fault. */
        if (option_find(name, section->place, -1)) {
            return;
        }
    }
    char text[1024];
    if (section->type >= 0 && option_find(name, section->place, -1)) {
        put_owners(section, name, text, sizeof(text));
        problems_add(reader->problems, line, key, NULL, "no key of this type; it belongs to %s", text);
        return;
    }
    const char *nearest = option_nearest(name, section->place, section->type);
    if (nearest) {
        problems_add(reader->problems, line, key, NULL, "unknown key; did you mean \"%s\"?", nearest);
        return;
    }
    if (section->type < 0 && section->place & (IN_COMPONENT | IN_SENSOR)) {
        problems_add(reader->problems, line, key, NULL, "unknown key, whatever the type");
        return;
    }
    put_known(section, text, sizeof(text));
    problems_add(reader->problems, line, key, NULL, "unknown key; known here: %s", text);
}

static void read_list(struct section_reader *reader, yaml_node_t *node, const char *key,
    const struct option *option, struct value *value)
{
    size_t most = 1;
    if (node->type == YAML_SEQUENCE_NODE) {
        most = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    }
    value->option = option;
    value->items = pool_alloc(reader->pool, (most ? most : 1) * sizeof(value->items[0]));
    for (size_t i = 0; i < most; i++) {
        yaml_node_t *item = node;
        if (node->type == YAML_SEQUENCE_NODE) {
            item = section_visit(reader, node->data.sequence.items.start[i], key);
        }
        const char *text = item ? section_scalar(reader, item, key) : NULL;
        struct ugrpc_status st;
        struct value one = {0};
        if (text && value_parse(option, text, &one, &st) < 0) {
            problems_add(reader->problems, node_line(item), key, text, "%s", st.message);
        } else if (text) {
            value->items[value->n_items++] = one.text;
        }
    }
    if (node->type == YAML_SEQUENCE_NODE && most == 0) {
        problems_add(reader->problems, node_line(node), key, NULL, "the list is empty");
    }
}

static void read_value(struct section_reader *reader, struct section *section, const struct option *option,
    const yaml_node_t *key_node, yaml_node_t *node)
{
    const char *key = value_key(reader, section, option->name);
    const struct value *earlier = section_value(section, option->name);
    if (earlier) {
        problems_add(
            reader->problems, node_line(key_node), key, NULL, "given twice; first in line %d", earlier->line);
        return;
    }
    struct value *value = &section->values[section->n];
    *value = (struct value){.option = option, .line = node_line(node), .stated = true, .number = NAN};
    if (option->kind == OPTION_TEXTS || option->kind == OPTION_NAMES) {
        if (node->type != YAML_MAPPING_NODE) {
            read_list(reader, node, key, option, value);
            section->n++; /* even without items: it is not missing too */
            return;
        }
    }
    const char *text = section_scalar(reader, node, key);
    struct ugrpc_status st;
    if (!text) {
        return;
    }
    if (value_parse(option, text, value, &st) < 0) {
        problems_add(reader->problems, node_line(node), key, text, "%s", st.message);
        value->number = NAN; /* still there: it is not missing too */
        value->text = NULL;
    }
    section->n++;
}

static void read_mapping(
    struct section_reader *reader, yaml_node_t *node, struct section *section, const char *prefix)
{
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
         pair++) {
        yaml_node_t *key_node = section_visit(reader, pair->key, section->path);
        const char *word = key_node ? section_scalar(reader, key_node, section->path) : NULL;
        if (!word) {
            continue;
        }
        const char *name = *prefix ? pool_format(reader->pool, "%s.%s", prefix, word) : word;
        yaml_node_t *child = section_visit(reader, pair->value, value_key(reader, section, name));
        if (!child) {
            continue;
        }
        const struct option *option = option_find(name, section->place, section->type);
        bool dotted = strchr(word, '.') != NULL;
        if (option && !dotted) {
            read_value(reader, section, option, key_node, child);
        } else if (!*prefix && !dotted && is_group(section, word)) {
            if (child->type == YAML_MAPPING_NODE) {
                read_mapping(reader, child, section, word);
            } else {
                problems_add(reader->problems, node_line(child), value_key(reader, section, name), NULL,
                    "a mapping is due: {key: value, ...}");
            }
        } else {
            refuse_key(reader, section, name, node_line(key_node));
        }
    }
}

/* What the file does not say: what its defaults say, else what the table says. */
static void fill_in(struct section_reader *reader, struct section *section)
{
    for (size_t i = 0; i < n_options; i++) {
        const struct option *option = &options[i];
        if (option->kind == OPTION_MAPPING || !option_applies(option, section->place, section->type) ||
            section_value(section, option->name)) {
            continue;
        }
        const struct value *general = reader->defaults ? section_value(reader->defaults, option->name) : NULL;
        if (general && general->stated) {
            section->values[section->n] = *general;
            section->values[section->n++].option = option;
        } else if (option->otherwise) {
            struct value *value = &section->values[section->n];
            *value = (struct value){.line = section->line};
            if (value_parse(option, option->otherwise, value, NULL) == 0) {
                section->n++;
            }
        } else if (option->required && (section->type >= 0 || !option->types)) {
            char allowed[OPTION_BRIEF_MAX];
            option_allowed_brief(option, allowed, sizeof(allowed));
            problems_add(reader->problems, section->line, value_key(reader, section, option->name), NULL,
                "is missing; allowed: %s", allowed);
        }
    }
}

static size_t count_options(const struct section *section)
{
    size_t n = 0;
    for (size_t i = 0; i < n_options; i++) {
        n += option_applies(&options[i], section->place, section->type);
    }
    return n;
}

void section_read(struct section_reader *reader, yaml_node_t *node, struct section *section)
{
    section->values = pool_alloc(reader->pool, count_options(section) * sizeof(section->values[0]));
    section->n = 0;
    if (node) {
        if (node->type == YAML_MAPPING_NODE) {
            read_mapping(reader, node, section, "");
        } else {
            problems_add(reader->problems, node_line(node), section->path, NULL,
                "a mapping is due: {key: value, ...}");
            return;
        }
    }
    fill_in(reader, section);
}

const struct value *section_value(const struct section *section, const char *name)
{
    for (size_t i = 0; i < section->n; i++) {
        if (strcmp(section->values[i].option->name, name) == 0) {
            return &section->values[i];
        }
    }
    return NULL;
}

double section_number(const struct section *section, const char *name, double otherwise)
{
    const struct value *value = section_value(section, name);
    return value && !isnan(value->number) ? value->number : otherwise;
}

const char *section_text(const struct section *section, const char *name, const char *otherwise)
{
    const struct value *value = section_value(section, name);
    return value && value->text ? value->text : otherwise;
}

bool section_flag(const struct section *section, const char *name, bool otherwise)
{
    return section_number(section, name, otherwise) != 0;
}

int section_choice(const struct section *section, const char *name, int otherwise)
{
    return (int)section_number(section, name, otherwise);
}
