/* SPDX-License-Identifier: MIT */
/* Ops are made on the loop, handed over once a turn, written by the thread in the order in which they were
 * made, and counted: so "safe" is a number. What waits to be told is a queue of numbers. */
#include "store/store.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "model/site.h"
#include "store/folder.h"
#include "store/store_internal.h"

#define MOST_PENDING 200000 /* ops, some 200 bytes each */

void store_note(const struct store *store, enum log_level level, const char *format, ...)
{
    char text[700];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    store->options.note(level, text, store->options.userdata);
}

static void append(struct ops *ops, struct ops *more)
{
    if (!more->first) {
        return;
    }
    if (ops->last) {
        ops->last->next = more->first;
    } else {
        ops->first = more->first;
    }
    ops->last = more->last;
    *more = (struct ops){NULL};
}

/* ---- open ------------------------------------------------------------------------------------------- */

static const char *folder_of(const struct store *store)
{
    return store->options.folder;
}

static void note_aside(struct store *store, const struct aside *aside)
{
    if (!*aside->path) {
        return;
    }
    store->aside = *aside;
    if (aside->log_only) {
        store_note(store, LOG_LEVEL_ERROR,
            "%s/journal.db-wal was damaged: it is kept as %s; what was written to it last is missing, so that "
            "nobody knows what was commanded last",
            folder_of(store), aside->path);
    } else {
        store_note(store, LOG_LEVEL_ERROR,
            "%s/journal.db was corrupt: it is kept as %s, a new journal begins; set-points, "
            "bounds and what devices had accumulated are not known",
            folder_of(store), aside->path);
    }
}

static void give_back(int lock)
{
    if (lock >= 0) {
        close(lock);
    }
}

struct store *store_open(const struct store_options *options, struct ugrpc_status *st)
{
    struct aside aside;
    struct ugrpc_status why = {.code = UGRPC_OK};
    int lock = folder_take(options->folder, &why);
    if (lock == -UGRPC_ALREADY_EXISTS) {
        *st = why;
        return NULL;
    }
    struct store *store = calloc(1, sizeof(*store));
    if (!store) {
        abort();
    }
    *store = (struct store){.journal.keeper = &store_keeper, .options = *options, .lock = lock};
    if (store->options.entries == 0) {
        store->options.entries = STORE_ENTRIES;
    }
    if (store->options.window_ms == 0) {
        store->options.window_ms = STORE_WINDOW_MS;
    }
    if (store->options.remember_ms == 0) {
        store->options.remember_ms = STORE_REMEMBER_MS;
    }
    if (options->boot) {
        store->boot = *options->boot;
    } else {
        boot_read(&store->boot);
    }
    store->database = database_open(options->folder, true, &aside, st);
    note_aside(store, &aside);
    if (!store->database && st->code == UGRPC_FAILED_PRECONDITION) {
        give_back(lock);
        free(store);
        return NULL;
    }
    store->kept_read = store->database && database_read_kept(store->database, &store->kept, st) == 0;
    store->shared.broken = lock < 0 || !store->kept_read || database_is_read_only(store->database);
    if (store->shared.broken) {
        snprintf(store->shared.why, sizeof(store->shared.why), "%s", lock < 0 ? why.message : st->message);
        store->degraded = true;
    }
    store->shared.since_utc_ns = INT64_MAX;
    reader_init(&store->reader, &store->mutex, &store->wake);
    /* If those in the file are not known yet: beyond them, so that nothing is taken for about one of them. */
    store->next_id = store->kept_read ? store->kept.last_id + 1
                                      : (uint64_t)clock_now_utc_ns(clock_real()) / 1000;
    store->told_start = store->kept_read && store->kept.last_id == 0;
    return store;
}

struct journal_reader *store_reader(struct store *store)
{
    return &store->reader.base;
}

/* ---- what is made ----------------------------------------------------------------------------------- */

static void break_down(struct store *store, const char *why);
static void ask_patience(struct store *store);

