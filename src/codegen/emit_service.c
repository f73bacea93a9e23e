/* SPDX-License-Identifier: MIT */
/* The server's half of a service, as the header declares it. */
#include "codegen/comment.h"
#include "codegen/emit.h"

static void emit_entry_comment(
    const struct plan *plan, size_t service, size_t method, const char *hint, struct text *out)
{
    const char *comment = comment_of_method(plan->arena, plan->file, service, method);

    comment_write(out, 4, arena_printf(plan->arena, "%s%s%s", comment, *comment ? " " : "", hint));
}

static void emit_entries(const struct plan *plan, size_t service_index, size_t method_index, struct text *out)
{
    const struct plan_service *service = &plan->services[service_index];
    const struct plan_method *method = &service->methods[method_index];
    const char *prefix = service->prefix;
    struct arena *arena = plan->arena;
    const char *begins = method->streams_in ? "The call begins. " : "";
    const char *hint = method->streams_out
                           ? arena_printf(arena, "%sAnswer with %s_%s_send() and ugrpc_call_end().", begins,
                                 prefix, method->name)
                           : arena_printf(
                                 arena, "%sAnswer with %s_%s_reply().", begins, prefix, method->name);

    emit_entry_comment(plan, service_index, method_index, hint, out);
    if (!method->streams_in) {
        text_printf(out, "    void (*%s)(struct ugrpc_call *call, const %s *req, void *userdata);\n",
            method->entry, method->input->name);
        return;
    }
    text_printf(out, "    void (*%s)(struct ugrpc_call *call, void *userdata);\n", method->entry);
    text_puts(out, "    /* One more message of the client, borrowed for the callback. */\n");
    text_printf(out, "    void (*%s)(struct ugrpc_call *call, const %s *message, void *userdata);\n",
        method->message_entry, method->input->name);
    text_puts(out, "    /* The client has sent all. */\n");
    text_printf(out, "    void (*%s)(struct ugrpc_call *call, void *userdata);\n", method->end_entry);
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
        bool sends = method->streams_out;
        text_printf(out, "%s %s_%s_%s(struct ugrpc_call *call, const %s *%s);\n",
            sends ? "enum ugrpc_sent" : "void", prefix, method->name, sends ? "send" : "reply",
            method->output->name, sends ? "message" : "reply");
    }
    text_puts(out, "\n");
}
