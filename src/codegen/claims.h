/* SPDX-License-Identifier: MIT */
/* Which generated C names are taken, and by what. Two proto names may become one in C: a message Foo.Bar and
 * a message FooBar do not, but a message JobInit and the initialiser of a message Job would. */
#ifndef CODEGEN_CLAIMS_H
#define CODEGEN_CLAIMS_H

#include "codegen/arena.h"

struct claims {
    struct arena *arena;
    struct claim *slots; /* open addressing */
    size_t n_slots;
    size_t n_used;
};

/* Who has `name`, or NULL. */
const char *claims_owner(const struct claims *claims, const char *name);

/* Takes `name` for `owner` and returns NULL; or returns who has it already. Borrows both. */
const char *claims_take(struct claims *claims, const char *name, const char *owner);

#endif
