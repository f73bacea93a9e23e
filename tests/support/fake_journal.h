/* SPDX-License-Identifier: MIT */
/* A journal that notes in words what it is told, and is as slow as a test wants. */
#ifndef TESTS_FAKE_JOURNAL_H
#define TESTS_FAKE_JOURNAL_H

#include "model/journal.h"

struct fake_journal {
    struct journal journal;
    char text[32768]; /* a line each: "command 1 set +5000 by a", "outcome 1 OK", "keep 4 5000 until 60" … */
    size_t len;
    uint64_t entries;
    struct {
        journal_sync_fn *done;
        void *userdata;
    } syncs[64];
    size_t n_syncs;
    bool degraded;
    int64_t started_ns; /* which times are told from */
};

/* Becomes the site's journal, and has forgotten what that began with. */
void fake_journal_attach(struct fake_journal *fake, struct site *site);

/* All that was written is safe now. */
void fake_journal_sync(struct fake_journal *fake);

bool fake_journal_says(const struct fake_journal *fake, const char *what);
size_t fake_journal_count(const struct fake_journal *fake, const char *what);
void fake_journal_forget(struct fake_journal *fake);

#endif
