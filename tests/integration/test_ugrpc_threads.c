/* SPDX-License-Identifier: MIT */
/* Many channels on many threads, which share credentials and one server. What they share by mistake,
 * `./dev test --tsan` finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/authority.h"
#include "support/client_fixture.h"
#include "support/server_thread.h"

#define THREADS 6
#define ROUNDS  20

struct shared {
    struct server_thread *server;
    char target[64];
    struct ugrpc_tls_creds *tls;
    struct ugrpc_call_creds *creds;
};

struct worker {
    pthread_t thread;
    const struct shared *shared;
    int good; /* what went as it should; cmocka's asserts are for the main thread */
};

static const struct ugrpc_method *method(int which)
{
    return &echo_service.methods[which];
}

static bool block_on_unary(struct ugrpc_channel *channel)
{
    const struct ugrpc_bytes request = {(const uint8_t *)"hello", 5};
    const struct ugrpc_call_options wait = {.wait_for_ready = UGRPC_WAIT_YES};
    void *any;
    int rc = ugrpc_unary(channel, &echo_service, method(UNARY), &request, &any, &wait, NULL);
    struct ugrpc_bytes *reply = any;
    bool good = rc == 0 && reply->len == 5;
    free(reply);
    return good;
}

static bool block_on_chat(struct ugrpc_channel *channel)
{
    const struct ugrpc_bytes request = {(const uint8_t *)"hello", 5};
    struct ugrpc_stream *stream = ugrpc_stream_open(channel, &echo_service, method(CHAT), NULL);
    const void *message;
    int n = 0;
    while (n < 5 && ugrpc_stream_send(stream, &request) && ugrpc_stream_next(stream, &message)) {
        n++;
    }
    ugrpc_stream_end(stream);
    bool ended = !ugrpc_stream_next(stream, &message);
    return ugrpc_stream_close(stream, NULL) == 0 && ended && n == 5;
}

static void *interrupt(void *channel)
{
    ugrpc_channel_interrupt(channel);
    return NULL;
}

static bool block_until_interrupted(struct ugrpc_channel *channel)
{
    const struct ugrpc_bytes request = {(const uint8_t *)"hello", 5};
    pthread_t thread;
    void *reply;
    if (pthread_create(&thread, NULL, interrupt, channel) != 0) {
        return false;
    }
    int rc = ugrpc_unary(channel, &echo_service, method(HOLD), &request, &reply, NULL, NULL);
    pthread_join(thread, NULL);
    return rc == -UGRPC_CANCELLED;
}

static void *work_blocking(void *userdata)
{
    struct worker *w = userdata;
    const struct ugrpc_channel_options options = {.tls = w->shared->tls, .call_creds = w->shared->creds};
    for (int i = 0; i < ROUNDS; i++) {
        struct ugrpc_channel *channel = ugrpc_channel_new(NULL, w->shared->target, &options, NULL);
        w->good += block_on_unary(channel) && block_on_chat(channel) && block_until_interrupted(channel);
        ugrpc_channel_free(channel);
    }
    return NULL;
}

struct counted {
    struct ugrpc_loop *loop;
    int left, good;
};

static void on_done(struct ugrpc_pending *pending, const struct ugrpc_status *st, void *userdata)
{
    struct counted *counted = userdata;
    counted->good += st->code == UGRPC_OK;
    if (--counted->left == 0) {
        ugrpc_loop_stop(counted->loop);
    }
}

static void *work_asynchronously(void *userdata)
{
    static const struct ugrpc_pending_events events = {.done = on_done};
    const struct ugrpc_call_options wait = {.wait_for_ready = UGRPC_WAIT_YES};
    const struct ugrpc_bytes request = {(const uint8_t *)"hello", 5};
    struct worker *w = userdata;
    const struct ugrpc_channel_options options = {.tls = w->shared->tls, .call_creds = w->shared->creds};
    for (int i = 0; i < ROUNDS; i++) {
        struct counted counted = {.loop = ugrpc_loop_new(), .left = 40};
        struct ugrpc_channel *channels[2];
        for (int n = 0; n < 2; n++) {
            channels[n] = ugrpc_channel_new(counted.loop, w->shared->target, &options, NULL);
        }
        for (int n = 0; n < 40; n++) {
            struct ugrpc_channel *channel = channels[n % 2];
            ugrpc_pending_send(
                ugrpc_pending_new(channel, &echo_service, method(UNARY), &wait, &events, &counted), &request);
            ugrpc_pending_cancel(
                ugrpc_pending_new(channel, &echo_service, method(CHAT), &wait, &events, &counted));
        }
        ugrpc_loop_run(counted.loop);
        w->good += counted.good == 40;
        for (int n = 0; n < 2; n++) {
            ugrpc_channel_free(channels[n]);
        }
        ugrpc_loop_free(counted.loop);
    }
    return NULL;
}

static void channels_on_many_threads_do_not_disturb_each_other(void **state)
{
    struct authority *authority = authority_new();
    struct issued leaf = authority_issue(authority, "localhost", "DNS:localhost", -1, 1);
    const struct ugrpc_server_tls_options served = {
        .certificate_file = leaf.certificate, .key_file = leaf.key};
    const struct ugrpc_tls_options believing = {.ca_file = authority_certificate(authority)};
    const struct ugrpc_server_options options = {.max_connections = 1000};
    struct ugrpc_server_tls *server_tls = ugrpc_server_tls_new(&served, NULL);
    struct shared shared = {
        .tls = ugrpc_tls_creds_new(&believing, NULL), .creds = ugrpc_call_creds_hmac("key", "s")};
    struct worker workers[THREADS] = {0};
    shared.server = server_thread_start(NULL, &options, server_tls);
    ugrpc_server_tls_free(server_tls);
    snprintf(shared.target, sizeof(shared.target), "localhost:%s",
        strrchr(server_thread_address(shared.server), ':') + 1);
    for (int i = 0; i < THREADS; i++) {
        workers[i].shared = &shared;
        assert_int_equal(pthread_create(&workers[i].thread, NULL, i % 2 ? work_blocking : work_asynchronously,
                             &workers[i]),
            0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].good, ROUNDS);
    }
    server_thread_stop(shared.server);
    ugrpc_tls_creds_free(shared.tls);
    ugrpc_call_creds_free(shared.creds);
    authority_free(authority);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(channels_on_many_threads_do_not_disturb_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
