/* SPDX-License-Identifier: MIT */
/* Streams queue messages by reference. At the end of the loop turn nghttp2 asks for them frame by frame, and
 * they are copied once, into the buffer that goes to the kernel; several small ones share a DATA frame. */
#include <stdlib.h>
#include <string.h>

#include <ugrpc/message.h>

#include "net/connection.h"
#include "net/net.h"
#include "ugrpc/session_internal.h"

static void enter(struct stream *stream, struct session *s, int32_t id)
{
    stream->session = s;
    stream->id = id;
    stream->prev = NULL;
    stream->next = s->streams;
    if (s->streams) {
        s->streams->prev = stream;
    }
    s->streams = stream;
    s->n_streams++;
}

void stream_open(struct stream *stream, struct session *s, int32_t id)
{
    enter(stream, s, id);
    nghttp2_session_set_stream_user_data(s->h2, id, stream);
}

bool session_has_room(const struct session *s)
{
    return s->n_streams < nghttp2_session_get_remote_settings(s->h2, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

int stream_request(struct stream *stream, struct session *s, const nghttp2_nv *nv, size_t n)
{
    nghttp2_data_provider provider = {.source.ptr = stream, .read_callback = stream_on_read_data};
    int32_t id = nghttp2_submit_request(s->h2, NULL, nv, n, &provider, stream);
    if (id < 0) {
        return -UGRPC_RESOURCE_EXHAUSTED;
    }
    stream->headers_sent = true;
    stream->source = SOURCE_ASKED;
    enter(stream, s, id);
    session_mark(s);
    return 0;
}

static size_t total(const struct session *s)
{
    return s->held + s->waiting;
}

static void add_ready(struct stream *stream)
{
    if (!stream->in_ready_list) {
        stream->in_ready_list = true;
        stream->next_ready = stream->session->ready;
        stream->session->ready = stream;
    }
}

bool stream_has_room(const struct stream *stream, size_t len)
{
    const struct session *s = stream->session;
    return s->waiting == 0 || total(s) + len <= s->limits->max_connection_bytes;
}

void stream_await_room(struct stream *stream)
{
    stream->wants_ready = true;
    stream->session->starved += !stream->starved;
    stream->starved = true;
}

/* Less is held than before: when that is room enough, whoever waits for it is told after the next flush. */
static void end_starving(struct session *s)
{
    if (s->waiting > 0 && total(s) > s->limits->max_connection_bytes / 2) {
        return;
    }
    for (struct stream *stream = s->streams; stream; stream = stream->next) {
        if (stream->starved) {
            stream->starved = false;
            add_ready(stream);
        }
    }
    s->starved = 0;
    session_mark(s);
}

static void sent_or_dropped(struct stream *stream, size_t len)
{
    struct session *s = stream->session;
    stream->waiting -= len;
    s->waiting -= len;
    if (s->starved > 0) {
        end_starving(s);
    }
}

static void forget_ready(struct stream *stream)
{
    if (!stream->in_ready_list) {
        return;
    }
    struct stream **at = &stream->session->ready;
    while (*at != stream) {
        at = &(*at)->next_ready;
    }
    *at = stream->next_ready;
    stream->in_ready_list = false;
}

static void drop_outgoing(struct stream *stream)
{
    struct outgoing *out = stream->first;
    stream->first = out->next;
    if (!out->next) {
        stream->last = NULL;
    }
    ugrpc_message_unref(out->message);
    if (out == &stream->only) {
        out->message = NULL;
    } else {
        free(out);
    }
}

/* Frees what it still holds. */
static void stream_done(struct stream *stream)
{
    while (stream->first) {
        drop_outgoing(stream);
    }
    stream->waiting = stream->sent_of_first = 0;
    frame_reader_done(&stream->in);
}

void stream_close(struct stream *stream, uint32_t error)
{
    struct session *s = stream->session;
    forget_ready(stream);
    if (stream->prev) {
        stream->prev->next = stream->next;
    } else {
        s->streams = stream->next;
    }
    if (stream->next) {
        stream->next->prev = stream->prev;
    }
    nghttp2_session_set_stream_user_data(s->h2, stream->id, NULL);
    s->n_streams--;
    s->starved -= stream->starved;
    stream_release(stream, stream->held);
    sent_or_dropped(stream, stream->waiting);
    s->used_ms = session_now_ms(s);
    stream->session = NULL;
    stream_done(stream);
    s->role->closed(stream, error); /* may free it */
}

size_t session_waiting(const struct session *s)
{
    return s->waiting;
}

bool session_hold(struct stream *stream, size_t more)
{
    struct session *s = stream->session;
    if (s && total(s) + more > s->limits->max_connection_bytes) {
        return false;
    }
    if (s) {
        s->held += more;
        stream->held += more;
    }
    return true;
}

void stream_release(struct stream *stream, size_t less)
{
    stream->session->held -= less;
    stream->held -= less;
    if (stream->session->starved > 0) {
        end_starving(stream->session);
    }
}

ssize_t stream_on_read_data(nghttp2_session *h2, int32_t id, uint8_t *buf, size_t len, uint32_t *flags,
    nghttp2_data_source *source, void *userdata)
{
    struct session *s = userdata;
    struct stream *stream = source->ptr; /* gone, if the session is */
    if (s->dropped) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    if (connection_unflushed(s->conn) >= NET_WRITE_MAX) {
        return NGHTTP2_ERR_PAUSE;
    }
    if (stream->waiting == 0 && !stream->finishing) {
        stream->source = SOURCE_DEFERRED;
        return NGHTTP2_ERR_DEFERRED;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (stream->waiting > len) {
        return (ssize_t)len;
    }
    /* The source ends here, else nghttp2 would ask again at once, in vain, and schedule the stream twice. */
    stream->source = SOURCE_NONE;
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!stream->finishing || s->role->trailers(stream)) {
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    }
    return (ssize_t)stream->waiting;
}

int stream_on_send_data(nghttp2_session *h2, nghttp2_frame *frame, const uint8_t *head, size_t len,
    nghttp2_data_source *source, void *userdata)
{
    struct session *s = userdata;
    struct stream *stream = source->ptr;
    uint8_t *to = s->dropped ? NULL : connection_reserve(s->conn, 9 + len);
    if (!to) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    memcpy(to, head, 9);
    to += 9;
    connection_commit(s->conn, 9 + len);
    sent_or_dropped(stream, len);
    while (len > 0) {
        struct outgoing *out = stream->first;
        size_t n = out->len - stream->sent_of_first;
        n = n < len ? n : len;
        memcpy(to, out->data + stream->sent_of_first, n);
        to += n;
        len -= n;
        stream->sent_of_first += n;
        if (stream->sent_of_first == out->len) {
            stream->sent_of_first = 0;
            drop_outgoing(stream);
            s->counters->messages_out++;
        }
    }
    if (stream->wants_ready) {
        add_ready(stream);
    }
    return 0;
}

void stream_headers(struct stream *stream, const nghttp2_nv *nv, size_t n, bool last)
{
    struct session *s = stream->session;
    if (!s || stream->headers_sent) {
        return;
    }
    stream->headers_sent = true;
    stream->source = SOURCE_ASKED;
    nghttp2_data_provider provider = {.source.ptr = stream, .read_callback = stream_on_read_data};
    if (nghttp2_submit_response(s->h2, stream->id, nv, n, last ? NULL : &provider) != 0) {
        nghttp2_submit_rst_stream(s->h2, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_INTERNAL_ERROR);
    }
    session_mark(s);
}

void stream_trailers(struct stream *stream, const nghttp2_nv *nv, size_t n)
{
    if (stream->session && nghttp2_submit_trailer(stream->session->h2, stream->id, nv, n) != 0) {
        stream_reset(stream, NGHTTP2_INTERNAL_ERROR);
    }
}

/* Lets nghttp2 ask for bytes, unless it will anyway. */
MUST_CHECK static int resume(struct stream *stream)
{
    nghttp2_session *h2 = stream->session->h2;
    nghttp2_data_provider provider = {.source.ptr = stream, .read_callback = stream_on_read_data};
    int rc = 0;
    if (stream->source == SOURCE_DEFERRED) {
        rc = nghttp2_session_resume_data(h2, stream->id);
    } else if (stream->source == SOURCE_NONE) {
        rc = nghttp2_submit_data(h2, NGHTTP2_FLAG_END_STREAM, stream->id, &provider);
    }
    stream->source = SOURCE_ASKED;
    session_mark(stream->session);
    return rc;
}

int stream_push(struct stream *stream, struct ugrpc_message *message, const uint8_t *data, size_t len)
{
    if (!stream->session) {
        return 0;
    }
    struct outgoing *out = stream->only.message ? malloc(sizeof(*out)) : &stream->only;
    if (!out) {
        return -UGRPC_RESOURCE_EXHAUSTED;
    }
    *out = (struct outgoing){NULL, ugrpc_message_ref(message), data, len};
    if (stream->last) {
        stream->last->next = out;
    } else {
        stream->first = out;
    }
    stream->last = out;
    stream->waiting += len;
    stream->session->waiting += len;
    return resume(stream);
}

void stream_clear(struct stream *stream)
{
    if (!stream->session) {
        return;
    }
    struct outgoing *begun = stream->sent_of_first ? stream->first : NULL;
    if (begun) {
        stream->first = begun->next;
    }
    while (stream->first) {
        sent_or_dropped(stream, stream->first->len);
        drop_outgoing(stream);
    }
    if (begun) {
        begun->next = NULL;
        stream->first = stream->last = begun;
    }
}

void stream_finish(struct stream *stream)
{
    if (stream->session) {
        stream->finishing = true;
        if (resume(stream) != 0) {
            stream_reset(stream, NGHTTP2_INTERNAL_ERROR);
        }
    }
}

void stream_reset(struct stream *stream, uint32_t error)
{
    if (stream->session) {
        nghttp2_submit_rst_stream(stream->session->h2, NGHTTP2_FLAG_NONE, stream->id, error);
        session_mark(stream->session);
    }
}

void stream_pause(struct stream *stream, bool pause)
{
    stream->paused = pause;
    if (stream->session && !pause && stream->withheld) {
        nghttp2_session_consume_stream(stream->session->h2, stream->id, stream->withheld);
        stream->withheld = 0;
        session_mark(stream->session);
    }
}

bool stream_is_sent(const struct stream *stream)
{
    return nghttp2_session_get_stream_local_close(stream->session->h2, stream->id) == 1;
}
