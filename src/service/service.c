/* SPDX-License-Identifier: MIT */
/* The checks that come before the model's own: each command looks at rights, its fields and the id, in this
 * order, and then leaves the rest to the model. */
#include "service/service.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/journal.h"

struct service {
    struct site *site;
    struct service_options options;
    struct service_stats stats;
    struct service_part *parts;
};

struct service *service_new(struct site *site, const struct service_options *options, struct ugrpc_status *st)
{
    struct service *service = calloc(1, sizeof(*service));
    if (!service) {
        status_set(st, UGRPC_RESOURCE_EXHAUSTED, "no memory for the service");
        return NULL;
    }
    service->site = site;
    service->options = *options;
    return service;
}

void service_free(struct service *service)
{
    if (!service) {
        return;
    }
    while (service->parts) {
        struct service_part *part = service->parts;
        service->parts = part->next;
        part->free(part);
    }
    free(service);
}

void service_adopt(struct service *service, struct service_part *part)
{
    part->next = service->parts;
    service->parts = part;
}

struct site *service_site(struct service *service)
{
    return service->site;
}

struct service_stats *service_stats(struct service *service)
{
    return &service->stats;
}

const struct service_options *service_options(struct service *service)
{
    return &service->options;
}

/* " (101 is a sensor)": the likeliest mix-up, as the two id spaces are apart. */
static ptrdiff_t not_found(const char *what, uint64_t id, size_t n, uint64_t lowest, uint64_t highest,
    const char *other, struct ugrpc_status *st)
{
    char mixed_up[64] = "";
    if (other) {
        snprintf(mixed_up, sizeof(mixed_up), "; %" PRIu64 " is a %s", id, other);
    }
    if (n == 0) {
        return status_set(st, UGRPC_NOT_FOUND, "no %s %" PRIu64 ": this site has none%s", what, id, mixed_up);
    }
    return status_set(st, UGRPC_NOT_FOUND,
        "no %s %" PRIu64 ": this site has %zu, with ids from %" PRIu64 " to %" PRIu64 "%s", what, id, n,
        lowest, highest, mixed_up);
}

ptrdiff_t service_find_component(struct service *service, uint64_t id, struct ugrpc_status *st)
{
    const struct site *site = service->site;
    ptrdiff_t at = site_find_component(site, id);
    if (at >= 0) {
        return at;
    }
    size_t n = site->n_components;
    return not_found("component", id, n, n ? site->components[0]->spec.id : 0,
        n ? site->components[n - 1]->spec.id : 0, site_sensor(site, id) ? "sensor" : NULL, st);
}

ptrdiff_t service_find_sensor(struct service *service, uint64_t id, struct ugrpc_status *st)
{
    const struct site *site = service->site;
    ptrdiff_t at = site_find_sensor(site, id);
    if (at >= 0) {
        return at;
    }
    size_t n = site->n_sensors;
    return not_found("sensor", id, n, n ? site->sensors[0]->spec.id : 0,
        n ? site->sensors[n - 1]->spec.id : 0, site_component(site, id) ? "component" : NULL, st);
}

const char *service_label(struct service *service, uint64_t id, char *out, size_t cap)
{
    const struct component *component = site_component(service->site, id);
    if (component) {
        snprintf(out, cap, "%s", component_label(component));
    } else {
        snprintf(out, cap, "component %" PRIu64, id);
    }
    return out;
}

const char *service_sensor_label(struct service *service, uint64_t id, char *out, size_t cap)
{
    const struct sensor *sensor = site_sensor(service->site, id);
    if (sensor) {
        snprintf(out, cap, "%s (%" PRIu64 ")", sensor->spec.name, id);
    } else {
        snprintf(out, cap, "sensor %" PRIu64, id);
    }
    return out;
}

bool service_takes_commands(const struct service *service)
{
    return !service->options.read_only && !service->options.control_off;
}

int service_check_method(struct service *service, const struct rights *rights, enum role least,
    const char *method, struct ugrpc_status *st)
{
    int rc = rights_check_role(rights, least, method, st);
    if (rc || least == ROLE_VIEWER) {
        return rc;
    }
    if (service->options.read_only) {
        return status_set(st, UGRPC_PERMISSION_DENIED,
            "%s: this gateway is read-only (--read-only), it takes no commands", method);
    }
    if (service->options.control_off) {
        return status_set(st, UGRPC_PERMISSION_DENIED,
            "%s: control is off in this gateway's configuration (control: off), it takes no commands",
            method);
    }
    return 0;
}

int service_check_command(struct service *service, const struct caller *caller, uint64_t id,
    const char *command, struct ugrpc_status *st)
{
    char label[SERVICE_LABEL_BYTES];
    int rc = service_check_method(service, caller->rights, ROLE_OPERATOR, command, st);
    return rc ? rc
              : rights_check_component(
                    caller->rights, id, service_label(service, id, label, sizeof(label)), st);
}

static int check_lifetime(const char *label, struct service_lifetime lifetime, struct ugrpc_status *st)
{
    if (lifetime.given && (lifetime.seconds < LIFETIME_MIN_S || lifetime.seconds > LIFETIME_MAX_S)) {
        return status_set(st, UGRPC_INVALID_ARGUMENT,
            "%s: request_lifetime is %" PRIu64 " s, must be %d ... %d s (%d s if it is left out)", label,
            lifetime.seconds, LIFETIME_MIN_S, LIFETIME_MAX_S, LIFETIME_DEFAULT_S);
    }
    return 0;
}

