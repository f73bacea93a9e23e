/* SPDX-License-Identifier: MIT */
/* Where a channel leads: the text that a user writes, taken apart. */
#ifndef UGRPC_TARGET_H
#define UGRPC_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/base.h"
#include "base/status.h"

struct address;

struct target {     /* all zero = empty */
    char *text;     /* as it was written */
    char *shown;    /* for messages: the same, with the port if that was left out */
    char host[256]; /* the name, or literal address, that a certificate must be for; "" for unix sockets */
    char port[6];
    bool portless;             /* it was left out, of the last address at least */
    char authority[272];       /* ":authority": "gw.local:50051", "localhost" for unix sockets */
    struct address *addresses; /* NULL: `host` has to be looked up */
    size_t n_addresses;
};

/* "host:port", "dns:[///]host:port", "ipv4:10.0.0.7:50051,10.0.0.8:50051", "ipv6:[::1]:50051", "unix:path",
 * "unix:///path"; a port that is left out is `default_port`. 0, or -UGRPC_INVALID_ARGUMENT that quotes the
 * target and says how it is written. Undone by target_done(), also after an error. */
MUST_CHECK int target_parse(
    struct target *target, const char *text, const char *default_port, struct ugrpc_status *st);
void target_done(struct target *target);

static inline bool target_is_unix(const struct target *target)
{
    return !target->host[0];
}

#endif
