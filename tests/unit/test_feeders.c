/* SPDX-License-Identifier: MIT */
/* What fuses and the grid connection leave: named cases with a fuse of 16 A at the grid connection, and a
 * site whose devices follow, whose loads change and whose samples come when they come. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fused_site.h"
#include "near.h"

#define READY STATE_BIT(STATE_READY)

/* So much wider it has to be to be worth an order: 1 % of the inverters' 20 kVA. */
static const double WORTH_W = 200;

/* ---- one fuse --------------------------------------------------------------------------------------- */

static void a_fuse_limits_what_stands_behind_it_both_ways(void **state)
{
    struct fused *fused = *state;
    fused_assert_active(fused->one, -FUSED_W, FUSED_W); /* also before anything is measured */
}

static void a_fuse_in_a_branch_limits_only_that_branch(void **state)
{
    struct fused *fused = *state;
    fused->grid->spec.fuse_current_a = 0;
    struct component *fuse = fused_add(fused, 5, "fuse", COMPONENT_FUSE, fused->meter);
    fuse->spec.fuse_current_a = 10;
    struct component *behind = fused_add(fused, 6, "behind", COMPONENT_BATTERY_INVERTER, fuse);
    fused_report_all(fused);
    fused_assert_active(fused->one, -20000, 20000);
    fused_assert_active(behind, -sqrt(3) * 400 * 10, sqrt(3) * 400 * 10);
}

static void the_tightest_fuse_on_the_way_counts(void **state)
{
    struct fused *fused = *state;
    struct component *fuse = fused_add(fused, 5, "fuse", COMPONENT_FUSE, fused->meter);
    fuse->spec.fuse_current_a = 10;
    struct component *behind = fused_add(fused, 6, "behind", COMPONENT_BATTERY_INVERTER, fuse);
    fused_report_all(fused);
    fused_assert_active(behind, -sqrt(3) * 400 * 10, sqrt(3) * 400 * 10);
    fused_measure_evenly(fused->meter, FUSED_W - 3000);
    fused_settle(fused);
    fused_assert_active(behind, -sqrt(3) * 400 * 10, 3000);
}

/* A site that grows is put together anew. */
static void what_was_commanded_before_counts_on(void **state)
{
    struct fused *fused = *state;
    struct fake_answer answer;
    assert_int_equal(fake_set(fused->one, 8000, 60, &answer), 0);
    fused_add(fused, 5, "more", COMPONENT_METER, fused->meter);
    fused_report_all(fused);
    fused_assert_active(fused->other, -FUSED_W, FUSED_W - 8000);
    fused_settle(fused);
    fused_assert_active(fused->other, -FUSED_W, FUSED_W - 8000);
}

/* A site of 10,000 would otherwise put all together 10,000 times. */
static void nothing_is_put_together_for_what_is_not_connected(void **state)
{
    struct fused *fused = *state;
    struct component *more = fused_add(fused, 5, "more", COMPONENT_BATTERY_INVERTER, NULL);
    assert_null(fused->fake->site->feeders);
    fused_assert_active(more, -20000, 20000);
    assert_null(fused->fake->site->feeders);
    fake_connect(fused->meter, more);
    fused_report_all(fused);
    fused_assert_active(more, -FUSED_W, FUSED_W);
}

static void a_site_may_grow_while_flows_are_compared(void **state)
{
    struct fused *fused = *state;
    struct component *more = fused_add(fused, 5, "more", COMPONENT_METER, NULL);
    fused_settle(fused);
    fake_connect(fused->meter, more);
    fake_silence_ms(fused->fake, 2000);
    fused_assert_active(fused->one, -FUSED_W, FUSED_W);
}

static void behind_a_transformer_a_fuse_carries_what_its_voltage_gives(void **state)
{
    struct fused *fused = *state;
    struct component *transformer = fused_add(fused, 5, "transformer", COMPONENT_TRANSFORMER, fused->meter);
    transformer->spec.primary_v = 10000;
    transformer->spec.secondary_v = 690;
    struct component *fuse = fused_add(fused, 6, "fuse", COMPONENT_FUSE, transformer);
    fuse->spec.fuse_current_a = 10;
    struct component *behind = fused_add(fused, 7, "behind", COMPONENT_BATTERY_INVERTER, fuse);
    fused_report_all(fused);
    fused_assert_active(behind, -sqrt(3) * 690 * 10, sqrt(3) * 690 * 10);
    fused_assert_active(fused->one, -20000, 20000); /* 16 A at 10 kV */
}

