/* SPDX-License-Identifier: MIT */
/* The cheap checks come first; a nonce is remembered last, when all else is right, so that nobody without the
 * secret can fill the memory. */
#include "daemon/signature.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/nonces.h"
#include "ugrpc/creds_internal.h"
#include "ugrpc/text.h"

#define NONCE_LEN  22 /* NONCE_BYTES in base64 without padding */
#define TS_MAX_LEN 11 /* digits: to the year 5138 */

struct signer {
    char *secret;
    struct nonces *nonces; /* from the first signed call on */
};

struct signer *signer_new(const char *secret)
{
    struct signer *signer = calloc(1, sizeof(*signer));
    if (!signer || !(signer->secret = OPENSSL_strdup(secret))) {
        abort();
    }
    return signer;
}

void signer_free(struct signer *signer)
{
    if (signer) {
        OPENSSL_clear_free(signer->secret, strlen(signer->secret));
        nonces_free(signer->nonces);
        free(signer);
    }
}

static int check_parts(const struct signature *given, const char *holder, struct ugrpc_status *st)
{
    const char *missing = !given->ts ? "ts" : !given->nonce ? "nonce" : !given->sig ? "sig" : NULL;
    if (missing) {
        return status_set(st, UGRPC_UNAUTHENTICATED,
            "%s signs its calls: metadata \"%s\" is missing (ts, nonce and sig are needed)", holder, missing);
    }
    return 0;
}

static int check_time(
    const char *ts, const char *holder, int64_t now_s, int64_t window_s, struct ugrpc_status *st)
{
    size_t len = strspn(ts, "0123456789");
    if (len == 0 || len > TS_MAX_LEN || ts[len]) {
        return status_set(st, UGRPC_UNAUTHENTICATED,
            "%s: metadata \"ts\" must be Unix seconds in 1 to %d decimal digits", holder, TS_MAX_LEN);
    }
    int64_t ahead_s = strtoll(ts, NULL, 10) - now_s;
    if (ahead_s > window_s || ahead_s < -window_s) {
        return status_set(st, UGRPC_UNAUTHENTICATED,
            "%s: metadata \"ts\" is %s, %" PRId64 " s %s this gateway's clock (%" PRId64 "), at most %" PRId64
            " s are allowed",
            holder, ts, ahead_s > 0 ? ahead_s : -ahead_s, ahead_s > 0 ? "ahead of" : "behind", now_s,
            window_s);
    }
    return 0;
}

/* The length of URL-safe base64 without its padding; 0 if it is none. */
static size_t base64_url_len(const char *text)
{
    size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
    return strspn(text + len, "=") <= 2 && !text[len + strspn(text + len, "=")] ? len : 0;
}

static bool decode_nonce(const char *text, uint8_t nonce[NONCE_BYTES])
{
    char standard[NONCE_LEN];
    uint8_t decoded[18];
    if (base64_url_len(text) != NONCE_LEN) {
        return false;
    }
    for (size_t i = 0; i < NONCE_LEN; i++) {
        standard[i] = (char)(text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i]);
    }
    if (base64_decode(decoded, standard, NONCE_LEN) != NONCE_BYTES) {
        return false;
    }
    memcpy(nonce, decoded, NONCE_BYTES);
    return true;
}

static int check_sig(
    const char *secret, const struct signature *given, const char *holder, struct ugrpc_status *st)
{
    char due[CREDS_SIGNATURE_LEN + 1];
    if (base64_url_len(given->sig) != CREDS_SIGNATURE_LEN) {
        return status_set(
            st, UGRPC_UNAUTHENTICATED, "%s: metadata \"sig\" must be 32 bytes in URL-safe base64", holder);
    }
    if (creds_sign(due, secret, given->key, given->ts, given->nonce, given->method) != 0) {
        return status_set(st, UGRPC_INTERNAL, "%s: the signature cannot be computed", holder);
    }
    if (CRYPTO_memcmp(due, given->sig, CREDS_SIGNATURE_LEN) != 0) {
        return status_set(st, UGRPC_UNAUTHENTICATED,
            "%s: metadata \"sig\" is not this call's signature by the secret of the key: HMAC-SHA256 of key, ts, "
            "nonce and the method's name",
            holder);
    }
    return 0;
}

/* A ts may be the window ahead, and is good until the clock's whole seconds are the window beyond it. */
static int64_t keep_s(int64_t window_s)
{
    return 2 * window_s + 1;
}

static int use_nonce(struct signer *signer, const uint8_t nonce[NONCE_BYTES], const char *holder,
    int64_t now_ns, int64_t window_s, struct ugrpc_status *st)
{
    if (!signer->nonces) {
        signer->nonces = nonces_new();
    }
    switch (nonces_add(signer->nonces, nonce, now_ns, keep_s(window_s) * NS_PER_S)) {
    case 0:
        return 0;
    case -UGRPC_ALREADY_EXISTS:
        return status_set(st, UGRPC_UNAUTHENTICATED,
            "%s: metadata \"nonce\" was used before: each signed call needs a new one", holder);
    default:
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED,
            "%s: %d signed calls within %" PRId64
            " s are all that can be told from repeated ones; call less often",
            holder, NONCES_MAX, keep_s(window_s));
    }
}

int signature_check(struct signer *signer, const struct signature *given, const char *holder,
    struct clock *clock, int64_t window_s, struct ugrpc_status *st)
{
    uint8_t nonce[NONCE_BYTES];
    int rc = check_parts(given, holder, st);
    if (rc || (rc = check_time(given->ts, holder, clock_now_utc_ns(clock) / NS_PER_S, window_s, st))) {
        return rc;
    }
    if (!decode_nonce(given->nonce, nonce)) {
        return status_set(st, UGRPC_UNAUTHENTICATED,
            "%s: metadata \"nonce\" must be %d bytes in URL-safe base64", holder, NONCE_BYTES);
    }
    rc = check_sig(signer->secret, given, holder, st);
    return rc ? rc : use_nonce(signer, nonce, holder, clock_now_ns(clock), window_s, st);
}
