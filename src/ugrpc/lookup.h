/* SPDX-License-Identifier: MIT */
/* Looks a host's addresses up in a thread of its own, which may take as long as it likes: nobody waits for it
 * when the answer is not wanted any more. */
#ifndef UGRPC_LOOKUP_H
#define UGRPC_LOOKUP_H

#include <stddef.h>

#include "base/status.h"

struct address;
struct lookup;
struct ugrpc_loop;

/* `done` runs once, from the loop, with the addresses, which are its own to free(), or with n = 0 and why;
 * not after lookup_cancel(). NULL with `st`. */
struct lookup *lookup_start(struct ugrpc_loop *loop, const char *host, const char *port,
    void (*done)(struct address *addresses, size_t n, const struct ugrpc_status *st, void *userdata),
    void *userdata, struct ugrpc_status *st);

/* Before done(), which will not run. NULL is fine. */
void lookup_cancel(struct lookup *lookup);

/* Orders addresses by turns of their families, beginning with the first one's; within each, the order stays
 * (RFC 8305, 4). Who has no way to one family soon comes to the other then. */
void lookup_interleave(struct address *addresses, size_t n);

#endif
