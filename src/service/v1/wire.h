/* SPDX-License-Identifier: MIT */
/* Short names, within service/v1, for the generated messages and enum numbers of the API, and the writer
 * that several of its files need. */
#ifndef SERVICE_V1_WIRE_H
#define SERVICE_V1_WIRE_H

#include <stdint.h>

#include "frequenz/api/microgrid/v1/microgrid.ugrpc.h"

/* clang-format off */
#define V1_METRIC(id)           MICROGRID_COMMON_V1_METRICS_METRIC_##id
#define V1_CATEGORY(id)         MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_COMPONENT_CATEGORY_##id
#define V1_STATUS(id)           MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_COMPONENT_STATUS_##id
#define V1_STATE(id)            MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_COMPONENT_STATE_CODE_##id
#define V1_ERROR(id)            MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_COMPONENT_ERROR_CODE_##id
#define V1_INVERTER(id)         MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_INVERTER_TYPE_##id
#define V1_BATTERY(id)          MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_BATTERY_TYPE_##id
#define V1_EV_CHARGER(id)       MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_EV_CHARGER_TYPE_##id
#define V1_METADATA(id)         MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_COMPONENT_CATEGORY_METADATA_VARIANT_METADATA_##id
#define V1_SENSOR_CATEGORY(id)  MICROGRID_COMMON_V1_MICROGRID_SENSORS_SENSOR_CATEGORY_##id
#define V1_SENSOR_STATE(id)     MICROGRID_COMMON_V1_MICROGRID_SENSORS_SENSOR_STATE_CODE_##id
#define V1_SENSOR_ERROR(id)     MICROGRID_COMMON_V1_MICROGRID_SENSORS_SENSOR_ERROR_CODE_##id
#define V1_SITE_STATUS(id)      MICROGRID_COMMON_V1_MICROGRID_MICROGRID_STATUS_##id
#define V1_MARKET_CODE(id)      MICROGRID_COMMON_V1_GRID_ENERGY_MARKET_CODE_TYPE_##id

typedef ugrpc_protobuf_timestamp v1_timestamp;
typedef microgrid_common_v1_grid_delivery_area v1_delivery_area;
typedef microgrid_common_v1_location v1_location;
typedef microgrid_common_v1_metrics_bounds v1_bounds;
typedef microgrid_common_v1_metrics_metric_sample v1_metric_sample;
typedef microgrid_common_v1_microgrid_lifetime v1_lifetime;
typedef microgrid_common_v1_microgrid_microgrid v1_microgrid;
typedef microgrid_common_v1_microgrid_components_battery v1_battery;
typedef microgrid_common_v1_microgrid_components_ev_charger v1_ev_charger;
typedef microgrid_common_v1_microgrid_components_fuse v1_fuse;
typedef microgrid_common_v1_microgrid_components_grid_connection_point v1_grid;
typedef microgrid_common_v1_microgrid_components_inverter v1_inverter;
typedef microgrid_common_v1_microgrid_components_voltage_transformer v1_transformer;
typedef microgrid_common_v1_microgrid_components_component_category_metadata_variant v1_category_metadata;
typedef microgrid_common_v1_microgrid_components_metric_config_bounds v1_config_bounds;
typedef microgrid_common_v1_microgrid_components_component v1_component;
typedef microgrid_common_v1_microgrid_components_component_connection v1_connection;
typedef microgrid_common_v1_microgrid_components_component_data v1_component_data;
typedef microgrid_common_v1_microgrid_components_component_state v1_component_state;
typedef microgrid_common_v1_microgrid_sensors_sensor v1_sensor;
typedef microgrid_common_v1_microgrid_sensors_sensor_data v1_sensor_data;
typedef microgrid_common_v1_microgrid_sensors_sensor_state v1_sensor_state;

#define v1_delivery_area_init          microgrid_common_v1_grid_delivery_area_init
#define v1_location_init               microgrid_common_v1_location_init
#define v1_bounds_has_lower            microgrid_common_v1_metrics_bounds_has_lower
#define v1_bounds_has_upper            microgrid_common_v1_metrics_bounds_has_upper
#define v1_bounds_set_lower            microgrid_common_v1_metrics_bounds_set_lower
#define v1_bounds_set_upper            microgrid_common_v1_metrics_bounds_set_upper
#define v1_bounds_init                 microgrid_common_v1_metrics_bounds_init
#define v1_lifetime_init               microgrid_common_v1_microgrid_lifetime_init
#define v1_microgrid_init              microgrid_common_v1_microgrid_microgrid_init
#define v1_battery_init                microgrid_common_v1_microgrid_components_battery_init
#define v1_ev_charger_init             microgrid_common_v1_microgrid_components_ev_charger_init
#define v1_fuse_init                   microgrid_common_v1_microgrid_components_fuse_init
#define v1_grid_init                   microgrid_common_v1_microgrid_components_grid_connection_point_init
#define v1_inverter_init               microgrid_common_v1_microgrid_components_inverter_init
#define v1_transformer_init            microgrid_common_v1_microgrid_components_voltage_transformer_init
#define v1_category_metadata_init      microgrid_common_v1_microgrid_components_component_category_metadata_variant_init
#define v1_config_bounds_init          microgrid_common_v1_microgrid_components_metric_config_bounds_init
#define v1_component_init              microgrid_common_v1_microgrid_components_component_init
#define v1_connection_init             microgrid_common_v1_microgrid_components_component_connection_init
#define v1_component_data_init         microgrid_common_v1_microgrid_components_component_data_init
#define v1_component_state_init        microgrid_common_v1_microgrid_components_component_state_init
#define v1_sensor_init                 microgrid_common_v1_microgrid_sensors_sensor_init
#define v1_sensor_data_init            microgrid_common_v1_microgrid_sensors_sensor_data_init
#define v1_sensor_state_init           microgrid_common_v1_microgrid_sensors_sensor_state_init
/* clang-format on */

/* A range with both sides, or the side that is finite. */
struct range;
v1_bounds v1_bounds_of(struct range range);

#endif
