/* SPDX-License-Identifier: MIT */
#include "net/net.h"

#include <stdlib.h>

struct net *net_new(uv_loop_t *uv)
{
    struct net *net = malloc(sizeof(*net)); /* not cleared: pages that are never read into cost nothing */
    if (net) {
        net->uv = uv;
        net->spare = (struct buffer){0};
    }
    return net;
}

void net_free(struct net *net)
{
    if (net) {
        buffer_done(&net->spare);
        free(net);
    }
}

void net_lend(struct net *net, struct buffer *to)
{
    if (!to->data) {
        *to = net->spare;
        net->spare = (struct buffer){0};
    }
}

void net_give_back(struct net *net, struct buffer *from)
{
    from->len = 0;
    if (!net->spare.data && from->cap <= (size_t)4 * NET_WRITE_MAX) {
        net->spare = *from;
        *from = (struct buffer){0};
        return;
    }
    buffer_done(from);
}
