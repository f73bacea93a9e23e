/* SPDX-License-Identifier: MIT */
/* The public status under the short name that the layers use. */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include <ugrpc/status.h>

#define status_set  ugrpc_status_set
#define status_vset ugrpc_status_vset

/* Tells how an asynchronous piece of work ended; `st` is borrowed for the call. Runs once, from the loop. */
typedef void status_fn(const struct ugrpc_status *st, void *userdata);

#endif
