/* SPDX-License-Identifier: MIT */
/* Walks along the connections. Each walk marks what it has seen with its own number, so that it is linear and
 * ends even in a graph with cycles (which graph_check() tells of). The batteries behind an inverter, and the
 * inverters and fuses before a battery, are asked for with every sample and therefore kept. */
#include "model/graph.h"

#include <stdlib.h>
#include <string.h>

#include "model/parts.h"

#define LINE_V 400.0 /* of a site that does not say */

struct list {
    struct component **items;
    size_t n, cap;
};

struct links {
    uint64_t walk;        /* the last walk that came by */
    size_t n_connections; /* the lists are those of a site with so many */
    bool listed;
    struct list batteries, inverters, fuses;
    uint64_t switchings; /* `open` is of this count */
    bool open_known;
    const struct component *open;
};

static void push(struct list *list, struct component *component)
{
    if (list->n == list->cap) {
        list->cap = list->cap ? 2 * list->cap : 4;
        list->items = realloc(list->items, list->cap * sizeof(struct component *));
        if (!list->items) {
            abort();
        }
    }
    list->items[list->n++] = component;
}

/* Made at the first question, as a site is connected after its components are added. */
static struct links *links_of(const struct component *component)
{
    struct component *own = (struct component *)component; /* what is remembered here changes no answer */
    if (!own->links) {
        own->links = calloc(1, sizeof(*own->links));
        if (!own->links) {
            abort();
        }
    }
    return own->links;
}

void links_done_with(struct component *component)
{
    if (component->links) {
        free(component->links->batteries.items);
        free(component->links->inverters.items);
        free(component->links->fuses.items);
        free(component->links);
        component->links = NULL;
    }
}

bool graph_passes_through(const struct component *component)
{
    switch (component->spec.type) {
    case COMPONENT_CONVERTER:
    case COMPONENT_RELAY:
    case COMPONENT_PRECHARGER:
    case COMPONENT_FUSE:
    case COMPONENT_TRANSFORMER:
    case COMPONENT_ELECTROLYZER:
    case COMPONENT_HVAC:
    case COMPONENT_CRYPTO_MINER:
        return true;
    default:
        return false;
    }
}

bool graph_is_open(const struct component *component)
{
    const struct component_state *state = &component->telemetry.state;
    const uint32_t open = STATE_BIT(STATE_RELAY_OPEN) | STATE_BIT(STATE_PRECHARGER_OPEN) |
                          STATE_BIT(STATE_PRECHARGER_PRECHARGING) | STATE_BIT(STATE_OFF);
    const uint32_t closed = STATE_BIT(STATE_RELAY_CLOSED) | STATE_BIT(STATE_PRECHARGER_CLOSED);
    switch (component->spec.type) {
    case COMPONENT_BATTERY:
    case COMPONENT_RELAY:
    case COMPONENT_PRECHARGER:
        return (state->states & open) || (state_has(state, STATE_ERROR) && !(state->states & closed));
    default:
        return false;
    }
}

static uint64_t new_walk(const struct component *component)
{
    return ++component->site->walks;
}

static bool first_visit(const struct component *component, uint64_t walk)
{
    struct links *links = links_of(component);
    bool first = links->walk != walk;
    links->walk = walk;
    return first;
}

/* A walk to what is seen. */
struct view {
    uint64_t walk;
    bool (*sees)(const struct component *component);
    void (*visit)(const struct component *below, void *userdata);
    void *userdata;
};

static void look_below(const struct component *component, const struct view *view)
{
    for (size_t i = 0; i < component->n_children; i++) {
        const struct component *child = component->children[i];
        if (!first_visit(child, view->walk)) {
            continue;
        }
        if (view->sees(child)) {
            view->visit(child, view->userdata);
        } else {
            look_below(child, view);
        }
    }
}

void graph_each_below(const struct component *component, bool (*sees)(const struct component *component),
    void (*visit)(const struct component *below, void *userdata), void *userdata)
{
    const struct view view = {new_walk(component), sees, visit, userdata};
    look_below(component, &view);
}

