/* SPDX-License-Identifier: MIT */
/* The comments of a .proto file, for C. */
#ifndef CODEGEN_COMMENT_H
#define CODEGEN_COMMENT_H

#include "codegen/schema.h"

/* The comment at a service, or at one of its methods; "" if there is none. Only its first paragraph, on one
 * line, and without what would begin or end a comment in C. */
const char *comment_of_service(struct arena *arena, const struct schema_file *file, size_t service);
const char *comment_of_method(
    struct arena *arena, const struct schema_file *file, size_t service, size_t method);

/* Writes `string` as a comment, folded to lines of 100 columns that begin with `indent` spaces. */
void comment_write(struct text *out, size_t indent, const char *string);

#endif
