/* SPDX-License-Identifier: MIT */
/* The journal on a real disk: what of it a restart finds, and what happens while it cannot be written. */
#include "unit.h"

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk.h"
#include "model/journal.h"
#include "store/database.h"
#include "store/folder.h"
#include "store/store_internal.h"

static int set_up(void **state)
{
    *state = disk_new();
    return 0;
}

static int tear_down(void **state)
{
    disk_free(*state);
    return 0;
}

static const struct setpoint *setpoint_of(const struct component *component)
{
    return &component->setpoints[AXIS_ACTIVE];
}

/* ---- restart ---------------------------------------------------------------------------------------- */

static void a_set_point_goes_on_after_a_restart_with_its_original_end(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 60);
    int64_t until_utc_ns = setpoint_of(f->fake->bat_inv)->until_utc_ns;
    disk_end(f);
    f->at_ns += 20 * NS_PER_S;
    f->utc_ns -= 3600 * NS_PER_S; /* it jumped, which means nothing in the same boot */
    disk_begin(f);
    assert_int_equal(setpoint_of(f->fake->bat_inv)->mode, SETPOINT_ACTIVE);
    assert_int_equal(setpoint_of(f->fake->bat_inv)->until_utc_ns, until_utc_ns);
    assert_true(fake_last(f->fake, f->fake->bat_inv)->power == 5000);
    fake_pass_ms(f->fake, 39000);
    assert_int_equal(setpoint_of(f->fake->bat_inv)->mode, SETPOINT_ACTIVE);
    fake_pass_ms(f->fake, 1000);
    assert_int_equal(setpoint_of(f->fake->bat_inv)->mode, SETPOINT_ZERO);
}

static void what_ended_while_the_gateway_was_down_is_0_and_an_entry(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 60);
    disk_end(f);
    f->at_ns += 61 * NS_PER_S;
    f->utc_ns += 61 * NS_PER_S;
    disk_begin(f);
    assert_int_equal(setpoint_of(f->fake->bat_inv)->mode, SETPOINT_ZERO);
    assert_true(fake_last(f->fake, f->fake->bat_inv)->power == 0);
    assert_int_equal(fake_count(f->fake, f->fake->pv_inv, FAKE_POWER), 0); /* never commanded */
    disk_end(f);
    assert_int_equal(disk_ask(f, "SELECT count(*) FROM entry WHERE kind = 4 AND about = 1"), 1);
}

static void after_a_reboot_utc_decides(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 60);
    disk_set(f, f->fake->pv_inv, -1000, 10);
    disk_end(f);
    snprintf(f->boot.id, sizeof(f->boot.id), "another boot");
    f->at_ns = 5 * NS_PER_S;
    f->utc_ns += 20 * NS_PER_S;
    disk_begin(f);
    assert_int_equal(setpoint_of(f->fake->bat_inv)->mode, SETPOINT_ACTIVE);
    assert_int_equal(setpoint_of(f->fake->pv_inv)->mode, SETPOINT_ZERO);
    fake_pass_ms(f->fake, 40000);
    assert_int_equal(setpoint_of(f->fake->bat_inv)->mode, SETPOINT_ZERO);
}

static void after_a_reboot_without_a_synchronised_clock_all_has_ended(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 60);
    disk_end(f);
    f->boot = (struct boot){.id = "another boot", .synchronised = false};
    disk_begin(f);
    assert_int_equal(setpoint_of(f->fake->bat_inv)->mode, SETPOINT_ZERO);
    assert_true(fake_last(f->fake, f->fake->bat_inv)->power == 0);
}

static void after_a_reboot_with_a_clock_behind_the_journal_all_has_ended(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 60);
    disk_end(f);
    snprintf(f->boot.id, sizeof(f->boot.id), "another boot");
    f->utc_ns -= NS_PER_S;
    disk_begin(f);
    assert_int_equal(setpoint_of(f->fake->bat_inv)->mode, SETPOINT_ZERO);
}

