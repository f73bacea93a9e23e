/* SPDX-License-Identifier: MIT */
/* Which fuses and grid connections stand on whose way. Private to feeders.c (what flows, and what is left)
 * and feeder_links.c (who stands behind what). */
#ifndef MODEL_FEEDER_H
#define MODEL_FEEDER_H

#include "model/flow.h"
#include "model/site.h"

#define FEEDER_LOADS 3

/* How what members have to do with a flow is reckoned. */
enum reckoning {
    AT_WORST, /* as measured, or as told, whatever is worse: so much room is there at least */
    SOON,     /* the same, but what was told another power just now follows: so much will be there */
    RECKONINGS,
};

/* How the power of a component comes through a feeder: the most of it that may, whichever relays are open,
 * and where several ways meet of which these decide (NULL: it is always so much). */
struct way {
    double share;
    const struct component *by;
};

/* Who measures what flows through a feeder: itself, or what stands below it. */
struct source {
    struct component *component;
    const struct trace *trace; /* NULL: it measures nothing, those below it do */
    struct way way;
};

/* Whether the ways of some components are decided at the same place. Then all their shares are less than the
 * most by the same factor, and production of one is room for another whatever it is. */
struct likeness {
    bool any, differ;
    const struct component *by;
};

/* A comparison of flows at one instant: what passes the feeder, less what its members have to do with it. */
struct balance {
    int64_t at_ns; /* by then all of it has been measured */
    bool silent;   /* what measures the flow does not do so now */
    struct flow flow, most, least;
};

struct load {
    struct flow most, least;
};

/* A fuse or a grid connection with what hangs below it. */
struct feeder {
    struct component *component;
    double phase_va;       /* infinite: no fuse */
    struct range active_w; /* all phases */

    struct source *sources;
    size_t n_sources;
    struct likeness members;
    bool unlike; /* the ways of its members and sources differ */

    struct balance balance;          /* of the comparison under way */
    struct load loads[FEEDER_LOADS]; /* the last ones measured */
    struct load load;                /* what counts of them, for limits above and below */
    uint64_t n_loads;
    int64_t measured_at_ns;

    struct flow most[RECKONINGS], least[RECKONINGS]; /* what its members may take together */
    double need[AXIS_COUNT];                         /* the most that one of them may change by */
    struct range limits[AXIS_COUNT][LANE_COUNT];     /* of the flow */
    bool binds;                                      /* some of them may be limited here */
};

/* One feeder on a member's way. */
struct feed {
    struct feeder *feeder;
    struct way way;
};

/* What takes set-points. */
struct member {
    struct component *component;
    struct trace trace;
    struct feed *feeds;
    size_t n_feeds;
    double part[LANE_COUNT];                         /* of its power on each phase, as last seen */
    struct flow most[RECKONINGS], least[RECKONINGS]; /* what the others have to reckon with */
    double owed[AXIS_COUNT];                         /* what its device was to do when that was reckoned */
    int64_t follows_until_ns;                        /* it is given so long to do so */
    struct range room[AXIS_COUNT];
};

struct feeders {
    struct site *site;
    struct feeder *feeders;
    size_t n_feeders;
    struct member *members;
    size_t n_members;
    struct component **below;            /* the feeder that is looked at */
    struct way *ways;                    /* to it, by place in the site's list */
    bool *dependable;                    /* by the same: no relay can part it from the grid */
    enum { TAKE, COMPARE, RENEW } phase; /* of the comparison */
    size_t next, next_spread;            /* members */
    struct timer tick, spread;
};

/* Fills in the site's feeders with members behind them. */
void feeder_link(struct feeders *feeders);
/* Lists who measures what flows through one. True if their and its members' ways differ. */
bool feeder_list_sources(
    struct feeders *feeders, struct feeder *feeder, bool (*measures)(const struct component *component));
void feeder_unlink(struct feeders *feeders);

#endif
