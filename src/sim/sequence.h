/* SPDX-License-Identifier: MIT */
/* How long an inverter takes to come and go: DC relays (with precharge of its link), then synchronising to
 * the grid, then the AC relay; backwards to stop. With no voltage on the DC side it starts too, without
 * precharge. What it should do is the caller's decision, whether it may is checked elsewhere; this is the
 * timing. */
#ifndef SIM_SEQUENCE_H
#define SIM_SEQUENCE_H

#include <stdbool.h>

#include "sim/precharger.h"
#include "sim/relay.h"

enum sequence_goal { SEQUENCE_OFF, SEQUENCE_STANDBY, SEQUENCE_RUN };

enum sequence_fault { SEQUENCE_FINE, SEQUENCE_PRECHARGE_TOO_SLOW, SEQUENCE_RELAY_WORN };

struct sequence_params {
    bool has_dc_relay; /* without one the inverter is never off: SEQUENCE_OFF ends in standby */
    struct relay_params dc, ac;
    struct precharger_params link;
    double sync_s; /* watching the grid before the AC relay closes; default 2 s */
};

struct sequence_state {
    enum sequence_goal goal;
    enum sequence_fault fault; /* stays until the next sequence_set_goal(); the DC relay is open then */
    struct relay_state dc, ac;
    struct precharger_state link;
    double sync_left_s;
};

void sequence_params_default(struct sequence_params *params, bool has_dc_relay);

/* At rest in `goal`, DC voltage there where relays are closed. */
void sequence_init(
    struct sequence_state *state, const struct sequence_params *params, enum sequence_goal goal, double dc_v);

/* From anywhere to anywhere, also in mid-way. */
void sequence_set_goal(struct sequence_state *state, enum sequence_goal goal);
void sequence_step(
    struct sequence_state *state, const struct sequence_params *params, double dc_v, double dt_s);

bool sequence_there(
    const struct sequence_state *state, const struct sequence_params *params); /* goal reached */
bool sequence_running(const struct sequence_state *state); /* both sides closed: power may flow */

#endif
