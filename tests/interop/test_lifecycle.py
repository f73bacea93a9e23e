# SPDX-License-Identifier: MIT
"""StartComponent, PutComponentInStandby, StopComponent, AckComponentError, and switches in series."""
import pytest
from grpc import StatusCode

from client import ACTIVE, DC_POWER, REACTIVE, InBackground, refused

NOTHING = [(0, 0)]


def still(client, component, *states, samples=5):
    """The component stays in these states for some samples."""
    with client.stream(component) as stream:
        for sample in stream.take(samples):
            assert sample.states == set(states)


class TestInverter:
    def test_standby_opens_its_ac_relays(self, all_site):
        all_site.set_active(4, 5000)
        all_site.wait_power(4, 5000)
        all_site.standby(4)
        sample = all_site.wait_state(4, "STANDBY")
        assert abs(sample[ACTIVE]) < 50

    def test_stop_goes_through_standby_to_off(self, all_site):
        all_site.stop(4)
        still(all_site, 4, "OFF")

    def test_start_from_standby_and_from_off_ends_ready(self, all_site):
        for away in (all_site.standby, all_site.stop):
            away(4)
            all_site.start(4)
            still(all_site, 4, "READY")

    def test_on_the_way_it_is_switching(self, all_site):
        with all_site.stream(4, ACTIVE, limit_s=30) as stream:
            stopping = InBackground(all_site.stop, 4)
            stream.until(lambda sample: sample.states == {"OFF"})
            stopping.result()
            starting = InBackground(all_site.start, 4)
            stream.until(lambda sample: sample.states == {"SWITCHING_ON"})
            stream.until(lambda sample: sample.states == {"READY"})
            starting.result()

    def test_the_answer_comes_when_the_sequence_ended(self, all_site):
        all_site.stop(4)
        assert all_site.sample(4).states == {"OFF"}
        all_site.start(4)
        assert all_site.sample(4).states == {"READY"}
        all_site.standby(4)
        assert all_site.sample(4).states == {"STANDBY"}

    def test_what_is_done_already_is_skipped(self, all_site):
        all_site.start(4)
        still(all_site, 4, "READY")
        all_site.standby(4)
        all_site.standby(4)
        still(all_site, 4, "STANDBY")
        all_site.stop(4)
        all_site.stop(4)
        still(all_site, 4, "OFF")

    def test_standby_from_off_is_refused(self, relays):
        with refused(StatusCode.FAILED_PRECONDITION, "inv_off (9)"):
            relays.standby(9)
        assert relays.sample(9).states == {"OFF"}

    def test_start_sets_power_to_zero(self, all_site):
        all_site.set_active(4, 5000)
        all_site.set_reactive(4, 3000)
        all_site.wait_power(4, 5000)
        all_site.start(4)
        all_site.wait_power(4, 0)
        all_site.wait_power(4, 0, metric=REACTIVE)

    def test_stop_and_standby_drop_set_points_for_good(self, all_site):
        for away in (all_site.standby, all_site.stop):
            all_site.set_active(4, 5000)
            all_site.set_reactive(4, 3000)
            all_site.wait_power(4, 5000)
            all_site.wait_power(4, 3000, metric=REACTIVE)
            away(4)
            all_site.start(4)
            with all_site.stream(4) as stream:
                for sample in stream.take(10):
                    assert abs(sample[ACTIVE]) < 50 and abs(sample[REACTIVE]) < 50

    def test_afterwards_what_ran_free_is_held_at_zero_or_released_as_after_an_expiry(self, all_site):
        for component in (9, 26):
            all_site.standby(component)
            all_site.start(component)
        all_site.wait_power(9, 0, tolerance=60)
        all_site.until(26, lambda sample: sample[ACTIVE] < -2000, "free again")

    def test_one_without_dc_relays_is_never_off(self, all_site):
        all_site.stop(9)
        still(all_site, 9, "STANDBY")
        all_site.start(9)
        assert all_site.sample(9).states <= {"READY", "DISCHARGING"}

    def test_a_hybrid_inverter_has_dc_relays(self, all_site):
        all_site.stop(24)
        still(all_site, 24, "OFF")
        all_site.start(24)
        assert all_site.sample(24).states <= {"READY", "CHARGING", "DISCHARGING"}

    def test_no_call_switches_the_relays_of_another(self, all_site):
        all_site.stop(4)
        assert "RELAY_CLOSED" in all_site.sample(5).states
        all_site.stop(5)
        all_site.start(4)
        assert "RELAY_OPEN" in all_site.sample(5).states
        all_site.start(5)
        all_site.wait_state(5, "READY", "RELAY_CLOSED")


