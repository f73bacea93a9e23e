/* SPDX-License-Identifier: MIT */
/* The way from a set-point to its device: on each axis at most one order is under way, and of those that come
 * meanwhile only the newest is sent after it. Private to model/. */
#ifndef MODEL_OUTBOX_H
#define MODEL_OUTBOX_H

#include "base/status.h"
#include "model/command.h"

enum order { ORDER_NONE, ORDER_POWER, ORDER_RELEASE };

/* What the device is taken to follow. */
enum told {
    TOLD_NOTHING, /* never told anything: nothing is written before the first command */
    TOLD_POWER,   /* setpoint.applied */
    TOLD_RELEASE, /* it runs free again */
    TOLD_UNSURE,  /* told, but refused since, or it was off, in error or offline meanwhile */
};

/* Someone who waits for the device's answer. */
struct waiter {
    struct waiter *next;
    command_fn *done;
    void *userdata;
    int64_t until_utc_ns;
};

/* An order on its way. */
struct dispatch {
    enum order order;
    double power;
    uint64_t generation;    /* of the set-point that it carries out */
    struct waiter *waiters; /* NULL: the gateway's own */
};

struct outbox {
    struct component *component;
    enum axis axis;
    struct dispatch flying, next;
    enum told told;
    /* Runs when the device has answered and nothing else is under way yet. Does not answer the waiters. */
    void (*answered)(struct outbox *outbox, const struct dispatch *dispatch, const struct ugrpc_status *st);
    void (*idle)(struct outbox *outbox); /* then: nothing is under way any more */
};

void outbox_init(struct outbox *outbox, struct component *component, enum axis axis);
void outbox_done(struct outbox *outbox); /* waiters are never called */

/* The device can be told values; that it runs free again. */
bool outbox_takes_power(const struct outbox *outbox);
bool outbox_takes_release(const struct outbox *outbox);

/* Sends now, or after the order that is under way. Who waits for an order that is overtaken before it was
 * sent gets the answer to the newer one. `done` may be NULL. */
void outbox_send(struct outbox *outbox, enum order order, double power, uint64_t generation, command_fn *done,
    void *userdata, int64_t until_utc_ns);

/* Forgets what has not been sent yet, unless someone waits for it. The caller sets `told` anew. */
void outbox_withdraw(struct outbox *outbox);

#endif
