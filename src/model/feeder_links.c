/* SPDX-License-Identifier: MIT */
/* Who stands behind which fuse, and with what part of its power. Found once, for the connections as they are:
 * an open relay changes no share. */
#include "model/feeder.h"

#include <math.h>
#include <stdlib.h>

#include "model/graph.h"

#define LINE_V 400.0 /* of a site without transformers */
#define SQRT3  1.7320508075688772

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

static bool gives_voltage(const struct component *component)
{
    return component->spec.secondary_v > 0;
}

static bool takes_voltage(const struct component *component)
{
    return component->spec.primary_v > 0;
}

/* That of the first transformer met, at the side that is met. */
static double line_v_of(const struct component *component)
{
    const struct component *above = graph_first_above(component, gives_voltage);
    const struct component *below = above ? NULL : graph_first_below(component, takes_voltage);
    return above ? above->spec.secondary_v : below ? below->spec.primary_v : LINE_V;
}

static double phase_va_of(const struct component *component)
{
    if (component->spec.fuse_current_a <= 0) {
        return INFINITY;
    }
    return line_v_of(component) / SQRT3 * component->spec.fuse_current_a;
}

/* What part of each component's power passes `feeder`, in the order of the site's list; several ways share
 * alike. */
static void share_out(
    const struct component *feeder, struct component *const *order, const struct site *site, double *shares)
{
    for (size_t i = 0; i < site->n_components; i++) {
        double share = order[i] == feeder ? 1 : 0;
        for (size_t j = 0; j < order[i]->n_parents; j++) {
            share += shares[site_find_component(site, order[i]->parents[j]->spec.id)] /
                     (double)order[i]->n_parents;
        }
        shares[site_find_component(site, order[i]->spec.id)] = share;
    }
}

static void add_feed(struct member *member, struct feeder *feeder, double share)
{
    member->feeds = realloc(member->feeds, (member->n_feeds + 1) * sizeof(*member->feeds));
    if (!member->feeds) {
        abort();
    }
    member->feeds[member->n_feeds++] = (struct feed){feeder, share};
    for (int axis = 0; axis < AXIS_COUNT; axis++) {
        struct range rated = member->component->spec.rated[axis_bounded((enum axis)axis)];
        double most = component_rated_va(member->component); /* of an axis without a rating of its own */
        double span = (isnan(rated.upper) ? most : fmax(rated.upper, 0)) -
                      (isnan(rated.lower) ? -most : fmin(rated.lower, 0));
        feeder->need[axis] = fmax(feeder->need[axis], share * span);
    }
}

static void put_together(
    struct feeder *feeder, const struct component *component, const struct site *site, const double *shares)
{
    *feeder = (struct feeder){
        .component = component,
        .phase_va = phase_va_of(component),
        .active_w = component->spec.type == COMPONENT_GRID
                        ? range_present(component->spec.rated[BOUNDED_ACTIVE])
                        : RANGE_ALL,
    };
    for (size_t i = 0; i < site->n_components; i++) {
        if (site->components[i]->member && shares[i] > 0) {
            add_feed(site->components[i]->member, feeder, shares[i]);
        }
    }
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
    struct component **order = zeroed(n, sizeof(struct component *));
    double *shares = zeroed(n, sizeof(double));
    feeders->feeders = zeroed(n_feeders, sizeof(*feeders->feeders));
    begin_members(feeders);
    graph_sort(site, order);
    for (size_t i = 0; i < n; i++) {
        if (is_feeder(order[i])) {
            share_out(order[i], order, site, shares);
            put_together(&feeders->feeders[feeders->n_feeders++], order[i], site, shares);
        }
    }
    free(shares);
    free(order);
}

void feeder_unlink(struct feeders *feeders)
{
    for (size_t i = 0; i < feeders->n_members; i++) {
        feeders->members[i].component->member = NULL;
        free(feeders->members[i].feeds);
    }
    free(feeders->feeders);
    free(feeders->members);
}