class TestBattery:
    def test_start_of_a_closed_one_is_success(self, all_site):
        all_site.start(5)
        still(all_site, 5, "READY", "RELAY_CLOSED")

    def test_stop_opens_and_start_closes_its_relays(self, all_site):
        all_site.stop(5)
        still(all_site, 5, "OFF", "RELAY_OPEN")
        all_site.stop(5)
        all_site.start(5)
        still(all_site, 5, "READY", "RELAY_CLOSED")

    def test_stop_with_power_is_refused(self, all_site):
        all_site.set_active(4, 5000)
        all_site.wait_power(4, 5000)
        all_site.wait_power(5, 4900, tolerance=500, metric=DC_POWER)
        with refused(StatusCode.FAILED_PRECONDITION, "battery_1 (5)"):
            all_site.stop(5)
        assert "RELAY_CLOSED" in all_site.sample(5).states
        all_site.set_active(4, 0)
        all_site.wait_power(5, 0, tolerance=20, metric=DC_POWER)
        all_site.stop(5)
        still(all_site, 5, "OFF", "RELAY_OPEN")

    def test_stop_is_refused_as_soon_as_a_set_point_stands(self, all_site):
        all_site.standby(4)
        all_site.set_active(4, 5000)  # accepted, but not applied yet
        with refused(StatusCode.FAILED_PRECONDITION):
            all_site.stop(5)

    def test_an_open_one_bars_its_inverter(self, all_site):
        all_site.stop(5)
        all_site.wait_bounds(4, ACTIVE, NOTHING)
        with refused(StatusCode.FAILED_PRECONDITION, "battery_1 (5)"):
            all_site.set_active(4, 1000)
        all_site.set_active(4, 0)
        all_site.start(5)
        all_site.wait_bounds(4, ACTIVE, [(-10000, 10000)])
        all_site.set_active(4, 1000)

    def test_one_closed_battery_of_two_is_enough(self, relays):
        lower, upper = relays.sample(11).bounds[ACTIVE][0]
        assert lower < -5000 and upper > 5000
        relays.set_active(11, 5000)
        relays.wait_power(11, 5000)


class TestRelay:
    def test_stop_opens_and_start_closes(self, all_site):
        all_site.stop(14)
        assert "RELAY_OPEN" in all_site.sample(14).states
        all_site.stop(14)
        all_site.start(14)
        assert "RELAY_CLOSED" in all_site.sample(14).states
        all_site.start(14)

    def test_it_opens_under_load(self, relays):
        relays.wait_power(2, 3000, tolerance=100)
        relays.stop(14)
        relays.wait_power(2, 0, tolerance=100)
        relays.start(14)
        relays.wait_power(2, 3000, tolerance=100)

    def test_an_open_one_in_series_bars_the_inverter_behind_it(self, relays):
        assert relays.sample(4).bounds[ACTIVE] == NOTHING
        with refused(StatusCode.FAILED_PRECONDITION, "breaker (3)"):
            relays.set_active(4, 1000)
        relays.set_active(4, 0)
        relays.start(3)
        relays.until(4, lambda sample: sample.bounds[ACTIVE] == [(-10000, 10000)])
        relays.set_active(4, 1000)
        relays.wait_power(4, 1000)
        relays.stop(3)
        relays.wait_power(4, 0)
        relays.wait_bounds(4, ACTIVE, NOTHING)


class TestPrecharger:
    def test_start_precharges_and_closes(self, relays):
        assert "PRECHARGER_OPEN" in relays.sample(6).states
        with relays.stream(6, ACTIVE) as stream:
            starting = InBackground(relays.start, 6)
            stream.until(lambda sample: "PRECHARGER_PRECHARGING" in sample.states)
            stream.until(lambda sample: "PRECHARGER_CLOSED" in sample.states)
            starting.result()

    def test_start_of_a_closed_one_is_skipped(self, all_site):
        all_site.start(15)
        with all_site.stream(15) as stream:
            assert all("PRECHARGER_CLOSED" in sample.states for sample in stream.take(3))

    def test_stop_opens(self, all_site):
        all_site.stop(15)
        assert "PRECHARGER_OPEN" in all_site.sample(15).states
        all_site.stop(15)

    def test_an_open_one_in_series_bars_the_inverter_behind_it(self, relays):
        assert relays.sample(7).bounds[ACTIVE] == NOTHING
        with refused(StatusCode.FAILED_PRECONDITION, "precharger (6)"):
            relays.set_active(7, 1000)
        relays.start(6)
        relays.wait_bounds(7, ACTIVE, [(-10000, 10000)])
        relays.set_active(7, 1000)


class TestConcurrency:
    def test_the_same_command_joins_the_running_one(self, all_site):
        all_site.stop(4)
        starts = [InBackground(all_site.start, 4) for _ in range(3)]
        for one in starts:
            one.result()
        assert all_site.sample(4).states == {"READY"}

    @pytest.mark.parametrize("other, end", [("stop", "OFF"), ("standby", "STANDBY")])
    def test_another_replaces_it(self, all_site, other, end):
        all_site.stop(4)
        with all_site.stream(4) as stream:
            starting = InBackground(all_site.start, 4)
            stream.until(lambda sample: sample.states == {"SWITCHING_ON"})
            if other == "standby":  # whether that may interrupt a start depends on the relays closed so far
                replace = InBackground(all_site.standby, 4)
                with refused(StatusCode.ABORTED):
                    starting.result()
                replace.result()
            else:
                all_site.stop(4)
                with refused(StatusCode.ABORTED):
                    starting.result()
        assert all_site.sample(4).states == {end}

    def test_a_cancel_does_not_undo_what_was_begun(self, gateway, connect):
        site = gateway("all")
        other = connect(site)
        other.stop(4)
        leaving = connect(site)
        starting = InBackground(leaving.start, 4)
        other.wait_state(4, "SWITCHING_ON")
        leaving.close()
        other.wait_state(4, "READY")
        with pytest.raises(Exception):
            starting.result()


