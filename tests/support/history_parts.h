/* SPDX-License-Identifier: MIT */
/* What the parts of a history share: history.c (one instant after the other), history_site.c (the site and
 * its devices), history_compare.c and history_run.c (restarts). */
#ifndef TESTS_HISTORY_PARTS_H
#define TESTS_HISTORY_PARTS_H

#include "history.h"

void history_describe(struct history *h); /* to the reference */
void history_build(struct history *h, int64_t at_ns, int64_t utc_ns);
void history_sample_all(struct history *h);
int history_bounded(int metric); /* enum bounded */
void history_compare(struct history *h);

/* What is due now; true if there was anything. */
bool history_run_timers(struct history *h);
bool history_settle_disk(struct history *h); /* all that was made is on it, and those who wait were told */
bool history_take_orders(struct history *h);
bool history_give_answers(struct history *h);

#endif
