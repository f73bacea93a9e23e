/* SPDX-License-Identifier: MIT */
/* What a caller may do: a role, and the components that he may command. Whoever checks credentials hands them
 * to the call (ugrpc_call_set_identity()), every API asks them. NULL stands for rights to everything, as
 * without credentials on one's own machine. */
#ifndef SERVICE_RIGHTS_H
#define SERVICE_RIGHTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Each may do what those before it may. */
enum role {
    ROLE_VIEWER,   /* lists, streams */
    ROLE_OPERATOR, /* commands, bounds */
    ROLE_ADMIN,    /* the gateway itself */
    ROLES,         /* their number */
};

struct rights {
    const char *holder; /* for people, and whose bounds they are: "key ems" */
    enum role role;
    const uint64_t *components; /* that may be commanded; NULL: all. Lists and streams know no bounds */
    size_t n_components;
};

const char *role_name(enum role role); /* "operator" */

/* 0 or -UGRPC_PERMISSION_DENIED, naming whose rights these are, what they are, and what is needed. `method`
 * and `label` are for the message: "StartComponent", "bat_inv_1 (4)". */
int rights_check_role(
    const struct rights *rights, enum role least, const char *method, struct ugrpc_status *st);
int rights_check_component(
    const struct rights *rights, uint64_t id, const char *label, struct ugrpc_status *st);

#endif
