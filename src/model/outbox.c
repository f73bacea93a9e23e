/* SPDX-License-Identifier: MIT */
/* One order under way, one to follow.
 *
 * A driver owes an answer to every order, but a device that is stuck must not block its axis: after a time
 * limit the order has failed, whatever becomes of it. Its answer may still come, at any time or never. Each
 * order therefore takes a ticket, which is free again only when the answer has come; an answer with another
 * ticket than that of the order under way is too late and changes nothing. When the device owes answers to
 * all tickets, orders go out without one: they matter more than their answers, which nobody can tell apart
 * then, so the time limit ends them. */
#include "model/outbox.h"

#include <assert.h>
#include <math.h>

#include "model/driver.h"
#include "model/journal.h"
#include "model/later.h"
#include "model/site.h"

static void on_limit(struct timer *timer, void *userdata);
static void on_gate(struct timer *timer, void *userdata);

void outbox_init(struct outbox *outbox, struct component *component, enum axis axis)
{
    *outbox = (struct outbox){.component = component, .axis = axis, .sent = NAN};
    timer_init(&outbox->limit, on_limit, outbox);
    timer_init(&outbox->gate, on_gate, outbox);
    for (size_t i = 0; i < OUTBOX_TICKETS; i++) {
        outbox->tickets[i].outbox = outbox;
    }
}

void outbox_done(struct outbox *outbox)
{
    timer_stop(outbox->component->site->timers, &outbox->limit);
    timer_stop(outbox->component->site->timers, &outbox->gate);
    waiters_done(&outbox->flying.waiters);
    waiters_done(&outbox->next.waiters);
}

bool outbox_takes_power(const struct outbox *outbox)
{
    const struct device *device = outbox->component->device;
    return device && device->driver->set_power;
}

bool outbox_takes_release(const struct outbox *outbox)
{
    const struct device *device = outbox->component->device;
    return device && device->driver->release;
}

static enum told told_by(enum order order)
{
    return order == ORDER_POWER ? TOLD_POWER : order == ORDER_RELEASE ? TOLD_RELEASE : TOLD_UNSURE;
}

/* ---- under way -------------------------------------------------------------------------------------- */

static void on_done(const struct ugrpc_status *st, void *userdata);

static void on_ignored(const struct ugrpc_status *st, void *userdata)
{
}

static struct ticket *take_ticket(struct outbox *outbox)
{
    for (size_t i = 0; i < OUTBOX_TICKETS; i++) {
        struct ticket *ticket = &outbox->tickets[i];
        if (!ticket->open) {
            ticket->open = true;
            return ticket;
        }
    }
    return NULL;
}

static void launch(struct outbox *outbox)
{
    struct component *component = outbox->component;
    struct device *device = component->device;
    struct ticket *ticket = take_ticket(outbox);
    status_fn *done = ticket ? on_done : on_ignored;
    outbox->flying = outbox->next;
    outbox->next = (struct dispatch){.order = ORDER_NONE};
    outbox->ticket = ticket;
    outbox->sent = outbox->flying.order == ORDER_POWER ? outbox->flying.power : NAN;
    outbox->held = told_by(outbox->flying.order);
    timer_stop(component->site->timers, &outbox->gate);
    timer_start_in(component->site->timers, &outbox->limit, OUTBOX_LIMIT_S * NS_PER_S);
    if (outbox->flying.order == ORDER_POWER) {
        device->driver->set_power(device, component, outbox->axis, outbox->flying.power, done, ticket);
    } else {
        device->driver->release(device, component, outbox->axis, done, ticket);
    }
}

static void launch_next(struct outbox *outbox)
{
    if (outbox->next.order != ORDER_NONE && outbox->flying.order == ORDER_NONE &&
        outbox->synced >= outbox->next.gate) {
        launch(outbox);
    }
}

bool outbox_is_gated(const struct outbox *outbox)
{
    return outbox->next.order != ORDER_NONE && outbox->synced < outbox->next.gate;
}

void outbox_open_gate(struct outbox *outbox)
{
    outbox->next.gate = 0;
    launch_next(outbox);
}

/* What the device holds has ended. */
static void on_gate(struct timer *timer, void *userdata)
{
    outbox_open_gate(userdata);
}

