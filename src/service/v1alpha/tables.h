/* SPDX-License-Identifier: MIT */
/* The model's names and the numbers of v1alpha18 and v1alpha19. What these do not know is 0, UNSPECIFIED. */
#ifndef SERVICE_V1ALPHA_TABLES_H
#define SERVICE_V1ALPHA_TABLES_H

#include "model/component.h"
#include "model/metric.h"
#include "model/state.h"

int alpha_metric(enum metric metric);
enum metric alpha_metric_from(int number); /* METRIC_NONE for UNSPECIFIED and numbers that are not known */

int alpha_category(enum component_type type);
int alpha_inverter_type(enum component_type type); /* 0: not an inverter */
int alpha_battery_type(enum battery_type type);
int alpha_ev_charger_type(enum ev_charger_kind kind);
int alpha_state_code(enum state_code code);
int alpha_diagnostic_code(enum error_code code);

#endif
