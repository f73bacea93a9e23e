/* SPDX-License-Identifier: MIT */
/* Short names, within service/v1alpha, for the generated messages and enum numbers of the API, and the writer
 * that several of its files need. The messages are v1alpha18's; v1alpha19's are the same on the wire. */
#ifndef SERVICE_V1ALPHA_WIRE_H
#define SERVICE_V1ALPHA_WIRE_H

#include "frequenz/api/microgrid/v1alpha18/microgrid.ugrpc.h"

/* clang-format off */
#define ALPHA_METRIC(id)              MICROGRID_COMMON_V1ALPHA8_METRICS_METRIC_##id
#define ALPHA_CATEGORY(id)            MICROGRID_COMMON_V1ALPHA8_MICROGRID_ELECTRICAL_COMPONENTS_ELECTRICAL_COMPONENT_CATEGORY_##id
#define ALPHA_MODE(id)                MICROGRID_COMMON_V1ALPHA8_MICROGRID_ELECTRICAL_COMPONENTS_ELECTRICAL_COMPONENT_OPERATIONAL_MODE_##id
#define ALPHA_STATE(id)               MICROGRID_COMMON_V1ALPHA8_MICROGRID_ELECTRICAL_COMPONENTS_ELECTRICAL_COMPONENT_STATE_CODE_##id
#define ALPHA_DIAGNOSTIC(id)          MICROGRID_COMMON_V1ALPHA8_MICROGRID_ELECTRICAL_COMPONENTS_ELECTRICAL_COMPONENT_DIAGNOSTIC_CODE_##id
#define ALPHA_INVERTER(id)            MICROGRID_COMMON_V1ALPHA8_MICROGRID_ELECTRICAL_COMPONENTS_INVERTER_TYPE_##id
#define ALPHA_BATTERY(id)             MICROGRID_COMMON_V1ALPHA8_MICROGRID_ELECTRICAL_COMPONENTS_BATTERY_TYPE_##id
#define ALPHA_EV_CHARGER(id)          MICROGRID_COMMON_V1ALPHA8_MICROGRID_ELECTRICAL_COMPONENTS_EV_CHARGER_TYPE_##id
#define ALPHA_INFO(id)                MICROGRID_COMMON_V1ALPHA8_MICROGRID_ELECTRICAL_COMPONENTS_ELECTRICAL_COMPONENT_CATEGORY_SPECIFIC_INFO_KIND_##id
#define ALPHA_SENSOR_STATE(id)        MICROGRID_COMMON_V1ALPHA8_MICROGRID_SENSORS_SENSOR_STATE_CODE_##id
#define ALPHA_SENSOR_DIAGNOSTIC(id)   MICROGRID_COMMON_V1ALPHA8_MICROGRID_SENSORS_SENSOR_DIAGNOSTIC_CODE_##id
#define ALPHA_SITE_STATUS(id)         MICROGRID_COMMON_V1ALPHA8_MICROGRID_MICROGRID_STATUS_##id
#define ALPHA_MARKET_CODE(id)         MICROGRID_COMMON_V1ALPHA8_GRID_ENERGY_MARKET_CODE_TYPE_##id
#define ALPHA_POWER_TYPE(id)          MICROGRID_V1ALPHA18_POWER_TYPE_##id
#define ALPHA_POWER_STATUS(id)        MICROGRID_V1ALPHA18_SET_ELECTRICAL_COMPONENT_POWER_REQUEST_STATUS_##id

typedef ugrpc_protobuf_timestamp alpha_timestamp;
typedef microgrid_common_v1alpha8_metrics_bounds alpha_bounds;
typedef microgrid_common_v1alpha8_grid_delivery_area alpha_delivery_area;
typedef microgrid_common_v1alpha8_types_location alpha_location;
typedef microgrid_common_v1alpha8_microgrid_lifetime alpha_lifetime;
typedef microgrid_common_v1alpha8_microgrid_microgrid alpha_microgrid;
typedef microgrid_common_v1alpha8_microgrid_electrical_components_battery alpha_battery;
typedef microgrid_common_v1alpha8_microgrid_electrical_components_ev_charger alpha_ev_charger;
typedef microgrid_common_v1alpha8_microgrid_electrical_components_grid_connection_point alpha_grid;
typedef microgrid_common_v1alpha8_microgrid_electrical_components_inverter alpha_inverter;
typedef microgrid_common_v1alpha8_microgrid_electrical_components_power_transformer alpha_transformer;
typedef microgrid_common_v1alpha8_microgrid_electrical_components_electrical_component_category_specific_info alpha_category_info;
typedef microgrid_common_v1alpha8_microgrid_electrical_components_metric_config_bounds alpha_config_bounds;
typedef microgrid_common_v1alpha8_microgrid_electrical_components_electrical_component alpha_component;
typedef microgrid_common_v1alpha8_microgrid_electrical_components_electrical_component_connection alpha_connection;
typedef microgrid_common_v1alpha8_microgrid_electrical_components_electrical_component_diagnostic alpha_diagnostic;
typedef microgrid_common_v1alpha8_microgrid_electrical_components_electrical_component_state_snapshot alpha_state;
typedef microgrid_common_v1alpha8_microgrid_electrical_components_electrical_component_telemetry alpha_telemetry;
typedef microgrid_common_v1alpha8_microgrid_sensors_sensor alpha_sensor;
typedef microgrid_common_v1alpha8_microgrid_sensors_sensor_diagnostic alpha_sensor_diagnostic;
typedef microgrid_common_v1alpha8_microgrid_sensors_sensor_state_snapshot alpha_sensor_state;
typedef microgrid_common_v1alpha8_microgrid_sensors_sensor_telemetry alpha_sensor_telemetry;
typedef microgrid_v1alpha18_set_electrical_component_power_request alpha_power_request;
typedef microgrid_v1alpha18_set_electrical_component_power_response alpha_power_response;
typedef microgrid_v1alpha18_augment_electrical_component_bounds_request alpha_bounds_request;

