/* SPDX-License-Identifier: MIT */
/* protoc is trusted to have checked the language; what is checked here is that all we are going to follow is
 * there, so that a broken request ends in a message and not in a crash. */
#include "codegen/schema.h"

#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "codegen/name.h"
#include "codegen/package.h"
#include "codegen/wire.h"

/* protobuf-c's own options: an extension, so the decoder leaves them as unknown fields. */
enum { PROTOBUF_C_OPTIONS = 1019, OPTION_NO_GENERATE = 1, OPTION_C_PACKAGE = 6 };

enum {
    REQUEST_PROTO_FILE = 15,
    FILE_MESSAGE_TYPE = 4,
    FILE_SOURCE_CODE_INFO = 9,
    MESSAGE_NESTED_TYPE = 3,
};

/* protoc stops far below; the check keeps recursion bounded. */
enum { MAX_NESTING = 100 };

static int malformed(struct ugrpc_status *st, const char *what, const char *where)
{
    return status_set(st, UGRPC_INVALID_ARGUMENT, "malformed request: %s in %s", what, where);
}

bool field_is_repeated(const proto_field *field)
{
    return field->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
}

bool field_is_message(const proto_field *field)
{
    return field->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_MESSAGE;
}

bool field_has_case(const proto_field *field)
{
    return field->has_oneof_index;
}

bool oneof_is_synthetic(const proto_message *message, size_t index)
{
    for (size_t i = 0; i < message->n_field; i++) {
        const proto_field *field = message->field[i];
        if (field->has_oneof_index && (size_t)field->oneof_index == index && field->proto3_optional) {
            return true;
        }
    }
    return false;
}

const char *oneof_name(struct arena *arena, const proto_message *message, size_t index)
{
    const char *name = message->oneof_decl[index]->name;
    bool taken = oneof_is_synthetic(message, index);

    while (taken) {
        const char *camel = name_camel(arena, name, "");
        taken = false;
        for (size_t i = 0; i < message->n_oneof_decl && !taken; i++) {
            taken = i != index && strcmp(camel, name_camel(arena, message->oneof_decl[i]->name, "")) == 0;
        }
        name = taken ? arena_printf(arena, "%s_optional", name) : name;
    }
    return name;
}

static bool field_names_type(const proto_field *field)
{
    return field_is_message(field) ||
           field->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_ENUM;
}

/* Of the fields with `number` in a message, and of MESSAGE_NESTED_TYPE in those, and so on. */
static bool nests_below(const uint8_t *bytes, size_t len, uint32_t number, unsigned limit)
{
    struct wire wire = wire_over(bytes, len);
    struct wire_field field;

    while (limit > 0 && wire_next(&wire, &field)) {
        bool inner = field.number == number && field.type == WIRE_BYTES;
        if (inner && !nests_below(field.data, field.len, MESSAGE_NESTED_TYPE, limit - 1)) {
            return false;
        }
    }
    return limit > 0;
}

bool schema_nesting_is_sane(const uint8_t *bytes, size_t bytes_len)
{
    struct wire wire = wire_over(bytes, bytes_len);
    struct wire_field field;

    while (wire_next(&wire, &field)) {
        bool is_file = field.number == REQUEST_PROTO_FILE && field.type == WIRE_BYTES;
        if (is_file && !nests_below(field.data, field.len, FILE_MESSAGE_TYPE, MAX_NESTING)) {
            return false;
        }
    }
    return true;
}

/* --- types ------------------------------------------------------------------------------------------- */

static size_t count_types(const proto_message *message)
{
    size_t n = 1 + message->n_enum_type;

    for (size_t i = 0; i < message->n_nested_type; i++) {
        n += count_types(message->nested_type[i]);
    }
    return n;
}

static struct schema_type *add_type(
    struct schema *schema, struct schema_file *file, const struct schema_type *scope, const char *name)
{
    struct arena *arena = schema->arena;
    struct schema_type *type = &schema->types[schema->n_types];

    *type = (struct schema_type){.file = file, .parent = scope};
    if (scope) {
        type->full_name = arena_printf(arena, "%s.%s", scope->full_name, name);
        type->c_name = arena_printf(arena, "%s.%s", scope->c_name, name);
    } else {
        const char *dot = *file->package ? "." : "";
        type->full_name = arena_printf(arena, ".%s%s%s", file->package, dot, name);
        type->c_name = arena_printf(arena, "%s%s%s", file->c_package, *file->c_package ? "." : "", name);
    }
    type->name = name_safe(arena, name_lower(arena, type->c_name, "_"));
    return type;
}

