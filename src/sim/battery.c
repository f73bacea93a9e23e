/* SPDX-License-Identifier: MIT */
/* The current follows from the power by the quadratic equation of a voltage behind a resistance; everything
 * else (energy, sag, heat) follows from the current. Explicit Euler in the state of charge, implicit in the
 * temperature. */
#include "sim/battery.h"

#include <math.h>

#include "base/base.h"
#include "sim/approach.h"

#define SECONDS_PER_HOUR 3600.0
#define SOC_RAMP_PCT     2.0  /* power falls to 0 over these last points before a limit */
#define RAMP_LEAST       0.02 /* and then at once, or the limit would never be reached */

/* Open-circuit voltage of a cell. Known from 10 to 90 %; the ends are extended to where such cells are cut
 * off. */
static const double soc_knots_pct[] = {0, 10, 20, 50, 80, 90, 100};
static const double cell_v[][ARRAY_LEN(soc_knots_pct)] = {
    [BATTERY_LFP] = {2.80, 3.20, 3.23, 3.30, 3.33, 3.34, 3.45},
    [BATTERY_NMC] = {3.30, 3.55, 3.61, 3.75, 4.00, 4.12, 4.20},
    [BATTERY_NA_ION] = {2.30, 2.75, 2.90, 3.10, 3.35, 3.50, 3.80},
};

static double cell_open_circuit_v(enum battery_chemistry chemistry, double soc_pct)
{
    const double *v = cell_v[chemistry];
    size_t i = 1;
    while (i < ARRAY_LEN(soc_knots_pct) - 1 && soc_pct > soc_knots_pct[i]) {
        i++;
    }
    double share = approach_slope(soc_pct, soc_knots_pct[i - 1], soc_knots_pct[i]);
    return v[i - 1] + share * (v[i] - v[i - 1]);
}

void battery_params_default(
    struct battery_params *params, enum battery_chemistry chemistry, double capacity_wh)
{
    double nominal_v = capacity_wh < 5e3 ? 48 : capacity_wh < 200e3 ? 400 : 800;
    double cells = fmax(1, round(nominal_v / cell_open_circuit_v(chemistry, 50)));
    double pack_v = cells * cell_open_circuit_v(chemistry, 50);
    *params = (struct battery_params){
        .chemistry = chemistry,
        .capacity_wh = capacity_wh,
        .health_pct = 100,
        .soc_min_pct = 10,
        .soc_max_pct = 90,
        .charge_c = 1,
        .discharge_c = 1,
        .cells = cells,
        .resistance_ohm = 0.02 * pack_v * pack_v / capacity_wh,
        /* Some 7 kg a kWh at 1 kJ/(kg K); 1 C, 2 % loss, warms it by about 15 K in the end. */
        .heat_j_k = 7 * capacity_wh,
        .cooling_w_k = 0.02 * capacity_wh / 15,
    };
}

void battery_init(
    struct battery_state *state, const struct battery_params *params, double soc_pct, double ambient_c)
{
    *state = (struct battery_state){.soc_pct = soc_pct, .temperature_c = ambient_c};
    state->voltage_v = battery_open_circuit_v(params, soc_pct);
}

double battery_usable_wh(const struct battery_params *params)
{
    return params->capacity_wh * params->health_pct / 100;
}

double battery_open_circuit_v(const struct battery_params *params, double soc_pct)
{
    return params->cells * cell_open_circuit_v(params->chemistry, soc_pct);
}

/* Solves P = (V₀ + R·I)·I for the current; beyond the most that the battery can deliver, that most. */
static double current_of_power(double open_v, double resistance_ohm, double power_w)
{
    double root = open_v * open_v + 4 * resistance_ohm * power_w;
    return 2 * power_w / (open_v + sqrt(fmax(0, root)));
}

void battery_step(struct battery_state *state, const struct battery_params *params, double power_w,
    double ambient_c, double dt_s)
{
    double usable_wh = battery_usable_wh(params);
    double open_v = battery_open_circuit_v(params, state->soc_pct);
    /* Cold cells resist more. */
    double cold = 1 + 0.01 * fmax(0, 25 - state->temperature_c);
    double resistance_ohm = params->resistance_ohm * cold;
    double most_w = open_v * open_v / (4 * resistance_ohm);
    double current_a = current_of_power(open_v, resistance_ohm, fmax(power_or_none(power_w), -most_w));

    double added_pct = 100 * open_v * current_a * dt_s / SECONDS_PER_HOUR / usable_wh;
    double room_pct = current_a > 0 ? 100 - state->soc_pct : -state->soc_pct;
    if (fabs(added_pct) > fabs(room_pct)) {
        current_a *= room_pct / added_pct;
        added_pct = room_pct;
    }
    state->soc_pct += added_pct;
    state->current_a = current_a;
    state->voltage_v = open_v + resistance_ohm * current_a;
    state->power_w = state->voltage_v * current_a;
    state->loss_w = resistance_ohm * current_a * current_a;

    double settled_c = ambient_c + state->loss_w / params->cooling_w_k;
    double tau_s = params->heat_j_k / params->cooling_w_k;
    state->temperature_c = approach_lag(state->temperature_c, settled_c, tau_s, dt_s);
}

static double soc_ramp(double room_pct)
{
    if (!(room_pct > 0)) {
        return 0;
    }
    return fmax(RAMP_LEAST, approach_slope(room_pct, 0, SOC_RAMP_PCT));
}

struct power_range battery_limits(const struct battery_state *state, const struct battery_params *params)
{
    double usable_w = battery_usable_wh(params); /* over one hour */
    double t = state->temperature_c;
    double charge = params->charge_c * usable_w * soc_ramp(params->soc_max_pct - state->soc_pct);
    charge *= 1 - 0.85 * approach_slope(state->soc_pct, 90, 100);
    charge *= approach_slope(t, 0, 10) * approach_slope(t, 55, 45);
    double discharge = params->discharge_c * usable_w * soc_ramp(state->soc_pct - params->soc_min_pct);
    discharge *= approach_slope(t, -20, -10) * approach_slope(t, 60, 50);
    return (struct power_range){.lower_w = 0 - discharge, .upper_w = charge};
}
