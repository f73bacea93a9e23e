/* SPDX-License-Identifier: MIT */
/* What fuses and the grid connection leave: named cases with a fuse of 16 A at the grid connection, and a
 * site whose devices follow, whose loads change and whose samples come when they come. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_site.h"
#include "near.h"

#define READY     STATE_BIT(STATE_READY)
#define FUSE_A    16.0
#define PHASE_W   (400 / sqrt(3) * FUSE_A) /* what it carries on a phase: 3695 W */
#define CARRIES_W (3 * PHASE_W)

/* So much wider it has to be to be worth an order: 1 % of the inverters' 20 kVA. */
static const double WORTH_W = 200;
static const double ROUNDING_W = 0.01;

/* fake_site with its fuse, and two inverters without batteries beside it: charge, discharge +-20 kW. */
struct fused {
    struct fake_site *fake;
    struct component *grid, *meter, *one, *other;
};

static struct component *add(
    struct fused *fused, uint64_t id, const char *name, enum component_type type, struct component *parent)
{
    bool inverter = type == COMPONENT_BATTERY_INVERTER;
    struct component *component = fake_add(
        fused->fake, id, name, type, inverter ? -20000 : NAN, inverter ? 20000 : NAN);
    component->spec.rated[BOUNDED_REACTIVE] = (struct range){-20000, 20000};
    if (parent) {
        fake_connect(parent, component);
    }
    return component;
}

static void report_all(const struct fused *fused)
{
    for (size_t i = 0; i < fused->fake->site->n_components; i++) {
        fake_report_state(fused->fake->site->components[i], READY);
    }
}

static int set_up(void **state)
{
    struct fused *fused = calloc(1, sizeof(*fused));
    fused->fake = fake_site_new_bare();
    fused->grid = add(fused, 1, "grid", COMPONENT_GRID, NULL);
    fused->grid->spec.fuse_current_a = FUSE_A;
    fused->meter = add(fused, 2, "meter", COMPONENT_METER, fused->grid);
    fused->one = add(fused, 3, "one", COMPONENT_BATTERY_INVERTER, fused->meter);
    fused->other = add(fused, 4, "other", COMPONENT_BATTERY_INVERTER, fused->meter);
    report_all(fused);
    *state = fused;
    return 0;
}

static int tear_down(void **state)
{
    struct fused *fused = *state;
    fake_site_free(fused->fake);
    free(fused);
    return 0;
}

static void measure(struct component *component, double phase_1_w, double phase_2_w, double phase_3_w)
{
    const double phases_w[3] = {phase_1_w, phase_2_w, phase_3_w};
    for (int i = 0; i < 3; i++) {
        fake_report_reading(component, METRIC_AC_ACTIVE_POWER_PHASE_1 + (enum metric)i, phases_w[i]);
    }
    fake_report_reading(component, METRIC_AC_ACTIVE_POWER, phase_1_w + phase_2_w + phase_3_w);
}

static void measure_evenly(struct component *component, double power_w)
{
    measure(component, power_w / 3, power_w / 3, power_w / 3);
}

/* Until what was measured last counts. */
static void settle(const struct fused *fused)
{
    fake_pass_ms(fused->fake, 5000);
}

static void assert_in_force(
    const struct component *component, enum bounded bounded, double lower, double upper)
{
    const struct ranges *in_force = bounds_in_force(component, bounded);
    assert_int_equal(in_force->n, 1);
    assert_near(in_force->items[0].lower, lower, ROUNDING_W);
    assert_near(in_force->items[0].upper, upper, ROUNDING_W);
}

static void assert_active(const struct component *component, double lower_w, double upper_w)
{
    assert_in_force(component, BOUNDED_ACTIVE, lower_w, upper_w);
}

static double applied_w(const struct component *component)
{
    return component->setpoints[AXIS_ACTIVE].applied;
}

/* ---- one fuse --------------------------------------------------------------------------------------- */

static void a_fuse_limits_what_stands_behind_it_both_ways(void **state)
{
    struct fused *fused = *state;
    assert_active(fused->one, -CARRIES_W, CARRIES_W); /* also before anything is measured */
}

static void a_fuse_in_a_branch_limits_only_that_branch(void **state)
{
    struct fused *fused = *state;
    fused->grid->spec.fuse_current_a = 0;
    struct component *fuse = add(fused, 5, "fuse", COMPONENT_FUSE, fused->meter);
    fuse->spec.fuse_current_a = 10;
    struct component *behind = add(fused, 6, "behind", COMPONENT_BATTERY_INVERTER, fuse);
    report_all(fused);
    assert_active(fused->one, -20000, 20000);
    assert_active(behind, -sqrt(3) * 400 * 10, sqrt(3) * 400 * 10);
}

