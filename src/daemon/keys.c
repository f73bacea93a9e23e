/* SPDX-License-Identifier: MIT */
/* Only digests of keys are kept and compared, all of them and in constant time, so that neither the file nor
 * the time of an answer tells a key. */
#include "daemon/keys.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "base/nearest.h"
#include "daemon/config.h"
#include "daemon/signature.h"

struct entry {
    struct key key;
    char holder[KEYS_NAME_BYTES + 16];
    const char *name; /* in the holder */
    bool is_certificate;
    uint8_t digest[SHA256_DIGEST_LENGTH]; /* of a key */
    uint64_t *components;
    int line;
};

struct keys {
    struct entry **entries; /* each stays where it is: calls borrow their rights */
    size_t n;
};

/* Where a line is read from, and whose components it names. */
struct source {
    const char *file;
    int line;
    const struct config *config;
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

/* ---- a line ---- */

static int wrong(const struct source *from, struct ugrpc_status *st, const char *format, ...)
    PRINTF_LIKE(3, 4);

static int wrong(const struct source *from, struct ugrpc_status *st, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return status_set(st, UGRPC_INVALID_ARGUMENT, "%s:%d: %s", from->file, from->line, text);
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

static int parse_name(
    struct entry *entry, const char *word, const struct source *from, struct ugrpc_status *st)
{
    const size_t prefix = strlen(KEYS_CERT);
    entry->is_certificate = strncmp(word, KEYS_CERT, prefix) == 0;
    const char *name = entry->is_certificate ? word + prefix : word;
    size_t len = strlen(name);
    for (const char *c = name; *c; c++) {
        if (!isgraph((unsigned char)*c)) {
            return wrong(from, st, "a name must be of printable ASCII");
        }
    }
    if (len == 0 || len >= KEYS_NAME_BYTES) {
        return wrong(from, st, "a name must have 1 to %d bytes, this one has %zu", KEYS_NAME_BYTES - 1, len);
    }
    const char *what = entry->is_certificate ? "certificate " : "key ";
    snprintf(entry->holder, sizeof(entry->holder), "%s%s", what, name);
    entry->name = entry->holder + strlen(what);
    entry->key.rights.holder = entry->holder;
    return 0;
}

static int parse_role(
    struct entry *entry, const char *value, const struct source *from, struct ugrpc_status *st)
{
    for (enum role role = ROLE_VIEWER; role < ROLES; role++) {
        if (strcmp(value, role_name(role)) == 0) {
            entry->key.rights.role = role;
            return 0;
        }
    }
    return wrong(from, st, "role=%.40s: must be viewer, operator or admin", value);
}

/* By name or by id. What the site file has wrong is told elsewhere. */
static int find_component(const char *word, const struct source *from, uint64_t *id, struct ugrpc_status *st)
{
    const struct config *config = from->config;
    struct nearest nearest = {.text = word};
    char *end;
    *id = strtoull(word, &end, 10);
    bool is_id = !*end && isdigit((unsigned char)*word);
    for (size_t i = 0; i < config->n_components; i++) {
        const struct component_spec *spec = &config->components[i].spec;
        if (is_id ? spec->id == *id : spec->name && strcmp(spec->name, word) == 0) {
            *id = spec->id;
            return 0;
        }
        if (spec->name) {
            nearest_try(&nearest, spec->name);
        }
    }
    if (!config->has_all) {
        return 0;
    }
    return wrong(from, st, "components: this site has no component \"%.60s\"%s%s%s", word,
        nearest.best ? "; did you mean " : "", nearest.best ? nearest.best : "", nearest.best ? "?" : "");
}

static int parse_components(
    struct entry *entry, char *value, const struct source *from, struct ugrpc_status *st)
{
    struct rights *rights = &entry->key.rights;
    char *rest;
    entry->components = calloc(strlen(value) / 2 + 1, sizeof(entry->components[0]));
    if (!entry->components) {
        abort();
    }
    rights->components = entry->components;
    for (char *word = strtok_r(value, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        int rc = find_component(word, from, &entry->components[rights->n_components], st);
        if (rc) {
            return rc;
        }
        rights->n_components++;
    }
    return rights->n_components > 0 ? 0 : wrong(from, st, "components= names none; left out, it means all");
}

/* The secret itself goes into no message. */
static int parse_secret(
    struct entry *entry, const char *value, const struct source *from, struct ugrpc_status *st)
{
    size_t len = strlen(value);
    if (entry->is_certificate) {
        return wrong(from, st, "secret=: a certificate signs nothing here, only a key does");
    }
    if (len < SIGNATURE_SECRET_MIN || len > SIGNATURE_SECRET_MAX) {
        return wrong(from, st, "secret= must have %d to %d bytes, this one has %zu", SIGNATURE_SECRET_MIN,
            SIGNATURE_SECRET_MAX, len);
    }
    entry->key.signer = signer_new(value);
    return 0;
}

static int parse_attributes(
    struct entry *entry, char **rest, const struct source *from, struct ugrpc_status *st)
{
    static const char *const names[] = {"role", "components", "secret"};
    bool given[ARRAY_LEN(names)] = {false};
    char *word;
    int rc = 0;
    while (!rc && (word = strtok_r(NULL, " \t\r\n", rest))) {
        size_t len = strcspn(word, "="), i = 0;
        while (i < ARRAY_LEN(names) && (strncmp(names[i], word, len) != 0 || names[i][len])) {
            i++;
        }
        if (i == ARRAY_LEN(names) || !word[len]) {
            return wrong(from, st, "word %s after the %s: role=, components= and secret= are known",
                len < 20 && word[len] ? (word[len] = '\0', word) : "without =",
                entry->is_certificate ? "name" : "digest");
        }
        char *value = word + len + 1;
        if (given[i]) {
            return wrong(from, st, "%s= is there twice", names[i]);
        }
        given[i] = true;
        rc = i == 0   ? parse_role(entry, value, from, st)
             : i == 1 ? parse_components(entry, value, from, st)
                      : parse_secret(entry, value, from, st);
    }
    return rc;
}

static int check_unique(
    const struct keys *keys, const struct entry *entry, const struct source *from, struct ugrpc_status *st)
{
    for (size_t i = 0; i < keys->n; i++) {
        const struct entry *other = keys->entries[i];
        if (strcmp(other->holder, entry->holder) == 0) {
            return wrong(from, st, "%s is in line %d already", entry->holder, other->line);
        }
        if (!entry->is_certificate && !other->is_certificate &&
            memcmp(other->digest, entry->digest, sizeof(entry->digest)) == 0) {
            return wrong(
                from, st, "%s has the same key as %s in line %d", entry->holder, other->holder, other->line);
        }
    }
    return 0;
}

static void entry_free(struct entry *entry)
{
    signer_free(entry->key.signer);
    free(entry->components);
    free(entry);
}

/* One line: blank, a comment, or an entry. */
static int parse_line(struct keys *keys, char *line, const struct source *from, struct ugrpc_status *st)
{
    char *rest;
    const char *word = strtok_r(line, " \t\r\n", &rest);
    if (!word || *word == '#') {
        return 0;
    }
    struct entry *entry = calloc(1, sizeof(*entry));
    struct entry **more = realloc(keys->entries, (keys->n + 1) * sizeof(struct entry *));
    if (!entry || !more) {
        abort();
    }
    keys->entries = more;
    entry->line = from->line;
    entry->key.rights.role = ROLE_OPERATOR;
    int rc = parse_name(entry, word, from, st);
    if (!rc && !entry->is_certificate) {
        const char *digest = strtok_r(NULL, " \t\r\n", &rest);
        if (!digest || !parse_digest(digest, entry->digest)) {
            rc = wrong(from, st,
                "after the name the SHA-256 of its key is due, in 64 hexadecimal digits: microgridctl key new %s",
                entry->name);
        }
    }
    rc = rc ? rc : parse_attributes(entry, &rest, from, st);
    rc = rc ? rc : check_unique(keys, entry, from, st);
    if (rc) {
        entry_free(entry);
        return rc;
    }
    keys->entries[keys->n++] = entry;
    return 0;
}

/* ---- the file ---- */

static struct keys *read_all(
    FILE *file, const char *name, const struct config *config, struct ugrpc_status *st)
{
    struct source from = {.file = name, .config = config};
    struct keys *keys = calloc(1, sizeof(*keys));
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    int rc = 0;
    if (!keys) {
        abort();
    }
    for (from.line = 1; rc == 0 && (len = getline(&line, &cap, file)) >= 0; from.line++) {
        rc = strlen(line) < (size_t)len ? wrong(&from, st, "has a NUL character: no text file")
                                        : parse_line(keys, line, &from, st);
    }
    if (line) {
        OPENSSL_cleanse(line, cap); /* secrets */
    }
    free(line);
    if (rc == 0 && keys->n == 0) {
        rc = status_set(st, UGRPC_INVALID_ARGUMENT, "%s: has no keys, so that nobody could get in", name);
    }
    if (rc < 0) {
        keys_free(keys);
        return NULL;
    }
    return keys;
}

struct keys *keys_load(const char *file, const struct config *config, struct ugrpc_status *st)
{
    if (keys_check_mode(file, st) < 0) {
        return NULL;
    }
    FILE *from = fopen(file, "re");
    if (!from) {
        status_set(st, UGRPC_NOT_FOUND, "%s: %s", file, strerror(errno));
        return NULL;
    }
    struct keys *keys = read_all(from, file, config, st);
    fclose(from);
    return keys;
}

struct keys *keys_parse(
    const char *text, size_t len, const char *file, const struct config *config, struct ugrpc_status *st)
{
    FILE *from = fmemopen((char *)text, len + !len, "r");
    if (!from) {
        abort();
    }
    struct keys *keys = read_all(from, file, config, st);
    fclose(from);
    return keys;
}

void keys_free(struct keys *keys)
{
    if (keys) {
        for (size_t i = 0; i < keys->n; i++) {
            entry_free(keys->entries[i]);
        }
        free(keys->entries);
        free(keys);
    }
}

/* ---- who it is ---- */

size_t keys_count(const struct keys *keys, enum role role)
{
    size_t n = 0;
    for (size_t i = 0; i < keys->n; i++) {
        n += keys->entries[i]->key.rights.role == role;
    }
    return n;
}

bool keys_have_certificates(const struct keys *keys)
{
    for (size_t i = 0; i < keys->n; i++) {
        if (keys->entries[i]->is_certificate) {
            return true;
        }
    }
    return false;
}

/* All are compared, whether one has matched or not. */
const struct key *keys_find(const struct keys *keys, const char *text)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    const struct key *found = NULL;
    SHA256((const unsigned char *)text, strlen(text), digest);
    for (size_t i = 0; i < keys->n; i++) {
        const struct entry *entry = keys->entries[i];
        if (!entry->is_certificate && CRYPTO_memcmp(digest, entry->digest, sizeof(digest)) == 0) {
            found = &entry->key;
        }
    }
    return found;
}

/* The first common name: RFC 2253 puts what stands deepest first. What it escapes stays escaped, so that no
 * comma in a name begins another part. */
static const char *find_common_name(const char *subject, size_t *len)
{
    for (const char *part = subject; *part;) {
        size_t n = 0;
        while (part[n] && part[n] != ',' && part[n] != '+') {
            n += part[n] == '\\' && part[n + 1] ? 2 : 1;
        }
        if (strncmp(part, "CN=", 3) == 0) {
            *len = n - 3;
            return part + 3;
        }
        part += part[n] ? n + 1 : n;
    }
    return NULL;
}

const struct key *keys_find_certificate(const struct keys *keys, const char *subject)
{
    size_t len;
    const char *name = find_common_name(subject, &len);
    for (size_t i = 0; name && i < keys->n; i++) {
        const struct entry *entry = keys->entries[i];
        if (entry->is_certificate && strlen(entry->name) == len && memcmp(entry->name, name, len) == 0) {
            return &entry->key;
        }
    }
    return NULL;
}
