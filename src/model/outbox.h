/* SPDX-License-Identifier: MIT */
/* The way from a set-point to its device: on each axis at most one order is under way, and of those that come
 * meanwhile only the newest is sent after it. An order that the device does not answer in time has failed,
 * and the next one goes out. Private to model/. */
#ifndef MODEL_OUTBOX_H
#define MODEL_OUTBOX_H

#include "base/status.h"
#include "model/component.h"
#include "model/waiters.h"

#define OUTBOX_LIMIT_S 10 /* for the device's answer */
#define OUTBOX_TICKETS 8

enum order { ORDER_NONE, ORDER_POWER, ORDER_RELEASE };

/* What the device is taken to follow. */
enum told {
    TOLD_NOTHING, /* never told anything: nothing is written before the first command */
    TOLD_POWER,   /* setpoint.applied */
    TOLD_RELEASE, /* it runs free again */
    TOLD_UNSURE,  /* told, but refused or not answered since, or it was off, in error or offline meanwhile */
};

/* What was asked of an axis. */
struct request {
    uint64_t generation; /* of the set-point */
    enum setpoint_mode mode;
    double requested;
    int64_t until_ns, until_utc_ns;
    char by[sizeof(((struct setpoint *)NULL)->by)];
    uint64_t entry;
    uint32_t renewals;
};

/* An order under way, or to follow. */
struct dispatch {
    enum order order;
    double power;
    struct waiters waiters; /* nobody: it is the gateway's own */
    struct request request; /* what they asked for */
    uint64_t gate;          /* it may go out when the journal has answered so many times */
};

/* What a driver gives back with its answer, to tell it from one that comes too late. */
struct ticket {
    struct outbox *outbox;
    bool open; /* its answer is still to come */
};

struct outbox {
    struct component *component;
    enum axis axis;
    struct dispatch flying, next;
    uint64_t syncs, synced; /* asked of the journal, answered by it */
    struct timer gate;      /* what follows goes out then, whatever the journal does */
    double sent;            /* the power of the last order that went out; NAN: none, or a release */
    enum told told;
    enum told held;     /* the same, but for what is to follow */
    struct timer limit; /* of what is flying */
    struct ticket tickets[OUTBOX_TICKETS];
    const struct ticket *ticket; /* of what is flying; NULL: too many answers are owed to know this one */
    /* Runs when the device has answered and nothing else is under way yet. Does not answer the waiters, but
     * may say in the message of an OK what the journal should have of it. */
    void (*answered)(struct outbox *outbox, const struct dispatch *dispatch, struct ugrpc_status *st);
    void (*idle)(struct outbox *outbox); /* then: nothing is under way any more */
};

void outbox_init(struct outbox *outbox, struct component *component, enum axis axis);
void outbox_done(struct outbox *outbox); /* waiters are never called */

/* The device can be told values; that it runs free again. */
bool outbox_takes_power(const struct outbox *outbox);
bool outbox_takes_release(const struct outbox *outbox);

/* Both send now, or after the order that is under way, instead of what was to follow it.
 *
 * A caller's command: done() comes with the device's answer, or UNAVAILABLE after OUTBOX_LIMIT_S. It is sent
 * when the journal has its intent, but not after `at_latest_ns` (boot time), and at once for a renewal. Who
 * waits for an order of the same power that has not been sent yet gets the same answer; there must be room
 * for one more. An order of another power must be withdrawn first. */
void outbox_command(struct outbox *outbox, double power, const struct request *request, int64_t at_latest_ns,
    command_fn *done, void *userdata);
/* The gateway's own, which waits for no journal. Who waits for what was to follow goes on waiting: it is the
 * same set-point, worked out anew. Anything else must be withdrawn first. */
void outbox_send(struct outbox *outbox, enum order order, double power);

/* What is to follow waits only for the journal: it goes out now. */
void outbox_open_gate(struct outbox *outbox);
/* It does, and meanwhile the device holds outbox->sent. */
bool outbox_is_gated(const struct outbox *outbox);

/* A command for `power` would share the answer to an order that has not been sent yet. */
bool outbox_shares(const struct outbox *outbox, double power);

/* Forgets what has not been sent yet; who waits for it hears `st` (which may be NULL if nobody does). */
void outbox_withdraw(struct outbox *outbox, const struct ugrpc_status *st);

/* Nobody knows any more what the device follows: TOLD_UNSURE. */
void outbox_doubt(struct outbox *outbox);

/* Does not wait for the answer to what is under way if something is to follow: it counts as failed with `st`.
 */
void outbox_hurry(struct outbox *outbox, const struct ugrpc_status *st);

#endif
