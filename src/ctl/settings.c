/* SPDX-License-Identifier: MIT */
#include "ctl/settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <yaml.h>

#include "ctl/ctl.h"
#include "ctl/report.h"
#include "ctl/suggestion.h"

/* Where a value was found, for complaints. */
struct place {
    const char *file; /* NULL: the environment */
    size_t line;
    const char *name;
};

static int complain(const struct place *place, const char *text)
{
    if (place->file) {
        return report_usage("%s:%zu: %s: %s", place->file, place->line, place->name, text);
    }
    return report_usage("$%s: %s", place->name, text);
}

/* A path as the file means it: from the folder that it is in, as site files have it. */
static const char *beside(const char *file, const char *path, char *out, size_t cap)
{
    const char *slash = file ? strrchr(file, '/') : NULL;
    if (*path == '/' || !slash) {
        return path;
    }
    snprintf(out, cap, "%.*s/%s", (int)(slash - file), file, path);
    return out;
}

/* Adds one setting; one that takes no value is yes or no. */
static int add(struct arguments *arguments, enum option_id id, const char *value, const struct place *place)
{
    char from[4200], path[8400];
    static const char *const yes[] = {"yes", "true", "on", "1"}, *const no[] = {"no", "false", "off", "0"};
    if (place->file) {
        snprintf(from, sizeof(from), "%s:%zu: %s", place->file, place->line, place->name);
    } else {
        snprintf(from, sizeof(from), "$%s", place->name);
    }
    if (option_table[id].argument) {
        bool is_file = option_table[id].proposal == PROPOSE_FILE;
        arguments_add(arguments, id, is_file ? beside(place->file, value, path, sizeof(path)) : value, from);
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        if (strcasecmp(value, yes[i]) == 0) {
            arguments_add(arguments, id, NULL, from);
            return 0;
        }
        if (strcasecmp(value, no[i]) == 0) {
            return 0;
        }
    }
    return complain(place, "yes or no is due");
}

/* ---- the file ---- */

static int complain_name(const struct place *place)
{
    struct suggestion suggestion = {.text = place->name};
    char text[100];
    for (int i = 0; i < OPTIONS; i++) {
        if (option_table[i].setting) {
            suggestion_try(&suggestion, option_table[i].name);
        }
    }
    snprintf(text, sizeof(text), suggestion.best ? "no such setting; did you mean %s?" : "no such setting%s",
        suggestion.best ? suggestion.best : "");
    return complain(place, text);
}

static int add_pair(
    struct arguments *arguments, const yaml_node_t *key, const yaml_node_t *value, const char *file)
{
    struct place place = {file, key->start_mark.line + 1, "this"};
    if (key->type != YAML_SCALAR_NODE || value->type != YAML_SCALAR_NODE) {
        return complain(&place, "a line like \"target: gw.local:50051\" is due");
    }
    place.name = (const char *)key->data.scalar.value;
    int id = option_find(place.name);
    if (id < 0 || !option_table[id].setting) {
        return complain_name(&place);
    }
    return add(arguments, (enum option_id)id, (const char *)value->data.scalar.value, &place);
}

static int add_document(struct arguments *arguments, yaml_document_t *document, const char *file)
{
    yaml_node_t *root = yaml_document_get_root_node(document);
    int rc = 0;
    if (!root || (root->type == YAML_SCALAR_NODE && root->data.scalar.length == 0)) {
        return 0;
    }
    if (root->type != YAML_MAPPING_NODE) {
        return report_usage("%s: lines like \"target: gw.local:50051\" are due", file);
    }
    for (yaml_node_pair_t *pair = root->data.mapping.pairs.start;
         pair < root->data.mapping.pairs.top && rc == 0; pair++) {
        rc = add_pair(arguments, yaml_document_get_node(document, pair->key),
            yaml_document_get_node(document, pair->value), file);
    }
    return rc;
}

/* A key that everybody may read is none. */
static int check_mode(const struct arguments *arguments, FILE *from, const char *file)
{
    struct stat info;
    if (arguments_has(arguments, OPTION_KEY) && fstat(fileno(from), &info) == 0 && info.st_mode & S_IROTH) {
        return report_usage("%s: everybody on this machine may read the key in it; chmod 600 %s", file, file);
    }
    return 0;
}

/* `option`: what names it; NULL: it need not be there. */
static int add_file(struct arguments *arguments, const char *file, const char *option)
{
    FILE *from = fopen(file, "re");
    if (!from) {
        return !option && errno == ENOENT ? 0
                                          : report_usage("%s%s%s: %s", option ? option : "",
                                                option ? " " : "", file, strerror(errno));
    }
    yaml_parser_t parser;
    yaml_document_t document;
    must(yaml_parser_initialize(&parser) ? &parser : NULL);
    yaml_parser_set_input_file(&parser, from);
    int rc;
    if (yaml_parser_load(&parser, &document)) {
        rc = add_document(arguments, &document, file);
        yaml_document_delete(&document);
    } else {
        rc = report_usage("%s:%zu: %s", file, parser.problem_mark.line + 1, parser.problem);
    }
    rc = rc ? rc : check_mode(arguments, from, file);
    yaml_parser_delete(&parser);
    fclose(from);
    return rc;
}

static int add_usual_file(struct arguments *arguments)
{
    const char *folder = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    char path[4096];
    if (folder && *folder) {
        snprintf(path, sizeof(path), "%s/microgridctl.yaml", folder);
    } else if (home && *home) {
        snprintf(path, sizeof(path), "%s/.config/microgridctl.yaml", home);
    } else {
        return 0;
    }
    return add_file(arguments, path, NULL);
}

/* ---- the environment ---- */

static int add_environment(struct arguments *arguments)
{
    int rc = 0;
    for (int i = 0; i < OPTIONS && rc == 0; i++) {
        char name[64];
        option_variable(&option_table[i], name, sizeof(name));
        const char *value = option_table[i].setting ? getenv(name) : NULL;
        if (value && *value) {
            rc = add(arguments, (enum option_id)i, value, &(struct place){.name = name});
        }
    }
    return rc;
}

int settings_load(struct arguments *arguments, const char *file)
{
    const char *option = file ? "--config" : "$MICROGRID_CONFIG";
    file = file ? file : getenv("MICROGRID_CONFIG");
    int rc = file && *file ? add_file(arguments, file, option) : add_usual_file(arguments);
    rc = rc ? rc : arguments_settle(arguments);
    arguments->n_settings = arguments->n_given;
    rc = rc ? rc : add_environment(arguments);
    return rc ? rc : arguments_settle(arguments);
}
