/* SPDX-License-Identifier: MIT */
/* How the gateway begins: what it shows, where it listens, and what keeps it from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ugrpc/server.h>

#include "base/base.h"
#include "support/gateway.h"

static const microgrid_v1_list_components_request all_components = MICROGRID_V1_LIST_COMPONENTS_REQUEST_INIT;

/* Asks at `address` for the list of components, by a client of its own. */
static void expect_answer_at(const char *address)
{
    struct gateway at = {.addresses = (char *[]){(char *)address}, .n = 1};
    struct h2_call *call = gateway_call(&at, GATEWAY_PATH("ListComponents"), &all_components);
    assert_int_equal(h2_grpc_status(call), UGRPC_OK);
    h2_close(at.client);
}

static const char *path_in(const struct gateway *g, const char *name, char path[128])
{
    snprintf(path, 128, "%s/%s", g->folder, name);
    return path;
}

/* ---- what it shows ---- */

#define APIS "frequenz.api.microgrid.v1, frequenz.api.microgrid.v1alpha18, frequenz.api.microgrid.v1alpha19"

static void on_a_terminal_it_says_what_it_is_and_what_to_try(void **state)
{
    struct gateway *g = *state;
    char said[512];
    gateway_start(g, ARGS(ON_DEFAULT_SITE), &(struct process_options){.terminal = true});
    process_expect(&g->process, "info  ready in ");
    snprintf(said, sizeof(said),
        "microgridd %s   Demo site (microgrid 2200), simulated, data from 10:00, seed 1\r\n"
        "  gRPC    %s    no TLS, this machine only\r\n"
        "  API     " APIS "\r\n"
        "  site    15 components, 14 connections, 5 sensors\r\n"
        "  state   none: nothing outlives this run, neither set-points nor a journal; --state DIR keeps it\r\n"
        "Try     in your own program: grpc://%s        Ctrl-C stops\r\n"
        "\r\n",
        ugrpc_version(), g->addresses[0], g->addresses[0]);
    assert_memory_equal(g->process.err.text, said, strlen(said));
}

static void without_a_state_folder_it_says_that_nothing_outlives_it(void **state)
{
    struct gateway *g = *state;
    gateway_start(g, ARGS(ON_DEFAULT_SITE), NULL);
    process_expect(&g->process,
        "level=info msg=\"without --state nothing outlives this run: no set-point goes on or is brought to 0 after "
        "a crash, and there is no journal\"\n");
    assert_int_equal(gateway_stop(g), 0);
    gateway_start(g, ARGS(ON_DEFAULT_SITE, "--state", "state"), NULL);
    process_expect(&g->process, "ready in ");
    assert_int_equal(process_count(&g->process.err, "outlives"), 0);
    assert_int_equal(gateway_stop(g), 0);
    gateway_start(g, ARGS(ON_DEFAULT_SITE, "--log-format", "text", "--state", "state"), NULL);
    process_expect(&g->process, "ready in ");
    assert_int_equal(process_count(&g->process.err, "outlives"), 0);
}

static void in_a_checkout_the_first_call_to_try_goes_to_this_gateway(void **state)
{
    struct gateway *g = *state;
    char path[128], said[256];
    assert_int_equal(mkdir(path_in(g, "examples", path), 0700), 0);
    gateway_write(g, "examples/first_call.py", "");
    gateway_start(g, ARGS(ON_DEFAULT_SITE), &(struct process_options){.terminal = true});
    process_expect(&g->process, "info  ready in ");
    snprintf(said, sizeof(said),
        "examples/first_call.py %s\r\n"
        "        in your own program: grpc://%s",
        g->addresses[0], g->addresses[0]);
    process_assert_says(&g->process.err, said);
}

static void elsewhere_it_says_so_in_one_line_of_the_log(void **state)
{
    struct gateway *g = *state;
    char said[512];
    gateway_start(g, ARGS(ON_DEFAULT_SITE, "--read-only"), NULL);
    process_expect(&g->process, "ready in ");
    snprintf(said, sizeof(said),
        "level=info msg=\"microgridd %s: Demo site (microgrid 2200), simulated, data from 10:00, seed 1; gRPC on "
        "%s (no TLS, this machine only); API " APIS "; 15 components, 14 connections, 5 sensors; "
        "no commands: --read-only\"\n",
        ugrpc_version(), g->addresses[0]);
    process_assert_says(&g->process.err, said);
    assert_int_equal(g->process.out.len, 0);
}

/* ---- where it listens ---- */

