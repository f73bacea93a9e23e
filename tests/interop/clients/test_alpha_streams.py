# SPDX-License-Identifier: MIT
"""The telemetry streams of v1alpha18 and v1alpha19. What holds for every message, alpha.Sample asserts."""
import itertools
import re

import pytest
from frequenz.api.common.v1.metrics import metric_sample_pb2 as v1
from grpc import StatusCode

from alpha import ACTIVE, DC_POWER, ONE_VERSION, REACTIVE, SOC, metrics
from client import InBackground, now, refused

EVERYTHING = range(1, 28)
SDK_METRICS = {metrics.Metric.Value("METRIC_AC_" + name) for name in (
    "POWER_ACTIVE POWER_ACTIVE_PHASE_1 POWER_ACTIVE_PHASE_2 POWER_ACTIVE_PHASE_3 "
    "POWER_REACTIVE POWER_REACTIVE_PHASE_1 POWER_REACTIVE_PHASE_2 POWER_REACTIVE_PHASE_3 "
    "CURRENT_PHASE_1 CURRENT_PHASE_2 CURRENT_PHASE_3 "
    "VOLTAGE_PHASE_1_N VOLTAGE_PHASE_2_N VOLTAGE_PHASE_3_N FREQUENCY").split()}  # fmt: skip
BATTERY_METRICS = {SOC, DC_POWER, metrics.METRIC_BATTERY_CAPACITY, metrics.METRIC_BATTERY_TEMPERATURE}
CABLE = "EV_CHARGING_CABLE_"
BOUNDED = {
    4: {ACTIVE, REACTIVE}, 6: {ACTIVE, REACTIVE}, 9: {ACTIVE, REACTIVE}, 24: {ACTIVE, REACTIVE}, 26: {ACTIVE, REACTIVE},
    10: {ACTIVE}, 12: {ACTIVE}, 16: {ACTIVE}, 17: {ACTIVE}, 18: {REACTIVE},
    5: {DC_POWER, SOC}, 7: {DC_POWER, SOC}, 25: {DC_POWER, SOC},
}  # fmt: skip


class TestSamples:
    @pytest.mark.parametrize("component", EVERYTHING)
    def test_every_component_has_well_formed_ones_of_now(self, all_alpha, component):
        sample = all_alpha.sample(component)
        assert sample.raw.electrical_component_id == component
        assert now() - 2 < sample.at <= now() + 0.1
        assert set(sample.bounds) == BOUNDED.get(component, set())

    def test_each_is_newer_and_none_comes_twice(self, all_alpha):
        with all_alpha.stream(4) as stream:
            stamps = [sample.at for sample in stream.take(20)]
        assert all(earlier < later for earlier, later in itertools.pairwise(stamps)), stamps

    @ONE_VERSION
    def test_every_component_of_the_default_site_has_one_each_second(self, gateway, speak, version):
        alpha = speak(gateway("default"), version)
        streams = [alpha.stream(component) for component in alpha.components()]
        for stream in streams:
            with stream:
                stamps = [sample.at for sample in stream.take(4)]
            assert all(later - earlier < 1.5 for earlier, later in itertools.pairwise(stamps)), stamps

    @pytest.mark.parametrize("component", [2, 4, 9, 10, 12, 24])
    def test_ac_components_have_what_the_sdk_asks_for(self, all_alpha, component):
        with all_alpha.stream(component, *SDK_METRICS) as stream:
            for sample in stream.take(5):
                assert set(sample.values) == SDK_METRICS

    def test_batteries_have_what_the_sdk_asks_for(self, all_alpha):
        with all_alpha.stream(5, *BATTERY_METRICS) as stream:
            for sample in stream.take(5):
                assert set(sample.values) == BATTERY_METRICS

    def test_a_battery_tells_how_full_it_may_get(self, all_alpha):
        sample = all_alpha.sample(5)
        assert sample[SOC] == pytest.approx(50, abs=1)
        assert sample[metrics.METRIC_BATTERY_CAPACITY] == pytest.approx(20000, rel=0.01)
        assert sample.bounds[SOC] == [(10, 90)]

    def test_a_pv_inverter_may_only_produce_and_no_more_than_the_sun_gives(self, all_alpha):
        sample = all_alpha.sample(9)
        ((lower, upper),) = sample.bounds[ACTIVE]
        assert -15000 < lower < -3000 and upper == 0
        assert sample[ACTIVE] == pytest.approx(lower, rel=0.1)


