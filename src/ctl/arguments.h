/* SPDX-License-Identifier: MIT */
/* What was asked for: a command, its operands, and options from the configuration file, the environment and
 * the command line, in this order, so that the last one counts. */
#ifndef CTL_ARGUMENTS_H
#define CTL_ARGUMENTS_H

#include <stddef.h>

#include "base/base.h"
#include "ctl/command.h"

struct given {
    enum option_id id;
    char *value; /* owned; NULL: it takes none */
    char *
        from; /* owned; "/home/me/.config/microgridctl.yaml:3: ca", "$MICROGRID_CA"; NULL: the command line */
};

struct arguments {
    const struct command *command; /* NULL: --help or --version alone */
    const char *family;            /* "cert", of "cert --help", or a topic, of "help metrics"; else NULL */
    const char *operands[MAX_OPERANDS];
    size_t n_operands;
    struct given *given;
    size_t n_given;
    size_t n_settings; /* of these, the first: not from the command line */
};

/* Borrows argv. 0, or CTL_USAGE, told on stderr. */
int arguments_parse(struct arguments *arguments, int argc, char **argv) MUST_CHECK;
void arguments_done(struct arguments *arguments);

/* The value that counts, or NULL. */
const char *arguments_value(const struct arguments *arguments, enum option_id id);
/* Where that value stands, for complaints: "--ca", or the file and its key. */
const char *arguments_source(const struct arguments *arguments, enum option_id id, char *out, size_t cap);
bool arguments_has(const struct arguments *arguments, enum option_id id);
/* Every value of a repeated option: *at 0 … until NULL. */
const char *arguments_next(const struct arguments *arguments, enum option_id id, size_t *at);
/* " --target gw.local:50051 --ca ca.pem": what a command needs besides to reach the same gateway the same
 * way, if it was said on the command line. Keys are left out. Returns `out`. */
const char *arguments_repeat(const struct arguments *arguments, char *out, size_t cap);

/* Those after the first n_settings come from one place: if two of them exclude each other, CTL_USAGE, told;
 * else they outdo what they exclude of the settings, which is dropped. */
int arguments_settle(struct arguments *arguments) MUST_CHECK;

/* Copies `value`, and `from`: see struct given. */
void arguments_add(struct arguments *arguments, enum option_id id, const char *value, const char *from);

#endif
