/* SPDX-License-Identifier: MIT */
/* What sensors derive instead of measuring. */
#ifndef SIM_WEATHER_H
#define SIM_WEATHER_H

/* Dew point in °C (Magnus formula over water), for 0 < humidity ≤ 100 %; below 1 % counts as 1 %. */
double weather_dew_point_c(double temperature_c, double humidity_pct);

#endif
