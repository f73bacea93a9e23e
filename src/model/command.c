/* SPDX-License-Identifier: MIT */
/* Set-points. A set-point says what is wanted (mode, request, lifetime); station_reapply() compares that with
 * what the device was last told and sends the difference through the outbox. It runs whenever one of both
 * changes: a command, an expiry, new bounds, a new sample, an answer of the device. Each command, expiry and
 * drop begins a new generation; an answer or failure of an older one changes nothing but what the device is
 * taken to follow. */
#include "model/command.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/bounds.h"
#include "model/command_check.h"
#include "model/command_tell.h"
#include "model/driver.h"
#include "model/later.h"
#include "model/parts.h"
#include "model/station.h"
#include "model/tell.h"
#include "model/waiters.h"

#define RETRY_NS NS_PER_S /* after the device refused a value that the gateway sent by itself */

static void on_expiry(struct timer *timer, void *userdata);
static void on_answered(struct outbox *outbox, const struct dispatch *dispatch, struct ugrpc_status *st);

void command_begin(struct component *component)
{
    for (int axis = 0; axis < AXIS_COUNT; axis++) {
        struct setpoint *setpoint = &component->setpoints[axis];
        setpoint->applied = NAN;
        if (!component_takes_power(component, (enum axis)axis)) {
            continue;
        }
        struct station *station = calloc(1, sizeof(*station));
        if (!station) {
            abort();
        }
        outbox_init(&station->outbox, component, (enum axis)axis);
        station->outbox.answered = on_answered;
        station->outbox.idle = station_on_idle;
        station->shown = NAN;
        setpoint->outbox = &station->outbox;
        timer_init(&setpoint->expiry, on_expiry, station);
    }
}

void command_done_with(struct component *component)
{
    for (int axis = 0; axis < AXIS_COUNT; axis++) {
        struct station *station = station_of(component, (enum axis)axis);
        if (station) {
            timer_stop(component->site->timers, &component->setpoints[axis].expiry);
            outbox_done(&station->outbox);
            free(station);
            component->setpoints[axis].outbox = NULL;
        }
    }
}

/* ---- the ends of a set-point ------------------------------------------------------------------------ */

static bool releases(const struct station *station)
{
    return station->outbox.component->spec.on_expiry == ON_EXPIRY_RELEASE &&
           outbox_takes_release(&station->outbox);
}

static void end_watch(struct station *station, enum command_end end)
{
    command_end_fn *ended = station->ended;
    station->ended = NULL;
    if (ended) {
        ended(end, station->watcher);
    }
}

void station_withdraw(struct station *station, enum ugrpc_code code, const char *why)
{
    struct outbox *outbox = &station->outbox;
    char text[48];
    struct ugrpc_status st;
    status_set(&st, code, "%s: set-point %s was dropped before its device could be told: %s",
        component_label(outbox->component),
        power_format(outbox->axis, outbox->next.request.requested, text, sizeof(text)), why);
    outbox_withdraw(outbox, &st);
}

void station_settle(struct station *station, enum command_end end)
{
    struct setpoint *setpoint = station_setpoint(station);
    timer_stop(station_timers(station), &setpoint->expiry);
    setpoint->generation++;
    setpoint->mode = releases(station) ? SETPOINT_FREE : SETPOINT_ZERO;
    setpoint->waiting = false;
    setpoint->requested = 0;
    setpoint->by[0] = '\0';
    setpoint->entry = 0;
    setpoint->renewals = 0;
    station->limiting = false;
    station->shown = NAN;
    station->retry_at_ns = 0;
    station->accepted = station_request(setpoint);
    station_keep(station);
    station_changed(station);
    station_reapply(station);
    end_watch(station, end);
}

void station_insist(struct station *station)
{
    if (station->outbox.told == TOLD_UNSURE) {
        station_send(
            station, station_setpoint(station)->mode == SETPOINT_FREE ? ORDER_RELEASE : ORDER_POWER, 0);
    }
}

void station_tell_expired(const struct station *station, const char *when)
{
    bool active = station->outbox.axis == AXIS_ACTIVE;
    tell_setpoint(station->outbox.component, station->outbox.axis, EVENT_SETPOINT_EXPIRED,
        "lifetime%s ended%s, %s", active ? "" : " of reactive power", when,
        releases(station) ? "runs free (on_expiry: release)"
        : active          ? "0 W (on_expiry: zero)"
                          : "0 VAr (on_expiry: zero)");
}

static void on_expiry(struct timer *timer, void *userdata)
{
    struct station *station = userdata;
    bool waited = station_setpoint(station)->waiting;
    station_withdraw(station, UGRPC_DEADLINE_EXCEEDED, "its lifetime ended");
    station_write_end(station, JOURNAL_EXPIRED, NULL);
    station_settle(station, COMMAND_FAILED);
    if (!waited) {
        station_insist(station);
    }
    station_tell_expired(station, "");
}

