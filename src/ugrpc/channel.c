/* SPDX-License-Identifier: MIT */
/* A channel's way to its server: IDLE until a call wants it, then lookup, and attempts to connect to one
 * address after the other, which overlap: whose server greets first is taken, READY. Or TRANSIENT_FAILURE
 * and, after the back-off, again, as long as calls wait. */
#include "ugrpc/channel_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <ugrpc/server.h>

#include "net/address.h"
#include "ugrpc/creds_internal.h"
#include "ugrpc/lookup.h"
#include "ugrpc/pending.h"

#define NO_KEEPALIVE_MS  (365 * INT64_C(86400000))
#define MIN_KEEPALIVE_MS 10000
#define MAX_OPTION_MS    (INT64_C(40) * 86400 * 1000)
#define STEADY_NS        NS_PER_S          /* a connection that stood so long was no failure */
#define HEAD_START_NS    (250 * NS_PER_MS) /* of an attempt to connect, before the next one begins */

static void start_waiting(struct ugrpc_channel *channel);

/* ---- state ------------------------------------------------------------------------------------------ */

static void set_state(struct ugrpc_channel *channel, enum ugrpc_connectivity state)
{
    channel->state = state;
    if (channel->changed && !timer_running(&channel->tell)) {
        loop_hold(channel->loop);
        timer_start_in(loop_timers(channel->loop), &channel->tell, 0);
    }
}

static void on_tell(struct timer *timer, void *userdata)
{
    struct ugrpc_channel *channel = userdata;
    loop_let_go(channel->loop);
    if (channel->changed && channel->state != channel->told_state) {
        channel->told_state = channel->state;
        channel->changed(channel, channel->state, channel->userdata);
    }
}

/* Nothing leads to the server now: calls that do not wait for it end. */
static void fail(struct ugrpc_channel *channel, const struct ugrpc_status *why)
{
    channel->cause = *why;
    set_state(channel, UGRPC_TRANSIENT_FAILURE);
    timer_start_in(loop_timers(channel->loop), &channel->retry, backoff_next_ns(&channel->backoff));
    for (struct ugrpc_pending *pending = channel->waiting, *next; pending; pending = next) {
        next = pending->next_waiting;
        if (!pending->wait_for_ready) {
            channel_forget(channel, pending);
            pending_doom(
                pending, UGRPC_UNAVAILABLE, "cannot reach %s: %s", channel->target.shown, why->message);
        }
    }
}

/* ---- connecting ------------------------------------------------------------------------------------- */

/* The first attempt to connect among `transport` and those after it; NULL: there is none. */
static struct transport *attempt_from(struct transport *transport)
{
    while (transport && transport->ready) {
        transport = transport->next;
    }
    return transport;
}

/* A target that is one address names it itself. */
static void add_cause(
    const struct ugrpc_channel *channel, struct ugrpc_status *cause, const char *address, const char *why)
{
    bool named = channel->target.n_addresses != 1;
    size_t used = strlen(cause->message);
    snprintf(cause->message + used, sizeof(cause->message) - used, "%s%s%s%s", used ? "; " : "",
        named ? address : "", named ? ": " : "", why);
}

static void note_failure(struct ugrpc_channel *channel, const char *address, const struct ugrpc_status *why)
{
    if (!channel->any_failed) {
        channel->any_failed = true;
        channel->cause = (struct ugrpc_status){.code = why->code};
    }
    add_cause(channel, &channel->cause, address, why->message);
}

void channel_explain(const struct ugrpc_channel *channel, struct ugrpc_status *why)
{
    const struct transport *attempt = attempt_from(channel->transports);
    *why = channel->cause;
    for (; attempt; attempt = attempt_from(attempt->next)) {
        add_cause(channel, why, session_peer(attempt->session), "no answer yet");
    }
}

