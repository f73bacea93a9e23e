/* SPDX-License-Identifier: MIT */
/* Strings lie behind the op, so that it is one piece of memory. */
#include "store/op.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

struct op *op_new(const struct op *like)
{
    const char *strings[] = {like->name, like->caller, like->detail, like->text};
    size_t sizes[ARRAY_LEN(strings)], total = 0;
    for (size_t i = 0; i < ARRAY_LEN(strings); i++) {
        strings[i] = strings[i] ? strings[i] : "";
        sizes[i] = strlen(strings[i]) + 1;
        total += sizes[i];
    }
    struct op *op = malloc(sizeof(*op) + total);
    if (!op) {
        abort();
    }
    *op = *like;
    op->next = NULL;
    op->memory = (struct memory){NULL};
    const char **own[] = {&op->name, &op->caller, &op->detail, &op->text};
    char *at = (char *)(op + 1);
    for (size_t i = 0; i < ARRAY_LEN(own); i++) {
        *own[i] = memcpy(at, strings[i], sizes[i]);
        at += sizes[i];
    }
    return op;
}

void op_free_list(struct op *first)
{
    while (first) {
        struct op *next = first->next;
        memory_done(&first->memory);
        free(first);
        first = next;
    }
}

bool op_is_row(const struct op *op)
{
    return op->kind <= OP_NOTE;
}

bool op_is_entry(const struct op *op)
{
    return op_is_row(op) && op->kind != OP_COMMAND;
}
