/* SPDX-License-Identifier: MIT */
/* From options to a channel. This machine is reached in plain text, every other by TLS, unless it is said
 * otherwise: by --tls and --insecure, or by anything that only makes sense with TLS. */
#include "ctl/ctl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <ugrpc/channel.h>
#include <ugrpc/client.h>
#include <ugrpc/creds.h>

#include "ctl/format.h"
#include "ctl/report.h"

#define PORT            ":50051"
#define TARGET          "127.0.0.1" PORT
#define TIMEOUT_MS      10000
#define SOURCE_BYTES    4200
#define LONG_TIMEOUT_MS 40000 /* the gateway gives a start or stop 30 s */

/* By its whole name or address: that of 127.example.com begins like ours. */
static bool is_this_machine(const char *target)
{
    char host[INET_ADDRSTRLEN];
    struct in_addr any;
    if (strncmp(target, "unix:", strlen("unix:")) == 0) {
        return true;
    }
    bool listed = strncmp(target, "ipv4:", strlen("ipv4:")) == 0 ||
                  strncmp(target, "ipv6:", strlen("ipv6:")) == 0;
    target += listed ? strlen("ipv4:") : 0;
    size_t len = strcspn(target, *target == '[' ? "]" : ":");
    len += target[len] == ']';
    if (len >= sizeof(host) || strchr(target, ',') || (target[len] && target[len] != ':')) {
        return false;
    }
    snprintf(host, sizeof(host), "%.*s", (int)len, target);
    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           (strncmp(host, "127.", strlen("127.")) == 0 && inet_pton(AF_INET, host, &any) == 1);
}

static bool is_secured(const struct arguments *arguments)
{
    static const enum option_id ids[] = {OPTION_TLS, OPTION_CA, OPTION_CERT, OPTION_SERVER_NAME, OPTION_KEY,
        OPTION_KEY_FILE, OPTION_SECRET_FILE};
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        if (arguments_has(arguments, ids[i])) {
            return true;
        }
    }
    return false;
}

/* A host alone is on the gateway's own port, not on that of the web. */
static const char *add_port(struct ctl *ctl, const char *target)
{
    size_t len = strlen(target);
    if (len == 0 || (strchr(target, ':') && target[len - 1] != ']')) {
        return target;
    }
    return must(asprintf(&ctl->with_port, "%s" PORT, target) >= 0 ? ctl->with_port : NULL);
}

int ctl_init(struct ctl *ctl)
{
    const struct arguments *arguments = &ctl->arguments;
    const char *target = arguments_value(arguments, OPTION_TARGET);
    const char *timeout = arguments_value(arguments, OPTION_TIMEOUT);
    ctl->target = target ? add_port(ctl, target) : TARGET;
    ctl->is_local = is_this_machine(ctl->target);
    ctl->insecure = arguments_has(arguments, OPTION_INSECURE) || (ctl->is_local && !is_secured(arguments));
    if (timeout) {
        struct ugrpc_status st;
        double seconds;
        if (duration_parse(timeout, &seconds, &st) < 0) {
            char source[SOURCE_BYTES];
            return report_usage("%s \"%s\": %s",
                arguments_source(arguments, OPTION_TIMEOUT, source, sizeof(source)), timeout, st.message);
        }
        ctl->timeout_ms = (int64_t)(seconds * 1000);
    }
    return 0;
}

int64_t ctl_timeout_ms(const struct ctl *ctl, bool is_long)
{
    return ctl->timeout_ms ? ctl->timeout_ms : is_long ? LONG_TIMEOUT_MS : TIMEOUT_MS;
}

/* ---- secrets ---- */

/* The first line of an option's file that not everybody may read. */
static int read_secret(const struct arguments *arguments, enum option_id id, char *out, size_t cap)
{
    char source[SOURCE_BYTES];
    const char *file = arguments_value(arguments, id);
    arguments_source(arguments, id, source, sizeof(source));
    FILE *from = fopen(file, "re");
    struct stat info;
    if (!from) {
        return report_usage("%s %s: %s", source, file, strerror(errno));
    }
    int rc = 0;
    if (fstat(fileno(from), &info) == 0 && info.st_mode & (S_IROTH | S_IWOTH)) {
        rc = report_usage("%s %s: everybody on this machine may read it; chmod 600 %s", source, file, file);
    } else if (!fgets(out, (int)cap, from) || strcspn(out, "\r\n") == 0) {
        rc = report_usage("%s %s: its first line is empty", source, file);
    } else if (strlen(out) == cap - 1) {
        rc = report_usage("%s %s: its first line has more than %zu bytes", source, file, cap - 2);
    }
    fclose(from);
    out[rc ? 0 : strcspn(out, "\r\n")] = '\0';
    return rc;
}

