/* SPDX-License-Identifier: MIT */
#include "ctl/directory.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/json.h"
#include "ctl/report.h"
#include "ctl/suggestion.h"
#include "ctl/table.h"

static void clean(struct directory *directory)
{
    for (size_t i = 0; i < directory->components->n_components; i++) {
        text_clean(directory->components->components[i]->name);
        text_clean(directory->components->components[i]->manufacturer);
        text_clean(directory->components->components[i]->model_name);
    }
    for (size_t i = 0; directory->sensors && i < directory->sensors->n_sensors; i++) {
        text_clean(directory->sensors->sensors[i]->name);
        text_clean(directory->sensors->sensors[i]->manufacturer);
        text_clean(directory->sensors->sensors[i]->model_name);
    }
}

int directory_load(struct ctl *ctl, struct directory *directory, bool sensors)
{
    struct ugrpc_call_options options = {.timeout_ms = ctl_timeout_ms(ctl, false)};
    struct ugrpc_status st;
    microgrid_v1_list_components_request all = MICROGRID_V1_LIST_COMPONENTS_REQUEST_INIT;
    microgrid_v1_list_sensor_request all_sensors = MICROGRID_V1_LIST_SENSOR_REQUEST_INIT;
    *directory = (struct directory){.sensors = NULL};
    if (microgrid_v1_list_components(ctl->channel, &all, &directory->components, &options, &st) < 0) {
        return report_status(ctl, &st, NULL);
    }
    if (sensors &&
        microgrid_v1_list_sensors(ctl->channel, &all_sensors, &directory->sensors, &options, &st) < 0) {
        return report_status(ctl, &st, NULL);
    }
    clean(directory);
    return 0;
}

void directory_done(struct directory *directory)
{
    microgrid_v1_list_components_response_free(directory->components);
    microgrid_v1_list_sensors_response_free(directory->sensors);
    *directory = (struct directory){.sensors = NULL};
}

const char *label_format(const char *name, uint64_t id, char *out, size_t cap)
{
    snprintf(out, cap, "%s (%" PRIu64 ")", name, id);
    return out;
}

const char *named_name(const struct named *named)
{
    assert(named->component || named->sensor);
    return named->component ? named->component->name : named->sensor->name;
}

uint64_t named_id(const struct named *named)
{
    assert(named->component || named->sensor);
    return named->component ? named->component->id : named->sensor->id;
}

/* The index-th of all; false past the last. */
static bool at(const struct directory *directory, size_t index, struct named *named)
{
    *named = (struct named){.sensor = NULL};
    if (index < directory->components->n_components) {
        named->component = directory->components->components[index];
        return true;
    }
    index -= directory->components->n_components;
    if (directory->sensors && index < directory->sensors->n_sensors) {
        named->sensor = directory->sensors->sensors[index];
        return true;
    }
    return false;
}

static bool parse_id(const char *text, uint64_t *id)
{
    char *end;
    errno = 0;
    *id = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && errno == 0;
}

static int complain(const struct directory *directory, const char *operand)
{
    const char *what = directory->sensors ? "component or sensor" : "component";
    const char *where = directory->sensors ? "microgridctl list, microgridctl sensors" : "microgridctl list";
    char label[160];
    struct suggestion suggestion = {.text = operand};
    struct named named, best = {.sensor = NULL};
    for (size_t i = 0; at(directory, i, &named); i++) {
        const char *before = suggestion.best;
        suggestion_try(&suggestion, named_name(&named));
        best = suggestion.best == before ? best : named;
    }
    if (suggestion.best) {
        return report_usage("no %s \"%s\"; did you mean %s?      all names: %s", what, operand,
            label_format(suggestion.best, named_id(&best), label, sizeof(label)), where);
    }
    return report_usage("no %s \"%s\"      all names: %s", what, operand, where);
}

int directory_find(const struct directory *directory, const char *operand, struct named *named)
{
    uint64_t id;
    for (size_t i = 0; at(directory, i, named); i++) {
        if (strcmp(named_name(named), operand) == 0) {
            return 0;
        }
    }
    for (size_t i = 0; parse_id(operand, &id) && at(directory, i, named); i++) {
        if (named_id(named) == id) {
            return 0;
        }
    }
    return complain(directory, operand);
}

int directory_component(
    const struct directory *directory, const char *operand, const component_message **component)
{
    const struct directory only = {.components = directory->components};
    struct named named;
    int rc = directory_find(&only, operand, &named);
    *component = named.component;
    return rc;
}

int directory_component_id(const struct directory *directory, const char *operand, uint64_t *id)
{
    for (size_t i = 0; i < directory->components->n_components; i++) {
        if (strcmp(directory->components->components[i]->name, operand) == 0) {
            *id = directory->components->components[i]->id;
            return 0;
        }
    }
    const struct directory only = {.components = directory->components};
    return parse_id(operand, id) ? 0 : complain(&only, operand);
}

const component_message *directory_by_id(const struct directory *directory, uint64_t id)
{
    for (size_t i = 0; i < directory->components->n_components; i++) {
        if (directory->components->components[i]->id == id) {
            return directory->components->components[i];
        }
    }
    return NULL;
}

int directory_show_names(const struct ctl *ctl, const struct directory *directory, bool sensors)
{
    json_t *names = json_array();
    struct named named;
    for (size_t i = 0; at(directory, i, &named); i++) {
        if ((named.sensor != NULL) != sensors) {
            continue;
        }
        if (ctl->json) {
            json_array_append_new(names, json_string(named_name(&named)));
        } else {
            puts(named_name(&named));
        }
    }
    if (ctl->json) {
        return json_print(names);
    }
    json_decref(names);
    return CTL_DONE;
}
