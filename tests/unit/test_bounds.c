/* SPDX-License-Identifier: MIT */
/* Added bounds and the bounds in force: named cases, and a random history against a slow reference. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fake_site.h"

static int set_up(void **state)
{
    *state = fake_site_new();
    return 0;
}

static int tear_down(void **state)
{
    fake_site_free(*state);
    return 0;
}

static void assert_range(struct range range, double lower, double upper)
{
    assert_true(range.lower == lower);
    assert_true(range.upper == upper);
}

static void assert_one(const struct component *component, enum bounded bounded, double lower, double upper)
{
    const struct ranges *in_force = bounds_in_force(component, bounded);
    assert_int_equal(in_force->n, 1);
    assert_range(in_force->items[0], lower, upper);
}

static int add(struct component *component, const struct caller *caller, double lower, double upper,
    int64_t lifetime_s, int64_t *until_utc_ns)
{
    struct range range = {lower, upper};
    return fake_add_bounds(
        component, METRIC_AC_ACTIVE_POWER, caller, NULL, &range, 1, lifetime_s, until_utc_ns, NULL);
}

/* ---- named cases ------------------------------------------------------------------------------------ */

static void touching_bounds_merge_and_separate_ones_stay(void **state)
{
    struct fake_site *fake = *state;
    struct range ranges[] = {{20, 30}, {5, 15}, {0, 5}};
    int64_t until_utc_ns;
    assert_int_equal(fake_add_bounds(fake->bat_inv, METRIC_AC_ACTIVE_POWER, &fake_caller_a, NULL, ranges,
                         ARRAY_LEN(ranges), 1, &until_utc_ns, NULL),
        0);
    const struct ranges *in_force = bounds_in_force(fake->bat_inv, BOUNDED_ACTIVE);
    assert_int_equal(in_force->n, 2);
    assert_range(in_force->items[0], 0, 15);
    assert_range(in_force->items[1], 20, 30);
}

static void a_missing_side_is_unbounded(void **state)
{
    struct fake_site *fake = *state;
    assert_int_equal(fake_bound(fake->bat_inv, METRIC_AC_ACTIVE_POWER, -INFINITY, 100, 5), 0);
    assert_one(fake->bat_inv, BOUNDED_ACTIVE, -10000, 100);
}

static void identical_bounds_of_one_caller_are_one_entry_with_the_later_expiry(void **state)
{
    struct fake_site *fake = *state;
    int64_t first, shorter, longer;
    assert_int_equal(add(fake->bat_inv, &fake_caller_a, 0, 100, 60, &first), 0);
    assert_int_equal(add(fake->bat_inv, &fake_caller_a, 0, 100, 5, &shorter), 0);
    assert_true(shorter == first);
    assert_int_equal(add(fake->bat_inv, &fake_caller_a, 0, 100, 300, &longer), 0);
    assert_true(longer == first + 240 * NS_PER_S);
    assert_int_equal(add(fake->bat_inv, &fake_caller_a, -20, -10, 300, &first), 0); /* in any order */
    assert_int_equal(add(fake->bat_inv, &fake_caller_a, 0, 100, 5, &shorter), 0);
    assert_true(shorter == longer);
    fake_pass_ms(fake, 200000);
    assert_int_equal(bounds_in_force(fake->bat_inv, BOUNDED_ACTIVE)->n, 2);
    assert_range(bounds_in_force(fake->bat_inv, BOUNDED_ACTIVE)->items[1], 0, 100);
}

static void at_the_limit_a_request_adds_nothing_but_may_repeat_its_own(void **state)
{
    struct fake_site *fake = *state;
    struct range ranges[BOUNDS_MAX_ENTRIES - 1], two[] = {{-10, -5}, {-20, -15}};
    struct ugrpc_status st = {0};
    int64_t until_utc_ns;
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        ranges[i] = (struct range){0, 1 + (double)i};
    }
    assert_int_equal(fake_add_bounds(fake->bat_inv, METRIC_AC_ACTIVE_POWER, &fake_caller_a, NULL, ranges,
                         ARRAY_LEN(ranges), 60, &until_utc_ns, NULL),
        0);
    assert_int_equal(fake_add_bounds(fake->bat_inv, METRIC_AC_ACTIVE_POWER, &fake_caller_a, NULL, two, 2, 60,
                         &until_utc_ns, &st),
        -UGRPC_RESOURCE_EXHAUSTED);
    assert_one(fake->bat_inv, BOUNDED_ACTIVE, 0, BOUNDS_MAX_ENTRIES - 1);
    assert_int_equal(add(fake->bat_inv, &fake_caller_b, 0, 1, 60, &until_utc_ns), 0); /* b's own: the last */
    assert_int_equal(add(fake->bat_inv, &fake_caller_b, 0, 2, 60, &until_utc_ns), -UGRPC_RESOURCE_EXHAUSTED);
    assert_int_equal(add(fake->bat_inv, &fake_caller_a, 0, 2, 60, &until_utc_ns), 0);
}

