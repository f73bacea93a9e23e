/* SPDX-License-Identifier: MIT */
#include "fake_rcbuf.h"

#include <stdlib.h>
#include <string.h>

struct nghttp2_rcbuf {
    unsigned refs;
    size_t len;
    uint8_t data[];
};

size_t fake_rcbufs;

nghttp2_rcbuf *fake_rcbuf_new(const void *data, size_t len)
{
    nghttp2_rcbuf *buf = malloc(sizeof(*buf) + len + 1);
    buf->refs = 1;
    buf->len = len;
    memcpy(buf->data, data, len);
    buf->data[len] = '\0';
    fake_rcbufs++;
    return buf;
}

void nghttp2_rcbuf_incref(nghttp2_rcbuf *buf)
{
    buf->refs++;
}

void nghttp2_rcbuf_decref(nghttp2_rcbuf *buf)
{
    if (buf && --buf->refs == 0) {
        fake_rcbufs--;
        free(buf);
    }
}

nghttp2_vec nghttp2_rcbuf_get_buf(nghttp2_rcbuf *buf)
{
    return (nghttp2_vec){buf->data, buf->len};
}
