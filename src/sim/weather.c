/* SPDX-License-Identifier: MIT */
/* The Magnus formula, solved for the temperature at which the air would hold no more water. */
#include "sim/weather.h"

#include <math.h>

double weather_dew_point_c(double temperature_c, double humidity_pct)
{
    double humidity = fmax(1, fmin(100, humidity_pct)) / 100;
    double gamma = log(humidity) + 17.625 * temperature_c / (243.04 + temperature_c);
    return 243.04 * gamma / (17.625 - gamma);
}
