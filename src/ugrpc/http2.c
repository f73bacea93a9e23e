/* SPDX-License-Identifier: MIT */
/* nghttp2's callbacks: bytes in → message frames → role, and the containment of peers that abuse HTTP/2. */
#include <stdio.h>
#include <string.h>

#include "net/connection.h"
#include "net/net.h"
#include "ugrpc/session_internal.h"

#define STREAM_WINDOW     (256 * 1024)
#define CONNECTION_WINDOW (1024 * 1024)
#define MAX_ACKS          1000 /* of pings and settings, unsent, before the peer is a flood */

static int go_on(const struct session *s)
{
    return s->dropped ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static ssize_t on_send(nghttp2_session *h2, const uint8_t *data, size_t len, int flags, void *userdata)
{
    struct session *s = userdata;
    if (s->dropped) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    if (connection_unflushed(s->conn) >= NET_WRITE_MAX) {
        return NGHTTP2_ERR_WOULDBLOCK;
    }
    uint8_t *to = connection_reserve(s->conn, len);
    if (!to) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    memcpy(to, data, len);
    connection_commit(s->conn, len);
    return (ssize_t)len;
}

static int on_begin_headers(nghttp2_session *h2, const nghttp2_frame *frame, void *userdata)
{
    struct session *s = userdata;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST &&
        s->role->open(s, frame->hd.stream_id) != 0) {
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    return go_on(s);
}

static int on_header(nghttp2_session *h2, const nghttp2_frame *frame, nghttp2_rcbuf *name,
    nghttp2_rcbuf *value, uint8_t flags, void *userdata)
{
    struct session *s = userdata;
    struct stream *stream = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
    if (stream && !stream->deaf) {
        s->role->header(stream, name, value);
    }
    return go_on(s);
}

static int on_chunk(
    nghttp2_session *h2, uint8_t flags, int32_t id, const uint8_t *data, size_t len, void *userdata)
{
    struct session *s = userdata;
    struct stream *stream = nghttp2_session_get_stream_user_data(h2, id);
    nghttp2_session_consume_connection(h2, len);
    if (!stream || stream->deaf) {
        return go_on(s); /* its window stays closed: the peer need not send more */
    }
    if (stream->paused) {
        stream->withheld += len;
    } else {
        nghttp2_session_consume_stream(h2, id, len);
    }
    while (stream->session && !stream->deaf) {
        struct frame frame;
        struct ugrpc_status st;
        size_t held = frame_held(&stream->in);
        int rc = frame_read(&stream->in, &data, &len, s->limits->max_message_bytes, &frame, &st);
        size_t holds = frame_held(&stream->in);
        if (holds < held) {
            stream_release(stream, held - holds);
        } else if (rc >= 0 && !session_hold(stream, holds - held)) {
            rc = status_set(&st, UGRPC_RESOURCE_EXHAUSTED,
                "the connection's unread requests and unsent replies have more than %u bytes",
                s->limits->max_connection_bytes);
        }
        if (rc < 0) {
            stream->deaf = true;
            s->role->bad_frame(stream, &st);
            break;
        }
        if (rc == 0) {
            break;
        }
        s->counters->messages_in++;
        s->role->message(stream, &frame);
        stream = nghttp2_session_get_stream_user_data(h2, id);
        if (!stream) {
            break;
        }
    }
    return go_on(s);
}

/* The peer's right to reset streams: a second's worth at once, and so many a second for good. */
static void count_reset(struct session *s)
{
    uint64_t rate = s->limits->max_resets_per_s, now = session_now_ms(s);
    uint64_t full = 1000 * rate;
    s->reset_tokens += (now - s->resets_ms) * rate;
    s->reset_tokens = s->reset_tokens < full ? s->reset_tokens : full;
    s->resets_ms = now;
    if (s->reset_tokens < 1000) {
        session_terminate(s, NGHTTP2_ENHANCE_YOUR_CALM);
        return;
    }
    s->reset_tokens -= 1000;
}

/* What a GOAWAY says in either direction, for the reason that calls are told. */
static void note_goaway(struct session *s, const nghttp2_goaway *goaway, const char *what)
{
    if (goaway->error_code != NGHTTP2_NO_ERROR && !s->fault) {
        int len = goaway->opaque_data_len < 100 ? (int)goaway->opaque_data_len : 100;
        if (asprintf(&s->fault, "%s: %s%s%.*s", what, nghttp2_http2_strerror(goaway->error_code),
                len ? ", " : "", len, len ? (const char *)goaway->opaque_data : "") < 0) {
            s->fault = NULL;
        }
    }
}

static int on_frame(nghttp2_session *h2, const nghttp2_frame *frame, void *userdata)
{
    struct session *s = userdata;
    switch (frame->hd.type) {
    case NGHTTP2_SETTINGS:
        if (!s->greeted) {
            s->greeted = true;
            session_check_soon(s); /* the handshake's limit is off, the others are on */
        }
        if (s->client && !(frame->hd.flags & NGHTTP2_FLAG_ACK)) {
            s->role->greeted(s);
        }
        return go_on(s);
    case NGHTTP2_GOAWAY:
        if (s->client) {
            note_goaway(s, &frame->goaway, "the server ended the connection");
            s->role->goaway(s, &frame->goaway);
        }
        return go_on(s);
    case NGHTTP2_PING:
        if (!(frame->hd.flags & NGHTTP2_FLAG_ACK)) {
            s->used_ms = session_now_ms(s);
            return 0;
        }
        if (memcmp(frame->ping.opaque_data, session_shutdown_ping, 8) == 0) {
            session_name_last_stream(s);
        }
        if (s->ping_sent_ms) {
            s->ping_sent_ms = 0;
            session_check_soon(s);
        }
        return 0;
    case NGHTTP2_RST_STREAM:
        if (!s->client) {
            count_reset(s);
        }
        return 0;
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA:
        break;
    default:
        return 0;
    }
    struct stream *stream = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
    if (!stream) {
        return 0;
    }
    if (frame->hd.type == NGHTTP2_HEADERS && !stream->deaf &&
        (s->client || frame->headers.cat == NGHTTP2_HCAT_REQUEST)) {
        stream->remote_ended = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
        s->role->headers_done(stream);
        stream = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
    }
    if (stream && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) {
        stream->remote_ended = true;
        if (!stream->deaf) {
            s->role->remote_end(stream);
        }
    }
    return go_on(s);
}

/* After an early answer the peer is told that the rest of its request is not wanted. */
static int on_frame_sent(nghttp2_session *h2, const nghttp2_frame *frame, void *userdata)
{
    struct session *s = userdata;
    if (s->dropped) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    if (s->client) {
        struct stream *stream = frame->hd.type == NGHTTP2_HEADERS
                                    ? nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id)
                                    : NULL;
        if (stream) {
            stream->left = true;
        }
        if (frame->hd.type == NGHTTP2_GOAWAY) {
            note_goaway(s, &frame->goaway, "the server breaks the rules of HTTP/2");
            s->role->goaway(s, &frame->goaway);
        }
        return go_on(s);
    }
    if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) &&
        nghttp2_session_get_stream_remote_close(h2, frame->hd.stream_id) == 0) {
        nghttp2_submit_rst_stream(h2, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    }
    if (frame->hd.type == NGHTTP2_GOAWAY && s->farewell_ms) {
        nghttp2_submit_ping(h2, NGHTTP2_FLAG_NONE, session_shutdown_ping);
    }
    if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code != NGHTTP2_NO_ERROR) {
        count_reset(s); /* a peer may as well make us reset its streams, by faults in them */
    }
    return 0;
}

