/* SPDX-License-Identifier: MIT */
/* What fuses leave to what has several ways to the grid, some of which relays may open: named cases, and
 * random sites with all positions of their relays. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fused_site.h"

static void what_has_two_ways_has_half_on_each(void **state)
{
    struct fused *fused = *state;
    struct component *left = fused_add(fused, 5, "left", COMPONENT_FUSE, fused->meter);
    struct component *right = fused_add(fused, 6, "right", COMPONENT_FUSE, fused->meter);
    struct component *behind = fused_add(fused, 7, "behind", COMPONENT_BATTERY_INVERTER, left);
    left->spec.fuse_current_a = 5;
    right->spec.fuse_current_a = 20;
    fake_connect(right, behind);
    fused_report_all(fused);
    fused_assert_active(behind, -2 * sqrt(3) * 400 * 5, 2 * sqrt(3) * 400 * 5);
}

/* What a fuse of so many A carries. */
static double carries_w(double fuse_a)
{
    return sqrt(3) * 400 * fuse_a;
}

static struct component *add_fuse(
    struct fused *fused, uint64_t id, const char *name, double fuse_a, struct component *parent)
{
    struct component *fuse = fused_add(fused, id, name, COMPONENT_FUSE, parent);
    fuse->spec.fuse_current_a = fuse_a;
    return fuse;
}

static void of_very_many_ways_the_tightest_counts_too(void **state)
{
    struct fused *fused = *state;
    struct component *behind = fused_add(fused, 200, "behind", COMPONENT_BATTERY_INVERTER, NULL);
    for (uint64_t id = 100; id < 140; id++) {
        char name[16];
        snprintf(name, sizeof(name), "fuse_%llu", (unsigned long long)id);
        fake_connect(add_fuse(fused, id, name, id == 120 ? 0.25 : 10, fused->meter), behind);
    }
    fused_report_all(fused);
    fused_assert_active(behind, -40 * carries_w(0.25), 40 * carries_w(0.25));
}

static void a_way_that_a_relay_may_open_takes_nothing_from_the_others(void **state)
{
    struct fused *fused = *state;
    struct component *left = add_fuse(fused, 5, "left", 5, fused->meter);
    struct component *right = add_fuse(fused, 6, "right", 5, fused->meter);
    struct component *relay = fused_add(fused, 7, "relay", COMPONENT_RELAY, right);
    struct component *behind = fused_add(fused, 8, "behind", COMPONENT_BATTERY_INVERTER, left);
    fake_connect(relay, behind);
    fused_report_all(fused);
    fused_assert_active(behind, -carries_w(5), carries_w(5));
    right->spec.fuse_current_a = 2; /* never more than half of it goes there */
    fused_add(fused, 9, "more", COMPONENT_METER, fused->meter);
    fused_report_all(fused);
    fused_assert_active(behind, -2 * carries_w(2), 2 * carries_w(2));
}

static void of_ways_that_may_all_open_each_may_carry_all(void **state)
{
    struct fused *fused = *state;
    struct component *board = fused_add(fused, 5, "board", COMPONENT_METER, NULL);
    for (uint64_t id = 6; id < 12; id += 2) {
        struct component *fuse = add_fuse(fused, id, id == 6 ? "a" : id == 8 ? "b" : "c", id, fused->meter);
        struct component *opens = fused_add(fused, id + 1,
            id == 6   ? "d"
            : id == 8 ? "e"
                      : "f",
            id == 6 ? COMPONENT_PRECHARGER : COMPONENT_RELAY, fuse);
        fake_connect(opens, board);
    }
    struct component *behind = fused_add(fused, 12, "behind", COMPONENT_BATTERY_INVERTER, board);
    struct component *solar = fused_add(fused, 13, "solar", COMPONENT_BATTERY_INVERTER, board);
    fused_report_all(fused);
    fused_assert_active(behind, -carries_w(6), carries_w(6));
    fused_measure_evenly(board, -3000); /* whichever way it takes, the inverter's power takes it too */
    fused_measure_evenly(solar, -3000);
    fused_settle(fused);
    fused_assert_active(behind, -carries_w(6) + 3000, carries_w(6) + 3000);
}

