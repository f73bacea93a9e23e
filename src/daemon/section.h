/* SPDX-License-Identifier: MIT */
/* One mapping of a site file, read under the option table: each key known, each value of its kind and within
 * its limits, what is missing filled in. */
#ifndef DAEMON_SECTION_H
#define DAEMON_SECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "daemon/option.h"
#include "daemon/pool.h"
#include "daemon/problems.h"

struct value {
    const struct option *option;
    int line;
    bool stated;        /* in the file, not by default */
    double number;      /* numbers, integers, flags (0 or 1), times; a constant series */
    const char *text;   /* texts, choices, files, series; NULL: a number */
    const char **items; /* lists */
    size_t n_items;
};

struct section {
    const char *path; /* "components.battery_1" */
    int line;
    enum option_place place;
    int type; /* of component or sensor; -1 elsewhere, or unknown */
    struct value *values;
    size_t n;
};

struct section_reader {
    yaml_document_t *document;
    struct pool *pool;
    struct problems *problems;
    const struct section *defaults; /* NULL, or what counts before the table's own defaults */
    bool *visited;                  /* by node index: a second visit is an alias */
};

/* Reads the mapping `node` (NULL: nothing but defaults). Problems are told to the reader's list; what was
 * wrong is left out of the result. */
void section_read(struct section_reader *reader, yaml_node_t *node, struct section *section);

/* The node of an index in the reader's document; NULL when it was visited before (told as a problem). */
yaml_node_t *section_visit(struct section_reader *reader, int index, const char *key);

/* The text of a scalar, or NULL (told as a problem, `key` being the way to it). */
const char *section_scalar(struct section_reader *reader, yaml_node_t *node, const char *key);

int node_line(const yaml_node_t *node);

/* NULL if there is no such value. */
const struct value *section_value(const struct section *section, const char *name);
double section_number(const struct section *section, const char *name, double otherwise);
const char *section_text(const struct section *section, const char *name, const char *otherwise);
bool section_flag(const struct section *section, const char *name, bool otherwise);
/* The index of a choice, in the order of the table; `otherwise` if there is no value. */
int section_choice(const struct section *section, const char *name, int otherwise);

#endif
