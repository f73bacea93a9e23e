/* SPDX-License-Identifier: MIT */
/* Who holds what: the set-points and added bounds that are in force. */
#ifndef SERVICE_ADMIN_HOLDERS_H
#define SERVICE_ADMIN_HOLDERS_H

struct site;
struct ugrpc_call;

/* Finishes a call of ListHolders. */
void holders_reply(const struct site *site, struct ugrpc_call *call);

#endif
