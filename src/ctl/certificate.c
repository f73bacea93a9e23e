/* SPDX-License-Identifier: MIT */
#include "ctl/certificate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AUTHORITY_DAYS 3653
#define EARLY_S        300 /* clocks of two machines differ */
#define SERIAL_BITS    127
#define MAX_LABEL      63
#define MAX_NAME       64 /* as it becomes the subject's common name */

void certificate_done(struct certificate *certificate)
{
    X509_free(certificate->x509);
    EVP_PKEY_free(certificate->key);
    *certificate = (struct certificate){.x509 = NULL};
}

static int fail(struct ugrpc_status *st, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_get_error());
    return status_set(st, UGRPC_INTERNAL, "%s: %s", what, reason ? reason : "OpenSSL does not say why");
}

/* ---- making ---- */

static bool add_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool added = extension && X509_add_ext(x509, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

static bool set_serial(X509 *x509)
{
    BIGNUM *number = BN_new();
    bool set = number && BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
               BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509));
    BN_free(number);
    return set;
}

/* All but extensions and signature. */
static bool make_body(struct certificate *certificate, const char *name, long days)
{
    certificate->key = EVP_EC_gen("P-256");
    certificate->x509 = X509_new();
    if (!certificate->key || !certificate->x509) {
        return false;
    }
    X509 *x509 = certificate->x509;
    return X509_set_version(x509, X509_VERSION_3) == 1 && set_serial(x509) &&
           X509_gmtime_adj(X509_getm_notBefore(x509), -EARLY_S) &&
           X509_time_adj_ex(X509_getm_notAfter(x509), (int)days, 0, NULL) &&
           X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
               (const unsigned char *)name, -1, -1, 0) == 1 &&
           X509_set_pubkey(x509, certificate->key) == 1;
}

static bool sign(struct certificate *certificate, const struct certificate *issuer)
{
    return X509_set_issuer_name(certificate->x509, X509_get_subject_name(issuer->x509)) == 1 &&
           add_extension(certificate->x509, issuer->x509, NID_authority_key_identifier, "keyid:always") &&
           X509_sign(certificate->x509, issuer->key, EVP_sha256()) > 0;
}

