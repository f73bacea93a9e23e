/* SPDX-License-Identifier: MIT */
/* Ratings split a battery, because they never change: what one inverter does takes nothing from another. Own
 * limits of the moment split an inverter's power, as battery management does it: a battery that is full or
 * cold leaves the power to the others. */
#include "model/sharing.h"

#include <math.h>

#include "model/graph.h"

static double part_of(double own, double sum)
{
    return sum > 0 ? own / sum : 0;
}

struct sharing sharing_of_battery(const struct component *inverter, const struct component *battery)
{
    struct component *const *inverters;
    size_t n = graph_list_inverters(battery, &inverters);
    struct sharing own = {0, 0}, sum = {0, 0};
    for (size_t i = 0; i < n; i++) {
        struct range rated = inverters[i]->spec.rated[BOUNDED_ACTIVE];
        struct sharing power_w = {fabs(rated.lower), fabs(rated.upper)};
        sum.discharge += power_w.discharge;
        sum.charge += power_w.charge;
        own = inverters[i] == inverter ? power_w : own;
    }
    return (struct sharing){part_of(own.discharge, sum.discharge), part_of(own.charge, sum.charge)};
}

double sharing_of_power(double own_w, double sum_w)
{
    if (own_w == 0) {
        return 0;
    }
    return isinf(sum_w) ? 1 : own_w / sum_w;
}
