/* SPDX-License-Identifier: MIT */
#include "net/preface.h"

#include <string.h>

#include "base/base.h"

static const char http2_magic[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

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

enum preface preface_tell(const uint8_t *data, size_t len)
{
    static const char *const methods[] = {
        "GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "OPTIONS ", "PATCH ", "CONNECT ", "TRACE "};
    size_t magic_len = sizeof(http2_magic) - 1;
    if (memcmp(data, http2_magic, len < magic_len ? len : magic_len) == 0) {
        return PREFACE_HTTP2;
    }
    if (data[0] == 0x16) { /* a TLS record of a handshake */
        return PREFACE_TLS;
    }
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        if (len >= strlen(methods[i]) && memcmp(data, methods[i], strlen(methods[i])) == 0) {
            return PREFACE_HTTP1;
        }
    }
    return PREFACE_OTHER;
}
