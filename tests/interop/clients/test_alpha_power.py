# SPDX-License-Identifier: MIT
"""SetElectricalComponentPower of v1alpha18 and v1alpha19, message by message."""
import math
import re

import grpc
import pytest
from grpc import StatusCode

from alpha import ACTIVE, ONE_VERSION, REACTIVE
from client import InBackground, now, refused
from daemon import SITES

SLOW = 16  # an electrolyzer that takes two seconds from 0 to 8 kW
AXES = ["ACTIVE", "REACTIVE"]
METRICS = {"ACTIVE": ACTIVE, "REACTIVE": REACTIVE}


def accepted(alpha, component, power, **more):
    setting = alpha.set_power(component, power, **more)
    setting.accepted()
    return setting


def rising(alpha):
    """A set-point of 8 kW on its way: accepted, and two seconds from there."""
    assert alpha.set_power(SLOW, 0).outcome() == "SUCCESS"  # it ran free, at full power
    return accepted(alpha, SLOW, 8000)


class TestMessages:
    @pytest.mark.parametrize("axis", AXES)
    @pytest.mark.parametrize("lifetime", [10, 60, 900])
    def test_accepted_and_success_tell_the_end_of_the_lifetime(self, all_alpha, axis, lifetime):
        asked = now()
        setting = all_alpha.set_power(4, 5000, lifetime, axis=axis)
        until = setting.accepted()
        assert asked + lifetime - 0.1 <= until <= now() + lifetime + 0.1
        assert setting.end() == ("SUCCESS", until)

    @pytest.mark.parametrize("axis", AXES)
    def test_the_default_lifetime_is_a_minute(self, all_alpha, axis):
        asked = now()
        assert asked + 59.9 <= all_alpha.set_power(4, 1000, axis=axis).accepted() <= now() + 60.1

    @pytest.mark.parametrize("axis", AXES)
    @pytest.mark.parametrize("power", [5000, -5000, 0])
    def test_success_means_that_the_measured_value_is_there(self, all_alpha, axis, power):
        assert all_alpha.set_power(4, power, axis=axis).outcome() == "SUCCESS"
        assert all_alpha.sample(4)[METRICS[axis]] == pytest.approx(power, abs=200)  # 2 % of 10 kW

    def test_it_does_not_come_before(self, all_alpha):
        assert rising(all_alpha).end()[0] == "SUCCESS"
        assert all_alpha.sample(SLOW)[ACTIVE] == pytest.approx(8000, abs=160)

    @pytest.mark.parametrize("component, power", [(9, -14000), (10, 11000), (12, -5000), (17, -6000)])
    def test_what_is_only_limited_succeeds_with_less(self, all_alpha, component, power):
        lower, upper = all_alpha.sample(component).bounds[ACTIVE][0]
        allowed = min(max(power, lower), upper)  # the sun and the wind may bound it tighter
        assert all_alpha.set_power(component, allowed).outcome() == "SUCCESS"

    @pytest.mark.parametrize("component, power", [(9, -3000), (10, 5000)])
    def test_it_does_not_succeed_with_more(self, all_alpha, component, power):
        all_alpha.until(component, lambda sample: abs(sample[ACTIVE]) > abs(power) + 1000, "a component that runs free")
        assert all_alpha.set_power(component, power).outcome() == "SUCCESS"
        assert abs(all_alpha.sample(component)[ACTIVE]) <= abs(power) + 300

    def test_a_set_point_moved_by_bounds_succeeds_where_it_is_now(self, all_alpha):
        setting = rising(all_alpha)
        all_alpha.augment(SLOW, ACTIVE, (0, 3000), lifetime=60)
        assert setting.end()[0] == "SUCCESS"
        assert all_alpha.sample(SLOW)[ACTIVE] == pytest.approx(3000, abs=160)

    def test_power_wakes_from_standby_and_is_accepted_before(self, all_alpha):
        all_alpha.standby(4)
        all_alpha.wait_state(4, "STANDBY")
        with all_alpha.stream(4) as stream:
            setting = accepted(all_alpha, 4, 4000)
            assert abs(next(stream)[ACTIVE]) < 50
            assert setting.end()[0] == "SUCCESS"
        all_alpha.wait_state(4, "CHARGING")