static void when_no_power_is_left_0_is_published_and_accepted(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    assert_int_equal(fake_bound(fake->bat_inv, METRIC_AC_ACTIVE_POWER, 50000, 60000, 5), 0);
    assert_one(fake->bat_inv, BOUNDED_ACTIVE, 0, 0);
    assert_int_equal(fake_set(fake->bat_inv, 1, 60, &answer), -UGRPC_OUT_OF_RANGE);
    assert_int_equal(fake_set(fake->bat_inv, 0, 60, &answer), 0);
}

static void when_no_state_of_charge_is_left_it_is_the_nearest_own_limit(void **state)
{
    struct fake_site *fake = *state;
    assert_int_equal(fake_bound(fake->battery, METRIC_BATTERY_SOC_PCT, 95, 100, 5), 0);
    assert_one(fake->battery, BOUNDED_SOC, 90, 90);
    assert_int_equal(fake_bound(fake->battery_2, METRIC_BATTERY_SOC_PCT, 0, 5, 5), 0);
    assert_one(fake->battery_2, BOUNDED_SOC, 10, 10);
}

static int add_named(
    struct component *component, const struct caller *caller, const char *token, double lower, double upper)
{
    struct range range = {lower, upper};
    int64_t until_utc_ns;
    return fake_add_bounds(
        component, METRIC_AC_ACTIVE_POWER, caller, token, &range, 1, 60, &until_utc_ns, NULL);
}

static void a_token_used_again_replaces_what_it_added_before(void **state)
{
    struct fake_site *fake = *state;
    assert_int_equal(add_named(fake->bat_inv, &fake_caller_a, "ems", -5000, 5000), 0);
    assert_int_equal(add_named(fake->bat_inv, &fake_caller_b, "ems", -1000, 2000), 0); /* whoever uses it */
    assert_one(fake->bat_inv, BOUNDED_ACTIVE, -1000, 2000);
    assert_int_equal(add_named(fake->bat_inv, &fake_caller_a, "peak", 2000, 3000), 0);
    assert_int_equal(add_named(fake->bat_inv, &fake_caller_a, NULL, 3000, 4000), 0);
    assert_one(fake->bat_inv, BOUNDED_ACTIVE, -1000, 4000);
}

static void clearing_a_token_takes_out_only_what_it_added(void **state)
{
    struct fake_site *fake = *state;
    assert_int_equal(add_named(fake->bat_inv, &fake_caller_a, "ems", -5000, 5000), 0);
    assert_int_equal(add_named(fake->bat_inv, &fake_caller_a, NULL, -5000, 1000), 0);
    assert_int_equal(bounds_clear(fake->bat_inv, &fake_caller_b, METRIC_AC_REACTIVE_POWER, "ems", NULL), 0);
    assert_int_equal(bounds_clear(fake->bat_inv, &fake_caller_b, METRIC_AC_ACTIVE_POWER, "other", NULL), 0);
    assert_one(fake->bat_inv, BOUNDED_ACTIVE, -5000, 5000);
    assert_int_equal(bounds_clear(fake->bat_inv, &fake_caller_b, METRIC_AC_ACTIVE_POWER, "ems", NULL), 0);
    assert_one(fake->bat_inv, BOUNDED_ACTIVE, -5000, 1000);
    assert_int_equal(fake->events[EVENT_BOUNDS_CLEARED], 1);
    assert_int_equal(bounds_clear(fake->battery, &fake_caller_b, METRIC_AC_ACTIVE_POWER, "ems", NULL),
        -UGRPC_UNIMPLEMENTED);
}

