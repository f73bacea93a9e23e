/* SPDX-License-Identifier: MIT */
#include "ctl/metric.h"

#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "ctl/arguments.h"
#include "ctl/report.h"
#include "ctl/vocabulary.h"

static const struct {
    const char *word;
    int metric;
} shorts[] = {
    {"power", METRIC(AC_ACTIVE_POWER)},
    {"reactive", METRIC(AC_REACTIVE_POWER)},
    {"voltage", METRIC(AC_VOLTAGE)},
    {"current", METRIC(AC_CURRENT)},
    {"frequency", METRIC(AC_FREQUENCY)},
    {"soc", METRIC(BATTERY_SOC_PCT)},
};

int metric_parse(const char *text, int *metric)
{
    for (size_t i = 0; i < ARRAY_LEN(shorts); i++) {
        if (strcmp(shorts[i].word, text) == 0) {
            *metric = shorts[i].metric;
            return 0;
        }
    }
    *metric = word_find(metric_words, text);
    if (*metric >= 0) {
        return 0;
    }
    char best[80];
    struct nearest nearest = {.text = text};
    word_nearest(metric_words, &nearest, best, sizeof(best));
    for (size_t i = 0; i < ARRAY_LEN(shorts); i++) {
        nearest_try(&nearest, shorts[i].word);
    }
    if (nearest.best) {
        return report_usage("no metric \"%s\"; did you mean %s?", text, nearest.best);
    }
    return report_usage("no metric \"%s\"      all metrics: microgridctl help metrics", text);
}

const char *metric_brief(size_t index, int *metric)
{
    if (index >= ARRAY_LEN(shorts)) {
        return NULL;
    }
    *metric = shorts[index].metric;
    return shorts[index].word;
}

static int parse_list(const char *list, int *metrics, size_t cap, size_t *n)
{
    int rc = 0;
    for (const char *at = list; rc == 0 && *at;) {
        char word[80];
        size_t len = strcspn(at, ",");
        snprintf(word, sizeof(word), "%.*s", (int)len, at);
        at += len + (at[len] == ',');
        rc = *n < cap ? metric_parse(word, &metrics[*n]) : report_usage("more than %zu metrics", cap);
        *n += rc == 0;
    }
    return rc;
}

int metrics_parse(const struct arguments *arguments, int *metrics, size_t cap, size_t *n)
{
    size_t at = 0;
    const char *list;
    int rc = 0;
    *n = 0;
    while (rc == 0 && (list = arguments_next(arguments, OPTION_METRIC, &at))) {
        rc = parse_list(list, metrics, cap, n);
    }
    return rc;
}
