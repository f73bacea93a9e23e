/* SPDX-License-Identifier: MIT */
/* protoc-gen-ugrpc: from .proto files, C for servers on libugrpc.
 *
 *   request ── schema ──┬── lower ── protoc-gen-c ──→ x.pb-c.h, x.pb-c.c      the messages
 *                       └── plan ─── emit ──────────→ x.ugrpc.h, x.ugrpc.c    names, presence, services
 *
 * protoc sends the files as descriptors. `schema` checks them and knows the C name of every type; `lower`
 * changes a copy of the request to what protobuf-c can do and has its own generator answer that; `plan`
 * decides the names of what we add and `emit` writes it. Names: docs/decisions/0010-generated-names.md. */
#ifndef CODEGEN_PLUGIN_H
#define CODEGEN_PLUGIN_H

#include "codegen/arena.h"

struct ugrpc_status;

/* Writes the messages: takes a lowered CodeGeneratorRequest and adds a CodeGeneratorResponse to `output`. */
typedef int plugin_messages_fn(const struct text *input, struct text *output, struct ugrpc_status *st);

/* Makes an encoded CodeGeneratorResponse of an encoded CodeGeneratorRequest. What is wrong with the .proto
 * files or the options is told in the response, as protoc wants it. 0, or a negative code with `st` when the
 * request itself is broken. `messages` is child_run() but in tests. Everything allocated belongs to output's
 * arena. */
MUST_CHECK int plugin_run(
    const struct text *input, plugin_messages_fn *messages, struct text *output, struct ugrpc_status *st);

#endif
