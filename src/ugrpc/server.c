/* SPDX-License-Identifier: MIT */
/* A server's life: options, services, listeners, connections, shutdown. What it does with calls is in
 * dispatch.c and call.c. */
#include "ugrpc/server_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "net/listener.h"
#include "net/tls.h"
#include "ugrpc/serving.h"

struct ugrpc_server_tls {
    struct tls *tls;
};

struct kept {
    struct kept *next;
    void *memory;
    void (*free_fn)(void *memory);
};

/* What was said of a service's health; of any name, so that others than services can have one. */
struct said {
    struct said *next;
    bool serving;
    char service[];
};

/* Who wants to know of the end of a shutdown. */
struct farewell {
    struct farewell *next;
    void (*done)(void *userdata);
    void *userdata;
};

struct serving {
    struct said *said;
    serving_fn *watcher;
    void *userdata;
    struct kept *kept;
};

/* ---- new and free ---- */

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
    return value ? value : fallback;
}

#define FAREWELL_NS (100 * NS_PER_MS) /* for the last statuses to leave */

static void on_shutdown_timer(struct timer *timer, void *userdata);
static void on_streams_timer(struct timer *timer, void *userdata);

struct ugrpc_server *ugrpc_server_new(
    struct ugrpc_loop *loop, const struct ugrpc_server_options *options, struct ugrpc_status *st)
{
    static const struct ugrpc_server_options defaults;
    const struct ugrpc_server_options *o = options ? options : &defaults;
    struct ugrpc_server *server = calloc(1, sizeof(*server));
    if (!server || !(server->serving = calloc(1, sizeof(*server->serving)))) {
        free(server);
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        return NULL;
    }
    server->loop = loop;
    server->limits = (struct session_limits){
        .max_streams = or_default(o->max_streams, 128),
        .max_header_bytes = or_default(o->max_header_bytes, 16 << 10),
        .max_message_bytes = or_default(o->max_message_bytes, 4 << 20),
        .max_connection_bytes = or_default(o->max_connection_bytes, 16 << 20),
        .handshake_timeout_ms = or_default(o->handshake_timeout_ms, 10000),
        .idle_timeout_ms = o->idle_timeout_ms,
        .keepalive_time_ms = o->keepalive_time_ms ? o->keepalive_time_ms : 30000,
        .keepalive_timeout_ms = o->keepalive_timeout_ms ? o->keepalive_timeout_ms : 10000,
        .max_resets_per_s = or_default(o->max_resets_per_s, 2000),
    };
    server->max_connections = or_default(o->max_connections, 1024);
    server->reuse_port = o->reuse_port;
    server->log = o->log;
    server->log_userdata = o->log_userdata;
    timer_init(&server->shutdown_timer, on_shutdown_timer, server);
    timer_init(&server->streams_timer, on_streams_timer, server);
    return server;
}

static void close_listeners(struct ugrpc_server *server)
{
    for (size_t i = 0; i < server->n_listeners; i++) {
        listener_free(server->listeners[i]);
        server->listeners[i] = NULL;
    }
}

static void serving_free(struct serving *serving)
{
    while (serving->said) {
        struct said *next = serving->said->next;
        free(serving->said);
        serving->said = next;
    }
    while (serving->kept) {
        struct kept *kept = serving->kept;
        serving->kept = kept->next;
        kept->free_fn(kept->memory);
        free(kept);
    }
    free(serving);
}

void ugrpc_server_free(struct ugrpc_server *server)
{
    if (!server) {
        return;
    }
    struct ugrpc_status why;
    status_set(&why, UGRPC_UNAVAILABLE, "the server is freed");
    server->freeing = true;
    timer_stop(loop_timers(server->loop), &server->shutdown_timer);
    timer_stop(loop_timers(server->loop), &server->streams_timer);
    if (server->shutdown_holds) {
        loop_let_go(server->loop);
    }
    close_listeners(server);
    while (server->peers) {
        session_drop(server->peers->session, &why);
    }
    for (struct ugrpc_call *call = server->calls, *next; call; call = next) {
        next = call->next;
        call->owned = false;
        if (call->pins == 0 && !call->stream.session) { /* else whoever ends it just now frees it */
            call_free(call);
        }
    }
    server->freed = true;
    server_delete_unused(server); /* else this runs within a callback, and whoever called that does it */
}

