/* SPDX-License-Identifier: MIT */
/* microgridctl and what keeps others out: certificates and keys that it makes, a gateway that uses them, and
 * what is said when they do not fit. Then what needs no gateway: help and completion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "support/authority.h"
#include "support/ctl.h"

#define SITE(listen)                                                                                         \
    "version: 1\nsite: {id: 7, name: Guarded}\nlisten: {" listen "}\ndefaults: {driver: sim}\ncomponents:\n" \
    "  grid: {id: 1, type: grid, fuse: 100 A}\n  meter: {id: 2, type: meter, under: grid}\n"

static struct ctl_run ctl;

static int set_up(void **state)
{
    int rc = gateway_set_up(state);
    ctl = (struct ctl_run){.gateway = *state};
    return rc;
}

static int tear_down(void **state)
{
    process_done(&ctl.process);
    return gateway_tear_down(state);
}

static mode_t mode_of(const char *name)
{
    char path[128];
    struct stat info;
    snprintf(path, sizeof(path), "%s/%s", ctl.gateway->folder, name);
    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 0777;
}

/* Certificates in its folder, a key in "ems.key", and a gateway that wants both. */
static void start_guarded(void)
{
    ctl_expect_done(&ctl, ARGS("cert", "init", "--host", "localhost", "--host", "127.0.0.1"), "ca.pem, new");
    ctl_expect_done(&ctl, ARGS("key", "new", "ems", "--keys", "keys"), "\n");
    gateway_write(ctl.gateway, "ems.key", ctl.process.out.text);
    char path[128];
    snprintf(path, sizeof(path), "%s/ems.key", ctl.gateway->folder);
    assert_int_equal(chmod(path, 0600), 0);
    gateway_write(
        ctl.gateway, "site.yaml", SITE("tls: {certificate: server.pem, key: server-key.pem}, keys: keys"));
    gateway_start(ctl.gateway, ARGS(ON_OWN_SITE), NULL);
}

/* ---- TLS and keys ---- */

static void what_it_makes_lets_it_in(void **state)
{
    char target[64];
    start_guarded();
    ctl_expect_done(&ctl, ARGS("info", "--ca", "ca.pem", "--key-file", "ems.key"), ", TLS, API v1");
    snprintf(target, sizeof(target), "localhost%s", strrchr(ctl.gateway->addresses[0], ':'));
    ctl_expect_done(
        &ctl, ARGS("info", "--target", target, "--ca", "ca.pem", "--key-file", "ems.key"), "Guarded");
    ctl.env[0] = "MICROGRID_CA=ca.pem";
    ctl.env[1] = "MICROGRID_KEY_FILE=ems.key";
    ctl_expect_done(&ctl, ARGS("list"), "meter");
}

static void write_private(const char *file, const char *text)
{
    char path[128];
    gateway_write(ctl.gateway, file, text);
    snprintf(path, sizeof(path), "%s/%s", ctl.gateway->folder, file);
    assert_int_equal(chmod(path, 0600), 0);
}

static void keep_key(const char *file)
{
    write_private(file, ctl.process.out.text);
}

