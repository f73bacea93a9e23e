/* SPDX-License-Identifier: MIT */
#include "ctl/vocabulary.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/metric_table.h"
#include "ctl/suggestion.h"

const ProtobufCEnumDescriptor *const metric_words = &microgrid__common__v1__metrics__metric__descriptor;
const ProtobufCEnumDescriptor *const category_words =
    &microgrid__common__v1__microgrid__components__component_category__descriptor;
const ProtobufCEnumDescriptor *const state_words =
    &microgrid__common__v1__microgrid__components__component_state_code__descriptor;
const ProtobufCEnumDescriptor *const error_words =
    &microgrid__common__v1__microgrid__components__component_error_code__descriptor;
const ProtobufCEnumDescriptor *const sensor_category_words =
    &microgrid__common__v1__microgrid__sensors__sensor_category__descriptor;
const ProtobufCEnumDescriptor *const sensor_state_words =
    &microgrid__common__v1__microgrid__sensors__sensor_state_code__descriptor;
const ProtobufCEnumDescriptor *const site_status_words =
    &microgrid__common__v1__microgrid__microgrid_status__descriptor;

/* Every name begins with what stands before UNSPECIFIED in the first. */
static size_t prefix_len(const ProtobufCEnumDescriptor *words)
{
    return strlen(words->values[0].name) - strlen("UNSPECIFIED");
}

const char *word_of(const ProtobufCEnumDescriptor *words, int number, char *out, size_t cap)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(words, number);
    if (!value) {
        snprintf(out, cap, "%d", number);
        return out;
    }
    snprintf(out, cap, "%s", value->name + prefix_len(words));
    for (char *c = out; *c; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    return out;
}

int word_at(const ProtobufCEnumDescriptor *words, unsigned index)
{
    return index + 1 < words->n_values ? words->values[index + 1].value : -1;
}

int word_find(const ProtobufCEnumDescriptor *words, const char *word)
{
    char name[80];
    int number;
    for (unsigned i = 0; (number = word_at(words, i)) >= 0; i++) {
        if (strcmp(word_of(words, number, name, sizeof(name)), word) == 0) {
            return number;
        }
    }
    return -1;
}

void word_suggest(const ProtobufCEnumDescriptor *words, struct suggestion *suggestion, char *best, size_t cap)
{
    char name[80];
    int number;
    for (unsigned i = 0; (number = word_at(words, i)) >= 0; i++) {
        suggestion_try(suggestion, word_of(words, number, name, sizeof(name)));
        if (suggestion->best == name) {
            snprintf(best, cap, "%s", name);
            suggestion->best = best;
        }
    }
}

const char *metric_unit(int metric)
{
    switch (metric) {
#define X(id, name, unit)                                                                                    \
    case METRIC(id):                                                                                         \
        return unit;
        METRIC_TABLE(X)
#undef X
    default:
        return "";
    }
}

#define META(component, kind)                                                                                \
    ((component)->category_type &&                                                                           \
        microgrid_common_v1_microgrid_components_component_category_metadata_variant_has_##kind(             \
            (component)->category_type))

const char *component_type(const component_message *component, char *out, size_t cap)
{
    const char *kind = "";
    if (META(component, inverter)) {
        switch (component->category_type->inverter->type) {
        case MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_INVERTER_TYPE_BATTERY:
            kind = "battery_";
            break;
        case MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_INVERTER_TYPE_SOLAR:
            kind = "pv_";
            break;
        case MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_INVERTER_TYPE_HYBRID:
            kind = "hybrid_";
            break;
        default:
            break;
        }
    }
    char category[48];
    snprintf(out, cap, "%s%s", kind,
        word_of(category_words, (int)component->category, category, sizeof(category)));
    return out;
}

const char *inverter_kind(size_t index)
{
    static const char *const kinds[] = {"battery_inverter", "pv_inverter", "hybrid_inverter"};
    return index < ARRAY_LEN(kinds) ? kinds[index] : NULL;
}

const char *component_type_shown(const component_message *component, char *out, size_t cap)
{
    static const char *const capitals[] = {"pv", "ev", "chp", "hvac"};
    component_type(component, out, cap);
    for (size_t i = 0; i < ARRAY_LEN(capitals); i++) {
        size_t len = strlen(capitals[i]);
        if (strncmp(out, capitals[i], len) == 0 && (out[len] == '_' || !out[len])) {
            for (size_t j = 0; j < len; j++) {
                out[j] = (char)toupper((unsigned char)out[j]);
            }
        }
    }
    for (char *c = out; *c; c++) {
        *c = *c == '_' ? ' ' : *c;
    }
    return out;
}

const char *component_operand(const component_message *component, char id[OPERAND_BYTES])
{
    const char *c = component->name;
    while (isalnum((unsigned char)*c) || *c & 0x80 || (*c && strchr("_.-", *c))) {
        c++;
    }
    if (!*c && *component->name && *component->name != '-') {
        return component->name;
    }
    snprintf(id, OPERAND_BYTES, "%" PRIu64, component->id);
    return id;
}

unsigned component_fuse_a(const component_message *component)
{
    if (META(component, grid)) {
        return component->category_type->grid->rated_fuse_current;
    }
    return META(component, fuse) ? component->category_type->fuse->rated_current : 0;
}

static bool is_solar(const component_message *component)
{
    return META(component, inverter) && component->category_type->inverter->type ==
                                            MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_INVERTER_TYPE_SOLAR;
}

bool component_is_limited(const component_message *component)
{
    return is_solar(component) || component->category == CATEGORY(CHP) ||
           component->category == CATEGORY(UNSPECIFIED);
}

const char *flow_word(const component_message *component, double power_w)
{
    bool in = power_w > 0;
    if (power_w == 0) {
        return "idle";
    }
    switch ((int)component->category) {
    case CATEGORY(GRID):
        return in ? "importing" : "exporting";
    case CATEGORY(BATTERY):
    case CATEGORY(EV_CHARGER):
        return in ? "charging" : "discharging";
    case CATEGORY(INVERTER):
        if (!is_solar(component)) {
            return in ? "charging" : "discharging";
        }
        return in ? "consuming" : "producing";
    default:
        return in ? "consuming" : "producing";
    }
}
