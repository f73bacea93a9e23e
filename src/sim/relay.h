/* SPDX-License-Identifier: MIT */
/* A relay (contactor, breaker): takes a moment to switch and wears out. One cycle is one closing. */
#ifndef SIM_RELAY_H
#define SIM_RELAY_H

#include <stdbool.h>
#include <stdint.h>

enum relay_position { RELAY_OPEN, RELAY_CLOSING, RELAY_CLOSED, RELAY_OPENING };

struct relay_params {
    double switching_s;   /* default 0.05 */
    uint32_t cycle_limit; /* closings it lives for; 0: for ever */
};

struct relay_state {
    enum relay_position position;
    double left_s; /* until it has switched */
    uint32_t cycles;
};

void relay_params_default(struct relay_params *params);
void relay_init(struct relay_state *state, bool closed);

/* Starts switching; already there or on its way there is true and does nothing. Opening always works. Closing
 * returns false, and nothing moves, when the cycle limit is reached (the API's error 60). */
bool relay_command(struct relay_state *state, const struct relay_params *params, bool close);
void relay_step(struct relay_state *state, double dt_s);

bool relay_conducts(const struct relay_state *state); /* the contacts touch: closed, or still opening */
bool relay_moving(const struct relay_state *state);
bool relay_worn(const struct relay_state *state, const struct relay_params *params);

#endif
