/* SPDX-License-Identifier: MIT */
/* One heap of timers on one clock. A timer lives in its owner; it fires once and is started again by its
 * owner. Whoever drives the heap (base/timer_loop on a libuv loop, a test by hand) calls timers_run() when
 * one is due. Not thread-safe: one heap belongs to one loop. */
#ifndef BASE_TIMER_H
#define BASE_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"
#include "base/clock.h"

struct timer;
typedef void timer_fn(struct timer *timer, void *userdata);

struct timer {
    int64_t at_ns;  /* when it fires, on the heap's clock */
    uint64_t order; /* equal times fire in the order of their start */
    size_t slot;    /* its place in the heap + 1; 0 = not running */
    timer_fn *fn;
    void *userdata;
};

struct timers {
    struct clock *clock;
    struct timer **heap;
    size_t n, cap;
    uint64_t next_order;
};

void timers_init(struct timers *timers, struct clock *clock);
void timers_done(struct timers *timers); /* forgets all that still run */

static inline void timer_init(struct timer *timer, timer_fn *fn, void *userdata)
{
    *timer = (struct timer){.fn = fn, .userdata = userdata};
}

static inline bool timer_running(const struct timer *timer)
{
    return timer->slot != 0;
}

/* Starts, or moves, a timer; one in the past fires at the next timers_run(). Runs out of memory by abort(),
 * as a safety timer that silently does not run would be worse. */
void timer_start_at(struct timers *timers, struct timer *timer, int64_t at_ns);
void timer_start_in(struct timers *timers, struct timer *timer, int64_t delay_ns);
void timer_stop(struct timers *timers, struct timer *timer); /* nothing happens if it does not run */

/* The time of the earliest timer, or INT64_MAX. */
int64_t timers_next_ns(const struct timers *timers);

/* Fires what is due now, in order of time; a timer started by one of these callbacks waits for the next call,
 * so "now" means "not before this function has returned". Returns how many fired. */
size_t timers_run(struct timers *timers);

/* For tests: moves a fake clock forward, stopping at each timer's time to fire it. */
void timers_run_until(struct timers *timers, struct fake_clock *fake, int64_t until_ns);

#endif
