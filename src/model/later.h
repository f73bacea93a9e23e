/* SPDX-License-Identifier: MIT */
/* Answers that are known now but may only be given from a later turn of the loop. Private to model/. */
#ifndef MODEL_LATER_H
#define MODEL_LATER_H

#include "base/status.h"
#include "base/timer.h"
#include "model/command.h"

struct later;

struct later *later_new(struct timers *timers);
void later_free(struct later *later); /* what still waits is never called; NULL is fine */

/* Calls done() in the order of these calls; `st` is copied, NULL means OK. */
void later_status(struct later *later, status_fn *done, void *userdata, const struct ugrpc_status *st);
void later_command(struct later *later, command_fn *done, void *userdata, int64_t valid_until_utc_ns);

#endif
