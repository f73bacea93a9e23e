/* SPDX-License-Identifier: MIT */
/* A gRPC server. It does all its work on the loop it was made with, so no handler needs a lock; several
 * servers on several loops may share a port (reuse_port). No process-wide state. */
#ifndef UGRPC_SERVER_H
#define UGRPC_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ugrpc/call.h>
#include <ugrpc/loop.h>
#include <ugrpc/service.h>
#include <ugrpc/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ugrpc_server;
struct ugrpc_server_tls;

enum ugrpc_log_level { UGRPC_LOG_ERROR, UGRPC_LOG_WARNING, UGRPC_LOG_INFO, UGRPC_LOG_DEBUG };

/* Zero is the default, so name only what you change. */
struct ugrpc_server_options {
    uint32_t max_connections;      /* 1,024; further ones are closed at once */
    uint32_t max_streams;          /* 128 calls at a time on one connection */
    uint32_t max_header_bytes;     /* 16 KiB of request metadata */
    uint32_t max_message_bytes;    /* 4 MiB a request message, also after decompression */
    uint32_t max_connection_bytes; /* 16 MiB of requests and unsent messages on one connection */
    uint32_t handshake_timeout_ms; /* 10 s for TLS and the HTTP/2 preface */
    int64_t idle_timeout_ms;       /* a connection without calls and without pings; 0: for ever */
    int64_t keepalive_time_ms;     /* 30 s of silence, then a ping … */
    int64_t keepalive_timeout_ms;  /* … whose answer may take 10 s */
    uint32_t max_resets_per_s;     /* 2,000 calls cancelled a second on one connection, sustained */
    bool reuse_port;               /* SO_REUSEPORT on TCP listeners */
    void (*log)(enum ugrpc_log_level level, const char *text, void *userdata); /* NULL: silent */
    void *log_userdata;
};

/* TLS 1.2+ with ALPN h2. PEM files; a renewed certificate and key are taken for new connections without
 * restart (a broken pair is logged and the old one stays). */
struct ugrpc_server_tls_options {
    const char *certificate_file; /* chain, leaf first */
    const char *key_file;
    const char *client_ca_file; /* set: ask clients for a certificate signed by one of these */
    bool require_client_certificate;
};

/* Caller frees; listeners keep a reference. NULL with `st` naming the file and the fault. */
UGRPC_API struct ugrpc_server_tls *ugrpc_server_tls_new(
    const struct ugrpc_server_tls_options *options, struct ugrpc_status *st);
UGRPC_API void ugrpc_server_tls_free(struct ugrpc_server_tls *tls);

/* Borrows the loop until ugrpc_server_free(); copies the options. */
UGRPC_API struct ugrpc_server *ugrpc_server_new(
    struct ugrpc_loop *loop, const struct ugrpc_server_options *options, struct ugrpc_status *st);

/* Adds a service (generated code calls this). Borrows everything until ugrpc_server_free(). A second service
 * of the same name is -UGRPC_ALREADY_EXISTS. */
UGRPC_API int ugrpc_server_add_service(struct ugrpc_server *server, const struct ugrpc_service *service,
    const struct ugrpc_handler *handlers, const void *servicer, void *userdata, struct ugrpc_status *st);

/* Serves `alias` by what was added for `service`: for versions of an API whose methods have the same names
 * and the same messages on the wire. Handlers see the messages of `service`. Borrows `alias` until
 * ugrpc_server_free(). -UGRPC_NOT_FOUND when `service` was not added or lacks a method of the alias. */
UGRPC_API int ugrpc_server_add_alias(struct ugrpc_server *server, const struct ugrpc_service *alias,
    const struct ugrpc_service *service, struct ugrpc_status *st);

/* Answers calls that no service has: `begin` gets a struct ugrpc_bytes of the first message, as for a raw
 * unary method. Without it they get UNIMPLEMENTED. */
UGRPC_API void ugrpc_server_set_fallback(
    struct ugrpc_server *server, const struct ugrpc_handler *handler, const void *servicer, void *userdata);

/* The services added so far, in order; NULL past the end. */
UGRPC_API const struct ugrpc_service *ugrpc_server_service(const struct ugrpc_server *server, size_t index);