static void a_key_does_what_its_role_and_components_let_it(void **state)
{
#define AS(name) "--ca", "ca.pem", "--key-file", name
    ctl_expect_done(&ctl, ARGS("cert", "init", "--host", "localhost", "--host", "127.0.0.1"), "ca.pem, new");
    ctl_expect_done(&ctl, ARGS("key", "new", "tv", "--keys", "keys", "--role", "viewer"), "\n");
    keep_key("tv.key");
    ctl_expect_done(&ctl,
        ARGS("key", "new", "wallbox", "--keys", "keys", "--components", "ev_charger,9", "--sign", "secret"),
        "\n");
    keep_key("wallbox.key");
    assert_int_equal(mode_of("secret"), 0600);
    gateway_write(ctl.gateway, "site.yaml",
        SITE(
            "tls: {certificate: server.pem, key: server-key.pem}, keys: keys") "  ev_charger: {id: 3, type: "
                                                                               "ev_charger, under: meter, rated: 11 kW}\n  pv_inv: {id: 9, type: pv_inverter, under: meter, rated: 5 kW}\n"
                                                                               "  other: {id: 4, type: pv_inverter, under: meter, rated: 5 kW}\n");
    gateway_start(ctl.gateway, ARGS(ON_OWN_SITE), NULL);
    ctl_expect_done(&ctl, ARGS("list", AS("tv.key")), "pv_inv");
    ctl_expect(&ctl, ARGS("set-power", "pv_inv", "-1kW", AS("tv.key")), 1, "PERMISSION_DENIED");
    process_assert_says(&ctl.process.err, "key tv");
    process_assert_says(&ctl.process.err, "microgridctl key new NAME --role ROLE --keys FILE\n");
    ctl_expect(&ctl, ARGS("list", AS("wallbox.key")), 1,
        "UNAUTHENTICATED\n  sign them: --secret-file FILE, or MICROGRID_SECRET_FILE\n");
    ctl_expect(&ctl, ARGS("list", AS("wallbox.key"), "--secret-file", "tv.key"), 1,
        "UNAUTHENTICATED\n  the secret that was made with the key: --secret-file FILE\n");
    ctl_expect(&ctl, ARGS("list", AS("tv.key"), "--secret-file", "secret"), 1,
        "UNAUTHENTICATED\n  do not sign: leave out --secret-file\n");
    ctl_expect_done(&ctl, ARGS("list", AS("wallbox.key"), "--secret-file", "secret"), "other");
    ctl_expect_done(
        &ctl, ARGS("curtail", "pv_inv", "1kW", AS("wallbox.key"), "--secret-file", "secret"), "pv_inv (9)");
    ctl_expect(&ctl, ARGS("curtail", "other", "1kW", AS("wallbox.key"), "--secret-file", "secret"), 1,
        "PERMISSION_DENIED");
    process_assert_says(&ctl.process.err, "other (4)");
    ctl_expect(&ctl, ARGS("key", "new", "x", "--role", "king"), 2, "must be viewer, operator or admin");
    ctl_expect(&ctl, ARGS("key", "new", "x", "--role", "viewer", "--components", "4"), 2, "commands nothing");
    ctl_expect(&ctl, ARGS("key", "new", "x", "--components", "a, b"), 2, "names or ids without blanks");
    ctl_expect(&ctl, ARGS("key", "new", "x", "--sign", "secret"), 4, "secret: File exists");
}

static void what_does_not_fit_is_told_with_what_helps(void **state)
{
    start_guarded();
    ctl_expect(&ctl, ARGS("info"), 3, "encrypted: --tls, and --ca FILE");
    ctl_expect(&ctl, ARGS("info", "--tls"), 3, "signed by nobody that is trusted here");
    process_assert_says(&ctl.process.err, "whom to trust: --ca FILE");
    ctl_expect(&ctl, ARGS("info", "--ca", "ca.pem", "--server-name", "other"), 3,
        "its certificate is for localhost, 127.0.0.1, not for other");
    ctl_expect(&ctl, ARGS("info", "--ca", "ca.pem"), 1, "UNAUTHENTICATED\n  show a key: --key-file FILE");
    ctl_expect(&ctl, ARGS("info", "--ca", "ca.pem", "--key", "wrong"), 1,
        "UNAUTHENTICATED\n  another key: --key-file FILE ");
    ctl_expect(
        &ctl, ARGS("info", "--insecure", "--key-file", "ems.key"), 2, "a key does not travel in plain text");
    ctl_expect(&ctl, ARGS("info", "--ca", "none.pem"), 2, "none.pem: No such file or directory");
    ctl_expect(&ctl, ARGS("info", "--ca", "ca.pem", "--key-file", "none"), 2,
        "--key-file none: No such file or directory");
    ctl_expect(&ctl, ARGS("info", "--config", "none"), 2, "--config none: No such file or directory");
    ctl_expect(
        &ctl, ARGS("info", "--ca", "ca.pem", "--cert", "server.pem"), 2, "only the certificate is given");
    ctl_expect(&ctl, ARGS("info", "--ca", "ca.pem", "--secret-file", "ems.key"), 2, "--key-file FILE too");
    gateway_write(*state, "loose.key", "abc\n");
    ctl_expect(&ctl, ARGS("info", "--ca", "ca.pem", "--key-file", "loose.key"), 2, "chmod 600 loose.key");
    gateway_write(*state, "loose.yaml", "key: abc\n");
    ctl_expect(
        &ctl, ARGS("info", "--config", "loose.yaml"), 2, "everybody on this machine may read the key in it");
}

