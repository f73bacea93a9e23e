/* SPDX-License-Identifier: MIT */
#include "fake_server.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ugrpc/decode.h"
#include "ugrpc/serving.h"

struct ugrpc_server {
    struct {
        const struct ugrpc_service *service, *alias; /* alias NULL: under its own name */
        const struct ugrpc_handler *handlers;
        const void *servicer;
        void *userdata;
    } services[FAKE_MAX];
    size_t n_services;
    struct {
        const struct ugrpc_interceptor *interceptor;
        void *userdata;
    } interceptors[FAKE_MAX];
    size_t n_interceptors;
    const struct ugrpc_handler *fallback;
    const void *fallback_servicer;
    void *fallback_userdata;
    char peer[64], identity[64];
    uint64_t connection_id;
    const struct rights *rights;
    bool not_serving;
    serving_fn *serving_watcher;
    void *serving_userdata;
    struct {
        void *memory;
        void (*free_fn)(void *memory);
    } kept[FAKE_MAX];
    size_t n_kept;
};

size_t fake_messages;

struct ugrpc_server *fake_server_new(void)
{
    struct ugrpc_server *server = calloc(1, sizeof(*server));
    fake_server_set_peer(server, "127.0.0.1:4711", 1, "");
    return server;
}

void fake_server_free(struct ugrpc_server *server)
{
    for (size_t i = server->n_kept; i > 0; i--) {
        server->kept[i - 1].free_fn(server->kept[i - 1].memory);
    }
    free(server);
}

void fake_server_set_peer(
    struct ugrpc_server *server, const char *peer, uint64_t connection_id, const char *identity)
{
    snprintf(server->peer, sizeof(server->peer), "%s", peer);
    snprintf(server->identity, sizeof(server->identity), "%s", identity);
    server->connection_id = connection_id;
}

void fake_server_set_rights(struct ugrpc_server *server, const struct rights *rights)
{
    server->rights = rights;
}

int ugrpc_server_add_service(struct ugrpc_server *server, const struct ugrpc_service *service,
    const struct ugrpc_handler *handlers, const void *servicer, void *userdata, struct ugrpc_status *st)
{
    assert(server->n_services < FAKE_MAX);
    server->services[server->n_services].service = service;
    server->services[server->n_services].handlers = handlers;
    server->services[server->n_services].servicer = servicer;
    server->services[server->n_services++].userdata = userdata;
    return 0;
}

int ugrpc_server_add_alias(struct ugrpc_server *server, const struct ugrpc_service *alias,
    const struct ugrpc_service *service, struct ugrpc_status *st)
{
    assert(server->n_services < FAKE_MAX);
    for (size_t i = 0; i < server->n_services; i++) {
        if (server->services[i].service == service) {
            server->services[server->n_services] = server->services[i];
            server->services[server->n_services++].alias = alias;
            return 0;
        }
    }
    return -UGRPC_NOT_FOUND;
}

void ugrpc_server_set_fallback(
    struct ugrpc_server *server, const struct ugrpc_handler *handler, const void *servicer, void *userdata)
{
    server->fallback = handler;
    server->fallback_servicer = servicer;
    server->fallback_userdata = userdata;
}

static const struct ugrpc_service *name_of(const struct ugrpc_server *server, size_t index)
{
    return server->services[index].alias ? server->services[index].alias : server->services[index].service;
}

const struct ugrpc_service *ugrpc_server_service(const struct ugrpc_server *server, size_t index)
{
    return index < server->n_services ? name_of(server, index) : NULL;
}

int ugrpc_server_add_interceptor(
    struct ugrpc_server *server, const struct ugrpc_interceptor *interceptor, void *userdata)
{
    assert(server->n_interceptors < FAKE_MAX);
    server->interceptors[server->n_interceptors].interceptor = interceptor;
    server->interceptors[server->n_interceptors++].userdata = userdata;
    return 0;
}

/* ---- health ---- */

int server_serving(const struct ugrpc_server *server, const char *service)
{
    bool known = !*service;
    for (size_t i = 0; i < server->n_services; i++) {
        known |= strcmp(name_of(server, i)->name, service) == 0;
    }
    return known ? !server->not_serving : -1;
}

const char *server_serving_name(const struct ugrpc_server *server, size_t index)
{
    return index == 0 ? "" : index <= server->n_services ? name_of(server, index - 1)->name : NULL;
}

void server_watch_serving(struct ugrpc_server *server, serving_fn *fn, void *userdata)
{
    server->serving_watcher = fn;
    server->serving_userdata = userdata;
}

