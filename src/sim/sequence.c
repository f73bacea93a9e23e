/* SPDX-License-Identifier: MIT */
/* Each step looks at where the contacts stand and does the next thing on the way to the goal. There is no
 * list of phases to leave in the middle, so a goal may change at any time. */
#include "sim/sequence.h"

#define DEAD_V 1.0

void sequence_params_default(struct sequence_params *params, bool has_dc_relay)
{
    *params = (struct sequence_params){.has_dc_relay = has_dc_relay, .sync_s = 2};
    relay_params_default(&params->dc);
    relay_params_default(&params->ac);
    precharger_params_default(&params->link);
}

void sequence_init(
    struct sequence_state *state, const struct sequence_params *params, enum sequence_goal goal, double dc_v)
{
    bool dc = goal != SEQUENCE_OFF || !params->has_dc_relay;
    *state = (struct sequence_state){.goal = goal, .sync_left_s = params->sync_s};
    relay_init(&state->dc, dc);
    relay_init(&state->ac, goal == SEQUENCE_RUN);
    precharger_init(&state->link, dc, dc_v);
}

void sequence_set_goal(struct sequence_state *state, enum sequence_goal goal)
{
    state->goal = goal;
    state->fault = SEQUENCE_FINE;
}

static void fail(
    struct sequence_state *state, const struct sequence_params *params, enum sequence_fault fault)
{
    state->fault = fault;
    state->goal = SEQUENCE_OFF;
    precharger_open(&state->link);
    relay_command(&state->ac, &params->ac, false);
    if (params->has_dc_relay) {
        relay_command(&state->dc, &params->dc, false);
    }
}

/* The link fills through its resistor first; only then may the DC relay close. Onto a dead DC side, with the
 * battery's own relays open, there is nothing to wait for. */
static void connect_dc(struct sequence_state *state, const struct sequence_params *params, double dc_v)
{
    if (!params->has_dc_relay || state->dc.position == RELAY_CLOSED) {
        return;
    }
    if (dc_v < DEAD_V) {
        precharger_init(&state->link, true, dc_v);
    }
    if (state->link.phase == PRECHARGER_FAILED) {
        fail(state, params, SEQUENCE_PRECHARGE_TOO_SLOW);
        return;
    }
    precharger_start(&state->link);
    if (state->link.phase == PRECHARGER_CLOSED && !relay_command(&state->dc, &params->dc, true)) {
        fail(state, params, SEQUENCE_RELAY_WORN);
    }
}

static void connect_ac(struct sequence_state *state, const struct sequence_params *params, double dt_s)
{
    if (state->ac.position == RELAY_CLOSED || state->ac.position == RELAY_CLOSING) {
        return;
    }
    state->sync_left_s -= dt_s;
    if (state->sync_left_s <= 0 && !relay_command(&state->ac, &params->ac, true)) {
        fail(state, params, SEQUENCE_RELAY_WORN);
    }
}

static void disconnect_ac(struct sequence_state *state, const struct sequence_params *params)
{
    relay_command(&state->ac, &params->ac, false);
    state->sync_left_s = params->sync_s;
}

static void disconnect_dc(struct sequence_state *state, const struct sequence_params *params)
{
    if (params->has_dc_relay && state->ac.position == RELAY_OPEN) {
        relay_command(&state->dc, &params->dc, false);
        precharger_open(&state->link);
    }
}

void sequence_step(
    struct sequence_state *state, const struct sequence_params *params, double dc_v, double dt_s)
{
    relay_step(&state->dc, dt_s);
    relay_step(&state->ac, dt_s);
    precharger_step(&state->link, &params->link, dc_v, dt_s);
    if (state->goal != SEQUENCE_RUN) {
        disconnect_ac(state, params);
    }
    if (state->goal == SEQUENCE_OFF) {
        disconnect_dc(state, params);
        return;
    }
    connect_dc(state, params, dc_v);
    if (state->goal == SEQUENCE_RUN && state->dc.position == RELAY_CLOSED) {
        connect_ac(state, params, dt_s);
    }
}

bool sequence_there(const struct sequence_state *state, const struct sequence_params *params)
{
    enum relay_position ac = state->goal == SEQUENCE_RUN ? RELAY_CLOSED : RELAY_OPEN;
    bool dc_closed = state->goal != SEQUENCE_OFF || !params->has_dc_relay;
    return state->ac.position == ac && state->dc.position == (dc_closed ? RELAY_CLOSED : RELAY_OPEN);
}

bool sequence_running(const struct sequence_state *state)
{
    return state->ac.position == RELAY_CLOSED && state->dc.position == RELAY_CLOSED;
}