static void bounds_go_on_after_a_restart(void **state)
{
    struct disk *f = *state;
    const struct range two[] = {{-4000, -1000}, {1000, 4000}};
    int64_t until_utc_ns;
    disk_begin(f);
    assert_int_equal(fake_bound(f->fake->bat_inv, METRIC_AC_ACTIVE_POWER, -2000, 2000, 60), 0);
    assert_int_equal(fake_bound(f->fake->bat_inv, METRIC_AC_ACTIVE_POWER, -9000, -8000, 5), 0);
    assert_int_equal(fake_add_bounds(f->fake->relay_inv, METRIC_AC_ACTIVE_POWER, &fake_caller_b, "t", two, 2,
                         60, &until_utc_ns, NULL),
        0);
    disk_sync(f);
    disk_end(f);
    f->at_ns += 10 * NS_PER_S;
    f->utc_ns += 10 * NS_PER_S;
    disk_begin(f);
    const struct ranges *in_force = bounds_in_force(f->fake->bat_inv, BOUNDED_ACTIVE);
    assert_int_equal(in_force->n, 1);
    assert_true(in_force->items[0].lower == -2000 && in_force->items[0].upper == 2000);
    assert_int_equal(bounds_in_force(f->fake->relay_inv, BOUNDED_ACTIVE)->n, 2);
    assert_int_equal(bounds_clear(f->fake->relay_inv, &fake_caller_a, METRIC_AC_ACTIVE_POWER, "t", NULL), 0);
    assert_true(bounds_in_force(f->fake->relay_inv, BOUNDED_ACTIVE)->items[0].lower == -10000);
    fake_pass_ms(f->fake, 50000);
    assert_true(bounds_in_force(f->fake->bat_inv, BOUNDED_ACTIVE)->items[0].lower == -10000);
}

static void what_is_told_after_a_restart_comes_of_all_bounds_together(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    assert_int_equal(fake_bound(f->fake->ev_charger, METRIC_AC_ACTIVE_POWER, 0, 2000, 60), 0);
    assert_int_equal(fake_bound(f->fake->ev_charger, METRIC_AC_ACTIVE_POWER, 1000, 8000, 60), 0);
    disk_sync(f);
    disk_end(f);
    f->charging_w = 7000;
    disk_begin(f);
    assert_int_equal(fake_count(f->fake, f->fake->ev_charger, FAKE_POWER), 0); /* as if one were alone */
    fake_report_reading(f->fake->ev_charger, METRIC_AC_ACTIVE_POWER, 9000);
    assert_true(fake_last(f->fake, f->fake->ev_charger)->power == 8000);
}

static void a_command_without_an_outcome_gets_one_at_the_restart(void **state)
{
    struct disk *f = *state;
    struct fake_answer answer;
    disk_begin(f);
    assert_int_equal(fake_set(f->fake->bat_inv, 5000, 60, &answer), 0);
    disk_sync(f);
    disk_end(f);
    disk_begin(f);
    assert_int_equal(setpoint_of(f->fake->bat_inv)->mode, SETPOINT_ACTIVE); /* the device may well hold it */
    disk_end(f);
    assert_int_equal(disk_ask(f, "SELECT code FROM entry WHERE kind = 2 AND about = 1"), UGRPC_UNKNOWN);
}

static void nothing_is_written_to_devices_when_the_site_is_to_be_as_new(void **state)
{
    struct disk *f = *state;
    struct ugrpc_status st;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 60);
    disk_end(f);
    f->fake = fake_site_new();
    f->store = store_open(&f->options, &st);
    store_restore(f->store, f->fake->site, true);
    assert_int_equal(store_start(f->store, &f->loop, &st), 0);
    assert_int_equal(f->fake->device.n, 0);
}

/* ---- the file --------------------------------------------------------------------------------------- */

