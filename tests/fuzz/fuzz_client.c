/* SPDX-License-Identifier: MIT */
/* What a server sends to a channel with a call of each kind on streams 1, 3, 5, 7 and 9: its SETTINGS, then
 * these bytes. Two bytes in front of them choose how the caller behaves. Each call ends once at most, nothing
 * comes after its end, and a freed channel has let go of everything. */
#include <assert.h>

#include <ugrpc/ugrpc.h>

#include "base/base.h"
#include "fuzz.h"
#include "support/echo_service.h"
#include "support/fake_net.h"
#include "ugrpc/loop_internal.h"

#define MAX_PIECES      64
#define MAX_MESSAGE     4096
#define MAX_CONNECTIONS 8

enum {
    NO_SETTINGS = 1,
    CANCELS = 2,
    FREES = 4,
    PAUSES = 8,
    SENDS_MORE = 16,
    HANGS_UP = 32
}; /* the first byte */

struct fixture;

struct caller {
    struct fixture *f;
    struct ugrpc_pending *pending; /* NULL: ended */
    int messages;
    bool ended;
};

struct fixture {
    struct ugrpc_loop *loop;
    struct ugrpc_channel *channel; /* NULL: freed from a callback */
    struct connection *servers[MAX_CONNECTIONS];
    int n_servers;
    struct caller callers[5];
    uint8_t how;
    unsigned turns;
};

static void free_channel(struct fixture *f)
{
    ugrpc_channel_free(f->channel);
    f->channel = NULL;
    for (size_t i = 0; i < ARRAY_LEN(f->callers); i++) {
        f->callers[i].pending = NULL;
    }
}

static void on_initial(struct ugrpc_pending *pending, void *userdata)
{
    struct caller *caller = userdata;
    const char *key;
    struct ugrpc_bytes value;
    assert(!caller->ended && caller->pending == pending && caller->messages == 0);
    for (size_t i = 0; ugrpc_pending_initial_at(pending, i, &key, &value); i++) {
        assert(key[0]);
    }
}

static void on_message(struct ugrpc_pending *pending, const void *message, void *userdata)
{
    struct caller *caller = userdata;
    assert(!caller->ended && caller->pending == pending);
    assert(((const struct ugrpc_bytes *)message)->len <= MAX_MESSAGE);
    caller->messages++;
    if (caller->f->how & FREES) {
        free_channel(caller->f);
    } else if (caller->f->how & CANCELS) {
        caller->pending = NULL;
        ugrpc_pending_cancel(pending);
    }
}

static void on_done(struct ugrpc_pending *pending, const struct ugrpc_status *st, void *userdata)
{
    struct caller *caller = userdata;
    assert(!caller->ended && caller->pending == pending);
    assert(st->code <= UGRPC_UNAUTHENTICATED && ugrpc_pending_message(pending));
    caller->ended = true;
    caller->pending = NULL;
    if (caller->f->how & FREES) {
        free_channel(caller->f);
    }
}

static const struct ugrpc_pending_events events = {
    .initial = on_initial, .message = on_message, .done = on_done};

static void say(struct ugrpc_pending *pending)
{
    const struct ugrpc_bytes bytes = {(const uint8_t *)"hello", 5};
    enum ugrpc_sent sent = ugrpc_pending_send(pending, &bytes);
    assert(sent == UGRPC_SENT || sent == UGRPC_FULL || sent == UGRPC_GONE);
}

static void set_up(struct fixture *f)
{
    const struct ugrpc_channel_options options = {
        .insecure = true, .max_receive_bytes = MAX_MESSAGE, .max_header_bytes = 1024};
    f->loop = ugrpc_loop_new();
    loop_hold(f->loop);
    f->channel = ugrpc_channel_new(f->loop, "127.0.0.1:1", &options, NULL);
    assert(f->channel);
    for (size_t i = 0; i < ARRAY_LEN(f->callers); i++) {
        struct caller *caller = &f->callers[i];
        caller->f = f;
        caller->pending = ugrpc_pending_new(
            f->channel, &echo_service, &echo_service.methods[i], NULL, &events, caller);
        say(caller->pending);
    }
}

static void turn(struct fixture *f)
{
    struct connection *server = f->n_servers < MAX_CONNECTIONS ? fake_server_accept(f->loop) : NULL;
    if (server) {
        f->servers[f->n_servers++] = server;
        fake_peer_read(server, SIZE_MAX);
    }
    ugrpc_loop_turn(f->loop);
    for (size_t i = 0; i < ARRAY_LEN(f->callers); i++) {
        struct ugrpc_pending *pending = f->callers[i].pending;
        if (pending && (f->how & PAUSES)) {
            ugrpc_pending_pause(pending, f->turns % 2);
        }
        if (pending && (f->how & SENDS_MORE)) {
            say(pending);
        }
    }
    f->turns++;
}

static void server_sends(struct fixture *f, const void *data, size_t len)
{
    if (f->n_servers > 0) {
        fake_peer_send(f->servers[f->n_servers - 1], data, len);
    }
    turn(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t settings[9] = {0, 0, 0, 4};
    struct input in = {data, size};
    struct fixture f = {.how = input_byte(&in)};
    size_t piece = input_byte(&in);
    piece = piece ? piece : SIZE_MAX;
    piece = piece < in.len / MAX_PIECES + 1 ? in.len / MAX_PIECES + 1 : piece;
    set_up(&f);
    turn(&f);
    if (!(f.how & NO_SETTINGS)) {
        server_sends(&f, settings, sizeof(settings));
    }
    while (in.len > 0) {
        struct input taken = input_take(&in, piece);
        uint8_t *copy = input_copy(taken);
        server_sends(&f, copy, taken.len);
        free(copy);
    }
    if ((f.how & HANGS_UP) && f.n_servers > 0) {
        fake_peer_hang_up(f.servers[f.n_servers - 1]);
        turn(&f);
    }
    free_channel(&f);
    loop_let_go(f.loop);
    struct connection *last = fake_server_accept(f.loop);
    ugrpc_loop_free(f.loop);
    if (last) { /* it was begun in the last turn */
        fake_peer_free(last);
    }
    for (int i = 0; i < f.n_servers; i++) {
        fake_peer_free(f.servers[i]);
    }
    return 0;
}
