/* SPDX-License-Identifier: MIT */
/* The curve gives what the wind would bring in the long run; the rotor follows it with its inertia, and
 * curtailing only cuts what it brings. */
#include "sim/wind_turbine.h"

#include <math.h>

#include "sim/approach.h"

void wind_turbine_params_default(struct wind_turbine_params *params, double rated_w)
{
    *params = (struct wind_turbine_params){
        .rated_w = rated_w,
        .cut_in_m_s = 3,
        .rated_m_s = 12,
        .cut_out_m_s = 25,
        .hub_factor = 1.3,
        .tau_s = 8,
    };
}

void wind_turbine_init(struct wind_turbine_state *state)
{
    *state = (struct wind_turbine_state){0};
}

/* The wind's power goes with its cube, counted from the cut-in speed so that the curve begins at 0. */
double wind_turbine_curve_w(const struct wind_turbine_params *params, double wind_m_s)
{
    double v = wind_m_s * params->hub_factor;
    if (!(v > params->cut_in_m_s) || v >= params->cut_out_m_s) {
        return 0;
    }
    if (v >= params->rated_m_s) {
        return -params->rated_w;
    }
    double in = params->cut_in_m_s, full = params->rated_m_s;
    return -params->rated_w * (v * v * v - in * in * in) / (full * full * full - in * in * in);
}

void wind_turbine_step(struct wind_turbine_state *state, const struct wind_turbine_params *params,
    double wind_m_s, double limit_w, double dt_s)
{
    double settled_w = wind_turbine_curve_w(params, wind_m_s);
    state->available_w = approach_lag(state->available_w, settled_w, params->tau_s, dt_s);
    state->power_w = fmax(state->available_w, fmin(0, limit_w));
}
