/* SPDX-License-Identifier: MIT */
/* The axis of a component that takes set-points: what command.c (commands and their ends), command_follow.c
 * (what the device is told) and command_keep.c (what outlives the gateway) have in common. Private to these.
 */
#ifndef MODEL_STATION_H
#define MODEL_STATION_H

#include <string.h>

#include "model/command.h"
#include "model/journal.h"
#include "model/outbox.h"
#include "model/site.h"

/* The axis of a component that takes set-points. */
struct station {
    struct outbox outbox;    /* first: found back from it */
    struct request accepted; /* what comes back when the device refuses a newer one */
    double shown;            /* what observers take to be applied of it; NAN: nothing */
    bool limiting;           /* runs free, but is told a limit; `requested` is what it did before */
    bool failing;            /* the failure has been told */
    bool zeroing;            /* command_zero_all() waits for it */
    bool zeroed;             /* and its device has taken the 0 */
    command_end_fn *ended;   /* who wants to hear what becomes of the caller's set-point; NULL: nobody */
    void *watcher;
    int64_t retry_at_ns;
};

static inline struct station *station_of(const struct component *component, enum axis axis)
{
    return (struct station *)component->setpoints[axis].outbox;
}

static inline struct setpoint *station_setpoint(const struct station *station)
{
    return &station->outbox.component->setpoints[station->outbox.axis];
}

static inline struct timers *station_timers(const struct station *station)
{
    return station->outbox.component->site->timers;
}

static inline int64_t station_now_ns(const struct station *station)
{
    return clock_now_ns(station_timers(station)->clock);
}

static inline struct request station_request(const struct setpoint *setpoint)
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

/* command_follow.c: sends what the device is to be told, if it is not told that already. */
void station_reapply(struct station *station);
/* The same of a set-point whose component is ready. */
void station_reapply_active(struct station *station);
void station_send(struct station *station, enum order order, double power);
/* The power told has just changed: reactive power has to leave room for active, and others behind the same
 * fuse follow. */
void station_changed(struct station *station);
/* The device has not said yet whether it takes the caller's set-point: what becomes of it is told then. */
bool station_is_unanswered(const struct station *station);

/* command.c: who waits for a set-point that the device has not been told yet hears why it never will be. */
void station_withdraw(struct station *station, enum ugrpc_code code, const char *why);
/* What every axis is in after an expiry, start, standby, stop or error; `end` is what that means for who
 * watches. */
void station_settle(struct station *station, enum command_end end);
/* After what the device may still hold has ended: it is told also while it does not operate or is silent. */
void station_insist(struct station *station);
void station_tell_expired(const struct station *station, const char *when);
void station_tell_dropped(const struct station *station, double requested, const char *why);
void station_follow_state(struct station *station, const struct component_state *before, bool was_offline);

/* command_keep.c: what the journal has to know of it. `why` may be NULL. */
void station_keep(const struct station *station);
void station_write_end(const struct station *station, enum journal_end end, const char *why);
/* What the device accepted last counts again. */
void station_revert(struct station *station);
/* Nothing is under way any more. */
void station_on_idle(struct outbox *outbox);

#endif