void station_tell_dropped(const struct station *station, double requested, const char *why)
{
    char text[48];
    tell_setpoint(station->outbox.component, station->outbox.axis, EVENT_SETPOINT_DROPPED,
        "set-point %s dropped: %s", power_format(station->outbox.axis, requested, text, sizeof(text)), why);
}

static void drop(struct station *station, enum command_end end, const char *why)
{
    const struct setpoint *setpoint = station_setpoint(station);
    bool had_one = setpoint->mode == SETPOINT_ACTIVE;
    double requested = setpoint->requested;
    station_withdraw(station, end == COMMAND_OVERRIDDEN ? UGRPC_ABORTED : UGRPC_FAILED_PRECONDITION, why);
    station_write_end(station, JOURNAL_DROPPED, why);
    station_settle(station, end);
    if (had_one) {
        station_tell_dropped(station, requested, why);
    }
}

void command_drop(struct component *component, const char *why)
{
    for (int axis = 0; axis < AXIS_COUNT; axis++) {
        struct station *station = station_of(component, (enum axis)axis);
        if (station) {
            drop(station, COMMAND_OVERRIDDEN, why);
        }
    }
}

void command_resume(struct component *component)
{
    for (int axis = 0; axis < AXIS_COUNT; axis++) {
        struct station *station = station_of(component, (enum axis)axis);
        if (!station) {
            continue;
        }
        struct setpoint *setpoint = station_setpoint(station);
        outbox_doubt(&station->outbox);
        station->retry_at_ns = 0;
        if (setpoint->mode == SETPOINT_ACTIVE) { /* it came meanwhile */
            station_reapply(station);
        } else {
            station_settle(station, COMMAND_OVERRIDDEN);
        }
    }
}

void command_started(struct component *component, const char *why)
{
    for (int axis = 0; axis < AXIS_COUNT; axis++) {
        struct station *station = station_of(component, (enum axis)axis);
        if (!station || !station_setpoint(station)->waiting) {
            continue;
        }
        if (why) {
            drop(station, COMMAND_FAILED, why);
            continue;
        }
        station_setpoint(station)->waiting = false;
        station_keep(station);
        station_reapply_active(station); /* its state may show only with the next sample */
    }
}

/* The newest sample shows what the caller asked for, as far as the bounds let it. */
static bool is_reached(const struct station *station)
{
    const struct component *component = station->outbox.component;
    const struct setpoint *setpoint = station_setpoint(station);
    enum axis axis = station->outbox.axis;
    if (setpoint->mode != SETPOINT_ACTIVE || setpoint->waiting || station->outbox.told != TOLD_POWER ||
        station_is_unanswered(station)) {
        return false;
    }
    double power = component_reading(component, bounded_metric(axis_bounded(axis)));
    double off = axis == AXIS_ACTIVE && component_is_only_limited(component)
                     ? fabs(power) - fabs(setpoint->applied)
                     : fabs(power - setpoint->applied);
    return off <= component_tolerance(component); /* NAN is not */
}

void station_follow_state(struct station *station, const struct component_state *before, bool was_offline)
{
    const struct component_state *now = &station->outbox.component->telemetry.state;
    const uint32_t rest = STATE_BIT(STATE_OFF) | STATE_BIT(STATE_STANDBY);
    struct setpoint *setpoint = station_setpoint(station);
    bool fails = state_has(now, STATE_ERROR) && !state_has(before, STATE_ERROR);
    bool switched_off = state_has(now, STATE_OFF) && !state_has(before, STATE_OFF);
    bool rests = switched_off || ((now->states & rest) && !(before->states & rest));
    bool first = before->states == 0 || state_has(before, STATE_UNKNOWN); /* sample of this run */
    bool wakes = rests && first && setpoint->waiting && state_has(now, STATE_STANDBY);
    if (wakes) {
        lifecycle_wake(station->outbox.component); /* it was to be woken when the gateway ended */
    } else if (fails && setpoint->mode != SETPOINT_FREE) {
        char errors[128];
        drop(station, COMMAND_FAILED, errors_format(now->errors, errors, sizeof(errors)));
    } else if (rests && setpoint->mode == SETPOINT_ACTIVE) {
        drop(station, COMMAND_FAILED, state_has(now, STATE_OFF) ? "it is off now" : "it is in standby now");
    } else if (setpoint->waiting && state_operates(now) &&
               lifecycle_running(station->outbox.component) != LIFECYCLE_START) {
        setpoint->waiting = false; /* it switched on by itself */
        station_keep(station);
    }
    bool left = state_operates(before) && !state_operates(now);
    if ((left || was_offline) && station->outbox.told != TOLD_NOTHING) {
        outbox_doubt(&station->outbox); /* it may have forgotten: it is told again when it operates */
        station->retry_at_ns = 0;
    }
    station_reapply(station);
    if (station->ended && is_reached(station)) {
        end_watch(station, COMMAND_REACHED);
    }
}

