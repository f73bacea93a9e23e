/* SPDX-License-Identifier: MIT */
/* A week of a site in a few seconds, on the simulator and a fake clock, with streams, and its journal on a
 * disk: what it takes of memory and of the disk does not grow. SOAK_DAYS=n for longer. */
#include "unit.h"

#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "sim_site.h"
#include "store/store_internal.h"

#define DAYS        7
#define DAY_MINUTES (24 * 60)
#define SAMPLE_S    2  /* between samples: the most that is not old at once */
#define FUSE_A      32 /* at the grid: what charges together is too much for it */
#define ENTRIES     2000
#define GROWTH_MOST (16 * 1024)       /* a few pages of SQLite's, which has room for 2 MB of them */
#define FILE_MOST   (512 * 1024)      /* of so many entries */
#define WAL_MOST    (8 * 1024 * 1024) /* what the store lets it come to */

enum { GRID = 1, METER, INVERTER, BATTERY, PV, EV, LOAD, PARTS };

struct soak {
    struct sim_site *sim;
    struct component *parts[PARTS];
    struct subscription streams[PARTS];
    struct disk *disk;
    struct store *store;
    uint64_t samples, answers, refused;
};

static void on_news(struct subscription *subscription, void *userdata)
{
    ((struct soak *)userdata)->samples++;
}

static void on_answer(const struct ugrpc_status *st, int64_t until_utc_ns, void *userdata)
{
    ((struct soak *)userdata)->answers++;
}

/* What was made is written before the clock goes on: the disk is not slow, but the clock very fast. */
static void settle(struct soak *s)
{
    while (s->store->serial != s->store->written || s->store->first_sync) {
        if (timers_next_ns(&s->sim->timers) <= s->sim->fake.at_ns) {
            timers_run(&s->sim->timers);
        } else {
            s->store->urgent = true;
            uv_run(&s->disk->loop, UV_RUN_ONCE);
        }
    }
}

static void pass_s(struct soak *s, int seconds)
{
    for (int i = 0; i < seconds; i++) {
        sim_site_run_s(s->sim, 1);
        settle(s);
    }
}

static void set(struct soak *s, int part, enum axis axis, double power, int64_t lifetime_s)
{
    static const struct caller ems = {.owner = "key ems", .label = "ems"};
    s->refused += command_set_power(s->parts[part], axis, &ems, power, lifetime_s, on_answer, s, NULL) < 0;
    settle(s);
}

static void bound(
    struct soak *s, int part, enum metric metric, const char *token, struct range range, int64_t lifetime_s)
{
    int64_t until_utc_ns;
    s->refused += fake_add_bounds(s->parts[part], metric, &fake_caller_a, token, &range, 1, lifetime_s,
                      &until_utc_ns, NULL) < 0;
    settle(s);
}

/* Commands and renewals, some of which are left to end; bounds with and without a token. */
static void live_a_minute(struct soak *s, int minute)
{
    double wave = sin(minute * 0.01);
    set(s, INVERTER, AXIS_ACTIVE, round(wave * 18) * 200, minute % 5 == 0 ? 30 : 120);
    if (minute % 3 == 0) {
        set(s, INVERTER, AXIS_REACTIVE, 500, 60);
        set(s, PV, AXIS_ACTIVE, -3000 - minute % 7 * 1000, 90);
    }
    if (minute % 4 == 0) {
        bound(s, INVERTER, METRIC_AC_ACTIVE_POWER, NULL, (struct range){-4000, 4000 + minute % 10}, 60);
        bound(s, BATTERY, METRIC_DC_POWER, "ems", (struct range){-6000, 3000}, 300);
    }
    if (minute % 60 == 0) {
        set(s, EV, AXIS_ACTIVE, minute % 120 ? 4000 : 12000, 900); /* the latter is refused */
    }
    pass_s(s, 60);
}

static struct component *add(struct soak *s, int part, enum component_type type, int under, double lower,
    double upper, struct setting *settings, size_t n)
{
    s->parts[part] = sim_site_add(
        s->sim, (uint64_t)part, type, under ? s->parts[under] : NULL, lower, upper, settings, n);
    s->parts[part]->spec.interval_ns = SAMPLE_S * NS_PER_S;
    return s->parts[part];
}

