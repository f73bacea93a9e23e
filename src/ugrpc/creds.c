/* SPDX-License-Identifier: MIT */
/* Every kind of credentials is a plugin; API keys and signatures are two that come along. */
#include "ugrpc/creds_internal.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/status.h"
#include "ugrpc/text.h"

struct ugrpc_call_creds {
    atomic_uint refs;
    ugrpc_creds_fn *fn;
    void *userdata;
    void (*free_userdata)(void *userdata);
};

struct ugrpc_creds_sink {
    struct outgoing_metadata **list;
    struct arena *arena;
};

struct ugrpc_call_creds *ugrpc_call_creds_plugin(
    ugrpc_creds_fn *fn, void *userdata, void (*free_userdata)(void *userdata))
{
    struct ugrpc_call_creds *creds = malloc(sizeof(*creds));
    if (!creds) {
        return NULL;
    }
    *creds = (struct ugrpc_call_creds){.fn = fn, .userdata = userdata, .free_userdata = free_userdata};
    atomic_init(&creds->refs, 1);
    return creds;
}

struct ugrpc_call_creds *creds_ref(const struct ugrpc_call_creds *creds)
{
    struct ugrpc_call_creds *counted = (struct ugrpc_call_creds *)creds;
    if (counted) {
        atomic_fetch_add(&counted->refs, 1);
    }
    return counted;
}

void ugrpc_call_creds_free(struct ugrpc_call_creds *creds)
{
    if (creds && atomic_fetch_sub(&creds->refs, 1) == 1) {
        if (creds->free_userdata) {
            creds->free_userdata(creds->userdata);
        }
        free(creds);
    }
}

int ugrpc_creds_add(struct ugrpc_creds_sink *sink, const char *key, const void *value, size_t len)
{
    return outgoing_metadata_add(sink->list, key, value, len, sink->arena);
}

int creds_apply(const struct ugrpc_call_creds *creds, const char *method, struct outgoing_metadata **list,
    struct arena *arena, struct ugrpc_status *st)
{
    struct ugrpc_creds_sink sink = {.list = list, .arena = arena};
    if (!creds) {
        return 0;
    }
    *st = (struct ugrpc_status){0};
    int rc = creds->fn(&sink, method, creds->userdata, st);
    if (rc && st->code == UGRPC_OK) {
        return status_set(st, UGRPC_UNAUTHENTICATED, "the call's credentials could not be made");
    }
    return rc;
}

/* ---- API keys and signatures ---- */

struct secret {
    char *key, *secret; /* secret NULL: the key alone */
};

static void secret_free(void *userdata)
{
    struct secret *secret = userdata;
    if (secret->key) {
        OPENSSL_clear_free(secret->key, strlen(secret->key));
    }
    if (secret->secret) {
        OPENSSL_clear_free(secret->secret, strlen(secret->secret));
    }
    free(secret);
}

/* base64_encode() writes the standard alphabet. */
static void make_url_safe(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
    }
}

int creds_sign(char signature[CREDS_SIGNATURE_LEN + 1], const char *secret, const char *key, const char *ts,
    const char *nonce, const char *method)
{
    unsigned char digest[32];
    unsigned len = sizeof(digest);
    const char *slash = strrchr(method, '/');
    char *text = NULL;
    int n = asprintf(&text, "%s%s%s%s", key, ts, nonce, slash ? slash + 1 : method);
    if (n < 0) {
        return -1;
    }
    bool done = HMAC(
        EVP_sha256(), secret, (int)strlen(secret), (unsigned char *)text, (size_t)n, digest, &len);
    OPENSSL_cleanse(text, (size_t)n);
    free(text);
    size_t written = base64_encode(signature, digest, sizeof(digest));
    signature[written] = '\0';
    make_url_safe(signature, written);
    return done ? 0 : -1;
}

static int add_text(
    struct ugrpc_creds_sink *sink, const char *name, const char *value, struct ugrpc_status *st)
{
    int rc = ugrpc_creds_add(sink, name, value, strlen(value));
    return rc ? status_set(st, (enum ugrpc_code) - rc, "credentials: %s cannot be sent as metadata", name)
              : 0;
}

static int sign(
    struct ugrpc_creds_sink *sink, const struct secret *secret, const char *method, struct ugrpc_status *st)
{
    unsigned char random[16];
    char ts[24], nonce[25], signature[CREDS_SIGNATURE_LEN + 1];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(ts, sizeof(ts), "%" PRId64, (int64_t)now.tv_sec);
    if (RAND_bytes(random, sizeof(random)) != 1) {
        return status_set(st, UGRPC_INTERNAL, "credentials: no random numbers");
    }
    size_t len = base64_encode(nonce, random, sizeof(random));
    make_url_safe(nonce, len);
    memcpy(nonce + len, "==", sizeof("==")); /* 16 bytes are 22 characters and two of padding */
    if (creds_sign(signature, secret->secret, secret->key, ts, nonce, method) != 0) {
        return status_set(st, UGRPC_INTERNAL, "credentials: the signature cannot be computed");
    }
    int rc = add_text(sink, "ts", ts, st);
    rc = rc ? rc : add_text(sink, "nonce", nonce, st);
    return rc ? rc : add_text(sink, "sig", signature, st);
}

static int add_key(struct ugrpc_creds_sink *sink, const char *method, void *userdata, struct ugrpc_status *st)
{
    const struct secret *secret = userdata;
    int rc = add_text(sink, "key", secret->key, st);
    return rc || !secret->secret ? rc : sign(sink, secret, method, st);
}

static struct ugrpc_call_creds *creds_of_key(const char *key, const char *secret)
{
    struct secret *copy = calloc(1, sizeof(*copy));
    struct ugrpc_call_creds *creds = NULL;
    if (!copy) {
        return NULL;
    }
    copy->key = OPENSSL_strdup(key);
    copy->secret = secret ? OPENSSL_strdup(secret) : NULL;
    if (copy->key && (copy->secret || !secret)) {
        creds = ugrpc_call_creds_plugin(add_key, copy, secret_free);
    }
    if (!creds) {
        secret_free(copy);
    }
    return creds;
}

struct ugrpc_call_creds *ugrpc_call_creds_key(const char *key)
{
    return creds_of_key(key, NULL);
}

struct ugrpc_call_creds *ugrpc_call_creds_hmac(const char *key, const char *secret)
{
    return creds_of_key(
        key, secret ? secret : ""); /* without one, the signature is of no use, and shows it */
}
