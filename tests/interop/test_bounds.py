# SPDX-License-Identifier: MIT
"""AddComponentBounds, and what bounds in force do to set-points."""
import math

import pytest
from grpc import StatusCode

from client import (ACTIVE, DC_POWER, FREQUENCY, REACTIVE, SOC, UNKNOWN_NUMBER, InBackground, api, metrics, now,
                    refused)

FIVE_SECONDS = api.COMPONENT_BOUNDS_VALIDITY_DURATION_5_SECONDS
ONE_MINUTE = api.COMPONENT_BOUNDS_VALIDITY_DURATION_1_MINUTE
FIVE_MINUTES = api.COMPONENT_BOUNDS_VALIDITY_DURATION_5_MINUTES
QUARTER = api.COMPONENT_BOUNDS_VALIDITY_DURATION_15_MINUTES
RATED = [(-10000, 10000)]  # of bat_inv_1 (4)


class TestUnion:
    @pytest.mark.parametrize(
        "added, in_force",
        [
            ([(0, 10), (5, 15), (20, 30)], [(0, 15), (20, 30)]),
            ([(0, 5), (5, 10)], [(0, 10)]),
            ([(20, 30), (-30, -20)], [(-30, -20), (20, 30)]),
            ([(-5, 5), (-100, 100)], [(-100, 100)]),
            ([(100, None)], [(100, 10000)]),
            ([(None, 100)], [(-10000, 100)]),
            ([(None, -50), (50, None)], [(-10000, -50), (50, 10000)]),
            ([(-50000, 50000)], RATED),
            ([(7, 7)], [(7, 7)]),
            ([(20000, 30000)], [(0, 0)]),
        ],
        ids=["overlapping", "touching", "separate", "inside", "no_upper", "no_lower", "a_hole", "beyond_rated",
             "a_point", "nothing_left"],
    )  # fmt: skip
    def test_ranges_of_one_request(self, all_site, added, in_force):
        all_site.add_bounds(4, ACTIVE, *added, duration=ONE_MINUTE)
        all_site.wait_bounds(4, ACTIVE, in_force)

    def test_requests_add_up(self, all_site):
        all_site.add_bounds(4, ACTIVE, (0, 10), duration=ONE_MINUTE)
        all_site.add_bounds(4, ACTIVE, (5, 15), duration=FIVE_MINUTES)
        all_site.add_bounds(4, ACTIVE, (20, 30), duration=QUARTER)
        all_site.wait_bounds(4, ACTIVE, [(0, 15), (20, 30)])

    def test_every_caller_counts(self, gateway, connect):
        site = gateway("all")
        one, other = connect(site), connect(site)
        one.add_bounds(4, ACTIVE, (-100, 100), duration=ONE_MINUTE)
        other.add_bounds(4, ACTIVE, (500, 600), duration=ONE_MINUTE)
        one.wait_bounds(4, ACTIVE, [(-100, 100), (500, 600)])

    def test_one_component_does_not_touch_another(self, all_site):
        all_site.add_bounds(4, ACTIVE, (-100, 100), duration=ONE_MINUTE)
        all_site.wait_bounds(4, ACTIVE, [(-100, 100)])
        assert all_site.sample(6).bounds[ACTIVE] == [(-12000, 12000)]

    def test_an_empty_intersection_leaves_the_nearest_own_limit_for_a_state_of_charge(self, all_site):
        all_site.add_bounds(5, SOC, (95, 100), duration=ONE_MINUTE)
        all_site.wait_bounds(5, SOC, [(90, 90)])

    def test_float32_neighbours_stay_apart_and_all_published_values_are_accepted(self, all_site):
        all_site.add_bounds(4, ACTIVE, (-1234.5678, 3456.789), (4000.1, 5000.2), duration=ONE_MINUTE)
        told = all_site.until(4, lambda s: len(s.bounds[ACTIVE]) == 2).bounds[ACTIVE]
        for value in (side for one in told for side in one):
            all_site.set_active(4, value)


