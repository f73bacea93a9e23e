/* SPDX-License-Identifier: MIT */
/* One order under way, one to follow. */
#include "model/outbox.h"

#include <math.h>
#include <stdlib.h>

#include "model/driver.h"

void outbox_init(struct outbox *outbox, struct component *component, enum axis axis)
{
    *outbox = (struct outbox){.component = component, .axis = axis};
}

static void free_waiters(struct waiter *waiter)
{
    while (waiter) {
        struct waiter *next = waiter->next;
        free(waiter);
        waiter = next;
    }
}

void outbox_done(struct outbox *outbox)
{
    free_waiters(outbox->flying.waiters);
    free_waiters(outbox->next.waiters);
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

static void answer(struct waiter *waiter, const struct ugrpc_status *st)
{
    while (waiter) {
        struct waiter *next = waiter->next;
        waiter->done(st, waiter->until_utc_ns, waiter->userdata);
        free(waiter);
        waiter = next;
    }
}

static void on_done(const struct ugrpc_status *st, void *userdata);

static void launch(struct outbox *outbox)
{
    struct component *component = outbox->component;
    struct device *device = component->device;
    outbox->flying = outbox->next;
    outbox->next = (struct dispatch){.order = ORDER_NONE};
    if (outbox->flying.order == ORDER_POWER) {
        device->driver->set_power(device, component, outbox->axis, outbox->flying.power, on_done, outbox);
    } else {
        device->driver->release(device, component, outbox->axis, on_done, outbox);
    }
}

static void on_done(const struct ugrpc_status *st, void *userdata)
{
    struct outbox *outbox = userdata;
    struct dispatch dispatch = outbox->flying;
    outbox->flying = (struct dispatch){.order = ORDER_NONE};
    outbox->answered(outbox, &dispatch, st);
    if (outbox->next.order != ORDER_NONE && outbox->flying.order == ORDER_NONE) {
        launch(outbox);
    }
    answer(dispatch.waiters, st);
    if (outbox->flying.order == ORDER_NONE) {
        outbox->idle(outbox);
    }
}

void outbox_send(struct outbox *outbox, enum order order, double power, uint64_t generation, command_fn *done,
    void *userdata, int64_t until_utc_ns)
{
    struct waiter **end = &outbox->next.waiters;
    while (*end) {
        end = &(*end)->next;
    }
    if (done) {
        *end = calloc(1, sizeof(**end));
        if (!*end) {
            abort(); /* a promised answer cannot be refused */
        }
        **end = (struct waiter){.done = done, .userdata = userdata, .until_utc_ns = until_utc_ns};
    }
    outbox->next.order = order;
    outbox->next.power = power;
    outbox->next.generation = generation;
    outbox->told = order == ORDER_POWER ? TOLD_POWER : TOLD_RELEASE;
    outbox->component->setpoints[outbox->axis].applied = order == ORDER_POWER ? power : NAN;
    if (outbox->flying.order == ORDER_NONE) {
        launch(outbox);
    }
}

void outbox_withdraw(struct outbox *outbox)
{
    if (!outbox->next.waiters) {
        outbox->next = (struct dispatch){.order = ORDER_NONE};
    }
}
