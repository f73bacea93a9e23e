/* SPDX-License-Identifier: MIT */
/* How names in a .proto become names in C. The first four follow protobuf-c's generator to the letter,
 * because our code names what it generates. */
#ifndef CODEGEN_NAME_H
#define CODEGEN_NAME_H

#include <stdbool.h>

#include "codegen/arena.h"

/* Of a dotted name, its parts joined by `separator`:
 * "greet.v1.HelloReply" → "greet__v1__hello_reply", "GREET__V1__HELLO_REPLY", "Greet__V1__HelloReply". */
const char *name_lower(struct arena *arena, const char *name, const char *separator);
const char *name_upper(struct arena *arena, const char *name, const char *separator);
const char *name_camel(struct arena *arena, const char *name, const char *separator);

/* The struct member of a field: lower case, with an underscore after C and C++ keywords. */
const char *name_member(struct arena *arena, const char *field);

/* protobuf-c would write this field into C as it is, though C, C++ or a usual macro gives it a meaning. */
bool name_missed_by_protobuf_c(const char *field);

/* A name of our own: `name`, with an underscore if C, C++ or our declarations need it. */
const char *name_safe(struct arena *arena, const char *name);

/* Letters, digits and underscores, not beginning with a digit; with dots between if `dotted`. */
bool name_is_valid(const char *name, bool dotted);

/* Any path as part of an identifier: '/' and '.' become '_', other bytes their hexadecimal number. */
const char *name_of_path(struct arena *arena, const char *path);

/* The same, but no two paths give one name: "a/b" is "a_2fb", "a_b" is itself. */
const char *name_unique(struct arena *arena, const char *path);

#endif
