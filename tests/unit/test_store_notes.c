/* SPDX-License-Identifier: MIT */
/* What the journal says besides commands: of itself, of starts and stops, of what did not go on and why, and
 * of bounds that end. And what becomes of it when somebody takes its file away. */
#include "unit.h"

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk.h"
#include "model/bounds.h"
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

static int64_t count(const struct disk *f, const char *where)
{
    char sql[512];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM entry WHERE %s", where);
    return disk_ask(f, sql);
}

static void bound(struct disk *f, double lower, double upper, int64_t lifetime_s)
{
    assert_int_equal(fake_bound(f->fake->bat_inv, METRIC_AC_ACTIVE_POWER, lower, upper, lifetime_s), 0);
}

static void reboot(struct disk *f)
{
    snprintf(f->boot.id, sizeof(f->boot.id), "another boot");
    f->at_ns = 5 * NS_PER_S;
}

/* ---- the file is taken away ------------------------------------------------------------------------- */

/* What counts is written anew, in a new file. */
static void expect_recovery(struct disk *f, const char *file)
{
    disk_set(f, f->fake->bat_inv, 6000, 900);
    assert_true(f->unhealthy);
    assert_true(journal_is_degraded(f->fake->site));
    assert_non_null(strstr(f->notes[0], "cannot be written: somebody has removed or replaced it"));
    disk_await_health(f, true);
    assert_int_equal(access(disk_path(f, file), F_OK), 0);
    disk_end(f);
    assert_int_equal(disk_ask(f, "SELECT requested FROM setpoint"), 6000);
    assert_int_equal(count(f, "kind = 6 AND message LIKE 'somebody removed or replaced journal.db%'"), 1);
    assert_int_equal(count(f, "kind = 5 AND value = 1"), 1);
}

static void a_journal_that_is_deleted_is_missed_by_the_next_command(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 900);
    assert_int_equal(unlink(disk_path(f, "journal.db")), 0);
    expect_recovery(f, "journal.db");
}

static void a_log_that_is_deleted_is_missed_too(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 900);
    assert_int_equal(unlink(disk_path(f, "journal.db-wal")), 0);
    disk_set(f, f->fake->bat_inv, 6000, 900);
    assert_true(f->unhealthy);
    disk_await_health(f, true);
    disk_set(f, f->fake->bat_inv, 7000, 900);
    assert_false(f->unhealthy);
    assert_int_equal(disk_ask(f, "SELECT requested FROM setpoint"), 7000);
}

static void a_journal_that_is_replaced_by_an_older_copy_is_written_over(void **state)
{
    struct disk *f = *state;
    char copy[512];
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 1000, 900);
    bound(f, -3000, 3000, 900);
    disk_sync(f);
    disk_end(f);
    disk_hide(f);
    assert_int_equal(rmdir(disk_path(f, "journal.db")), 0);
    snprintf(copy, sizeof(copy), "%s", disk_path(f, "away"));
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 900);
    assert_int_equal(rename(copy, disk_path(f, "journal.db")), 0);
    expect_recovery(f, "journal.db");
    assert_int_equal(disk_ask(f, "SELECT count(*) FROM bound"), 0); /* nobody has added it in this run */
    assert_int_equal(count(f, "kind = 2 AND value = 1000"), 1);
}

static void a_journal_that_is_deleted_is_missed_also_while_nothing_happens(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 900);
    assert_int_equal(unlink(disk_path(f, "journal.db")), 0);
    disk_await_health(f, false);
    disk_await_health(f, true);
    assert_int_equal(disk_ask(f, "SELECT requested FROM setpoint"), 5000);
    assert_non_null(strstr(f->notes[1], "is written again; nothing is missing in it"));
    assert_int_equal(count(f, "kind = 5"), 0);
}

/* ---- a log that is damaged -------------------------------------------------------------------------- */

