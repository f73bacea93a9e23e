/* SPDX-License-Identifier: MIT */
/* gRPC for C: everything. */
#ifndef UGRPC_UGRPC_H
#define UGRPC_UGRPC_H

#include <ugrpc/call.h>
#include <ugrpc/channel.h>
#include <ugrpc/client.h>
#include <ugrpc/creds.h>
#include <ugrpc/loop.h>
#include <ugrpc/message.h>
#include <ugrpc/server.h>
#include <ugrpc/service.h>
#include <ugrpc/status.h>

#endif
