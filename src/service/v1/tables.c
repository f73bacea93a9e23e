/* SPDX-License-Identifier: MIT */
/* Metrics, states, errors and sensor categories have the same names in the model and in v1, so the compiler
 * maps them by name; a name that v1 lacks does not compile. Component types differ and are listed. */
#include "service/v1/tables.h"

#include "base/base.h"
#include "service/v1/wire.h"

#define LOOK_UP(table, index) ((size_t)(index) < ARRAY_LEN(table) ? (table)[index] : 0)

static const int metrics[METRIC_COUNT] = {
#define X(id, name, unit) [METRIC_##id] = V1_METRIC(id),
    METRIC_TABLE(X)
#undef X
};

static const int metrics_from[] = {
#define X(id, name, unit) [V1_METRIC(id)] = METRIC_##id,
    METRIC_TABLE(X)
#undef X
};

static const int states[STATE_COUNT] = {
#define X(id, name) [STATE_##id] = V1_STATE(id),
    STATE_TABLE(X)
#undef X
};

static const int errors[ERROR_COUNT] = {
#define X(id, name) [ERROR_##id] = V1_ERROR(id),
    ERROR_TABLE_ALL(X) ERROR_TABLE_V1(X)
#undef X
};

static const int sensor_categories[SENSOR_TYPE_COUNT] = {
#define X(id, name) [SENSOR_##id] = V1_SENSOR_CATEGORY(id),
    SENSOR_TYPE_TABLE(X)
#undef X
};

static const int categories[COMPONENT_TYPE_COUNT] = {
    [COMPONENT_GRID] = V1_CATEGORY(GRID),
    [COMPONENT_METER] = V1_CATEGORY(METER),
    [COMPONENT_BATTERY_INVERTER] = V1_CATEGORY(INVERTER),
    [COMPONENT_PV_INVERTER] = V1_CATEGORY(INVERTER),
    [COMPONENT_HYBRID_INVERTER] = V1_CATEGORY(INVERTER),
    [COMPONENT_CONVERTER] = V1_CATEGORY(CONVERTER),
    [COMPONENT_BATTERY] = V1_CATEGORY(BATTERY),
    [COMPONENT_EV_CHARGER] = V1_CATEGORY(EV_CHARGER),
    [COMPONENT_CRYPTO_MINER] = V1_CATEGORY(CRYPTO_MINER),
    [COMPONENT_ELECTROLYZER] = V1_CATEGORY(ELECTROLYZER),
    [COMPONENT_CHP] = V1_CATEGORY(CHP),
    [COMPONENT_RELAY] = V1_CATEGORY(RELAY),
    [COMPONENT_PRECHARGER] = V1_CATEGORY(PRECHARGER),
    [COMPONENT_FUSE] = V1_CATEGORY(FUSE),
    [COMPONENT_TRANSFORMER] = V1_CATEGORY(VOLTAGE_TRANSFORMER),
    [COMPONENT_HVAC] = V1_CATEGORY(HVAC),
    [COMPONENT_WIND_TURBINE] = V1_CATEGORY(UNSPECIFIED),
    [COMPONENT_CAPACITOR_BANK] = V1_CATEGORY(UNSPECIFIED),
};

static const int inverter_types[COMPONENT_TYPE_COUNT] = {
    [COMPONENT_BATTERY_INVERTER] = V1_INVERTER(BATTERY),
    [COMPONENT_PV_INVERTER] = V1_INVERTER(SOLAR),
    [COMPONENT_HYBRID_INVERTER] = V1_INVERTER(HYBRID),
};

static const int battery_types[] = {
    [BATTERY_TYPE_LI_ION] = V1_BATTERY(LI_ION),
    [BATTERY_TYPE_NA_ION] = V1_BATTERY(NA_ION),
};

static const int ev_charger_types[] = {
    [EV_CHARGER_AC] = V1_EV_CHARGER(AC),
    [EV_CHARGER_DC] = V1_EV_CHARGER(DC),
    [EV_CHARGER_HYBRID] = V1_EV_CHARGER(HYBRID),
};

int v1_metric(enum metric metric)
{
    return LOOK_UP(metrics, metric);
}

enum metric v1_metric_from(int number)
{
    return LOOK_UP(metrics_from, number);
}

int v1_category(enum component_type type)
{
    return LOOK_UP(categories, type);
}

int v1_inverter_type(enum component_type type)
{
    return LOOK_UP(inverter_types, type);
}

int v1_battery_type(enum battery_type type)
{
    return LOOK_UP(battery_types, type);
}

int v1_ev_charger_type(enum ev_charger_kind kind)
{
    return LOOK_UP(ev_charger_types, kind);
}

int v1_state(enum state_code code)
{
    return LOOK_UP(states, code);
}

int v1_error(enum error_code code)
{
    return LOOK_UP(errors, code);
}

int v1_sensor_category(enum sensor_type type)
{
    return LOOK_UP(sensor_categories, type);
}
