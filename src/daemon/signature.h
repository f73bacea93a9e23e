/* SPDX-License-Identifier: MIT */
/* Signed calls: metadata ts, nonce and sig beside key. A signature is of one call of one method, at about its
 * time, and good once; so what somebody has recorded is of no use to him. */
#ifndef DAEMON_SIGNATURE_H
#define DAEMON_SIGNATURE_H

#include <stdint.h>

#include "base/base.h"
#include "base/status.h"

#define SIGNATURE_SECRET_MIN 16 /* bytes of a secret */
#define SIGNATURE_SECRET_MAX 128

struct clock;

/* A key that signs: its secret, and what was signed with it lately. */
struct signer;
struct signer *signer_new(const char *secret); /* copied. Aborts when memory runs out */
void signer_free(struct signer *signer);       /* NULL is fine */

/* A call as it came. NULL is what it came without. */
struct signature {
    const char *key, *method;
    const char *ts;    /* Unix seconds, decimal */
    const char *nonce; /* URL-safe base64 of 16 bytes */
    const char *sig;   /* URL-safe base64 of HMAC-SHA256(secret, key + ts + nonce + name of the method) */
};

/* 0 if it is signed with the secret, within `window_s` of this clock, and for the first time; a nonce is
 * remembered, once, for twice the window of boot time, so that no jump of the wall clock makes it new again
 * as long as it might be sent again (one that is set back by more than that lets in again what was signed
 * before, and so does a restart of the gateway, for what is still within the window). -UGRPC_UNAUTHENTICATED
 * with what is wrong, or -UGRPC_RESOURCE_EXHAUSTED when more nonces are to be remembered than can be
 * (nonces.h). `holder` is for messages: "key ems". */
MUST_CHECK int signature_check(struct signer *signer, const struct signature *signature, const char *holder,
    struct clock *clock, int64_t window_s, struct ugrpc_status *st);

#endif
