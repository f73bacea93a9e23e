/* SPDX-License-Identifier: MIT */
/* From a configuration to the model: components, connections and the devices behind them. What is wrong is
 * told with the line that it comes from. */
#ifndef DAEMON_SITE_BUILD_H
#define DAEMON_SITE_BUILD_H

#include "daemon/config.h"

struct device;
struct timers;

/* The site with its components, sensors and connections, and the graph's rules checked, as far as the
 * configuration is sound: what follows from a problem that was told is not told again. Borrows `timers` until
 * site_free(). Not for use if there are problems. */
struct site *site_build(const struct config *config, struct timers *timers, struct problems *problems);

/* Puts the simulator behind all that is simulated; `data` is a folder of measured data besides those beside
 * the site file (NULL: as installed). NULL, or a device to be destroyed all the same, with problems. */
struct device *site_build_simulator(
    struct site *site, const struct config *config, const char *data, struct problems *problems);

#endif
