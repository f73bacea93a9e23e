/* SPDX-License-Identifier: MIT */
/* A server's certificate, key and rules for clients. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "base/status.h"

struct ssl_st;
struct bio_method_st;
struct tls;

struct tls_files {           /* PEM; copied */
    const char *certificate; /* chain, leaf first */
    const char *key;
    const char *client_ca; /* NULL: clients are not asked for a certificate */
    bool client_required;
};

/* NULL with `st` naming the file and the fault. */
struct tls *tls_new(const struct tls_files *files, struct ugrpc_status *st);
struct tls *tls_ref(struct tls *tls);
void tls_unref(struct tls *tls); /* NULL is fine */

/* Looks, at most once a second, whether a file has changed since it was read, and reads all again if so. New
 * connections get the new ones. 1: taken; 0: nothing changed; negative: they are broken and the old ones
 * stay. `now_ns` is any clock that only moves forward. */
MUST_CHECK int tls_refresh(struct tls *tls, int64_t now_ns, struct ugrpc_status *st);

/* For tls_stream: a fresh server end, NULL when memory runs out, and the method for its BIO. */
struct ssl_st *tls_ssl_new(struct tls *tls);
const struct bio_method_st *tls_bio_method(const struct tls *tls);

/* The oldest error that OpenSSL has for this thread, as text; empties its queue. */
const char *tls_error_text(char text[256]);

#endif
