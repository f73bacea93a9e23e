/* SPDX-License-Identifier: MIT */
/* The site as it is built, and one case for each rule of the clients' graph. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_site.h"

struct fixture {
    struct fake_site *fake;
    struct component *by_id[20];
    const struct component *at_fault;
    char text[512];
    size_t told;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->fake = fake_site_new_bare();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    fake_site_free(f->fake);
    free(f);
    return 0;
}

/* Adds components of these types with the ids 1, 2 … */
static void add(struct fixture *f, const enum component_type *types, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char name[16];
        double lower_w = -1000, upper_w = 1000;
        if (types[i] == COMPONENT_PV_INVERTER || types[i] == COMPONENT_CHP ||
            types[i] == COMPONENT_WIND_TURBINE) {
            upper_w = 0;
        } else if (types[i] == COMPONENT_EV_CHARGER || types[i] == COMPONENT_ELECTROLYZER) {
            lower_w = 0;
        }
        snprintf(name, sizeof(name), "c%zu", i + 1);
        f->by_id[i + 1] = fake_add(f->fake, i + 1, name, types[i], lower_w, upper_w);
    }
}

#define add_types(f, ...)                                                                                    \
    add(f, (const enum component_type[]){__VA_ARGS__},                                                       \
        sizeof((const enum component_type[]){__VA_ARGS__}) / sizeof(enum component_type))

static void edge(struct fixture *f, int start, int end)
{
    fake_connect(f->by_id[start], f->by_id[end]);
}

static void on_problem(const struct component *component, const char *text, void *userdata)
{
    struct fixture *f = userdata;
    f->told++;
    f->at_fault = component;
    snprintf(f->text, sizeof(f->text), "%s", text);
}

/* Exactly one rule is broken: by this component, and told in words that contain `text`. */
static void assert_broken(struct fixture *f, int id, const char *text)
{
    f->told = 0;
    size_t n = graph_check(f->fake->site, true, on_problem, f);
    if (n != 1 || !strstr(f->text, text)) {
        print_error("%zu problems, the last: %s\n", n, f->text);
    }
    assert_int_equal(n, 1);
    assert_int_equal(f->told, 1);
    assert_ptr_equal(f->at_fault, f->by_id[id]);
    assert_non_null(strstr(f->text, text));
}

static void assert_sound(struct fixture *f)
{
    size_t n = graph_check(f->fake->site, true, on_problem, f);
    if (n) {
        print_error("%s\n", f->text);
    }
    assert_int_equal(n, 0);
}

static void a_believable_site_breaks_no_rule(void **state)
{
    struct fixture *f = *state;
    add_types(f, COMPONENT_GRID, COMPONENT_METER, COMPONENT_BATTERY_INVERTER, COMPONENT_BATTERY,
        COMPONENT_PV_INVERTER, COMPONENT_EV_CHARGER, COMPONENT_CHP, COMPONENT_HYBRID_INVERTER,
        COMPONENT_BATTERY, COMPONENT_RELAY, COMPONENT_PRECHARGER, COMPONENT_FUSE, COMPONENT_TRANSFORMER,
        COMPONENT_ELECTROLYZER, COMPONENT_HVAC);
    int edges[][2] = {{1, 13}, {13, 2}, {2, 10}, {10, 3}, {3, 11}, {11, 4}, {2, 5}, {2, 6}, {2, 7}, {2, 8},
        {8, 9}, {2, 14}, {2, 15}};
    for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
        edge(f, edges[i][0], edges[i][1]);
    }
    assert_sound(f); /* the fuse is not connected, but it is not metered either */
}

static void a_site_needs_a_grid(void **state)
{
    struct fixture *f = *state;
    add_types(f, COMPONENT_METER);
    assert_broken(f, 0, "no grid connection point");
}

static void a_site_has_only_one_grid(void **state)
{
    struct fixture *f = *state;
    add_types(f, COMPONENT_GRID, COMPONENT_GRID, COMPONENT_METER);
    edge(f, 1, 3);
    assert_broken(f, 2, "c2 (2) is a second grid");
}

