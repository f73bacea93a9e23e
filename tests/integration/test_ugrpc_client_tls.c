/* SPDX-License-Identifier: MIT */
/* A client's TLS: whom it believes and whom not, and that it says why; credentials of calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/authority.h"
#include "support/client_fixture.h"
#include "support/proxy.h"

#define LOCAL "DNS:localhost,IP:127.0.0.1"

struct secured {
    struct client_fixture f; /* first */
    struct authority *authority;
    struct issued leaf;
    char by_name[64]; /* "localhost:PORT" */
};

static void serve(struct secured *s, const struct issued *leaf, const char *client_ca)
{
    const struct ugrpc_server_tls_options options = {
        .certificate_file = leaf->certificate,
        .key_file = leaf->key,
        .client_ca_file = client_ca,
        .require_client_certificate = client_ca,
    };
    struct ugrpc_server_tls *tls = ugrpc_server_tls_new(&options, NULL);
    assert_non_null(tls);
    client_serve(&s->f, NULL, NULL, tls);
    ugrpc_server_tls_free(tls);
    snprintf(s->by_name, sizeof(s->by_name), "localhost:%s", strrchr(s->f.target, ':') + 1);
}

static int set_up(void **state)
{
    struct secured *s = calloc(1, sizeof(*s));
    echo_init(&s->f.echo);
    s->f.loop = ugrpc_loop_new();
    s->authority = authority_new();
    s->leaf = authority_issue(s->authority, "localhost", LOCAL, -1, 1);
    serve(s, &s->leaf, NULL);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct secured *s = *state;
    authority_free(s->authority);
    return client_tear_down(state);
}

/* A channel to `target` that believes the authority, unless there are other options. */
static void open_tls(struct secured *s, const char *target, const struct ugrpc_tls_options *options)
{
    const struct ugrpc_tls_options believing = {.ca_file = authority_certificate(s->authority)};
    struct ugrpc_status st = {0};
    struct ugrpc_tls_creds *tls = ugrpc_tls_creds_new(options ? options : &believing, &st);
    if (!tls) {
        fail_msg("%s", st.message);
    }
    const struct ugrpc_channel_options channel = {.tls = tls, .backoff_ms = 20};
    client_open(&s->f, target, &channel);
    ugrpc_tls_creds_free(tls); /* the channel keeps what it needs */
}

static void assert_answers(struct secured *s)
{
    struct heard heard = {0};
    client_call(&s->f, NULL, "x", &heard);
    if (heard.code != UGRPC_OK) {
        fail_msg("%s", heard.text);
    }
}

static void assert_refused(struct secured *s, const char *why)
{
    struct heard heard = {0};
    client_call(&s->f, NULL, "x", &heard);
    assert_int_equal(heard.code, UGRPC_UNAVAILABLE);
    assert_contains(heard.text, "cannot reach");
    assert_contains(heard.text, ugrpc_channel_target(s->f.channel));
    assert_contains(heard.text, why);
    assert_int_equal(s->f.echo.messages, 0);
}

static void a_server_is_believed_by_name_and_by_address(void **state)
{
    struct secured *s = *state;
    open_tls(s, s->by_name, NULL);
    assert_answers(s);
    open_tls(s, s->f.target, NULL);
    assert_answers(s);
}

