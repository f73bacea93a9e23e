/* SPDX-License-Identifier: MIT */
/* Named values that the configuration hands to a driver, already checked against the option table: numbers in
 * SI base units (W, Wh, A, V, s, %, °C), text, yes or no. Filled by the daemon, read by drivers. */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

struct setting {
    const char *name;
    const char *text; /* NULL: a number or a flag */
    double number;    /* a flag: 0 or 1 */
};

/* Lives as long as the configuration that owns it; nested keys are joined by a dot: "car.wants". */
struct settings {
    struct setting *items;
    size_t n;
};

/* The value, or `otherwise` if it is not set. */
double settings_number(const struct settings *settings, const char *name, double otherwise);
const char *settings_text(const struct settings *settings, const char *name, const char *otherwise);
bool settings_flag(const struct settings *settings, const char *name, bool otherwise);

#endif
