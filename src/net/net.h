/* SPDX-License-Identifier: MIT */
/* What all connections of one loop share: the memory for one read and for one write. A connection holds
 * memory of its own only while its peer is slow, so a thousand idle ones hold none. */
#ifndef NET_NET_H
#define NET_NET_H

#include <uv.h>

#include "net/buffer.h"

#define NET_READ_MAX  65536 /* bytes taken from the kernel at a time */
#define NET_WRITE_MAX 65536 /* bytes gathered for it, give or take a frame */

struct net {
    uv_loop_t *uv;
    uint8_t read[NET_READ_MAX];
    uint8_t plain[16384]; /* one decrypted TLS record */
    struct buffer spare;  /* lent to whoever writes */
};

struct net *net_new(uv_loop_t *uv); /* NULL when memory runs out */
void net_free(struct net *net);     /* after its connections; NULL is fine */

void net_lend(struct net *net, struct buffer *to); /* `to` is empty and may stay so */
void net_give_back(struct net *net, struct buffer *from);

#endif