static void PRINTF_LIKE(2, 3) shell(const struct disk *f, const char *format, ...)
{
    char command[512];
    va_list args;
    int len = snprintf(command, sizeof(command), "cd %s && ", f->folder);
    va_start(args, format);
    vsnprintf(command + len, sizeof(command) - (size_t)len, format, args);
    va_end(args);
    assert_int_equal(system(command), 0);
}

/* The site ends as by kill -9: its log stays as it was. */
static void crash(struct disk *f)
{
    shell(f, "mkdir kept && cp journal.db journal.db-wal kept");
    disk_end(f);
    shell(f, "rm journal.db && mv kept/* . && rmdir kept");
}

/* After three commands; then a bit of the log is another. */
static void crash_and_flip(struct disk *f, off_t at)
{
    uint8_t byte = 0;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 1000, 900);
    disk_set(f, f->fake->bat_inv, 2000, 900);
    disk_set(f, f->fake->bat_inv, 3000, 900);
    crash(f);
    int fd = open(disk_path(f, "journal.db-wal"), O_RDWR);
    at = at < 0 ? lseek(fd, 0, SEEK_END) + at : at;
    assert_true(fd >= 0 && pread(fd, &byte, 1, at) == 1);
    byte ^= 1;
    assert_true(pwrite(fd, &byte, 1, at) == 1 && close(fd) == 0);
}

/* What stood behind the damage is not taken for damage of what has been written since. */
static void after_a_damaged_log_the_next_crash_is_one_like_any(void **state)
{
    struct disk *f = *state;
    crash_and_flip(f, 9000);
    disk_begin(f);
    assert_int_equal(f->n_notes, 1);
    disk_set(f, f->fake->bat_inv, 5000, 900);
    crash(f);
    disk_begin(f);
    assert_int_equal(f->n_notes, 1);
    assert_int_equal(f->fake->bat_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_ACTIVE);
}

static void of_a_damaged_log_that_stays_there_is_one_copy(void **state)
{
    struct disk *f = *state;
    crash_and_flip(f, 9000);
    sqlite3 *lock = disk_lock(f);
    for (int i = 0; i < 3; i++) {
        struct ugrpc_status st;
        struct aside aside;
        struct database *database = database_open(f->folder, true, &aside, &st);
        assert_int_equal(*aside.path != '\0', i == 0);
        database_close(database);
    }
    sqlite3_close(lock);
    shell(f, "test $(ls | grep -c corrupt) = 1");
}

static void a_bit_that_tips_over_in_the_log_is_not_passed_over(void **state)
{
    static const off_t places[] = {3, 17, 24, 40, 1500, 12000};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        struct disk *f = disk_new();
        crash_and_flip(f, places[i]);
        disk_begin(f);
        assert_non_null(strstr(f->notes[0], "journal.db-wal was damaged: it is kept as"));
        assert_int_not_equal(f->fake->bat_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_ACTIVE);
        disk_sync(f);
        disk_end(f);
        assert_int_equal(
            count(f, "kind = 6 AND message LIKE 'the journal''s log was damaged; it is kept as %'"), 1);
        disk_begin(f);
        assert_int_equal(f->n_notes, 1); /* told once */
        disk_free(f);
    }
}

static void a_write_that_a_power_cut_has_torn_is_no_damage(void **state)
{
    struct disk *f = *state;
    crash_and_flip(f, -1);
    disk_begin(f);
    assert_int_equal(f->n_notes, 0);
    assert_int_equal(f->fake->bat_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_ACTIVE);
}

/* ---- starts and stops ------------------------------------------------------------------------------- */

static void a_run_in_which_nothing_happens_writes_no_entry(void **state)
{
    struct disk *f = *state;
    for (int i = 0; i < 3; i++) {
        disk_begin(f);
        disk_end(f);
    }
    assert_int_equal(count(f, "1"), 0);
}

