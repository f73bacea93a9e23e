/* SPDX-License-Identifier: MIT */
#include "net/preface.h"

#include <string.h>

#include "base/base.h"

const char preface_http1_on_grpc[] =
    "HTTP/1.1 400 Bad Request\r\n"
    "Content-Type: text/plain\r\n"
    "Content-Length: 73\r\n"
    "Connection: close\r\n\r\n"
    "This is a gRPC port: it speaks HTTP/2 only. Use a gRPC client, not HTTP.\n";
const char preface_http1_on_tls[] = "HTTP/1.1 400 Bad Request\r\n"
                                    "Content-Type: text/plain\r\n"
                                    "Content-Length: 71\r\n"
                                    "Connection: close\r\n\r\n"
                                    "This is a gRPC port with TLS: use a gRPC client with TLS, not HTTP/1.1.";

const char preface_tls_on_plain[] =
    "HTTP/1.1 400 Bad Request\r\n"
    "Content-Type: text/plain\r\n"
    "Content-Length: 73\r\n"
    "Connection: close\r\n\r\n"
    "This is a gRPC port without TLS: use an insecure channel, in plain text.\n";

enum preface_kind preface_take(struct preface *p, const uint8_t *data, size_t len)
{
    static const struct {
        const char *text;
        enum preface_kind kind;
    } starts[] = {
        {"PRI * HT", PREFACE_HTTP2},
        {"\x16", PREFACE_TLS}, /* a record of a handshake */
        {"GET ", PREFACE_HTTP1},
        {"HEAD ", PREFACE_HTTP1},
        {"POST ", PREFACE_HTTP1},
        {"PUT ", PREFACE_HTTP1},
        {"DELETE ", PREFACE_HTTP1},
        {"OPTIONS ", PREFACE_HTTP1},
        {"PATCH ", PREFACE_HTTP1},
        {"CONNECT ", PREFACE_HTTP1},
        {"TRACE ", PREFACE_HTTP1},
    };
    size_t more = len < PREFACE_MAX - (size_t)p->len ? len : PREFACE_MAX - (size_t)p->len;
    memcpy(p->bytes + p->len, data, more);
    p->len += (uint8_t)more;
    for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
        size_t start_len = strlen(starts[i].text);
        if (memcmp(p->bytes, starts[i].text, p->len < start_len ? p->len : start_len) == 0) {
            return p->len < start_len ? PREFACE_UNDECIDED : starts[i].kind;
        }
    }
    return PREFACE_OTHER;
}
