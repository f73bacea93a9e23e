/* SPDX-License-Identifier: MIT */
/* Certificates for a gateway of one's own: a small authority, and what it signs. */
#ifndef CTL_CERTIFICATE_H
#define CTL_CERTIFICATE_H

#include <stdbool.h>

#include <openssl/x509.h>

#include "base/base.h"
#include "base/status.h"

struct certificate {
    X509 *x509;
    EVP_PKEY *key;
};

/* Zero before; NULL inside is fine. */
void certificate_done(struct certificate *certificate);

/* An authority of this name, for ten years. */
int certificate_make_authority(
    struct certificate *authority, const char *name, struct ugrpc_status *st) MUST_CHECK;
/* Whether a certificate can be for it: an IP address, or a name ("gw.local", "*.local") without a port. */
bool certificate_is_host(const char *host);
/* A server's for these hosts: names, or IP addresses. */
int certificate_make_server(struct certificate *server, const struct certificate *authority,
    const char *const *hosts, size_t n_hosts, long days, struct ugrpc_status *st) MUST_CHECK;

/* Whether a certificate can be named so, and its files: letters, digits, ".", "-" and "_". */
bool certificate_is_client(const char *name);
/* A client's of this name. */
int certificate_make_client(struct certificate *client, const struct certificate *authority, const char *name,
    long days, struct ugrpc_status *st) MUST_CHECK;

/* PEM. The key's file is for its owner only. -UGRPC_ALREADY_EXISTS unless `force`. */
int certificate_write(const struct certificate *certificate, const char *certificate_file,
    const char *key_file, bool force, struct ugrpc_status *st) MUST_CHECK;
/* `key_file` NULL: only the certificate. */
int certificate_read(struct certificate *certificate, const char *certificate_file, const char *key_file,
    struct ugrpc_status *st) MUST_CHECK;

/* What makes the same again: " --host gw.local --host 10.0.0.7", " --client ems"; "" for an authority.
 * Returns `out`. */
const char *certificate_options(X509 *x509, char *out, size_t cap);
/* "gw.local, 10.0.0.7"; its subject's name if it names no hosts. Returns `out`. */
const char *certificate_names(const X509 *x509, char *out, size_t cap);

#endif