static void the_tightest_fuse_on_the_way_counts(void **state)
{
    struct fused *fused = *state;
    struct component *fuse = add(fused, 5, "fuse", COMPONENT_FUSE, fused->meter);
    fuse->spec.fuse_current_a = 10;
    struct component *behind = add(fused, 6, "behind", COMPONENT_BATTERY_INVERTER, fuse);
    report_all(fused);
    assert_active(behind, -sqrt(3) * 400 * 10, sqrt(3) * 400 * 10);
    measure_evenly(fused->meter, CARRIES_W - 3000);
    settle(fused);
    assert_active(behind, -sqrt(3) * 400 * 10, 3000);
}

/* A site that grows is put together anew. */
static void what_was_commanded_before_counts_on(void **state)
{
    struct fused *fused = *state;
    struct fake_answer answer;
    assert_int_equal(fake_set(fused->one, 8000, 60, &answer), 0);
    add(fused, 5, "more", COMPONENT_METER, fused->meter);
    report_all(fused);
    assert_active(fused->other, -CARRIES_W, CARRIES_W - 8000);
    settle(fused);
    assert_active(fused->other, -CARRIES_W, CARRIES_W - 8000);
}

static void a_site_may_grow_while_flows_are_compared(void **state)
{
    struct fused *fused = *state;
    struct component *more = add(fused, 5, "more", COMPONENT_METER, NULL);
    settle(fused);
    fake_connect(fused->meter, more);
    fake_silence_ms(fused->fake, 2000);
    assert_active(fused->one, -CARRIES_W, CARRIES_W);
}

static void what_has_two_ways_has_half_on_each(void **state)
{
    struct fused *fused = *state;
    struct component *left = add(fused, 5, "left", COMPONENT_FUSE, fused->meter);
    struct component *right = add(fused, 6, "right", COMPONENT_FUSE, fused->meter);
    struct component *behind = add(fused, 7, "behind", COMPONENT_BATTERY_INVERTER, left);
    left->spec.fuse_current_a = 5;
    right->spec.fuse_current_a = 20;
    fake_connect(right, behind);
    report_all(fused);
    assert_active(behind, -2 * sqrt(3) * 400 * 5, 2 * sqrt(3) * 400 * 5);
}

/* What a fuse of so many A carries. */
static double carries_w(double fuse_a)
{
    return sqrt(3) * 400 * fuse_a;
}

static struct component *add_fuse(
    struct fused *fused, uint64_t id, const char *name, double fuse_a, struct component *parent)
{
    struct component *fuse = add(fused, id, name, COMPONENT_FUSE, parent);
    fuse->spec.fuse_current_a = fuse_a;
    return fuse;
}

static void of_very_many_ways_the_tightest_counts_too(void **state)
{
    struct fused *fused = *state;
    struct component *behind = add(fused, 200, "behind", COMPONENT_BATTERY_INVERTER, NULL);
    for (uint64_t id = 100; id < 140; id++) {
        char name[16];
        snprintf(name, sizeof(name), "fuse_%llu", (unsigned long long)id);
        fake_connect(add_fuse(fused, id, name, id == 120 ? 0.25 : 10, fused->meter), behind);
    }
    report_all(fused);
    assert_active(behind, -40 * carries_w(0.25), 40 * carries_w(0.25));
}

static void a_way_that_a_relay_may_open_takes_nothing_from_the_others(void **state)
{
    struct fused *fused = *state;
    struct component *left = add_fuse(fused, 5, "left", 5, fused->meter);
    struct component *right = add_fuse(fused, 6, "right", 5, fused->meter);
    struct component *relay = add(fused, 7, "relay", COMPONENT_RELAY, right);
    struct component *behind = add(fused, 8, "behind", COMPONENT_BATTERY_INVERTER, left);
    fake_connect(relay, behind);
    report_all(fused);
    assert_active(behind, -carries_w(5), carries_w(5));
    right->spec.fuse_current_a = 2; /* never more than half of it goes there */
    add(fused, 9, "more", COMPONENT_METER, fused->meter);
    report_all(fused);
    assert_active(behind, -2 * carries_w(2), 2 * carries_w(2));
}

