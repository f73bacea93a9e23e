# SPDX-License-Identifier: MIT
"""SetComponentPowerActive and SetComponentPowerReactive."""
import math
import struct

import pytest
from grpc import StatusCode

from client import ACTIVE, DC_POWER, REACTIVE, api, now, refused

ONE_MINUTE = api.COMPONENT_BOUNDS_VALIDITY_DURATION_1_MINUTE
SETTERS = ["set_active", "set_reactive"]


def next_float32(value):
    """The float32 just above a positive value."""
    return struct.unpack("<f", struct.pack("<I", struct.unpack("<I", struct.pack("<f", value))[0] + 1))[0]


class TestSign:
    def test_positive_charges(self, all_site):
        all_site.set_active(4, 5000)
        all_site.wait_power(4, 5000)
        all_site.wait_state(4, "CHARGING")
        all_site.wait_power(5, 4900, tolerance=500, metric=DC_POWER)

    def test_negative_discharges(self, all_site):
        all_site.set_active(4, -5000)
        all_site.wait_power(4, -5000)
        all_site.wait_state(4, "DISCHARGING")
        all_site.wait_power(5, -5200, tolerance=500, metric=DC_POWER)

    def test_meters_above_follow(self, all_site):
        before = all_site.sample(2)[ACTIVE]
        all_site.wait_power(3, 0)
        all_site.set_active(4, 5000)
        all_site.wait_power(3, 5000, tolerance=60)
        all_site.until(2, lambda sample: sample[ACTIVE] > before + 3500, "the main meter's rise")
        all_site.set_active(4, -5000)
        all_site.wait_power(3, -5000, tolerance=60)
        all_site.until(2, lambda sample: sample[ACTIVE] < before - 3500, "the main meter's fall")

    def test_inductive_reactive_power_is_positive_at_the_meter_too(self, all_site):
        all_site.set_reactive(4, 3000)
        all_site.wait_power(4, 3000, metric=REACTIVE)
        all_site.wait_power(3, 3000, tolerance=60, metric=REACTIVE)
        all_site.set_reactive(4, -3000)
        all_site.wait_power(3, -3000, tolerance=60, metric=REACTIVE)

    @pytest.mark.parametrize("component, power", [(9, 1000), (12, 3000), (17, 1000), (10, -5000), (16, -3000)])
    def test_the_wrong_sign_is_out_of_range(self, all_site, component, power):
        with refused(StatusCode.OUT_OF_RANGE, power):
            all_site.set_active(component, power)

    @pytest.mark.parametrize("component, power", [(9, -2000), (12, -4000), (10, 6000), (16, 4000), (24, 3000)])
    def test_others_that_take_power_do_as_told(self, all_site, component, power):
        all_site.set_active(component, power)
        all_site.wait_power(component, power, tolerance=abs(power) * 0.05)


class TestLifetime:
    @pytest.mark.parametrize("setter", SETTERS)
    @pytest.mark.parametrize("lifetime", [10, 11, 60, 900])
    def test_the_reply_is_the_time_of_its_end(self, all_site, setter, lifetime):
        asked = now()
        until = getattr(all_site, setter)(4, 1000, lifetime)
        assert asked + lifetime - 0.1 <= until <= now() + lifetime + 0.1

    @pytest.mark.parametrize("setter", SETTERS)
    def test_the_default_is_a_minute(self, all_site, setter):
        asked = now()
        assert asked + 59.9 <= getattr(all_site, setter)(4, 1000) <= now() + 60.1

    @pytest.mark.parametrize("setter", SETTERS)
    @pytest.mark.parametrize("lifetime", [0, 1, 9, 901, 2**32, 2**64 - 1])
    def test_any_other_is_refused(self, all_site, setter, lifetime):
        with refused(StatusCode.INVALID_ARGUMENT, lifetime, "10", "900"):
            getattr(all_site, setter)(4, 1000, lifetime)

    def test_after_it_power_is_zero_and_the_meter_falls(self, all_site):
        until = all_site.set_active(4, 5000, 10)
        all_site.wait_power(4, 5000)
        all_site.wait_power(3, 5000, tolerance=60)
        with all_site.stream(4) as stream:
            last = stream.until(lambda sample: sample[ACTIVE] < 4900)
        assert until - 0.1 <= last.at <= until + 2
        all_site.wait_power(4, 0)
        all_site.wait_power(3, 0, tolerance=60)
        all_site.wait_state(4, "READY")

    def test_reactive_power_ends_likewise_and_alone(self, all_site):
        until = all_site.set_reactive(4, 4000, 10)
        all_site.set_active(4, 3000, 60)
        all_site.wait_power(4, 4000, metric=REACTIVE)
        ended = all_site.wait_power(4, 0, metric=REACTIVE)
        assert until - 0.1 <= ended.at <= until + 2
        assert ended[ACTIVE] == pytest.approx(3000, abs=30)

    def test_what_ran_free_before_is_held_at_zero_after_it(self, all_site):
        assert all_site.sample(9)[ACTIVE] < -3000
        all_site.set_active(9, -2000, 10)
        all_site.wait_power(9, -2000, tolerance=60)
        all_site.wait_power(9, 0, tolerance=60)
        with all_site.stream(9) as stream:
            assert all(abs(sample[ACTIVE]) < 60 for sample in stream.take(5))

    def test_on_expiry_release_sets_it_free_again(self, all_site):
        free = all_site.sample(26)[ACTIVE]
        assert free < -2000
        all_site.set_active(26, -1000, 10)
        all_site.wait_power(26, -1000, tolerance=60)
        all_site.wait_power(26, free, tolerance=-free * 0.1)

    def test_an_expiry_never_touches_a_newer_command(self, all_site):
        until = all_site.set_active(4, 5000, 10)
        all_site.set_active(4, 3000, 60)
        all_site.wait_power(4, 3000)
        all_site.holds_power(4, 3000, until, tolerance=30)

    def test_a_shorter_newer_command_ends_at_its_own_time(self, all_site):
        all_site.set_active(4, 5000, 900)
        until = all_site.set_active(4, 3000, 10)
        all_site.wait_power(4, 3000)
        ended = all_site.wait_power(4, 0)
        assert until - 0.1 <= ended.at <= until + 2

    def test_the_client_need_not_stay(self, gateway, connect):
        site = gateway("all")
        leaving = connect(site)
        leaving.set_active(4, 5000, 60)
        leaving.close()
        connect(site).wait_power(4, 5000)


