/* SPDX-License-Identifier: MIT */
/* The service on a fake site, behind a fake server, in one version of the API: for tests of the versions'
 * faces. Failures are cmocka's. */
#ifndef SUPPORT_FAKE_SERVICE_H
#define SUPPORT_FAKE_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "fake_server.h"
#include "fake_site.h"

struct service;

struct fake_service {
    struct fake_site *fake; /* with a thermometer, 101, beside its components */
    struct service *service;
    struct ugrpc_server *server;
    const char *api;              /* "/frequenz.api.microgrid.v1.Microgrid/" */
    struct ugrpc_call *calls[32]; /* freed with the fixture */
    size_t n_calls;
    char notes[4][256]; /* what the operator was told */
    size_t n_notes;
};

/* `add` is service_v1_add(), say. */
struct fake_service *fake_service_new(const char *api, bool read_only,
    int (*add)(struct service *service, struct ugrpc_server *server, struct ugrpc_status *st));
void fake_service_free(struct fake_service *f); /* nothing may have leaked */

/* A call of one of the version's methods, with a message or with bytes; of any path. */
struct ugrpc_call *fake_ask(struct fake_service *f, const char *method, const void *request);
struct ugrpc_call *fake_ask_bytes(struct fake_service *f, const char *method, const void *data, size_t len);
struct ugrpc_call *fake_ask_path(struct fake_service *f, const char *path);

/* The only reply of a call that is done. */
void *fake_reply(const struct ugrpc_call *call);
/* The newest message of a stream that goes on. */
void *fake_newest(const struct ugrpc_call *call);
/* Frees what these two return. */
void fake_release(void *message);

/* The call was refused, and its message has all of these (NULL ends) in it. */
void assert_refused(const struct ugrpc_call *call, enum ugrpc_code code, ...);

#endif
