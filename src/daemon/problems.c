/* SPDX-License-Identifier: MIT */
/* Text of the file goes into memory and onto terminals only cut and cleaned; the list is put in the order
 * of lines when it is printed. */
#include "daemon/problems.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_BYTES 80 /* of a value from the file */

/* Copies what the file says so that it cannot disturb a terminal: one line, no control characters. */
static void put_shown(FILE *to, const char *text, size_t most)
{
    size_t len = strlen(text), shown = len;
    if (len > most) {
        shown = most;
        while (shown > 0 && ((unsigned char)text[shown] & 0xc0) == 0x80) {
            shown--;
        }
    }
    for (size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)text[i];
        fputc(c < 0x20 || c == 0x7f ? ' ' : c, to);
    }
    if (shown < len) {
        fputs("...", to);
    }
}

void problems_add(
    struct problems *problems, int line, const char *key, const char *value, const char *format, ...)
{
    if (problems->n == PROBLEMS_MAX) {
        problems->left_out++;
        return;
    }
    struct problem *problem = &problems->items[problems->n];
    *problem = (struct problem){.line = line, .order = problems->n};
    size_t size;
    FILE *text = open_memstream(&problem->text, &size);
    if (!text) {
        abort();
    }
    if (key) {
        put_shown(text, key, 2 * SHOWN_BYTES);
        fputs(": ", text);
    }
    if (value) {
        fputc('"', text);
        put_shown(text, value, SHOWN_BYTES);
        fputs("\": ", text);
    }
    va_list args;
    va_start(args, format);
    vfprintf(text, format, args);
    va_end(args);
    fclose(text);
    problems->n++;
}

static int by_line(const void *a, const void *b)
{
    const struct problem *left = a, *right = b;
    if (left->line != right->line) {
        return left->line < right->line ? -1 : 1;
    }
    return left->order < right->order ? -1 : left->order > right->order;
}

void problems_print(struct problems *problems, const char *file, FILE *to)
{
    qsort(problems->items, problems->n, sizeof(problems->items[0]), by_line);
    for (size_t i = 0; i < problems->n; i++) {
        const struct problem *problem = &problems->items[i];
        if (problem->line > 0) {
            fprintf(to, "%s:%d: %s\n", file, problem->line, problem->text);
        } else {
            bool of_option = strncmp(problem->text, "--", 2) == 0;
            fprintf(to, "%s: %s\n", of_option ? "microgridd" : file, problem->text);
        }
    }
    if (problems->left_out > 0) {
        fprintf(to, "%s: and %zu more\n", file, problems->left_out);
    }
}

void problems_done(struct problems *problems)
{
    for (size_t i = 0; i < problems->n; i++) {
        free(problems->items[i].text);
    }
    problems->n = problems->left_out = 0;
}
