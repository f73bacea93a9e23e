/* SPDX-License-Identifier: MIT */
/* Set-points. A set-point says what is wanted (mode, request, lifetime); reapply() compares that with what
 * the device was last told and sends the difference through the outbox. It runs whenever one of both changes:
 * a command, an expiry, new bounds, a new sample, an answer of the device. Each command, expiry and drop
 * begins a new generation; an answer or failure of an older one changes nothing but what the device is taken
 * to follow. */
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
#include "model/journal.h"
#include "model/later.h"
#include "model/outbox.h"
#include "model/parts.h"
#include "model/site.h"
#include "model/tell.h"
#include "model/waiters.h"

#define RETRY_NS NS_PER_S /* after the device refused a value that the gateway sent by itself */

/* The axis of a component that takes set-points. */
struct station {
    struct outbox outbox;    /* first: found back from it */
    struct request accepted; /* what comes back when the device refuses a newer one */
    double shown;            /* what observers take to be applied of it; NAN: nothing */
    bool limiting;           /* runs free, but is told a limit; `requested` is what it did before */
    bool failing;            /* the failure has been told */
    bool zeroing;            /* command_zero_all() waits for it */
    command_end_fn *ended;   /* who wants to hear what becomes of the caller's set-point; NULL: nobody */
    void *watcher;
    int64_t retry_at_ns;
};

struct zeroing {
    void (*done)(void *userdata);
    void *userdata;
    struct timer timer;
    size_t pending;
};

static void on_expiry(struct timer *timer, void *userdata);
static void on_answered(
    struct outbox *outbox, const struct dispatch *dispatch, const struct ugrpc_status *st);
static void on_idle(struct outbox *outbox);
static void reapply(struct station *station);
static void keep(const struct station *station);

static struct station *station_of(const struct component *component, enum axis axis)
{
    return (struct station *)component->setpoints[axis].outbox;
}

static struct setpoint *setpoint_of(const struct station *station)
{
    return &station->outbox.component->setpoints[station->outbox.axis];
}

static struct timers *timers_of(const struct station *station)
{
    return station->outbox.component->site->timers;
}

static int64_t now_ns(const struct station *station)
{
    return clock_now_ns(timers_of(station)->clock);
}

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
        station->outbox.idle = on_idle;
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

/* ---- what the device should follow ------------------------------------------------------------------ */

/* Reactive power has to leave room for the active power that has just changed. */
static void changed(struct station *station)
{
    if (station->outbox.axis == AXIS_ACTIVE) {
        bounds_refresh(station->outbox.component);
    }
}

static void send(struct station *station, enum order order, double power)
{
    outbox_send(&station->outbox, order, power);
    changed(station);
}

/* Not while a sequence runs, whose end may undo it. */
static bool can_be_told(const struct component *component)
{
    return telemetry_fresh(&component->telemetry) && state_operates(&component->telemetry.state) &&
           !lifecycle_busy(component);
}

static bool is_told(const struct station *station, double power)
{
    return station->outbox.told == TOLD_POWER && setpoint_of(station)->applied == power;
}

/* The device has not said yet whether it takes the caller's set-point: what becomes of it is told then. */
static bool is_unanswered(const struct station *station)
{
    const struct outbox *outbox = &station->outbox;
    uint64_t generation = setpoint_of(station)->generation;
    return (outbox->flying.waiters.n > 0 && outbox->flying.request.generation == generation) ||
           (outbox->next.waiters.n > 0 && outbox->next.request.generation == generation);
}

static void reapply_active(struct station *station)
{
    const struct component *component = station->outbox.component;
    const struct setpoint *setpoint = setpoint_of(station);
    enum axis axis = station->outbox.axis;
    double power = bounds_apply(component, axis, setpoint->requested);
    if (is_told(station, power)) {
        return;
    }
    send(station, ORDER_POWER, power);
    if (power != station->shown && !is_unanswered(station)) {
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
        send(station, ORDER_POWER, 0);
    }
}

