/* SPDX-License-Identifier: MIT */
/* What happens on the site, as lines of the log. */
#ifndef DAEMON_EVENT_LOG_H
#define DAEMON_EVENT_LOG_H

#include "model/event.h"

struct event_log;
struct timers;

/* Borrows `timers` (for their clock) until event_log_free(). Aborts when memory runs out. */
struct event_log *event_log_new(struct timers *timers);
void event_log_free(struct event_log *log); /* NULL is fine */

/* For site_observe(). */
struct observer event_log_observer(struct event_log *log);

#endif