static void of_ways_that_may_all_open_each_may_carry_all(void **state)
{
    struct fused *fused = *state;
    struct component *board = add(fused, 5, "board", COMPONENT_METER, NULL);
    for (uint64_t id = 6; id < 12; id += 2) {
        struct component *fuse = add_fuse(fused, id, id == 6 ? "a" : id == 8 ? "b" : "c", id, fused->meter);
        struct component *opens = add(fused, id + 1,
            id == 6   ? "d"
            : id == 8 ? "e"
                      : "f",
            id == 6 ? COMPONENT_PRECHARGER : COMPONENT_RELAY, fuse);
        fake_connect(opens, board);
    }
    struct component *behind = add(fused, 12, "behind", COMPONENT_BATTERY_INVERTER, board);
    struct component *solar = add(fused, 13, "solar", COMPONENT_BATTERY_INVERTER, board);
    report_all(fused);
    assert_active(behind, -carries_w(6), carries_w(6));
    measure_evenly(board, -3000); /* whichever way it takes, the inverter's power takes it too */
    measure_evenly(solar, -3000);
    settle(fused);
    assert_active(behind, -carries_w(6) + 3000, carries_w(6) + 3000);
}

/* Two busbars with a fuse each and a tie between them: what stands at the second may come by both. */
static void power_that_a_relay_may_lead_elsewhere_gives_no_room(void **state)
{
    struct fused *fused = *state;
    fused->grid->spec.fuse_current_a = 100;
    struct component *left = add(
        fused, 7, "left", COMPONENT_METER, add_fuse(fused, 5, "a", 10, fused->meter));
    struct component *right = add(
        fused, 8, "right", COMPONENT_METER, add_fuse(fused, 6, "b", 10, fused->meter));
    fake_connect(add(fused, 9, "tie", COMPONENT_RELAY, left), right);
    struct component *at_left = add(fused, 10, "at_left", COMPONENT_BATTERY_INVERTER, left);
    struct component *at_right = add(fused, 11, "at_right", COMPONENT_BATTERY_INVERTER, right);
    report_all(fused);
    measure_evenly(at_left, 0);
    measure_evenly(at_right, -6000);
    settle(fused);
    assert_active(at_left, -carries_w(10) + 3000, carries_w(10));
    measure_evenly(at_right, 6000);
    settle(fused);
    assert_active(at_left, -carries_w(10), carries_w(10) - 3000);
    measure_evenly(left, 4000); /* a load there, and it may be that nothing comes by the tie */
    measure_evenly(at_left, 0);
    settle(fused);
    assert_active(at_left, -carries_w(10), carries_w(10) - 4000);
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
            ways[i] = add(fused, id + i, name, types[i], NULL);
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
    struct component *behind = add(fused, 5, "behind", COMPONENT_BATTERY_INVERTER, above);
    struct component *load = add(fused, 6, "load", COMPONENT_METER, above);
    report_all(fused);
    assert_active(behind, -carries_w(10), carries_w(10));
    measure_evenly(load, 3000);
    measure_evenly(behind, 0);
    settle(fused);
    assert_active(behind, -carries_w(10) - 3000, carries_w(10) - 3000);
}

static void behind_a_transformer_a_fuse_carries_what_its_voltage_gives(void **state)
{
    struct fused *fused = *state;
    struct component *transformer = add(fused, 5, "transformer", COMPONENT_TRANSFORMER, fused->meter);
    transformer->spec.primary_v = 10000;
    transformer->spec.secondary_v = 690;
    struct component *fuse = add(fused, 6, "fuse", COMPONENT_FUSE, transformer);
    fuse->spec.fuse_current_a = 10;
    struct component *behind = add(fused, 7, "behind", COMPONENT_BATTERY_INVERTER, fuse);
    report_all(fused);
    assert_active(behind, -sqrt(3) * 690 * 10, sqrt(3) * 690 * 10);
    assert_active(fused->one, -20000, 20000); /* 16 A at 10 kV */
}

static void the_connection_limits_import_and_export(void **state)
{
    struct fused *fused = *state;
    fused->grid->spec.rated[BOUNDED_ACTIVE] = (struct range){-5000, 8000};
    add(fused, 5, "more", COMPONENT_METER, fused->meter);
    report_all(fused);
    assert_active(fused->one, -5000, 8000);
    measure_evenly(fused->meter, 1000);
    settle(fused);
    assert_active(fused->one, -6000, 7000);
    struct fake_answer answer;
    assert_int_equal(fake_set(fused->one, 7500, 60, &answer), -UGRPC_OUT_OF_RANGE);
    assert_non_null(strstr(answer.st.message, "grid (1): import limit 8000 W, beside 1000 W of others"));
}

/* ---- loads ------------------------------------------------------------------------------------------ */

