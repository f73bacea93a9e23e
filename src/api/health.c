/* SPDX-License-Identifier: MIT */
/* grpc.health.v1 for every service of a server. The server knows who is well (ugrpc/serving.h); a watcher is
 * told of changes, and a slow one gets the newest state when it has room again. */
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "grpc/health/v1/health.ugrpc.h"
#include "ugrpc/serving.h"

#define LIST_MAX 100 /* as the service's own definition says */

/* One Watch call. */
struct watch {
    struct health *health;
    struct ugrpc_call *call;
    struct watch *next, **link;
    int told; /* what it was last told */
    char service[];
};

struct health {
    struct ugrpc_server *server;
    struct watch *watches;
};

static int status_of(const struct ugrpc_server *server, const char *service)
{
    switch (server_serving(server, service)) {
    case 1:
        return UGRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_SERVING;
    case 0:
        return UGRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_NOT_SERVING;
    default:
        return UGRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_SERVICE_UNKNOWN;
    }
}

static void check(struct ugrpc_call *call, const ugrpc_health_v1_health_check_request *req, void *userdata)
{
    const struct health *health = userdata;
    ugrpc_health_v1_health_check_response reply = UGRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_INIT;
    reply.status = status_of(health->server, req->service);
    if (reply.status == UGRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_SERVICE_UNKNOWN) {
        ugrpc_call_fail(call, UGRPC_NOT_FOUND, "this server has no service \"%s\"", req->service);
        return;
    }
    ugrpc_health_v1_check_reply(call, &reply);
}

static void list(struct ugrpc_call *call, const ugrpc_health_v1_health_list_request *req, void *userdata)
{
    const struct health *health = userdata;
    ugrpc_health_v1_health_check_response statuses[LIST_MAX];
    ugrpc_health_v1_health_list_response_statuses_entry entries[LIST_MAX];
    ugrpc_health_v1_health_list_response_statuses_entry *pointers[LIST_MAX];
    ugrpc_health_v1_health_list_response reply = UGRPC_HEALTH_V1_HEALTH_LIST_RESPONSE_INIT;
    size_t n = 0;
    for (const char *name; (name = server_serving_name(health->server, n)); n++) {
        if (n == LIST_MAX) {
            ugrpc_call_fail(call, UGRPC_RESOURCE_EXHAUSTED, "more than %d services", LIST_MAX);
            return;
        }
        ugrpc_health_v1_health_check_response_init(&statuses[n]);
        ugrpc_health_v1_health_list_response_statuses_entry_init(&entries[n]);
        statuses[n].status = status_of(health->server, name);
        entries[n].key = (char *)name;
        entries[n].value = &statuses[n];
        pointers[n] = &entries[n];
    }
    reply.n_statuses = n;
    reply.statuses = pointers;
    ugrpc_health_v1_list_reply(call, &reply);
}

/* Tells what is new; when there is no room, on_ready() comes back here. */
static void tell(struct watch *watch)
{
    ugrpc_health_v1_health_check_response reply = UGRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_INIT;
    reply.status = status_of(watch->health->server, watch->service);
    if ((int)reply.status != watch->told && ugrpc_health_v1_watch_send(watch->call, &reply) == UGRPC_SENT) {
        watch->told = (int)reply.status;
    }
}

static void on_ready(struct ugrpc_call *call, void *userdata)
{
    tell(userdata);
}

static void watch_free(struct watch *watch)
{
    *watch->link = watch->next;
    if (watch->next) {
        watch->next->link = watch->link;
    }
    free(watch);
}

static void on_cancel(struct ugrpc_call *call, void *userdata)
{
    watch_free(userdata);
    ugrpc_call_end(call);
}

static void watch(struct ugrpc_call *call, const ugrpc_health_v1_health_check_request *req, void *userdata)
{
    static const struct ugrpc_call_events events = {on_ready, on_cancel};
    struct health *health = userdata;
    size_t len = strlen(req->service) + 1;
    struct watch *watch = calloc(1, sizeof(*watch) + len);
    if (!watch) {
        ugrpc_call_fail(call, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        return;
    }
    memcpy(watch->service, req->service, len);
    watch->health = health;
    watch->call = call;
    watch->told = -1;
    watch->next = health->watches;
    watch->link = &health->watches;
    if (watch->next) {
        watch->next->link = &watch->next;
    }
    health->watches = watch;
    ugrpc_call_set_send_limit(call, 1);
    ugrpc_call_watch(call, &events, watch);
    tell(watch);
}

static void on_change(const char *service, void *userdata)
{
    struct health *health = userdata;
    for (struct watch *watch = health->watches; watch; watch = watch->next) {
        tell(watch);
    }
}

/* Calls that are still open end before the server frees what it keeps. */
static void health_free(void *memory)
{
    struct health *health = memory;
    for (struct watch *watch = health->watches, *next; watch; watch = next) {
        next = watch->next;
        watch_free(watch);
    }
    free(health);
}

int ugrpc_server_add_health(struct ugrpc_server *server, struct ugrpc_status *st)
{
    static const struct ugrpc_health_v1_servicer servicer = {.check = check, .list = list, .watch = watch};
    struct health *health = calloc(1, sizeof(*health));
    if (!health) {
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
    }
    health->server = server;
    int rc = ugrpc_health_v1_add_servicer_to_server(server, &servicer, health);
    if (rc) {
        free(health);
        return status_set(st, (enum ugrpc_code) - rc, "the health service cannot be added");
    }
    server_keep(server, health, health_free);
    server_watch_serving(server, on_change, health);
    return 0;
}
