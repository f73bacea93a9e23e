/* SPDX-License-Identifier: MIT */
/* Everything is looked at before anything is opened, and each fault is told where it stands, in the file or
 * on the command line. */
#include "daemon/access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ugrpc/server.h>

#include "base/clock.h"
#include "daemon/keys.h"
#include "daemon/listeners.h"
#include "daemon/signature.h"
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
    const struct config_listen *listen = &config->listen;
    struct ugrpc_status st;
    if (!listen->keys) {
        return;
    }
    access->keys = keys_load(listen->keys, config, &st);
    if (!access->keys) {
        problems_add(problems, listen->line, "listen.keys", NULL, "%s", st.message);
    } else if (keys_have_certificates(access->keys) && !listen->client_ca) {
        problems_add(problems, listen->line, "listen.keys", listen->keys,
            "has lines of certificates (" KEYS_CERT
            "NAME), which clients only show with tls: {client_ca: FILE}");
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
    *access = (struct access){.addresses = config->listen.grpc,
        .n = config->listen.n_grpc,
        .signature_window_s = config->listen.signature_window_s};
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

/* ---- who calls ---- */

static const char *text_of(const struct ugrpc_call *call, const char *name)
{
    struct ugrpc_bytes value;
    return ugrpc_call_metadata(call, name, &value) ? (const char *)value.data : NULL;
}

/* A signature that nobody here can check is no reason to let somebody in as if it were right. */
static int check_signature(const struct access *access, const struct ugrpc_call *call, const struct key *key,
    const char *text, struct ugrpc_status *st)
{
    const struct signature signature = {
        .key = text,
        .method = ugrpc_call_method(call),
        .ts = text_of(call, "ts"),
        .nonce = text_of(call, "nonce"),
        .sig = text_of(call, "sig"),
    };
    if (key->signer) {
        return signature_check(
            key->signer, &signature, key->rights.holder, access->clock, access->signature_window_s, st);
    }
    if (signature.sig) {
        return status_set(st, UGRPC_UNAUTHENTICATED,
            "%s has no secret at this gateway, which cannot check the signature in metadata \"sig\": add secret= "
            "to its line in the keys file, or do not sign",
            key->rights.holder);
    }
    return 0;
}

/* Each call has a key, or a certificate with a line of its own. The log of a refusal names whose key it was,
 * so that is said before the signature is looked at. */
static int check_keys(const struct access *access, struct ugrpc_call *call, struct ugrpc_status *st)
{
    const char *text = text_of(call, "key"), *subject = ugrpc_call_peer_certificate(call);
    const struct key *key = text      ? keys_find(access->keys, text)
                            : subject ? keys_find_certificate(access->keys, subject)
                                      : NULL;
    if (key) {
        ugrpc_call_set_identity(call, key->rights.holder, &key->rights);
        return text ? check_signature(access, call, key, text, st) : 0;
    }
    if (text) {
        return status_set(st, UGRPC_UNAUTHENTICATED, "the API key in metadata \"key\" is not known");
    }
    return status_set(st, UGRPC_UNAUTHENTICATED, "metadata \"key\" is needed: the API key%s",
        subject && keys_have_certificates(access->keys) ? " (the client's certificate has no line of its own)"
                                                        : "");
}

static bool is_local(const char *peer)
{
    return strncmp(peer, "unix:", 5) == 0 || listeners_is_local(peer);
}

static int check_caller(struct ugrpc_call *call, void *userdata, struct ugrpc_status *st)
{
    static const struct rights shown = {.holder = "a client by its certificate", .role = ROLE_OPERATOR},
                               stranger = {.holder = "another machine without a key", .role = ROLE_OPERATOR};
    const struct access *access = userdata;
    if (access->keys) {
        return check_keys(access, call, st);
    }
    if (ugrpc_call_peer_certificate(call)) {
        ugrpc_call_set_identity(call, NULL, &shown);
    } else if (!is_local(ugrpc_call_peer(call))) {
        ugrpc_call_set_identity(call, NULL, &stranger);
    }
    return 0;
}

int access_require(
    struct access *access, struct clock *clock, struct ugrpc_server *server, struct ugrpc_status *st)
{
    static const struct ugrpc_interceptor interceptor = {.begin = check_caller};
    bool everybody_may_everything = !access->keys && !access->client_certificates && access->local;
    access->clock = clock;
    if (!everybody_may_everything && ugrpc_server_add_interceptor(server, &interceptor, access) < 0) {
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
    }
    return 0;
}

/* ", 3 keys (1 viewer, 2 operators)" */
static void describe_keys(const struct keys *keys, char *out, size_t cap)
{
    size_t all = 0, len;
    for (enum role role = ROLE_VIEWER; role < ROLES; role++) {
        all += keys_count(keys, role);
    }
    len = (size_t)snprintf(out, cap, ", %zu key%s (", all, PLURAL(all));
    for (enum role role = ROLE_VIEWER; role < ROLES; role++) {
        size_t n = keys_count(keys, role);
        if (n > 0) {
            len += (size_t)snprintf(out + len, cap - len, "%s%zu %s%s", out[len - 1] == '(' ? "" : ", ", n,
                role_name(role), PLURAL(n));
        }
    }
    snprintf(out + len, cap - len, ")");
}

void access_describe(const struct access *access, char *out, size_t cap)
{
    char keys[120] = "";
    if (access->keys) {
        describe_keys(access->keys, keys, sizeof(keys));
    }
    snprintf(out, cap, "%s%s%s, %s", access->tls ? "TLS" : "no TLS",
        access->client_certificates ? " with client certificates" : "", keys,
        access->local ? "this machine only" : "other machines too");
}