static void every_listener_is_bound_when_the_endpoints_appear(void **state)
{
    struct gateway *g = *state;
    char path[128], address[140];
    snprintf(address, sizeof(address), "unix:%s", path_in(g, "gateway.sock", path));
    gateway_start(g,
        ARGS("--config", SITE_DEFAULT, "--grpc", "127.0.0.1:0", "--grpc", "[::1]:0", "--grpc", address),
        NULL);
    assert_int_equal(g->n, 3);
    assert_memory_equal(g->addresses[0], "127.0.0.1:", 10);
    assert_memory_equal(g->addresses[1], "[::1]:", 6);
    assert_string_equal(g->addresses[2], address);
    for (size_t i = 0; i < g->n; i++) {
        assert_null(strstr(g->addresses[i], ":0"));
        expect_answer_at(g->addresses[i]);
    }
    assert_int_equal(gateway_stop(g), 0);
    assert_int_equal(access(path, F_OK), -1);
}

static void gateways_run_side_by_side_on_ports_of_their_own(void **state)
{
    void *others[3];
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        gateway_set_up(&others[i]);
        gateway_start(others[i], ARGS(ON_DEFAULT_SITE), NULL);
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        expect_answer_at(((struct gateway *)others[i])->addresses[0]);
        assert_int_equal(gateway_tear_down(&others[i]), 0);
    }
}

static void the_endpoints_go_with_their_gateway_and_leave_nothing_behind(void **state)
{
    struct gateway *g = *state;
    gateway_start(g, ARGS(ON_DEFAULT_SITE), NULL);
    assert_int_equal(gateway_stop(g), 0);
    assert_int_equal(rmdir(g->folder), 0); /* empty */
}

static void the_endpoints_of_a_successor_stay(void **state)
{
    struct gateway *g = *state;
    char path[128];
    gateway_start(g, ARGS(ON_DEFAULT_SITE), NULL);
    gateway_write(g, "endpoints.json", "{\"grpc\": [\"127.0.0.1:1\"], \"pid\": 1}");
    assert_int_equal(gateway_stop(g), 0);
    assert_int_equal(access(path_in(g, "endpoints.json", path), F_OK), 0);
}

static void a_port_in_use_is_taken_as_soon_as_it_is_free(void **state)
{
    struct gateway *g = *state;
    void *holder;
    gateway_set_up(&holder);
    gateway_start(holder, ARGS(ON_DEFAULT_SITE), NULL);
    const char *address = ((struct gateway *)holder)->addresses[0];
    char said[128];
    snprintf(said, sizeof(said), "%s is in use; trying for 10 s", address);
    gateway_spawn(g, ARGS("--config", SITE_DEFAULT, "--grpc", address), NULL);
    process_expect(&g->process, said);
    assert_int_equal(gateway_tear_down(&holder), 0);
    process_expect(&g->process, "ready in ");
}

static void a_socket_file_is_taken_over_only_from_the_dead(void **state)
{
    struct gateway *g = *state;
    void *holder;
    char path[128], address[140], said[200];
    snprintf(address, sizeof(address), "unix:%s", path_in(g, "gateway.sock", path));
    gateway_set_up(&holder);
    gateway_start(holder, ARGS("--config", SITE_DEFAULT, "--grpc", address), NULL);
    gateway_spawn(g, ARGS("--config", SITE_DEFAULT, "--grpc", address), NULL);
    snprintf(said, sizeof(said), "%s is in use; trying for 10 s", address);
    process_expect(&g->process, said);
    expect_answer_at(address);
    struct process *first = &((struct gateway *)holder)->process;
    process_signal(first, SIGKILL);
    assert_int_equal(process_wait(first, PROCESS_PATIENCE_MS), -SIGKILL);
    assert_int_equal(access(path, F_OK), 0);
    process_expect(&g->process, "ready in ");
    expect_answer_at(address);
    gateway_tear_down(&holder);
}

/* ---- what keeps it from it ---- */

static void endpoints_that_cannot_be_written_are_told(void **state)
{
    struct gateway *g = *state;
    char path[128];
    assert_int_equal(gateway_run(g, ARGS(ON_DEFAULT_SITE, "--endpoints", "none/e.json")), 1);
    process_assert_says(
        &g->process.err, "--endpoints none/e.json: cannot be written: No such file or directory");
    assert_int_equal(mkdir(path_in(g, "locked", path), 0500), 0);
    gateway_spawn(g, ARGS(ON_DEFAULT_SITE, "--endpoints", "locked/e.json"),
        &(struct process_options){.no_override = true});
    assert_int_equal(process_wait(&g->process, PROCESS_PATIENCE_MS), 1);
    process_assert_says(&g->process.err, "--endpoints locked/e.json: cannot be written: Permission denied");
}

