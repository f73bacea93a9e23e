/* SPDX-License-Identifier: MIT */
/* A list with an end. */
#include "model/waiters.h"

#include <stdlib.h>

#include "model/journal.h"

struct waiter {
    struct waiter *next;
    status_fn *status_done; /* one of the two */
    command_fn *command_done;
    void *userdata;
    int64_t valid_until_utc_ns;
    struct waiter_entry entry;
};

static struct waiter *take_first(struct waiters *waiters)
{
    struct waiter *first = waiters->first;
    waiters->first = first->next;
    if (--waiters->n == 0) {
        waiters->last = NULL;
    }
    return first;
}

void waiters_done(struct waiters *waiters)
{
    while (waiters->first) {
        free(take_first(waiters));
    }
}

int waiters_check_room(const struct waiters *waiters, const char *what, struct ugrpc_status *st)
{
    if (waiters->n < WAITERS_MAX) {
        return 0;
    }
    return status_set(st, UGRPC_RESOURCE_EXHAUSTED,
        "%s: %zu callers wait for its device already, at most %d may", what, waiters->n, WAITERS_MAX);
}

static struct waiter *append(struct waiters *waiters)
{
    struct waiter *waiter = calloc(1, sizeof(*waiter));
    if (!waiter) {
        abort(); /* a promised answer cannot be refused */
    }
    if (waiters->last) {
        waiters->last->next = waiter;
    } else {
        waiters->first = waiter;
    }
    waiters->last = waiter;
    waiters->n++;
    return waiter;
}

void waiters_add_command(struct waiters *waiters, command_fn *done, void *userdata,
    int64_t valid_until_utc_ns, struct waiter_entry entry)
{
    struct waiter *waiter = append(waiters);
    waiter->command_done = done;
    waiter->userdata = userdata;
    waiter->valid_until_utc_ns = valid_until_utc_ns;
    waiter->entry = entry;
}

void waiters_add_status(struct waiters *waiters, status_fn *done, void *userdata, uint64_t entry)
{
    struct waiter *waiter = append(waiters);
    waiter->status_done = done;
    waiter->userdata = userdata;
    waiter->entry.entry = entry;
}

void waiters_write_outcome(
    const struct waiters *waiters, struct journal *journal, const struct ugrpc_status *st)
{
    for (const struct waiter *waiter = waiters->first; waiter; waiter = waiter->next) {
        if (waiter->entry.entry && !(waiter->entry.renewal && st->code == UGRPC_OK)) {
            journal->keeper->write_outcome(journal, waiter->entry.entry, st);
        }
    }
}

void waiters_answer(struct waiters *waiters, const struct ugrpc_status *st)
{
    while (waiters->first) {
        struct waiter *waiter = take_first(waiters);
        if (waiter->status_done) {
            waiter->status_done(st, waiter->userdata);
        } else {
            waiter->command_done(st, waiter->valid_until_utc_ns, waiter->userdata);
        }
        free(waiter);
    }
}
