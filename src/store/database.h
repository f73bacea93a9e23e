/* SPDX-License-Identifier: MIT */
/* The journal's file: SQLite with a write-ahead log. Blocks; used by one thread at a time. */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "store/op.h"

#define DATABASE_SCHEMA      1 /* its version */
#define DATABASE_ASIDE_BYTES 4352

struct database;
struct journal_entry;
struct sqlite3_stmt;

/* Opens or makes FOLDER/journal.db; brings an older schema up to date. A file that is none, or is corrupt, is
 * set aside under another name, which `aside` tells (else ""), and a new one made. NULL: it cannot be read or
 * written now (UNAVAILABLE: another attempt may help), or a newer version made it (FAILED_PRECONDITION).
 * `read_only`: the file is there and may be read, but not written; only with `may_be_read_only`. */
struct database *database_open(
    const char *folder, bool may_be_read_only, char aside[DATABASE_ASIDE_BYTES], struct ugrpc_status *st);
void database_close(struct database *database); /* NULL is fine */
bool database_is_read_only(const struct database *database);

/* All of it or nothing, and on the disk when it returns. Keeps at most some `most` entries, the newest ones.
 * -UGRPC_UNAVAILABLE, or -UGRPC_DATA_LOSS if the file is corrupt and should be opened anew. */
int database_write(struct database *database, const struct op *first, uint64_t most, struct ugrpc_status *st);

/* 0 if something can be written now. */
int database_probe(struct database *database, struct ugrpc_status *st);

/* The id of the newest entry, 0 if there is none; when the newest thing was written, INT64_MIN if nothing
 * was. */
uint64_t database_last_id(struct database *database);
int64_t database_last_utc_ns(struct database *database);

/* Of which boot of the machine the boot times are that are kept. "" if unknown. */
void database_read_boot(struct database *database, char out[64]);

/* Calls for each row, as ops of the kinds that would write it. The strings of an op live for the call. Of
 * bounds, those of one token come one after the other. */
typedef void database_row_fn(const struct op *op, void *userdata);
void database_read_setpoints(struct database *database, database_row_fn *row, void *userdata);
void database_read_bounds(struct database *database, database_row_fn *row, void *userdata);
/* Commands of which it is not known what became of them. */
void database_read_open_commands(struct database *database, database_row_fn *row, void *userdata);

/* Calls for the entries after *last_id, oldest first; what a command began is left out, as its outcome
 * repeats it. Looks at `most` rows: returns at how many, and the newest in *last_id; or -UGRPC_UNAVAILABLE,
 * or -UGRPC_DATA_LOSS. Strings live for the call. */
typedef void database_entry_fn(const struct journal_entry *entry, void *userdata);
int database_read_entries(struct database *database, uint64_t *last_id, int most, database_entry_fn *row,
    void *userdata, struct ugrpc_status *st);

#endif