/* Has a refusal journaled, and returns it. */
static int refuse(struct service *service, const struct caller *caller, uint64_t id, enum journal_verb verb,
    double value, int rc, const struct ugrpc_status *st)
{
    const struct component *component = site_component(service->site, id);
    journal_write_refusal(service->site,
        &(struct journal_command){
            .verb = verb,
            .component_id = id,
            .component = component ? component->spec.name : "",
            .caller = caller,
            .value = value,
            .detail = "",
        },
        st);
    return rc;
}

static int set_power(struct service *service, const struct caller *caller, uint64_t id, enum axis axis,
    double power, struct service_lifetime lifetime, command_fn *done, void *userdata, struct ugrpc_status *st)
{
    char label[SERVICE_LABEL_BYTES];
    int rc = service_check_command(service, caller, id, "set power", st);
    if (rc) {
        return rc;
    }
    service_label(service, id, label, sizeof(label));
    if (!isfinite(power)) {
        return status_set(st, UGRPC_INVALID_ARGUMENT, "%s: power is %g, must be a finite number of %s", label,
            power, axis_unit(axis));
    }
    if ((rc = check_lifetime(label, lifetime, st))) {
        return rc;
    }
    ptrdiff_t at = service_find_component(service, id, st);
    if (at < 0) {
        return (int)at;
    }
    return command_set_power(service->site->components[at], axis, caller, power,
        lifetime.given ? (int64_t)lifetime.seconds : LIFETIME_DEFAULT_S, done, userdata, st);
}

int service_set_power(struct service *service, const struct caller *caller, uint64_t id, enum axis axis,
    double power, struct service_lifetime lifetime, command_fn *done, void *userdata, struct ugrpc_status *st)
{
    enum journal_verb verb = axis == AXIS_ACTIVE ? JOURNAL_SET_ACTIVE : JOURNAL_SET_REACTIVE;
    int rc = set_power(service, caller, id, axis, power, lifetime, done, userdata, st);
    return rc ? refuse(service, caller, id, verb, power, rc, st) : 0;
}

/* An infinite side is an absent one here; infinities that the caller sent are its own encoding's to refuse.
 */
static int check_range(const char *label, size_t index, struct range range, struct ugrpc_status *st)
{
    if (isnan(range.lower) || isnan(range.upper)) {
        return status_set(st, UGRPC_INVALID_ARGUMENT, "%s: bounds[%zu].%s is nan, must be a finite number",
            label, index, isnan(range.lower) ? "lower" : "upper");
    }
    if (range.lower > range.upper) {
        return status_set(st, UGRPC_INVALID_ARGUMENT,
            "%s: bounds[%zu] has lower %.9g above upper %.9g, lower must be at most upper", label, index,
            range.lower, range.upper);
    }
    return 0;
}

static int add_bounds(struct service *service, const struct caller *caller, uint64_t id,
    const struct bounds_request *request, int64_t *until_utc_ns, struct ugrpc_status *st)
{
    char label[SERVICE_LABEL_BYTES];
    int rc = service_check_command(service, caller, id, "add bounds", st);
    if (rc) {
        return rc;
    }
    service_label(service, id, label, sizeof(label));
    if (request->n == 0) {
        return status_set(st, UGRPC_INVALID_ARGUMENT,
            "%s: bounds is empty, must hold at least one range for %s", label, metric_name(request->metric));
    }
    for (size_t i = 0; i < request->n; i++) {
        if ((rc = check_range(label, i, request->ranges[i], st))) {
            return rc;
        }
    }
    ptrdiff_t at = service_find_component(service, id, st);
    if (at < 0) {
        return (int)at;
    }
    return bounds_add(service->site->components[at], caller, request, until_utc_ns, st);
}

int service_add_bounds(struct service *service, const struct caller *caller, uint64_t id,
    const struct bounds_request *request, int64_t *until_utc_ns, struct ugrpc_status *st)
{
    int rc = add_bounds(service, caller, id, request, until_utc_ns, st);
    return rc ? refuse(service, caller, id, JOURNAL_ADD_BOUNDS, NAN, rc, st) : 0;
}

static int clear_bounds(struct service *service, const struct caller *caller, uint64_t id, enum metric metric,
    const char *token, struct ugrpc_status *st)
{
    int rc = service_check_command(service, caller, id, "clear bounds", st);
    if (rc) {
        return rc;
    }
    ptrdiff_t at = service_find_component(service, id, st);
    if (at < 0) {
        return (int)at;
    }
    return bounds_clear(service->site->components[at], caller, metric, token, st);
}

int service_clear_bounds(struct service *service, const struct caller *caller, uint64_t id,
    enum metric metric, const char *token, struct ugrpc_status *st)
{
    int rc = clear_bounds(service, caller, id, metric, token, st);
    return rc ? refuse(service, caller, id, JOURNAL_CLEAR_BOUNDS, NAN, rc, st) : 0;
}

static int run(struct service *service, const struct caller *caller, uint64_t id,
    enum lifecycle_action action, status_fn *done, void *userdata, struct ugrpc_status *st)
{
    int rc = service_check_command(service, caller, id, lifecycle_name(action), st);
    if (rc) {
        return rc;
    }
    ptrdiff_t at = service_find_component(service, id, st);
    if (at < 0) {
        return (int)at;
    }
    return lifecycle_run(service->site->components[at], action, caller, done, userdata, st);
}

int service_run(struct service *service, const struct caller *caller, uint64_t id,
    enum lifecycle_action action, status_fn *done, void *userdata, struct ugrpc_status *st)
{
    int rc = run(service, caller, id, action, done, userdata, st);
    return rc ? refuse(service, caller, id, lifecycle_verb(action), NAN, rc, st) : 0;
}