/* At the limit, too: what is replaced makes room. */
static void replacing_needs_no_room_beside_what_is_replaced(void **state)
{
    struct fake_site *fake = *state;
    struct range ranges[BOUNDS_MAX_ENTRIES];
    int64_t until_utc_ns;
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        ranges[i] = (struct range){0, 1 + (double)i};
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fake_add_bounds(fake->bat_inv, METRIC_AC_ACTIVE_POWER, &fake_caller_a, "ems", ranges,
                             ARRAY_LEN(ranges), 60, &until_utc_ns, NULL),
            0);
    }
    assert_int_equal(add_named(fake->bat_inv, &fake_caller_a, "other", 0, 1), -UGRPC_RESOURCE_EXHAUSTED);
    assert_int_equal(add_named(fake->bat_inv, &fake_caller_a, "ems", 0, 1), 0);
    assert_one(fake->bat_inv, BOUNDED_ACTIVE, 0, 1);
}

static void bounds_of_an_offline_component_are_unavailable(void **state)
{
    struct fake_site *fake = *state;
    struct ugrpc_status st = {0};
    assert_int_equal(add_named(fake->bat_inv, &fake_caller_a, "ems", -1000, 1000), 0);
    fake_silence_ms(fake, 5000);
    assert_int_equal(add_named(fake->bat_inv, &fake_caller_a, "ems", -500, 500), -UGRPC_UNAVAILABLE);
    assert_int_equal(
        bounds_clear(fake->bat_inv, &fake_caller_a, METRIC_AC_ACTIVE_POWER, "ems", &st), -UGRPC_UNAVAILABLE);
    assert_non_null(strstr(st.message, "bat_inv (4)"));
    assert_one(fake->bat_inv, BOUNDED_ACTIVE, -1000, 1000); /* what was there stays */
    assert_int_equal(fake_bound(fake->bat_inv, METRIC_DC_POWER, 0, 1, 60), -UGRPC_UNIMPLEMENTED);
    fake->battery_2->device = NULL; /* nothing there that could be offline */
    assert_int_equal(fake_bound(fake->battery_2, METRIC_DC_POWER, -500, 500, 60), 0);
}

/* A request is only limited by the size of its message. This many take hours where the cost is squared. */
#define VERY_MANY 1000000

static void a_request_of_very_many_bounds_is_refused_as_cheaply_as_one_of_too_many(void **state)
{
    struct fake_site *fake = *state;
    struct range *ranges = calloc(VERY_MANY, sizeof(*ranges));
    int64_t until_utc_ns;
    assert_non_null(ranges);
    for (size_t i = 0; i < VERY_MANY; i++) {
        ranges[i] = (struct range){2 * (double)i, 2 * (double)i + 1};
    }
    assert_int_equal(fake_add_bounds(fake->bat_inv, METRIC_AC_ACTIVE_POWER, &fake_caller_a, NULL, ranges,
                         VERY_MANY, 60, &until_utc_ns, NULL),
        -UGRPC_RESOURCE_EXHAUSTED);
    assert_one(fake->bat_inv, BOUNDED_ACTIVE, -10000, 10000);
    free(ranges);
}

static void copies_in_one_request_count_once_however_many(void **state)
{
    struct fake_site *fake = *state;
    struct range *ranges = calloc(VERY_MANY, sizeof(*ranges));
    int64_t until_utc_ns;
    assert_non_null(ranges);
    for (size_t i = 0; i < VERY_MANY; i++) {
        double lower = 2 * (double)(i * 7919 % BOUNDS_MAX_ENTRIES); /* each, in no order */
        ranges[i] = (struct range){lower, lower + 1};
    }
    for (int i = 0; i < 2; i++) { /* the second time they are all there already */
        assert_int_equal(fake_add_bounds(fake->bat_inv, METRIC_AC_ACTIVE_POWER, &fake_caller_a, NULL, ranges,
                             VERY_MANY, 60, &until_utc_ns, NULL),
            0);
    }
    assert_int_equal(bounds_in_force(fake->bat_inv, BOUNDED_ACTIVE)->n, BOUNDS_MAX_ENTRIES);
    assert_int_equal(
        add(fake->bat_inv, &fake_caller_a, -2, -1, 60, &until_utc_ns), -UGRPC_RESOURCE_EXHAUSTED);
    free(ranges);
}

static void a_metric_that_takes_no_bounds_names_those_that_do(void **state)
{
    struct fake_site *fake = *state;
    struct range range = {0, 1};
    struct ugrpc_status st = {0};
    int64_t until_utc_ns;
    assert_int_equal(fake_add_bounds(fake->battery, METRIC_AC_ACTIVE_POWER, &fake_caller_a, NULL, &range, 1,
                         1, &until_utc_ns, &st),
        -UGRPC_UNIMPLEMENTED);
    assert_non_null(strstr(st.message, metric_name(METRIC_DC_POWER)));
    assert_non_null(strstr(st.message, metric_name(METRIC_BATTERY_SOC_PCT)));
}

