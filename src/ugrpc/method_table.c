/* SPDX-License-Identifier: MIT */
#include "ugrpc/method_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t hash_path(const char *path, size_t len) /* FNV-1a */
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (uint8_t)path[i]) * 16777619u;
    }
    return hash;
}

static void put(struct method_table *t, struct method *method)
{
    size_t i = method->hash;
    while (t->slots[i & (t->n_slots - 1)]) {
        i++;
    }
    t->slots[i & (t->n_slots - 1)] = method;
}

static int grow(struct method_table *t)
{
    struct method_table grown = {.n_slots = t->n_slots ? 2 * t->n_slots : 32, .n = t->n};
    grown.slots = calloc(grown.n_slots, sizeof(struct method *));
    if (!grown.slots) {
        return -1;
    }
    for (size_t i = 0; i < t->n_slots; i++) {
        if (t->slots[i]) {
            put(&grown, t->slots[i]);
        }
    }
    free(t->slots);
    *t = grown;
    return 0;
}

int method_table_add(struct method_table *t, const char *service, const struct method *method)
{
    if (2 * (t->n + 1) > t->n_slots && grow(t) != 0) {
        return -1;
    }
    struct method *copy = malloc(sizeof(*copy));
    if (!copy) {
        return -1;
    }
    *copy = *method;
    int len = asprintf(&copy->path, "/%s/%s", service, method->type->name);
    if (len < 0) {
        free(copy);
        return -1;
    }
    copy->path_len = (size_t)len;
    copy->hash = hash_path(copy->path, copy->path_len);
    put(t, copy);
    t->n++;
    return 0;
}

const struct method *method_table_find(const struct method_table *t, const char *path, size_t len)
{
    if (t->n == 0) {
        return NULL;
    }
    uint32_t hash = hash_path(path, len);
    for (size_t i = hash;; i++) {
        const struct method *method = t->slots[i & (t->n_slots - 1)];
        if (!method ||
            (method->hash == hash && method->path_len == len && memcmp(method->path, path, len) == 0)) {
            return method;
        }
    }
}

void method_table_done(struct method_table *t)
{
    for (size_t i = 0; i < t->n_slots; i++) {
        if (t->slots[i]) {
            free(t->slots[i]->path);
            free(t->slots[i]);
        }
    }
    free(t->slots);
    *t = (struct method_table){0};
}
