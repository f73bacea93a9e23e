/* SPDX-License-Identifier: MIT */
/* Only digests are kept and compared, all of them and in constant time, so that neither the file nor the
 * time of an answer tells a key. */
#include "daemon/keys.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct entry {
    char name[KEYS_NAME_BYTES];
    uint8_t digest[SHA256_DIGEST_LENGTH];
};

struct keys {
    struct entry *entries;
    size_t n;
};

int keys_check_mode(const char *file, struct ugrpc_status *st)
{
    struct stat info;
    if (stat(file, &info) < 0) {
        return status_set(st, UGRPC_NOT_FOUND, "%s: %s", file, strerror(errno));
    }
    if (info.st_mode & (S_IROTH | S_IWOTH)) {
        return status_set(st, UGRPC_PERMISSION_DENIED,
            "%s: everybody on this machine may read it; chmod 600 %s", file, file);
    }
    return 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_digest(const char *hex, uint8_t digest[SHA256_DIGEST_LENGTH])
{
    for (size_t i = 0; i < SHA256_DIGEST_LENGTH; i++) {
        int high = hex_digit(hex[2 * i]);
        int low = high < 0 ? -1 : hex_digit(hex[2 * i + 1]);
        if (low < 0) {
            return false;
        }
        digest[i] = (uint8_t)(high << 4 | low);
    }
    return hex[2 * SHA256_DIGEST_LENGTH] == '\0';
}

/* One line: blank, a comment, or a name and its digest. */
static int parse_line(struct keys *keys, char *line, const char *file, int number, struct ugrpc_status *st)
{
    char *rest;
    const char *name = strtok_r(line, " \t\r\n", &rest);
    if (!name || *name == '#') {
        return 0;
    }
    const char *digest = strtok_r(NULL, " \t\r\n", &rest);
    struct entry entry;
    size_t len = strlen(name);
    if (!digest || strtok_r(NULL, " \t\r\n", &rest) || len >= sizeof(entry.name) ||
        !parse_digest(digest, entry.digest)) {
        return status_set(st, UGRPC_INVALID_ARGUMENT,
            "%s:%d: not a name (at most %d bytes) and the SHA-256 of its key in 64 hexadecimal digits; make one "
            "with: printf %%s \"$KEY\" | sha256sum",
            file, number, KEYS_NAME_BYTES - 1);
    }
    memcpy(entry.name, name, len + 1);
    struct entry *more = realloc(keys->entries, (keys->n + 1) * sizeof(entry));
    if (!more) {
        abort();
    }
    keys->entries = more;
    keys->entries[keys->n++] = entry;
    return 0;
}

struct keys *keys_load(const char *file, struct ugrpc_status *st)
{
    struct keys *keys = NULL;
    char *line = NULL;
    size_t cap = 0;
    FILE *from = NULL;
    int rc = keys_check_mode(file, st);
    if (rc < 0) {
        return NULL;
    }
    keys = calloc(1, sizeof(*keys));
    from = fopen(file, "re");
    if (!keys || !from) {
        rc = status_set(st, UGRPC_NOT_FOUND, "%s: %s", file, strerror(errno));
        goto out;
    }
    for (int number = 1; rc == 0 && getline(&line, &cap, from) >= 0; number++) {
        rc = parse_line(keys, line, file, number, st);
    }
    if (rc == 0 && keys->n == 0) {
        rc = status_set(st, UGRPC_INVALID_ARGUMENT, "%s: has no keys, so that nobody could get in", file);
    }
out:
    if (from) {
        fclose(from);
    }
    free(line);
    if (rc < 0) {
        keys_free(keys);
        return NULL;
    }
    return keys;
}

void keys_free(struct keys *keys)
{
    if (keys) {
        free(keys->entries);
        free(keys);
    }
}

size_t keys_count(const struct keys *keys)
{
    return keys->n;
}

/* All are compared, whether one has matched or not. */
bool keys_check(const struct keys *keys, const char *key, char name[KEYS_NAME_BYTES])
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    const struct entry *found = NULL;
    SHA256((const unsigned char *)key, strlen(key), digest);
    for (size_t i = 0; i < keys->n; i++) {
        if (CRYPTO_memcmp(digest, keys->entries[i].digest, sizeof(digest)) == 0) {
            found = &keys->entries[i];
        }
    }
    if (found) {
        memcpy(name, found->name, KEYS_NAME_BYTES);
    }
    return found != NULL;
}
