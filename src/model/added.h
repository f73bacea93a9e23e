/* SPDX-License-Identifier: MIT */
/* The bounds that callers have added for one metric of one component: entries with their expiry, and their
 * union. Private to model/. */
#ifndef MODEL_ADDED_H
#define MODEL_ADDED_H

#include <stdint.h>

#include "model/range.h"

struct added_entry {
    struct range range; /* first */
    char *owner;
    char *token;      /* the name that its caller gave it; NULL: none */
    int64_t until_ns; /* boot time */
    int64_t until_utc_ns;
};

struct added {
    struct added_entry *entries; /* ascending by range */
    size_t n, cap;
    struct ranges all;    /* the union of the entries */
    uint64_t version;     /* counts changes of `all` */
    int64_t next_ns;      /* when the first entry ends; INT64_MAX if there is none */
    struct ranges before; /* scratch */
};

void added_done(struct added *added);

/* Who adds what. Entries without a token that are identical are one of each owner; those with a token are
 * replaced by the next ones with it, whoever adds them. */
struct added_request {
    const char *owner, *token; /* NULL: no token */
    const struct range *ranges;
    size_t n;
    int64_t until_ns, until_utc_ns;
};

/* Adds, prolongs or replaces. True, with until when (UTC) all of these ranges hold at least; false if there
 * would be more than `most` entries, and nothing has changed. O(n log most), whatever is repeated in it. */
bool added_put(
    struct added *added, const struct added_request *request, size_t most, int64_t *until_utc_ns) MUST_CHECK;

/* Takes out what was added with `token`; returns how many. */
size_t added_remove(struct added *added, const char *token);

/* Takes out what has ended by `now_ns`; returns how many. */
size_t added_expire(struct added *added, int64_t now_ns);

#endif
