/* SPDX-License-Identifier: MIT */
/* SQLite's write-ahead log, as far as it takes to tell damage from a write that a power cut has torn. */
#ifndef STORE_WAL_H
#define STORE_WAL_H

#include <stdbool.h>
#include <stdio.h>

/* True if something in this log is broken, and whole transactions stand behind it: SQLite
 * would leave them out without a word. Of a torn write there is at most one, as each is on the disk before
 * the next. Before the database is opened, as that may write to the log. */
bool wal_is_damaged(FILE *from);

#endif
