/* SPDX-License-Identifier: MIT */
/* What simulated components have accumulated, taken from one site and given to the next, as a restart does.
 */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim_site.h"

enum { GRID = 1, METER, INVERTER, BATTERY, HYBRID, HYBRID_BATTERY, PV, EV, HVAC, RELAY, PRECHARGER, OTHERS };

struct fixture {
    struct sim_site *sim;
    struct component *part[OTHERS + 8];
    char refused[4][300];
    int n_refused;
};

static void add(struct fixture *f, int id, enum component_type type, int under, double lower, double upper,
    struct setting *settings, size_t n)
{
    f->part[id] = sim_site_add(
        f->sim, (uint64_t)id, type, under ? f->part[under] : NULL, lower, upper, settings, n);
}

/* Of each type that the simulator has. */
static struct fixture *begin(void)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct setting battery[] = {NUMBER("capacity", 20000), NUMBER("soc", 50)};
    struct setting load[] = {NUMBER("power", 3000)};
    struct setting rated[] = {NUMBER("rated", 2000)};
    struct setting relay[] = {NUMBER("cycle_limit", 1)};
    f->sim = sim_site_new();
    add(f, GRID, COMPONENT_GRID, 0, -40000, 40000, NULL, 0);
    add(f, METER, COMPONENT_METER, GRID, 0, 0, load, 1);
    add(f, INVERTER, COMPONENT_BATTERY_INVERTER, METER, -10000, 10000, NULL, 0);
    add(f, BATTERY, COMPONENT_BATTERY, INVERTER, -20000, 20000, battery, 2);
    add(f, HYBRID, COMPONENT_HYBRID_INVERTER, METER, -10000, 10000, NULL, 0);
    add(f, HYBRID_BATTERY, COMPONENT_BATTERY, HYBRID, -20000, 20000, battery, 2);
    add(f, PV, COMPONENT_PV_INVERTER, METER, -15000, 0, NULL, 0);
    add(f, EV, COMPONENT_EV_CHARGER, METER, 0, 11000, NULL, 0);
    add(f, HVAC, COMPONENT_HVAC, METER, 0, 0, rated, 1);
    add(f, RELAY, COMPONENT_RELAY, METER, 0, 0, relay, 1);
    add(f, PRECHARGER, COMPONENT_PRECHARGER, RELAY, 0, 0, NULL, 0);
    add(f, OTHERS, COMPONENT_CHP, METER, -5000, 0, NULL, 0);
    add(f, OTHERS + 1, COMPONENT_ELECTROLYZER, METER, 0, 5000, NULL, 0);
    add(f, OTHERS + 2, COMPONENT_CRYPTO_MINER, METER, 0, 0, rated, 1);
    add(f, OTHERS + 3, COMPONENT_WIND_TURBINE, METER, -5000, 0, NULL, 0);
    add(f, OTHERS + 4, COMPONENT_CAPACITOR_BANK, METER, -5000, 0, NULL, 0);
    add(f, OTHERS + 5, COMPONENT_FUSE, METER, 0, 0, NULL, 0);
    add(f, OTHERS + 6, COMPONENT_TRANSFORMER, METER, 0, 0, NULL, 0);
    add(f, OTHERS + 7, COMPONENT_CONVERTER, METER, 0, 0, NULL, 0);
    return f;
}

static void end(struct fixture *f)
{
    sim_site_free(f->sim);
    free(f);
}

static void on_refuse(const char *text, void *userdata)
{
    struct fixture *f = userdata;
    assert_true(f->n_refused < (int)ARRAY_LEN(f->refused));
    snprintf(f->refused[f->n_refused++], sizeof(f->refused[0]), "%s", text);
}

static size_t recall(struct fixture *f, const struct memory *memory, bool late)
{
    return memory_recall(f->sim->site, memory, late, on_refuse, f);
}

/* A restart: what `f` has accumulated by now, in a site that starts with it. */
static struct fixture *restart(struct fixture *f)
{
    struct memory memory = {NULL};
    memory_collect(f->sim->site, 0, SIZE_MAX, &memory);
    struct fixture *next = begin();
    assert_int_equal(recall(next, &memory, false), OTHERS + 7);
    assert_int_equal(next->n_refused, 0);
    memory_done(&memory);
    end(f);
    sim_site_start(next->sim);
    return next;
}

