/* SPDX-License-Identifier: MIT */
/* How long to wait before the next attempt to connect, as gRPC's documents ask: a delay that grows by 1.6 up
 * to a limit, give or take a fifth, so that many clients of one server do not come back together. */
#ifndef UGRPC_BACKOFF_H
#define UGRPC_BACKOFF_H

#include <stdint.h>

struct backoff {
    int64_t first_ns, most_ns;
    int64_t next_ns; /* before the jitter */
    uint64_t random; /* any number but 0: the state of the jitter */
};

static inline void backoff_reset(struct backoff *backoff)
{
    backoff->next_ns = backoff->first_ns;
}

/* The delay after one more failure. */
static inline int64_t backoff_next_ns(struct backoff *backoff)
{
    backoff->random ^= backoff->random << 13; /* xorshift64 */
    backoff->random ^= backoff->random >> 7;
    backoff->random ^= backoff->random << 17;
    double jitter = 0.8 + 0.4 * (double)(backoff->random >> 11) * 0x1p-53;
    int64_t delay_ns = (int64_t)((double)backoff->next_ns * jitter);
    double grown = (double)backoff->next_ns * 1.6;
    backoff->next_ns = grown < (double)backoff->most_ns ? (int64_t)grown : backoff->most_ns;
    return delay_ns;
}

#endif