static void a_gateway_without_tls_is_told_from_one_that_is_not_there(void **state)
{
    gateway_write(ctl.gateway, "site.yaml", SITE(""));
    gateway_start(ctl.gateway, ARGS(ON_OWN_SITE), NULL);
    ctl_expect(&ctl, ARGS("info", "--tls"), 3,
        "it answers without TLS, but TLS was asked for\n  plain text on purpose: --insecure");
    ctl_expect(&ctl, ARGS("info", "--target", "127.0.0.1:1"), 3, "does it run? microgridd --config FILE");
    ctl_expect(&ctl, ARGS("info", "--target", "no.such.host.invalid:1", "--timeout", "5s"), 3,
        "no.such.host.invalid");
    ctl_expect(&ctl, ARGS("info", "--target", "a b:c"), 2, "--target \"a b:c\": the ");
    ctl_expect(&ctl, ARGS("info", "--target", "127.0.0.99"), 3, "cannot reach 127.0.0.99:50051: ");
    ctl_expect(&ctl, ARGS("info", "--target", "unix:"), 2, "--target \"unix:\": a path ");
    ctl_expect(&ctl, ARGS("info", "--target", "dns:127.0.0.1:1"), 3, "cannot reach ");
    json_t *error = ctl_json(&ctl, ARGS("info", "--target", "127.0.0.1:1", "--json"), 3);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(error, "error"), "kind")), "unreachable");
    json_decref(error);
}

static void a_client_certificate_is_shown_where_one_is_asked_for(void **state)
{
    char site[1200];
    struct authority *authority = authority_new();
    struct issued server = authority_issue(authority, "server", "DNS:localhost,IP:127.0.0.1", -1, 24);
    struct issued client = authority_issue(authority, "client", NULL, -1, 24);
    const char *ca = authority_certificate(authority);
    snprintf(site, sizeof(site), SITE("tls: {certificate: %s, key: %s, client_ca: %s}"), server.certificate,
        server.key, ca);
    gateway_write(ctl.gateway, "site.yaml", site);
    gateway_start(ctl.gateway, ARGS(ON_OWN_SITE), NULL);
    ctl_expect_done(
        &ctl, ARGS("info", "--ca", ca, "--cert", client.certificate, "--cert-key", client.key), "Guarded");
    ctl_expect(&ctl, ARGS("info", "--ca", ca), 3, "cannot reach ");
    process_assert_says(
        &ctl.process.err, "\n  it asks for a client certificate: --cert FILE --cert-key FILE\n");
    struct authority *other = authority_new();
    struct issued stranger = authority_issue(other, "stranger", NULL, -1, 24);
    ctl_expect(&ctl, ARGS("info", "--ca", ca, "--cert", stranger.certificate, "--cert-key", stranger.key), 3,
        "\n  it does not trust yours: --cert FILE");
    struct issued old = authority_issue(authority, "old", NULL, -48, -24);
    ctl_expect(&ctl, ARGS("info", "--ca", ca, "--cert", old.certificate, "--cert-key", old.key), 3,
        "\n  until when yours was good: microgridctl cert check FILE\n");
    authority_free(other);
    authority_free(authority);
}

/* A socket that listens on a port of its own, which goes to `target`. */
static int open_listener(char *target, size_t cap)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    snprintf(target, cap, "127.0.0.1:%d", ntohs(address.sin_port));
    return fd;
}

static void what_is_no_gateway_is_told_with_where_one_is(void **state)
{
    static const char *const answers[] = {"HTTP/1.1 400 Bad Request\r\n\r\n", "220 mail.example ESMTP\r\n"};
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        char target[40];
        int fd = open_listener(target, sizeof(target));
        ctl_start(&ctl, ARGS("list", "--target", target));
        int peer = accept(fd, NULL, NULL);
        assert_true(write(peer, answers[i], strlen(answers[i])) > 0);
        assert_int_equal(process_wait(&ctl.process, PROCESS_PATIENCE_MS), 3);
        process_assert_says(
            &ctl.process.err, i ? "it does not answer with HTTP/2" : "it answers with HTTP/1.1");
        process_assert_says(&ctl.process.err, "\n  that is no gateway's port, or no gateway: ");
        close(peer);
        close(fd);
    }
}