static double *number_of(struct memory *memory, int id, const char *name)
{
    for (size_t i = 0; i < memory->n; i++) {
        if (memory->items[i].component_id == (uint64_t)id && strcmp(memory->items[i].name, name) == 0) {
            return &memory->items[i].value;
        }
    }
    fail_msg("%d has no %s", id, name);
    return NULL;
}

static double soc_pct(const struct fixture *f, int which)
{
    return component_reading(f->part[which], METRIC_BATTERY_SOC_PCT);
}

static bool in_state(const struct fixture *f, int which, enum state_code code)
{
    struct component_state state = telemetry_state(&f->part[which]->telemetry);
    return state_has(&state, code);
}

static void run_action(struct fixture *f, int which, enum lifecycle_action action)
{
    sim_site_run_action(f->sim, f->part[which], action);
}

static void on_status(const struct ugrpc_status *st, void *userdata)
{
    *(struct ugrpc_status *)userdata = *st;
}

/* ---- every number ----------------------------------------------------------------------------------- */

/* Another value that the number may have, each time another one. */
static void on_change(struct memory_number *number, void *userdata)
{
    int *n = userdata;
    double value = number->upper > 1000 ? 1000 + *n : number->lower + 1 + *n % 40;
    if (number->upper <= 3) { /* a choice */
        value = number->value == number->upper ? 0 : number->upper;
    }
    assert_true(value >= number->lower && value <= number->upper && value != number->value);
    number->value = value;
    (*n)++;
}

static void every_number_that_is_kept_comes_back(void **state)
{
    struct fixture *f = begin(), *next = begin();
    struct memory kept = {NULL}, back = {NULL};
    int n = 0;
    for (size_t i = 0; i < f->sim->site->n_components; i++) {
        f->sim->sim->driver->visit_memory(f->sim->sim, f->sim->site->components[i], on_change, &n);
    }
    memory_collect(f->sim->site, 0, SIZE_MAX, &kept);
    recall(next, &kept, false);
    memory_collect(next->sim->site, 0, SIZE_MAX, &back);
    assert_int_equal(next->n_refused, 0);
    assert_int_equal(kept.n, back.n);
    assert_int_equal(kept.n, n + OTHERS + 7); /* and the types */
    for (size_t i = 0; i < kept.n; i++) {
        assert_string_equal(kept.items[i].name, back.items[i].name);
        if (kept.items[i].value != back.items[i].value) {
            fail_msg("%s of %d: %g, not %g", kept.items[i].name, (int)kept.items[i].component_id,
                back.items[i].value, kept.items[i].value);
        }
    }
    memory_done(&kept);
    memory_done(&back);
    end(f);
    end(next);
}

static void looking_at_what_is_kept_changes_nothing(void **state)
{
    double seen[2];
    for (int looks = 0; looks < 2; looks++) {
        struct fixture *f = begin();
        sim_site_start(f->sim);
        sim_site_set_power(f->sim, f->part[INVERTER], 8000);
        for (int i = 0; i < 40; i++) {
            struct memory memory = {NULL};
            sim_site_run_s(f->sim, 0.5);
            for (int j = 0; j < looks; j++) {
                memory_collect(f->sim->site, 0, SIZE_MAX, &memory);
            }
            memory_done(&memory);
        }
        seen[looks] = component_reading(f->part[GRID], METRIC_AC_ACTIVE_ENERGY);
        end(f);
    }
    assert_true(seen[0] == seen[1]);
}

/* ---- restarts --------------------------------------------------------------------------------------- */

