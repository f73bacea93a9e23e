/* SPDX-License-Identifier: MIT */
/* Short names over what protobuf-c generates, and what it lacks: presence that reads the same for every kind
 * of field. Everything here is a macro or inline, so that it adds no symbol. */
#include <string.h>

#include "codegen/emit.h"
#include "codegen/name.h"

#define FIELD_TYPE(name) GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_##name

void emit_enum(const struct schema_type *type, struct text *out)
{
    struct arena *arena = out->arena;
    const char *prefix = plan_constant_prefix(arena, type);
    const char *upper = name_upper(arena, type->c_name, "__");

    text_printf(out, "typedef %s %s;\n", name_camel(arena, type->c_name, "__"), type->name);
    for (size_t i = 0; i < type->enumeration->n_value; i++) {
        const char *value = type->enumeration->value[i]->name;
        /* Macros, not enumerators: in C++ another enum's would not do. */
        text_printf(out, "#define %s%s %s__%s\n", prefix, value, upper, value);
    }
    text_puts(out, "\n");
}

/* What the names of one message are made of. */
struct message_names {
    struct plan *plan;
    const struct schema_type *type;
    const char *lower; /* before its functions */
    const char *upper; /* before its constants */
};

/* A convenience gives way to whatever has its name already; false then, with a word about it. */
static bool claim(const struct message_names *names, const char *name, struct text *out)
{
    const char *other = claims_take(&names->plan->claims, name, names->type->full_name + 1);

    if (other) {
        text_printf(out, "/* %s is %s. */\n", name, other);
    }
    return !other;
}

/* protobuf-c's constant for "the oneof holds this field". */
static const char *case_constant(const struct message_names *names, const proto_field *field)
{
    struct arena *arena = names->plan->arena;
    const char *oneof = oneof_name(arena, names->type->message, (size_t)field->oneof_index);
    bool missed = name_missed_by_protobuf_c(field->name); /* it was renamed on the way to protobuf-c */

    return arena_printf(arena, "%s__%s_%s", names->upper, name_upper(arena, oneof, "_"),
        name_upper(arena, missed ? name_member(arena, field->name) : field->name, "_"));
}

static const char *case_member(const struct message_names *names, const proto_field *field)
{
    struct arena *arena = names->plan->arena;
    const char *oneof = oneof_name(arena, names->type->message, (size_t)field->oneof_index);

    return arena_printf(arena, "%s_case", name_lower(arena, oneof, "_"));
}

static void emit_case_names(const struct message_names *names, struct text *out)
{
    struct arena *arena = names->plan->arena;
    const proto_message *message = names->type->message;
    const char *own = name_upper(arena, names->type->c_name, "_");

    for (size_t i = 0; i < message->n_oneof_decl; i++) {
        if (oneof_is_synthetic(message, i)) {
            continue;
        }
        const char *oneof = name_upper(arena, message->oneof_decl[i]->name, "_");
        const char *unset = arena_printf(arena, "%s_%s_NOT_SET", own, oneof);
        if (claim(names, unset, out)) {
            text_printf(out, "#define %s %s__%s__NOT_SET\n", unset, names->upper, oneof);
        }
        for (size_t j = 0; j < message->n_field; j++) {
            const proto_field *field = message->field[j];
            if (!field->has_oneof_index || field->oneof_index != (int32_t)i) {
                continue;
            }
            const char *name = arena_printf(
                arena, "%s_%s_%s", own, oneof, name_upper(arena, field->name, "_"));
            if (claim(names, name, out)) {
                text_printf(out, "#define %s %s\n", name, case_constant(names, field));
            }
        }
    }
}

/* The C type of a field that can be given a value on its own. */
static const char *value_type(const struct plan *plan, const proto_field *field)
{
    switch (field->type) {
    case FIELD_TYPE(DOUBLE):
        return "double ";
    case FIELD_TYPE(FLOAT):
        return "float ";
    case FIELD_TYPE(INT64):
    case FIELD_TYPE(SINT64):
    case FIELD_TYPE(SFIXED64):
        return "int64_t ";
    case FIELD_TYPE(UINT64):
    case FIELD_TYPE(FIXED64):
        return "uint64_t ";
    case FIELD_TYPE(INT32):
    case FIELD_TYPE(SINT32):
    case FIELD_TYPE(SFIXED32):
        return "int32_t ";
    case FIELD_TYPE(UINT32):
    case FIELD_TYPE(FIXED32):
        return "uint32_t ";
    case FIELD_TYPE(BOOL):
        return "bool ";
    case FIELD_TYPE(STRING):
        return "const char *";
    case FIELD_TYPE(BYTES):
        return "ProtobufCBinaryData ";
    case FIELD_TYPE(ENUM):
        return arena_printf(plan->arena, "%s ", schema_find(plan->schema, field->type_name)->name);
    case FIELD_TYPE(MESSAGE):
        return arena_printf(plan->arena, "%s *", schema_find(plan->schema, field->type_name)->name);
    default:
        return NULL;
    }
}

