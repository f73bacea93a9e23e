/* SPDX-License-Identifier: MIT */
/* SetElectricalComponentPower, which answers with a stream: ACCEPTED at once, then exactly one SUCCESS,
 * FAILED or OVERRIDDEN, then OK. A refusal is always a status. Who cancels the call hears no more; the
 * set-point stays. */
#ifndef SERVICE_V1ALPHA_SET_POWER_H
#define SERVICE_V1ALPHA_SET_POWER_H

#include "service/v1alpha/wire.h"

struct face;

void alpha_set_power(struct face *face, struct ugrpc_call *call, const alpha_power_request *request);

#endif
