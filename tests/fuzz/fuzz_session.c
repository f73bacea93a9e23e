/* SPDX-License-Identifier: MIT */
/* What a peer sends on one connection to a server with calls of all kinds: HTTP/2's preface, then these
 * bytes. Four bytes in front of them choose how peer, handlers and end behave. What the server sends is whole
 * frames, interceptors see an end for each beginning, and a freed server has let go of every call. */
#include <assert.h>

#include <nghttp2/nghttp2.h>
#include <ugrpc/ugrpc.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "support/echo_service.h"
#include "support/fake_net.h"
#include "ugrpc/frame.h"
#include "ugrpc/loop_internal.h"

#define MAX_PIECES  64
#define MAX_CALLS   64 /* of which the answers are looked at */
#define MAX_MESSAGE 4096
#define LAST_TURNS  4

enum { NO_PREFACE = 1, NEEDS_KEY = 2, HANGS_UP = 4, SHUTS_DOWN = 8, ANSWERS_ALL = 16 }; /* the first byte */
enum { SENDS = 1, LETS_GO = 2, PAUSES = 4 }; /* the second: handlers, in each turn */

struct fixture {
    struct ugrpc_loop *loop;
    struct ugrpc_server *server;
    struct connection *peer;
    struct echo echo;
    uint8_t how, handlers;
    size_t reads; /* the peer, in each turn */
    unsigned turns;
    size_t begun, ended; /* calls, as interceptors see them */
};

static int on_begin(struct ugrpc_call *call, void *userdata, struct ugrpc_status *st)
{
    struct fixture *f = userdata;
    struct ugrpc_bytes key;
    f->begun++;
    if (!(f->how & NEEDS_KEY)) {
        return 0;
    }
    if (!ugrpc_call_metadata(call, "key", &key) || !ugrpc_key_equal((const char *)key.data, "secret")) {
        return ugrpc_status_set(st, UGRPC_UNAUTHENTICATED, "no key");
    }
    ugrpc_call_set_identity(call, "somebody", f);
    return 0;
}

static void on_end(struct ugrpc_call *call, const struct ugrpc_status *st, void *userdata)
{
    struct fixture *f = userdata;
    const char *method = ugrpc_call_method(call);
    assert(st->code <= UGRPC_UNAUTHENTICATED);
    assert(utf8_valid(st->message, strlen(st->message)));
    assert(method[0] == '/' && utf8_valid(method, strlen(method)));
    f->ended++;
}

static const struct ugrpc_interceptor interceptor = {on_begin, on_end};

static void set_up(struct fixture *f)
{
    const struct ugrpc_server_options options = {
        .max_streams = 8,
        .max_header_bytes = 1024,
        .max_message_bytes = MAX_MESSAGE,
        .max_connection_bytes = 8192,
        .max_resets_per_s = 16,
    };
    struct ugrpc_status st;
    echo_init(&f->echo);
    f->loop = ugrpc_loop_new();
    loop_hold(f->loop);
    f->server = ugrpc_server_new(f->loop, &options, &st);
    int rc = ugrpc_server_add_service(f->server, &echo_service, echo_handlers, NULL, &f->echo, &st);
    rc += ugrpc_server_listen(f->server, "fake", NULL, &st);
    rc += ugrpc_server_start(f->server, &st);
    if (f->how & ANSWERS_ALL) {
        ugrpc_server_set_fallback(f->server, &echo_handlers[0], NULL, &f->echo);
    }
    rc += ugrpc_server_add_interceptor(f->server, &interceptor, f);
    assert(rc == 0);
    f->peer = fake_peer_connect(f->loop);
}

/* The handler of the newest call that is still open does something. */
static void drive(struct fixture *f)
{
    struct ugrpc_call *call = f->echo.held;
    const char *method = call ? ugrpc_call_method(call) : "";
    if ((f->handlers & SENDS) &&
        (strcmp(method, ECHO_PATH("Watch")) == 0 || strcmp(method, ECHO_PATH("Chat")) == 0)) {
        uint8_t *data;
        struct ugrpc_message *message = ugrpc_message_new(3000, &data);
        memset(data, 'm', 3000);
        ugrpc_call_set_send_limit(call, 8000);
        ugrpc_call_send_message(call, message);
        ugrpc_message_unref(message);
    }
    if (call && (f->handlers & PAUSES)) {
        ugrpc_call_pause(call, f->turns % 2);
    }
    if (call && (f->handlers & LETS_GO)) {
        echo_let_go(&f->echo);
    }
}

