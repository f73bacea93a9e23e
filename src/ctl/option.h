/* SPDX-License-Identifier: MIT */
/* The options of all commands in one table: parser, environment, configuration file, help and completion read
 * it. */
#ifndef CTL_OPTION_H
#define CTL_OPTION_H

#include <stdbool.h>
#include <stdint.h>

enum option_id {
    OPTION_TARGET,
    OPTION_TLS,
    OPTION_INSECURE,
    OPTION_CA,
    OPTION_CERT,
    OPTION_CERT_KEY,
    OPTION_SERVER_NAME,
    OPTION_KEY,
    OPTION_KEY_FILE,
    OPTION_SECRET_FILE,
    OPTION_TIMEOUT,
    OPTION_JSON,
    OPTION_CONFIG,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_CATEGORY,
    OPTION_NAMES,
    OPTION_METRIC,
    OPTION_FOR,
    OPTION_HOLD,
    OPTION_PLOT,
    OPTION_COUNT,
    OPTION_OUTPUT,
    OPTION_HOST,
    OPTION_CLIENT,
    OPTION_FOLDER,
    OPTION_DAYS,
    OPTION_FORCE,
    OPTION_KEYS,
    OPTION_ROLE,
    OPTION_COMPONENTS,
    OPTION_SIGN,
    OPTION_SINCE,
    OPTION_COMPONENT,
    OPTION_FOLLOW,
    OPTION_CSV,
    OPTIONS, /* their number */
};

#define OPTION_BIT(id) (UINT64_C(1) << (id))

/* What a shell proposes for a value or an operand. */
enum proposal {
    PROPOSE_NOTHING,
    PROPOSE_FILE,
    PROPOSE_FOLDER,
    PROPOSE_METRIC,
    PROPOSE_CATEGORY,
    PROPOSE_SHELL,
    PROPOSE_ROLE,
    PROPOSE_DAY,
    PROPOSE_COMPONENT,
    PROPOSE_POWERED,           /* components that take power */
    PROPOSE_LIMITED,           /* those that curtail is for */
    PROPOSE_ANYTHING_MEASURED, /* components and sensors */
};

struct option {
    const char *name;     /* without its dashes */
    const char *argument; /* as help shows it; NULL: it takes none */
    const char *help;
    bool setting; /* for every command; from MICROGRID_… and the configuration file too */
    enum proposal proposal;
};

extern const struct option option_table[OPTIONS];

/* The id, or -1. */
int option_find(const char *name);
/* Whether one of them leaves the other without a meaning. */
bool option_are_rivals(enum option_id a, enum option_id b);
/* "MICROGRID_CERT_KEY" */
void option_variable(const struct option *option, char *out, unsigned cap);

#endif