static void get_stuck(struct store *store, const char *why)
{
    store->stuck = true;
    store->stuck_utc_ns = clock_now_utc_ns(store_clock(store));
    break_down(store, why);
}

/* What the gateway tells of itself. */
static void write_note(struct store *store, const char *text)
{
    store_make(store, op_new(&(struct op){.kind = OP_NOTE, .text = text}));
}

#define CRASHED                                                                                              \
    "the one before wrote no stop: it crashed, or could not write, and then its last entries are missing"

/* Once, before anything else of this run: where nothing happens, restarts fill no journal. A new journal
 * needs none. */
static void tell_start(struct store *store)
{
    if (!store->told_start) {
        store->told_start = true;
        store_make(
            store, op_new(&(struct op){
                       .kind = OP_NOTE,
                       .at_utc_ns = store->started_utc_ns,
                       .text = store->after_crash ? "the gateway started; " CRASHED : "the gateway started",
                   }));
    }
}

uint64_t store_make(struct store *store, struct op *op)
{
    uint64_t id = 0;
    if (op_is_row(op)) {
        tell_start(store);
        store->made_rows = true;
        id = op->id = store->next_id++;
    }
    if (!store->stuck && op_is_entry(op) && store->serial - store->written >= MOST_PENDING) {
        get_stuck(store, "the disk is too slow"); /* but not amid a snapshot, which has no entries */
    }
    if (store->stuck) {
        store->skipped += op_is_entry(op);
        op_free_list(op);
        return id;
    }
    op->serial = ++store->serial;
    if (op->at_utc_ns == 0) {
        op->at_utc_ns = clock_now_utc_ns(store_clock(store));
    }
    append(&store->made, &(struct ops){op, op});
    if (op->serial == store->written + 1) {
        store->pending_since_ns = clock_now_ns(store_clock(store));
        ask_patience(store);
    }
    return id;
}

/* The new journal, too, says why there is no more in it, as soon as it can be written. */
static void write_aside(struct store *store)
{
    char text[FILE_ASIDE_BYTES + 128];
    if (*store->aside.path) {
        snprintf(text, sizeof(text),
            store->aside.log_only
                ? "the journal's log was damaged; it is kept as %s, and entries are missing"
                : "the journal before was corrupt; it is kept as %s, and what it held goes on "
                  "in nothing",
            store->aside.path);
        write_note(store, text);
        store->aside.path[0] = '\0';
    }
}

/* Nobody waits for the disk: what is to be told is told in the next turn. */
static bool waits_for_nothing(const struct store *store)
{
    return store->options.durability == STORE_BATCH || store->stuck || store->broken ||
           store->first_sync->serial <= store->written;
}

/* When the disk has had time enough: for what somebody waits for, and for anything at all. */
static void ask_patience(struct store *store)
{
    const int64_t patience_ns = STORE_PATIENCE_MS * NS_PER_MS;
    int64_t until_ns = INT64_MAX;
    if (store->first_sync) {
        until_ns = waits_for_nothing(store) ? clock_now_ns(store_clock(store))
                                            : store->first_sync->at_ns + patience_ns;
    }
    if (!store->stuck && store->serial > store->written) {
        int64_t overdue_ns = store->pending_since_ns + store->options.window_ms * NS_PER_MS + patience_ns;
        until_ns = overdue_ns < until_ns ? overdue_ns : until_ns;
    }
    if (until_ns < INT64_MAX) {
        timer_start_at(store->timers, &store->patience, until_ns);
    } else {
        timer_stop(store->timers, &store->patience);
    }
}

void store_sync(struct store *store, journal_sync_fn *done, void *userdata)
{
    struct sync *sync = calloc(1, sizeof(*sync));
    if (!sync) {
        abort();
    }
    *sync = (struct sync){.serial = store->serial,
        .at_ns = clock_now_ns(store_clock(store)),
        .done = done,
        .userdata = userdata};
    if (store->last_sync) {
        store->last_sync->next = sync;
    } else {
        store->first_sync = sync;
        ask_patience(store);
    }
    store->last_sync = sync;
    store->urgent = true;
}

