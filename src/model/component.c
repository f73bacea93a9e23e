/* SPDX-License-Identifier: MIT */
/* What each type of component is and can: one table. */
#include "model/component.h"

#include <math.h>
#include <string.h>

#define AXIS(axis)     (1u << (axis))
#define TOLERATED_PART 0.02 /* of the rated power: how far off a set-point counts as reached */

static const struct {
    const char *name;
    unsigned axes; /* of AXIS(): takes set-points */
    bool inverter, dc_relays;
    bool only_limited; /* by a set-point of active power, rather than set to it */
} types[COMPONENT_TYPE_COUNT] = {
#define X(id, friendly) [COMPONENT_##id].name = (friendly),
    COMPONENT_TYPE_TABLE(X)
#undef X
#define CAN(id, ...) [COMPONENT_##id].axes = __VA_ARGS__
        CAN(BATTERY_INVERTER, AXIS(AXIS_ACTIVE) | AXIS(AXIS_REACTIVE)),
    CAN(PV_INVERTER, AXIS(AXIS_ACTIVE) | AXIS(AXIS_REACTIVE)),
    CAN(HYBRID_INVERTER, AXIS(AXIS_ACTIVE) | AXIS(AXIS_REACTIVE)),
    CAN(EV_CHARGER, AXIS(AXIS_ACTIVE)),
    CAN(ELECTROLYZER, AXIS(AXIS_ACTIVE)),
    CAN(CHP, AXIS(AXIS_ACTIVE)),
    CAN(WIND_TURBINE, AXIS(AXIS_ACTIVE)),
    CAN(CAPACITOR_BANK, AXIS(AXIS_REACTIVE)),
#undef CAN
    [COMPONENT_BATTERY_INVERTER].inverter = true,
    [COMPONENT_PV_INVERTER].inverter = true,
    [COMPONENT_HYBRID_INVERTER].inverter = true,
    [COMPONENT_BATTERY_INVERTER].dc_relays = true,
    [COMPONENT_HYBRID_INVERTER].dc_relays = true,
    [COMPONENT_BATTERY].dc_relays = true,
    [COMPONENT_PV_INVERTER].only_limited = true,
    [COMPONENT_EV_CHARGER].only_limited = true,
    [COMPONENT_CHP].only_limited = true,
    [COMPONENT_WIND_TURBINE].only_limited = true,
};

static const char *const sensor_types[SENSOR_TYPE_COUNT] = {
#define X(id, name) [SENSOR_##id] = (name),
    SENSOR_TYPE_TABLE(X)
#undef X
};

static const enum metric bounded_metrics[BOUNDED_COUNT] = {
    [BOUNDED_ACTIVE] = METRIC_AC_ACTIVE_POWER,
    [BOUNDED_REACTIVE] = METRIC_AC_REACTIVE_POWER,
    [BOUNDED_DC_POWER] = METRIC_DC_POWER,
    [BOUNDED_SOC] = METRIC_BATTERY_SOC_PCT,
};

const char *component_type_name(enum component_type type)
{
    return types[type].name;
}

int component_type_from_name(const char *name)
{
    for (int i = 0; i < COMPONENT_TYPE_COUNT; i++) {
        if (strcmp(types[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

const char *sensor_type_name(enum sensor_type type)
{
    return sensor_types[type];
}

int sensor_type_from_name(const char *name)
{
    for (int i = 0; i < SENSOR_TYPE_COUNT; i++) {
        if (strcmp(sensor_types[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

const char *component_label(const struct component *component)
{
    return component->label;
}

bool component_is_inverter(const struct component *component)
{
    return types[component->spec.type].inverter;
}

bool component_has_dc_relays(const struct component *component)
{
    return types[component->spec.type].dc_relays;
}

bool component_takes_power(const struct component *component, enum axis axis)
{
    return types[component->spec.type].axes & AXIS(axis);
}

bool component_takes_bounds(const struct component *component, enum bounded bounded)
{
    switch (bounded) {
    case BOUNDED_ACTIVE:
        return component_takes_power(component, AXIS_ACTIVE);
    case BOUNDED_REACTIVE:
        return component_takes_power(component, AXIS_REACTIVE);
    default:
        return component->spec.type == COMPONENT_BATTERY;
    }
}

enum metric bounded_metric(enum bounded bounded)
{
    return bounded_metrics[bounded];
}

int component_bounded(const struct component *component, enum metric metric)
{
    for (int i = 0; i < BOUNDED_COUNT; i++) {
        if (bounded_metrics[i] == metric) {
            return component_takes_bounds(component, (enum bounded)i) ? i : -1;
        }
    }
    return -1;
}

enum bounded axis_bounded(enum axis axis)
{
    return axis == AXIS_ACTIVE ? BOUNDED_ACTIVE : BOUNDED_REACTIVE;
}

const char *axis_unit(enum axis axis)
{
    return metric_unit(bounded_metric(axis_bounded(axis)));
}

static double magnitude(struct range range)
{
    return fmax(fabs(range.lower), fabs(range.upper));
}

double component_rated_va(const struct component *component)
{
    const struct component_spec *spec = &component->spec;
    if (spec->rated_va > 0) {
        return spec->rated_va;
    }
    double active = magnitude(spec->rated[BOUNDED_ACTIVE]);
    return isnan(active) ? magnitude(spec->rated[BOUNDED_REACTIVE]) : active;
}

bool component_is_only_limited(const struct component *component)
{
    return types[component->spec.type].only_limited;
}

double component_tolerance(const struct component *component)
{
    const struct component_spec *spec = &component->spec;
    return spec->tolerance > 0 ? spec->tolerance
                               : fmax(TOLERATED_PART * component_rated_va(component), spec->resolution);
}

double component_reading(const struct component *component, enum metric metric)
{
    const struct telemetry *telemetry = &component->telemetry;
    for (size_t i = 0; i < telemetry->n_readings; i++) {
        if (telemetry->readings[i].metric == metric) {
            return telemetry->readings[i].value;
        }
    }
    return NAN;
}