static int connect_to(struct ugrpc_channel *channel, const struct address *address, struct ugrpc_status *st)
{
    struct transport *transport = calloc(1, sizeof(*transport));
    if (!transport) {
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
    }
    transport->channel = channel;
    transport->refs = 1;
    transport->session = session_connect(channel->loop, address, channel->tls, channel->server_name,
        &channel->ticket, &client_role, &channel->limits, &channel->counters, transport, st);
    if (!transport->session) {
        free(transport);
        return -(int)st->code;
    }
    transport->next = channel->transports;
    channel->transports = transport;
    return 0;
}

/* One address more, while those before it may still answer; or all have failed. */
static void connect_next(struct ugrpc_channel *channel)
{
    struct timers *timers = loop_timers(channel->loop);
    struct ugrpc_status why;
    bool begun = false;
    while (!begun && channel->next_address < channel->end_address) {
        const struct address *address = channel->next_address++;
        begun = connect_to(channel, address, &why) == 0;
        if (!begun) {
            char text[ADDRESS_TEXT_MAX];
            address_format(address, text);
            note_failure(channel, text, &why);
        }
    }
    if (!attempt_from(channel->transports)) {
        timer_stop(timers, &channel->attempt);
        why = channel->cause;
        fail(channel, &why);
        return;
    }
    int64_t next_ns = loop_now_ns(channel->loop) + HEAD_START_NS;
    bool more = channel->next_address < channel->end_address && next_ns < channel->connect_by_ns;
    timer_start_at(timers, &channel->attempt, more ? next_ns : channel->connect_by_ns);
}

static void end_attempts(struct ugrpc_channel *channel, const struct ugrpc_status *why)
{
    struct transport *attempt = attempt_from(channel->transports), *next;
    timer_stop(loop_timers(channel->loop), &channel->attempt);
    for (; attempt; attempt = next) {
        next = attempt_from(attempt->next);
        session_drop(attempt->session, why);
    }
}

static void on_attempt(struct timer *timer, void *userdata)
{
    struct ugrpc_channel *channel = userdata;
    struct ugrpc_status why;
    if (loop_now_ns(channel->loop) < channel->connect_by_ns) {
        connect_next(channel);
        return;
    }
    channel->next_address = channel->end_address;
    status_set(&why, UGRPC_DEADLINE_EXCEEDED, "no HTTP/2 within %u ms", channel->limits.handshake_timeout_ms);
    end_attempts(channel, &why); /* the last of them tells that all have failed */
}

static void connect_first(struct ugrpc_channel *channel, const struct address *addresses, size_t n)
{
    channel->next_address = addresses;
    channel->end_address = addresses + n;
    channel->connect_by_ns = loop_now_ns(channel->loop) + channel->limits.handshake_timeout_ms * NS_PER_MS;
    channel->any_failed = false;
    connect_next(channel);
}

static void on_lookup(struct address *addresses, size_t n, const struct ugrpc_status *st, void *userdata)
{
    struct ugrpc_channel *channel = userdata;
    channel->lookup = NULL;
    loop_let_go(channel->loop);
    free(channel->addresses);
    channel->addresses = addresses;
    if (n > 0) {
        connect_first(channel, addresses, n);
    } else {
        fail(channel, st);
    }
}

static void connect_now(struct ugrpc_channel *channel)
{
    struct ugrpc_status st;
    timer_stop(loop_timers(channel->loop), &channel->retry);
    set_state(channel, UGRPC_CONNECTING);
    if (channel->target.n_addresses) {
        connect_first(channel, channel->target.addresses, channel->target.n_addresses);
        return;
    }
    channel->lookup = lookup_start(
        channel->loop, channel->target.host, channel->target.port, on_lookup, channel, &st);
    if (channel->lookup) {
        loop_hold(channel->loop);
    } else {
        fail(channel, &st);
    }
}

static void on_retry(struct timer *timer, void *userdata)
{
    struct ugrpc_channel *channel = userdata;
    if (channel->waiting) {
        connect_now(channel);
    } else {
        set_state(channel, UGRPC_IDLE);
    }
}

