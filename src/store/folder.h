/* SPDX-License-Identifier: MIT */
/* The folder of a gateway's state. One gateway at a time has it. */
#ifndef STORE_FOLDER_H
#define STORE_FOLDER_H

#include <stdbool.h>

#include "base/status.h"

/* Takes the folder until the descriptor is closed, or the process ends however it may. A descriptor, or
 * -UGRPC_ALREADY_EXISTS naming the process that has it, or another error. */
int folder_take(const char *folder, struct ugrpc_status *st);

/* 0, or -UGRPC_UNAVAILABLE: it was taken with a lock that somebody has removed since, so that another gateway
 * might take it. */
int folder_check(const char *folder, int lock, struct ugrpc_status *st);

#endif