class TestAcknowledge:
    @pytest.mark.parametrize("component", range(1, 26))
    def test_without_an_error_it_changes_nothing(self, all_site, component):
        before = all_site.sample(component).states
        all_site.ack(component)
        assert all_site.sample(component).states == before

    def test_it_leaves_a_running_set_point_alone_when_there_is_no_error(self, all_site):
        all_site.set_active(4, 5000)
        all_site.wait_power(4, 5000)
        all_site.ack(4)
        with all_site.stream(4) as stream:
            assert all(abs(sample[ACTIVE] - 5000) < 30 for sample in stream.take(5))

    @pytest.mark.parametrize(
        "component, error, afterwards",
        [
            (4, "OVERVOLTAGE", [{"STANDBY"}, {"OFF"}]),
            (7, "OVERTEMPERATURE", [{"OFF", "RELAY_OPEN"}]),
            (10, "OVERTEMPERATURE", [{"STANDBY"}]),
            (11, "FAULT_CURRENT", None),
            (12, "UNDERVOLTAGE", None),
            (13, "PRECHARGE_ERROR", None),
            (14, "PLAUSIBILITY_ERROR", None),
        ],
    )
    def test_a_recoverable_error_is_cleared(self, faults, component, error, afterwards):
        sample = faults.sample(component)
        assert "ERROR" in sample.states and error in sample.errors
        faults.ack(component)
        sample = faults.sample(component)
        assert "ERROR" not in sample.states and not sample.errors
        if afterwards:
            assert sample.states in afterwards
        position = {12: "RELAY_OPEN", 13: "PRECHARGER_OPEN", 11: "READY", 14: "READY"}
        assert position.get(component, "READY") in sample.states or component in (4, 7, 10)

    def test_an_unrecoverable_error_stays(self, faults):
        with refused(StatusCode.FAILED_PRECONDITION, "inv_broken (6)"):
            faults.ack(6)
        sample = faults.sample(6)
        assert "ERROR" in sample.states and sample.errors == {"SHORT_CIRCUIT"}

    def test_an_inaccessible_device_cannot_be_acknowledged(self, faults):
        faults.wait_state(8, "UNAVAILABLE", "ERROR")
        with refused(StatusCode.UNAVAILABLE, "inv_offline (8)"):
            faults.ack(8)

    def test_after_it_the_component_can_be_started_and_set(self, faults):
        faults.ack(4)
        faults.start(4)
        faults.wait_state(4, "READY")
        faults.set_active(4, 2000)
        faults.wait_power(4, 2000)


class TestErrors:
    def test_start_while_an_error_stands_says_that_ack_helps(self, faults):
        with refused(StatusCode.FAILED_PRECONDITION, "inv_error (4)", "ack"):
            faults.start(4)

    def test_start_while_an_unrecoverable_error_stands_says_that_it_does_not(self, faults):
        with refused(StatusCode.FAILED_PRECONDITION, "inv_broken (6)"):
            faults.start(6)

    def test_standby_from_error_is_refused(self, faults):
        with refused(StatusCode.FAILED_PRECONDITION, "inv_error (4)"):
            faults.standby(4)

    @pytest.mark.parametrize("power", [0, 1000, 50000])
    @pytest.mark.parametrize("setter", ["set_active", "set_reactive"])
    def test_any_set_point_is_refused(self, faults, setter, power):
        with refused(StatusCode.FAILED_PRECONDITION, "inv_error (4)"):
            getattr(faults, setter)(4, power)

    @pytest.mark.parametrize("component", [7, 11, 12, 13])
    def test_other_components_in_error_do_not_start_either(self, faults, component):
        call = (lambda: faults.set_active(11, 5000)) if component == 11 else (lambda: faults.start(component))
        with refused(StatusCode.FAILED_PRECONDITION, f"({component})"):
            call()


class TestOffline:
    @pytest.mark.parametrize("command", ["start", "standby", "stop", "ack"])
    def test_every_command_is_unavailable(self, faults, command):
        faults.wait_state(8, "UNAVAILABLE", "ERROR")
        with refused(StatusCode.UNAVAILABLE, "inv_offline (8)"):
            getattr(faults, command)(8)

    @pytest.mark.parametrize("setter", ["set_active", "set_reactive"])
    def test_every_set_point_is_unavailable(self, faults, setter):
        faults.wait_state(8, "UNAVAILABLE", "ERROR")
        with refused(StatusCode.UNAVAILABLE, "inv_offline (8)"):
            getattr(faults, setter)(8, 1000)
