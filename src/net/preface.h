/* SPDX-License-Identifier: MIT */
/* What a peer speaks, told from its first bytes, so that the wrong kind of client gets an answer that it, or
 * the log's reader, understands. */
#ifndef NET_PREFACE_H
#define NET_PREFACE_H

#include <stddef.h>
#include <stdint.h>

enum preface {
    PREFACE_HTTP2, /* may still turn out to be none: only what is there has been compared */
    PREFACE_HTTP1,
    PREFACE_TLS,
    PREFACE_OTHER,
};

enum preface preface_tell(const uint8_t *data, size_t len);

/* A whole HTTP/1.1 answer, 400, which says what to do instead. */
extern const char preface_http1_on_grpc[];
extern const char preface_http1_on_tls[];

#endif
