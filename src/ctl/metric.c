/* SPDX-License-Identifier: MIT */
#include "ctl/metric.h"

#include <stdio.h>
#include <string.h>

#include "ctl/arguments.h"
#include "ctl/report.h"
#include "ctl/suggestion.h"
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

/* What people call them besides, and which short name it is. */
static const char *const others[][2] = {
    {"active", "power"},
    {"active_power", "power"},
    {"reactive_power", "reactive"},
};

/* -1: none. */
static int find(const char *word)
{
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        word = strcmp(others[i][0], word) == 0 ? others[i][1] : word;
    }
    for (size_t i = 0; i < ARRAY_LEN(shorts); i++) {
        if (strcmp(shorts[i].word, word) == 0) {
            return shorts[i].metric;
        }
    }
    return word_find(metric_words, word);
}

static int complain(const char *text)
{
    char best[80];
    struct suggestion suggestion = {.text = text};
    word_suggest(metric_words, &suggestion, best, sizeof(best));
    for (size_t i = 0; i < ARRAY_LEN(shorts); i++) {
        suggestion_try(&suggestion, shorts[i].word);
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        suggestion_try(&suggestion, others[i][0]);
        suggestion.best = suggestion.best == others[i][0] ? others[i][1] : suggestion.best;
    }
    return report_usage("no metric \"%s\"%s%s%s      all metrics: microgridctl help metrics", text,
        suggestion.best ? "; did you mean " : "", suggestion.best ? suggestion.best : "",
        suggestion.best ? "?" : "");
}

int metric_parse(const char *text, int *metric)
{
    char word[80];
    snprintf(word, sizeof(word), "%s", text);
    for (char *c = word; *c; c++) {
        *c = *c == '-' ? '_' : *c; /* as the commands and options have it */
    }
    *metric = find(word);
    return *metric >= 0 ? 0 : complain(text);
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
