/* SPDX-License-Identifier: MIT */
/* Phases are independent; totals are sums of them. The counters run apart from the rest, because energy has
 * to be that of each step, while the rest is only worth its price when somebody reads it. */
#include "sim/ac.h"

#include <math.h>

#define SECONDS_PER_HOUR 3600.0

/* Power electronics: some 2 % distortion at full load, rising as the current falls. */
#define THD_FULL_LOAD_PCT 2.0
#define THD_MOST_PCT      30.0

void ac_init(struct ac_quantities *ac)
{
    *ac = (struct ac_quantities){.power_factor = 1};
    for (int i = 0; i < 3; i++) {
        ac->phase[i].power_factor = 1;
    }
}

static double thd_pct(double current_a, double rated_a)
{
    if (current_a <= 0) {
        return 0;
    }
    if (rated_a <= current_a) {
        return THD_FULL_LOAD_PCT;
    }
    double thd = THD_FULL_LOAD_PCT * (0.7 + 0.3 * rated_a / current_a);
    return thd < THD_MOST_PCT ? thd : THD_MOST_PCT;
}

static double power_factor(double power_w, double apparent_va)
{
    return apparent_va > 0 ? power_w / apparent_va : 1;
}

static void phase_derive(struct ac_phase *phase, double power_w, double reactive_var, double voltage_v,
    double voltage_next_v, double rated_a)
{
    phase->power_w = power_w;
    phase->reactive_var = reactive_var;
    phase->voltage_v = voltage_v;
    /* The phases stand 120° apart: law of cosines with cos 120° = -1/2. */
    phase->voltage_next_v = sqrt(
        voltage_v * voltage_v + voltage_next_v * voltage_next_v + voltage_v * voltage_next_v);
    phase->apparent_va = sqrt(power_w * power_w + reactive_var * reactive_var);
    phase->power_factor = power_factor(power_w, phase->apparent_va);
    phase->current_a = voltage_v > 0 ? phase->apparent_va / voltage_v : 0;
    phase->thd_pct = thd_pct(phase->current_a, rated_a);
}

void ac_derive(struct ac_quantities *ac, const double power_w[3], const double reactive_var[3],
    const double voltage_v[3], double frequency_hz, double rated_a)
{
    double distorted = 0;
    ac->frequency_hz = frequency_hz;
    ac->voltage_v = ac->current_a = ac->power_w = ac->reactive_var = ac->apparent_va = 0;
    for (int i = 0; i < 3; i++) {
        struct ac_phase *phase = &ac->phase[i];
        phase_derive(phase, power_w[i], reactive_var[i], voltage_v[i], voltage_v[(i + 1) % 3], rated_a);
        ac->voltage_v += phase->voltage_v / 3;
        ac->current_a += phase->current_a;
        ac->power_w += phase->power_w;
        ac->reactive_var += phase->reactive_var;
        ac->apparent_va += phase->apparent_va;
        distorted += phase->thd_pct * phase->current_a;
    }
    ac->power_factor = power_factor(ac->power_w, ac->apparent_va);
    ac->thd_pct = ac->current_a > 0 ? distorted / ac->current_a : 0;
}

static void energy_add(struct ac_energy *energy, double power_w, double reactive_var, double hours)
{
    if (power_w > 0) {
        energy->consumed_wh += power_w * hours;
    } else {
        energy->delivered_wh -= power_w * hours;
    }
    energy->apparent_vah += sqrt(power_w * power_w + reactive_var * reactive_var) * hours;
    energy->reactive_varh += fabs(reactive_var) * hours;
}

void ac_count(struct ac_quantities *ac, const double power_w[3], const double reactive_var[3], double dt_s)
{
    struct ac_energy sum = {0};
    for (int i = 0; i < 3; i++) {
        struct ac_energy *energy = &ac->phase[i].energy;
        energy_add(energy, power_w[i], reactive_var[i], dt_s / SECONDS_PER_HOUR);
        sum.consumed_wh += energy->consumed_wh;
        sum.delivered_wh += energy->delivered_wh;
        sum.apparent_vah += energy->apparent_vah;
        sum.reactive_varh += energy->reactive_varh;
    }
    ac->energy = sum;
}

void ac_split(double total, double shares[3])
{
    shares[0] = shares[1] = total / 3;
    shares[2] = total - shares[0] - shares[1];
}

void ac_split_weighted(double total, const double weights[3], double shares[3])
{
    double unit = total / (weights[0] + weights[1] + weights[2]);
    shares[0] = unit * weights[0];
    shares[1] = unit * weights[1];
    shares[2] = total - shares[0] - shares[1];
}
