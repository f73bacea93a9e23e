/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <string.h>

#include "codegen/emit.h"
#include "codegen/name.h"

void emit_string(struct text *out, const char *string)
{
    text_puts(out, "\"");
    for (; *string; string++) {
        unsigned char c = (unsigned char)*string;
        if (c == '"' || c == '\\') {
            text_printf(out, "\\%c", c);
        } else if (c < 0x20 || c == 0x7f || c == '?') { /* '?': no trigraphs */
            text_printf(out, "\\%03o", c);
        } else {
            text_add(out, string, 1);
        }
    }
    text_puts(out, "\"");
}

#define COLUMNS 110

/* The length of the first argument with its comma; a callback's own arguments belong to it. */
static size_t argument_len(const char *arguments)
{
    size_t len = 0;
    int depth = 0;

    while (arguments[len] && (arguments[len] != ',' || depth > 0)) {
        depth += (arguments[len] == '(') - (arguments[len] == ')');
        len++;
    }
    return len + (arguments[len] == ',');
}

void emit_signature(struct text *out, size_t indent, const char *head, const char *arguments)
{
    size_t column = indent + strlen(head) + 1;

    text_printf(out, "%*s%s(", (int)indent, "", head);
    if (column + strlen(arguments) + 2 > COLUMNS) {
        text_printf(out, "\n%*s", (int)indent + 4, "");
        column = indent + 4;
    }
    for (bool first = true; *arguments; first = false) {
        size_t len = argument_len(arguments);
        if (!first && column + len + 3 > COLUMNS) {
            text_printf(out, "\n%*s", (int)indent + 4, "");
            column = indent + 4;
        } else if (!first) {
            text_puts(out, " ");
            column++;
        }
        text_add(out, arguments, len);
        column += len;
        arguments += len + (arguments[len] == ' ');
    }
    text_puts(out, ")");
}

static const char *include_guard(struct arena *arena, const struct schema_file *file)
{
    char *guard = arena_printf(arena, "UGRPC_GENERATED_%s_H", file->symbol);

    for (char *c = guard; *c; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    return guard;
}

static bool has_deprecated(const proto_message *message)
{
    for (size_t i = 0; i < message->n_field; i++) {
        if (message->field[i]->options && message->field[i]->options->deprecated) {
            return true;
        }
    }
    return false;
}

/* All names first: a message may have fields of those after it. */
static bool emit_typedefs(const struct plan *plan, struct text *out)
{
    bool is_deprecated = false;

    for (size_t i = 0; i < plan->schema->n_types; i++) {
        const struct schema_type *type = &plan->schema->types[i];
        if (type->file == plan->file && type->message) {
            text_printf(out, "typedef %s %s;\n", name_camel(plan->arena, type->c_name, "__"), type->name);
            is_deprecated = is_deprecated || has_deprecated(type->message);
        }
    }
    return is_deprecated;
}

static void emit_messages(struct plan *plan, struct text *out)
{
    bool is_deprecated = emit_typedefs(plan, out);

    text_puts(out,
        "\n/* …_INIT and …_init() give an empty message; …_free() frees one that was decoded (NULL is fine).\n"
        " * …_has_FIELD() tells whether a field with presence is there; …_set_FIELD() makes it so and borrows\n"
        " * strings and messages. Other fields are plain members. */\n\n");
    if (is_deprecated) {
        /* Whoever uses a deprecated field is warned there, not here. */
        text_puts(out, "#pragma GCC diagnostic push\n"
                       "#pragma GCC diagnostic ignored \"-Wdeprecated-declarations\"\n\n");
    }
    for (size_t i = 0; i < plan->schema->n_types; i++) {
        const struct schema_type *type = &plan->schema->types[i];
        if (type->file == plan->file && type->message) {
            emit_message(plan, type, out);
        }
    }
    if (is_deprecated) {
        text_puts(out, "#pragma GCC diagnostic pop\n\n");
    }
}

void emit_header(struct plan *plan, struct text *out)
{
    const struct schema_file *file = plan->file;
    const char *guard = include_guard(plan->arena, file);

    text_printf(
        out, "/* Made by protoc-gen-ugrpc from %s: do not edit. */\n", name_of_path(plan->arena, file->name));
    text_printf(out, "#ifndef %s\n#define %s\n\n#include <stdbool.h>\n\n", guard, guard);
    if (plan->n_services > 0) {
        text_puts(out, "#include <ugrpc/call.h>\n#include <ugrpc/client.h>\n#include <ugrpc/server.h>\n");
    }
    text_printf(out, "#include <ugrpc/service.h>\n\n#include \"%s.pb-c.h\"\n", file->stem);
    for (size_t i = 0; i < file->n_imports; i++) {
        if (!file->imports[i]->is_ignored) {
            text_printf(out, "#include \"%s.ugrpc.h\"\n", file->imports[i]->stem);
        }
    }
    text_puts(
        out, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n/* The file itself, for reflection. */\n");
    text_printf(out, "extern const struct ugrpc_file %s;\n\n", file->symbol);
    for (size_t i = 0; i < plan->schema->n_types; i++) {
        const struct schema_type *type = &plan->schema->types[i];
        if (type->file == file && type->enumeration) {
            emit_enum(type, out);
        }
    }
    emit_messages(plan, out);
    for (size_t i = 0; i < plan->n_services; i++) {
        emit_service(plan, i, out);
        emit_client_declarations(plan, i, out);
    }
    text_puts(out, "#ifdef __cplusplus\n}\n#endif\n#endif\n");
}
