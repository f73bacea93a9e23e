/* SPDX-License-Identifier: MIT */
/* A site file, read and checked: what the gateway is built from. Nothing here opens a device, a port or a
 * data file. */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/settings.h"
#include "daemon/pool.h"
#include "daemon/problems.h"
#include "model/component.h"
#include "model/site.h"

#define CONFIG_MAX_BYTES (8u << 20) /* some 80,000 components */

struct config_component {
    struct component_spec spec;
    struct settings settings; /* for the driver */
    const int *setting_lines; /* where each of them stands */
    int line;
    const char **under; /* names of the neighbours towards the grid */
    size_t n_under;
    int under_line;
    bool sound;  /* nothing in its section is wrong */
    bool placed; /* it has a type, and an id and a name of its own: it can stand in a site */
};

struct config_sensor {
    struct sensor_spec spec;
    struct settings settings;
    const int *setting_lines;
    int line;
    bool sound, placed; /* as a component's */
};

struct config_listen {
    const char **grpc;
    size_t n_grpc;
    int line;
    const char *certificate, *key, *client_ca; /* paths as they can be opened; NULL: none */
    const char *keys;
    int64_t signature_window_s;
};

struct config {
    struct pool pool;   /* everything below */
    const char *file;   /* as named */
    const char *folder; /* where it lies: data files are looked for there first */
    struct site_spec site;
    struct config_listen listen;
    uint64_t seed;
    double start_at_s; /* since midnight; -1: now */
    double speed;
    double save_every_s;
    bool control;       /* false: nothing is ever written to a device */
    bool journal_batch; /* durability: batch */
    uint64_t journal_entries;
    struct config_component *components;
    size_t n_components;
    bool has_all; /* components that the file speaks of: false if some could not even be listed */
    struct config_sensor *sensors;
    size_t n_sensors;
};

/* Reads a file. What is wrong goes to `problems`, all of it; then the result is not for use, only for further
 * checks (access_init(), site_build()) and config_free(). NULL, with a problem, if it cannot be read at all.
 */
struct config *config_load(const char *file, struct problems *problems);

/* The same from memory; `file` names it. Never NULL. */
struct config *config_parse(const char *text, size_t len, const char *file, struct problems *problems);

void config_free(struct config *config); /* NULL is fine */

#endif
