/* SPDX-License-Identifier: MIT */
/* From checked rows (series_parse.c) to a loop of whole days: find the usual step, refuse holes, cut off what
 * is no whole day, and answer by time. */
#include "sim/series.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "sim/series_rows.h"

#define DAY_S         86400.0
#define BRIDGED_STEPS 3 /* holes up to this many usual steps are interpolated */

struct sample {
    double at_s; /* from the loop's beginning */
    double value;
};

struct series {
    enum series_unit unit;
    double length_s;
    double per_s; /* samples a second, to guess where a time stands */
    size_t n;
    struct sample sample[]; /* at least one; times rise, 0 ≤ at_s < length_s */
};

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median distance of lines, those with an empty field too; NaN without memory. */
static double usual_step_s(const struct series_rows *rows)
{
    size_t n = rows->n - 1;
    double *steps = malloc(n * sizeof(*steps));
    if (steps == NULL) {
        return NAN;
    }
    for (size_t i = 0; i < n; i++) {
        steps[i] = rows->row[i + 1].time_s - rows->row[i].time_s;
    }
    qsort(steps, n, sizeof(*steps), compare_doubles);
    double median = steps[n / 2];
    free(steps);
    return median;
}

static void drop_empty(struct series_rows *rows)
{
    size_t kept = 0;
    for (size_t i = 0; i < rows->n; i++) {
        if (!isnan(rows->row[i].value)) {
            rows->row[kept++] = rows->row[i];
        }
    }
    rows->n = kept;
}

static int check_holes(
    const struct series_rows *rows, double step_s, const char *name, struct ugrpc_status *st)
{
    for (size_t i = 1; i < rows->n; i++) {
        double gap_s = rows->row[i].time_s - rows->row[i - 1].time_s;
        if (gap_s > BRIDGED_STEPS * step_s * (1 + 1e-9)) {
            return status_set(st, UGRPC_INVALID_ARGUMENT,
                "%s: a hole of %g min between lines %u and %u; at most %g min (three times the usual step) are "
                "bridged",
                name, gap_s / 60, rows->row[i - 1].line, rows->row[i].line, BRIDGED_STEPS * step_s / 60);
        }
    }
    return 0;
}

/* The usual start of a day is at midnight, or one step later; the usual end one step before midnight, where
 * one missing sample is forgiven. Together that is never more than a hole that is bridged. */
static void find_days(const struct series_rows *rows, double step_s, double *from_s, double *to_s)
{
    double slack_s = step_s * (1 + 1e-9);
    *from_s = ceil((rows->row[0].time_s - slack_s) / DAY_S) * DAY_S;
    *to_s = floor((rows->row[rows->n - 1].time_s + 2 * slack_s) / DAY_S) * DAY_S;
}

static double wrap_degrees(double degrees)
{
    double wrapped = fmod(degrees, 360);
    return wrapped < 0 ? wrapped + 360 : wrapped;
}

static struct series *series_of_days(
    const struct series_rows *rows, double step_s, const char *name, struct ugrpc_status *st)
{
    double from_s, to_s;
    find_days(rows, step_s, &from_s, &to_s);
    struct series *series = malloc(sizeof(*series) + rows->n * sizeof(series->sample[0]));
    if (series == NULL) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "%s: out of memory", name);
        return NULL;
    }
    *series = (struct series){.unit = rows->unit, .length_s = to_s - from_s, .per_s = 1 / step_s};
    for (size_t i = 0; i < rows->n; i++) {
        const struct series_row *row = &rows->row[i];
        if (row->time_s >= from_s && row->time_s < to_s) {
            double value = rows->unit == SERIES_DEGREE ? wrap_degrees(row->value) : row->value;
            series->sample[series->n++] = (struct sample){row->time_s - from_s, value};
        }
    }
    if (series->n == 0) {
        status_set(st, UGRPC_INVALID_ARGUMENT,
            "%s: no whole day, from midnight to midnight, between line %u and line %u; whole days are played in "
            "a loop",
            name, rows->row[0].line, rows->row[rows->n - 1].line);
        free(series);
        return NULL;
    }
    return series;
}

