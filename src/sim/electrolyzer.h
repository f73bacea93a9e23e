/* SPDX-License-Identifier: MIT */
/* An electrolyzer: consumes what it is asked to, between its minimum load and its rating, with a slow ramp.
 */
#ifndef SIM_ELECTROLYZER_H
#define SIM_ELECTROLYZER_H

struct electrolyzer_params {
    double rated_w;
    double min_w; /* asked for less than this, it stops */
    double ramp_w_s;
};

struct electrolyzer_state {
    double power_w; /* ≥ 0 */
};

void electrolyzer_params_default(
    struct electrolyzer_params *params, double rated_w); /* 10 %, rated in 30 s */
void electrolyzer_init(struct electrolyzer_state *state);
void electrolyzer_step(
    struct electrolyzer_state *state, const struct electrolyzer_params *params, double wanted_w, double dt_s);

#endif
