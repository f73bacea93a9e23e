/* SPDX-License-Identifier: MIT */
/* A fake site whose journal is on a real disk, in a folder of its own. A restart is a new site on the same
 * folder; the clocks stand still but when a test moves them. Failures are cmocka's. */
#ifndef TESTS_DISK_H
#define TESTS_DISK_H

#include <sqlite3.h>
#include <uv.h>

#include "fake_site.h"
#include "store/store.h"

struct disk {
    char folder[64];
    struct boot boot;
    struct store_options options;
    uv_loop_t loop;
    struct fake_site *fake;
    struct store *store;
    char notes[8][512];
    int n_notes;
    bool unhealthy;
    bool remembers;        /* what the device accumulates is kept too */
    double charging_w;     /* what the EV charger does at the start, by itself */
    int64_t at_ns, utc_ns; /* where the clocks stood at the last end */
};

struct disk *disk_new(void);                  /* without a site yet */
struct disk *disk_new_in(const char *folder); /* the same, in a folder of another place than /tmp */
void disk_free(struct disk *f);

/* The gateway starts, as `options` say. */
void disk_begin(struct disk *f);
/* Nothing is told or written after this, as if the process had been killed once all was on the disk. */
void disk_end(struct disk *f);

/* The path of a file in the folder, until the next call. */
const char *disk_path(const struct disk *f, const char *name);

/* Turns the loop, with a device that takes everything, until there is an answer. */
void disk_await(struct disk *f, const struct fake_answer *answer);
/* A set-point that is accepted. */
void disk_set(struct disk *f, struct component *component, double power_w, int64_t lifetime_s);
/* Until all that was made is written. */
void disk_sync(struct disk *f);

/* Until the journal can be written (again), or no longer can. */
void disk_await_health(struct disk *f, bool healthy);
/* A journal that cannot be opened, until it is shown again. */
void disk_hide(const struct disk *f);
void disk_show(const struct disk *f);

/* The first number that a query of the journal's file gives. */
int64_t disk_ask(const struct disk *f, const char *sql);
/* What somebody else writes into the file. */
void disk_change(const struct disk *f, const char *sql);
/* Keeps others from writing until sqlite3_close(). */
sqlite3 *disk_lock(const struct disk *f);

#endif
