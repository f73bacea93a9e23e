/* SPDX-License-Identifier: MIT */
/* The checks before a set-point is accepted. Private to model/. */
#ifndef MODEL_COMMAND_CHECK_H
#define MODEL_COMMAND_CHECK_H

#include "base/status.h"
#include "model/component.h"

/* In the contract's order: ability, device offline, state and errors, relays in series, bounds. 0 or a
 * refusal. *waits: the component is on its way into operation, or has to be woken. */
int command_check(
    const struct component *component, enum axis axis, double power, bool *waits, struct ugrpc_status *st);

/* "+5000 W" */
const char *power_format(enum axis axis, double power, char *out, size_t cap);

#endif
