/* SPDX-License-Identifier: MIT */
/* What a site's connections must look like for the published clients, and what stands in a component's way.
 */
#ifndef MODEL_GRAPH_H
#define MODEL_GRAPH_H

#include <stdbool.h>

#include "model/site.h"

/* Checks every rule of the clients' graph. Tells of each broken one: the component at fault (NULL: the site
 * as a whole) and a sentence naming the rule. Returns how many were told. In a site that is not `complete`,
 * as some of its components or connections could not be read, nothing is said to be missing. */
size_t graph_check(const struct site *site, bool complete,
    void (*problem)(const struct component *component, const char *text, void *userdata), void *userdata);

/* The components in an order in which every parent stands before its children; `order` has room for all. */
void graph_sort(const struct site *site, struct component **order);

/* The same of `top`, first, and what hangs below it, but not below what `ends` is true for (NULL: nothing).
 * Returns how many. */
size_t graph_sort_below(
    struct component *top, bool (*ends)(const struct component *component), struct component **order);

/* Power passes through it: relay, precharger, converter, transformer, fuse … For the rules and walks above
 * and below, what stands on both sides of it are neighbours. */
bool graph_passes_through(const struct component *component);

/* The nearest components below that `sees` is true for, past those it is false for, each once. */
void graph_each_below(const struct component *component, bool (*sees)(const struct component *component),
    void (*visit)(const struct component *below, void *userdata), void *userdata);

/* The first that `sees` is true for on some way to the grid, or away from it; NULL if there is none. */
const struct component *graph_first_above(
    const struct component *component, bool (*sees)(const struct component *component));
const struct component *graph_first_below(
    const struct component *component, bool (*sees)(const struct component *component));

/* The nominal voltage between phases: that of the first transformer met, at the side that is met, or else the
 * grid's. */
double graph_line_v(const struct component *component);

/* A relay, precharger or battery whose latest sample says that it is open (or in error and not closed). */
bool graph_is_open(const struct component *component);

/* What is open between an inverter and the grid, or between it and every battery behind it: a relay, a
 * precharger, or the battery itself; NULL if power can flow. By the latest samples. */
const struct component *graph_open_in_series(const struct component *component);

/* The batteries behind an inverter (through pass-through components), or the inverters before a battery, each
 * once; valid until the next site_connect(). Return how many. */
size_t graph_list_batteries(const struct component *inverter, struct component *const **batteries);
size_t graph_list_inverters(const struct component *battery, struct component *const **inverters);

/* The fuse between a battery and its inverters, whichever way, that leaves it least; NULL if there is none. A
 * fuse's rated current is shared alike by the batteries behind it. */
const struct component *graph_dc_fuse(const struct component *battery);
double graph_dc_fuse_share_a(const struct component *fuse);

/* Power can flow between an inverter and one of its batteries: `conducts` says so of the battery and of all
 * that stands on one of the ways to it. NULL: by the latest samples. */
bool graph_reaches(const struct component *inverter, const struct component *battery,
    bool (*conducts)(const struct component *component));

#endif