static void starts_and_stops_stand_around_what_happens(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 10);
    disk_end(f);
    f->at_ns += 20 * NS_PER_S;
    f->utc_ns += 20 * NS_PER_S;
    int64_t started_utc_ns = f->utc_ns;
    disk_begin(f);
    fake_pass_ms(f->fake, 5000);
    disk_set(f, f->fake->bat_inv, 1000, 10);
    disk_end(f);
    assert_int_equal(disk_ask(f, "SELECT id FROM entry WHERE message = 'the gateway stopped'"), 3);
    assert_int_equal(disk_ask(f, "SELECT id FROM entry WHERE message = 'the gateway started'"), 4);
    int64_t told_utc_ns = disk_ask(f, "SELECT at_utc_ns FROM entry WHERE id = 4");
    assert_true(told_utc_ns >= started_utc_ns && told_utc_ns < started_utc_ns + NS_PER_S);
    assert_int_equal(disk_ask(f, "SELECT kind FROM entry WHERE id = 5"), 4); /* the end of what was kept */
    assert_int_equal(count(f, "message = 'the gateway stopped'"), 2);
    assert_int_equal(disk_ask(f, "SELECT max(id) FROM entry WHERE message = 'the gateway stopped'"),
        disk_ask(f, "SELECT max(id) FROM entry"));
}

static void a_start_after_a_crash_says_so(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 60);
    disk_end(f);
    disk_change(f, "DELETE FROM entry WHERE kind = 6; UPDATE fact SET value = 1 WHERE name = 'runs'");
    disk_begin(f);
    disk_end(f);
    assert_int_equal(
        count(f, "kind = 6 AND message LIKE 'the gateway started; the one before wrote no stop: %'"), 1);
    disk_begin(f);
    disk_end(f);
    assert_int_equal(count(f, "kind = 6 AND message = 'the gateway started'"), 1);
}

static void a_run_in_which_nothing_happened_was_stopped_too(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    bound(f, -9000, 9000, 10);
    disk_sync(f);
    fake_pass_ms(f->fake, 10000);
    disk_end(f);
    disk_begin(f); /* nothing happens */
    disk_end(f);
    disk_begin(f);
    bound(f, -9000, 9000, 10);
    disk_end(f);
    assert_int_equal(count(f, "message LIKE 'the gateway started after one%'"), 0);
}

static void a_disk_that_is_full_at_the_start_is_told_without_a_command(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 60);
    disk_end(f);
    sqlite3 *lock = disk_lock(f);
    disk_begin(f);
    disk_await_health(f, false);
    sqlite3_close(lock);
    disk_await_health(f, true);
}

/* ---- what does not go on ---------------------------------------------------------------------------- */

static void what_a_reboot_ends_is_told_with_its_reason(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 60);
    bound(f, -9000, 9000, 60);
    disk_sync(f);
    disk_end(f);
    reboot(f);
    f->boot.synchronised = false;
    int64_t now_utc_ns = f->utc_ns += NS_PER_S;
    disk_begin(f);
    assert_non_null(strstr(f->fake->texts[EVENT_BOUNDS_DROPPED],
        "1 added bound of ac_active_power dropped: the machine was restarted and its clock is not synchronised"));
    assert_non_null(strstr(f->fake->texts[EVENT_SETPOINT_DROPPED],
        "set-point +5000 W dropped: the machine was restarted and its clock is not synchronised"));
    disk_end(f);
    assert_int_equal(
        count(f, "kind = 4 AND ending = 1 AND verb = 0 AND message LIKE '%not synchronised%'"), 1);
    assert_int_equal(
        count(f, "kind = 4 AND ending = 1 AND verb = 2 AND message LIKE '%not synchronised%'"), 1);
    int64_t told_utc_ns = disk_ask(f, "SELECT max(at_utc_ns) FROM entry WHERE kind = 4");
    assert_true(told_utc_ns >= now_utc_ns && told_utc_ns < now_utc_ns + NS_PER_S);
    assert_int_equal(disk_ask(f, "SELECT count(*) FROM bound"), 0);
}

