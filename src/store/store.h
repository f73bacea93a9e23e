/* SPDX-License-Identifier: MIT */
/* The keeper of a site's journal (model/journal.h): FOLDER/journal.db, written by a thread of its own.
 *
 * What happens in one turn of the loop, and what comes while the thread writes, is one transaction. With
 * STORE_FULL it is on the disk before anybody hears that it is safe; with STORE_BATCH that is told at once,
 * and what happened within the last STORE_WINDOW_MS may be lost with the machine or the process.
 *
 * While it cannot be written, commands go on without it: journal_is_degraded(), and one line of log. When it
 * can be again, an entry says what is missing, and what counts now is written anew. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "store/boot.h"

#define STORE_WINDOW_MS   1000   /* how long what need not be safe at once may wait */
#define STORE_PATIENCE_MS 2000   /* for a disk that does not answer */
#define STORE_RETRY_MS    1000   /* between attempts to write again */
#define STORE_REMEMBER_MS 300000 /* between writings of what devices have accumulated */
#define STORE_ENTRIES     100000
#define STORE_REFUSALS    10 /* written within STORE_WINDOW_MS; others are only counted */

struct journal_reader;
struct site;
struct store;
struct timers;
struct uv_loop_s;

enum store_durability { STORE_FULL, STORE_BATCH };

struct store_options {
    const char *folder; /* there and writable, as a rule */
    enum store_durability durability;
    uint64_t entries;        /* how many to keep; 0: STORE_ENTRIES */
    int64_t window_ms;       /* 0: STORE_WINDOW_MS */
    int64_t remember_ms;     /* 0: STORE_REMEMBER_MS */
    const struct boot *boot; /* NULL: as the machine says */
    /* From the loop, but for store_open(), store_recall() and store_restore(): what the operator should know.
     */
    void (*note)(enum log_level level, const char *text, void *userdata);
    /* The journal can no longer be written, or can be again. NULL: nobody listens. */
    void (*health)(bool degraded, void *userdata);
    void *userdata;
};

/* Takes the folder and opens its journal, or makes one. If it cannot be read or written now, the store goes
 * on without: it tries again while it runs. NULL with `st`: another gateway has the folder, it cannot be
 * locked, or a newer version made the journal. Copies the options; borrows the folder's name and `boot`. */
struct store *store_open(const struct store_options *options, struct ugrpc_status *st);

/* Gives the devices of `site` what they had accumulated (model/memory.h), before they are started, and keeps
 * it from store_start() on: every remember_ms, soon after one was started or stopped, and at the end. */
void store_recall(struct store *store, struct site *site);

/* Goes on with what was kept of `site` (unless `as_new`: it is as if nothing had been), whose devices must
 * have been started, and becomes its journal. Writes begin with store_start(). */
void store_restore(struct store *store, struct site *site, bool as_new);

/* Begins to write, from a thread; `uv` drives the site's timers. 0 or -UGRPC_RESOURCE_EXHAUSTED. */
int store_start(struct store *store, struct uv_loop_s *uv, struct ugrpc_status *st);

/* For whoever shows the journal, after store_start(); the store's. */
struct journal_reader *store_reader(struct store *store);

/* Writes what is left, if the disk takes it within `limit_ms`. No callback runs any more. Before the
 * loop has run its last turn and before site_free(). NULL is fine. */
void store_close(struct store *store, int64_t limit_ms);

#endif
