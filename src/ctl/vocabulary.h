/* SPDX-License-Identifier: MIT */
/* Friendly names of the API's enumerations, made from the generated descriptors: READY is "ready",
 * METRIC_AC_ACTIVE_POWER "ac_active_power". */
#ifndef CTL_VOCABULARY_H
#define CTL_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>

#include <microgrid/v1.h>

struct suggestion;

typedef microgrid_common_v1_microgrid_components_component component_message;
typedef microgrid_common_v1_microgrid_sensors_sensor sensor_message;

#define METRIC(id)   MICROGRID_COMMON_V1_METRICS_METRIC_##id
#define CATEGORY(id) MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_COMPONENT_CATEGORY_##id
#define STATE(id)    MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_COMPONENT_STATE_CODE_##id

/* One enumeration, for the functions below. */
extern const ProtobufCEnumDescriptor *const metric_words,
    *const category_words, *const state_words, *const error_words, *const sensor_category_words,
                                                                       *const sensor_state_words,
                                                                           *const site_status_words;

/* The word for a number; "17" for one that has none. Returns `out`. */
const char *word_of(const ProtobufCEnumDescriptor *words, int number, char *out, size_t cap);
/* The number, never UNSPECIFIED; -1 if there is no such word. */
int word_find(const ProtobufCEnumDescriptor *words, const char *word);
/* The index-th word's number, without UNSPECIFIED; -1 past the last. */
int word_at(const ProtobufCEnumDescriptor *words, unsigned index);

/* Tries every word; the best goes to `best`, to which suggestion->best then points. */
void word_suggest(
    const ProtobufCEnumDescriptor *words, struct suggestion *suggestion, char *best, size_t cap);

/* "W", "" for a ratio and for what is not known. */
const char *metric_unit(int metric);

/* "battery_inverter", "meter": the category, and what kind of inverter. Returns `out`. */
const char *component_type(const component_message *component, char *out, size_t cap);
/* "battery_inverter": the index-th of those that are no category of their own; NULL past the last. */
const char *inverter_kind(size_t index);
/* The same for people: "battery inverter", "PV inverter". */
const char *component_type_shown(const component_message *component, char *out, size_t cap);

#define OPERAND_BYTES 24
/* What a command to copy calls it: its name, which a gateway chooses, unless a shell would take that for
 * something else; then its id, in `id`. */
const char *component_operand(const component_message *component, char id[OPERAND_BYTES]);

/* Of the grid connection or a fuse; 0: none. */
unsigned component_fuse_a(const component_message *component);
/* Whether a set-point is the most that it gives, as the sun, the wind or the heat decides: a PV inverter, a
 * CHP, a wind turbine, for which v1 has no category. Others do what they are told. */
bool component_is_limited(const component_message *component);
/* What it does at that power: "charging", "exporting", "idle" at 0. */
const char *flow_word(const component_message *component, double power_w);

#endif
