/* SPDX-License-Identifier: MIT */
/* Answers that are known now but may only be given from a later turn of the loop, and, where there is a
 * journal, when it has them. Private to model/. */
#ifndef MODEL_LATER_H
#define MODEL_LATER_H

#include "base/status.h"
#include "base/timer.h"

struct journal;
struct later;
struct waiters;

struct later *later_new(struct timers *timers);
void later_free(struct later *later); /* what still waits is never called; NULL is fine */

/* Journals each answer before it is given; NULL: no longer. */
void later_keep(struct later *later, struct journal *journal);

/* Answers all who wait, in a later turn and in the order of these calls. Nobody waits in `waiters` then;
 * `st` is copied, NULL means OK. */
void later_answer(struct later *later, struct waiters *waiters, const struct ugrpc_status *st);

/* The same from a turn of its own, as the devices' answers are: at once if there is no journal. */
void later_answer_now(struct later *later, struct waiters *waiters, const struct ugrpc_status *st);

#endif
