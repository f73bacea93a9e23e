/* SPDX-License-Identifier: MIT */
/* The inside of a channel: the way to a server, and the calls that wait for it or use it. */
#ifndef UGRPC_CHANNEL_INTERNAL_H
#define UGRPC_CHANNEL_INTERNAL_H

#include <stdatomic.h>

#include <ugrpc/channel.h>
#include <ugrpc/client.h>

#include "base/timer.h"
#include "net/tls.h"
#include "ugrpc/backoff.h"
#include "ugrpc/loop_internal.h"
#include "ugrpc/session.h"
#include "ugrpc/target.h"

struct lookup;

struct ugrpc_tls_creds {
    struct tls *tls;
    char *server_name; /* NULL: the target's host */
};

/* One connection to the server, which lives as long as its session or a call on it. */
struct transport {
    struct ugrpc_channel *channel;
    struct session *session; /* NULL: lost */
    struct transport *next;  /* of all that have a session */
    unsigned refs;
    bool ready;              /* the server has greeted; before, it is an attempt to connect */
    bool going;              /* the server has said that it takes no new calls */
    struct ugrpc_status why; /* it was lost */
};

struct ugrpc_channel {
    struct ugrpc_loop *loop;
    bool own_loop;
    struct target target;
    struct tls *tls;                /* NULL: plain text */
    char *server_name;              /* who the server must be, then */
    struct ugrpc_call_creds *creds; /* of every call, or NULL */
    char *user_agent, *authority;
    struct session_limits limits;
    struct session_counters counters;
    size_t max_send_bytes; /* 0: no limit */

    enum ugrpc_connectivity state, told_state;
    struct transport *transport;  /* ready, for new calls; NULL: none */
    struct transport *transports; /* that one, attempts to connect, and those that are going */
    struct lookup *lookup;
    struct address *addresses;                        /* looked up; freed before the next lookup */
    const struct address *next_address, *end_address; /* not tried yet */
    int64_t connect_by_ns;                            /* all of them together */
    struct backoff backoff;
    int64_t ready_since_ns;
    bool sent_away; /* soon after it was ready */
    struct timer attempt, retry, tell;
    struct tls_ticket ticket;
    bool any_failed;           /* of the addresses tried since the last failure of all: `cause` is theirs */
    struct ugrpc_status cause; /* of the last failure to connect */

    struct ugrpc_pending *calls; /* all of them */
    struct ugrpc_pending *waiting, **waiting_end;

    void (*changed)(struct ugrpc_channel *channel, enum ugrpc_connectivity state, void *userdata);
    void *userdata;
    unsigned
        pins; /* calls, also those that only wait for their streams to close, and functions on the stack */
    bool freed;
    bool turning; /* a blocking call turns the private loop */
    atomic_bool interrupted;
    struct uv_async_s *interrupt; /* wakes a private loop; its own allocation */
};

/* Gives the call a connection, now or when there is one; or fails it, never before this returns. */
void channel_take(struct ugrpc_channel *channel, struct ugrpc_pending *pending);
/* It does not wait any more. */
void channel_forget(struct ugrpc_channel *channel, struct ugrpc_pending *pending);
/* A stream has ended. */
void channel_on_room(struct ugrpc_channel *channel);

/* Why there is no connection yet, as far as that is known: a text for each address, or "". */
void channel_explain(const struct ugrpc_channel *channel, struct ugrpc_status *why);

void transport_unref(struct transport *transport);

/* The client's role, as far as it is the channel's. */
void channel_on_greeted(struct session *s);
void channel_on_goaway(struct session *s, const nghttp2_goaway *goaway);
void channel_on_ended(struct session *s, const struct ugrpc_status *why);

static inline void channel_pin(struct ugrpc_channel *channel)
{
    channel->pins++;
}
void channel_unpin(struct ugrpc_channel *channel); /* may free it */

#endif
