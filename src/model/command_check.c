/* SPDX-License-Identifier: MIT */
/* Whether a set-point may be accepted now, and the words of a refusal: which limit refuses, and what would be
 * accepted. */
#include "model/command_check.h"

#include <math.h>
#include <stdio.h>

#include "model/bounds.h"
#include "model/driver.h"
#include "model/outbox.h"
#include "model/parts.h"

const char *power_format(enum axis axis, double power, char *out, size_t cap)
{
    char number[32];
    snprintf(out, cap, "%s%s %s", power > 0 ? "+" : "", number_format(power, number, sizeof(number)),
        axis_unit(axis));
    return out;
}

static int refuse_state(const struct component *component, const char *state, struct ugrpc_status *st)
{
    return status_set(st, UGRPC_FAILED_PRECONDITION, "%s: no set-point is accepted while it is %s",
        component_label(component), state);
}

/* State and errors. */
static int check_state(
    const struct component *component, enum axis axis, bool *waits, struct ugrpc_status *st)
{
    const struct component_state *state = &component->telemetry.state;
    int running = lifecycle_running(component);
    int rc = telemetry_check_no_error(component, "a set-point", st);
    if (rc < 0) {
        return rc;
    }
    if (state_has(state, STATE_UNAVAILABLE)) {
        return status_set(st, UGRPC_UNAVAILABLE, "%s: its device is unavailable; a retry may help",
            component_label(component));
    }
    if (running == LIFECYCLE_STOP || running == LIFECYCLE_STANDBY || state_has(state, STATE_SWITCHING_OFF)) {
        return refuse_state(component, "switching off", st);
    }
    *waits = running == LIFECYCLE_START || state_has(state, STATE_SWITCHING_ON);
    if (*waits) {
        return 0;
    }
    if (state_has(state, STATE_OFF)) {
        return refuse_state(component, "off; start it first", st);
    }
    if (state_has(state, STATE_STANDBY)) {
        if (axis == AXIS_REACTIVE) {
            return refuse_state(component,
                "in standby; start it first (reactive power does not wake it, active power does)", st);
        }
        if (!component->device->driver->start_component) {
            return refuse_state(component, "in standby, and its device cannot be started", st);
        }
        *waits = true;
    }
    return 0;
}

/* "nearest allowed: -10000 W", or two values for one between two ranges. */
static const char *nearest_format(
    const struct component *component, enum axis axis, double power, char *out, size_t cap)
{
    double below, above;
    char low[32], high[32];
    bounds_acceptable(component, axis, power, &below, &above);
    if (isnan(below) || isnan(above) || below == above) {
        snprintf(out, cap, "nearest allowed: %s %s",
            number_format(isnan(below) ? above : below, low, sizeof(low)), axis_unit(axis));
    } else {
        snprintf(out, cap, "nearest allowed: %s or %s %s", number_format(below, low, sizeof(low)),
            number_format(above, high, sizeof(high)), axis_unit(axis));
    }
    return out;
}

static int check_bounds(
    const struct component *component, enum axis axis, double power, struct ugrpc_status *st)
{
    const struct ranges *in_force = bounds_in_force(component, axis_bounded(axis));
    const char *unit = axis_unit(axis);
    double floored = ranges_floor(in_force, power, component->spec.resolution);
    char given[32], rounded[32], step[32], ranges[160], reason[128], nearest[96];
    if ((power == 0 || ranges_contain(in_force, power)) &&
        (floored == 0 || ranges_contain(in_force, floored))) {
        return 0;
    }
    number_format(power, given, sizeof(given));
    ranges_format(in_force, unit, ranges, sizeof(ranges));
    nearest_format(component, axis, power, nearest, sizeof(nearest));
    if (power == 0 || ranges_contain(in_force, power)) {
        return status_set(st, UGRPC_OUT_OF_RANGE,
            "%s: %s %s becomes %s %s with its resolution of %s %s, which is outside %s (%s); %s",
            component_label(component), given, unit, number_format(floored, rounded, sizeof(rounded)), unit,
            number_format(component->spec.resolution, step, sizeof(step)), unit, ranges,
            bounds_reason(component, axis, floored, reason, sizeof(reason)), nearest);
    }
    return status_set(st, UGRPC_OUT_OF_RANGE, "%s: %s %s is outside %s (%s); %s", component_label(component),
        given, unit, ranges, bounds_reason(component, axis, power, reason, sizeof(reason)), nearest);
}

int command_check(
    const struct component *component, enum axis axis, double power, bool *waits, struct ugrpc_status *st)
{
    const struct outbox *outbox = component->setpoints[axis].outbox;
    if (!outbox || !outbox_takes_power(outbox)) {
        return status_set(st, UGRPC_UNIMPLEMENTED, "%s: %s%s takes no set-points of %s power",
            component_label(component), outbox ? "its device" : "type ",
            outbox ? "" : component_type_name(component->spec.type),
            axis == AXIS_ACTIVE ? "active" : "reactive");
    }
    int rc = telemetry_check_online(component, st);
    if (rc < 0) {
        return rc;
    }
    rc = check_state(component, axis, waits, st);
    if (rc < 0) {
        return rc;
    }
    const struct component *open = graph_open_in_series(component);
    if (open && power != 0) {
        char given[48];
        return status_set(st, UGRPC_FAILED_PRECONDITION,
            "%s: %s is not possible while %s is open; close it first", component_label(component),
            power_format(axis, power, given, sizeof(given)), component_label(open));
    }
    return check_bounds(component, axis, power, st);
}
