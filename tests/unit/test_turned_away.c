/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>

#include "ugrpc/turned_away.h"

#define MINUTE TURNED_AWAY_EVERY_MS

static void the_same_of_one_machine_is_told_once_a_minute_with_its_count(void **state)
{
    struct turned_away away = {0};
    uint64_t more = 99;
    assert_true(turned_away_note(&away, "10.0.0.1:1000", "no TLS", 5, &more));
    assert_int_equal(more, 0);
    for (uint64_t i = 1; i <= 20; i++) { /* from another port each time */
        char peer[32];
        snprintf(peer, sizeof(peer), "10.0.0.1:%d", (int)(1000 + i));
        assert_false(turned_away_note(&away, peer, "no TLS", 5 + i, &more));
    }
    assert_false(turned_away_note(&away, "10.0.0.1:1000", "no TLS", 4 + MINUTE, &more));
    assert_true(turned_away_note(&away, "10.0.0.1:1000", "no TLS", 5 + MINUTE, &more));
    assert_int_equal(more, 21);
    assert_true(turned_away_note(&away, "10.0.0.1:1000", "no TLS", 5 + 2 * MINUTE, &more));
    assert_int_equal(more, 0);
}

static void other_machines_and_reasons_are_told_too(void **state)
{
    struct turned_away away = {0};
    uint64_t more;
    assert_true(turned_away_note(&away, "10.0.0.1:1000", "no TLS", 1, &more));
    assert_true(turned_away_note(&away, "10.0.0.1:1000", "not HTTP/2", 1, &more));
    assert_true(turned_away_note(&away, "10.0.0.2:1000", "no TLS", 1, &more));
    assert_true(turned_away_note(&away, "[::1]:1000", "no TLS", 1, &more));
    assert_true(turned_away_note(&away, "unix:", "no TLS", 1, &more));
    assert_true(turned_away_note(&away, "", "no TLS", 1, &more));
    assert_false(turned_away_note(&away, "", "no TLS", 1, &more));
}

static void any_number_of_machines_has_room(void **state)
{
    struct turned_away away = {0};
    uint64_t more;
    for (int i = 0; i < 1000; i++) {
        char peer[32];
        snprintf(peer, sizeof(peer), "10.0.%d.%d:1", i / 256, i % 256);
        assert_true(turned_away_note(&away, peer, "no TLS", 1, &more));
        assert_int_equal(more, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_of_one_machine_is_told_once_a_minute_with_its_count),
        cmocka_unit_test(other_machines_and_reasons_are_told_too),
        cmocka_unit_test(any_number_of_machines_has_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