/* grpc.health.v1 and grpc.reflection.v1/v1alpha for all services of this server, those added later too. */
UGRPC_API int ugrpc_server_add_health(struct ugrpc_server *server, struct ugrpc_status *st);
UGRPC_API int ugrpc_server_add_reflection(struct ugrpc_server *server, struct ugrpc_status *st);
/* Health of one service ("" = the whole server), which is SERVING from start until shutdown unless said
 * otherwise; or of any other name, which has none before. */
UGRPC_API void ugrpc_server_set_serving(struct ugrpc_server *server, const char *service, bool serving);

/* Interceptors see every call: of services, of health and reflection, of methods that nobody has. They run in
 * the order added. begin: when the request's headers are there, before anything is decoded; 0 goes on, a
 * negative code refuses the call with `st`. Credentials are asked for here, by what ugrpc_call_metadata(),
 * ugrpc_call_peer(), ugrpc_call_peer_certificate() and ugrpc_call_secure() tell, and whose they are is told
 * to handlers by ugrpc_call_set_identity():
 *
 *     if (!ugrpc_call_metadata(call, "key", &key) || !ugrpc_key_equal((const char *)key.data, secret)) {
 *         return ugrpc_status_set(st, UGRPC_UNAUTHENTICATED, "metadata \"key\" is not the API key");
 *     }
 *     ugrpc_call_set_identity(call, "operator", NULL);
 *     return 0;
 *
 * end: once for each call that `begin` was called for, with the status it got, and it may add trailing
 * metadata; without a `begin`, for all that come as far as that, also those that another interceptor refuses.
 * Either may be NULL. Borrowed until ugrpc_server_free(). Adding one fails only when memory runs out:
 * -UGRPC_RESOURCE_EXHAUSTED. */
struct ugrpc_interceptor {
    int (*begin)(struct ugrpc_call *call, void *userdata, struct ugrpc_status *st);
    void (*end)(struct ugrpc_call *call, const struct ugrpc_status *st, void *userdata);
};
UGRPC_API int ugrpc_server_add_interceptor(
    struct ugrpc_server *server, const struct ugrpc_interceptor *interceptor, void *userdata);

/* In a time that tells neither's content. */
UGRPC_API bool ugrpc_key_equal(const char *a, const char *b);

/* Binds "127.0.0.1:50051", "[::1]:0", "localhost:50051" or "unix:/path"; port 0 picks a free one. Plain when
 * `tls` is NULL. -UGRPC_ALREADY_EXISTS when the port is in use. May be called several times, before or after
 * start. */
UGRPC_API int ugrpc_server_listen(
    struct ugrpc_server *server, const char *address, struct ugrpc_server_tls *tls, struct ugrpc_status *st);

/* The address of the index-th listener as bound ("127.0.0.1:43121"), or NULL past the end. Lives as long as
 * the server. */
UGRPC_API const char *ugrpc_server_address(const struct ugrpc_server *server, size_t index);

/* Begins to accept. -UGRPC_FAILED_PRECONDITION after a shutdown, as ugrpc_server_listen() then. */
UGRPC_API int ugrpc_server_start(struct ugrpc_server *server, struct ugrpc_status *st);

/* Closes the listeners, sends GOAWAY, sets health to NOT_SERVING, ends streams with UNAVAILABLE at once
 * (their handlers see on_cancel), gives running unary calls `grace_ms`, then closes what is left. `done` runs
 * once, from the loop. Asked again, it takes the new grace; each `done` runs. */
UGRPC_API void ugrpc_server_shutdown(
    struct ugrpc_server *server, int64_t grace_ms, void (*done)(void *userdata), void *userdata);

/* Drops every connection; handlers of open calls see on_cancel before it returns, and must finish their calls
 * there (a call that nobody finishes is freed all the same). NULL is fine. */
UGRPC_API void ugrpc_server_free(struct ugrpc_server *server);

/* For measurements: what the server holds and did. */
struct ugrpc_server_stats {
    uint64_t connections, calls, messages_in, messages_out, bytes_in, bytes_out, refused_connections;
    uint32_t open_connections, open_calls;
};
UGRPC_API void ugrpc_server_read_stats(const struct ugrpc_server *server, struct ugrpc_server_stats *stats);

/* "0.1.0" */
UGRPC_API const char *ugrpc_version(void);

#ifdef __cplusplus
}
#endif
#endif