static void only_its_owner_may_read_the_journal(void **state)
{
    struct disk *f = *state;
    struct stat info;
    disk_begin(f);
    assert_int_equal(stat(disk_path(f, "journal.db"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void write_file(const struct disk *f, const char *name, off_t at, const char *text)
{
    int fd = open(disk_path(f, name), O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, text, strlen(text), at), (ssize_t)strlen(text));
    close(fd);
}

static int count_files(const struct disk *f, const char *part)
{
    int count = 0;
    DIR *folder = opendir(f->folder);
    for (struct dirent *file; (file = readdir(folder));) {
        count += strstr(file->d_name, part) != NULL;
    }
    closedir(folder);
    return count;
}

static void a_file_that_is_no_journal_is_set_aside_and_a_new_one_begun(void **state)
{
    struct disk *f = *state;
    write_file(f, "journal.db", 0, "This is certainly no database, but it may be all that somebody has.\n");
    disk_begin(f);
    assert_int_equal(count_files(f, "journal.db.corrupt-"), 1);
    assert_non_null(strstr(f->notes[0], "corrupt"));
    disk_set(f, f->fake->bat_inv, 5000, 60);
    assert_false(f->unhealthy);
    disk_end(f);
    assert_int_equal(disk_ask(f, "SELECT count(*) FROM entry WHERE kind < 6"), 2);
    assert_int_equal(
        disk_ask(f, "SELECT id FROM entry WHERE message LIKE 'the journal before was corrupt; it is kept as"
                    " %journal.db.corrupt-%'"),
        1);
}

static void a_journal_with_damaged_pages_is_set_aside(void **state)
{
    struct disk *f = *state;
    char junk[2048];
    disk_begin(f);
    for (int i = 0; i < 40; i++) {
        disk_set(f, f->fake->bat_inv, 1000 + i, 60);
    }
    disk_end(f);
    memset(junk, 'x', sizeof(junk) - 1);
    junk[sizeof(junk) - 1] = '\0';
    write_file(f, "journal.db", 3072, junk);
    disk_begin(f);
    assert_int_equal(count_files(f, "journal.db.corrupt-"), 1);
    disk_set(f, f->fake->bat_inv, 5000, 60);
}

static void a_journal_of_a_newer_version_is_refused_and_left_alone(void **state)
{
    struct disk *f = *state;
    struct ugrpc_status st;
    disk_begin(f);
    disk_end(f);
    disk_ask(f, "PRAGMA user_version"); /* opens it */
    disk_change(f, "PRAGMA user_version = 99");
    assert_null(store_open(&f->options, &st));
    assert_int_equal(st.code, UGRPC_FAILED_PRECONDITION);
    assert_non_null(strstr(st.message, "version 99"));
    assert_non_null(strstr(st.message, "move the file elsewhere"));
    assert_int_equal(disk_ask(f, "PRAGMA user_version"), 99);
}

static void a_journal_of_the_first_version_is_brought_up_to_date(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 60);
    disk_set(f, f->fake->pv_inv, -1000, 10);
    fake_pass_ms(f->fake, 10000);
    disk_end(f);
    disk_change(f,
        "DROP TABLE memory; ALTER TABLE setpoint DROP COLUMN limiting; ALTER TABLE setpoint DROP COLUMN type;"
        "ALTER TABLE bound DROP COLUMN type;"
        "ALTER TABLE setpoint RENAME COLUMN mode TO held;"
        "UPDATE setpoint SET held = held - 1; PRAGMA user_version = 1");
    disk_begin(f);
    assert_int_equal(setpoint_of(f->fake->bat_inv)->mode, SETPOINT_ACTIVE);
    assert_int_equal(setpoint_of(f->fake->pv_inv)->mode, SETPOINT_ZERO);
    disk_end(f);
    assert_int_equal(disk_ask(f, "PRAGMA user_version"), DATABASE_SCHEMA);
}

static void a_second_gateway_is_refused_and_told_of_the_first(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    pid_t child = fork();
    if (child == 0) {
        struct ugrpc_status st;
        char pid[32];
        snprintf(pid, sizeof(pid), "pid %d (", (int)getppid());
        _exit(folder_take(f->folder, &st) == -UGRPC_ALREADY_EXISTS && strstr(st.message, pid) ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void the_oldest_entries_go_when_there_are_too_many(void **state)
{
    struct disk *f = *state;
    struct fake_answer answers[4];
    f->options.entries = 500;
    disk_begin(f);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(fake_set(f->fake->bat_inv, 1000 + i, 60, &answers[0]), 0);
        disk_await(f, &answers[0]);
        f->fake->device.n = 0;
    }
    disk_end(f);
    assert_int_equal(disk_ask(f, "SELECT max(id) FROM entry WHERE kind < 6"), 2000);
    assert_true(disk_ask(f, "SELECT count(*) FROM entry") <= 1500);
    assert_int_equal(disk_ask(f, "SELECT count(*) FROM setpoint"), 1);
}

static void a_flood_of_refusals_is_counted_not_written(void **state)
{
    struct disk *f = *state;
    struct ugrpc_status st;
    const struct journal_command command = {
        .component_id = 4, .component = "bat_inv", .caller = &fake_caller_a, .value = 1e9, .detail = ""};
    disk_begin(f);
    status_set(&st, UGRPC_OUT_OF_RANGE, "too much");
    for (int i = 0; i < 1000; i++) {
        journal_write_refusal(f->fake->site, &command, &st);
    }
    fake_pass_ms(f->fake, STORE_WINDOW_MS);
    journal_write_refusal(f->fake->site, &command, &st);
    disk_end(f);
    assert_int_equal(
        disk_ask(f, "SELECT count(*) FROM entry WHERE kind = 3 AND code = 11"), STORE_REFUSALS + 1);
    assert_int_equal(
        disk_ask(f, "SELECT count(*) FROM entry WHERE message LIKE '%(990 refusals before it%'"), 1);
}

/* ---- trouble ---------------------------------------------------------------------------------------- */

static void while_the_file_is_locked_commands_go_on_and_the_gap_is_an_entry(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 1000, 900);
    sqlite3 *lock = disk_lock(f);
    disk_set(f, f->fake->bat_inv, 5000, 900);
    assert_true(f->unhealthy);
    assert_true(journal_is_degraded(f->fake->site));
    disk_set(f, f->fake->bat_inv, 6000, 900);
    assert_int_equal(f->n_notes, 1);
    assert_non_null(strstr(f->notes[0], "cannot be written: database is locked"));
    sqlite3_close(lock);
    disk_await_health(f, true);
    assert_int_equal(f->n_notes, 2);
    disk_end(f);
    assert_int_equal(disk_ask(f, "SELECT count(*) FROM entry WHERE kind = 5"), 1);
    assert_int_equal(disk_ask(f, "SELECT value FROM entry WHERE kind = 5"), 2);
    assert_int_equal(disk_ask(f, "SELECT requested FROM setpoint"), 6000);
}

static void a_disk_that_does_not_answer_holds_nobody_up_for_long(void **state)
{
    struct disk *f = *state;
    struct fake_answer answer;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 1000, 900);
    sqlite3 *lock = disk_lock(f); /* the thread waits for it */
    assert_int_equal(fake_set(f->fake->bat_inv, 5000, 900, &answer), 0);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    fake_pass_ms(f->fake, STORE_PATIENCE_MS);
    assert_true(f->unhealthy);
    fake_finish_all(f->fake);
    assert_true(fake_last(f->fake, f->fake->bat_inv)->power == 5000);
    timers_run(&f->fake->timers);
    assert_int_equal(answer.n, 1);
    assert_non_null(strstr(f->notes[0], "has not answered for 2 s"));
    sqlite3_close(lock);
    disk_await_health(f, true);
    disk_end(f);
    assert_int_equal(disk_ask(f, "SELECT requested FROM setpoint"), 5000);
}

static void on_synced(void *userdata)
{
    *(bool *)userdata = true;
}

static void who_asks_when_all_is_written_is_told_at_once(void **state)
{
    struct disk *f = *state;
    bool synced = false;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 1000, 900);
    assert_true(journal_sync(f->fake->site, on_synced, &synced));
    assert_false(synced);
    timers_run(&f->fake->timers);
    assert_true(synced);
    assert_false(f->unhealthy);
}

static void in_batches_nobody_waits_for_the_disk(void **state)
{
    struct disk *f = *state;
    f->options.durability = STORE_BATCH;
    disk_begin(f);
    sqlite3 *lock = disk_lock(f);
    struct fake_answer answer;
    assert_int_equal(fake_set(f->fake->bat_inv, 5000, 60, &answer), 0);
    timers_run(&f->fake->timers);
    fake_finish_all(f->fake);
    timers_run(&f->fake->timers);
    assert_int_equal(answer.n, 1);
    assert_false(f->unhealthy);
    sqlite3_close(lock);
    disk_end(f);
    assert_int_equal(disk_ask(f, "SELECT requested FROM setpoint"), 5000);
}

static void a_gateway_starts_while_the_journal_cannot_be_opened(void **state)
{
    struct disk *f = *state;
    assert_int_equal(mkdir(disk_path(f, "journal.db"), 0700), 0); /* SQLite cannot open a folder */
    disk_begin(f);
    assert_true(f->unhealthy);
    disk_set(f, f->fake->bat_inv, 5000, 60);
    assert_int_equal(rmdir(disk_path(f, "journal.db")), 0);
    disk_await_health(f, true);
    disk_end(f);
    assert_int_equal(disk_ask(f, "SELECT requested FROM setpoint"), 5000);
}

/* ---- odd moments ------------------------------------------------------------------------------------ */

static void an_old_journal_that_opens_late_is_written_again(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    for (int i = 0; i < 20; i++) {
        disk_set(f, f->fake->bat_inv, 1000 + 88 * i, 60);
    }
    disk_end(f);
    disk_hide(f);
    disk_begin(f);
    assert_true(f->unhealthy);
    disk_show(f);
    uint64_t until = uv_hrtime() + 5 * (uint64_t)NS_PER_S;
    while (f->unhealthy && uv_hrtime() < until && f->n_notes < 6) {
        uv_run(&f->loop, UV_RUN_ONCE);
    }
    assert_false(f->unhealthy); /* ids begin at 1 again: UNIQUE constraint failed, once a second, for ever */
}

static void what_was_durable_before_a_start_without_journal_is_not_forgotten(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 1000, 60);
    disk_end(f);
    disk_change(f, "DELETE FROM entry");
    disk_hide(f);
    disk_begin(f);
    disk_show(f);
    disk_await_health(f, true);
    fake_pass_ms(f->fake, 61000);
    bool told = f->fake->device.n > 0;
    disk_end(f);
    assert_true(told || disk_ask(f, "SELECT count(*) FROM setpoint") == 1); /* neither: it runs on for ever */
}