#define alpha_bounds_has_lower             microgrid_common_v1alpha8_metrics_bounds_has_lower
#define alpha_bounds_has_upper             microgrid_common_v1alpha8_metrics_bounds_has_upper
#define alpha_bounds_set_lower             microgrid_common_v1alpha8_metrics_bounds_set_lower
#define alpha_bounds_set_upper             microgrid_common_v1alpha8_metrics_bounds_set_upper
#define alpha_power_request_has_lifetime   microgrid_v1alpha18_set_electrical_component_power_request_has_request_lifetime
#define alpha_bounds_request_has_lifetime  microgrid_v1alpha18_augment_electrical_component_bounds_request_has_request_lifetime
#define alpha_bounds_request_has_token     microgrid_v1alpha18_augment_electrical_component_bounds_request_has_bounds_token
#define alpha_bounds_init                  microgrid_common_v1alpha8_metrics_bounds_init
#define alpha_delivery_area_init           microgrid_common_v1alpha8_grid_delivery_area_init
#define alpha_location_init                microgrid_common_v1alpha8_types_location_init
#define alpha_lifetime_init                microgrid_common_v1alpha8_microgrid_lifetime_init
#define alpha_microgrid_init               microgrid_common_v1alpha8_microgrid_microgrid_init
#define alpha_battery_init                 microgrid_common_v1alpha8_microgrid_electrical_components_battery_init
#define alpha_ev_charger_init              microgrid_common_v1alpha8_microgrid_electrical_components_ev_charger_init
#define alpha_grid_init                    microgrid_common_v1alpha8_microgrid_electrical_components_grid_connection_point_init
#define alpha_inverter_init                microgrid_common_v1alpha8_microgrid_electrical_components_inverter_init
#define alpha_transformer_init             microgrid_common_v1alpha8_microgrid_electrical_components_power_transformer_init
#define alpha_category_info_init           microgrid_common_v1alpha8_microgrid_electrical_components_electrical_component_category_specific_info_init
#define alpha_config_bounds_init           microgrid_common_v1alpha8_microgrid_electrical_components_metric_config_bounds_init
#define alpha_component_init               microgrid_common_v1alpha8_microgrid_electrical_components_electrical_component_init
#define alpha_connection_init              microgrid_common_v1alpha8_microgrid_electrical_components_electrical_component_connection_init
#define alpha_diagnostic_init              microgrid_common_v1alpha8_microgrid_electrical_components_electrical_component_diagnostic_init
#define alpha_state_init                   microgrid_common_v1alpha8_microgrid_electrical_components_electrical_component_state_snapshot_init
#define alpha_telemetry_init               microgrid_common_v1alpha8_microgrid_electrical_components_electrical_component_telemetry_init
#define alpha_sensor_init                  microgrid_common_v1alpha8_microgrid_sensors_sensor_init
#define alpha_sensor_diagnostic_init       microgrid_common_v1alpha8_microgrid_sensors_sensor_diagnostic_init
#define alpha_sensor_state_init            microgrid_common_v1alpha8_microgrid_sensors_sensor_state_snapshot_init
#define alpha_sensor_telemetry_init        microgrid_common_v1alpha8_microgrid_sensors_sensor_telemetry_init
#define alpha_power_response_init          microgrid_v1alpha18_set_electrical_component_power_response_init
/* clang-format on */

/* A range with both sides, or the side that is finite. */
struct range;
alpha_bounds alpha_bounds_of(struct range range);

#endif
