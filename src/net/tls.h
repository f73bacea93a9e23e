/* SPDX-License-Identifier: MIT */
/* What one end of TLS connections shows and believes: a server's certificate, key and rules for clients, or a
 * client's roots and, for servers that ask, its own certificate. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "base/status.h"

struct ssl_st;
struct x509_st;
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

/* A client's: PEM, from a file or from memory. */
struct tls_client_files {
    const char *ca_file, *ca_pem; /* neither: the system's roots */
    const char *certificate_file, *certificate_pem;
    const char *key_file, *key_pem;
};

/* NULL with `st` naming the file and the fault. */
struct tls *tls_client_new(const struct tls_client_files *files, struct ugrpc_status *st);

/* Whom a certificate is for: its names and addresses, "" if there are none; each with `first` before it, or
 * `glue` between two. */
void tls_list_hosts(
    const struct x509_st *certificate, const char *first, const char *glue, char *out, size_t cap);

/* What a server gave a client to be faster the next time. */
struct tls_ticket { /* all zero = none */
    struct ssl_session_st *session;
};
void tls_ticket_done(struct tls_ticket *ticket);

/* For tls_stream: what it is to know of the server at the other end. */
struct tls_client_end {
    char *host; /* who the server must be: a name or an address */
    struct tls_ticket *ticket;
    struct x509_st *refused; /* a certificate, once the handshake has failed for it */
};

/* Makes a fresh client end check the host, begin with the ticket, and keep a newer one there: borrowed as
 * long as something is read. 0, or -1 when memory runs out. */
MUST_CHECK int tls_client_prepare(
    struct ssl_st *ssl, struct tls_client_end *end, const char *host, struct tls_ticket *ticket);
void tls_client_end_done(struct tls_client_end *end);

/* Why the handshake failed, for people; empties OpenSSL's queue of errors. Returns `text`. */
const char *tls_client_fault(struct ssl_st *ssl, const struct tls_client_end *end, char *text, size_t cap);

/* For tls_stream: a fresh end, NULL when memory runs out, and the method for its BIO. */
struct ssl_st *tls_ssl_new(struct tls *tls);
const struct bio_method_st *tls_bio_method(const struct tls *tls);

/* The oldest error that OpenSSL has for this thread, as text; empties its queue. */
const char *tls_error_text(char text[256]);

#endif
