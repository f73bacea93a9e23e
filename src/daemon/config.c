/* SPDX-License-Identifier: MIT */
/* Takes a site file apart: YAML document → sections → what the gateway is built from. The document exists
 * only while this runs. */
#include "daemon/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "base/nearest.h"
#include "daemon/config_spec.h"
#include "daemon/section.h"

#define MAX_NAME_BYTES 63

struct parse {
    struct section_reader reader;
    struct pool scratch; /* of sections; what stays is copied to the configuration's own */
    struct config *config;
    struct problems *problems;
    struct section root, site, listen, simulation, defaults;
    yaml_node_t *components, *sensors;
};

static void load_document(struct parse *parse, yaml_parser_t *parser, yaml_document_t *document);
static void read_root(struct parse *parse, yaml_node_t *root);
static void read_components(struct parse *parse);
static void read_sensors(struct parse *parse);

static const char *folder_of(struct pool *pool, const char *file)
{
    const char *slash = strrchr(file, '/');
    if (!slash) {
        return ".";
    }
    return slash == file ? "/" : pool_format(pool, "%.*s", (int)(slash - file), file);
}

struct config *config_parse(const char *text, size_t len, const char *file, struct problems *problems)
{
    struct config *config = calloc(1, sizeof(*config));
    yaml_parser_t parser;
    if (!config || !yaml_parser_initialize(&parser)) {
        abort();
    }
    config->file = pool_copy(&config->pool, file);
    config->folder = folder_of(&config->pool, config->file);
    struct parse parse = {.config = config, .problems = problems};
    if (len > CONFIG_MAX_BYTES) {
        problems_add(problems, 0, NULL, NULL, "larger than %u MiB", CONFIG_MAX_BYTES >> 20);
    } else {
        yaml_document_t document;
        yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
        load_document(&parse, &parser, &document);
    }
    yaml_parser_delete(&parser);
    return config;
}

static char *read_file(const char *file, size_t *len, struct problems *problems)
{
    char *text = NULL;
    struct stat st;
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || S_ISDIR(st.st_mode)) {
        const char *why = fd >= 0 && S_ISDIR(st.st_mode) ? "it is a folder" : strerror(errno);
        problems_add(problems, 0, NULL, NULL, "cannot be read: %s", why);
        goto out;
    }
    /* It may be a pipe, so the size is found by reading; one byte more than allowed shows that it is too
     * large. */
    size_t cap = 0;
    *len = 0;
    for (;;) {
        if (*len == cap) {
            cap = cap ? 2 * cap : 16384;
            char *more = realloc(text, cap);
            if (!more) {
                abort();
            }
            text = more;
        }
        ssize_t n = read(fd, text + *len, cap - *len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            problems_add(problems, 0, NULL, NULL, "cannot be read: %s", strerror(errno));
            free(text);
            text = NULL;
            goto out;
        }
        *len += (size_t)n;
        if (n == 0 || *len > CONFIG_MAX_BYTES) {
            break;
        }
    }
out:
    if (fd >= 0) {
        close(fd);
    }
    return text;
}

struct config *config_load(const char *file, struct problems *problems)
{
    size_t len;
    char *text = read_file(file, &len, problems);
    if (!text) {
        return NULL;
    }
    struct config *config = config_parse(text, len, file, problems);
    free(text);
    return config;
}

void config_free(struct config *config)
{
    if (!config) {
        return;
    }
    pool_done(&config->pool);
    free(config);
}

/* --- the document ----------------------------------------------------------------------------------------
 */

static void refuse_yaml(struct parse *parse, const yaml_parser_t *parser)
{
    size_t line = parser->problem_mark.line ? parser->problem_mark.line : parser->context_mark.line;
    if (parser->error == YAML_READER_ERROR) {
        problems_add(parse->problems, 0, NULL, NULL, "not text in UTF-8: %s at byte %zu",
            parser->problem ? parser->problem : "unreadable", parser->problem_offset);
        return;
    }
    problems_add(parse->problems, (int)line + 1, NULL, NULL, "not YAML: %s%s%s (column %zu)",
        parser->problem ? parser->problem : "unreadable", parser->context ? ", " : "",
        parser->context ? parser->context : "", parser->problem_mark.column + 1);
}

static void read_document(struct parse *parse, yaml_document_t *document)
{
    yaml_node_t *root = yaml_document_get_root_node(document);
    if (!root) {
        problems_add(
            parse->problems, 1, NULL, NULL, "the file is empty; allowed: version, site, components ...");
        return;
    }
    size_t n_nodes = (size_t)(document->nodes.top - document->nodes.start);
    parse->reader = (struct section_reader){
        .document = document,
        .pool = &parse->scratch,
        .problems = parse->problems,
        .visited = calloc(n_nodes + 1, sizeof(bool)),
    };
    if (!parse->reader.visited) {
        abort();
    }
    read_root(parse, root);
    free(parse->reader.visited);
    pool_done(&parse->scratch);
}