static void bounds_that_ended_while_the_gateway_was_down_are_told(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    bound(f, -9000, 9000, 60);
    disk_sync(f);
    disk_end(f);
    f->at_ns += 61 * NS_PER_S;
    f->utc_ns += 61 * NS_PER_S;
    disk_begin(f);
    assert_string_equal(f->fake->texts[EVENT_BOUNDS_RESTORED],
        "1 added bound of ac_active_power ended while the gateway was not running");
    disk_end(f);
    assert_int_equal(
        count(f,
            "kind = 4 AND ending = 0 AND detail = 'ac_active_power -9000 ... 9000 W' AND caller = 'key a'"
            " AND message = 'while the gateway was not running'"),
        1);
}

static void bounds_that_end_are_an_entry_and_kept_no_more(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    bound(f, -9000, 9000, 10);
    bound(f, -2000, 2000, 60);
    disk_sync(f);
    assert_int_equal(disk_ask(f, "SELECT count(*) FROM bound"), 2);
    fake_pass_ms(f->fake, 10000);
    disk_sync(f);
    assert_int_equal(disk_ask(f, "SELECT count(*) FROM bound"), 1);
    assert_int_equal(count(f, "kind = 4 AND ending = 0 AND verb = 2 AND caller = 'key a' AND detail ="
                              " 'ac_active_power -9000 ... 9000 W' AND message ="
                              " 'now in force: -2000 ... 2000 W'"),
        1);
}

static void what_goes_on_is_told_as_it_is_applied(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 60);
    bound(f, -3000, 3000, 60);
    disk_sync(f);
    disk_end(f);
    disk_begin(f);
    assert_non_null(strstr(f->fake->texts[EVENT_SETPOINT_RESTORED],
        "set-point +3000 W of +5000 W (added bounds) goes on after the restart, for 60 s more, from a"));
}

static void a_set_point_without_a_value_is_brought_to_0(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 60);
    disk_end(f);
    disk_change(f, "UPDATE setpoint SET requested = NULL");
    disk_begin(f);
    assert_int_equal(f->fake->bat_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_ZERO);
    assert_true(fake_last(f->fake, f->fake->bat_inv)->power == 0);
    assert_non_null(strstr(f->fake->texts[EVENT_SETPOINT_DROPPED], "its value in the journal is damaged"));
}

static void a_crash_is_told_also_when_the_journal_opens_late(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 60);
    disk_end(f);
    disk_change(f, "DELETE FROM entry WHERE kind = 6; UPDATE fact SET value = 1 WHERE name = 'runs'");
    disk_hide(f);
    disk_begin(f);
    disk_show(f);
    disk_await_health(f, true);
    assert_int_equal(
        count(f, "kind = 6 AND message LIKE 'the gateway has started; the one before wrote no stop%'"), 1);
}

/* ---- a site that has changed ------------------------------------------------------------------------ */

static void what_was_commanded_of_a_component_that_is_gone_ends_when_it_is_back(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 60);
    bound(f, -9000, 9000, 900);
    disk_sync(f);
    disk_end(f);
    disk_change(
        f, "UPDATE setpoint SET component = 99; UPDATE bound SET component = 99"); /* a site without it */
    for (int i = 0; i < 2; i++) {
        disk_begin(f);
        assert_non_null(strstr(
            f->notes[f->n_notes - 1], "the site no longer has what had been commanded as component 99: "));
        fake_pass_ms(f->fake, 40000);
        disk_end(f);
        assert_int_equal(disk_ask(f, "SELECT count(*) FROM setpoint WHERE component = 99 AND mode = 2"), 1);
        assert_int_equal(disk_ask(f, "SELECT count(*) FROM bound WHERE component = 99"), 1);
    }
    disk_change(f, "UPDATE setpoint SET component = 4; UPDATE bound SET component = 4");
    disk_begin(f);
    assert_int_equal(f->fake->bat_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_ZERO);
    assert_true(fake_last(f->fake, f->fake->bat_inv)->power == 0);
    assert_true(bounds_in_force(f->fake->bat_inv, BOUNDED_ACTIVE)->items[0].lower == -9000);
    disk_end(f);
    assert_int_equal(count(f, "kind = 4 AND ending = 0 AND verb = 0 AND component = 4"), 1);
}

