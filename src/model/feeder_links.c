/* SPDX-License-Identifier: MIT */
/* Who stands behind which fuse, and with what part of its power. Found once, for the connections as they are,
 * and for all that relays may do: of several ways those without a relay share alike, but a way in which there
 * is one cannot be counted on. So a share is the most that it can be, whichever relays are open. */
#include "model/feeder.h"

#include <math.h>
#include <stdlib.h>

#include "model/graph.h"

#define SQRT3 1.7320508075688772

static void *zeroed(size_t n, size_t size)
{
    void *memory = calloc(n ? n : 1, size);
    if (!memory) {
        abort();
    }
    return memory;
}

static bool is_feeder(const struct component *component)
{
    const struct component_spec *spec = &component->spec;
    struct range active_w = spec->rated[BOUNDED_ACTIVE];
    if (spec->type == COMPONENT_GRID && (isfinite(active_w.lower) || isfinite(active_w.upper))) {
        return true;
    }
    return (spec->type == COMPONENT_FUSE || spec->type == COMPONENT_GRID) && spec->fuse_current_a > 0;
}

static bool is_member(const struct component *component)
{
    return component_takes_power(component, AXIS_ACTIVE) || component_takes_power(component, AXIS_REACTIVE);
}

static double phase_va_of(const struct component *component)
{
    if (component->spec.fuse_current_a <= 0) {
        return INFINITY;
    }
    return graph_line_v(component) / SQRT3 * component->spec.fuse_current_a;
}

static size_t place_of(const struct component *component)
{
    return (size_t)site_find_component(component->site, component->spec.id);
}

static bool may_open(const struct component *component)
{
    return component->spec.type == COMPONENT_RELAY || component->spec.type == COMPONENT_PRECHARGER;
}

static void find_dependable(struct feeders *feeders, struct component *const *sorted)
{
    for (size_t i = 0; i < feeders->site->n_components; i++) {
        const struct component *component = sorted[i];
        bool dependable = component->spec.type == COMPONENT_GRID;
        for (size_t j = 0; j < component->n_parents; j++) {
            dependable |= feeders->dependable[place_of(component->parents[j])];
        }
        feeders->dependable[place_of(component)] = dependable && !may_open(component);
    }
}

/* The average of its parents' shares, over all that are dependable and of the others those that make it most.
 */
static double most_of(const struct feeders *feeders, const struct component *component)
{
    double most = -1;
    for (;;) {
        double sum = 0;
        size_t n = 0;
        for (size_t i = 0; i < component->n_parents; i++) {
            size_t place = place_of(component->parents[i]);
            if (feeders->dependable[place] || feeders->ways[place].share > most) {
                sum += feeders->ways[place].share;
                n++;
            }
        }
        if (n == 0 || sum / (double)n <= most) {
            return most;
        }
        most = sum / (double)n;
    }
}

/* Of a component whose parents' ways are known. If these are alike, it does not matter which of them are
 * open. */
static struct way way_of(const struct feeders *feeders, const struct component *component)
{
    bool alike = true, decided = false;
    struct way first = feeders->ways[place_of(component->parents[0])];
    for (size_t i = 0; i < component->n_parents; i++) {
        size_t place = place_of(component->parents[i]);
        struct way way = feeders->ways[place];
        alike &= way.share == first.share && way.by == first.by;
        decided |= way.by || !feeders->dependable[place];
    }
    return alike ? first : (struct way){most_of(feeders, component), decided ? component : NULL};
}

/* Calls each() for the feeder and all that hangs below it, parents first. What hangs below what `ends` is
 * true for counts only with what comes to it otherwise. */
static void each_way(struct feeders *feeders, struct feeder *feeder,
    bool (*ends)(const struct component *component),
    void (*each)(struct feeder *feeder, struct component *component, struct way way))
{
    size_t n = graph_sort_below(feeder->component, ends, feeders->below);
    for (size_t i = 0; i < n; i++) {
        struct component *component = feeders->below[i];
        struct way way = i == 0 ? (struct way){.share = 1} : way_of(feeders, component);
        each(feeder, component, way);
        feeders->ways[place_of(component)] = ends && ends(component) ? (struct way){0} : way;
    }
    for (size_t i = 0; i < n; i++) {
        feeders->ways[place_of(feeders->below[i])] = (struct way){0};
    }
}

static void likeness_add(struct likeness *likeness, struct way way)
{
    likeness->differ |= likeness->any && likeness->by != way.by;
    likeness->any = true;
    likeness->by = way.by;
}

