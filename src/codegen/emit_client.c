/* SPDX-License-Identifier: MIT */
/* The client's half of a service: for each method typed wrappers of what <ugrpc/client.h> has. */
#include "codegen/emit.h"

/* The parts that the signatures of a method are put together from. */
#define CHANNEL "struct ugrpc_channel *channel, "
#define OPTIONS "const struct ugrpc_call_options *options"
#define STATUS  ", struct ugrpc_status *st"

enum wrapper { BLOCKING, ASYNC, ONCE, OPEN, NEXT, WRITE, FINISH, ASYNC_WRITE };

/* Which wrappers a method has: bits of enum wrapper. */
static unsigned wrappers_of(const struct plan_method *method)
{
    if (!method->streams_in && !method->streams_out) {
        return 1u << BLOCKING | 1u << ASYNC | 1u << ONCE;
    }
    unsigned set = 1u << OPEN | 1u << ASYNC;
    set |= method->streams_out ? 1u << NEXT : 1u << FINISH;
    return method->streams_in ? set | 1u << WRITE | 1u << ASYNC_WRITE : set;
}

/* "const REQUEST *req, ", where the caller has the one request. */
static const char *request_argument(struct arena *arena, const struct plan_method *method)
{
    return method->streams_in ? "" : arena_printf(arena, "const %s *req, ", method->input->name);
}

/* The types of an asynchronous call's callbacks, named `fn` or by what they are for. */
static const char *callback(struct arena *arena, const struct plan_method *method, const char *name)
{
    return method->streams_out
               ? arena_printf(arena,
                     "void (*%s)(struct ugrpc_pending *pending, const %s *message, void *userdata)", name,
                     method->output->name)
               : arena_printf(arena,
                     "void (*%s)(const struct ugrpc_status *st, const %s *reply, void *userdata)", name,
                     method->output->name);
}

static void emit_wrapper_signature(const struct plan_service *service, const struct plan_method *method,
    enum wrapper wrapper, struct text *out)
{
    struct arena *arena = out->arena;
    const char *name = arena_printf(arena, "%s_%s", service->prefix, method->name);
    const char *in = method->input->name, *reply = method->output->name;
    const char *request = request_argument(arena, method);

    switch (wrapper) {
    case BLOCKING:
        emit_signature(out, 0, arena_printf(arena, "int %s", name),
            arena_printf(arena, CHANNEL "%s%s **reply, " OPTIONS STATUS, request, reply));
        break;
    case ONCE:
        emit_signature(out, 0, arena_printf(arena, "int %s_once", name),
            arena_printf(arena,
                "const char *target, %s%s **reply, "
                "const struct ugrpc_channel_options *channel_options, " OPTIONS STATUS,
                request, reply));
        break;
    case ASYNC:
        emit_signature(out, 0, arena_printf(arena, "struct ugrpc_pending *%s_async", name),
            arena_printf(arena, CHANNEL "%s" OPTIONS ", %s%s, void *userdata", request,
                callback(arena, method, method->streams_out ? "on_message" : "done"),
                method->streams_out ? ", void (*done)(const struct ugrpc_status *st, void *userdata)" : ""));
        break;
    case OPEN:
        emit_signature(out, 0, arena_printf(arena, "struct ugrpc_stream *%s_open", name),
            arena_printf(arena, CHANNEL "%s" OPTIONS, request));
        break;
    case NEXT:
        emit_signature(out, 0, arena_printf(arena, "bool %s_next", name),
            arena_printf(arena, "struct ugrpc_stream *stream, const %s **message", reply));
        break;
    case WRITE:
        emit_signature(out, 0, arena_printf(arena, "bool %s_write", name),
            arena_printf(arena, "struct ugrpc_stream *stream, const %s *message", in));
        break;
    case FINISH:
        emit_signature(out, 0, arena_printf(arena, "int %s_finish", name),
            arena_printf(arena, "struct ugrpc_stream *stream, %s **reply" STATUS, reply));
        break;
    case ASYNC_WRITE:
        emit_signature(out, 0, arena_printf(arena, "enum ugrpc_sent %s_async_write", name),
            arena_printf(arena, "struct ugrpc_pending *pending, const %s *message", in));
        break;
    }
}

static void emit_adapter(
    const struct plan_service *service, const struct plan_method *method, struct text *out)
{
    if (method->streams_out) {
        text_printf(out,
            "static void %s_%s__adapt(\n"
            "    ugrpc_any_fn *fn, struct ugrpc_pending *pending, const void *message, void *userdata)\n"
            "{\n    ((%s)fn)(pending, message, userdata);\n}\n\n",
            service->prefix, method->name, callback(out->arena, method, ""));
        return;
    }
    text_printf(out,
        "static void %s_%s__adapt(\n"
        "    ugrpc_any_fn *fn, const struct ugrpc_status *st, const void *reply, void *userdata)\n"
        "{\n    ((%s)fn)(st, reply, userdata);\n}\n\n",
        service->prefix, method->name, callback(out->arena, method, ""));
}