static void on_synced(void *userdata)
{
    struct outbox *outbox = userdata;
    outbox->synced++;
    launch_next(outbox);
}

/* The order under way has ended; whatever else comes of it is too late. */
static void conclude(struct outbox *outbox, const struct ugrpc_status *answer)
{
    struct dispatch dispatch = outbox->flying;
    struct ugrpc_status st = {.code = UGRPC_OK};
    if (answer->code != UGRPC_OK) {
        st = *answer;
    }
    outbox->flying = (struct dispatch){.order = ORDER_NONE};
    outbox->ticket = NULL;
    if (st.code != UGRPC_OK) {
        outbox->held = TOLD_UNSURE;
    }
    timer_stop(outbox->component->site->timers, &outbox->limit);
    outbox->answered(outbox, &dispatch, &st);
    launch_next(outbox);
    later_answer_now(outbox->component->site->later, &dispatch.waiters, &st);
    if (outbox->flying.order == ORDER_NONE) {
        outbox->idle(outbox);
    }
}

static void on_done(const struct ugrpc_status *st, void *userdata)
{
    struct ticket *ticket = userdata;
    ticket->open = false;
    if (ticket == ticket->outbox->ticket) {
        conclude(ticket->outbox, st);
    }
}

static void on_limit(struct timer *timer, void *userdata)
{
    struct outbox *outbox = userdata;
    struct ugrpc_status st;
    status_set(&st, UGRPC_UNAVAILABLE,
        "%s: its device %s has not answered within %d s; nobody knows what it does now",
        component_label(outbox->component), outbox->component->device->name, OUTBOX_LIMIT_S);
    conclude(outbox, &st);
}

void outbox_hurry(struct outbox *outbox, const struct ugrpc_status *st)
{
    if (outbox->next.order != ORDER_NONE && outbox->flying.order != ORDER_NONE) {
        conclude(outbox, st);
    }
}

/* ---- to follow -------------------------------------------------------------------------------------- */

static void follow(struct outbox *outbox, enum told told, double power)
{
    outbox->told = told;
    outbox->component->setpoints[outbox->axis].applied = told == TOLD_POWER ? power : NAN;
}

static void enqueue(struct outbox *outbox, enum order order, double power)
{
    outbox->next.order = order;
    outbox->next.power = power;
    follow(outbox, told_by(order), power);
    launch_next(outbox);
}

void outbox_command(struct outbox *outbox, double power, const struct request *request, int64_t at_latest_ns,
    command_fn *done, void *userdata)
{
    assert(outbox->next.waiters.n == 0 || outbox_shares(outbox, power));
    const struct waiter_entry entry = {.entry = request->entry, .renewal = request->renewals > 0};
    bool joins = outbox->next.waiters.n > 0;
    waiters_add_command(&outbox->next.waiters, done, userdata, request->until_utc_ns, entry);
    outbox->next.request = *request;
    if (!joins && !entry.renewal && journal_sync(outbox->component->site, on_synced, outbox)) {
        outbox->next.gate = ++outbox->syncs;
        if (at_latest_ns < INT64_MAX) {
            timer_start_at(outbox->component->site->timers, &outbox->gate, at_latest_ns);
        }
    }
    enqueue(outbox, ORDER_POWER, power);
}

void outbox_send(struct outbox *outbox, enum order order, double power)
{
    assert(outbox->next.waiters.n == 0 || order == ORDER_POWER);
    enqueue(outbox, order, power);
}

bool outbox_shares(const struct outbox *outbox, double power)
{
    return outbox->next.waiters.n > 0 && outbox->next.power == power;
}

void outbox_doubt(struct outbox *outbox)
{
    outbox->held = TOLD_UNSURE;
    follow(outbox, TOLD_UNSURE, NAN);
}

void outbox_withdraw(struct outbox *outbox, const struct ugrpc_status *st)
{
    assert(outbox->next.waiters.n == 0 || st);
    if (outbox->next.order != ORDER_NONE) {
        timer_stop(outbox->component->site->timers, &outbox->gate);
        later_answer(outbox->component->site->later, &outbox->next.waiters, st);
        outbox->next = (struct dispatch){.order = ORDER_NONE};
        follow(outbox, outbox->held, outbox->sent);
    }
}