static void *one_more(void *items, size_t n, size_t size)
{
    items = realloc(items, (n + 1) * size);
    if (!items) {
        abort();
    }
    return items;
}

static void add_feed(struct feeder *feeder, struct component *component, struct way way)
{
    struct member *member = component->member;
    if (!member) {
        return;
    }
    member->feeds = one_more(member->feeds, member->n_feeds, sizeof(*member->feeds));
    member->feeds[member->n_feeds++] = (struct feed){feeder, way};
    likeness_add(&feeder->members, way);
    for (int axis = 0; axis < AXIS_COUNT; axis++) {
        struct range rated = component->spec.rated[axis_bounded((enum axis)axis)];
        double most = component_rated_va(component); /* of an axis without a rating of its own */
        double span = (isnan(rated.upper) ? most : fmax(rated.upper, 0)) -
                      (isnan(rated.lower) ? -most : fmin(rated.lower, 0));
        feeder->need[axis] = fmax(feeder->need[axis], way.share * span);
    }
}

static void add_source(struct feeder *feeder, struct component *component, struct way way)
{
    feeder->sources = one_more(feeder->sources, feeder->n_sources, sizeof(*feeder->sources));
    feeder->sources[feeder->n_sources++] = (struct source){component, NULL, way};
}

bool feeder_list_sources(
    struct feeders *feeders, struct feeder *feeder, bool (*measures)(const struct component *component))
{
    struct likeness all = feeder->members;
    feeder->n_sources = 0;
    each_way(feeders, feeder, measures, add_source);
    for (size_t i = 0; i < feeder->n_sources; i++) {
        if (measures(feeder->sources[i].component)) {
            likeness_add(&all, feeder->sources[i].way);
        }
    }
    return all.differ;
}

static void put_together(struct feeders *feeders, struct feeder *feeder, struct component *component)
{
    *feeder = (struct feeder){
        .component = component,
        .phase_va = phase_va_of(component),
        .active_w = component->spec.type == COMPONENT_GRID
                        ? range_present(component->spec.rated[BOUNDED_ACTIVE])
                        : RANGE_ALL,
    };
    each_way(feeders, feeder, NULL, add_feed);
    feeder->unlike = feeder->members.differ;
}

static void begin_members(struct feeders *feeders)
{
    struct site *site = feeders->site;
    feeders->members = zeroed(site->n_components, sizeof(*feeders->members));
    for (size_t i = 0; i < site->n_components; i++) {
        struct component *component = site->components[i];
        if (is_member(component)) {
            component->member = &feeders->members[feeders->n_members++];
            *component->member = (struct member){.component = component,
                .part = {1.0 / 3, 1.0 / 3, 1.0 / 3, 1},
                .owed = {NAN, NAN},
                .room = {RANGE_ALL, RANGE_ALL}};
        }
    }
}

void feeder_link(struct feeders *feeders)
{
    struct site *site = feeders->site;
    size_t n = site->n_components;
    size_t n_feeders = 0;
    for (size_t i = 0; i < n; i++) {
        n_feeders += is_feeder(site->components[i]);
    }
    if (n_feeders == 0) {
        return;
    }
    struct component **sorted = zeroed(n, sizeof(struct component *));
    feeders->below = zeroed(n, sizeof(struct component *));
    feeders->dependable = zeroed(n, sizeof(bool));
    feeders->ways = zeroed(n, sizeof(struct way));
    feeders->feeders = zeroed(n_feeders, sizeof(*feeders->feeders));
    begin_members(feeders);
    graph_sort(site, sorted);
    find_dependable(feeders, sorted);
    for (size_t i = 0; i < n; i++) {
        if (is_feeder(sorted[i])) {
            struct feeder *feeder = &feeders->feeders[feeders->n_feeders];
            put_together(feeders, feeder, sorted[i]);
            feeders->n_feeders += feeder->members.any;
        }
    }
    free(sorted);
}

void feeder_unlink(struct feeders *feeders)
{
    for (size_t i = 0; i < feeders->n_members; i++) {
        feeders->members[i].component->member = NULL;
        free(feeders->members[i].feeds);
    }
    for (size_t i = 0; i < feeders->n_feeders; i++) {
        free(feeders->feeders[i].sources);
    }
    free(feeders->feeders);
    free(feeders->members);
    free(feeders->below);
    free(feeders->dependable);
    free(feeders->ways);
}