static struct soak *soak_new(void)
{
    struct soak *s = calloc(1, sizeof(*s));
    struct setting battery[] = {NUMBER("capacity", 20000), NUMBER("soc", 50)};
    struct setting load[] = {NUMBER("power", 3000)};
    struct ugrpc_status st;
    assert_non_null(s);
    s->sim = sim_site_new();
    add(s, GRID, COMPONENT_GRID, 0, -40000, 40000, NULL, 0)->spec.fuse_current_a = FUSE_A;
    add(s, METER, COMPONENT_METER, GRID, 0, 0, NULL, 0);
    add(s, INVERTER, COMPONENT_BATTERY_INVERTER, METER, -10000, 10000, NULL, 0);
    add(s, BATTERY, COMPONENT_BATTERY, INVERTER, -20000, 20000, battery, ARRAY_LEN(battery));
    add(s, PV, COMPONENT_PV_INVERTER, METER, -15000, 0, NULL, 0);
    add(s, EV, COMPONENT_EV_CHARGER, METER, 0, 11000, NULL, 0);
    add(s, LOAD, COMPONENT_METER, METER, 0, 0, load, ARRAY_LEN(load));
    for (int i = GRID; i < PARTS; i++) {
        s->streams[i] = (struct subscription){.on_news = on_news, .userdata = s};
        telemetry_subscribe(&s->parts[i]->telemetry, &s->streams[i]);
    }
    s->disk = disk_new_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    s->disk->options.entries = ENTRIES;
    s->store = store_open(&s->disk->options, &st);
    assert_non_null(s->store);
    store_recall(s->store, s->sim->site);
    sim_site_start(s->sim);
    store_restore(s->store, s->sim->site, false);
    assert_int_equal(store_start(s->store, &s->disk->loop, &st), 0);
    return s;
}

static void soak_free(struct soak *s)
{
    store_close(s->store, STORE_PATIENCE_MS);
    sim_site_free(s->sim);
    uv_run(&s->disk->loop, UV_RUN_DEFAULT);
    disk_free(s->disk);
    free(s);
}

static int64_t memory_in_use(void)
{
    const struct mallinfo2 info = mallinfo2();
    return (int64_t)(info.uordblks + info.hblkhd);
}

static int64_t size_of(const struct soak *s, const char *name)
{
    struct stat info;
    return stat(disk_path(s->disk, name), &info) == 0 ? (int64_t)info.st_size : 0;
}

static void a_week_takes_no_more_memory_than_its_first_day(void **state)
{
    const char *wanted = getenv("SOAK_DAYS");
    int days = wanted ? atoi(wanted) : DAYS;
    struct soak *s = soak_new();
    int64_t first = 0, last = 0;
    for (int day = 1; day <= days; day++) {
        for (int minute = 0; minute < DAY_MINUTES; minute++) {
            live_a_minute(s, minute);
        }
        last = memory_in_use();
        first = day == 1 ? last : first;
        print_message("day %d: %lld bytes in use, journal %lld, its log %lld, %llu entries, %llu samples\n",
            day, (long long)last, (long long)size_of(s, "journal.db"),
            (long long)size_of(s, "journal.db-wal"), (unsigned long long)s->store->next_id,
            (unsigned long long)s->samples);
        assert_true(size_of(s, "journal.db") <= FILE_MOST);
        assert_true(size_of(s, "journal.db-wal") <= WAL_MOST);
        assert_false(journal_is_degraded(s->sim->site));
    }
    assert_true(last - first <= GROWTH_MOST);
    assert_true(s->refused > 0 && s->answers > (uint64_t)days * DAY_MINUTES);
    assert_true(s->samples > (uint64_t)days * DAY_MINUTES * 60 / SAMPLE_S * (PARTS - GRID) * 9 / 10);
    soak_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_week_takes_no_more_memory_than_its_first_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
