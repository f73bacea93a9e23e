/* SPDX-License-Identifier: MIT */
/* Start, standby, stop and acknowledge; see the contract, calls 10 to 13 and its section "Life cycle". */
#ifndef MODEL_LIFECYCLE_H
#define MODEL_LIFECYCLE_H

#include "base/status.h"
#include "model/caller.h"
#include "model/component.h"
#include "model/journal.h"

#define LIFECYCLE_LIMIT_S  30
#define LIFECYCLE_MAX_RUNS 16 /* sequences of a component that its device has not answered */

enum lifecycle_action { LIFECYCLE_START, LIFECYCLE_STANDBY, LIFECYCLE_STOP, LIFECYCLE_ACK };

/* Checks ability, device offline, state, error and relays; returns a refusal, or 0 and the promise that
 * done() runs once, from a later turn of the loop: OK when the sequence ended, ABORTED when another action
 * replaced it, UNAVAILABLE naming the step after 30 s. The same action joins one that runs.
 * RESOURCE_EXHAUSTED when too many wait for it already, or when the device owes too many answers. */
int lifecycle_run(struct component *component, enum lifecycle_action action, const struct caller *caller,
    status_fn *done, void *userdata, struct ugrpc_status *st);

bool lifecycle_accepts(
    const struct component *component, enum lifecycle_action action); /* the ability table */
const char *lifecycle_name(enum lifecycle_action action);             /* "start" … */
enum journal_verb lifecycle_verb(enum lifecycle_action action);

/* For command: starts a component in standby because a set-point wants it; failure drops the set-point. */
void lifecycle_wake(struct component *component);

#endif
