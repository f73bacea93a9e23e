/* SPDX-License-Identifier: MIT */
/* Stands in for nghttp2's reference-counted buffers, of which the library gives out only its own: linked
 * first, these are the ones that metadata keeps. Not for programs that run nghttp2 itself. */
#ifndef SUPPORT_FAKE_RCBUF_H
#define SUPPORT_FAKE_RCBUF_H

#include <nghttp2/nghttp2.h>

/* A copy of these bytes and, as nghttp2 does, a NUL; give it back with nghttp2_rcbuf_decref(). */
nghttp2_rcbuf *fake_rcbuf_new(const void *data, size_t len);

/* How many exist now: 0 at a test's end, or something leaks. */
extern size_t fake_rcbufs;

#endif