static void a_load_takes_room_from_charging_and_gives_it_to_discharging(void **state)
{
    struct fused *fused = *state;
    measure_evenly(fused->meter, 5000);
    settle(fused);
    assert_active(fused->one, -CARRIES_W - 5000, CARRIES_W - 5000);
}

static void a_load_that_goes_is_room_again(void **state)
{
    struct fused *fused = *state;
    measure_evenly(fused->meter, 5000);
    settle(fused);
    measure_evenly(fused->meter, 5000 - WORTH_W / 2);
    settle(fused);
    assert_active(fused->one, -CARRIES_W - 5000 + WORTH_W / 2, CARRIES_W - 5000); /* not worth an order */
    measure_evenly(fused->meter, 1000);
    settle(fused);
    assert_active(fused->one, -CARRIES_W - 1000, CARRIES_W - 1000);
}

static void an_overloaded_fuse_leaves_0(void **state)
{
    struct fused *fused = *state;
    measure_evenly(fused->meter, CARRIES_W + 2000);
    settle(fused);
    assert_active(fused->one, -20000, 0);
}

static void the_fullest_phase_counts(void **state)
{
    struct fused *fused = *state;
    measure(fused->meter, 3000, 0, -500);
    settle(fused);
    assert_active(fused->one, -3 * (PHASE_W - 500), 3 * (PHASE_W - 3000));
}

static void what_works_on_one_phase_is_limited_there(void **state)
{
    struct fused *fused = *state;
    measure(fused->one, 0, 1000, 0);
    measure(fused->meter, 3000, 1000, 500);
    settle(fused);
    assert_active(fused->one, -PHASE_W, PHASE_W);
}

static void reactive_power_of_loads_takes_room_too(void **state)
{
    struct fused *fused = *state;
    fake_report_reading(fused->meter, METRIC_AC_REACTIVE_POWER, 6000);
    measure_evenly(fused->meter, 0);
    settle(fused);
    double left_w = 3 * sqrt(PHASE_W * PHASE_W - 2000 * 2000);
    assert_active(fused->one, -left_w, left_w);
}

static void reactive_power_has_what_active_power_leaves(void **state)
{
    struct fused *fused = *state;
    struct fake_answer answer;
    assert_in_force(fused->one, BOUNDED_REACTIVE, -CARRIES_W, CARRIES_W);
    assert_int_equal(fake_set(fused->other, 9000, 60, &answer), 0);
    fake_finish_all(fused->fake);
    fake_silence_ms(fused->fake, 20);
    double left_var = 3 * sqrt(PHASE_W * PHASE_W - 3000 * 3000);
    assert_in_force(fused->one, BOUNDED_REACTIVE, -left_var, left_var);
    assert_active(fused->one, -CARRIES_W, CARRIES_W - 9000);
    assert_int_equal(fake_set_reactive(fused->one, 7000, 60, &answer), -UGRPC_OUT_OF_RANGE);
    assert_non_null(strstr(answer.st.message, "grid (1): fuse of 16 A, phase 1"));
}

static void phases_that_are_not_measured_have_what_the_others_leave(void **state)
{
    struct fused *fused = *state;
    fake_report_reading(fused->meter, METRIC_AC_ACTIVE_POWER_PHASE_1, 3000);
    fake_report_reading(fused->meter, METRIC_AC_ACTIVE_POWER, 3000);
    fake_report_reading(fused->one, METRIC_AC_ACTIVE_POWER, 0);
    measure(fused->other, 0, 0, 0);
    settle(fused);
    assert_active(fused->one, -3 * PHASE_W, 3 * (PHASE_W - 3000));
    fake_report_reading(fused->meter, METRIC_AC_ACTIVE_POWER, 6000);
    settle(fused);
    assert_active(fused->one, -3 * (PHASE_W + 1500), 3 * (PHASE_W - 3000));
}

static void a_meter_that_falls_silent_leaves_its_last_load(void **state)
{
    struct fused *fused = *state;
    measure_evenly(fused->meter, 5000);
    settle(fused);
    for (int i = 0; i < 20; i++) {
        fake_silence_ms(fused->fake, 1000);
        measure_evenly(fused->one, i < 10 ? 0 : 3000);
    }
    assert_true(fused->meter->telemetry.offline);
    assert_active(fused->one, -CARRIES_W - 5000, CARRIES_W - 5000);
}

