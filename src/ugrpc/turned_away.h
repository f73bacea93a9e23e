/* SPDX-License-Identifier: MIT */
/* Connections that never came to a call. Who is turned away comes back, often at once and for ever, so the
 * same is told of one machine once a minute, and counted meanwhile. */
#ifndef UGRPC_TURNED_AWAY_H
#define UGRPC_TURNED_AWAY_H

#include <stdbool.h>
#include <stdint.h>

#define TURNED_AWAY_SLOTS    32
#define TURNED_AWAY_EVERY_MS 60000

struct turned_away {
    struct {
        uint32_t digest; /* of machine and reason; 0: empty */
        uint64_t told_ms;
        uint64_t counted; /* since then */
    } slots[TURNED_AWAY_SLOTS];
};

/* Whether it is to be told; then `more` is how many like it were only counted since the last time. `peer` is
 * "127.0.0.1:41822", of which the port does not matter, or "" for all together. `now_ms` never goes back. */
bool turned_away_note(
    struct turned_away *away, const char *peer, const char *why, uint64_t now_ms, uint64_t *more);

#endif
