/* SPDX-License-Identifier: MIT */
/* The API keys that are let in: a file with one line for each, `NAME SHA256-IN-HEX`. The keys themselves are
 * nowhere on this machine. */
#ifndef DAEMON_KEYS_H
#define DAEMON_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

#define KEYS_NAME_BYTES 64

struct keys;

/* Reads the file. NULL with `st` naming file and line: unreadable, readable by everybody, not of that form,
 * or empty (which would let nobody in). */
struct keys *keys_load(const char *file, struct ugrpc_status *st);
void keys_free(struct keys *keys); /* NULL is fine */

size_t keys_count(const struct keys *keys);

/* Whose key `key` is; false if nobody's. Takes the same time whichever it is. */
bool keys_check(const struct keys *keys, const char *key, char name[KEYS_NAME_BYTES]);

/* -UGRPC_PERMISSION_DENIED, saying what to do, when others than owner and group may read or write a file. */
int keys_check_mode(const char *file, struct ugrpc_status *st);

#endif
