/* SPDX-License-Identifier: MIT */
/* Slots of one allocation, of which only those in use are ever touched. Each is in the chain of its nonce's
 * first bytes, which are as random as hashes, and in the order of arrival, which is that of being forgotten.
 * Only who has the secret adds any, so nobody else can make a chain long. */
#include "daemon/nonces.h"

#include <stdlib.h>
#include <string.h>

#include <ugrpc/status.h>

#define CHAINS 65536

struct slot {
    uint8_t nonce[NONCE_BYTES];
    int64_t until_ns;
    uint32_t in_chain; /* the next one, by index; 0: none */
    uint32_t newer;    /* of a free slot: the next free one */
};

struct nonces {
    uint32_t oldest, newest, free, n_used, n;
    uint32_t chains[CHAINS];
    struct slot slots[NONCES_MAX + 1]; /* the first is none */
};

struct nonces *nonces_new(void)
{
    struct nonces *nonces = calloc(1, sizeof(*nonces));
    if (!nonces) {
        abort();
    }
    return nonces;
}

void nonces_free(struct nonces *nonces)
{
    free(nonces);
}

static uint32_t *chain_of(struct nonces *nonces, const uint8_t nonce[NONCE_BYTES])
{
    return &nonces->chains[nonce[0] << 8 | nonce[1]];
}

static void forget_oldest(struct nonces *nonces)
{
    uint32_t index = nonces->oldest;
    struct slot *slot = &nonces->slots[index];
    uint32_t *at = chain_of(nonces, slot->nonce);
    while (*at != index) {
        at = &nonces->slots[*at].in_chain;
    }
    *at = slot->in_chain;
    nonces->oldest = slot->newer;
    slot->newer = nonces->free;
    nonces->free = index;
    nonces->n--;
}

static uint32_t take_slot(struct nonces *nonces)
{
    uint32_t index = nonces->free;
    if (!index) {
        return ++nonces->n_used;
    }
    nonces->free = nonces->slots[index].newer;
    return index;
}

int nonces_add(struct nonces *nonces, const uint8_t nonce[NONCE_BYTES], int64_t now_ns, int64_t keep_ns)
{
    while (nonces->n > 0 && nonces->slots[nonces->oldest].until_ns <= now_ns) {
        forget_oldest(nonces);
    }
    uint32_t *chain = chain_of(nonces, nonce);
    for (uint32_t i = *chain; i; i = nonces->slots[i].in_chain) {
        if (memcmp(nonces->slots[i].nonce, nonce, NONCE_BYTES) == 0) {
            return -UGRPC_ALREADY_EXISTS;
        }
    }
    if (nonces->n == NONCES_MAX) {
        return -UGRPC_RESOURCE_EXHAUSTED;
    }
    uint32_t index = take_slot(nonces);
    struct slot *slot = &nonces->slots[index];
    memcpy(slot->nonce, nonce, NONCE_BYTES);
    slot->until_ns = now_ns + keep_ns;
    slot->in_chain = *chain;
    *chain = index;
    if (nonces->n == 0) {
        nonces->oldest = index;
    } else {
        nonces->slots[nonces->newest].newer = index;
    }
    nonces->newest = index;
    nonces->n++;
    return 0;
}

size_t nonces_count(const struct nonces *nonces)
{
    return nonces->n;
}
