/* SPDX-License-Identifier: MIT */
/* The nonces of signed calls that were let in lately, so that none is let in twice. */
#ifndef DAEMON_NONCES_H
#define DAEMON_NONCES_H

#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

#define NONCE_BYTES 16
#define NONCES_MAX  65536 /* remembered at a time: 2.3 MB; 546 calls a second where each is kept for 2 min */

struct nonces;

struct nonces *nonces_new(void);         /* aborts when memory runs out */
void nonces_free(struct nonces *nonces); /* NULL is fine */

/* Remembers a nonce for `keep_ns`, the same for all, by a clock that never jumps. 0, -UGRPC_ALREADY_EXISTS if
 * it is remembered already, -UGRPC_RESOURCE_EXHAUSTED if NONCES_MAX others are: none is forgotten early. */
MUST_CHECK int nonces_add(
    struct nonces *nonces, const uint8_t nonce[NONCE_BYTES], int64_t now_ns, int64_t keep_ns);

size_t nonces_count(const struct nonces *nonces); /* as of the last nonces_add() */

#endif