static void without_a_transformer_a_fuse_carries_what_the_voltage_of_the_grid_gives(void **state)
{
    struct fused *fused = *state;
    fused->grid->spec.line_v = 208;
    fused_add(fused, 5, "more", COMPONENT_METER, fused->meter);
    fused_report_all(fused);
    fused_assert_active(fused->one, -sqrt(3) * 208 * FUSED_A, sqrt(3) * 208 * FUSED_A);
}

static void the_connection_limits_import_and_export(void **state)
{
    struct fused *fused = *state;
    fused->grid->spec.rated[BOUNDED_ACTIVE] = (struct range){-5000, 8000};
    fused_add(fused, 5, "more", COMPONENT_METER, fused->meter);
    fused_report_all(fused);
    fused_assert_active(fused->one, -5000, 8000);
    fused_measure_evenly(fused->meter, 1000);
    fused_settle(fused);
    fused_assert_active(fused->one, -6000, 7000);
    struct fake_answer answer;
    assert_int_equal(fake_set(fused->one, 7500, 60, &answer), -UGRPC_OUT_OF_RANGE);
    assert_non_null(strstr(answer.st.message, "grid (1): import limit 8000 W, beside 1000 W of others"));
}

/* ---- loads ------------------------------------------------------------------------------------------ */

static void a_load_takes_room_from_charging_and_gives_it_to_discharging(void **state)
{
    struct fused *fused = *state;
    fused_measure_evenly(fused->meter, 5000);
    fused_settle(fused);
    fused_assert_active(fused->one, -FUSED_W - 5000, FUSED_W - 5000);
}

static void a_load_that_goes_is_room_again(void **state)
{
    struct fused *fused = *state;
    fused_measure_evenly(fused->meter, 5000);
    fused_settle(fused);
    fused_measure_evenly(fused->meter, 5000 - WORTH_W / 2);
    fused_settle(fused);
    fused_assert_active(fused->one, -FUSED_W - 5000 + WORTH_W / 2, FUSED_W - 5000); /* not worth an order */
    fused_measure_evenly(fused->meter, 1000);
    fused_settle(fused);
    fused_assert_active(fused->one, -FUSED_W - 1000, FUSED_W - 1000);
}

static void an_overloaded_fuse_leaves_0(void **state)
{
    struct fused *fused = *state;
    fused_measure_evenly(fused->meter, FUSED_W + 2000);
    fused_settle(fused);
    fused_assert_active(fused->one, -20000, 0);
}

static void the_fullest_phase_counts(void **state)
{
    struct fused *fused = *state;
    fused_measure(fused->meter, 3000, 0, -500);
    fused_settle(fused);
    fused_assert_active(fused->one, -3 * (FUSED_PHASE_W - 500), 3 * (FUSED_PHASE_W - 3000));
}

static void what_works_on_one_phase_is_limited_there(void **state)
{
    struct fused *fused = *state;
    fused_measure(fused->one, 0, 1000, 0);
    fused_measure(fused->meter, 3000, 1000, 500);
    fused_settle(fused);
    fused_assert_active(fused->one, -FUSED_PHASE_W, FUSED_PHASE_W);
}

static void reactive_power_of_loads_takes_room_too(void **state)
{
    struct fused *fused = *state;
    fake_report_reading(fused->meter, METRIC_AC_REACTIVE_POWER, 6000);
    fused_measure_evenly(fused->meter, 0);
    fused_settle(fused);
    double left_w = 3 * sqrt(FUSED_PHASE_W * FUSED_PHASE_W - 2000 * 2000);
    fused_assert_active(fused->one, -left_w, left_w);
}

