/* SPDX-License-Identifier: MIT */
/* Loss at load x (both as shares of rated power): NO_LOAD + LINEAR·x + SQUARE·x², which puts the efficiency
 * x / (x + loss) at 0.78 for x = 0.025, 0.93 for 0.1 and 0.97 for 1. Below LOW_LOAD the no-load part shrinks
 * with x (real inverters pulse there), so that no power means no loss. The same efficiency holds both ways.
 */
#include "sim/inverter.h"

#include <math.h>

#include "sim/approach.h"

#define NO_LOAD    0.00694
#define LINEAR     0.00389
#define SQUARE     0.02007
#define LOW_LOAD   0.005

#define RATED_LOSS (NO_LOAD + LINEAR + SQUARE)

void inverter_params_default(struct inverter_params *params, double rated_w)
{
    *params = (struct inverter_params){
        .rated_w = rated_w,
        .rated_va = rated_w,
        .ramp_w_s = rated_w / 2,
        .delay_s = 0.1,
        .derate_from_c = 75,
        .derate_to_c = 95,
    };
}

void inverter_init(struct inverter_state *state, double ambient_c)
{
    *state = (struct inverter_state){.temperature_c = ambient_c,
        .cabinet_c = ambient_c,
        .heatsink_c = ambient_c,
        .transformer_c = ambient_c};
}

static double loss_of_load(double load)
{
    double no_load = load < LOW_LOAD ? NO_LOAD * load / LOW_LOAD : NO_LOAD;
    return no_load + (LINEAR + SQUARE * load) * load;
}

double inverter_dc_of_ac(const struct inverter_params *params, double ac_w)
{
    double load = fabs(ac_w) / params->rated_w;
    if (!(load > 0 && params->rated_w > 0)) {
        return 0; /* also of NaN, and by an inverter that is none */
    }
    double with_loss = 1 + loss_of_load(load) / load; /* 1 / efficiency */
    return ac_w < 0 ? ac_w * with_loss : ac_w / with_loss;
}

/* The root ≥ 0 of a·x² + b·x = c, for a, c ≥ 0 and b > 0. */
static double root(double a, double b, double c)
{
    return 2 * c / (b + sqrt(b * b + 4 * a * c));
}

/* Production: dc = x + loss(x), solved for x. */
static double load_of_dc_out(double dc)
{
    double x = root(SQUARE, 1 + LINEAR + NO_LOAD / LOW_LOAD, dc);
    return x < LOW_LOAD ? x : root(SQUARE, 1 + LINEAR, dc - NO_LOAD);
}

/* Consumption: dc = x² / (x + loss(x)), solved for x. */
static double load_of_dc_in(double dc)
{
    double x = dc * (1 + LINEAR + NO_LOAD / LOW_LOAD) / (1 - SQUARE * dc);
    if (x < LOW_LOAD) {
        return x;
    }
    double a = 1 - SQUARE * dc, b = dc * (1 + LINEAR), c = dc * NO_LOAD;
    return (b + sqrt(b * b + 4 * a * c)) / (2 * a);
}

double inverter_ac_of_dc(const struct inverter_params *params, double dc_w)
{
    if (isnan(dc_w) || !(params->rated_w > 0)) {
        return 0;
    }
    /* Far beyond any rating, where the formula would turn round, more DC changes nothing. */
    double dc = fmin(fabs(dc_w) / params->rated_w, 10);
    return dc_w < 0 ? -load_of_dc_out(dc) * params->rated_w : load_of_dc_in(dc) * params->rated_w;
}

struct power_range inverter_range_of_dc(const struct inverter_params *params, struct power_range dc)
{
    return (struct power_range){
        .lower_w = inverter_ac_of_dc(params, dc.lower_w),
        .upper_w = inverter_ac_of_dc(params, dc.upper_w),
    };
}

struct power_range inverter_limits(const struct inverter_state *state, const struct inverter_params *params)
{
    double most_w = fmin(params->rated_w, params->rated_va);
    most_w *= approach_slope(state->heatsink_c, params->derate_to_c, params->derate_from_c);
    return (struct power_range){.lower_w = 0 - most_w, .upper_w = most_w};
}

static void ramp(
    struct inverter_state *state, const struct inverter_params *params, struct power_range range, double dt_s)
{
    double goal_w = power_range_clamp(range, state->target_w);
    state->ramped_w = approach_ramp(state->ramped_w, goal_w, params->ramp_w_s, dt_s);
    state->reactive_var = approach_ramp(state->reactive_var, state->target_var, params->ramp_w_s, dt_s);
}

/* A new command waits out the delay while the old one goes on; one that comes meanwhile takes its place
 * without starting the delay anew, so a command that changes at every step still gets through. */
static void follow_commands(struct inverter_state *state, const struct inverter_params *params,
    const struct inverter_inputs *inputs, struct power_range range, double dt_s)
{
    bool waiting = state->commanded_w != state->target_w || state->commanded_var != state->target_var;
    state->commanded_w = power_or_none(inputs->power_w);
    state->commanded_var = power_or_none(inputs->reactive_var);
    if (!waiting) {
        state->delay_left_s = params->delay_s;
    }
    if (state->delay_left_s >= dt_s) {
        state->delay_left_s -= dt_s;
        ramp(state, params, range, dt_s);
        return;
    }
    ramp(state, params, range, state->delay_left_s);
    state->target_w = state->commanded_w;
    state->target_var = state->commanded_var;
    ramp(state, params, range, dt_s - state->delay_left_s);
    state->delay_left_s = 0;
}

static void disconnect(struct inverter_state *state)
{
    state->ramped_w = state->reactive_var = 0;
    state->target_w = state->target_var = state->commanded_w = state->commanded_var = 0;
    state->delay_left_s = 0;
}

static void warm(
    struct inverter_state *state, const struct inverter_params *params, double ambient_c, double dt_s)
{
    double heat = params->rated_w > 0 ? state->loss_w / (params->rated_w * RATED_LOSS) : 0;
    state->temperature_c = approach_lag(state->temperature_c, ambient_c + 30 * heat, 240, dt_s);
    state->heatsink_c = approach_lag(state->heatsink_c, ambient_c + 40 * heat, 300, dt_s);
    state->cabinet_c = approach_lag(state->cabinet_c, ambient_c + 15 * heat, 900, dt_s);
    state->transformer_c = approach_lag(state->transformer_c, ambient_c + 35 * heat, 1800, dt_s);
}

void inverter_step(struct inverter_state *state, const struct inverter_params *params,
    const struct inverter_inputs *inputs, double dt_s)
{
    if (inputs->connected) {
        struct power_range range = power_range_both(inputs->able, inverter_limits(state, params));
        follow_commands(state, params, inputs, range, dt_s);
        state->ramped_w = power_range_clamp(range, state->ramped_w);
        double spare_va2 = params->rated_va * params->rated_va - state->ramped_w * state->ramped_w;
        double most_var = sqrt(fmax(0, spare_va2));
        state->reactive_var = fmax(-most_var, fmin(most_var, state->reactive_var));
    } else {
        disconnect(state);
    }
    bool idle = inputs->connected && state->ramped_w == 0;
    state->power_w = idle ? inputs->idle_w : state->ramped_w;
    state->dc_power_w = inverter_dc_of_ac(params, state->ramped_w);
    state->loss_w = state->power_w - state->dc_power_w;
    warm(state, params, inputs->ambient_c, dt_s);
}
