/* SPDX-License-Identifier: MIT */
/* Runs protobuf-c's generator, a protoc plugin like ours. */
#ifndef CODEGEN_CHILD_H
#define CODEGEN_CHILD_H

#include "codegen/arena.h"

struct ugrpc_status;

/* Gives `input` to the program's stdin and adds its stdout to `output`; its stderr is ours. The program is
 * $PROTOC_GEN_C, or protoc-gen-c on the PATH, or the one beside our own. 0, or a negative code when it cannot
 * be run or does not exit with 0. */
MUST_CHECK int child_run(const struct text *input, struct text *output, struct ugrpc_status *st);

#endif