static void emit_body(
    const struct plan_service *service, size_t index, enum wrapper wrapper, struct text *out)
{
    const struct plan_method *method = &service->methods[index];
    const char *prefix = service->prefix;
    const char *table = arena_printf(
        out->arena, "&%s_service, &%s_service_methods[%zu]", prefix, prefix, index);
    const char *request = method->streams_in ? "NULL" : "req";

    switch (wrapper) {
    case BLOCKING:
        text_printf(out,
            "    void *any = NULL;\n    int rc = ugrpc_unary(channel, %s, req, reply ? &any : NULL,\n"
            "        options, st);\n    if (reply) {\n        *reply = any;\n    }\n    return rc;\n",
            table);
        break;
    case ONCE:
        text_printf(out,
            "    void *any = NULL;\n    int rc = ugrpc_unary_once(target, %s, req, reply ? &any : NULL,\n"
            "        channel_options, options, st);\n    if (reply) {\n        *reply = any;\n    }\n    return rc;\n",
            table);
        break;
    case ASYNC:
        text_printf(out,
            method->streams_out ? "    return ugrpc_call_stream_async(channel, %s, %s, options,\n"
                                  "        %s_%s__adapt, (ugrpc_any_fn *)on_message, done, userdata);\n"
                                : "    return ugrpc_call_reply_async(channel, %s, %s, options,\n"
                                  "        %s_%s__adapt, (ugrpc_any_fn *)done, userdata);\n",
            table, request, prefix, method->name);
        break;
    case OPEN:
        text_printf(out,
            method->streams_in ? "    return ugrpc_stream_open(channel, %s, options);\n"
                               : "    struct ugrpc_stream *stream = ugrpc_stream_open(channel, "
                                 "%s, options);\n    ugrpc_stream_send(stream, req);\n"
                                 "    return stream;\n",
            table);
        break;
    case NEXT:
        text_puts(out, "    const void *any;\n    bool more = ugrpc_stream_next(stream, &any);\n"
                       "    *message = any;\n    return more;\n");
        break;
    case WRITE:
        text_puts(out, "    return ugrpc_stream_send(stream, message);\n");
        break;
    case FINISH:
        text_puts(out, "    void *any;\n    int rc = ugrpc_stream_finish(stream, &any, st);\n"
                       "    *reply = any;\n    return rc;\n");
        break;
    case ASYNC_WRITE:
        text_puts(out, "    return ugrpc_pending_send(pending, message);\n");
        break;
    }
}

void emit_client_declarations(const struct plan *plan, size_t index, struct text *out)
{
    const struct plan_service *service = &plan->services[index];

    if (service->n_methods == 0) {
        return;
    }
    text_puts(out,
        "/* Clients. Unary: blocking, with 0 and *reply, which the caller frees with its type's …_free(), or a\n"
        " * negative code explained in *st (options and st may be NULL); …_async(), whose done() runs once, from the channel's loop, and not\n"
        " * after ugrpc_pending_cancel(); …_once(), which connects, calls and closes. Streams: …_open(), then\n"
        " * …_write() and …_next() (a message is borrowed until the next one), and ugrpc_stream_close() for how it\n"
        " * ended, or …_finish(); …_async(), …_async_write() and ugrpc_pending_end(). All else:\n"
        " * <ugrpc/client.h>. */\n");
    for (size_t i = 0; i < service->n_methods; i++) {
        for (int wrapper = BLOCKING; wrapper <= ASYNC_WRITE; wrapper++) {
            if (wrappers_of(&service->methods[i]) & 1u << wrapper) {
                emit_wrapper_signature(service, &service->methods[i], (enum wrapper)wrapper, out);
                text_puts(out, ";\n");
            }
        }
    }
    text_puts(out, "\n");
}

void emit_client_definitions(const struct plan_service *service, struct text *out)
{
    for (size_t i = 0; i < service->n_methods; i++) {
        emit_adapter(service, &service->methods[i], out);
        for (int wrapper = BLOCKING; wrapper <= ASYNC_WRITE; wrapper++) {
            if (wrappers_of(&service->methods[i]) & 1u << wrapper) {
                emit_wrapper_signature(service, &service->methods[i], (enum wrapper)wrapper, out);
                text_puts(out, "\n{\n");
                emit_body(service, i, (enum wrapper)wrapper, out);
                text_puts(out, "}\n\n");
            }
        }
    }
}
