/* SPDX-License-Identifier: MIT */
/* Answers calls to API versions and services that this gateway does not have: UNIMPLEMENTED, naming what it
 * serves. */
#ifndef SERVICE_FALLBACK_H
#define SERVICE_FALLBACK_H

#include <stddef.h>

#include "base/status.h"

struct service;
struct ugrpc_server;

/* "frequenz.api.microgrid.v1, …": the versions of the API among the server's services. Returns `out`. */
const char *service_list_versions(const struct ugrpc_server *server, char *out, size_t cap);

/* Becomes the server's fallback. The operator is told once for each client machine and version. Borrows both
 * until the server is freed, which must be before service_free(). */
int service_add_fallback(struct service *service, struct ugrpc_server *server, struct ugrpc_status *st);

#endif