/* ---- transports ------------------------------------------------------------------------------------- */

void transport_unref(struct transport *transport)
{
    if (--transport->refs == 0) {
        free(transport);
    }
}

static bool was_steady(const struct ugrpc_channel *channel)
{
    return loop_now_ns(channel->loop) - channel->ready_since_ns >= STEADY_NS;
}

/* New calls go elsewhere; those that are on it stay. */
static void retire(struct transport *transport)
{
    struct ugrpc_channel *channel = transport->channel;
    if (channel->transport == transport) {
        channel->transport = NULL;
        set_state(channel, UGRPC_IDLE);
        start_waiting(channel);
    }
}

void channel_on_greeted(struct session *s)
{
    struct transport *transport = session_userdata(s);
    struct ugrpc_channel *channel = transport->channel;
    struct ugrpc_status why;
    if (!transport->ready) {
        transport->ready = true;
        channel->transport = transport;
        channel->cause = (struct ugrpc_status){0};
        channel->ready_since_ns = loop_now_ns(channel->loop);
        set_state(channel, UGRPC_READY);
        status_set(&why, UGRPC_CANCELLED, "another address was faster");
        end_attempts(channel, &why);
    }
    start_waiting(channel);
}

static bool is_about_pings(const nghttp2_goaway *goaway)
{
    static const char text[] = "too_many_pings";
    return goaway->error_code == NGHTTP2_ENHANCE_YOUR_CALM && goaway->opaque_data_len == sizeof(text) - 1 &&
           memcmp(goaway->opaque_data, text, sizeof(text) - 1) == 0;
}

void channel_on_goaway(struct session *s, const nghttp2_goaway *goaway)
{
    struct transport *transport = session_userdata(s);
    struct ugrpc_channel *channel = transport->channel;
    int64_t *keepalive_ms = &channel->limits.keepalive_time_ms;
    if (is_about_pings(goaway)) {
        *keepalive_ms = 2 * *keepalive_ms < NO_KEEPALIVE_MS ? 2 * *keepalive_ms : NO_KEEPALIVE_MS;
    }
    bool current = channel->transport == transport, hasty = current && !was_steady(channel);
    transport->going = true;
    if (!transport->ready) {
        return; /* its greeting breaks the rules: the attempt to connect ends with the session */
    }
    if (hasty && channel->sent_away) { /* not again and again without a pause */
        struct ugrpc_status why;
        status_set(&why, UGRPC_UNAVAILABLE, "it sends away whom it has just let in");
        channel->transport = NULL;
        fail(channel, &why);
        return;
    }
    if (current) {
        channel->sent_away = hasty;
        if (!hasty) {
            backoff_reset(&channel->backoff);
        }
    }
    retire(transport);
}

void channel_on_room(struct ugrpc_channel *channel)
{
    if (!channel->freed) {
        start_waiting(channel);
    }
}

void channel_on_ended(struct session *s, const struct ugrpc_status *why)
{
    struct transport *transport = session_userdata(s);
    struct ugrpc_channel *channel = transport->channel;
    bool was_current = channel->transport == transport;
    bool failed = !transport->ready && channel->state == UGRPC_CONNECTING && !channel->freed;
    if (failed) {
        note_failure(channel, session_peer(s), why);
    }
    transport->session = NULL;
    transport->why = *why;
    for (struct transport **link = &channel->transports; *link; link = &(*link)->next) {
        if (*link == transport) {
            *link = transport->next;
            break;
        }
    }
    if (failed) {
        connect_next(channel);
    } else if (was_current && !channel->freed) {
        channel->transport = NULL;
        if (!was_steady(channel)) {
            fail(channel, why);
        } else {
            backoff_reset(&channel->backoff);
            set_state(channel, UGRPC_IDLE);
            start_waiting(channel);
        }
    }
    transport_unref(transport);
}

