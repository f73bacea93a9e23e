/* SPDX-License-Identifier: MIT */
/* TLS between a server and peers that do not behave; certificates and keys that are no use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "net/tls.h"
#include "support/authority.h"
#include "support/echo_fixture.h"

struct secured {
    struct fixture f; /* first */
    struct authority *authority;
    struct issued files;
};

static void serve(struct secured *s, bool require_certificate)
{
    struct ugrpc_server_tls_options options = {
        .certificate_file = s->files.certificate,
        .key_file = s->files.key,
        .client_ca_file = require_certificate ? authority_certificate(s->authority) : NULL,
        .require_client_certificate = require_certificate,
    };
    struct ugrpc_server_tls *tls = ugrpc_server_tls_new(&options, NULL);
    assert_non_null(tls);
    fixture_serve(&s->f, (struct ugrpc_server_options){0}, tls);
    ugrpc_server_tls_free(tls);
}

static int set_up(void **state)
{
    struct secured *s = calloc(1, sizeof(*s));
    s->authority = authority_new();
    s->files = authority_issue(s->authority, "localhost", NULL, -1, 1);
    *state = s;
    return 0;
}

static int set_up_serving(void **state)
{
    set_up(state);
    struct secured *s = *state;
    serve(s, false);
    s->f.client = h2_connect_tls(s->f.loop, ugrpc_server_address(s->f.server, 0));
    return 0;
}

static int tear_down(void **state)
{
    struct secured *s = *state;
    fixture_stop(&s->f);
    authority_free(s->authority);
    free(s);
    return 0;
}

static int tear_down_files(void **state)
{
    struct secured *s = *state;
    authority_free(s->authority);
    free(s);
    return 0;
}

/* Begins a stream whose reply is larger than the sockets' buffers, and reads nothing from then on. */
static struct h2_call *clog_way_back(struct fixture *f, size_t len)
{
    h2_open_windows(f->client);
    struct h2_call *call = begin(f, ECHO_PATH("Watch"));
    struct ugrpc_message *message = message_of_size(len);
    f->client->deaf = true;
    assert_int_equal(ugrpc_call_send_message(f->echo.held, message), UGRPC_SENT);
    ugrpc_message_unref(message);
    return call;
}

static void new_keys_asked_for_by_a_peer_that_reads_nothing_end_the_connection(void **state)
{
    struct fixture *f = *state;
    clog_way_back(f, 32 << 20);
    bool alive = true;
    for (int i = 0; i < 20000 && alive; i++) {
        alive = SSL_key_update(f->client->ssl, SSL_KEY_UPDATE_REQUESTED) == 1;
        while (alive && SSL_do_handshake(f->client->ssl) != 1) {
            alive = stats_of(f).open_connections > 0;
            ugrpc_loop_turn(f->loop);
        }
        ugrpc_loop_turn(f->loop);
    }
    h2_pump(f->client, nobody_is_connected, f);
}

/* The server's socket of a client's connection, which is in this process too. */
static int server_end(const struct h2_client *c)
{
    struct sockaddr_in own, peer = {0};
    socklen_t len = sizeof(own);
    assert_int_equal(getsockname(c->fd, (struct sockaddr *)&own, &len), 0);
    for (int fd = 3; fd < 1024; fd++) {
        len = sizeof(peer);
        if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0 && peer.sin_family == AF_INET &&
            peer.sin_port == own.sin_port) {
            return fd;
        }
    }
    return -1;
}

