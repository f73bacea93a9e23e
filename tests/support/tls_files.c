/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/tls_files.h"

static void write_key(const char *path, EVP_PKEY *key, const char *passphrase)
{
    FILE *file = fopen(path, "w");
    const EVP_CIPHER *cipher = passphrase ? EVP_aes_128_cbc() : NULL;
    assert_non_null(file);
    assert_int_equal(PEM_write_PrivateKey(file, key, cipher, (const unsigned char *)passphrase,
                         passphrase ? (int)strlen(passphrase) : 0, NULL, NULL),
        1);
    fclose(file);
}

void tls_files_make(struct tls_files_made *made)
{
    strcpy(made->dir, "/tmp/ugrpc-tls-XXXXXX");
    assert_non_null(mkdtemp(made->dir));
    snprintf(made->certificate, sizeof(made->certificate), "%s/cert.pem", made->dir);
    snprintf(made->key, sizeof(made->key), "%s/key.pem", made->dir);

    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(x, name);
    X509_set_pubkey(x, key);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);

    FILE *file = fopen(made->certificate, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, x), 1);
    fclose(file);
    write_key(made->key, key, NULL);
    X509_free(x);
    EVP_PKEY_free(key);
}

void tls_files_encrypt_key(struct tls_files_made *made, const char *passphrase)
{
    FILE *file = fopen(made->key, "r");
    assert_non_null(file);
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    write_key(made->key, key, passphrase);
    EVP_PKEY_free(key);
}

void tls_files_remove(struct tls_files_made *made)
{
    unlink(made->certificate);
    unlink(made->key);
    rmdir(made->dir);
}