class TestStates:
    """The combinations that the SDK takes for a component that works."""

    @pytest.mark.parametrize(
        "component, power, states",
        [
            (4, 0, {"READY"}),
            (4, 5000, {"CHARGING"}),
            (4, -5000, {"DISCHARGING"}),
            (9, -3000, {"DISCHARGING"}),
            (9, 0, {"READY"}),
            (10, 5000, {"CHARGING", CABLE + "LOCKED_AT_STATION", CABLE + "LOCKED_AT_EV"}),
            (10, 0, {"READY", CABLE + "LOCKED_AT_STATION", CABLE + "LOCKED_AT_EV"}),
        ],
    )
    def test_of_what_is_commanded(self, all_alpha, component, power, states):
        all_alpha.set_power(component, power).accepted()
        all_alpha.wait_state(component, *states)

    @pytest.mark.parametrize("power, state", [(0, "READY"), (5000, "CHARGING"), (-5000, "DISCHARGING")])
    def test_of_its_battery(self, all_alpha, power, state):
        all_alpha.set_power(4, power).accepted()
        all_alpha.wait_state(5, state, "RELAY_CLOSED")

    def test_standby_and_off(self, all_alpha):
        all_alpha.standby(4)
        all_alpha.wait_state(4, "STANDBY")
        all_alpha.stop(4)
        all_alpha.wait_state(4, "OFF")
        all_alpha.stop(5)
        all_alpha.wait_state(5, "OFF", "RELAY_OPEN")

    @pytest.mark.parametrize(
        "component, error", [(4, "OVERVOLTAGE"), (6, "SHORT_CIRCUIT"), (7, "OVERTEMPERATURE"), (11, "FAULT_CURRENT"),
                             (12, "UNDERVOLTAGE"), (13, "PRECHARGE_ERROR"), (14, "PLAUSIBILITY_ERROR")]
    )  # fmt: skip
    def test_an_error_is_told_as_a_diagnostic(self, faults_alpha, component, error):
        sample = faults_alpha.sample(component)
        assert "ERROR" in sample.states and sample.errors == {error}
        (told,) = sample.raw.state_snapshots[0].errors
        assert told.message == error.lower()

    def test_it_goes_with_its_acknowledgement(self, faults_alpha):
        faults_alpha.ack(4)
        faults_alpha.wait_state(4, "STANDBY")
        with refused(StatusCode.FAILED_PRECONDITION):
            faults_alpha.ack(6)


class TestOffline:
    def test_it_is_told_without_metrics_once_a_second(self, faults_alpha):
        with faults_alpha.stream(8) as stream:
            first = stream.until(lambda sample: sample.states == {"UNAVAILABLE", "ERROR"})
            second = next(stream)
        for sample in (first, second):
            assert not sample.values and sample.errors == {"HARDWARE_INACCESSIBLE"}
        assert second.at - first.at == pytest.approx(1, abs=0.2)

    def test_who_asks_later_hears_it_at_once(self, faults_alpha):
        faults_alpha.wait_state(8, "UNAVAILABLE", "ERROR")
        with faults_alpha.stream(8, ACTIVE) as stream:
            assert next(stream).states == {"UNAVAILABLE", "ERROR"}

    @pytest.mark.parametrize("command", ["start", "standby", "stop", "ack"])
    def test_commands_are_unavailable(self, faults_alpha, command):
        faults_alpha.wait_state(8, "UNAVAILABLE", "ERROR")
        with refused(StatusCode.UNAVAILABLE, "inv_offline (8)"):
            getattr(faults_alpha, command)(8)


