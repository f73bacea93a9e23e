/* SPDX-License-Identifier: MIT */
/* The gateway: builds everything, owns it, and takes it down again. */
#ifndef DAEMON_GATEWAY_H
#define DAEMON_GATEWAY_H

#include <stdint.h>

#include "daemon/arguments.h"
#include "daemon/config.h"

struct gateway;

/* Builds the site with its devices and reads what the configuration names, but opens no port yet. A
 * configuration that has problems is only checked further. Borrows all but `problems` until gateway_free().
 * Never NULL; with problems it is only for gateway_free(). */
struct gateway *gateway_new(
    const struct config *config, const struct arguments *arguments, struct problems *problems);

/* Serves until a signal ends it. The process's exit status: 0, or 1 if it could not (told in the log).
 * `started_ns`: on boot time, when the process began. */
int gateway_run(struct gateway *gateway, int64_t started_ns);

void gateway_free(struct gateway *gateway); /* NULL is fine */

const struct site *gateway_site(const struct gateway *gateway);

#endif
