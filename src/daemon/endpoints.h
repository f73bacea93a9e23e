/* SPDX-License-Identifier: MIT */
/* The file that tells other programs where this gateway listens: {"grpc": ["127.0.0.1:43121"], "pid": 4711}.
 */
#ifndef DAEMON_ENDPOINTS_H
#define DAEMON_ENDPOINTS_H

#include <stddef.h>

#include "base/status.h"

/* Written beside and renamed: who sees the file sees all of it. */
int endpoints_write(const char *file, const char *const *grpc, size_t n, struct ugrpc_status *st);

/* Removes the file, if it is still this process's. */
void endpoints_remove(const char *file);

#endif
