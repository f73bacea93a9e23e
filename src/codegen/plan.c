/* SPDX-License-Identifier: MIT */
#include "codegen/plan.h"

#include <string.h>

#include "base/status.h"
#include "codegen/name.h"

static int clash(
    struct plan *plan, const char *name, const char *one, const char *other, struct ugrpc_status *st)
{
    return status_set(st, UGRPC_INVALID_ARGUMENT,
        "%s: %s and %s would both be \"%s\" in C: rename one, or set them apart with --ugrpc_opt=map=",
        plan->file->name, one, other, name);
}

const char *plan_constant_prefix(struct arena *arena, const struct schema_type *type)
{
    const char *scope = type->parent ? type->parent->c_name : type->file->c_package;

    if (!*scope) { /* NONE or ERROR by itself would be a macro in everybody's way */
        scope = type->c_name;
    }
    return arena_printf(arena, "%s_", name_upper(arena, scope, "_"));
}

static int claim_type(struct plan *plan, const struct schema_type *type, struct ugrpc_status *st)
{
    struct arena *arena = plan->arena;
    const char *own = type->full_name + 1;
    const char *other = claims_take(&plan->claims, type->name, own);

    if (other) {
        return clash(plan, type->name, other, own, st);
    }
    for (size_t i = 0; type->enumeration && i < type->enumeration->n_value; i++) {
        const char *value = type->enumeration->value[i]->name;
        const char *name = arena_printf(arena, "%s%s", plan_constant_prefix(arena, type), value);
        const char *owner = arena_printf(arena, "%s.%s", own, value);
        other = claims_take(&plan->claims, name, owner);
        if (other) {
            return clash(plan, name, other, owner, st);
        }
    }
    return 0;
}

/* "v1", "v2beta", "v1alpha18" */
static bool is_version(const char *part, size_t len)
{
    size_t i = 1;

    if (len < 2 || part[0] != 'v') {
        return false;
    }
    i += strspn(part + i, "0123456789");
    if (i == 1 || i >= len) {
        return i == len;
    }
    if (strncmp(part + i, "alpha", 5) == 0) {
        i += 5;
    } else if (strncmp(part + i, "beta", 4) == 0) {
        i += 4;
    } else {
        return false;
    }
    i += strspn(part + i, "0123456789");
    return i == len;
}

/* The package's last part says the service's name already, so it needn't be said twice. */
static bool package_names_service(struct arena *arena, const char *package, const char *service)
{
    const char *last = NULL;
    size_t last_len = 0;

    while (*package) {
        size_t len = strcspn(package, ".");
        if (!is_version(package, len)) {
            last = package;
            last_len = len;
        }
        package += len + (package[len] == '.');
    }
    if (!last) {
        return false;
    }
    const char *part = name_lower(arena, arena_copy(arena, last, last_len), "_");
    return strcmp(part, name_lower(arena, service, "_")) == 0;
}

/* All that is or will be declared for a service: the stubs of clients have their names kept for them, so that
 * a service's prefix does not depend on which halves are generated. */
static const char *const service_suffixes[] = {
    "_servicer", "_service", "_service_methods", "_service_handlers", "_add_servicer_to_server"};
static const char *const method_suffixes[] = {
    "", "_async", "_async_write", "_finish", "_next", "_once", "_open", "_reply", "_send", "_write"};

/* Who has one of the names that the service would need, or NULL; the name goes to *name. */
static const char *service_obstacle(
    const struct plan *plan, const struct plan_service *service, const char **name)
{
    const char *owner = NULL;

    for (size_t i = 0; !owner && i < ARRAY_LEN(service_suffixes); i++) {
        *name = arena_printf(plan->arena, "%s%s", service->prefix, service_suffixes[i]);
        owner = claims_owner(&plan->claims, *name);
    }
    for (size_t i = 0; !owner && i < service->n_methods * ARRAY_LEN(method_suffixes); i++) {
        *name = arena_printf(plan->arena, "%s_%s%s", service->prefix,
            service->methods[i / ARRAY_LEN(method_suffixes)].name,
            method_suffixes[i % ARRAY_LEN(method_suffixes)]);
        owner = claims_owner(&plan->claims, *name);
    }
    return owner;
}

static void claim_service(struct plan *plan, const struct plan_service *service)
{
    for (size_t i = 0; i < ARRAY_LEN(service_suffixes); i++) {
        const char *name = arena_printf(plan->arena, "%s%s", service->prefix, service_suffixes[i]);
        claims_take(&plan->claims, name, service->full_name);
    }
    for (size_t i = 0; i < service->n_methods * ARRAY_LEN(method_suffixes); i++) {
        const char *name = arena_printf(plan->arena, "%s_%s%s", service->prefix,
            service->methods[i / ARRAY_LEN(method_suffixes)].name,
            method_suffixes[i % ARRAY_LEN(method_suffixes)]);
        claims_take(&plan->claims, name, service->full_name);
    }
}