void server_delete_unused(struct ugrpc_server *server)
{
    if (!server->freed || server->calls || server->pins > 0) {
        return;
    }
    for (size_t i = 0; i < server->n_listeners; i++) {
        free(server->addresses[i]);
    }
    free(server->addresses);
    free(server->listeners);
    free(server->services);
    free(server->interceptors);
    while (server->farewells) {
        struct farewell *farewell = server->farewells;
        server->farewells = farewell->next;
        free(farewell);
    }
    method_table_done(&server->methods);
    serving_free(server->serving);
    free(server);
}

void server_log(struct ugrpc_server *server, enum ugrpc_log_level level, const char *format, ...)
{
    if (!server->log) {
        return;
    }
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    server->log(level, text, server->log_userdata);
}

/* ---- services and interceptors ---- */

/* Makes room for one more in an array; NULL when memory runs out. */
static void *grow(void *array, size_t n, size_t size)
{
    return realloc(array, (n + 1) * size);
}

/* Takes in the service's name; its methods follow. */
static int add_name(struct ugrpc_server *server, const struct ugrpc_service *service, struct ugrpc_status *st)
{
    for (size_t i = 0; i < server->n_services; i++) {
        if (strcmp(server->services[i]->name, service->name) == 0) {
            return status_set(st, UGRPC_ALREADY_EXISTS, "the server has a service %s already", service->name);
        }
    }
    const struct ugrpc_service **services = grow(server->services, server->n_services, sizeof(*services));
    if (!services) {
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
    }
    server->services = services;
    server->services[server->n_services++] = service;
    return 0;
}

int ugrpc_server_add_service(struct ugrpc_server *server, const struct ugrpc_service *service,
    const struct ugrpc_handler *handlers, const void *servicer, void *userdata, struct ugrpc_status *st)
{
    int rc = add_name(server, service, st);
    for (size_t i = 0; i < service->n_methods && !rc; i++) {
        struct method method = {.type = &service->methods[i],
            .handler = &handlers[i],
            .servicer = servicer,
            .userdata = userdata};
        if (method_table_add(&server->methods, service->name, &method) != 0) {
            rc = status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        }
    }
    return rc;
}

static const struct method *find_method(
    const struct ugrpc_server *server, const struct ugrpc_service *service, const char *name)
{
    char path[512];
    int len = snprintf(path, sizeof(path), "/%s/%s", service->name, name);
    return (size_t)len < sizeof(path) ? method_table_find(&server->methods, path, (size_t)len) : NULL;
}

int ugrpc_server_add_alias(struct ugrpc_server *server, const struct ugrpc_service *alias,
    const struct ugrpc_service *service, struct ugrpc_status *st)
{
    for (size_t i = 0; i < alias->n_methods; i++) {
        if (!find_method(server, service, alias->methods[i].name)) {
            return status_set(st, UGRPC_NOT_FOUND,
                "%s cannot stand for %s: the server has no method %s of it", alias->name, service->name,
                alias->methods[i].name);
        }
    }
    int rc = add_name(server, alias, st);
    for (size_t i = 0; i < alias->n_methods && !rc; i++) {
        const struct method *method = find_method(server, service, alias->methods[i].name);
        if (method_table_add(&server->methods, alias->name, method) != 0) {
            rc = status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        }
    }
    return rc;
}

void ugrpc_server_set_fallback(
    struct ugrpc_server *server, const struct ugrpc_handler *handler, const void *servicer, void *userdata)
{
    static const struct ugrpc_method raw = {.name = "", .kind = UGRPC_UNARY};
    server->fallback = (struct method){
        .type = &raw, .handler = handler, .servicer = servicer, .userdata = userdata};
}

const struct ugrpc_service *ugrpc_server_service(const struct ugrpc_server *server, size_t index)
{
    return index < server->n_services ? server->services[index] : NULL;
}

int ugrpc_server_add_interceptor(
    struct ugrpc_server *server, const struct ugrpc_interceptor *interceptor, void *userdata)
{
    struct intercept *all = grow(server->interceptors, server->n_interceptors, sizeof(*all));
    if (!all) {
        return -UGRPC_RESOURCE_EXHAUSTED;
    }
    server->interceptors = all;
    all[server->n_interceptors++] = (struct intercept){interceptor, userdata};
    return 0;
}

