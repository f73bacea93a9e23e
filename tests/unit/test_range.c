/* SPDX-License-Identifier: MIT */
/* Sets of ranges against a slow reference: membership of every point of a grid. All ends are whole numbers
 * and the grid has the halves between them, so that two sets with the same points are the same. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/range.h"

#define SPAN   12
#define POINTS (4 * SPAN + 1) /* -SPAN, -SPAN + 0.5 … SPAN */
#define CASES  20000

struct grid {
    bool in[POINTS];
};

static double point(int i)
{
    return -SPAN + i / 2.0;
}

static unsigned seed;

static int random_below(int n)
{
    seed = seed * 1103515245u + 12345u;
    return (int)(seed >> 16) % n;
}

static struct range random_range(void)
{
    double a = random_below(2 * SPAN + 1) - SPAN, b = random_below(2 * SPAN + 1) - SPAN;
    int kind = random_below(12);
    struct range range = {fmin(a, b), fmax(a, b)};
    if (kind == 0) {
        range.lower = -INFINITY;
    } else if (kind == 1) {
        range.upper = INFINITY;
    } else if (kind < 8) {
        range.upper = fmin(range.lower + kind - 2, SPAN);
    }
    return range;
}

static void grid_add(struct grid *grid, struct range range)
{
    for (int i = 0; i < POINTS; i++) {
        grid->in[i] |= range.lower <= point(i) && point(i) <= range.upper;
    }
}

static void random_set(struct ranges *set, struct grid *grid)
{
    ranges_clear(set);
    memset(grid, 0, sizeof(*grid));
    for (int n = random_below(7); n > 0; n--) {
        struct range range = random_range();
        ranges_add(set, range);
        grid_add(grid, range);
    }
}

static void assert_same(const struct ranges *set, const struct grid *grid)
{
    for (int i = 0; i < POINTS; i++) {
        assert_int_equal(ranges_contain(set, point(i)), grid->in[i]);
    }
    for (size_t i = 0; i < set->n; i++) {
        assert_true(set->items[i].lower <= set->items[i].upper);
        assert_true(i == 0 || set->items[i - 1].upper < set->items[i].lower);
    }
}

static void overlapping_and_touching_ranges_merge_and_others_stay_separate(void **state)
{
    struct ranges set = {0};
    const struct range ranges[] = {{20, 30}, {0, 10}, {5, 15}};
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        ranges_add(&set, ranges[i]);
    }
    assert_int_equal(set.n, 2);
    assert_true(set.items[0].lower == 0 && set.items[0].upper == 15);
    assert_true(set.items[1].lower == 20 && set.items[1].upper == 30);
    ranges_add(&set, (struct range){15, 20});
    assert_int_equal(set.n, 1);
    ranges_done(&set);
}

static void a_union_has_the_points_of_its_parts(void **state)
{
    struct ranges set = {0};
    struct grid grid;
    seed = 1;
    for (int i = 0; i < CASES; i++) {
        random_set(&set, &grid);
        assert_same(&set, &grid);
    }
    ranges_done(&set);
}

static void an_intersection_has_the_points_of_both(void **state)
{
    struct ranges a = {0}, b = {0};
    struct grid in_a, in_b;
    seed = 2;
    for (int i = 0; i < CASES; i++) {
        random_set(&a, &in_a);
        random_set(&b, &in_b);
        ranges_intersect(&a, &b);
        for (int j = 0; j < POINTS; j++) {
            in_a.in[j] &= in_b.in[j];
        }
        assert_same(&a, &in_a);
        assert_same(&b, &in_b);
    }
    ranges_done(&a);
    ranges_done(&b);
}

static void a_clip_is_the_intersection_with_one_range(void **state)
{
    struct ranges set = {0};
    struct grid grid;
    seed = 3;
    for (int i = 0; i < CASES; i++) {
        struct range range = random_range();
        random_set(&set, &grid);
        ranges_clip(&set, range);
        for (int j = 0; j < POINTS; j++) {
            grid.in[j] &= range.lower <= point(j) && point(j) <= range.upper;
        }
        assert_same(&set, &grid);
    }
    ranges_done(&set);
}

/* The reference tries every point: those of a set that are nearest to a point of the grid lie on the grid. */
static void the_nearest_value_is_nearest_with_ties_towards_0(void **state)
{
    struct ranges set = {0};
    struct grid grid;
    seed = 4;
    for (int i = 0; i < CASES; i++) {
        random_set(&set, &grid);
        bool zero_allowed = random_below(2);
        double value = point(random_below(POINTS)), best = NAN;
        for (int j = 0; j < POINTS; j++) {
            double here = point(j);
            if (!grid.in[j] && !(zero_allowed && here == 0)) {
                continue;
            }
            double farther = fabs(here - value) - fabs(best - value);
            if (isnan(best) || farther < 0 || (farther == 0 && fabs(here) < fabs(best))) {
                best = here;
            }
        }
        double nearest = ranges_nearest(&set, value, zero_allowed);
        assert_true(nearest == (isnan(best) ? value : best));
        assert_false(nearest == 0 && signbit(nearest));
    }
    ranges_done(&set);
}

