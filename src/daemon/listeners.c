/* SPDX-License-Identifier: MIT */
/* Binds one address after the other; the first that is in use stops it, and a timer goes on from there.
 * Machines without IPv6 are common, so a missing ::1 is no reason to stay down. */
#include "daemon/listeners.h"

#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>

#include <ugrpc/server.h>

#include "base/log.h"
#include "base/timer.h"
#include "daemon/holder.h"
#include "net/address.h"

#define RETRY_NS (NS_PER_S / 4)

struct listeners {
    struct listeners_options options;
    size_t next;  /* the first address that is not bound yet */
    size_t bound; /* how many are */
    int64_t give_up_ns;
    struct timer retry;
};

static bool is_ipv6_loopback(const char *text)
{
    struct address address;
    return address_parse(&address, text, NULL) == 0 && address.sa.ss_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)&address.sa)->sin6_addr);
}

bool listeners_is_local(const char *text)
{
    struct address address;
    if (address_parse(&address, text, NULL) < 0) {
        return false;
    }
    if (address_is_unix(&address)) {
        return true;
    }
    if (address.sa.ss_family == AF_INET) {
        uint32_t host = ntohl(((const struct sockaddr_in *)&address.sa)->sin_addr.s_addr);
        return host >> 24 == 127;
    }
    return is_ipv6_loopback(text);
}

/* Binds what is left, up to the first address in use. */
static int bind_rest(struct listeners *listeners, struct ugrpc_status *st)
{
    const struct listeners_options *options = &listeners->options;
    for (; listeners->next < options->n; listeners->next++) {
        const char *address = options->addresses[listeners->next];
        int rc = ugrpc_server_listen(options->server, address, options->tls, st);
        bool others = listeners->bound > 0 || listeners->next + 1 < options->n;
        if (rc == 0) {
            listeners->bound++;
        } else if (rc != -UGRPC_ALREADY_EXISTS && others && is_ipv6_loopback(address)) {
            log_warning("no IPv6 on this machine: %s", st->message);
        } else {
            return rc;
        }
    }
    if (listeners->bound == 0) {
        return status_set(st, UGRPC_UNAVAILABLE, "none of the addresses can be bound");
    }
    return 0;
}

static void finish(struct listeners *listeners, const struct ugrpc_status *st)
{
    listeners->options.done(st, listeners->options.userdata);
}

static void on_retry(struct timer *timer, void *userdata)
{
    struct listeners *listeners = userdata;
    struct timers *timers = listeners->options.timers;
    struct ugrpc_status st = {.code = UGRPC_OK};
    int rc = bind_rest(listeners, &st);
    if (rc == 0) {
        finish(listeners, &(struct ugrpc_status){.code = UGRPC_OK});
        return;
    }
    if (rc != -UGRPC_ALREADY_EXISTS) {
        finish(listeners, &st);
        return;
    }
    if (clock_now_ns(timers->clock) < listeners->give_up_ns) {
        timer_start_in(timers, timer, RETRY_NS);
        return;
    }
    const char *address = listeners->options.addresses[listeners->next];
    char holder[160];
    if (holder_find(address, holder, sizeof(holder))) {
        status_set(&st, UGRPC_ALREADY_EXISTS,
            "%s is in use by %s; end it, or listen elsewhere: --grpc ADDR:PORT", address, holder);
    } else {
        status_set(&st, UGRPC_ALREADY_EXISTS,
            "%s is in use, by a process that cannot be seen from here; listen elsewhere: --grpc ADDR:PORT",
            address);
    }
    finish(listeners, &st);
}

struct listeners *listeners_new(const struct listeners_options *options)
{
    struct listeners *listeners = calloc(1, sizeof(*listeners));
    if (!listeners) {
        abort();
    }
    listeners->options = *options;
    timer_init(&listeners->retry, on_retry, listeners);
    return listeners;
}

int listeners_open(struct listeners *listeners, struct ugrpc_status *st)
{
    struct timers *timers = listeners->options.timers;
    int rc = bind_rest(listeners, st);
    if (rc != -UGRPC_ALREADY_EXISTS) {
        return rc;
    }
    log_warning(
        "%s is in use; trying for %d s", listeners->options.addresses[listeners->next], LISTENERS_RETRY_S);
    listeners->give_up_ns = clock_now_ns(timers->clock) + LISTENERS_RETRY_S * NS_PER_S;
    timer_start_in(timers, &listeners->retry, RETRY_NS);
    return 1;
}

void listeners_free(struct listeners *listeners)
{
    if (listeners) {
        timer_stop(listeners->options.timers, &listeners->retry);
        free(listeners);
    }
}