class TestExpiry:
    @pytest.mark.parametrize(
        "duration, length_s",
        [(0, 5), (FIVE_SECONDS, 5), (ONE_MINUTE, 60), (FIVE_MINUTES, 300), (QUARTER, 900)],
    )
    def test_the_reply_is_the_time_of_their_end(self, all_site, duration, length_s):
        asked = now()
        until = all_site.add_bounds(4, ACTIVE, (-100, 100), duration=duration)
        assert asked + length_s - 0.1 <= until <= now() + length_s + 0.1

    def test_they_end_at_the_time_that_was_told(self, all_site):
        until = all_site.add_bounds(4, ACTIVE, (-100, 100))
        all_site.wait_bounds(4, ACTIVE, [(-100, 100)])
        sample = all_site.wait_bounds(4, ACTIVE, RATED)
        assert until - 0.1 <= sample.at <= until + 1

    def test_each_ends_at_its_own_time(self, all_site):
        all_site.add_bounds(4, ACTIVE, (-100, 100), duration=ONE_MINUTE)
        all_site.add_bounds(4, ACTIVE, (500, 600), duration=FIVE_SECONDS)
        all_site.wait_bounds(4, ACTIVE, [(-100, 100), (500, 600)])
        all_site.wait_bounds(4, ACTIVE, [(-100, 100)])

    def test_identical_ones_of_one_caller_are_one_entry_with_the_later_end(self, gateway, connect):
        site = gateway("all")
        one, other = connect(site), connect(site)
        late = one.add_bounds(4, ACTIVE, (-100, 100), duration=FIVE_MINUTES)
        again = one.add_bounds(4, ACTIVE, (-100, 100), duration=FIVE_SECONDS)
        assert again == pytest.approx(late, abs=0.001)
        assert other.add_bounds(4, ACTIVE, (-100, 100), duration=FIVE_SECONDS) < late - 200
        later = one.add_bounds(4, ACTIVE, (-100, 100), duration=QUARTER)
        assert later > late + 500

    @pytest.mark.parametrize("duration", [5, UNKNOWN_NUMBER, -1])
    def test_an_unknown_duration_is_refused(self, all_site, duration):
        with refused(StatusCode.INVALID_ARGUMENT, duration):
            all_site.add_bounds(4, ACTIVE, (-100, 100), duration=duration)


class TestLimitOfEntries:
    def test_the_thousand_and_first_is_refused_and_adds_nothing(self, all_site):
        for i in range(1000):
            all_site.add_bounds(4, ACTIVE, (i * 2, i * 2 + 1), duration=QUARTER)
        with refused(StatusCode.RESOURCE_EXHAUSTED, "1000"):
            all_site.add_bounds(4, ACTIVE, (-5000, -4000), duration=QUARTER)
        with refused(StatusCode.OUT_OF_RANGE):
            all_site.set_active(4, -4500)
        all_site.set_active(4, 1998)
        all_site.add_bounds(6, ACTIVE, (-100, 100))  # others still have room
        all_site.add_bounds(4, REACTIVE, (-100, 100))

    def test_they_are_counted_before_merging(self, all_site):
        for _ in range(10):
            all_site.add_bounds(4, ACTIVE, *((-i, i) for i in range(1, 101)), duration=QUARTER)  # identical: one entry
        all_site.wait_bounds(4, ACTIVE, [(-100, 100)])
        with refused(StatusCode.RESOURCE_EXHAUSTED, "1000"):
            all_site.add_bounds(4, ACTIVE, *((-i, i) for i in range(101, 1101)), duration=QUARTER)
        all_site.wait_bounds(4, ACTIVE, [(-100, 100)])


class TestWhatIsBoundable:
    INVERTERS, BATTERIES = (4, 6, 9, 24), (5, 7, 25)
    ACCEPTED = {
        ACTIVE: {*INVERTERS, 10, 12, 16, 17},
        REACTIVE: {*INVERTERS, 18},
        DC_POWER: set(BATTERIES),
        SOC: set(BATTERIES),
        FREQUENCY: set(),
        metrics.METRIC_BATTERY_CAPACITY: set(),
        metrics.METRIC_SENSOR_TEMPERATURE: set(),
    }

    @pytest.mark.parametrize("metric", ACCEPTED, ids=metrics.Metric.Name)
    def test_only_power_that_can_be_set_and_a_batterys_power_and_charge(self, all_site, metric):
        for component in (*range(1, 26),):
            if component in self.ACCEPTED[metric]:
                all_site.add_bounds(component, metric, (-50, 50))
            else:
                with refused(StatusCode.UNIMPLEMENTED):
                    all_site.add_bounds(component, metric, (-50, 50))

    def test_the_refusal_names_what_is(self, all_site):
        with refused(StatusCode.UNIMPLEMENTED, "bat_inv_1 (4)", "ac_active_power", "ac_reactive_power"):
            all_site.add_bounds(4, FREQUENCY, (49, 51))
        with refused(StatusCode.UNIMPLEMENTED, "battery_1 (5)", "dc_power", "battery_soc_pct"):
            all_site.add_bounds(5, ACTIVE, (-50, 50))

    @pytest.mark.parametrize("metric", [metrics.METRIC_UNSPECIFIED, UNKNOWN_NUMBER])
    def test_an_unspecified_or_unknown_metric_is_refused(self, all_site, metric):
        with refused(StatusCode.INVALID_ARGUMENT):
            all_site.add_bounds(4, metric, (-50, 50))


