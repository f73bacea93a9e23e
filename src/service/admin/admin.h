/* SPDX-License-Identifier: MIT */
/* microgrid.admin.v1.Admin: the gateway for its operator, on the same server as the Microgrid API. */
#ifndef SERVICE_ADMIN_ADMIN_H
#define SERVICE_ADMIN_ADMIN_H

#include "base/status.h"

struct journal_reader;
struct service;
struct ugrpc_server;

/* As service_v1_add(). Borrows `reader` (NULL: no journal is kept) until it says that it is closed, which
 * must be before service_free(). */
int service_admin_add(struct service *service, struct ugrpc_server *server, struct journal_reader *reader,
    struct ugrpc_status *st);

#endif
