/* SPDX-License-Identifier: MIT */
#include "ctl/table.h"

#include <stdarg.h>
#include <string.h>

#include "base/utf8.h"
#include "ctl/ctl.h"

#define GAP 2

/* In columns: every character that is used here takes one. */
static size_t text_width(const char *text)
{
    size_t width = 0;
    for (; *text; text++) {
        width += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return width;
}

void text_clean(char *text)
{
    while (text && *text) {
        size_t len = utf8_char_len(text, strlen(text));
        bool control = (unsigned char)*text < 0x20 || *text == 0x7f ||
                       ((unsigned char)text[0] == 0xc2 && len == 2 && (unsigned char)text[1] < 0xa0);
        if (len == 0 || control) {
            memset(text, '?', len ? len : 1);
        }
        text += len ? len : 1;
    }
}

void table_init(struct table *table, const char *const *headings)
{
    *table = (struct table){.headings = headings};
    while (headings[table->n_columns]) {
        table->n_columns++;
    }
}

void table_done(struct table *table)
{
    for (size_t i = 0; i < table->n_cells; i++) {
        free(table->cells[i]);
    }
    free(table->cells);
    *table = (struct table){.n_cells = 0};
}

void table_add(struct table *table, const char *format, ...)
{
    va_list args;
    char *text;
    va_start(args, format);
    must(vasprintf(&text, format, args) < 0 ? NULL : text);
    va_end(args);
    table->cells = must(realloc(table->cells, (table->n_cells + 1) * sizeof(*table->cells)));
    table->cells[table->n_cells++] = text;
}

static void print_row(
    const struct table *table, const char *const *cells, const size_t *widths, FILE *to, const char *after)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        bool right = table->headings[i][0] == ' ', last = i + 1 == table->n_columns;
        int pad = (int)(widths[i] - text_width(cells[i]));
        fprintf(to, "%*s%s%*s", right ? pad : 0, "", cells[i], last || right ? 0 : pad, "");
        fprintf(to, "%*s", last ? 0 : GAP, "");
    }
    fprintf(to, "%s\n", after ? after : "");
}

void table_print(const struct table *table, FILE *to, const char *after)
{
    size_t n_rows = table->n_cells / table->n_columns;
    size_t *widths = must(calloc(table->n_columns, sizeof(*widths)));
    for (size_t i = 0; i < table->n_columns; i++) {
        widths[i] = text_width(table->headings[i]);
        for (size_t row = 0; row < n_rows; row++) {
            size_t width = text_width(table->cells[row * table->n_columns + i]);
            widths[i] = width > widths[i] ? width : widths[i];
        }
    }
    print_row(table, table->headings, widths, to, after);
    for (size_t row = 0; row < n_rows; row++) {
        const char *const *cells = (const char *const *)table->cells + row * table->n_columns;
        print_row(table, cells, widths, to, after);
    }
    free(widths);
}