void command_follow_state(struct component *component, const struct component_state *before, bool was_offline)
{
    for (int axis = 0; axis < AXIS_COUNT; axis++) {
        struct station *station = station_of(component, (enum axis)axis);
        if (station) {
            station_follow_state(station, before, was_offline);
        }
    }
}

/* ---- commands --------------------------------------------------------------------------------------- */

/* What the device has been told of the caller's set-point counts as told to people, too. */
static void tell_accepted(struct station *station, double applied, int64_t lifetime_s, const char *remark)
{
    station->shown = applied;
    command_tell_accepted(station->outbox.component, station->outbox.axis, applied, lifetime_s, remark);
}

/* A newer command of another value replaces one that the device has not been told yet. */
static void withdraw_for(struct station *station, const struct caller *caller, double power)
{
    if (station->outbox.next.waiters.n > 0) {
        char text[48], why[160];
        snprintf(why, sizeof(why), "%s, from %s, replaced it",
            power_format(station->outbox.axis, power, text, sizeof(text)), caller->label);
        station_withdraw(station, UGRPC_ABORTED, why);
    }
}

/* The same again by the same caller, which the device follows: it only lasts longer. */
static bool renews(const struct station *station, const struct caller *caller, double power)
{
    const struct setpoint *setpoint = station_setpoint(station);
    return setpoint->entry && setpoint->mode == SETPOINT_ACTIVE && !setpoint->waiting &&
           setpoint->requested == power && station->outbox.told == TOLD_POWER &&
           !station_is_unanswered(station) &&
           strncmp(setpoint->by, caller->label, sizeof(setpoint->by) - 1) == 0;
}

static uint64_t write_command(
    const struct station *station, const struct caller *caller, double power, int64_t lifetime_s)
{
    const struct component *component = station->outbox.component;
    return journal_write_command(component->site,
        &(struct journal_command){
            .verb = station->outbox.axis == AXIS_ACTIVE ? JOURNAL_SET_ACTIVE : JOURNAL_SET_REACTIVE,
            .component_id = component->spec.id,
            .component = component->spec.name,
            .caller = caller,
            .value = power,
            .lifetime_ns = lifetime_s * NS_PER_S,
            .detail = "",
        });
}

/* The component is woken, as soon as the journal knows why. */
static void on_wake_kept(void *userdata)
{
    struct station *station = userdata;
    if (station_setpoint(station)->waiting) {
        lifecycle_wake(station->outbox.component);
    }
}

static void wake(
    struct station *station, double applied, int64_t lifetime_s, command_fn *done, void *userdata)
{
    struct component *component = station->outbox.component;
    const struct setpoint *setpoint = station_setpoint(station);
    struct waiters at_once = {0};
    struct ugrpc_status st;
    status_set(&st, UGRPC_OK, "as soon as it is ready");
    waiters_add_command(
        &at_once, done, userdata, setpoint->until_utc_ns, (struct waiter_entry){.entry = setpoint->entry});
    later_answer(component->site->later, &at_once, &st);
    station->accepted = station_request(setpoint);
    tell_accepted(station, applied, lifetime_s, ", as soon as it is ready");
    station_changed(station);
    if (!journal_sync(component->site, on_wake_kept, station)) {
        lifecycle_wake(component);
    }
}