/* ---- calls ------------------------------------------------------------------------------------------ */

static void append(struct ugrpc_channel *channel, struct ugrpc_pending *pending)
{
    pending->next_waiting = NULL;
    pending->link_waiting = channel->waiting_end;
    *channel->waiting_end = pending;
    channel->waiting_end = &pending->next_waiting;
}

void channel_forget(struct ugrpc_channel *channel, struct ugrpc_pending *pending)
{
    if (!pending->link_waiting) {
        return;
    }
    *pending->link_waiting = pending->next_waiting;
    if (pending->next_waiting) {
        pending->next_waiting->link_waiting = pending->link_waiting;
    } else {
        channel->waiting_end = pending->link_waiting;
    }
    pending->link_waiting = NULL;
}

static bool takes_calls(const struct transport *transport)
{
    return transport && transport->ready && session_has_room(transport->session);
}

/* Calls that wait get the connection, as many as the server takes at once, or have one made. */
static void start_waiting(struct ugrpc_channel *channel)
{
    while (channel->waiting && takes_calls(channel->transport)) {
        struct ugrpc_pending *pending = channel->waiting;
        channel_forget(channel, pending);
        if (pending_open(pending, channel->transport) != 0) { /* it has no stream ids left */
            struct transport *transport = channel->transport;
            append(channel, pending);
            session_shutdown(transport->session, true);
            retire(transport); /* comes back here */
            return;
        }
    }
    if (channel->waiting && channel->state == UGRPC_IDLE) {
        connect_now(channel);
    }
}

void channel_take(struct ugrpc_channel *channel, struct ugrpc_pending *pending)
{
    if (channel->state == UGRPC_TRANSIENT_FAILURE && !pending->wait_for_ready) {
        pending_doom(
            pending, UGRPC_UNAVAILABLE, "cannot reach %s: %s", channel->target.shown, channel->cause.message);
        return;
    }
    append(channel, pending);
    start_waiting(channel);
}

/* ---- new and free ----------------------------------------------------------------------------------- */

static void on_interrupt(uv_async_t *async)
{
}

static void on_interrupt_closed(uv_handle_t *handle)
{
    free(handle);
}

static int set_up_private_loop(struct ugrpc_channel *channel, struct ugrpc_status *st)
{
    channel->own_loop = true;
    channel->loop = ugrpc_loop_new();
    uv_async_t *interrupt = channel->loop ? malloc(sizeof(*interrupt)) : NULL;
    if (!interrupt || uv_async_init(ugrpc_loop_uv(channel->loop), interrupt, on_interrupt) != 0) {
        free(interrupt);
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "no memory or descriptors for a loop");
    }
    uv_unref((uv_handle_t *)interrupt);
    channel->interrupt = interrupt;
    return 0;
}

static int set_up_tls(
    struct ugrpc_channel *channel, const struct ugrpc_channel_options *o, struct ugrpc_status *st)
{
    static const struct tls_client_files system_roots;
    if (o->tls && o->insecure) {
        return status_set(st, UGRPC_INVALID_ARGUMENT,
            "channel to %s: it cannot be insecure and have TLS credentials", channel->target.shown);
    }
    if (o->insecure) {
        return 0;
    }
    channel->tls = o->tls ? tls_ref(o->tls->tls) : tls_client_new(&system_roots, st);
    if (!channel->tls) {
        return -(int)st->code;
    }
    bool named = o->tls && o->tls->server_name;
    channel->server_name = strdup(named ? o->tls->server_name : channel->target.host);
    if (!channel->server_name) {
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
    }
    if (!*channel->server_name) {
        return status_set(st, UGRPC_INVALID_ARGUMENT,
            "channel to %s: TLS over a unix socket needs a server_name to check", channel->target.shown);
    }
    return 0;
}

static int64_t or_default(int64_t value, int64_t fallback)
{
    return value <= 0 ? fallback : value < MAX_OPTION_MS ? value : MAX_OPTION_MS;
}

