/* SPDX-License-Identifier: MIT */
/* Ops are made on the loop, handed over once a turn, written by the thread in the order in which they were
 * made, and counted: so "safe" is a number. What waits to be told is a queue of numbers. */
#include "store/store.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/base.h"
#include "base/timer.h"
#include "model/bounds.h"
#include "model/command.h"
#include "model/journal.h"
#include "model/site.h"
#include "store/database.h"
#include "store/folder.h"
#include "store/op.h"

#define MOST_PENDING 200000 /* ops, some 200 bytes each */

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
    char aside[DATABASE_ASIDE_BYTES];                         /* a corrupt file that was set aside */
    uint64_t lost;                                            /* entries, before the last repair, … */
    int64_t since_utc_ns;                                     /* … from then on */
    bool end, ended, abandoned;
};

struct store {
    struct journal journal; /* first */
    struct store_options options;
    struct boot boot;
    int lock;
    struct database *database; /* the thread's, while it runs */

    /* The loop's. */
    struct site *site;
    struct timers *timers;
    struct handles *handles;
    struct ops made; /* in this turn */
    bool urgent;     /* somebody waits for one of them */
    uint64_t serial, next_id;
    struct sync *first_sync, *last_sync;
    struct timer patience; /* for the first of them */
    int64_t refusals_since_ns;
    uint64_t refusals, refusals_left_out; /* since then; since the last one written */
    uint64_t written, repairs;            /* as reported */
    bool broken, degraded;
    bool stuck;           /* the disk does not answer: nothing more is made … */
    uint64_t skipped;     /* … which would have been so many entries … */
    int64_t stuck_utc_ns; /* … from then on */

    /* Shared. */
    uv_thread_t thread;
    bool runs;
    uv_mutex_t mutex;
    uv_cond_t wake, done;
    struct shared shared;
};

static const struct journal_keeper keeper;

static void PRINTF_LIKE(3, 4) note(const struct store *store, enum log_level level, const char *format, ...)
{
    char text[700];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    store->options.note(level, text, store->options.userdata);
}

static struct store *store_of(struct journal *journal)
{
    return (struct store *)journal;
}