bool ugrpc_key_equal(const char *a, const char *b)
{
    /* As long as the longer one: neither length nor content shows in the time it takes. */
    size_t a_len = strlen(a), b_len = strlen(b), len = a_len > b_len ? a_len : b_len;
    volatile unsigned char differs = a_len != b_len;
    for (size_t i = 0; i < len; i++) {
        differs |= (unsigned char)(a[i < a_len ? i : a_len] ^ b[i < b_len ? i : b_len]);
    }
    return !differs;
}

/* ---- health, as far as the server knows it ---- */

static bool is_served(const struct ugrpc_server *server, const char *name)
{
    bool known = !*name;
    for (size_t i = 0; i < server->n_services && !known; i++) {
        known = strcmp(server->services[i]->name, name) == 0;
    }
    return known;
}

const char *server_serving_name(const struct ugrpc_server *server, size_t index)
{
    if (index <= server->n_services) {
        return index == 0 ? "" : server->services[index - 1]->name;
    }
    size_t left = index - server->n_services;
    const struct said *said = server->serving->said;
    while (said && (is_served(server, said->service) || --left > 0)) {
        said = said->next;
    }
    return said ? said->service : NULL;
}

int server_serving(const struct ugrpc_server *server, const char *service)
{
    for (const struct said *said = server->serving->said; said; said = said->next) {
        if (strcmp(said->service, service) == 0) {
            return said->serving && !server->shutting_down;
        }
    }
    return is_served(server, service) ? !server->shutting_down : -1;
}

void server_watch_serving(struct ugrpc_server *server, serving_fn *fn, void *userdata)
{
    server->serving->watcher = fn;
    server->serving->userdata = userdata;
}

void server_keep(struct ugrpc_server *server, void *memory, void (*free_fn)(void *memory))
{
    struct kept *kept = malloc(sizeof(*kept));
    if (!kept) {
        abort(); /* a handful of bytes, at start */
    }
    *kept = (struct kept){server->serving->kept, memory, free_fn};
    server->serving->kept = kept;
}

static void tell_serving(struct ugrpc_server *server, const char *service)
{
    if (server->serving->watcher) {
        server->serving->watcher(service, server->serving->userdata);
    }
}

void ugrpc_server_set_serving(struct ugrpc_server *server, const char *service, bool serving)
{
    struct said **at = &server->serving->said;
    while (*at && strcmp((*at)->service, service) != 0) {
        at = &(*at)->next;
    }
    if (!*at) {
        size_t size = strlen(service) + 1;
        struct said *added = calloc(1, sizeof(*added) + size);
        if (!added) {
            return;
        }
        memcpy(added->service, service, size);
        *at = added;
    }
    (*at)->serving = serving;
    tell_serving(server, service);
}

/* ---- listeners and connections ---- */

struct ugrpc_server_tls *ugrpc_server_tls_new(
    const struct ugrpc_server_tls_options *options, struct ugrpc_status *st)
{
    struct tls_files files = {options->certificate_file, options->key_file, options->client_ca_file,
        options->require_client_certificate};
    struct ugrpc_server_tls *tls = malloc(sizeof(*tls));
    if (!tls) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        return NULL;
    }
    tls->tls = tls_new(&files, st);
    if (!tls->tls) {
        free(tls);
        return NULL;
    }
    return tls;
}

void ugrpc_server_tls_free(struct ugrpc_server_tls *tls)
{
    if (tls) {
        tls_unref(tls->tls);
        free(tls);
    }
}

void peer_unref(struct peer *peer)
{
    if (--peer->refs == 0) {
        free(peer->certificate);
        free(peer);
    }
}

void server_turned_away(struct ugrpc_server *server, const char *peer, const char *why)
{
    uint64_t now_ms = (uint64_t)(loop_now_ns(server->loop) / NS_PER_MS), more;
    char counted[64] = "";
    if (!turned_away_note(&server->turned_away, peer, why, now_ms, &more)) {
        return;
    }
    if (more > 0) {
        snprintf(counted, sizeof(counted), " (and %llu times more before)", (unsigned long long)more);
    }
    server_log(server, UGRPC_LOG_WARNING, "%s%s: %s%s", peer,
        *peer ? ": connection refused" : "connections are refused", why, counted);
}

static void refuse_connection(struct ugrpc_server *server, const char *why)
{
    server->stats.refused_connections++;
    server_turned_away(server, "", why);
}