class TestBadBounds:
    def test_none_given(self, all_site):
        with refused(StatusCode.INVALID_ARGUMENT, "bounds"):
            all_site.add_bounds(4, ACTIVE)

    def test_lower_above_upper(self, all_site):
        with refused(StatusCode.INVALID_ARGUMENT, "200", "100"):
            all_site.add_bounds(4, ACTIVE, (200, 100))

    @pytest.mark.parametrize("side", [0, 1])
    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_nan_or_infinite(self, all_site, side, value):
        pair = (value, 5) if side == 0 else (5, value)
        with refused(StatusCode.INVALID_ARGUMENT):
            all_site.add_bounds(4, ACTIVE, pair)

    def test_one_bad_range_spoils_the_request(self, all_site):
        with refused(StatusCode.INVALID_ARGUMENT):
            all_site.add_bounds(4, ACTIVE, (0, 10), (30, 20))
        assert all_site.sample(4).bounds[ACTIVE] == RATED

    def test_an_unknown_component(self, all_site):
        with refused(StatusCode.NOT_FOUND, "99999"):
            all_site.add_bounds(99999, ACTIVE, (0, 10))

    def test_fields_are_checked_before_the_id_and_the_id_before_the_ability(self, all_site):
        with refused(StatusCode.INVALID_ARGUMENT):
            all_site.add_bounds(99999, ACTIVE, (2, 1))
        with refused(StatusCode.NOT_FOUND):
            all_site.add_bounds(99999, FREQUENCY, (0, 1))
        with refused(StatusCode.INVALID_ARGUMENT):
            all_site.add_bounds(4, FREQUENCY, (2, 1))


