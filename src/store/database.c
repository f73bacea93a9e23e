/* SPDX-License-Identifier: MIT */
/* Entries are only ever added, at one end of one table without an index, so that a command costs few pages: a
 * small box often writes to a card that wears out. An outcome repeats its command's row, so that it can be
 * read by itself. What to go on with stands in two small tables, which are written over. */
#include "store/database.h"

#include <inttypes.h>
#include <math.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/clock.h"
#include "model/journal_reader.h"
#include "store/file.h"
#include "store/wal.h"

#define BUSY_MS  500  /* for another process that reads or copies the file */
#define PRUNE_AT 1000 /* entries beyond those to keep */

/* Each brings a file from the version of its place to the next. Never changed once published. */
static const char *const migrations[DATABASE_SCHEMA] = {
    "CREATE TABLE entry ("
    " id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, about INTEGER, at_utc_ns INTEGER NOT NULL,"
    " component INTEGER, name TEXT, verb INTEGER, value REAL, lifetime_ns INTEGER, detail TEXT, caller TEXT,"
    " code INTEGER, message TEXT, ending INTEGER, renewals INTEGER, until_utc_ns INTEGER);"
    "CREATE TABLE setpoint ("
    " component INTEGER, axis INTEGER, held INTEGER NOT NULL, waiting INTEGER NOT NULL, requested REAL,"
    " until_ns INTEGER, until_utc_ns INTEGER, caller TEXT, command INTEGER, renewals INTEGER,"
    " at_utc_ns INTEGER NOT NULL, PRIMARY KEY (component, axis)) WITHOUT ROWID;"
    "CREATE TABLE bound ("
    " component INTEGER, metric INTEGER, token TEXT, owner TEXT, lower REAL, upper REAL, until_ns INTEGER,"
    " until_utc_ns INTEGER, at_utc_ns INTEGER NOT NULL,"
    " PRIMARY KEY (component, metric, token, owner, lower, upper)) WITHOUT ROWID;"
    "CREATE TABLE fact (name TEXT PRIMARY KEY, value) WITHOUT ROWID;",
    "ALTER TABLE setpoint RENAME COLUMN held TO mode;"
    "UPDATE setpoint SET mode = mode + 1;" /* held: ACTIVE, else ZERO */
    "ALTER TABLE setpoint ADD COLUMN limiting INTEGER NOT NULL DEFAULT 0;",
    "CREATE TABLE memory ("
    " component INTEGER, name TEXT, value REAL,"
    " PRIMARY KEY (component, name)) WITHOUT ROWID;",
    "ALTER TABLE setpoint ADD COLUMN type TEXT; ALTER TABLE bound ADD COLUMN type TEXT;", /* NULL: as now */
};

enum statement {
    ADD_COMMAND,
    ADD_OUTCOME,
    ADD_END,
    ADD_GAP,
    ADD_NOTE,
    KEEP_SETPOINT,
    KEEP_BOUND,
    END_BOUNDS,
    DROP_BOUNDS,
    SET_FACT,
    REMEMBER,
    PRUNE,
    STATEMENT_COUNT,
};

