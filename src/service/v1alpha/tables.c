/* SPDX-License-Identifier: MIT */
/* The compiler maps by name: a name that v1alpha lacks does not compile. Metrics of power and energy turn two
 * words of their names round; component types differ and are listed. */
#include "service/v1alpha/tables.h"

#include "base/base.h"
#include "service/v1alpha/wire.h"

#define LOOK_UP(table, index) ((size_t)(index) < ARRAY_LEN(table) ? (table)[index] : 0)

/* clang-format off */
#define SAME(X, id) X(id, id)
#define PHASES(X, id, wire) \
    X(id, wire) X(id##_PHASE_1, wire##_PHASE_1) X(id##_PHASE_2, wire##_PHASE_2) X(id##_PHASE_3, wire##_PHASE_3)

/* The model's name and the one here. METRIC_PRESSURE_ABSOLUTE has no counterpart in the model. */
#define METRICS(X) \
    SAME(X, DC_VOLTAGE) \
    SAME(X, DC_CURRENT) \
    SAME(X, DC_POWER) \
    SAME(X, AC_FREQUENCY) \
    SAME(X, AC_VOLTAGE) \
    SAME(X, AC_VOLTAGE_PHASE_1_N) \
    SAME(X, AC_VOLTAGE_PHASE_2_N) \
    SAME(X, AC_VOLTAGE_PHASE_3_N) \
    SAME(X, AC_VOLTAGE_PHASE_1_PHASE_2) \
    SAME(X, AC_VOLTAGE_PHASE_2_PHASE_3) \
    SAME(X, AC_VOLTAGE_PHASE_3_PHASE_1) \
    PHASES(X, AC_CURRENT, AC_CURRENT) \
    PHASES(X, AC_APPARENT_POWER, AC_POWER_APPARENT) \
    PHASES(X, AC_ACTIVE_POWER, AC_POWER_ACTIVE) \
    PHASES(X, AC_REACTIVE_POWER, AC_POWER_REACTIVE) \
    PHASES(X, AC_POWER_FACTOR, AC_POWER_FACTOR) \
    PHASES(X, AC_APPARENT_ENERGY, AC_ENERGY_APPARENT) \
    PHASES(X, AC_ACTIVE_ENERGY, AC_ENERGY_ACTIVE) \
    PHASES(X, AC_ACTIVE_ENERGY_CONSUMED, AC_ENERGY_ACTIVE_CONSUMED) \
    PHASES(X, AC_ACTIVE_ENERGY_DELIVERED, AC_ENERGY_ACTIVE_DELIVERED) \
    PHASES(X, AC_REACTIVE_ENERGY, AC_ENERGY_REACTIVE) \
    PHASES(X, AC_TOTAL_HARMONIC_DISTORTION_CURRENT, AC_TOTAL_HARMONIC_DISTORTION_CURRENT) \
    SAME(X, BATTERY_CAPACITY) \
    SAME(X, BATTERY_SOC_PCT) \
    SAME(X, BATTERY_TEMPERATURE) \
    SAME(X, INVERTER_TEMPERATURE) \
    SAME(X, INVERTER_TEMPERATURE_CABINET) \
    SAME(X, INVERTER_TEMPERATURE_HEATSINK) \
    SAME(X, INVERTER_TEMPERATURE_TRANSFORMER) \
    SAME(X, EV_CHARGER_TEMPERATURE) \
    SAME(X, SENSOR_WIND_SPEED) \
    SAME(X, SENSOR_WIND_DIRECTION) \
    SAME(X, SENSOR_TEMPERATURE) \
    SAME(X, SENSOR_RELATIVE_HUMIDITY) \
    SAME(X, SENSOR_DEW_POINT) \
    SAME(X, SENSOR_AIR_PRESSURE) \
    SAME(X, SENSOR_IRRADIANCE)
/* clang-format on */

static const int metrics[METRIC_COUNT] = {
#define X(id, wire) [METRIC_##id] = ALPHA_METRIC(wire),
    METRICS(X)
#undef X
};

static const int metrics_from[] = {
#define X(id, wire) [ALPHA_METRIC(wire)] = METRIC_##id,
    METRICS(X)
#undef X
};

static const int states[STATE_COUNT] = {
#define X(id, name) [STATE_##id] = ALPHA_STATE(id),
    STATE_TABLE(X)
#undef X
};

static const int diagnostics[ERROR_COUNT] = {
#define X(id, name) [ERROR_##id] = ALPHA_DIAGNOSTIC(id),
    ERROR_TABLE_ALL(X) ERROR_TABLE_ALPHA(X)
#undef X
};

static const int categories[COMPONENT_TYPE_COUNT] = {
    [COMPONENT_GRID] = ALPHA_CATEGORY(GRID_CONNECTION_POINT),
    [COMPONENT_METER] = ALPHA_CATEGORY(METER),
    [COMPONENT_BATTERY_INVERTER] = ALPHA_CATEGORY(INVERTER),
    [COMPONENT_PV_INVERTER] = ALPHA_CATEGORY(INVERTER),
    [COMPONENT_HYBRID_INVERTER] = ALPHA_CATEGORY(INVERTER),
    [COMPONENT_CONVERTER] = ALPHA_CATEGORY(CONVERTER),
    [COMPONENT_BATTERY] = ALPHA_CATEGORY(BATTERY),
    [COMPONENT_EV_CHARGER] = ALPHA_CATEGORY(EV_CHARGER),
    [COMPONENT_CRYPTO_MINER] = ALPHA_CATEGORY(CRYPTO_MINER),
    [COMPONENT_ELECTROLYZER] = ALPHA_CATEGORY(ELECTROLYZER),
    [COMPONENT_CHP] = ALPHA_CATEGORY(CHP),
    [COMPONENT_RELAY] = ALPHA_CATEGORY(BREAKER),
    [COMPONENT_PRECHARGER] = ALPHA_CATEGORY(PRECHARGER),
    [COMPONENT_FUSE] = ALPHA_CATEGORY(UNSPECIFIED),
    [COMPONENT_TRANSFORMER] = ALPHA_CATEGORY(POWER_TRANSFORMER),
    [COMPONENT_HVAC] = ALPHA_CATEGORY(HVAC),
    [COMPONENT_WIND_TURBINE] = ALPHA_CATEGORY(WIND_TURBINE),
    [COMPONENT_CAPACITOR_BANK] = ALPHA_CATEGORY(CAPACITOR_BANK),
};

static const int inverter_types[COMPONENT_TYPE_COUNT] = {
    [COMPONENT_BATTERY_INVERTER] = ALPHA_INVERTER(BATTERY),
    [COMPONENT_PV_INVERTER] = ALPHA_INVERTER(PV),
    [COMPONENT_HYBRID_INVERTER] = ALPHA_INVERTER(HYBRID),
};

static const int battery_types[] = {
    [BATTERY_TYPE_LI_ION] = ALPHA_BATTERY(LI_ION),
    [BATTERY_TYPE_NA_ION] = ALPHA_BATTERY(NA_ION),
};

static const int ev_charger_types[] = {
    [EV_CHARGER_AC] = ALPHA_EV_CHARGER(AC),
    [EV_CHARGER_DC] = ALPHA_EV_CHARGER(DC),
    [EV_CHARGER_HYBRID] = ALPHA_EV_CHARGER(HYBRID),
};

int alpha_metric(enum metric metric)
{
    return LOOK_UP(metrics, metric);
}

enum metric alpha_metric_from(int number)
{
    return LOOK_UP(metrics_from, number);
}

int alpha_category(enum component_type type)
{
    return LOOK_UP(categories, type);
}

int alpha_inverter_type(enum component_type type)
{
    return LOOK_UP(inverter_types, type);
}

int alpha_battery_type(enum battery_type type)
{
    return LOOK_UP(battery_types, type);
}

int alpha_ev_charger_type(enum ev_charger_kind kind)
{
    return LOOK_UP(ev_charger_types, kind);
}

int alpha_state_code(enum state_code code)
{
    return LOOK_UP(states, code);
}

int alpha_diagnostic_code(enum error_code code)
{
    return LOOK_UP(diagnostics, code);
}
