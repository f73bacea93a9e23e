/* SPDX-License-Identifier: MIT */
/* How microgridctl says that something did not work: what, the status, and what to do next. On stderr, and
 * with --json also as {"error": …} on stdout. Each returns the exit status that goes with it. */
#ifndef CTL_REPORT_H
#define CTL_REPORT_H

#include <stdbool.h>

#include "base/base.h"
#include "base/status.h"

struct ctl;

/* With --json from here on. */
void report_as_json(bool json);

int report_usage(const char *format, ...) PRINTF_LIKE(1, 2);
/* The same with what to do next, below it. */
int report_usage_next(const char *next, const char *format, ...) PRINTF_LIKE(2, 3);
int report_failed(const char *format, ...) PRINTF_LIKE(1, 2);
/* A call that ended with `st`; `next` is a command, or advice, that helps ("first: …"), or NULL for what goes
 * with the status. */
int report_status(const struct ctl *ctl, const struct ugrpc_status *st, const char *next);

#endif
