/* SPDX-License-Identifier: MIT */
/* One interceptor of every call, which looks at its end only. What a call was about its handler has said
 * (ugrpc_call_set_subject()). */
#include "daemon/call_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ugrpc/server.h>

#include "base/log.h"
#include "daemon/refusals.h"
#include "service/rpc.h"

struct call_log {
    const struct ugrpc_server *server;
    struct refusals *refusals;
    bool quiet;
};

/* "/package.Service/Method" is of a service that this gateway has. */
static bool is_served(const struct ugrpc_server *server, const char *path)
{
    const struct ugrpc_service *service;
    for (size_t i = 0; (service = ugrpc_server_service(server, i)); i++) {
        size_t len = strlen(service->name);
        if (strncmp(path + 1, service->name, len) == 0 && path[len + 1] == '/') {
            return true;
        }
    }
    return false;
}

/* A call that was refused or failed, not one that its caller or a deadline ended; nor one to another version
 * of the API, of which the service tells by itself. */
static bool is_refusal(const struct call_log *log, const char *path, const struct ugrpc_status *st)
{
    if (st->code == UGRPC_UNIMPLEMENTED && !is_served(log->server, path)) {
        return false;
    }
    return st->code != UGRPC_OK && st->code != UGRPC_CANCELLED && st->code != UGRPC_DEADLINE_EXCEEDED &&
           st->code != UGRPC_ABORTED;
}

static void on_end(struct ugrpc_call *call, const struct ugrpc_status *st, void *userdata)
{
    struct call_log *log = userdata;
    const char *peer = ugrpc_call_peer(call), *who = ugrpc_call_identity(call);
    const char *method = rpc_method(call);
    bool refused = is_refusal(log, ugrpc_call_method(call), st) && !log->quiet;
    uint64_t id;
    const char *name = ugrpc_call_subject(call, &id);
    if (log_enabled(LOG_LEVEL_DEBUG)) {
        log_write(LOG_LEVEL_DEBUG, name, id, "%s from %s%s%s%s: %s%s%s", method, peer, who ? " (" : "",
            who ? who : "", who ? ")" : "", ugrpc_code_name((int)st->code), *st->message ? ": " : "",
            st->message);
    }
    if (!refused) {
        return;
    }
    char caller[REFUSALS_CALLER_BYTES];
    snprintf(
        caller, sizeof(caller), "%s%s%.*s", who ? who : "", who ? " at " : "", rpc_machine_len(peer), peer);
    refusals_add(log->refusals, &(struct refusal){
                                    .caller = caller,
                                    .method = method,
                                    .name = name,
                                    .id = id,
                                    .st = st,
                                });
}

static void tell(const char *name, uint64_t id, const char *text, void *userdata)
{
    log_write(LOG_LEVEL_INFO, name, id, "%s", text);
}

static const struct ugrpc_interceptor interceptor = {.end = on_end};

struct call_log *call_log_new(struct timers *timers, struct ugrpc_server *server)
{
    struct call_log *log = calloc(1, sizeof(*log));
    if (!log || ugrpc_server_add_interceptor(server, &interceptor, log) < 0) {
        abort();
    }
    log->server = server;
    log->refusals = refusals_new(timers, tell, log);
    return log;
}

void call_log_quiet(struct call_log *log)
{
    log->quiet = true;
}

void call_log_free(struct call_log *log)
{
    if (log) {
        refusals_free(log->refusals);
        free(log);
    }
}
