/* SPDX-License-Identifier: MIT */
/* Aligned columns. The last column, and every one whose heading does not begin with a blank, stands to the
 * left. */
#ifndef CTL_TABLE_H
#define CTL_TABLE_H

#include <stddef.h>
#include <stdio.h>

#include "base/base.h"

struct table {
    const char *const *headings; /* a leading blank: the column stands to the right */
    size_t n_columns;
    char **cells;
    size_t n_cells;
};

/* `headings` ends with NULL and is borrowed. */
void table_init(struct table *table, const char *const *headings);
void table_done(struct table *table);
/* The next cell, row by row. */
void table_add(struct table *table, const char *format, ...) PRINTF_LIKE(2, 3);
/* `after` (or NULL) ends every line but the last, for a terminal that keeps older text. */
void table_print(const struct table *table, FILE *to, const char *after);

/* What a gateway sent, in place: control characters and what is no UTF-8 become "?", so that nothing but text
 * reaches a terminal or a JSON document. NULL is fine. */
void text_clean(char *text);

#endif
