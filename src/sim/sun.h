/* SPDX-License-Identifier: MIT */
/* Irradiance under a clear sky (Haurwitz), for sites without measured data. */
#ifndef SIM_SUN_H
#define SIM_SUN_H

struct sun_plane {
    double latitude_deg; /* of the site, north positive */
    double tilt_deg;     /* 0 = flat, 90 = a wall */
    double azimuth_deg;  /* where it looks, clockwise from north: 180 = south */
};

/* 30° towards the equator. */
void sun_plane_default(struct sun_plane *plane, double latitude_deg);

/* W/m² on the plane; 0 at night. `day` 1…366; `solar_time_s` seconds since midnight, the sun highest at
 * 43200. */
double sun_irradiance_w_m2(const struct sun_plane *plane, int day, double solar_time_s);

#endif
