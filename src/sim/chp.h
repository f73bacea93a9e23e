/* SPDX-License-Identifier: MIT */
/* A combined heat and power engine: makes what it is asked to, between its minimum load and its rating, with
 * a ramp; once started it runs for a minimum time, unless made to stop. */
#ifndef SIM_CHP_H
#define SIM_CHP_H

#include <stdbool.h>

struct chp_params {
    double rated_w; /* positive */
    double min_w;   /* positive; asked for less, it stops */
    double ramp_w_s;
    double min_run_s;
};

struct chp_state {
    double power_w; /* ≤ 0 */
    double run_s;   /* since it started */
    bool running;
};

void chp_params_default(struct chp_params *params, double rated_w); /* 50 %, rated in 60 s, 300 s */
void chp_init(struct chp_state *state);

/* `wanted_w` ≤ 0. A running engine asked for too little holds its minimum load until `min_run_s` is over;
 * `stop` ends it at once (ramping down), for errors and for set-points of 0 that must be kept. */
void chp_step(
    struct chp_state *state, const struct chp_params *params, double wanted_w, bool stop, double dt_s);

#endif
