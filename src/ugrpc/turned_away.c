/* SPDX-License-Identifier: MIT */
/* A table of fixed size without chains: two that share a slot are told more often than they need be. */
#include "ugrpc/turned_away.h"

#include <stddef.h>
#include <string.h>

/* FNV-1a. */
static uint32_t digest_more(uint32_t digest, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        digest = (digest ^ (unsigned char)text[i]) * 16777619u;
    }
    return digest;
}

bool turned_away_note(
    struct turned_away *away, const char *peer, const char *why, uint64_t now_ms, uint64_t *more)
{
    const char *port = strrchr(peer, ':');
    uint32_t digest = digest_more(2166136261u, peer, port ? (size_t)(port - peer) : strlen(peer));
    digest = digest_more(digest, why, strlen(why)) | 1;
    size_t at = digest / 2 % TURNED_AWAY_SLOTS;
    bool known = away->slots[at].digest == digest;
    if (known && now_ms - away->slots[at].told_ms < TURNED_AWAY_EVERY_MS) {
        away->slots[at].counted++;
        return false;
    }
    *more = known ? away->slots[at].counted : 0;
    away->slots[at].digest = digest;
    away->slots[at].told_ms = now_ms;
    away->slots[at].counted = 0;
    return true;
}
