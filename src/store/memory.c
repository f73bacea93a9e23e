/* SPDX-License-Identifier: MIT */
/* What devices have accumulated (model/memory.h): given back before they start, written every few minutes and
 * at the end. All of it is handed over; SQLite leaves alone what has not changed. Of a large site some
 * components are written, and a moment later the next, so that neither the loop nor who waits for the disk is
 * held up. */
#include "model/memory.h"

#include "model/site.h"
#include "store/store_internal.h"

#define MOST_REFUSALS 10  /* told one by one */
#define SLICE         500 /* components at a time */

struct refusals {
    const struct store *store;
    size_t n;
};

static void on_refuse(const char *text, void *userdata)
{
    struct refusals *refusals = userdata;
    if (refusals->n++ < MOST_REFUSALS) {
        store_note(refusals->store, LOG_LEVEL_WARNING, "%s", text);
    }
}

static void recall(struct store *store, const struct memory *memory, bool late)
{
    struct refusals refusals = {.store = store};
    size_t n = memory_recall(store->devices, memory, late, on_refuse, &refusals);
    if (refusals.n > MOST_REFUSALS) {
        store_note(store, LOG_LEVEL_WARNING,
            "%s/journal.db: %zu more values of devices are not as they can be", store->options.folder,
            refusals.n - MOST_REFUSALS);
    }
    if (n > 0) {
        store_note(store, LOG_LEVEL_INFO, "%s/journal.db: %zu component%s with what they had accumulated",
            store->options.folder, n, n == 1 ? " goes on" : "s go on");
    }
    store->recalled = true;
}

/* Nothing is written over that has not been read. */
static void remember(struct store *store, size_t first, size_t n)
{
    if (store->devices && store->recalled) {
        struct op *op = op_new(&(struct op){.kind = OP_REMEMBER});
        memory_collect(store->devices, first, n, &op->memory);
        store_make(store, op);
    }
}

static void on_remember(struct timer *timer, void *userdata)
{
    struct store *store = userdata;
    size_t first = store->next_device;
    bool more = first + SLICE < store->devices->n_components;
    store->next_device = more ? first + SLICE : 0;
    timer_start_in(store->timers, timer, (more ? STORE_WINDOW_MS : store->options.remember_ms) * NS_PER_MS);
    remember(store, first, SLICE);
}

void store_recall(struct store *store, struct site *site)
{
    store->devices = site;
    store->timers = site->timers;
    timer_init(&store->remember, on_remember, store);
    timer_start_in(store->timers, &store->remember, store->options.remember_ms * NS_PER_MS);
    if (store->kept_read) {
        recall(store, &store->kept.memory, false);
    }
}

void store_recall_late(struct store *store, const struct memory *memory)
{
    if (store->devices && !store->recalled) {
        recall(store, memory, true);
    }
    store_remember(store);
}

void store_remember(struct store *store)
{
    remember(store, 0, SIZE_MAX);
}

void store_remember_soon(struct store *store)
{
    int64_t at_ns = clock_now_ns(store_clock(store)) + STORE_WINDOW_MS * NS_PER_MS;
    if (store->devices && store->remember.at_ns > at_ns) {
        timer_start_at(store->timers, &store->remember, at_ns);
    }
}
