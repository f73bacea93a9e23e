/* SPDX-License-Identifier: MIT */
/* What happens on the site, as lines of the log. */
#ifndef DAEMON_EVENT_LOG_H
#define DAEMON_EVENT_LOG_H

#include "base/log.h"
#include "model/event.h"

struct event_log;
struct timers;

#define EVENT_LOG_WINDOW_S 60
#define EVENT_LOG_BURST    6 /* lines of one story within a window; further ones are counted */

/* Borrows `timers` until event_log_free(). `tell` gets each line, about a component or sensor. Aborts when
 * memory runs out. */
typedef void event_log_tell_fn(
    enum log_level level, const char *name, uint64_t id, const char *text, void *userdata);
struct event_log *event_log_new(struct timers *timers, event_log_tell_fn *tell, void *userdata);

void event_log_free(struct event_log *log); /* tells what was counted. NULL is fine */

/* For site_observe(). */
struct observer event_log_observer(struct event_log *log);

#endif
