/* SPDX-License-Identifier: MIT */
/* frequenz.api.microgrid.v1.Microgrid: the 13 calls of the published API on the version-neutral service. */
#ifndef SERVICE_V1_MICROGRID_V1_H
#define SERVICE_V1_MICROGRID_V1_H

#include "base/status.h"

struct service;
struct ugrpc_server;

/* Serves the API on `server`, after credentials were required and before it starts. Both are borrowed until
 * the server is freed, which must be before service_free(). May be called for several servers. */
int service_v1_add(struct service *service, struct ugrpc_server *server, struct ugrpc_status *st);

#endif
