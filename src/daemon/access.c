/* SPDX-License-Identifier: MIT */
/* Everything is looked at before anything is opened, and each fault is told where it stands, in the file or
 * on the command line. */
#include "daemon/access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ugrpc/server.h>

#include "daemon/keys.h"
#include "daemon/listeners.h"
#include "net/address.h"

static void load_tls(struct access *access, const struct config *config, struct problems *problems)
{
    const struct config_listen *listen = &config->listen;
    struct ugrpc_status st;
    if (!listen->certificate || !listen->key) {
        return;
    }
    if (keys_check_mode(listen->key, &st) < 0) {
        problems_add(problems, listen->line, "listen.tls.key", NULL, "%s", st.message);
        return;
    }
    struct ugrpc_server_tls_options options = {
        .certificate_file = listen->certificate,
        .key_file = listen->key,
        .client_ca_file = listen->client_ca,
        .require_client_certificate = listen->client_ca != NULL,
    };
    access->client_certificates = listen->client_ca != NULL;
    access->tls = ugrpc_server_tls_new(&options, &st);
    if (!access->tls) {
        problems_add(problems, listen->line, "listen.tls", NULL, "%s", st.message);
    }
}

static void load_keys(struct access *access, const struct config *config, struct problems *problems)
{
    struct ugrpc_status st;
    if (!config->listen.keys) {
        return;
    }
    access->keys = keys_load(config->listen.keys, &st);
    if (!access->keys) {
        problems_add(problems, config->listen.line, "listen.keys", NULL, "%s", st.message);
    }
}

/* Of two that are the same, however they are written, the second could not be bound; each port 0 is another.
 */
static bool is_repeated(struct address *addresses, size_t index)
{
    char text[ADDRESS_TEXT_MAX], other[ADDRESS_TEXT_MAX];
    address_format(&addresses[index], text);
    bool any_port = !address_is_unix(&addresses[index]) && strcmp(strrchr(text, ':'), ":0") == 0;
    for (size_t i = 0; i < index && !any_port; i++) {
        address_format(&addresses[i], other);
        if (strcmp(text, other) == 0) {
            return true;
        }
    }
    return false;
}

static void check_addresses(struct access *access, const struct config *config,
    const struct arguments *arguments, struct problems *problems)
{
    bool from_file = arguments->n_grpc == 0;
    const char *key = from_file ? "listen.grpc" : "--grpc";
    int line = from_file ? config->listen.line : 0;
    bool guarded = config->listen.certificate && (config->listen.keys || config->listen.client_ca);
    struct address *addresses = calloc(access->n + 1, sizeof(addresses[0]));
    if (!addresses) {
        abort();
    }
    access->local = true;
    for (size_t i = 0; i < access->n; i++) {
        struct ugrpc_status st;
        if (address_parse(&addresses[i], access->addresses[i], &st) < 0) {
            problems_add(problems, line, key, NULL, "%s", st.message);
            continue;
        }
        if (is_repeated(addresses, i)) {
            problems_add(problems, line, key, access->addresses[i], "given twice");
        }
        if (listeners_is_local(access->addresses[i])) {
            continue;
        }
        access->local = false;
        if (!guarded && !arguments->insecure_listen) {
            problems_add(problems, line, key, access->addresses[i],
                "other machines could reach it without %s; write listen: {tls: {certificate: FILE, key: FILE}, "
                "keys: FILE}, or give --insecure-listen to let everybody in",
                config->listen.certificate ? "keys" : "TLS and keys");
        }
    }
    free(addresses);
}

void access_init(struct access *access, const struct config *config, const struct arguments *arguments,
    struct problems *problems)
{
    *access = (struct access){.addresses = config->listen.grpc, .n = config->listen.n_grpc};
    if (arguments->n_grpc > 0) {
        access->addresses = arguments->grpc;
        access->n = arguments->n_grpc;
    }
    check_addresses(access, config, arguments, problems);
    load_tls(access, config, problems);
    load_keys(access, config, problems);
}

void access_done(struct access *access)
{
    ugrpc_server_tls_free(access->tls);
    keys_free(access->keys);
    *access = (struct access){.n = 0};
}

static int ask_for_key(struct ugrpc_call *call, void *userdata, struct ugrpc_status *st)
{
    const struct access *access = userdata;
    struct ugrpc_bytes key;
    char name[KEYS_NAME_BYTES];
    if (!ugrpc_call_metadata(call, "key", &key)) {
        return status_set(st, UGRPC_UNAUTHENTICATED, "metadata \"key\" is needed: the API key");
    }
    if (!keys_check(access->keys, (const char *)key.data, name)) {
        return status_set(st, UGRPC_UNAUTHENTICATED, "the API key in metadata \"key\" is not known");
    }
    ugrpc_call_set_identity(call, name, NULL);
    return 0;
}

int access_require(struct access *access, struct ugrpc_server *server, struct ugrpc_status *st)
{
    static const struct ugrpc_interceptor interceptor = {.begin = ask_for_key};
    if (access->keys && ugrpc_server_add_interceptor(server, &interceptor, access) < 0) {
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
    }
    return 0;
}

void access_describe(const struct access *access, char *out, size_t cap)
{
    char keys[40] = "";
    if (access->keys) {
        size_t n = keys_count(access->keys);
        snprintf(keys, sizeof(keys), ", %zu key%s", n, PLURAL(n));
    }
    snprintf(out, cap, "%s%s%s, %s", access->tls ? "TLS" : "no TLS",
        access->client_certificates ? " with client certificates" : "", keys,
        access->local ? "this machine only" : "other machines too");
}