static void a_grid_needs_a_successor(void **state)
{
    struct fixture *f = *state;
    add_types(f, COMPONENT_GRID);
    assert_broken(f, 1, "nothing is connected to c1 (1)");
}

static void a_grid_has_no_predecessor(void **state)
{
    struct fixture *f = *state;
    add_types(f, COMPONENT_GRID, COMPONENT_METER, COMPONENT_TRANSFORMER);
    edge(f, 1, 2);
    edge(f, 3, 1);
    assert_broken(f, 1, "c1 (1) is under c3 (3)");
}

static void what_is_under_the_grid_has_no_second_parent(void **state)
{
    struct fixture *f = *state;
    add_types(f, COMPONENT_GRID, COMPONENT_METER, COMPONENT_METER);
    edge(f, 1, 2);
    edge(f, 1, 3);
    edge(f, 2, 3);
    assert_broken(f, 3, "c3 (3) is under c1 (1) and under c2 (2)");
}

static void connections_form_no_cycle(void **state)
{
    struct fixture *f = *state;
    add_types(f, COMPONENT_GRID, COMPONENT_METER, COMPONENT_METER, COMPONENT_METER);
    edge(f, 1, 2);
    edge(f, 2, 3);
    edge(f, 3, 4);
    edge(f, 4, 3);
    assert_broken(f, 3, "cycle");
    struct component *order[4];
    graph_sort(f->fake->site, order); /* ends all the same */
}

static void metered_things_are_reachable_from_the_grid(void **state)
{
    struct fixture *f = *state;
    add_types(f, COMPONENT_GRID, COMPONENT_METER, COMPONENT_METER);
    edge(f, 1, 2);
    assert_broken(f, 3, "c3 (3) is not reachable");
}

static void a_battery_inverter_needs_a_battery(void **state)
{
    struct fixture *f = *state;
    add_types(f, COMPONENT_GRID, COMPONENT_BATTERY_INVERTER);
    edge(f, 1, 2);
    assert_broken(f, 2, "c2 (2) has no battery");
}

static void a_battery_inverter_feeds_nothing_but_batteries(void **state)
{
    struct fixture *f = *state;
    add_types(f, COMPONENT_GRID, COMPONENT_BATTERY_INVERTER, COMPONENT_BATTERY, COMPONENT_RELAY,
        COMPONENT_WIND_TURBINE);
    edge(f, 1, 2);
    edge(f, 2, 3);
    edge(f, 2, 4);
    edge(f, 4, 5); /* also through a relay */
    assert_broken(f, 2, "c2 (2) feeds c5 (5)");
}

static void a_pv_inverter_feeds_nothing(void **state)
{
    struct fixture *f = *state;
    add_types(f, COMPONENT_GRID, COMPONENT_PV_INVERTER, COMPONENT_FUSE);
    edge(f, 1, 2);
    edge(f, 2, 3);
    assert_broken(f, 2, "type pv_inverter must not feed anything");
}

static void a_battery_feeds_nothing(void **state)
{
    struct fixture *f = *state;
    add_types(f, COMPONENT_GRID, COMPONENT_BATTERY_INVERTER, COMPONENT_BATTERY, COMPONENT_FUSE);
    edge(f, 1, 2);
    edge(f, 2, 3);
    edge(f, 3, 4);
    assert_broken(f, 3, "type battery must not feed anything");
}

static void a_battery_is_under_a_battery_or_hybrid_inverter(void **state)
{
    struct fixture *f = *state;
    add_types(f, COMPONENT_GRID, COMPONENT_BATTERY);
    edge(f, 1, 2);
    assert_broken(f, 2, "must be under a battery or hybrid inverter");
}

