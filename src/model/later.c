/* SPDX-License-Identifier: MIT */
/* A queue behind one timer of no delay, or behind the journal. A turn of the timer gives all the answers that
 * it finds, but none that come meanwhile: these belong to the next. The journal tells in order of each one
 * that it has it. */
#include "model/later.h"

#include <stdlib.h>

#include "model/journal.h"
#include "model/waiters.h"

struct answer {
    struct answer *next;
    struct waiters waiters;
    struct ugrpc_status st;
};

struct later {
    struct timers *timers;
    struct journal *journal;
    struct timer timer;
    struct answer *first, *last;
};

static struct answer *take_first(struct later *later)
{
    struct answer *first = later->first;
    later->first = first->next;
    return first;
}

static void give_first(struct later *later)
{
    struct answer *answer = take_first(later);
    waiters_answer(&answer->waiters, &answer->st);
    free(answer);
}

static void on_timer(struct timer *timer, void *userdata)
{
    struct later *later = userdata;
    const struct answer *last = later->last;
    bool more = true;
    while (more) {
        more = later->first != last;
        give_first(later);
    }
}

static void on_kept(void *userdata)
{
    give_first(userdata);
}

struct later *later_new(struct timers *timers)
{
    struct later *later = calloc(1, sizeof(*later));
    if (!later) {
        return NULL;
    }
    later->timers = timers;
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
        struct answer *answer = take_first(later);
        waiters_done(&answer->waiters);
        free(answer);
    }
    free(later);
}

void later_keep(struct later *later, struct journal *journal)
{
    later->journal = journal;
}

void later_answer(struct later *later, struct waiters *waiters, const struct ugrpc_status *st)
{
    if (!waiters->first) {
        return;
    }
    struct answer *answer = calloc(1, sizeof(*answer));
    if (!answer) {
        abort(); /* a promised answer cannot be refused */
    }
    answer->waiters = *waiters;
    *waiters = (struct waiters){0};
    if (st) {
        answer->st = *st;
    }
    if (later->first) {
        later->last->next = answer;
    } else {
        later->first = answer;
    }
    later->last = answer;
    if (later->journal) {
        waiters_write_outcome(&answer->waiters, later->journal, &answer->st);
        later->journal->keeper->sync(later->journal, on_kept, later);
    } else if (!timer_running(&later->timer)) {
        timer_start_in(later->timers, &later->timer, 0);
    }
}

void later_answer_now(struct later *later, struct waiters *waiters, const struct ugrpc_status *st)
{
    if (later->journal) {
        later_answer(later, waiters, st);
    } else {
        waiters_answer(waiters, st);
    }
}
