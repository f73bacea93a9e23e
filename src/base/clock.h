/* SPDX-License-Identifier: MIT */
/* Where all time comes from. Lifetimes run on boot time (it counts through suspend and knows no jumps);
 * timestamps on the wire are UTC. Tests and stepped scenarios use the fake clock. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define NS_PER_MS 1000000LL
#define NS_PER_S  1000000000LL

struct clock {
    int64_t (*now_ns)(struct clock *clock);     /* CLOCK_BOOTTIME: only differences mean something */
    int64_t (*now_utc_ns)(struct clock *clock); /* since 1970, UTC */
};

/* The machine's clock: one shared constant object, any thread. */
struct clock *clock_real(void);

static inline int64_t clock_now_ns(struct clock *clock)
{
    return clock->now_ns(clock);
}

static inline int64_t clock_now_utc_ns(struct clock *clock)
{
    return clock->now_utc_ns(clock);
}

/* A clock that moves only when told to. `struct fake_clock f; struct clock *c = fake_clock_init(&f);` */
struct fake_clock {
    struct clock base;
    int64_t at_ns;
    int64_t utc_ns;
};

struct clock *fake_clock_init(struct fake_clock *fake); /* starts at 1000 s, 2026-01-01T12:00:00Z */
void fake_clock_advance_ns(
    struct fake_clock *fake, int64_t delta_ns); /* moves both; see also timers_run_until() */

#endif
