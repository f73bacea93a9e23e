/* SPDX-License-Identifier: MIT */
/* The command line of microgridd. */
#ifndef DAEMON_ARGUMENTS_H
#define DAEMON_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/log.h"

#define EXIT_USAGE              2 /* of the command line or of the site file */
#define ARGUMENTS_MAX_LISTENERS 16

enum verb { VERB_RUN, VERB_CHECK, VERB_HELP, VERB_TOPIC, VERB_VERSION, VERB_SCHEMA, VERB_MANUAL };

/* Strings are those of argv. */
struct arguments {
    enum verb verb;
    const char *config;
    const char *grpc[ARGUMENTS_MAX_LISTENERS]; /* none: as the site file says */
    size_t n_grpc;
    const char *endpoints; /* NULL: none, as below */
    const char *state;
    const char *data;
    const char *topic;
    bool read_only;
    bool insecure_listen;
    enum log_level log_level;
    enum log_format log_format;
};

/* 0, or EXIT_USAGE after telling `err` what is wrong. */
int arguments_parse(struct arguments *arguments, int argc, char **argv, FILE *err);

/* What --help prints before the keys of a site file. */
void arguments_help(FILE *to);

#endif
