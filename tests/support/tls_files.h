/* SPDX-License-Identifier: MIT */
/* A certificate that signs itself and its key, made anew for each test in a folder of its own. */
#ifndef SUPPORT_TLS_FILES_H
#define SUPPORT_TLS_FILES_H

struct tls_files_made {
    char dir[64];
    char certificate[96], key[96];
};

void tls_files_make(struct tls_files_made *made);
/* Writes the key again, to be opened with this passphrase. */
void tls_files_encrypt_key(struct tls_files_made *made, const char *passphrase);
void tls_files_remove(struct tls_files_made *made);

#endif
