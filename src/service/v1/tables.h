/* SPDX-License-Identifier: MIT */
/* The model's names and this version's numbers. What v1 does not know is 0, UNSPECIFIED. */
#ifndef SERVICE_V1_TABLES_H
#define SERVICE_V1_TABLES_H

#include "model/component.h"
#include "model/metric.h"
#include "model/state.h"

int v1_metric(enum metric metric);
enum metric v1_metric_from(int number); /* METRIC_NONE for UNSPECIFIED and numbers that v1 does not know */

int v1_category(enum component_type type);
int v1_inverter_type(enum component_type type); /* 0: not an inverter */
int v1_battery_type(enum battery_type type);
int v1_ev_charger_type(enum ev_charger_kind kind);
int v1_state(enum state_code code);
int v1_error(enum error_code code);
int v1_sensor_category(enum sensor_type type);

#endif
