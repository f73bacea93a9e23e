/* SPDX-License-Identifier: MIT */
/* Who is let in: the rule of listeners beyond this machine, and the file of keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/access.h"
#include "daemon/keys.h"
#include "daemon/listeners.h"
#include "daemon/manual.h"

/* SHA-256 of "secret", by another program. */
#define SECRET "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"

static char key_file[] = "/tmp/test_access_XXXXXX";
static struct config no_config; /* of a site without components */

static int make_file(void **state)
{
    int fd = mkstemp(key_file);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    return unlink(key_file);
}

static struct keys *load(const char *text, mode_t mode, struct ugrpc_status *st)
{
    FILE *to = fopen(key_file, "w");
    assert_non_null(to);
    fputs(text, to);
    fclose(to);
    assert_int_equal(chmod(key_file, mode), 0);
    return keys_load(key_file, &no_config, st);
}

static void a_file_of_keys_that_everybody_reads_is_refused(void **state)
{
    struct ugrpc_status st = {0};
    assert_null(load("ems " SECRET "\n", 0644, &st));
    assert_int_equal(st.code, UGRPC_PERMISSION_DENIED);
    assert_non_null(strstr(st.message, "chmod 600"));
    struct keys *keys = load("ems " SECRET "\n", 0640, &st);
    assert_non_null(keys);
    keys_free(keys);
}

static void a_file_without_keys_is_refused(void **state)
{
    struct ugrpc_status st = {0};
    assert_null(load("# nobody\n", 0600, &st));
    assert_non_null(strstr(st.message, "has no keys"));
    assert_null(keys_load("/nonexistent/keys", &no_config, &st));
    assert_int_equal(st.code, UGRPC_NOT_FOUND);
}

static void only_loopback_and_unix_sockets_are_local(void **state)
{
    assert_true(listeners_is_local("127.0.0.1:50051"));
    assert_true(listeners_is_local("127.1.2.3:0"));
    assert_true(listeners_is_local("[::1]:50051"));
    assert_true(listeners_is_local("unix:/tmp/x"));
    assert_false(listeners_is_local("0.0.0.0:50051"));
    assert_false(listeners_is_local("[::]:50051"));
    assert_false(listeners_is_local("192.168.1.2:50051"));
    assert_false(listeners_is_local("nonsense"));
}

/* How many problems a listener has with this configuration and these options. */
static size_t problems_of(const char *address, const char *listen, bool insecure)
{
    char text[600];
    snprintf(text, sizeof(text),
        "version: 1\nsite: {id: 1, name: Test}\nlisten: {%s}\n"
        "components: {grid: {id: 1, type: grid, fuse: 1 A}}\n",
        listen);
    struct problems problems = {.n = 0};
    struct config *config = config_parse(text, strlen(text), "site.yaml", &problems);
    assert_int_equal(problems.n, 0);
    struct arguments arguments = {.insecure_listen = insecure};
    if (address) {
        arguments.grpc[arguments.n_grpc++] = address;
    }
    struct access access;
    access_init(&access, config, &arguments, &problems);
    size_t n = problems.n;
    access_done(&access);
    config_free(config);
    problems_done(&problems);
    return n;
}

static void other_machines_are_not_let_in_without_a_word(void **state)
{
    assert_int_equal(problems_of("127.0.0.1:0", "", false), 0);
    assert_int_equal(problems_of("0.0.0.0:0", "", false), 1);
    assert_int_equal(problems_of("0.0.0.0:0", "", true), 0);
    assert_int_equal(problems_of(NULL, "grpc: '[::]:0'", false), 1);
    assert_int_equal(problems_of(NULL, "grpc: ['127.0.0.1:0', '10.0.0.1:1', '10.0.0.2:1']", false), 2);
}

static void keys_without_tls_are_not_enough(void **state)
{
    char listen[128];
    struct ugrpc_status st;
    keys_free(load("ems " SECRET "\n", 0600, &st));
    snprintf(listen, sizeof(listen), "keys: %s", key_file);
    assert_int_equal(problems_of("127.0.0.1:0", listen, false), 0);
    assert_int_equal(problems_of("0.0.0.0:0", listen, false), 1);
}

static void lines_of_certificates_need_clients_that_show_some(void **state)
{
    char listen[128];
    struct ugrpc_status st;
    keys_free(load("cert:ems\n", 0600, &st));
    snprintf(listen, sizeof(listen), "keys: %s", key_file);
    assert_int_equal(problems_of("127.0.0.1:0", listen, false), 1);
}

static void an_address_that_is_none_is_a_problem(void **state)
{
    assert_int_equal(problems_of("127.0.0.1", "", false), 1);
    assert_int_equal(problems_of("127.0.0.1:99999", "", false), 1);
    assert_int_equal(problems_of(NULL, "tls: {certificate: /nonexistent/c, key: /nonexistent/k}", false), 1);
}

static void an_address_given_twice_is_a_problem(void **state)
{
    assert_int_equal(problems_of(NULL, "grpc: ['127.0.0.1:1', '[::1]:1', '127.0.0.1:1']", false), 1);
    assert_int_equal(problems_of(NULL, "grpc: ['[::1]:1', '[0:0::1]:01']", false), 1);
    assert_int_equal(problems_of(NULL, "grpc: ['unix:/x', 'unix:/y', 'unix:/x']", false), 1);
    assert_int_equal(problems_of(NULL, "grpc: ['127.0.0.1:0', '127.0.0.1:0']", false), 0);
}

/* As a shell takes it from the manual. */
static void the_documented_line_makes_a_key_that_is_let_in(void **state)
{
    char *manual, command[256];
    const char *nearest;
    size_t len;
    FILE *to = open_memstream(&manual, &len);
    assert_non_null(to);
    assert_int_equal(manual_topic("listen", to, &nearest), 0);
    fclose(to);
    const char *line = strstr(manual, "\n    echo ");
    assert_non_null(line);
    char *end = strstr(line, " >>keys");
    assert_non_null(end);
    *end = '\0';
    assert_int_equal(truncate(key_file, 0), 0);
    snprintf(command, sizeof(command), "KEY=secret; %s >>%s", line + 1, key_file);
    assert_int_equal(system(command), 0);
    assert_int_equal(chmod(key_file, 0600), 0);
    struct ugrpc_status st = {0};
    struct keys *keys = keys_load(key_file, &no_config, &st);
    assert_string_equal(st.message, "");
    assert_string_equal(keys_find(keys, "secret")->rights.holder, "key ems");
    keys_free(keys);
    free(manual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_keys_that_everybody_reads_is_refused),
        cmocka_unit_test(a_file_without_keys_is_refused),
        cmocka_unit_test(only_loopback_and_unix_sockets_are_local),
        cmocka_unit_test(other_machines_are_not_let_in_without_a_word),
        cmocka_unit_test(keys_without_tls_are_not_enough),
        cmocka_unit_test(lines_of_certificates_need_clients_that_show_some),
        cmocka_unit_test(an_address_that_is_none_is_a_problem),
        cmocka_unit_test(an_address_given_twice_is_a_problem),
        cmocka_unit_test(the_documented_line_makes_a_key_that_is_let_in),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
