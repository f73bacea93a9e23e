/* SPDX-License-Identifier: MIT */
/* The one table of everything a site file may say. The parser, the help, the manual and the JSON Schema read
 * it; nothing about a key is known anywhere else but what its value is used for. */
#ifndef DAEMON_OPTION_H
#define DAEMON_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/quantity.h"

/* The mappings of a site file in which keys stand; an option names all in which it may. */
enum option_place {
    IN_ROOT = 1 << 0,
    IN_SITE = 1 << 1,
    IN_LISTEN = 1 << 2,
    IN_SIMULATION = 1 << 3,
    IN_DEFAULTS = 1 << 4,
    IN_COMPONENT = 1 << 5,
    IN_SENSOR = 1 << 6,
};

enum option_kind {
    OPTION_NUMBER,   /* with its unit; UNIT_NONE: bare */
    OPTION_INTEGER,  /* bare */
    OPTION_TEXT,     /* printable UTF-8 */
    OPTION_FLAG,     /* true or false */
    OPTION_CHOICE,   /* one of `choices` */
    OPTION_SERIES,   /* FILE/COLUMN, or a constant number with its unit */
    OPTION_FILE,     /* a path; relative to the site file */
    OPTION_TEXTS,    /* a text or a list of texts */
    OPTION_NAMES,    /* a component's name or a list of them */
    OPTION_DATE,     /* 2024-05-31 or 2024-05-31T12:00:00Z: seconds since 1970 */
    OPTION_DAY_TIME, /* "10:00", or now: seconds since midnight, or -1 */
    OPTION_MAPPING,  /* a mapping with a place of its own (root only) */
};

struct option {
    const char *name; /* nested keys are joined by a dot: "car.wants" */
    unsigned places;  /* of enum option_place */
    uint32_t types;   /* bits of component or sensor types; 0: all */
    enum option_kind kind;
    enum unit unit;
    double least, most;         /* of numbers, in the unit; both 0: any */
    const char *const *choices; /* ends in NULL */
    const char *otherwise;      /* the default, as one would write it; NULL: none */
    const char *derived;        /* for people: what counts if it is missing and has no plain default */
    bool required;
    bool to_driver; /* handed to the component's driver, under its name */
    const char *help;
};

extern const struct option options[];
extern const size_t n_options;

/* The types by name, in the order of the model's enums; end in NULL. */
extern const char *const component_type_choices[];
extern const char *const sensor_type_choices[];

/* The option of that name in `place` for a type (its number; -1: whatever type), or NULL. */
const struct option *option_find(const char *name, enum option_place place, int type);

/* Whether the option stands in `place` for that type (-1: for some type). */
bool option_applies(const struct option *option, enum option_place place, int type);

/* The known name nearest to `name` among the options of that place and type, or NULL if none is near. */
const char *option_nearest(const char *name, enum option_place place, int type);

/* What is allowed, for people: "0 W ... 1 MW", "true or false", "one of zero, release". */
void option_allowed(const struct option *option, char *out, size_t cap);
#define OPTION_ALLOWED_MAX 4096 /* holds the longest list of words */
/* The same for a message: a list that is too long for it ends with where the rest stands. */
void option_allowed_brief(const struct option *option, char *out, size_t cap);
#define OPTION_BRIEF_MAX 320

#endif
