/* SPDX-License-Identifier: MIT */
/* What the parts of a store share: the keeper on the loop (store.c), the thread that writes (thread.c), and
 * what a restart reads (restore.c). Private to store/. */
#ifndef STORE_STORE_INTERNAL_H
#define STORE_STORE_INTERNAL_H

#include <uv.h>

#include "base/base.h"
#include "base/timer.h"
#include "model/journal.h"
#include "store/database.h"
#include "store/op.h"
#include "store/reader.h"
#include "store/store.h"

struct ops {
    struct op *first, *last;
};

struct sync {
    struct sync *next;
    uint64_t serial; /* told when all up to this one is written */
    int64_t at_ns;
    journal_sync_fn *done;
    void *userdata;
};

/* A uv handle lives until the loop has closed it. */
struct handles {
    struct store *store; /* NULL: it has gone */
    uv_async_t reported;
    uv_prepare_t before_wait;
    uv_check_t after_wait;
    int open;
};

/* Between the loop and the thread, under the mutex. */
struct shared {
    struct ops handed;
    bool urgent;                                              /* somebody waits for one of these */
    uint64_t written;                                         /* all up to this one is, or could not be */
    bool broken;                                              /* the last attempt failed */
    uint64_t repairs;                                         /* how often it could be written again */
    char why[sizeof(((struct ugrpc_status *)NULL)->message)]; /* it is broken */
    struct aside aside;                                       /* of what was damaged */
    bool replaced;                                            /* by somebody, before the last repair */
    uint64_t lost;                                            /* entries, before the last repair, … */
    int64_t since_utc_ns;                                     /* … from then on */
    struct kept
        kept; /* of the file that could be written again; its lists only if they were not read before */
    bool end, ended, abandoned;
};

struct store {
    struct journal journal; /* first */
    struct reader reader;
    struct store_options options;
    struct boot boot;
    struct aside aside;        /* of what was damaged, which the journal does not tell yet */
    struct database *database; /* the thread's, while it runs */
    struct kept kept;          /* from store_open() to store_restore() */
    struct site *devices;      /* whose memory is kept; NULL: no one's */
    size_t next_device;        /* the component from which on it is written next … */
    struct timer remember;     /* … and when */
    struct op *absent;         /* kept of components that the site does not have: kept on */
    int lock;
    bool kept_read; /* else the thread reads it as soon as it can */
    bool recalled;  /* the devices have been given what was kept */

    /* The loop's. */
    struct site *site; /* NULL: nothing is written of it */
    struct timers *timers;
    struct handles *handles;
    struct ops made; /* in this turn */
    uint64_t serial, next_id;
    int64_t started_utc_ns;
    bool urgent; /* somebody waits for one of what was made */
    bool told_start, after_crash, made_rows;
    bool broken, degraded;
    bool stuck; /* the disk does not answer: nothing more is made */
    struct sync *first_sync, *last_sync;
    struct timer patience;    /* with the disk */
    int64_t pending_since_ns; /* something was made, and nothing has been written since */
    int64_t refusals_since_ns;
    uint64_t refusals, refusals_left_out; /* since then; since the last one written */
    uint64_t written, repairs;            /* as reported */
    uint64_t missing;                     /* entries of gaps that are being told */
    uint64_t skipped;                     /* entries that were not made while stuck … */
    int64_t stuck_utc_ns;                 /* … from then on */

    /* Shared. */
    uv_thread_t thread;
    bool runs;
    uv_mutex_t mutex;
    uv_cond_t wake, done;
    struct shared shared;
};

/* What the operator should know; from the loop. */
void store_note(const struct store *store, enum log_level level, const char *format, ...) PRINTF_LIKE(3, 4);

static inline struct clock *store_clock(const struct store *store)
{
    return store->timers->clock;
}

/* How the model writes: keeper.c, by the two below. */
extern const struct journal_keeper store_keeper;

/* Takes the op, to be written with all that this turn of the loop makes. Returns the row's id, if it is one.
 */
uint64_t store_make(struct store *store, struct op *op);
/* As journal_keeper.sync. */
void store_sync(struct store *store, journal_sync_fn *done, void *userdata);

/* What devices have accumulated: to be written now, all of it; within STORE_WINDOW_MS, or on a large site as
 * soon as it is its turn; or given to them, if it could not be read before, and written. */
void store_remember(struct store *store);
void store_remember_soon(struct store *store);
void store_recall_late(struct store *store, const struct memory *memory);

/* The thread: writes what is handed over until shared.end. */
void store_run_thread(void *store);

/* Goes on with what was kept, but for axes that were commanded meanwhile. */
void store_restore_kept(struct store *store, const struct kept *kept);

#endif
