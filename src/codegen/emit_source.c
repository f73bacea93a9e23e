/* SPDX-License-Identifier: MIT */
/* The tables and the thin functions between libugrpc, which knows messages only by their descriptors, and
 * typed handlers. */
#include <string.h>

#include "codegen/emit.h"
#include "codegen/name.h"

static void emit_bytes(const uint8_t *bytes, size_t len, struct text *out)
{
    for (size_t i = 0; i < len; i++) {
        text_printf(out, "%s%u,", i % 20 == 0 ? "\n    " : " ", bytes[i]);
    }
}

static void emit_file(const struct schema_file *file, const char *storage, struct text *out)
{
    text_printf(out, "static const uint8_t %s_bytes[] = {", file->symbol);
    emit_bytes(file->bytes, file->bytes_len, out);
    text_puts(out, "\n};\n\n");
    if (file->n_imports > 0) {
        text_printf(out, "static const struct ugrpc_file *const %s_imports[] = {\n", file->symbol);
        for (size_t i = 0; i < file->n_imports; i++) {
            text_printf(out, "    &%s,\n", file->imports[i]->symbol);
        }
        text_puts(out, "};\n\n");
    }
    text_printf(out, "%sconst struct ugrpc_file %s = {\n    .name = ", storage, file->symbol);
    emit_string(out, file->name);
    text_printf(out, ",\n    .descriptor = %s_bytes,\n    .descriptor_len = sizeof(%s_bytes),\n",
        file->symbol, file->symbol);
    if (file->n_imports > 0) {
        text_printf(
            out, "    .imports = %s_imports,\n    .n_imports = %zu,\n", file->symbol, file->n_imports);
    }
    text_puts(out, "};\n\n");
}

/* Files that protobuf-c leaves out have no source of their own, yet reflection must find them. */
static void emit_ignored_imports(const struct plan *plan, struct text *out)
{
    for (size_t i = 0; i < plan->schema->n_files; i++) {
        const struct schema_file *file = &plan->schema->files[i];
        if (file->mark != plan->mark || !file->is_ignored) {
            continue;
        }
        for (size_t j = 0; j < file->n_imports; j++) {
            if (!file->imports[j]->is_ignored) {
                text_printf(out, "extern const struct ugrpc_file %s;\n", file->imports[j]->symbol);
            }
        }
        emit_file(file, "static ", out);
    }
}

static const char *kind_constant(const struct plan_method *method)
{
    if (method->streams_in) {
        return method->streams_out ? "UGRPC_BIDI_STREAMING" : "UGRPC_CLIENT_STREAMING";
    }
    return method->streams_out ? "UGRPC_SERVER_STREAMING" : "UGRPC_UNARY";
}

static void emit_tables(const struct plan *plan, const struct plan_service *service, struct text *out)
{
    struct arena *arena = plan->arena;

    if (service->n_methods > 0) {
        text_printf(out, "static const struct ugrpc_method %s_service_methods[] = {\n", service->prefix);
    }
    for (size_t i = 0; i < service->n_methods; i++) {
        const struct plan_method *method = &service->methods[i];
        text_printf(out, "    {\"%s\", %s, &%s__descriptor,\n        &%s__descriptor},\n",
            method->proto->name, kind_constant(method), name_lower(arena, method->input->c_name, "__"),
            name_lower(arena, method->output->c_name, "__"));
    }
    if (service->n_methods > 0) {
        text_puts(out, "};\n\n");
    }
    text_printf(out, "const struct ugrpc_service %s_service = {\n    .name = \"%s\",\n", service->prefix,
        service->full_name);
    if (service->n_methods > 0) {
        text_printf(out, "    .methods = %s_service_methods,\n    .n_methods = %zu,\n", service->prefix,
            service->n_methods);
    }
    text_printf(out, "    .file = &%s,\n};\n\n", plan->file->symbol);
}

#define UNIMPLEMENTED                                                                                        \
    "        ugrpc_call_fail(call, UGRPC_UNIMPLEMENTED, \"%%s is not implemented\", ugrpc_call_method(call));\n"

