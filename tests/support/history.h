/* SPDX-License-Identifier: MIT */
/* One random history of a small site, played to the real model and to the reference at once, and compared
 * after each thing that happens. With a disk the journal is the real store, and the history has restarts.
 *
 * All that is random follows from the seed. A difference prints the history so far and fails the test. */
#ifndef TESTS_HISTORY_H
#define TESTS_HISTORY_H

#include "disk.h"
#include "fake_site.h"
#include "reference.h"

#define HISTORY_ANSWERS 1024

enum history_mood { MOOD_PROMPT, MOOD_SLOW, MOOD_FAILING, MOOD_DEAD, MOOD_COUNT }; /* of a device */

struct history_plan { /* for the answer to an order */
    int64_t at_ns;    /* INT64_MAX: never */
    bool ok;
};

struct history_counts {
    uint64_t histories, operations, restarts, refusals, comparisons, orders, expiries;
};

struct history {
    uint64_t seed, random;
    struct fake_site *fake; /* the disk's, if there is one */
    struct disk *disk;      /* NULL: without a journal */
    struct component *parts[REF_PARTS];
    struct ref ref, kept; /* kept: as of what was on the disk last */
    struct history_plan plans[ARRAY_LEN(((struct fake_device *)NULL)->orders)];
    size_t seen;                 /* orders */
    int64_t first_order;         /* the number of the first in the device's list */
    size_t sequences[REF_PARTS]; /* the newest order of start, standby … + 1 */
    enum history_mood moods[REF_PARTS];
    bool silent[REF_PARTS];
    enum ref_state physical[REF_PARTS]; /* what the next sample says */
    bool open;                          /* the battery's relays */
    struct ref_range momentary[REF_PARTS][REF_METRICS];
    double soc_pct, wants[REF_PARTS]; /* what sun and car would do */
    int64_t samples, next_sample_ns, last_write_utc_ns, last_utc_ns;
    bool utc_jumped;
    int64_t disk_until_ns; /* until then the disk does not answer … */
    uint64_t serial;       /* … and has been given nothing after this one, which was made at … */
    int64_t made_utc_ns;
    struct fake_answer answers[HISTORY_ANSWERS];
    int n_answers;
    char *text; /* the history in words */
    size_t len, cap;
    struct history_counts *counts;
};

extern const char *const history_names[REF_PARTS];

/* A site that has just been switched on. */
void history_begin(struct history *h, uint64_t seed, bool on_disk, struct history_counts *counts);
void history_end(struct history *h);

/* 0 … n - 1. */
uint64_t history_random(struct history *h, uint64_t n);
void history_say(struct history *h, const char *format, ...) PRINTF_LIKE(2, 3);
void history_fail(struct history *h, const char *format, ...) PRINTF_LIKE(2, 3);

/* Before something is asked: what the reference cannot know itself. */
void history_observe(struct history *h);
/* After it: everything that is due now happens, and is compared. */
void history_follow(struct history *h);
/* Time passes, stopping whenever something is due. */
void history_pass(struct history *h, int64_t ns);
void history_sample(struct history *h, enum ref_which which);

struct fake_answer *history_answer(struct history *h);

/* The end of this run, and the next one after `down_ns` by the boot's clock. */
struct history_restart {
    bool stop;         /* a planned one; else it is killed … */
    bool copy;         /* … with the files as they are at this instant, which SQLite has to repair */
    bool before_write; /* … before what the last operation made was handed to the disk */
    bool another_boot, unsynchronised;
    int64_t down_ns, utc_ns; /* utc_ns: at the next start */
    bool samples_first;      /* devices are sampled before the journal is restored, or after */
};
void history_restart(struct history *h, const struct history_restart *how);

#endif
