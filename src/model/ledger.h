/* SPDX-License-Identifier: MIT */
/* What a component has of bounds: what callers have added (bounds_added.c), and what those in force were
 * worked out from (bounds.c). Private to these. */
#ifndef MODEL_LEDGER_H
#define MODEL_LEDGER_H

#include <stdbool.h>

#include "base/timer.h"
#include "model/added.h"
#include "model/component.h"
#include "model/dc_bounds.h"

/* What the bounds in force follow from. Compared as bytes: no padding. */
struct inputs {
    struct range momentary[BOUNDED_COUNT], room[AXIS_COUNT];
    double soc_pct, fuse_w, active_w, pv_w;
    uint64_t added, behind, switchings, asked;
    const struct component *open;
};

/* Added bounds that count no more, but nobody was told yet. */
struct ended {
    size_t n;
    struct ranges ranges; /* their union */
    char by[sizeof(((struct setpoint *)NULL)->by)];
    bool several; /* it was not one caller's */
    int64_t until_utc_ns;
};

/* The added bounds of one metric. */
struct slot {
    struct component *component;
    enum bounded bounded;
    struct added added;
    struct ended ended;
    struct timer expiry;
};

struct bounds_ledger {
    struct slot slots[BOUNDED_COUNT];
    int64_t ends_ns; /* when the first entry of any of them ends; INT64_MAX if there is none */
    struct inputs inputs;
    bool worked_out;
    struct dc_side dc;        /* of a battery */
    struct range told_hybrid; /* what the device of a hybrid inverter last heard of its batteries */
    struct ranges work, limit, scratch;
};

timer_fn slot_on_expiry; /* the first of its entries ends */
/* What ends in this turn counts no more, whichever timer comes first. True if there was any. */
bool slots_expire(struct component *component);

#endif
