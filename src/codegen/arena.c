/* SPDX-License-Identifier: MIT */
#include "codegen/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *next;
    size_t used;
    size_t size;
    alignas(max_align_t) char data[];
};

static void out_of_memory(void)
{
    fputs("protoc-gen-ugrpc: out of memory\n", stderr);
    exit(1);
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);

    if (size > SIZE_MAX / 2) {
        out_of_memory();
    }
    size = (size + align - 1) / align * align;
    struct arena_block *block = arena->blocks;
    if (!block || block->size - block->used < size) {
        size_t room = size > 65536 ? size : 65536;
        block = calloc(1, sizeof(*block) + room);
        if (!block) {
            out_of_memory();
        }
        block->size = room;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    void *ptr = block->data + block->used;
    block->used += size;
    return ptr;
}

char *arena_copy(struct arena *arena, const char *string, size_t len)
{
    char *copy = arena_alloc(arena, len + 1);
    if (len > 0) {
        memcpy(copy, string, len);
    }
    return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) {
        out_of_memory();
    }
    char *string = arena_alloc(arena, (size_t)len + 1);
    va_start(args, format);
    vsnprintf(string, (size_t)len + 1, format, args);
    va_end(args);
    return string;
}

void arena_done(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
}

void text_add(struct text *text, const void *data, size_t len)
{
    if (text->cap - text->len <= len) {
        size_t cap = (text->len + len + 1) * 2;
        char *grown = arena_alloc(text->arena, cap);
        if (text->len > 0) {
            memcpy(grown, text->data, text->len);
        }
        text->data = grown;
        text->cap = cap;
    }
    if (len > 0) {
        memcpy(text->data + text->len, data, len);
    }
    text->len += len;
    text->data[text->len] = '\0';
}

void text_puts(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_printf(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) {
        out_of_memory();
    }
    char *string = malloc((size_t)len + 1);
    if (!string) {
        out_of_memory();
    }
    va_start(args, format);
    vsnprintf(string, (size_t)len + 1, format, args);
    va_end(args);
    text_add(text, string, (size_t)len);
    free(string);
}
