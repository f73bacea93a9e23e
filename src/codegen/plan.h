/* SPDX-License-Identifier: MIT */
/* What will be written for one file, with every C name decided, so that header and source agree. The rules of
 * naming are in docs/decisions/0010-generated-names.md. */
#ifndef CODEGEN_PLAN_H
#define CODEGEN_PLAN_H

#include "codegen/claims.h"
#include "codegen/schema.h"

struct plan_method {
    const proto_method *proto;
    bool streams_in;
    bool streams_out;
    const char *name;          /* "say_hello" */
    const char *entry;         /* its member of the servicer */
    const char *message_entry; /* streams_in only, else NULL */
    const char *end_entry;     /* the same */
    const struct schema_type *input;
    const struct schema_type *output;
};

struct plan_service {
    const proto_service *proto;
    const char *full_name; /* "helloworld.Greeter" */
    const char *prefix;    /* "helloworld_greeter" */
    struct plan_method *methods;
    size_t n_methods;
};

struct plan {
    struct arena *arena;
    struct schema *schema;
    struct schema_file *file;
    unsigned mark; /* files with it are this one or its imports, direct or not */
    struct claims claims;
    struct plan_service *services;
    size_t n_services;
};

/* 0, or a negative code naming the two things that would have one name in C. */
MUST_CHECK int plan_file(
    struct plan *plan, struct schema *schema, struct schema_file *file, struct ugrpc_status *st);

/* What goes before the names of what is declared inside a type's scope: "GREET_V1_" or "GREET_V1_HELLO_". */
const char *plan_constant_prefix(struct arena *arena, const struct schema_type *type);

#endif
