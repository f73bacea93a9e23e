/* SPDX-License-Identifier: MIT */
/* A client's side of TLS: whom it believes, what it shows, and what it says when it does not believe. */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/tls_internal.h"

/* One of a PEM's two ways in. */
struct pem {
    const char *what, *file, *text;
};

static BIO *pem_open(const struct pem *pem)
{
    return pem->file ? BIO_new_file(pem->file, "r") : BIO_new_mem_buf(pem->text, -1);
}

/* The end of a file of several certificates is an error to OpenSSL. */
static bool is_at_end(int found)
{
    unsigned long code = ERR_peek_last_error();
    bool at_end = found && ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
    if (at_end) {
        ERR_clear_error();
    }
    return at_end;
}

static bool add_root(SSL_CTX *ctx, X509 *certificate, int index)
{
    return X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), certificate) == 1;
}

static bool add_own(SSL_CTX *ctx, X509 *certificate, int index)
{
    return index ? SSL_CTX_add1_chain_cert(ctx, certificate) == 1
                 : SSL_CTX_use_certificate(ctx, certificate) == 1;
}

static int load_certificates(SSL_CTX *ctx, const struct pem *pem,
    bool (*add)(SSL_CTX *ctx, X509 *certificate, int index), struct ugrpc_status *st)
{
    BIO *bio = pem_open(pem);
    X509 *certificate = NULL;
    bool asked = false, ok = bio;
    int found = 0;
    while (ok && (certificate = PEM_read_bio_X509(bio, NULL, tls_no_passphrase, &asked))) {
        ok = add(ctx, certificate, found++);
        X509_free(certificate);
    }
    ok = ok && is_at_end(found);
    BIO_free(bio);
    return ok ? 0 : tls_pem_fault(st, pem->what, pem->file, asked);
}

static int load_key(
    SSL_CTX *ctx, const struct pem *pem, const struct pem *certificate, struct ugrpc_status *st)
{
    BIO *bio = pem_open(pem);
    bool asked = false;
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, tls_no_passphrase, &asked) : NULL;
    bool ok = key && SSL_CTX_use_PrivateKey(ctx, key) == 1; /* it may not fit the certificate */
    EVP_PKEY_free(key);
    BIO_free(bio);
    return ok ? 0 : tls_key_fault(st, pem->what, pem->file, certificate->file, asked);
}

static int load_files(SSL_CTX *ctx, const struct tls_client_files *files, struct ugrpc_status *st)
{
    const struct pem ca = {"CA certificates", files->ca_file, files->ca_pem};
    const struct pem certificate = {"certificate", files->certificate_file, files->certificate_pem};
    const struct pem key = {"key", files->key_file, files->key_pem};
    bool has_ca = ca.file || ca.text, has_key = key.file || key.text;
    if (has_key != (certificate.file || certificate.text)) {
        return status_set(st, UGRPC_INVALID_ARGUMENT,
            "a client certificate needs its key and a key its certificate: only the %s is given",
            has_key ? "key" : "certificate");
    }
    ERR_clear_error();
    if (!has_ca && SSL_CTX_set_default_verify_paths(ctx) != 1) {
        return status_set(st, UGRPC_FAILED_PRECONDITION, "the system's root certificates cannot be read");
    }
    int rc = has_ca ? load_certificates(ctx, &ca, add_root, st) : 0;
    rc = rc || !has_key ? rc : load_certificates(ctx, &certificate, add_own, st);
    return rc || !has_key ? rc : load_key(ctx, &key, &certificate, st);
}

static int on_new_session(SSL *ssl, SSL_SESSION *session)
{
    struct tls_ticket *ticket = ((struct tls_client_end *)SSL_get_app_data(ssl))->ticket;
    tls_ticket_done(ticket);
    ticket->session = session;
    return 1; /* it is ours now */
}

/* Of a handshake that fails OpenSSL keeps no certificate to tell of. */
static int on_verified(int ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_client_end *end = SSL_get_app_data(ssl);
    X509 *certificate = X509_STORE_CTX_get_current_cert(store);
    if (!ok && !end->refused && certificate) {
        X509_up_ref(certificate);
        end->refused = certificate;
    }
    return ok;
}

