/* SPDX-License-Identifier: MIT */
#include "support/echo_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static void on_log(enum ugrpc_log_level level, const char *text, void *userdata)
{
    struct fixture *f = userdata;
    if (level < UGRPC_LOG_DEBUG) {
        strncat(f->log, text, sizeof(f->log) - strlen(f->log) - 1);
    }
}

void fixture_serve(struct fixture *f, struct ugrpc_server_options options, struct ugrpc_server_tls *tls)
{
    struct ugrpc_status st = {0};
    echo_init(&f->echo);
    options.log = on_log;
    options.log_userdata = f;
    f->loop = ugrpc_loop_new();
    f->server = ugrpc_server_new(f->loop, &options, &st);
    assert_int_equal(
        ugrpc_server_add_service(f->server, &echo_service, echo_handlers, NULL, &f->echo, &st), 0);
    assert_int_equal(ugrpc_server_listen(f->server, "127.0.0.1:0", tls, &st), 0);
    assert_int_equal(ugrpc_server_start(f->server, &st), 0);
}

void fixture_start(struct fixture *f, struct ugrpc_server_options options)
{
    fixture_serve(f, options, NULL);
    f->client = fixture_connect(f, true);
}

void fixture_stop(struct fixture *f)
{
    h2_close(f->client);
    ugrpc_server_free(f->server);
    ugrpc_loop_free(f->loop);
}

int fixture_set_up_nothing(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return 0;
}

int fixture_set_up(void **state)
{
    fixture_set_up_nothing(state);
    fixture_start(*state, (struct ugrpc_server_options){0});
    return 0;
}

int fixture_tear_down(void **state)
{
    fixture_stop(*state);
    free(*state);
    return 0;
}

struct h2_client *fixture_connect(struct fixture *f, bool with_http2)
{
    return h2_connect(f->loop, ugrpc_server_address(f->server, 0), with_http2);
}

struct h2_call *begin(struct fixture *f, const char *path)
{
    struct h2_call *call = h2_call_empty(f->client, path);
    h2_pump_some(f->client);
    return call;
}

struct h2_call *call_bytes(struct fixture *f, const char *path, const void *body, size_t len)
{
    struct h2_call *call = h2_call(f->client, path, body, len, true);
    h2_pump_until_closed(f->client, call);
    return call;
}

struct h2_call *call_text(struct fixture *f, const char *path, const char *text)
{
    uint8_t body[1024];
    return call_bytes(f, path, body, h2_frame(body, text, strlen(text), false));
}

struct h2_call *call_empty(struct h2_client *client, const char *path)
{
    struct h2_call *call = h2_call_empty(client, path);
    h2_pump_until_closed(client, call);
    return call;
}

struct ugrpc_server_stats stats_of(const struct fixture *f)
{
    struct ugrpc_server_stats stats;
    ugrpc_server_read_stats(f->server, &stats);
    return stats;
}

bool nobody_is_connected(void *fixture)
{
    return stats_of(fixture).open_connections == 0;
}

void note_done(void *count)
{
    ++*(unsigned *)count;
}

bool is_done(void *count)
{
    return *(const unsigned *)count > 0;
}
