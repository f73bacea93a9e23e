/* SPDX-License-Identifier: MIT */
/* A TLS context from the inside, for both ends: tls.c makes a server's, tls_client.c a client's. */
#ifndef NET_TLS_INTERNAL_H
#define NET_TLS_INTERNAL_H

#include <openssl/ssl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include "net/tls.h"

#define N_FILES 3

struct tls {
    atomic_uint refs; /* a client's is shared by channels, which may run on several threads */
    SSL_CTX *ctx;
    BIO_METHOD *bio_method;
    /* A server's: */
    char *path[N_FILES]; /* certificate, key, client_ca (may be NULL) */
    struct timespec changed[N_FILES];
    bool client_required;
    int64_t looked_at_ns;
};

/* With a BIO method, without a context. NULL with `st` when memory runs out. */
struct tls *tls_alloc(struct ugrpc_status *st);

/* Instead of OpenSSL's own, which asks on the terminal and waits: `asked` is a bool, to be set. */
int tls_no_passphrase(char *to, int cap, int writing, void *asked);
/* What is wrong with a PEM: OpenSSL's oldest error, or that a passphrase was asked for. `file` NULL: it was
 * in memory. Returns -UGRPC_INVALID_ARGUMENT. */
int tls_pem_fault(struct ugrpc_status *st, const char *what, const char *file, bool asked);
/* The same of a key, which may also be another's than the certificate's. */
int tls_key_fault(
    struct ugrpc_status *st, const char *what, const char *file, const char *certificate, bool asked);

/* A context with what both ends want of TLS. NULL with `st`. */
SSL_CTX *tls_context_new(const SSL_METHOD *method, struct ugrpc_status *st);

#endif
