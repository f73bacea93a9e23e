/* SPDX-License-Identifier: MIT */
/* The feed owns its groups, a group its streams; each goes with its last member. Streams may leave at any
 * time, also while a sample is being sent: the send keeps a cursor that a leaving stream moves on, and groups
 * are swept only afterwards. */
#include "service/feed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <ugrpc/call.h>

#include "model/telemetry.h"
#include "service/service.h"

/* 5,000 of these may stand idle, so it holds no more than it must. */
struct stream {
    struct ugrpc_call *call;
    struct group *group;
    struct stream *next, **link;
    uint64_t sent; /* the news that it was sent last */
    bool full;     /* a message was not taken; on_ready will come */
};

struct group {
    struct feed *feed;
    struct group *next;
    struct metric_set metrics;
    struct stream *streams;
    struct ugrpc_message *message; /* the latest sample for this filter; NULL: not gathered yet */
};

struct feed {
    struct feed_source source;
    struct subscription subscription;
    struct group *groups;
    struct feed_sample sample;
    uint64_t news; /* counts what was told, so that nothing is told twice */
    bool sending;
    struct stream *cursor; /* next to be sent to */
};

static const struct metric_set all_metrics = {.words = {~0ull, ~0ull}};

static void on_news(struct subscription *subscription, void *userdata);
static void on_ready(struct ugrpc_call *call, void *userdata);
static void on_cancel(struct ugrpc_call *call, void *userdata);

static const struct ugrpc_call_events stream_events = {.on_ready = on_ready, .on_cancel = on_cancel};

void feed_sample_end_head(struct feed_sample *sample)
{
    sample->head_len = sample->bytes.len;
}

void feed_sample_end_metric(struct feed_sample *sample, enum metric metric)
{
    assert(sample->n_pieces < METRIC_COUNT);
    sample->pieces[sample->n_pieces++] = (struct feed_piece){
        .metric = metric, .end = (uint32_t)sample->bytes.len};
}

static void feed_encode(struct feed *feed)
{
    feed->sample.bytes.len = 0;
    feed->sample.n_pieces = 0;
    feed->source.encode(feed->source.object, &feed->sample);
}

/* Copies the pieces that the filter keeps and returns their length; only counts when `out` is NULL. */
static size_t gather_pieces(const struct feed_sample *sample, const struct metric_set *metrics, uint8_t *out)
{
    size_t len = 0, start = sample->head_len;
    for (size_t i = 0; i < sample->n_pieces; i++) {
        size_t n = sample->pieces[i].end - start;
        if (metric_set_has(metrics, sample->pieces[i].metric)) {
            if (out) {
                memcpy(out + len, sample->bytes.data + start, n);
            }
            len += n;
        }
        start += n;
    }
    return len;
}

/* In every version the reply of a stream has the data as its field 1. */
static struct ugrpc_message *gather(const struct feed_sample *sample, const struct metric_set *metrics)
{
    size_t head = sample->head_len, pieces = gather_pieces(sample, metrics, NULL);
    size_t state_at = sample->n_pieces ? sample->pieces[sample->n_pieces - 1].end : head;
    size_t state = sample->bytes.len - state_at;
    uint8_t header[FIELD_HEADER_MAX];
    size_t header_len = field_header(header, 1, head + pieces + state);

    uint8_t *out = NULL;
    struct ugrpc_message *message = ugrpc_message_new(header_len + head + pieces + state, &out);
    if (message) {
        memcpy(out, header, header_len);
        memcpy(out + header_len, sample->bytes.data, head);
        gather_pieces(sample, metrics, out + header_len + head);
        memcpy(out + header_len + head + pieces, sample->bytes.data + state_at, state);
    }
    return message;
}

static struct feed *feed_get(const struct feed_source *source)
{
    struct feed *feed = *source->slot;
    if (feed) {
        return feed;
    }
    feed = calloc(1, sizeof(*feed));
    if (feed) {
        feed->source = *source;
        feed->subscription = (struct subscription){.on_news = on_news, .userdata = feed};
        feed->news = 1;
        feed_encode(feed);
        telemetry_subscribe(source->telemetry, &feed->subscription);
        *source->slot = feed;
    }
    return feed;
}