static int on_frame_not_sent(nghttp2_session *h2, const nghttp2_frame *frame, int error, void *userdata)
{
    const struct session *s = userdata;
    if (!s->client && frame->hd.type == NGHTTP2_HEADERS && error != NGHTTP2_ERR_STREAM_CLOSED &&
        error != NGHTTP2_ERR_STREAM_CLOSING) { /* a header block beyond all measure */
        nghttp2_submit_rst_stream(h2, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_INTERNAL_ERROR);
    }
    return 0;
}

static int on_stream_close(nghttp2_session *h2, int32_t id, uint32_t error, void *userdata)
{
    struct session *s = userdata;
    struct stream *stream = nghttp2_session_get_stream_user_data(h2, id);
    if (stream) {
        stream_close(stream, error);
    }
    return s->sending ? 0
                      : go_on(s); /* nghttp2 would leak a request that it cannot send; the next frame fails */
}

static void fill_callbacks(nghttp2_session_callbacks *cb)
{
    nghttp2_session_callbacks_set_send_callback(cb, on_send);
    nghttp2_session_callbacks_set_send_data_callback(cb, stream_on_send_data);
    nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback2(cb, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_chunk);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_frame_sent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(cb, on_frame_not_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
}

static void fill_option(nghttp2_option *option)
{
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_max_outbound_ack(option, MAX_ACKS);
    nghttp2_option_set_max_send_header_block_length(option, MAX_HEADER_BLOCK);
    /* Resets are counted here: nghttp2's own limit answers INTERNAL_ERROR. */
    nghttp2_option_set_stream_reset_rate_limit(option, UINT64_MAX, UINT64_MAX);
}

static int submit_settings(struct session *s)
{
    nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, s->limits->max_streams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, s->limits->max_header_bytes},
    };
    if (s->client) { /* nothing is pushed, so how many does not matter */
        settings[0] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_ENABLE_PUSH, 0};
    }
    int rc = nghttp2_submit_settings(s->h2, NGHTTP2_FLAG_NONE, settings, ARRAY_LEN(settings));
    return rc ? rc : nghttp2_session_set_local_window_size(s->h2, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW);
}

int session_start_http2(struct session *s)
{
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_option *option = NULL;
    int rc = NGHTTP2_ERR_NOMEM;
    if (nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&option) == 0) {
        fill_callbacks(callbacks);
        fill_option(option);
        rc = s->client ? nghttp2_session_client_new2(&s->h2, callbacks, s, option)
                       : nghttp2_session_server_new2(&s->h2, callbacks, s, option);
    }
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
    return rc ? rc : submit_settings(s);
}
