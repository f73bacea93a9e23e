/* SPDX-License-Identifier: MIT */
/* Drives a heap of timers from a libuv loop by a timerfd on CLOCK_BOOTTIME, set at most once a loop turn. */
#ifndef BASE_TIMER_LOOP_H
#define BASE_TIMER_LOOP_H

#include "base/status.h"
#include "base/timer.h"

struct timer_loop;
struct uv_loop_s;

/* Borrows both until timer_loop_free(); the heap must be on the real clock. NULL with `st` when no descriptor
 * is free. */
struct timer_loop *timer_loop_new(struct uv_loop_s *uv, struct timers *timers, struct ugrpc_status *st);

/* Stops firing at once; its memory goes when the loop has closed its handles (one more turn). NULL is fine.
 */
void timer_loop_free(struct timer_loop *tl);

#endif
