/* SPDX-License-Identifier: MIT */
/* What of set-points outlives the gateway: what the journal is told of them, how they go on after a restart,
 * and how devices are left at a stop. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/bounds.h"
#include "model/command_check.h"
#include "model/command_tell.h"
#include "model/driver.h"
#include "model/parts.h"
#include "model/station.h"
#include "model/tell.h"

struct zeroing {
    void (*done)(void *userdata);
    void *userdata;
    struct timer timer;
    size_t pending;
};

/* ---- the journal ------------------------------------------------------------------------------------ */

/* What the journal has to know of it. */
static struct journal_setpoint kept_of(const struct station *station)
{
    const struct setpoint *setpoint = station_setpoint(station);
    return (struct journal_setpoint){
        .component_id = station->outbox.component->spec.id,
        .component = station->outbox.component->spec.name,
        .type = station->outbox.component->spec.type,
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

/* Once it has been left as it is to be without a gateway, the next start goes on with what was accepted. */
static struct journal_setpoint left_of(const struct station *station)
{
    const struct request *accepted = &station->accepted;
    struct journal_setpoint kept = kept_of(station);
    kept.mode = accepted->mode;
    if (accepted->mode == SETPOINT_ACTIVE) {
        kept.requested = accepted->requested;
        kept.until_ns = accepted->until_ns;
        kept.until_utc_ns = accepted->until_utc_ns;
        kept.by = accepted->by;
        kept.entry = accepted->entry;
        kept.renewals = accepted->renewals;
    }
    return kept;
}

static void write_down(const struct station *station, const struct journal_setpoint kept)
{
    struct journal *journal = station->outbox.component->site->journal;
    if (journal) {
        journal->keeper->keep_setpoint(journal, &kept);
    }
}

void station_keep(const struct station *station)
{
    write_down(station, kept_of(station));
}

void command_keep(const struct component *component)
{
    for (int axis = 0; axis < AXIS_COUNT; axis++) {
        const struct station *station = station_of(component, (enum axis)axis);
        if (station &&
            (station_setpoint(station)->mode != SETPOINT_FREE || station->outbox.told != TOLD_NOTHING)) {
            write_down(station, component->site->zeroing ? left_of(station) : kept_of(station));
        }
    }
}

/* Without a reason of its own, what was applied last says more than nothing. */
void station_write_end(const struct station *station, enum journal_end end, const char *why)
{
    const struct outbox *outbox = &station->outbox;
    const struct setpoint *setpoint = station_setpoint(station);
    struct journal *journal = outbox->component->site->journal;
    char applied[400];
    if (!journal || setpoint->mode != SETPOINT_ACTIVE) {
        return;
    }
    if (!why && outbox->told == TOLD_POWER) {
        command_explain(outbox->component, outbox->axis, setpoint->applied, applied, sizeof(applied));
        why = applied;
    }
    const struct journal_setpoint kept = kept_of(station);
    journal->keeper->write_end(journal, &kept, end, why ? why : "");
}

void station_revert(struct station *station)
{
    struct setpoint *setpoint = station_setpoint(station);
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

/* ---- restart ---------------------------------------------------------------------------------------- */

static void go_on(struct station *station, const struct journal_setpoint *kept)
{
    struct setpoint *setpoint = station_setpoint(station);
    int64_t left_ns = kept->until_ns - station_now_ns(station);
    setpoint->generation++;
    setpoint->mode = SETPOINT_ACTIVE;
    setpoint->requested = kept->requested;
    setpoint->waiting = kept->waiting;
    setpoint->until_ns = kept->until_ns;
    setpoint->until_utc_ns = kept->until_utc_ns;
    snprintf(setpoint->by, sizeof(setpoint->by), "%s", kept->by);
    setpoint->entry = kept->entry;
    setpoint->renewals = kept->renewals;
    timer_start_at(station_timers(station), &setpoint->expiry, setpoint->until_ns);
    station->accepted = station_request(setpoint);
    station->shown = bounds_apply(station->outbox.component, station->outbox.axis, kept->requested);
    command_tell_restored(
        station->outbox.component, station->outbox.axis, station->shown, (left_ns + NS_PER_S - 1) / NS_PER_S);
    station_changed(station);
    if (station->outbox.component->telemetry.sequence > 0) { /* else its first sample says what to do */
        station_follow_state(station, &(const struct component_state){.states = 0}, true);
    }
}

void command_restore_begin(struct site *site)
{
    site->restoring = true;
}

void command_restore_end(struct site *site)
{
    site->restoring = false;
    for (size_t i = 0; i < site->n_components; i++) {
        command_reapply(site->components[i]);
    }
}

void command_restore(struct component *component, const struct journal_setpoint *kept, const char *dropped)
{
    struct station *station = station_of(component, kept->axis);
    if (!station || !outbox_takes_power(&station->outbox)) {
        return;
    }
    outbox_doubt(&station->outbox);
    if (kept->mode == SETPOINT_ACTIVE && !dropped && kept->until_ns > station_now_ns(station)) {
        go_on(station, kept);
        return;
    }
    if (kept->mode == SETPOINT_FREE) {
        station->limiting = kept->limiting;
        station_setpoint(station)->requested = kept->requested;
        station_reapply(station); /* limits it again, or frees it of a limit that has ended */
        return;
    }
    station_settle(station, COMMAND_FAILED);
    station_insist(station);
    if (kept->mode == SETPOINT_ACTIVE && dropped) {
        station_tell_dropped(station, kept->requested, dropped);
    } else if (kept->mode == SETPOINT_ACTIVE) {
        station_tell_expired(station, " while the gateway was not running");
    }
}

/* ---- the end ---------------------------------------------------------------------------------------- */

void station_on_idle(struct outbox *outbox)
{
    struct station *station = (struct station *)outbox;
    struct zeroing *zeroing = outbox->component->site->zeroing;
    if (station->zeroing) {
        station->zeroing = false;
        station->zeroed = outbox->held == TOLD_POWER && outbox->sent == 0;
        if (--zeroing->pending == 0) {
            timer_start_in(station_timers(station), &zeroing->timer, 0);
        }
    }
}

static void on_zeroed(struct timer *timer, void *userdata)
{
    struct zeroing *zeroing = userdata;
    zeroing->done(zeroing->userdata);
}

/* Sends what leaves the device safe without a gateway, if anything has to be sent. */
static void leave(struct station *station)
{
    struct outbox *outbox = &station->outbox;
    struct setpoint *setpoint = station_setpoint(station);
    const struct device *device = outbox->component->device;
    bool written = outbox->told != TOLD_NOTHING || outbox->flying.order != ORDER_NONE;
    if (!written || (device->driver->reverts_by_itself && device->driver->reverts_by_itself(device))) {
        return;
    }
    if (station_is_unanswered(station)) {
        write_down(station, left_of(station)); /* its caller hears that it was not carried out, so it does not
                                                * go on either */
    }
    station_withdraw(station, UGRPC_UNAVAILABLE, "the gateway stops");
    timer_stop(station_timers(station), &setpoint->expiry);
    setpoint->generation++;
    setpoint->waiting = false;
    if (setpoint->mode == SETPOINT_FREE && outbox_takes_release(outbox)) {
        if (outbox->told != TOLD_RELEASE) {
            station_send(station, ORDER_RELEASE, 0);
        }
    } else {
        setpoint->mode = SETPOINT_ZERO;
        station->retry_at_ns = 0;
        station_reapply(station);
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
        /* Reactive power first: the 0 of active power makes room for more of it. */
        for (int axis = AXIS_COUNT - 1; axis >= 0; axis--) {
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

size_t command_count_zeroed(const struct site *site)
{
    size_t n = 0;
    for (size_t i = 0; i < site->n_components; i++) {
        const struct station *active = station_of(site->components[i], AXIS_ACTIVE);
        const struct station *reactive = station_of(site->components[i], AXIS_REACTIVE);
        n += (active && active->zeroed) || (reactive && reactive->zeroed);
    }
    return n;
}

void command_zeroing_done_with(struct site *site)
{
    if (site->zeroing) {
        timer_stop(site->timers, &site->zeroing->timer);
        free(site->zeroing);
        site->zeroing = NULL;
    }
}
