/* SPDX-License-Identifier: MIT */
/* Handles stand in an allocation of their own that goes when the last of them is closed. */
#include "ugrpc/loop_internal.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/clock.h"
#include "base/timer_loop.h"
#include "net/net.h"

#define MAX_POSTS 65536

struct post {
    void (*fn)(void *userdata);
    void *userdata;
};

struct handles {
    uv_check_t check;     /* after I/O, where the timers of base/timer_loop fire too */
    uv_prepare_t prepare; /* after the user's own uv timers, and after closing callbacks */
    uv_idle_t idle;       /* keeps the loop from sleeping while something is still marked */
    uv_async_t wake;
    int open;
    uv_loop_t *own; /* to be freed by ugrpc_loop_free() */
};

struct ugrpc_loop {
    uv_loop_t *uv;
    struct handles *handles;
    struct timers timers;
    struct timer_loop *timer_loop;
    struct net *net;
    struct flush marked; /* a ring's head */
    unsigned holds;
    bool own;
    pthread_mutex_t lock; /* of what follows */
    struct post *posts;
    size_t n_posts, cap_posts;
    bool stop;
};

static void ring_remove(struct flush *flush)
{
    flush->prev->next = flush->next;
    flush->next->prev = flush->prev;
    flush->marked = false;
}

static void ring_add(struct flush *head, struct flush *flush)
{
    flush->prev = head->prev;
    flush->next = head;
    head->prev->next = flush;
    head->prev = flush;
    flush->marked = true;
}

void loop_mark(struct ugrpc_loop *loop, struct flush *flush)
{
    if (!flush->marked) {
        ring_add(&loop->marked, flush);
    }
}

void loop_unmark(struct ugrpc_loop *loop, struct flush *flush)
{
    if (flush->marked) {
        ring_remove(flush);
    }
}

static void on_idle(uv_idle_t *idle)
{
}

/* What is marked while this runs waits for the next turn, so that no connection can keep the loop here. */
static void flush_all(struct ugrpc_loop *loop)
{
    struct flush last = {0};
    ring_add(&loop->marked, &last);
    while (loop->marked.next != &last) {
        struct flush *flush = loop->marked.next;
        ring_remove(flush);
        flush->fn(flush);
    }
    ring_remove(&last);
    bool more = loop->marked.next != &loop->marked;
    if (more != (uv_is_active((uv_handle_t *)&loop->handles->idle) != 0)) {
        if (more) {
            uv_idle_start(&loop->handles->idle, on_idle);
        } else {
            uv_idle_stop(&loop->handles->idle);
        }
    }
}

static void on_check(uv_check_t *check)
{
    flush_all(check->data);
}

static void on_prepare(uv_prepare_t *prepare)
{
    flush_all(prepare->data);
}

static void on_wake(uv_async_t *wake)
{
    struct ugrpc_loop *loop = wake->data;
    pthread_mutex_lock(&loop->lock);
    struct post *posts = loop->posts;
    size_t n = loop->n_posts;
    bool stop = loop->stop;
    loop->posts = NULL;
    loop->n_posts = loop->cap_posts = 0;
    loop->stop = false;
    pthread_mutex_unlock(&loop->lock);

    for (size_t i = 0; i < n; i++) {
        posts[i].fn(posts[i].userdata);
    }
    free(posts);
    if (stop) {
        uv_stop(loop->uv);
    }
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct handles *handles = handle->data;
    if (--handles->open == 0) {
        free(handles);
    }
}

static void close_handles(struct handles *handles)
{
    uv_handle_t *all[] = {(uv_handle_t *)&handles->check, (uv_handle_t *)&handles->prepare,
        (uv_handle_t *)&handles->idle, (uv_handle_t *)&handles->wake};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        all[i]->data = handles;
        uv_close(all[i], on_handle_closed);
    }
}

static struct handles *handles_new(struct ugrpc_loop *loop)
{
    struct handles *handles = calloc(1, sizeof(*handles));
    if (!handles || uv_async_init(loop->uv, &handles->wake, on_wake) != 0) {
        free(handles);
        return NULL;
    }
    uv_check_init(loop->uv, &handles->check);
    uv_prepare_init(loop->uv, &handles->prepare);
    uv_idle_init(loop->uv, &handles->idle);
    uv_check_start(&handles->check, on_check);
    uv_prepare_start(&handles->prepare, on_prepare);
    handles->check.data = handles->prepare.data = handles->wake.data = loop;
    handles->open = 4;
    uv_unref((uv_handle_t *)&handles->check); /* none of them keeps a loop alive */
    uv_unref((uv_handle_t *)&handles->prepare);
    uv_unref((uv_handle_t *)&handles->wake);
    return handles;
}

struct ugrpc_loop *ugrpc_loop_attach(struct uv_loop_s *uv)
{
    struct ugrpc_loop *loop = calloc(1, sizeof(*loop));
    if (!loop) {
        return NULL;
    }
    loop->uv = uv;
    loop->marked.prev = loop->marked.next = &loop->marked;
    timers_init(&loop->timers, clock_real());
    pthread_mutex_init(&loop->lock, NULL);
    loop->net = net_new(uv);
    loop->handles = handles_new(loop);
    loop->timer_loop = timer_loop_new(uv, &loop->timers, NULL);
    if (!loop->net || !loop->handles || !loop->timer_loop) {
        ugrpc_loop_free(loop);
        return NULL;
    }
    return loop;
}