static void charge_and_counters_go_on_after_a_restart(void **state)
{
    struct fixture *f = begin();
    sim_site_start(f->sim);
    sim_site_set_power(f->sim, f->part[INVERTER], 10000);
    sim_site_run_s(f->sim, 55);
    double before_pct = soc_pct(f, BATTERY), idle_pct = soc_pct(f, HYBRID_BATTERY);
    double before_wh[OTHERS];
    assert_true(before_pct > 50.5);
    for (int i = GRID; i < OTHERS; i++) {
        before_wh[i] = component_reading(f->part[i], METRIC_AC_ACTIVE_ENERGY);
    }
    f = restart(f);
    assert_true(fabs(soc_pct(f, BATTERY) - before_pct) < 0.2); /* samples are a second apart */
    assert_true(soc_pct(f, BATTERY) >= before_pct);
    assert_true(fabs(soc_pct(f, HYBRID_BATTERY) - idle_pct) < 0.2);
    for (int i = GRID; i < OTHERS; i++) {
        double now_wh = component_reading(f->part[i], METRIC_AC_ACTIVE_ENERGY);
        assert_true(isnan(before_wh[i]) || (now_wh >= before_wh[i] && now_wh < before_wh[i] + 60));
    }
    end(f);
}

static void switches_stay_where_they_were_and_wear_goes_on(void **state)
{
    struct fixture *f = begin();
    struct ugrpc_status st = {0};
    sim_site_start(f->sim);
    run_action(f, RELAY, LIFECYCLE_STOP);
    run_action(f, RELAY, LIFECYCLE_START); /* its only cycle */
    run_action(f, RELAY, LIFECYCLE_STOP);
    run_action(f, PRECHARGER, LIFECYCLE_STOP);
    run_action(f, INVERTER, LIFECYCLE_STANDBY);
    run_action(f, BATTERY, LIFECYCLE_STOP);
    f = restart(f);
    assert_true(in_state(f, RELAY, STATE_RELAY_OPEN));
    assert_true(in_state(f, PRECHARGER, STATE_PRECHARGER_OPEN));
    assert_true(in_state(f, INVERTER, STATE_STANDBY));
    assert_true(in_state(f, BATTERY, STATE_RELAY_OPEN));
    assert_true(in_state(f, HYBRID_BATTERY, STATE_RELAY_CLOSED));
    struct memory memory = {NULL};
    memory_collect(f->sim->site, 0, SIZE_MAX, &memory);
    assert_true(*number_of(&memory, RELAY, "cycles") == 1);
    memory_done(&memory);
    const struct driver *driver = f->sim->sim->driver;
    driver->start_component(f->sim->sim, f->part[RELAY], on_status, &st);
    sim_site_run_s(f->sim, 2);
    assert_true(strstr(st.message, "worn out after 1 cycle, it does not close") != NULL);
    end(f);
}

static void a_car_stays_and_has_what_it_has_charged(void **state)
{
    struct fixture *f = begin();
    struct memory before = {NULL}, after = {NULL};
    sim_site_start(f->sim);
    sim_site_run_s(f->sim, 120);
    memory_collect(f->sim->site, 0, SIZE_MAX, &before);
    f = restart(f);
    memory_collect(f->sim->site, 0, SIZE_MAX, &after);
    double charged_wh = *number_of(&before, EV, "car_charged_wh");
    assert_true(charged_wh > 200);
    assert_true(*number_of(&after, EV, "car_charged_wh") >= charged_wh);
    assert_true(*number_of(&after, EV, "car_phase_left_s") < *number_of(&before, EV, "car_phase_left_s"));
    memory_done(&before);
    memory_done(&after);
    end(f);
}

/* ---- what does not fit ------------------------------------------------------------------------------ */

static void values_that_cannot_be_are_refused_one_by_one(void **state)
{
    struct fixture *f = begin();
    struct memory memory = {NULL};
    memory_collect(f->sim->site, 0, SIZE_MAX, &memory);
    *number_of(&memory, BATTERY, "soc_pct") = 250;
    *number_of(&memory, BATTERY, "temperature_c") = 33;
    *number_of(&memory, METER, "consumed_1_wh") = -1;
    *number_of(&memory, METER, "consumed_2_wh") = INFINITY;
    *number_of(&memory, HYBRID, "goal") = NAN;
    assert_int_equal(recall(f, &memory, false), OTHERS + 7);
    assert_int_equal(f->n_refused, 4);
    assert_string_equal(f->refused[0],
        "meter_2 (2): consumed_1_wh was kept as -1, which is outside 0 .. 1e+18; it goes on with 0");
    assert_string_equal(f->refused[2],
        "battery_4 (4): soc_pct was kept as 250, which is outside 0 .. 100; it goes on with 50");
    assert_string_equal(f->refused[3],
        "hybrid_inverter_5 (5): goal was kept as nan, which is outside 0 .. 2; it goes on with 2");
    sim_site_start(f->sim);
    assert_true(fabs(soc_pct(f, BATTERY) - 50) < 0.1);
    assert_true(component_reading(f->part[BATTERY], METRIC_BATTERY_TEMPERATURE) > 32); /* the others count */
    memory_done(&memory);
    end(f);
}