static void a_gateway_that_never_answers_is_given_up(void **state)
{
    char target[40], text[100];
    int fd = open_listener(target, sizeof(target));
    snprintf(text, sizeof(text), "cannot reach %s: nothing answers within 0.5 s", target);
    ctl_expect(&ctl, ARGS("list", "--target", target, "--timeout", "500ms"), 3, text);
    close(fd);
}

static void a_unix_socket_is_this_machine(void **state)
{
    gateway_write(ctl.gateway, "site.yaml", SITE(""));
    gateway_start(ctl.gateway, ARGS("--config", "site.yaml", "--grpc", "unix:gateway.socket"), NULL);
    ctl_expect_done(&ctl, ARGS("info", "--target", "unix:gateway.socket"), "at unix:gateway.socket, no TLS");
}

/* ---- cert ---- */

static void an_authority_stays_when_the_certificate_is_renewed(void **state)
{
    ctl_expect_done(&ctl, ARGS("cert", "init", "--host", "gw.local", "--folder", "tls"), "tls/ca.pem, new");
    process_assert_says(&ctl.process.out, "microgridctl info --target gw.local:50051 --ca tls/ca.pem\n");
    assert_int_equal(mode_of("tls/ca-key.pem"), 0600);
    assert_int_equal(mode_of("tls/server-key.pem"), 0600);
    ctl_expect(&ctl, ARGS("cert", "init", "--host", "gw.local", "--folder", "tls"), 4, "--force replaces it");
    json_t *made = ctl_json(&ctl,
        ARGS("cert", "init", "--host", "gw.local", "--host", "10.0.0.7", "--host", "fd00::7", "--folder",
            "tls", "--force", "--json"),
        0);
    assert_true(json_is_false(json_object_get(made, "new_ca")));
    json_decref(made);
    struct process openssl = {0};
    assert_int_equal(process_run(&openssl,
                         &(const struct process_options){
                             .argv = ARGS("openssl", "verify", "-x509_strict", "-purpose", "sslserver",
                                 "-verify_ip", "10.0.0.7", "-CAfile", "tls/ca.pem", "tls/server.pem"),
                             .folder = ctl.gateway->folder}),
        0);
    process_done(&openssl);
    ctl_expect(&ctl, ARGS("cert", "init"), 2, "microgridctl cert init --host NAME-OR-ADDRESS");
    ctl_expect(&ctl, ARGS("cert", "init", "--host", "x", "--days", "0"), 2, "1 to 3650 is due");
}

static void a_client_certificate_is_made_that_the_gateway_believes(void **state)
{
    ctl_expect(&ctl, ARGS("cert", "init", "--client", "ems", "--folder", "new/deep"), 4,
        "first: microgridctl cert init --host NAME-OR-ADDRESS --folder new/deep\n");
    ctl_expect_done(
        &ctl, ARGS("cert", "init", "--host", "127.0.0.1", "--folder", "new/deep"), "new/deep/ca.pem, new");
    ctl_expect_done(&ctl, ARGS("cert", "init", "--client", "ems", "--folder", "new/deep"),
        " --ca new/deep/ca.pem --cert new/deep/ems.pem --cert-key new/deep/ems-key.pem\n");
    assert_int_equal(mode_of("new/deep/ems-key.pem"), 0600);
    gateway_write(ctl.gateway, "site.yaml",
        SITE(
            "tls: {certificate: new/deep/server.pem, key: new/deep/server-key.pem, client_ca: new/deep/ca.pem}"));
    gateway_start(ctl.gateway, ARGS(ON_OWN_SITE), NULL);
#define WITH_CA "--ca", "new/deep/ca.pem"
    ctl_expect_done(&ctl,
        ARGS("info", WITH_CA, "--cert", "new/deep/ems.pem", "--cert-key", "new/deep/ems-key.pem"), "Guarded");
    ctl_expect(&ctl, ARGS("info", WITH_CA), 3, "it asks for a client certificate");
    ctl_expect(&ctl,
        ARGS("info", WITH_CA, "--cert", "new/deep/ems.pem", "--cert-key", "new/deep/server-key.pem"), 2,
        "--cert-key: key new/deep/server-key.pem: it is not the key of the certificate in new/deep/ems.pem\n");
    ctl_expect(
        &ctl, ARGS("cert", "init", "--client", "ems", "--folder", "new/deep"), 4, "--force replaces it");
    ctl_expect_done(&ctl,
        ARGS("cert", "init", "--client", "ems", "--folder", "new/deep", "--force", "--days", "9"), "ems.pem");
    ctl_expect_done(&ctl, ARGS("cert", "check", "new/deep/ems.pem"), "for ems, good until ");
    process_assert_says(
        &ctl.process.err, "a new one: microgridctl cert init --client ems --folder new/deep --force\n");
    ctl_expect(&ctl, ARGS("cert", "init", "--client", "server"), 2, "another name is due");
    ctl_expect(&ctl, ARGS("cert", "init", "--client", "a/b"), 2, "are due, like ems");
    ctl_expect(&ctl, ARGS("cert", "init", "--client", "a", "--host", "b"), 2, "exclude each other");
}

