/* SPDX-License-Identifier: MIT */
/* Who is let in, and what he may do: a file with a line for each,
 *
 *     NAME SHA256-OF-THE-KEY-IN-HEX [role=viewer|operator|admin] [components=4,6,pv_inv] [secret=TEXT]
 *     cert:NAME [role=…] [components=…]
 *
 * The first are API keys, which are themselves nowhere on this machine: so not even who reads the file, with
 * the secret of a key that signs in it, can call as that key. The second are client certificates by their
 * subject's common name. Without role= it is operator, without components= all may be commanded. */
#ifndef DAEMON_KEYS_H
#define DAEMON_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "service/rights.h"

#define KEYS_NAME_BYTES 64
#define KEYS_CERT       "cert:" /* begins the line of a certificate */

struct config;
struct keys;

/* A line of the file. */
struct key {
    struct rights rights;  /* of "key ems" or "certificate ems" */
    struct signer *signer; /* NULL: its calls are not signed */
};

/* Reads the file. Components are looked up in `config`, borrowed for the call. NULL with `st` naming file and
 * line: unreadable, readable by everybody, not of that form, of a component that the site does not have,
 * twice the same, or empty (which would let nobody in). */
struct keys *keys_load(const char *file, const struct config *config, struct ugrpc_status *st);
/* The same from memory, for tests. `file` is for messages. */
struct keys *keys_parse(
    const char *text, size_t len, const char *file, const struct config *config, struct ugrpc_status *st);
void keys_free(struct keys *keys); /* NULL is fine */

size_t keys_count(const struct keys *keys, enum role role);
bool keys_have_certificates(const struct keys *keys);

/* Whose key `text` is; NULL if nobody's. Takes the same time whichever it is. */
const struct key *keys_find(const struct keys *keys, const char *text);

/* The line of a certificate with this subject ("CN=ems,O=Site", as ugrpc_call_peer_certificate() gives it),
 * or NULL. */
const struct key *keys_find_certificate(const struct keys *keys, const char *subject);

/* -UGRPC_PERMISSION_DENIED, saying what to do, when others than owner and group may read or write a file. */
int keys_check_mode(const char *file, struct ugrpc_status *st);

#endif
