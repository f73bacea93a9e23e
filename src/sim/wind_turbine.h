/* SPDX-License-Identifier: MIT */
/* A wind turbine: power curve (cut-in 3, rated 12, cut-out 25 m/s at the hub) and the inertia of its rotor.
 */
#ifndef SIM_WIND_TURBINE_H
#define SIM_WIND_TURBINE_H

struct wind_turbine_params {
    double rated_w; /* positive */
    double cut_in_m_s;
    double rated_m_s;
    double cut_out_m_s;
    double hub_factor; /* wind at the hub for each m/s at the sensor */
    double tau_s;      /* of the rotor */
};

struct wind_turbine_state {
    double available_w; /* ≤ 0: what the wind gives */
    double power_w;     /* ≤ 0: what it makes, at most `limit_w` of that */
};

void wind_turbine_params_default(struct wind_turbine_params *params, double rated_w);
void wind_turbine_init(struct wind_turbine_state *state);

/* `limit_w` ≤ 0 curtails: -INFINITY runs free, 0 stops. */
void wind_turbine_step(struct wind_turbine_state *state, const struct wind_turbine_params *params,
    double wind_m_s, double limit_w, double dt_s);

double wind_turbine_curve_w(const struct wind_turbine_params *params, double wind_m_s); /* ≤ 0, settled */

#endif
