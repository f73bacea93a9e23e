/* SPDX-License-Identifier: MIT */
/* The quantities that a component or sensor can measure, in one table: name, friendly name, unit on the wire.
 * The names are those of the API, without its prefix, so that the gateway's model and its clients call them
 * the same. */
#ifndef BASE_METRIC_TABLE_H
#define BASE_METRIC_TABLE_H

/* clang-format off */
#define METRIC_TABLE(X) \
    X(DC_VOLTAGE, "dc_voltage", "V") \
    X(DC_CURRENT, "dc_current", "A") \
    X(DC_POWER, "dc_power", "W") \
    X(AC_FREQUENCY, "ac_frequency", "Hz") \
    X(AC_VOLTAGE, "ac_voltage", "V") \
    X(AC_VOLTAGE_PHASE_1_N, "ac_voltage_phase_1_n", "V") \
    X(AC_VOLTAGE_PHASE_2_N, "ac_voltage_phase_2_n", "V") \
    X(AC_VOLTAGE_PHASE_3_N, "ac_voltage_phase_3_n", "V") \
    X(AC_VOLTAGE_PHASE_1_PHASE_2, "ac_voltage_phase_1_phase_2", "V") \
    X(AC_VOLTAGE_PHASE_2_PHASE_3, "ac_voltage_phase_2_phase_3", "V") \
    X(AC_VOLTAGE_PHASE_3_PHASE_1, "ac_voltage_phase_3_phase_1", "V") \
    X(AC_CURRENT, "ac_current", "A") \
    X(AC_CURRENT_PHASE_1, "ac_current_phase_1", "A") \
    X(AC_CURRENT_PHASE_2, "ac_current_phase_2", "A") \
    X(AC_CURRENT_PHASE_3, "ac_current_phase_3", "A") \
    X(AC_APPARENT_POWER, "ac_apparent_power", "VA") \
    X(AC_APPARENT_POWER_PHASE_1, "ac_apparent_power_phase_1", "VA") \
    X(AC_APPARENT_POWER_PHASE_2, "ac_apparent_power_phase_2", "VA") \
    X(AC_APPARENT_POWER_PHASE_3, "ac_apparent_power_phase_3", "VA") \
    X(AC_ACTIVE_POWER, "ac_active_power", "W") \
    X(AC_ACTIVE_POWER_PHASE_1, "ac_active_power_phase_1", "W") \
    X(AC_ACTIVE_POWER_PHASE_2, "ac_active_power_phase_2", "W") \
    X(AC_ACTIVE_POWER_PHASE_3, "ac_active_power_phase_3", "W") \
    X(AC_REACTIVE_POWER, "ac_reactive_power", "VAr") \
    X(AC_REACTIVE_POWER_PHASE_1, "ac_reactive_power_phase_1", "VAr") \
    X(AC_REACTIVE_POWER_PHASE_2, "ac_reactive_power_phase_2", "VAr") \
    X(AC_REACTIVE_POWER_PHASE_3, "ac_reactive_power_phase_3", "VAr") \
    X(AC_POWER_FACTOR, "ac_power_factor", "") \
    X(AC_POWER_FACTOR_PHASE_1, "ac_power_factor_phase_1", "") \
    X(AC_POWER_FACTOR_PHASE_2, "ac_power_factor_phase_2", "") \
    X(AC_POWER_FACTOR_PHASE_3, "ac_power_factor_phase_3", "") \
    X(AC_APPARENT_ENERGY, "ac_apparent_energy", "VAh") \
    X(AC_APPARENT_ENERGY_PHASE_1, "ac_apparent_energy_phase_1", "VAh") \
    X(AC_APPARENT_ENERGY_PHASE_2, "ac_apparent_energy_phase_2", "VAh") \
    X(AC_APPARENT_ENERGY_PHASE_3, "ac_apparent_energy_phase_3", "VAh") \
    X(AC_ACTIVE_ENERGY, "ac_active_energy", "Wh") \
    X(AC_ACTIVE_ENERGY_PHASE_1, "ac_active_energy_phase_1", "Wh") \
    X(AC_ACTIVE_ENERGY_PHASE_2, "ac_active_energy_phase_2", "Wh") \
    X(AC_ACTIVE_ENERGY_PHASE_3, "ac_active_energy_phase_3", "Wh") \
    X(AC_ACTIVE_ENERGY_CONSUMED, "ac_active_energy_consumed", "Wh") \
    X(AC_ACTIVE_ENERGY_CONSUMED_PHASE_1, "ac_active_energy_consumed_phase_1", "Wh") \
    X(AC_ACTIVE_ENERGY_CONSUMED_PHASE_2, "ac_active_energy_consumed_phase_2", "Wh") \
    X(AC_ACTIVE_ENERGY_CONSUMED_PHASE_3, "ac_active_energy_consumed_phase_3", "Wh") \
    X(AC_ACTIVE_ENERGY_DELIVERED, "ac_active_energy_delivered", "Wh") \
    X(AC_ACTIVE_ENERGY_DELIVERED_PHASE_1, "ac_active_energy_delivered_phase_1", "Wh") \
    X(AC_ACTIVE_ENERGY_DELIVERED_PHASE_2, "ac_active_energy_delivered_phase_2", "Wh") \
    X(AC_ACTIVE_ENERGY_DELIVERED_PHASE_3, "ac_active_energy_delivered_phase_3", "Wh") \
    X(AC_REACTIVE_ENERGY, "ac_reactive_energy", "VArh") \
    X(AC_REACTIVE_ENERGY_PHASE_1, "ac_reactive_energy_phase_1", "VArh") \
    X(AC_REACTIVE_ENERGY_PHASE_2, "ac_reactive_energy_phase_2", "VArh") \
    X(AC_REACTIVE_ENERGY_PHASE_3, "ac_reactive_energy_phase_3", "VArh") \
    X(AC_TOTAL_HARMONIC_DISTORTION_CURRENT, "ac_total_harmonic_distortion_current", "%") \
    X(AC_TOTAL_HARMONIC_DISTORTION_CURRENT_PHASE_1, "ac_total_harmonic_distortion_current_phase_1", "%") \
    X(AC_TOTAL_HARMONIC_DISTORTION_CURRENT_PHASE_2, "ac_total_harmonic_distortion_current_phase_2", "%") \
    X(AC_TOTAL_HARMONIC_DISTORTION_CURRENT_PHASE_3, "ac_total_harmonic_distortion_current_phase_3", "%") \
    X(BATTERY_CAPACITY, "battery_capacity", "Wh") \
    X(BATTERY_SOC_PCT, "battery_soc_pct", "%") \
    X(BATTERY_TEMPERATURE, "battery_temperature", "°C") \
    X(INVERTER_TEMPERATURE, "inverter_temperature", "°C") \
    X(INVERTER_TEMPERATURE_CABINET, "inverter_temperature_cabinet", "°C") \
    X(INVERTER_TEMPERATURE_HEATSINK, "inverter_temperature_heatsink", "°C") \
    X(INVERTER_TEMPERATURE_TRANSFORMER, "inverter_temperature_transformer", "°C") \
    X(EV_CHARGER_TEMPERATURE, "ev_charger_temperature", "°C") \
    X(SENSOR_WIND_SPEED, "sensor_wind_speed", "m/s") \
    X(SENSOR_WIND_DIRECTION, "sensor_wind_direction", "°") \
    X(SENSOR_TEMPERATURE, "sensor_temperature", "°C") \
    X(SENSOR_RELATIVE_HUMIDITY, "sensor_relative_humidity", "%") \
    X(SENSOR_DEW_POINT, "sensor_dew_point", "°C") \
    X(SENSOR_AIR_PRESSURE, "sensor_air_pressure", "Pa") \
    X(SENSOR_IRRADIANCE, "sensor_irradiance", "W/m²")
/* clang-format on */

#endif
