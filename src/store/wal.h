/* SPDX-License-Identifier: MIT */
/* SQLite's write-ahead log, as far as it takes to tell damage from a write that a power cut has torn. */
#ifndef STORE_WAL_H
#define STORE_WAL_H

#include <stdio.h>

enum wal_state {
    WAL_WHOLE,
    WAL_TORN, /* what stands behind its end is to be cut off, before it looks like damage another time */
    WAL_DAMAGED,
};

/* DAMAGED: something in this log is broken, and whole transactions stand behind it: SQLite
 * would leave them out without a word. Of a torn write there is at most one, as each is on the disk before
 * the next. Before the database is opened, as that may write to the log. */
enum wal_state wal_read(FILE *from);

#endif
