/* SPDX-License-Identifier: MIT */
#include "codegen/plugin.h"

#include <string.h>

#include "base/status.h"
#include "codegen/emit.h"
#include "codegen/lower.h"
#include "codegen/package.h"
#include "codegen/schema.h"

typedef Google__Protobuf__Compiler__CodeGeneratorResponse plugin_response;
typedef Google__Protobuf__Compiler__CodeGeneratorResponse__File response_file;

static void *alloc_in_arena(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void free_with_arena(void *arena, void *ptr)
{
}

static ProtobufCAllocator allocator_of(struct arena *arena)
{
    return (ProtobufCAllocator){.alloc = alloc_in_arena, .free = free_with_arena, .allocator_data = arena};
}

static plugin_request *decode(struct arena *arena, const struct text *input)
{
    ProtobufCAllocator allocator = allocator_of(arena);

    return google__protobuf__compiler__code_generator_request__unpack(
        &allocator, input->len, (const uint8_t *)input->data);
}

/* Has protobuf-c's generator write the messages, of another copy of the request. */
static int run_protobuf_c(const struct schema *schema, const struct text *input, plugin_messages_fn *write,
    plugin_response **response, struct ugrpc_status *st)
{
    struct arena *arena = schema->arena;
    plugin_request *request = decode(arena, input);
    struct text lowered = {.arena = arena};
    struct text answer = {.arena = arena};

    int rc = lower_request(request, schema, st);
    if (rc != 0) {
        return rc;
    }
    lowered.len = google__protobuf__compiler__code_generator_request__get_packed_size(request);
    lowered.data = arena_alloc(arena, lowered.len + 1);
    google__protobuf__compiler__code_generator_request__pack(request, (uint8_t *)lowered.data);
    rc = write(&lowered, &answer, st);
    if (rc != 0) {
        return rc;
    }
    ProtobufCAllocator allocator = allocator_of(arena);
    *response = google__protobuf__compiler__code_generator_response__unpack(
        &allocator, answer.len, (const uint8_t *)answer.data);
    if (!*response) {
        return status_set(st, UGRPC_INTERNAL, "protoc-gen-c sent an answer that cannot be read");
    }
    if ((*response)->error) {
        return status_set(st, UGRPC_INVALID_ARGUMENT, "protoc-gen-c: %s", (*response)->error);
    }
    return 0;
}

/* C knows no constant for the least int64: what protobuf-c writes is a number that does not fit, negated. */
static char *mend_int64_min(struct arena *arena, const char *content)
{
    static const char written[] = "-9223372036854775808ll";
    struct text out = {.arena = arena};

    text_puts(&out, "");
    for (const char *at; (at = strstr(content, written)); content = at + sizeof(written) - 1) {
        text_add(&out, content, (size_t)(at - content));
        text_puts(&out, "(-9223372036854775807ll - 1)");
    }
    text_puts(&out, content);
    return out.data;
}

/* protobuf-c initialises a union as {0} whatever its first member is, which -Wall finds a brace short of
 * right when that is a struct, as with `optional bytes`. */
static void quiet_sources(struct arena *arena, plugin_response *messages)
{
    for (size_t i = 0; i < messages->n_file; i++) {
        response_file *file = messages->file[i];
        size_t len = file->name ? strlen(file->name) : 0;
        if (file->content) {
            file->content = mend_int64_min(arena, file->content);
        }
        if (len > 2 && strcmp(file->name + len - 2, ".c") == 0 && file->content) {
            file->content = arena_printf(
                arena, "#pragma GCC diagnostic ignored \"-Wmissing-braces\"\n%s", file->content);
        }
    }
}

static response_file *new_file(struct arena *arena, const char *stem, const char *suffix, const char *content)
{
    response_file *file = arena_alloc(arena, sizeof(*file));

    google__protobuf__compiler__code_generator_response__file__init(file);
    file->name = arena_printf(arena, "%s%s", stem, suffix);
    file->content = (char *)content;
    return file;
}

static int generate(struct schema *schema, const struct text *input, plugin_messages_fn *write,
    plugin_response *out, struct ugrpc_status *st)
{
    struct arena *arena = schema->arena;
    plugin_response *messages = NULL;
    response_file **files = arena_alloc(arena, (schema->n_files * 2 + 1) * sizeof(response_file *));
    size_t n = 0;

    for (size_t i = 0; i < schema->n_files; i++) {
        struct schema_file *file = &schema->files[i];
        if (!file->is_wanted) {
            continue;
        }
        struct plan plan;
        int rc = plan_file(&plan, schema, file, st);
        if (rc != 0) {
            return rc;
        }
        struct text header = {.arena = arena};
        struct text source = {.arena = arena};
        emit_header(&plan, &header);
        emit_source(&plan, &source);
        files[n++] = new_file(arena, file->stem, ".ugrpc.h", header.data);
        files[n++] = new_file(arena, file->stem, ".ugrpc.c", source.data);
    }
    int rc = run_protobuf_c(schema, input, write, &messages, st);
    if (rc != 0) {
        return rc;
    }
    quiet_sources(arena, messages);
    out->n_file = messages->n_file + n;
    out->file = arena_alloc(arena, (out->n_file + 1) * sizeof(*out->file));
    memcpy(out->file + messages->n_file, files, n * sizeof(response_file *));
    if (messages->n_file > 0) {
        memcpy(out->file, messages->file, messages->n_file * sizeof(response_file *));
    }
    return 0;
}

int plugin_run(
    const struct text *input, plugin_messages_fn *messages, struct text *output, struct ugrpc_status *st)
{
    struct arena *arena = output->arena;
    struct schema schema = {.arena = arena};
    struct package_map *map = NULL;
    plugin_response response = GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__INIT;
    struct ugrpc_status refused = {0};

    /* The decoder recurses as deep as the input says. */
    bool is_sane = schema_nesting_is_sane((const uint8_t *)input->data, input->len);
    const plugin_request *request = is_sane ? decode(arena, input) : NULL;
    if (!request || request->n_file_to_generate == 0) {
        return status_set(st, UGRPC_INVALID_ARGUMENT,
            "stdin is no CodeGeneratorRequest (this program is run by protoc: try --help)");
    }
    response.has_supported_features = 1;
    response.supported_features =
        GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__FEATURE__FEATURE_PROTO3_OPTIONAL;
    int rc = package_map_parse(arena, request->parameter ? request->parameter : "", &map, &refused);
    if (rc == 0) {
        rc = schema_read(&schema, request, (const uint8_t *)input->data, input->len, map, st);
        if (rc != 0 && rc != -UGRPC_UNIMPLEMENTED) {
            return rc;
        }
        refused = rc != 0 && st ? *st : refused;
    }
    if (rc == 0) {
        rc = generate(&schema, input, messages, &response, &refused);
    }
    if (rc != 0) {
        response.error = refused.message;
        response.n_file = 0;
    }
    output->len = google__protobuf__compiler__code_generator_response__get_packed_size(&response);
    output->data = arena_alloc(arena, output->len + 1);
    google__protobuf__compiler__code_generator_response__pack(&response, (uint8_t *)output->data);
    return 0;
}