static void refresh_tls(struct ugrpc_server *server, struct listener *l)
{
    struct ugrpc_status st;
    struct tls *tls = listener_tls(l);
    int rc = tls ? tls_refresh(tls, loop_now_ns(server->loop), &st) : 0;
    if (rc > 0) {
        server_log(server, UGRPC_LOG_INFO, "%s: took the renewed certificate", listener_address(l));
    } else if (rc < 0) {
        server_log(server, UGRPC_LOG_ERROR,
            "%s: the renewed certificate is not usable, the old one stays: %s", listener_address(l),
            st.message);
    }
}

static void accept_one(struct ugrpc_server *server, struct listener *l, int fd, const struct address *from)
{
    struct ugrpc_status st;
    struct peer *peer = calloc(1, sizeof(*peer) + 128);
    if (!peer) {
        close(fd);
        refuse_connection(server, "out of memory");
        return;
    }
    refresh_tls(server, l);
    struct session *s = session_accept(
        server->loop, fd, from, listener_tls(l), &server_role, &server->limits, &server->counters, peer, &st);
    if (!s) {
        refuse_connection(server, st.message);
        free(peer);
        return;
    }
    peer->refs = 1;
    peer->server = server;
    peer->session = s;
    peer->id = ++server->next_peer_id;
    peer->secure = listener_tls(l) != NULL;
    strncpy(peer->address, session_peer(s), 127);
    peer->next = server->peers;
    if (server->peers) {
        server->peers->prev = peer;
    }
    server->peers = peer;
    server->stats.connections++;
    server->stats.open_connections++;
    if (server->stats.open_connections > server->max_connections) {
        char text[64];
        snprintf(text, sizeof(text), "%u are open, the limit", server->max_connections);
        refuse_connection(server, text);
        status_set(&st, UGRPC_RESOURCE_EXHAUSTED, "too many connections");
        session_drop(s, &st);
    }
}

static void on_connection(
    struct listener *l, int fd, const struct address *from, const struct ugrpc_status *why, void *userdata)
{
    struct ugrpc_server *server = userdata;
    if (fd >= 0) {
        accept_one(server, l, fd, from);
    } else {
        refuse_connection(server, why->message);
    }
}

static void end_shutdown(struct ugrpc_server *server)
{
    timer_start_in(loop_timers(server->loop), &server->shutdown_timer, 0);
}

void server_peer_gone(struct ugrpc_server *server, struct peer *peer, const struct ugrpc_status *why)
{
    if (peer->prev) {
        peer->prev->next = peer->next;
    } else {
        server->peers = peer->next;
    }
    if (peer->next) {
        peer->next->prev = peer->prev;
    }
    server->stats.open_connections--;
    server_log(server, UGRPC_LOG_DEBUG, "%s: connection closed: %s", peer->address, why->message);
    peer_unref(peer);
    if (server->shutting_down && !server->peers && !server->freeing) {
        end_shutdown(server);
    }
}

static int refuse_after_shutdown(struct ugrpc_status *st)
{
    return status_set(st, UGRPC_FAILED_PRECONDITION, "the server has been shut down");
}

int ugrpc_server_listen(
    struct ugrpc_server *server, const char *address, struct ugrpc_server_tls *tls, struct ugrpc_status *st)
{
    struct ugrpc_status unwanted;
    st = st ? st : &unwanted; /* its code is wanted in any case */
    if (server->shutting_down) {
        return refuse_after_shutdown(st);
    }
    struct listener *l = listener_new(
        ugrpc_loop_uv(server->loop), address, tls ? tls->tls : NULL, server->reuse_port, st);
    if (!l) {
        return -(int)st->code;
    }
    struct listener **listeners = grow(server->listeners, server->n_listeners, sizeof(struct listener *));
    server->listeners = listeners ? listeners : server->listeners;
    char **addresses = grow(server->addresses, server->n_listeners, sizeof(char *));
    server->addresses = addresses ? addresses : server->addresses;
    char *text = strdup(listener_address(l));
    if (!listeners || !addresses || !text) {
        free(text);
        listener_free(l);
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
    }
    server->addresses[server->n_listeners] = text;
    server->listeners[server->n_listeners++] = l;
    return server->started ? listener_start(l, on_connection, server, st) : 0;
}

const char *ugrpc_server_address(const struct ugrpc_server *server, size_t index)
{
    return index < server->n_listeners ? server->addresses[index] : NULL;
}