static const struct component *first_seen(const struct component *component, bool up, uint64_t walk,
    bool (*sees)(const struct component *component))
{
    size_t n = up ? component->n_parents : component->n_children;
    const struct component *found = NULL;
    for (size_t i = 0; i < n && !found; i++) {
        const struct component *next = up ? component->parents[i] : component->children[i];
        if (first_visit(next, walk)) {
            found = sees(next) ? next : first_seen(next, up, walk, sees);
        }
    }
    return found;
}

const struct component *graph_first_above(
    const struct component *component, bool (*sees)(const struct component *component))
{
    return first_seen(component, true, new_walk(component), sees);
}

const struct component *graph_first_below(
    const struct component *component, bool (*sees)(const struct component *component))
{
    return first_seen(component, false, new_walk(component), sees);
}

static bool gives_voltage(const struct component *component)
{
    return component->spec.secondary_v > 0;
}

static bool takes_voltage(const struct component *component)
{
    return component->spec.primary_v > 0;
}

static bool has_voltage(const struct component *component)
{
    return component->spec.line_v > 0;
}

double graph_line_v(const struct component *component)
{
    const struct component *found = graph_first_above(component, gives_voltage);
    if (found) {
        return found->spec.secondary_v;
    }
    found = graph_first_below(component, takes_voltage);
    if (found) {
        return found->spec.primary_v;
    }
    found = has_voltage(component) ? component : graph_first_above(component, has_voltage);
    return found ? found->spec.line_v : LINE_V;
}

static void collect_batteries(const struct component *component, uint64_t walk, struct list *found)
{
    for (size_t i = 0; i < component->n_children; i++) {
        struct component *child = component->children[i];
        if (!first_visit(child, walk)) {
            continue;
        }
        if (child->spec.type == COMPONENT_BATTERY) {
            push(found, child);
        } else if (graph_passes_through(child)) {
            collect_batteries(child, walk, found);
        }
    }
}

/* All that stand between a battery and its inverters. */
static void collect_fuses(const struct component *component, uint64_t walk, struct list *found)
{
    for (size_t i = 0; i < component->n_parents; i++) {
        struct component *parent = component->parents[i];
        if (!first_visit(parent, walk) || !graph_passes_through(parent)) {
            continue;
        }
        if (parent->spec.type == COMPONENT_FUSE) {
            push(found, parent);
        }
        collect_fuses(parent, walk, found);
    }
}

static void collect_inverters(const struct component *component, uint64_t walk, struct list *found)
{
    for (size_t i = 0; i < component->n_parents; i++) {
        struct component *parent = component->parents[i];
        if (!first_visit(parent, walk)) {
            continue;
        }
        if (component_is_inverter(parent)) {
            push(found, parent);
        } else if (graph_passes_through(parent)) {
            collect_inverters(parent, walk, found);
        }
    }
}

static const struct links *listed_links(const struct component *component)
{
    struct links *links = links_of(component);
    if (links->listed && links->n_connections == component->site->n_connections) {
        return links;
    }
    links->batteries.n = links->inverters.n = links->fuses.n = 0;
    if (component_is_inverter(component) || component->spec.type == COMPONENT_FUSE) {
        collect_batteries(component, new_walk(component), &links->batteries);
    } else if (component->spec.type == COMPONENT_BATTERY) {
        collect_inverters(component, new_walk(component), &links->inverters);
        collect_fuses(component, new_walk(component), &links->fuses);
    }
    links->n_connections = component->site->n_connections;
    links->listed = true;
    return links;
}

size_t graph_list_batteries(const struct component *inverter, struct component *const **batteries)
{
    const struct links *links = listed_links(inverter);
    *batteries = links->batteries.items;
    return links->batteries.n;
}

size_t graph_list_inverters(const struct component *battery, struct component *const **inverters)
{
    const struct links *links = listed_links(battery);
    *inverters = links->inverters.items;
    return links->inverters.n;
}

double graph_dc_fuse_share_a(const struct component *fuse)
{
    size_t n = listed_links(fuse)->batteries.n;
    return n > 0 ? fuse->spec.fuse_current_a / (double)n : 0;
}

