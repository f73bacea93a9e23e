/* SPDX-License-Identifier: MIT */
/* What devices have accumulated whose state is the gateway's to keep, as that of simulated ones is: numbers
 * by component and name. A driver names them (driver.h: visit_memory), the store keeps them; here they meet.
 */
#ifndef MODEL_MEMORY_H
#define MODEL_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

struct site;

#define MEMORY_NAME_BYTES 24

/* One number as a driver shows it. */
struct memory_number {
    const char *name; /* its component's own, shorter than MEMORY_NAME_BYTES; never changed once published */
    double lower, upper; /* what it may be; finite it is in any case */
    bool counts;         /* up from 0, and never back */
    double value;
};

/* Whoever is shown a number may change its value; the driver takes that over. */
typedef void memory_visit_fn(struct memory_number *number, void *userdata);

/* One as it is kept. */
struct memory_item {
    uint64_t component_id;
    char name[MEMORY_NAME_BYTES];
    double value;
};

struct memory {
    struct memory_item *items; /* those of a component one after the other */
    size_t n, cap;
};

/* Nothing is added if the name is longer than any. */
void memory_add(struct memory *memory, uint64_t component_id, const char *name, double value);
void memory_done(struct memory *memory);

/* Adds what the devices of the site remember now of `n` components, counted from `first` (0, SIZE_MAX: of
 * all). */
void memory_collect(const struct site *site, size_t first, size_t n, struct memory *memory);

/* Gives the devices back what was kept, before they are started; or `late`, when what has been counted since
 * is added to what was kept, and all but counters stays as it is by now. What the site does not know is
 * passed over. refuse() is told of each value that cannot be: the device goes on without it. Returns how many
 * components took something. */
typedef void memory_refuse_fn(const char *text, void *userdata);
size_t memory_recall(const struct site *site, const struct memory *memory, bool late,
    memory_refuse_fn *refuse, void *userdata);

#endif
