/* SPDX-License-Identifier: MIT */
/* An inverter between a DC side (battery, PV) and AC: command delay, ramp, apparent power limit, losses by
 * load, temperatures and derating. Both sides count consumption and charging positive, so AC power minus
 * DC power is the loss; reactive power costs nothing. The power's resolution is not here: the model floors
 * set-points before they come. */
#ifndef SIM_INVERTER_H
#define SIM_INVERTER_H

#include <stdbool.h>

#include "sim/power_range.h"

struct inverter_params {
    double rated_w;       /* active power, both ways */
    double rated_va;      /* apparent power */
    double ramp_w_s;      /* fastest change of active and reactive power */
    double delay_s;       /* from command to first reaction */
    double derate_from_c; /* heatsink temperature at which the limit begins to fall … */
    double derate_to_c;   /* … and at which nothing is left */
};

struct inverter_inputs {
    bool connected;          /* AC and DC relays closed and started; otherwise power falls to 0 at once */
    double power_w;          /* set-point, or what a free running inverter would do */
    double reactive_var;     /* set-point; inductive positive */
    struct power_range able; /* AC power possible now (inverter_range_of_dc()); held at once, without ramp */
    double ambient_c;
    double idle_w; /* own use, which AC bears while connected and idle; 0: something else does */
};

struct inverter_state {
    double power_w;      /* AC active power now */
    double reactive_var; /* AC reactive power now; P² + Q² ≤ rated_va², active power first */
    double dc_power_w;   /* on the DC side: power_w - loss_w */
    double loss_w;       /* heat, ≥ 0 */
    double temperature_c, cabinet_c, heatsink_c, transformer_c;

    /* Inside. */
    double ramped_w;                   /* power before idle use */
    double target_w, target_var;       /* commands in effect */
    double commanded_w, commanded_var; /* the newest commands, in effect when the delay is over */
    double delay_left_s;
};

/* A three-phase inverter of that rating: rated_va = rated_w, ramp rated in 2 s, delay 0.1 s, derating
 * from 75 to 95 °C. */
void inverter_params_default(struct inverter_params *params, double rated_w);
void inverter_init(struct inverter_state *state, double ambient_c);
void inverter_step(struct inverter_state *state, const struct inverter_params *params,
    const struct inverter_inputs *inputs, double dt_s);

/* The active power that temperature leaves, as a range around 0; ±rated_w when cool. */
struct power_range inverter_limits(const struct inverter_state *state, const struct inverter_params *params);

/* Conversion by the efficiency curve (0.78 at 2.5 % load, 0.93 at 10 %, 0.97 at rated; load counted on AC),
 * both directions, signs kept. The two are each other's inverse. */
double inverter_dc_of_ac(const struct inverter_params *params, double ac_w);
double inverter_ac_of_dc(const struct inverter_params *params, double dc_w);
struct power_range inverter_range_of_dc(const struct inverter_params *params, struct power_range dc);

#endif