int command_set_power(struct component *component, enum axis axis, const struct caller *caller, double power,
    int64_t lifetime_s, command_fn *done, void *userdata, struct ugrpc_status *st)
{
    struct station *station = station_of(component, axis);
    bool waits = false;
    bounds_refresh(component); /* what others were told in this turn leaves it less */
    int rc = command_check(component, axis, power, &waits, st);
    if (rc < 0) {
        return rc;
    }
    double told = bounds_apply(component, axis, power);
    bool shares = !waits && outbox_shares(&station->outbox, told);
    rc = waits    ? lifecycle_check_room(component, st)
         : shares ? waiters_check_room(&station->outbox.next.waiters, component_label(component), st)
                  : 0;
    if (rc < 0) {
        return rc;
    }
    if (!shares) {
        withdraw_for(station, caller, power);
    }
    struct timers *timers = component->site->timers;
    struct setpoint *setpoint = &component->setpoints[axis];
    end_watch(station, COMMAND_OVERRIDDEN);
    if (!waits && renews(station, caller, power)) {
        setpoint->renewals++;
    } else {
        if (setpoint->renewals > 0) {
            station_write_end(station, JOURNAL_REPLACED, NULL);
        }
        setpoint->entry = write_command(station, caller, power, lifetime_s);
        setpoint->renewals = 0;
    }
    setpoint->generation++;
    setpoint->mode = SETPOINT_ACTIVE;
    setpoint->requested = power + 0.0; /* never -0 */
    setpoint->waiting = waits;
    setpoint->until_ns = clock_now_ns(timers->clock) + lifetime_s * NS_PER_S;
    setpoint->until_utc_ns = clock_now_utc_ns(timers->clock) + lifetime_s * NS_PER_S;
    snprintf(setpoint->by, sizeof(setpoint->by), "%s", caller->label);
    timer_start_at(timers, &setpoint->expiry, setpoint->until_ns);
    station->limiting = false;
    station_keep(station);
    if (waits) {
        wake(station, told, lifetime_s, done, userdata);
        return 0;
    }
    const struct request request = station_request(setpoint);
    const struct request *accepted = &station->accepted; /* which the device may hold until then */
    outbox_command(&station->outbox, told, &request,
        accepted->mode == SETPOINT_ACTIVE ? accepted->until_ns : INT64_MAX, done, userdata);
    station_changed(station);
    return 0;
}

void command_watch(struct component *component, enum axis axis, command_end_fn *ended, void *userdata)
{
    struct station *station = station_of(component, axis);
    assert(!station->ended && component->setpoints[axis].mode == SETPOINT_ACTIVE);
    station->ended = ended;
    station->watcher = userdata;
}

void command_unwatch(struct component *component, enum axis axis, const void *userdata)
{
    struct station *station = station_of(component, axis);
    if (station->watcher == userdata) {
        station->ended = NULL;
    }
}

/* The device refused a caller's command, or did not answer it: what was before it counts again, and is told
 * again, as nobody knows what a device holds that has just failed. */
static void restore(struct station *station)
{
    struct setpoint *setpoint = station_setpoint(station);
    const struct request *accepted = &station->accepted;
    outbox_withdraw(&station->outbox, NULL); /* an order that followed from the refused request */
    outbox_doubt(&station->outbox);
    bool ended = accepted->mode == SETPOINT_ACTIVE && accepted->until_ns <= station_now_ns(station);
    station_revert(station);
    if (ended) {
        station_write_end(station, JOURNAL_EXPIRED, NULL);
        station_settle(station, COMMAND_FAILED);
        station_insist(station);
        return;
    }
    station_keep(station);
    if (setpoint->mode == SETPOINT_ACTIVE) {
        timer_start_at(station_timers(station), &setpoint->expiry, setpoint->until_ns);
    } else {
        timer_stop(station_timers(station), &setpoint->expiry);
    }
    station_changed(station);
    station_reapply(station);
    end_watch(station, COMMAND_FAILED);
}

static void on_answered(struct outbox *outbox, const struct dispatch *dispatch, struct ugrpc_status *st)
{
    struct station *station = (struct station *)outbox;
    struct setpoint *setpoint = station_setpoint(station);
    if (setpoint->mode == SETPOINT_ACTIVE && setpoint->until_ns <= station_now_ns(station)) {
        on_expiry(&setpoint->expiry, station); /* due in this turn, too: it must not be sent before */
    }
    const struct request *request = dispatch->waiters.n > 0 ? &dispatch->request : NULL;
    bool newest_command = request && request->generation == setpoint->generation;
    if (st->code == UGRPC_OK) {
        station->failing = false;
        if (request && request->generation > station->accepted.generation) {
            station->accepted = *request;
        }
        if (newest_command) {
            double applied = isnan(setpoint->applied) ? dispatch->power : setpoint->applied;
            tell_accepted(station, applied,
                (setpoint->until_ns - station_now_ns(station) + NS_PER_S - 1) / NS_PER_S, "");
            command_explain(outbox->component, outbox->axis, applied, st->message, sizeof(st->message));
        }
        return;
    }
    if (newest_command) {
        restore(station);
        return;
    }
    if (outbox->flying.order == ORDER_NONE && outbox->next.order == ORDER_NONE) {
        outbox_doubt(outbox);
    }
    station->retry_at_ns = station_now_ns(station) + RETRY_NS;
    if (!request && !station->failing) {
        station->failing = true;
        tell_setpoint(outbox->component, outbox->axis, EVENT_SETPOINT_FAILED,
            "the device did not take %s: %s",
            dispatch->order == ORDER_RELEASE ? "the release" : "the new value", st->message);
    }
    station_changed(station);
}