static struct group *group_get(struct feed *feed, const struct metric_set *metrics)
{
    struct group *group = feed->groups;
    while (group && memcmp(&group->metrics, metrics, sizeof(*metrics)) != 0) {
        group = group->next;
    }
    if (!group && (group = calloc(1, sizeof(*group)))) {
        group->feed = feed;
        group->metrics = *metrics;
        group->next = feed->groups;
        feed->groups = group;
    }
    return group;
}

/* Frees what nobody listens to any more, the feed itself too. */
static void feed_sweep(struct feed *feed)
{
    for (struct group **link = &feed->groups; *link;) {
        struct group *group = *link;
        if (group->streams) {
            link = &group->next;
            continue;
        }
        *link = group->next;
        ugrpc_message_unref(group->message);
        free(group);
    }
    if (!feed->groups) {
        *feed->source.slot = NULL;
        telemetry_unsubscribe(&feed->subscription);
        bytes_done(&feed->sample.bytes);
        free(feed);
    }
}

static void stream_send(struct stream *stream)
{
    struct group *group = stream->group;
    struct feed *feed = group->feed;
    if (!group->message && !(group->message = gather(&feed->sample, &group->metrics))) {
        feed->source.stats->missed++; /* out of memory: the next sample may do better */
        return;
    }
    switch (ugrpc_call_send_message(stream->call, group->message)) {
    case UGRPC_SENT:
        stream->sent = feed->news;
        feed->source.stats->messages++;
        break;
    case UGRPC_FULL:
        stream->full = true;
        break;
    case UGRPC_GONE: /* on_cancel closes it, if it has not already */
        break;
    }
}

static void on_news(struct subscription *subscription, void *userdata)
{
    struct feed *feed = userdata;
    feed->news++;
    feed_encode(feed);
    feed->sending = true;
    for (struct group *group = feed->groups; group; group = group->next) {
        ugrpc_message_unref(group->message);
        group->message = NULL;
        for (struct stream *stream = group->streams; stream; stream = feed->cursor) {
            feed->cursor = stream->next;
            if (stream->full) {
                feed->source.stats->missed++; /* the sample before this one */
                continue;
            }
            stream_send(stream);
        }
    }
    feed->sending = false;
    feed_sweep(feed);
}

static void on_ready(struct ugrpc_call *call, void *userdata)
{
    struct stream *stream = userdata;
    stream->full = false;
    if (stream->sent != stream->group->feed->news) {
        stream_send(stream);
    }
}

static void on_cancel(struct ugrpc_call *call, void *userdata)
{
    struct stream *stream = userdata;
    struct feed *feed = stream->group->feed;
    if (feed->cursor == stream) {
        feed->cursor = stream->next;
    }
    *stream->link = stream->next;
    if (stream->next) {
        stream->next->link = stream->link;
    }
    feed->source.stats->streams--;
    free(stream);
    ugrpc_call_end(call);
    if (!feed->sending) {
        feed_sweep(feed);
    }
}

int feed_open(const struct feed_source *source, const struct metric_set *metrics, struct ugrpc_call *call,
    struct ugrpc_status *st)
{
    struct feed *feed = feed_get(source);
    struct group *group = feed ? group_get(feed, metrics ? metrics : &all_metrics) : NULL;
    struct stream *stream = group ? calloc(1, sizeof(*stream)) : NULL;
    if (!stream) {
        if (feed && !feed->sending) {
            feed_sweep(feed);
        }
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "no memory for another stream");
    }
    stream->call = call;
    stream->group = group;
    stream->next = group->streams;
    stream->link = &group->streams;
    if (stream->next) {
        stream->next->link = &stream->next;
    }
    group->streams = stream;
    source->stats->streams++;
    ugrpc_call_set_send_limit(call, 1); /* one message at a time: the newest always goes next */
    ugrpc_call_watch(call, &stream_events, stream);
    stream_send(stream);
    return 0;
}
