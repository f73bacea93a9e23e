/* SPDX-License-Identifier: MIT */
/* SIGTERM, SIGINT and SIGHUP as a callback on the loop. */
#ifndef DAEMON_SIGNALS_H
#define DAEMON_SIGNALS_H

struct signals;
struct uv_loop_s;

/* on_signal runs from the loop for each of them until signals_free(), and the loop runs at least that long. A
 * SIGHUP that the process was started to ignore, as by nohup, stays ignored. Aborts when memory or
 * descriptors run out. */
struct signals *signals_new(
    struct uv_loop_s *uv, void (*on_signal)(int number, void *userdata), void *userdata);

/* No callback runs afterwards; the memory goes when the loop has closed its handles. NULL is fine. */
void signals_free(struct signals *signals);

#endif