static void what_has_ended_of_a_component_that_is_gone_is_told_once(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 60);
    disk_end(f);
    f->at_ns += 61 * NS_PER_S;
    f->utc_ns += 61 * NS_PER_S;
    disk_change(f, "UPDATE setpoint SET component = 99");
    for (int i = 0; i < 3; i++) {
        disk_begin(f);
        disk_end(f);
    }
    assert_int_equal(f->n_notes, 1);
    assert_int_equal(count(f, "kind = 4 AND component = 99"), 1);
    disk_change(f, "UPDATE setpoint SET component = 4");
    disk_begin(f);
    assert_true(fake_last(f->fake, f->fake->bat_inv)->power == 0);
}

static void a_set_point_goes_on_with_the_component_that_comes_back_in_time_after_a_reboot(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 900);
    disk_end(f);
    disk_change(f, "UPDATE setpoint SET component = 99");
    reboot(f);
    disk_begin(f);
    disk_end(f);
    disk_change(f, "UPDATE setpoint SET component = 4");
    disk_begin(f);
    assert_int_equal(f->fake->bat_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_ACTIVE);
    assert_true(fake_last(f->fake, f->fake->bat_inv)->power == 5000);
}

static void nothing_goes_over_to_a_component_of_another_type(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 900);
    bound(f, -9000, 9000, 900);
    disk_sync(f);
    disk_end(f);
    disk_change(f, "UPDATE setpoint SET type = 'pv_inverter'; UPDATE bound SET type = 'pv_inverter'");
    disk_begin(f);
    assert_int_equal(f->fake->device.n, 0);
    assert_int_equal(f->fake->bat_inv->setpoints[AXIS_ACTIVE].mode, SETPOINT_FREE);
    assert_true(bounds_in_force(f->fake->bat_inv, BOUNDED_ACTIVE)->items[0].lower == -10000);
    assert_non_null(
        strstr(f->notes[0], "bat_inv (4) is another component than the pv_inverter that was commanded"));
    disk_end(f);
    assert_int_equal(count(f, "kind = 4 AND ending = 1 AND message LIKE '%of another type%'"), 2);
    assert_int_equal(
        disk_ask(f, "SELECT count(*) FROM bound") + disk_ask(f, "SELECT count(*) FROM setpoint"), 0);
}

/* Until the thread has opened the file anew, of which the loop does not hear meanwhile. */
static void await_repair(const struct disk *f)
{
    bool repaired = false;
    while (!repaired) {
        uv_mutex_lock(&f->store->mutex);
        repaired = f->store->shared.repairs > f->store->repairs;
        uv_mutex_unlock(&f->store->mutex);
    }
}

/* ---- what is missing -------------------------------------------------------------------------------- */

static void an_outcome_without_its_command_is_no_entry(void **state)
{
    struct disk *f = *state;
    struct fake_answer answer;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 1000, 900);
    sqlite3 *lock = disk_lock(f);
    assert_int_equal(fake_set(f->fake->bat_inv, 5000, 900, &answer), 0);
    disk_await_health(f, false); /* its intent is lost */
    sqlite3_close(lock);
    disk_await_health(f, true);
    fake_finish_all(f->fake);
    disk_await(f, &answer);
    disk_end(f);
    assert_int_equal(count(f, "component IS NULL AND kind < 5"), 0);
    assert_int_equal(disk_ask(f, "SELECT requested FROM setpoint"), 5000);
}

static void a_gap_whose_entry_is_lost_is_told_by_the_next(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 1000, 900);
    sqlite3 *lock = disk_lock(f);
    disk_set(f, f->fake->bat_inv, 2000, 900);
    disk_set(f, f->fake->bat_inv, 3000, 900);
    disk_set(f, f->fake->bat_inv, 4000, 900);
    int64_t since_utc_ns = f->fake->clock.utc_ns;
    sqlite3_close(lock);
    await_repair(f);
    lock = disk_lock(f);
    disk_sync(f); /* the repair is heard of, */
    disk_sync(f); /* and what it writes is lost */
    assert_true(f->unhealthy);
    sqlite3_close(lock);
    disk_await_health(f, true);
    assert_int_equal(count(f, "kind = 5"), 1);
    assert_int_equal(disk_ask(f, "SELECT value FROM entry WHERE kind = 5"), 3);
    assert_true(disk_ask(f, "SELECT until_utc_ns FROM entry WHERE kind = 5") <= since_utc_ns);
    assert_non_null(strstr(f->notes[f->n_notes - 1], "3 entries are missing"));
}

