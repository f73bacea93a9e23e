/* SPDX-License-Identifier: MIT */
/* Answers that are known now but may only be given from a later turn of the loop. Private to model/. */
#ifndef MODEL_LATER_H
#define MODEL_LATER_H

#include "base/status.h"
#include "base/timer.h"

struct later;
struct waiters;

struct later *later_new(struct timers *timers);
void later_free(struct later *later); /* what still waits is never called; NULL is fine */

/* Answers all who wait, in the next turn and in the order of these calls. Nobody waits in `waiters` then;
 * `st` is copied, NULL means OK. */
void later_answer(struct later *later, struct waiters *waiters, const struct ugrpc_status *st);

#endif
