/* SPDX-License-Identifier: MIT */
/* protobuf-c's generator refuses a file with proto3_optional. Without the flag the field is the one member of
 * the synthetic oneof that protoc made for it, which has the same bytes on the wire and keeps presence in
 * `_FIELD_case`. Our prefixes and helpers are asked for by protobuf-c's own options. Services are taken out:
 * what protobuf-c makes of them is for another RPC system, and its names would be in the way of ours. */
#include "codegen/lower.h"

#include <string.h>

#include "base/status.h"
#include "codegen/claims.h"
#include "codegen/name.h"

/* Numbers in protobuf-c/protobuf-c.proto: the extension, and fields of its file and message options. */
enum {
    PROTOBUF_C_OPTIONS = 1019,
    FILE_GEN_PACK_HELPERS = 2,
    FILE_GEN_INIT_HELPERS = 3,
    FILE_C_PACKAGE = 6,
    MESSAGE_GEN_PACK_HELPERS = 1,
    MESSAGE_GEN_INIT_HELPERS = 2,
    MESSAGE_BASE_FIELD_NAME = 3,
};

static void add_varint(struct text *text, size_t value)
{
    do {
        uint8_t byte = (uint8_t)(value >= 0x80 ? (value & 0x7f) | 0x80 : value);
        text_add(text, &byte, 1);
        value >>= 7;
    } while (value > 0);
}

/* A field of wire type "length-delimited". */
static void add_string(struct text *text, unsigned number, const char *string)
{
    add_varint(text, (size_t)number << 3 | 2);
    add_varint(text, strlen(string));
    text_puts(text, string);
}

static void add_true(struct text *text, unsigned number)
{
    add_varint(text, (size_t)number << 3);
    add_varint(text, 1);
}

/* Adds encoded options; protobuf merges them with what the file says itself, and the last one counts. */
static void add_options(struct arena *arena, ProtobufCMessage *options, const struct text *encoded)
{
    struct text content = {.arena = arena};
    unsigned n = options->n_unknown_fields;
    ProtobufCMessageUnknownField *fields = arena_alloc(arena, (n + 1) * sizeof(*fields));

    add_varint(&content, encoded->len);
    text_add(&content, encoded->data, encoded->len);
    if (n > 0) {
        memcpy(fields, options->unknown_fields, n * sizeof(*fields));
    }
    fields[n] = (ProtobufCMessageUnknownField){.tag = PROTOBUF_C_OPTIONS,
        .wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
        .len = content.len,
        .data = (uint8_t *)content.data};
    options->unknown_fields = fields;
    options->n_unknown_fields = n + 1;
}

static void lower_file_options(struct arena *arena, proto_file *proto, const struct schema_file *file)
{
    struct text encoded = {.arena = arena};

    add_true(&encoded, FILE_GEN_PACK_HELPERS);
    add_true(&encoded, FILE_GEN_INIT_HELPERS);
    add_string(&encoded, FILE_C_PACKAGE, file->c_package);
    if (!proto->options) {
        proto->options = arena_alloc(arena, sizeof(*proto->options));
        google__protobuf__file_options__init(proto->options);
    }
    add_options(arena, &proto->options->base, &encoded);
}

/* Our header calls the helpers of every message, whatever the message's own options say; and a field called
 * "base" needs the room that protobuf-c keeps for its own member. */
static void lower_message_options(struct arena *arena, proto_message *message, const struct claims *members)
{
    struct text encoded = {.arena = arena};

    add_true(&encoded, MESSAGE_GEN_PACK_HELPERS);
    add_true(&encoded, MESSAGE_GEN_INIT_HELPERS);
    if (claims_owner(members, "base")) {
        const char *base = "base_";
        while (claims_owner(members, base)) {
            base = arena_printf(arena, "%s_", base);
        }
        add_string(&encoded, MESSAGE_BASE_FIELD_NAME, base);
    }
    if (!message->options) {
        message->options = arena_alloc(arena, sizeof(*message->options));
        google__protobuf__message_options__init(message->options);
    }
    add_options(arena, &message->options->base, &encoded);
}

static bool has_has(const struct schema_file *file, const proto_field *field)
{
    return !file->is_proto3 && !field_has_case(field) && !field_is_message(field) &&
           field->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_OPTIONAL &&
           field->type != GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING;
}

/* Takes the names of a field's struct members; NULL, or the name that another field has. */
static const char *take_members(
    struct claims *claims, const struct schema_file *file, const proto_field *field)
{
    const char *member = name_member(claims->arena, field->name);
    const char *extra = NULL;

    if (field_is_repeated(field)) {
        extra = arena_printf(claims->arena, "n_%s", member);
    } else if (has_has(file, field)) {
        extra = arena_printf(claims->arena, "has_%s", member);
    }
    if (claims_take(claims, member, field->name)) {
        return member;
    }
    return extra && claims_take(claims, extra, field->name) ? extra : NULL;
}

/* protobuf-c doesn't check this: it would write C that doesn't compile. */
static int check_members(struct claims *claims, const struct schema_file *file, const proto_message *message,
    struct ugrpc_status *st)
{
    const char *clash = NULL;

    for (size_t i = 0; !clash && i < message->n_field; i++) {
        clash = take_members(claims, file, message->field[i]);
    }
    for (size_t i = 0; !clash && i < message->n_oneof_decl; i++) {
        const char *name = oneof_name(claims->arena, message, i);
        const char *member = arena_printf(claims->arena, "%s_case", name_lower(claims->arena, name, "_"));
        const char *type = arena_printf(claims->arena, "%sCase", name_camel(claims->arena, name, ""));
        clash = claims_take(claims, member, name) ? member : claims_take(claims, type, name) ? type : NULL;
    }
    if (clash) {
        return status_set(st, UGRPC_INVALID_ARGUMENT, "%s: two fields of message %s would be \"%s\" in C",
            file->name, message->name, clash);
    }
    return 0;
}

static int lower_message(
    struct arena *arena, const struct schema_file *file, proto_message *message, struct ugrpc_status *st)
{
    struct claims members = {.arena = arena};
    int rc = check_members(&members, file, message, st);

    lower_message_options(arena, message, &members);
    char **oneofs = arena_alloc(arena, (message->n_oneof_decl + 1) * sizeof(char *));
    for (size_t i = 0; i < message->n_oneof_decl; i++) {
        oneofs[i] = (char *)oneof_name(arena, message, i); /* asks for the names of all of them */
    }
    for (size_t i = 0; i < message->n_oneof_decl; i++) {
        message->oneof_decl[i]->name = oneofs[i];
    }
    for (size_t i = 0; i < message->n_field; i++) {
        proto_field *field = message->field[i];
        field->has_proto3_optional = false;
        if (name_missed_by_protobuf_c(field->name)) {
            field->name = (char *)name_member(arena, field->name);
        }
    }
    for (size_t i = 0; rc == 0 && i < message->n_nested_type; i++) {
        rc = lower_message(arena, file, message->nested_type[i], st);
    }
    return rc;
}

int lower_request(plugin_request *request, const struct schema *schema, struct ugrpc_status *st)
{
    int rc = 0;

    request->parameter = NULL;
    for (size_t i = 0; rc == 0 && i < request->n_proto_file; i++) {
        proto_file *proto = request->proto_file[i];
        const struct schema_file *file = &schema->files[i];
        proto->n_service = 0;
        lower_file_options(schema->arena, proto, file);
        for (size_t j = 0; rc == 0 && j < proto->n_message_type; j++) {
            rc = lower_message(schema->arena, file, proto->message_type[j], st);
        }
    }
    return rc;
}
