/* SPDX-License-Identifier: MIT */
/* The simulator: one device behind every simulated component and sensor of a site.
 *
 * Its settings (base/settings.h) are those that daemon/option_table.c marks `to_driver`:
 * docs/configuration.md tells what each means. Where both a number and a data file may stand, a file is the
 * text "FILE/COLUMN".
 */
#ifndef DRIVER_SIM_SIM_H
#define DRIVER_SIM_SIM_H

#include <stddef.h>
#include <stdint.h>

#include "base/settings.h"
#include "base/status.h"
#include "model/site.h"

struct device;

struct sim_options {
    uint64_t seed;
    double start_at_s; /* time of day in the data at which the run begins; NAN: the present local time */
    double speed;      /* physics and data run that much faster than the clock; 0 means 1 */
    const char *const *data_dirs; /* where FILE/COLUMN files are looked up, in this order */
    size_t n_data_dirs;
};

/* Borrows the site; the caller ends it with device->driver->destroy(). Reads no file yet. */
struct device *sim_new(
    struct site *site, const struct sim_options *options, struct ugrpc_status *st) MUST_CHECK;

/* Puts the simulator behind a component or sensor, which then has `device` set. Reads the data files that its
 * settings name; the status says what is wrong with them. Borrows the settings for the call. All before
 * device->driver->start(). */
int sim_attach_component(struct device *device, struct component *component, const struct settings *settings,
    struct ugrpc_status *st) MUST_CHECK;
int sim_attach_sensor(struct device *device, struct sensor *sensor, const struct settings *settings,
    struct ugrpc_status *st) MUST_CHECK;

/* What the log says of it: "simulated, data from 10:00, seed 1". */
void sim_describe(const struct device *device, char *out, size_t cap);

#endif
