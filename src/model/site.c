/* SPDX-License-Identifier: MIT */
/* Builds the site and finds things in it. Lists are kept sorted, so lookups are binary searches. */
#include "model/site.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/command.h"
#include "model/later.h"
#include "model/parts.h"

#define MAX_AGE_INTERVALS 3
#define MAX_AGE_LEAST_NS  (3 * NS_PER_S)
#define MAX_AGE_MOST_NS   (8 * NS_PER_S)
#define INTERVAL_NS       NS_PER_S

static const char *copy(const char *text)
{
    char *own = strdup(text ? text : "");
    if (!own) {
        abort();
    }
    return own;
}

static void *grow(void *items, size_t n, size_t size)
{
    if (n & (n - 1)) {
        return items; /* storage doubles at each power of two */
    }
    void *grown = realloc(items, (n ? 2 * n : 1) * size);
    if (!grown) {
        abort();
    }
    return grown;
}

/* Inserts `item` into a list of `n` pointers at `at`; returns the list, which may have moved. */
static void *insert(void *items, size_t n, size_t at, void *item)
{
    char *list = grow(items, n, sizeof(item));
    char *place = list + at * sizeof(item);
    memmove(place + sizeof(item), place, (n - at) * sizeof(item));
    memcpy(place, &item, sizeof(item));
    return list;
}

struct site *site_new(const struct site_spec *spec, struct timers *timers)
{
    struct site *site = calloc(1, sizeof(*site));
    if (!site) {
        return NULL;
    }
    site->spec = *spec;
    site->spec.name = copy(spec->name);
    site->spec.country = copy(spec->country);
    site->spec.delivery_area = copy(spec->delivery_area);
    site->timers = timers;
    site->later = later_new(timers);
    if (!site->later) {
        site_free(site);
        return NULL;
    }
    return site;
}

static void component_free(struct component *component)
{
    if (!component) {
        return;
    }
    command_done_with(component);
    lifecycle_done_with(component);
    bounds_done_with(component);
    telemetry_done_with(&component->telemetry);
    links_done_with(component);
    free(component->parents);
    free(component->children);
    free(component->label);
    free((char *)component->spec.name);
    free((char *)component->spec.manufacturer);
    free((char *)component->spec.model_name);
    free(component);
}

static void sensor_free(struct sensor *sensor)
{
    telemetry_done_with(&sensor->telemetry);
    free((char *)sensor->spec.name);
    free((char *)sensor->spec.manufacturer);
    free((char *)sensor->spec.model_name);
    free(sensor);
}

void site_free(struct site *site)
{
    if (!site) {
        return;
    }
    feeders_done_with(site);
    for (size_t i = 0; i < site->n_components; i++) {
        component_free(site->components[i]);
    }
    for (size_t i = 0; i < site->n_sensors; i++) {
        sensor_free(site->sensors[i]);
    }
    command_zeroing_done_with(site);
    later_free(site->later);
    free(site->components);
    free(site->by_name);
    free(site->sensors);
    free(site->connections);
    free((char *)site->spec.name);
    free((char *)site->spec.country);
    free((char *)site->spec.delivery_area);
    free(site);
}