int certificate_make_authority(struct certificate *authority, const char *name, struct ugrpc_status *st)
{
    bool made = make_body(authority, name, AUTHORITY_DAYS) &&
                add_extension(
                    authority->x509, authority->x509, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                add_extension(
                    authority->x509, authority->x509, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                add_extension(authority->x509, authority->x509, NID_subject_key_identifier, "hash") &&
                sign(authority, authority);
    return made ? 0 : fail(st, "cannot make an authority");
}

/* Letters, digits and dashes between dots, as RFC 1123 has it, and the underscore that some have. What ends
 * in a number is a mistyped address. */
static bool is_name(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    const char *label = strncmp(text, "*.", 2) == 0 ? text + 2 : text;
    size_t len;
    while ((len = strspn(label, letters)) > 0 && len <= MAX_LABEL && *label != '-' && label[len - 1] != '-') {
        label += len;
        if (!*label) {
            return strlen(text) <= MAX_NAME && strspn(label - len, "0123456789") < len;
        }
        label += *label == '.';
    }
    return false;
}

bool certificate_is_host(const char *host)
{
    unsigned char address[16];
    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1 || is_name(host);
}

static bool add_host(GENERAL_NAMES *names, const char *host)
{
    unsigned char address[16];
    int len = inet_pton(AF_INET, host, address) == 1 ? 4 : inet_pton(AF_INET6, host, address) == 1 ? 16 : 0;
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *value = len ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
    if (!name || !value || ASN1_STRING_set(value, len ? (const void *)address : host, len ? len : -1) != 1) {
        GENERAL_NAME_free(name);
        ASN1_STRING_free(value);
        return false;
    }
    GENERAL_NAME_set0_value(name, len ? GEN_IPADD : GEN_DNS, value);
    if (sk_GENERAL_NAME_push(names, name) == 0) {
        GENERAL_NAME_free(name);
        return false;
    }
    return true;
}

static bool add_hosts(X509 *x509, const char *const *hosts, size_t n_hosts)
{
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    bool added = names != NULL;
    for (size_t i = 0; i < n_hosts && added; i++) {
        added = add_host(names, hosts[i]);
    }
    added = added && X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
    GENERAL_NAMES_free(names);
    return added;
}

int certificate_make_server(struct certificate *server, const struct certificate *authority,
    const char *const *hosts, size_t n_hosts, long days, struct ugrpc_status *st)
{
    bool made = make_body(server, hosts[0], days) && add_hosts(server->x509, hosts, n_hosts) &&
                add_extension(server->x509, authority->x509, NID_basic_constraints, "critical,CA:FALSE") &&
                add_extension(server->x509, authority->x509, NID_key_usage, "critical,digitalSignature") &&
                add_extension(server->x509, authority->x509, NID_ext_key_usage, "serverAuth") &&
                add_extension(server->x509, authority->x509, NID_subject_key_identifier, "hash") &&
                sign(server, authority);
    return made ? 0 : fail(st, "cannot make a certificate");
}

bool certificate_is_client(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t len = strlen(name);
    return len > 0 && len <= MAX_NAME && strspn(name, letters) == len && *name != '-' && *name != '.';
}

int certificate_make_client(struct certificate *client, const struct certificate *authority, const char *name,
    long days, struct ugrpc_status *st)
{
    bool made = make_body(client, name, days) &&
                add_extension(client->x509, authority->x509, NID_basic_constraints, "critical,CA:FALSE") &&
                add_extension(client->x509, authority->x509, NID_key_usage, "critical,digitalSignature") &&
                add_extension(client->x509, authority->x509, NID_ext_key_usage, "clientAuth") &&
                add_extension(client->x509, authority->x509, NID_subject_key_identifier, "hash") &&
                sign(client, authority);
    return made ? 0 : fail(st, "cannot make a certificate");
}

/* ---- files ---- */

static FILE *create(const char *file, mode_t mode, bool force, struct ugrpc_status *st)
{
    if (force) {
        unlink(file); /* so that its mode is the new one's */
    }
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        status_set(st, errno == EEXIST ? UGRPC_ALREADY_EXISTS : UGRPC_INTERNAL, "%s: %s", file,
            errno == EEXIST ? "is there already; --force replaces it" : strerror(errno));
        return NULL;
    }
    FILE *to = fdopen(fd, "w");
    if (!to) {
        close(fd);
        status_set(st, UGRPC_INTERNAL, "%s: %s", file, strerror(errno));
    }
    return to;
}

static int finish(FILE *to, bool written, const char *file, struct ugrpc_status *st)
{
    if (fclose(to) != 0 || !written) {
        unlink(file);
        return status_set(st, UGRPC_INTERNAL, "%s: cannot be written", file);
    }
    return 0;
}

int certificate_write(const struct certificate *certificate, const char *certificate_file,
    const char *key_file, bool force, struct ugrpc_status *st)
{
    FILE *to = create(key_file, S_IRUSR | S_IWUSR, force, st);
    if (!to) {
        return -UGRPC_INTERNAL;
    }
    bool written = PEM_write_PrivateKey(to, certificate->key, NULL, NULL, 0, NULL, NULL) == 1;
    int rc = finish(to, written, key_file, st);
    if (rc < 0) {
        return rc;
    }
    to = create(certificate_file, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH, force, st);
    if (!to) {
        unlink(key_file);
        return -UGRPC_INTERNAL;
    }
    return finish(to, PEM_write_X509(to, certificate->x509) == 1, certificate_file, st);
}

int certificate_read(struct certificate *certificate, const char *certificate_file, const char *key_file,
    struct ugrpc_status *st)
{
    FILE *from = fopen(certificate_file, "re");
    if (!from) {
        return status_set(st, UGRPC_NOT_FOUND, "%s: %s", certificate_file, strerror(errno));
    }
    certificate->x509 = PEM_read_X509(from, NULL, NULL, NULL);
    fclose(from);
    if (!certificate->x509) {
        return status_set(st, UGRPC_INVALID_ARGUMENT, "%s: no PEM certificate in it", certificate_file);
    }
    if (!key_file) {
        return 0;
    }
    from = fopen(key_file, "re");
    if (!from) {
        return status_set(st, UGRPC_NOT_FOUND, "%s: %s", key_file, strerror(errno));
    }
    certificate->key = PEM_read_PrivateKey(from, NULL, NULL, NULL);
    fclose(from);
    if (!certificate->key || X509_check_private_key(certificate->x509, certificate->key) != 1) {
        return status_set(st, UGRPC_INVALID_ARGUMENT, "%s: not the key of %s", key_file, certificate_file);
    }
    return 0;
}

/* ---- looking ---- */

/* Each with `first` before it, or `glue` between two. */
static void append_name(const GENERAL_NAME *name, const char *first, const char *glue, char *out, size_t cap)
{
    int kind;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &kind);
    size_t len = strlen(out);
    char text[INET6_ADDRSTRLEN] = "";
    if (kind == GEN_DNS) {
        snprintf(out + len, cap - len, "%s%.*s", len ? glue : first, ASN1_STRING_length(value),
            (const char *)ASN1_STRING_get0_data(value));
    } else if (kind == GEN_IPADD) {
        int bytes = ASN1_STRING_length(value); /* whatever who made it wrote */
        int family = bytes == 4 ? AF_INET : bytes == 16 ? AF_INET6 : AF_UNSPEC;
        if (inet_ntop(family, ASN1_STRING_get0_data(value), text, sizeof(text))) {
            snprintf(out + len, cap - len, "%s%s", len ? glue : first, text);
        }
    }
}

static void list_names(const X509 *x509, const char *first, const char *glue, char *out, size_t cap)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
    out[0] = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        append_name(sk_GENERAL_NAME_value(names, i), first, glue, out, cap);
    }
    GENERAL_NAMES_free(names);
}

const char *certificate_options(X509 *x509, char *out, size_t cap)
{
    char name[MAX_NAME + 1];
    list_names(x509, " --host ", " --host ", out, cap);
    if (!*out && X509_check_ca(x509) == 0 &&
        X509_NAME_get_text_by_NID(X509_get_subject_name(x509), NID_commonName, name, sizeof(name)) > 0 &&
        certificate_is_client(name)) {
        snprintf(out, cap, " --client %s", name);
    }
    return out;
}

const char *certificate_names(const X509 *x509, char *out, size_t cap)
{
    list_names(x509, "", ", ", out, cap);
    if (!*out) {
        X509_NAME_get_text_by_NID(X509_get_subject_name(x509), NID_commonName, out, (int)cap);
    }
    return out;
}
