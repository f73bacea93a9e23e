/* SPDX-License-Identifier: MIT */
/* A heat pump or air conditioner: a thermostat switches a compressor to hold a room against the weather;
 * heats in winter, cools in summer. */
#ifndef SIM_HVAC_H
#define SIM_HVAC_H

#include <stdbool.h>

struct hvac_params {
    double rated_w;      /* electric, running */
    double standby_w;    /* controls and fan, not running */
    double room_c;       /* wanted */
    double band_k;       /* switches this far on either side */
    double strength_k;   /* how far from outside it could bring the room, running for ever */
    double tau_s;        /* of the room */
    double min_on_off_s; /* spares the compressor: neither state lasts shorter */
};

struct hvac_state {
    bool on, cooling;
    double room_c;
    double in_state_s;
    double power_w; /* ≥ 0 */
};

void hvac_params_default(struct hvac_params *params, double rated_w);
void hvac_init(struct hvac_state *state, const struct hvac_params *params);
void hvac_step(struct hvac_state *state, const struct hvac_params *params, double outside_c, double dt_s);

#endif