/* ---- what the loop hears ---------------------------------------------------------------------------- */

/* Tells all who wait for what is written up to `serial`; what they make of it belongs to another turn. */
static void tell(struct store *store, uint64_t serial)
{
    const struct sync *last = store->last_sync;
    bool more = true;
    while (more && store->first_sync && store->first_sync->serial <= serial) {
        struct sync *sync = store->first_sync;
        more = sync != last;
        store->first_sync = sync->next;
        if (!store->first_sync) {
            store->last_sync = NULL;
        }
        sync->done(sync->userdata);
        free(sync);
    }
    ask_patience(store);
}

static void set_degraded(struct store *store, bool degraded)
{
    if (store->degraded != degraded) {
        store->degraded = degraded;
        if (store->options.health) {
            store->options.health(degraded, store->options.userdata);
        }
    }
}

static void break_down(struct store *store, const char *why)
{
    if (!store->degraded) {
        store_note(store, LOG_LEVEL_ERROR,
            "%s/journal.db cannot be written: %s; commands go on without it, and would not survive a restart; "
            "it is tried again by itself",
            folder_of(store), why);
    }
    set_degraded(store, true);
}

static void on_repaired(void *userdata)
{
    struct store *store = userdata;
    if (store->broken || store->stuck) {
        return; /* again; it is repaired once more */
    }
    char missing[48] = "nothing is";
    if (store->missing > 0) {
        snprintf(missing, sizeof(missing), "%" PRIu64 " entr%s", store->missing,
            store->missing == 1 ? "y is" : "ies are");
    }
    store_note(
        store, LOG_LEVEL_INFO, "%s/journal.db is written again; %s missing in it", folder_of(store), missing);
    store->missing = 0;
    set_degraded(store, false);
}

/* It can be written again, after entries were lost: what counts is written anew. */
static void repair(
    struct store *store, uint64_t lost, int64_t since_utc_ns, bool replaced, const struct kept *kept)
{
    store_recall_late(store, &kept->memory); /* of a file that could not be read before */
    if (!store->site) {
        set_degraded(store, false);
        return;
    }
    if (store->next_id <= kept->last_id) {
        store->next_id = kept->last_id + 1;
    }
    store_restore_kept(store, kept); /* likewise */
    write_aside(store);
    if (kept->crashed) {
        write_note(store, "the gateway has started; " CRASHED);
    }
    if (replaced) {
        store_make(store, op_new(&(struct op){
                              .kind = OP_NOTE,
                              .replaced = true,
                              .text = "somebody removed or replaced journal.db or its log while the gateway "
                                      "ran: entries from before are missing",
                          }));
    }
    if (lost > 0) {
        store->missing = lost; /* with those of a gap that could not be told */
        store_make(store, op_new(&(struct op){.kind = OP_GAP, .lost = lost, .until_utc_ns = since_utc_ns}));
    }
    journal_snapshot(store->site);
    store_remember_soon(store);
    store_sync(store, on_repaired, store);
}

static void take_report(struct store *store)
{
    uv_mutex_lock(&store->mutex);
    struct shared seen = store->shared;
    store->shared.aside.path[0] = '\0';
    store->shared.kept = (struct kept){.last_id = seen.kept.last_id};
    store->shared.replaced = false;
    store->shared.lost = 0;
    store->shared.since_utc_ns = INT64_MAX;
    uv_mutex_unlock(&store->mutex);
    bool news = store->written != seen.written, repaired = store->repairs != seen.repairs;
    if (news) {
        store->pending_since_ns = clock_now_ns(store_clock(store));
    }
    store->written = seen.written;
    store->broken = seen.broken ||
                    repaired; /* also if it has failed and been repaired since the last report */
    note_aside(store, &seen.aside);
    if (store->broken) {
        break_down(store, seen.why);
    }
    tell(store, seen.written);
    reader_tell(&store->reader);
    if (news) {
        reader_tell_written(&store->reader);
    }
    store->broken = seen.broken;
    bool was_stuck = store->stuck && seen.written == store->serial && !seen.broken;
    uint64_t skipped = was_stuck ? store->skipped : 0;
    if (was_stuck) {
        store->stuck = false;
        store->skipped = 0;
    }
    store->repairs = seen.repairs;
    if (repaired || was_stuck) {
        repair(store, (repaired ? seen.lost : 0) + skipped,
            repaired ? seen.since_utc_ns : store->stuck_utc_ns, repaired && seen.replaced, &seen.kept);
    }
    kept_done(&seen.kept);
    ask_patience(store);
}

