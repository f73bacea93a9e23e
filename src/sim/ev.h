/* SPDX-License-Identifier: MIT */
/* An AC charging station and the cars that come to it: a cable at the station, then at the car, then locked;
 * charging at constant power, tapering when nearly full; departure; a pause; the next car. Power ≥ 0. */
#ifndef SIM_EV_H
#define SIM_EV_H

#include <stdbool.h>

struct rng;

enum ev_phase {
    EV_UNPLUGGED,
    EV_PLUGGED_AT_STATION, /* the cable hangs in the station only */
    EV_PLUGGED_AT_EV,      /* at both ends, not yet locked */
    EV_LOCKED,             /* at both ends and locked: the car may charge */
};

struct ev_params {
    double rated_w; /* of the station */
    int phases;     /* 1 or 3, of station and car */
    double min_w;   /* 6 A: 1380 W on one phase, 4140 W on three; below, a car charges nothing */
    double ramp_w_s;
    double step_s;         /* from one phase of plugging to the next */
    double wants_wh;       /* by a usual car; later ones vary by ±40 % */
    double stay_s;         /* usual; a car that is full leaves when its time is over, not before */
    double away_s;         /* usual time until the next car */
    double taper_from_pct; /* of what the car wants; from there power falls in proportion */
    double ambient_c;
};

struct ev_state {
    enum ev_phase phase;
    double power_w;       /* total over the phases */
    double available_w;   /* what the car would take now if nothing limited it; 0 if none is locked */
    double wants_wh;      /* the car now here */
    double charged_wh;    /* into it */
    double phase_left_s;  /* until the next phase: while locked, until departure */
    double temperature_c; /* of the station */
};

/* Three phases from 4140 W, below one. 30 kWh, 8 h, 4 h away; taper from 85 %. */
void ev_params_default(struct ev_params *params, double rated_w);

/* A run begins with a car locked at both ends (or, with `plugged` false, with an empty station) that wants
 * `params->wants_wh` and stays for `params->stay_s`. */
void ev_init(struct ev_state *state, const struct ev_params *params, bool plugged);

/* `allowed_w`: set-point and bounds, whichever is less; INFINITY when the session runs free. Below `min_w`
 * nothing flows, as a car cannot charge with less. */
void ev_step(
    struct ev_state *state, const struct ev_params *params, double allowed_w, double dt_s, struct rng *rng);

#endif
