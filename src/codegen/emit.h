/* SPDX-License-Identifier: MIT */
/* Writes the C of one file. */
#ifndef CODEGEN_EMIT_H
#define CODEGEN_EMIT_H

#include "codegen/plan.h"

void emit_header(struct plan *plan, struct text *out);
void emit_source(const struct plan *plan, struct text *out);

/* Parts of the header. */
void emit_enum(const struct schema_type *type, struct text *out);
void emit_message(struct plan *plan, const struct schema_type *type, struct text *out);
void emit_service(const struct plan *plan, size_t index, struct text *out);
void emit_answer_signature(
    const struct plan_service *service, const struct plan_method *method, struct text *out);

void emit_client_declarations(const struct plan *plan, size_t index, struct text *out);
/* In the source, after the tables. */
void emit_client_definitions(const struct plan_service *service, struct text *out);

/* "RETURNS NAME(ARGUMENTS)", on two lines when it is too long for one. */
void emit_signature(struct text *out, size_t indent, const char *head, const char *arguments);

/* `string` as C writes it, with its quotes. */
void emit_string(struct text *out, const char *string);

#endif