static void what_the_site_does_not_know_is_passed_over(void **state)
{
    struct fixture *f = begin();
    struct memory memory = {NULL};
    memory_add(&memory, BATTERY, "type", COMPONENT_BATTERY);
    memory_add(&memory, BATTERY, "flavour", 3);
    memory_add(&memory, BATTERY, "a name that is longer than any of them", 3);
    memory_add(&memory, BATTERY, "soc_pct", 70);
    memory_add(&memory, 4711, "soc_pct", 80);
    assert_int_equal(memory.n, 4);
    assert_int_equal(recall(f, &memory, false), 1);
    assert_int_equal(f->n_refused, 0);
    sim_site_start(f->sim);
    assert_true(fabs(soc_pct(f, BATTERY) - 70) < 0.1);
    memory_done(&memory);
    end(f);
}

static void another_component_of_the_same_id_begins_anew(void **state)
{
    struct fixture *f = begin();
    struct memory memory = {NULL};
    memory_add(&memory, METER, "type", COMPONENT_EV_CHARGER);
    memory_add(&memory, METER, "consumed_1_wh", 5000);
    memory_add(&memory, PV, "consumed_1_wh", 5000); /* of no type at all */
    assert_int_equal(recall(f, &memory, false), 0);
    assert_int_equal(f->n_refused, 2);
    assert_string_equal(
        f->refused[0], "meter_2 (2): what was kept for id 2 is of another type than meter; it begins anew");
    memory_done(&memory);
    memory_collect(f->sim->site, 0, SIZE_MAX, &memory);
    assert_true(*number_of(&memory, METER, "consumed_1_wh") == 0);
    memory_done(&memory);
    end(f);
}

static void what_comes_late_is_added_to_counters_and_moves_nothing(void **state)
{
    struct fixture *f = begin();
    struct memory kept = {NULL}, after = {NULL};
    memory_collect(f->sim->site, 0, SIZE_MAX, &kept);
    *number_of(&kept, EV, "consumed_1_wh") = 5000;
    *number_of(&kept, RELAY, "cycles") = 3;
    *number_of(&kept, RELAY, "closed") = 0;
    *number_of(&kept, BATTERY, "soc_pct") = 70;
    sim_site_start(f->sim);
    sim_site_run_s(f->sim, 60);
    recall(f, &kept, true);
    memory_collect(f->sim->site, 0, SIZE_MAX, &after);
    assert_true(*number_of(&after, EV, "consumed_1_wh") > 5010);
    assert_true(*number_of(&after, RELAY, "cycles") == 3);
    assert_true(*number_of(&after, RELAY, "closed") == 1);
    assert_true(fabs(*number_of(&after, BATTERY, "soc_pct") - 50) < 0.1);
    memory_done(&kept);
    memory_done(&after);
    end(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_that_is_kept_comes_back),
        cmocka_unit_test(looking_at_what_is_kept_changes_nothing),
        cmocka_unit_test(charge_and_counters_go_on_after_a_restart),
        cmocka_unit_test(switches_stay_where_they_were_and_wear_goes_on),
        cmocka_unit_test(a_car_stays_and_has_what_it_has_charged),
        cmocka_unit_test(values_that_cannot_be_are_refused_one_by_one),
        cmocka_unit_test(what_the_site_does_not_know_is_passed_over),
        cmocka_unit_test(another_component_of_the_same_id_begins_anew),
        cmocka_unit_test(what_comes_late_is_added_to_counters_and_moves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
