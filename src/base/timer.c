/* SPDX-License-Identifier: MIT */
/* A binary heap of timers, ordered by time and then by start. */
#include "base/timer.h"

#include <stdlib.h>

static bool earlier(const struct timer *a, const struct timer *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static void place(struct timers *timers, struct timer *timer, size_t i)
{
    timers->heap[i] = timer;
    timer->slot = i + 1;
}

static void sift_up(struct timers *timers, size_t i)
{
    struct timer *timer = timers->heap[i];
    while (i > 0 && earlier(timer, timers->heap[(i - 1) / 2])) {
        place(timers, timers->heap[(i - 1) / 2], i);
        i = (i - 1) / 2;
    }
    place(timers, timer, i);
}

static void sift_down(struct timers *timers, size_t i)
{
    struct timer *timer = timers->heap[i];
    for (;;) {
        size_t child = 2 * i + 1;
        if (child + 1 < timers->n && earlier(timers->heap[child + 1], timers->heap[child])) {
            child++;
        }
        if (child >= timers->n || !earlier(timers->heap[child], timer)) {
            break;
        }
        place(timers, timers->heap[child], i);
        i = child;
    }
    place(timers, timer, i);
}

static void take_out(struct timers *timers, struct timer *timer)
{
    size_t i = timer->slot - 1;
    struct timer *last = timers->heap[--timers->n];
    timer->slot = 0;
    if (last != timer) {
        place(timers, last, i);
        sift_up(timers, i);
        sift_down(timers, last->slot - 1);
    }
}

void timers_init(struct timers *timers, struct clock *clock)
{
    *timers = (struct timers){.clock = clock};
}

void timers_done(struct timers *timers)
{
    for (size_t i = 0; i < timers->n; i++) {
        timers->heap[i]->slot = 0;
    }
    free(timers->heap);
    *timers = (struct timers){.clock = timers->clock};
}

void timer_start_at(struct timers *timers, struct timer *timer, int64_t at_ns)
{
    if (timer->slot) {
        take_out(timers, timer);
    }
    if (timers->n == timers->cap) {
        size_t cap = timers->cap ? 2 * timers->cap : 64;
        struct timer **heap = realloc(timers->heap, cap * sizeof(*heap));
        if (!heap) {
            abort();
        }
        timers->heap = heap;
        timers->cap = cap;
    }
    timer->at_ns = at_ns;
    timer->order = timers->next_order++;
    timers->heap[timers->n] = timer;
    sift_up(timers, timers->n++);
}

void timer_start_in(struct timers *timers, struct timer *timer, int64_t delay_ns)
{
    timer_start_at(timers, timer, clock_now_ns(timers->clock) + delay_ns);
}

void timer_stop(struct timers *timers, struct timer *timer)
{
    if (timer->slot) {
        take_out(timers, timer);
    }
}

int64_t timers_next_ns(const struct timers *timers)
{
    return timers->n ? timers->heap[0]->at_ns : INT64_MAX;
}

size_t timers_run(struct timers *timers)
{
    int64_t now_ns = clock_now_ns(timers->clock);
    uint64_t started_before = timers->next_order;
    size_t fired = 0;
    while (timers->n && timers->heap[0]->at_ns <= now_ns && timers->heap[0]->order < started_before) {
        struct timer *timer = timers->heap[0];
        take_out(timers, timer);
        timer->fn(timer, timer->userdata);
        fired++;
    }
    return fired;
}

void timers_run_until(struct timers *timers, struct fake_clock *fake, int64_t until_ns)
{
    for (int64_t next_ns = timers_next_ns(timers); next_ns <= until_ns; next_ns = timers_next_ns(timers)) {
        if (next_ns > fake->at_ns) {
            fake_clock_advance_ns(fake, next_ns - fake->at_ns);
        }
        timers_run(timers);
    }
    fake_clock_advance_ns(fake, until_ns - fake->at_ns);
}
