/* SPDX-License-Identifier: MIT */
/* A stream either waits for an answer (query), or for room to send what it has (page), or, if it follows, for
 * news. News while it does something else are only noted. */
#include "service/admin/journal_stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <ugrpc/call.h>

#include "base/base.h"
#include "base/clock.h"
#include "microgrid/admin/v1/admin.ugrpc.h"
#include "model/journal.h"
#include "service/shown.h"

struct journal_stream {
    struct journal_streams *streams;
    struct journal_stream *next, **link;
    struct ugrpc_call *call;
    bool follow, begun, news;
    struct journal_query *query;
    struct journal_page *page;
    size_t sent; /* of the page */
    struct journal_filter filter;
    uint64_t component_ids[];
};

static void on_ready(struct ugrpc_call *call, void *userdata);
static void on_cancel(struct ugrpc_call *call, void *userdata);

static const struct ugrpc_call_events events = {.on_ready = on_ready, .on_cancel = on_cancel};

/* ---- one entry -------------------------------------------------------------------------------------- */

static microgrid_admin_v1_journal_verb verb_of(const struct journal_entry *entry)
{
    static const microgrid_admin_v1_journal_verb verbs[] = {
        [JOURNAL_SET_ACTIVE] = MICROGRID_ADMIN_V1_JOURNAL_VERB_SET_ACTIVE_POWER,
        [JOURNAL_SET_REACTIVE] = MICROGRID_ADMIN_V1_JOURNAL_VERB_SET_REACTIVE_POWER,
        [JOURNAL_ADD_BOUNDS] = MICROGRID_ADMIN_V1_JOURNAL_VERB_ADD_BOUNDS,
        [JOURNAL_CLEAR_BOUNDS] = MICROGRID_ADMIN_V1_JOURNAL_VERB_CLEAR_BOUNDS,
        [JOURNAL_START] = MICROGRID_ADMIN_V1_JOURNAL_VERB_START,
        [JOURNAL_STANDBY] = MICROGRID_ADMIN_V1_JOURNAL_VERB_STANDBY,
        [JOURNAL_STOP] = MICROGRID_ADMIN_V1_JOURNAL_VERB_STOP,
        [JOURNAL_ACK] = MICROGRID_ADMIN_V1_JOURNAL_VERB_ACK,
    };
    return entry->verb >= 0 && (size_t)entry->verb < ARRAY_LEN(verbs)
               ? verbs[entry->verb]
               : MICROGRID_ADMIN_V1_JOURNAL_VERB_UNSPECIFIED;
}

static microgrid_admin_v1_journal_end end_of(const struct journal_entry *entry)
{
    static const microgrid_admin_v1_journal_end ends[] = {
        [JOURNAL_EXPIRED] = MICROGRID_ADMIN_V1_JOURNAL_END_EXPIRED,
        [JOURNAL_DROPPED] = MICROGRID_ADMIN_V1_JOURNAL_END_DROPPED,
        [JOURNAL_REPLACED] = MICROGRID_ADMIN_V1_JOURNAL_END_REPLACED,
    };
    return entry->kind == JOURNAL_KIND_END && entry->end >= 0 && (size_t)entry->end < ARRAY_LEN(ends)
               ? ends[entry->end]
               : MICROGRID_ADMIN_V1_JOURNAL_END_UNSPECIFIED;
}

static enum ugrpc_sent send_entry(struct ugrpc_call *call, const struct journal_entry *entry)
{
    static const microgrid_admin_v1_journal_kind kinds[] = {
        [JOURNAL_KIND_COMMAND] = MICROGRID_ADMIN_V1_JOURNAL_KIND_COMMAND,
        [JOURNAL_KIND_REFUSAL] = MICROGRID_ADMIN_V1_JOURNAL_KIND_REFUSAL,
        [JOURNAL_KIND_END] = MICROGRID_ADMIN_V1_JOURNAL_KIND_END,
        [JOURNAL_KIND_GAP] = MICROGRID_ADMIN_V1_JOURNAL_KIND_GAP,
        [JOURNAL_KIND_NOTE] = MICROGRID_ADMIN_V1_JOURNAL_KIND_NOTE,
    };
    ugrpc_protobuf_timestamp at = shown_timestamp(entry->at_utc_ns);
    ugrpc_protobuf_timestamp until = shown_timestamp(entry->until_utc_ns);
    ugrpc_protobuf_timestamp lost_since = shown_timestamp(entry->lost_utc_ns);
    ugrpc_protobuf_duration lifetime = UGRPC_PROTOBUF_DURATION_INIT;
    microgrid_admin_v1_journal_entry message = MICROGRID_ADMIN_V1_JOURNAL_ENTRY_INIT;
    lifetime.seconds = entry->lifetime_ns / NS_PER_S;
    lifetime.nanos = (int32_t)(entry->lifetime_ns % NS_PER_S);
    message.id = entry->id;
    message.time = &at;
    message.kind = kinds[entry->kind];
    message.component_id = entry->component_id;
    message.component = (char *)entry->component;
    message.verb = verb_of(entry);
    if (!isnan(entry->value)) {
        microgrid_admin_v1_journal_entry_set_value(&message, entry->value);
    }
    message.lifetime = entry->lifetime_ns ? &lifetime : NULL;
    message.detail = (char *)entry->detail;
    message.caller = (char *)entry->caller;
    message.code = entry->code;
    message.message = (char *)entry->message;
    message.end = end_of(entry);
    message.renewals = entry->renewals;
    message.valid_until = entry->kind == JOURNAL_KIND_END ? &until : NULL;
    message.lost = entry->lost;
    message.lost_since = entry->kind == JOURNAL_KIND_GAP ? &lost_since : NULL;
    return microgrid_admin_v1_receive_journal_send(call, &message);
}