static void on_reported(uv_async_t *async)
{
    struct store *store = ((struct handles *)async->data)->store;
    if (store) {
        take_report(store);
    }
}

/* The thread may have been in time, and the loop late: what it has to report comes first. */
static void on_patience(struct timer *timer, void *userdata)
{
    struct store *store = userdata;
    take_report(store);
    int64_t now_ns = clock_now_ns(store_clock(store)), patience_ns = STORE_PATIENCE_MS * NS_PER_MS;
    const struct sync *first = store->first_sync;
    bool overdue = store->serial > store->written &&
                   now_ns >= store->pending_since_ns + store->options.window_ms * NS_PER_MS + patience_ns;
    overdue |= first && !waits_for_nothing(store) && now_ns >= first->at_ns + patience_ns;
    if (overdue && !store->stuck) {
        char why[64];
        snprintf(why, sizeof(why), "the disk has not answered for %d s", STORE_PATIENCE_MS / 1000);
        get_stuck(store, why);
    }
    if (first && waits_for_nothing(store)) {
        bool told_all = store->options.durability == STORE_BATCH || store->stuck || store->broken;
        tell(store, told_all ? UINT64_MAX : store->written);
    }
    ask_patience(store);
}

/* Once a turn, so that what belongs together is one transaction. `last`: there is no more to come. */
static void hand_over(struct store *store, bool last)
{
    if (!store->made.first && !store->urgent) {
        return; /* urgent: somebody waits for what was handed over before */
    }
    uv_mutex_lock(&store->mutex);
    append(&store->shared.handed, &store->made);
    store->shared.urgent |= store->urgent && store->options.durability == STORE_FULL;
    store->shared.end = last;
    uv_cond_signal(&store->wake);
    uv_mutex_unlock(&store->mutex);
    store->urgent = false;
}

static void on_before_wait(uv_prepare_t *prepare)
{
    const struct handles *handles = prepare->data;
    if (handles->store) {
        hand_over(handles->store, false);
    }
}

static void on_after_wait(uv_check_t *check)
{
    const struct handles *handles = check->data;
    if (handles->store) {
        hand_over(handles->store, false);
    }
    if (handles->store && handles->store->stuck) {
        reader_give_up(&handles->store->reader, "the disk does not answer");
    }
}

void store_restore(struct store *store, struct site *site, bool as_new)
{
    store->timers = site->timers;
    timer_init(&store->patience, on_patience, store);
    if (store->degraded) {
        store->degraded = false;
        break_down(store, store->shared.why);
    }
    if (!as_new) {
        store->site = site;
        store->started_utc_ns = clock_now_utc_ns(store_clock(store));
        store->after_crash = store->kept.crashed;
        write_aside(store);
        if (store->kept.crashed || store->kept.setpoints || store->kept.bounds) {
            tell_start(store);
        }
        store_restore_kept(store, &store->kept);
        journal_attach(site, &store->journal);
        store->urgent = true; /* whether it can be written is soon known */
    }
    kept_done(&store->kept);
}