static void set_limits(struct ugrpc_channel *channel, const struct ugrpc_channel_options *o)
{
    int64_t keepalive_ms = or_default(o->keepalive_time_ms, NO_KEEPALIVE_MS);
    int64_t first_ms = or_default(o->backoff_ms, 1000), most_ms = or_default(o->max_backoff_ms, 120000);
    channel->limits = (struct session_limits){
        .max_header_bytes = o->max_header_bytes ? o->max_header_bytes : 16u << 10,
        .max_message_bytes = o->max_receive_bytes ? o->max_receive_bytes : 4u << 20,
        .max_connection_bytes = UINT32_MAX, /* each call has its limits */
        .handshake_timeout_ms = (uint32_t)or_default(o->connect_timeout_ms, 20000),
        .keepalive_time_ms = keepalive_ms > MIN_KEEPALIVE_MS ? keepalive_ms : MIN_KEEPALIVE_MS,
        .keepalive_timeout_ms = or_default(o->keepalive_timeout_ms, 20000),
        .keepalive_needs_streams = !o->keepalive_without_calls,
    };
    channel->max_send_bytes = o->max_send_bytes;
    channel->backoff = (struct backoff){
        .first_ns = (first_ms < most_ms ? first_ms : most_ms) * NS_PER_MS,
        .most_ns = most_ms * NS_PER_MS,
        .random = (uint64_t)loop_now_ns(channel->loop) ^ (uintptr_t)channel,
    };
    channel->backoff.random += !channel->backoff.random;
    backoff_reset(&channel->backoff);
}

static int check_headers(const struct ugrpc_channel *channel, struct ugrpc_status *st)
{
    const char *agent = channel->user_agent, *authority = channel->authority;
    bool good_agent = nghttp2_check_header_value((const uint8_t *)agent, strlen(agent));
    if (good_agent && nghttp2_check_authority((const uint8_t *)authority, strlen(authority))) {
        return 0;
    }
    return status_set(st, UGRPC_INVALID_ARGUMENT, "channel to %s: the %s has a character that it cannot have",
        channel->target.text, good_agent ? "authority" : "user_agent");
}

static int set_up(struct ugrpc_channel *channel, struct ugrpc_loop *loop, const char *target,
    const struct ugrpc_channel_options *o, struct ugrpc_status *st)
{
    if (!target) {
        return status_set(st, UGRPC_INVALID_ARGUMENT, "the target is NULL; write HOST:PORT");
    }
    int rc = target_parse(&channel->target, target, o->insecure ? "80" : "443", st);
    rc = rc ? rc : set_up_tls(channel, o, st);
    if (rc) {
        return rc;
    }
    channel->loop = loop;
    if (!loop && (rc = set_up_private_loop(channel, st))) {
        return rc;
    }
    channel->authority = strdup(o->authority ? o->authority : channel->target.authority);
    int len = asprintf(&channel->user_agent, "%s%sugrpc-c/%s", o->user_agent ? o->user_agent : "",
        o->user_agent ? " " : "", ugrpc_version());
    if (!channel->authority || len < 0) {
        channel->user_agent = len < 0 ? NULL : channel->user_agent;
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
    }
    channel->creds = creds_ref(o->call_creds);
    set_limits(channel, o);
    return check_headers(channel, st);
}

struct ugrpc_channel *ugrpc_channel_new(struct ugrpc_loop *loop, const char *target,
    const struct ugrpc_channel_options *options, struct ugrpc_status *st)
{
    static const struct ugrpc_channel_options defaults;
    struct ugrpc_status own;
    struct ugrpc_channel *channel = calloc(1, sizeof(*channel));
    st = st ? st : &own;
    if (!channel) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        return NULL;
    }
    channel->waiting_end = &channel->waiting;
    timer_init(&channel->retry, on_retry, channel);
    timer_init(&channel->attempt, on_attempt, channel);
    timer_init(&channel->tell, on_tell, channel);
    if (set_up(channel, loop, target, options ? options : &defaults, st) != 0) {
        ugrpc_channel_free(channel);
        return NULL;
    }
    return channel;
}