static int add_enum(struct schema *schema, struct schema_file *file, const struct schema_type *scope,
    const proto_enum *enumeration, struct ugrpc_status *st)
{
    if (!enumeration->name || !name_is_valid(enumeration->name, false) || enumeration->n_value == 0) {
        return malformed(st, "an enum without a name or value", file->name);
    }
    for (size_t i = 0; i < enumeration->n_value; i++) {
        const char *name = enumeration->value[i]->name;
        if (!name || !name_is_valid(name, false)) {
            return malformed(st, "an enum's value without a name", file->name);
        }
    }
    add_type(schema, file, scope, enumeration->name)->enumeration = enumeration;
    schema->n_types++;
    return 0;
}

/* inf, -inf or nan. */
static bool has_infinite_default(const proto_field *field)
{
    bool floats = field->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_DOUBLE ||
                  field->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FLOAT;
    return floats && field->default_value &&
           strpbrk(field->default_value, "in"); /* numbers have neither letter */
}

static int check_fields(const struct schema_file *file, const proto_message *message, struct ugrpc_status *st)
{
    for (size_t i = 0; i < message->n_oneof_decl; i++) {
        const char *name = message->oneof_decl[i]->name;
        if (!name || !name_is_valid(name, false)) {
            return malformed(st, "a oneof without a name", file->name);
        }
    }
    for (size_t i = 0; i < message->n_field; i++) {
        const proto_field *field = message->field[i];
        if (!field->name || !name_is_valid(field->name, false)) {
            return malformed(st, "a field without a name", file->name);
        }
        if (field->has_oneof_index &&
            (field->oneof_index < 0 || (size_t)field->oneof_index >= message->n_oneof_decl)) {
            return malformed(st, "a field in a oneof that is not there", file->name);
        }
        if (field_names_type(field) && !field->type_name) {
            return malformed(st, "a field without a type", file->name);
        }
        if (has_infinite_default(field)) {
            return status_set(st, UGRPC_UNIMPLEMENTED,
                "%s: field %s.%s has the default %s, which protobuf-c cannot write in C: leave the default out",
                file->name, message->name, field->name, field->default_value);
        }
        if (field->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_GROUP) {
            return status_set(st, UGRPC_UNIMPLEMENTED,
                "%s: field %s.%s is a group, which protobuf-c does not support: declare a message instead",
                file->name, message->name, field->name);
        }
    }
    return 0;
}

static int add_message(struct schema *schema, struct schema_file *file, const struct schema_type *scope,
    const proto_message *message, struct ugrpc_status *st)
{
    if (!message->name || !name_is_valid(message->name, false)) {
        return malformed(st, "a message without a name", file->name);
    }
    int rc = check_fields(file, message, st);

    /* Its place in the order comes after those of the types inside, which need its names. */
    struct schema_type *own = arena_alloc(schema->arena, sizeof(*own));
    *own = *add_type(schema, file, scope, message->name);
    own->message = message;
    for (size_t i = 0; rc == 0 && i < message->n_enum_type; i++) {
        rc = add_enum(schema, file, own, message->enum_type[i], st);
    }
    for (size_t i = 0; rc == 0 && i < message->n_nested_type; i++) {
        rc = add_message(schema, file, own, message->nested_type[i], st);
    }
    schema->types[schema->n_types++] = *own;
    return rc;
}

static int add_types(struct schema *schema, struct ugrpc_status *st)
{
    size_t n = 0;

    for (size_t i = 0; i < schema->n_files; i++) {
        const proto_file *proto = schema->files[i].proto;
        n += proto->n_enum_type;
        for (size_t j = 0; j < proto->n_message_type; j++) {
            n += count_types(proto->message_type[j]);
        }
    }
    schema->types = arena_alloc(schema->arena, (n + 1) * sizeof(*schema->types));
    int rc = 0;
    for (size_t i = 0; i < schema->n_files; i++) {
        struct schema_file *file = &schema->files[i];
        for (size_t j = 0; rc == 0 && j < file->proto->n_enum_type; j++) {
            rc = add_enum(schema, file, NULL, file->proto->enum_type[j], st);
        }
        for (size_t j = 0; rc == 0 && j < file->proto->n_message_type; j++) {
            rc = add_message(schema, file, NULL, file->proto->message_type[j], st);
        }
    }
    return rc;
}

static int by_full_name(const void *a, const void *b)
{
    const struct schema_type *const *x = a;
    const struct schema_type *const *y = b;

    return strcmp((*x)->full_name, (*y)->full_name);
}

static void sort_types(struct schema *schema)
{
    schema->sorted = arena_alloc(schema->arena, (schema->n_types + 1) * sizeof(*schema->sorted));
    for (size_t i = 0; i < schema->n_types; i++) {
        schema->sorted[i] = &schema->types[i];
    }
    qsort(schema->sorted, schema->n_types, sizeof(*schema->sorted), by_full_name);
}

