/* SPDX-License-Identifier: MIT */
/* Who is there: the site's components and sensors, found by name or by id. */
#ifndef CTL_DIRECTORY_H
#define CTL_DIRECTORY_H

#include <stdbool.h>

#include "base/base.h"
#include "ctl/vocabulary.h"

struct ctl;

struct directory {
    microgrid_v1_list_components_response *components;
    microgrid_v1_list_sensors_response *sensors; /* NULL unless asked for */
};

/* Whom an operand names; one of the two, borrowed from the directory. */
struct named {
    const component_message *component;
    const sensor_message *sensor;
};

/* Asks the gateway, on a channel for blocking calls. 0, or an exit status, told. Always directory_done(). */
int directory_load(struct ctl *ctl, struct directory *directory, bool sensors) MUST_CHECK;
void directory_done(struct directory *directory);

/* By name, else by id; components first. CTL_USAGE, told with the nearest name, if there is none. */
int directory_find(const struct directory *directory, const char *operand, struct named *named) MUST_CHECK;
/* The same without sensors. */
int directory_component(
    const struct directory *directory, const char *operand, const component_message **component) MUST_CHECK;
/* The same, but any number is an id: also of a component that is there no more. */
int directory_component_id(const struct directory *directory, const char *operand, uint64_t *id) MUST_CHECK;
const component_message *directory_by_id(const struct directory *directory, uint64_t id);

/* --names: one a line, of the components or of the sensors. Returns CTL_DONE. */
int directory_show_names(const struct ctl *ctl, const struct directory *directory, bool sensors);

const char *named_name(const struct named *named);
uint64_t named_id(const struct named *named);
/* "bat_inv_1 (4)"; returns `out`. */
const char *label_format(const char *name, uint64_t id, char *out, size_t cap);

#endif
