/* SPDX-License-Identifier: MIT */
/* The journal's file: SQLite with a write-ahead log. Blocks; used by one thread at a time. */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "store/file.h"
#include "store/op.h"

#define DATABASE_SCHEMA 4 /* its version */

struct database;
struct journal_entry;
struct sqlite3_stmt;

/* Opens or makes FOLDER/journal.db; brings an older schema up to date. A file that is none, or is corrupt, is
 * set aside under another name, which `aside` tells, and a new one made; of a damaged log, a copy is kept.
 * NULL: it cannot be read or written now (UNAVAILABLE: another attempt may help), or a newer version made it
 * (FAILED_PRECONDITION). `read_only`: the file is there and may be read, but not written; only with
 * `may_be_read_only`. */
struct database *database_open(
    const char *folder, bool may_be_read_only, struct aside *aside, struct ugrpc_status *st);
void database_close(struct database *database); /* NULL is fine */
bool database_is_read_only(const struct database *database);

/* All of it or nothing, and on the disk when it returns. Keeps at most some `most` entries, the newest ones.
 * -UGRPC_UNAVAILABLE; or -UGRPC_DATA_LOSS if the file is corrupt: then it should be opened anew. */
int database_write(struct database *database, const struct op *first, uint64_t most, struct ugrpc_status *st);

/* 0, or -UGRPC_NOT_FOUND if somebody has removed or replaced the file: what is written is lost, and it should
 * be opened anew. */
int database_check_place(const struct database *database, struct ugrpc_status *st);

/* 0 if something can be written now. */
int database_probe(struct database *database, struct ugrpc_status *st);

/* What a restart goes on with: lists of ops as would write it. */
struct kept {
    char boot[64];       /* of which boot of the machine the boot times are; "" if unknown */
    uint64_t last_id;    /* of the newest entry, 0 if there is none */
    int64_t last_utc_ns; /* when the newest thing was written, INT64_MIN if nothing was */
    bool log_damaged;    /* what was written last is not here */
    bool crashed;        /* who wrote it was started, but not stopped */
    struct op *bounds;   /* those of one token one after the other */
    struct op *setpoints;
    struct memory memory;
    struct op *open_commands; /* of which it is not known what became of them; only their ids */
};

/* All of it or an error, as database_write(). Undone by kept_done(). */
int database_read_kept(struct database *database, struct kept *kept, struct ugrpc_status *st);
void kept_done(struct kept *kept);

/* Of the newest entry; 0 if there is none. */
uint64_t database_last_id(struct database *database);

/* Calls for the entries after *last_id, oldest first; what a command began is left out, as its outcome
 * repeats it. Looks at `most` rows: returns at how many, and the newest in *last_id; or -UGRPC_UNAVAILABLE,
 * or -UGRPC_DATA_LOSS. Strings live for the call. */
typedef void database_entry_fn(const struct journal_entry *entry, void *userdata);
int database_read_entries(struct database *database, uint64_t *last_id, int most, database_entry_fn *row,
    void *userdata, struct ugrpc_status *st);

#endif
