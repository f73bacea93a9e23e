/* SPDX-License-Identifier: MIT */
/* gRPC for C: everything.
 *
 * A client makes a channel (ugrpc_channel_new()), which connects by itself, and calls the functions that
 * protoc-gen-ugrpc has written from a .proto file: blocking on a channel with a private loop, with callbacks
 * on a channel with a loop of the program's. A server (ugrpc_server_new()) has a struct of handlers, a
 * servicer, for each service; a handler answers now or later, once.
 *
 * Every function that can fail says so in one way: it returns a negative code or NULL, and fills a struct
 * ugrpc_status with gRPC's code and with words for people. A pointer parameter is borrowed for the call,
 * unless its function says otherwise. A loop, its servers and its channels belong to one thread; nothing is
 * shared between loops.
 *
 * The code for a file clock.proto comes from
 *
 *     protoc --ugrpc_out=. clock.proto
 *     cc client.c clock.pb-c.c clock.ugrpc.c $(pkg-config --cflags --libs libugrpc) */
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
