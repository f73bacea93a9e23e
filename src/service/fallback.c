/* SPDX-License-Identifier: MIT */
/* Published clients of other versions retry their streams for ever, every few seconds, so the operator is
 * told of each machine and version once; the memory of that is a ring, and at worst a line is repeated. */
#include "service/fallback.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ugrpc/server.h>

#include "base/base.h"
#include "service/rpc.h"
#include "service/service.h"

#define API_PREFIX "frequenz.api.microgrid."
#define REMEMBERED 64
#define KEY_MAX    120

struct fallback {
    struct service_part part;
    struct service *service;
    struct ugrpc_server *server;
    char seen[REMEMBERED][KEY_MAX]; /* "frequenz.api.microgrid.v1alpha18 127.0.0.1" */
    size_t next;
};

/* Whether `key` was seen before; from now on it was. */
static bool seen_before(struct fallback *fallback, const char *key)
{
    for (size_t i = 0; i < REMEMBERED; i++) {
        if (strcmp(fallback->seen[i], key) == 0) {
            return true;
        }
    }
    snprintf(fallback->seen[fallback->next], sizeof(fallback->seen[0]), "%s", key);
    fallback->next = (fallback->next + 1) % REMEMBERED;
    return false;
}

const char *service_list_versions(const struct ugrpc_server *server, char *out, size_t cap)
{
    size_t len = 0;
    const struct ugrpc_service *service;
    out[0] = '\0';
    for (size_t i = 0; (service = ugrpc_server_service(server, i)); i++) {
        const char *end = strrchr(service->name, '.');
        if (strncmp(service->name, API_PREFIX, strlen(API_PREFIX)) == 0 && end && len < cap) {
            len += (size_t)snprintf(
                out + len, cap - len, "%s%.*s", len ? ", " : "", (int)(end - service->name), service->name);
        }
    }
    return out;
}

/* Fills `package` from "/frequenz.api.microgrid.v1alpha18.Microgrid/ListComponents" with what stands before
 * the service, and tells whether that is another version of the API. */
static bool other_version(const struct ugrpc_server *server, const char *method, char *package, size_t cap)
{
    const char *name = method + (method[0] == '/');
    size_t prefix = strlen(API_PREFIX), len = prefix;
    if (strncmp(name, API_PREFIX, prefix) != 0) {
        return false;
    }
    len += strcspn(name + prefix, "./");
    if (len == prefix || len >= cap || name[len] != '.') {
        return false;
    }
    memcpy(package, name, len);
    package[len] = '\0';
    const struct ugrpc_service *service;
    for (size_t i = 0; (service = ugrpc_server_service(server, i)); i++) {
        if (strncmp(service->name, name, len + 1) == 0) {
            return false; /* this version, but no such method */
        }
    }
    return true;
}

static void tell_once(
    struct fallback *fallback, const struct ugrpc_call *call, const char *package, const char *served)
{
    const struct service_options *options = service_options(fallback->service);
    const char *peer = ugrpc_call_peer(call);
    char key[KEY_MAX], text[512];
    snprintf(key, sizeof(key), "%s %.*s", package, rpc_machine_len(peer), peer);
    if (!seen_before(fallback, key) && options->note) {
        snprintf(text, sizeof(text), "a client at %.*s speaks %s; this gateway serves %s",
            rpc_machine_len(peer), peer, package, served);
        options->note(text, options->note_userdata);
    }
}

static void begin(struct ugrpc_call *call, const void *request, const void *servicer, void *userdata)
{
    struct fallback *fallback = userdata;
    const char *method = ugrpc_call_method(call);
    char served[256], package[64];
    service_list_versions(fallback->server, served, sizeof(served));
    if (other_version(fallback->server, method, package, sizeof(package))) {
        tell_once(fallback, call, package, served);
        ugrpc_call_fail(
            call, UGRPC_UNIMPLEMENTED, "%s is not served here; this gateway serves %s", package, served);
        return;
    }
    ugrpc_call_fail(call, UGRPC_UNIMPLEMENTED, "no method %s; this gateway serves %s", method, served);
}

static const struct ugrpc_handler handler = {.begin = begin};

static void fallback_free(struct service_part *part)
{
    free(container_of(part, struct fallback, part));
}

int service_add_fallback(struct service *service, struct ugrpc_server *server, struct ugrpc_status *st)
{
    struct fallback *fallback = calloc(1, sizeof(*fallback));
    if (!fallback) {
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "no memory for the service");
    }
    fallback->part.free = fallback_free;
    fallback->service = service;
    fallback->server = server;
    service_adopt(service, &fallback->part);
    ugrpc_server_set_fallback(server, &handler, NULL, fallback);
    return 0;
}
