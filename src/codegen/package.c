/* SPDX-License-Identifier: MIT */
#include "codegen/package.h"

#include <stdbool.h>
#include <string.h>

#include "base/status.h"
#include "codegen/name.h"

static const struct package_map builtin[] = {
    {"google.protobuf", "ugrpc.protobuf", (struct package_map *)&builtin[1]},
    {"google.api", "ugrpc.google.api", (struct package_map *)&builtin[2]},
    {"google.rpc", "ugrpc.rpc", (struct package_map *)&builtin[3]},
    {"grpc.health", "ugrpc.health", (struct package_map *)&builtin[4]},
    {"grpc.reflection", "ugrpc.reflection", NULL},
};

static bool valid_package(const char *package)
{
    return *package == '\0' || name_is_valid(package, true);
}

int package_map_parse(
    struct arena *arena, const char *parameter, struct package_map **map, struct ugrpc_status *st)
{
    *map = NULL;
    while (*parameter) {
        size_t len = strcspn(parameter, ",");
        char *option = arena_copy(arena, parameter, len);
        parameter += len + (parameter[len] == ',');
        if (len == 0) {
            continue;
        }
        if (strncmp(option, "map=", 4) != 0) {
            return ugrpc_status_set(st, UGRPC_INVALID_ARGUMENT,
                "unknown option \"%s\": only map=PACKAGE=C_PACKAGE is known", option);
        }
        char *from = option + 4;
        char *equals = strchr(from, '=');
        if (equals) {
            *equals = '\0';
        }
        if (!equals || !valid_package(from) || !valid_package(equals + 1)) {
            return ugrpc_status_set(st, UGRPC_INVALID_ARGUMENT,
                "option map: \"%s%s%s\" must be two packages with '=' between, as in map=acme.api=acme", from,
                equals ? "=" : "", equals ? equals + 1 : "");
        }
        struct package_map *entry = arena_alloc(arena, sizeof(*entry));
        *entry = (struct package_map){.from = from, .to = equals + 1, .next = *map};
        *map = entry;
    }
    return 0;
}

const char *package_map_find(struct arena *arena, const struct package_map *map, const char *package)
{
    const struct package_map *best = NULL;
    size_t best_len = 0;

    for (; map; map = map->next) {
        size_t len = strlen(map->from);
        bool matches = len == 0 ? *package == '\0'
                                : strncmp(package, map->from, len) == 0 &&
                                      (package[len] == '.' || package[len] == '\0');
        if (matches && (!best || len > best_len)) {
            best = map;
            best_len = len;
        }
    }
    if (!best) {
        return NULL;
    }
    const char *rest = package + best_len;
    return arena_printf(arena, "%s%s", best->to, *best->to == '\0' && *rest == '.' ? rest + 1 : rest);
}

const char *package_builtin(struct arena *arena, const char *package)
{
    return package_map_find(arena, builtin, package);
}
