/* SPDX-License-Identifier: MIT */
/* Who holds what: the set-points and added bounds that are in force. */
#ifndef SERVICE_ADMIN_HOLDERS_H
#define SERVICE_ADMIN_HOLDERS_H

#include <stdbool.h>

struct site;
struct ugrpc_call;

/* Finishes a call of ListHolders. `read_only`: the gateway takes no commands. */
void holders_reply(const struct site *site, bool read_only, struct ugrpc_call *call);

#endif