/* The first place in an ascending list of pointers whose item is not below the key. */
static size_t place_of(
    const void *list, size_t n, int (*compare)(const void *item, const void *key), const void *key)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const void *item;
        memcpy(&item, (const char *)list + middle * sizeof(item), sizeof(item));
        if (compare(item, key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static int compare_ids(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int component_to_id(const void *component, const void *id)
{
    return compare_ids(((const struct component *)component)->spec.id, *(const uint64_t *)id);
}

static int component_to_name(const void *component, const void *name)
{
    return strcmp(((const struct component *)component)->spec.name, name);
}

static int sensor_to_id(const void *sensor, const void *id)
{
    return compare_ids(((const struct sensor *)sensor)->spec.id, *(const uint64_t *)id);
}

static size_t place_of_id(const struct site *site, uint64_t id)
{
    return place_of(site->components, site->n_components, component_to_id, &id);
}

static size_t place_of_name(const struct site *site, const char *name)
{
    return place_of(site->by_name, site->n_components, component_to_name, name);
}

static size_t place_of_sensor(const struct site *site, uint64_t id)
{
    return place_of(site->sensors, site->n_sensors, sensor_to_id, &id);
}

ptrdiff_t site_find_component(const struct site *site, uint64_t id)
{
    size_t at = place_of_id(site, id);
    return at < site->n_components && site->components[at]->spec.id == id ? (ptrdiff_t)at : -1;
}

ptrdiff_t site_find_sensor(const struct site *site, uint64_t id)
{
    size_t at = place_of_sensor(site, id);
    return at < site->n_sensors && site->sensors[at]->spec.id == id ? (ptrdiff_t)at : -1;
}

struct component *site_component(const struct site *site, uint64_t id)
{
    ptrdiff_t at = site_find_component(site, id);
    return at < 0 ? NULL : site->components[at];
}

struct component *site_component_by_name(const struct site *site, const char *name)
{
    size_t at = place_of_name(site, name);
    return at < site->n_components && strcmp(site->by_name[at]->spec.name, name) == 0 ? site->by_name[at]
                                                                                      : NULL;
}

struct sensor *site_sensor(const struct site *site, uint64_t id)
{
    ptrdiff_t at = site_find_sensor(site, id);
    return at < 0 ? NULL : site->sensors[at];
}

static int64_t max_age_of(int64_t interval_ns, int64_t max_age_ns)
{
    if (max_age_ns > 0) {
        return max_age_ns;
    }
    int64_t age_ns = interval_ns < MAX_AGE_MOST_NS ? MAX_AGE_INTERVALS * interval_ns : MAX_AGE_MOST_NS;
    if (age_ns < MAX_AGE_LEAST_NS) {
        return MAX_AGE_LEAST_NS;
    }
    return age_ns > MAX_AGE_MOST_NS ? MAX_AGE_MOST_NS : age_ns;
}

/* Which side of 0 a type's active power lies on: -1 it only produces, 1 it only consumes, 0 both. */
static int side_of(enum component_type type)
{
    switch (type) {
    case COMPONENT_PV_INVERTER:
    case COMPONENT_CHP:
    case COMPONENT_WIND_TURBINE:
        return -1;
    case COMPONENT_EV_CHARGER:
    case COMPONENT_ELECTROLYZER:
        return 1;
    default:
        return 0;
    }
}

static int check_rated(const struct component *component, struct ugrpc_status *st)
{
    const struct component_spec *spec = &component->spec;
    for (int bounded = 0; bounded < BOUNDED_COUNT; bounded++) {
        struct range rated = spec->rated[bounded];
        if (!isnan(rated.lower) && !isnan(rated.upper) && rated.lower > rated.upper) {
            return status_set(st, UGRPC_INVALID_ARGUMENT, "%s: rated bounds of %s: %g is above %g",
                component->label, metric_name(bounded_metric((enum bounded)bounded)), rated.lower,
                rated.upper);
        }
    }
    if (component_takes_power(component, AXIS_ACTIVE)) {
        struct range rated = spec->rated[BOUNDED_ACTIVE];
        if (!isfinite(rated.lower) || !isfinite(rated.upper)) {
            return status_set(st, UGRPC_INVALID_ARGUMENT,
                "%s: type %s takes set-points and needs rated bounds of active power", component->label,
                component_type_name(spec->type));
        }
        if (rated.lower == 0 && rated.upper == 0) {
            return status_set(st, UGRPC_INVALID_ARGUMENT,
                "%s: rated active power is 0 W both ways, it could do nothing at all", component->label);
        }
        int side = side_of(spec->type);
        if ((side < 0 && rated.upper > 0) || (side > 0 && rated.lower < 0)) {
            return status_set(st, UGRPC_INVALID_ARGUMENT,
                "%s: rated active power is %g ... %g W, but type %s only %s (%s 0)", component->label,
                rated.lower, rated.upper, component_type_name(spec->type), side < 0 ? "produces" : "consumes",
                side < 0 ? "at most" : "at least");
        }
    }
    if (component_takes_power(component, AXIS_REACTIVE) && !isfinite(component_rated_va(component))) {
        return status_set(st, UGRPC_INVALID_ARGUMENT,
            "%s: type %s takes set-points and needs rated bounds of reactive power", component->label,
            component_type_name(spec->type));
    }
    return 0;
}

static struct component *component_new(
    struct site *site, const struct component_spec *spec, struct ugrpc_status *st)
{
    struct component *component = calloc(1, sizeof(*component));
    if (!component) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        return NULL;
    }
    component->site = site;
    component->spec = *spec;
    component->spec.name = copy(spec->name);
    component->spec.manufacturer = copy(spec->manufacturer);
    component->spec.model_name = copy(spec->model_name);
    if (component->spec.interval_ns <= 0) {
        component->spec.interval_ns = INTERVAL_NS;
    }
    component->spec.max_age_ns = max_age_of(component->spec.interval_ns, spec->max_age_ns);
    for (int i = 0; i < BOUNDED_COUNT; i++) {
        component->momentary[i] = RANGE_ALL;
    }
    if (asprintf(&component->label, "%s (%llu)", component->spec.name, (unsigned long long)spec->id) < 0) {
        abort();
    }
    command_begin(component);
    lifecycle_begin(component);
    bounds_begin(component);
    telemetry_begin_component(component);
    if (check_rated(component, st) < 0) {
        component_free(component);
        return NULL;
    }
    bounds_refresh(component);
    return component;
}

struct component *site_add_component(
    struct site *site, const struct component_spec *spec, struct ugrpc_status *st)
{
    const char *name = spec->name ? spec->name : "";
    if (spec->id == 0) {
        status_set(st, UGRPC_INVALID_ARGUMENT, "%s: id 0 is no component id, ids begin at 1", name);
        return NULL;
    }
    const struct component *other = site_component(site, spec->id);
    if (other) {
        status_set(st, UGRPC_ALREADY_EXISTS, "%s: id %llu is already that of %s", name,
            (unsigned long long)spec->id, other->spec.name);
        return NULL;
    }
    if (site_component_by_name(site, name)) {
        status_set(st, UGRPC_ALREADY_EXISTS, "%s: this name is already that of another component", name);
        return NULL;
    }
    struct component *component = component_new(site, spec, st);
    if (!component) {
        return NULL;
    }
    site->components = insert(site->components, site->n_components, place_of_id(site, spec->id), component);
    site->by_name = insert(site->by_name, site->n_components, place_of_name(site, name), component);
    site->n_components++;
    feeders_done_with(site); /* they were made for as many */
    return component;
}

struct sensor *site_add_sensor(struct site *site, const struct sensor_spec *spec, struct ugrpc_status *st)
{
    const char *name = spec->name ? spec->name : "";
    if (spec->id == 0) {
        status_set(st, UGRPC_INVALID_ARGUMENT, "%s: id 0 is no sensor id, ids begin at 1", name);
        return NULL;
    }
    for (size_t i = 0; i < site->n_sensors; i++) {
        const struct sensor_spec *other = &site->sensors[i]->spec;
        if (other->id == spec->id || strcmp(other->name, name) == 0) {
            status_set(st, UGRPC_ALREADY_EXISTS, "%s: %s is already that of sensor %s (%llu)", name,
                other->id == spec->id ? "this id" : "this name", other->name, (unsigned long long)other->id);
            return NULL;
        }
    }
    struct sensor *sensor = calloc(1, sizeof(*sensor));
    if (!sensor) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        return NULL;
    }
    sensor->spec = *spec;
    sensor->spec.name = copy(spec->name);
    sensor->spec.manufacturer = copy(spec->manufacturer);
    sensor->spec.model_name = copy(spec->model_name);
    if (sensor->spec.interval_ns <= 0) {
        sensor->spec.interval_ns = INTERVAL_NS;
    }
    sensor->spec.max_age_ns = max_age_of(sensor->spec.interval_ns, spec->max_age_ns);
    telemetry_begin_sensor(site, sensor);
    site->sensors = insert(site->sensors, site->n_sensors, place_of_sensor(site, spec->id), sensor);
    site->n_sensors++;
    return sensor;
}

int site_connect(struct site *site, struct component *start, struct component *end, struct ugrpc_status *st)
{
    for (size_t i = 0; i < start->n_children; i++) {
        if (start->children[i] == end) {
            return status_set(
                st, UGRPC_ALREADY_EXISTS, "%s is already connected to %s", start->label, end->label);
        }
    }
    start->children = insert(start->children, start->n_children, start->n_children, end);
    start->n_children++;
    end->parents = insert(end->parents, end->n_parents, end->n_parents, start);
    end->n_parents++;
    site->connections = grow(site->connections, site->n_connections, sizeof(*site->connections));
    site->connections[site->n_connections++] = (struct connection_edge){start, end};
    site->switchings++;
    feeders_done_with(site); /* others may stand behind them now */
    return 0;
}

void site_observe(struct site *site, struct observer observer)
{
    site->observer = observer;
}
