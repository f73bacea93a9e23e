/* SPDX-License-Identifier: MIT */
/* Contacts touch until they have opened and do not until they have closed: what is on its way counts as
 * where it came from. */
#include "sim/relay.h"

void relay_params_default(struct relay_params *params)
{
    *params = (struct relay_params){.switching_s = 0.05};
}

void relay_init(struct relay_state *state, bool closed)
{
    *state = (struct relay_state){.position = closed ? RELAY_CLOSED : RELAY_OPEN};
}

bool relay_command(struct relay_state *state, const struct relay_params *params, bool close)
{
    bool closes = state->position == RELAY_CLOSED || state->position == RELAY_CLOSING;
    if (close == closes) {
        return true;
    }
    if (close && relay_worn(state, params)) {
        return false;
    }
    state->cycles += close;
    state->position = close ? RELAY_CLOSING : RELAY_OPENING;
    state->left_s = params->switching_s;
    return true;
}

void relay_step(struct relay_state *state, double dt_s)
{
    if (!relay_moving(state)) {
        return;
    }
    state->left_s -= dt_s;
    if (state->left_s <= 0) {
        state->left_s = 0;
        state->position = state->position == RELAY_CLOSING ? RELAY_CLOSED : RELAY_OPEN;
    }
}

bool relay_conducts(const struct relay_state *state)
{
    return state->position == RELAY_CLOSED || state->position == RELAY_OPENING;
}

bool relay_moving(const struct relay_state *state)
{
    return state->position == RELAY_CLOSING || state->position == RELAY_OPENING;
}

bool relay_worn(const struct relay_state *state, const struct relay_params *params)
{
    return params->cycle_limit != 0 && state->cycles >= params->cycle_limit;
}
