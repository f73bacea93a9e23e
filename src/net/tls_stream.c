/* SPDX-License-Identifier: MIT */
/* A BIO of our own reads straight from the bytes fed in and writes into a growing buffer: OpenSSL's memory
 * BIO would copy once more and keep its peak size for good. */
#include "net/tls_stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "net/tls.h"

struct tls_stream {
    SSL *ssl;
    struct tls *tls; /* whose BIO method is in use */
    bool is_client;
    struct tls_client_end end; /* then */
    const uint8_t *in;
    size_t in_len;
    struct buffer out;
};

static int bio_read(BIO *bio, char *to, int len)
{
    struct tls_stream *ts = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (ts->in_len == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t n = ts->in_len < (size_t)len ? ts->in_len : (size_t)len;
    memcpy(to, ts->in, n);
    ts->in += n;
    ts->in_len -= n;
    return (int)n;
}

static int bio_write(BIO *bio, const char *data, int len)
{
    struct tls_stream *ts = BIO_get_data(bio);
    return buffer_append(&ts->out, data, (size_t)len) == 0 ? len : -1;
}

static long bio_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
    return cmd == BIO_CTRL_FLUSH; /* all the rest: not known */
}

void tls_stream_fill_bio_method(BIO_METHOD *method); /* tls.c calls it once a context */

void tls_stream_fill_bio_method(BIO_METHOD *method)
{
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_ctrl(method, bio_ctrl);
}

static struct tls_stream *stream_new(struct tls *tls)
{
    struct tls_stream *ts = calloc(1, sizeof(*ts));
    if (!ts) {
        return NULL;
    }
    ts->tls = tls_ref(tls);
    ts->ssl = tls_ssl_new(tls);
    BIO *bio = ts->ssl ? BIO_new(tls_bio_method(tls)) : NULL;
    if (!bio) {
        tls_stream_free(ts);
        return NULL;
    }
    BIO_set_data(bio, ts);
    BIO_set_init(bio, 1);
    SSL_set_bio(ts->ssl, bio, bio); /* takes it */
    return ts;
}

struct tls_stream *tls_stream_new(struct tls *tls)
{
    struct tls_stream *ts = stream_new(tls);
    if (ts) {
        SSL_set_accept_state(ts->ssl);
    }
    return ts;
}

struct tls_stream *tls_stream_new_client(struct tls *tls, const char *host, struct tls_ticket *ticket)
{
    struct tls_stream *ts = stream_new(tls);
    if (!ts || tls_client_prepare(ts->ssl, &ts->end, host, ticket) != 0) {
        tls_stream_free(ts);
        return NULL;
    }
    ts->is_client = true;
    SSL_set_connect_state(ts->ssl);
    return ts;
}

void tls_stream_free(struct tls_stream *ts)
{
    if (ts) {
        if (ts->ssl) { /* as if closed in good order, else OpenSSL would not resume its session */
            SSL_set_shutdown(ts->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        }
        SSL_free(ts->ssl);
        tls_unref(ts->tls);
        tls_client_end_done(&ts->end);
        buffer_done(&ts->out);
        free(ts);
    }
}

void tls_stream_feed(struct tls_stream *ts, const uint8_t *data, size_t len)
{
    ts->in = data;
    ts->in_len = len;
}

int tls_stream_read(struct tls_stream *ts, uint8_t *to, size_t cap, struct ugrpc_status *st)
{
    ERR_clear_error();
    int rc = SSL_read(ts->ssl, to, (int)cap); /* does the handshake too */
    if (rc > 0) {
        return rc;
    }
    char text[512];
    switch (SSL_get_error(ts->ssl, rc)) {
    case SSL_ERROR_WANT_READ:
        return 0;
    case SSL_ERROR_ZERO_RETURN:
        return status_set(st, UGRPC_CANCELLED, "the peer ended the connection");
    default:
        if (ts->is_client && !SSL_is_init_finished(ts->ssl)) {
            return status_set(
                st, UGRPC_UNAVAILABLE, "%s", tls_client_fault(ts->ssl, &ts->end, text, sizeof(text)));
        }
        if (!SSL_is_init_finished(ts->ssl)) {
            return status_set(
                st, UGRPC_FAILED_PRECONDITION, "the TLS handshake failed: %s", tls_error_text(text));
        }
        return status_set(st, UGRPC_UNAVAILABLE, "TLS: %s", tls_error_text(text));
    }
}

int tls_stream_write(struct tls_stream *ts, const uint8_t *data, size_t len)
{
    ERR_clear_error();
    while (len > 0) {
        int n = SSL_write(ts->ssl, data, (int)(len < INT32_MAX ? len : INT32_MAX));
        if (n <= 0) {
            return -1;
        }
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

void tls_stream_end(struct tls_stream *ts)
{
    if (SSL_is_init_finished(ts->ssl)) {
        SSL_shutdown(ts->ssl);
        ERR_clear_error();
    }
}

struct buffer *tls_stream_out(struct tls_stream *ts)
{
    return &ts->out;
}

bool tls_stream_open(const struct tls_stream *ts)
{
    return SSL_is_init_finished(ts->ssl);
}

char *tls_stream_peer_subject(struct tls_stream *ts)
{
    X509 *certificate = SSL_get0_peer_certificate(ts->ssl);
    if (!certificate || SSL_get_verify_result(ts->ssl) != X509_V_OK) {
        return NULL;
    }
    BIO *bio = BIO_new(BIO_s_mem());
    if (!bio) {
        return NULL;
    }
    char *text = NULL, *data;
    if (X509_NAME_print_ex(
            bio, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) > 0) {
        size_t len = (size_t)BIO_get_mem_data(bio, &data); /* without a NUL */
        text = malloc(len + 1);
        if (text) {
            memcpy(text, data, len);
            text[len] = '\0';
        }
    }
    BIO_free(bio);
    return text;
}