static void a_certificate_is_only_for_what_may_be_a_host(void **state)
{
    static const char *const none[] = {"", "a b", "https://gw.local:50051", "gw.local:50051", "[::1]", ".",
        "gw.", "gw..local", "-gw", "gw-", "*", "a.*", "10.0.7", "10.0.0.777", "\xc3\xa4.local",
        "a-name-that-is-longer-than-any-certificate-has-room-for-in-its-subject"};
    static const char *const some[] = {"gw", "gw-1.local", "GW_2", "*.local", "10.0.0.7", "fd00::7", "1.gw"};
    char path[128];
    snprintf(path, sizeof(path), "%s/ca.pem", ctl.gateway->folder);
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        ctl_expect(&ctl, ARGS("cert", "init", "--host", "gw", "--host", none[i]), 2,
            "a name or an address alone is due, like gw.local or 10.0.0.7");
        assert_int_equal(access(path, F_OK), -1);
    }
    for (size_t i = 0; i < ARRAY_LEN(some); i++) {
        ctl_expect_done(&ctl, ARGS("cert", "init", "--host", some[i], "--force"), "server.pem");
    }
}

static void check_tells_how_long_and_warns_a_month_ahead(void **state)
{
    ctl_expect_done(&ctl, ARGS("cert", "init", "--host", "gw.local", "--days", "200"), "server.pem");
    ctl_expect_done(
        &ctl, ARGS("cert", "check", "server.pem", "ca.pem"), "server.pem: for gw.local, good until ");
    assert_int_equal(ctl.process.err.len, 0);
    ctl_expect_done(
        &ctl, ARGS("cert", "init", "--host", "gw.local", "--days", "29", "--force"), "server.pem");
    ctl_expect_done(&ctl, ARGS("cert", "check", "server.pem"), "server.pem: for gw.local, good until ");
    process_assert_says(&ctl.process.err, "server.pem: expires in 2"); /* 29 days, less what passed since */
    json_t *all = ctl_json(&ctl, ARGS("cert", "check", "server.pem", "--json"), 0);
    assert_true(json_is_true(json_object_get(json_array_get(all, 0), "soon")));
    json_decref(all);
    ctl_expect(&ctl, ARGS("cert", "check", "none.pem"), 4, "none.pem: No such file or directory");
    ctl_expect(&ctl, ARGS("cert", "check", "server-key.pem"), 4, "server-key.pem: no PEM certificate in it");
}

static void the_gateway_warns_a_month_ahead_too(void **state)
{
    ctl_expect_done(&ctl, ARGS("cert", "init", "--host", "127.0.0.1", "--days", "29"), "server.pem");
    gateway_write(ctl.gateway, "site.yaml", SITE("tls: {certificate: server.pem, key: server-key.pem}"));
    gateway_start(ctl.gateway, ARGS(ON_OWN_SITE), NULL);
    process_expect(&ctl.gateway->process, "server.pem: a certificate in it ends in 2");
}

