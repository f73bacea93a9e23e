/* SPDX-License-Identifier: MIT */
#include "support/server_thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct server_thread {
    pthread_t thread;
    struct ugrpc_loop *loop;
    struct ugrpc_server *server;
    struct echo echo;
    char address[128];
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t done;
    unsigned cancels;
    bool asked;
};

static void *run(void *userdata)
{
    struct server_thread *t = userdata;
    ugrpc_loop_run(t->loop);
    ugrpc_server_free(t->server);
    ugrpc_loop_free(t->loop);
    return NULL;
}

struct server_thread *server_thread_start(
    const char *address, const struct ugrpc_server_options *options, struct ugrpc_server_tls *tls)
{
    struct ugrpc_status st = {0};
    struct server_thread *t = calloc(1, sizeof(*t));
    echo_init(&t->echo);
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->done, NULL);
    t->loop = ugrpc_loop_new();
    t->server = ugrpc_server_new(t->loop, options, &st);
    assert_int_equal(
        ugrpc_server_add_service(t->server, &echo_service, echo_handlers, NULL, &t->echo, &st), 0);
    if (ugrpc_server_listen(t->server, address ? address : "127.0.0.1:0", tls, &st) != 0) {
        fail_msg("%s", st.message);
    }
    assert_int_equal(ugrpc_server_start(t->server, &st), 0);
    snprintf(t->address, sizeof(t->address), "%s", ugrpc_server_address(t->server, 0));
    assert_int_equal(pthread_create(&t->thread, NULL, run, t), 0);
    return t;
}

void server_thread_stop(struct server_thread *t)
{
    if (!t) {
        return;
    }
    ugrpc_loop_stop(t->loop);
    pthread_join(t->thread, NULL);
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->done);
    free(t);
}

const char *server_thread_address(const struct server_thread *t)
{
    return t->address;
}

struct task {
    void (*fn)(void *echo);
    struct echo *echo;
};

static void run_task(void *userdata)
{
    struct task *task = userdata;
    task->fn(task->echo);
    free(task);
}

void server_thread_do(struct server_thread *t, void (*fn)(void *echo))
{
    struct task *task = malloc(sizeof(*task));
    *task = (struct task){fn, &t->echo};
    assert_int_equal(ugrpc_loop_post(t->loop, run_task, task), 0);
}

static void tell_cancels(void *userdata)
{
    struct server_thread *t = userdata;
    pthread_mutex_lock(&t->lock);
    t->cancels = t->echo.cancels;
    t->asked = false;
    pthread_cond_signal(&t->done);
    pthread_mutex_unlock(&t->lock);
}

void server_thread_await_cancels(struct server_thread *t, unsigned n)
{
    pthread_mutex_lock(&t->lock);
    while (t->cancels < n) {
        if (!t->asked) {
            t->asked = true;
            ugrpc_loop_post(t->loop, tell_cancels, t);
        }
        pthread_cond_wait(&t->done, &t->lock);
    }
    pthread_mutex_unlock(&t->lock);
}