static int make_creds(const struct arguments *arguments, struct ugrpc_call_creds **creds)
{
    const char *key = arguments_value(arguments, OPTION_KEY);
    const char *secret_file = arguments_value(arguments, OPTION_SECRET_FILE);
    char from_file[512], secret[512];
    int rc = 0;
    if (arguments_has(arguments, OPTION_KEY_FILE)) {
        rc = read_secret(arguments, OPTION_KEY_FILE, from_file, sizeof(from_file));
        key = from_file;
    }
    if (rc == 0 && secret_file) {
        rc = key ? read_secret(arguments, OPTION_SECRET_FILE, secret, sizeof(secret))
                 : report_usage("--secret-file signs calls of a key: --key-file FILE too");
    }
    if (rc == 0 && key) {
        *creds = must(secret_file ? ugrpc_call_creds_hmac(key, secret) : ugrpc_call_creds_key(key));
    }
    return rc;
}

/* ---- the channel ---- */

/* Names the option, or the setting, of the file that the message is about. */
static int complain_of_tls(const struct arguments *arguments, const struct ugrpc_status *st)
{
    static const enum option_id files[] = {OPTION_CERT_KEY, OPTION_CERT, OPTION_CA};
    char source[SOURCE_BYTES];
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        const char *file = arguments_value(arguments, files[i]);
        if (file && strstr(st->message, file)) {
            return report_usage(
                "%s: %s", arguments_source(arguments, files[i], source, sizeof(source)), st->message);
        }
    }
    return report_usage("%s", st->message);
}

static int make_channel(struct ctl *ctl, struct ugrpc_loop *loop, struct ugrpc_channel_options *o)
{
    const struct arguments *arguments = &ctl->arguments;
    struct ugrpc_tls_options files = {
        .ca_file = arguments_value(arguments, OPTION_CA),
        .certificate_file = arguments_value(arguments, OPTION_CERT),
        .key_file = arguments_value(arguments, OPTION_CERT_KEY),
        .server_name = arguments_value(arguments, OPTION_SERVER_NAME),
    };
    struct ugrpc_tls_creds *tls = NULL;
    struct ugrpc_status st;
    if (!ctl->insecure) {
        tls = ugrpc_tls_creds_new(&files, &st);
        if (!tls) {
            return complain_of_tls(arguments, &st);
        }
    }
    o->tls = tls;
    ctl->channel = ugrpc_channel_new(loop, ctl->target, o, &st);
    ugrpc_tls_creds_free(tls);
    if (!ctl->channel) {
        const char *why = strstr(st.message, "\": "); /* behind the target, which it repeats */
        char source[SOURCE_BYTES];
        return report_usage("%s \"%s\": %s",
            arguments_source(arguments, OPTION_TARGET, source, sizeof(source)), ctl->target,
            why ? why + strlen("\": ") : st.message);
    }
    return 0;
}

int ctl_connect(struct ctl *ctl, struct ugrpc_loop *loop)
{
    struct ugrpc_call_creds *creds = NULL;
    ctl_disconnect(ctl);
    int rc = make_creds(&ctl->arguments, &creds);
    if (rc == 0 && creds && ctl->insecure && strncmp(ctl->target, "unix:", strlen("unix:")) != 0) {
        rc = report_usage("a key does not travel in plain text; leave out --insecure, or the key");
    }
    if (rc == 0) {
        rc = make_channel(ctl, loop,
            &(struct ugrpc_channel_options){
                .insecure = ctl->insecure,
                .call_creds = creds,
                .user_agent = "microgridctl",
                .keepalive_time_ms = 20000,
                .backoff_ms = 1000,
                .max_backoff_ms = 2000, /* somebody waits for it */
                .max_receive_bytes = 64 << 20,
            });
    }
    ugrpc_call_creds_free(creds);
    return rc;
}

void ctl_disconnect(struct ctl *ctl)
{
    ugrpc_channel_free(ctl->channel);
    ctl->channel = NULL;
}

void ctl_note_reply(struct ctl *ctl, struct ugrpc_reply_metadata *metadata)
{
    bool degraded = false;
    for (size_t i = 0; i < metadata->n_trailing && !degraded; i++) {
        const struct ugrpc_pair *pair = &metadata->trailing[i];
        degraded = strcmp(pair->key, "journal") == 0 && pair->value_len == strlen("degraded") &&
                   memcmp(pair->value, "degraded", pair->value_len) == 0;
    }
    if (degraded && !ctl->journal_degraded) {
        fputs("the gateway cannot write its journal: what is commanded now does not outlive a crash of it\n",
            stderr);
    }
    ctl->journal_degraded = degraded;
    ugrpc_reply_metadata_done(metadata);
}

void ctl_done(struct ctl *ctl)
{
    ctl_disconnect(ctl);
    free(ctl->with_port);
    arguments_done(&ctl->arguments);
}