static void endpoints_replace_nothing_but_a_file(void **state)
{
    struct gateway *g = *state;
    char path[128];
    struct stat info;
    assert_int_equal(mkfifo(path_in(g, "pipe", path), 0600), 0);
    assert_int_equal(gateway_run(g, ARGS(ON_DEFAULT_SITE, "--endpoints", "pipe")), 1);
    process_assert_says(&g->process.err, "--endpoints pipe: is there, and no file");
    assert_int_equal(stat(path, &info), 0);
    assert_true(S_ISFIFO(info.st_mode));
}

static void the_state_folder_is_made_for_its_owner_only(void **state)
{
    struct gateway *g = *state;
    char path[128];
    struct stat info;
    gateway_start(g, ARGS(ON_DEFAULT_SITE, "--state", "state"), NULL);
    assert_int_equal(stat(path_in(g, "state", path), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
}

static void a_state_folder_that_cannot_be_used_is_told(void **state)
{
    struct gateway *g = *state;
    char path[128];
    gateway_write(g, "file", "");
    assert_int_equal(gateway_run(g, ARGS(ON_DEFAULT_SITE, "--state", "file")), 2);
    assert_string_equal(g->process.err.text, "microgridd: --state: \"file\": is no folder\n");
    assert_int_equal(gateway_run(g, ARGS(ON_DEFAULT_SITE, "--state", "none/state")), 2);
    assert_string_equal(g->process.err.text,
        "microgridd: --state: \"none/state\": cannot be made: there is no folder \"none\"; first: mkdir -p "
        "\"none\"\n");
    assert_int_equal(gateway_run(g, ARGS("--check", ON_DEFAULT_SITE, "--state", "none/of/them/")), 1);
    process_assert_says(&g->process.out, "there is no folder \"none/of\"");
    assert_int_equal(mkdir(path_in(g, "locked", path), 0500), 0);
    gateway_spawn(
        g, ARGS(ON_DEFAULT_SITE, "--state", "locked"), &(struct process_options){.no_override = true});
    assert_int_equal(process_wait(&g->process, PROCESS_PATIENCE_MS), 2);
    assert_string_equal(
        g->process.err.text, "microgridd: --state: \"locked\": cannot be written: Permission denied\n");
}

static void beyond_this_machine_it_listens_only_when_told_so_in_words(void **state)
{
    struct gateway *g = *state;
    assert_int_equal(gateway_run(g, ARGS("--config", SITE_DEFAULT, "--grpc", "0.0.0.0:0")), 2);
    process_assert_says(&g->process.err,
        "microgridd: --grpc: \"0.0.0.0:0\": other machines could reach it without TLS and keys");
    process_assert_says(&g->process.err, "or give --insecure-listen");
    gateway_start(g, ARGS("--config", SITE_DEFAULT, "--grpc", "0.0.0.0:0", "--insecure-listen"), NULL);
    process_expect(&g->process, "(no TLS, other machines too)");
}

static void without_descriptors_it_says_so_and_ends(void **state)
{
    struct gateway *g = *state;
    gateway_spawn(g, ARGS(ON_DEFAULT_SITE), &(struct process_options){.max_files = 6});
    assert_int_equal(process_wait(&g->process, PROCESS_PATIENCE_MS), 1);
    process_assert_says(&g->process.err, "no memory or descriptors for the event loop");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATEWAY_TEST(on_a_terminal_it_says_what_it_is_and_what_to_try),
        GATEWAY_TEST(without_a_state_folder_it_says_that_nothing_outlives_it),
        GATEWAY_TEST(in_a_checkout_the_first_call_to_try_goes_to_this_gateway),
        GATEWAY_TEST(elsewhere_it_says_so_in_one_line_of_the_log),
        GATEWAY_TEST(every_listener_is_bound_when_the_endpoints_appear),
        cmocka_unit_test(gateways_run_side_by_side_on_ports_of_their_own),
        GATEWAY_TEST(the_endpoints_go_with_their_gateway_and_leave_nothing_behind),
        GATEWAY_TEST(the_endpoints_of_a_successor_stay),
        GATEWAY_TEST(a_port_in_use_is_taken_as_soon_as_it_is_free),
        GATEWAY_TEST(a_socket_file_is_taken_over_only_from_the_dead),
        GATEWAY_TEST(endpoints_that_cannot_be_written_are_told),
        GATEWAY_TEST(endpoints_replace_nothing_but_a_file),
        GATEWAY_TEST(the_state_folder_is_made_for_its_owner_only),
        GATEWAY_TEST(a_state_folder_that_cannot_be_used_is_told),
        GATEWAY_TEST(beyond_this_machine_it_listens_only_when_told_so_in_words),
        GATEWAY_TEST(without_descriptors_it_says_so_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