static void reactive_power_has_what_active_power_leaves(void **state)
{
    struct fused *fused = *state;
    struct fake_answer answer;
    fused_assert_in_force(fused->one, BOUNDED_REACTIVE, -FUSED_W, FUSED_W);
    assert_int_equal(fake_set(fused->other, 9000, 60, &answer), 0);
    fake_finish_all(fused->fake);
    fake_silence_ms(fused->fake, 20);
    double left_var = 3 * sqrt(FUSED_PHASE_W * FUSED_PHASE_W - 3000 * 3000);
    fused_assert_in_force(fused->one, BOUNDED_REACTIVE, -left_var, left_var);
    fused_assert_active(fused->one, -FUSED_W, FUSED_W - 9000);
    assert_int_equal(fake_set_reactive(fused->one, 7000, 60, &answer), -UGRPC_OUT_OF_RANGE);
    assert_non_null(strstr(answer.st.message, "grid (1): fuse of 16 A, phase 1"));
}

static void phases_that_are_not_measured_have_what_the_others_leave(void **state)
{
    struct fused *fused = *state;
    fake_report_reading(fused->meter, METRIC_AC_ACTIVE_POWER_PHASE_1, 3000);
    fake_report_reading(fused->meter, METRIC_AC_ACTIVE_POWER, 3000);
    fake_report_reading(fused->one, METRIC_AC_ACTIVE_POWER, 0);
    fused_measure(fused->other, 0, 0, 0);
    fused_settle(fused);
    fused_assert_active(fused->one, -3 * FUSED_PHASE_W, 3 * (FUSED_PHASE_W - 3000));
    fake_report_reading(fused->meter, METRIC_AC_ACTIVE_POWER, 6000);
    fused_settle(fused);
    fused_assert_active(fused->one, -3 * (FUSED_PHASE_W + 1500), 3 * (FUSED_PHASE_W - 3000));
}

static void a_meter_that_falls_silent_leaves_its_last_load(void **state)
{
    struct fused *fused = *state;
    fused_measure_evenly(fused->meter, 5000);
    fused_settle(fused);
    for (int i = 0; i < 20; i++) {
        fake_silence_ms(fused->fake, 1000);
        fused_measure_evenly(fused->one, i < 10 ? 0 : 3000);
    }
    assert_true(fused->meter->telemetry.offline);
    fused_assert_active(fused->one, -FUSED_W - 5000, FUSED_W - 5000);
}

/* What it last did goes on counting, and what others do is seen all the same. */
static void loads_are_seen_while_what_is_commanded_is_silent(void **state)
{
    struct fused *fused = *state;
    struct component *beside = fused_add(fused, 5, "beside", COMPONENT_BATTERY_INVERTER, fused->grid);
    fused_report_all(fused);
    fused_measure_evenly(beside, 1000);
    for (int i = 0; i < 20; i++) {
        fake_silence_ms(fused->fake, 1000);
        fused_measure_evenly(fused->meter, 5000);
        fused_measure_evenly(fused->one, 0);
    }
    assert_true(beside->telemetry.offline);
    fused_assert_active(fused->one, -FUSED_W - 6000, FUSED_W - 6000);
}

/* As an inverter that sleeps. */
static void loads_are_seen_while_what_is_commanded_measures_no_power(void **state)
{
    struct fused *fused = *state;
    fused_measure_evenly(fused->other, 0);
    fused_measure_evenly(fused->meter, 0);
    fused_settle(fused);
    fake_report_reading(fused->other, METRIC_AC_ACTIVE_POWER, NAN);
    fused_measure_evenly(fused->meter, 5000);
    fused_settle(fused);
    fused_assert_active(fused->one, -FUSED_W - 5000, FUSED_W - 5000);
}

