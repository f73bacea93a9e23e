/* SPDX-License-Identifier: MIT */
/* A key's bounds are one whatever connection they come from; without keys a connection is all there is. */
#include "service/rpc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct caller *rpc_caller_init(struct rpc_caller *caller, const struct ugrpc_call *call)
{
    const char *identity = ugrpc_call_identity(call), *peer = ugrpc_call_peer(call);
    if (identity) {
        snprintf(caller->owner, sizeof(caller->owner), "%s", identity);
        snprintf(caller->label, sizeof(caller->label), "%s from %s", identity, peer);
    } else {
        /* the address too, as numbers begin anew with a restart, which bounds outlive */
        snprintf(caller->owner, sizeof(caller->owner), "connection %" PRIu64 " from %s",
            ugrpc_call_connection_id(call), peer);
        snprintf(caller->label, sizeof(caller->label), "%s", peer);
    }
    caller->base = (struct caller){
        .owner = caller->owner, .label = caller->label, .rights = ugrpc_call_identity_data(call)};
    return &caller->base;
}

const char *rpc_method(const struct ugrpc_call *call)
{
    const char *path = ugrpc_call_method(call), *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int rpc_machine_len(const char *peer)
{
    const char *port = strrchr(peer, ':');
    return port && strncmp(peer, "unix:", 5) != 0 ? (int)(port - peer) : (int)strlen(peer);
}
