/* SPDX-License-Identifier: MIT */
/* A precharger fills the capacitors behind it through a resistor before its relay closes:
 * V_dc = V_bat · (1 - e^(-t/RC)). It closes at 95 % of the battery's voltage; not there in time, it fails. */
#ifndef SIM_PRECHARGER_H
#define SIM_PRECHARGER_H

#include <stdbool.h>

enum precharger_phase {
    PRECHARGER_OPEN,
    PRECHARGER_PRECHARGING,
    PRECHARGER_CLOSED,
    PRECHARGER_FAILED, /* too slow (the API's PRECHARGE_ERROR); open, until precharger_open() or _start() */
};

struct precharger_params {
    double resistance_ohm;
    double capacitance_f;
    double close_at_pct; /* of the battery's voltage */
    double timeout_s;
};

struct precharger_state {
    enum precharger_phase phase;
    double voltage_v; /* of the capacitors */
    double elapsed_s; /* since precharging began */
};

void precharger_params_default(struct precharger_params *params); /* 50 Ω, 20 mF (95 % in 3 s), 95 %, 10 s */
void precharger_init(struct precharger_state *state, bool closed, double battery_v);
void precharger_start(struct precharger_state *state); /* nothing if closed or under way */
void precharger_open(struct precharger_state *state);  /* the capacitors then discharge in some 5 s */
void precharger_step(
    struct precharger_state *state, const struct precharger_params *params, double battery_v, double dt_s);

#endif