/* Strings in the sections belong to the document, so all that stays is copied before it goes. */
static void load_document(struct parse *parse, yaml_parser_t *parser, yaml_document_t *document)
{
    if (!yaml_parser_load(parser, document)) {
        refuse_yaml(parse, parser);
        return;
    }
    yaml_document_t next;
    read_document(parse, document);
    if (yaml_document_get_root_node(document)) {
        if (!yaml_parser_load(parser, &next)) {
            refuse_yaml(parse, parser);
        } else {
            yaml_node_t *more = yaml_document_get_root_node(&next);
            if (more) {
                problems_add(parse->problems, node_line(more), NULL, NULL,
                    "a second document begins here; a site file is one");
            }
            yaml_document_delete(&next);
        }
    }
    yaml_document_delete(document);
}

/* --- the sections ----------------------------------------------------------------------------------------
 */

static yaml_node_t **mapping_slot(const char *name, yaml_node_t *slots[6])
{
    static const char *const names[] = {"site", "listen", "simulation", "defaults", "components", "sensors"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i], name) == 0) {
            return &slots[i];
        }
    }
    return NULL;
}

/* The file's own keys: mappings are set aside, the rest is a section like any other. */
static void split_root(struct parse *parse, yaml_node_t *root, yaml_node_t *slots[6], int lines[6])
{
    struct section_reader *reader = &parse->reader;
    yaml_node_pair_t *keep = root->data.mapping.pairs.start;
    for (yaml_node_pair_t *pair = keep; pair < root->data.mapping.pairs.top; pair++) {
        yaml_node_t *key = yaml_document_get_node(reader->document, pair->key);
        yaml_node_t **slot = key && key->type == YAML_SCALAR_NODE
                                 ? mapping_slot((const char *)key->data.scalar.value, slots)
                                 : NULL;
        if (!slot) {
            *keep++ = *pair;
            continue;
        }
        const char *name = (const char *)key->data.scalar.value;
        if (*slot) {
            problems_add(reader->problems, node_line(key), name, NULL, "given twice; first in line %d",
                lines[slot - slots]);
            continue;
        }
        *slot = section_visit(reader, pair->value, name);
        lines[slot - slots] = node_line(key);
        if (*slot && (*slot)->type == YAML_SCALAR_NODE && (*slot)->data.scalar.length == 0) {
            *slot = NULL; /* "sensors:" with nothing below */
        }
    }
    root->data.mapping.pairs.top = keep;
}

static void read_section(struct parse *parse, struct section *section, const char *path,
    enum option_place place, yaml_node_t *node, int line)
{
    *section = (struct section){.path = path, .line = line, .place = place, .type = -1};
    section_read(&parse->reader, node, section);
}

static void read_root(struct parse *parse, yaml_node_t *root)
{
    if (root->type != YAML_MAPPING_NODE) {
        problems_add(parse->problems, node_line(root), NULL, NULL,
            "a mapping is due: version: 1, site: ..., components: ...");
        return;
    }
    parse->reader.visited[1] = true; /* the root: an alias may point back to it */
    yaml_node_t *slots[6] = {NULL};
    int lines[6] = {0};
    split_root(parse, root, slots, lines);
    read_section(parse, &parse->root, "", IN_ROOT, root, 1);
    if (slots[0]) {
        read_section(parse, &parse->site, "site", IN_SITE, slots[0], lines[0]);
    } else {
        problems_add(parse->problems, 1, "site", NULL, "is missing; write site: {id: 1, name: ...}");
    }
    read_section(parse, &parse->listen, "listen", IN_LISTEN, slots[1], lines[1]);
    read_section(parse, &parse->simulation, "simulation", IN_SIMULATION, slots[2], lines[2]);
    read_section(parse, &parse->defaults, "defaults", IN_DEFAULTS, slots[3], lines[3]);
    parse->components = slots[4];
    parse->sensors = slots[5];
    config_take_site(parse->config, &parse->site, parse->problems);
    config_take_listen(parse->config, &parse->listen, parse->problems);
    config_take_simulation(parse->config, &parse->simulation);
    parse->config->control = section_flag(&parse->root, "control", true);
    parse->config->journal_batch = section_choice(&parse->root, "journal.durability", 0) == 1;
    parse->config->journal_entries = (uint64_t)section_number(&parse->root, "journal.entries", 0);
    parse->reader.defaults = &parse->defaults;
    read_components(parse);
    read_sensors(parse);
}

/* --- components and sensors ------------------------------------------------------------------------------
 */

