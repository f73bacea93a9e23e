/* SPDX-License-Identifier: MIT */
/* Every AC quantity of a three-phase component, derived from active and reactive power and voltage of each
 * phase: all that the API's AC metrics ask for. Index 0…2 is phase 1…3. Consumption and inductive are
 * positive. */
#ifndef SIM_AC_H
#define SIM_AC_H

struct ac_energy { /* counters since ac_init(), which only ever rise */
    double consumed_wh;
    double delivered_wh;
    double apparent_vah;
    double reactive_varh; /* of |Q| */
};

struct ac_phase {
    double voltage_v;      /* to neutral */
    double voltage_next_v; /* to the next phase: 1-2, 2-3, 3-1 */
    double current_a;      /* ≥ 0 */
    double power_w;
    double reactive_var;
    double apparent_va;  /* ≥ 0 */
    double power_factor; /* power / apparent power, with its sign; 1 at no load */
    double thd_pct;      /* total harmonic distortion of the current; 0 at no load */
    struct ac_energy energy;
};

struct ac_quantities {
    double frequency_hz;
    double voltage_v;    /* mean of the three to neutral */
    double current_a;    /* sum of the three */
    double power_w;      /* sum */
    double reactive_var; /* sum */
    double apparent_va;  /* sum of the three (arithmetic apparent power) */
    double power_factor;
    double thd_pct;          /* of the phases, weighted by current */
    struct ac_energy energy; /* sums */
    struct ac_phase phase[3];
};

/* All 0: counters begin here. */
void ac_init(struct ac_quantities *ac);

/* Takes the new powers and voltages and computes all the rest but the counters. `rated_a`: current of a phase
 * at full load, for the harmonics, which are worst at low load; 0 = unknown. */
void ac_derive(struct ac_quantities *ac, const double power_w[3], const double reactive_var[3],
    const double voltage_v[3], double frequency_hz, double rated_a);

/* Lets the counters run for `dt_s` with these powers. */
void ac_count(struct ac_quantities *ac, const double power_w[3], const double reactive_var[3], double dt_s);

/* Shares of a total: evenly, or in the ratio of `weights` (not all 0). The shares add up to the total. */
void ac_split(double total, double shares[3]);
void ac_split_weighted(double total, const double weights[3], double shares[3]);

#endif
