/* SPDX-License-Identifier: MIT */
/* What devices have accumulated, on a real disk: when it is written, and what the next start makes of it. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "store/database.h"
#include "store/store.h"

static int set_up(void **state)
{
    struct disk *f = disk_new();
    f->remembers = true;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    disk_free(*state);
    return 0;
}

static struct fake_memory *memory_of(struct disk *f)
{
    return &f->fake->device.memory;
}

static int64_t kept_soc(const struct disk *f)
{
    return disk_ask(f, "SELECT ifnull(max(value), -1) FROM memory WHERE component = 5 AND name = 'soc_pct'");
}

/* ---- a restart -------------------------------------------------------------------------------------- */

static void what_devices_accumulated_is_given_back_at_the_next_start(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    assert_int_equal(f->n_notes, 0); /* the first start has nothing to go on with */
    memory_of(f)->soc_pct = 71.25;
    memory_of(f)->counted_wh = 123456.75;
    disk_end(f);
    f->at_ns += 86400 * NS_PER_S; /* the time between is nobody's */
    f->utc_ns += 86400 * NS_PER_S;
    disk_begin(f);
    assert_true(memory_of(f)->soc_pct == 71.25);
    assert_true(memory_of(f)->counted_wh == 123456.75);
    assert_int_equal(f->n_notes, 1);
    assert_non_null(strstr(f->notes[0], "journal.db: 1 component goes on with what they had accumulated"));
}

static void a_read_only_start_goes_on_with_it_and_keeps_it(void **state)
{
    struct disk *f = *state;
    struct ugrpc_status st;
    disk_begin(f);
    memory_of(f)->soc_pct = 71;
    disk_end(f);
    f->fake = fake_site_new();
    f->store = store_open(&f->options, &st);
    store_recall(f->store, f->fake->site);
    store_restore(f->store, f->fake->site, true);
    assert_int_equal(store_start(f->store, &f->loop, &st), 0);
    assert_true(memory_of(f)->soc_pct == 71);
    memory_of(f)->soc_pct = 72;
    disk_end(f);
    disk_begin(f);
    assert_true(memory_of(f)->soc_pct == 72);
}

static void values_that_cannot_be_are_told_and_the_device_goes_on_without(void **state)
{
    static const char *const changes[] = {
        "UPDATE memory SET value = 101 WHERE name = 'soc_pct'",
        "UPDATE memory SET value = NULL WHERE name = 'soc_pct'",
        "UPDATE memory SET value = 'full' WHERE name = 'soc_pct'",
        "UPDATE memory SET value = -9e999 WHERE name = 'soc_pct'",
    };
    struct disk *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        disk_begin(f);
        memory_of(f)->soc_pct = 71;
        memory_of(f)->counted_wh = 5;
        disk_end(f);
        disk_change(f, changes[i]);
        f->n_notes = 0;
        disk_begin(f);
        assert_int_equal(f->n_notes, 2);
        assert_non_null(strstr(f->notes[0], "battery (5): soc_pct was kept as "));
        assert_non_null(strstr(f->notes[0], ", which is outside 0 .. 100; it goes on with 50"));
        assert_true(memory_of(f)->soc_pct == 50);
        assert_true(memory_of(f)->counted_wh == 5);
        disk_end(f);
        f->n_notes = 0;
    }
}

static void a_site_that_has_changed_leaves_alone_what_it_does_not_know(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_end(f);
    disk_change(f, "INSERT INTO memory VALUES (4711, 'soc_pct', 99), (5, 'flavour', 3)");
    disk_begin(f);
    disk_end(f);
    assert_int_equal(disk_ask(f, "SELECT value FROM memory WHERE component = 4711"), 99);
    assert_int_equal(disk_ask(f, "SELECT value FROM memory WHERE name = 'flavour'"), 3);
}

static void a_journal_of_the_version_before_is_brought_up_to_date(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 60);
    disk_end(f);
    disk_change(f,
        "DROP TABLE memory; ALTER TABLE setpoint DROP COLUMN type; ALTER TABLE bound DROP COLUMN type; PRAGMA user_version = 2");
    disk_begin(f);
    assert_int_equal(f->fake->bat_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_ACTIVE);
    memory_of(f)->soc_pct = 71;
    disk_end(f);
    assert_int_equal(disk_ask(f, "PRAGMA user_version"), DATABASE_SCHEMA);
    assert_int_equal(kept_soc(f), 71);
}

/* ---- when it is written ----------------------------------------------------------------------------- */

static void it_is_written_every_few_minutes(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_sync(f);
    memory_of(f)->soc_pct = 71;
    fake_pass_ms(f->fake, STORE_REMEMBER_MS - 1000);
    disk_set(f, f->fake->bat_inv, 1000, 900);
    assert_int_equal(kept_soc(f), -1);
    fake_pass_ms(f->fake, 1000);
    disk_sync(f);
    assert_int_equal(kept_soc(f), 71);
    memory_of(f)->soc_pct = 72;
    fake_pass_ms(f->fake, STORE_REMEMBER_MS);
    disk_sync(f);
    assert_int_equal(kept_soc(f), 72);
}