const struct schema_type *schema_find(const struct schema *schema, const char *full_name)
{
    const struct schema_type key = {.full_name = full_name};
    const struct schema_type *wanted = &key;
    const struct schema_type **found = bsearch(
        &wanted, schema->sorted, schema->n_types, sizeof(*schema->sorted), by_full_name);

    return found ? *found : NULL;
}

static int check_references(const struct schema *schema, struct ugrpc_status *st)
{
    for (size_t i = 0; i < schema->n_types; i++) {
        const struct schema_type *type = &schema->types[i];
        for (size_t j = 0; type->message && j < type->message->n_field; j++) {
            const proto_field *field = type->message->field[j];
            if (field_names_type(field) && !schema_find(schema, field->type_name)) {
                return malformed(st, "a field of an unknown type", type->file->name);
            }
        }
    }
    return 0;
}

static bool is_message(const struct schema *schema, const char *full_name)
{
    const struct schema_type *type = full_name ? schema_find(schema, full_name) : NULL;

    return type && type->message;
}

static int check_services(const struct schema *schema, struct ugrpc_status *st)
{
    for (size_t i = 0; i < schema->n_files; i++) {
        const struct schema_file *file = &schema->files[i];
        for (size_t j = 0; j < file->proto->n_service; j++) {
            const proto_service *service = file->proto->service[j];
            if (!service->name || !name_is_valid(service->name, false)) {
                return malformed(st, "a service without a name", file->name);
            }
            for (size_t k = 0; k < service->n_method; k++) {
                const proto_method *method = service->method[k];
                if (!method->name || !name_is_valid(method->name, false) ||
                    !is_message(schema, method->input_type) || !is_message(schema, method->output_type)) {
                    return malformed(st, "a method without a name or type", file->name);
                }
            }
        }
    }
    return 0;
}

/* --- files ------------------------------------------------------------------------------------------- */

/* The descriptor as protoc gave it. Only its comments are dropped: reflection has no use for them. */
static int copy_descriptor(
    struct schema *schema, struct schema_file *file, const struct wire_field *raw, struct ugrpc_status *st)
{
    struct text bytes = {.arena = schema->arena};
    struct wire wire = wire_over(raw->data, raw->len);
    struct wire_field field;

    text_puts(&bytes, "");
    while (wire_next(&wire, &field)) {
        if (field.number != FILE_SOURCE_CODE_INFO) {
            text_add(&bytes, field.raw, field.raw_len);
        }
    }
    if (wire.broken) {
        return malformed(st, "bytes that are no descriptor", file->name);
    }
    file->bytes = (const uint8_t *)bytes.data;
    file->bytes_len = bytes.len;
    return 0;
}

static void read_options(struct arena *arena, struct schema_file *file, const char **c_package)
{
    const Google__Protobuf__FileOptions *options = file->proto->options;

    for (unsigned i = 0; options && i < options->base.n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *unknown = &options->base.unknown_fields[i];
        if (unknown->tag != PROTOBUF_C_OPTIONS) {
            continue;
        }
        /* protobuf-c keeps the length in front of the content. */
        struct wire wire = wire_over(unknown->data, unknown->len);
        while (wire.next < wire.end && *wire.next >= 0x80) {
            wire.next++;
        }
        wire.next += wire.next < wire.end;
        struct wire_field field;
        while (wire_next(&wire, &field)) {
            if (field.number == OPTION_NO_GENERATE && field.type == WIRE_VARINT) {
                file->is_ignored = field.varint != 0;
            } else if (field.number == OPTION_C_PACKAGE && field.type == WIRE_BYTES) {
                *c_package = arena_copy(arena, (const char *)field.data, field.len);
            }
        }
    }
}

static const char *without_suffix(struct arena *arena, const char *name)
{
    static const char *const suffixes[] = {".protodevel", ".proto"};
    size_t len = strlen(name);

    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        size_t n = strlen(suffixes[i]);
        if (len >= n && strcmp(name + len - n, suffixes[i]) == 0) {
            return arena_copy(arena, name, len - n);
        }
    }
    return name;
}

/* Package and path name the file; where the folder spells the package, as it should, the package once. */
static const char *file_symbol(struct arena *arena, const struct schema_file *file)
{
    const char *slash = strrchr(file->stem, '/');
    const char *rest = file->stem;

    if (slash) {
        char *folder = arena_copy(arena, file->stem, (size_t)(slash - file->stem));
        for (char *c = folder; *c; c++) {
            *c = *c == '/' ? '.' : *c;
        }
        if (strcmp(folder, file->package) == 0) {
            rest = slash + 1;
        }
    }
    const char *prefix = name_lower(arena, file->c_package, "_");
    return arena_printf(arena, "%s%s%s_file", prefix, *prefix ? "_" : "", name_unique(arena, rest));
}