static void a_read_only_start_does_not_forget_what_must_be_brought_to_0(void **state)
{
    struct disk *f = *state;
    struct ugrpc_status st;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 60);
    disk_end(f); /* killed: the device still does 5000 W */
    f->fake = fake_site_new();
    f->store = store_open(&f->options, &st);
    store_restore(f->store, f->fake->site, true); /* --read-only, to have a look */
    assert_int_equal(store_start(f->store, &f->loop, &st), 0);
    store_close(f->store, STORE_PATIENCE_MS);
    fake_site_free(f->fake);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    f->at_ns += 120 * NS_PER_S;
    f->utc_ns += 120 * NS_PER_S;
    disk_begin(f);                                                          /* and now with control */
    assert_int_equal(fake_count(f->fake, f->fake->bat_inv, FAKE_POWER), 1); /* the 0 */
}

struct told_state {
    struct disk *f;
    bool told, degraded;
};

static void on_told(void *userdata)
{
    struct told_state *told = userdata;
    told->told = true;
    told->degraded = journal_is_degraded(told->f->fake->site);
}

/* What the thread has come to, which the loop does not know yet. */
static struct shared peek(struct store *store)
{
    uv_mutex_lock(&store->mutex);
    struct shared seen = store->shared;
    uv_mutex_unlock(&store->mutex);
    return seen;
}