/* What is declared for a method, by its kind. */
static const char *const *suffixes_of(const struct plan_method *method)
{
    static const char *const unary[] = {"", "_async", "_once", "_reply", NULL},
                             *const streams_in[] = {"_async", "_async_write", "_finish", "_open", "_reply",
                                 "_write", NULL},
                             *const streams_out[] = {"_async", "_next", "_open", "_send", NULL},
                             *const streams_both[] = {
                                 "_async", "_async_write", "_next", "_open", "_send", "_write", NULL};
    return !method->streams_in   ? (method->streams_out ? streams_out : unary)
           : method->streams_out ? streams_both
                                 : streams_in;
}

static bool is_free(const struct claims *names, const char *name, const char *const *suffixes)
{
    bool taken = false;

    for (; *suffixes && !taken; suffixes++) {
        taken = claims_owner(names, arena_printf(names->arena, "%s%s", name, *suffixes));
    }
    return !taken;
}

/* A method may be called like what is made for another one, or for the service: FooAsync beside Foo. */
static void set_apart(struct plan *plan, struct plan_service *service)
{
    struct claims names = {.arena = plan->arena};

    for (size_t i = 0; i < ARRAY_LEN(service_suffixes); i++) {
        claims_take(&names, service_suffixes[i] + 1, service->full_name);
    }
    for (size_t i = 0; i < service->n_methods; i++) {
        struct plan_method *method = &service->methods[i];
        const char *const *suffix = suffixes_of(method);
        while (!is_free(&names, method->name, suffix)) {
            method->name = arena_printf(plan->arena, "%s_", method->name);
        }
        for (; *suffix; suffix++) {
            claims_take(
                &names, arena_printf(plan->arena, "%s%s", method->name, *suffix), method->proto->name);
        }
    }
}

/* `name`, with as many underscores as it takes to be alone among the servicer's entries. */
static const char *free_entry(struct claims *entries, const char *name)
{
    while (claims_take(entries, name, name)) {
        name = arena_printf(entries->arena, "%s_", name);
    }
    return name;
}

static int plan_methods(struct plan *plan, struct plan_service *service, struct ugrpc_status *st)
{
    struct arena *arena = plan->arena;
    struct claims entries = {.arena = arena};

    service->n_methods = service->proto->n_method;
    service->methods = arena_alloc(arena, (service->n_methods + 1) * sizeof(*service->methods));
    for (size_t i = 0; i < service->n_methods; i++) {
        struct plan_method *method = &service->methods[i];
        method->proto = service->proto->method[i];
        method->streams_in = method->proto->client_streaming;
        method->streams_out = method->proto->server_streaming;
        method->name = name_lower(arena, method->proto->name, "_");
        method->entry = name_safe(arena, method->name);
        method->input = schema_find(plan->schema, method->proto->input_type);
        method->output = schema_find(plan->schema, method->proto->output_type);
        const char *other = claims_take(&entries, method->entry, method->proto->name);
        if (other) {
            return clash(plan, method->entry, other, method->proto->name, st);
        }
    }
    for (size_t i = 0; i < service->n_methods; i++) {
        struct plan_method *method = &service->methods[i];
        if (method->streams_in) {
            method->message_entry = free_entry(&entries, arena_printf(arena, "%s_message", method->name));
            method->end_entry = free_entry(&entries, arena_printf(arena, "%s_end", method->name));
        }
    }
    set_apart(plan, service);
    return 0;
}

static int plan_service(
    struct plan *plan, struct plan_service *service, const proto_service *proto, struct ugrpc_status *st)
{
    struct arena *arena = plan->arena;
    const struct schema_file *file = plan->file;
    const char *name = NULL;

    service->proto = proto;
    service->full_name = arena_printf(arena, "%s%s%s", file->package, *file->package ? "." : "", proto->name);
    int rc = plan_methods(plan, service, st);
    if (rc != 0) {
        return rc;
    }
    if (package_names_service(arena, file->c_package, proto->name)) {
        service->prefix = name_lower(arena, file->c_package, "_");
        if (!service_obstacle(plan, service, &name)) {
            claim_service(plan, service);
            return 0;
        }
    }
    service->prefix = name_lower(arena, arena_printf(arena, "%s.%s", file->c_package, proto->name), "_");
    const char *other = service_obstacle(plan, service, &name);
    if (other) {
        return clash(plan, name, other, service->full_name, st);
    }
    claim_service(plan, service);
    return 0;
}

int plan_file(struct plan *plan, struct schema *schema, struct schema_file *file, struct ugrpc_status *st)
{
    struct arena *arena = schema->arena;
    int rc = 0;

    *plan = (struct plan){.arena = arena, .schema = schema, .file = file, .claims = {.arena = arena}};
    plan->mark = schema_mark_imports(schema, file);
    for (size_t i = 0; rc == 0 && i < schema->n_types; i++) {
        if (schema->types[i].file->mark == plan->mark) {
            rc = claim_type(plan, &schema->types[i], st);
        }
    }
    plan->n_services = file->proto->n_service;
    plan->services = arena_alloc(arena, (plan->n_services + 1) * sizeof(*plan->services));
    for (size_t i = 0; rc == 0 && i < plan->n_services; i++) {
        rc = plan_service(plan, &plan->services[i], file->proto->service[i], st);
    }
    return rc;
}
