/* SPDX-License-Identifier: MIT */
/* The thread that writes: one transaction of all that has come meanwhile. After a failure it opens the file
 * anew, once a second, until something can be written again. */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/folder.h"
#include "store/store_internal.h"

#define LOOK_MS       1000  /* between looks at whether the file is still there */
#define RETRY_MOST_MS 60000 /* between attempts, where it breaks within as long after each repair */

/* What it knows of an interruption. */
struct trouble {
    bool broken;
    bool replaced; /* somebody has removed or replaced the file */
    uint64_t lost; /* entries */
    int64_t since_utc_ns;
    bool kept_read;                       /* what was kept has been read, now or when the store was opened */
    uint64_t retry_ms;                    /* between attempts, */
    uint64_t retry_at_ns, repaired_at_ns; /* of uv_hrtime(); repaired: 0: never */
};

/* What they would have told of an interruption before is of this one. */
static void lose(struct trouble *trouble, const struct op *first)
{
    for (const struct op *op = first; op; op = op->next) {
        bool gap = op->kind == OP_GAP;
        trouble->lost += gap ? op->lost : op_is_entry(op) && !op->replaced;
        trouble->replaced |= op->replaced;
        if (gap && op->until_utc_ns < trouble->since_utc_ns) {
            trouble->since_utc_ns = op->until_utc_ns;
        }
    }
}

/* Opened anew, as the file may be another by now. */
static bool try_repair(struct store *store, struct kept *kept, struct aside *aside, struct ugrpc_status *st)
{
    database_close(store->database);
    store->database = NULL;
    if (store->lock >= 0 && folder_check(store->options.folder, store->lock, NULL) < 0) {
        close(store->lock);
        store->lock = -1;
    }
    if (store->lock < 0 && (store->lock = folder_take(store->options.folder, st)) < 0) {
        return false;
    }
    store->database = database_open(store->options.folder, true, aside, st);
    return store->database && !database_is_read_only(store->database) &&
           database_read_kept(store->database, kept, st) == 0 && database_probe(store->database, st) == 0;
}

/* What is written would be lost, or be another gateway's. */
static int check_place(const struct store *store, struct ugrpc_status *st)
{
    int rc = database_check_place(store->database, st);
    return rc < 0 ? rc : folder_check(store->options.folder, store->lock, st);
}

/* A disk that breaks again and again is asked ever more seldom, so that it fills neither log nor journal. */
static void begin_trouble(struct trouble *trouble, const struct op *first, bool replaced)
{
    uint64_t now_ns = uv_hrtime();
    bool again = trouble->repaired_at_ns &&
                 now_ns - trouble->repaired_at_ns < RETRY_MOST_MS * (uint64_t)NS_PER_MS;
    trouble->retry_ms = again ? 2 * trouble->retry_ms : STORE_RETRY_MS;
    trouble->retry_ms = trouble->retry_ms < RETRY_MOST_MS ? trouble->retry_ms : RETRY_MOST_MS;
    trouble->retry_at_ns = now_ns + trouble->retry_ms * NS_PER_MS;
    trouble->broken = true;
    trouble->replaced = replaced;
    trouble->lost = 0;
    trouble->since_utc_ns = first ? first->at_utc_ns : clock_now_utc_ns(clock_real());
    lose(trouble, first);
}

/* They tell all that counts by themselves, whatever was lost before. */
static bool is_whole(const struct op *first)
{
    const struct op *op = first;
    while (op && op->kind != OP_FORGET) {
        op = op->next;
    }
    return op != NULL;
}

static void complete_gap(const struct trouble *trouble, struct op *first)
{
    for (struct op *op = first; op; op = op->next) {
        if (op->kind == OP_GAP && op->lost == 0) {
            op->lost = trouble->lost;
            op->until_utc_ns = trouble->since_utc_ns;
        }
    }
}

/* The last attempt: the loop will not write anew what counts, but has done so. */
static void write_last(
    struct store *store, const struct trouble *trouble, struct op *first, struct ugrpc_status *st)
{
    struct kept kept = {.last_id = 0};
    struct aside aside;
    if (trouble->kept_read && is_whole(first) && try_repair(store, &kept, &aside, st)) {
        (void)!database_write(store->database, first, store->options.entries, st); /* nobody hears of it */
    }
    kept_done(&kept);
}

/* What is lost needs no second attempt: what counts is written anew after the repair. True: there is
 * something to report. */
