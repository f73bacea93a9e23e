/* SPDX-License-Identifier: MIT */
/* Call credentials: metadata that proves who calls. They travel over TLS only: a call with credentials on an
 * insecure channel is UNAUTHENTICATED before anything is sent (unix sockets count as secure). */
#ifndef UGRPC_CREDS_H
#define UGRPC_CREDS_H

#include <stddef.h>

#include <ugrpc/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ugrpc_call_creds;
struct ugrpc_creds_sink;

/* Called for each call when it is about to be sent (again when it is retried); adds what it wants. `method`:
 * "/package.Service/Method". 0, or a negative code: the call ends with `st`. Not to use the channel. */
typedef int ugrpc_creds_fn(
    struct ugrpc_creds_sink *sink, const char *method, void *userdata, struct ugrpc_status *st);
/* Copies. 0 or -UGRPC_INVALID_ARGUMENT for what cannot be metadata. */
UGRPC_API int ugrpc_creds_add(struct ugrpc_creds_sink *sink, const char *key, const void *value, size_t len);

/* A plugin; `free_userdata` (may be NULL) runs when the last channel or call has let go. Each constructor:
 * the caller frees with ugrpc_call_creds_free(); channels and calls keep references. Channels on several
 * threads may share them: then `fn` runs on each of these. Texts are copied. NULL when memory runs out. */
UGRPC_API struct ugrpc_call_creds *ugrpc_call_creds_plugin(
    ugrpc_creds_fn *fn, void *userdata, void (*free_userdata)(void *userdata));
/* Metadata "key": the API key, as the Microgrid API's clients send it. */
UGRPC_API struct ugrpc_call_creds *ugrpc_call_creds_key(const char *key);
/* The same, and a signature with `secret`: "ts", "nonce" and "sig" (HMAC-SHA256 over key, ts, nonce and the
 * method's name). */
UGRPC_API struct ugrpc_call_creds *ugrpc_call_creds_hmac(const char *key, const char *secret);
/* Any thread. NULL is fine. */
UGRPC_API void ugrpc_call_creds_free(struct ugrpc_call_creds *creds);

#ifdef __cplusplus
}
#endif
#endif