static char *read_text(const char *path)
{
    static char text[8192];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void whom_to_believe_may_come_from_memory(void **state)
{
    struct secured *s = *state;
    const struct ugrpc_tls_options options = {.ca_pem = read_text(authority_certificate(s->authority))};
    open_tls(s, s->by_name, &options);
    assert_answers(s);
}

static void a_certificate_for_another_name_is_refused(void **state)
{
    struct secured *s = *state;
    struct issued other = authority_issue(s->authority, "other", "DNS:other.host,IP:10.0.0.7", -1, 1);
    serve(s, &other, NULL);
    open_tls(s, s->by_name, NULL);
    assert_refused(s, "its certificate is for other.host, 10.0.0.7, not for localhost");
    open_tls(s, s->f.target, NULL);
    assert_refused(s, "not for 127.0.0.1");
    const struct ugrpc_tls_options named = {
        .ca_file = authority_certificate(s->authority), .server_name = "other.host"};
    open_tls(s, s->by_name, &named);
    assert_answers(s);
}

/* A SEQUENCE of an address of one byte, and the name "other.host". */
static void an_address_that_is_none_is_not_told_as_a_certificates(void **state)
{
    struct secured *s = *state;
    struct issued odd = authority_issue(
        s->authority, "odd", "DER:30:0f:87:01:0a:82:0a:6f:74:68:65:72:2e:68:6f:73:74", -1, 1);
    serve(s, &odd, NULL);
    open_tls(s, s->by_name, NULL);
    assert_refused(s, "its certificate is for other.host, not for localhost");
}

static void a_certificate_out_of_its_time_is_refused(void **state)
{
    struct secured *s = *state;
    struct issued old = authority_issue(s->authority, "old", LOCAL, -48, -24);
    struct issued young = authority_issue(s->authority, "young", LOCAL, 24, 48);
    serve(s, &old, NULL);
    open_tls(s, s->by_name, NULL);
    assert_refused(s, "its certificate has expired on 20");
    serve(s, &young, NULL);
    open_tls(s, s->by_name, NULL);
    assert_refused(s, "its certificate is not valid before 20");
}

static void a_certificate_of_somebody_else_is_refused(void **state)
{
    static const struct ugrpc_tls_options system_roots = {0};
    struct secured *s = *state;
    struct authority *other = authority_new();
    const struct ugrpc_tls_options options = {.ca_file = authority_certificate(other)};
    open_tls(s, s->by_name, &options);
    assert_refused(s, "signed by nobody that is trusted here");
    open_tls(s, s->by_name, &system_roots);
    assert_refused(s, "signed by nobody that is trusted here");
    client_open(&s->f, s->by_name, &(struct ugrpc_channel_options){0}); /* TLS with these is the default */
    assert_refused(s, "signed by nobody that is trusted here");
    authority_free(other);
}

static void plain_text_where_tls_is_due_is_told(void **state)
{
    struct secured *s = *state;
    client_open(&s->f, s->by_name, NULL);
    assert_refused(s, "it may want TLS");
}

static void tls_where_plain_text_is_due_is_told(void **state)
{
    struct secured *s = *state;
    client_serve(&s->f, NULL, NULL, NULL);
    open_tls(s, s->f.target, NULL);
    assert_refused(s, "it answers without TLS, but TLS was asked for");
}

static void a_client_shows_its_certificate_when_asked(void **state)
{
    struct secured *s = *state;
    struct issued own = authority_issue(s->authority, "client", NULL, -1, 1);
    const struct ugrpc_tls_options showing = {.ca_file = authority_certificate(s->authority),
        .certificate_file = own.certificate,
        .key_file = own.key};
    serve(s, &s->leaf, authority_certificate(s->authority));
    open_tls(s, s->by_name, NULL);
    assert_refused(s, "certificate required");
    open_tls(s, s->by_name, &showing);
    assert_answers(s);
}

static void assert_no_creds(const struct ugrpc_tls_options *options, const char *why)
{
    struct ugrpc_status st = {0};
    assert_null(ugrpc_tls_creds_new(options, &st));
    assert_int_equal(st.code, UGRPC_INVALID_ARGUMENT);
    assert_contains(st.message, why);
}

static void files_that_are_no_use_are_named(void **state)
{
    struct secured *s = *state;
    struct issued own = authority_issue(s->authority, "client", NULL, -1, 1);
    struct issued locked = authority_issue(s->authority, "locked", NULL, -1, 1);
    assert_no_creds(&(struct ugrpc_tls_options){.ca_file = "/nowhere/ca.pem"}, "/nowhere/ca.pem");
    assert_no_creds(&(struct ugrpc_tls_options){.ca_pem = "no certificate"}, "CA certificates");
    assert_no_creds(&(struct ugrpc_tls_options){.ca_file = own.key}, own.key);
    assert_no_creds(&(struct ugrpc_tls_options){.certificate_file = own.certificate}, "its key");
    assert_no_creds(&(struct ugrpc_tls_options){.key_file = own.key}, "its certificate");
    assert_no_creds(&(struct ugrpc_tls_options){.certificate_file = own.certificate, .key_file = s->leaf.key},
        s->leaf.key);
    issued_encrypt_key(&locked, "secret");
    assert_no_creds(
        &(struct ugrpc_tls_options){.certificate_file = locked.certificate, .key_file = locked.key},
        "needs a passphrase");
}

static void contradictory_options_are_refused(void **state)
{
    struct secured *s = *state;
    struct ugrpc_tls_creds *tls = ugrpc_tls_creds_new(&(struct ugrpc_tls_options){0}, NULL);
    const struct ugrpc_channel_options both = {.tls = tls, .insecure = true}, secure = {.tls = tls};
    struct ugrpc_status st = {0};
    assert_non_null(tls);
    assert_null(ugrpc_channel_new(s->f.loop, "localhost", &both, &st));
    assert_contains(st.message, "insecure");
    assert_null(ugrpc_channel_new(s->f.loop, "unix:/tmp/x", &secure, &st));
    assert_contains(st.message, "server_name");
    ugrpc_tls_creds_free(tls);
}

static bool is_idle(void *channel)
{
    return ugrpc_channel_connectivity(channel, false) == UGRPC_IDLE;
}

/* The bytes that a call took to come back on a connection of its own. */
static size_t bytes_back(struct secured *s, struct proxy *proxy)
{
    assert_answers(s);
    client_settle(&s->f); /* the server's tickets come after the handshake */
    size_t bytes = proxy_carried(proxy, PROXY_BACK);
    proxy_cut(proxy);
    client_pump_until(&s->f, is_idle, s->f.channel);
    return bytes;
}

/* A resumed session brings no certificate, so it is shorter. */
static void a_second_connection_resumes_the_first_ones_session(void **state)
{
    struct secured *s = *state;
    struct proxy *proxy = proxy_new(s->f.loop, s->f.target);
    open_tls(s, proxy_address(proxy), NULL);
    size_t first = bytes_back(s, proxy), second = bytes_back(s, proxy), third = bytes_back(s, proxy);
    assert_int_equal(proxy_connections(proxy), 3);
    assert_in_range(second, 1, first - 300);
    assert_in_range(third, 1, first - 300);
    proxy_free(proxy);
}

static void tls_may_be_broken_into_bytes(void **state)
{
    struct secured *s = *state;
    struct proxy *proxy = proxy_new(s->f.loop, s->f.target);
    proxy_fragment(proxy, 1);
    open_tls(s, proxy_address(proxy), NULL);
    assert_answers(s);
    proxy_free(proxy);
}

static void tls_may_be_cut_after_each_byte(void **state)
{
    struct secured *s = *state;
    struct proxy *proxy = proxy_new(s->f.loop, s->f.target);
    size_t failed = 0;
    for (int way = PROXY_THERE; way <= PROXY_BACK; way++) {
        for (size_t bytes = 0; bytes < 2500; bytes += 31) {
            struct heard heard = {0};
            proxy_cut_after(proxy, (enum proxy_way)way, bytes);
            open_tls(s, proxy_address(proxy), NULL);
            client_call(&s->f, NULL, "x", &heard);
            assert_true(heard.code == UGRPC_OK || heard.code == UGRPC_UNAVAILABLE);
            failed += heard.code != UGRPC_OK;
            proxy_cut_after(proxy, (enum proxy_way)way, SIZE_MAX);
        }
    }
    assert_true(failed > 20); /* it was cut indeed */
    proxy_free(proxy);
}

/* ---- credentials of calls --------------------------------------------------------------------------- */

struct keys {
    int keys, signatures;
};

static void count_keys(struct ugrpc_pending *pending, void *userdata)
{
    struct keys *keys = userdata;
    const char *key;
    struct ugrpc_bytes value;
    for (size_t i = 0; ugrpc_pending_initial_at(pending, i, &key, &value); i++) {
        keys->keys += strcmp(key, "key") == 0;
        keys->signatures += strcmp(key, "sig") == 0;
    }
}

static void credentials_travel_over_tls(void **state)
{
    struct secured *s = *state;
    struct ugrpc_call_creds *of_channel = ugrpc_call_creds_key("one");
    struct ugrpc_call_creds *of_call = ugrpc_call_creds_hmac("two", "secret");
    const struct ugrpc_tls_options believing = {.ca_file = authority_certificate(s->authority)};
    struct ugrpc_tls_creds *tls = ugrpc_tls_creds_new(&believing, NULL);
    const struct ugrpc_channel_options options = {.tls = tls, .call_creds = of_channel};
    const struct ugrpc_call_options call = {.creds = of_call};
    struct keys keys = {0};
    struct heard heard = {.in_done = count_keys, .userdata = &keys};
    client_open(&s->f, s->by_name, &options);
    ugrpc_tls_creds_free(tls);
    struct ugrpc_pending *pending = client_begin(&s->f, METADATA, &call, &heard);
    client_say(pending, "x");
    ugrpc_call_creds_free(of_channel);
    ugrpc_call_creds_free(of_call);
    client_pump(&s->f, &heard.dones);
    assert_int_equal(heard.code, UGRPC_OK);
    assert_int_equal(keys.keys, 2);
    assert_int_equal(keys.signatures, 1);
}

#define TLS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TLS_TEST(a_server_is_believed_by_name_and_by_address),
        TLS_TEST(whom_to_believe_may_come_from_memory),
        TLS_TEST(a_certificate_for_another_name_is_refused),
        TLS_TEST(an_address_that_is_none_is_not_told_as_a_certificates),
        TLS_TEST(a_certificate_out_of_its_time_is_refused),
        TLS_TEST(a_certificate_of_somebody_else_is_refused),
        TLS_TEST(plain_text_where_tls_is_due_is_told),
        TLS_TEST(tls_where_plain_text_is_due_is_told),
        TLS_TEST(a_client_shows_its_certificate_when_asked),
        TLS_TEST(files_that_are_no_use_are_named),
        TLS_TEST(contradictory_options_are_refused),
        TLS_TEST(a_second_connection_resumes_the_first_ones_session),
        TLS_TEST(tls_may_be_broken_into_bytes),
        TLS_TEST(tls_may_be_cut_after_each_byte),
        TLS_TEST(credentials_travel_over_tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
