/* SPDX-License-Identifier: MIT */
/* A query is the reader's until its asker was told, or has cancelled it; then it is forgotten here as soon as
 * the thread has let go of it. So no more of them wait than there are askers, but for the few that the thread
 * has in its hands. */
#include "store/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "store/database.h"

struct journal_query {
    struct journal_query *next;      /* in asked or answered */
    struct journal_query *next_open; /* in open */
    bool forgotten;                  /* its asker has been told, or has cancelled: no longer in open */
    struct journal_filter filter;
    struct journal_page *page;
    journal_page_fn *done;
    void *userdata;
    uint64_t component_ids[];
};

static void append(struct journal_query **list, struct journal_query *query)
{
    while (*list) {
        list = &(*list)->next;
    }
    *list = query;
}

static void query_free(struct journal_query *query)
{
    journal_page_free(query->page);
    free(query);
}

/* The asker hears nothing of it any more. */
static void forget(struct reader *reader, struct journal_query *query)
{
    struct journal_query **link = &reader->open;
    while (*link != query) {
        link = &(*link)->next_open;
    }
    *link = query->next_open;
    query->forgotten = true;
}

/* The same before it was answered: nothing stays of what the thread has not begun. */
static void withdraw(struct reader *reader, struct journal_query *query)
{
    forget(reader, query);
    uv_mutex_lock(reader->mutex);
    struct journal_query **link = &reader->asked;
    while (*link && *link != query) {
        link = &(*link)->next;
    }
    bool waits = *link != NULL;
    if (waits) {
        *link = query->next;
    }
    uv_mutex_unlock(reader->mutex);
    if (waits) {
        query_free(query);
    }
}

/* ---- the loop --------------------------------------------------------------------------------------- */

static struct journal_query *ask(
    struct journal_reader *base, const struct journal_filter *filter, journal_page_fn *done, void *userdata)
{
    struct reader *reader = (struct reader *)base;
    size_t bytes = filter->n_component_ids * sizeof(uint64_t);
    struct journal_query *query = calloc(1, sizeof(*query) + bytes);
    if (!query) {
        abort();
    }
    query->filter = *filter;
    query->filter.component_ids = query->component_ids;
    if (bytes) {
        memcpy(query->component_ids, filter->component_ids, bytes);
    }
    query->page = journal_page_new();
    query->done = done;
    query->userdata = userdata;
    query->next_open = reader->open;
    reader->open = query;
    uv_mutex_lock(reader->mutex);
    append(&reader->asked, query);
    uv_cond_signal(reader->wake);
    uv_mutex_unlock(reader->mutex);
    return query;
}

static void cancel(struct journal_reader *base, struct journal_query *query)
{
    withdraw((struct reader *)base, query);
}

void reader_init(struct reader *reader, uv_mutex_t *mutex, uv_cond_t *wake)
{
    *reader = (struct reader){.base = {.ask = ask, .cancel = cancel}, .mutex = mutex, .wake = wake};
}

void reader_close(struct reader *reader)
{
    while (reader->open) {
        forget(reader, reader->open);
    }
    if (reader->base.on_closed) {
        reader->base.on_closed(reader->base.userdata);
    }
}

static void free_all(struct journal_query *first)
{
    while (first) {
        struct journal_query *next = first->next;
        query_free(first);
        first = next;
    }
}

void reader_done(struct reader *reader)
{
    reader_close(reader);
    free_all(reader->asked);
    free_all(reader->answered);
}

void reader_tell(struct reader *reader)
{
    uv_mutex_lock(reader->mutex);
    struct journal_query *first = reader->answered;
    reader->answered = NULL;
    uv_mutex_unlock(reader->mutex);
    while (first) {
        struct journal_query *next = first->next;
        if (!first->forgotten) {
            struct journal_page *page = first->page;
            forget(reader, first);
            first->page = NULL;
            first->done(page, first->userdata);
        }
        query_free(first);
        first = next;
    }
}

void reader_tell_written(struct reader *reader)
{
    if (reader->base.on_written) {
        reader->base.on_written(reader->base.userdata);
    }
}

/* The thread may still have the query and its page: it is told of by another. Whoever hears it asks no more.
 */
void reader_give_up(struct reader *reader, const char *why)
{
    while (reader->open) {
        struct journal_page *page = journal_page_new();
        struct journal_query *query = reader->open;
        journal_page_fn *done = query->done;
        void *userdata = query->userdata;
        status_set(&page->st, UGRPC_UNAVAILABLE, "the journal cannot be read: %s", why);
        withdraw(reader, query);
        done(page, userdata);
    }
}

/* ---- the thread ------------------------------------------------------------------------------------- */

bool reader_is_asked(const struct reader *reader)
{
    return reader->asked != NULL;
}

struct filling {
    const struct journal_filter *filter;
    struct journal_page *page;
};

static void take_row(const struct journal_entry *entry, void *userdata)
{
    const struct filling *filling = userdata;
    if (journal_filter_accepts(filling->filter, entry)) {
        journal_page_add(filling->page, entry);
    }
}

static void fill(struct journal_query *query, struct database *database, const char *why)
{
    struct journal_page *page = query->page;
    struct filling filling = {.filter = &query->filter, .page = page};
    struct ugrpc_status st;
    bool other = query->filter.resumes && database && database_last_id(database) < query->filter.after_id;
    page->last_id = other ? 0 : query->filter.after_id;
    int n = database ? database_read_entries(
                           database, &page->last_id, JOURNAL_PAGE_ENTRIES, take_row, &filling, &st)
                     : -UGRPC_UNAVAILABLE;
    page->more = n == JOURNAL_PAGE_ENTRIES;
    if (n < 0) {
        status_set(
            &page->st, UGRPC_UNAVAILABLE, "the journal cannot be read: %s", database ? st.message : why);
    }
}

void reader_answer(struct reader *reader, struct database *database, const char *why)
{
    struct journal_query *first = reader->asked;
    char reason[sizeof(((struct ugrpc_status *)NULL)->message)];
    reader->asked = NULL;
    snprintf(reason, sizeof(reason), "%s", why);
    uv_mutex_unlock(reader->mutex);
    for (struct journal_query *query = first; query; query = query->next) {
        fill(query, database, reason);
    }
    uv_mutex_lock(reader->mutex);
    append(&reader->answered, first);
}
