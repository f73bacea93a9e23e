/* SPDX-License-Identifier: MIT */
/* A fake site with a fuse of 16 A at its grid connection, and two inverters without batteries behind it:
 *
 *     grid 1 - meter 2 -+- one 3
 *                       +- other 4
 *
 * Both charge and discharge +-20 kW. Failures are cmocka's. */
#ifndef TESTS_FUSED_SITE_H
#define TESTS_FUSED_SITE_H

#include <math.h>

#include "fake_site.h"

#define FUSED_A        16.0
#define FUSED_PHASE_W  (400 / sqrt(3) * FUSED_A) /* what the fuse carries on a phase: 3695 W */
#define FUSED_W        (3 * FUSED_PHASE_W)
#define FUSED_ROUNDING 0.01 /* W or VAr */

struct fused {
    struct fake_site *fake;
    struct component *grid, *meter, *one, *other;
};

/* *state becomes a struct fused. */
int fused_set_up(void **state);
int fused_tear_down(void **state);

/* Another component of the site; parent: NULL for none yet. */
struct component *fused_add(
    struct fused *fused, uint64_t id, const char *name, enum component_type type, struct component *parent);
/* All report once, in operation. */
void fused_report_all(const struct fused *fused);

void fused_measure(struct component *component, double phase_1_w, double phase_2_w, double phase_3_w);
void fused_measure_evenly(struct component *component, double power_w);
/* Until what was measured last counts. */
void fused_settle(const struct fused *fused);

/* Of one range. */
void fused_assert_in_force(
    const struct component *component, enum bounded bounded, double lower, double upper);
void fused_assert_active(const struct component *component, double lower_w, double upper_w);

double fused_applied_w(const struct component *component);

#endif
