/* SPDX-License-Identifier: MIT */
/* The components and how they are now. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/json.h"
#include "ctl/report.h"
#include "ctl/snapshot.h"
#include "ctl/suggestion.h"
#include "ctl/table.h"

/* ---- --category ---- */

static bool is_of(const component_message *component, const char *word)
{
    char type[48], category[48];
    return strcmp(word, component_type(component, type, sizeof(type))) == 0 ||
           strcmp(word, word_of(category_words, (int)component->category, category, sizeof(category))) == 0;
}

/* A category, or a kind of inverter. */
static int check_category(const char *word)
{
    struct suggestion suggestion = {.text = word};
    bool known = word_find(category_words, word) >= 0;
    char best[48];
    const char *kind;
    word_suggest(category_words, &suggestion, best, sizeof(best));
    for (size_t i = 0; (kind = inverter_kind(i)); i++) {
        known = known || strcmp(word, kind) == 0;
        suggestion_try(&suggestion, kind);
    }
    if (known) {
        return 0;
    }
    if (suggestion.best) {
        return report_usage("--category \"%s\": no such category; did you mean %s?", word, suggestion.best);
    }
    return report_usage(
        "--category \"%s\": no such category      all categories: microgridctl help categories", word);
}

static bool is_wanted(const struct arguments *arguments, const component_message *component)
{
    size_t at = 0;
    const char *word;
    if (!arguments_has(arguments, OPTION_CATEGORY)) {
        return true;
    }
    while ((word = arguments_next(arguments, OPTION_CATEGORY, &at))) {
        if (is_of(component, word)) {
            return true;
        }
    }
    return false;
}

static int check_categories(const struct arguments *arguments)
{
    size_t at = 0;
    int rc = 0;
    const char *word;
    while (rc == 0 && (word = arguments_next(arguments, OPTION_CATEGORY, &at))) {
        rc = check_category(word);
    }
    return rc;
}

/* Leaves only what is wanted. */
static void filter(const struct arguments *arguments, microgrid_v1_list_components_response *components)
{
    size_t n = 0;
    for (size_t i = 0; i < components->n_components; i++) {
        component_message *one = components->components[i];
        if (is_wanted(arguments, one)) {
            components->components[n++] = one;
        } else {
            microgrid_common_v1_microgrid_components_component_free(one);
        }
    }
    components->n_components = n;
}

/* ---- output ---- */

static json_t *rated_to_json(const component_message *component)
{
    json_t *rated = json_object();
    for (size_t i = 0; i < component->n_metric_config_bounds; i++) {
        char name[80];
        const microgrid_common_v1_microgrid_components_metric_config_bounds *one =
            component->metric_config_bounds[i];
        if (one->config_bounds) {
            json_object_set_new(rated, word_of(metric_words, (int)one->metric, name, sizeof(name)),
                bounds_to_json(&one->config_bounds, 1));
        }
    }
    return rated;
}

static json_t *component_to_json(const component_message *component, const struct sample *sample)
{
    char type[48], category[48];
    json_t *object = json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:o}", "id", (json_int_t)component->id, "name",
        component->name, "category",
        word_of(category_words, (int)component->category, category, sizeof(category)), "type",
        component_type(component, type, sizeof(type)), "manufacturer", component->manufacturer, "model",
        component->model_name, "rated", rated_to_json(component));
    sample_to_json(sample, must(object));
    return object;
}

static void add_row(struct table *table, const component_message *component, const struct sample *sample)
{
    char type[48], power[40] = "-", allowed[200] = "-", state[200];
    int metric = sample_power_metric(sample);
    double value;
    size_t n;
    if (metric >= 0 && sample_value(sample, metric, &value)) {
        bounds_message *const *bounds = sample_bounds(sample, metric, &n);
        value_format(value, "W", power, sizeof(power));
        if (n > 0) {
            bounds_format(bounds, n, "W", allowed, sizeof(allowed));
        }
    }
    table_add(table, "%" PRIu64, component->id);
    table_add(table, "%s", component->name);
    table_add(table, "%s", component_type_shown(component, type, sizeof(type)));
    table_add(table, "%s", sample_states(sample, state, sizeof(state)));
    table_add(table, "%s", power);
    table_add(table, "%s", allowed);
}

static void show_table(const struct directory *directory, const struct snapshot *snapshot)
{
    static const char *const headings[] = {" ID", "NAME", "TYPE", "STATE", " POWER", "ALLOWED NOW", NULL};
    struct table table;
    table_init(&table, headings);
    for (size_t i = 0; i < snapshot->n; i++) {
        add_row(&table, directory->components->components[i], &snapshot->samples[i]);
    }
    table_print(&table, stdout, NULL);
    table_done(&table);
}

static int show(struct ctl *ctl, const struct directory *directory)
{
    struct snapshot snapshot;
    int rc = snapshot_all(ctl, directory, &snapshot);
    if (rc == 0 && ctl->json) {
        json_t *list = json_array();
        for (size_t i = 0; i < snapshot.n; i++) {
            json_array_append_new(
                list, component_to_json(directory->components->components[i], &snapshot.samples[i]));
        }
        rc = json_print(list);
    } else if (rc == 0) {
        show_table(directory, &snapshot);
    }
    snapshot_done(&snapshot);
    return rc;
}

int command_list(struct ctl *ctl)
{
    struct directory directory = {.sensors = NULL};
    int rc = check_categories(&ctl->arguments);
    rc = rc ? rc : ctl_connect(ctl, NULL);
    rc = rc ? rc : directory_load(ctl, &directory, false);
    if (rc == 0) {
        filter(&ctl->arguments, directory.components);
        rc = arguments_has(&ctl->arguments, OPTION_NAMES) ? directory_show_names(ctl, &directory, false)
                                                          : show(ctl, &directory);
    }
    directory_done(&directory);
    return rc;
}