static void a_check_of_the_site_warns_of_certificates_too(void **state)
{
    char site[1200], said[300];
    struct authority *authority = authority_new();
    struct issued old = authority_issue(authority, "old", "DNS:localhost", -48, -24);
    struct issued fresh = authority_issue(authority, "fresh", "DNS:localhost", -1, 31 * 24);
    snprintf(site, sizeof(site), SITE("tls: {certificate: %s, key: %s}"), old.certificate, old.key);
    gateway_write(ctl.gateway, "site.yaml", site);
    assert_int_equal(gateway_run(ctl.gateway, ARGS("--check", ON_OWN_SITE)), 0);
    process_assert_says(&ctl.gateway->process.out, "site.yaml: good: ");
    snprintf(said, sizeof(said), "%s: a certificate in it has expired on 20", old.certificate);
    process_assert_says(&ctl.gateway->process.out, said);
    snprintf(site, sizeof(site), SITE("tls: {certificate: %s, key: %s, client_ca: %s}"), fresh.certificate,
        fresh.key, old.certificate);
    gateway_write(ctl.gateway, "site.yaml", site);
    assert_int_equal(gateway_run(ctl.gateway, ARGS("--check", ON_OWN_SITE)), 0);
    process_assert_says(&ctl.gateway->process.out, said);
    assert_int_equal(process_count(&ctl.gateway->process.out, "\n"), 2);
    authority_free(authority);
}

static void a_certificate_out_of_its_time_fails_the_check(void **state)
{
    struct authority *authority = authority_new();
    struct issued old = authority_issue(authority, "old", "DNS:old.local", -48, -24);
    struct issued early = authority_issue(authority, "early", NULL, 24, 48);
    ctl_expect(&ctl, ARGS("cert", "check", old.certificate), 4, "old.pem: for old.local, has expired on ");
    ctl_expect(
        &ctl, ARGS("cert", "check", early.certificate), 4, "early.pem: for early, is not valid before ");
    authority_free(authority);
}

/* A SEQUENCE of an address of one byte, and the name "gw.local". */
static void a_check_leaves_out_an_address_that_is_none(void **state)
{
    struct authority *authority = authority_new();
    struct issued odd = authority_issue(
        authority, "odd", "DER:30:0d:87:01:0a:82:08:67:77:2e:6c:6f:63:61:6c", -1, 1);
    ctl_expect_done(&ctl, ARGS("cert", "check", odd.certificate), "odd.pem: for gw.local, good until ");
    authority_free(authority);
}

/* ---- key ---- */

static void a_key_is_shown_once_and_kept_as_its_hash(void **state)
{
    ctl_expect_done(&ctl, ARGS("key", "new", "ems", "--keys", "keys"), "\n");
    assert_int_equal(ctl.process.out.len, 44); /* 32 bytes in base64 */
    assert_int_equal(mode_of("keys"), 0600);
    ctl_expect(&ctl, ARGS("key", "new", "ems", "--keys", "keys"), 4, "has a key of \"ems\" already");
    ctl_expect(&ctl, ARGS("key", "new", "e ms"), 2, "a name without blanks is due");
    ctl_expect(&ctl, ARGS("key", "new", "#ems"), 2, "is due");
    json_t *made = ctl_json(&ctl, ARGS("key", "new", "other", "--json"), 0);
    assert_int_equal(strlen(json_string_value(json_object_get(made, "line"))), strlen("other ") + 64);
    json_decref(made);
}

/* As an editor may leave it. */
static void a_key_gets_a_line_of_its_own(void **state)
{
    write_private("keys", "# whose they are");
    ctl_expect_done(&ctl, ARGS("key", "new", "ems", "--keys", "keys"), "\n");
    ctl_expect_done(&ctl, ARGS("key", "new", "tv", "--keys", "keys", "--role", "viewer"), "\n");
    gateway_write(ctl.gateway, "site.yaml", SITE("keys: keys"));
    gateway_start(ctl.gateway, ARGS(ON_OWN_SITE), NULL);
    process_expect(&ctl.gateway->process, "2 keys (1 viewer, 1 operator)");
}

static void a_key_has_no_name_that_the_gateway_takes_otherwise(void **state)
{
    gateway_write(ctl.gateway, "keys", "  ems 00\n");
    ctl_expect(&ctl, ARGS("key", "new", "ems", "--keys", "keys"), 4, "has a key of \"ems\" already");
    ctl_expect(&ctl, ARGS("key", "new", "cert:ems"), 2, "is due");
}