/* ---- a random history ------------------------------------------------------------------------------- */

struct reference {
    struct {
        struct range range;
        int64_t until_ns;
    } entries[BOUNDS_MAX_ENTRIES];
    size_t n;
    struct range momentary;
    bool open;
};

static int by_lower(const void *a, const void *b)
{
    const struct range *one = a, *other = b;
    return (one->lower > other->lower) - (one->lower < other->lower);
}

static double inward(double value, double towards)
{
    float nearest = (float)value;
    bool outside = towards > 0 ? nearest < value : nearest > value;
    return outside ? nextafterf(nearest, (float)towards) : nearest;
}

/* Unites by sorting, then cuts and rounds each range; returns how many are left, at least one. */
static size_t expected(struct reference *reference, int64_t now_ns, struct range *out)
{
    struct range sorted[BOUNDS_MAX_ENTRIES + 1];
    size_t kept = 0, merged = 0, n = 0;
    for (size_t i = 0; i < reference->n; i++) {
        if (reference->entries[i].until_ns > now_ns) {
            reference->entries[kept] = reference->entries[i];
            sorted[kept++] = reference->entries[i].range;
        }
    }
    reference->n = kept;
    if (kept == 0) {
        sorted[kept++] = RANGE_ALL;
    }
    qsort(sorted, kept, sizeof(sorted[0]), by_lower);
    for (size_t i = 1; i < kept; i++) {
        if (sorted[i].lower <= sorted[merged].upper) {
            sorted[merged].upper = fmax(sorted[merged].upper, sorted[i].upper);
        } else {
            sorted[++merged] = sorted[i];
        }
    }
    double lower = fmax(-10000, reference->momentary.lower), upper = fmin(10000, reference->momentary.upper);
    for (size_t i = 0; i <= merged; i++) {
        double from = fmax(sorted[i].lower, reference->open ? fmax(lower, 0) : lower);
        double to = fmin(sorted[i].upper, reference->open ? fmin(upper, 0) : upper);
        struct range rounded = {inward(from, INFINITY), inward(to, -INFINITY)};
        if (from <= to && rounded.lower <= rounded.upper) {
            out[n++] = rounded;
        }
    }
    if (n == 0) {
        out[n++] = (struct range){0, 0};
    }
    return n;
}

static double any_power(double limit_w)
{
    return floor((2 * drand48() - 1) * limit_w * 10) / 10; /* tenths: seldom exact in float32 */
}

static struct range any_range(double limit_w)
{
    double lower = any_power(limit_w);
    return (struct range){lower, lower + floor(drand48() * 8000) / 10};
}

static void random_histories_agree_with_a_slow_reference(void **state)
{
    struct fake_site *fake = *state;
    static struct reference reference;
    static struct range want[BOUNDS_MAX_ENTRIES + 1];
    size_t several = 0;
    reference = (struct reference){.momentary = RANGE_ALL};
    srand48(20240229);
    for (int step = 0; step < 4000; step++) {
        double what = drand48();
        if (what < 0.5) {
            struct range range = any_range(12000);
            int64_t lifetime_s = 1 + (int64_t)(drand48() * 20), until_utc_ns;
            fake_report_state(fake->relay_inv, STATE_BIT(STATE_READY)); /* it is online */
            reference.entries[reference.n].range = range;
            reference.entries[reference.n++].until_ns = fake->clock.at_ns + lifetime_s * NS_PER_S;
            const struct caller *caller = drand48() < 0.5 ? &fake_caller_a : &fake_caller_b;
            assert_int_equal(
                add(fake->relay_inv, caller, range.lower, range.upper, lifetime_s, &until_utc_ns), 0);
        } else if (what < 0.6) {
            double lower = any_power(12000);
            reference.momentary = (struct range){lower, lower + floor(drand48() * 200000) / 10};
            fake_report_momentary(
                fake->relay_inv, BOUNDED_ACTIVE, reference.momentary.lower, reference.momentary.upper);
        } else if (what < 0.65) {
            reference.open = !reference.open;
            fake_report_state(fake->relay, reference.open
                                               ? STATE_BIT(STATE_OFF) | STATE_BIT(STATE_RELAY_OPEN)
                                               : STATE_BIT(STATE_READY) | STATE_BIT(STATE_RELAY_CLOSED));
        } else {
            fake_pass_ms(fake, (int64_t)(drand48() * 3000));
        }
        fake_silence_ms(fake, 1); /* timers notice what the reports took */
        size_t n = expected(&reference, fake->clock.at_ns, want);
        const struct ranges *in_force = bounds_in_force(fake->relay_inv, BOUNDED_ACTIVE);
        assert_int_equal(in_force->n, n);
        for (size_t i = 0; i < n; i++) {
            assert_range(in_force->items[i], want[i].lower, want[i].upper);
        }
        several += n > 1;
    }
    assert_true(several > 1000); /* the history was no trivial one */
}