static void turn(struct fixture *f)
{
    fake_peer_read(f->peer, f->reads);
    ugrpc_loop_turn(f->loop);
    drive(f);
    f->turns++;
}

static void send_pieces(struct fixture *f, struct input in, size_t piece)
{
    if (piece < in.len / MAX_PIECES + 1) {
        piece = in.len / MAX_PIECES + 1;
    }
    while (in.len > 0) {
        struct input taken = input_take(&in, piece);
        uint8_t *copy = input_copy(taken);
        fake_peer_send(f->peer, copy, taken.len);
        free(copy);
        turn(f);
    }
}

/* What was sent on one stream. */
struct answer {
    struct frame_reader in;
    bool page; /* for people, as their request was none of gRPC */
};

/* It is whole messages, or a page of text. */
static void check_data(struct answer *answer, const uint8_t *data, size_t len, bool last)
{
    struct frame frame;
    int rc = 1;
    answer->page |= len > 0 && data[0] == 'T' && frame_at_boundary(&answer->in);
    while (rc == 1 && !answer->page) {
        rc = frame_read(
            &answer->in, &data, &len, MAX_MESSAGE + 64, &frame, NULL); /* compressing may add a little */
    }
    assert(answer->page || (rc == 0 && (!last || frame_at_boundary(&answer->in))));
}

/* Whole frames of known types, on streams that can be. */
static void check_frames(const struct buffer *got)
{
    struct answer answers[MAX_CALLS] = {{{0}}};
    size_t at = 0, len;
    for (; got->len - at >= 9; at += 9 + len) {
        const uint8_t *head = got->data + at;
        uint8_t type = head[3];
        uint32_t id = (uint32_t)head[5] << 24 | (uint32_t)head[6] << 16 | (uint32_t)head[7] << 8 | head[8];
        bool of_connection = type == NGHTTP2_SETTINGS || type == NGHTTP2_PING || type == NGHTTP2_GOAWAY;
        len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
        assert(type <= NGHTTP2_CONTINUATION);
        assert(id == 0 ? of_connection || type == NGHTTP2_WINDOW_UPDATE : id % 2 == 1 && !of_connection);
        if (len > got->len - at - 9) {
            break; /* the peer has not read all of it */
        }
        if ((type == NGHTTP2_DATA || type == NGHTTP2_HEADERS) && id / 2 < MAX_CALLS) {
            check_data(&answers[id / 2], head + 9, type == NGHTTP2_DATA ? len : 0,
                head[4] & NGHTTP2_FLAG_END_STREAM);
        }
    }
    for (size_t i = 0; i < MAX_CALLS; i++) {
        frame_reader_done(&answers[i].in);
    }
}

static void tear_down(struct fixture *f)
{
    struct ugrpc_server_stats stats;
    if (f->how & SHUTS_DOWN) {
        ugrpc_server_shutdown(f->server, 0, NULL, NULL);
    }
    for (int i = 0; i < LAST_TURNS; i++) {
        turn(f);
    }
    if (f->how & HANGS_UP) {
        fake_peer_hang_up(f->peer);
        ugrpc_server_read_stats(f->server, &stats);
        assert(stats.open_connections == 0 && stats.open_calls == 0);
    }
    ugrpc_server_free(f->server);
    assert(f->begun == f->ended || (f->begun < f->ended && (f->how & NEEDS_KEY)));
    assert(!f->echo.held);
    if (!(f->how & NO_PREFACE)) {
        check_frames(fake_peer_received(f->peer));
    }
    loop_let_go(f->loop);
    ugrpc_loop_free(f->loop);
    fake_peer_free(f->peer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char magic[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    struct input in = {data, size};
    struct fixture f = {0};
    f.how = input_byte(&in);
    f.handlers = input_byte(&in);
    size_t piece = input_byte(&in), reads = input_byte(&in);
    f.reads = reads ? 16 * reads : SIZE_MAX;
    set_up(&f);
    if (!(f.how & NO_PREFACE)) {
        fake_peer_send(f.peer, magic, sizeof(magic) - 1);
    }
    send_pieces(&f, in, piece ? piece : SIZE_MAX);
    tear_down(&f);
    return 0;
}
