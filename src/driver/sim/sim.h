/* SPDX-License-Identifier: MIT */
/* The simulator: one device behind every simulated component and sensor of a site.
 *
 * Settings (base/settings.h; SERIES is the text "FILE/COLUMN"; all optional but where said):
 *   every component   error (an error's name: it starts with that), recoverable (flag, default yes), offline
 * (flag), metrics (full, basic: what a simple meter measures) battery           capacity (Wh, required), soc
 * (%, 50), chemistry (lfp, nmc, na_ion), health (%), charge_rate and discharge_rate (C, 1),
 * ambient_temperature (°C, 20), closed (flag, yes) inverters         starts (ready, standby, off), start_up
 * (s, 2), ramp (W/s), delay (s) PV, hybrid        irradiance (SERIES; else a clear sky), peak (W),
 * ambient_temperature (°C), ambient, wind (SERIES), tilt, azimuth (degrees) meter             power (SERIES
 * or a number in W), scale (1), sign (1 or -1), power_factor grid              voltage (V, 230), frequency
 * (Hz, 50) EV charger        phases (1 or 3), car.plugged (both, station, none), car.wants (Wh), car.stays,
 * car.away (s) CHP, electrolyzer minimum (W)                      wind turbine   wind (SERIES) HVAC, miner
 * rated (W, required)              HVAC           ambient (SERIES) relay, precharger closed (flag, yes) relay
 * cycle_limit sensors           value (SERIES or a number), temperature (SERIES, for a hygrometer's dew
 * point), direction (SERIES), offline (flag), error (flag)
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
