/* SPDX-License-Identifier: MIT */
#include "support/authority.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct authority {
    char dir[64], path[96];
    char made[16][96];
    int n_made;
    long serial;
    EVP_PKEY *key;
    X509 *certificate;
};

static FILE *create(struct authority *a, const char *path)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(a->n_made < 16);
    snprintf(a->made[a->n_made++], sizeof(a->made[0]), "%s", path);
    return file;
}

static void write_certificate(struct authority *a, const char *path, X509 *x)
{
    FILE *file = create(a, path);
    assert_int_equal(PEM_write_X509(file, x), 1);
    fclose(file);
}

static void add_extension(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    assert_non_null(extension);
    X509_add_ext(x, extension, -1);
    X509_EXTENSION_free(extension);
}

static X509 *make(struct authority *a, const char *name, EVP_PKEY *key, int from_h, int to_h)
{
    X509 *x = X509_new();
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), ++a->serial);
    X509_gmtime_adj(X509_getm_notBefore(x), from_h * 3600L);
    X509_gmtime_adj(X509_getm_notAfter(x), to_h * 3600L);
    X509_NAME_add_entry_by_txt(
        X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(a->certificate ? a->certificate : x));
    X509_set_pubkey(x, key);
    return x;
}

struct authority *authority_new(void)
{
    struct authority *a = calloc(1, sizeof(*a));
    strcpy(a->dir, "/tmp/ugrpc-ca-XXXXXX");
    assert_non_null(mkdtemp(a->dir));
    a->key = EVP_EC_gen("P-256");
    a->certificate = make(a, "Test authority", a->key, -1000, 1000);
    add_extension(a->certificate, NID_basic_constraints, "critical,CA:TRUE");
    assert_true(X509_sign(a->certificate, a->key, EVP_sha256()) > 0);
    snprintf(a->path, sizeof(a->path), "%s/ca.pem", a->dir);
    write_certificate(a, a->path, a->certificate);
    return a;
}

void authority_free(struct authority *a)
{
    for (int i = 0; i < a->n_made; i++) {
        unlink(a->made[i]);
    }
    rmdir(a->dir);
    X509_free(a->certificate);
    EVP_PKEY_free(a->key);
    free(a);
}

const char *authority_certificate(const struct authority *a)
{
    return a->path;
}

struct issued authority_issue(struct authority *a, const char *name, const char *names, int from_h, int to_h)
{
    struct issued issued;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = make(a, name, key, from_h, to_h);
    if (names) {
        add_extension(x, NID_subject_alt_name, names);
    }
    assert_true(X509_sign(x, a->key, EVP_sha256()) > 0);
    snprintf(issued.certificate, sizeof(issued.certificate), "%s/%s.pem", a->dir, name);
    snprintf(issued.key, sizeof(issued.key), "%s/%s-key.pem", a->dir, name);
    write_certificate(a, issued.certificate, x);
    FILE *file = create(a, issued.key);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    fchmod(fileno(file), 0600);
    fclose(file);
    X509_free(x);
    EVP_PKEY_free(key);
    return issued;
}

void issued_encrypt_key(const struct issued *issued, const char *passphrase)
{
    FILE *file = fopen(issued->key, "r+");
    assert_non_null(file);
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    rewind(file);
    assert_int_equal(PEM_write_PrivateKey(file, key, EVP_aes_128_cbc(), (const unsigned char *)passphrase,
                         (int)strlen(passphrase), NULL, NULL),
        1);
    fclose(file);
    EVP_PKEY_free(key);
}
