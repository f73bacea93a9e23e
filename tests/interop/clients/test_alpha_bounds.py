# SPDX-License-Identifier: MIT
"""AugmentElectricalComponentBounds and ClearElectricalComponentBounds."""
import math

import pytest
from grpc import StatusCode

from alpha import ACTIVE, DC_POWER, ONE_VERSION, REACTIVE, SOC, metrics
from client import now, refused

FULL = [(-10000, 10000)]  # of component 4 without added bounds


class TestLifetime:
    @pytest.mark.parametrize("lifetime", [5, 6, 60, 900])
    def test_the_reply_is_the_time_of_their_end(self, all_alpha, lifetime):
        asked = now()
        until = all_alpha.augment(4, ACTIVE, (-1000, 1000), lifetime=lifetime)
        assert asked + lifetime - 0.1 <= until <= now() + lifetime + 0.1

    def test_the_default_is_five_seconds(self, all_alpha):
        asked = now()
        assert asked + 4.9 <= all_alpha.augment(4, ACTIVE, (-1000, 1000)) <= now() + 5.1

    @pytest.mark.parametrize("lifetime", [0, 4, 901, 2**64 - 1])
    def test_any_other_is_refused(self, all_alpha, lifetime):
        with refused(StatusCode.INVALID_ARGUMENT, "bat_inv_1 (4)", f"request_lifetime is {lifetime} s", "5", "900"):
            all_alpha.augment(4, ACTIVE, (-1000, 1000), lifetime=lifetime)

    @ONE_VERSION
    def test_they_end_at_the_time_that_was_told(self, all_alpha):
        until = all_alpha.augment(4, ACTIVE, (-1000, 1000), token="mine")
        all_alpha.wait_bounds(4, ACTIVE, [(-1000, 1000)])
        assert until - 0.1 <= all_alpha.wait_bounds(4, ACTIVE, FULL).at <= until + 1


class TestUnion:
    def test_ranges_of_all_requests_are_united(self, all_alpha):
        all_alpha.augment(4, ACTIVE, (0, 10), (5, 15), lifetime=60)
        all_alpha.augment(4, ACTIVE, (20, 30), lifetime=60, token="other")
        all_alpha.wait_bounds(4, ACTIVE, [(0, 15), (20, 30)])

    def test_a_missing_side_is_unbounded(self, all_alpha):
        all_alpha.augment(4, ACTIVE, (-1000, None), lifetime=60)
        all_alpha.wait_bounds(4, ACTIVE, [(-1000, 10000)])

    def test_they_limit_commands(self, all_alpha):
        all_alpha.augment(4, ACTIVE, (-1000, 1000), lifetime=60)
        with refused(StatusCode.OUT_OF_RANGE, "1500", "1000"):
            all_alpha.set_power(4, 1500).accepted()
        assert all_alpha.set_power(4, 1000).outcome() == "SUCCESS"

    @pytest.mark.parametrize(
        "component, metric, pair", [(4, REACTIVE, (-700, 500)), (5, DC_POWER, (-3000, 2000)), (5, SOC, (20, 80))]
    )
    def test_other_metrics_that_take_bounds_have_their_own(self, all_alpha, component, metric, pair):
        all_alpha.augment(component, metric, pair, lifetime=60)
        all_alpha.wait_bounds(component, metric, [pair])

    def test_bounds_of_a_battery_are_in_those_of_its_inverter(self, all_alpha):
        all_alpha.augment(5, SOC, (60, 80), lifetime=60)  # it stands at 50 %
        all_alpha.wait_bounds(4, ACTIVE, [(0, 10000)])


