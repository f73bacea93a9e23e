/* SPDX-License-Identifier: MIT */
/* A chart of lines in braille dots, two by four a character. Knows no terminal: it writes lines of text. */
#ifndef CTL_PLOT_H
#define CTL_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PLOT_MAX_POINTS 1024
#define PLOT_MAX_SERIES 6

/* The newest points, the oldest given up first. */
struct plot_series {
    const char *name; /* borrowed */
    const char *unit;
    size_t first, n;
    struct {
        int64_t at_ns;
        double value;
    } points[PLOT_MAX_POINTS];
};

void plot_add(struct plot_series *series, int64_t at_ns, double value);

/* Draws the `span_ns` before `now_ns` in `width` columns and `height` lines: a chart for each unit, under
 * one another, the last line of each with its names. What there is no room for is only named. `colours`: with
 * ANSI colours. Each line ends with `eol`. */
void plot_draw(const struct plot_series *series, size_t n, int64_t now_ns, int64_t span_ns, int width,
    int height, bool colours, const char *eol, FILE *to);

#endif
