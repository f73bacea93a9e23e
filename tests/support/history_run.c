/* SPDX-License-Identifier: MIT */
/* The beginning, the restarts and the end of a history. */
#include "history_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store.h"

static void start_store(struct history *h)
{
    struct ugrpc_status st;
    struct disk *disk = h->disk;
    disk->n_notes = 0;
    h->serial = 0;
    disk->fake = h->fake;
    disk->store = store_open(&disk->options, &st);
    if (!disk->store) {
        fail_msg("%s", st.message);
    }
    store_restore(disk->store, h->fake->site, false);
    assert_int_equal(store_start(disk->store, &disk->loop, &st), 0);
}

void history_begin(struct history *h, uint64_t seed, bool on_disk, struct history_counts *counts)
{
    memset(h, 0, sizeof(*h));
    h->seed = h->random = seed;
    h->counts = counts;
    counts->histories++;
    history_describe(h);
    history_build(h, 1000 * NS_PER_S, 1767268800 * NS_PER_S);
    ref_pass(&h->ref, h->fake->clock.at_ns, h->fake->clock.utc_ns);
    if (on_disk) {
        h->disk = disk_new_in(
            access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"); /* it is written very often */
        start_store(h);
    }
    history_sample_all(h);
    history_follow(h);
}

void history_end(struct history *h)
{
    if (h->disk) {
        disk_free(h->disk);
    } else {
        fake_site_free(h->fake);
    }
    free(h->text);
}

/* The files as they are, under other names. */
static void copy_files(struct history *h, bool back)
{
    static const char *const files[][2] = {{"journal.db", "copy.db"}, {"journal.db-wal", "copy.db-wal"}};
    char from[512], to[512];
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        snprintf(from, sizeof(from), "%s", disk_path(h->disk, files[i][back]));
        snprintf(to, sizeof(to), "%s", disk_path(h->disk, files[i][!back]));
        unlink(to);
        if (back) {
            rename(from, to);
            continue;
        }
        FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
        char bytes[4096];
        for (size_t n; in && (n = fread(bytes, 1, sizeof(bytes), in)) > 0;) {
            assert_int_equal(fwrite(bytes, 1, n, out), n);
        }
        fclose(out);
        if (in) {
            fclose(in);
        }
    }
}

static void on_zeroed(void *userdata)
{
    *(bool *)userdata = true;
}

static void stop(struct history *h)
{
    bool zeroed = false;
    struct ref kept;
    history_observe(h);
    ref_stop(&h->ref, &kept);
    command_zero_all(h->fake->site, on_zeroed, &zeroed);
    for (int i = 0; i < 1000 && !zeroed; i++) {
        bool any = history_run_timers(h);
        any |= history_settle_disk(h);
        any |= history_take_orders(h);
        any |= history_give_answers(h);
        if (!any && !zeroed) {
            fake_clock_advance_ns(&h->fake->clock, NS_PER_S);
            ref_pass(&h->ref, h->fake->clock.at_ns, h->fake->clock.utc_ns);
        }
    }
    if (!zeroed) {
        history_fail(h, "the stop did not come to its end");
    }
    history_settle_disk(h);
    for (int i = 0; i < REF_PARTS; i++) {
        for (int axis = 0; axis < REF_AXES; axis++) {
            const struct ref_axis *one = &h->ref.parts[i].axes[axis];
            if (one->told && !one->released && one->power != 0 && one->wish.mode != REF_SET) {
                history_fail(h, "%s.%d is left at %.9g", history_names[i], axis, one->power);
            }
        }
    }
    h->kept = kept;
}

void history_restart(struct history *h, const struct history_restart *how)
{
    h->counts->restarts++;
    history_say(h, "%s%s%s", how->stop ? "stopped" : "killed", how->copy ? ", a copy of its files" : "",
        how->before_write ? ", before the last operation was written" : "");
    bool copy = how->copy || how->before_write || (h->ref.slow && !how->stop);
    if (how->stop) {
        h->disk_until_ns = 0;
        history_follow(h);
        stop(h);
    }
    if (copy) {
        copy_files(h, false);
    }
    int64_t at_ns = h->fake->clock.at_ns;
    disk_end(h->disk);
    if (copy) {
        copy_files(h, true);
    }
    if (how->another_boot) {
        snprintf(h->disk->boot.id, sizeof(h->disk->boot.id), "boot %d", (int)h->counts->restarts);
    }
    h->disk->boot.synchronised = !how->unsynchronised;
    bool believed = how->another_boot && !how->unsynchronised && how->utc_ns >= h->last_write_utc_ns;
    history_build(h, (how->another_boot ? 5 * NS_PER_S : at_ns) + how->down_ns, how->utc_ns);
    history_say(h, "starts again%s, UTC %.9f", how->another_boot ? " in another boot" : "",
        (double)how->utc_ns / NS_PER_S);
    h->ref.now_ns = h->fake->clock.at_ns;
    h->ref.now_utc_ns = how->utc_ns;
    h->n_answers = 0;
    ref_restart(&h->ref, &h->kept, !how->another_boot, believed);
    if (how->samples_first) {
        history_sample_all(h);
    }
    start_store(h);
    history_follow(h);
    if (!how->samples_first) {
        history_sample_all(h);
        history_follow(h);
    }
}