class TestPublished:
    FOUR = [(-9000, -8000), (-500, -300), (1000, 2000), (5000, 6000)]

    @pytest.mark.parametrize(
        "added, shown",
        [
            (FOUR, [(-500, -300), (1000, 2000)]),
            (FOUR[2:] + [(8000, 9000)], [(1000, 2000), (5000, 6000)]),
            (FOUR[:2] + [(-7000, -6000)], [(-7000, -6000), (-500, -300)]),
            ([(-9000, -8000), (-100, 100), (300, 400)], [(-100, 100), (300, 400)]),
        ],
    )
    def test_the_two_ranges_nearest_to_zero_are_shown(self, all_alpha, added, shown):
        all_alpha.augment(4, ACTIVE, *added, lifetime=60)
        all_alpha.wait_bounds(4, ACTIVE, shown)

    def test_the_others_count_all_the_same(self, all_alpha):
        all_alpha.augment(4, ACTIVE, *self.FOUR, lifetime=60)
        assert all_alpha.set_power(4, 5500).outcome() == "SUCCESS"
        with refused(StatusCode.OUT_OF_RANGE, "3000", "2000", "5000"):
            all_alpha.set_power(4, 3000).accepted()


class TestToken:
    def test_its_next_use_replaces_what_it_added(self, all_alpha):
        all_alpha.augment(4, ACTIVE, (-5000, 5000), lifetime=60, token="mine")
        all_alpha.wait_bounds(4, ACTIVE, [(-5000, 5000)])
        all_alpha.augment(4, ACTIVE, (-100, -50), (100, 200), lifetime=60, token="mine")
        all_alpha.wait_bounds(4, ACTIVE, [(-100, -50), (100, 200)])

    def test_without_one_bounds_add_up(self, all_alpha):
        for pair in [(-5000, 5000), (-6000, 100)]:
            all_alpha.augment(4, ACTIVE, pair, lifetime=60)
        all_alpha.wait_bounds(4, ACTIVE, [(-6000, 5000)])

    def test_an_empty_one_is_none(self, all_alpha):
        for pair in [(-5000, 5000), (-6000, 100)]:
            all_alpha.augment(4, ACTIVE, pair, lifetime=60, token="")
        all_alpha.wait_bounds(4, ACTIVE, [(-6000, 5000)])

    @ONE_VERSION
    def test_the_new_lifetime_counts_though_it_is_shorter(self, all_alpha):
        all_alpha.augment(4, ACTIVE, (-1000, 1000), lifetime=900, token="mine")
        until = all_alpha.augment(4, ACTIVE, (-1000, 1000), lifetime=5, token="mine")
        assert until <= now() + 5.1
        assert until - 0.1 <= all_alpha.wait_bounds(4, ACTIVE, FULL).at <= until + 1

    def test_it_is_one_for_all_callers(self, gateway, speak):
        site = gateway("all")
        one, other = speak(site, "v1alpha18"), speak(site, "v1alpha19")
        one.augment(4, ACTIVE, (-5000, 5000), lifetime=60, token="shared")
        other.augment(4, ACTIVE, (-100, 100), lifetime=60, token="shared")
        one.wait_bounds(4, ACTIVE, [(-100, 100)])
        one.clear(4, ACTIVE, "shared")
        other.wait_bounds(4, ACTIVE, FULL)

    def test_each_component_and_metric_has_its_own(self, all_alpha):
        all_alpha.augment(4, ACTIVE, (-5000, 5000), lifetime=60, token="mine")
        all_alpha.augment(4, REACTIVE, (-100, 100), lifetime=60, token="mine")
        all_alpha.augment(6, ACTIVE, (-200, 200), lifetime=60, token="mine")
        all_alpha.clear(4, REACTIVE, "mine")
        all_alpha.wait_bounds(4, REACTIVE, FULL)
        all_alpha.wait_bounds(4, ACTIVE, [(-5000, 5000)])
        all_alpha.wait_bounds(6, ACTIVE, [(-200, 200)])

    def test_it_has_a_longest(self, all_alpha):
        all_alpha.augment(4, ACTIVE, (0, 1), token="x" * 255)
        with refused(StatusCode.INVALID_ARGUMENT, "bounds_token", "256", "255"):
            all_alpha.augment(4, ACTIVE, (0, 1), token="x" * 256)

    def test_what_it_replaces_counts_no_longer_towards_the_limit(self, all_alpha):
        ranges = [(i, i + 0.5) for i in range(1000)]
        all_alpha.augment(4, ACTIVE, *ranges, lifetime=60, token="mine")
        all_alpha.augment(4, ACTIVE, *ranges, lifetime=60, token="mine")
        with refused(StatusCode.RESOURCE_EXHAUSTED, "1000"):
            all_alpha.augment(4, ACTIVE, (-1, 0), lifetime=60, token="other")


