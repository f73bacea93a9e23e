/* SPDX-License-Identifier: MIT */
/* Reads the journal for others (model/journal_reader.h): questions go from the loop to the thread
 * that writes, which answers each with a page between two transactions. */
#ifndef STORE_READER_H
#define STORE_READER_H

#include <stdbool.h>
#include <uv.h>

#include "model/journal_reader.h"

struct database;

struct reader {
    struct journal_reader base; /* first */
    uv_mutex_t *mutex;          /* of the store, and its signal for the thread */
    uv_cond_t *wake;
    struct journal_query *asked, *answered; /* under the mutex; oldest first */
    struct journal_query *open;             /* the loop's: nobody has been told yet */
};

/* Borrows both as long as the reader. */
void reader_init(struct reader *reader, uv_mutex_t *mutex, uv_cond_t *wake);
/* Tells its listener; with the mutex no longer used by a thread. */
void reader_done(struct reader *reader);
/* The same, while a thread that is stuck keeps the memory: nobody is told any more. */
void reader_close(struct reader *reader);

/* For the thread, with the mutex: there is something to do; answers all of it, without the mutex meanwhile.
 * `database` NULL: it cannot be read, and `why`. */
bool reader_is_asked(const struct reader *reader);
void reader_answer(struct reader *reader, struct database *database, const char *why);

/* For the loop, without the mutex: tells what was answered. */
void reader_tell(struct reader *reader);
/* And that more may be there to read. */
void reader_tell_written(struct reader *reader);
/* What has been asked is not answered in time. */
void reader_give_up(struct reader *reader, const char *why);

#endif
