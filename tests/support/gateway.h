/* SPDX-License-Identifier: MIT */
/* The real microgridd as a process of its own, which runs in a folder of its own, and a client of it. */
#ifndef SUPPORT_GATEWAY_H
#define SUPPORT_GATEWAY_H

#include <microgrid/v1.h>

#include "support/h2_client.h"
#include "support/process.h"

#define GATEWAY_STOP_MS      3000 /* within which it promises to end */
#define GATEWAY_PATH(method) "/frequenz.api.microgrid.v1.Microgrid/" method

/* Arguments, and those that nearly every test begins with. Meson says where SITE_DEFAULT is. */
#define ARGS(...)       ((const char *const[]){__VA_ARGS__, NULL})
#define ON_DEFAULT_SITE "--config", SITE_DEFAULT, "--grpc", "127.0.0.1:0"
#define ON_OWN_SITE     "--config", "site.yaml", "--grpc", "127.0.0.1:0"

struct gateway {
    struct process process;
    char folder[32];
    char **addresses; /* where it says that it listens */
    size_t n;
    struct h2_client *client; /* of the first address, once there was a call */
};

/* For cmocka. The end of a test stops its gateway as an operator would; it must end well. */
int gateway_set_up(void **state);
int gateway_tear_down(void **state);

#define GATEWAY_TEST(name) cmocka_unit_test_setup_teardown(name, gateway_set_up, gateway_tear_down)

/* A file in its folder. */
void gateway_write(const struct gateway *g, const char *name, const char *text);

/* Starts it with ARGS(...); `options` gives all the rest, NULL the usual. */
void gateway_spawn(struct gateway *g, const char *const *arguments, const struct process_options *options);

/* The same with --endpoints, and waits until they are there. */
void gateway_start(struct gateway *g, const char *const *arguments, const struct process_options *options);

/* Runs it to its end; returns its exit status. */
int gateway_run(struct gateway *g, const char *const *arguments);

/* Closes g->client, sends SIGTERM and waits for the end. */
int gateway_stop(struct gateway *g);

/* Ends it as a crash would: no more than what it has written is left. It may be started again. */
void gateway_kill(struct gateway *g);

/* A call with `request`, a message of the API, by g->client: begun and taken, or to its end. */
struct h2_call *gateway_begin(struct gateway *g, const char *path, const void *request);
struct h2_call *gateway_call(struct gateway *g, const char *path, const void *request);
/* A set-point with the default lifetime: the status of its answer. */
int gateway_set_power(struct gateway *g, uint64_t id, float power_w);

#endif
