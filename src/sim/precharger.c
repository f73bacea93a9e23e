/* SPDX-License-Identifier: MIT */
/* The exact solution of the RC circuit, so that the time of closing does not depend on the time step. */
#include "sim/precharger.h"

#include <math.h>

#include "sim/approach.h"

#define BLEED_TAU_S 5

void precharger_params_default(struct precharger_params *params)
{
    *params = (struct precharger_params){
        .resistance_ohm = 50, .capacitance_f = 0.02, .close_at_pct = 95, .timeout_s = 10};
}

void precharger_init(struct precharger_state *state, bool closed, double battery_v)
{
    *state = (struct precharger_state){
        .phase = closed ? PRECHARGER_CLOSED : PRECHARGER_OPEN, .voltage_v = closed ? battery_v : 0};
}

void precharger_start(struct precharger_state *state)
{
    if (state->phase == PRECHARGER_OPEN || state->phase == PRECHARGER_FAILED) {
        state->phase = PRECHARGER_PRECHARGING;
        state->elapsed_s = 0;
    }
}

void precharger_open(struct precharger_state *state)
{
    state->phase = PRECHARGER_OPEN;
}

static void precharge(
    struct precharger_state *state, const struct precharger_params *params, double battery_v, double dt_s)
{
    double tau_s = params->resistance_ohm * params->capacitance_f;
    state->voltage_v = battery_v + (state->voltage_v - battery_v) * exp(-dt_s / tau_s);
    state->elapsed_s += dt_s;
    /* The millionth covers rounding: a step that ends just when 95 % is reached shall close. */
    if (battery_v > 0 && state->voltage_v >= battery_v * (params->close_at_pct / 100 - 1e-6)) {
        state->phase = PRECHARGER_CLOSED;
    } else if (state->elapsed_s >= params->timeout_s) {
        state->phase = PRECHARGER_FAILED;
    }
}

void precharger_step(
    struct precharger_state *state, const struct precharger_params *params, double battery_v, double dt_s)
{
    switch (state->phase) {
    case PRECHARGER_PRECHARGING:
        precharge(state, params, battery_v, dt_s);
        break;
    case PRECHARGER_CLOSED:
        state->voltage_v = battery_v;
        break;
    case PRECHARGER_OPEN:
    case PRECHARGER_FAILED:
        state->voltage_v = approach_lag(state->voltage_v, 0, BLEED_TAU_S, dt_s);
        break;
    }
}
