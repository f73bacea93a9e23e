/* SPDX-License-Identifier: MIT */
/* What state a component is in: a set of state codes and, if and only if ERROR is among them, a set of error
 * codes. */
#ifndef MODEL_STATE_H
#define MODEL_STATE_H

#include <stdbool.h>
#include <stdint.h>

/* clang-format off */
#define STATE_TABLE(X) \
    X(UNKNOWN, "unknown") \
    X(UNAVAILABLE, "unavailable") \
    X(SWITCHING_OFF, "switching_off") \
    X(OFF, "off") \
    X(SWITCHING_ON, "switching_on") \
    X(STANDBY, "standby") \
    X(READY, "ready") \
    X(CHARGING, "charging") \
    X(DISCHARGING, "discharging") \
    X(ERROR, "error") \
    X(EV_CHARGING_CABLE_UNPLUGGED, "ev_charging_cable_unplugged") \
    X(EV_CHARGING_CABLE_PLUGGED_AT_STATION, "ev_charging_cable_plugged_at_station") \
    X(EV_CHARGING_CABLE_PLUGGED_AT_EV, "ev_charging_cable_plugged_at_ev") \
    X(EV_CHARGING_CABLE_LOCKED_AT_STATION, "ev_charging_cable_locked_at_station") \
    X(EV_CHARGING_CABLE_LOCKED_AT_EV, "ev_charging_cable_locked_at_ev") \
    X(RELAY_OPEN, "relay_open") \
    X(RELAY_CLOSED, "relay_closed") \
    X(PRECHARGER_OPEN, "precharger_open") \
    X(PRECHARGER_PRECHARGING, "precharger_precharging") \
    X(PRECHARGER_CLOSED, "precharger_closed")

/* Errors that every version of the API knows, by the same names; and those that only v1, or only v1alpha has
 * numbers for. */
#define ERROR_TABLE_ALL(X) \
    X(UNKNOWN, "unknown") \
    X(SWITCH_ON_FAULT, "switch_on_fault") \
    X(UNDERVOLTAGE, "undervoltage") \
    X(OVERVOLTAGE, "overvoltage") \
    X(OVERCURRENT, "overcurrent") \
    X(OVERCURRENT_CHARGING, "overcurrent_charging") \
    X(OVERCURRENT_DISCHARGING, "overcurrent_discharging") \
    X(OVERTEMPERATURE, "overtemperature") \
    X(UNDERTEMPERATURE, "undertemperature") \
    X(HIGH_HUMIDITY, "high_humidity") \
    X(FUSE_ERROR, "fuse_error") \
    X(PRECHARGE_ERROR, "precharge_error") \
    X(PLAUSIBILITY_ERROR, "plausibility_error") \
    X(EV_UNEXPECTED_PILOT_FAILURE, "ev_unexpected_pilot_failure") \
    X(FAULT_CURRENT, "fault_current") \
    X(SHORT_CIRCUIT, "short_circuit") \
    X(CONFIG_ERROR, "config_error") \
    X(ILLEGAL_COMPONENT_STATE_CODE_REQUESTED, "illegal_component_state_code_requested") \
    X(HARDWARE_INACCESSIBLE, "hardware_inaccessible") \
    X(INTERNAL, "internal") \
    X(UNAUTHORIZED, "unauthorized") \
    X(EV_CHARGING_CABLE_UNPLUGGED_FROM_STATION, "ev_charging_cable_unplugged_from_station") \
    X(EV_CHARGING_CABLE_UNPLUGGED_FROM_EV, "ev_charging_cable_unplugged_from_ev") \
    X(EV_CHARGING_CABLE_LOCK_FAILED, "ev_charging_cable_lock_failed") \
    X(EV_CHARGING_CABLE_INVALID, "ev_charging_cable_invalid") \
    X(EV_CONSUMER_INCOMPATIBLE, "ev_consumer_incompatible") \
    X(BATTERY_IMBALANCE, "battery_imbalance") \
    X(BATTERY_LOW_SOH, "battery_low_soh") \
    X(BATTERY_BLOCK_ERROR, "battery_block_error") \
    X(BATTERY_CONTROLLER_ERROR, "battery_controller_error") \
    X(BATTERY_RELAY_ERROR, "battery_relay_error") \
    X(BATTERY_CALIBRATION_NEEDED, "battery_calibration_needed") \
    X(RELAY_CYCLE_LIMIT_REACHED, "relay_cycle_limit_reached")

#define ERROR_TABLE_V1(X) X(UNDERVOLTAGE_SHUTDOWN, "undervoltage_shutdown")

#define ERROR_TABLE_ALPHA(X) \
    X(EXCESS_LEAKAGE_CURRENT, "excess_leakage_current") \
    X(LOW_SYSTEM_INSULATION_RESISTANCE, "low_system_insulation_resistance") \
    X(GROUND_FAULT, "ground_fault") \
    X(ARC_FAULT, "arc_fault") \
    X(FAN_FAULT, "fan_fault") \
    X(HARDWARE_FAULT, "hardware_fault") \
    X(PROTECTIVE_SHUTDOWN, "protective_shutdown") \
    X(GRID_OVERVOLTAGE, "grid_overvoltage") \
    X(GRID_UNDERVOLTAGE, "grid_undervoltage") \
    X(GRID_OVERFREQUENCY, "grid_overfrequency") \
    X(GRID_UNDERFREQUENCY, "grid_underfrequency") \
    X(GRID_DISCONNECTED, "grid_disconnected") \
    X(GRID_VOLTAGE_IMBALANCE, "grid_voltage_imbalance") \
    X(GRID_ABNORMAL, "grid_abnormal") \
    X(PV_REVERSAL_POLARITY, "pv_reversal_polarity") \
    X(PV_UNDERPERFORMANCE, "pv_underperformance") \
    X(PV_FAULT, "pv_fault") \
    X(PV_REVERSE_CURRENT, "pv_reverse_current") \
    X(PV_GROUND_FAULT, "pv_ground_fault") \
    X(INVERTER_DC_UNDERVOLTAGE, "inverter_dc_undervoltage") \
    X(INVERTER_DC_OVERVOLTAGE, "inverter_dc_overvoltage")

#define ERROR_TABLE(X) ERROR_TABLE_ALL(X) ERROR_TABLE_V1(X) ERROR_TABLE_ALPHA(X)
/* clang-format on */

enum state_code {
#define X(id, name) STATE_##id,
    STATE_TABLE(X)
#undef X
        STATE_COUNT,
};

enum error_code {
#define X(id, name) ERROR_##id,
    ERROR_TABLE(X)
#undef X
        ERROR_COUNT,
};

#define STATE_BIT(code) (1u << (code))
#define ERROR_BIT(code) (1ull << (code))

struct component_state {
    uint32_t states;    /* of STATE_BIT() */
    uint64_t errors;    /* of ERROR_BIT(); 0 unless STATE_ERROR is set */
    uint64_t warnings;  /* of ERROR_BIT() */
    bool unrecoverable; /* the errors cannot be acknowledged */
};

static inline bool state_has(const struct component_state *state, enum state_code code)
{
    return state->states & STATE_BIT(code);
}

const char *state_name(enum state_code code); /* "discharging" */
const char *error_name(enum error_code code); /* "overvoltage" */
int error_from_name(const char *name);        /* an error_code, or -1 */

#endif