static void a_secret_goes_into_no_file_that_everybody_may_read(void **state)
{
    gateway_write(ctl.gateway, "keys", "# whose they are\n");
    char path[128];
    snprintf(path, sizeof(path), "%s/keys", ctl.gateway->folder);
    assert_int_equal(chmod(path, 0644), 0);
    ctl_expect(&ctl, ARGS("key", "new", "ems", "--keys", "keys", "--sign", "secret"), 4, "chmod 600 keys");
    assert_int_equal(chmod(path, 0640), 0); /* its group may be the gateway's */
    ctl_expect_done(&ctl, ARGS("key", "new", "ems", "--keys", "keys", "--sign", "secret"), "\n");
}

static void a_secret_that_no_key_was_made_for_is_not_left_behind(void **state)
{
    ctl_expect_done(&ctl, ARGS("key", "new", "ems", "--keys", "keys"), "\n");
    ctl_expect(&ctl, ARGS("key", "new", "ems", "--keys", "keys", "--sign", "secret"), 4, "already");
    ctl_expect_done(&ctl, ARGS("key", "new", "tv", "--keys", "keys", "--sign", "secret"), "\n");
}

static void a_key_that_is_too_long_is_not_cut(void **state)
{
    char key[700];
    memset(key, 'k', sizeof(key) - 1);
    key[sizeof(key) - 1] = '\0';
    write_private("long.key", key);
    ctl_expect(
        &ctl, ARGS("info", "--tls", "--key-file", "long.key"), 2, "long.key: its first line has more than");
}

static void a_file_that_the_key_goes_to_is_its_owners_only(void **state)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/ems.key", ctl.gateway->folder);
    ctl.out = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal(fchmod(ctl.out, 0644), 0); /* whatever the umask is */
    assert_int_equal(ctl_do(&ctl, ARGS("key", "new", "ems")), 0);
    close(ctl.out);
    assert_int_equal(mode_of("ems.key"), 0600);
}

/* ---- help, completion ---- */