void server_keep(struct ugrpc_server *server, void *memory, void (*free_fn)(void *memory))
{
    assert(server->n_kept < FAKE_MAX);
    server->kept[server->n_kept].memory = memory;
    server->kept[server->n_kept++].free_fn = free_fn;
}

void fake_server_set_serving(struct ugrpc_server *server, bool serving)
{
    server->not_serving = !serving;
    if (server->serving_watcher) {
        server->serving_watcher("", server->serving_userdata);
    }
}

/* ---- calls ---- */

static void run(struct ugrpc_call *call, const struct ugrpc_handler *handler, const void *servicer,
    void *userdata, const uint8_t *data, size_t len)
{
    struct ugrpc_status st;
    const void *request = decode_message(call->info->request, data, len, &call->arena, &st);
    if (!request) {
        ugrpc_call_fail_status(call, &st);
        return;
    }
    if (call->info->kind < UGRPC_CLIENT_STREAMING) {
        handler->begin(call, request, servicer, userdata);
        return;
    }
    handler->begin(call, NULL, servicer, userdata);
    if (!call->finished) {
        handler->message(call, request, servicer, userdata);
    }
    if (!call->finished) {
        handler->end(call, servicer, userdata);
    }
}

/* Finds the method and runs its handler. */
static void dispatch(struct ugrpc_server *server, struct ugrpc_call *call, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < server->n_interceptors; i++) {
        struct ugrpc_status st;
        const struct ugrpc_interceptor *interceptor = server->interceptors[i].interceptor;
        if (interceptor->begin && interceptor->begin(call, server->interceptors[i].userdata, &st)) {
            ugrpc_call_fail_status(call, &st);
            return;
        }
    }
    for (size_t i = 0; i < server->n_services; i++) {
        const struct ugrpc_service *service = server->services[i].service;
        const char *name = name_of(server, i)->name;
        size_t n = strlen(name);
        if (strncmp(call->method + 1, name, n) != 0 || call->method[n + 1] != '/') {
            continue;
        }
        for (size_t j = 0; j < service->n_methods; j++) {
            if (strcmp(call->method + n + 2, service->methods[j].name) != 0) {
                continue;
            }
            call->info = &service->methods[j];
            run(call, &server->services[i].handlers[j], server->services[i].servicer,
                server->services[i].userdata, data, len);
            return;
        }
    }
    if (server->fallback) {
        struct ugrpc_bytes bytes = {data, len};
        server->fallback->begin(call, &bytes, server->fallback_servicer, server->fallback_userdata);
        return;
    }
    ugrpc_call_fail(call, UGRPC_UNIMPLEMENTED, "no such method");
}

struct ugrpc_call *fake_call_bytes(
    struct ugrpc_server *server, const char *method, const uint8_t *data, size_t len)
{
    struct ugrpc_call *call = calloc(1, sizeof(*call));
    call->room = -1;
    call->server = server;
    call->connection_id = server->connection_id;
    call->rights = server->rights;
    snprintf(call->method, sizeof(call->method), "%s", method);
    snprintf(call->peer, sizeof(call->peer), "%s", server->peer);
    snprintf(call->identity, sizeof(call->identity), "%s", server->identity);
    dispatch(server, call, data, len);
    return call;
}

struct ugrpc_call *fake_call(struct ugrpc_server *server, const char *method, const ProtobufCMessage *request)
{
    uint8_t data[65536];
    assert(protobuf_c_message_get_packed_size(request) <= sizeof(data));
    return fake_call_bytes(server, method, data, protobuf_c_message_pack(request, data));
}

void fake_call_cancel(struct ugrpc_call *call)
{
    if (!call->finished && !call->cancelled) {
        call->cancelled = true;
        if (call->events) {
            call->events->on_cancel(call, call->userdata);
        }
    }
}

void fake_call_make_room(struct ugrpc_call *call, int room)
{
    call->room = room;
    if (call->full && !call->finished) {
        call->full = false;
        call->events->on_ready(call, call->userdata);
    }
}

void *fake_call_message(const struct ugrpc_call *call, size_t index)
{
    if (index >= call->n_sent) {
        return NULL;
    }
    return protobuf_c_message_unpack(
        call->info->reply, NULL, call->sent[index]->len, call->sent[index]->data);
}

void fake_call_free(struct ugrpc_call *call)
{
    if (!call) {
        return;
    }
    fake_call_cancel(call);
    for (size_t i = 0; i < call->n_sent; i++) {
        ugrpc_message_unref(call->sent[i]);
    }
    arena_done(&call->arena);
    free(call);
}

