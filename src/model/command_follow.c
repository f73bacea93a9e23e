/* SPDX-License-Identifier: MIT */
/* What the device should follow: compares what is wanted of an axis with what the device was last told, and
 * sends the difference through the outbox. */
#include <math.h>

#include "model/bounds.h"
#include "model/command_check.h"
#include "model/command_tell.h"
#include "model/feeders.h"
#include "model/parts.h"
#include "model/station.h"
#include "model/tell.h"

void station_changed(struct station *station)
{
    feeders_follow(station->outbox.component);
    if (station->outbox.axis == AXIS_ACTIVE) {
        bounds_refresh(station->outbox.component);
    }
}

void station_send(struct station *station, enum order order, double power)
{
    outbox_send(&station->outbox, order, power);
    station_changed(station);
}

/* Not while a sequence runs, whose end may undo it. */
static bool can_be_told(const struct component *component)
{
    return telemetry_fresh(&component->telemetry) && state_operates(&component->telemetry.state) &&
           !lifecycle_busy(component);
}

static bool is_told(const struct station *station, double power)
{
    return station->outbox.told == TOLD_POWER && station_setpoint(station)->applied == power;
}

bool station_is_unanswered(const struct station *station)
{
    const struct outbox *outbox = &station->outbox;
    uint64_t generation = station_setpoint(station)->generation;
    return (outbox->flying.waiters.n > 0 && outbox->flying.request.generation == generation) ||
           (outbox->next.waiters.n > 0 && outbox->next.request.generation == generation);
}

void station_reapply_active(struct station *station)
{
    const struct component *component = station->outbox.component;
    const struct setpoint *setpoint = station_setpoint(station);
    enum axis axis = station->outbox.axis;
    double power = bounds_apply(component, axis, setpoint->requested);
    bool ends_now = setpoint->until_ns <= station_now_ns(station); /* which is told in this turn, too */
    if (is_told(station, power) || ends_now) {
        return;
    }
    station_send(station, ORDER_POWER, power);
    if (power != station->shown && !station_is_unanswered(station)) {
        station->shown = power;
        command_tell_moved(component, axis, power);
    }
}

/* A slow disk must not keep the device at what its bounds no longer allow. */
static void hurry_into_bounds(struct station *station)
{
    struct outbox *outbox = &station->outbox;
    double held = outbox->sent;
    if (outbox_is_gated(outbox) && !isnan(held) &&
        bounds_apply(outbox->component, outbox->axis, held) != held) {
        outbox_open_gate(outbox);
    }
}

static void reapply_zero(struct station *station)
{
    bool holds_something = station->outbox.told == TOLD_POWER || station->outbox.told == TOLD_RELEASE;
    if (!is_told(station, 0) && (holds_something || can_be_told(station->outbox.component))) {
        station_send(station, ORDER_POWER, 0);
    }
}

/* Runs free: it is told something only while callers have added bounds, and what is in force then (ratings
 * too) keeps it from what its device lets it do. */
static void reapply_free(struct station *station)
{
    struct component *component = station->outbox.component;
    struct setpoint *setpoint = station_setpoint(station);
    enum axis axis = station->outbox.axis;
    enum bounded bounded = axis_bounded(axis);
    bool holds_something = station->outbox.told == TOLD_POWER || station->outbox.told == TOLD_UNSURE;
    if (station->outbox.told == TOLD_UNSURE && !can_be_told(component)) {
        return;
    }
    double power = station->limiting ? setpoint->requested
                                     : component_reading(component, bounded_metric(bounded));
    bool ends = component->site->zeroing; /* nobody would free it again */
    if (!ends && can_be_told(component) && !isnan(power) && (station->limiting || !holds_something) &&
        bounds_have_added(component, axis) &&
        ranges_nearest(&component->in_force[bounded], power, true) !=
            bounds_nearest_own(component, axis, power)) {
        double limit = bounds_apply(component, axis, power);
        setpoint->requested = power;
        if (!station->limiting) {
            station->limiting = true;
            station_keep(station); /* else nothing would free it after a restart */
        }
        if (!is_told(station, limit)) {
            char text[48], reason[128];
            station_send(station, ORDER_POWER, limit);
            tell_setpoint(component, axis, EVENT_SETPOINT_MOVED, "runs free, limited to %s (%s)",
                power_format(axis, limit, text, sizeof(text)),
                bounds_reason(component, axis, power, reason, sizeof(reason)));
        }
        return;
    }
    if (!holds_something) {
        station->limiting = false;
        return;
    }
    if (outbox_takes_release(&station->outbox)) {
        if (station->limiting) {
            tell_setpoint(component, axis, EVENT_SETPOINT_MOVED, "runs free again, without a limit");
        }
        station->limiting = false;
        station_send(station, ORDER_RELEASE, 0);
    } else if (station->limiting && !is_told(station, setpoint->requested)) {
        /* the nearest to free that this device knows */
        char text[48];
        station_send(station, ORDER_POWER, setpoint->requested);
        tell_setpoint(component, axis, EVENT_SETPOINT_MOVED, "no longer limited, %s again",
            power_format(axis, setpoint->requested, text, sizeof(text)));
    }
}

void station_reapply(struct station *station)
{
    const struct setpoint *setpoint = station_setpoint(station);
    if (!outbox_takes_power(&station->outbox) ||
        (station->outbox.told == TOLD_UNSURE && station_now_ns(station) < station->retry_at_ns)) {
        return;
    }
    switch (setpoint->mode) {
    case SETPOINT_ACTIVE:
        if (!setpoint->waiting && can_be_told(station->outbox.component)) {
            station_reapply_active(station);
            hurry_into_bounds(station);
        }
        break;
    case SETPOINT_ZERO:
        reapply_zero(station);
        break;
    case SETPOINT_FREE:
        reapply_free(station);
        break;
    }
}

void command_reapply(struct component *component)
{
    for (int axis = 0; axis < AXIS_COUNT && !component->site->restoring; axis++) {
        struct station *station = station_of(component, (enum axis)axis);
        if (station) {
            station_reapply(station);
        }
    }
}
