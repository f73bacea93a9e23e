/* SPDX-License-Identifier: MIT */
/* The inside of call credentials. */
#ifndef UGRPC_CREDS_INTERNAL_H
#define UGRPC_CREDS_INTERNAL_H

#include <ugrpc/creds.h>

#include "base/base.h"
#include "ugrpc/metadata.h"

/* Counts may change on several threads: channels of different threads share credentials. */
struct ugrpc_call_creds *creds_ref(const struct ugrpc_call_creds *creds);

/* Appends what the credentials say of a call of `method` to `list`. NULL: nothing. 0 or the call's end. */
MUST_CHECK int creds_apply(const struct ugrpc_call_creds *creds, const char *method,
    struct outgoing_metadata **list, struct arena *arena, struct ugrpc_status *st);

#define CREDS_SIGNATURE_LEN 43 /* an HMAC-SHA256 in base64 without padding */

/* The signature over key, ts, nonce and the method's name after its last slash. -1 if OpenSSL fails. */
MUST_CHECK int creds_sign(char signature[CREDS_SIGNATURE_LEN + 1], const char *secret, const char *key,
    const char *ts, const char *nonce, const char *method);

#endif
