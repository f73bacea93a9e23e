/* SPDX-License-Identifier: MIT */
/* What protoc asked for, checked and with C names: the files, and the types by their full names. Nothing else
 * reads a request before schema_read() has found it whole. */
#ifndef CODEGEN_SCHEMA_H
#define CODEGEN_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codegen/arena.h"
#include "google/protobuf/compiler/plugin.pb-c.h"

struct package_map;
struct ugrpc_status;

typedef Google__Protobuf__Compiler__CodeGeneratorRequest plugin_request;
typedef Google__Protobuf__FileDescriptorProto proto_file;
typedef Google__Protobuf__DescriptorProto proto_message;
typedef Google__Protobuf__FieldDescriptorProto proto_field;
typedef Google__Protobuf__EnumDescriptorProto proto_enum;
typedef Google__Protobuf__ServiceDescriptorProto proto_service;
typedef Google__Protobuf__MethodDescriptorProto proto_method;

struct schema_file {
    const proto_file *proto;
    const char *name;      /* "greet/v1/greet.proto" */
    const char *stem;      /* "greet/v1/greet": what generated files are called after */
    const char *package;   /* "" if it has none */
    const char *c_package; /* dotted; protobuf-c and we name everything after it */
    const char *symbol;    /* the C name of its struct ugrpc_file, unique to its path */
    const uint8_t *bytes;  /* its FileDescriptorProto as protoc gave it, but for comments */
    size_t bytes_len;
    struct schema_file **imports;
    size_t n_imports;
    bool is_wanted; /* code is to be made for it */
    bool is_proto3;
    bool is_ignored; /* (pb_c_file).no_generate: protobuf-c makes no header for it */
    unsigned mark;   /* of the last walk over imports that came by */
};

struct schema_type {
    const char *full_name; /* ".greet.v1.HelloReply", as fields and methods refer to it */
    const char *c_name;    /* dotted, in the C package: "greet.v1.HelloReply" */
    const char *name;      /* the typedef we make: "greet_v1_hello_reply" */
    struct schema_file *file;
    const struct schema_type *parent; /* the message it is declared in, or NULL */
    const proto_message *message;     /* NULL for an enum */
    const proto_enum *enumeration;    /* NULL for a message */
};

struct schema {
    struct arena *arena;
    struct schema_file *files; /* imported files before those that import them */
    size_t n_files;
    struct schema_type *types; /* in order of declaration, inner ones before the message around them */
    size_t n_types;
    const struct schema_type **sorted; /* by full_name */
    unsigned mark;
};

/* False if messages are nested more deeply than protoc allows, so that recursion is safe afterwards. To be
 * asked before a request is decoded. */
bool schema_nesting_is_sane(const uint8_t *bytes, size_t bytes_len);

/* Fills `schema` from a request and the bytes it was decoded from; borrows both. 0, or a negative code: a
 * file that protobuf-c cannot express is UNIMPLEMENTED, a request that protoc would not send
 * INVALID_ARGUMENT. */
MUST_CHECK int schema_read(struct schema *schema, const plugin_request *request, const uint8_t *bytes,
    size_t bytes_len, const struct package_map *map, struct ugrpc_status *st);

const struct schema_type *schema_find(const struct schema *schema, const char *full_name);

/* Gives `file` and all that it imports, directly or not, a mark of their own, and returns it. */
unsigned schema_mark_imports(struct schema *schema, struct schema_file *file);

/* Of a message's field. */
bool field_is_repeated(const proto_field *field);
bool field_is_message(const proto_field *field);
/* Made by protoc for one field of proto3 that is `optional`. */
bool oneof_is_synthetic(const proto_message *message, size_t index);
/* What protobuf-c is told a oneof is called: its name, unless that of a synthetic one, "_value", would be in
 * C what another of the message is, "value_". */
const char *oneof_name(struct arena *arena, const proto_message *message, size_t index);
/* Presence is kept in `…_case`: a member of a oneof, written so or by proto3's `optional`. */
bool field_has_case(const proto_field *field);

#endif
