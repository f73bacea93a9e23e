/* SPDX-License-Identifier: MIT */
#include "support/client_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "ugrpc/loop_internal.h"

#define TOO_LONG_NS   UINT64_C(10000000000)
#define SETTLED_TURNS 20 /* without anything to do */

static void do_once(
    void (**what)(struct ugrpc_pending *, void *), struct ugrpc_pending *pending, void *userdata)
{
    void (*fn)(struct ugrpc_pending *, void *) = *what;
    *what = NULL;
    if (fn) {
        fn(pending, userdata);
    }
}

static void on_initial(struct ugrpc_pending *pending, void *userdata)
{
    struct heard *heard = userdata;
    heard->initials++;
    do_once(&heard->in_initial, pending, heard->userdata);
}

static void on_message(struct ugrpc_pending *pending, const void *message, void *userdata)
{
    struct heard *heard = userdata;
    const struct ugrpc_bytes *bytes = message;
    assert_int_equal(heard->dones, 0);
    heard->messages++;
    heard->bytes += bytes->len;
    snprintf(heard->last, sizeof(heard->last), "%.*s", (int)(bytes->len < 60 ? bytes->len : 60), bytes->data);
    do_once(&heard->in_message, pending, heard->userdata);
}

static void on_ready(struct ugrpc_pending *pending, void *userdata)
{
    struct heard *heard = userdata;
    heard->readies++;
    do_once(&heard->in_ready, pending, heard->userdata);
}

static void on_done(struct ugrpc_pending *pending, const struct ugrpc_status *st, void *userdata)
{
    struct heard *heard = userdata;
    heard->dones++;
    heard->code = st->code;
    snprintf(heard->text, sizeof(heard->text), "%s", st->message);
    do_once(&heard->in_done, pending, heard->userdata);
}

static const struct ugrpc_pending_events events = {
    .initial = on_initial, .message = on_message, .ready = on_ready, .done = on_done};

void client_serve(struct client_fixture *f, const char *address, const struct ugrpc_server_options *options,
    struct ugrpc_server_tls *tls)
{
    struct ugrpc_status st = {0};
    ugrpc_server_free(f->server);
    f->server = ugrpc_server_new(f->loop, options, &st);
    assert_int_equal(
        ugrpc_server_add_service(f->server, &echo_service, echo_handlers, NULL, &f->echo, &st), 0);
    if (ugrpc_server_listen(f->server, address ? address : "127.0.0.1:0", tls, &st) != 0) {
        fail_msg("%s", st.message);
    }
    assert_int_equal(ugrpc_server_start(f->server, &st), 0);
    snprintf(f->target, sizeof(f->target), "%s", ugrpc_server_address(f->server, 0));
}

void client_open(struct client_fixture *f, const char *target, const struct ugrpc_channel_options *options)
{
    static const struct ugrpc_channel_options plain = {.insecure = true, .backoff_ms = 20};
    struct ugrpc_status st = {0};
    ugrpc_channel_free(f->channel);
    f->channel = ugrpc_channel_new(f->loop, target, options ? options : &plain, &st);
    if (!f->channel) {
        fail_msg("%s", st.message);
    }
}

int client_set_up_loop(void **state)
{
    struct client_fixture *f = calloc(1, sizeof(*f));
    echo_init(&f->echo);
    f->loop = ugrpc_loop_new();
    *state = f;
    return 0;
}

int client_set_up(void **state)
{
    client_set_up_loop(state);
    client_serve(*state, NULL, NULL, NULL);
    client_open(*state, ((struct client_fixture *)*state)->target, NULL);
    return 0;
}

int client_tear_down(void **state)
{
    struct client_fixture *f = *state;
    ugrpc_channel_free(f->channel);
    ugrpc_server_free(f->server);
    ugrpc_loop_free(f->loop);
    free(f);
    return 0;
}

struct ugrpc_pending *client_begin(
    struct client_fixture *f, int method, const struct ugrpc_call_options *options, struct heard *heard)
{
    *heard = (struct heard){.in_message = heard->in_message,
        .in_initial = heard->in_initial,
        .in_ready = heard->in_ready,
        .in_done = heard->in_done,
        .userdata = heard->userdata};
    return ugrpc_pending_new(
        f->channel, &echo_service, &echo_service.methods[method], options, &events, heard);
}

void client_say(struct ugrpc_pending *pending, const char *text)
{
    struct ugrpc_bytes bytes = {(const uint8_t *)text, strlen(text)};
    assert_int_equal(ugrpc_pending_send(pending, &bytes), UGRPC_SENT);
}

void client_call(
    struct client_fixture *f, const struct ugrpc_call_options *options, const char *text, struct heard *heard)
{
    struct ugrpc_bytes bytes = {(const uint8_t *)text, strlen(text)};
    ugrpc_pending_send(client_begin(f, UNARY, options, heard), &bytes);
    client_pump(f, &heard->dones);
}

static void on_wake(uv_timer_t *timer)
{
}

static uv_timer_t *wake_every(struct client_fixture *f, uint64_t ms)
{
    uv_timer_t *timer = malloc(sizeof(*timer));
    uv_timer_init(ugrpc_loop_uv(f->loop), timer);
    uv_timer_start(timer, on_wake, ms, ms);
    return timer;
}

/* A year ahead, so that the machine's clock makes none of the timers due. */
void client_stop_clock(struct client_fixture *f)
{
    int64_t now_ns = loop_now_ns(f->loop);
    loop_timers(f->loop)->clock = fake_clock_init(&f->clock);
    fake_clock_advance_ns(&f->clock, now_ns + 365 * 86400 * NS_PER_S);
    f->clock_stands = true;
}

void client_advance(struct client_fixture *f, int64_t ms)
{
    timers_run_until(loop_timers(f->loop), &f->clock, f->clock.at_ns + ms * NS_PER_MS);
}

static void turn(struct client_fixture *f)
{
    if (f->clock_stands) {
        timers_run(loop_timers(f->loop)); /* what is due at once */
    }
    uv_run(ugrpc_loop_uv(f->loop), UV_RUN_ONCE);
}

void client_pump_until(struct client_fixture *f, bool (*is_so)(void *userdata), void *userdata)
{
    uv_timer_t *timer = wake_every(f, 10);
    uint64_t begun = uv_hrtime();
    bool is = false;
    while (!(is = is_so(userdata)) && uv_hrtime() - begun < TOO_LONG_NS) {
        turn(f);
    }
    uv_close((uv_handle_t *)timer, (uv_close_cb)free);
    if (!is) {
        fail_msg("nothing happened");
    }
}

static bool is_set(void *what)
{
    return *(const int *)what != 0;
}

void client_pump(struct client_fixture *f, const int *what)
{
    client_pump_until(f, is_set, (void *)what);
}

void client_settle(struct client_fixture *f)
{
    for (int i = 0; i < SETTLED_TURNS; i++) {
        uv_timer_t *timer = wake_every(f, 1);
        turn(f);
        uv_close((uv_handle_t *)timer, (uv_close_cb)free);
    }
}

void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part)) {
        fail_msg("\"%s\" is not in \"%s\"", part, text);
    }
}
