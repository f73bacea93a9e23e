/* SPDX-License-Identifier: MIT */
/* The rules of the published clients' component graph: a site that breaks one is refused by them as a whole,
 * so it is better refused here, by name. "Neighbours" of a rule are looked for through pass-through
 * components (relays, transformers …). */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "model/graph.h"

struct check {
    const struct site *site;
    bool complete;
    void (*problem)(const struct component *component, const char *text, void *userdata);
    void *userdata;
    size_t told;
    size_t *seen; /* by index of the component: the walk or the depth-first colour */
    size_t walk;
};

PRINTF_LIKE(3, 4)
static void tell(struct check *check, const struct component *component, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    check->problem(component, text, check->userdata);
    check->told++;
}

static size_t *seen_of(struct check *check, const struct component *component)
{
    return &check->seen[site_find_component(check->site, component->spec.id)];
}

static bool first_visit(struct check *check, const struct component *component)
{
    size_t *seen = seen_of(check, component);
    bool first = *seen != check->walk;
    *seen = check->walk;
    return first;
}

/* Calls rule() for each neighbour in one direction, through pass-through components, once each. */
static void for_each_neighbour(struct check *check, const struct component *component, bool up,
    const struct component *asker,
    void (*rule)(struct check *check, const struct component *asker, const struct component *neighbour))
{
    size_t n = up ? component->n_parents : component->n_children;
    for (size_t i = 0; i < n; i++) {
        const struct component *next = up ? component->parents[i] : component->children[i];
        if (!first_visit(check, next)) {
            continue;
        }
        if (graph_passes_through(next)) {
            for_each_neighbour(check, next, up, asker, rule);
        } else {
            rule(check, asker, next);
        }
    }
}

static const char *type_name(const struct component *component)
{
    return component_type_name(component->spec.type);
}

static void check_grid(struct check *check)
{
    const struct component *grid = NULL;
    for (size_t i = 0; i < check->site->n_components; i++) {
        const struct component *component = check->site->components[i];
        if (component->spec.type != COMPONENT_GRID) {
            continue;
        }
        if (grid) {
            tell(check, component, "%s is a second grid connection point beside %s; there must be one",
                component_label(component), component_label(grid));
            continue;
        }
        grid = component;
        if (component->n_children == 0 && check->complete) {
            tell(check, component, "nothing is connected to %s; the grid connection point needs a successor",
                component_label(component));
        }
        if (component->n_parents > 0) {
            tell(check, component, "%s is under %s; the grid connection point must be at the top",
                component_label(component), component_label(component->parents[0]));
        }
    }
    if (!grid && check->complete) {
        tell(check, NULL, "the site has no grid connection point; there must be one");
    }
}

static bool is_grid(const struct component *component)
{
    return component->spec.type == COMPONENT_GRID;
}

static void check_single_parent(struct check *check, const struct component *component)
{
    for (size_t i = 0; i < component->n_parents; i++) {
        if (is_grid(component->parents[i]) && component->n_parents > 1) {
            tell(check, component, "%s is under %s and under %s; what is under the grid has no second parent",
                component_label(component), component_label(component->parents[i]),
                component_label(component->parents[i == 0]));
            return;
        }
    }
}

enum { COLOUR_NEW, COLOUR_OPEN, COLOUR_DONE };

static void find_cycle(struct check *check, const struct component *component)
{
    size_t *colour = seen_of(check, component);
    *colour = COLOUR_OPEN;
    for (size_t i = 0; i < component->n_children; i++) {
        const struct component *child = component->children[i];
        size_t theirs = *seen_of(check, child);
        if (theirs == COLOUR_OPEN) {
            tell(check, child, "%s is under %s, which is under it in turn; connections must not form a cycle",
                component_label(child), component_label(component));
        } else if (theirs == COLOUR_NEW) {
            find_cycle(check, child);
        }
    }
    *colour = COLOUR_DONE;
}

static void check_cycles(struct check *check)
{
    for (size_t i = 0; i < check->site->n_components; i++) {
        if (check->seen[i] == COLOUR_NEW) {
            find_cycle(check, check->site->components[i]);
        }
    }
    check->walk = COLOUR_DONE;
}

static void reach(struct check *check, const struct component *component)
{
    if (first_visit(check, component)) {
        for (size_t i = 0; i < component->n_children; i++) {
            reach(check, component->children[i]);
        }
    }
}

