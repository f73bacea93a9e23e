/* SPDX-License-Identifier: MIT */
#include "disk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/journal.h"

static void on_note(enum log_level level, const char *text, void *userdata)
{
    struct disk *f = userdata;
    if (level <= LOG_LEVEL_INFO) {
        assert_true(f->n_notes < 8);
        snprintf(f->notes[f->n_notes++], sizeof(f->notes[0]), "%s", text);
    }
}

static void on_health(bool degraded, void *userdata)
{
    ((struct disk *)userdata)->unhealthy = degraded;
}

const char *disk_path(const struct disk *f, const char *name)
{
    static char path[512];
    snprintf(path, sizeof(path), "%s/%s", f->folder, name);
    return path;
}

struct disk *disk_new(void)
{
    return disk_new_in("/tmp");
}

struct disk *disk_new_in(const char *folder)
{
    struct disk *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    snprintf(f->folder, sizeof(f->folder), "%s/journal.XXXXXX", folder);
    assert_non_null(mkdtemp(f->folder));
    f->boot = (struct boot){.id = "this boot", .synchronised = true};
    f->options = (struct store_options){
        .folder = f->folder, .boot = &f->boot, .note = on_note, .health = on_health, .userdata = f};
    uv_loop_init(&f->loop);
    return f;
}

void disk_begin(struct disk *f)
{
    struct ugrpc_status st;
    f->fake = fake_site_new();
    if (f->at_ns) {
        f->fake->clock.at_ns = f->at_ns;
        f->fake->clock.utc_ns = f->utc_ns;
        for (size_t i = 0; i < f->fake->site->n_components; i++) {
            fake_report_state(f->fake->site->components[i], STATE_BIT(STATE_READY));
        }
    }
    if (f->charging_w > 0) {
        fake_report_reading(f->fake->ev_charger, METRIC_AC_ACTIVE_POWER, f->charging_w);
    }
    f->store = store_open(&f->options, &st);
    if (!f->store) {
        fail_msg("%s", st.message);
    }
    if (f->remembers) {
        store_recall(f->store, f->fake->site);
    }
    store_restore(f->store, f->fake->site, false);
    assert_int_equal(store_start(f->store, &f->loop, &st), 0);
}

void disk_end(struct disk *f)
{
    f->at_ns = f->fake->clock.at_ns;
    f->utc_ns = f->fake->clock.utc_ns;
    store_close(f->store, STORE_PATIENCE_MS);
    f->store = NULL;
    fake_site_free(f->fake);
    f->fake = NULL;
    uv_run(&f->loop, UV_RUN_DEFAULT);
}

void disk_free(struct disk *f)
{
    if (f->fake) {
        disk_end(f);
    }
    assert_int_equal(uv_loop_close(&f->loop), 0);
    DIR *folder = opendir(f->folder);
    for (struct dirent *file; (file = readdir(folder));) {
        unlink(disk_path(f, file->d_name));
    }
    closedir(folder);
    assert_int_equal(rmdir(f->folder), 0);
    free(f);
}

void disk_await(struct disk *f, const struct fake_answer *answer)
{
    while (answer->n == 0) {
        uv_run(&f->loop, UV_RUN_ONCE);
        fake_finish_all(f->fake);
    }
}

void disk_set(struct disk *f, struct component *component, double power_w, int64_t lifetime_s)
{
    struct fake_answer answer;
    assert_int_equal(fake_set(component, power_w, lifetime_s, &answer), 0);
    disk_await(f, &answer);
    assert_int_equal(answer.st.code, UGRPC_OK);
}

static void on_synced(void *userdata)
{
    *(bool *)userdata = true;
}

void disk_sync(struct disk *f)
{
    bool synced = false;
    assert_true(journal_sync(f->fake->site, on_synced, &synced));
    while (!synced) {
        uv_run(&f->loop, UV_RUN_ONCE);
    }
}

void disk_await_health(struct disk *f, bool healthy)
{
    while (f->unhealthy == healthy) {
        uv_run(&f->loop, UV_RUN_ONCE);
    }
}

/* In its place stands a folder. */
void disk_hide(const struct disk *f)
{
    char away[512];
    snprintf(away, sizeof(away), "%s", disk_path(f, "away"));
    assert_int_equal(rename(disk_path(f, "journal.db"), away), 0);
    assert_int_equal(mkdir(disk_path(f, "journal.db"), 0700), 0);
}

void disk_show(const struct disk *f)
{
    char away[512];
    snprintf(away, sizeof(away), "%s", disk_path(f, "away"));
    assert_int_equal(rmdir(disk_path(f, "journal.db")), 0);
    assert_int_equal(rename(away, disk_path(f, "journal.db")), 0);
}

int64_t disk_ask(const struct disk *f, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(disk_path(f, "journal.db"), &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return number;
}

void disk_change(const struct disk *f, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(disk_path(f, "journal.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

sqlite3 *disk_lock(const struct disk *f)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(disk_path(f, "journal.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    return db;
}