static const char *const texts[STATEMENT_COUNT] = {
    [ADD_COMMAND] =
        "INSERT INTO entry (id, kind, at_utc_ns, component, name, verb, value, lifetime_ns, detail, caller,"
        " code, message) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)",
    /* Nothing of a command that is missing itself. */
    [ADD_OUTCOME] =
        "INSERT INTO entry (id, kind, about, at_utc_ns, component, name, verb, value, lifetime_ns, detail,"
        " caller, code, message) SELECT ?1,?2,?3,?4, component, name, verb, value, lifetime_ns, detail,"
        " caller, ?5, ?6 FROM entry WHERE id = ?3",
    [ADD_END] =
        "INSERT INTO entry (id, kind, about, at_utc_ns, component, name, verb, value, detail, caller,"
        " message, ending, renewals, until_utc_ns) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)",
    [ADD_GAP] = "INSERT INTO entry (id, kind, at_utc_ns, value, until_utc_ns) VALUES (?1,?2,?3,?4,?5)",
    [ADD_NOTE] = "INSERT INTO entry (id, kind, at_utc_ns, message) VALUES (?1,?2,?3,?4)",
    [KEEP_SETPOINT] = "INSERT OR REPLACE INTO setpoint VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
    [KEEP_BOUND] =
        "INSERT INTO bound VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10) ON CONFLICT DO UPDATE SET"
        " until_utc_ns = CASE WHEN until_ns < excluded.until_ns THEN excluded.until_utc_ns ELSE"
        " until_utc_ns END, until_ns = max(until_ns, excluded.until_ns), at_utc_ns = excluded.at_utc_ns",
    [END_BOUNDS] = "DELETE FROM bound WHERE component = ?1 AND metric = ?2 AND until_ns <= ?3",
    [DROP_BOUNDS] = "DELETE FROM bound WHERE component = ?1 AND metric = ?2 AND token = ?3",
    [SET_FACT] = "INSERT OR REPLACE INTO fact VALUES (?1, ?2)",
    [REMEMBER] = "INSERT INTO memory VALUES (?1,?2,?3) ON CONFLICT DO UPDATE SET value = excluded.value"
                 " WHERE value IS NOT excluded.value",
    /* Ids do not tell how many there are: those of entries that were lost are missing. */
    [PRUNE] = "DELETE FROM entry WHERE id < (SELECT id FROM entry ORDER BY id LIMIT 1 OFFSET ?1)",
};

struct database {
    sqlite3 *db;
    char *path;
    struct file_identity identity; /* what stood there when it was opened */
    bool read_only;
    bool log_damaged; /* what was written last is missing */
    uint64_t n_entries;
    sqlite3_stmt *statements[STATEMENT_COUNT];
};

/* How an entry's kind is stored. */
enum {
    KIND_COMMAND = 1,
    KIND_OUTCOME = 2,
    KIND_REFUSAL = 3,
    KIND_END = 4,
    KIND_GAP = 5,
    KIND_NOTE = 6,
};

/* ---- opening ---------------------------------------------------------------------------------------- */

static bool is_damage(int rc)
{
    return (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB;
}

static int complain(const struct database *database, int rc, struct ugrpc_status *st)
{
    return status_set(st, is_damage(rc) ? UGRPC_DATA_LOSS : UGRPC_UNAVAILABLE, "%s",
        database->db ? sqlite3_errmsg(database->db) : sqlite3_errstr(rc));
}

static int run(struct database *database, const char *sql)
{
    return sqlite3_exec(database->db, sql, NULL, NULL, NULL);
}

static int64_t read_number(struct database *database, const char *sql, int64_t otherwise, int *rc)
{
    sqlite3_stmt *statement = NULL;
    int64_t value = otherwise;
    *rc = sqlite3_prepare_v2(database->db, sql, -1, &statement, NULL);
    if (*rc == SQLITE_OK) {
        *rc = sqlite3_step(statement);
        if (*rc == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL) {
            value = sqlite3_column_int64(statement, 0);
        }
        *rc = *rc == SQLITE_ROW || *rc == SQLITE_DONE ? SQLITE_OK : *rc;
    }
    sqlite3_finalize(statement);
    return value;
}

/* 0, or an error of SQLite's; SQLITE_MISMATCH: a newer version made it. */
static int migrate(struct database *database, int64_t *version)
{
    int rc;
    *version = read_number(database, "PRAGMA user_version", 0, &rc);
    if (rc != SQLITE_OK || *version > DATABASE_SCHEMA || database->read_only) {
        return rc == SQLITE_OK && *version > DATABASE_SCHEMA ? SQLITE_MISMATCH : rc;
    }
    for (int64_t i = *version; i < DATABASE_SCHEMA && rc == SQLITE_OK; i++) {
        char set[64];
        snprintf(set, sizeof(set), "PRAGMA user_version = %d", (int)i + 1);
        rc = run(database, "BEGIN IMMEDIATE");
        rc = rc ? rc : run(database, migrations[i]);
        rc = rc ? rc : run(database, set);
        rc = rc ? rc : run(database, "COMMIT");
    }
    return rc;
}

/* What a damaged file shows only when one looks; a whole one of 100,000 entries takes some milliseconds. */
static int check(struct database *database)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(database->db, "PRAGMA quick_check(1)", -1, &statement, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(statement);
        const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
        rc = rc != SQLITE_ROW ? rc : text && strcmp(text, "ok") == 0 ? SQLITE_OK : SQLITE_CORRUPT;
    }
    sqlite3_finalize(statement);
    return rc;
}