/* Whether it is limited here at all is no other question than how much. */
static void loads_that_leave_just_the_rated_power_or_not_are_no_orders(void **state)
{
    struct fused *fused = *state;
    struct fake_answer answer;
    fused->grid->spec.fuse_current_a = 32;
    fused_add(fused, 5, "more", COMPONENT_METER, fused->meter);
    fused_report_all(fused);
    double load_w = sqrt(3) * 400 * 32 - 20000;
    assert_int_equal(fake_set(fused->one, 20000, 900, &answer), 0);
    size_t n_orders = 0;
    for (int i = 0; i < 20; i++) {
        n_orders = i < 4 ? fake_count(fused->fake, fused->one, FAKE_POWER) : n_orders;
        fake_finish_all(fused->fake);
        fused_measure_evenly(fused->one, fused_applied_w(fused->one));
        fused_measure_evenly(fused->meter, fused_applied_w(fused->one) + load_w + (i % 2 ? 30 : -30));
        fused_settle(fused);
    }
    assert_int_equal(fake_count(fused->fake, fused->one, FAKE_POWER), n_orders);
}

static void one_wrong_sample_changes_nothing(void **state)
{
    struct fused *fused = *state;
    fused_measure_evenly(fused->meter, 1000);
    fused_settle(fused);
    fused_measure_evenly(fused->meter, 9000);
    fake_silence_ms(fused->fake, 1100);
    fused_measure_evenly(fused->meter, 1000);
    for (int i = 0; i < 50; i++) {
        fake_silence_ms(fused->fake, 100);
        fused_assert_active(fused->one, -FUSED_W - 1000, FUSED_W - 1000);
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
    fused_assert_active(fused->other, -FUSED_W, FUSED_W - 8000);
    fused_assert_active(fused->one, -FUSED_W, FUSED_W); /* its own takes nothing from it */
}

static void what_does_more_than_it_is_told_takes_that_from_the_others(void **state)
{
    struct fused *fused = *state;
    struct fake_answer answer;
    struct component *charger = fake_add(fused->fake, 5, "charger", COMPONENT_EV_CHARGER, 0, 11000);
    charger->spec.least_w = 4140;
    fake_connect(fused->meter, charger);
    fused_report_all(fused);
    assert_int_equal(fake_set(charger, 1000, 60, &answer), 0);
    assert_int_equal(fake_set(fused->one, 8000, 60, &answer), -UGRPC_OUT_OF_RANGE);
    fused_assert_active(fused->one, -FUSED_W, FUSED_W - 4140);
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
    fused_assert_active(fused->other, -FUSED_W, FUSED_W - 8000);
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
    fused_add(fused, 5, "more", COMPONENT_METER, fused->meter);
    fused_report_all(fused);
    assert_int_equal(fake_set_reactive(fused->one, 20000, 60, &answer), -UGRPC_OUT_OF_RANGE);
    fused_assert_in_force(fused->one, BOUNDED_REACTIVE, -FUSED_W, FUSED_W);
}

/* Nothing may count on it that it discharges: it may end at once. */
static void a_set_point_gives_no_room_before_it_is_measured(void **state)
{
    struct fused *fused = *state;
    struct fake_answer answer;
    assert_int_equal(fake_set(fused->one, -6000, 60, &answer), 0);
    fake_finish_all(fused->fake);
    fake_silence_ms(fused->fake, 20);
    fused_assert_active(fused->other, -FUSED_W + 6000, FUSED_W);
    fused_measure_evenly(fused->meter, -6000);
    fused_measure_evenly(fused->one, -6000);
    fused_settle(fused);
    fused_assert_active(fused->other, -FUSED_W + 6000, FUSED_W + 6000);
}

static void what_a_load_takes_is_lost_once_and_comes_back(void **state)
{
    struct fused *fused = *state;
    struct fake_answer answers[2];
    assert_int_equal(fake_set(fused->one, 5000, 900, &answers[0]), 0);
    assert_int_equal(fake_set(fused->other, 6000, 900, &answers[1]), 0);
    fake_finish_all(fused->fake);
    fused_measure_evenly(fused->one, 5000);
    fused_measure_evenly(fused->other, 6000);
    fused_measure_evenly(fused->meter, 11000 + 3000);
    fake_pass_ms(fused->fake, 2500);
    for (int i = 0; i < 20; i++) { /* the devices follow */
        fake_finish_all(fused->fake);
        fused_measure_evenly(fused->one, fused_applied_w(fused->one));
        fused_measure_evenly(fused->other, fused_applied_w(fused->other));
        fused_measure_evenly(
            fused->meter, fused_applied_w(fused->one) + fused_applied_w(fused->other) + 3000);
        fake_pass_ms(fused->fake, 1000);
    }
    double sum_w = fused_applied_w(fused->one) + fused_applied_w(fused->other);
    assert_true(sum_w <= FUSED_W - 3000);
    assert_true(sum_w >= FUSED_W - 3000 - 2 * WORTH_W);
    fused_measure_evenly(fused->meter, sum_w);
    fused_settle(fused);
    assert_near(fused_applied_w(fused->one), 5000, 0);
    assert_near(fused_applied_w(fused->other), 6000, 0);
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
        inverters[i] = fused_add(fused, 10 + i, name, COMPONENT_BATTERY_INVERTER, fused->meter);
    }
    fused_report_all(fused);
    for (size_t i = 0; i < ARRAY_LEN(inverters); i++) {
        assert_int_equal(fake_set(inverters[i], 1000, 900, &answers[i]), 0);
    }
    size_t n_orders = fused->fake->device.n;
    for (int second = 0; second < 30; second++) { /* the devices follow */
        double sum_w = 0;
        fake_finish_all(fused->fake);
        for (size_t i = 0; i < ARRAY_LEN(inverters); i++) {
            sum_w += fused_applied_w(inverters[i]);
            fused_measure_evenly(inverters[i], fused_applied_w(inverters[i]));
        }
        assert_true(sum_w >= FUSED_W - 4500 - WORTH_W);
        fused_measure_evenly(fused->meter, sum_w + (second < 5 ? 0 : 4500));
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
        fused_measure_evenly(fused->one, 5000);
        fused_measure_evenly(fused->other, fused_applied_w(fused->other));
        fused_measure_evenly(fused->meter, 5000 + fused_applied_w(fused->other) + 3000);
        fake_pass_ms(fused->fake, 1000);
    }
    assert_true(fused_applied_w(fused->other) <= FUSED_W - 8000);
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
        double told_w = isnan(fused_applied_w(fused->one)) ? 0 : fused_applied_w(fused->one);
        double step_w = plant->ramp_w * 0.05;
        fake_finish_all(fused->fake);
        plant->one_w += fmin(fmax(told_w - plant->one_w, -step_w), step_w);
        if (ms % plant->one_every == plant->one_at) {
            fused_measure_evenly(fused->one, plant->one_w);
        }
        if (ms % plant->meter_every == plant->meter_at) {
            fused_measure_evenly(fused->meter, plant->one_w + plant->load_w);
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
    assert_near(most_w, FUSED_W - 2000, WORTH_W + 1);
    assert_int_equal(fake_set(fused->one, most_w, 2 * seconds, &answer), 0);
    size_t n_orders = fake_count(fused->fake, fused->one, FAKE_POWER);
    run(&plant, seconds);
    assert_int_equal(fake_count(fused->fake, fused->one, FAKE_POWER), n_orders);
    assert_near(fused_applied_w(fused->one), most_w, 0);
    fused_tear_down(state);
    fused_set_up(state);
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
            assert_true(plant.one_w + plant.load_w <= 1.1 * FUSED_W);
            run(&plant, 5);
            assert_true(plant.one_w + plant.load_w <= FUSED_W + 1);
            assert_true(plant.one_w + plant.load_w >= fmin(FUSED_W - WORTH_W - 1, 11000 + plant.load_w));
        }
        fused_tear_down(state);
        fused_set_up(state);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fused_set_up, fused_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_fuse_limits_what_stands_behind_it_both_ways),
        TEST(a_fuse_in_a_branch_limits_only_that_branch),
        TEST(the_tightest_fuse_on_the_way_counts),
        TEST(what_was_commanded_before_counts_on),
        TEST(nothing_is_put_together_for_what_is_not_connected),
        TEST(a_site_may_grow_while_flows_are_compared),
        TEST(behind_a_transformer_a_fuse_carries_what_its_voltage_gives),
        TEST(without_a_transformer_a_fuse_carries_what_the_voltage_of_the_grid_gives),
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
