/* SPDX-License-Identifier: MIT */
/* frequenz.api.microgrid.v1alpha18.Microgrid and …v1alpha19.Microgrid: the previews of the API that today's
 * published clients speak, on the version-neutral service. Both are the same on the wire, so one face serves
 * them under both names; only their descriptors differ. */
#ifndef SERVICE_V1ALPHA_MICROGRID_V1ALPHA_H
#define SERVICE_V1ALPHA_MICROGRID_V1ALPHA_H

#include "base/status.h"

struct service;
struct ugrpc_server;

/* Serves both versions on `server`, after credentials were required and before it starts. Both arguments are
 * borrowed until the server is freed, which must be before service_free(). May be called for several servers.
 */
int service_v1alpha_add(struct service *service, struct ugrpc_server *server, struct ugrpc_status *st);

#endif
