/* SPDX-License-Identifier: MIT */
#include "model/command_tell.h"

#include <math.h>
#include <stdio.h>

#include "model/bounds.h"
#include "model/command_check.h"
#include "model/tell.h"

/* "charge, ", "produce, " … before a value of active power. */
static const char *verb_of(const struct component *component, enum axis axis, double power)
{
    if (axis == AXIS_REACTIVE || power == 0) {
        return "";
    }
    switch (component->spec.type) {
    case COMPONENT_BATTERY_INVERTER:
    case COMPONENT_HYBRID_INVERTER:
    case COMPONENT_EV_CHARGER:
        return power > 0 ? "charge, " : "discharge, ";
    default:
        return power > 0 ? "consume, " : "produce, ";
    }
}

/* "+5000 W", "-176 W of -200 W (steps of 88 W)", "+3000 W of +5000 W (added bounds)". */
static const char *applied_format(
    const struct component *component, enum axis axis, double applied, char *out, size_t cap)
{
    const struct ranges *in_force = bounds_in_force(component, axis_bounded(axis));
    double asked = component->setpoints[axis].requested, resolution = component->spec.resolution;
    char some[48], all[48], why[128];
    power_format(axis, applied, some, sizeof(some));
    if (applied == asked) {
        snprintf(out, cap, "%s", some);
        return out;
    }
    if (applied == ranges_floor(in_force, asked, resolution)) {
        char step[32];
        snprintf(why, sizeof(why), "steps of %s %s", number_format(resolution, step, sizeof(step)),
            axis_unit(axis));
    } else {
        bounds_reason(component, axis, asked, why, sizeof(why));
    }
    snprintf(out, cap, "%s of %s (%s)", some, power_format(axis, asked, all, sizeof(all)), why);
    return out;
}

/* " (it runs with 4140 W at least)" after a value with which it does not run, as it is too little or as its
 * bounds leave no more; else "". */
static const char *too_little(
    const struct component *component, enum axis axis, double applied, char *out, size_t cap)
{
    double least_w = axis == AXIS_ACTIVE ? component->spec.least_w : 0;
    double asked = component->setpoints[axis].requested;
    bool left_out = applied == 0 && asked != 0 && least_w > 0 &&
                    !ranges_contain(bounds_in_force(component, axis_bounded(axis)), copysign(least_w, asked));
    char number[32];
    out[0] = '\0';
    if (left_out || (applied != 0 && fabs(applied) < least_w)) {
        snprintf(out, cap, " (it runs with %s W at least)", number_format(least_w, number, sizeof(number)));
    }
    return out;
}

void command_tell_accepted(
    const struct component *component, enum axis axis, double applied, int64_t lifetime_s, const char *remark)
{
    const struct setpoint *setpoint = &component->setpoints[axis];
    char text[256], least[80];
    tell_setpoint(component, axis, EVENT_SETPOINT_ACCEPTED, "%s%s%s for %lld s%s, from %s",
        verb_of(component, axis, setpoint->requested),
        applied_format(component, axis, applied, text, sizeof(text)),
        too_little(component, axis, applied, least, sizeof(least)), (long long)lifetime_s, remark,
        setpoint->by);
}

void command_tell_moved(const struct component *component, enum axis axis, double applied)
{
    char text[256], least[80];
    tell_setpoint(component, axis, EVENT_SETPOINT_MOVED, "now %s%s%s",
        applied_format(component, axis, applied, text, sizeof(text)),
        too_little(component, axis, applied, least, sizeof(least)),
        applied == component->setpoints[axis].requested ? ", as asked" : "");
}

void command_tell_restored(const struct component *component, enum axis axis, double applied, int64_t left_s)
{
    char text[256];
    tell_setpoint(component, axis, EVENT_SETPOINT_RESTORED,
        "set-point %s goes on after the restart, for %lld s more, from %s",
        applied_format(component, axis, applied, text, sizeof(text)), (long long)left_s,
        component->setpoints[axis].by);
}

void command_explain(const struct component *component, enum axis axis, double applied, char *out, size_t cap)
{
    char text[256], least[80];
    out[0] = '\0';
    too_little(component, axis, applied, least, sizeof(least));
    if (applied != component->setpoints[axis].requested || *least) {
        snprintf(
            out, cap, "applied %s%s", applied_format(component, axis, applied, text, sizeof(text)), least);
    }
}
