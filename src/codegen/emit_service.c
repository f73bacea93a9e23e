/* SPDX-License-Identifier: MIT */
/* The server's half of a service, as the header declares it. */
#include <string.h>

#include "codegen/comment.h"
#include "codegen/emit.h"

static void emit_entry_comment(
    const struct plan *plan, size_t service, size_t method, const char *hint, struct text *out)
{
    const char *comment = comment_of_method(plan->arena, plan->file, service, method);
    bool ended = *comment && strchr(".!?:;", comment[strlen(comment) - 1]);
    const char *glue = !*comment ? "" : ended ? " " : ". ";

    comment_write(out, 4, arena_printf(plan->arena, "%s%s%s", comment, glue, hint));
}

/* One member of the servicer; `message` is its typed argument, or "". */
static void emit_entry(struct arena *arena, const char *entry, const char *message, struct text *out)
{
    emit_signature(out, 4, arena_printf(arena, "void (*%s)", entry),
        arena_printf(arena, "struct ugrpc_call *call, %svoid *userdata", message));
    text_puts(out, ";\n");
}

static void emit_entries(const struct plan *plan, size_t service_index, size_t method_index, struct text *out)
{
    const struct plan_service *service = &plan->services[service_index];
    const struct plan_method *method = &service->methods[method_index];
    struct arena *arena = plan->arena;
    const char *begins = method->streams_in ? "The call begins. " : "";
    const char *function = arena_printf(arena, "%s_%s", service->prefix, method->name);
    const char *hint = method->streams_out
                           ? arena_printf(
                                 arena, "%sAnswer with %s_send() and ugrpc_call_end().", begins, function)
                           : arena_printf(arena, "%sAnswer with %s_reply().", begins, function);

    emit_entry_comment(plan, service_index, method_index, hint, out);
    if (!method->streams_in) {
        emit_entry(arena, method->entry, arena_printf(arena, "const %s *req, ", method->input->name), out);
        return;
    }
    emit_entry(arena, method->entry, "", out);
    text_puts(out, "    /* One more message of the client, borrowed for the callback. */\n");
    emit_entry(
        arena, method->message_entry, arena_printf(arena, "const %s *message, ", method->input->name), out);
    text_puts(out, "    /* The client has sent all. */\n");
    emit_entry(arena, method->end_entry, "", out);
}

void emit_answer_signature(
    const struct plan_service *service, const struct plan_method *method, struct text *out)
{
    const char *name = method->streams_out ? "message" : "reply";

    emit_signature(out, 0,
        arena_printf(out->arena, method->streams_out ? "enum ugrpc_sent %s_%s_send" : "void %s_%s_reply",
            service->prefix, method->name),
        arena_printf(out->arena, "struct ugrpc_call *call, const %s *%s", method->output->name, name));
}

void emit_service(const struct plan *plan, size_t index, struct text *out)
{
    const struct plan_service *service = &plan->services[index];
    const char *prefix = service->prefix;
    const char *comment = comment_of_service(plan->arena, plan->file, index);

    comment_write(
        out, 0, arena_printf(plan->arena, "%s%s%s", service->full_name, *comment ? ": " : "", comment));
    text_puts(out,
        "/* A method whose entry is NULL answers UNIMPLEMENTED. A handler owns its call until it finishes it,\n"
        " * now or later, with its answer or with ugrpc_call_fail(). `req` lives as long as the call. */\n");
    text_printf(out, "struct %s_servicer {\n", prefix);
    for (size_t i = 0; i < service->n_methods; i++) {
        emit_entries(plan, index, i, out);
    }
    if (service->n_methods == 0) {
        text_puts(out, "    char unused; /* a service without methods */\n");
    }
    text_puts(out, "};\n\n");
    text_printf(out, "extern const struct ugrpc_service %s_service;\n\n", prefix);
    text_puts(out,
        "/* Serves `servicer`; borrows it and `userdata` until the server is freed. 0 or a negative "
        "ugrpc_code. */\n");
    text_printf(out,
        "int %s_add_servicer_to_server(\n    struct ugrpc_server *server, const struct %s_servicer *servicer, "
        "void *userdata);\n\n",
        prefix, prefix);
    for (size_t i = 0; i < service->n_methods; i++) {
        const struct plan_method *method = &service->methods[i];
        emit_answer_signature(service, method, out);
        text_puts(out, ";\n");
    }
    text_puts(out, "\n");
}