class TestOverridden:
    def test_by_a_newer_command_which_succeeds(self, all_alpha):
        older = rising(all_alpha)
        newer = all_alpha.set_power(SLOW, 1000)
        assert older.end() == ("OVERRIDDEN", None)
        assert newer.outcome() == "SUCCESS"

    def test_by_one_that_asks_for_the_same(self, all_alpha):
        older = rising(all_alpha)
        newer = all_alpha.set_power(SLOW, 8000)
        assert older.end() == ("OVERRIDDEN", None)
        assert newer.outcome() == "SUCCESS"

    def test_by_another_client(self, gateway, speak):
        site = gateway("all")
        one, other = speak(site, "v1alpha18"), speak(site, "v1alpha19")
        older = rising(one)
        assert other.set_power(SLOW, 1000).outcome() == "SUCCESS"
        assert older.end() == ("OVERRIDDEN", None)

    @pytest.mark.parametrize("command", ["standby", "stop"])
    def test_by_standby_and_stop(self, all_alpha, command):
        all_alpha.standby(4)
        setting = accepted(all_alpha, 4, 4000)
        getattr(all_alpha, command)(4)
        assert setting.end() == ("OVERRIDDEN", None)

    def test_not_by_the_other_axis(self, all_alpha):
        all_alpha.standby(4)
        setting = accepted(all_alpha, 4, 4000)
        all_alpha.wait_state(4, "CHARGING")
        all_alpha.set_power(4, 2000, axis="REACTIVE").accepted()
        assert setting.end()[0] == "SUCCESS"

    def test_not_by_a_refused_one(self, all_alpha):
        setting = rising(all_alpha)
        with refused(StatusCode.OUT_OF_RANGE):
            all_alpha.set_power(SLOW, 9000).accepted()
        assert setting.end()[0] == "SUCCESS"


@ONE_VERSION
class TestFailed:
    def test_when_the_lifetime_ends_before_it_is_reached(self, gateway, speak, version, tmp_path):
        """An inverter that watches the grid for 25 s before it connects."""
        site = tmp_path / "slow.yaml"
        site.write_text(re.sub("(under: bat_meter, rated: 10 kW,)", r"\1 start_up: 25 s,", (SITES / "all.yaml").read_text()))
        alpha = speak(gateway(site), version)
        alpha.standby(4)
        setting = alpha.set_power(4, 4000, 10)
        until = setting.accepted()
        assert setting.end() == ("FAILED", None)
        assert now() >= until - 0.1


class TestRefusals:
    """A refusal is a status and never a message."""

    @pytest.mark.parametrize(
        "component, power, more, code, words",
        [
            (4, 1000, {"axis": 0}, StatusCode.INVALID_ARGUMENT, ["bat_inv_1 (4)", "power_type is 0", "POWER_TYPE_ACTIVE"]),
            (4, 1000, {"axis": 7}, StatusCode.INVALID_ARGUMENT, ["power_type is 7"]),
            (4, math.nan, {}, StatusCode.INVALID_ARGUMENT, ["power is nan"]),
            (4, math.inf, {}, StatusCode.INVALID_ARGUMENT, ["power is inf"]),
            (4, 1000, {"lifetime": 0}, StatusCode.INVALID_ARGUMENT, ["request_lifetime is 0 s", "10", "900"]),
            (4, 1000, {"lifetime": 9}, StatusCode.INVALID_ARGUMENT, ["request_lifetime is 9 s"]),
            (4, 1000, {"lifetime": 901}, StatusCode.INVALID_ARGUMENT, ["request_lifetime is 901 s"]),
            (99999, 1000, {}, StatusCode.NOT_FOUND, ["99999"]),
            (101, 1000, {}, StatusCode.NOT_FOUND, ["101 is a sensor"]),
            (2, 1000, {}, StatusCode.UNIMPLEMENTED, ["main_meter (2)"]),
            (10, 1000, {"axis": "REACTIVE"}, StatusCode.UNIMPLEMENTED, ["ev_charger (10)"]),
            (4, -15000, {}, StatusCode.OUT_OF_RANGE, ["bat_inv_1 (4)", "-15000", "-10000", "10000"]),
            (9, 1000, {}, StatusCode.OUT_OF_RANGE, ["1000"]),
            (4, 15000, {"axis": "REACTIVE"}, StatusCode.OUT_OF_RANGE, ["15000", "10000"]),
            (99999, 1000, {"axis": 0}, StatusCode.INVALID_ARGUMENT, ["power_type"]),  # fields before the id
            (2, 1000, {"lifetime": 5}, StatusCode.INVALID_ARGUMENT, ["request_lifetime"]),
        ],
    )
    def test_each_has_its_status_and_says_why(self, all_alpha, component, power, more, code, words):
        with refused(code, *words):
            all_alpha.set_power(component, power, **more).accepted()

    @pytest.mark.parametrize("power", [0, 1000])
    def test_what_is_off_takes_none(self, all_alpha, power):
        all_alpha.stop(4)
        with refused(StatusCode.FAILED_PRECONDITION, "bat_inv_1 (4)"):
            all_alpha.set_power(4, power).accepted()

    def test_what_is_in_error_takes_none(self, faults_alpha):
        with refused(StatusCode.FAILED_PRECONDITION, "inv_error (4)", "overvoltage"):
            faults_alpha.set_power(4, 1000).accepted()

    def test_what_is_offline_takes_none(self, faults_alpha):
        faults_alpha.wait_state(8, "UNAVAILABLE", "ERROR")
        with refused(StatusCode.UNAVAILABLE, "inv_offline (8)"):
            faults_alpha.set_power(8, 1000).accepted()

    def test_a_refused_one_leaves_the_running_one(self, all_alpha):
        assert all_alpha.set_power(4, 5000).outcome() == "SUCCESS"
        with refused(StatusCode.OUT_OF_RANGE):
            all_alpha.set_power(4, 50000).accepted()
        with all_alpha.stream(4) as stream:
            assert all(abs(sample[ACTIVE] - 5000) < 200 for sample in stream.take(5))


