/* SPDX-License-Identifier: MIT */
/* Which prefix the C names of a proto package get. */
#ifndef CODEGEN_PACKAGE_H
#define CODEGEN_PACKAGE_H

#include "codegen/arena.h"

struct ugrpc_status;

struct package_map {
    const char *from; /* a package, or the beginning of one at a dot */
    const char *to;
    struct package_map *next;
};

/* Reads the plugin's parameter, "map=frequenz.api.microgrid=microgrid,map=…". 0, or a negative code with `st`
 * naming what it does not understand. */
MUST_CHECK int package_map_parse(
    struct arena *arena, const char *parameter, struct package_map **map, struct ugrpc_status *st);

/* The dotted C package of `package`: its longest beginning that `map` has, replaced, and the rest kept. NULL
 * when the map has none. */
const char *package_map_find(struct arena *arena, const struct package_map *map, const char *package);

/* The same by the built-in map: what libugrpc brings along has names that begin with ugrpc. */
const char *package_builtin(struct arena *arena, const char *package);

#endif
