/* SPDX-License-Identifier: MIT */
/* What the gateway does for its callers, whatever API they speak: rights, look-ups and commands on the model.
 * Each version of the API (service/v1) is a thin face of this. Nothing here knows a call: functions take
 * plain arguments and a callback. */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "model/bounds.h"
#include "model/caller.h"
#include "model/command.h"
#include "model/lifecycle.h"
#include "model/site.h"
#include "service/rights.h"

struct service;
struct ugrpc_server;

struct service_options {
    bool read_only;   /* --read-only: every command is PERMISSION_DENIED */
    bool control_off; /* "control: off" in the configuration: likewise */
    /* What the operator should know once, such as a client of another API version. NULL: nobody listens. */
    void (*note)(const char *text, void *userdata);
    void *note_userdata;
};

/* Borrows `site`, which must be complete, until service_free(). NULL when memory runs out. */
struct service *service_new(
    struct site *site, const struct service_options *options, struct ugrpc_status *st);

/* After the servers that it was added to. NULL is fine. */
void service_free(struct service *service);

struct site *service_site(struct service *service);
const struct service_options *service_options(struct service *service);

/* How many telemetry streams are open, how many messages they were sent, and how many samples a slow reader
 * missed. */
struct service_stats {
    uint64_t streams, messages, missed;
};
struct service_stats *service_stats(struct service *service);

/* The place of a component (sensor) in site->components (site->sensors), or -UGRPC_NOT_FOUND with a message
 * that names the id and says which there are. */
ptrdiff_t service_find_component(struct service *service, uint64_t id, struct ugrpc_status *st);
ptrdiff_t service_find_sensor(struct service *service, uint64_t id, struct ugrpc_status *st);

/* "bat_inv_1 (4)", or "component 99" if the site has none: for messages about a request's fields, which are
 * checked before the id. */
#define SERVICE_LABEL_BYTES 128
const char *service_label(struct service *service, uint64_t id, char *out, size_t cap);
const char *service_sensor_label(struct service *service, uint64_t id, char *out, size_t cap);

/* Neither read-only nor without control. */
bool service_takes_commands(const struct service *service);

/* Rights: 0 or -UGRPC_PERMISSION_DENIED. First to a method that needs at least this role, which is all that
 * can be known before its request is decoded: beyond viewers' ones, also whether commands are taken at all.
 * Then to command a component. */
int service_check_method(struct service *service, const struct rights *rights, enum role least,
    const char *method, struct ugrpc_status *st);
int service_check_command(struct service *service, const struct caller *caller, uint64_t id,
    const char *command, struct ugrpc_status *st);

/* Commands. Each checks, in the contract's order: rights, field values, the id, and then what the model
 * checks. They return a refusal, or 0 and (where there is a done()) the promise of model/command.h and
 * model/lifecycle.h. */
struct service_lifetime {
    bool given; /* false: LIFETIME_DEFAULT_S */
    uint64_t seconds;
};
int service_set_power(struct service *service, const struct caller *caller, uint64_t id, enum axis axis,
    double power, struct service_lifetime lifetime, command_fn *done, void *userdata,
    struct ugrpc_status *st);

/* The ranges as the caller sent them; an absent side is infinite. */
int service_add_bounds(struct service *service, const struct caller *caller, uint64_t id,
    const struct bounds_request *request, int64_t *until_utc_ns, struct ugrpc_status *st);
int service_clear_bounds(struct service *service, const struct caller *caller, uint64_t id,
    enum metric metric, const char *token, struct ugrpc_status *st);

int service_run(struct service *service, const struct caller *caller, uint64_t id,
    enum lifecycle_action action, status_fn *done, void *userdata, struct ugrpc_status *st);

/* What a service owns beside its own: faces and the fallback. Freed with it in reverse order. */
struct service_part {
    void (*free)(struct service_part *part);
    struct service_part *next;
};
void service_adopt(struct service *service, struct service_part *part); /* takes the part */

#endif
