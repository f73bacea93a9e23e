/* SPDX-License-Identifier: MIT */
/* key new: an API key, which only its user will have, and its hash, which the gateway keeps. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/json.h"
#include "ctl/report.h"

#define KEY_BYTES  32
#define NAME_BYTES 63 /* what the gateway's keys file takes */

struct key {
    char text[2 * KEY_BYTES]; /* URL-safe base64 */
    char line[NAME_BYTES + 2 * SHA256_DIGEST_LENGTH + 2];
};

static void make_key(struct key *key, const char *name)
{
    unsigned char random[KEY_BYTES], digest[SHA256_DIGEST_LENGTH];
    must(RAND_bytes(random, sizeof(random)) == 1 ? random : NULL);
    EVP_EncodeBlock((unsigned char *)key->text, random, sizeof(random));
    key->text[strcspn(key->text, "=")] = '\0';
    for (char *c = key->text; *c; c++) {
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    }
    SHA256((const unsigned char *)key->text, strlen(key->text), digest);
    int len = snprintf(key->line, sizeof(key->line), "%s ", name);
    for (size_t i = 0; i < sizeof(digest); i++) {
        len += snprintf(key->line + len, sizeof(key->line) - (size_t)len, "%02x", digest[i]);
    }
}

static int check_name(const char *name)
{
    for (const char *c = name; *c; c++) {
        if (isspace((unsigned char)*c) || !isprint((unsigned char)*c)) {
            return report_usage("\"%s\": a name without blanks is due, like ems", name);
        }
    }
    if (!*name || *name == '#' || strlen(name) > NAME_BYTES) {
        return report_usage("\"%s\": a name of 1 to %d letters is due, like ems", name, NAME_BYTES);
    }
    return 0;
}

/* Two keys of one name could not be told apart in the log, nor could one be taken back. */
static bool has_name(const char *file, const char *name)
{
    FILE *from = fopen(file, "re");
    char line[512];
    bool found = false;
    while (from && !found && fgets(line, sizeof(line), from)) {
        line[strcspn(line, " \t\r\n")] = '\0';
        found = strcmp(line, name) == 0;
    }
    if (from) {
        fclose(from);
    }
    return found;
}

static int append(const char *file, const char *name, const char *line)
{
    if (has_name(file, name)) {
        return report_failed(
            "%s: has a key of \"%s\" already; take its line out, or choose another name", file, name);
    }
    int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
        return report_failed("%s: %s", file, strerror(errno));
    }
    int len = dprintf(fd, "%s\n", line);
    if (close(fd) != 0 || len < 0) {
        return report_failed("%s: %s", file, strerror(errno));
    }
    return 0;
}

int command_key_new(struct ctl *ctl)
{
    const char *name = ctl->arguments.operands[0], *file = arguments_value(&ctl->arguments, OPTION_KEYS);
    struct key key;
    int rc = check_name(name);
    if (rc) {
        return rc;
    }
    make_key(&key, name);
    rc = file ? append(file, name, key.line) : 0;
    if (rc) {
        return rc;
    }
    if (ctl->json) {
        rc = json_print(json_pack(
            "{s:s, s:s, s:s, s:s*}", "name", name, "key", key.text, "line", key.line, "keys", file));
    } else if (file) {
        printf("%s\n", key.text);
        fprintf(stderr, "the key of \"%s\", shown only now; its hash is in %s\n", name, file);
    } else {
        printf("%s\n", key.text);
        fprintf(stderr,
            "the key of \"%s\", shown only now; a line for the gateway's keys file (listen: {keys: FILE}):\n"
            "%s\n",
            name, key.line);
    }
    OPENSSL_cleanse(&key, sizeof(key));
    return rc;
}