class TestClear:
    def test_it_takes_out_what_the_token_added_and_nothing_else(self, all_alpha):
        all_alpha.augment(4, ACTIVE, (-5000, -4000), lifetime=60, token="one")
        all_alpha.augment(4, ACTIVE, (-100, 100), lifetime=60, token="other")
        all_alpha.augment(4, ACTIVE, (4000, 5000), lifetime=60)
        all_alpha.clear(4, ACTIVE, "one")
        all_alpha.wait_bounds(4, ACTIVE, [(-100, 100), (4000, 5000)])

    def test_set_points_follow(self, all_alpha):
        all_alpha.set_power(4, 3000).accepted()
        all_alpha.augment(4, ACTIVE, (-1000, 1000), lifetime=60, token="mine")
        all_alpha.wait_power(4, 1000)
        all_alpha.clear(4, ACTIVE, "mine")
        all_alpha.wait_power(4, 3000)

    @pytest.mark.parametrize("token", ["never used", ""])
    def test_an_unknown_token_is_success(self, all_alpha, token):
        all_alpha.augment(4, ACTIVE, (-100, 100), lifetime=60)
        all_alpha.clear(4, ACTIVE, token)
        all_alpha.wait_bounds(4, ACTIVE, [(-100, 100)])

    def test_twice_is_success(self, all_alpha):
        all_alpha.augment(4, ACTIVE, (-100, 100), lifetime=60, token="mine")
        all_alpha.clear(4, ACTIVE, "mine")
        all_alpha.clear(4, ACTIVE, "mine")

    @pytest.mark.parametrize(
        "component, metric, code",
        [
            (99999, ACTIVE, StatusCode.NOT_FOUND),
            (2, ACTIVE, StatusCode.UNIMPLEMENTED),
            (4, metrics.METRIC_AC_FREQUENCY, StatusCode.UNIMPLEMENTED),
            (4, metrics.METRIC_UNSPECIFIED, StatusCode.INVALID_ARGUMENT),
            (4, 999, StatusCode.INVALID_ARGUMENT),
            (99999, 999, StatusCode.INVALID_ARGUMENT),
        ],
    )
    def test_what_takes_no_bounds_has_none_to_clear(self, all_alpha, component, metric, code):
        with refused(code):
            all_alpha.clear(component, metric, "mine")


class TestRefusals:
    @pytest.mark.parametrize(
        "component, metric, pairs, code, words",
        [
            (4, ACTIVE, [], StatusCode.INVALID_ARGUMENT, ["bat_inv_1 (4)", "bounds is empty"]),
            (4, ACTIVE, [(2, 1)], StatusCode.INVALID_ARGUMENT, ["bounds[0]", "lower 2 above upper 1"]),
            (4, ACTIVE, [(0, 1), (math.nan, 1)], StatusCode.INVALID_ARGUMENT, ["bounds[1].lower is nan"]),
            (4, ACTIVE, [(0, math.inf)], StatusCode.INVALID_ARGUMENT, ["bounds[0].upper is inf"]),
            (4, metrics.METRIC_UNSPECIFIED, [(0, 1)], StatusCode.INVALID_ARGUMENT, ["target_metric is 0"]),
            (4, 999, [(0, 1)], StatusCode.INVALID_ARGUMENT, ["target_metric is 999", "METRIC_AC_POWER_ACTIVE"]),
            (99999, ACTIVE, [(0, 1)], StatusCode.NOT_FOUND, ["99999"]),
            (4, SOC, [(0, 1)], StatusCode.UNIMPLEMENTED, ["ac_active_power"]),
            (2, ACTIVE, [(0, 1)], StatusCode.UNIMPLEMENTED, ["main_meter (2)"]),
            (99999, ACTIVE, [(2, 1)], StatusCode.INVALID_ARGUMENT, ["component 99999"]),
        ],
    )
    def test_each_has_its_status_and_says_why(self, all_alpha, component, metric, pairs, code, words):
        with refused(code, *words):
            all_alpha.augment(component, metric, *pairs)