/* Runs free: it is told something only while callers have added bounds, and what is in force then (ratings
 * too) keeps it from what its device lets it do. */
static void reapply_free(struct station *station)
{
    struct component *component = station->outbox.component;
    struct setpoint *setpoint = setpoint_of(station);
    enum axis axis = station->outbox.axis;
    enum bounded bounded = axis_bounded(axis);
    bool holds_something = station->outbox.told == TOLD_POWER || station->outbox.told == TOLD_UNSURE;
    if (station->outbox.told == TOLD_UNSURE && !can_be_told(component)) {
        return;
    }
    double power = station->limiting ? setpoint->requested
                                     : component_reading(component, bounded_metric(bounded));
    if (can_be_told(component) && !isnan(power) && (station->limiting || !holds_something) &&
        bounds_have_added(component, axis) &&
        ranges_nearest(&component->in_force[bounded], power, true) !=
            bounds_nearest_own(component, axis, power)) {
        double limit = bounds_apply(component, axis, power);
        setpoint->requested = power;
        if (!station->limiting) {
            station->limiting = true;
            keep(station); /* else nothing would free it after a restart */
        }
        if (!is_told(station, limit)) {
            char text[48], reason[128];
            send(station, ORDER_POWER, limit);
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
        send(station, ORDER_RELEASE, 0);
    } else if (station->limiting && !is_told(station, setpoint->requested)) {
        /* the nearest to free that this device knows */
        char text[48];
        send(station, ORDER_POWER, setpoint->requested);
        tell_setpoint(component, axis, EVENT_SETPOINT_MOVED, "no longer limited, %s again",
            power_format(axis, setpoint->requested, text, sizeof(text)));
    }
}

static void reapply(struct station *station)
{
    const struct setpoint *setpoint = setpoint_of(station);
    if (!outbox_takes_power(&station->outbox) ||
        (station->outbox.told == TOLD_UNSURE && now_ns(station) < station->retry_at_ns)) {
        return;
    }
    switch (setpoint->mode) {
    case SETPOINT_ACTIVE:
        if (!setpoint->waiting && can_be_told(station->outbox.component)) {
            reapply_active(station);
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
    for (int axis = 0; axis < AXIS_COUNT; axis++) {
        struct station *station = station_of(component, (enum axis)axis);
        if (station) {
            reapply(station);
        }
    }
}

/* ---- the ends of a set-point ------------------------------------------------------------------------ */

static struct request request_of(const struct setpoint *setpoint)
{
    struct request request = {
        .generation = setpoint->generation,
        .mode = setpoint->mode,
        .requested = setpoint->requested,
        .until_ns = setpoint->until_ns,
        .until_utc_ns = setpoint->until_utc_ns,
        .entry = setpoint->entry,
        .renewals = setpoint->renewals,
    };
    memcpy(request.by, setpoint->by, sizeof(request.by));
    return request;
}

/* What the journal has to know of it. */
static struct journal_setpoint kept_of(const struct station *station)
{
    const struct setpoint *setpoint = setpoint_of(station);
    return (struct journal_setpoint){
        .component_id = station->outbox.component->spec.id,
        .component = station->outbox.component->spec.name,
        .axis = station->outbox.axis,
        .mode = setpoint->mode,
        .waiting = setpoint->waiting,
        .limiting = station->limiting,
        .requested = setpoint->requested,
        .until_ns = setpoint->until_ns,
        .until_utc_ns = setpoint->until_utc_ns,
        .by = setpoint->by,
        .entry = setpoint->entry,
        .renewals = setpoint->renewals,
    };
}

static void keep(const struct station *station)
{
    struct journal *journal = station->outbox.component->site->journal;
    if (journal) {
        const struct journal_setpoint kept = kept_of(station);
        journal->keeper->keep_setpoint(journal, &kept);
    }
}

void command_keep(const struct component *component)
{
    for (int axis = 0; axis < AXIS_COUNT; axis++) {
        const struct station *station = station_of(component, (enum axis)axis);
        if (station &&
            (setpoint_of(station)->mode != SETPOINT_FREE || station->outbox.told != TOLD_NOTHING)) {
            keep(station);
        }
    }
}

static void write_end(const struct station *station, enum journal_end end, const char *why)
{
    struct journal *journal = station->outbox.component->site->journal;
    if (journal && setpoint_of(station)->mode == SETPOINT_ACTIVE) {
        const struct journal_setpoint kept = kept_of(station);
        journal->keeper->write_end(journal, &kept, end, why);
    }
}

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

/* Who waits for a set-point that the device has not been told yet hears why it never will be. */
static void withdraw(struct station *station, enum ugrpc_code code, const char *why)
{
    struct outbox *outbox = &station->outbox;
    char text[48];
    struct ugrpc_status st;
    status_set(&st, code, "%s: set-point %s was dropped before its device could be told: %s",
        component_label(outbox->component),
        power_format(outbox->axis, outbox->next.request.requested, text, sizeof(text)), why);
    outbox_withdraw(outbox, &st);
}

/* What every axis is in after an expiry, start, standby, stop or error; `end` is what that means for who
 * watches. */
static void settle(struct station *station, enum command_end end)
{
    struct setpoint *setpoint = setpoint_of(station);
    timer_stop(timers_of(station), &setpoint->expiry);
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
    station->accepted = request_of(setpoint);
    keep(station);
    changed(station);
    reapply(station);
    end_watch(station, end);
}

/* After what the device may still hold has ended: it is told also while it does not operate or is silent. */
static void insist(struct station *station)
{
    if (station->outbox.told == TOLD_UNSURE) {
        send(station, setpoint_of(station)->mode == SETPOINT_FREE ? ORDER_RELEASE : ORDER_POWER, 0);
    }
}

static void tell_expired(const struct station *station, const char *when)
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
    bool waited = setpoint_of(station)->waiting;
    withdraw(station, UGRPC_DEADLINE_EXCEEDED, "its lifetime ended");
    write_end(station, JOURNAL_EXPIRED, "");
    settle(station, COMMAND_FAILED);
    if (!waited) {
        insist(station);
    }
    tell_expired(station, "");
}

static void drop(struct station *station, enum command_end end, const char *why)
{
    const struct setpoint *setpoint = setpoint_of(station);
    bool had_one = setpoint->mode == SETPOINT_ACTIVE;
    double requested = setpoint->requested;
    char text[48];
    withdraw(station, end == COMMAND_OVERRIDDEN ? UGRPC_ABORTED : UGRPC_FAILED_PRECONDITION, why);
    write_end(station, JOURNAL_DROPPED, why);
    settle(station, end);
    if (had_one) {
        tell_setpoint(station->outbox.component, station->outbox.axis, EVENT_SETPOINT_DROPPED,
            "set-point %s dropped: %s", power_format(station->outbox.axis, requested, text, sizeof(text)),
            why);
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
        struct setpoint *setpoint = setpoint_of(station);
        outbox_doubt(&station->outbox);
        station->retry_at_ns = 0;
        if (setpoint->mode == SETPOINT_ACTIVE) { /* it came meanwhile */
            reapply(station);
        } else {
            settle(station, COMMAND_OVERRIDDEN);
        }
    }
}

void command_started(struct component *component, const char *why)
{
    for (int axis = 0; axis < AXIS_COUNT; axis++) {
        struct station *station = station_of(component, (enum axis)axis);
        if (!station || !setpoint_of(station)->waiting) {
            continue;
        }
        if (why) {
            drop(station, COMMAND_FAILED, why);
            continue;
        }
        setpoint_of(station)->waiting = false;
        keep(station);
        reapply_active(station); /* its state may show only with the next sample */
    }
}

/* The newest sample shows what the caller asked for, as far as the bounds let it. */
static bool is_reached(const struct station *station)
{
    const struct component *component = station->outbox.component;
    const struct setpoint *setpoint = setpoint_of(station);
    enum axis axis = station->outbox.axis;
    if (setpoint->mode != SETPOINT_ACTIVE || setpoint->waiting || station->outbox.told != TOLD_POWER ||
        is_unanswered(station)) {
        return false;
    }
    double power = component_reading(component, bounded_metric(axis_bounded(axis)));
    double off = axis == AXIS_ACTIVE && component_is_only_limited(component)
                     ? fabs(power) - fabs(setpoint->applied)
                     : fabs(power - setpoint->applied);
    return off <= component_tolerance(component); /* NAN is not */
}

static void follow_state(struct station *station, const struct component_state *before, bool was_offline)
{
    const struct component_state *now = &station->outbox.component->telemetry.state;
    const uint32_t rest = STATE_BIT(STATE_OFF) | STATE_BIT(STATE_STANDBY);
    struct setpoint *setpoint = setpoint_of(station);
    bool fails = state_has(now, STATE_ERROR) && !state_has(before, STATE_ERROR);
    bool switched_off = state_has(now, STATE_OFF) && !state_has(before, STATE_OFF);
    bool rests = switched_off || ((now->states & rest) && !(before->states & rest));
    bool wakes = rests && before->states == 0 && setpoint->waiting && state_has(now, STATE_STANDBY);
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
        keep(station);
    }
    bool left = state_operates(before) && !state_operates(now);
    if ((left || was_offline) && station->outbox.told != TOLD_NOTHING) {
        outbox_doubt(&station->outbox); /* it may have forgotten: it is told again when it operates */
        station->retry_at_ns = 0;
    }
    reapply(station);
    if (station->ended && is_reached(station)) {
        end_watch(station, COMMAND_REACHED);
    }
}

void command_follow_state(struct component *component, const struct component_state *before, bool was_offline)
{
    for (int axis = 0; axis < AXIS_COUNT; axis++) {
        struct station *station = station_of(component, (enum axis)axis);
        if (station) {
            follow_state(station, before, was_offline);
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
        withdraw(station, UGRPC_ABORTED, why);
    }
}

/* The same again by the same caller, which the device follows: it only lasts longer. */
static bool renews(const struct station *station, const struct caller *caller, double power)
{
    const struct setpoint *setpoint = setpoint_of(station);
    return setpoint->entry && setpoint->mode == SETPOINT_ACTIVE && !setpoint->waiting &&
           setpoint->requested == power && station->outbox.told == TOLD_POWER && !is_unanswered(station) &&
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
    if (setpoint_of(station)->waiting) {
        lifecycle_wake(station->outbox.component);
    }
}

static void wake(
    struct station *station, double applied, int64_t lifetime_s, command_fn *done, void *userdata)
{
    struct component *component = station->outbox.component;
    const struct setpoint *setpoint = setpoint_of(station);
    struct waiters at_once = {0};
    waiters_add_command(
        &at_once, done, userdata, setpoint->until_utc_ns, (struct waiter_entry){.entry = setpoint->entry});
    later_answer(component->site->later, &at_once, NULL);
    station->accepted = request_of(setpoint);
    tell_accepted(station, applied, lifetime_s, ", as soon as it is ready");
    changed(station);
    if (!journal_sync(component->site, on_wake_kept, station)) {
        lifecycle_wake(component);
    }
}

int command_set_power(struct component *component, enum axis axis, const struct caller *caller, double power,
    int64_t lifetime_s, command_fn *done, void *userdata, struct ugrpc_status *st)
{
    struct station *station = station_of(component, axis);
    bool waits = false;
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
            write_end(station, JOURNAL_REPLACED, "");
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
    keep(station);
    if (waits) {
        wake(station, told, lifetime_s, done, userdata);
        return 0;
    }
    const struct request request = request_of(setpoint);
    const struct request *accepted = &station->accepted; /* which the device may hold until then */
    outbox_command(&station->outbox, told, &request,
        accepted->mode == SETPOINT_ACTIVE ? accepted->until_ns : INT64_MAX, done, userdata);
    changed(station);
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

/* What the device accepted last counts again. */
static void revert(struct station *station)
{
    struct setpoint *setpoint = setpoint_of(station);
    const struct request *accepted = &station->accepted;
    setpoint->generation++;
    setpoint->mode = accepted->mode;
    setpoint->requested = accepted->requested;
    setpoint->until_ns = accepted->until_ns;
    setpoint->until_utc_ns = accepted->until_utc_ns;
    memcpy(setpoint->by, accepted->by, sizeof(setpoint->by));
    setpoint->entry = accepted->entry;
    setpoint->renewals = accepted->renewals;
}

/* The device refused a caller's command, or did not answer it: what was before it counts again, and is told
 * again, as nobody knows what a device holds that has just failed. */
static void restore(struct station *station)
{
    struct setpoint *setpoint = setpoint_of(station);
    const struct request *accepted = &station->accepted;
    outbox_withdraw(&station->outbox, NULL); /* an order that followed from the refused request */
    outbox_doubt(&station->outbox);
    bool ended = accepted->mode == SETPOINT_ACTIVE && accepted->until_ns <= now_ns(station);
    revert(station);
    if (ended) {
        write_end(station, JOURNAL_EXPIRED, "");
        settle(station, COMMAND_FAILED);
        insist(station);
        return;
    }
    keep(station);
    if (setpoint->mode == SETPOINT_ACTIVE) {
        timer_start_at(timers_of(station), &setpoint->expiry, setpoint->until_ns);
    } else {
        timer_stop(timers_of(station), &setpoint->expiry);
    }
    changed(station);
    reapply(station);
    end_watch(station, COMMAND_FAILED);
}

static void on_answered(struct outbox *outbox, const struct dispatch *dispatch, const struct ugrpc_status *st)
{
    struct station *station = (struct station *)outbox;
    struct setpoint *setpoint = setpoint_of(station);
    if (setpoint->mode == SETPOINT_ACTIVE && setpoint->until_ns <= now_ns(station)) {
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
            tell_accepted(
                station, applied, (setpoint->until_ns - now_ns(station) + NS_PER_S - 1) / NS_PER_S, "");
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
    station->retry_at_ns = now_ns(station) + RETRY_NS;
    if (!request && !station->failing) {
        station->failing = true;
        tell_setpoint(outbox->component, outbox->axis, EVENT_SETPOINT_FAILED,
            "the device did not take %s: %s",
            dispatch->order == ORDER_RELEASE ? "the release" : "the new value", st->message);
    }
    changed(station);
}

/* ---- restart ---------------------------------------------------------------------------------------- */

static void go_on(struct station *station, const struct journal_setpoint *kept)
{
    struct setpoint *setpoint = setpoint_of(station);
    char text[48];
    int64_t left_ns = kept->until_ns - now_ns(station);
    setpoint->generation++;
    setpoint->mode = SETPOINT_ACTIVE;
    setpoint->requested = kept->requested;
    setpoint->waiting = kept->waiting;
    setpoint->until_ns = kept->until_ns;
    setpoint->until_utc_ns = kept->until_utc_ns;
    snprintf(setpoint->by, sizeof(setpoint->by), "%s", kept->by);
    setpoint->entry = kept->entry;
    setpoint->renewals = kept->renewals;
    timer_start_at(timers_of(station), &setpoint->expiry, setpoint->until_ns);
    station->accepted = request_of(setpoint);
    station->shown = bounds_apply(station->outbox.component, station->outbox.axis, kept->requested);
    tell_setpoint(station->outbox.component, station->outbox.axis, EVENT_SETPOINT_RESTORED,
        "set-point %s goes on after the restart, for %lld s more, from %s",
        power_format(station->outbox.axis, setpoint->requested, text, sizeof(text)),
        (long long)((left_ns + NS_PER_S - 1) / NS_PER_S), setpoint->by);
    changed(station);
    follow_state(station, &(const struct component_state){.states = 0}, true);
}

void command_restore(struct component *component, const struct journal_setpoint *kept)
{
    struct station *station = station_of(component, kept->axis);
    if (!station || !outbox_takes_power(&station->outbox)) {
        return;
    }
    outbox_doubt(&station->outbox);
    if (kept->mode == SETPOINT_ACTIVE && kept->until_ns > now_ns(station)) {
        go_on(station, kept);
        return;
    }
    if (kept->mode == SETPOINT_FREE) {
        station->limiting = kept->limiting;
        setpoint_of(station)->requested = kept->requested;
        reapply(station); /* limits it again, or frees it of a limit that has ended */
        return;
    }
    settle(station, COMMAND_FAILED);
    insist(station);
    if (kept->mode == SETPOINT_ACTIVE) {
        tell_expired(station, " while the gateway was not running");
    }
}

/* ---- the end ---------------------------------------------------------------------------------------- */

static void on_idle(struct outbox *outbox)
{
    struct station *station = (struct station *)outbox;
    struct zeroing *zeroing = outbox->component->site->zeroing;
    if (station->zeroing) {
        station->zeroing = false;
        if (--zeroing->pending == 0) {
            timer_start_in(timers_of(station), &zeroing->timer, 0);
        }
    }
}

static void on_zeroed(struct timer *timer, void *userdata)
{
    struct zeroing *zeroing = userdata;
    zeroing->done(zeroing->userdata);
}

/* The next start goes on with what the device accepted last; this run with what it was at. */
static void keep_accepted(struct station *station)
{
    struct setpoint *setpoint = setpoint_of(station);
    enum setpoint_mode mode = setpoint->mode;
    revert(station);
    keep(station);
    setpoint->mode = mode;
}

/* Sends what leaves the device safe without a gateway, if anything has to be sent. */
static void leave(struct station *station)
{
    struct outbox *outbox = &station->outbox;
    struct setpoint *setpoint = setpoint_of(station);
    const struct device *device = outbox->component->device;
    bool written = outbox->told != TOLD_NOTHING || outbox->flying.order != ORDER_NONE;
    if (!written || (device->driver->reverts_by_itself && device->driver->reverts_by_itself(device))) {
        return;
    }
    if (is_unanswered(station)) {
        keep_accepted(
            station); /* its caller hears that it was not carried out, so it does not go on either */
    }
    withdraw(station, UGRPC_UNAVAILABLE, "the gateway stops");
    timer_stop(timers_of(station), &setpoint->expiry);
    setpoint->generation++;
    setpoint->waiting = false;
    if (setpoint->mode == SETPOINT_FREE && outbox_takes_release(outbox)) {
        if (outbox->told != TOLD_RELEASE) {
            send(station, ORDER_RELEASE, 0);
        }
    } else {
        setpoint->mode = SETPOINT_ZERO;
        station->retry_at_ns = 0;
        reapply(station);
    }
    struct ugrpc_status st;
    status_set(&st, UGRPC_UNAVAILABLE, "%s: the gateway stops before its device has answered",
        component_label(outbox->component));
    outbox_hurry(outbox, &st);
    station->zeroing = outbox->flying.order != ORDER_NONE;
}

void command_zero_all(struct site *site, void (*done)(void *userdata), void *userdata)
{
    assert(!site->zeroing);
    struct zeroing *zeroing = calloc(1, sizeof(*zeroing));
    if (!zeroing) {
        abort();
    }
    *zeroing = (struct zeroing){.done = done, .userdata = userdata};
    timer_init(&zeroing->timer, on_zeroed, zeroing);
    site->zeroing = zeroing;
    for (size_t i = 0; i < site->n_components; i++) {
        for (int axis = 0; axis < AXIS_COUNT; axis++) {
            struct station *station = station_of(site->components[i], (enum axis)axis);
            if (station) {
                leave(station);
                zeroing->pending += station->zeroing;
            }
        }
    }
    if (zeroing->pending == 0) {
        timer_start_in(site->timers, &zeroing->timer, 0);
    }
}

void command_zeroing_done_with(struct site *site)
{
    if (site->zeroing) {
        timer_stop(site->timers, &site->zeroing->timer);
        free(site->zeroing);
        site->zeroing = NULL;
    }
}
