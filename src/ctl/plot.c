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

/* ---- charts ---- */

/* One for each unit, as one axis is for one unit. A series that has nothing yet is named with the first. */
struct chart {
    const char *unit;
    const struct plot_series *series;
    size_t n;
    bool first;
};

static bool is_of(const struct chart *chart, size_t i)
{
    const struct plot_series *series = &chart->series[i];
    return series->n ? strcmp(series->unit, chart->unit) == 0 : chart->first;
}

/* How many there are; those that fit into `charts`. */
static size_t divide(const struct plot_series *series, size_t n, struct chart *charts)
{
    size_t n_charts = 0;
    for (size_t i = 0; i < n; i++) {
        size_t known = 0;
        while (known < n_charts && strcmp(charts[known].unit, series[i].unit) != 0) {
            known++;
        }
        if (series[i].n && known == n_charts && n_charts < PLOT_MAX_SERIES) {
            charts[n_charts] = (struct chart){series[i].unit, series, n, n_charts == 0};
            n_charts++;
        }
    }
    if (n_charts == 0) {
        charts[n_charts++] = (struct chart){n ? series[0].unit : "", series, n, true};
    }
    return n_charts;
}

/* All that is drawn, and 0. */
static void scale(struct canvas *canvas, const struct chart *chart)
{
    for (size_t i = 0; i < chart->n; i++) {
        const struct plot_series *series = &chart->series[i];
        for (size_t j = 0; j < series->n && is_of(chart, i); j++) {
            size_t place = (series->first + j) % PLOT_MAX_POINTS;
            if (series->points[place].at_ns >= canvas->from_ns) {
                canvas->low = fmin(canvas->low, series->points[place].value);
                canvas->high = fmax(canvas->high, series->points[place].value);
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

static void print_name(const struct plot_series *series, size_t i, bool colours, FILE *to)
{
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

static void print_names(const struct chart *chart, bool colours, FILE *to)
{
    for (size_t i = 0; i < chart->n; i++) {
        if (is_of(chart, i)) {
            print_name(chart->series, i, colours, to);
        }
    }
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

static void draw_chart(
    const struct chart *chart, struct canvas canvas, bool colours, const char *eol, FILE *to)
{
    size_t cells = (size_t)canvas.width * (size_t)canvas.height;
    canvas.dots = must(calloc(cells, 1));
    canvas.owners = must(calloc(cells, 1));
    scale(&canvas, chart);
    for (size_t i = 0; i < chart->n; i++) {
        if (is_of(chart, i)) {
            draw_series(&canvas, &chart->series[i], i);
        }
    }
    for (int row = 0; row < canvas.height; row++) {
        print_label(&canvas, row, chart->unit, to);
        for (int column = 0; column < canvas.width; column++) {
            print_cell(&canvas, (size_t)row * (size_t)canvas.width + (size_t)column, colours, to);
        }
        fputs(eol, to);
    }
    fprintf(to, "%*s", LABEL_WIDTH + 1, "");
    print_names(chart, colours, to);
    fputs(eol, to);
    free(canvas.dots);
    free(canvas.owners);
}

void plot_draw(const struct plot_series *series, size_t n, int64_t now_ns, int64_t span_ns, int width,
    int height, bool colours, const char *eol, FILE *to)
{
    struct chart charts[PLOT_MAX_SERIES];
    size_t n_charts = divide(series, n, charts), n_drawn = n_charts;
    width = width < MIN_WIDTH ? MIN_WIDTH : width;
    height = height < MIN_HEIGHT ? MIN_HEIGHT : height;
    if (height / MIN_HEIGHT < (int)n_charts) {
        n_drawn = height <= MIN_HEIGHT ? 1 : (size_t)(height - 1) / MIN_HEIGHT; /* and a line on the others */
        height = height <= MIN_HEIGHT ? height : height - 1;
    }
    for (size_t i = 0; i < n_drawn; i++) {
        int share = height / (int)(n_drawn - i);
        struct canvas canvas = {.width = width - LABEL_WIDTH - 1,
            .height = share - 1,
            .from_ns = now_ns - span_ns,
            .span_ns = span_ns};
        draw_chart(&charts[i], canvas, colours, eol, to);
        height -= share;
    }
    if (n_drawn < n_charts) {
        fputs("no room to draw: ", to);
        for (size_t i = n_drawn; i < n_charts; i++) {
            print_names(&charts[i], colours, to);
        }
        fputs(eol, to);
    }
}
