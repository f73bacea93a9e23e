/* SPDX-License-Identifier: MIT */
/* The inside of a ugrpc_loop: one timer heap, the memory that connections share, and the list of sessions
 * that have something to send. These are flushed once a turn, after I/O and after timers, so that everything
 * a turn produces for a connection leaves in one write. */
#ifndef UGRPC_LOOP_INTERNAL_H
#define UGRPC_LOOP_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include <ugrpc/loop.h>

#include "base/timer.h"

struct net;

/* Part of whatever wants to be flushed; at the end of a turn fn runs once however often it was marked. */
struct flush {
    void (*fn)(struct flush *flush);
    struct flush *prev, *next;
    bool marked;
};

void loop_mark(struct ugrpc_loop *loop, struct flush *flush);
void loop_unmark(struct ugrpc_loop *loop, struct flush *flush);

/* Takes back what was posted. False: it has run, or runs in this turn yet. */
bool loop_unpost(struct ugrpc_loop *loop, void (*fn)(void *userdata), void *userdata);

/* Timers alone do not keep a loop running; whoever owes a callback holds it until then. Counted. */
void loop_hold(struct ugrpc_loop *loop);
void loop_let_go(struct ugrpc_loop *loop);

struct timers *loop_timers(struct ugrpc_loop *loop);
struct net *loop_net(struct ugrpc_loop *loop);
int64_t loop_now_ns(struct ugrpc_loop *loop);

#endif