/* Somebody empties the folder. */
static void a_lock_that_is_deleted_is_taken_again(void **state)
{
    struct disk *f = *state;
    struct ugrpc_status st;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 900);
    assert_int_equal(unlink(disk_path(f, "lock")), 0);
    disk_await_health(f, false);
    assert_non_null(strstr(f->notes[0], "/lock: somebody has removed or replaced it"));
    disk_await_health(f, true);
    pid_t pid = fork();
    if (pid == 0) { /* a process's locks do not keep itself away */
        _exit(folder_take(f->folder, &st) == -UGRPC_ALREADY_EXISTS ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(disk_ask(f, "SELECT requested FROM setpoint"), 5000);
}

/* Somebody empties the folder, and another gateway comes before the lock is missed. */
static void a_folder_that_another_gateway_has_taken_is_not_written(void **state)
{
    struct disk *f = *state;
    struct ugrpc_status st;
    int ends[2];
    char byte;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 900);
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[1]);
        unlink(disk_path(f, "lock"));
        unlink(disk_path(f, "journal.db"));
        _exit(folder_take(f->folder, &st) < 0 || read(ends[0], &byte, 1) != 0);
    }
    close(ends[0]);
    disk_await_health(f, false);
    disk_set(f, f->fake->bat_inv, 6000, 900);
    fake_pass_ms(f->fake, 3000);
    usleep(1500000);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_true(f->unhealthy);
    assert_int_not_equal(access(disk_path(f, "journal.db"), F_OK), 0);
    close(ends[1]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    disk_await_health(f, true);
    assert_int_equal(disk_ask(f, "SELECT requested FROM setpoint"), 6000);
}

static void an_outcome_of_what_was_commanded_before_the_journal_could_be_read_is_of_no_other(void **state)
{
    struct disk *f = *state;
    struct fake_answer answer;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 1000, 900);
    disk_set(f, f->fake->bat_inv, 2000, 900);
    disk_end(f);
    disk_hide(f);
    disk_begin(f);
    assert_int_equal(fake_set(f->fake->bat_inv, 5000, 900, &answer), 0);
    while (fake_unanswered(f->fake) == 0) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
        fake_pass_ms(f->fake, 1);
    }
    disk_show(f);
    disk_await_health(f, true);
    fake_finish_all(f->fake);
    disk_await(f, &answer);
    disk_end(f);
    assert_int_equal(count(f, "kind = 2"), 2);
}

static void what_was_not_written_until_the_stop_is_written_then_if_it_can_be(void **state)
{
    struct disk *f = *state;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 900);
    sqlite3 *lock = disk_lock(f);
    disk_set(f, f->fake->bat_inv, 0, 900);
    disk_set(f, f->fake->bat_inv, 1000, 900);
    sqlite3_close(lock);
    disk_end(f);
    assert_int_equal(disk_ask(f, "SELECT requested FROM setpoint"), 1000);
    assert_int_equal(count(f, "kind = 5 AND value > 0"), 1);
    assert_int_equal(disk_ask(f, "SELECT value FROM fact WHERE name = 'runs'"), 0);
}

static void entries_that_were_lost_push_none_out(void **state)
{
    struct disk *f = *state;
    struct fake_answer answer;
    f->options.entries = 100;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 1000, 900);
    sqlite3 *lock = disk_lock(f);
    disk_set(f, f->fake->bat_inv, 2000, 900);
    for (int i = 0; i < 600; i++) {
        assert_int_equal(fake_set(f->fake->bat_inv, 2000 + i, 900, &answer), 0);
        uv_run(&f->loop, UV_RUN_NOWAIT);
        fake_finish_all(f->fake);
    }
    sqlite3_close(lock);
    disk_await_health(f, true);
    disk_set(f, f->fake->bat_inv, 5000, 900);
    assert_int_equal(count(f, "value = 1000 AND kind = 2"), 1);
}