/* Two busbars with a fuse each and a tie between them: what stands at the second may come by both. */
static void power_that_a_relay_may_lead_elsewhere_gives_no_room(void **state)
{
    struct fused *fused = *state;
    fused->grid->spec.fuse_current_a = 100;
    struct component *left = fused_add(
        fused, 7, "left", COMPONENT_METER, add_fuse(fused, 5, "a", 10, fused->meter));
    struct component *right = fused_add(
        fused, 8, "right", COMPONENT_METER, add_fuse(fused, 6, "b", 10, fused->meter));
    fake_connect(fused_add(fused, 9, "tie", COMPONENT_RELAY, left), right);
    struct component *at_left = fused_add(fused, 10, "at_left", COMPONENT_BATTERY_INVERTER, left);
    struct component *at_right = fused_add(fused, 11, "at_right", COMPONENT_BATTERY_INVERTER, right);
    fused_report_all(fused);
    fused_measure_evenly(at_left, 0);
    fused_measure_evenly(at_right, -6000);
    fused_settle(fused);
    fused_assert_active(at_left, -carries_w(10) + 3000, carries_w(10));
    fused_measure_evenly(at_right, 6000);
    fused_settle(fused);
    fused_assert_active(at_left, -carries_w(10), carries_w(10) - 3000);
    fused_measure_evenly(left, 4000); /* a load there, and it may be that nothing comes by the tie */
    fused_measure_evenly(at_left, 0);
    fused_settle(fused);
    fused_assert_active(at_left, -carries_w(10), carries_w(10) - 4000);
}

/* Each walk by so many must come by each but once. */
static void any_number_of_parallel_ways_may_follow_one_another(void **state)
{
    struct fused *fused = *state;
    fused->grid->spec.fuse_current_a = 100;
    struct component *above = fused->meter;
    for (uint64_t id = 100; id < 100 + 4 * 40; id += 4) {
        struct component *ways[4];
        for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
            const enum component_type types[] = {
                COMPONENT_FUSE, COMPONENT_FUSE, COMPONENT_METER, COMPONENT_RELAY};
            char name[16];
            snprintf(name, sizeof(name), "way_%zu", (size_t)id + i);
            ways[i] = fused_add(fused, id + i, name, types[i], NULL);
            ways[i]->spec.fuse_current_a = i < 2 ? 10 : 0;
        }
        bool opens = id == 100 + 4 * 20; /* one of its two may */
        fake_connect(above, ways[0]);
        fake_connect(above, ways[1]);
        fake_connect(ways[0], opens ? ways[3] : ways[2]);
        fake_connect(ways[1], ways[2]);
        if (opens) {
            fake_connect(ways[3], ways[2]);
        }
        above = ways[2];
    }
    struct component *behind = fused_add(fused, 5, "behind", COMPONENT_BATTERY_INVERTER, above);
    struct component *load = fused_add(fused, 6, "load", COMPONENT_METER, above);
    fused_report_all(fused);
    fused_assert_active(behind, -carries_w(10), carries_w(10));
    fused_measure_evenly(load, 3000);
    fused_measure_evenly(behind, 0);
    fused_settle(fused);
    fused_assert_active(behind, -carries_w(10) - 3000, carries_w(10) - 3000);
}

/* ---- a random site ---------------------------------------------------------------------------------- */

#define NODES  10 /* fuses, relays and busbars */
#define LEAVES 5  /* three that take set-points, and two loads */
#define RELAYS 5

struct maze {
    struct fused *fused;
    struct component *all[1 + NODES + LEAVES]; /* parents first: the meter */
    double power_w[1 + NODES + LEAVES];
    size_t n_relays;
};

static size_t place_in(const struct maze *maze, const struct component *component)
{
    size_t place = 0;
    while (maze->all[place] != component) {
        place++;
    }
    return place;
}

static void add_parents(struct maze *maze, size_t place, size_t n_before)
{
    size_t n = 1 + (size_t)rand() % 3, first = (size_t)rand() % n_before;
    for (size_t i = 0; i < n && i < n_before; i++) {
        fake_connect(maze->all[(first + i) % n_before], maze->all[place]);
    }
}

static void build(struct maze *maze, struct fused *fused)
{
    *maze = (struct maze){.fused = fused, .all = {fused->meter}};
    fused->grid->spec.fuse_current_a = 100;
    for (size_t i = 1; i < ARRAY_LEN(maze->all); i++) {
        const enum component_type types[] = {COMPONENT_FUSE, COMPONENT_RELAY, COMPONENT_METER};
        enum component_type type = i <= NODES                ? types[rand() % 3]
                                   : i <= NODES + LEAVES - 2 ? COMPONENT_BATTERY_INVERTER
                                                             : COMPONENT_METER;
        type = type == COMPONENT_RELAY && maze->n_relays == RELAYS ? COMPONENT_FUSE : type;
        maze->n_relays += type == COMPONENT_RELAY;
        char name[16];
        snprintf(name, sizeof(name), "c%zu", i);
        maze->all[i] = fused_add(fused, 10 + i, name, type, NULL);
        maze->all[i]->spec.fuse_current_a = type == COMPONENT_FUSE ? 5 + rand() % 20 : 0;
        add_parents(maze, i, i <= NODES ? i : 1 + NODES);
    }
    fused_report_all(fused);
    for (size_t i = NODES + 1; i < ARRAY_LEN(maze->all); i++) {
        bool load = maze->all[i]->spec.type == COMPONENT_METER;
        maze->power_w[i] = load ? rand() % 3000 - 1500 : 0;
        fused_measure_evenly(maze->all[i], maze->power_w[i]);
    }
    fused_settle(fused);
}

