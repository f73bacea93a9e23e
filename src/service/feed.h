/* SPDX-License-Identifier: MIT */
/* Telemetry streams of one component or sensor in one API version. A feed exists while someone listens. It is
 * a subscriber of the hub; each sample is encoded once a feed, gathered once for each group of streams with
 * the same filter, and that one shared message goes to every stream of the group.
 *
 * A stream gets its first message at once and then each newer one, none twice. Nothing is queued: what a slow
 * reader misses is counted, and it gets the newest sample when it reads again. A stream ends only by its
 * client or the server's shutdown. */
#ifndef SERVICE_FEED_H
#define SERVICE_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "model/metric.h"
#include "service/bytes.h"

struct feed;
struct service_stats;
struct telemetry;
struct ugrpc_call;

struct metric_set { /* zero is empty */
    uint64_t words[(METRIC_COUNT + 63) / 64];
};

static inline void metric_set_add(struct metric_set *set, enum metric metric)
{
    set->words[metric / 64] |= 1ull << (metric % 64);
}

static inline bool metric_set_has(const struct metric_set *set, enum metric metric)
{
    return set->words[metric / 64] >> (metric % 64) & 1;
}

/* One sample as an API version writes it: the id's field, one piece for each metric, then the state. */
struct feed_sample {
    struct bytes bytes;
    size_t head_len;
    size_t n_pieces;
    struct feed_piece {
        enum metric metric;
        uint32_t end; /* begins where the previous piece, or the head, ends; the state ends the whole */
    } pieces[METRIC_COUNT];
};

/* For encoders, in this order: write the id to `bytes` and close the head; write each metric and close its
 * piece; write the state. */
void feed_sample_end_head(struct feed_sample *sample);
void feed_sample_end_metric(struct feed_sample *sample, enum metric metric);

/* What a feed tells of, in which version. */
struct feed_source {
    struct telemetry *telemetry;
    const void *object;                                             /* a struct component or struct sensor */
    void (*encode)(const void *object, struct feed_sample *sample); /* the latest sample, or silence */
    struct feed **slot; /* where the feed of this source is kept; NULL in it: there is none */
    struct service_stats *stats;
};

/* Makes a server-streaming call a stream of the source and sends the first message; `metrics` NULL: all. 0:
 * the feed owns the call and finishes it. -UGRPC_RESOURCE_EXHAUSTED: the call stays the caller's. */
int feed_open(const struct feed_source *source, const struct metric_set *metrics, struct ugrpc_call *call,
    struct ugrpc_status *st);

#endif