const struct component *graph_dc_fuse(const struct component *battery)
{
    const struct list *fuses = &listed_links(battery)->fuses;
    const struct component *tightest = NULL;
    for (size_t i = 0; i < fuses->n; i++) {
        double share_a = graph_dc_fuse_share_a(fuses->items[i]);
        if (share_a > 0 && (!tightest || share_a < graph_dc_fuse_share_a(tightest))) {
            tightest = fuses->items[i];
        }
    }
    return tightest;
}

/* True if some way to the top is closed all along; else *open is the first open thing met. */
static bool reaches_top(const struct component *component, uint64_t walk, const struct component **open)
{
    if (component->n_parents == 0) {
        return true;
    }
    for (size_t i = 0; i < component->n_parents; i++) {
        const struct component *parent = component->parents[i];
        if (!first_visit(parent, walk)) {
            continue; /* it did not lead to the top before either */
        }
        if (graph_is_open(parent)) {
            *open = *open ? *open : parent;
            continue;
        }
        if (reaches_top(parent, walk, open)) {
            return true;
        }
    }
    return false;
}

/* A walk downwards. */
struct search {
    uint64_t walk;
    const struct component *battery; /* NULL: any */
    bool (*conducts)(const struct component *component);
    const struct component *open; /* the first thing met that does not */
};

static bool finds_battery(const struct component *component, struct search *search)
{
    for (size_t i = 0; i < component->n_children; i++) {
        const struct component *child = component->children[i];
        if (!first_visit(child, search->walk)) {
            continue;
        }
        if (!search->conducts(child)) {
            search->open = search->open ? search->open : child;
            continue;
        }
        if (child->spec.type == COMPONENT_BATTERY
                ? !search->battery || child == search->battery
                : graph_passes_through(child) && finds_battery(child, search)) {
            return true;
        }
    }
    return false;
}

static bool is_closed(const struct component *component)
{
    return !graph_is_open(component);
}

bool graph_reaches(const struct component *inverter, const struct component *battery,
    bool (*conducts)(const struct component *component))
{
    struct search search = {
        .walk = new_walk(inverter), .battery = battery, .conducts = conducts ? conducts : is_closed};
    return finds_battery(inverter, &search);
}

static const struct component *find_open(const struct component *component)
{
    const struct component *open = NULL;
    if (!reaches_top(component, new_walk(component), &open) && open) {
        return open;
    }
    struct search search = {.walk = new_walk(component), .conducts = is_closed};
    return listed_links(component)->batteries.n && !finds_battery(component, &search) ? search.open : NULL;
}

const struct component *graph_open_in_series(const struct component *component)
{
    struct links *links = links_of(component);
    if (!links->open_known || links->switchings != component->site->switchings) {
        links->open = find_open(component);
        links->switchings = component->site->switchings;
        links->open_known = true;
    }
    return links->open;
}

/* Depth first; a component is placed, from the back, after all that hangs below it. */
static void place_below(struct component *component, uint64_t walk,
    bool (*ends)(const struct component *component), struct component **order, size_t *free_places)
{
    if (!first_visit(component, walk)) {
        return;
    }
    for (size_t i = ends && ends(component) ? 0 : component->n_children; i > 0; i--) {
        place_below(component->children[i - 1], walk, ends, order, free_places);
    }
    order[--*free_places] = component;
}

void graph_sort(const struct site *site, struct component **order)
{
    if (site->n_components == 0) {
        return;
    }
    uint64_t walk = new_walk(site->components[0]);
    size_t free_places = site->n_components;
    for (size_t i = site->n_components; i > 0; i--) {
        place_below(site->components[i - 1], walk, NULL, order, &free_places);
    }
}

size_t graph_sort_below(
    struct component *top, bool (*ends)(const struct component *component), struct component **order)
{
    size_t free_places = top->site->n_components, n = free_places;
    place_below(top, new_walk(top), ends, order, &free_places);
    n -= free_places;
    memmove(order, order + free_places, n * sizeof(struct component *));
    return n;
}
