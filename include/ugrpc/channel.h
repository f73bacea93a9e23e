/* SPDX-License-Identifier: MIT */
/* A gRPC channel: the client's way to one server. It connects when the first call needs it, shares one
 * connection between all calls, and connects again by itself, with gRPC's back-off. It does all its work on
 * one loop: the one it was made with, or a private one, which only the blocking calls turn. One channel, one
 * thread; several channels on several threads are fine. No process-wide state.
 */
#ifndef UGRPC_CHANNEL_H
#define UGRPC_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ugrpc/loop.h>
#include <ugrpc/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ugrpc_call_creds;
struct ugrpc_channel;
struct ugrpc_tls_creds;

/* What a TLS client believes and shows. Files are PEM and read once; the same as text in memory. */
struct ugrpc_tls_options {
    const char *ca_file, *ca_pem;                   /* whom to believe; neither: the system's roots */
    const char *certificate_file, *certificate_pem; /* own chain, leaf first, for servers that ask for one */
    const char *key_file, *key_pem;                 /* and its key */
    const char *server_name; /* expect a certificate for this name instead of the target's host */
};

/* Caller frees with ugrpc_tls_creds_free(); channels keep a reference, also those on other threads. NULL with
 * `st` naming file and fault. */
UGRPC_API struct ugrpc_tls_creds *ugrpc_tls_creds_new(
    const struct ugrpc_tls_options *options, struct ugrpc_status *st);
UGRPC_API void ugrpc_tls_creds_free(struct ugrpc_tls_creds *creds);

/* Zero is the default, so name only what you change. Pointers are borrowed for ugrpc_channel_new(). */
struct ugrpc_channel_options {
    const struct ugrpc_tls_creds *tls;         /* NULL and not insecure: TLS with the system's roots */
    bool insecure;                             /* plain text; together with `tls` an error */
    const struct ugrpc_call_creds *call_creds; /* for every call; refused on an insecure channel */
    const char *authority;                     /* sent instead of the target's host and port */
    const char *user_agent;                    /* before "ugrpc-c/VERSION" */
    int64_t keepalive_time_ms; /* of silence, then a ping; 0: none (10 s at least). Doubled, for this channel,
                                * each time that the server sends GOAWAY with "too_many_pings" (gRFC A8) */
    int64_t keepalive_timeout_ms; /* 20 s for its answer, then the connection is given up */
    bool keepalive_without_calls;
    int64_t connect_timeout_ms;         /* 20 s for connect, TLS and HTTP/2's first frame, all addresses */
    int64_t backoff_ms, max_backoff_ms; /* 1 s, 2 min; grows by 1.6, give or take a fifth */
    uint32_t max_receive_bytes;         /* 4 MiB a message, decompressed; in a stream 16 times that decoded */
    uint32_t max_send_bytes;            /* 0: no limit */
    uint32_t max_header_bytes;          /* 16 KiB of reply metadata */
};

/* `target`: "host:port", "dns:///host:port", "ipv4:10.0.0.7:50051", "ipv6:[::1]:50051", "unix:/run/x.sock";
 * without a port 443 (TLS) or 80. Of several addresses, IPv6 and IPv4 in turns, the next one is tried when
 * 250 ms have passed or the one before has failed, and the first whose server greets is taken. `loop` NULL: a
 * private one, for blocking calls. Borrows the loop until ugrpc_channel_free(). Does not connect yet. NULL
 * with `st`: UGRPC_INVALID_ARGUMENT for the target, contradictory options, or what no header can carry. */
UGRPC_API struct ugrpc_channel *ugrpc_channel_new(struct ugrpc_loop *loop, const char *target,
    const struct ugrpc_channel_options *options, struct ugrpc_status *st);

/* Calls that still run are dropped silently: their callbacks will not run. Blocking streams are closed first.
 * Also from callbacks, but not with a private loop from one that runs within a blocking call. NULL is fine.
 */
UGRPC_API void ugrpc_channel_free(struct ugrpc_channel *channel);

enum ugrpc_connectivity { UGRPC_IDLE, UGRPC_CONNECTING, UGRPC_READY, UGRPC_TRANSIENT_FAILURE };

/* `connect`: begins to connect if it is idle. */
UGRPC_API enum ugrpc_connectivity ugrpc_channel_connectivity(struct ugrpc_channel *channel, bool connect);
/* From the loop after a change (of several in one turn, after the last); NULL stops it. */
UGRPC_API void ugrpc_channel_watch(struct ugrpc_channel *channel,
    void (*changed)(struct ugrpc_channel *channel, enum ugrpc_connectivity state, void *userdata),
    void *userdata);

/* Ends the blocking call that runs on this channel, or the next one to begin, with CANCELLED. Does nothing
 * without a private loop. Any thread, and signal handlers. */
UGRPC_API void ugrpc_channel_interrupt(struct ugrpc_channel *channel);

/* As it was written; lives as long as the channel. */
UGRPC_API const char *ugrpc_channel_target(const struct ugrpc_channel *channel);

#ifdef __cplusplus
}
#endif
#endif
