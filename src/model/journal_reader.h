/* SPDX-License-Identifier: MIT */
/* How a journal is read that somebody keeps (model/journal.h): he implements this, and the daemon hands it to
 * those who show it. A disk may be slow, so nothing here waits for it: pages are asked for and come later. */
#ifndef MODEL_JOURNAL_READER_H
#define MODEL_JOURNAL_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define JOURNAL_PAGE_ENTRIES 256 /* looked at for one page: so long is nothing written */

enum journal_kind {
    JOURNAL_KIND_COMMAND, /* and what became of it */
    JOURNAL_KIND_REFUSAL,
    JOURNAL_KIND_END,
    JOURNAL_KIND_GAP,  /* from here on of no component */
    JOURNAL_KIND_NOTE, /* what the gateway tells of itself: only a message */
};

/* Strings are "" where there is nothing to tell. */
struct journal_entry {
    uint64_t id;
    enum journal_kind kind;
    int64_t at_utc_ns;
    uint64_t component_id;
    int verb;              /* enum journal_verb (model/journal.h); a newer version may have written others */
    double value;          /* W or VAr; NAN: none */
    int64_t lifetime_ns;   /* 0: none */
    int64_t until_utc_ns;  /* of an end */
    int code;              /* of a command or refusal */
    int end;               /* enum journal_end */
    uint32_t renewals;     /* of the set-point that ended */
    uint64_t lost;         /* entries that are missing … */
    int64_t lost_utc_ns;   /* … from then on, in a gap */
    const char *component; /* its name */
    const char *detail, *caller, *message;
};

/* Which entries: borrowed for the call. */
struct journal_filter {
    uint64_t after_id;
    bool resumes; /* after_id is of another stream: if the journal has not come so far, it is of one before
                   * this one, and all of it is new */
    int64_t since_utc_ns; /* INT64_MIN: all */
    const uint64_t *component_ids;
    size_t n_component_ids; /* 0: all */
};

struct journal_page {
    struct journal_entry *entries; /* those of the looked at that pass the filter */
    size_t n;
    uint64_t last_id;       /* of what was looked at: the next page is after it */
    bool more;              /* there is a next page now */
    struct ugrpc_status st; /* UNAVAILABLE: it cannot be read, and the rest means nothing */
};

/* *takes* the page: caller frees with journal_page_free(). */
typedef void journal_page_fn(struct journal_page *page, void *userdata);

struct journal_query;

struct journal_reader {
    /* Asks for a page. done() runs once, from a later turn of the loop, unless it is cancelled or the journal
     * is closed first. */
    struct journal_query *(*ask)(struct journal_reader *reader, const struct journal_filter *filter,
        journal_page_fn *done, void *userdata);
    void (*cancel)(struct journal_reader *reader, struct journal_query *query);

    /* Set by who reads; NULL: nobody listens. There may be more to read now; the journal is being closed, and
     * no query is answered, nor may be asked or cancelled, any more. Both from the loop. */
    void (*on_written)(void *userdata);
    void (*on_closed)(void *userdata);
    void *userdata;
};

/* A page with room for all that was looked at, all of its memory to be freed in one call. NULL is fine there.
 * Entries are copied, with their strings. Abort when memory runs out. */
struct journal_page *journal_page_new(void);
void journal_page_add(struct journal_page *page, const struct journal_entry *entry);
void journal_page_free(struct journal_page *page);

/* In a gap all components have their part. */
bool journal_filter_accepts(const struct journal_filter *filter, const struct journal_entry *entry);

#endif
