/* SPDX-License-Identifier: MIT */
/* Strings lie behind the op, so that it is one piece of memory. */
#include "store/op.h"

#include <stdlib.h>
#include <string.h>

static const char *put(char **at, const char *text, size_t size)
{
    const char *begin = *at;
    memcpy(*at, text, size);
    *at += size;
    return begin;
}

struct op *op_new(enum op_kind kind, const char *name, const char *caller, const char *text)
{
    const char *strings[] = {name ? name : "", caller ? caller : "", text ? text : ""};
    size_t sizes[3], total = 0;
    for (int i = 0; i < 3; i++) {
        sizes[i] = strlen(strings[i]) + 1;
        total += sizes[i];
    }
    struct op *op = malloc(sizeof(*op) + total);
    if (!op) {
        abort();
    }
    *op = (struct op){.kind = kind};
    char *at = (char *)(op + 1);
    op->name = put(&at, strings[0], sizes[0]);
    op->caller = put(&at, strings[1], sizes[1]);
    op->text = put(&at, strings[2], sizes[2]);
    return op;
}

struct op *op_copy(const struct op *op)
{
    struct op *copy = op_new(op->kind, op->name, op->caller, op->text);
    const char *name = copy->name, *caller = copy->caller, *text = copy->text;
    *copy = *op;
    copy->next = NULL;
    copy->memory = (struct memory){NULL};
    copy->name = name;
    copy->caller = caller;
    copy->text = text;
    return copy;
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

bool op_is_entry(const struct op *op)
{
    return op->kind <= OP_GAP;
}
