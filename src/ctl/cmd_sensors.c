/* SPDX-License-Identifier: MIT */
/* The sensors and what they measure now. */
#include <inttypes.h>
#include <stdio.h>

#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/json.h"
#include "ctl/snapshot.h"
#include "ctl/table.h"

/* "21.3 °C", several joined by ", ". */
static const char *values_format(const struct sample *sample, char *out, size_t cap)
{
    int metric;
    double value;
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; len < cap && sample_at(sample, i, &metric, &value); i++) {
        char text[48];
        len += (size_t)snprintf(out + len, cap - len, "%s%s", i ? ", " : "",
            value_format(value, metric_unit(metric), text, sizeof(text)));
    }
    return *out ? out : "-";
}

static void show_table(const struct directory *directory, const struct snapshot *snapshot)
{
    static const char *const headings[] = {" ID", "NAME", "TYPE", "STATE", "VALUE", NULL};
    struct table table;
    table_init(&table, headings);
    for (size_t i = 0; i < snapshot->n; i++) {
        const sensor_message *sensor = directory->sensors->sensors[i];
        char category[48], state[80], values[200];
        table_add(&table, "%" PRIu64, sensor->id);
        table_add(&table, "%s", sensor->name);
        table_add(
            &table, "%s", word_of(sensor_category_words, (int)sensor->category, category, sizeof(category)));
        table_add(&table, "%s", sample_states(&snapshot->samples[i], state, sizeof(state)));
        table_add(&table, "%s", values_format(&snapshot->samples[i], values, sizeof(values)));
    }
    table_print(&table, stdout, NULL);
    table_done(&table);
}

static int show_json(const struct directory *directory, const struct snapshot *snapshot)
{
    json_t *list = json_array();
    for (size_t i = 0; i < snapshot->n; i++) {
        const sensor_message *sensor = directory->sensors->sensors[i];
        char category[48];
        json_t *object = must(
            json_pack("{s:I, s:s, s:s, s:s, s:s}", "id", (json_int_t)sensor->id, "name", sensor->name,
                "category", word_of(sensor_category_words, (int)sensor->category, category, sizeof(category)),
                "manufacturer", sensor->manufacturer, "model", sensor->model_name));
        sample_to_json(&snapshot->samples[i], object);
        json_array_append_new(list, object);
    }
    return json_print(list);
}

static int show(struct ctl *ctl, const struct directory *directory)
{
    size_t n = directory->sensors->n_sensors;
    struct named *named = must(calloc(n + 1, sizeof(*named)));
    struct snapshot snapshot;
    for (size_t i = 0; i < n; i++) {
        named[i].sensor = directory->sensors->sensors[i];
    }
    int rc = snapshot_take(ctl, named, n, &snapshot);
    free(named);
    if (rc == 0 && ctl->json) {
        rc = show_json(directory, &snapshot);
    } else if (rc == 0) {
        show_table(directory, &snapshot);
    }
    snapshot_done(&snapshot);
    return rc;
}

int command_sensors(struct ctl *ctl)
{
    struct directory directory = {.sensors = NULL};
    int rc = ctl_connect(ctl, NULL);
    rc = rc ? rc : directory_load(ctl, &directory, true);
    if (rc == 0 && arguments_has(&ctl->arguments, OPTION_NAMES)) {
        rc = directory_show_names(ctl, &directory, true);
    } else if (rc == 0) {
        rc = show(ctl, &directory);
    }
    directory_done(&directory);
    return rc;
}