class TestCancels:
    def test_a_cancel_changes_nothing(self, all_alpha):
        rising(all_alpha).call.cancel()
        all_alpha.wait_power(SLOW, 8000, tolerance=160)

    def test_nor_does_a_client_that_leaves(self, gateway, speak, version):
        site = gateway("all")
        leaving = speak(site, version)
        rising(leaving)
        leaving.close()
        speak(site, version).wait_power(SLOW, 8000, tolerance=160)

    def test_nor_does_a_deadline(self, all_alpha):
        assert all_alpha.set_power(SLOW, 0).outcome() == "SUCCESS"
        with refused(StatusCode.DEADLINE_EXCEEDED):
            all_alpha.set_power(SLOW, 8000, limit_s=0.5).outcome()
        all_alpha.wait_power(SLOW, 8000, tolerance=160)

    def test_a_call_that_nobody_reads_may_stay_open(self, all_alpha):
        unread = [accepted(all_alpha, 4, power) for power in range(100)]
        assert all_alpha.set_power(4, 5000).outcome() == "SUCCESS"
        assert {setting.end()[0] for setting in unread} <= {"OVERRIDDEN", "SUCCESS"}

    @pytest.mark.parametrize("read", [False, True], ids=["unread", "after the first message"])
    def test_two_hundred_cost_no_connection(self, all_alpha, read):
        states = []
        all_alpha.metadata()  # connected: calls go out in their order
        all_alpha.channel.subscribe(states.append)
        for power in range(200):
            setting = all_alpha.set_power(4, power)
            if read:
                setting.accepted()
            setting.call.cancel()
        assert all_alpha.set_power(4, 5000).outcome() == "SUCCESS"
        assert {grpc.ChannelConnectivity.TRANSIENT_FAILURE, grpc.ChannelConnectivity.IDLE}.isdisjoint(states[1:])


@ONE_VERSION
class TestExpiry:
    def test_after_its_lifetime_power_is_zero_and_the_meter_falls(self, all_alpha):
        until = all_alpha.set_power(4, 5000, 10).accepted()
        all_alpha.wait_power(4, 5000)
        all_alpha.wait_power(3, 5000, tolerance=60)
        with all_alpha.stream(4) as stream:
            last = stream.until(lambda sample: sample[ACTIVE] < 4900)
        assert until - 0.1 <= last.at <= until + 2
        all_alpha.wait_power(3, 0, tolerance=60)

    def test_an_expiry_never_touches_a_newer_command(self, all_alpha):
        until = all_alpha.set_power(4, 5000, 10).accepted()
        assert all_alpha.set_power(4, 3000, 60).outcome() == "SUCCESS"
        all_alpha.holds_power(4, 3000, until, tolerance=200)


def test_a_call_that_still_waits_ends_with_unavailable_when_the_gateway_stops(gateway, speak, version):
    site = gateway("all")
    setting = rising(speak(site, version))
    waiting = InBackground(setting.end)
    site.terminate()
    with refused(StatusCode.UNAVAILABLE):
        waiting.result()
    assert site.wait() == 0