static void a_journal_of_an_older_version_that_can_only_be_read_is_gone_on_with(void **state)
{
    struct disk *f = *state;
    struct kept kept;
    struct ugrpc_status st;
    struct aside aside;
    disk_begin(f);
    disk_set(f, f->fake->bat_inv, 5000, 60);
    disk_end(f);
    disk_change(f,
        "DROP TABLE memory; ALTER TABLE setpoint DROP COLUMN limiting; ALTER TABLE setpoint DROP COLUMN type;"
        "ALTER TABLE bound DROP COLUMN type;"
        "ALTER TABLE setpoint RENAME COLUMN mode TO held;"
        "UPDATE setpoint SET held = held - 1; PRAGMA user_version = 1");
    sqlite3 *lock = disk_lock(f);
    struct database *database = database_open(f->folder, true, &aside, &st);
    assert_non_null(database);
    assert_true(database_is_read_only(database));
    assert_int_equal(database_read_kept(database, &kept, &st), 0);
    assert_non_null(kept.setpoints);
    assert_true(kept.setpoints->value == 5000 && kept.setpoints->mode == SETPOINT_ACTIVE);
    kept_done(&kept);
    database_close(database);
    sqlite3_close(lock);
    assert_int_equal(disk_ask(f, "PRAGMA user_version"), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_journal_that_is_deleted_is_missed_by_the_next_command),
        TEST(a_log_that_is_deleted_is_missed_too),
        TEST(a_journal_that_is_replaced_by_an_older_copy_is_written_over),
        TEST(a_journal_that_is_deleted_is_missed_also_while_nothing_happens),
        TEST(a_bit_that_tips_over_in_the_log_is_not_passed_over),
        TEST(after_a_damaged_log_the_next_crash_is_one_like_any),
        TEST(of_a_damaged_log_that_stays_there_is_one_copy),
        TEST(a_write_that_a_power_cut_has_torn_is_no_damage),
        TEST(a_run_in_which_nothing_happens_writes_no_entry),
        TEST(starts_and_stops_stand_around_what_happens),
        TEST(a_start_after_a_crash_says_so),
        TEST(a_disk_that_is_full_at_the_start_is_told_without_a_command),
        TEST(what_a_reboot_ends_is_told_with_its_reason),
        TEST(bounds_that_ended_while_the_gateway_was_down_are_told),
        TEST(bounds_that_end_are_an_entry_and_kept_no_more),
        TEST(what_goes_on_is_told_as_it_is_applied),
        TEST(a_set_point_without_a_value_is_brought_to_0),
        TEST(a_crash_is_told_also_when_the_journal_opens_late),
        TEST(what_was_commanded_of_a_component_that_is_gone_ends_when_it_is_back),
        TEST(what_has_ended_of_a_component_that_is_gone_is_told_once),
        TEST(a_set_point_goes_on_with_the_component_that_comes_back_in_time_after_a_reboot),
        TEST(nothing_goes_over_to_a_component_of_another_type),
        TEST(an_outcome_without_its_command_is_no_entry),
        TEST(a_run_in_which_nothing_happened_was_stopped_too),
        TEST(a_gap_whose_entry_is_lost_is_told_by_the_next),
        TEST(a_lock_that_is_deleted_is_taken_again),
        TEST(a_folder_that_another_gateway_has_taken_is_not_written),
        TEST(an_outcome_of_what_was_commanded_before_the_journal_could_be_read_is_of_no_other),
        TEST(what_was_not_written_until_the_stop_is_written_then_if_it_can_be),
        TEST(entries_that_were_lost_push_none_out),
        TEST(a_journal_of_an_older_version_that_can_only_be_read_is_gone_on_with),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
