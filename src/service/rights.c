/* SPDX-License-Identifier: MIT */
#include "service/rights.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/base.h"

const char *role_name(enum role role)
{
    static const char *const names[ROLES] = {"viewer", "operator", "admin"};
    return names[role];
}

int rights_check_role(
    const struct rights *rights, enum role least, const char *method, struct ugrpc_status *st)
{
    if (!rights || rights->role >= least) {
        return 0;
    }
    return status_set(st, UGRPC_PERMISSION_DENIED, "%s: needs the role %s, %s has the role %s", method,
        role_name(least), rights->holder, role_name(rights->role));
}

int rights_check_component(
    const struct rights *rights, uint64_t id, const char *label, struct ugrpc_status *st)
{
    char all[160] = "";
    size_t len = 0;
    if (!rights || !rights->components) {
        return 0;
    }
    for (size_t i = 0; i < rights->n_components; i++) {
        if (rights->components[i] == id) {
            return 0;
        }
    }
    for (size_t i = 0; i < rights->n_components && len < sizeof(all) - 24; i++) { /* 20 digits and ", " */
        len += (size_t)snprintf(
            all + len, sizeof(all) - len, "%s%" PRIu64, i ? ", " : "", rights->components[i]);
    }
    return status_set(st, UGRPC_PERMISSION_DENIED, "%s: %s may not command it, only component%s %s%s", label,
        rights->holder, PLURAL(rights->n_components), all, len < sizeof(all) - 24 ? "" : " …");
}