static void a_meter_does_not_feed_a_battery_directly(void **state)
{
    struct fixture *f = *state;
    add_types(f, COMPONENT_GRID, COMPONENT_METER, COMPONENT_BATTERY);
    edge(f, 1, 2);
    edge(f, 2, 3);
    assert_broken(f, 3, "a meter must not feed a battery");
}

static void meters_inverters_chargers_and_chp_are_under_the_grid_or_a_meter(void **state)
{
    const enum component_type types[] = {COMPONENT_METER, COMPONENT_PV_INVERTER, COMPONENT_HYBRID_INVERTER,
        COMPONENT_EV_CHARGER, COMPONENT_CHP};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct fixture *f;
        set_up((void **)&f);
        add_types(f, COMPONENT_GRID, COMPONENT_HYBRID_INVERTER, types[i]);
        edge(f, 1, 2);
        edge(f, 2, 3);
        assert_broken(f, 3, "must be under the grid or a meter");
        tear_down((void **)&f);
    }
    (void)state;
}

static void chargers_and_chp_feed_nothing(void **state)
{
    const enum component_type types[] = {COMPONENT_EV_CHARGER, COMPONENT_CHP};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct fixture *f;
        set_up((void **)&f);
        add_types(f, COMPONENT_GRID, types[i], COMPONENT_FUSE);
        edge(f, 1, 2);
        edge(f, 2, 3);
        assert_broken(f, 2, "must not feed anything");
        tear_down((void **)&f);
    }
    (void)state;
}

/* ---- building --------------------------------------------------------------------------------------- */

static void ids_and_names_are_unique(void **state)
{
    struct fixture *f = *state;
    struct ugrpc_status st;
    add_types(f, COMPONENT_METER);
    struct component_spec spec = {.id = 1, .name = "other", .type = COMPONENT_METER};
    assert_null(site_add_component(f->fake->site, &spec, &st));
    assert_string_equal(st.message, "other: id 1 is already that of c1");
    spec = (struct component_spec){.id = 2, .name = "c1", .type = COMPONENT_METER};
    assert_null(site_add_component(f->fake->site, &spec, &st));
    spec.id = 0;
    assert_null(site_add_component(f->fake->site, &spec, &st));
    assert_int_equal(f->fake->site->n_components, 1);
}

static void components_are_found_by_id_and_name_and_stand_ascending(void **state)
{
    struct fixture *f = *state;
    for (uint64_t i = 0; i < 500; i++) {
        char name[16];
        uint64_t id = i * 7919 % 1009 + 1;
        snprintf(name, sizeof(name), "m%llu", (unsigned long long)id);
        fake_add(f->fake, id, name, COMPONENT_METER, NAN, NAN);
    }
    const struct site *site = f->fake->site;
    assert_int_equal(site->n_components, 500);
    for (size_t i = 0; i < site->n_components; i++) {
        const struct component *component = site->components[i];
        assert_true(i == 0 || site->components[i - 1]->spec.id < component->spec.id);
        assert_ptr_equal(site_component(site, component->spec.id), component);
        assert_ptr_equal(site_component_by_name(site, component->spec.name), component);
    }
    assert_null(site_component(site, 99999));
    assert_null(site_component_by_name(site, "m"));
}

static void the_same_connection_twice_is_refused(void **state)
{
    struct fixture *f = *state;
    add_types(f, COMPONENT_GRID, COMPONENT_METER);
    edge(f, 1, 2);
    assert_int_equal(site_connect(f->fake->site, f->by_id[1], f->by_id[2], NULL), -UGRPC_ALREADY_EXISTS);
    assert_int_equal(f->fake->site->n_connections, 1);
}