static void what_moves_relays_is_written_soon(void **state)
{
    struct disk *f = *state;
    struct fake_answer answer;
    disk_begin(f);
    memory_of(f)->soc_pct = 71;
    assert_int_equal(fake_run(f->fake->relay, LIFECYCLE_STOP, &answer), 0);
    disk_sync(f);
    assert_int_equal(kept_soc(f), -1);
    fake_pass_ms(f->fake, STORE_WINDOW_MS);
    disk_sync(f);
    assert_int_equal(kept_soc(f), 71);
}

static off_t log_size(const struct disk *f)
{
    struct stat info;
    assert_int_equal(stat(disk_path(f, "journal.db-wal"), &info), 0);
    return info.st_size;
}

static void only_what_has_changed_is_written(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_sync(f);
    fake_pass_ms(f->fake, STORE_REMEMBER_MS);
    disk_sync(f);
    off_t before = log_size(f);
    fake_pass_ms(f->fake, STORE_REMEMBER_MS);
    disk_sync(f);
    assert_int_equal(log_size(f), before);
    memory_of(f)->soc_pct = 71;
    fake_pass_ms(f->fake, STORE_REMEMBER_MS);
    disk_sync(f);
    assert_true(log_size(f) > before);
    assert_true(log_size(f) <= before + 3 * (1024 + 24)); /* a page or two of the log */
}

static void of_a_large_site_some_components_are_written_at_a_time(void **state)
{
    struct disk *f = *state;
    char name[32];
    disk_begin(f);
    for (uint64_t id = 1000; id < 1600; id++) {
        snprintf(name, sizeof(name), "meter_%d", (int)id);
        fake_add(f->fake, id, name, COMPONENT_METER, 0, 0);
    }
    disk_sync(f);
    fake_pass_ms(f->fake, STORE_REMEMBER_MS);
    disk_sync(f);
    int64_t n = disk_ask(f, "SELECT count(DISTINCT component) FROM memory");
    assert_true(n > 0 && n < 600);
    fake_pass_ms(f->fake, STORE_WINDOW_MS);
    disk_sync(f);
    assert_int_equal(disk_ask(f, "SELECT count(DISTINCT component) FROM memory"), 600 + 9);
}

/* ---- a disk that fails ------------------------------------------------------------------------------ */

static void a_disk_that_cannot_be_written_costs_the_last_minutes_only(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    memory_of(f)->soc_pct = 71;
    disk_end(f);
    disk_begin(f);
    disk_sync(f);
    sqlite3 *lock = disk_lock(f);
    memory_of(f)->soc_pct = 72;
    fake_pass_ms(f->fake, STORE_REMEMBER_MS);
    disk_await_health(f, false);
    disk_set(f, f->fake->bat_inv, 5000, 60); /* commands go on */
    disk_end(f);
    sqlite3_close(lock);
    f->n_notes = 0;
    f->unhealthy = false;
    disk_begin(f);
    assert_true(memory_of(f)->soc_pct == 71);
}

static void when_it_can_be_written_again_it_is_written_at_once(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_sync(f);
    sqlite3 *lock = disk_lock(f);
    memory_of(f)->soc_pct = 72;
    fake_pass_ms(f->fake, STORE_REMEMBER_MS);
    disk_await_health(f, false);
    sqlite3_close(lock);
    disk_await_health(f, true);
    assert_int_equal(kept_soc(f), 72);
}

static void a_journal_that_opens_late_adds_what_was_counted_before(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    memory_of(f)->counted_wh = 1000;
    memory_of(f)->soc_pct = 71;
    disk_end(f);
    disk_hide(f);
    disk_begin(f);
    assert_true(memory_of(f)->counted_wh == 0);
    memory_of(f)->counted_wh = 20;
    memory_of(f)->soc_pct = 60;
    disk_show(f);
    disk_await_health(f, true);
    assert_true(memory_of(f)->counted_wh == 1020);
    assert_true(memory_of(f)->soc_pct == 60);
    disk_end(f);
    assert_int_equal(disk_ask(f, "SELECT value FROM memory WHERE name = 'counted_wh'"), 1020);
}

static void nothing_is_written_over_that_was_not_read(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    memory_of(f)->soc_pct = 71;
    disk_end(f);
    disk_hide(f);
    disk_begin(f);
    disk_show(f);
    disk_end(f); /* before the loop has heard that it can be read */
    assert_int_equal(kept_soc(f), 71);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_devices_accumulated_is_given_back_at_the_next_start),
        TEST(a_read_only_start_goes_on_with_it_and_keeps_it),
        TEST(values_that_cannot_be_are_told_and_the_device_goes_on_without),
        TEST(a_site_that_has_changed_leaves_alone_what_it_does_not_know),
        TEST(a_journal_of_the_version_before_is_brought_up_to_date),
        TEST(it_is_written_every_few_minutes),
        TEST(what_moves_relays_is_written_soon),
        TEST(only_what_has_changed_is_written),
        TEST(of_a_large_site_some_components_are_written_at_a_time),
        TEST(a_disk_that_cannot_be_written_costs_the_last_minutes_only),
        TEST(when_it_can_be_written_again_it_is_written_at_once),
        TEST(a_journal_that_opens_late_adds_what_was_counted_before),
        TEST(nothing_is_written_over_that_was_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