static struct series *series_of_rows(struct series_rows *rows, const char *name, struct ugrpc_status *st)
{
    size_t lines = rows->n;
    double step_s = lines < 2 ? 0 : usual_step_s(rows);
    if (isnan(step_s)) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "%s: out of memory", name);
        return NULL;
    }
    drop_empty(rows);
    if (rows->n < 2) {
        status_set(st, UGRPC_INVALID_ARGUMENT, "%s has %zu value%s in %zu line%s of data; two are the least",
            name, rows->n, PLURAL(rows->n), lines, PLURAL(lines));
        return NULL;
    }
    return check_holes(rows, step_s, name, st) == 0 ? series_of_days(rows, step_s, name, st) : NULL;
}

struct series *series_parse(
    const char *text, size_t len, const char *name, const char *column, struct ugrpc_status *st)
{
    struct series_rows rows;
    struct series *series = NULL;
    if (series_rows_parse(&rows, text, len, name, column, st) == 0) {
        series = series_of_rows(&rows, name, st);
    }
    series_rows_done(&rows);
    return series;
}

/* Reads all of the file; the caller frees with free(). */
static char *read_all(int fd, size_t size, const char *path, struct ugrpc_status *st)
{
    char *text = malloc(size + 1); /* never of size 0 */
    size_t at = 0;
    ssize_t n = 0;
    while (text != NULL && at < size && (n = read(fd, text + at, size - at)) > 0) {
        at += (size_t)n;
    }
    if (text == NULL || at < size) {
        status_set(st, UGRPC_UNAVAILABLE, "%s: %s", path,
            text == NULL ? "out of memory"
            : n < 0      ? strerror(errno)
                         : "it became shorter while being read");
        free(text);
        return NULL;
    }
    return text;
}

static char *open_and_read(const char *path, size_t *size, struct ugrpc_status *st)
{
    char *text = NULL;
    struct stat about;
    /* Without O_NONBLOCK a named pipe would wait for its writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &about) != 0) {
        status_set(
            st, errno == ENOENT ? UGRPC_NOT_FOUND : UGRPC_UNAVAILABLE, "%s: %s", path, strerror(errno));
    } else if (!S_ISREG(about.st_mode)) {
        status_set(st, UGRPC_INVALID_ARGUMENT, "%s is no regular file", path);
    } else if (about.st_size > (off_t)SERIES_MAX_FILE_BYTES) {
        status_set(st, UGRPC_OUT_OF_RANGE, "%s has %lld MB, the most is %u MB", path,
            (long long)about.st_size >> 20, SERIES_MAX_FILE_BYTES >> 20);
    } else {
        *size = (size_t)about.st_size;
        text = read_all(fd, *size, path, st);
    }
    if (fd >= 0) {
        close(fd);
    }
    return text;
}

struct series *series_load(const char *path, const char *column, struct ugrpc_status *st)
{
    size_t size = 0;
    char *text = open_and_read(path, &size, st);
    if (text == NULL) {
        return NULL;
    }
    struct series *series = series_parse(text, size, path, column, st);
    free(text);
    return series;
}

void series_free(struct series *series)
{
    free(series);
}

/* How many samples stand at or before `at_s`. Even data are hit by the guess. */
static size_t samples_until(const struct series *series, double at_s)
{
    const struct sample *sample = series->sample;
    double guess = (at_s - sample[0].at_s) * series->per_s + 1;
    if (guess >= 1 && guess < (double)series->n) {
        size_t i = (size_t)guess;
        if (sample[i - 1].at_s <= at_s && at_s < sample[i].at_s) {
            return i;
        }
    }
    size_t low = 0, high = series->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sample[middle].at_s <= at_s) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

double series_at(const struct series *series, double seconds)
{
    double at_s = isfinite(seconds) ? fmod(seconds, series->length_s) : 0;
    at_s = at_s < 0 ? at_s + series->length_s : at_s;

    size_t until = samples_until(series, at_s);
    struct sample before = series->sample[until > 0 ? until - 1 : series->n - 1];
    struct sample after = series->sample[until < series->n ? until : 0];
    before.at_s -= until > 0 ? 0 : series->length_s; /* the loop's seam */
    after.at_s += until < series->n ? 0 : series->length_s;

    double share = (at_s - before.at_s) / (after.at_s - before.at_s);
    if (series->unit == SERIES_DEGREE) {
        double turn = remainder(after.value - before.value, 360);
        return wrap_degrees(before.value + share * turn);
    }
    return before.value + share * (after.value - before.value);
}

enum series_unit series_unit(const struct series *series)
{
    return series->unit;
}