static void the_closing_alert_follows_all_that_was_in_flight(void **state)
{
    const size_t len = (4 << 16) - 400; /* writes of 64 KiB: the last one is large and holds the trailers */
    const int small = 8192;             /* so that every write is cut */
    struct fixture *f = *state;
    h2_pump_some(f->client);
    assert_int_equal(setsockopt(server_end(f->client), SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
    assert_int_equal(setsockopt(f->client->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
    struct h2_call *call = clog_way_back(f, len);
    nghttp2_submit_goaway(f->client->h2, NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, NULL, 0);
    nghttp2_session_send(f->client->h2);
    ugrpc_call_end(f->echo.held);
    f->client->deaf = false;
    h2_pump_until_gone(f->client);
    assert_int_equal(call->body_len, len + 5);
    assert_int_equal(h2_grpc_status(call), UGRPC_OK);
    assert_true(f->client->said_goodbye);
}

static void http1_on_a_tls_port_gets_its_400_however_it_is_cut(void **state)
{
    static const char request[] = "OPTIONS / HTTP/1.1\r\n\r\n";
    struct fixture *f = *state;
    for (size_t cut = 1; cut < 10; cut++) {
        struct h2_client *c = h2_connect(f->loop, ugrpc_server_address(f->server, 0), false);
        h2_send_raw(c, request, cut);
        h2_pump_some(f->client); /* the server has seen it */
        h2_send_raw(c, request + cut, sizeof(request) - 1 - cut);
        h2_pump_until_gone(c);
        assert_non_null(strstr((char *)c->raw, "400 Bad Request"));
        h2_close(c);
    }
}

static void a_client_without_the_certificate_it_needs_is_logged_once(void **state)
{
    struct secured *s = *state;
    serve(s, true);
    for (int i = 0; i < 3; i++) {
        struct h2_client *c = h2_connect_tls(s->f.loop, ugrpc_server_address(s->f.server, 0));
        h2_pump_until_gone(c);
        h2_close(c);
    }
    const char *line = strstr(s->f.log, "did not return a certificate");
    assert_non_null(line);
    assert_null(strstr(line + 1, "did not return a certificate"));
}

static void a_call_by_tls_is_known_as_such(void **state)
{
    struct fixture *f = *state;
    begin(f, ECHO_PATH("Hold"));
    assert_true(ugrpc_call_secure(f->echo.held));
    assert_null(ugrpc_call_peer_certificate(f->echo.held));
    echo_let_go(&f->echo);
}

static void a_key_with_a_passphrase_is_refused_in_words_rather_than_asked_for(void **state)
{
    struct secured *s = *state;
    struct ugrpc_status st;
    struct ugrpc_server_tls_options options = {s->files.certificate, s->files.key};
    issued_encrypt_key(&s->files, "secret");
    assert_null(ugrpc_server_tls_new(&options, &st));
    assert_non_null(strstr(st.message, s->files.key));
    assert_non_null(strstr(st.message, "passphrase"));
}

static void a_renewed_key_with_a_passphrase_leaves_the_old_one(void **state)
{
    struct secured *s = *state;
    struct ugrpc_status st;
    struct tls_files files = {s->files.certificate, s->files.key};
    struct tls *tls = tls_new(&files, &st);
    assert_non_null(tls);
    issued_encrypt_key(&s->files, "secret");
    const struct timespec later[2] = {{.tv_sec = 2000000000}, {.tv_sec = 2000000000}};
    assert_int_equal(utimensat(AT_FDCWD, s->files.key, later, 0), 0);
    assert_int_equal(tls_refresh(tls, NS_PER_S, &st), -UGRPC_INVALID_ARGUMENT);
    assert_non_null(strstr(st.message, "passphrase"));
    struct ssl_st *ssl = tls_ssl_new(tls);
    assert_non_null(SSL_get_privatekey(ssl));
    SSL_free(ssl);
    tls_unref(tls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            new_keys_asked_for_by_a_peer_that_reads_nothing_end_the_connection, set_up_serving, tear_down),
        cmocka_unit_test_setup_teardown(
            the_closing_alert_follows_all_that_was_in_flight, set_up_serving, tear_down),
        cmocka_unit_test_setup_teardown(
            http1_on_a_tls_port_gets_its_400_however_it_is_cut, set_up_serving, tear_down),
        cmocka_unit_test_setup_teardown(a_call_by_tls_is_known_as_such, set_up_serving, tear_down),
        cmocka_unit_test_setup_teardown(
            a_client_without_the_certificate_it_needs_is_logged_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_key_with_a_passphrase_is_refused_in_words_rather_than_asked_for, set_up, tear_down_files),
        cmocka_unit_test_setup_teardown(
            a_renewed_key_with_a_passphrase_leaves_the_old_one, set_up, tear_down_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
