/* SPDX-License-Identifier: MIT */
/* Streams of journal entries. Each holds a page at most, and asks for the next one when its reader has taken
 * this one: so a slow reader costs no more than a fast one, and misses nothing. */
#ifndef SERVICE_ADMIN_JOURNAL_STREAM_H
#define SERVICE_ADMIN_JOURNAL_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "model/journal_reader.h"

#define JOURNAL_STREAMS    32   /* at a time */
#define JOURNAL_COMPONENTS 1000 /* in a filter */

struct ugrpc_call;

struct journal_streams {
    struct journal_reader *reader; /* NULL: there is no journal (any more) */
    struct journal_stream *first;
    size_t n;
};

/* Borrows both; `reader` as in service_admin_add(). */
void journal_streams_init(struct journal_streams *streams, struct journal_reader *reader);

/* Makes the call a stream of what passes the filter. 0: the stream owns the call and finishes it.
 * -UGRPC_FAILED_PRECONDITION, -UGRPC_RESOURCE_EXHAUSTED: the call stays the caller's. */
int journal_stream_open(struct journal_streams *streams, const struct journal_filter *filter, bool follow,
    struct ugrpc_call *call, struct ugrpc_status *st);

#endif