static void rounding_goes_inward_to_the_next_float_and_no_farther(void **state)
{
    struct ranges set = {0};
    seed = 5;
    for (int i = 0; i < CASES; i++) {
        double lower = (random_below(20001) - 10000) / 7.0 * pow(10, random_below(9) - 4);
        double upper = lower + random_below(1000) / 3.0;
        ranges_clear(&set);
        ranges_add(&set, (struct range){lower, upper});
        ranges_round_inward(&set);
        if (set.n == 0) {
            /* no float lies in between */
            assert_true(nextafterf((float)lower, INFINITY) > upper || (float)lower > upper);
            continue;
        }
        double l = set.items[0].lower, u = set.items[0].upper;
        assert_true(l == (float)l && u == (float)u && lower <= l && u <= upper);
        assert_true(nextafterf((float)l, -INFINITY) < lower);
        assert_true(nextafterf((float)u, INFINITY) > upper);
    }
    ranges_done(&set);
}

static void infinite_ends_stay_and_huge_ones_become_finite(void **state)
{
    struct ranges set = {0};
    ranges_add(&set, RANGE_ALL);
    ranges_round_inward(&set);
    assert_true(set.items[0].lower == -INFINITY && set.items[0].upper == INFINITY);
    ranges_clip(&set, (struct range){-1e300, 1e300});
    ranges_round_inward(&set);
    assert_true(isfinite((float)set.items[0].lower) && isfinite((float)set.items[0].upper));
    ranges_done(&set);
}

static void the_magnitude_is_floored_to_the_resolution(void **state)
{
    assert_true(floor_to_resolution(-200, 88) == -176);
    assert_true(floor_to_resolution(200, 88) == 176);
    assert_true(floor_to_resolution(87, 88) == 0);
    assert_false(signbit(floor_to_resolution(-87, 88)));
    assert_true(floor_to_resolution(123.4, 0) == 123.4);
    for (int i = -1000; i <= 1000; i++) {
        assert_true(floor_to_resolution(i * 88.0, 88) == i * 88.0);
    }
}

static void a_quotient_within_a_millionth_of_an_integer_is_that_integer(void **state)
{
    assert_true(floor_to_resolution(88 * (3 - 0.9e-6), 88) == 264);
    assert_true(floor_to_resolution(88 * (3 - 1.1e-6), 88) == 176);
    assert_true(floor_to_resolution(88 * (3 + 0.9e-6), 88) == 264);
}

static void a_multiple_that_float32_cannot_hold_is_the_float_beside_it_that_is_inside(void **state)
{
    struct range range = {-690.3, 690.3};
    struct ranges set = {.items = &range, .n = 1, .cap = 1};
    ranges_round_inward(&set);
    assert_true(range.upper < 690.3);
    assert_true(ranges_floor(&set, range.upper, 230.1) == range.upper);
    assert_true(ranges_floor(&set, range.lower, 230.1) == range.lower);
    range = (struct range){690.3, 1000};
    ranges_round_inward(&set);
    assert_true(range.lower > 690.3);
    assert_true(ranges_floor(&set, range.lower, 230.1) == range.lower);
    assert_true(ranges_floor(&set, 1000, 230.1) == 4 * 230.1); /* inside as it is */
    range = (struct range){700, 900};                          /* no step inside */
    assert_true(ranges_floor(&set, 800, 230.1) == 3 * 230.1);
    range = (struct range){177, 200}; /* float32 holds 176, so nothing beside it counts */
    assert_true(ranges_floor(&set, 180, 88) == 176);
}

static void numbers_are_written_as_people_do(void **state)
{
    char out[32];
    assert_string_equal(number_format(-15000, out, sizeof(out)), "-15000");
    assert_string_equal(number_format(1000000, out, sizeof(out)), "1000000");
    assert_string_equal(number_format((double)0.1f, out, sizeof(out)), "0.1");
    assert_string_equal(number_format(0, out, sizeof(out)), "0");
}

static void a_message_names_at_most_four_ranges(void **state)
{
    struct ranges set = {0};
    char out[200];
    ranges_format(&set, "W", out, sizeof(out));
    assert_string_equal(out, "nothing");
    ranges_add(&set, (struct range){-2000, -500});
    ranges_add(&set, (struct range){500, 4000});
    ranges_format(&set, "W", out, sizeof(out));
    assert_string_equal(out, "-2000 ... -500 or 500 ... 4000 W");
    for (int i = 5; i < 19; i++) {
        ranges_add(&set, (struct range){1000 * i, 1000 * i});
    }
    ranges_format(&set, "W", out, sizeof(out));
    assert_non_null(strstr(out, " or 12 more W"));
    for (size_t cap = 1; cap < 60; cap++) {
        memset(out, 'x', sizeof(out));
        ranges_format(&set, "W", out, cap);
        assert_true(memchr(out, '\0', cap) != NULL);
        assert_int_equal(out[cap], 'x');
    }
    ranges_done(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlapping_and_touching_ranges_merge_and_others_stay_separate),
        cmocka_unit_test(a_union_has_the_points_of_its_parts),
        cmocka_unit_test(an_intersection_has_the_points_of_both),
        cmocka_unit_test(a_clip_is_the_intersection_with_one_range),
        cmocka_unit_test(the_nearest_value_is_nearest_with_ties_towards_0),
        cmocka_unit_test(rounding_goes_inward_to_the_next_float_and_no_farther),
        cmocka_unit_test(infinite_ends_stay_and_huge_ones_become_finite),
        cmocka_unit_test(the_magnitude_is_floored_to_the_resolution),
        cmocka_unit_test(a_quotient_within_a_millionth_of_an_integer_is_that_integer),
        cmocka_unit_test(a_multiple_that_float32_cannot_hold_is_the_float_beside_it_that_is_inside),
        cmocka_unit_test(numbers_are_written_as_people_do),
        cmocka_unit_test(a_message_names_at_most_four_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