/* What it last did goes on counting, and what others do is seen all the same. */
static void loads_are_seen_while_what_is_commanded_is_silent(void **state)
{
    struct fused *fused = *state;
    struct component *beside = add(fused, 5, "beside", COMPONENT_BATTERY_INVERTER, fused->grid);
    report_all(fused);
    measure_evenly(beside, 1000);
    for (int i = 0; i < 20; i++) {
        fake_silence_ms(fused->fake, 1000);
        measure_evenly(fused->meter, 5000);
        measure_evenly(fused->one, 0);
    }
    assert_true(beside->telemetry.offline);
    assert_active(fused->one, -CARRIES_W - 6000, CARRIES_W - 6000);
}

/* As an inverter that sleeps. */
static void loads_are_seen_while_what_is_commanded_measures_no_power(void **state)
{
    struct fused *fused = *state;
    measure_evenly(fused->other, 0);
    measure_evenly(fused->meter, 0);
    settle(fused);
    fake_report_reading(fused->other, METRIC_AC_ACTIVE_POWER, NAN);
    measure_evenly(fused->meter, 5000);
    settle(fused);
    assert_active(fused->one, -CARRIES_W - 5000, CARRIES_W - 5000);
}

/* Whether it is limited here at all is no other question than how much. */
static void loads_that_leave_just_the_rated_power_or_not_are_no_orders(void **state)
{
    struct fused *fused = *state;
    struct fake_answer answer;
    fused->grid->spec.fuse_current_a = 32;
    add(fused, 5, "more", COMPONENT_METER, fused->meter);
    report_all(fused);
    double load_w = sqrt(3) * 400 * 32 - 20000;
    assert_int_equal(fake_set(fused->one, 20000, 900, &answer), 0);
    size_t n_orders = 0;
    for (int i = 0; i < 20; i++) {
        n_orders = i < 4 ? fake_count(fused->fake, fused->one, FAKE_POWER) : n_orders;
        fake_finish_all(fused->fake);
        measure_evenly(fused->one, applied_w(fused->one));
        measure_evenly(fused->meter, applied_w(fused->one) + load_w + (i % 2 ? 30 : -30));
        settle(fused);
    }
    assert_int_equal(fake_count(fused->fake, fused->one, FAKE_POWER), n_orders);
}

static void one_wrong_sample_changes_nothing(void **state)
{
    struct fused *fused = *state;
    measure_evenly(fused->meter, 1000);
    settle(fused);
    measure_evenly(fused->meter, 9000);
    fake_silence_ms(fused->fake, 1100);
    measure_evenly(fused->meter, 1000);
    for (int i = 0; i < 50; i++) {
        fake_silence_ms(fused->fake, 100);
        assert_active(fused->one, -CARRIES_W - 1000, CARRIES_W - 1000);
    }
}

/* ---- several that are commanded --------------------------------------------------------------------- */

static void a_set_point_takes_room_from_the_others_at_once(void **state)
{
    struct fused *fused = *state;
    struct fake_answer answer;
    assert_int_equal(fake_set(fused->one, 8000, 60, &answer), 0);
    assert_int_equal(fake_set(fused->other, 4000, 60, &answer), -UGRPC_OUT_OF_RANGE);
    assert_non_null(strstr(answer.st.message, "grid (1): fuse of 16 A, phase 1, beside 2667 W of others"));
    assert_active(fused->other, -CARRIES_W, CARRIES_W - 8000);
    assert_active(fused->one, -CARRIES_W, CARRIES_W); /* its own takes nothing from it */
}

static void what_does_more_than_it_is_told_takes_that_from_the_others(void **state)
{
    struct fused *fused = *state;
    struct fake_answer answer;
    struct component *charger = fake_add(fused->fake, 5, "charger", COMPONENT_EV_CHARGER, 0, 11000);
    charger->spec.least_w = 4140;
    fake_connect(fused->meter, charger);
    report_all(fused);
    assert_int_equal(fake_set(charger, 1000, 60, &answer), 0);
    assert_int_equal(fake_set(fused->one, 8000, 60, &answer), -UGRPC_OUT_OF_RANGE);
    assert_active(fused->one, -CARRIES_W, CARRIES_W - 4140);
}

static void what_still_wakes_has_taken_its_room(void **state)
{
    struct fused *fused = *state;
    struct fake_answer answer;
    fake_report_state(fused->one, STATE_BIT(STATE_STANDBY));
    assert_int_equal(fake_set(fused->one, 8000, 60, &answer), 0);
    assert_true(fused->one->setpoints[AXIS_ACTIVE].waiting);
    struct fake_answer refused;
    assert_int_equal(fake_set(fused->other, 4000, 60, &refused), -UGRPC_OUT_OF_RANGE);
    assert_active(fused->other, -CARRIES_W, CARRIES_W - 8000);
}