static void rated_active_bounds_are_required_where_set_points_are_accepted(void **state)
{
    struct fixture *f = *state;
    for (int type = 0; type < COMPONENT_TYPE_COUNT; type++) {
        struct component_spec spec = {.id = 100 + (uint64_t)type,
            .name = component_type_name((enum component_type)type),
            .type = (enum component_type)type};
        struct ugrpc_status st;
        for (int i = 0; i < BOUNDED_COUNT; i++) {
            spec.rated[i] = (struct range){NAN, NAN};
        }
        struct component component = {.spec = spec};
        bool takes = component_takes_power(&component, AXIS_ACTIVE) ||
                     component_takes_power(&component, AXIS_REACTIVE);
        assert_int_equal(site_add_component(f->fake->site, &spec, &st) == NULL, takes);
        assert_true(!takes || strstr(st.message, "needs rated bounds"));
    }
}

static void rated_bounds_on_the_wrong_side_of_0_are_refused(void **state)
{
    struct fixture *f = *state;
    struct ugrpc_status st;
    struct component_spec spec = {.id = 1, .name = "pv", .type = COMPONENT_PV_INVERTER};
    spec.rated[BOUNDED_ACTIVE] = (struct range){-1000, 1};
    assert_null(site_add_component(f->fake->site, &spec, &st));
    assert_non_null(strstr(st.message, "type pv_inverter only produces (at most 0)"));
    spec.type = COMPONENT_EV_CHARGER;
    assert_null(site_add_component(f->fake->site, &spec, &st));
    spec.rated[BOUNDED_ACTIVE] = (struct range){1000, -1000};
    assert_null(site_add_component(f->fake->site, &spec, &st));
}

static void a_rating_of_0_both_ways_is_refused(void **state)
{
    struct fixture *f = *state;
    struct ugrpc_status st;
    struct component_spec spec = {.id = 1, .name = "inv", .type = COMPONENT_BATTERY_INVERTER};
    spec.rated[BOUNDED_ACTIVE] = (struct range){-0.0, 0};
    assert_null(site_add_component(f->fake->site, &spec, &st));
    assert_non_null(strstr(st.message, "inv (1): rated active power is 0 W both ways"));
    spec.rated[BOUNDED_ACTIVE].upper = 1;
    assert_non_null(site_add_component(f->fake->site, &spec, &st));
}

/* ---- walks ------------------------------------------------------------------------------------------ */

static void parents_are_sorted_before_their_children(void **state)
{
    struct fixture *f = *state;
    add_types(f, COMPONENT_METER, COMPONENT_METER, COMPONENT_METER, COMPONENT_METER, COMPONENT_GRID);
    int edges[][2] = {{5, 4}, {4, 2}, {4, 3}, {2, 1}, {3, 1}};
    for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
        edge(f, edges[i][0], edges[i][1]);
    }
    struct component *order[5];
    size_t place[6];
    graph_sort(f->fake->site, order);
    for (size_t i = 0; i < 5; i++) {
        place[order[i]->spec.id] = i;
    }
    for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
        assert_true(place[edges[i][0]] < place[edges[i][1]]);
    }
}

static void batteries_and_inverters_find_each_other_once_through_pass_through_components(void **state)
{
    struct fixture *f = *state;
    add_types(f, COMPONENT_GRID, COMPONENT_BATTERY_INVERTER, COMPONENT_RELAY, COMPONENT_CONVERTER,
        COMPONENT_BATTERY, COMPONENT_BATTERY, COMPONENT_BATTERY_INVERTER);
    int edges[][2] = {{1, 2}, {1, 7}, {2, 3}, {2, 4}, {3, 5}, {4, 5}, {4, 6}, {7, 6}};
    struct component *const *found;
    for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
        edge(f, edges[i][0], edges[i][1]);
    }
    assert_int_equal(graph_list_batteries(f->by_id[2], &found), 2);
    assert_int_equal(graph_list_inverters(f->by_id[6], &found), 2);
    assert_int_equal(graph_list_inverters(f->by_id[5], &found), 1);
    assert_ptr_equal(found[0], f->by_id[2]);
}

