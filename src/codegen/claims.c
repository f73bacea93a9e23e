/* SPDX-License-Identifier: MIT */
#include "codegen/claims.h"

#include <stdint.h>
#include <string.h>

struct claim {
    const char *name;
    const char *owner;
};

/* FNV-1a. */
static size_t hash(const char *name)
{
    uint64_t h = 14695981039346656037u;

    for (; *name; name++) {
        h = (h ^ (uint8_t)*name) * 1099511628211u;
    }
    return (size_t)h;
}

/* The slot that has `name`, or the empty one where it belongs. */
static struct claim *find(const struct claims *claims, const char *name)
{
    size_t i = hash(name) % claims->n_slots;

    while (claims->slots[i].name && strcmp(claims->slots[i].name, name) != 0) {
        i = (i + 1) % claims->n_slots;
    }
    return &claims->slots[i];
}

static void grow(struct claims *claims)
{
    struct claims bigger = {.arena = claims->arena, .n_slots = claims->n_slots ? claims->n_slots * 4 : 64};

    bigger.slots = arena_alloc(claims->arena, bigger.n_slots * sizeof(*bigger.slots));
    for (size_t i = 0; i < claims->n_slots; i++) {
        if (claims->slots[i].name) {
            *find(&bigger, claims->slots[i].name) = claims->slots[i];
        }
    }
    claims->slots = bigger.slots;
    claims->n_slots = bigger.n_slots;
}

const char *claims_owner(const struct claims *claims, const char *name)
{
    return claims->n_slots > 0 ? find(claims, name)->owner : NULL;
}

const char *claims_take(struct claims *claims, const char *name, const char *owner)
{
    if (claims->n_used * 2 >= claims->n_slots) {
        grow(claims);
    }
    struct claim *slot = find(claims, name);
    if (slot->name) {
        return slot->owner;
    }
    *slot = (struct claim){.name = name, .owner = owner};
    claims->n_used++;
    return NULL;
}
