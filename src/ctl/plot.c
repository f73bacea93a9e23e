/* SPDX-License-Identifier: MIT */
#include "ctl/plot.h"

#include <math.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/format.h"

#define LABEL_WIDTH 10
#define MIN_WIDTH   (LABEL_WIDTH + 10)
#define MIN_HEIGHT  4

struct canvas {
    int width, height;            /* characters */
    unsigned char *dots, *owners; /* per character: braille bits, and whose the last one was + 1 */
    double low, high;
    int64_t from_ns, span_ns;
};

static const char *const inks[PLOT_MAX_SERIES] = {"36", "33", "32", "35", "34", "31"};

void plot_add(struct plot_series *series, int64_t at_ns, double value)
{
    size_t place = (series->first + series->n) % PLOT_MAX_POINTS;
    if (series->n == PLOT_MAX_POINTS) {
        series->first = (series->first + 1) % PLOT_MAX_POINTS;
    } else {
        series->n++;
    }
    series->points[place].at_ns = at_ns;
    series->points[place].value = value;
}

static void set_dot(struct canvas *canvas, int x, int y, size_t owner)
{
    static const unsigned char bits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    if (x >= 0 && x < 2 * canvas->width && y >= 0 && y < 4 * canvas->height) {
        size_t cell = (size_t)y / 4 * (size_t)canvas->width + (size_t)x / 2;
        canvas->dots[cell] |= bits[y % 4][x % 2];
        canvas->owners[cell] = (unsigned char)(owner + 1);
    }
}

static int column_of(const struct canvas *canvas, int64_t at_ns)
{
    return (int)((double)(at_ns - canvas->from_ns) / (double)canvas->span_ns * (2 * canvas->width - 1));
}

static int row_of(const struct canvas *canvas, double value)
{
    return (int)lround((canvas->high - value) / (canvas->high - canvas->low) * (4 * canvas->height - 1));
}

static void draw_line(struct canvas *canvas, int x0, int y0, int x1, int y1, size_t owner)
{
    int steps = abs(x1 - x0) > abs(y1 - y0) ? abs(x1 - x0) : abs(y1 - y0);
    for (int i = 0; i <= steps; i++) {
        double part = steps ? (double)i / steps : 0;
        set_dot(canvas, x0 + (int)lround(part * (x1 - x0)), y0 + (int)lround(part * (y1 - y0)), owner);
    }
}

static void draw_series(struct canvas *canvas, const struct plot_series *series, size_t owner)
{
    int x = -1, y = -1;
    for (size_t i = 0; i < series->n; i++) {
        size_t place = (series->first + i) % PLOT_MAX_POINTS;
        double value = series->points[place].value;
        if (series->points[place].at_ns < canvas->from_ns || isnan(value)) {
            x = -1; /* a gap stays a gap */
            continue;
        }
        int next_x = column_of(canvas, series->points[place].at_ns), next_y = row_of(canvas, value);
        draw_line(canvas, x < 0 ? next_x : x, x < 0 ? next_y : y, next_x, next_y, owner);
        x = next_x;
        y = next_y;
    }
}

/* One axis is for one unit, the first's; others are only named with their values. */
static bool is_drawn(const struct plot_series *series, size_t i)
{
    return strcmp(series[i].unit, series[0].unit) == 0;
}

/* All that is drawn, and 0. */
static void scale(struct canvas *canvas, const struct plot_series *series, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < series[i].n && is_drawn(series, i); j++) {
            size_t place = (series[i].first + j) % PLOT_MAX_POINTS;
            if (series[i].points[place].at_ns >= canvas->from_ns) {
                canvas->low = fmin(canvas->low, series[i].points[place].value);
                canvas->high = fmax(canvas->high, series[i].points[place].value);
            }
        }
    }
    if (canvas->high - canvas->low < 1e-6) {
        canvas->high += 1;
    }
}

static void print_cell(const struct canvas *canvas, size_t cell, bool colours, FILE *to)
{
    unsigned char dots = canvas->dots[cell], owner = canvas->owners[cell];
    if (dots == 0) {
        fputc(' ', to);
        return;
    }
    const char text[] = {(char)0xe2, (char)(0xa0 | dots >> 6), (char)(0x80 | (dots & 0x3f)), '\0'};
    if (colours) {
        fprintf(to, "\033[%sm%s\033[0m", inks[(owner - 1) % PLOT_MAX_SERIES], text);
    } else {
        fputs(text, to);
    }
}

static void print_names(const struct plot_series *series, size_t n, bool colours, const char *eol, FILE *to)
{
    fprintf(to, "%*s", LABEL_WIDTH + 1, "");
    for (size_t i = 0; i < n; i++) {
        char value[48] = "-";
        if (series[i].n > 0) {
            double last = series[i].points[(series[i].first + series[i].n - 1) % PLOT_MAX_POINTS].value;
            if (!isnan(last)) {
                value_format(last, series[i].unit, value, sizeof(value));
            }
        }
        fprintf(to, colours ? "\033[%sm%s %s\033[0m   " : "%.0s%s %s   ", inks[i % PLOT_MAX_SERIES],
            series[i].name, value);
    }
    fputs(eol, to);
}

static void print_label(const struct canvas *canvas, int row, const char *unit, FILE *to)
{
    char label[48] = "";
    int zero = row_of(canvas, 0) / 4;
    if (row == 0 || row == canvas->height - 1) {
        value_format(row ? canvas->low : canvas->high, unit, label, sizeof(label));
    } else if (row == zero) {
        value_format(0, unit, label, sizeof(label));
    }
    int pad = LABEL_WIDTH - (int)strlen(label);
    fprintf(to, "%*s%s%s", pad > 0 ? pad : 0, "", label, row == zero ? "┼" : "│");
}

void plot_draw(const struct plot_series *series, size_t n, int64_t now_ns, int64_t span_ns, int width,
    int height, bool colours, const char *eol, FILE *to)
{
    width = width < MIN_WIDTH ? MIN_WIDTH : width;
    height = height < MIN_HEIGHT ? MIN_HEIGHT : height;
    struct canvas canvas = {.width = width - LABEL_WIDTH - 1, .height = height - 1, .span_ns = span_ns};
    size_t cells = (size_t)canvas.width * (size_t)canvas.height;
    canvas.from_ns = now_ns - span_ns;
    canvas.dots = must(calloc(cells, 1));
    canvas.owners = must(calloc(cells, 1));
    scale(&canvas, series, n);
    for (size_t i = 0; i < n; i++) {
        if (is_drawn(series, i)) {
            draw_series(&canvas, &series[i], i);
        }
    }
    for (int row = 0; row < canvas.height; row++) {
        print_label(&canvas, row, n ? series[0].unit : "", to);
        for (int column = 0; column < canvas.width; column++) {
            print_cell(&canvas, (size_t)row * (size_t)canvas.width + (size_t)column, colours, to);
        }
        fputs(eol, to);
    }
    print_names(series, n, colours, eol, to);
    free(canvas.dots);
    free(canvas.owners);
}
