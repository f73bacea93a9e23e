/* SPDX-License-Identifier: MIT */
/* The struct is shared by the thread and the loop; who comes last frees it. The thread posts under the lock,
 * so that after lookup_cancel() it does not touch the loop any more, and the loop waits for the lock before
 * it frees. */
#include "ugrpc/lookup.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "net/address.h"
#include "ugrpc/loop_internal.h"

#define MAX_ADDRESSES 64
#define RETRY_NS      (10 * NS_PER_MS)

struct lookup {
    pthread_mutex_t lock; /* of what follows */
    bool cancelled, posted;
    /* Written by the thread before it posts. */
    struct address *addresses;
    size_t n;
    struct ugrpc_status st;
    /* Constant. */
    struct ugrpc_loop *loop;
    char *host, *port;
    void (*done)(struct address *addresses, size_t n, const struct ugrpc_status *st, void *userdata);
    void *userdata;
};

static void lookup_free(struct lookup *lookup)
{
    pthread_mutex_destroy(&lookup->lock);
    free(lookup->addresses);
    free(lookup->host);
    free(lookup->port);
    free(lookup);
}

static void on_posted(void *userdata)
{
    struct lookup *lookup = userdata;
    pthread_mutex_lock(&lookup->lock); /* the thread, which has posted, may not have left it yet */
    pthread_mutex_unlock(&lookup->lock);
    if (!lookup->cancelled) {
        struct address *addresses = lookup->addresses;
        lookup->addresses = NULL;
        lookup->done(addresses, lookup->n, &lookup->st, lookup->userdata);
    }
    lookup_free(lookup);
}

static void resolve(struct lookup *lookup)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG};
    struct addrinfo *found = NULL;
    int rc = getaddrinfo(lookup->host, lookup->port, &hints, &found);
    if (rc != 0) {
        status_set(&lookup->st, UGRPC_UNAVAILABLE, "host %s: %s", lookup->host, gai_strerror(rc));
        return;
    }
    lookup->addresses = calloc(MAX_ADDRESSES, sizeof(*lookup->addresses));
    if (!lookup->addresses) {
        status_set(&lookup->st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        freeaddrinfo(found);
        return;
    }
    for (const struct addrinfo *one = found; one && lookup->n < MAX_ADDRESSES; one = one->ai_next) {
        struct address *address = &lookup->addresses[lookup->n++];
        memcpy(&address->sa, one->ai_addr, one->ai_addrlen);
        address->len = one->ai_addrlen;
    }
    freeaddrinfo(found);
    lookup_interleave(lookup->addresses, lookup->n);
    if (lookup->n == 0) {
        status_set(&lookup->st, UGRPC_UNAVAILABLE, "host %s has no address", lookup->host);
    }
}

/* False: cancelled. Until then who asked waits for it, so it is tried again when the loop has no room. */
static bool post(struct lookup *lookup)
{
    const struct timespec pause = {.tv_nsec = RETRY_NS};
    pthread_mutex_lock(&lookup->lock);
    while (!lookup->cancelled && ugrpc_loop_post(lookup->loop, on_posted, lookup) != 0) {
        pthread_mutex_unlock(&lookup->lock);
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&lookup->lock);
    }
    bool posted = lookup->posted = !lookup->cancelled;
    pthread_mutex_unlock(&lookup->lock);
    return posted;
}

static void *run(void *userdata)
{
    struct lookup *lookup = userdata;
    resolve(lookup);
    if (!post(lookup)) {
        lookup_free(lookup);
    }
    return NULL;
}

/* Detached, and without signals: they are the program's, which has its own threads for them. */
static int start_thread(struct lookup *lookup)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    if (pthread_attr_init(&attributes) != 0) {
        return -1;
    }
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&thread, &attributes, run, lookup);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return rc;
}

struct lookup *lookup_start(struct ugrpc_loop *loop, const char *host, const char *port,
    void (*done)(struct address *addresses, size_t n, const struct ugrpc_status *st, void *userdata),
    void *userdata, struct ugrpc_status *st)
{
    struct lookup *lookup = calloc(1, sizeof(*lookup));
    if (!lookup) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&lookup->lock, NULL);
    lookup->loop = loop;
    lookup->host = strdup(host);
    lookup->port = strdup(port);
    lookup->done = done;
    lookup->userdata = userdata;
    if (!lookup->host || !lookup->port || start_thread(lookup) != 0) {
        lookup_free(lookup);
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "no thread to look up host %s", host);
        return NULL;
    }
    return lookup;
}

void lookup_cancel(struct lookup *lookup)
{
    if (!lookup) {
        return;
    }
    pthread_mutex_lock(&lookup->lock);
    lookup->cancelled = true;
    bool mine = lookup->posted && loop_unpost(lookup->loop, on_posted, lookup);
    pthread_mutex_unlock(&lookup->lock);
    if (mine) {
        lookup_free(lookup);
    }
}

void lookup_interleave(struct address *addresses, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        size_t j = i; /* the next of another family than the one before */
        while (j < n && addresses[j].sa.ss_family == addresses[i - 1].sa.ss_family) {
            j++;
        }
        if (j < n) {
            struct address other = addresses[j];
            memmove(&addresses[i + 1], &addresses[i], (j - i) * sizeof(*addresses));
            addresses[i] = other;
        }
    }
}
