/* SPDX-License-Identifier: MIT */
/* A site on the real simulator and a fake clock: parts are added, then it starts. All that cannot happen
 * fails the test. */
#ifndef TESTS_SIM_SITE_H
#define TESTS_SIM_SITE_H

#include "base/settings.h"
#include "model/bounds.h"
#include "model/command.h"
#include "model/driver.h"
#include "model/lifecycle.h"
#include "model/site.h"
#include "model/telemetry.h"

struct sim_site {
    struct fake_clock fake;
    struct timers timers;
    struct site *site;
    struct device *sim;
    int n_done; /* answers to commands */
    struct ugrpc_status done;
};

struct sim_site *sim_site_new(void); /* noon, seed 7 */
void sim_site_start(struct sim_site *f);
void sim_site_free(struct sim_site *f);

#define NUMBER(key, value)                                                                                   \
    {                                                                                                        \
        .name = (key), .number = (value)                                                                     \
    }
#define TEXT(key, value)                                                                                     \
    {                                                                                                        \
        .name = (key), .text = (value)                                                                       \
    }

/* Rated bounds: DC power for a battery, reactive power for a capacitor bank, else active power; equal ones
 * are none. A CHP does at least half of it. `under` may be NULL. */
struct component *sim_site_add(struct sim_site *f, uint64_t id, enum component_type type,
    struct component *under, double lower, double upper, struct setting *settings, size_t n);

void sim_site_run_s(struct sim_site *f, double seconds);
void sim_site_set_power(struct sim_site *f, struct component *component, double watts); /* for 60 s */
void sim_site_bound(struct sim_site *f, struct component *component, enum metric metric, double lower,
    double upper); /* 5 min */
void sim_site_run_action(struct sim_site *f, struct component *component, enum lifecycle_action action);

#endif