/* The C expression that tells whether `field` of `m` is there; NULL for fields without presence. */
static const char *presence(const struct message_names *names, const proto_field *field)
{
    struct arena *arena = names->plan->arena;
    const char *member = name_member(arena, field->name);

    if (field_is_repeated(field)) {
        return NULL;
    }
    if (field_has_case(field)) {
        const char *value = arena_printf(
            arena, "m->%s == %s", case_member(names, field), case_constant(names, field));
        return field_is_message(field) ? arena_printf(arena, "%s && m->%s != NULL", value, member) : value;
    }
    if (field_is_message(field)) {
        return arena_printf(arena, "m->%s != NULL", member);
    }
    if (names->type->file->is_proto3 ||
        field->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REQUIRED) {
        return NULL;
    }
    if (field->type != FIELD_TYPE(STRING)) {
        return arena_printf(arena, "m->has_%s", member);
    }
    if (field->default_value) { /* init() points the field at the default, which is not sent */
        const char *full = arena_printf(arena, "%s.%s", names->type->c_name, field->name);
        return arena_printf(arena, "m->%s != NULL && m->%s != %s__default_value", member, member,
            name_lower(arena, full, "__"));
    }
    return arena_printf(arena, "m->%s != NULL", member);
}

static void emit_setter(const struct message_names *names, const proto_field *field, struct text *out)
{
    struct arena *arena = names->plan->arena;
    const char *member = name_member(arena, field->name);
    const char *type = value_type(names->plan, field);
    const char *name = arena_printf(
        arena, "%s_set_%s", name_lower(arena, names->type->c_name, "_"), name_lower(arena, field->name, "_"));

    if (!type || !claim(names, name, out)) {
        return;
    }
    emit_signature(out, 0, arena_printf(arena, "static inline void %s", name),
        arena_printf(arena, "%s *m, %svalue", names->type->name, type));
    text_puts(out, "\n{\n");
    if (field_has_case(field)) {
        text_printf(out, "    m->%s = %s;\n", case_member(names, field), case_constant(names, field));
    } else {
        text_printf(out, "    m->has_%s = 1;\n", member);
    }
    text_printf(
        out, "    m->%s = %svalue;\n}\n", member, field->type == FIELD_TYPE(STRING) ? "(char *)" : "");
}

/* A message's pointer and proto2's string say themselves whether they are there; the others need two steps.
 */
static bool needs_setter(const proto_field *field)
{
    return field_has_case(field) || (!field_is_message(field) && field->type != FIELD_TYPE(STRING));
}

static void emit_presence(const struct message_names *names, struct text *out)
{
    struct arena *arena = names->plan->arena;
    const proto_message *message = names->type->message;

    for (size_t i = 0; i < message->n_field; i++) {
        const proto_field *field = message->field[i];
        const char *there = presence(names, field);
        if (!there) {
            continue;
        }
        const char *name = arena_printf(arena, "%s_has_%s", name_lower(arena, names->type->c_name, "_"),
            name_lower(arena, field->name, "_"));
        if (claim(names, name, out)) {
            text_printf(out, "static inline bool %s(const %s *m)\n{\n    return %s;\n}\n", name,
                names->type->name, there);
        }
        if (needs_setter(field)) {
            emit_setter(names, field, out);
        }
    }
}

void emit_message(struct plan *plan, const struct schema_type *type, struct text *out)
{
    struct arena *arena = plan->arena;
    const struct message_names names = {.plan = plan,
        .type = type,
        .lower = name_lower(arena, type->c_name, "__"),
        .upper = name_upper(arena, type->c_name, "__")};
    const char *own = name_lower(arena, type->c_name, "_");
    const char *init = arena_printf(arena, "%s_INIT", name_upper(arena, type->c_name, "_"));
    const char *init_function = arena_printf(arena, "%s_init", own);
    const char *free_function = arena_printf(arena, "%s_free", own);

    text_printf(out, "/* %s */\n", type->full_name + 1);
    if (claim(&names, init, out)) {
        text_printf(out, "#define %s %s__INIT\n", init, names.upper);
    }
    emit_case_names(&names, out);
    if (claim(&names, init_function, out)) {
        text_printf(out, "static inline void %s(%s *m)\n{\n    %s__init(m);\n}\n", init_function, type->name,
            names.lower);
    }
    if (claim(&names, free_function, out)) {
        text_printf(out, "static inline void %s(%s *m)\n{\n", free_function, type->name);
        text_puts(out, "    protobuf_c_message_free_unpacked((ProtobufCMessage *)m, NULL);\n}\n");
    }
    emit_presence(&names, out);
    text_puts(out, "\n");
}
