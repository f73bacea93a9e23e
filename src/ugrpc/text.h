/* SPDX-License-Identifier: MIT */
/* How gRPC writes things as header text: base64, percent-encoding, timeouts. */
#ifndef UGRPC_TEXT_H
#define UGRPC_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

/* Standard base64 without padding, as gRPC sends it; `to` holds base64_encoded_len() characters, no NUL. */
size_t base64_encoded_len(size_t len);
size_t base64_encode(char *to, const uint8_t *data, size_t len);

/* With or without padding; `to` holds 3 bytes for each 4 characters begun. Returns the length, or -1 for what
 * is no base64. */
MUST_CHECK ptrdiff_t base64_decode(uint8_t *to, const char *text, size_t len);

/* grpc-message: all but printable ASCII, and '%', becomes %XX. `to` holds 3 × len characters, no NUL. */
size_t percent_encode(char *to, const char *text, size_t len);
/* A '%' without two digits stays as it is, as the protocol asks. `to` holds len characters. */
size_t percent_decode(char *to, const char *text, size_t len);

/* "100m" → nanoseconds: 1 to 8 digits and one of H M S m u n. Negative for anything else. */
MUST_CHECK int64_t timeout_parse(const char *text, size_t len);

/* The other way, rounded up to what eight digits hold; no NUL. Returns the length. */
#define TIMEOUT_TEXT_MAX 9
size_t timeout_format(char to[TIMEOUT_TEXT_MAX], int64_t timeout_ns);

#endif