void tls_ticket_done(struct tls_ticket *ticket)
{
    SSL_SESSION_free(ticket->session);
    ticket->session = NULL;
}

struct tls *tls_client_new(const struct tls_client_files *files, struct ugrpc_status *st)
{
    static const unsigned char h2[] = {2, 'h', '2'};
    struct tls *tls = tls_alloc(st);
    if (!tls) {
        return NULL;
    }
    tls->ctx = tls_context_new(TLS_client_method(), st);
    if (!tls->ctx) {
        goto fail;
    }
    SSL_CTX_set_verify(tls->ctx, SSL_VERIFY_PEER, on_verified);
    SSL_CTX_set_session_cache_mode(tls->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(tls->ctx, on_new_session);
    if (SSL_CTX_set_alpn_protos(tls->ctx, h2, sizeof(h2)) != 0) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        goto fail;
    }
    if (load_files(tls->ctx, files, st) != 0) {
        goto fail;
    }
    return tls;
fail:
    tls_unref(tls);
    return NULL;
}

static bool is_address(const char *host)
{
    struct in6_addr any; /* room for either */
    return inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1;
}

int tls_client_prepare(SSL *ssl, struct tls_client_end *end, const char *host, struct tls_ticket *ticket)
{
    *end = (struct tls_client_end){.host = strdup(host), .ticket = ticket};
    SSL_set_app_data(ssl, end);
    if (!end->host) {
        return -1;
    }
    if (ticket->session && SSL_set_session(ssl, ticket->session) != 1) {
        ERR_clear_error(); /* a full handshake does as well */
    }
    if (is_address(host)) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1 ? 0 : -1;
    }
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1 ? 0 : -1;
}

/* ---- what went wrong -------------------------------------------------------------------------------- */

void tls_list_hosts(
    const struct x509_st *certificate, const char *first, const char *glue, char *out, size_t cap)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && used < cap; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        char address[INET6_ADDRSTRLEN] = "";
        if (name->type == GEN_IPADD) {
            int len = ASN1_STRING_length(name->d.iPAddress); /* whatever who made it wrote */
            int family = len == 4 ? AF_INET : len == 16 ? AF_INET6 : AF_UNSPEC;
            inet_ntop(family, ASN1_STRING_get0_data(name->d.iPAddress), address, sizeof(address));
        }
        const char *text = name->type == GEN_DNS ? (const char *)ASN1_STRING_get0_data(name->d.dNSName)
                                                 : address;
        if (*text) {
            used += (size_t)snprintf(out + used, cap - used, "%s%.100s", used ? glue : first, text);
        }
    }
    GENERAL_NAMES_free(names);
}

static void format_time(const ASN1_TIME *time, char *out, size_t cap)
{
    struct tm tm;
    if (ASN1_TIME_to_tm(time, &tm) != 1 || strftime(out, cap, "%Y-%m-%d %H:%M UTC", &tm) == 0) {
        snprintf(out, cap, "an unreadable date");
    }
}

void tls_client_end_done(struct tls_client_end *end)
{
    X509_free(end->refused);
    free(end->host);
}

const char *tls_client_fault(SSL *ssl, const struct tls_client_end *end, char *text, size_t cap)
{
    X509 *certificate = end->refused;
    long verified = SSL_get_verify_result(ssl);
    char detail[512];
    if (verified == X509_V_OK || !certificate) {
        snprintf(text, cap, "TLS: %s", tls_error_text(detail));
        return text;
    }
    ERR_clear_error();
    switch (verified) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        tls_list_hosts(certificate, "", ", ", detail, sizeof(detail));
        snprintf(text, cap, "its certificate is for %s, not for %s", *detail ? detail : "no host", end->host);
        break;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        format_time(X509_get0_notAfter(certificate), detail, sizeof(detail));
        snprintf(text, cap, "its certificate has expired on %s", detail);
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        format_time(X509_get0_notBefore(certificate), detail, sizeof(detail));
        snprintf(text, cap, "its certificate is not valid before %s", detail);
        break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        snprintf(text, cap, "its certificate is signed by nobody that is trusted here (%s)",
            X509_verify_cert_error_string(verified));
        break;
    default:
        snprintf(text, cap, "its certificate is refused: %s", X509_verify_cert_error_string(verified));
        break;
    }
    return text;
}