/* ---- a stream --------------------------------------------------------------------------------------- */

static void on_page(struct journal_page *page, void *userdata);

static void ask(struct journal_stream *stream)
{
    struct journal_reader *reader = stream->streams->reader;
    stream->news = false;
    if (reader) {
        stream->query = reader->ask(reader, &stream->filter, on_page, stream);
    }
}

/* The call is the caller's to finish. */
static void stream_free(struct journal_stream *stream)
{
    struct journal_reader *reader = stream->streams->reader;
    if (stream->query && reader) {
        reader->cancel(reader, stream->query);
    }
    journal_page_free(stream->page);
    *stream->link = stream->next;
    if (stream->next) {
        stream->next->link = stream->link;
    }
    stream->streams->n--;
    free(stream);
}

/* Sends what there is room for, and then sees what is next. */
static void go_on(struct journal_stream *stream)
{
    struct journal_page *page = stream->page;
    for (; stream->sent < page->n; stream->sent++) {
        if (send_entry(stream->call, &page->entries[stream->sent]) != UGRPC_SENT) {
            return; /* on_ready, or on_cancel, will come */
        }
    }
    bool more = page->more || stream->news;
    journal_page_free(page);
    stream->page = NULL;
    stream->sent = 0;
    if (more) {
        ask(stream);
    } else if (!stream->follow) {
        struct ugrpc_call *call = stream->call;
        stream_free(stream);
        ugrpc_call_end(call);
    }
}

static void on_page(struct journal_page *page, void *userdata)
{
    struct journal_stream *stream = userdata;
    stream->query = NULL;
    stream->page = page;
    if (page->st.code != UGRPC_OK) {
        struct ugrpc_call *call = stream->call;
        const struct ugrpc_status st = page->st;
        stream_free(stream);
        ugrpc_call_fail_status(call, &st);
        return;
    }
    if (!stream->begun) {
        stream->begun = true;
        ugrpc_call_send_initial(stream->call); /* it may be long until there is an entry */
    }
    stream->filter.after_id = page->last_id;
    stream->filter.resumes = false;
    go_on(stream);
}

static void on_ready(struct ugrpc_call *call, void *userdata)
{
    struct journal_stream *stream = userdata;
    if (stream->page) {
        go_on(stream);
    }
}

static void on_cancel(struct ugrpc_call *call, void *userdata)
{
    stream_free(userdata);
    ugrpc_call_end(call);
}

int journal_stream_open(struct journal_streams *streams, const struct journal_filter *filter, bool follow,
    struct ugrpc_call *call, struct ugrpc_status *st)
{
    size_t bytes = filter->n_component_ids * sizeof(uint64_t);
    if (!streams->reader) {
        return status_set(
            st, UGRPC_FAILED_PRECONDITION, "this gateway keeps no journal: start it with --state DIR");
    }
    if (filter->n_component_ids > JOURNAL_COMPONENTS) {
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "component_ids has %zu ids, must be at most %d",
            filter->n_component_ids, JOURNAL_COMPONENTS);
    }
    if (streams->n >= JOURNAL_STREAMS) {
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED,
            "the journal is being read by %zu others, the most are %d", streams->n, JOURNAL_STREAMS);
    }
    struct journal_stream *stream = calloc(1, sizeof(*stream) + bytes);
    if (!stream) {
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "no memory for another stream");
    }
    stream->streams = streams;
    stream->call = call;
    stream->follow = follow;
    stream->filter = *filter;
    stream->filter.component_ids = stream->component_ids;
    if (bytes) {
        memcpy(stream->component_ids, filter->component_ids, bytes);
    }
    stream->next = streams->first;
    stream->link = &streams->first;
    if (stream->next) {
        stream->next->link = &stream->next;
    }
    streams->first = stream;
    streams->n++;
    ugrpc_call_watch(call, &events, stream);
    ask(stream);
    return 0;
}

/* ---- all of them ------------------------------------------------------------------------------------ */

static void on_written(void *userdata)
{
    const struct journal_streams *streams = userdata;
    for (struct journal_stream *stream = streams->first; stream; stream = stream->next) {
        stream->news = stream->follow;
        if (stream->follow && !stream->query && !stream->page) {
            ask(stream);
        }
    }
}

static void on_closed(void *userdata)
{
    struct journal_streams *streams = userdata;
    streams->reader = NULL;
}

void journal_streams_init(struct journal_streams *streams, struct journal_reader *reader)
{
    *streams = (struct journal_streams){.reader = reader};
    if (reader) {
        reader->on_written = on_written;
        reader->on_closed = on_closed;
        reader->userdata = streams;
    }
}
