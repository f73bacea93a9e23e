/* SPDX-License-Identifier: MIT */
/* Who holds a TCP port that we would like to have. */
#ifndef DAEMON_HOLDER_H
#define DAEMON_HOLDER_H

#include <stdbool.h>
#include <stddef.h>

/* Writes "pid 4711 (python3 -m http.server)" for whoever listens on the port of "ADDR:PORT"; false, and an
 * empty text, if that cannot be seen (another user's process, another kind of address). Looks through /proc.
 */
bool holder_find(const char *address, char *out, size_t cap);

#endif