static void every_command_has_help_with_examples(void **state)
{
    static const char *const names[] = {"info", "list", "tree", "connections", "sensors", "health",
        "set-power", "set-reactive", "charge", "discharge", "curtail", "start", "standby", "stop", "ack",
        "watch", "record", "journal", "holders", "completion"};
    char usage[64];
    ctl_expect_done(&ctl, ARGS("--help"), "usage: microgridctl COMMAND");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        process_assert_says(&ctl.process.out, names[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(usage, sizeof(usage), "usage: microgridctl %s", names[i]);
        ctl_expect_done(&ctl, ARGS(names[i], "--help"), usage);
        process_assert_says(&ctl.process.out, "\nExamples\n  microgridctl ");
    }
    ctl_expect_done(
        &ctl, ARGS("bounds", "add", "-h"), "  microgridctl bounds add battery_1 soc 20%..80% --for 15m\n");
    ctl_expect_done(&ctl, ARGS("cert", "--help"), "usage: microgridctl cert COMMAND");
    process_assert_says(&ctl.process.out, "\n  cert check FILE... ");
    assert_int_equal(process_count(&ctl.process.out, "charge"), 0);
    ctl_expect_done(&ctl, ARGS("help", "charge"), "usage: microgridctl charge");
    ctl_expect(&ctl, ARGS("cert"), 2, "cert what?      microgridctl cert --help\n");
    ctl_expect(&ctl, ARGS("cert", "foo"), 2, "no command \"cert foo\"      microgridctl cert --help\n");
    ctl_expect_done(&ctl, ARGS("--version"), "microgridctl ");
}

/* Proposals of bash for the last word. */
static void expect_proposals(const char *typed, const char *proposals)
{
    char script[600], path[200];
    snprintf(path, sizeof(path), "%s", getenv("MICROGRIDCTL"));
    *strrchr(path, '/') = '\0';
    snprintf(script, sizeof(script),
        "PATH=%s:$PATH; source <(microgridctl completion bash); COMP_WORDS=(%s); "
        "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _microgridctl; echo \"${COMPREPLY[*]}\"",
        path, typed);
    struct process bash = {0};
    assert_int_equal(process_run(&bash, &(const struct process_options){.argv = ARGS("bash", "-c", script),
                                            .folder = ctl.gateway->folder}),
        0);
    assert_string_equal(bash.out.text, proposals);
    assert_string_equal(bash.err.text, "");
    process_done(&bash);
}

static void bash_completes_commands_options_and_names(void **state)
{
    char typed[200];
    gateway_start(ctl.gateway, ARGS(ON_DEFAULT_SITE), NULL);
    expect_proposals("microgridctl s", "sensors set-power set-reactive start standby stop\n");
    expect_proposals("microgridctl bounds ''", "add\n");
    expect_proposals("microgridctl charge bat_inv_1 -3kW --f", "--for\n");
    expect_proposals("microgridctl watch --metric dc_", "dc_voltage dc_current dc_power\n");
    expect_proposals("microgridctl list --category pv", "pv_inverter\n");
    expect_proposals("microgridctl key new tv --role v", "viewer\n");
    expect_proposals("microgridctl journal --since ''", "today yesterday\n");
    expect_proposals("microgridctl completion z", "zsh\n");
    expect_proposals("microgridctl charge bat_inv_1 ''", "\n");
    snprintf(typed, sizeof(typed), "microgridctl --target %s charge bat_", ctl.gateway->addresses[0]);
    expect_proposals(typed, "bat_inv_1 bat_inv_2\n");
    snprintf(
        typed, sizeof(typed), "microgridctl --target %s journal --component bat_", ctl.gateway->addresses[0]);
    expect_proposals(typed, "bat_meter bat_inv_1 bat_inv_2\n");
    snprintf(typed, sizeof(typed), "microgridctl watch --target %s therm", ctl.gateway->addresses[0]);
    expect_proposals(typed, "thermometer\n");
}

static void zsh_and_fish_get_every_command_and_option(void **state)
{
    ctl_expect_done(&ctl, ARGS("completion", "zsh"), "#compdef microgridctl\n");
    process_assert_says(&ctl.process.out, "\"bounds add\") options=\"--for\" kinds=\"component metric\"");
    ctl_expect_done(&ctl, ARGS("completion", "fish"), "-n '__fish_seen_subcommand_from charge' -l hold ");
    process_assert_says(&ctl.process.out, "complete -c microgridctl -l target -r -d 'the gateway");
    ctl_expect(&ctl, ARGS("completion", "tcsh"), 2, "there are bash, zsh and fish");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_it_makes_lets_it_in),
        TEST(a_key_does_what_its_role_and_components_let_it),
        TEST(what_does_not_fit_is_told_with_what_helps),
        TEST(a_gateway_without_tls_is_told_from_one_that_is_not_there),
        TEST(a_client_certificate_is_shown_where_one_is_asked_for),
        TEST(what_is_no_gateway_is_told_with_where_one_is),
        TEST(a_gateway_that_never_answers_is_given_up),
        TEST(a_unix_socket_is_this_machine),
        TEST(an_authority_stays_when_the_certificate_is_renewed),
        TEST(a_client_certificate_is_made_that_the_gateway_believes),
        TEST(a_certificate_is_only_for_what_may_be_a_host),
        TEST(check_tells_how_long_and_warns_a_month_ahead),
        TEST(the_gateway_warns_a_month_ahead_too),
        TEST(a_check_of_the_site_warns_of_certificates_too),
        TEST(a_certificate_out_of_its_time_fails_the_check),
        TEST(a_check_leaves_out_an_address_that_is_none),
        TEST(a_key_is_shown_once_and_kept_as_its_hash),
        TEST(a_key_gets_a_line_of_its_own),
        TEST(a_key_has_no_name_that_the_gateway_takes_otherwise),
        TEST(a_secret_goes_into_no_file_that_everybody_may_read),
        TEST(a_secret_that_no_key_was_made_for_is_not_left_behind),
        TEST(a_key_that_is_too_long_is_not_cut),
        TEST(a_file_that_the_key_goes_to_is_its_owners_only),
        TEST(every_command_has_help_with_examples),
        TEST(bash_completes_commands_options_and_names),
        TEST(zsh_and_fish_get_every_command_and_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
