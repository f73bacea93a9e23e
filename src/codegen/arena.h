/* SPDX-License-Identifier: MIT */
/* Memory that lives as long as one run of the plugin, and text that grows in it. A plugin runs for a moment
 * and cannot do anything useful without memory, so allocation never fails: it ends the program. */
#ifndef CODEGEN_ARENA_H
#define CODEGEN_ARENA_H

#include <stddef.h>

#include "base/base.h"

struct arena {
    struct arena_block *blocks;
};

/* Zeroed and aligned for any type; freed with the arena. */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_copy(struct arena *arena, const char *string, size_t len);
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
void arena_done(struct arena *arena);

/* Text (or bytes) that grows. `data` ends in a NUL that `len` doesn't count; NULL until something is added.
 */
struct text {
    struct arena *arena;
    char *data;
    size_t len;
    size_t cap;
};

void text_add(struct text *text, const void *data, size_t len);
void text_puts(struct text *text, const char *string);
void text_printf(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
