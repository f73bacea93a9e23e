/* SPDX-License-Identifier: MIT */
/* The real clock and the fake one. */
#include "base/clock.h"

#include <time.h>

#include "base/base.h"

static int64_t read_ns(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static int64_t real_now_ns(struct clock *clock)
{
    return read_ns(CLOCK_BOOTTIME);
}

static int64_t real_now_utc_ns(struct clock *clock)
{
    return read_ns(CLOCK_REALTIME);
}

struct clock *clock_real(void)
{
    static struct clock real = {real_now_ns, real_now_utc_ns};
    return &real;
}

static int64_t fake_now_ns(struct clock *clock)
{
    return container_of(clock, struct fake_clock, base)->at_ns;
}

static int64_t fake_now_utc_ns(struct clock *clock)
{
    return container_of(clock, struct fake_clock, base)->utc_ns;
}

struct clock *fake_clock_init(struct fake_clock *fake)
{
    *fake = (struct fake_clock){
        .base = {fake_now_ns, fake_now_utc_ns},
        .at_ns = 1000 * NS_PER_S,
        .utc_ns = 1767268800 * NS_PER_S,
    };
    return &fake->base;
}

void fake_clock_advance_ns(struct fake_clock *fake, int64_t delta_ns)
{
    fake->at_ns += delta_ns;
    fake->utc_ns += delta_ns;
}
