/* SPDX-License-Identifier: MIT */
/* How inverters and batteries that are connected many to many share DC power. The bounds of inverters follow
 * from it (dc_bounds.c), so a driver that decides what flows where must do it by the same functions. */
#ifndef MODEL_SHARING_H
#define MODEL_SHARING_H

#include "model/component.h"

/* Parts of a whole, 0 … 1, of discharging and of charging. */
struct sharing {
    double discharge, charge;
};

/* The part of a battery's limits that is this inverter's: that of its rated active power in the rated active
 * power of all inverters before the battery. */
struct sharing sharing_of_battery(const struct component *inverter, const struct component *battery);

/* The part of an inverter's DC power that flows through one of its batteries: that of what the battery could
 * do by itself (`own_w`) in what all could do together (`sum_w`), both on the side of the power. 1 where
 * the sum is not known: it may be all of it. */
double sharing_of_power(double own_w, double sum_w);

#endif
