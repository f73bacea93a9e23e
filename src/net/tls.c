/* SPDX-License-Identifier: MIT */
/* A renewed certificate gives a new SSL_CTX; connections that stand keep the one they began with. */
#include "net/tls.h"

#include <nghttp2/nghttp2.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "net/tls_internal.h"

const char *tls_error_text(char text[256])
{
    unsigned long code = ERR_get_error();
    const char *reason = !code                    ? NULL
                         : ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code))
                                                  : ERR_reason_error_string(code);
    strncpy(text, reason ? reason : "unexpected end", 255);
    text[255] = '\0';
    ERR_clear_error();
    return text;
}

static int select_h2(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
    unsigned in_len, void *userdata)
{
    bool found = nghttp2_select_next_protocol((unsigned char **)out, out_len, in, in_len) == 1;
    return found ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int tls_no_passphrase(char *to, int cap, int writing, void *asked)
{
    *(bool *)asked = true;
    return -1;
}

int tls_pem_fault(struct ugrpc_status *st, const char *what, const char *file, bool asked)
{
    char text[256];
    const char *why = tls_error_text(text);
    return status_set(st, UGRPC_INVALID_ARGUMENT, "%s%s%s%s %s", what, file ? " " : "", file ? file : "",
        asked ? "" : ":",
        asked ? "needs a passphrase, for which nobody can be asked: store it without one" : why);
}

int tls_key_fault(
    struct ugrpc_status *st, const char *what, const char *file, const char *certificate, bool asked)
{
    unsigned long code = ERR_peek_last_error();
    int reason = ERR_GET_REASON(code);
    bool foreign = ERR_GET_LIB(code) == ERR_LIB_X509 &&
                   (reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH);
    if (!foreign) {
        return tls_pem_fault(st, what, file, asked);
    }
    ERR_clear_error();
    return status_set(st, UGRPC_INVALID_ARGUMENT, "%s%s%s: it is not the key of the certificate%s%s", what,
        file ? " " : "", file ? file : "", certificate ? " in " : "", certificate ? certificate : "");
}

static int load_client_ca(SSL_CTX *ctx, const char *path, bool required, struct ugrpc_status *st)
{
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path);
    if (!names || SSL_CTX_load_verify_locations(ctx, path, NULL) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return tls_pem_fault(st, "client CA file", path, false);
    }
    SSL_CTX_set_client_CA_list(ctx, names); /* takes them */
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), NULL);
    return 0;
}

SSL_CTX *tls_context_new(const SSL_METHOD *method, struct ugrpc_status *st)
{
    SSL_CTX *ctx = SSL_CTX_new(method);
    if (!ctx) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        return NULL;
    }
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
    return ctx;
}

static SSL_CTX *load(const struct tls *tls, struct ugrpc_status *st)
{
    static const unsigned char session_context[] = "ugrpc";
    SSL_CTX *ctx = tls_context_new(TLS_server_method(), st);
    if (!ctx) {
        return NULL;
    }
    SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_alpn_select_cb(ctx, select_h2, NULL);
    SSL_CTX_set_session_id_context(ctx, session_context, sizeof(session_context) - 1);
    ERR_clear_error();
    bool asked = false;
    SSL_CTX_set_default_passwd_cb(ctx, tls_no_passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(ctx, &asked);
    if (SSL_CTX_use_certificate_chain_file(ctx, tls->path[0]) != 1) {
        tls_pem_fault(st, "certificate file", tls->path[0], asked);
        goto fail;
    }
    if (SSL_CTX_use_PrivateKey_file(ctx, tls->path[1], SSL_FILETYPE_PEM) != 1) {
        tls_key_fault(st, "key file", tls->path[1], tls->path[0], asked);
        goto fail;
    }
    if (tls->path[2] && load_client_ca(ctx, tls->path[2], tls->client_required, st) != 0) {
        goto fail;
    }
    SSL_CTX_set_default_passwd_cb(ctx, NULL); /* nothing more is read */
    SSL_CTX_set_default_passwd_cb_userdata(ctx, NULL);
    return ctx;
fail:
    SSL_CTX_free(ctx);
    return NULL;
}

/* Whether any file's time of change differs from the noted one; notes the new ones. */
static bool note_changes(struct tls *tls)
{
    bool changed = false;
    for (int i = 0; i < N_FILES; i++) {
        struct stat file;
        if (!tls->path[i] || stat(tls->path[i], &file) != 0) {
            continue; /* being replaced just now: seen the next time */
        }
        if (memcmp(&file.st_mtim, &tls->changed[i], sizeof(file.st_mtim)) != 0) {
            tls->changed[i] = file.st_mtim;
            changed = true;
        }
    }
    return changed;
}

/* The methods of tls_stream's BIO: tls_stream.c. */
void tls_stream_fill_bio_method(BIO_METHOD *method);

struct tls *tls_alloc(struct ugrpc_status *st)
{
    struct tls *tls = calloc(1, sizeof(*tls));
    if (tls) {
        atomic_init(&tls->refs, 1);
        tls->bio_method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "ugrpc");
    }
    if (!tls || !tls->bio_method) {
        free(tls);
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        return NULL;
    }
    tls_stream_fill_bio_method(tls->bio_method);
    return tls;
}

struct tls *tls_new(const struct tls_files *files, struct ugrpc_status *st)
{
    const char *paths[N_FILES] = {files->certificate, files->key, files->client_ca};
    struct tls *tls = tls_alloc(st);
    if (!tls) {
        return NULL;
    }
    tls->client_required = files->client_required;
    if (!paths[0] || !paths[1]) {
        status_set(st, UGRPC_INVALID_ARGUMENT, "TLS needs a certificate file and a key file");
        goto fail;
    }
    for (int i = 0; i < N_FILES; i++) {
        if (paths[i] && !(tls->path[i] = strdup(paths[i]))) {
            status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
            goto fail;
        }
    }
    note_changes(tls);
    tls->ctx = load(tls, st);
    if (!tls->ctx) {
        goto fail;
    }
    return tls;
fail:
    tls_unref(tls);
    return NULL;
}

struct tls *tls_ref(struct tls *tls)
{
    atomic_fetch_add(&tls->refs, 1);
    return tls;
}

void tls_unref(struct tls *tls)
{
    if (!tls || atomic_fetch_sub(&tls->refs, 1) > 1) {
        return;
    }
    for (int i = 0; i < N_FILES; i++) {
        free(tls->path[i]);
    }
    SSL_CTX_free(tls->ctx);
    BIO_meth_free(tls->bio_method);
    free(tls);
}

int tls_refresh(struct tls *tls, int64_t now_ns, struct ugrpc_status *st)
{
    if (tls->looked_at_ns && now_ns - tls->looked_at_ns < NS_PER_S) {
        return 0;
    }
    tls->looked_at_ns = now_ns;
    if (!note_changes(tls)) {
        return 0;
    }
    SSL_CTX *ctx = load(tls, st);
    if (!ctx) {
        return -UGRPC_INVALID_ARGUMENT;
    }
    SSL_CTX_free(tls->ctx);
    tls->ctx = ctx;
    return 1;
}

struct ssl_st *tls_ssl_new(struct tls *tls)
{
    return SSL_new(tls->ctx);
}

const struct bio_method_st *tls_bio_method(const struct tls *tls)
{
    return tls->bio_method;
}
