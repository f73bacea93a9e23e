/* SPDX-License-Identifier: MIT */
/* Where the sun stands follows from latitude, day and hour; Haurwitz' formula gives the light on flat
 * ground, which is split into direct, diffuse and reflected light for a tilted plane. Plain formulas: a
 * believable curve, no almanac. */
#include "sim/sun.h"

#include <math.h>

#define RAD        (M_PI / 180)
#define DIFFUSE    0.12 /* of clear-sky light; the rest comes straight from the sun */
#define REFLECTION 0.2  /* of the ground */

/* Where the sun stands: a vector of length 1. */
struct direction {
    double up, north, east;
};

static struct direction sun_direction(double latitude_deg, int day, double solar_time_s)
{
    double declination = 23.45 * RAD * sin(2 * M_PI * (284 + day) / 365);
    double hour_angle = 2 * M_PI * (solar_time_s - 43200) / 86400;
    double cos_l = cos(latitude_deg * RAD), sin_l = sin(latitude_deg * RAD);
    double cos_d = cos(declination), sin_d = sin(declination);
    double cos_h = cos(hour_angle);
    return (struct direction){
        .up = sin_l * sin_d + cos_l * cos_d * cos_h,
        .north = cos_l * sin_d - sin_l * cos_d * cos_h,
        .east = -cos_d * sin(hour_angle),
    };
}

void sun_plane_default(struct sun_plane *plane, double latitude_deg)
{
    *plane = (struct sun_plane){
        .latitude_deg = latitude_deg, .tilt_deg = 30, .azimuth_deg = latitude_deg < 0 ? 0 : 180};
}

double sun_irradiance_w_m2(const struct sun_plane *plane, int day, double solar_time_s)
{
    struct direction sun = sun_direction(plane->latitude_deg, day, solar_time_s);
    if (sun.up <= 0) {
        return 0;
    }
    double flat_w_m2 = 1098 * sun.up * exp(-0.059 / sun.up); /* Haurwitz */
    double cos_tilt = cos(plane->tilt_deg * RAD), sin_tilt = sin(plane->tilt_deg * RAD);
    double facing = sun.up * cos_tilt + sin_tilt * (sun.north * cos(plane->azimuth_deg * RAD) +
                                                       sun.east * sin(plane->azimuth_deg * RAD));
    double direct = (1 - DIFFUSE) / sun.up * fmax(0, facing);
    double diffuse = DIFFUSE * (1 + cos_tilt) / 2;
    double reflected = REFLECTION * (1 - cos_tilt) / 2;
    return flat_w_m2 * (direct + diffuse + reflected);
}
