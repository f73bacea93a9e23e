/* SPDX-License-Identifier: MIT */
/* What every face of the service does with a call: who is calling, and how a command's end becomes a reply.
 */
#ifndef SERVICE_RPC_H
#define SERVICE_RPC_H

#include <ugrpc/call.h>

#include "base/status.h"
#include "model/caller.h"

struct rpc_caller {
    struct caller base;
    char owner[96];  /* "key ems", as credentials say, or "connection 17 from 127.0.0.1:41822": its own */
    char label[160]; /* "key ems from 10.0.0.7:4711" or "127.0.0.1:41822" */
};

/* Returns &caller->base, good as long as `caller`. */
const struct caller *rpc_caller_init(struct rpc_caller *caller, const struct ugrpc_call *call);

/* "SetComponentPowerActive": the last part of the call's path. */
const char *rpc_method(const struct ugrpc_call *call);

/* How much of a peer's address ("127.0.0.1:41822", "[::1]:4711", "unix:") stays when it connects again. */
int rpc_machine_len(const char *peer);

#endif
