/* SPDX-License-Identifier: MIT */
/* An entry's strings lie in one piece of memory, which its component's name begins. */
#include "model/journal_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

struct journal_page *journal_page_new(void)
{
    struct journal_page *page = calloc(1, sizeof(*page));
    if (!page || !(page->entries = calloc(JOURNAL_PAGE_ENTRIES, sizeof(*page->entries)))) {
        abort();
    }
    return page;
}

void journal_page_add(struct journal_page *page, const struct journal_entry *entry)
{
    struct journal_entry *copy = &page->entries[page->n++];
    *copy = *entry;
    const char **strings[] = {&copy->component, &copy->detail, &copy->caller, &copy->message};
    size_t sizes[ARRAY_LEN(strings)], total = 0;
    for (size_t i = 0; i < ARRAY_LEN(strings); i++) {
        sizes[i] = strlen(*strings[i]) + 1;
        total += sizes[i];
    }
    char *at = malloc(total);
    if (!at) {
        abort();
    }
    for (size_t i = 0; i < ARRAY_LEN(strings); i++) {
        *strings[i] = memcpy(at, *strings[i], sizes[i]);
        at += sizes[i];
    }
}

void journal_page_free(struct journal_page *page)
{
    if (page) {
        for (size_t i = 0; i < page->n; i++) {
            free((char *)page->entries[i].component);
        }
        free(page->entries);
        free(page);
    }
}

bool journal_filter_accepts(const struct journal_filter *filter, const struct journal_entry *entry)
{
    bool named = filter->n_component_ids == 0 || entry->kind >= JOURNAL_KIND_GAP;
    for (size_t i = 0; i < filter->n_component_ids && !named; i++) {
        named = filter->component_ids[i] == entry->component_id;
    }
    return named && entry->at_utc_ns >= filter->since_utc_ns;
}