static void finish(struct ugrpc_call *call)
{
    const struct ugrpc_server *server = call->server;
    assert(!call->finished);
    for (size_t i = 0; server && i < server->n_interceptors; i++) {
        if (server->interceptors[i].interceptor->end) {
            server->interceptors[i].interceptor->end(call, &call->status, server->interceptors[i].userdata);
        }
    }
    call->finished = true;
    call->events = NULL;
}

static void keep(struct ugrpc_call *call, struct ugrpc_message *message)
{
    assert(call->n_sent < FAKE_MAX);
    call->sent[call->n_sent++] = ugrpc_message_ref(message);
}

void ugrpc_call_reply_message(struct ugrpc_call *call, struct ugrpc_message *reply)
{
    finish(call);
    keep(call, reply);
}

void ugrpc_call_reply(struct ugrpc_call *call, const struct ProtobufCMessage *reply)
{
    assert(reply->descriptor == call->info->reply);
    struct ugrpc_message *message = ugrpc_message_pack(reply);
    ugrpc_call_reply_message(call, message);
    ugrpc_message_unref(message);
}

int ugrpc_call_set_trailing(struct ugrpc_call *call, const char *key, const void *value, size_t len)
{
    snprintf(call->trailing, sizeof(call->trailing), "%s: %.*s", key, (int)len, (const char *)value);
    return 0;
}

void ugrpc_call_end(struct ugrpc_call *call)
{
    finish(call);
}

void ugrpc_call_fail(struct ugrpc_call *call, enum ugrpc_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    ugrpc_status_vset(&call->status, code, format, args);
    va_end(args);
    finish(call);
}

void ugrpc_call_fail_status(struct ugrpc_call *call, const struct ugrpc_status *st)
{
    call->status = *st;
    finish(call);
}

enum ugrpc_sent ugrpc_call_send_message(struct ugrpc_call *call, struct ugrpc_message *message)
{
    assert(!call->finished);
    if (call->on_send) {
        call->on_send(call);
    }
    if (call->cancelled) {
        return UGRPC_GONE;
    }
    if (call->room == 0) {
        call->full = true;
        return UGRPC_FULL;
    }
    call->room -= call->room > 0;
    keep(call, message);
    return UGRPC_SENT;
}

enum ugrpc_sent ugrpc_call_send(struct ugrpc_call *call, const struct ProtobufCMessage *message)
{
    struct ugrpc_message *packed = ugrpc_message_pack(message);
    enum ugrpc_sent sent = ugrpc_call_send_message(call, packed);
    ugrpc_message_unref(packed);
    return sent;
}

void ugrpc_call_set_send_limit(struct ugrpc_call *call, size_t bytes)
{
    call->send_limit = bytes;
}

void ugrpc_call_send_initial(struct ugrpc_call *call)
{
}

void ugrpc_call_watch(struct ugrpc_call *call, const struct ugrpc_call_events *events, void *userdata)
{
    call->events = events;
    call->userdata = userdata;
}

const char *ugrpc_call_method(const struct ugrpc_call *call)
{
    return call->method;
}

const char *ugrpc_call_peer(const struct ugrpc_call *call)
{
    return call->peer;
}

const char *ugrpc_call_identity(const struct ugrpc_call *call)
{
    return call->identity[0] ? call->identity : NULL;
}

const void *ugrpc_call_identity_data(const struct ugrpc_call *call)
{
    return call->rights;
}

void ugrpc_call_set_subject(struct ugrpc_call *call, const char *name, uint64_t id)
{
    snprintf(call->subject, sizeof(call->subject), "%s", name);
    call->subject_id = id;
}

uint64_t ugrpc_call_connection_id(const struct ugrpc_call *call)
{
    return call->connection_id;
}

struct ugrpc_message *ugrpc_message_new(size_t len, uint8_t **data)
{
    struct ugrpc_message *message = calloc(1, sizeof(*message) + len);
    message->refs = 1;
    message->len = len;
    *data = message->data;
    fake_messages++;
    return message;
}

struct ugrpc_message *ugrpc_message_pack(const struct ProtobufCMessage *message)
{
    uint8_t *data;
    struct ugrpc_message *packed = ugrpc_message_new(protobuf_c_message_get_packed_size(message), &data);
    protobuf_c_message_pack(message, data);
    return packed;
}

struct ugrpc_message *ugrpc_message_ref(struct ugrpc_message *message)
{
    if (message) {
        message->refs++;
    }
    return message;
}

void ugrpc_message_unref(struct ugrpc_message *message)
{
    if (message && --message->refs == 0) {
        fake_messages--;
        free(message);
    }
}

size_t ugrpc_message_len(const struct ugrpc_message *message)
{
    return message->len;
}