static int prepare(struct database *database)
{
    int rc = SQLITE_OK;
    for (int i = 0; i < STATEMENT_COUNT && rc == SQLITE_OK && !database->read_only; i++) {
        rc = sqlite3_prepare_v3(
            database->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &database->statements[i], NULL);
    }
    return rc;
}

/* What can only be read goes on as a copy in memory, which is brought up to date. */
static int lift(struct database *database, int64_t *version)
{
    sqlite3 *copy = NULL;
    int rc = sqlite3_open_v2(":memory:", &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    sqlite3_backup *backup = rc ? NULL : sqlite3_backup_init(copy, "main", database->db, "main");
    if (backup) {
        sqlite3_backup_step(backup, -1);
        rc = sqlite3_backup_finish(backup);
    } else {
        rc = rc ? rc : sqlite3_errcode(copy);
    }
    sqlite3_close(database->db);
    database->db = copy;
    database->read_only = false;
    rc = rc ? rc : migrate(database, version);
    database->read_only = true;
    return rc;
}

static int open_file(struct database *database, int flags, int64_t *version)
{
    int rc = sqlite3_open_v2(database->path, &database->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    database->read_only = flags & SQLITE_OPEN_READONLY;
    if (rc == SQLITE_OK) {
        sqlite3_busy_timeout(database->db, BUSY_MS);
        sqlite3_extended_result_codes(database->db, 1);
        /* Small pages: one is written for each change, and changes are small. */
        rc = database->read_only
                 ? SQLITE_OK
                 : run(database, "PRAGMA page_size = 1024; PRAGMA journal_mode = WAL;"
                                 "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4096;"
                                 "PRAGMA journal_size_limit = 8388608");
    }
    rc = rc ? rc : migrate(database, version);
    rc = rc ? rc : check(database);
    if (rc == SQLITE_OK && database->read_only && *version < DATABASE_SCHEMA) {
        rc = lift(database, version);
    }
    rc = rc ? rc : prepare(database);
    database->identity = file_identify(database->path);
    if (rc == SQLITE_OK) {
        database->n_entries = (uint64_t)read_number(database, "SELECT count(*) FROM entry", 0, &rc);
    }
    return rc;
}

static void close_file(struct database *database)
{
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3_finalize(database->statements[i]);
        database->statements[i] = NULL;
    }
    sqlite3_close(database->db);
    database->db = NULL;
}

static enum wal_state read_log(const char *path)
{
    char name[4200];
    snprintf(name, sizeof(name), "%s-wal", path);
    FILE *log = fopen(name, "re");
    enum wal_state state = log ? wal_read(log) : WAL_WHOLE;
    if (log) {
        fclose(log);
    }
    return state;
}

struct database *database_open(
    const char *folder, bool may_be_read_only, struct aside *aside, struct ugrpc_status *st)
{
    const int writable = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    char path[4096];
    int64_t version = 0;
    struct database *database = calloc(1, sizeof(*database));
    snprintf(path, sizeof(path), "%s/journal.db", folder);
    if (!database || !(database->path = strdup(path))) {
        abort();
    }
    *aside = (struct aside){""};
    file_make_private(path);
    enum wal_state log = read_log(path);
    if (log == WAL_DAMAGED) {
        file_copy_log(path, aside);
        database->log_damaged = true;
    }
    int rc = open_file(database, writable, &version);
    if (is_damage(rc)) {
        close_file(database);
        if (file_set_aside(path, aside)) {
            file_make_private(path);
            rc = open_file(database, writable, &version);
        }
    }
    if (rc == SQLITE_OK && log != WAL_WHOLE) {
        rc = sqlite3_wal_checkpoint_v2(database->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    }
    if (rc == SQLITE_OK) {
        return database;
    }
    if (rc == SQLITE_MISMATCH) {
        status_set(st, UGRPC_FAILED_PRECONDITION,
            "%s: its schema is version %lld, made by a newer microgridd; this one knows up to %d. Start that "
            "one again; or move the file elsewhere, and what it holds is forgotten",
            path, (long long)version, DATABASE_SCHEMA);
    } else {
        complain(database, rc, st);
        close_file(database);
        if (may_be_read_only && open_file(database, SQLITE_OPEN_READONLY, &version) == SQLITE_OK) {
            return database;
        }
    }
    database_close(database);
    return NULL;
}

void database_close(struct database *database)
{
    if (database) {
        close_file(database);
        file_drop_orphan(database->path, &database->identity);
        free(database->path);
        free(database);
    }
}

bool database_is_read_only(const struct database *database)
{
    return database->read_only;
}

/* ---- writing ---------------------------------------------------------------------------------------- */

/* Binds what its letter says of each argument: i int64_t, d double, s string. */
static int execute(struct database *database, enum statement which, const char *types, ...)
{
    sqlite3_stmt *statement = database->statements[which];
    va_list args;
    va_start(args, types);
    for (int i = 1; *types; types++, i++) {
        if (*types == 'i') {
            sqlite3_bind_int64(statement, i, va_arg(args, int64_t));
        } else if (*types == 'd') {
            sqlite3_bind_double(statement, i, va_arg(args, double)); /* NAN becomes NULL */
        } else {
            sqlite3_bind_text(statement, i, va_arg(args, const char *), -1, SQLITE_STATIC);
        }
    }
    va_end(args);
    int rc = sqlite3_step(statement);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    if (rc == SQLITE_DONE && which <= ADD_NOTE) {
        database->n_entries += (uint64_t)sqlite3_changes(database->db); /* an outcome may add none */
    }
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int write_memory(struct database *database, const struct memory *memory)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; i < memory->n && rc == SQLITE_OK; i++) {
        const struct memory_item *item = &memory->items[i];
        rc = execute(database, REMEMBER, "isd", (int64_t)item->component_id, item->name, item->value);
    }
    return rc;
}

static int end_bounds(struct database *database, const struct op *op)
{
    return execute(database, END_BOUNDS, "iii", (int64_t)op->component, (int64_t)op->place, op->now_ns);
}

static int write_op(struct database *database, const struct op *op)
{
    int64_t id = (int64_t)op->id, about = (int64_t)op->about, component = (int64_t)op->component;
    int rc;
    switch (op->kind) {
    case OP_COMMAND:
    case OP_REFUSAL:
        return execute(database, ADD_COMMAND, "iiiisidissis", id,
            (int64_t)(op->kind == OP_COMMAND ? KIND_COMMAND : KIND_REFUSAL), op->at_utc_ns, component,
            op->name, (int64_t)op->verb, op->value, op->lifetime_ns, op->detail, op->caller,
            (int64_t)op->code, op->text);
    case OP_OUTCOME:
        return execute(database, ADD_OUTCOME, "iiiiis", id, (int64_t)KIND_OUTCOME, about, op->at_utc_ns,
            (int64_t)op->code, op->text);
    case OP_END:
    case OP_BOUNDS_END:
        rc = execute(database, ADD_END, "iiiiisidsssiii", id, (int64_t)KIND_END, about, op->at_utc_ns,
            component, op->name, (int64_t)op->verb, op->value, op->detail, op->caller, op->text,
            (int64_t)op->end, (int64_t)op->renewals, op->until_utc_ns);
        return rc || op->kind == OP_END ? rc : end_bounds(database, op);
    case OP_GAP:
        return execute(database, ADD_GAP, "iiidi", id, (int64_t)KIND_GAP, op->at_utc_ns, (double)op->lost,
            op->until_utc_ns);
    case OP_NOTE:
        return execute(database, ADD_NOTE, "iiis", id, (int64_t)KIND_NOTE, op->at_utc_ns, op->text);
    case OP_KEEP_SETPOINT:
        return execute(database, KEEP_SETPOINT, "iiiidiisiiiis", component, (int64_t)op->place,
            (int64_t)op->mode, (int64_t)op->waiting, op->value, op->until_ns, op->until_utc_ns, op->caller,
            about, (int64_t)op->renewals, op->at_utc_ns, (int64_t)op->limiting, op->name);
    case OP_KEEP_BOUND:
        rc = end_bounds(database, op);
        return rc ? rc
                  : execute(database, KEEP_BOUND, "iissddiiis", component, (int64_t)op->place, op->text,
                        op->caller, op->value, op->upper, op->until_ns, op->until_utc_ns, op->at_utc_ns,
                        op->name);
    case OP_DROP_BOUNDS:
        return execute(database, DROP_BOUNDS, "iis", component, (int64_t)op->place, op->text);
    case OP_FORGET:
        rc = run(database, "DELETE FROM setpoint; DELETE FROM bound");
        rc = rc ? rc : execute(database, SET_FACT, "ss", "boot", op->text);
        return rc ? rc : execute(database, SET_FACT, "si", "runs", (int64_t)1);
    case OP_STOP:
        return execute(database, SET_FACT, "si", "runs", (int64_t)0);
    case OP_REMEMBER:
        return write_memory(database, &op->memory);
    }
    return SQLITE_INTERNAL;
}

/* Seldom, and then many at a time. */
static int prune(struct database *database, uint64_t most)
{
    if (database->n_entries < most + PRUNE_AT) {
        return SQLITE_OK;
    }
    int rc = execute(database, PRUNE, "i", (int64_t)(database->n_entries - most));
    if (rc == SQLITE_OK) {
        database->n_entries = most;
    }
    return rc;
}

/* The end of a transaction that went well as far as `rc`. */
static int commit(struct database *database, int rc, struct ugrpc_status *st)
{
    rc = rc ? rc : run(database, "COMMIT");
    if (rc == SQLITE_OK) {
        return 0;
    }
    complain(database, rc, st);
    run(database, "ROLLBACK");
    return -(int)st->code;
}

int database_write(struct database *database, const struct op *first, uint64_t most, struct ugrpc_status *st)
{
    uint64_t n_before = database->n_entries;
    if (database->read_only) {
        return status_set(st, UGRPC_UNAVAILABLE, "the file can only be read");
    }
    int rc = run(database, "BEGIN IMMEDIATE");
    for (const struct op *op = first; op && rc == SQLITE_OK; op = op->next) {
        rc = write_op(database, op);
    }
    rc = rc ? rc : prune(database, most);
    rc = commit(database, rc, st);
    if (rc < 0) {
        database->n_entries = n_before;
    }
    return rc;
}

int database_check_place(const struct database *database, struct ugrpc_status *st)
{
    return database->read_only || file_is_still(database->path, &database->identity)
               ? 0
               : status_set(st, UGRPC_NOT_FOUND, "somebody has removed or replaced it");
}

int database_probe(struct database *database, struct ugrpc_status *st)
{
    int rc = run(database, "BEGIN IMMEDIATE");
    rc = rc ? rc : run(database, "INSERT OR REPLACE INTO fact VALUES ('repaired', unixepoch())");
    return commit(database, rc, st);
}

/* ---- reading ---------------------------------------------------------------------------------------- */

static const char *text_at(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text ? (const char *)text : "";
}

static double real_at(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL ? NAN
                                                                 : sqlite3_column_double(statement, column);
}

typedef void fill_fn(sqlite3_stmt *statement, struct op *op);

static int read_rows(struct database *database, const char *sql, fill_fn *fill, struct op **list)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(database->db, sql, -1, &statement, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        struct op op = {.name = NULL};
        fill(statement, &op);
        *list = op_new(&op);
        list = &(*list)->next;
        rc = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static void fill_setpoint(sqlite3_stmt *statement, struct op *op)
{
    op->kind = OP_KEEP_SETPOINT;
    op->component = (uint64_t)sqlite3_column_int64(statement, 0);
    op->place = sqlite3_column_int(statement, 1);
    op->mode = sqlite3_column_int(statement, 2);
    op->waiting = sqlite3_column_int(statement, 3) != 0;
    op->value = real_at(statement, 4);
    op->until_ns = sqlite3_column_int64(statement, 5);
    op->until_utc_ns = sqlite3_column_int64(statement, 6);
    op->caller = text_at(statement, 7);
    op->about = (uint64_t)sqlite3_column_int64(statement, 8);
    op->renewals = (uint32_t)sqlite3_column_int64(statement, 9);
    op->limiting = sqlite3_column_int(statement, 10) != 0;
    op->at_utc_ns = sqlite3_column_int64(statement, 11);
    op->name = text_at(statement, 12);
}

static void fill_bound(sqlite3_stmt *statement, struct op *op)
{
    op->kind = OP_KEEP_BOUND;
    op->component = (uint64_t)sqlite3_column_int64(statement, 0);
    op->place = sqlite3_column_int(statement, 1);
    op->text = text_at(statement, 2);
    op->caller = text_at(statement, 3);
    op->value = real_at(statement, 4);
    op->upper = real_at(statement, 5);
    op->until_ns = sqlite3_column_int64(statement, 6);
    op->until_utc_ns = sqlite3_column_int64(statement, 7);
    op->at_utc_ns = sqlite3_column_int64(statement, 8);
    op->name = text_at(statement, 9);
}

static void fill_open_command(sqlite3_stmt *statement, struct op *op)
{
    op->kind = OP_COMMAND;
    op->id = (uint64_t)sqlite3_column_int64(statement, 0);
}

/* What is no number is NAN. */
static int read_memory(struct database *database, struct memory *memory)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(database->db,
        "SELECT component, name, CASE WHEN typeof(value) IN ('real', 'integer') THEN value END FROM memory"
        " ORDER BY component, name",
        -1, &statement, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        memory_add(memory, (uint64_t)sqlite3_column_int64(statement, 0), text_at(statement, 1),
            real_at(statement, 2));
        rc = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int read_boot(struct database *database, char *boot, size_t cap)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(
        database->db, "SELECT value FROM fact WHERE name = 'boot'", -1, &statement, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        snprintf(boot, cap, "%s", text_at(statement, 0));
    }
    sqlite3_finalize(statement);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static uint64_t read_last_id(struct database *database, int *rc)
{
    return (uint64_t)read_number(database, "SELECT max(id) FROM entry", 0, rc);
}

int database_read_kept(struct database *database, struct kept *kept, struct ugrpc_status *st)
{
    int rc;
    *kept = (struct kept){.log_damaged = database->log_damaged};
    kept->last_id = read_last_id(database, &rc);
    if (rc == SQLITE_OK) {
        kept->last_utc_ns = read_number(database,
            "SELECT max(at) FROM (SELECT max(at_utc_ns) AS at FROM setpoint UNION ALL"
            " SELECT max(at_utc_ns) FROM bound UNION ALL"
            " SELECT at_utc_ns FROM entry WHERE id = (SELECT max(id) FROM entry))",
            INT64_MIN, &rc);
    }
    if (rc == SQLITE_OK) {
        kept->crashed = read_number(database, "SELECT value FROM fact WHERE name = 'runs'", 0, &rc) != 0;
    }
    rc = rc ? rc : read_boot(database, kept->boot, sizeof(kept->boot));
    rc =
        rc ? rc
           : read_rows(database,
                 "SELECT component, metric, token, owner, lower, upper, until_ns, until_utc_ns, at_utc_ns, type"
                 " FROM bound"
                 " ORDER BY component, metric, token, owner",
                 fill_bound, &kept->bounds);
    rc = rc ? rc
            : read_rows(database,
                  "SELECT component, axis, mode, waiting, requested, until_ns, until_utc_ns, caller, command,"
                  " renewals, limiting, at_utc_ns, type FROM setpoint",
                  fill_setpoint, &kept->setpoints);
    rc = rc ? rc
            : read_rows(database,
                  "SELECT id FROM entry WHERE kind = 1 EXCEPT SELECT about FROM entry WHERE kind = 2",
                  fill_open_command, &kept->open_commands);
    rc = rc ? rc : read_memory(database, &kept->memory);
    if (rc) {
        kept_done(kept);
        return complain(database, rc, st);
    }
    return 0;
}

void kept_done(struct kept *kept)
{
    op_free_list(kept->bounds);
    op_free_list(kept->setpoints);
    op_free_list(kept->open_commands);
    memory_done(&kept->memory);
    *kept = (struct kept){0};
}

uint64_t database_last_id(struct database *database)
{
    int rc;
    return read_last_id(database, &rc);
}

/* False: it is not shown. */
static bool fill_entry(sqlite3_stmt *statement, struct journal_entry *entry)
{
    static const enum journal_kind kinds[] = {[KIND_OUTCOME] = JOURNAL_KIND_COMMAND,
        [KIND_REFUSAL] = JOURNAL_KIND_REFUSAL,
        [KIND_END] = JOURNAL_KIND_END,
        [KIND_GAP] = JOURNAL_KIND_GAP,
        [KIND_NOTE] = JOURNAL_KIND_NOTE};
    int kind = sqlite3_column_int(statement, 1);
    bool shown = kind > KIND_COMMAND && kind <= KIND_NOTE;
    *entry = (struct journal_entry){
        .id = (uint64_t)sqlite3_column_int64(statement, 0),
        .kind = shown ? kinds[kind] : JOURNAL_KIND_COMMAND,
        .at_utc_ns = sqlite3_column_int64(statement, 2),
        .component_id = (uint64_t)sqlite3_column_int64(statement, 3),
        .component = text_at(statement, 4),
        .verb = sqlite3_column_type(statement, 5) == SQLITE_NULL ? -1 : sqlite3_column_int(statement, 5),
        .value = real_at(statement, 6),
        .lifetime_ns = sqlite3_column_int64(statement, 7),
        .detail = text_at(statement, 8),
        .caller = text_at(statement, 9),
        .code = sqlite3_column_int(statement, 10),
        .message = text_at(statement, 11),
        .end = sqlite3_column_int(statement, 12),
        .renewals = (uint32_t)sqlite3_column_int64(statement, 13),
        .until_utc_ns = sqlite3_column_int64(statement, 14),
    };
    if (kind == KIND_GAP) {
        entry->lost = isnan(entry->value) ? 0 : (uint64_t)entry->value;
        entry->lost_utc_ns = entry->until_utc_ns;
        entry->value = NAN;
    }
    return shown;
}

int database_read_entries(struct database *database, uint64_t *last_id, int most, database_entry_fn *row,
    void *userdata, struct ugrpc_status *st)
{
    sqlite3_stmt *statement = NULL;
    int n = 0;
    int rc = sqlite3_prepare_v2(database->db,
        "SELECT id, kind, at_utc_ns, component, name, verb, value, lifetime_ns, detail, caller, code, message,"
        " ending, renewals, until_utc_ns FROM entry WHERE id > ?1 ORDER BY id LIMIT ?2",
        -1, &statement, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, (int64_t)*last_id);
        sqlite3_bind_int(statement, 2, most);
        while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
            struct journal_entry entry;
            if (fill_entry(statement, &entry)) {
                row(&entry, userdata);
            }
            *last_id = entry.id;
            n++;
        }
        rc = rc == SQLITE_DONE ? SQLITE_OK : rc;
    }
    rc = rc ? complain(database, rc, st) : n;
    sqlite3_finalize(statement);
    return rc;
}