class TestResolution:
    @pytest.mark.parametrize(
        "asked, applied",
        [(-200, -176), (200, 176), (88, 88), (264, 264), (-263.9, -176), (87, 0), (11968, 11968), (0, 0)],
    )
    def test_the_magnitude_is_floored(self, all_site, asked, applied):
        all_site.set_active(6, asked)
        all_site.wait_power(6, applied, tolerance=4)

    def test_reactive_power_has_the_same_steps(self, all_site):
        all_site.set_reactive(6, -200)
        all_site.wait_power(6, -176, tolerance=4, metric=REACTIVE)

    def test_without_a_resolution_any_value_is_applied(self, all_site):
        all_site.set_active(4, 1234.5)
        all_site.wait_power(4, 1234.5, tolerance=1)

    def test_a_floored_value_outside_is_refused_with_both_values(self, all_site):
        all_site.add_bounds(6, ACTIVE, (100, 170), duration=ONE_MINUTE)
        with refused(StatusCode.OUT_OF_RANGE, "150", "88"):
            all_site.set_active(6, 150)

    def test_a_value_floored_to_zero_is_accepted(self, all_site):
        all_site.add_bounds(6, ACTIVE, (50, 170), duration=ONE_MINUTE)
        all_site.set_active(6, 60)
        all_site.wait_power(6, 0)


class TestRange:
    def test_the_refusal_names_component_value_bounds_and_the_nearest_accepted(self, all_site):
        words = ["bat_inv_1 (4)", "-15000 W", "-10000 ... 10000 W", "nearest allowed: -10000 W"]
        with refused(StatusCode.OUT_OF_RANGE, *words):
            all_site.set_active(4, -15000)

    def test_the_bound_itself_is_inside_and_the_next_float_outside(self, all_site):
        all_site.set_active(4, 10000)
        all_site.set_active(4, -10000)
        with refused(StatusCode.OUT_OF_RANGE):
            all_site.set_active(4, next_float32(10000))
        with refused(StatusCode.OUT_OF_RANGE):
            all_site.set_active(4, -next_float32(10000))

    def test_a_refused_command_leaves_the_running_one(self, all_site):
        all_site.set_active(4, 5000)
        with refused(StatusCode.OUT_OF_RANGE):
            all_site.set_active(4, 50000)
        all_site.wait_power(4, 5000)
        with all_site.stream(4) as stream:
            assert all(abs(sample[ACTIVE] - 5000) < 30 for sample in stream.take(5))

    @pytest.mark.parametrize("setter", SETTERS)
    @pytest.mark.parametrize("power", [math.nan, math.inf, -math.inf])
    def test_nan_and_infinity_are_invalid(self, all_site, setter, power):
        with refused(StatusCode.INVALID_ARGUMENT):
            getattr(all_site, setter)(4, power)

    @pytest.mark.parametrize("setter", SETTERS)
    def test_an_unknown_component_is_not_found(self, all_site, setter):
        with refused(StatusCode.NOT_FOUND, "99999"):
            getattr(all_site, setter)(99999, 1000)


