/* SPDX-License-Identifier: MIT */
/* The configuration has checked each component by itself. Here they become a site, whose rules look at all
 * of them together, and simulated devices, which read data files; whatever either refuses is told at the
 * line that it comes from. */
#include "daemon/site_build.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "driver/sim/sim.h"
#include "model/driver.h"
#include "model/graph.h"

/* --- components and connections --------------------------------------------------------------------------
 */

/* What an item that has faults of its own is refused for follows from them, as a rule: not told again. */
static void refuse(struct problems *problems, int line, const char *what, const char *name, bool sound,
    const struct ugrpc_status *st)
{
    if (sound) {
        problems_add(problems, line, what, name, "%s", st->message);
    }
}

/* False: some are not there, nor can be. */
static bool add_components(struct site *site, const struct config *config, struct problems *problems)
{
    bool all = config->has_all;
    struct ugrpc_status st;
    for (size_t i = 0; i < config->n_components; i++) {
        const struct config_component *from = &config->components[i];
        bool added = from->placed && site_add_component(site, &from->spec, &st);
        if (from->placed && !added) {
            refuse(problems, from->line, "components", from->spec.name, from->sound, &st);
        }
        all = all && added;
    }
    return all;
}

static void add_sensors(struct site *site, const struct config *config, struct problems *problems)
{
    struct ugrpc_status st;
    for (size_t i = 0; i < config->n_sensors; i++) {
        const struct config_sensor *from = &config->sensors[i];
        if (from->placed && !site_add_sensor(site, &from->spec, &st)) {
            refuse(problems, from->line, "sensors", from->spec.name, from->sound, &st);
        }
    }
}

static bool named_before(const struct config_component *component, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(component->under[i], component->under[index]) == 0) {
            return true;
        }
    }
    return false;
}

/* False: a neighbour is not there, or not said. */
static bool connect_to_neighbours(
    struct site *site, const struct config_component *from, struct problems *problems)
{
    struct component *end = site_component_by_name(site, from->spec.name);
    bool all = from->n_under > 0 || from->spec.type == COMPONENT_GRID;
    for (size_t i = 0; end && i < from->n_under; i++) {
        struct component *start = site_component_by_name(site, from->under[i]);
        struct ugrpc_status st;
        all = all && start;
        if (!start || start == end || named_before(from, i)) {
            continue; /* told already */
        }
        if (site_connect(site, start, end, &st) < 0) {
            problems_add(problems, from->under_line, from->spec.name, from->under[i], "%s", st.message);
        }
    }
    return all;
}

static bool add_connections(struct site *site, const struct config *config, struct problems *problems)
{
    bool all = true;
    for (size_t i = 0; i < config->n_components; i++) {
        if (config->components[i].placed) {
            all = connect_to_neighbours(site, &config->components[i], problems) && all;
        }
    }
    return all;
}

struct graph_report {
    const struct config *config;
    struct problems *problems;
};

static void on_graph_problem(const struct component *component, const char *text, void *userdata)
{
    struct graph_report *report = userdata;
    if (!component) {
        problems_add(report->problems, 0, "components", NULL, "%s", text);
        return;
    }
    int line = 0;
    for (size_t i = 0; i < report->config->n_components; i++) {
        if (report->config->components[i].spec.id == component->spec.id) {
            line = report->config->components[i].line;
        }
    }
    char key[80];
    snprintf(key, sizeof(key), "components.%.63s", component->spec.name);
    problems_add(report->problems, line, key, NULL, "%s", text);
}

/* What the file does not limit, the fuse does. */
static void rate_grids(const struct site *site)
{
    for (size_t i = 0; i < site->n_components; i++) {
        struct component_spec *spec = &site->components[i]->spec;
        double carries_w = sqrt(3) * graph_line_v(site->components[i]) * spec->fuse_current_a;
        struct range *active_w = &spec->rated[BOUNDED_ACTIVE];
        if (spec->type == COMPONENT_GRID && spec->fuse_current_a > 0) {
            active_w->lower = isnan(active_w->lower) ? -carries_w : active_w->lower;
            active_w->upper = isnan(active_w->upper) ? carries_w : active_w->upper;
        }
    }
}

struct site *site_build(const struct config *config, struct timers *timers, struct problems *problems)
{
    struct site *site = site_new(&config->site, timers);
    struct graph_report report = {config, problems};
    bool complete = add_components(site, config, problems);
    complete = add_connections(site, config, problems) && complete;
    rate_grids(site);
    add_sensors(site, config, problems);
    graph_check(site, complete, on_graph_problem, &report);
    return site;
}

/* --- the simulator ---------------------------------------------------------------------------------------
 */

/* A driver's refusal, told at the setting whose file it names, or else at the component if that has no faults
 * of its own. */
static void tell_refusal(struct problems *problems, const char *place, const char *name, int line, bool sound,
    const struct settings *settings, const int *lines, const struct ugrpc_status *st)
{
    char key[160];
    for (size_t i = 0; i < settings->n; i++) {
        const struct setting *setting = &settings->items[i];
        const char *slash = setting->text ? strrchr(setting->text, '/') : NULL;
        char file[256];
        snprintf(file, sizeof(file), "%.*s", slash ? (int)(slash - setting->text) : 0,
            setting->text ? setting->text : "");
        if (slash && strstr(st->message, file)) {
            snprintf(key, sizeof(key), "%s.%.63s.%s", place, name, setting->name);
            problems_add(problems, lines[i], key, setting->text, "%s", st->message);
            return;
        }
    }
    snprintf(key, sizeof(key), "%s.%.63s", place, name);
    if (sound) {
        problems_add(problems, line, key, NULL, "%s", st->message);
    }
}

static void attach_all(
    struct device *device, struct site *site, const struct config *config, struct problems *problems)
{
    struct ugrpc_status st;
    for (size_t i = 0; i < config->n_components; i++) {
        const struct config_component *from = &config->components[i];
        struct component *component = from->placed ? site_component(site, from->spec.id) : NULL;
        if (component && sim_attach_component(device, component, &from->settings, &st) < 0) {
            tell_refusal(problems, "components", from->spec.name, from->line, from->sound, &from->settings,
                from->setting_lines, &st);
        }
    }
    for (size_t i = 0; i < config->n_sensors; i++) {
        const struct config_sensor *from = &config->sensors[i];
        struct sensor *sensor = from->placed ? site_sensor(site, from->spec.id) : NULL;
        if (sensor && sim_attach_sensor(device, sensor, &from->settings, &st) < 0) {
            tell_refusal(problems, "sensors", from->spec.name, from->line, from->sound, &from->settings,
                from->setting_lines, &st);
        }
    }
}

struct device *site_build_simulator(
    struct site *site, const struct config *config, const char *data, struct problems *problems)
{
    char beside[4096];
    snprintf(beside, sizeof(beside), "%s/data", config->folder);
    const char *const folders[] = {config->folder, beside, data ? data : DATA_DIR, SOURCE_DATA_DIR};
    struct sim_options options = {
        .seed = config->seed,
        .start_at_s = config->start_at_s < 0 ? NAN : config->start_at_s,
        .speed = config->speed,
        .data_dirs = folders,
        .n_data_dirs = data ? 3 : 4,
    };
    struct ugrpc_status st;
    struct device *device = sim_new(site, &options, &st);
    if (!device) {
        problems_add(problems, 0, "simulation", NULL, "%s", st.message);
        return NULL;
    }
    attach_all(device, site, config, problems);
    return device;
}