static void channel_delete(struct ugrpc_channel *channel)
{
    if (channel->interrupt) {
        uv_close((uv_handle_t *)channel->interrupt, on_interrupt_closed);
    }
    if (channel->own_loop && channel->loop) {
        ugrpc_loop_free(channel->loop);
    }
    tls_ticket_done(&channel->ticket);
    tls_unref(channel->tls);
    ugrpc_call_creds_free(channel->creds);
    target_done(&channel->target);
    free(channel->addresses);
    free(channel->server_name);
    free(channel->user_agent);
    free(channel->authority);
    free(channel);
}

void channel_unpin(struct ugrpc_channel *channel)
{
    if (--channel->pins == 0 && channel->freed) {
        channel_delete(channel);
    }
}

void ugrpc_channel_free(struct ugrpc_channel *channel)
{
    struct ugrpc_status why;
    if (!channel || channel->freed) {
        return;
    }
    channel_pin(channel);
    channel->freed = true;
    if (channel->lookup) {
        lookup_cancel(channel->lookup);
        loop_let_go(channel->loop);
    }
    if (timer_running(&channel->tell)) {
        timer_stop(loop_timers(channel->loop), &channel->tell);
        loop_let_go(channel->loop);
    }
    if (channel->loop) {
        timer_stop(loop_timers(channel->loop), &channel->retry);
        timer_stop(loop_timers(channel->loop), &channel->attempt);
    }
    while (channel->calls) {
        ugrpc_pending_cancel(channel->calls);
    }
    status_set(&why, UGRPC_CANCELLED, "the channel is freed");
    while (channel->transports) {
        session_drop(channel->transports->session, &why);
    }
    channel_unpin(channel);
}

enum ugrpc_connectivity ugrpc_channel_connectivity(struct ugrpc_channel *channel, bool connect)
{
    if (connect && channel->state == UGRPC_IDLE) {
        connect_now(channel);
    }
    return channel->state;
}

void ugrpc_channel_watch(struct ugrpc_channel *channel,
    void (*changed)(struct ugrpc_channel *channel, enum ugrpc_connectivity state, void *userdata),
    void *userdata)
{
    channel->changed = changed;
    channel->userdata = userdata;
    channel->told_state = channel->state;
}

void ugrpc_channel_interrupt(struct ugrpc_channel *channel)
{
    if (channel->interrupt) {
        atomic_store(&channel->interrupted, true);
        uv_async_send(channel->interrupt);
    }
}

const char *ugrpc_channel_target(const struct ugrpc_channel *channel)
{
    return channel->target.text;
}

struct ugrpc_tls_creds *ugrpc_tls_creds_new(const struct ugrpc_tls_options *options, struct ugrpc_status *st)
{
    const struct tls_client_files files = {
        .ca_file = options->ca_file,
        .ca_pem = options->ca_pem,
        .certificate_file = options->certificate_file,
        .certificate_pem = options->certificate_pem,
        .key_file = options->key_file,
        .key_pem = options->key_pem,
    };
    struct ugrpc_tls_creds *creds = calloc(1, sizeof(*creds));
    if (!creds) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        return NULL;
    }
    creds->tls = tls_client_new(&files, st);
    creds->server_name = options->server_name ? strdup(options->server_name) : NULL;
    if (creds->tls && options->server_name && !creds->server_name) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
    } else if (creds->tls) {
        return creds;
    }
    ugrpc_tls_creds_free(creds);
    return NULL;
}

void ugrpc_tls_creds_free(struct ugrpc_tls_creds *creds)
{
    if (creds) {
        tls_unref(creds->tls);
        free(creds->server_name);
        free(creds);
    }
}