class TestFreeRunning:
    def test_before_its_first_set_point_each_does_what_it_likes(self, all_site):
        assert all_site.sample(9)[ACTIVE] < -3000  # what the sun gives
        all_site.until(10, lambda sample: sample[ACTIVE] > 1400, "a charging car")
        assert abs(all_site.sample(12)[ACTIVE]) < 50  # off
        assert abs(all_site.sample(4)[ACTIVE]) < 50  # nothing

    def test_zero_is_a_command_that_ends_the_freedom(self, all_site):
        all_site.set_active(9, 0)
        all_site.wait_power(9, 0, tolerance=60)


class TestReactive:
    def test_active_and_reactive_power_share_the_apparent_power(self, all_site):
        all_site.set_active(4, 8000)
        all_site.wait_bounds(4, REACTIVE, [(-6000, 6000)], tolerance=1)
        with refused(StatusCode.OUT_OF_RANGE, "7000", "6000"):
            all_site.set_reactive(4, 7000)
        all_site.set_reactive(4, -6000 + 1)

    def test_all_of_it_is_free_without_active_power(self, all_site):
        assert all_site.sample(4).bounds[REACTIVE] == [(-10000, 10000)]
        all_site.set_reactive(4, 10000)
        all_site.wait_power(4, 10000, metric=REACTIVE)

    def test_measured_power_counts_where_nothing_is_set(self, all_site):
        sample = all_site.sample(9)
        free = math.sqrt(15000**2 - sample[ACTIVE] ** 2)
        assert sample.bounds[REACTIVE][0] == pytest.approx((-free, free), rel=0.02)

    def test_active_power_is_never_refused_for_it_but_shrinks_it_and_gives_it_back(self, all_site):
        all_site.set_reactive(4, 9000)
        all_site.wait_power(4, 9000, metric=REACTIVE)
        all_site.set_active(4, 8000)
        all_site.wait_power(4, 6000, metric=REACTIVE)
        all_site.wait_power(4, 8000)
        all_site.set_active(4, 0)
        all_site.wait_power(4, 9000, metric=REACTIVE)

    def test_added_bounds_limit_it(self, all_site):
        all_site.add_bounds(4, REACTIVE, (-500, 700), duration=ONE_MINUTE)
        all_site.wait_bounds(4, REACTIVE, [(-500, 700)])
        with refused(StatusCode.OUT_OF_RANGE, "800", "700"):
            all_site.set_reactive(4, 800)
        all_site.set_reactive(4, 0)

    def test_it_does_not_touch_active_power(self, all_site):
        all_site.set_active(4, 3000)
        all_site.set_reactive(4, 2000)
        sample = all_site.wait_power(4, 2000, metric=REACTIVE)
        all_site.wait_power(4, 3000)
        assert sample[ACTIVE] > -30

    def test_a_component_in_standby_refuses_and_does_not_wake(self, all_site):
        all_site.standby(4)
        with refused(StatusCode.FAILED_PRECONDITION, "bat_inv_1 (4)"):
            all_site.set_reactive(4, 1000)
        with all_site.stream(4) as stream:
            assert all(sample.states == {"STANDBY"} for sample in stream.take(10))

    def test_a_capacitor_bank_takes_it_only_capacitive(self, all_site):
        assert all_site.sample(18).bounds[REACTIVE] == [(-8000, 0)]
        all_site.set_reactive(18, -8000)
        all_site.wait_power(18, -8000, tolerance=1200, metric=REACTIVE)
        with refused(StatusCode.OUT_OF_RANGE, "capacitors (18)", "-8000 ... 0 VAr"):
            all_site.set_reactive(18, 5000)


class TestWaking:
    def test_active_power_wakes_from_standby(self, all_site):
        all_site.standby(4)
        all_site.wait_state(4, "STANDBY")
        all_site.set_active(4, 4000)
        all_site.wait_power(4, 4000)
        all_site.wait_state(4, "CHARGING")

    def test_it_is_accepted_at_once_and_applied_when_ready(self, all_site):
        all_site.standby(4)
        with all_site.stream(4) as stream:
            all_site.set_active(4, 4000)
            first = next(stream)
            assert abs(first[ACTIVE]) < 50
            stream.until(lambda sample: abs(sample[ACTIVE] - 4000) < 30)

    @pytest.mark.parametrize("command", ["standby", "stop"])
    def test_standby_and_stop_drop_a_set_point_that_still_waits(self, all_site, command):
        all_site.standby(4)
        all_site.set_active(4, 4000)
        getattr(all_site, command)(4)
        all_site.start(4)
        with all_site.stream(4) as stream:
            assert all(abs(sample[ACTIVE]) < 50 for sample in stream.take(10))

    @pytest.mark.parametrize("power", [0, 1000])
    @pytest.mark.parametrize("setter", SETTERS)
    def test_off_refuses_any_set_point(self, all_site, setter, power):
        all_site.stop(4)
        with refused(StatusCode.FAILED_PRECONDITION, "bat_inv_1 (4)"):
            getattr(all_site, setter)(4, power)
