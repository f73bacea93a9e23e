/* SPDX-License-Identifier: MIT */
/* microgridctl and a gateway that means no good: what it sends must not reach the terminal as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <microgrid/v1.h>
#include <ugrpc/ugrpc.h>

#include "microgrid/admin/v1/admin.ugrpc.h"
#include "support/ctl.h"

struct hostile {
    struct gateway *gateway; /* for its folder alone */
    struct ugrpc_loop *loop;
    struct ugrpc_server *server;
    pthread_t thread;
    struct ctl_run ctl;
    char target[64];
    bool does_as_told; /* the component whose name is a command */
};

static void list_components(
    struct ugrpc_call *call, const microgrid_v1_list_components_request *req, void *userdata)
{
    microgrid_v1_list_components_response reply = MICROGRID_V1_LIST_COMPONENTS_RESPONSE_INIT;
    microgrid_common_v1_microgrid_components_component
        meter = MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_COMPONENT_INIT,
        command = MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_COMPONENT_INIT, *all[] = {&meter, &command};
    char name[] = "meter", other_name[] = "$(>done)";
    meter.id = 1;
    meter.name = name;
    command.id = 2;
    command.name = other_name;
    if (((struct hostile *)userdata)->does_as_told) {
        command.category = MICROGRID_COMMON_V1_MICROGRID_COMPONENTS_COMPONENT_CATEGORY_INVERTER;
    }
    reply.n_components = 2;
    reply.components = all;
    microgrid_v1_list_components_reply(call, &reply);
}

static void list_sensors(struct ugrpc_call *call, const microgrid_v1_list_sensor_request *req, void *userdata)
{
    const microgrid_v1_list_sensors_response none = MICROGRID_V1_LIST_SENSORS_RESPONSE_INIT;
    microgrid_v1_list_sensors_reply(call, &none);
}

/* A sample with nothing in it, and an end that would clear the screen. */
static void receive_component_data_stream(
    struct ugrpc_call *call, const microgrid_v1_receive_component_data_stream_request *req, void *userdata)
{
    const microgrid_v1_receive_component_data_stream_response empty =
        MICROGRID_V1_RECEIVE_COMPONENT_DATA_STREAM_RESPONSE_INIT;
    microgrid_v1_receive_component_data_stream_send(call, &empty);
    ugrpc_call_fail(call, UGRPC_UNAVAILABLE, "gone\x1b[2J");
}

static void set_component_power_active(
    struct ugrpc_call *call, const microgrid_v1_set_component_power_active_request *req, void *userdata)
{
    ugrpc_call_fail(call, UGRPC_OUT_OF_RANGE, "too much");
}

static void receive_journal(
    struct ugrpc_call *call, const microgrid_admin_v1_receive_journal_request *req, void *userdata)
{
    const microgrid_admin_v1_journal_entry empty = MICROGRID_ADMIN_V1_JOURNAL_ENTRY_INIT;
    microgrid_admin_v1_receive_journal_send(call, &empty);
    ugrpc_call_fail(call, UGRPC_UNAVAILABLE, "gone\x1b[2J");
}

static void *serve(void *userdata)
{
    ugrpc_loop_run(((struct hostile *)userdata)->loop);
    return NULL;
}

static int set_up(void **state)
{
    static const struct microgrid_v1_servicer servicer = {
        .list_components = list_components,
        .list_sensors = list_sensors,
        .receive_component_data_stream = receive_component_data_stream,
        .set_component_power_active = set_component_power_active,
    };
    static const struct microgrid_admin_v1_servicer admin = {.receive_journal = receive_journal};
    static struct hostile h;
    void *gateway;
    if (gateway_set_up(&gateway) != 0) {
        return -1;
    }
    h = (struct hostile){.gateway = gateway, .loop = ugrpc_loop_new(), .ctl = {.gateway = gateway}};
    h.server = ugrpc_server_new(h.loop, NULL, NULL);
    assert_int_equal(microgrid_v1_add_servicer_to_server(h.server, &servicer, &h), 0);
    assert_int_equal(microgrid_admin_v1_add_servicer_to_server(h.server, &admin, NULL), 0);
    assert_int_equal(ugrpc_server_listen(h.server, "127.0.0.1:0", NULL, NULL), 0);
    assert_int_equal(ugrpc_server_start(h.server, NULL), 0);
    snprintf(h.target, sizeof(h.target), "MICROGRID_TARGET=%s", ugrpc_server_address(h.server, 0));
    assert_int_equal(pthread_create(&h.thread, NULL, serve, &h), 0);
    *state = &h;
    return 0;
}

static int tear_down(void **state)
{
    struct hostile *h = *state;
    void *gateway = h->gateway;
    process_done(&h->ctl.process);
    ugrpc_loop_stop(h->loop);
    pthread_join(h->thread, NULL);
    ugrpc_server_free(h->server);
    ugrpc_loop_free(h->loop);
    return gateway_tear_down(&gateway);
}

static void assert_waits(struct hostile *h, const char *const *arguments)
{
    h->ctl.env[0] = h->target;
    ctl_start(&h->ctl, arguments);
    process_expect(&h->ctl.process, "[2J\n");
    process_assert_says(&h->ctl.process.err, "waiting for the gateway: gone");
    assert_null(strchr(h->ctl.process.err.text, '\x1b'));
}

static void why_it_waits_moves_no_cursor(void **state)
{
    assert_waits(*state, ARGS("record", "meter"));
    assert_waits(*state, ARGS("watch", "meter"));
    assert_waits(*state, ARGS("journal", "--follow"));
}

static void a_name_that_is_a_command_is_not_run_by_a_completion(void **state)
{
    struct hostile *h = *state;
    char script[600], path[200];
    struct process bash = {0};
    snprintf(path, sizeof(path), "%s", getenv("MICROGRIDCTL"));
    *strrchr(path, '/') = '\0';
    snprintf(script, sizeof(script),
        "PATH=%s:$PATH; source <(microgridctl completion bash); COMP_WORDS=(microgridctl watch ''); "
        "COMP_CWORD=2; _microgridctl; echo \"${COMPREPLY[*]}\"; ls",
        path);
    assert_int_equal(process_run(&bash, &(const struct process_options){.argv = ARGS("bash", "-c", script),
                                            .folder = h->gateway->folder,
                                            .env = h->target}),
        0);
    assert_string_equal(bash.out.text, "meter \\$\\(\\>done\\)\n"); /* quoted, for who takes it */
    process_done(&bash);
}

static void a_name_that_is_a_command_is_in_none_to_copy(void **state)
{
    struct hostile *h = *state;
    h->ctl.env[0] = h->target;
    ctl_expect(&h->ctl, ARGS("set-power", "meter", "5kW"), 1, "microgridctl curtail meter 0\n");
    ctl_expect(&h->ctl, ARGS("set-power", "2", "5kW"), 1, "microgridctl curtail 2 0\n");
    h->does_as_told = true;
    ctl_expect(&h->ctl, ARGS("curtail", "2", "5kW"), 2, "microgridctl bounds add 2 power -5kW..");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(why_it_waits_moves_no_cursor),
        TEST(a_name_that_is_a_command_is_not_run_by_a_completion),
        TEST(a_name_that_is_a_command_is_in_none_to_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
