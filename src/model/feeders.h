/* SPDX-License-Identifier: MIT */
/* What the fuses and the grid connection on a component's way leave it of power. A fuse carries its rated
 * current on each phase, both ways; a grid connection also no more than it may import and export, all phases
 * together. What flows besides is taken from the samples: everything that the site does not command (loads)
 * as measured, and of what it does command the worse of measured and commanded. */
#ifndef MODEL_FEEDERS_H
#define MODEL_FEEDERS_H

#include "model/component.h"

/* The power that may flow at `component` on `axis` now; it contains 0, and is infinite where no fuse limits
 * it more than its rating does. bounds_refresh() asks for it: with each sample and command, once a second,
 * and 20 ms after something behind the same fuse was told another power. */
struct range feeders_room(const struct component *component, enum axis axis);

/* What the device of the component is told has changed: the others behind the same fuses will follow. */
void feeders_follow(struct component *component);

/* What limits it there: "main_fuse (22): 63 A beside 12000 W of others". Returns `out`. */
const char *feeders_reason(
    const struct component *component, enum axis axis, double value, char *out, size_t cap);

#endif
