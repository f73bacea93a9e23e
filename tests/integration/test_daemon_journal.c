/* SPDX-License-Identifier: MIT */
/* Set-points and bounds through the ends of a real gateway, planned or not, and what it does while it cannot
 * write its journal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "grpc/health/v1/health.ugrpc.h"
#include "support/gateway.h"

#define ON_STATE  ON_DEFAULT_SITE, "--state", "state"
#define SET_POWER GATEWAY_PATH("SetComponentPowerActive")

static struct h2_call *begin_set(struct gateway *g, uint64_t id, float power_w, uint64_t lifetime_s)
{
    microgrid_v1_set_component_power_active_request request =
        MICROGRID_V1_SET_COMPONENT_POWER_ACTIVE_REQUEST_INIT;
    request.component_id = id;
    request.power = power_w;
    microgrid_v1_set_component_power_active_request_set_request_lifetime(&request, lifetime_s);
    return gateway_begin(g, SET_POWER, &request);
}

static struct h2_call *set(struct gateway *g, uint64_t id, float power_w, uint64_t lifetime_s)
{
    struct h2_call *call = begin_set(g, id, power_w, lifetime_s);
    h2_pump_until_closed(g->client, call);
    return call;
}

static void set_accepted(struct gateway *g, uint64_t id, float power_w, uint64_t lifetime_s)
{
    const struct h2_call *call = set(g, id, power_w, lifetime_s);
    assert_int_equal(h2_grpc_status(call), UGRPC_OK);
    assert_string_equal(h2_header(call, "journal"), "");
}

/* The first column of the first row; -1 if there is none. */
static double PRINTF_LIKE(2, 3) ask(const struct gateway *g, const char *format, ...)
{
    char path[64], sql[512];
    va_list args;
    sqlite3 *db;
    sqlite3_stmt *statement;
    va_start(args, format);
    vsnprintf(sql, sizeof(sql), format, args);
    va_end(args);
    snprintf(path, sizeof(path), "%s/state/journal.db", g->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    int rc = sqlite3_step(statement);
    assert_true(rc == SQLITE_ROW || rc == SQLITE_DONE);
    double number = rc == SQLITE_ROW ? sqlite3_column_double(statement, 0) : -1;
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return number;
}

/* ---- restart ---------------------------------------------------------------------------------------- */

static void after_a_crash_a_set_point_holds_and_ends_on_its_original_second(void **state)
{
    struct gateway *g = *state;
    gateway_start(g, ARGS(ON_STATE), NULL);
    set_accepted(g, 4, 5000, 10);
    double until_ns = ask(g, "SELECT until_ns FROM setpoint WHERE component = 4");
    gateway_kill(g);
    gateway_start(g, ARGS(ON_STATE), NULL);
    process_expect(&g->process, "set-point +5000 W goes on after the restart");
    int64_t ends_ns = (int64_t)until_ns - clock_now_ns(clock_real());
    assert_true(ends_ns > 0);
    process_expect(
        &g->process, "lifetime ended, 0 W (on_expiry: zero)"); /* the last of 10 s: patience is longer */
    assert_true(clock_now_ns(clock_real()) >= (int64_t)until_ns);
}

static void a_planned_stop_brings_devices_to_0_and_the_next_start_goes_on(void **state)
{
    struct gateway *g = *state;
    gateway_start(g, ARGS(ON_STATE), NULL);
    set_accepted(g, 4, 5000, 60);
    assert_int_equal(gateway_stop(g), 0);
    gateway_start(g, ARGS(ON_STATE), NULL);
    process_expect(&g->process, "set-point +5000 W goes on after the restart");
}

static void a_gateway_that_takes_no_commands_restores_none(void **state)
{
    struct gateway *g = *state;
    gateway_start(g, ARGS(ON_STATE), NULL);
    set_accepted(g, 4, 5000, 60);
    gateway_kill(g);
    gateway_start(g, ARGS(ON_STATE, "--read-only"), NULL);
    process_expect(&g->process, "--read-only: set-points from before are not restored, nor brought to 0");
    assert_int_equal(process_count(&g->process.err, "goes on after the restart"), 0);
}

static void a_second_gateway_on_the_folder_is_refused_and_told_of_the_first(void **state)
{
    struct gateway *g = *state;
    struct process second = {0};
    char pid[32];
    gateway_start(g, ARGS(ON_STATE), NULL);
    const struct process_options options = {
        .argv = ARGS(getenv("MICROGRIDD"), ON_STATE), .folder = g->folder};
    assert_int_equal(process_run(&second, &options), 1);
    snprintf(pid, sizeof(pid), "pid %d (", (int)g->process.pid);
    process_assert_says(&second.err, "state: another gateway has this folder: ");
    process_assert_says(&second.err, pid);
    process_done(&second);
}

/* ---- crashes under load ----------------------------------------------------------------------------- */

static const uint64_t inverters[] = {4, 6, 9};

struct load {
    struct h2_call *calls[400];
    uint64_t ids[400];
    float powers[400];
    int n;
};

/* As many commands as a moment has room for, each of another value, some of which overtake others; the first
 * has been answered. */
static void command_until(struct gateway *g, struct load *load, int64_t until_ns)
{
    do {
        load->ids[load->n] = inverters[rand() % (int)ARRAY_LEN(inverters)];
        load->powers[load->n] = (float)-(load->n + 1);
        load->calls[load->n] = begin_set(g, load->ids[load->n], load->powers[load->n], 600);
        load->n++;
    } while (load->n < (int)ARRAY_LEN(load->calls) && clock_now_ns(clock_real()) < until_ns);
    h2_pump_until_closed(g->client, load->calls[0]);
}

/* What was acknowledged last on each axis is what goes on, or something newer that had no answer yet. */
static void check(struct gateway *g, const struct load *load, double since)
{
    for (size_t i = 0; i < ARRAY_LEN(inverters); i++) {
        int last = -1;
        for (int j = 0; j < load->n; j++) {
            if (load->ids[j] != inverters[i] || h2_grpc_status(load->calls[j]) != UGRPC_OK) {
                continue;
            }
            last = j;
            assert_true(
                ask(g,
                    "SELECT count(*) FROM entry WHERE kind = 2 AND code = 0 AND component = %d AND value = %d AND id > %.0f",
                    (int)inverters[i], (int)load->powers[j], since) == 1);
        }
        if (last < 0) {
            continue;
        }
        double kept_w = ask(g,
            "SELECT requested FROM setpoint WHERE component = %d AND axis = 0 AND mode = 2",
            (int)inverters[i]);
        assert_true(kept_w <= (double)load->powers[last]); /* later ones are lower */
        bool known = false;
        for (int j = last; j < load->n; j++) {
            known |= load->ids[j] == inverters[i] && (double)load->powers[j] == kept_w;
        }
        assert_true(known);
    }
}

static void nothing_acknowledged_is_lost_whenever_the_gateway_is_killed(void **state)
{
    struct gateway *g = *state;
    const char *wanted = getenv("CRASHES");
    int crashes = wanted ? atoi(wanted) : 12, acknowledged = 0;
    srand(4711);
    for (int i = 0; i < crashes; i++) {
        struct load load = {.n = 0};
        char line[128];
        gateway_start(g, ARGS(ON_STATE), NULL);
        double since = ask(g, "SELECT max(id) FROM entry");
        command_until(g, &load, clock_now_ns(clock_real()) + rand() % 60 * NS_PER_MS);
        process_signal(&g->process, SIGKILL);
        h2_pump_until_gone(g->client);
        struct h2_client *client = g->client; /* its calls are still looked at */
        g->client = NULL;
        gateway_kill(g);
        check(g, &load, since);
        for (int j = 0; j < load.n; j++) {
            acknowledged += h2_grpc_status(load.calls[j]) == UGRPC_OK;
        }
        h2_close(client);
        double kept_w = ask(
            g, "SELECT requested FROM setpoint WHERE component = 4 AND axis = 0 AND mode = 2");
        gateway_start(g, ARGS(ON_STATE), NULL);
        if (kept_w != -1 || ask(g, "SELECT count(*) FROM setpoint WHERE component = 4 AND mode = 2") == 1) {
            snprintf(line, sizeof(line), "set-point %g W goes on after the restart", kept_w);
            process_expect(&g->process, line);
        }
        gateway_kill(g);
    }
    assert_true(acknowledged > 0);
}

/* ---- a journal that cannot be written --------------------------------------------------------------- */

static int health_of(struct gateway *g, const char *service)
{
    ugrpc_health_v1_health_check_request request = UGRPC_HEALTH_V1_HEALTH_CHECK_REQUEST_INIT;
    size_t len;
    bool compressed;
    request.service = (char *)service;
    const struct h2_call *call = gateway_call(g, "/grpc.health.v1.Health/Check", &request);
    assert_int_equal(h2_grpc_status(call), UGRPC_OK);
    const uint8_t *message = h2_message(call, 0, &len, &compressed);
    return len == 2 ? message[1] : 0;
}

/* As a monitor sees it that asks for all there is; 0: it is not listed. */
static int health_listed(struct gateway *g, const char *name)
{
    const ugrpc_health_v1_health_list_request request = UGRPC_HEALTH_V1_HEALTH_LIST_REQUEST_INIT;
    size_t len;
    bool compressed;
    int found = 0;
    const struct h2_call *call = gateway_call(g, "/grpc.health.v1.Health/List", &request);
    const uint8_t *message = h2_message(call, 0, &len, &compressed);
    ugrpc_health_v1_health_list_response *list = (void *)protobuf_c_message_unpack(
        &ugrpc__health__v1__health_list_response__descriptor, NULL, len, message);
    assert_non_null(list);
    for (size_t i = 0; i < list->n_statuses; i++) {
        if (strcmp(list->statuses[i]->key, name) == 0) {
            found = (int)list->statuses[i]->value->status;
        }
    }
    ugrpc_health_v1_health_list_response_free(list);
    return found;
}

static void commands_go_on_while_the_disk_is_full_and_say_so(void **state)
{
    struct gateway *g = *state;
    struct rlimit before, small = {.rlim_cur = 4096};
    gateway_start(g, ARGS(ON_STATE), NULL);
    set_accepted(g, 4, 1000, 60);
    assert_int_equal(health_of(g, "journal"), 1);
    assert_int_equal(prlimit(g->process.pid, RLIMIT_FSIZE, NULL, &before), 0);
    small.rlim_max = before.rlim_max;
    assert_int_equal(prlimit(g->process.pid, RLIMIT_FSIZE, &small, NULL), 0);
    for (int i = 0; i < 3; i++) {
        const struct h2_call *call = set(g, 4, (float)(5000 + i), 60);
        assert_int_equal(h2_grpc_status(call), UGRPC_OK);
        assert_string_equal(h2_header(call, "journal"), "degraded");
    }
    assert_int_equal(health_of(g, "journal"), 2);
    assert_int_equal(health_listed(g, "journal"), 2);
    assert_int_equal(health_of(g, ""), 1);
    assert_int_equal(health_listed(g, ""), 1);
    assert_int_equal(health_listed(g, "grpc.health.v1.Health"), 1);
    process_expect(&g->process, "state/journal.db cannot be written: ");
    assert_int_equal(process_count(&g->process.err, "cannot be written: "), 1);
    assert_int_equal(prlimit(g->process.pid, RLIMIT_FSIZE, &before, NULL), 0);
    process_expect(&g->process, "state/journal.db is written again; ");
    set_accepted(g, 4, 6000, 60);
    assert_int_equal(health_of(g, "journal"), 1);
    assert_true(ask(g, "SELECT count(*) FROM entry WHERE kind = 5") == 1);
    gateway_kill(g);
    assert_true(ask(g, "SELECT requested FROM setpoint WHERE component = 4") == 6000);
}

static void a_journal_that_is_deleted_under_a_gateway_loses_nothing_in_force(void **state)
{
    struct gateway *g = *state;
    char path[64];
    gateway_start(g, ARGS(ON_STATE), NULL);
    set_accepted(g, 4, 1000, 60);
    snprintf(path, sizeof(path), "%s/state/journal.db", g->folder);
    assert_int_equal(unlink(path), 0);
    const struct h2_call *call = set(g, 4, 5000, 60);
    assert_int_equal(h2_grpc_status(call), UGRPC_OK);
    assert_string_equal(h2_header(call, "journal"), "degraded");
    process_expect(&g->process, "state/journal.db cannot be written: somebody has removed or replaced it");
    process_expect(&g->process, "state/journal.db is written again; 1 entry is missing in it");
    set_accepted(g, 6, 1936, 60);
    gateway_kill(g);
    gateway_start(g, ARGS(ON_STATE), NULL);
    process_expect(&g->process, "set-point +5000 W goes on after the restart");
    process_expect(&g->process, "set-point +1936 W goes on after the restart");
}

static void a_corrupt_journal_is_set_aside_and_the_gateway_starts(void **state)
{
    struct gateway *g = *state;
    gateway_start(g, ARGS(ON_STATE), NULL);
    assert_int_equal(gateway_stop(g), 0);
    gateway_write(g, "state/journal.db", "rubbish, but somebody's rubbish\n");
    gateway_start(g, ARGS(ON_STATE), NULL);
    process_expect(&g->process, "state/journal.db was corrupt: it is kept as state/journal.db.corrupt-");
    set_accepted(g, 4, 1000, 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATEWAY_TEST(after_a_crash_a_set_point_holds_and_ends_on_its_original_second),
        GATEWAY_TEST(a_planned_stop_brings_devices_to_0_and_the_next_start_goes_on),
        GATEWAY_TEST(a_gateway_that_takes_no_commands_restores_none),
        GATEWAY_TEST(a_second_gateway_on_the_folder_is_refused_and_told_of_the_first),
        GATEWAY_TEST(nothing_acknowledged_is_lost_whenever_the_gateway_is_killed),
        GATEWAY_TEST(commands_go_on_while_the_disk_is_full_and_say_so),
        GATEWAY_TEST(a_journal_that_is_deleted_under_a_gateway_loses_nothing_in_force),
        GATEWAY_TEST(a_corrupt_journal_is_set_aside_and_the_gateway_starts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
