/* SPDX-License-Identifier: MIT */
/* A certificate authority in a folder of its own, and the certificates that it issues. */
#ifndef SUPPORT_AUTHORITY_H
#define SUPPORT_AUTHORITY_H

struct authority;

struct issued {
    char certificate[96], key[96];
};

struct authority *authority_new(void);
void authority_free(struct authority *authority); /* removes the folder */
const char *authority_certificate(const struct authority *authority);

/* For these alternative names ("DNS:localhost,IP:127.0.0.1"; NULL: none), valid from and to so many hours
 * from now. `name` is the file's and the subject's. */
struct issued authority_issue(
    struct authority *authority, const char *name, const char *names, int from_h, int to_h);
/* Writes the key again, to be opened with this passphrase. */
void issued_encrypt_key(const struct issued *issued, const char *passphrase);

#endif