static bool name_is_good(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t len = strlen(name);
    return len > 0 && len <= MAX_NAME_BYTES && strspn(name, allowed) == len;
}

/* The number of an item's type, or -1. Says nothing: what is wrong with it is told when all is read. */
static int peek_type(struct parse *parse, const yaml_node_t *node, enum option_place place)
{
    if (node->type != YAML_MAPPING_NODE) {
        return -1;
    }
    const char *const *types = place == IN_SENSOR ? sensor_type_choices : component_type_choices;
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
         pair++) {
        yaml_node_t *key = yaml_document_get_node(parse->reader.document, pair->key);
        yaml_node_t *value = yaml_document_get_node(parse->reader.document, pair->value);
        if (!key || !value || key->type != YAML_SCALAR_NODE || value->type != YAML_SCALAR_NODE ||
            strcmp((const char *)key->data.scalar.value, "type") != 0) {
            continue;
        }
        for (int i = 0; types[i]; i++) {
            if (strcmp(types[i], (const char *)value->data.scalar.value) == 0) {
                return i;
            }
        }
        return -1;
    }
    return -1;
}

/* `problems` is how many there were before the item was read. */
typedef void take_item_fn(
    struct parse *parse, const char *name, const struct section *section, size_t problems);

/* Reads "components" or "sensors": a mapping of names to sections. False: some of them could not be taken. */
static bool read_items(
    struct parse *parse, yaml_node_t *node, const char *what, enum option_place place, take_item_fn *take)
{
    struct section_reader *reader = &parse->reader;
    bool all = true;
    if (node->type != YAML_MAPPING_NODE) {
        problems_add(parse->problems, node_line(node), what, NULL, "a mapping is due: NAME: {id: 1, ...}");
        return false;
    }
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
         pair++) {
        size_t problems = problems_count(parse->problems);
        yaml_node_t *key = section_visit(reader, pair->key, what);
        const char *name = key ? section_scalar(reader, key, what) : NULL;
        if (!name) {
            all = false;
            continue;
        }
        struct pool scratch = {NULL}; /* this item's, as there may be tens of thousands */
        reader->pool = &scratch;
        struct section section = {.line = node_line(key), .place = place};
        section.path = pool_format(reader->pool, "%s.%s", what, name);
        if (!name_is_good(name)) {
            problems_add(parse->problems, section.line, what, name,
                "no good name; allowed: 1 to %d letters, digits, _ and -", MAX_NAME_BYTES);
        }
        yaml_node_t *item = section_visit(reader, pair->value, section.path);
        if (item) {
            section.type = peek_type(parse, item, place);
            section_read(reader, item, &section);
            take(parse, pool_copy(&parse->config->pool, name), &section, problems);
        }
        all = all && item;
        reader->pool = &parse->scratch;
        pool_done(&scratch);
    }
    return all;
}

static size_t count_pairs(const yaml_node_t *node)
{
    return node->type == YAML_MAPPING_NODE
               ? (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start)
               : 0;
}

static void take_component(
    struct parse *parse, const char *name, const struct section *section, size_t problems)
{
    struct config *config = parse->config;
    struct config_component *component = &config->components[config->n_components++];
    component->spec.name = name;
    component->line = section->line;
    config_take_component(config, component, section, parse->problems);
    component->sound = problems_count(parse->problems) == problems;
    component->placed = section->type >= 0 && component->spec.id != 0;
}

static void take_sensor(struct parse *parse, const char *name, const struct section *section, size_t problems)
{
    struct config *config = parse->config;
    struct config_sensor *sensor = &config->sensors[config->n_sensors++];
    sensor->spec.name = name;
    sensor->line = section->line;
    config_take_sensor(config, sensor, section, parse->problems);
    sensor->sound = problems_count(parse->problems) == problems;
    sensor->placed = section->type >= 0 && sensor->spec.id != 0;
}

static void read_components(struct parse *parse)
{
    struct config *config = parse->config;
    if (!parse->components) {
        problems_add(parse->problems, 1, "components", NULL,
            "is missing; at least a grid is due: "
            "components: {grid: {id: 1, type: grid, fuse: 63 A}, ...}");
        return;
    }
    config->components = pool_alloc(
        &config->pool, (count_pairs(parse->components) + 1) * sizeof(config->components[0]));
    config->has_all = read_items(parse, parse->components, "components", IN_COMPONENT, take_component);
    config_check_components(config, parse->problems);
}

static void read_sensors(struct parse *parse)
{
    struct config *config = parse->config;
    if (!parse->sensors) {
        return;
    }
    config->sensors = pool_alloc(
        &config->pool, (count_pairs(parse->sensors) + 1) * sizeof(config->sensors[0]));
    read_items(parse, parse->sensors, "sensors", IN_SENSOR, take_sensor);
    config_check_sensors(config, parse->problems);
}
