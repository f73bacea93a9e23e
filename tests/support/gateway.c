/* SPDX-License-Identifier: MIT */
#include "support/gateway.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <ftw.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define MAX_ARGUMENTS 32
#define ENDPOINTS     "endpoints.json"

int gateway_set_up(void **state)
{
    struct gateway *g = calloc(1, sizeof(*g));
    strcpy(g->folder, "/tmp/gateway-XXXXXX");
    assert_non_null(mkdtemp(g->folder));
    *state = g;
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    return remove(path);
}

/* What the last process had. */
static void forget(struct gateway *g)
{
    process_done(&g->process);
    h2_close(g->client);
    g->client = NULL;
    while (g->n > 0) {
        free(g->addresses[--g->n]);
    }
    free(g->addresses);
    g->addresses = NULL;
}

int gateway_tear_down(void **state)
{
    struct gateway *g = *state;
    int status = g->process.fd > 0 ? gateway_stop(g) : 0;
    forget(g);
    nftw(g->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(g);
    return status;
}

void gateway_write(const struct gateway *g, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", g->folder, name);
    FILE *to = fopen(path, "we");
    assert_non_null(to);
    assert_true(fputs(text, to) >= 0);
    assert_int_equal(fclose(to), 0);
}

void gateway_spawn(struct gateway *g, const char *const *arguments, const struct process_options *options)
{
    struct process_options all = options ? *options : (struct process_options){0};
    const char *argv[MAX_ARGUMENTS] = {getenv("MICROGRIDD")};
    for (size_t n = 1; *arguments; n++) {
        assert_true(n + 1 < MAX_ARGUMENTS);
        argv[n] = *arguments++;
    }
    assert_non_null(argv[0]); /* Meson sets it */
    all.argv = argv;
    all.folder = g->folder;
    forget(g);
    process_start(&g->process, &all);
}

/* ---- endpoints ---- */

static void read_endpoints(struct gateway *g, const char *path)
{
    json_t *root = json_load_file(path, 0, NULL), *grpc = json_object_get(root, "grpc");
    assert_non_null(root); /* it appears whole or not at all */
    assert_int_equal(json_integer_value(json_object_get(root, "pid")), g->process.pid);
    g->n = json_array_size(grpc);
    g->addresses = calloc(g->n, sizeof(*g->addresses));
    for (size_t i = 0; i < g->n; i++) {
        g->addresses[i] = strdup(json_string_value(json_array_get(grpc, i)));
    }
    json_decref(root);
}

void gateway_start(struct gateway *g, const char *const *arguments, const struct process_options *options)
{
    const char *all[MAX_ARGUMENTS] = {"--endpoints", ENDPOINTS};
    char path[64];
    for (size_t n = 2; *arguments; n++) {
        assert_true(n + 1 < MAX_ARGUMENTS);
        all[n] = *arguments++;
    }
    snprintf(path, sizeof(path), "%s/" ENDPOINTS, g->folder);
    int64_t until_ns = process_deadline_ns(PROCESS_PATIENCE_MS);
    int changes = inotify_init1(IN_CLOEXEC);
    assert_true(inotify_add_watch(changes, g->folder, IN_MOVED_TO) >= 0);
    gateway_spawn(g, all, options);
    while (access(path, F_OK) != 0) {
        if (!process_turn(&g->process, changes, until_ns)) {
            fail_msg("it ended with %d before it was ready:\n%s", g->process.status, g->process.err.text);
        }
    }
    close(changes);
    read_endpoints(g, path);
}

int gateway_run(struct gateway *g, const char *const *arguments)
{
    gateway_spawn(g, arguments, NULL);
    return process_wait(&g->process, PROCESS_PATIENCE_MS);
}

int gateway_stop(struct gateway *g)
{
    h2_close(g->client); /* it would wait for that, for a second */
    g->client = NULL;
    process_signal(&g->process, SIGTERM);
    return process_wait(&g->process, GATEWAY_STOP_MS);
}

void gateway_kill(struct gateway *g)
{
    char path[64];
    process_signal(&g->process, SIGKILL);
    assert_int_equal(process_wait(&g->process, GATEWAY_STOP_MS), -SIGKILL);
    snprintf(path, sizeof(path), "%s/" ENDPOINTS, g->folder);
    unlink(path); /* nobody else will */
}

/* ---- calls ---- */

struct h2_call *gateway_begin(struct gateway *g, const char *path, const void *request)
{
    uint8_t packed[256], body[sizeof(packed) + 5];
    assert_true(protobuf_c_message_get_packed_size(request) <= sizeof(packed));
    size_t len = h2_frame(body, packed, protobuf_c_message_pack(request, packed), false);
    if (!g->client) {
        g->client = h2_connect(NULL, g->addresses[0], true);
    }
    struct h2_call *call = h2_call(g->client, path, body, len, true);
    h2_pump_some(g->client);
    return call;
}

struct h2_call *gateway_call(struct gateway *g, const char *path, const void *request)
{
    struct h2_call *call = gateway_begin(g, path, request);
    h2_pump_until_closed(g->client, call);
    return call;
}

int gateway_set_power(struct gateway *g, uint64_t id, float power_w)
{
    microgrid_v1_set_component_power_active_request request =
        MICROGRID_V1_SET_COMPONENT_POWER_ACTIVE_REQUEST_INIT;
    request.component_id = id;
    request.power = power_w;
    return h2_grpc_status(gateway_call(g, GATEWAY_PATH("SetComponentPowerActive"), &request));
}
