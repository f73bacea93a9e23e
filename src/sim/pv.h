/* SPDX-License-Identifier: MIT */
/* Photovoltaic modules: from irradiance on their plane, air temperature and wind to DC power (≤ 0:
 * production). Without measured irradiance take sim/sun.h. Conversion to AC, its limit and curtailment are
 * the inverter's. */
#ifndef SIM_PV_H
#define SIM_PV_H

struct pv_params {
    double peak_w;            /* DC power at 1000 W/m² and 25 °C module temperature, positive */
    double noct_c;            /* module temperature at 800 W/m², 20 °C, 1 m/s */
    double coefficient_pct_k; /* change of power for each kelvin above 25 °C, negative */
    double mpp_v;             /* voltage of the strings at 1000 W/m², 25 °C */
};

struct pv_output {
    double power_w; /* ≤ 0 */
    double voltage_v;
    double current_a; /* ≤ 0: out of the modules */
    double module_c;
};

/* Modules that suit an inverter of that rating: 1.1 times its power, NOCT 45 °C, -0.37 %/K, 620 V. */
void pv_params_default(struct pv_params *params, double inverter_rated_w);

/* What the sun gives now. Negative irradiance, as sensors report at night, counts as 0. A function without
 * state: modules follow the sun within seconds. */
struct pv_output pv_output(
    const struct pv_params *params, double irradiance_w_m2, double ambient_c, double wind_m_s);

/* The working point when only `power_w` (≤ 0, at most what is available) is taken: voltage rises towards open
 * circuit. */
struct pv_output pv_curtail(const struct pv_params *params, struct pv_output available, double power_w);

#endif
