/* SPDX-License-Identifier: MIT */
/* What the site is, in v1's messages: encoded once, when the service is built. */
#ifndef SERVICE_V1_DESCRIBE_H
#define SERVICE_V1_DESCRIBE_H

#include "model/site.h"

struct catalog;
struct ugrpc_message;

/* Keys: id and category. */
void v1_describe_components(const struct site *site, struct catalog *catalog);
void v1_describe_sensors(const struct site *site, struct catalog *catalog);

/* Keys: start and end. */
void v1_describe_connections(const struct site *site, struct catalog *catalog);

/* The reply of GetMicrogridMetadata; NULL when memory runs out. */
struct ugrpc_message *v1_describe_site(const struct site *site);

#endif