class TestFilter:
    def test_only_what_was_asked_for_comes(self, all_alpha):
        with all_alpha.stream(4, REACTIVE, ACTIVE, ACTIVE) as stream:
            assert set(next(stream).values) == {ACTIVE, REACTIVE}

    @pytest.mark.parametrize("other", [SOC, 999, metrics.METRIC_PRESSURE_ABSOLUTE])
    def test_what_it_lacks_or_nobody_knows_is_left_out(self, all_alpha, other):
        with all_alpha.stream(4, ACTIVE, other) as stream:
            assert set(next(stream).values) == {ACTIVE}
        with all_alpha.stream(4, other) as stream:
            sample = next(stream)
            assert not sample.values and sample.states

    @pytest.mark.parametrize("wanted", [([],), (metrics.METRIC_UNSPECIFIED,), (ACTIVE, metrics.METRIC_UNSPECIFIED)])
    def test_none_and_unspecified_are_refused(self, all_alpha, wanted):
        with refused(StatusCode.INVALID_ARGUMENT, "filter.metrics"):
            next(all_alpha.stream(4, *wanted))
        with refused(StatusCode.INVALID_ARGUMENT, "filter.metrics"):
            next(all_alpha.sensor_stream(101, *wanted))

    def test_an_unknown_id_is_not_found(self, all_alpha):
        with refused(StatusCode.NOT_FOUND, "99999"):
            next(all_alpha.stream(99999))
        with refused(StatusCode.NOT_FOUND, "99999"):
            next(all_alpha.sensor_stream(99999))


class TestSensors:
    @pytest.mark.parametrize("sensor, metric, value", [
        (101, "TEMPERATURE", 21.5), (102, "RELATIVE_HUMIDITY", 40), (103, "AIR_PRESSURE", 101300),
        (104, "IRRADIANCE", 800), (105, "WIND_SPEED", 8), (4, "TEMPERATURE", 19)])  # fmt: skip
    def test_each_has_its_metric_and_is_ok(self, all_alpha, sensor, metric, value):
        metric = metrics.Metric.Value("METRIC_SENSOR_" + metric)
        with all_alpha.sensor_stream(sensor) as stream:
            sample = stream.until(lambda one: one.values)
        assert sample[metric] == pytest.approx(value, rel=0.05)
        assert sample.states == {"OK"} and not sample.errors and not sample.bounds
        with all_alpha.sensor_stream(sensor, metric) as stream:
            assert set(next(stream).values) == {metric}

    @pytest.mark.parametrize("sensor", [2, 3], ids=["faulty", "offline"])
    def test_what_is_wrong_is_an_error(self, faults_alpha, sensor):
        with faults_alpha.sensor_stream(sensor) as stream:
            assert stream.until(lambda sample: sample.states == {"ERROR"}).errors == {"UNKNOWN"}


def test_streams_end_with_unavailable_and_never_with_ok_when_the_gateway_stops(gateway, speak, version):
    site = gateway("all")
    alpha = speak(site, version)
    streams = [alpha.stream(4), alpha.sensor_stream(101)]
    waiting = [InBackground(list, stream) for stream in streams]
    for stream in streams:
        stream.call.initial_metadata()  # it runs
    site.terminate()
    for one in waiting:
        with refused(StatusCode.UNAVAILABLE):
            one.result()
    assert site.wait() == 0


class TestBothFaces:
    """v1 and the previews tell the same of the same sample."""

    @staticmethod
    def name_in_v1(number):
        name = metrics.Metric.Name(number)
        return re.sub("AC_(POWER|ENERGY)_(ACTIVE|REACTIVE|APPARENT)", r"AC_\2_\1", name)

    @pytest.mark.parametrize("component", EVERYTHING)
    def test_values_states_and_bounds(self, gateway, connect, speak, version, component):
        site = gateway("all")
        ours, theirs = connect(site), speak(site, version)
        for _ in range(100):
            one, other = ours.sample(component), theirs.sample(component)
            if one.at == other.at:
                break
        assert one.at == other.at
        assert {v1.Metric.Name(number): value for number, value in one.values.items()} == {
            self.name_in_v1(number): value for number, value in other.values.items()
        }
        assert {v1.Metric.Name(number): ranges for number, ranges in one.bounds.items()} == {
            self.name_in_v1(number): ranges for number, ranges in other.bounds.items()
        }
        assert (one.states, one.errors) == (other.states, other.errors)
