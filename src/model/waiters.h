/* SPDX-License-Identifier: MIT */
/* Who waits for one and the same answer. Bounded. Private to model/. */
#ifndef MODEL_WAITERS_H
#define MODEL_WAITERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "model/command.h"

#define WAITERS_MAX 1000

struct journal;
struct waiter;

/* All 0: nobody. Moved by assignment. */
struct waiters {
    struct waiter *first, *last;
    size_t n;
};

void waiters_done(struct waiters *waiters); /* they are never called */

/* 0, or -UGRPC_RESOURCE_EXHAUSTED naming `what` they wait for. */
int waiters_check_room(const struct waiters *waiters, const char *what, struct ugrpc_status *st);

/* Of the command that somebody waits for: 0 if it is in no journal. */
struct waiter_entry {
    uint64_t entry;
    bool renewal; /* only its failure is worth a row of its own */
};

/* There must be room. */
void waiters_add_command(struct waiters *waiters, command_fn *done, void *userdata,
    int64_t valid_until_utc_ns, struct waiter_entry entry);
void waiters_add_status(struct waiters *waiters, status_fn *done, void *userdata, uint64_t entry);

/* Journals what they are about to hear. */
void waiters_write_outcome(
    const struct waiters *waiters, struct journal *journal, const struct ugrpc_status *st);

/* Answers all, in the order in which they came. Nobody waits then. */
void waiters_answer(struct waiters *waiters, const struct ugrpc_status *st);

#endif