static void bounds_that_end_together_are_told_together(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    assert_int_equal(fake_set(fake->bat_inv, 6000, 60, &answer), 0);
    fake_finish_all(fake);
    assert_int_equal(fake_bound(fake->battery, METRIC_DC_POWER, -1000, 1000, 5), 0);
    fake_finish_all(fake);
    assert_int_equal(fake_bound(fake->bat_inv, METRIC_AC_ACTIVE_POWER, -9000, 9000, 5), 0);
    assert_int_equal(fake_bound(fake->bat_inv, METRIC_AC_ACTIVE_POWER, -4000, 4000, 60), 0);
    size_t before = fake_count(fake, fake->bat_inv, FAKE_POWER);
    fake_pass_ms(fake, 5000);
    assert_int_equal(fake_count(fake, fake->bat_inv, FAKE_POWER), before + 1);
    assert_true(fake_last(fake, fake->bat_inv)->power == 4000); /* not 6000 W, then waiting for the answer */
    assert_int_equal(fake->events[EVENT_BOUNDS_EXPIRED], 2);
}

/* Asks for `power_w`, which is refused; *below and *above are what is named, as a client would send them. */
static void ask_beyond(struct component *component, double power_w, double *below, double *above)
{
    assert_int_equal(fake_set(component, power_w, 60, &(struct fake_answer){0}), -UGRPC_OUT_OF_RANGE);
    bounds_acceptable(component, AXIS_ACTIVE, power_w, below, above);
    *below = (float)*below;
    *above = (float)*above;
}

static void a_named_value_is_accepted_also_where_float32_cannot_hold_the_step(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    double below, above;
    fake->ev_charger->spec.resolution = 0.1;
    assert_int_equal(fake_bound(fake->ev_charger, METRIC_AC_ACTIVE_POWER, 2543.66211, 11000, 60), 0);
    ask_beyond(fake->ev_charger, 2000, &below, &above); /* 2543.7 W is 2543.69995 as float32: 2543.6 W */
    assert_int_equal(fake_set(fake->ev_charger, above, 60, &answer), 0);
    assert_true(above > 2543.7 && above < 2543.701);
}

static void a_named_value_is_the_nearest_also_where_it_is_floored_into_another_range(void **state)
{
    struct fake_site *fake = *state;
    struct fake_answer answer;
    double below, above;
    fake->ev_charger->spec.resolution = 250;
    assert_int_equal(fake_bound(fake->ev_charger, METRIC_AC_ACTIVE_POWER, 0, 6000, 60), 0);
    assert_int_equal(fake_bound(fake->ev_charger, METRIC_AC_ACTIVE_POWER, 6020, 9000, 60), 0);
    ask_beyond(fake->ev_charger, 6010, &below, &above);
    assert_true(below == 6000 && above == 6020);
    assert_int_equal(fake_set(fake->ev_charger, above, 60, &answer), 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(touching_bounds_merge_and_separate_ones_stay),
        test(a_missing_side_is_unbounded),
        test(identical_bounds_of_one_caller_are_one_entry_with_the_later_expiry),
        test(at_the_limit_a_request_adds_nothing_but_may_repeat_its_own),
        test(when_no_power_is_left_0_is_published_and_accepted),
        test(when_no_state_of_charge_is_left_it_is_the_nearest_own_limit),
        test(a_token_used_again_replaces_what_it_added_before),
        test(clearing_a_token_takes_out_only_what_it_added),
        test(replacing_needs_no_room_beside_what_is_replaced),
        test(bounds_of_an_offline_component_are_unavailable),
        test(a_request_of_very_many_bounds_is_refused_as_cheaply_as_one_of_too_many),
        test(copies_in_one_request_count_once_however_many),
        test(a_metric_that_takes_no_bounds_names_those_that_do),
        test(bounds_that_end_together_are_told_together),
        test(a_named_value_is_accepted_also_where_float32_cannot_hold_the_step),
        test(a_named_value_is_the_nearest_also_where_it_is_floored_into_another_range),
        test(random_histories_agree_with_a_slow_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