/* With these relays open; false if something is without power then. */
static bool flows_through(const struct maze *maze, unsigned open, double *power_w)
{
    bool live[ARRAY_LEN(maze->all)] = {true}, all_live = true;
    for (size_t i = 1; i < ARRAY_LEN(maze->all); i++) {
        const struct component *component = maze->all[i];
        for (size_t j = 0; j < component->n_parents; j++) {
            live[i] |= live[place_in(maze, component->parents[j])];
        }
        if (component->spec.type == COMPONENT_RELAY) {
            live[i] &= !(open & 1);
            open >>= 1;
        }
        all_live &= live[i] || i <= NODES;
    }
    memcpy(power_w, maze->power_w, sizeof(maze->power_w));
    for (size_t i = ARRAY_LEN(maze->all) - 1; i > 0; i--) {
        const struct component *component = maze->all[i];
        size_t n = 0;
        for (size_t j = 0; j < component->n_parents; j++) {
            n += live[place_in(maze, component->parents[j])];
        }
        for (size_t j = 0; j < component->n_parents; j++) {
            size_t parent = place_in(maze, component->parents[j]);
            power_w[parent] += live[parent] ? power_w[i] / (double)n : 0;
        }
    }
    return all_live;
}

/* How many fuses are used to the full with some relays open; none carries more. */
static size_t count_full(const struct maze *maze)
{
    size_t n = 0;
    for (unsigned open = 0; open < 1U << maze->n_relays; open++) {
        double power_w[ARRAY_LEN(maze->all)];
        for (size_t i = 1; flows_through(maze, open, power_w) && i <= NODES; i++) {
            double most_w = carries_w(maze->all[i]->spec.fuse_current_a);
            if (most_w > 0) {
                assert_true(fabs(power_w[i]) <= most_w + 1);
                n += fabs(power_w[i]) > most_w - 1;
            }
        }
    }
    return n;
}

/* What is told to go to 0 may: others that lived of it give way then. */
static void follow(struct maze *maze)
{
    for (int i = 0; i < 3; i++) {
        fake_finish_all(maze->fused->fake);
        for (size_t j = 1 + NODES; maze->all[j]->spec.type == COMPONENT_BATTERY_INVERTER; j++) {
            maze->power_w[j] = isnan(fused_applied_w(maze->all[j])) ? 0 : fused_applied_w(maze->all[j]);
            fused_measure_evenly(maze->all[j], maze->power_w[j]);
        }
        fused_settle(maze->fused);
    }
}

static void whichever_relays_open_no_fuse_carries_more_than_it_may(void **state)
{
    size_t n_full = 0;
    srand(3);
    for (int i = 0; i < 100; i++) {
        struct maze maze;
        struct fake_answer answer;
        build(&maze, *state);
        for (int j = 0; j < 10; j++) {
            struct component *component = maze.all[1 + NODES + rand() % (LEAVES - 2)];
            const struct ranges *in_force = bounds_in_force(component, BOUNDED_ACTIVE);
            double power_w = rand() % 2 ? in_force->items[0].lower : in_force->items[0].upper;
            power_w = trunc(rand() % 3 ? power_w : power_w / 2);
            assert_int_equal(fake_set(component, power_w, 900, &answer), 0);
            follow(&maze);
            n_full += count_full(&maze);
        }
        fused_tear_down(state);
        fused_set_up(state);
    }
    assert_true(n_full > 500); /* what they carry is used, too */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fused_set_up, fused_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_has_two_ways_has_half_on_each),
        TEST(of_very_many_ways_the_tightest_counts_too),
        TEST(a_way_that_a_relay_may_open_takes_nothing_from_the_others),
        TEST(of_ways_that_may_all_open_each_may_carry_all),
        TEST(power_that_a_relay_may_lead_elsewhere_gives_no_room),
        TEST(any_number_of_parallel_ways_may_follow_one_another),
        TEST(whichever_relays_open_no_fuse_carries_more_than_it_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
