/* SPDX-License-Identifier: MIT */
/* What is wrong with a site file: all of it, so that nobody has to fix and retry one line at a time. */
#ifndef DAEMON_PROBLEMS_H
#define DAEMON_PROBLEMS_H

#include <stddef.h>
#include <stdio.h>

#include "base/base.h"

#define PROBLEMS_MAX 100 /* further ones are only counted */

struct problem {
    int line; /* 0: the file as a whole */
    size_t order;
    char *text; /* "key: "value": what is wrong; what is allowed" */
};

struct problems {
    struct problem items[PROBLEMS_MAX];
    size_t n;
    size_t left_out;
};

/* Adds `key: "value": message`; `key` and `value` may be NULL. What the file says is cut and cleaned. */
void problems_add(struct problems *problems, int line, const char *key, const char *value, const char *format,
    ...) PRINTF_LIKE(5, 6);

/* How many there are, those that were left out too: by it one sees that some were added. */
static inline size_t problems_count(const struct problems *problems)
{
    return problems->n + problems->left_out;
}

/* Sorts by line and writes "file:line: text" for each, or "microgridd: --option: ..." where that is the key.
 */
void problems_print(struct problems *problems, const char *file, FILE *to);

void problems_done(struct problems *problems);

#endif
