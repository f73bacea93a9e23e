/* SPDX-License-Identifier: MIT */
/* A session from the inside, for the three files that it is made of: session.c (its life), http2.c (what
 * nghttp2 tells and wants to know) and stream.c (its streams). */
#ifndef UGRPC_SESSION_INTERNAL_H
#define UGRPC_SESSION_INTERNAL_H

#include <uv.h>

#include "base/timer.h"
#include "net/preface.h"
#include "ugrpc/session.h"

struct session {
    struct ugrpc_loop *loop;
    struct connection *conn;
    nghttp2_session *h2;    /* NULL until the first bytes are HTTP/2's */
    struct preface preface; /* the peer's first bytes */
    const struct session_role *role;
    const struct session_limits *limits;
    struct session_counters *counters;
    void *userdata;
    struct flush flush;
    struct timer timer;
    struct stream *streams;
    size_t n_streams;
    struct stream *ready;  /* to be told after the present flush */
    size_t held, waiting;  /* of all streams */
    unsigned starved;      /* streams */
    uint64_t heard_ms;     /* when bytes last came */
    uint64_t used_ms;      /* when a stream last ended, or a ping came */
    uint64_t ping_sent_ms; /* 0: none is out */
    uint64_t farewell_ms;  /* by when the last stream is named to a peer that was told to go; 0: not so */
    uint64_t resets_ms;    /* when reset_tokens was last filled up */
    uint64_t reset_tokens; /* in thousandths */
    unsigned busy;         /* inside nghttp2 or a role */
    bool client, secure;   /* begun here; with TLS */
    bool sending;          /* inside nghttp2_session_send() */
    bool greeted;          /* the peer's SETTINGS have come */
    bool shutting_down, terminated, finishing, dropped;
    char *fault; /* a client's: why HTTP/2 itself ended the connection; NULL: it did not */
};

static inline uint64_t session_now_ms(const struct session *s)
{
    return uv_now(ugrpc_loop_uv(s->loop));
}

/* It has something to send: flushed at the end of this turn. */
static inline void session_mark(struct session *s)
{
    if (!s->dropped) {
        loop_mark(s->loop, &s->flush);
    }
}

/* Lets the session's timer find out anew what is due when. */
void session_check_soon(struct session *s);

/* Sends GOAWAY with HTTP/2's `error` and ends the connection, within a second if the peer does not read. */
void session_terminate(struct session *s, uint32_t error);

/* A peer that was told to go has opened all the streams that it will: names the last. */
void session_name_last_stream(struct session *s);
/* What a ping of session_shutdown() carries. */
extern const uint8_t session_shutdown_ping[8];

/* Makes s->h2 and sends the first SETTINGS. 0 or nghttp2's error. */
MUST_CHECK int session_start_http2(struct session *s);

/* nghttp2 asks for a stream's next bytes, then takes them. */
ssize_t stream_on_read_data(nghttp2_session *h2, int32_t id, uint8_t *buf, size_t len, uint32_t *flags,
    nghttp2_data_source *source, void *userdata);
int stream_on_send_data(nghttp2_session *h2, nghttp2_frame *frame, const uint8_t *head, size_t len,
    nghttp2_data_source *source, void *userdata);

/* Takes it off the session and tells the role, which may free it. */
void stream_close(struct stream *stream, uint32_t error);

/* Less memory is held for the stream. */
void stream_release(struct stream *stream, size_t less);

#endif