int store_start(struct store *store, struct uv_loop_s *uv, struct ugrpc_status *st)
{
    struct handles *handles = calloc(1, sizeof(*handles));
    if (!handles) {
        abort();
    }
    if (uv_mutex_init(&store->mutex) < 0 || uv_cond_init(&store->wake) < 0 ||
        uv_cond_init(&store->done) < 0 || uv_async_init(uv, &handles->reported, on_reported) < 0) {
        free(handles);
        return status_set(st, UGRPC_RESOURCE_EXHAUSTED, "no memory or descriptors for the journal");
    }
    uv_prepare_init(uv, &handles->before_wait);
    uv_check_init(uv, &handles->after_wait);
    handles->reported.data = handles->before_wait.data = handles->after_wait.data = handles;
    handles->store = store;
    handles->open = 3;
    store->handles = handles;
    uv_prepare_start(&handles->before_wait, on_before_wait);
    uv_check_start(&handles->after_wait, on_after_wait);
    store->runs = uv_thread_create(&store->thread, store_run_thread, store) == 0;
    return store->runs ? 0
                       : status_set(st, UGRPC_RESOURCE_EXHAUSTED, "no thread for the journal can be started");
}

/* ---- the end ---------------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
    struct handles *handles = handle->data;
    if (--handles->open == 0) {
        free(handles);
    }
}

static void close_handles(struct handles *handles)
{
    if (handles) {
        handles->store = NULL;
        uv_close((uv_handle_t *)&handles->reported, on_closed);
        uv_close((uv_handle_t *)&handles->before_wait, on_closed);
        uv_close((uv_handle_t *)&handles->after_wait, on_closed);
    }
}

/* False: the disk is stuck, and the thread with it. */
static bool end_thread(struct store *store, int64_t limit_ms)
{
    uint64_t until_ns = uv_hrtime() + (uint64_t)(limit_ms * NS_PER_MS), now_ns;
    uv_mutex_lock(&store->mutex);
    store->shared.end = true;
    uv_cond_signal(&store->wake);
    while (!store->shared.ended && (now_ns = uv_hrtime()) < until_ns) {
        uv_cond_timedwait(&store->done, &store->mutex, until_ns - now_ns);
    }
    bool ended = store->shared.ended;
    store->shared.abandoned = !ended;
    uv_mutex_unlock(&store->mutex);
    if (ended) {
        uv_thread_join(&store->thread);
    }
    return ended;
}

/* What cannot be written now may be at the last attempt: all that counts, as none of it is there. But not
 * over what was never read. */
static void write_last(struct store *store)
{
    uv_mutex_lock(&store->mutex);
    bool broken = store->shared.broken;
    uv_mutex_unlock(&store->mutex);
    if (broken && store->kept_read) {
        store_make(store, op_new(&(struct op){.kind = OP_GAP}));
        journal_snapshot(store->site);
    }
}

void store_close(struct store *store, int64_t limit_ms)
{
    if (!store) {
        return;
    }
    if (store->site && store->runs) {
        write_last(store);
    }
    if (store->site) {
        journal_detach(store->site);
    }
    if (store->runs) {
        if (store->made_rows) {
            write_note(store, "the gateway stopped");
        }
        if (store->site) {
            store_make(store, op_new(&(struct op){.kind = OP_STOP}));
        }
        store_remember(store);
        hand_over(store, true);
    }
    if (store->timers) {
        timer_stop(store->timers, &store->patience);
        timer_stop(store->timers, &store->remember);
    }
    if (store->runs && !end_thread(store, limit_ms)) {
        store_note(store, LOG_LEVEL_ERROR,
            "%s/journal.db: the disk has not answered for %lld ms; ending without it", folder_of(store),
            (long long)limit_ms);
        reader_close(&store->reader);
        close_handles(store->handles);
        return; /* the thread still has it all, until the process ends */
    }
    close_handles(store->handles);
    while (store->first_sync) {
        struct sync *sync = store->first_sync;
        store->first_sync = sync->next;
        free(sync);
    }
    reader_done(&store->reader);
    op_free_list(store->made.first);
    op_free_list(store->absent);
    kept_done(&store->shared.kept);
    kept_done(&store->kept);
    database_close(store->database);
    give_back(store->lock);
    if (store->handles) {
        uv_mutex_destroy(&store->mutex);
        uv_cond_destroy(&store->wake);
        uv_cond_destroy(&store->done);
    }
    free(store);
}