static void a_battery_is_reached_while_one_way_to_it_conducts(void **state)
{
    struct fixture *f = *state;
    const uint32_t open = STATE_BIT(STATE_RELAY_OPEN), closed = STATE_BIT(STATE_RELAY_CLOSED);
    add_types(f, COMPONENT_BATTERY_INVERTER, COMPONENT_RELAY, COMPONENT_RELAY, COMPONENT_BATTERY,
        COMPONENT_BATTERY);
    int edges[][2] = {{1, 2}, {1, 3}, {2, 4}, {3, 4}, {3, 5}};
    for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
        edge(f, edges[i][0], edges[i][1]);
    }
    struct component *inverter = f->by_id[1], *both = f->by_id[4], *one = f->by_id[5];
    fake_report_state(f->by_id[3], open);
    assert_true(graph_reaches(inverter, both, NULL));
    assert_false(graph_reaches(inverter, one, NULL));
    fake_report_state(f->by_id[2], open);
    assert_false(graph_reaches(inverter, both, NULL));
    fake_report_state(f->by_id[2], closed);
    fake_report_state(both, open);
    assert_false(graph_reaches(inverter, both, NULL));
}

static void only_what_blocks_every_way_is_open_in_series(void **state)
{
    struct fixture *f = *state;
    const uint32_t open = STATE_BIT(STATE_RELAY_OPEN), closed = STATE_BIT(STATE_RELAY_CLOSED);
    add_types(f, COMPONENT_GRID, COMPONENT_RELAY, COMPONENT_RELAY, COMPONENT_METER,
        COMPONENT_BATTERY_INVERTER, COMPONENT_BATTERY, COMPONENT_PRECHARGER, COMPONENT_BATTERY);
    int edges[][2] = {{1, 2}, {1, 3}, {2, 4}, {3, 4}, {4, 5}, {5, 6}, {5, 7}, {7, 8}};
    for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
        edge(f, edges[i][0], edges[i][1]);
    }
    const struct component *inverter = f->by_id[5];
    assert_null(graph_open_in_series(inverter)); /* nothing is known yet */
    fake_report_state(f->by_id[2], open);
    assert_null(graph_open_in_series(inverter)); /* the other relay carries */
    fake_report_state(f->by_id[3], open);
    assert_ptr_equal(graph_open_in_series(inverter), f->by_id[2]);
    fake_report_state(f->by_id[2], closed);
    assert_null(graph_open_in_series(inverter));
    fake_report_state(f->by_id[6], open);
    assert_null(graph_open_in_series(inverter));
    fake_report_state(f->by_id[7], STATE_BIT(STATE_PRECHARGER_PRECHARGING));
    assert_non_null(graph_open_in_series(inverter)); /* every battery */
    fake_report_state(f->by_id[7], STATE_BIT(STATE_PRECHARGER_CLOSED));
    assert_null(graph_open_in_series(inverter));
    fake_report_error(f->by_id[8], ERROR_BATTERY_RELAY_ERROR, false); /* in error and not closed */
    assert_ptr_equal(graph_open_in_series(inverter), f->by_id[6]);
}

struct seen {
    const struct component *items[8];
    size_t n;
};

static bool is_no_fuse(const struct component *component)
{
    return component->spec.type != COMPONENT_FUSE;
}

static void on_seen(const struct component *below, void *userdata)
{
    struct seen *seen = userdata;
    assert_true(seen->n < ARRAY_LEN(seen->items));
    seen->items[seen->n++] = below;
}

static void what_is_not_seen_is_looked_past(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    add_types(f, COMPONENT_METER, COMPONENT_FUSE, COMPONENT_FUSE, COMPONENT_METER, COMPONENT_FUSE,
        COMPONENT_METER, COMPONENT_METER);
    int edges[][2] = {{1, 2}, {1, 3}, {2, 4}, {3, 4}, {2, 5}, {5, 6}, {6, 7}};
    for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
        edge(f, edges[i][0], edges[i][1]);
    }
    graph_each_below(f->by_id[1], is_no_fuse, on_seen, &seen);
    assert_int_equal(seen.n, 2); /* once, though there are two ways to 4; nothing behind what is seen */
    assert_ptr_equal(seen.items[0], f->by_id[4]);
    assert_ptr_equal(seen.items[1], f->by_id[6]);
}