static void who_is_told_of_lost_entries_is_told_degraded(void **state)
{
    struct disk *f = *state;
    struct fake_answer answer;
    struct told_state told = {.f = f};
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 1000, 900);
    sqlite3 *lock = disk_lock(f);
    assert_int_equal(fake_set(f->fake->bat_inv, 5000, 900, &answer), 0);
    assert_true(journal_sync(f->fake->site, on_told, &told));
    uv_run(&f->loop, UV_RUN_NOWAIT); /* handed over; then the loop is busy, until all is well again */
    while (!peek(f->store).broken) {
        sched_yield();
    }
    sqlite3_close(lock);
    while (peek(f->store).repairs == 0) {
        sched_yield();
    }
    while (!told.told) {
        uv_run(&f->loop, UV_RUN_ONCE);
    }
    assert_true(told.degraded);
}

static void in_batches_a_stuck_disk_is_noticed(void **state)
{
    struct disk *f = *state;
    f->options.durability = STORE_BATCH;
    disk_begin(f);
    sqlite3 *lock = disk_lock(f);
    for (int i = 0; i < 5; i++) {
        struct fake_answer answer;
        assert_int_equal(fake_set(f->fake->bat_inv, 1000 + 88 * i, 900, &answer), 0);
        timers_run(&f->fake->timers);
        fake_finish_all(f->fake);
        timers_run(&f->fake->timers);
        assert_int_equal(answer.n, 1);
        fake_pass_ms(f->fake, 1100);
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    bool unhealthy = f->unhealthy;
    sqlite3_close(lock);
    assert_true(unhealthy); /* five seconds without a byte written */
}

static void a_folder_that_cannot_be_locked_is_not_written(void **state)
{
    struct disk *f = *state;
    struct ugrpc_status st;
    assert_int_equal(mkdir(disk_path(f, "lock"), 0700), 0);
    f->fake = fake_site_new();
    f->store = store_open(&f->options, &st);
    rmdir(disk_path(f, "lock"));
    bool goes_on = f->store != NULL;
    if (goes_on) {
        store_restore(f->store, f->fake->site, false);
        assert_int_equal(store_start(f->store, &f->loop, &st), 0);
    }
    assert_true(!goes_on || f->unhealthy);
}

static void a_renewal_is_answered_as_soon_as_it_is_on_the_disk(void **state)
{
    struct disk *f = *state;
    struct fake_answer answer;
    f->options.window_ms = 3600 * 1000; /* it would wait for that */
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 1000, 60);
    assert_int_equal(fake_set(f->fake->bat_inv, 1000, 60, &answer), 0);
    uv_run(&f->loop, UV_RUN_NOWAIT); /* handed over, and nobody waits for it yet */
    fake_finish_all(f->fake);        /* its device answers in a later turn */
    while (answer.n == 0) {
        uv_run(&f->loop, UV_RUN_ONCE);
    }
}

