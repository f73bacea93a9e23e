/* SPDX-License-Identifier: MIT */
/* With each component its type is kept, as an id may be given to another one: that shall not go on with the
 * counters of a component that is gone. */
#include "model/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/driver.h"
#include "model/site.h"

#define TYPE "type"

void memory_add(struct memory *memory, uint64_t component_id, const char *name, double value)
{
    size_t size = strlen(name) + 1;
    if (size > MEMORY_NAME_BYTES) {
        return;
    }
    if (memory->n == memory->cap) {
        memory->cap = memory->cap ? 2 * memory->cap : 64;
        memory->items = realloc(memory->items, memory->cap * sizeof(*memory->items));
        if (!memory->items) {
            abort();
        }
    }
    struct memory_item *item = &memory->items[memory->n++];
    *item = (struct memory_item){.component_id = component_id, .value = value};
    memcpy(item->name, name, size);
}

void memory_done(struct memory *memory)
{
    free(memory->items);
    *memory = (struct memory){NULL};
}

static void visit(struct component *component, memory_visit_fn *fn, void *userdata)
{
    component->device->driver->visit_memory(component->device, component, fn, userdata);
}

static bool remembers(const struct component *component)
{
    return component && component->device && component->device->driver->visit_memory;
}

struct collecting {
    struct memory *memory;
    uint64_t component_id;
};

static void on_collect(struct memory_number *number, void *userdata)
{
    const struct collecting *collecting = userdata;
    memory_add(collecting->memory, collecting->component_id, number->name, number->value);
}

void memory_collect(const struct site *site, size_t first, size_t n, struct memory *memory)
{
    for (size_t i = first; i < site->n_components && i - first < n; i++) {
        struct component *component = site->components[i];
        if (remembers(component)) {
            struct collecting collecting = {memory, component->spec.id};
            memory_add(memory, component->spec.id, TYPE, component->spec.type);
            visit(component, on_collect, &collecting);
        }
    }
}

/* What was kept of one component, on its way back. */
struct recalling {
    const struct component *component;
    const struct memory_item *items;
    size_t n, taken;
    bool late;
    memory_refuse_fn *refuse;
    void *userdata;
};

static const struct memory_item *find(const struct recalling *recalling, const char *name)
{
    for (size_t i = 0; i < recalling->n; i++) {
        if (strcmp(recalling->items[i].name, name) == 0) {
            return &recalling->items[i];
        }
    }
    return NULL;
}

static void on_recall(struct memory_number *number, void *userdata)
{
    struct recalling *recalling = userdata;
    const struct memory_item *item = find(recalling, number->name);
    if (!item || (recalling->late && !number->counts)) {
        return;
    }
    if (!isfinite(item->value) || item->value < number->lower || item->value > number->upper) {
        char text[256];
        snprintf(text, sizeof(text), "%s: %s was kept as %g, which is outside %g .. %g; it goes on with %g",
            component_label(recalling->component), number->name, item->value, number->lower, number->upper,
            number->value);
        recalling->refuse(text, recalling->userdata);
        return;
    }
    number->value = recalling->late ? fmin(number->value + item->value, number->upper) : item->value;
    recalling->taken++;
}

static bool is_of_its_type(const struct recalling *recalling)
{
    const struct memory_item *type = find(recalling, TYPE);
    if (type && type->value == (double)recalling->component->spec.type) {
        return true;
    }
    char text[256];
    snprintf(text, sizeof(text), "%s: what was kept for id %llu is of another type than %s; it begins anew",
        component_label(recalling->component), (unsigned long long)recalling->component->spec.id,
        component_type_name(recalling->component->spec.type));
    recalling->refuse(text, recalling->userdata);
    return false;
}

size_t memory_recall(
    const struct site *site, const struct memory *memory, bool late, memory_refuse_fn *refuse, void *userdata)
{
    size_t taken = 0, next;
    for (size_t i = 0; i < memory->n; i = next) {
        const struct memory_item *first = &memory->items[i];
        for (next = i + 1; next < memory->n && memory->items[next].component_id == first->component_id;) {
            next++;
        }
        struct component *component = site_component(site, first->component_id);
        if (!remembers(component)) {
            continue; /* no longer in the site file, or of another driver */
        }
        struct recalling recalling = {component, first, next - i, 0, late, refuse, userdata};
        if (is_of_its_type(&recalling)) {
            visit(component, on_recall, &recalling);
            taken += recalling.taken > 0;
        }
    }
    return taken;
}