static void reactive_power_without_a_rating_of_its_own_is_limited_too(void **state)
{
    struct fused *fused = *state;
    struct fake_answer answer;
    struct component *inverters[] = {fused->one, fused->other};
    for (size_t i = 0; i < ARRAY_LEN(inverters); i++) {
        inverters[i]->spec.rated_va = 30000;
        inverters[i]->spec.rated[BOUNDED_ACTIVE] = (struct range){-1500, 1500};
        inverters[i]->spec.rated[BOUNDED_REACTIVE] = (struct range){NAN, NAN};
    }
    add(fused, 5, "more", COMPONENT_METER, fused->meter);
    report_all(fused);
    assert_int_equal(fake_set_reactive(fused->one, 20000, 60, &answer), -UGRPC_OUT_OF_RANGE);
    assert_in_force(fused->one, BOUNDED_REACTIVE, -CARRIES_W, CARRIES_W);
}

/* Nothing may count on it that it discharges: it may end at once. */
static void a_set_point_gives_no_room_before_it_is_measured(void **state)
{
    struct fused *fused = *state;
    struct fake_answer answer;
    assert_int_equal(fake_set(fused->one, -6000, 60, &answer), 0);
    fake_finish_all(fused->fake);
    fake_silence_ms(fused->fake, 20);
    assert_active(fused->other, -CARRIES_W + 6000, CARRIES_W);
    measure_evenly(fused->meter, -6000);
    measure_evenly(fused->one, -6000);
    settle(fused);
    assert_active(fused->other, -CARRIES_W + 6000, CARRIES_W + 6000);
}

static void what_a_load_takes_is_lost_once_and_comes_back(void **state)
{
    struct fused *fused = *state;
    struct fake_answer answers[2];
    assert_int_equal(fake_set(fused->one, 5000, 900, &answers[0]), 0);
    assert_int_equal(fake_set(fused->other, 6000, 900, &answers[1]), 0);
    fake_finish_all(fused->fake);
    measure_evenly(fused->one, 5000);
    measure_evenly(fused->other, 6000);
    measure_evenly(fused->meter, 11000 + 3000);
    fake_pass_ms(fused->fake, 2500);
    for (int i = 0; i < 20; i++) { /* the devices follow */
        fake_finish_all(fused->fake);
        measure_evenly(fused->one, applied_w(fused->one));
        measure_evenly(fused->other, applied_w(fused->other));
        measure_evenly(fused->meter, applied_w(fused->one) + applied_w(fused->other) + 3000);
        fake_pass_ms(fused->fake, 1000);
    }
    double sum_w = applied_w(fused->one) + applied_w(fused->other);
    assert_true(sum_w <= CARRIES_W - 3000);
    assert_true(sum_w >= CARRIES_W - 3000 - 2 * WORTH_W);
    measure_evenly(fused->meter, sum_w);
    settle(fused);
    assert_near(applied_w(fused->one), 5000, 0);
    assert_near(applied_w(fused->other), 6000, 0);
}

/* Not from each of them as much as is too much of all. */
static void a_load_takes_only_what_is_too_much(void **state)
{
    struct fused *fused = *state;
    struct component *inverters[8] = {fused->one, fused->other};
    struct fake_answer answers[8];
    for (size_t i = 2; i < ARRAY_LEN(inverters); i++) {
        char name[16];
        snprintf(name, sizeof(name), "more_%zu", i);
        inverters[i] = add(fused, 10 + i, name, COMPONENT_BATTERY_INVERTER, fused->meter);
    }
    report_all(fused);
    for (size_t i = 0; i < ARRAY_LEN(inverters); i++) {
        assert_int_equal(fake_set(inverters[i], 1000, 900, &answers[i]), 0);
    }
    size_t n_orders = fused->fake->device.n;
    for (int second = 0; second < 30; second++) { /* the devices follow */
        double sum_w = 0;
        fake_finish_all(fused->fake);
        for (size_t i = 0; i < ARRAY_LEN(inverters); i++) {
            sum_w += applied_w(inverters[i]);
            measure_evenly(inverters[i], applied_w(inverters[i]));
        }
        assert_true(sum_w >= CARRIES_W - 4500 - WORTH_W);
        measure_evenly(fused->meter, sum_w + (second < 5 ? 0 : 4500));
        fake_pass_ms(fused->fake, 1000);
    }
    assert_true(fused->fake->device.n < n_orders + ARRAY_LEN(inverters));
}

