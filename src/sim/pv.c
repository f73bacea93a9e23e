/* SPDX-License-Identifier: MIT */
/* Power goes with the light and falls with the module's temperature, which the light itself raises.
 * Curtailing moves the working point towards open circuit: more voltage, less current. */
#include "sim/pv.h"

#include <math.h>

#include "sim/power_range.h"

void pv_params_default(struct pv_params *params, double inverter_rated_w)
{
    *params = (struct pv_params){
        .peak_w = 1.1 * inverter_rated_w, .noct_c = 45, .coefficient_pct_k = -0.37, .mpp_v = 620};
}

/* Working voltage falls with temperature, and quickly when there is hardly any light. */
static double mpp_voltage_v(const struct pv_params *params, double irradiance_w_m2, double module_c)
{
    double light = 1.01 * irradiance_w_m2 / (irradiance_w_m2 + 10);
    return params->mpp_v * light * (1 - 0.003 * (module_c - 25));
}

static double current_a(double power_w, double voltage_v)
{
    return voltage_v > 0 ? power_w / voltage_v : 0;
}

struct pv_output pv_output(
    const struct pv_params *params, double irradiance_w_m2, double ambient_c, double wind_m_s)
{
    double light = fmax(0, irradiance_w_m2);
    /* NOCT is defined at 1 m/s; wind carries the heat away. */
    double cooling = (5.7 + 3.8 * fmax(0, wind_m_s)) / 9.5;
    double module_c = ambient_c + light * (params->noct_c - 20) / 800 / cooling;
    double warm = fmax(0, 1 + params->coefficient_pct_k / 100 * (module_c - 25));
    struct pv_output out = {.power_w = 0 - params->peak_w * light / 1000 * warm, .module_c = module_c};
    out.voltage_v = mpp_voltage_v(params, light, module_c);
    out.current_a = current_a(out.power_w, out.voltage_v);
    return out;
}

struct pv_output pv_curtail(const struct pv_params *params, struct pv_output available, double power_w)
{
    if (available.power_w >= 0) {
        return available;
    }
    double share = fmax(0, fmin(1, power_or_none(power_w) / available.power_w));
    struct pv_output out = available;
    out.power_w = share * available.power_w;
    out.voltage_v = available.voltage_v * (1 + 0.2 * (1 - share));
    out.current_a = current_a(out.power_w, out.voltage_v);
    return out;
}
