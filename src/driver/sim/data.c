/* SPDX-License-Identifier: MIT */
/* The data files of a site: each column is read once, whoever plays it. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/sim/device.h"

struct loaded_series {
    struct loaded_series *next;
    char *setting;
    struct series *series;
};

/* The first data directory that has the file; else the first one, so that the error names a path. */
static int find_file(const struct sim *sim, const char *file, char path[PATH_MAX], struct ugrpc_status *st)
{
    if (file[0] == '/') {
        snprintf(path, PATH_MAX, "%s", file);
        return 0;
    }
    for (size_t i = sim->n_data_dirs; i-- > 0;) {
        int len = snprintf(path, PATH_MAX, "%s/%s", sim->data_dirs[i], file);
        if (len >= PATH_MAX) {
            return status_set(st, UGRPC_INVALID_ARGUMENT, "\"%s\": the path is too long", file);
        }
    }
    for (size_t i = 0; i < sim->n_data_dirs; i++) {
        char candidate[PATH_MAX];
        snprintf(candidate, sizeof(candidate), "%s/%s", sim->data_dirs[i], file);
        if (access(candidate, F_OK) == 0) {
            memcpy(path, candidate, sizeof(candidate));
            return 0;
        }
    }
    if (sim->n_data_dirs == 0) {
        snprintf(path, PATH_MAX, "%s", file);
    }
    return 0;
}

static const struct series *load(struct sim *sim, const char *setting, struct ugrpc_status *st)
{
    for (struct loaded_series *known = sim->loaded; known; known = known->next) {
        if (strcmp(known->setting, setting) == 0) {
            return known->series;
        }
    }
    const char *slash = strrchr(setting, '/');
    if (!slash || slash == setting || !slash[1]) {
        status_set(st, UGRPC_INVALID_ARGUMENT, "\"%s\" is not FILE/COLUMN, as in weather.csv/ambient_temp_c",
            setting);
        return NULL;
    }
    struct loaded_series *loaded = calloc(1, sizeof(*loaded));
    char *file = strndup(setting, (size_t)(slash - setting));
    char path[PATH_MAX];
    if (!loaded || !file || !(loaded->setting = strdup(setting))) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        goto fail;
    }
    if (find_file(sim, file, path, st) != 0 || !(loaded->series = series_load(path, slash + 1, st))) {
        goto fail;
    }
    free(file);
    loaded->next = sim->loaded;
    sim->loaded = loaded;
    return loaded->series;
fail:
    free(file);
    if (loaded) {
        free(loaded->setting);
        free(loaded);
    }
    return NULL;
}

int sim_source(struct sim *sim, const struct settings *settings, const char *name, double otherwise,
    struct source *source, struct ugrpc_status *st)
{
    const char *text = settings_text(settings, name, NULL);
    *source = (struct source){.fixed = settings_number(settings, name, otherwise)};
    if (text && !(source->series = load(sim, text, st))) {
        return -UGRPC_INVALID_ARGUMENT;
    }
    return 0;
}

bool source_given(const struct source *source)
{
    return source->series || !isnan(source->fixed);
}

double source_at(const struct source *source, double sim_time_s)
{
    return source->series ? series_at(source->series, sim_time_s) : source->fixed;
}

void sim_series_free(struct sim *sim)
{
    while (sim->loaded) {
        struct loaded_series *loaded = sim->loaded;
        sim->loaded = loaded->next;
        series_free(loaded->series);
        free(loaded->setting);
        free(loaded);
    }
}