/* Passive ones have nothing to be metered; the clients do not ask for them. */
static bool is_metered(const struct component *component)
{
    switch (component->spec.type) {
    case COMPONENT_GRID:
    case COMPONENT_CONVERTER:
    case COMPONENT_RELAY:
    case COMPONENT_PRECHARGER:
    case COMPONENT_FUSE:
    case COMPONENT_TRANSFORMER:
        return false;
    default:
        return true;
    }
}

static void check_reachable(struct check *check)
{
    bool any_grid = false;
    check->walk++;
    for (size_t i = 0; i < check->site->n_components; i++) {
        if (is_grid(check->site->components[i])) {
            any_grid = true;
            reach(check, check->site->components[i]);
        }
    }
    for (size_t i = 0; any_grid && i < check->site->n_components; i++) {
        const struct component *component = check->site->components[i];
        if (is_metered(component) && check->seen[i] != check->walk) {
            tell(check, component, "%s is not reachable from the grid connection point",
                component_label(component));
        }
    }
}

static void battery_inverter_feeds(
    struct check *check, const struct component *inverter, const struct component *successor)
{
    if (successor->spec.type != COMPONENT_BATTERY) {
        tell(check, inverter,
            "%s feeds %s; a battery inverter must have batteries and nothing else behind it",
            component_label(inverter), component_label(successor));
    }
}

static void check_battery_inverter(struct check *check, const struct component *inverter)
{
    struct component *const *list;
    size_t batteries = graph_list_batteries(inverter, &list), told = check->told;
    check->walk++;
    for_each_neighbour(check, inverter, false, inverter, battery_inverter_feeds);
    if (batteries == 0 && check->told == told && check->complete) {
        tell(check, inverter, "%s has no battery behind it; a battery inverter needs one",
            component_label(inverter));
    }
}

static void battery_is_under(
    struct check *check, const struct component *battery, const struct component *parent)
{
    if (parent->spec.type == COMPONENT_METER) {
        tell(check, battery, "%s is under the meter %s; a meter must not feed a battery directly",
            component_label(battery), component_label(parent));
    } else if (parent->spec.type != COMPONENT_BATTERY_INVERTER &&
               parent->spec.type != COMPONENT_HYBRID_INVERTER) {
        tell(check, battery, "%s is under the %s %s; a battery must be under a battery or hybrid inverter",
            component_label(battery), type_name(parent), component_label(parent));
    }
}

static void metered_is_under(
    struct check *check, const struct component *component, const struct component *parent)
{
    if (parent->spec.type != COMPONENT_GRID && parent->spec.type != COMPONENT_METER) {
        tell(check, component, "%s is under the %s %s; type %s must be under the grid or a meter",
            component_label(component), type_name(parent), component_label(parent), type_name(component));
    }
}

static void check_leaf(struct check *check, const struct component *component)
{
    if (component->n_children) {
        tell(check, component, "%s feeds %s; type %s must not feed anything", component_label(component),
            component_label(component->children[0]), type_name(component));
    }
}

static void check_neighbours(struct check *check, const struct component *component)
{
    switch (component->spec.type) {
    case COMPONENT_BATTERY_INVERTER:
        check_battery_inverter(check, component);
        break;
    case COMPONENT_PV_INVERTER:
    case COMPONENT_BATTERY:
    case COMPONENT_EV_CHARGER:
    case COMPONENT_CHP:
        check_leaf(check, component);
        break;
    default:
        break;
    }
    check->walk++;
    switch (component->spec.type) {
    case COMPONENT_BATTERY:
        for_each_neighbour(check, component, true, component, battery_is_under);
        break;
    case COMPONENT_METER:
    case COMPONENT_BATTERY_INVERTER:
    case COMPONENT_PV_INVERTER:
    case COMPONENT_HYBRID_INVERTER:
    case COMPONENT_EV_CHARGER:
    case COMPONENT_CHP:
        for_each_neighbour(check, component, true, component, metered_is_under);
        break;
    default:
        break;
    }
}

size_t graph_check(const struct site *site, bool complete,
    void (*problem)(const struct component *component, const char *text, void *userdata), void *userdata)
{
    struct check check = {.site = site, .complete = complete, .problem = problem, .userdata = userdata};
    check.seen = calloc(site->n_components + 1, sizeof(*check.seen));
    if (!check.seen) {
        abort();
    }
    check_grid(&check);
    check_cycles(&check);
    if (complete) {
        check_reachable(&check);
    }
    for (size_t i = 0; i < site->n_components; i++) {
        check_single_parent(&check, site->components[i]);
        check_neighbours(&check, site->components[i]);
    }
    free(check.seen);
    return check.told;
}