static struct clock *clock_of(const struct store *store)
{
    return store->timers->clock;
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

static void note_aside(const struct store *store, const char *aside)
{
    if (*aside) {
        note(store, LOG_LEVEL_ERROR,
            "%s/journal.db was corrupt: it is kept as %s, a new journal begins; set-points and "
            "bounds from before are not known",
            folder_of(store), aside);
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
    char aside[DATABASE_ASIDE_BYTES];
    int lock = folder_take(options->folder, st);
    if (lock == -UGRPC_ALREADY_EXISTS) {
        return NULL;
    }
    struct store *store = calloc(1, sizeof(*store));
    if (!store) {
        abort();
    }
    *store = (struct store){.journal.keeper = &keeper, .options = *options, .lock = lock};
    if (store->options.entries == 0) {
        store->options.entries = STORE_ENTRIES;
    }
    if (options->boot) {
        store->boot = *options->boot;
    } else {
        boot_read(&store->boot);
    }
    store->database = database_open(options->folder, true, aside, st);
    note_aside(store, aside);
    if (!store->database && st->code == UGRPC_FAILED_PRECONDITION) {
        give_back(lock);
        free(store);
        return NULL;
    }
    store->shared.broken = !store->database || database_is_read_only(store->database);
    if (store->shared.broken) {
        snprintf(store->shared.why, sizeof(store->shared.why), "%s", st->message);
        store->degraded = true;
    }
    store->next_id = store->database ? database_last_id(store->database) + 1 : 1;
    return store;
}

static bool is_degraded(const struct journal *journal)
{
    return ((const struct store *)journal)->degraded;
}

/* ---- what the model writes -------------------------------------------------------------------------- */

static void break_down(struct store *store, const char *why);

static void get_stuck(struct store *store, const char *why)
{
    store->stuck = true;
    store->stuck_utc_ns = clock_now_utc_ns(clock_of(store));
    break_down(store, why);
}

static void make(struct store *store, struct op *op)
{
    if (!store->stuck && store->serial - store->written >= MOST_PENDING) {
        get_stuck(store, "the disk is too slow");
    }
    if (store->stuck) {
        store->skipped += op_is_entry(op);
        free(op);
        return;
    }
    op->serial = ++store->serial;
    op->at_utc_ns = clock_now_utc_ns(clock_of(store));
    append(&store->made, &(struct ops){op, op});
}

static uint64_t write_command(struct journal *journal, const struct journal_command *command)
{
    struct store *store = store_of(journal);
    struct op *op = op_new(OP_COMMAND, command->component, command->caller->label, command->detail);
    uint64_t id = op->id = store->next_id++;
    op->component = command->component_id;
    op->verb = (int)command->verb;
    op->value = command->value;
    op->lifetime_ns = command->lifetime_ns;
    make(store, op);
    return id;
}

static void write_outcome(struct journal *journal, uint64_t entry, const struct ugrpc_status *st)
{
    struct store *store = store_of(journal);
    struct op *op = op_new(OP_OUTCOME, NULL, NULL, st->code == UGRPC_OK ? "" : st->message);
    op->id = store->next_id++;
    op->about = entry;
    op->code = st->code;
    make(store, op);
}

static void write_refusal(
    struct journal *journal, const struct journal_command *command, const struct ugrpc_status *st)
{
    struct store *store = store_of(journal);
    char text[sizeof(st->message) + 64];
    int64_t now_ns = clock_now_ns(clock_of(store));
    if (now_ns - store->refusals_since_ns >= STORE_WINDOW_MS * NS_PER_MS) {
        store->refusals_since_ns = now_ns;
        store->refusals = 0;
    }
    if (store->refusals++ >= STORE_REFUSALS) {
        store->refusals_left_out++;
        return;
    }
    int len = snprintf(text, sizeof(text), "%s", st->message);
    if (store->refusals_left_out > 0) {
        snprintf(text + len, sizeof(text) - (size_t)len, " (%" PRIu64 " refusals before it are left out)",
            store->refusals_left_out);
        store->refusals_left_out = 0;
    }
    struct op *op = op_new(OP_REFUSAL, command->component, command->caller->label, text);
    op->id = store->next_id++;
    op->component = command->component_id;
    op->verb = (int)command->verb;
    op->value = command->value;
    op->lifetime_ns = command->lifetime_ns;
    op->code = st->code;
    make(store, op);
}

static void write_end(
    struct journal *journal, const struct journal_setpoint *setpoint, enum journal_end end, const char *why)
{
    struct store *store = store_of(journal);
    struct op *op = op_new(OP_END, NULL, setpoint->by, why);
    op->id = store->next_id++;
    op->about = setpoint->entry;
    op->component = setpoint->component_id;
    op->verb = setpoint->axis == AXIS_ACTIVE ? JOURNAL_SET_ACTIVE : JOURNAL_SET_REACTIVE;
    op->value = setpoint->requested;
    op->end = (int)end;
    op->renewals = setpoint->renewals;
    op->until_utc_ns = setpoint->until_utc_ns;
    make(store, op);
    store->urgent = true;
}

static void keep_setpoint(struct journal *journal, const struct journal_setpoint *setpoint)
{
    struct op *op = op_new(OP_KEEP_SETPOINT, NULL, setpoint->by, NULL);
    op->component = setpoint->component_id;
    op->place = (int)setpoint->axis;
    op->held = setpoint->held;
    op->waiting = setpoint->waiting;
    op->value = setpoint->requested;
    op->until_ns = setpoint->until_ns;
    op->until_utc_ns = setpoint->until_utc_ns;
    op->about = setpoint->entry;
    op->renewals = setpoint->renewals;
    make(store_of(journal), op);
}

static void keep_bounds(struct journal *journal, const struct journal_bounds *bounds)
{
    struct store *store = store_of(journal);
    for (size_t i = 0; i < bounds->n; i++) {
        struct op *op = op_new(OP_KEEP_BOUND, NULL, bounds->owner, bounds->token);
        op->component = bounds->component_id;
        op->place = (int)bounds->bounded;
        op->value = bounds->ranges[i].lower;
        op->upper = bounds->ranges[i].upper;
        op->until_ns = bounds->until_ns;
        op->until_utc_ns = bounds->until_utc_ns;
        op->now_ns = clock_now_ns(clock_of(store));
        make(store, op);
    }
}

static void drop_bounds(
    struct journal *journal, uint64_t component_id, enum bounded bounded, const char *token)
{
    struct op *op = op_new(OP_DROP_BOUNDS, NULL, NULL, token);
    op->component = component_id;
    op->place = (int)bounded;
    make(store_of(journal), op);
}

static void forget(struct journal *journal)
{
    struct store *store = store_of(journal);
    make(store, op_new(OP_FORGET, NULL, NULL, store->boot.id));
}

/* Where nobody waits for the disk, the next turn is early enough. */
static void ask_patience(struct store *store)
{
    const struct sync *first = store->first_sync;
    if (!first) {
        timer_stop(store->timers, &store->patience);
    } else if (store->options.durability == STORE_BATCH || store->stuck) {
        timer_start_in(store->timers, &store->patience, 0);
    } else {
        timer_start_at(store->timers, &store->patience, first->at_ns + STORE_PATIENCE_MS * NS_PER_MS);
    }
}

static void ask_sync(struct journal *journal, journal_sync_fn *done, void *userdata)
{
    struct store *store = store_of(journal);
    struct sync *sync = calloc(1, sizeof(*sync));
    if (!sync) {
        abort();
    }
    *sync = (struct sync){
        .serial = store->serial, .at_ns = clock_now_ns(clock_of(store)), .done = done, .userdata = userdata};
    if (store->last_sync) {
        store->last_sync->next = sync;
    } else {
        store->first_sync = sync;
        ask_patience(store);
    }
    store->last_sync = sync;
    store->urgent = true;
}

static const struct journal_keeper keeper = {
    .write_command = write_command,
    .write_outcome = write_outcome,
    .write_refusal = write_refusal,
    .write_end = write_end,
    .keep_setpoint = keep_setpoint,
    .keep_bounds = keep_bounds,
    .drop_bounds = drop_bounds,
    .forget = forget,
    .sync = ask_sync,
    .is_degraded = is_degraded,
};

/* ---- what the loop hears ---------------------------------------------------------------------------- */

/* Tells all who wait for what is written up to `serial`; what they make of it belongs to another turn. */
static void tell(struct store *store, uint64_t serial)
{
    const struct sync *last = store->last_sync;
    bool more = store->first_sync != NULL;
    while (more && store->first_sync->serial <= serial) {
        struct sync *sync = store->first_sync;
        store->first_sync = sync->next;
        if (!store->first_sync) {
            store->last_sync = NULL;
        }
        more = sync != last;
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
        note(store, LOG_LEVEL_ERROR,
            "%s/journal.db cannot be written: %s; commands go on without it, and would not survive a restart",
            folder_of(store), why);
    }
    set_degraded(store, true);
}

static void on_patience(struct timer *timer, void *userdata)
{
    struct store *store = userdata;
    if (store->options.durability == STORE_FULL && !store->stuck) {
        char why[64];
        snprintf(why, sizeof(why), "the disk has not answered for %d s", STORE_PATIENCE_MS / 1000);
        get_stuck(store, why);
    }
    tell(store, UINT64_MAX);
}

static void on_repaired(void *userdata)
{
    struct store *store = userdata;
    set_degraded(store, store->broken || store->stuck);
}

/* It can be written again, after entries were lost. */
static void repair(struct store *store, uint64_t lost, int64_t since_utc_ns)
{
    struct op *op = op_new(OP_GAP, NULL, NULL, NULL);
    op->id = store->next_id++;
    op->lost = lost;
    op->until_utc_ns = since_utc_ns;
    note(store, LOG_LEVEL_INFO, "%s/journal.db is written again; %" PRIu64 " entr%s missing in it",
        folder_of(store), lost, lost == 1 ? "y is" : "ies are");
    make(store, op);
    journal_snapshot(store->site);
    ask_sync(&store->journal, on_repaired, store);
}

static void on_reported(uv_async_t *async)
{
    struct store *store = ((struct handles *)async->data)->store;
    if (!store) {
        return;
    }
    uv_mutex_lock(&store->mutex);
    struct shared seen = store->shared;
    store->shared.aside[0] = '\0';
    uv_mutex_unlock(&store->mutex);
    store->written = seen.written;
    store->broken = seen.broken;
    note_aside(store, seen.aside);
    if (seen.broken) {
        break_down(store, seen.why);
    }
    tell(store, seen.written);
    bool was_stuck = store->stuck && seen.written == store->serial && !seen.broken;
    uint64_t skipped = store->skipped;
    if (was_stuck) {
        store->stuck = false;
        store->skipped = 0;
        ask_patience(store);
    }
    if (seen.repairs != store->repairs) {
        store->repairs = seen.repairs;
        repair(store, seen.lost + (was_stuck ? skipped : 0), seen.since_utc_ns);
    } else if (was_stuck) {
        repair(store, skipped, store->stuck_utc_ns);
    }
}

/* Once a turn, so that what belongs together is one transaction. */
static void hand_over(struct store *store)
{
    if (!store->made.first) {
        return;
    }
    uv_mutex_lock(&store->mutex);
    append(&store->shared.handed, &store->made);
    store->shared.urgent |= store->urgent && store->options.durability == STORE_FULL;
    uv_cond_signal(&store->wake);
    uv_mutex_unlock(&store->mutex);
    store->urgent = false;
}

static void on_before_wait(uv_prepare_t *prepare)
{
    const struct handles *handles = prepare->data;
    if (handles->store) {
        hand_over(handles->store);
    }
}

static void on_after_wait(uv_check_t *check)
{
    const struct handles *handles = check->data;
    if (handles->store) {
        hand_over(handles->store);
    }
}

/* ---- the thread ------------------------------------------------------------------------------------- */

/* What it knows of an interruption. */
struct trouble {
    bool broken;
    uint64_t lost; /* entries */
    int64_t since_utc_ns;
};

static void lose(struct trouble *trouble, const struct op *first)
{
    for (const struct op *op = first; op; op = op->next) {
        trouble->lost += op_is_entry(op);
    }
}

/* Opened anew, as the file may be another by now. */
static bool try_repair(struct store *store, char aside[DATABASE_ASIDE_BYTES], struct ugrpc_status *st)
{
    database_close(store->database);
    store->database = NULL;
    if (store->lock < 0 && (store->lock = folder_take(store->options.folder, st)) < 0) {
        return false;
    }
    store->database = database_open(store->options.folder, false, aside, st);
    return store->database && database_probe(store->database, st) == 0;
}

/* What is lost needs no second attempt: what counts is written anew after the repair. */
static void write_ops(struct store *store, struct trouble *trouble, const struct op *first)
{
    struct ugrpc_status st = {.code = UGRPC_OK};
    char aside[DATABASE_ASIDE_BYTES] = "";
    bool repaired = false;
    if (trouble->broken) {
        lose(trouble, first);
        repaired = try_repair(store, aside, &st);
    } else if (first && database_write(store->database, first, store->options.entries, &st) < 0) {
        *trouble = (struct trouble){.broken = true, .since_utc_ns = first->at_utc_ns};
        lose(trouble, first);
    }
    uv_mutex_lock(&store->mutex);
    struct shared *shared = &store->shared;
    if (repaired) {
        trouble->broken = false;
        shared->lost = trouble->lost;
        shared->since_utc_ns = trouble->since_utc_ns;
        shared->repairs++;
    } else if (st.code != UGRPC_OK) {
        snprintf(shared->why, sizeof(shared->why), "%s", st.message);
    }
    shared->broken = trouble->broken;
    if (*aside) {
        snprintf(shared->aside, sizeof(shared->aside), "%s", aside);
    }
    uv_mutex_unlock(&store->mutex);
}

/* With the mutex. Waits for something that should be written now. */
static void await_work(struct store *store, const struct trouble *trouble)
{
    struct shared *shared = &store->shared;
    if (trouble->broken) {
        if (!shared->end) {
            uv_cond_timedwait(&store->wake, &store->mutex, STORE_RETRY_MS * NS_PER_MS);
        }
        return;
    }
    while (!shared->handed.first && !shared->end) {
        uv_cond_wait(&store->wake, &store->mutex);
    }
    uint64_t until_ns = uv_hrtime() + STORE_WINDOW_MS * NS_PER_MS, now_ns;
    while (!shared->urgent && !shared->end && (now_ns = uv_hrtime()) < until_ns) {
        uv_cond_timedwait(&store->wake, &store->mutex, until_ns - now_ns);
    }
}

static void run_thread(void *userdata)
{
    struct store *store = userdata;
    struct shared *shared = &store->shared;
    struct trouble trouble = {.broken = shared->broken, .since_utc_ns = clock_now_utc_ns(clock_real())};
    uv_mutex_lock(&store->mutex);
    while (!shared->end || shared->handed.first) {
        await_work(store, &trouble);
        struct ops ops = shared->handed;
        shared->handed = (struct ops){NULL};
        shared->urgent = false;
        uv_mutex_unlock(&store->mutex);
        write_ops(store, &trouble, ops.first);
        uv_mutex_lock(&store->mutex);
        if (ops.last) {
            shared->written = ops.last->serial;
        }
        if (!shared->abandoned) {
            uv_async_send(&store->handles->reported);
        }
        op_free_list(ops.first);
    }
    shared->ended = true;
    uv_cond_signal(&store->done);
    uv_mutex_unlock(&store->mutex);
}

/* ---- restart ---------------------------------------------------------------------------------------- */

struct restoring {
    struct store *store;
    char boot[64];
    int64_t now_ns, now_utc_ns, last_utc_ns;
    struct component *component; /* whose bounds of one token are being gathered */
    struct journal_bounds bounds;
    struct range *ranges;
    size_t cap;
    char *owner, *token;
    size_t n_setpoints, n_ended;
};

static bool carry_over(const struct restoring *restoring, int64_t *until_ns, int64_t until_utc_ns)
{
    return boot_carry_over(&restoring->store->boot, restoring->boot, restoring->now_ns, restoring->now_utc_ns,
        restoring->last_utc_ns, until_ns, until_utc_ns);
}

static void restore_setpoint(const struct op *op, void *userdata)
{
    struct restoring *restoring = userdata;
    struct component *component = site_component(restoring->store->site, op->component);
    struct journal_setpoint kept = {
        .component_id = op->component,
        .axis = (enum axis)op->place,
        .held = op->held,
        .waiting = op->waiting,
        .requested = op->value,
        .until_ns = op->until_ns,
        .until_utc_ns = op->until_utc_ns,
        .by = op->caller,
        .entry = op->about,
        .renewals = op->renewals,
    };
    if (!component || op->place < 0 || op->place >= AXIS_COUNT || (op->held && !isfinite(op->value))) {
        return; /* no longer in the site file */
    }
    if (kept.held && !carry_over(restoring, &kept.until_ns, kept.until_utc_ns)) {
        kept.until_ns = restoring->now_ns;
        write_end(&restoring->store->journal, &kept, JOURNAL_EXPIRED, "while the gateway was not running");
        restoring->n_ended++;
    }
    restoring->n_setpoints++;
    command_restore(component, &kept);
}

static void restore_gathered(struct restoring *restoring)
{
    if (restoring->component) {
        restoring->bounds.owner = restoring->owner;
        restoring->bounds.token = *restoring->token ? restoring->token : NULL;
        restoring->bounds.ranges = restoring->ranges;
        bounds_restore(restoring->component, &restoring->bounds);
    }
    restoring->component = NULL;
    restoring->bounds.n = 0;
    free(restoring->owner);
    free(restoring->token);
    restoring->owner = restoring->token = NULL;
}

static char *copy(const char *text)
{
    char *own = strdup(text);
    if (!own) {
        abort();
    }
    return own;
}

/* Those of one token belong together: put one by one, each would replace the one before. */
static void restore_bound(const struct op *op, void *userdata)
{
    struct restoring *restoring = userdata;
    struct component *component = site_component(restoring->store->site, op->component);
    int64_t until_ns = op->until_ns;
    if (!component || op->place < 0 || op->place >= BOUNDED_COUNT || isnan(op->value) || isnan(op->upper) ||
        op->value > op->upper || !carry_over(restoring, &until_ns, op->until_utc_ns)) {
        return;
    }
    bool same = restoring->component == component && (int)restoring->bounds.bounded == op->place &&
                *op->text && strcmp(restoring->token, op->text) == 0;
    if (!same) {
        restore_gathered(restoring);
        restoring->component = component;
        restoring->bounds = (struct journal_bounds){.component_id = op->component,
            .bounded = (enum bounded)op->place,
            .until_ns = until_ns,
            .until_utc_ns = op->until_utc_ns};
        restoring->owner = copy(op->caller);
        restoring->token = copy(op->text);
    }
    if (restoring->bounds.n == restoring->cap) {
        restoring->cap = restoring->cap ? 2 * restoring->cap : 8;
        restoring->ranges = realloc(restoring->ranges, restoring->cap * sizeof(*restoring->ranges));
        if (!restoring->ranges) {
            abort();
        }
    }
    restoring->ranges[restoring->bounds.n++] = (struct range){op->value, op->upper};
}

static void end_open_command(const struct op *op, void *userdata)
{
    struct restoring *restoring = userdata;
    struct ugrpc_status st;
    status_set(&st, UGRPC_UNKNOWN, "the gateway ended before its device had answered");
    write_outcome(&restoring->store->journal, op->id, &st);
}

static void restore_all(struct store *store)
{
    struct restoring restoring = {
        .store = store,
        .now_ns = clock_now_ns(clock_of(store)),
        .now_utc_ns = clock_now_utc_ns(clock_of(store)),
        .last_utc_ns = database_last_utc_ns(store->database),
    };
    database_read_boot(store->database, restoring.boot);
    database_read_bounds(store->database, restore_bound, &restoring); /* first: they limit what is told now */
    restore_gathered(&restoring);
    free(restoring.ranges);
    database_read_setpoints(store->database, restore_setpoint, &restoring);
    database_read_open_commands(store->database, end_open_command, &restoring);
    if (restoring.n_setpoints > 0) {
        note(store, LOG_LEVEL_DEBUG, "%s/journal.db: %zu axes were commanded, %zu lifetimes have ended since",
            folder_of(store), restoring.n_setpoints, restoring.n_ended);
    }
}

void store_restore(struct store *store, struct site *site, bool as_new)
{
    store->site = site;
    store->timers = site->timers;
    timer_init(&store->patience, on_patience, store);
    if (store->database && !as_new) {
        restore_all(store);
    }
    if (store->degraded) {
        store->degraded = false;
        break_down(store, store->shared.why);
    }
    journal_attach(site, &store->journal);
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
    store->runs = uv_thread_create(&store->thread, run_thread, store) == 0;
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
static bool end_thread(struct store *store)
{
    uint64_t until_ns = uv_hrtime() + STORE_PATIENCE_MS * NS_PER_MS, now_ns;
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

void store_close(struct store *store)
{
    if (!store) {
        return;
    }
    if (store->timers) {
        timer_stop(store->timers, &store->patience);
    }
    if (store->runs) {
        hand_over(store);
    }
    if (store->runs && !end_thread(store)) {
        note(store, LOG_LEVEL_ERROR, "%s/journal.db: the disk has not answered for %d s; ending without it",
            folder_of(store), STORE_PATIENCE_MS / 1000);
        close_handles(store->handles);
        return; /* the thread still has it all, until the process ends */
    }
    close_handles(store->handles);
    while (store->first_sync) {
        struct sync *sync = store->first_sync;
        store->first_sync = sync->next;
        free(sync);
    }
    op_free_list(store->made.first);
    database_close(store->database);
    give_back(store->lock);
    if (store->handles) {
        uv_mutex_destroy(&store->mutex);
        uv_cond_destroy(&store->wake);
        uv_cond_destroy(&store->done);
    }
    free(store);
}
