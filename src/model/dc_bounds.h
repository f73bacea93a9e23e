/* SPDX-License-Identifier: MIT */
/* What the batteries behind an inverter allow it. Private to model/. */
#ifndef MODEL_DC_BOUNDS_H
#define MODEL_DC_BOUNDS_H

#include <stdint.h>

#include "model/component.h"

/* The DC power of a battery: what it could do by itself, and what callers and fuses leave it. */
struct dc_side {
    struct range own;    /* rated, of the moment, by its state of charge; holds 0, infinite where unknown */
    struct ranges added; /* added bounds of power, of the state of charge against the present one, fuses */
    double fuse_w;       /* what the tightest fuse leaves it; infinite: nothing known */
    uint64_t version;    /* counts changes of them */
};

/* The AC power of an inverter for which each of its batteries stays within its own limits and those of them
 * in `bounded` within what callers leave them, whatever the inverter's losses are. */
void dc_allow(const struct component *inverter, struct component *const *bounded, size_t n_bounded,
    struct ranges *set, struct ranges *scratch);

/* What callers leave all batteries of an inverter together: the outer limits around 0, DC. RANGE_ALL if they
 * have added nothing. */
struct range dc_left_to_batteries(
    const struct component *inverter, struct ranges *scratch, struct ranges *more_scratch);

#endif
