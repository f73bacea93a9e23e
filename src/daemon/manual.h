/* SPDX-License-Identifier: MIT */
/* The option table for people and for editors: docs/configuration.md, --help and --schema. */
#ifndef DAEMON_MANUAL_H
#define DAEMON_MANUAL_H

#include <stdio.h>

/* docs/configuration.md, the whole of it. */
void manual_markdown(FILE *to);

/* For --help: the sections and their keys, a line or two each. */
void manual_overview(FILE *to);

/* For --help=TOPIC: all keys of a section or of a type with their meaning. -1 if there is no such topic;
 * *nearest is then the one that may be meant, or NULL. */
int manual_topic(const char *topic, FILE *to, const char **nearest);

/* JSON Schema (draft 2020-12) of a site file. */
void manual_schema(FILE *to);

#endif
