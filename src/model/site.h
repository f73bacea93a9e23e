/* SPDX-License-Identifier: MIT */
/* The microgrid: its components, sensors and connections. Built once from the configuration, then complete.
 */
#ifndef MODEL_SITE_H
#define MODEL_SITE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/timer.h"
#include "model/component.h"
#include "model/event.h"

enum market_code_type { MARKET_CODE_NONE, MARKET_CODE_EIC, MARKET_CODE_NERC };

struct site_spec {
    uint64_t id, enterprise_id;
    const char *name;
    double latitude, longitude; /* NAN: no location */
    const char *country;        /* ISO 3166-1 alpha-2, "" if unknown */
    const char *delivery_area;  /* "" if none */
    enum market_code_type delivery_area_type;
    bool inactive;
    int64_t created_utc_ns; /* 0: unknown */
};

struct connection_edge {
    struct component *start, *end; /* away from the grid */
};

struct site {
    struct site_spec spec;         /* strings owned */
    struct timers *timers;         /* lifetimes and all else; its clock is the site's clock */
    struct component **components; /* ascending by id */
    struct component **by_name;
    size_t n_components;
    struct sensor **sensors; /* ascending by id */
    size_t n_sensors;
    struct connection_edge *connections; /* in the order of the configuration */
    size_t n_connections;
    struct observer observer;
    uint64_t switchings;     /* counts openings and closings of what can be in series, and new connections */
    uint64_t walks;          /* model/graph.c: counts walks through the connections */
    struct later *later;     /* model/later.h */
    struct feeders *feeders; /* model/feeders.c */
    struct journal *journal; /* model/journal.h; NULL: nothing outlives the gateway */
    struct zeroing *zeroing; /* model/command.c: a command_zero_all() that runs */
    bool restoring;          /* model/command.c: between command_restore_begin() and its end */
};

/* Copies the spec; borrows `timers` until site_free(). */
struct site *site_new(const struct site_spec *spec, struct timers *timers);
void site_free(struct site *site); /* stops every timer; devices must be destroyed before. NULL is fine */

/* Each returns NULL with `st` for an id or name that is taken, an id of 0, or (components) rated bounds that
 * do not fit: where active set-points are accepted they are required, finite, and on the side of 0 that the
 * type allows. */
struct component *site_add_component(
    struct site *site, const struct component_spec *spec, struct ugrpc_status *st);
struct sensor *site_add_sensor(struct site *site, const struct sensor_spec *spec, struct ugrpc_status *st);

/* Connects two components; `start` is nearer to the grid. -UGRPC_ALREADY_EXISTS for the same edge twice. */
int site_connect(struct site *site, struct component *start, struct component *end, struct ugrpc_status *st);

/* NULL if there is none. O(log n). */
struct component *site_component(const struct site *site, uint64_t id);
struct component *site_component_by_name(const struct site *site, const char *name);
struct sensor *site_sensor(const struct site *site, uint64_t id);

/* Their places in site->components and site->sensors, or -1. */
ptrdiff_t site_find_component(const struct site *site, uint64_t id);
ptrdiff_t site_find_sensor(const struct site *site, uint64_t id);

/* Who hears of what happens (model/event.h). One observer; it lives until site_free(). */
void site_observe(struct site *site, struct observer observer);

#endif
