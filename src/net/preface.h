/* SPDX-License-Identifier: MIT */
/* What a peer speaks, told from its first bytes, so that the wrong kind of client gets an answer that it, or
 * the log's reader, understands. */
#ifndef NET_PREFACE_H
#define NET_PREFACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PREFACE_MAX 8 /* so many bytes tell everything apart */

/* The first bytes of a connection, kept until they tell; zero at first. */
struct preface {
    uint8_t bytes[PREFACE_MAX];
    uint8_t len;
};

enum preface_kind {
    PREFACE_UNDECIDED, /* too few bytes yet */
    PREFACE_HTTP2,
    PREFACE_HTTP1,
    PREFACE_TLS,
    PREFACE_OTHER,
};

/* Takes what came next, as far as it is needed, and tells. */
enum preface_kind preface_take(struct preface *p, const uint8_t *data, size_t len);

/* Whether it is how a server answers in TLS: with a record of a handshake, or with an alert. */
static inline bool preface_is_tls_answer(uint8_t first)
{
    return first == 0x16 || first == 0x15;
}

/* A whole HTTP/1.1 answer, 400, which says what to do instead. */
extern const char preface_http1_on_grpc[];
extern const char preface_http1_on_tls[];
/* To who speaks TLS where there is none: what tells a client that it is answered without TLS. */
extern const char preface_tls_on_plain[];

#endif