static bool write_ops(struct store *store, struct trouble *trouble, struct op *first, bool last)
{
    struct ugrpc_status st = {.code = UGRPC_OK};
    struct aside aside = {""};
    bool repaired = false;
    struct kept kept = {.last_id = 0};
    int rc = 0;
    complete_gap(trouble, first);
    if (trouble->broken && last) {
        write_last(store, trouble, first, &st);
    } else if (trouble->broken) {
        lose(trouble, first);
        if (uv_hrtime() >= trouble->retry_at_ns) {
            repaired = try_repair(store, &kept, &aside, &st);
            trouble->retry_at_ns = uv_hrtime() + trouble->retry_ms * NS_PER_MS;
        }
    } else {
        rc = first ? database_write(store->database, first, store->options.entries, &st) : 0;
        rc = rc < 0 ? rc : check_place(store, &st);
        if (rc < 0) {
            begin_trouble(trouble, first, rc == -UGRPC_NOT_FOUND);
        }
    }
    uv_mutex_lock(&store->mutex);
    struct shared *shared = &store->shared;
    if (repaired) {
        trouble->broken = false;
        trouble->repaired_at_ns = uv_hrtime();
        shared->replaced |= trouble->replaced; /* the loop may not have heard of a repair before */
        shared->lost += trouble->lost;
        if (trouble->since_utc_ns < shared->since_utc_ns) {
            shared->since_utc_ns = trouble->since_utc_ns;
        }
        shared->repairs++;
        if (trouble->kept_read) {
            shared->kept.last_id = kept.last_id; /* its lists are this run's own */
        } else {
            shared->kept = kept;
            kept = (struct kept){.last_id = 0};
        }
        trouble->kept_read = true;
    } else if (st.code != UGRPC_OK) {
        snprintf(shared->why, sizeof(shared->why), "%s", st.message);
    }
    shared->broken = trouble->broken;
    if (*aside.path) {
        shared->aside = aside;
    }
    uv_mutex_unlock(&store->mutex);
    kept_done(&kept);
    return first || st.code != UGRPC_OK || repaired;
}

/* With the mutex. Waits to be woken, at most until `until_ns`, and answers who asks to read. */
static void doze(struct store *store, uint64_t until_ns)
{
    uint64_t now_ns = uv_hrtime();
    if (!reader_is_asked(&store->reader) && now_ns < until_ns) {
        uv_cond_timedwait(&store->wake, &store->mutex, until_ns - now_ns);
    }
    if (reader_is_asked(&store->reader)) {
        reader_answer(&store->reader, store->database, store->shared.why);
        if (!store->shared.abandoned) {
            uv_async_send(&store->handles->reported);
        }
    }
}

/* With the mutex. Waits for something that should be written now; what is only read holds nothing up. */
static void await_work(struct store *store, const struct trouble *trouble)
{
    struct shared *shared = &store->shared;
    uint64_t until_ns = trouble->broken ? trouble->retry_at_ns : uv_hrtime() + LOOK_MS * NS_PER_MS;
    while (!shared->handed.first && !shared->end && uv_hrtime() < until_ns) {
        doze(store, until_ns);
    }
    if (trouble->broken || !shared->handed.first) {
        return;
    }
    until_ns = uv_hrtime() + (uint64_t)(store->options.window_ms * NS_PER_MS);
    while (!shared->urgent && !shared->end && uv_hrtime() < until_ns) {
        doze(store, until_ns);
    }
}

void store_run_thread(void *userdata)
{
    struct store *store = userdata;
    struct shared *shared = &store->shared;
    struct trouble trouble = {
        .broken = shared->broken,
        .since_utc_ns = clock_now_utc_ns(clock_real()),
        .kept_read = store->kept_read,
        .retry_ms = STORE_RETRY_MS,
        .retry_at_ns = uv_hrtime() + STORE_RETRY_MS * NS_PER_MS,
    };
    uv_mutex_lock(&store->mutex);
    while (!shared->end || shared->handed.first) {
        await_work(store, &trouble);
        struct ops ops = shared->handed;
        shared->handed = (struct ops){NULL};
        shared->urgent = false;
        bool last = shared->end;
        uv_mutex_unlock(&store->mutex);
        bool news = write_ops(store, &trouble, ops.first, last);
        uv_mutex_lock(&store->mutex);
        if (ops.last) {
            shared->written = ops.last->serial;
        }
        if (news && !shared->abandoned) {
            uv_async_send(&store->handles->reported);
        }
        op_free_list(ops.first);
    }
    shared->ended = true;
    uv_cond_signal(&store->done);
    uv_mutex_unlock(&store->mutex);
}