class TestSetPointsUnderBounds:
    def test_zero_is_always_allowed_and_published_nowhere(self, all_site):
        all_site.add_bounds(4, ACTIVE, (1000, 2000), duration=ONE_MINUTE)
        all_site.wait_bounds(4, ACTIVE, [(1000, 2000)])
        all_site.set_active(4, 0)
        all_site.set_active(4, 1500)
        with refused(StatusCode.OUT_OF_RANGE):
            all_site.set_active(4, 500)

    def test_a_value_in_a_gap_is_refused_naming_its_neighbours(self, all_site):
        all_site.add_bounds(4, ACTIVE, (-300, 1000), (2000, 3000), duration=ONE_MINUTE)
        with refused(StatusCode.OUT_OF_RANGE, "1600", "1000", "2000"):
            all_site.set_active(4, 1600)

    def test_the_applied_value_moves_and_comes_back_while_valid_until_stays(self, all_site):
        until = all_site.set_active(4, 5000, lifetime=10)
        all_site.wait_power(4, 5000)
        expiry = all_site.add_bounds(4, ACTIVE, (-2000, 4000), duration=FIVE_SECONDS)
        moved = all_site.wait_power(4, 4000)
        back = all_site.wait_power(4, 5000)
        assert moved.at < expiry <= back.at + 0.1
        ended = all_site.wait_power(4, 0)
        assert until - 0.1 <= ended.at <= until + 2

    def test_it_moves_to_the_nearest_value_zero_among_them(self, all_site):
        all_site.set_active(4, 3000)
        all_site.add_bounds(4, ACTIVE, (8000, 9000), duration=ONE_MINUTE)
        all_site.wait_power(4, 0)
        all_site.set_active(6, 5000)
        all_site.add_bounds(6, ACTIVE, (8008, 9000), duration=ONE_MINUTE)
        all_site.wait_power(6, 8008)

    def test_a_tie_goes_towards_zero(self, all_site):
        all_site.set_active(4, 4000)
        all_site.add_bounds(4, ACTIVE, (8000, 9000), duration=ONE_MINUTE)
        all_site.wait_power(4, 0)
        all_site.set_active(24, 3000)
        all_site.add_bounds(24, ACTIVE, (1000, 2000), (4000, 5000), duration=ONE_MINUTE)
        all_site.wait_power(24, 2000)

    def test_the_moved_value_is_floored_to_the_resolution(self, all_site):
        all_site.set_active(6, 8800)
        all_site.wait_power(6, 8800)
        all_site.add_bounds(6, ACTIVE, (-12000, 800), duration=ONE_MINUTE)
        all_site.wait_power(6, 792, tolerance=4)

    def test_it_is_zero_when_the_floored_value_is_outside(self, all_site):
        all_site.set_active(6, 8800)
        all_site.add_bounds(6, ACTIVE, (100, 170), duration=ONE_MINUTE)
        all_site.wait_power(6, 0)

    def test_what_runs_free_is_limited_too(self, all_site):
        assert all_site.sample(9)[ACTIVE] < -3000
        all_site.add_bounds(9, ACTIVE, (-1000, 0), duration=FIVE_SECONDS)
        all_site.wait_power(9, -1000, tolerance=60)
        all_site.until(9, lambda sample: sample[ACTIVE] < -3000, "free again")

    def test_what_cannot_do_so_little_stops(self, all_site):
        all_site.set_active(12, -5000)
        all_site.wait_power(12, -5000)
        all_site.add_bounds(12, ACTIVE, (-1000, 0), duration=ONE_MINUTE)  # it does at least 2.5 kW
        all_site.wait_power(12, 0, tolerance=1)

    def test_an_empty_intersection_allows_only_zero(self, all_site):
        all_site.add_bounds(4, ACTIVE, (20000, 30000), duration=ONE_MINUTE)
        with refused(StatusCode.OUT_OF_RANGE, "25000"):
            all_site.set_active(4, 25000)
        with refused(StatusCode.OUT_OF_RANGE):
            all_site.set_active(4, 1)
        all_site.set_active(4, 0)


