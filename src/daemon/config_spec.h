/* SPDX-License-Identifier: MIT */
/* From sections to what the model wants to know: ranges with signs, times in nanoseconds; and the checks that
 * need more than one value. All copy what they keep into the configuration's own memory. */
#ifndef DAEMON_CONFIG_SPEC_H
#define DAEMON_CONFIG_SPEC_H

#include "daemon/config.h"
#include "daemon/section.h"

void config_take_site(struct config *config, const struct section *section, struct problems *problems);
void config_take_listen(struct config *config, const struct section *section, struct problems *problems);
void config_take_simulation(struct config *config, const struct section *section);

/* The item has its name and line. */
void config_take_component(struct config *config, struct config_component *component,
    const struct section *section, struct problems *problems);
void config_take_sensor(struct config *config, struct config_sensor *sensor, const struct section *section,
    struct problems *problems);

/* What only shows when all have been read: names and ids that are taken, neighbours that do not exist. */
void config_check_components(struct config *config, struct problems *problems);
void config_check_sensors(struct config *config, struct problems *problems);

#endif
