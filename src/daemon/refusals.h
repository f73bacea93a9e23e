/* SPDX-License-Identifier: MIT */
/* A client that is refused tends to try again, every second for days. The first refusal of its kind is a line
 * of the log; those that follow are counted and told together. */
#ifndef DAEMON_REFUSALS_H
#define DAEMON_REFUSALS_H

#include <stdint.h>

#include "base/status.h"

struct refusals;
struct timers;

#define REFUSALS_EVERY_S      60
#define REFUSALS_CALLER_BYTES 144 /* of a caller; what differs only behind them is the same */

struct refusal {
    const char *caller; /* "key ems at 10.0.0.7": without a port, which changes with each connection */
    const char *method; /* "SetComponentPowerActive" */
    const char *name;   /* of the component; NULL: none */
    uint64_t id;
    const struct ugrpc_status *st;
};

/* Borrows `timers` until refusals_free(). `tell` gets each line: level info, about a component if it has a
 * name. Aborts when memory runs out. */
typedef void refusals_tell_fn(const char *name, uint64_t id, const char *text, void *userdata);
struct refusals *refusals_new(struct timers *timers, refusals_tell_fn *tell, void *userdata);

/* Tells it, or counts it if one of the same caller, method, component, code and reason was told before: the
 * message, whatever the numbers in it. */
void refusals_add(struct refusals *refusals, const struct refusal *refusal);

void refusals_free(struct refusals *refusals); /* tells what was counted. NULL is fine */

#endif