/* What was told to give way, and does not, is no reason to melt the fuse. */
static void what_does_not_follow_counts_as_it_is_measured(void **state)
{
    struct fused *fused = *state;
    struct fake_answer answers[2];
    assert_int_equal(fake_set(fused->one, 5000, 900, &answers[0]), 0);
    assert_int_equal(fake_set(fused->other, 6000, 900, &answers[1]), 0);
    for (int second = 0; second < 15; second++) {
        fake_finish_all(fused->fake);
        measure_evenly(fused->one, 5000);
        measure_evenly(fused->other, applied_w(fused->other));
        measure_evenly(fused->meter, 5000 + applied_w(fused->other) + 3000);
        fake_pass_ms(fused->fake, 1000);
    }
    assert_true(applied_w(fused->other) <= CARRIES_W - 8000);
}

/* ---- samples come when they come -------------------------------------------------------------------- */

/* A device that ramps to what it was told, its meter, and a load. */
struct plant {
    struct fused *fused;
    double ramp_w; /* a second */
    double one_w, load_w;
    int one_at, meter_at;       /* ms at which they are sampled */
    int one_every, meter_every; /* ms */
    int64_t now_ms;
};

static void run(struct plant *plant, int seconds)
{
    struct fused *fused = plant->fused;
    for (int64_t end_ms = plant->now_ms + seconds * 1000; plant->now_ms < end_ms; plant->now_ms += 50) {
        int64_t ms = plant->now_ms, before_ns = fused->fake->clock.at_ns;
        double told_w = isnan(applied_w(fused->one)) ? 0 : applied_w(fused->one);
        double step_w = plant->ramp_w * 0.05;
        fake_finish_all(fused->fake);
        plant->one_w += fmin(fmax(told_w - plant->one_w, -step_w), step_w);
        if (ms % plant->one_every == plant->one_at) {
            measure_evenly(fused->one, plant->one_w);
        }
        if (ms % plant->meter_every == plant->meter_at) {
            measure_evenly(fused->meter, plant->one_w + plant->load_w);
        }
        fake_silence_ms(fused->fake, 50 - (fused->fake->clock.at_ns - before_ns) / NS_PER_MS);
    }
}

/* Whose load is 2 kW and stays: what is commanded at the limit is told once. */
static void hold_the_limit(void **state, struct plant plant, int seconds)
{
    struct fused *fused = *state;
    struct fake_answer answer;
    plant.fused = fused;
    plant.load_w = 2000;
    fused->one->telemetry.max_age_ns = fused->meter->telemetry.max_age_ns = 8 * NS_PER_S;
    run(&plant, 20);
    double most_w = floor(bounds_in_force(fused->one, BOUNDED_ACTIVE)->items[0].upper);
    assert_near(most_w, CARRIES_W - 2000, WORTH_W + 1);
    assert_int_equal(fake_set(fused->one, most_w, 2 * seconds, &answer), 0);
    size_t n_orders = fake_count(fused->fake, fused->one, FAKE_POWER);
    run(&plant, seconds);
    assert_int_equal(fake_count(fused->fake, fused->one, FAKE_POWER), n_orders);
    assert_near(applied_w(fused->one), most_w, 0);
    tear_down(state);
    set_up(state);
}

static void a_set_point_at_the_limit_does_not_chase_its_own_meter(void **state)
{
    const double ramps_w[] = {1e6, 20000, 5000, 1000, 300};
    for (int i = 0; i < (int)ARRAY_LEN(ramps_w) * 20; i++) {
        hold_the_limit(state,
            (struct plant){.ramp_w = ramps_w[i / 20],
                .one_at = i % 20 * 50,
                .meter_at = i * 7 % 20 * 50,
                .one_every = 1000,
                .meter_every = 1000},
            40);
    }
}

/* Samples that come slower than the other's, or than once a second. */
static void nor_do_samples_at_other_intervals(void **state)
{
    const int every_ms[][2] = {
        {200, 1000}, {1000, 200}, {5000, 1000}, {1000, 5000}, {2500, 2500}, {1300, 700}};
    for (int i = 0; i < (int)ARRAY_LEN(every_ms) * 5; i++) {
        hold_the_limit(state,
            (struct plant){.ramp_w = 3000,
                .one_at = 50 * (i % 3),
                .meter_at = 50 * (i % 4),
                .one_every = every_ms[i / 5][0],
                .meter_every = every_ms[i / 5][1]},
            100);
    }
}

/* Whatever the loads do, five seconds later the fuse carries hardly more than it may (a set-point that is on
 * its way up may pass its mark), and then no more. */
