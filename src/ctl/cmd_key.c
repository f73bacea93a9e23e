/* SPDX-License-Identifier: MIT */
/* key new: an API key, which only its user will have, and its hash, which the gateway keeps. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/json.h"
#include "ctl/report.h"

#define KEY_BYTES  32
#define NAME_BYTES 63      /* what the gateway's keys file takes */
#define CERT       "cert:" /* there: of a certificate */

/* URL-safe base64 of so many random bytes. */
struct random_text {
    char text[2 * KEY_BYTES];
};

static void make_random(struct random_text *random)
{
    unsigned char bytes[KEY_BYTES];
    must(RAND_bytes(bytes, sizeof(bytes)) == 1 ? bytes : NULL);
    EVP_EncodeBlock((unsigned char *)random->text, bytes, sizeof(bytes));
    random->text[strcspn(random->text, "=")] = '\0';
    for (char *c = random->text; *c; c++) {
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    }
    OPENSSL_cleanse(bytes, sizeof(bytes));
}

/* The gateway's line; caller frees. */
static char *make_line(
    const char *name, const char *key, const struct arguments *arguments, const char *secret)
{
    const char *role = arguments_value(arguments, OPTION_ROLE);
    const char *components = arguments_value(arguments, OPTION_COMPONENTS);
    unsigned char digest[SHA256_DIGEST_LENGTH];
    char hex[2 * SHA256_DIGEST_LENGTH + 1], *line = NULL;
    SHA256((const unsigned char *)key, strlen(key), digest);
    for (size_t i = 0; i < sizeof(digest); i++) {
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
    must(asprintf(&line, "%s %s%s%s%s%s%s%s", name, hex, role ? " role=" : "", role ? role : "",
             components ? " components=" : "", components ? components : "", secret ? " secret=" : "",
             secret ? secret : "") >= 0
             ? line
             : NULL);
    return line;
}

static int check_rights(const struct arguments *arguments)
{
    static const char *const roles[] = {"viewer", "operator", "admin"};
    const char *role = arguments_value(arguments, OPTION_ROLE);
    const char *components = arguments_value(arguments, OPTION_COMPONENTS);
    bool known = !role;
    for (size_t i = 0; !known && i < ARRAY_LEN(roles); i++) {
        known = strcmp(role, roles[i]) == 0;
    }
    if (!known) {
        return report_usage("--role %s: must be viewer, operator or admin", role);
    }
    if (components && role && strcmp(role, "viewer") == 0) {
        return report_usage(
            "--components says what may be commanded, but a viewer commands nothing; leave one out");
    }
    if (components && (!*components || components[strcspn(components, " \t\r\n")])) {
        return report_usage(
            "--components \"%s\": names or ids without blanks are due, like 4,pv_inv", components);
    }
    return 0;
}

/* Never over a file that is there: it may be the only place of another secret. */
static int write_secret(const char *file, const char *secret)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return report_failed("%s: %s", file, strerror(errno));
    }
    int len = dprintf(fd, "%s\n", secret);
    return close(fd) != 0 || len < 0 ? report_failed("%s: %s", file, strerror(errno)) : 0;
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
    if (strncmp(name, CERT, strlen(CERT)) == 0) {
        return report_usage(
            "\"%s\": " CERT " begins the line of a certificate; a name is due, like ems", name);
    }
    return 0;
}

/* Two keys of one name could not be told apart in the log, nor could one be taken back. */
static bool has_name(const char *file, const char *name)
{
    FILE *from = fopen(file, "re");
    char *line = NULL;
    size_t cap = 0;
    bool found = false;
    while (from && !found && getline(&line, &cap, from) >= 0) {
        char *word = line + strspn(line, " \t");
        word[strcspn(word, " \t\r\n")] = '\0';
        found = strcmp(word, name) == 0;
    }
    if (from) {
        fclose(from);
    }
    free(line);
    return found;
}

/* As an editor may leave it. */
static bool ends_within_a_line(int fd)
{
    char last;
    return lseek(fd, -1, SEEK_END) >= 0 && read(fd, &last, 1) == 1 && last != '\n';
}

static int append(const char *file, const char *name, const char *line)
{
    if (has_name(file, name)) {
        return report_failed(
            "%s: has a key of \"%s\" already; take its line out, or choose another name", file, name);
    }
    int fd = open(file, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
        return report_failed("%s: %s", file, strerror(errno));
    }
    struct stat info;
    if (fstat(fd, &info) == 0 && info.st_mode & (S_IROTH | S_IWOTH)) { /* nor would the gateway take it */
        close(fd);
        return report_failed("%s: everybody on this machine may read it; chmod 600 %s", file, file);
    }
    int len = dprintf(fd, "%s%s\n", ends_within_a_line(fd) ? "\n" : "", line);
    if (close(fd) != 0 || len < 0) {
        return report_failed("%s: %s", file, strerror(errno));
    }
    return 0;
}

/* What a shell made for "> ems.key", for everybody to read, is its owner's only before the key is in it. */
static void close_to_others(int fd)
{
    struct stat info;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && fchmod(fd, S_IRUSR | S_IWUSR) < 0) {
        fprintf(stderr, "who else may read what is written cannot be changed: %s\n", strerror(errno));
    }
}

static void show(const char *name, const char *key, const char *line, const char *file)
{
    printf("%s\n", key);
    if (file) {
        fprintf(stderr, "the key of \"%s\", shown only now; its hash is in %s\n", name, file);
    } else {
        fprintf(stderr,
            "the key of \"%s\", shown only now; a line for the gateway's keys file (listen: {keys: FILE}):\n%s\n",
            name, line);
    }
}

int command_key_new(struct ctl *ctl)
{
    const char *name = ctl->arguments.operands[0], *file = arguments_value(&ctl->arguments, OPTION_KEYS);
    const char *secret_file = arguments_value(&ctl->arguments, OPTION_SIGN);
    struct random_text key, secret;
    int rc = check_name(name);
    rc = rc ? rc : check_rights(&ctl->arguments);
    if (rc) {
        return rc;
    }
    make_random(&key);
    make_random(&secret);
    char *line = make_line(name, key.text, &ctl->arguments, secret_file ? secret.text : NULL);
    rc = secret_file ? write_secret(secret_file, secret.text) : 0;
    if (rc == 0 && file && (rc = append(file, name, line)) && secret_file) {
        unlink(secret_file); /* no key has it */
    }
    if (rc == 0) {
        close_to_others(STDOUT_FILENO);
    }
    if (rc == 0 && ctl->json) {
        rc = json_print(json_pack("{s:s, s:s, s:s, s:s*, s:s*}", "name", name, "key", key.text, "line", line,
            "keys", file, "secret_file", secret_file));
    } else if (rc == 0) {
        show(name, key.text, line, file);
    }
    OPENSSL_cleanse(&key, sizeof(key));
    OPENSSL_cleanse(&secret, sizeof(secret));
    OPENSSL_cleanse(line, strlen(line));
    free(line);
    return rc;
}