static int name_file(
    struct schema *schema, struct schema_file *file, const struct package_map *map, struct ugrpc_status *st)
{
    struct arena *arena = schema->arena;
    const char *own = NULL;

    file->package = file->proto->package ? file->proto->package : "";
    if (*file->package && !name_is_valid(file->package, true)) {
        return malformed(st, "a package that is no name", file->name);
    }
    read_options(arena, file, &own);
    if (own && *own && !name_is_valid(own, true)) {
        return status_set(st, UGRPC_INVALID_ARGUMENT, "%s: c_package \"%s\" is no name", file->name, own);
    }
    file->c_package = package_map_find(arena, map, file->package);
    if (!file->c_package) {
        file->c_package = own;
    }
    if (!file->c_package) {
        file->c_package = package_builtin(arena, file->package);
    }
    if (!file->c_package) {
        file->c_package = file->package;
    }
    file->is_proto3 = file->proto->syntax && strcmp(file->proto->syntax, "proto3") == 0;
    file->stem = without_suffix(arena, file->name);
    file->symbol = file_symbol(arena, file);
    return 0;
}

static struct schema_file *find_file(struct schema *schema, size_t n_files, const char *name)
{
    for (size_t i = 0; i < n_files; i++) {
        if (strcmp(schema->files[i].name, name) == 0) {
            return &schema->files[i];
        }
    }
    return NULL;
}

/* protoc sends a file after all that it imports, so an import is always among those before it. */
static int link_imports(struct schema *schema, size_t index, struct ugrpc_status *st)
{
    struct schema_file *file = &schema->files[index];

    file->n_imports = file->proto->n_dependency;
    file->imports = arena_alloc(schema->arena, (file->n_imports + 1) * sizeof(struct schema_file *));
    for (size_t i = 0; i < file->n_imports; i++) {
        file->imports[i] = find_file(schema, index, file->proto->dependency[i]);
        if (!file->imports[i]) {
            return malformed(st, "an import that was not sent before it", file->name);
        }
    }
    return 0;
}

static int add_files(struct schema *schema, const plugin_request *request, struct wire wire,
    const struct package_map *map, struct ugrpc_status *st)
{
    struct wire_field raw;

    schema->files = arena_alloc(schema->arena, (request->n_proto_file + 1) * sizeof(*schema->files));
    while (wire_next(&wire, &raw)) {
        if (raw.number != REQUEST_PROTO_FILE) {
            continue;
        }
        size_t index = schema->n_files;
        if (raw.type != WIRE_BYTES || index >= request->n_proto_file) {
            return malformed(st, "a file that is no message", "the request");
        }
        struct schema_file *file = &schema->files[index];
        file->proto = request->proto_file[index];
        file->name = file->proto->name;
        if (!file->name || !*file->name || find_file(schema, index, file->name)) {
            return malformed(st, "a file without a name of its own", "the request");
        }
        int rc = copy_descriptor(schema, file, &raw, st);
        if (rc == 0) {
            rc = name_file(schema, file, map, st);
        }
        if (rc == 0) {
            rc = link_imports(schema, index, st);
        }
        if (rc != 0) {
            return rc;
        }
        schema->n_files++;
    }
    if (wire.broken || schema->n_files != request->n_proto_file) {
        return malformed(st, "bytes that cannot be read", "the request");
    }
    return 0;
}

int schema_read(struct schema *schema, const plugin_request *request, const uint8_t *bytes, size_t bytes_len,
    const struct package_map *map, struct ugrpc_status *st)
{
    int rc = add_files(schema, request, wire_over(bytes, bytes_len), map, st);

    for (size_t i = 0; rc == 0 && i < request->n_file_to_generate; i++) {
        struct schema_file *file = find_file(schema, schema->n_files, request->file_to_generate[i]);
        if (!file) {
            return malformed(st, "a file to generate that was not sent", "the request");
        }
        file->is_wanted = !file->is_ignored;
    }
    if (rc == 0) {
        rc = add_types(schema, st);
    }
    if (rc == 0) {
        sort_types(schema);
        rc = check_references(schema, st);
    }
    return rc == 0 ? check_services(schema, st) : rc;
}

static void mark(struct schema_file *file, unsigned value)
{
    if (file->mark == value) {
        return;
    }
    file->mark = value;
    for (size_t i = 0; i < file->n_imports; i++) {
        mark(file->imports[i], value);
    }
}

unsigned schema_mark_imports(struct schema *schema, struct schema_file *file)
{
    mark(file, ++schema->mark);
    return schema->mark;
}
