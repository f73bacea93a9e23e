/* SPDX-License-Identifier: MIT */
/* What only shows when all components or sensors have been read. Sorted lists keep it fast for tens of
 * thousands of them. */
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "daemon/config_spec.h"

/* Components and sensors alike. */
struct entry {
    const char *name;
    uint64_t id; /* 0: missing or wrong, which was told */
    int line;
    size_t order;
    bool taken; /* its id or name is another's, which stands before it */
};

static int by_id(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    if (left->id != right->id) {
        return left->id < right->id ? -1 : 1;
    }
    return left->order < right->order ? -1 : left->order > right->order;
}

static int by_name(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    int differ = strcmp(left->name, right->name);
    return differ ? differ : left->order < right->order ? -1 : left->order > right->order;
}

/* Leaves the entries sorted by name. */
static void check_unique(struct entry *entries, size_t n, const char *what, struct problems *problems)
{
    char key[160];
    qsort(entries, n, sizeof(entries[0]), by_id);
    for (size_t i = 1; i < n; i++) {
        const struct entry *one = &entries[i - 1];
        struct entry *other = &entries[i];
        if (one->id == other->id && one->id != 0) {
            other->taken = true;
            snprintf(key, sizeof(key), "%s.%.60s.id", what, other->name);
            problems_add(problems, other->line, key, NULL, "id %llu is taken by %s in line %d",
                (unsigned long long)other->id, one->name, one->line);
        }
    }
    qsort(entries, n, sizeof(entries[0]), by_name);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(entries[i - 1].name, entries[i].name) == 0) {
            entries[i].taken = true;
            snprintf(key, sizeof(key), "%s.%.60s", what, entries[i].name);
            problems_add(
                problems, entries[i].line, key, NULL, "this name is taken in line %d", entries[i - 1].line);
        }
    }
}

static const struct entry *find(const struct entry *entries, size_t n, const char *name)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(entries[middle].name, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < n && strcmp(entries[low].name, name) == 0 ? &entries[low] : NULL;
}

static void check_neighbours(const struct config_component *component, const struct entry *entries, size_t n,
    struct problems *problems)
{
    char key[160];
    snprintf(key, sizeof(key), "components.%.60s.under", component->spec.name);
    for (size_t i = 0; i < component->n_under; i++) {
        const char *name = component->under[i];
        for (size_t j = 0; j < i; j++) {
            if (strcmp(component->under[j], name) == 0) {
                problems_add(problems, component->under_line, key, name, "named twice");
            }
        }
        if (find(entries, n, name)) {
            if (strcmp(name, component->spec.name) == 0) {
                problems_add(
                    problems, component->under_line, key, name, "a component cannot be under itself");
            }
            continue;
        }
        struct nearest nearest = {.text = name};
        for (size_t j = 0; j < n; j++) {
            nearest_try(&nearest, entries[j].name);
        }
        if (nearest.best) {
            problems_add(problems, component->under_line, key, name, "no such component; did you mean %s?",
                nearest.best);
        } else {
            problems_add(problems, component->under_line, key, name,
                "no such component; allowed: the name of a component in this file");
        }
    }
}

static struct entry *new_entries(size_t n)
{
    struct entry *entries = calloc(n + 1, sizeof(entries[0]));
    if (!entries) {
        abort();
    }
    return entries;
}

void config_check_components(struct config *config, struct problems *problems)
{
    size_t n = config->n_components;
    struct entry *entries = new_entries(n);
    for (size_t i = 0; i < n; i++) {
        const struct config_component *component = &config->components[i];
        entries[i] = (struct entry){component->spec.name, component->spec.id, component->line, i, false};
    }
    check_unique(entries, n, "components", problems);
    for (size_t i = 0; i < n; i++) {
        struct config_component *component = &config->components[entries[i].order];
        component->placed = component->placed && !entries[i].taken;
        check_neighbours(component, entries, n, problems);
    }
    free(entries);
}

void config_check_sensors(struct config *config, struct problems *problems)
{
    struct entry *entries = new_entries(config->n_sensors);
    for (size_t i = 0; i < config->n_sensors; i++) {
        const struct config_sensor *sensor = &config->sensors[i];
        entries[i] = (struct entry){sensor->spec.name, sensor->spec.id, sensor->line, i, false};
    }
    check_unique(entries, config->n_sensors, "sensors", problems);
    for (size_t i = 0; i < config->n_sensors; i++) {
        struct config_sensor *sensor = &config->sensors[entries[i].order];
        sensor->placed = sensor->placed && !entries[i].taken;
    }
    free(entries);
}