int ugrpc_server_start(struct ugrpc_server *server, struct ugrpc_status *st)
{
    if (server->shutting_down) {
        return refuse_after_shutdown(st);
    }
    server->started = true;
    for (size_t i = 0; i < server->n_listeners; i++) {
        int rc = listener_start(server->listeners[i], on_connection, server, st);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

/* ---- shutdown ---- */

/* In the order of asking. Any of them may free the server, or shut it down once more. */
static void finish_shutdown(struct ugrpc_server *server)
{
    struct farewell *farewells = server->farewells;
    server->farewells = NULL;
    if (server->shutdown_holds) {
        server->shutdown_holds = false;
        loop_let_go(server->loop);
    }
    while (farewells) {
        struct farewell *farewell = farewells;
        farewells = farewell->next;
        farewell->done(farewell->userdata);
        free(farewell);
    }
}

static void add_farewell(struct ugrpc_server *server, void (*done)(void *userdata), void *userdata)
{
    struct farewell **end = &server->farewells, *farewell = malloc(sizeof(*farewell));
    if (!farewell) {
        abort(); /* its caller would wait for ever */
    }
    while (*end) {
        end = &(*end)->next;
    }
    *farewell = (struct farewell){NULL, done, userdata};
    *end = farewell;
}

static void unpin(struct ugrpc_server *server)
{
    server->pins--;
    server_delete_unused(server);
}

/* Streams, or all calls, end with UNAVAILABLE. The server may be freed meanwhile. */
static void end_calls(struct ugrpc_server *server, bool unary_too)
{
    struct ugrpc_status st;
    status_set(&st, UGRPC_UNAVAILABLE, "the server is shutting down");
    /* A handler may finish other calls from within on_cancel, so the search begins anew after each. */
    for (struct ugrpc_call *call = server->calls; call && !server->freeing;) {
        bool unary = !call->method || call->method->type->kind == UGRPC_UNARY;
        if (!call->concluded && (unary_too || !unary)) {
            call_abort(call, &st);
            call = server->calls;
        } else {
            call = call->next;
        }
    }
}

/* A turn after what health watchers were told has been sent. */
static void on_streams_timer(struct timer *timer, void *userdata)
{
    struct ugrpc_server *server = userdata;
    server->pins++;
    end_calls(server, false);
    unpin(server);
}

/* The grace is over: first the calls get their status, in the next turn the connections are closed. */
static void on_shutdown_timer(struct timer *timer, void *userdata)
{
    struct ugrpc_server *server = userdata;
    struct ugrpc_status why;
    status_set(&why, UGRPC_UNAVAILABLE, "the server is shutting down");
    server->pins++;
    if (!server->peers) {
        finish_shutdown(server);
    } else if (!server->unary_ended) {
        server->unary_ended = true;
        for (struct peer *peer = server->peers, *next; peer; peer = next) {
            next = peer->next;
            session_shutdown(peer->session, true);
        }
        end_calls(server, true);
        if (!server->freeing) {
            timer_start_in(loop_timers(server->loop), timer, FAREWELL_NS);
        }
    } else {
        while (server->peers) {
            session_drop(server->peers->session, &why);
        }
    }
    unpin(server);
}

void ugrpc_server_shutdown(
    struct ugrpc_server *server, int64_t grace_ms, void (*done)(void *userdata), void *userdata)
{
    if (done) {
        add_farewell(server, done, userdata);
    }
    if (!server->shutdown_holds) {
        server->shutdown_holds =
            true; /* with the last connection closed nothing else would keep it running */
        loop_hold(server->loop);
    }
    if (!server->shutting_down) {
        server->shutting_down = true;
        close_listeners(server);
        tell_serving(server, "");
        for (size_t i = 0; i < server->n_services; i++) {
            tell_serving(server, server->services[i]->name);
        }
        for (struct peer *peer = server->peers, *next; peer; peer = next) {
            next = peer->next;
            session_shutdown(peer->session, false);
        }
        timer_start_in(loop_timers(server->loop), &server->streams_timer, 0);
    }
    timer_start_in(
        loop_timers(server->loop), &server->shutdown_timer, server->peers ? grace_ms * NS_PER_MS : 0);
}

void ugrpc_server_read_stats(const struct ugrpc_server *server, struct ugrpc_server_stats *stats)
{
    *stats = server->stats;
    stats->messages_in = server->counters.messages_in;
    stats->messages_out = server->counters.messages_out;
    stats->bytes_in = server->counters.bytes_in;
    stats->bytes_out = server->counters.bytes_out;
}

const char *ugrpc_version(void)
{
    return UGRPC_VERSION;
}