static void a_loop_that_was_late_itself_does_not_take_the_disk_for_stuck(void **state)
{
    struct disk *f = *state;
    struct fake_answer answer;
    disk_begin(f);
    assert_int_equal(fake_set(f->fake->bat_inv, 1000, 60, &answer), 0);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    while (disk_ask(f, "SELECT count(*) FROM setpoint") == 0) {
        sched_yield(); /* it is written; then the machine sleeps */
    }
    fake_pass_ms(f->fake, STORE_PATIENCE_MS); /* timers come before what the thread reported */
    assert_false(f->unhealthy);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_set_point_goes_on_after_a_restart_with_its_original_end),
        TEST(what_ended_while_the_gateway_was_down_is_0_and_an_entry),
        TEST(after_a_reboot_utc_decides),
        TEST(after_a_reboot_without_a_synchronised_clock_all_has_ended),
        TEST(after_a_reboot_with_a_clock_behind_the_journal_all_has_ended),
        TEST(bounds_go_on_after_a_restart),
        TEST(what_is_told_after_a_restart_comes_of_all_bounds_together),
        TEST(a_command_without_an_outcome_gets_one_at_the_restart),
        TEST(nothing_is_written_to_devices_when_the_site_is_to_be_as_new),
        TEST(only_its_owner_may_read_the_journal),
        TEST(a_file_that_is_no_journal_is_set_aside_and_a_new_one_begun),
        TEST(a_journal_with_damaged_pages_is_set_aside),
        TEST(a_journal_of_a_newer_version_is_refused_and_left_alone),
        TEST(a_journal_of_the_first_version_is_brought_up_to_date),
        TEST(a_second_gateway_is_refused_and_told_of_the_first),
        TEST(the_oldest_entries_go_when_there_are_too_many),
        TEST(a_flood_of_refusals_is_counted_not_written),
        TEST(while_the_file_is_locked_commands_go_on_and_the_gap_is_an_entry),
        TEST(a_disk_that_does_not_answer_holds_nobody_up_for_long),
        TEST(who_asks_when_all_is_written_is_told_at_once),
        TEST(in_batches_nobody_waits_for_the_disk),
        TEST(a_gateway_starts_while_the_journal_cannot_be_opened),
        TEST(an_old_journal_that_opens_late_is_written_again),
        TEST(what_was_durable_before_a_start_without_journal_is_not_forgotten),
        TEST(a_read_only_start_does_not_forget_what_must_be_brought_to_0),
        TEST(who_is_told_of_lost_entries_is_told_degraded),
        TEST(in_batches_a_stuck_disk_is_noticed),
        TEST(a_folder_that_cannot_be_locked_is_not_written),
        TEST(a_renewal_is_answered_as_soon_as_it_is_on_the_disk),
        TEST(a_loop_that_was_late_itself_does_not_take_the_disk_for_stuck),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
