/* SPDX-License-Identifier: MIT */
/* A capacitor bank: reactive power in steps, capacitive (≤ 0); each step waits for its capacitors to
 * discharge before it is switched in again. */
#ifndef SIM_CAPACITOR_BANK_H
#define SIM_CAPACITOR_BANK_H

struct capacitor_bank_params {
    double rated_var; /* all steps at nominal voltage, positive */
    int steps;
    double pause_s; /* between two switchings */
    double nominal_v;
    double loss_pct; /* active power, of the reactive power */
};

struct capacitor_bank_state {
    int steps_in;
    double pause_left_s;
    double reactive_var; /* ≤ 0 */
    double power_w;      /* ≥ 0: its losses */
};

void capacitor_bank_params_default(struct capacitor_bank_params *params, double rated_var); /* 8 steps, 1 s */
void capacitor_bank_init(struct capacitor_bank_state *state);

/* Switches one step at a time towards the largest number that does not exceed `wanted_var` (≤ 0);
 * `voltage_v` is the mean phase voltage. */
void capacitor_bank_step(struct capacitor_bank_state *state, const struct capacitor_bank_params *params,
    double wanted_var, double voltage_v, double dt_s);

#endif
