/* SPDX-License-Identifier: MIT */
/* A battery as seen at its DC terminals: open-circuit voltage by state of charge, internal resistance (sag,
 * loss, heat), limits by state of charge and temperature. Charging is positive. The DC relays belong to the
 * driver: with open relays it steps the battery with 0 W.
 *
 * State of charge counts energy: 1 % is 1 % of the usable capacity in Wh, as the API's users compute with it.
 */
#ifndef SIM_BATTERY_H
#define SIM_BATTERY_H

#include "sim/power_range.h"

enum battery_chemistry { BATTERY_LFP, BATTERY_NMC, BATTERY_NA_ION };

struct battery_params {
    enum battery_chemistry chemistry;
    double capacity_wh;    /* when new */
    double health_pct;     /* what is left of it */
    double soc_min_pct;    /* no discharge below */
    double soc_max_pct;    /* no charge above */
    double charge_c;       /* largest charging power in multiples of the capacity an hour (1 = 1 C) */
    double discharge_c;    /* and discharging, positive too */
    double cells;          /* in series */
    double resistance_ohm; /* of the whole battery at 25 °C */
    double heat_j_k;       /* heat capacity */
    double cooling_w_k;    /* heat lost to the surroundings for each kelvin above them */
};

struct battery_state {
    double soc_pct; /* 0…100 */
    double temperature_c;
    double power_w;   /* at the terminals in the last step, charging positive */
    double current_a; /* likewise */
    double voltage_v; /* at the terminals, under that current */
    double loss_w;    /* heat made in the resistance, ≥ 0 */
};

/* Plausible values for a healthy battery of that chemistry: 1 C both ways, 10…90 %, about 2 % loss at 1 C,
 * 48 V below 5 kWh and 400 V from there on (800 V from 200 kWh). All may be changed before battery_init(). */
void battery_params_default(
    struct battery_params *params, enum battery_chemistry chemistry, double capacity_wh);

/* At rest, at the temperature of its surroundings. */
void battery_init(
    struct battery_state *state, const struct battery_params *params, double soc_pct, double ambient_c);

/* Moves `power_w` through the terminals for `dt_s`. The power is obeyed whatever battery_limits() says
 * (keeping to it is the inverter's part), short of what physics refuses: at 0 and 100 % and at the
 * resistance's limit the state's power_w tells what really flowed. */
void battery_step(struct battery_state *state, const struct battery_params *params, double power_w,
    double ambient_c, double dt_s);

/* The DC power allowed now. Full (C rate) between the SoC limits, falling over the last two points before a
 * limit to 2 % and there to 0, tapering above 90 % SoC, and by temperature: charging stops at 0 °C, is full
 * from 10 to 45 °C and stops at 55 °C; discharging stops at -20 °C, is full from -10 to 50 °C and stops at 60
 * °C. */
struct power_range battery_limits(const struct battery_state *state, const struct battery_params *params);

double battery_usable_wh(const struct battery_params *params); /* capacity × health; × SoC = energy inside */
double battery_open_circuit_v(const struct battery_params *params, double soc_pct);

#endif