struct ugrpc_loop *ugrpc_loop_new(void)
{
    uv_loop_t *uv = malloc(sizeof(*uv));
    if (!uv || uv_loop_init(uv) != 0) {
        free(uv);
        return NULL;
    }
    struct ugrpc_loop *loop = ugrpc_loop_attach(uv);
    if (!loop) {
        uv_run(uv, UV_RUN_DEFAULT);
        uv_loop_close(uv);
        free(uv);
        return NULL;
    }
    loop->own = true;
    return loop;
}

void ugrpc_loop_free(struct ugrpc_loop *loop)
{
    if (!loop) {
        return;
    }
    uv_loop_t *own = loop->own ? loop->uv : NULL;
    if (loop->handles) {
        close_handles(loop->handles);
    }
    timer_loop_free(loop->timer_loop);
    timers_done(&loop->timers);
    net_free(loop->net);
    free(loop->posts);
    pthread_mutex_destroy(&loop->lock);
    free(loop);
    if (own) {
        uv_run(own, UV_RUN_DEFAULT);
        if (uv_loop_close(own) == 0) { /* else the user left a handle open: leaked rather than torn away */
            free(own);
        }
    }
}

struct uv_loop_s *ugrpc_loop_uv(struct ugrpc_loop *loop)
{
    return loop->uv;
}

void ugrpc_loop_run(struct ugrpc_loop *loop)
{
    uv_run(loop->uv, UV_RUN_DEFAULT);
}

void ugrpc_loop_stop(struct ugrpc_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    loop->stop = true;
    pthread_mutex_unlock(&loop->lock);
    uv_async_send(&loop->handles->wake);
}

int ugrpc_loop_fd(struct ugrpc_loop *loop)
{
    return uv_backend_fd(loop->uv);
}

/* libuv knows neither what was marked nor which timers were started since the loop last turned. It is held
 * because a libuv loop without anything to wait for does nothing, and says 0. */
int ugrpc_loop_timeout_ms(struct ugrpc_loop *loop)
{
    if (loop->marked.next != &loop->marked) {
        return 0;
    }
    uv_update_time(loop->uv);
    loop_hold(loop);
    int timeout_ms = uv_backend_timeout(loop->uv);
    loop_let_go(loop);
    int64_t due_ns = timers_next_ns(&loop->timers);
    if (due_ns == INT64_MAX) {
        return timeout_ms;
    }
    int64_t left_ns = due_ns - loop_now_ns(loop);
    int64_t left_ms = left_ns <= 0 ? 0 : (left_ns + NS_PER_MS - 1) / NS_PER_MS;
    left_ms = left_ms < INT_MAX ? left_ms : INT_MAX;
    return timeout_ms >= 0 && timeout_ms < left_ms ? timeout_ms : (int)left_ms;
}

void ugrpc_loop_turn(struct ugrpc_loop *loop)
{
    loop_hold(loop);
    uv_run(loop->uv, UV_RUN_NOWAIT);
    loop_let_go(loop);
}

int ugrpc_loop_post(struct ugrpc_loop *loop, void (*fn)(void *userdata), void *userdata)
{
    int rc = 0;
    pthread_mutex_lock(&loop->lock);
    if (loop->n_posts == loop->cap_posts) {
        size_t cap = loop->cap_posts ? 2 * loop->cap_posts : 16;
        struct post *posts = cap <= MAX_POSTS ? realloc(loop->posts, cap * sizeof(*posts)) : NULL;
        if (posts) {
            loop->posts = posts;
            loop->cap_posts = cap;
        } else {
            rc = -UGRPC_RESOURCE_EXHAUSTED;
        }
    }
    if (rc == 0) {
        loop->posts[loop->n_posts++] = (struct post){fn, userdata};
    }
    pthread_mutex_unlock(&loop->lock);
    if (rc == 0) {
        uv_async_send(&loop->handles->wake);
    }
    return rc;
}

bool loop_unpost(struct ugrpc_loop *loop, void (*fn)(void *userdata), void *userdata)
{
    bool found = false;
    pthread_mutex_lock(&loop->lock);
    for (size_t i = 0; i < loop->n_posts && !found; i++) {
        found = loop->posts[i].fn == fn && loop->posts[i].userdata == userdata;
        if (found) {
            loop->n_posts--;
            memmove(&loop->posts[i], &loop->posts[i + 1], (loop->n_posts - i) * sizeof(loop->posts[0]));
        }
    }
    pthread_mutex_unlock(&loop->lock);
    return found;
}

void loop_hold(struct ugrpc_loop *loop)
{
    if (loop->holds++ == 0) {
        uv_ref((uv_handle_t *)&loop->handles->wake);
    }
}

void loop_let_go(struct ugrpc_loop *loop)
{
    if (--loop->holds == 0) {
        uv_unref((uv_handle_t *)&loop->handles->wake);
    }
}

struct timers *loop_timers(struct ugrpc_loop *loop)
{
    return &loop->timers;
}

struct net *loop_net(struct ugrpc_loop *loop)
{
    return loop->net;
}

int64_t loop_now_ns(struct ugrpc_loop *loop)
{
    return clock_now_ns(loop->timers.clock);
}