class TestBatteryBounds:
    def test_below_the_lower_state_of_charge_nothing_is_discharged(self, all_site):
        all_site.add_bounds(5, SOC, (60, 90), duration=ONE_MINUTE)
        sample = all_site.until(4, lambda sample: sample.bounds[ACTIVE][0][0] == 0)
        assert sample.bounds[ACTIVE] == [(0, 10000)]
        with refused(StatusCode.OUT_OF_RANGE, "-1000"):
            all_site.set_active(4, -1000)
        all_site.set_active(4, 1000)

    def test_above_the_upper_state_of_charge_nothing_is_charged(self, all_site):
        all_site.add_bounds(5, SOC, (10, 40), duration=ONE_MINUTE)
        sample = all_site.until(4, lambda sample: sample.bounds[ACTIVE][-1][1] == 0)
        assert sample.bounds[ACTIVE] == [(-10000, 0)]
        with refused(StatusCode.OUT_OF_RANGE, "1000"):
            all_site.set_active(4, 1000)
        all_site.set_active(4, -1000)

    def test_a_running_charge_stops_when_the_state_of_charge_is_bounded_below_it(self, all_site):
        all_site.set_active(4, 5000)
        all_site.wait_power(4, 5000)
        all_site.add_bounds(5, SOC, (10, 40), duration=FIVE_SECONDS)
        all_site.wait_power(4, 0)
        all_site.wait_power(4, 5000)

    def test_its_power_bounds_limit_the_inverter(self, all_site):
        all_site.add_bounds(5, DC_POWER, (-1000, 2000), duration=ONE_MINUTE)
        all_site.wait_bounds(5, DC_POWER, [(-1000, 2000)])
        sample = all_site.until(4, lambda sample: sample.bounds[ACTIVE] != RATED)
        lower, upper = sample.bounds[ACTIVE][0][0], sample.bounds[ACTIVE][-1][1]
        assert -1000 <= lower < -700 and 2000 <= upper < 2600  # the difference is the inverter's loss
        with refused(StatusCode.OUT_OF_RANGE):
            all_site.set_active(4, 5000)

    def test_one_of_two_batteries_keeps_its_own_bounds(self, gateway, connect):
        site = connect(gateway("batteries"))
        site.add_bounds(4, DC_POWER, (-1000, 1500), duration=ONE_MINUTE)
        lower, upper = site.until(3, lambda sample: sample.bounds[ACTIVE] != RATED).bounds[ACTIVE][0]
        site.set_active(3, upper)
        site.wait_power(3, upper)
        assert 1300 < site.until(4, lambda sample: sample[DC_POWER] > 1300)[DC_POWER] <= 1501
        site.set_active(3, lower)
        site.wait_power(3, lower)
        assert -1001 <= site.until(4, lambda sample: sample[DC_POWER] < -800)[DC_POWER]
        site.add_bounds(5, SOC, (60, 90), duration=ONE_MINUTE)
        site.wait_power(3, 0)
        assert site.until(5, lambda sample: sample[DC_POWER] > -1)[DC_POWER] < 1

    def test_inverters_of_one_battery_keep_its_bounds_together(self, gateway, connect):
        site = connect(gateway("batteries"))
        site.add_bounds(8, DC_POWER, (-3000, 1500), duration=ONE_MINUTE)
        ends = {id: site.until(id, lambda sample: sample.bounds[ACTIVE][-1][1] < 2000).bounds[ACTIVE][0] for id in (6, 7)}
        assert sum(upper for _, upper in ends.values()) == pytest.approx(1500)
        for side in (0, 1):
            for id, pair in ends.items():
                site.set_active(id, pair[side])
                site.wait_power(id, pair[side], tolerance=5)
            moved = site.until(8, lambda sample: sample[DC_POWER] < -2000 if side == 0 else sample[DC_POWER] > 1000)
            assert -3001 <= moved[DC_POWER] <= 1501

    def test_a_hybrid_inverter_keeps_the_bounds_of_its_battery(self, all_site):
        free = all_site.sample(24)[ACTIVE]
        all_site.set_active(24, 0)
        all_site.until(25, lambda sample: sample[DC_POWER] > 2000, "charging from PV")
        all_site.add_bounds(25, DC_POWER, (-1500, 500), duration=ONE_MINUTE)
        all_site.wait_power(25, 500, tolerance=5, metric=DC_POWER)
        lower = all_site.until(24, lambda sample: sample.bounds[ACTIVE][0][0] > -6000).bounds[ACTIVE][0][0]
        assert lower < free - 1000  # its PV and what is left to the battery
        all_site.set_active(24, lower)
        all_site.wait_power(24, lower)
        assert -1501 <= all_site.until(25, lambda sample: sample[DC_POWER] < -900)[DC_POWER]


class TestFuses:
    """The connection carries 7,390 W a phase, of which a load takes 1,894 to 2,160 W; the branch 3,695 W."""

    def test_a_fuse_limits_what_stands_behind_it(self, gateway, connect):
        site = connect(gateway("fuses"))
        site.wait_bounds(6, ACTIVE, [(-11085, 11085)], tolerance=1)
        with refused(StatusCode.OUT_OF_RANGE, "fuse (5): fuse of 16 A, phase 1", "12000"):
            site.set_active(6, 12000)
        site.set_active(6, -11000)
        site.wait_power(6, -11000)

    def test_what_flows_besides_takes_room(self, gateway, connect):
        site = connect(gateway("fuses"))
        site.wait_bounds(3, ACTIVE, [(-27805, 15630)], tolerance=10)
        with refused(StatusCode.OUT_OF_RANGE, "grid (1): fuse of 32 A, phase 2, beside 2160 W"):
            site.set_active(3, 17000)
        site.set_active(3, 13000)
        with refused(StatusCode.OUT_OF_RANGE, "grid (1): fuse of 32 A"):
            site.set_active(6, 5000)
        site.wait_bounds(6, ACTIVE, [(-11085, 2630)], tolerance=10)
        site.set_active(6, 2500)
        site.wait_power(6, 2500)
        site.wait_power(3, 13000)
        assert site.until(2, lambda sample: sample[ACTIVE] > 21000)[ACTIVE] <= 22170


def test_callers_do_not_wait_for_each_other(gateway, connect):
    site = gateway("all")
    clients = [connect(site) for _ in range(8)]
    calls = [
        InBackground(lambda one=one: [one.add_bounds(4, ACTIVE, (-i, i), duration=ONE_MINUTE) for i in range(1, 50)])
        for one in clients
    ]
    for one in calls:
        one.result()
    clients[0].wait_bounds(4, ACTIVE, [(-49, 49)])