static void every_type_has_a_name_that_finds_it(void **state)
{
    for (int i = 0; i < COMPONENT_TYPE_COUNT; i++) {
        assert_int_equal(component_type_from_name(component_type_name((enum component_type)i)), i);
    }
    for (int i = 0; i < SENSOR_TYPE_COUNT; i++) {
        assert_int_equal(sensor_type_from_name(sensor_type_name((enum sensor_type)i)), i);
    }
    for (int i = METRIC_NONE + 1; i < METRIC_COUNT; i++) {
        assert_int_equal(metric_from_name(metric_name((enum metric)i)), i);
        assert_int_equal(metric_is_sensor((enum metric)i),
            strncmp(metric_name((enum metric)i), "sensor_", strlen("sensor_")) == 0);
    }
    for (int i = 0; i < ERROR_COUNT; i++) {
        assert_int_equal(error_from_name(error_name((enum error_code)i)), i);
    }
    for (int i = 0; i < STATE_COUNT; i++) {
        assert_non_null(state_name((enum state_code)i));
    }
    assert_int_equal(component_type_from_name("load"), -1); /* the unmetered part of a meter */
    assert_int_equal(metric_from_name("none"), METRIC_NONE);
    (void)state;
}

/* What is there breaks no rule; what more there should be is not known. */
static void of_an_incomplete_site_nothing_is_said_to_be_missing(void **state)
{
    struct fixture *f = *state;
    add_types(f, COMPONENT_METER, COMPONENT_BATTERY_INVERTER);
    edge(f, 1, 2);
    assert_int_equal(graph_check(f->fake->site, false, on_problem, f), 0);
    assert_true(graph_check(f->fake->site, true, on_problem, f) > 0);
}

static void of_an_incomplete_site_what_is_wrong_is_told(void **state)
{
    struct fixture *f = *state;
    add_types(f, COMPONENT_METER, COMPONENT_BATTERY);
    edge(f, 1, 2);
    assert_int_equal(graph_check(f->fake->site, false, on_problem, f), 1);
    assert_non_null(strstr(f->text, "a meter must not feed a battery directly"));
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_believable_site_breaks_no_rule),
        test(a_site_needs_a_grid),
        test(a_site_has_only_one_grid),
        test(a_grid_needs_a_successor),
        test(a_grid_has_no_predecessor),
        test(what_is_under_the_grid_has_no_second_parent),
        test(connections_form_no_cycle),
        test(metered_things_are_reachable_from_the_grid),
        test(a_battery_inverter_needs_a_battery),
        test(a_battery_inverter_feeds_nothing_but_batteries),
        test(a_pv_inverter_feeds_nothing),
        test(a_battery_feeds_nothing),
        test(a_battery_is_under_a_battery_or_hybrid_inverter),
        test(a_meter_does_not_feed_a_battery_directly),
        test(meters_inverters_chargers_and_chp_are_under_the_grid_or_a_meter),
        test(chargers_and_chp_feed_nothing),
        test(of_an_incomplete_site_nothing_is_said_to_be_missing),
        test(of_an_incomplete_site_what_is_wrong_is_told),
        test(ids_and_names_are_unique),
        test(components_are_found_by_id_and_name_and_stand_ascending),
        test(the_same_connection_twice_is_refused),
        test(rated_active_bounds_are_required_where_set_points_are_accepted),
        test(rated_bounds_on_the_wrong_side_of_0_are_refused),
        test(a_rating_of_0_both_ways_is_refused),
        test(parents_are_sorted_before_their_children),
        test(batteries_and_inverters_find_each_other_once_through_pass_through_components),
        test(a_battery_is_reached_while_one_way_to_it_conducts),
        test(only_what_blocks_every_way_is_open_in_series),
        test(what_is_not_seen_is_looked_past),
        test(every_type_has_a_name_that_finds_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