/* Opens one of the functions that stand in a handler table; `arguments` follow the call. */
static void emit_thunk_head(const char *prefix, const char *function, const char *arguments, struct text *out)
{
    text_printf(out,
        "static void %s_%s(\n    struct ugrpc_call *call, %sconst void *servicer, void *userdata)\n{\n"
        "    const struct %s_servicer *typed = servicer;\n\n",
        prefix, function, arguments, prefix);
}

static void emit_begin(const char *prefix, const struct plan_method *method, struct text *out)
{
    const char *function = arena_printf(out->arena, "%s__begin", method->name);

    emit_thunk_head(prefix, function, "const void *request, ", out);
    if (method->streams_in) {
        text_printf(out,
            "    (void)request;\n    if (typed->%s) {\n        typed->%s(call, userdata);\n"
            "    } else if (!typed->%s) {\n" UNIMPLEMENTED "    }\n}\n\n",
            method->entry, method->entry, method->message_entry);
        return;
    }
    text_printf(out,
        "    if (!typed->%s) {\n" UNIMPLEMENTED "        return;\n    }\n"
        "    typed->%s(call, request, userdata);\n}\n\n",
        method->entry, method->entry);
}

static void emit_message_and_end(const char *prefix, const struct plan_method *method, struct text *out)
{
    emit_thunk_head(
        prefix, arena_printf(out->arena, "%s__message", method->name), "const void *message, ", out);
    text_printf(out, "    if (typed->%s) {\n        typed->%s(call, message, userdata);\n    }\n}\n\n",
        method->message_entry, method->message_entry);
    emit_thunk_head(prefix, arena_printf(out->arena, "%s__end", method->name), "", out);
    text_printf(out, "    if (typed->%s) {\n        typed->%s(call, userdata);\n    }\n}\n\n",
        method->end_entry, method->end_entry);
}

static void emit_answer(
    const struct plan_service *service, const struct plan_method *method, struct text *out)
{
    emit_answer_signature(service, method, out);
    text_puts(out, method->streams_out
                       ? "\n{\n    return ugrpc_call_send(call, (const ProtobufCMessage *)message);\n}\n\n"
                       : "\n{\n    ugrpc_call_reply(call, (const ProtobufCMessage *)reply);\n}\n\n");
}

static void emit_handlers(const struct plan_service *service, struct text *out)
{
    const char *prefix = service->prefix;

    for (size_t i = 0; i < service->n_methods; i++) {
        const struct plan_method *method = &service->methods[i];
        emit_begin(prefix, method, out);
        if (method->streams_in) {
            emit_message_and_end(prefix, method, out);
        }
        emit_answer(service, method, out);
    }
    if (service->n_methods > 0) {
        text_printf(out, "static const struct ugrpc_handler %s_service_handlers[] = {\n", prefix);
    }
    for (size_t i = 0; i < service->n_methods; i++) {
        const char *name = service->methods[i].name;
        text_printf(out, "    {.begin = %s_%s__begin", prefix, name);
        if (service->methods[i].streams_in) {
            text_printf(out, ",\n        .message = %s_%s__message,\n        .end = %s_%s__end", prefix, name,
                prefix, name);
        }
        text_puts(out, "},\n");
    }
    if (service->n_methods > 0) {
        text_puts(out, "};\n\n");
    }
    text_printf(out,
        "int %s_add_servicer_to_server(\n    struct ugrpc_server *server, const struct %s_servicer *servicer, "
        "void *userdata)\n{\n    return ugrpc_server_add_service(\n        server, &%s_service, ",
        prefix, prefix, prefix);
    if (service->n_methods > 0) {
        text_printf(out, "%s_service_handlers, ", prefix);
    } else {
        text_puts(out, "NULL, ");
    }
    text_puts(out, "servicer, userdata, NULL);\n}\n\n");
}

void emit_source(const struct plan *plan, struct text *out)
{
    const struct schema_file *file = plan->file;

    text_printf(out, "/* Made by protoc-gen-ugrpc from %s: do not edit. */\n#include \"%s.ugrpc.h\"\n\n",
        name_of_path(plan->arena, file->name), file->stem);
    emit_ignored_imports(plan, out);
    emit_file(file, "", out);
    for (size_t i = 0; i < plan->n_services; i++) {
        emit_tables(plan, &plan->services[i], out);
        emit_handlers(&plan->services[i], out);
        emit_client_definitions(&plan->services[i], out);
    }
}