static void loads_that_change_overload_the_fuse_for_five_seconds_at_most(void **state)
{
    srand(20);
    for (int i = 0; i < 30; i++) {
        struct fused *fused = *state;
        struct plant plant = {.fused = fused,
            .ramp_w = 1e6,
            .one_at = rand() % 20 * 50,
            .meter_at = rand() % 20 * 50,
            .one_every = 1000,
            .meter_every = 1000};
        struct fake_answer answer;
        run(&plant, 2);
        assert_int_equal(fake_set(fused->one, 11000, 900, &answer), 0);
        for (int j = 0; j < 20; j++) {
            plant.load_w = rand() % 10000;
            run(&plant, 5);
            assert_true(plant.one_w + plant.load_w <= 1.1 * CARRIES_W);
            run(&plant, 5);
            assert_true(plant.one_w + plant.load_w <= CARRIES_W + 1);
            assert_true(plant.one_w + plant.load_w >= fmin(CARRIES_W - WORTH_W - 1, 11000 + plant.load_w));
        }
        tear_down(state);
        set_up(state);
    }
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
        maze->all[i] = add(fused, 10 + i, name, type, NULL);
        maze->all[i]->spec.fuse_current_a = type == COMPONENT_FUSE ? 5 + rand() % 20 : 0;
        add_parents(maze, i, i <= NODES ? i : 1 + NODES);
    }
    report_all(fused);
    for (size_t i = NODES + 1; i < ARRAY_LEN(maze->all); i++) {
        bool load = maze->all[i]->spec.type == COMPONENT_METER;
        maze->power_w[i] = load ? rand() % 3000 - 1500 : 0;
        measure_evenly(maze->all[i], maze->power_w[i]);
    }
    settle(fused);
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
            maze->power_w[j] = isnan(applied_w(maze->all[j])) ? 0 : applied_w(maze->all[j]);
            measure_evenly(maze->all[j], maze->power_w[j]);
        }
        settle(maze->fused);
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
        tear_down(state);
        set_up(state);
    }
    assert_true(n_full > 500); /* what they carry is used, too */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_fuse_limits_what_stands_behind_it_both_ways),
        TEST(a_fuse_in_a_branch_limits_only_that_branch),
        TEST(the_tightest_fuse_on_the_way_counts),
        TEST(what_was_commanded_before_counts_on),
        TEST(a_site_may_grow_while_flows_are_compared),
        TEST(what_has_two_ways_has_half_on_each),
        TEST(of_very_many_ways_the_tightest_counts_too),
        TEST(a_way_that_a_relay_may_open_takes_nothing_from_the_others),
        TEST(of_ways_that_may_all_open_each_may_carry_all),
        TEST(power_that_a_relay_may_lead_elsewhere_gives_no_room),
        TEST(any_number_of_parallel_ways_may_follow_one_another),
        TEST(behind_a_transformer_a_fuse_carries_what_its_voltage_gives),
        TEST(the_connection_limits_import_and_export),
        TEST(a_load_takes_room_from_charging_and_gives_it_to_discharging),
        TEST(a_load_that_goes_is_room_again),
        TEST(an_overloaded_fuse_leaves_0),
        TEST(the_fullest_phase_counts),
        TEST(what_works_on_one_phase_is_limited_there),
        TEST(reactive_power_of_loads_takes_room_too),
        TEST(reactive_power_has_what_active_power_leaves),
        TEST(reactive_power_without_a_rating_of_its_own_is_limited_too),
        TEST(phases_that_are_not_measured_have_what_the_others_leave),
        TEST(a_meter_that_falls_silent_leaves_its_last_load),
        TEST(loads_are_seen_while_what_is_commanded_is_silent),
        TEST(loads_are_seen_while_what_is_commanded_measures_no_power),
        TEST(loads_that_leave_just_the_rated_power_or_not_are_no_orders),
        TEST(one_wrong_sample_changes_nothing),
        TEST(a_set_point_takes_room_from_the_others_at_once),
        TEST(what_still_wakes_has_taken_its_room),
        TEST(what_does_more_than_it_is_told_takes_that_from_the_others),
        TEST(a_set_point_gives_no_room_before_it_is_measured),
        TEST(what_a_load_takes_is_lost_once_and_comes_back),
        TEST(a_load_takes_only_what_is_too_much),
        TEST(what_does_not_follow_counts_as_it_is_measured),
        TEST(a_set_point_at_the_limit_does_not_chase_its_own_meter),
        TEST(nor_do_samples_at_other_intervals),
        TEST(loads_that_change_overload_the_fuse_for_five_seconds_at_most),
        TEST(whichever_relays_open_no_fuse_carries_more_than_it_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
