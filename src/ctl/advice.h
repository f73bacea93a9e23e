/* SPDX-License-Identifier: MIT */
/* What to do about a refusal, as a command that works: looked up in how things are now, whatever gateway it
 * is. */
#ifndef CTL_ADVICE_H
#define CTL_ADVICE_H

#include "base/status.h"
#include "ctl/directory.h"

struct ctl;

#define ADVICE_BYTES 512

/* Tells a refused set-point of `metric` with the nearest value that is allowed, or with what comes first.
 * Returns the exit status. */
int advice_on_power(struct ctl *ctl, const component_message *component, int metric, double power,
    const struct ugrpc_status *st);

/* Tells a refused start, standby, stop or ack. */
int advice_on_switching(struct ctl *ctl, const struct directory *directory,
    const component_message *component, const struct ugrpc_status *st);

#endif
