/* SPDX-License-Identifier: MIT */
/* What a gateway says of its own health: whether it serves, and whether its journal can be written. */
#ifndef CTL_SERVING_H
#define CTL_SERVING_H

#include <stdbool.h>

#include "base/base.h"
#include "base/status.h"
#include "grpc/health/v1/health.ugrpc.h"

struct ctl;

struct serving {
    bool serving;
    bool journal_degraded; /* commands are carried out, but not kept */
};

/* Asks for the health of all there is. NULL, told in `st`, if it does not say. Caller frees with
 * ugrpc_health_v1_health_list_response_free(). */
ugrpc_health_v1_health_list_response *serving_list(const struct ctl *ctl, struct ugrpc_status *st) MUST_CHECK;
/* What is in such a list; whoever gives none (NULL) has at least answered. */
struct serving serving_of(const ugrpc_health_v1_health_list_response *health);

/* "serving", "not serving", "serving, but its journal cannot be written" */
const char *serving_text(struct serving serving);

#endif
