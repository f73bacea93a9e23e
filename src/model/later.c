/* SPDX-License-Identifier: MIT */
/* A queue behind one timer of no delay. */
#include "model/later.h"

#include <stdlib.h>

struct call {
    struct call *next;
    status_fn *status_done; /* one of the two */
    command_fn *command_done;
    void *userdata;
    int64_t valid_until_utc_ns;
    struct ugrpc_status st;
};

struct later {
    struct timers *timers;
    struct timer timer;
    struct call *first, **end;
};

static void on_timer(struct timer *timer, void *userdata)
{
    struct later *later = userdata;
    struct call *call = later->first;
    later->first = call->next;
    if (later->first) {
        timer_start_in(later->timers, &later->timer, 0);
    } else {
        later->end = &later->first;
    }
    if (call->status_done) {
        call->status_done(&call->st, call->userdata);
    } else {
        call->command_done(&call->st, call->valid_until_utc_ns, call->userdata);
    }
    free(call);
}

struct later *later_new(struct timers *timers)
{
    struct later *later = calloc(1, sizeof(*later));
    if (!later) {
        return NULL;
    }
    later->timers = timers;
    later->end = &later->first;
    timer_init(&later->timer, on_timer, later);
    return later;
}

void later_free(struct later *later)
{
    if (!later) {
        return;
    }
    timer_stop(later->timers, &later->timer);
    while (later->first) {
        struct call *call = later->first;
        later->first = call->next;
        free(call);
    }
    free(later);
}

static struct call *push(struct later *later, void *userdata)
{
    struct call *call = calloc(1, sizeof(*call));
    if (!call) {
        abort(); /* a promised answer cannot be refused */
    }
    call->userdata = userdata;
    *later->end = call;
    later->end = &call->next;
    if (!timer_running(&later->timer)) {
        timer_start_in(later->timers, &later->timer, 0);
    }
    return call;
}

void later_status(struct later *later, status_fn *done, void *userdata, const struct ugrpc_status *st)
{
    struct call *call = push(later, userdata);
    call->status_done = done;
    if (st) {
        call->st = *st;
    }
}

void later_command(struct later *later, command_fn *done, void *userdata, int64_t valid_until_utc_ns)
{
    struct call *call = push(later, userdata);
    call->command_done = done;
    call->valid_until_utc_ns = valid_until_utc_ns;
}
