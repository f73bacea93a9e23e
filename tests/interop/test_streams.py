# SPDX-License-Identifier: MIT
"""ReceiveComponentDataStream and ReceiveSensorDataStream."""
import math
import time

import grpc
import pytest
from grpc import StatusCode

from client import (ACTIVE, DC_POWER, FREQUENCY, REACTIVE, SOC, UNKNOWN_NUMBER, metrics, now, refused)

HOURLY = 27  # a meter with one sample an hour
EVERYTHING = range(1, 28)
SDK_METRICS = [metrics.Metric.Value("METRIC_AC_" + name) for name in (
    "ACTIVE_POWER ACTIVE_POWER_PHASE_1 ACTIVE_POWER_PHASE_2 ACTIVE_POWER_PHASE_3 "
    "REACTIVE_POWER REACTIVE_POWER_PHASE_1 REACTIVE_POWER_PHASE_2 REACTIVE_POWER_PHASE_3 "
    "CURRENT_PHASE_1 CURRENT_PHASE_2 CURRENT_PHASE_3 "
    "VOLTAGE_PHASE_1_N VOLTAGE_PHASE_2_N VOLTAGE_PHASE_3_N FREQUENCY").split()]  # fmt: skip

# Which metrics carry bounds, by component: those that can be set, and a battery's DC power and SoC.
BOUNDED = {
    4: {ACTIVE, REACTIVE}, 6: {ACTIVE, REACTIVE}, 9: {ACTIVE, REACTIVE}, 24: {ACTIVE, REACTIVE}, 26: {ACTIVE, REACTIVE},
    10: {ACTIVE}, 12: {ACTIVE}, 16: {ACTIVE}, 17: {ACTIVE}, 18: {REACTIVE},
    5: {DC_POWER, SOC}, 7: {DC_POWER, SOC}, 25: {DC_POWER, SOC},
}  # fmt: skip

CABLE = "EV_CHARGING_CABLE_"


class TestFirstMessage:
    def test_it_comes_at_once_with_the_last_sample_and_its_own_timestamp(self, all_site):
        with all_site.stream(HOURLY) as stream:
            first = stream.until(lambda sample: sample.values)
        with all_site.stream(HOURLY, limit_s=2) as stream:
            again = next(stream)
        assert again.at == first.at
        assert again.values == first.values

    def test_it_is_unknown_without_metrics_before_any_sample(self, faults):
        with faults.stream(15) as stream:
            first = next(stream)
        assert first.states == {"UNKNOWN"} or first.states == {"UNAVAILABLE", "ERROR"}  # the latter after max_age
        assert not first.values

    def test_before_any_sample_unknown_precedes_unavailable(self, gateway, connect, tmp_path):
        """With the default max_age there are three seconds to see it."""
        site = tmp_path / "silent.yaml"
        site.write_text(
            "version: 1\n"
            "site: {id: 1, name: Silent, location: {latitude: 1, longitude: 2, country: DE}}\n"
            "components:\n"
            "  grid:  {id: 1, type: grid, fuse: 100 A}\n"
            "  meter: {id: 2, type: meter, under: grid, offline: true}\n"
        )
        with connect(gateway(site)).stream(2) as stream:
            first = next(stream)
            assert first.states == {"UNKNOWN"} and not first.values and not first.errors
            second = next(stream)
        assert second.states == {"UNAVAILABLE", "ERROR"} and second.errors == {"HARDWARE_INACCESSIBLE"}


class TestSamples:
    def test_each_is_newer_and_none_comes_twice(self, all_site):
        with all_site.stream(4) as stream:
            stamps = [sample.at for sample in stream.take(20)]
        assert all(earlier < later for earlier, later in zip(stamps, stamps[1:])), stamps

    def test_they_come_every_second_by_default(self, default_site):
        with default_site.stream(2) as stream:
            stamps = [sample.at for sample in stream.take(5)[1:]]  # the first is from the start, out of step
        steps = [later - earlier for earlier, later in zip(stamps, stamps[1:])]
        assert all(0.8 < step < 1.2 for step in steps), steps

    def test_a_component_may_have_an_interval_of_its_own(self, all_site):
        with all_site.stream(4) as stream:
            stamps = [sample.at for sample in stream.take(31)]
        assert (stamps[-1] - stamps[0]) / 30 == pytest.approx(0.1, abs=0.03)

    def test_they_are_of_now(self, all_site):
        with all_site.stream(4) as stream:
            for sample in stream.take(3):
                assert now() - 1.5 < sample.at <= now() + 0.1

    @pytest.mark.parametrize("component", EVERYTHING)
    def test_one_message_has_one_timestamp_one_state_and_the_asked_id(self, all_site, component):
        sample = all_site.sample(component)
        assert sample.raw.component_id == component
        assert len(sample.raw.states) == 1
        times = {(one.sampled_at.seconds, one.sampled_at.nanos) for one in sample.raw.metric_samples}
        times |= {(one.sampled_at.seconds, one.sampled_at.nanos) for one in sample.raw.states}
        assert len(times) == 1

    @pytest.mark.parametrize("component", EVERYTHING)
    def test_values_are_never_nan(self, all_site, component):
        sample = all_site.sample(component)
        assert all(math.isfinite(value) for value in sample.values.values()), sample

    @pytest.mark.parametrize("component", [2, 4, 9, 10, 12, 24])
    def test_ac_components_have_what_the_sdk_asks_for(self, all_site, component):
        assert set(SDK_METRICS) <= set(all_site.sample(component).values)

    def test_batteries_have_what_the_sdk_asks_for(self, all_site):
        values = all_site.sample(5).values
        assert {SOC, DC_POWER, metrics.METRIC_BATTERY_CAPACITY, metrics.METRIC_BATTERY_TEMPERATURE} <= set(values)
        assert values[SOC] == pytest.approx(50, abs=1)
        assert values[metrics.METRIC_BATTERY_CAPACITY] == pytest.approx(20000, rel=0.01)

    def test_many_listeners_see_the_same_samples(self, gateway, connect):
        site = gateway("all")
        streams = [connect(site).stream(2, ACTIVE, FREQUENCY) for _ in range(4)]
        seen = [{sample.at: sample.values for sample in stream.take(10)} for stream in streams]
        common = set.intersection(*(set(one) for one in seen))
        assert common
        for at in common:
            assert all(one[at] == seen[0][at] for one in seen)


class TestFilter:
    def test_without_one_all_metrics_come(self, all_site):
        assert len(all_site.sample(4).values) > 15

    def test_only_the_named_metrics_come_and_states_stay(self, all_site):
        with all_site.stream(4, ACTIVE, FREQUENCY) as stream:
            for sample in stream.take(3):
                assert set(sample.values) == {ACTIVE, FREQUENCY}
                assert sample.states

    def test_duplicates_count_once(self, all_site):
        with all_site.stream(4, FREQUENCY, ACTIVE, FREQUENCY) as stream:
            assert [one.metric for one in next(stream).raw.metric_samples].count(FREQUENCY) == 1

    @pytest.mark.parametrize("lacking", [SOC, UNKNOWN_NUMBER, metrics.METRIC_SENSOR_TEMPERATURE, -1])
    def test_a_metric_that_it_lacks_or_nobody_knows_is_left_out(self, all_site, lacking):
        with all_site.stream(4, lacking, ACTIVE) as stream:
            assert set(next(stream).values) == {ACTIVE}

    def test_when_it_has_none_of_them_the_states_still_come(self, all_site):
        with all_site.stream(4, SOC) as stream:
            for sample in stream.take(3):
                assert not sample.values and sample.states == {"READY"}

    def test_one_without_metrics_is_refused(self, all_site):
        with refused(StatusCode.INVALID_ARGUMENT):
            next(all_site.stream(4, []))

    @pytest.mark.parametrize("wanted", [[metrics.METRIC_UNSPECIFIED], [ACTIVE, metrics.METRIC_UNSPECIFIED]])
    def test_one_with_unspecified_is_refused(self, all_site, wanted):
        with refused(StatusCode.INVALID_ARGUMENT, "METRIC_UNSPECIFIED"):
            next(all_site.stream(4, *wanted))

    def test_it_is_checked_before_the_id(self, all_site):
        with refused(StatusCode.INVALID_ARGUMENT):
            next(all_site.stream(99999, []))


class TestBoundsInStreams:
    @pytest.mark.parametrize("component", EVERYTHING)
    def test_they_stand_where_due_and_nowhere_else(self, all_site, component):
        sample = all_site.sample(component)
        assert set(sample.bounds) == BOUNDED.get(component, set()), sample

    @pytest.mark.parametrize("component", BOUNDED)
    def test_they_are_finite_complete_and_ascending(self, all_site, component):
        for sample in all_site.sample(component).raw.metric_samples:
            previous = -math.inf
            for one in sample.bounds:
                assert one.HasField("lower") and one.HasField("upper")
                assert math.isfinite(one.lower) and math.isfinite(one.upper)
                assert previous < one.lower <= one.upper
                previous = one.upper

    def test_they_come_with_a_filter_too(self, all_site):
        with all_site.stream(4, ACTIVE) as stream:
            assert next(stream).bounds[ACTIVE] == [(-10000, 10000)]


class TestStates:
    @pytest.mark.parametrize("component", EVERYTHING)
    def test_errors_are_present_if_and_only_if_the_state_is_error(self, all_site, component):
        sample = all_site.sample(component)
        assert ("ERROR" in sample.states) == bool(sample.errors)

    @pytest.mark.parametrize("component", range(4, 17))
    def test_errors_come_with_the_error_state_at_a_faulty_site(self, faults, component):
        sample = faults.sample(component)
        assert ("ERROR" in sample.states) == bool(sample.errors)

    @pytest.mark.parametrize("component", [5, 7, 25])
    def test_a_battery_is_ready_with_its_relay_closed(self, all_site, component):
        states = all_site.sample(component).states
        assert states - {"RELAY_CLOSED"} <= {"READY", "CHARGING", "DISCHARGING"}
        assert "RELAY_CLOSED" in states and len(states) == 2

    def test_a_battery_inverter_has_exactly_one_state(self, all_site):
        assert all_site.sample(4).states == {"READY"}
        all_site.set_active(4, 4000)
        all_site.wait_state(4, "CHARGING")
        all_site.wait_state(5, "CHARGING", "RELAY_CLOSED")
        all_site.set_active(4, -4000)
        all_site.wait_state(4, "DISCHARGING")
        all_site.wait_state(5, "DISCHARGING", "RELAY_CLOSED")

    def test_a_producing_pv_inverter_discharges(self, all_site):
        sample = all_site.sample(9)
        assert sample.states == {"DISCHARGING"} and sample[ACTIVE] < 0

    def test_an_ev_charger_tells_of_itself_and_both_ends_of_the_cable(self, all_site):
        states = all_site.sample(10).states
        assert len(states & {"READY", "CHARGING", "DISCHARGING"}) == 1
        assert len(states & {CABLE + "PLUGGED_AT_STATION", CABLE + "LOCKED_AT_STATION"}) == 1
        assert len(states & {CABLE + "PLUGGED_AT_EV", CABLE + "LOCKED_AT_EV"}) == 1
        assert len(states) == 3

    def test_relay_and_precharger_tell_their_position(self, all_site):
        assert "RELAY_CLOSED" in all_site.sample(14).states
        assert "PRECHARGER_CLOSED" in all_site.sample(15).states


class TestOffline:
    def test_a_silent_component_is_unavailable_at_once_and_then_every_second(self, faults):
        gone = {"UNAVAILABLE", "ERROR"}
        with faults.stream(15) as stream:
            stream.until(lambda sample: sample.states == gone)
            arrivals = [time.monotonic()]
            for _ in range(2):
                sample = next(stream)
                arrivals.append(time.monotonic())
                assert sample.states == gone and sample.errors == {"HARDWARE_INACCESSIBLE"}
                assert not sample.values and len(sample.raw.states) == 1
        assert 1.5 < arrivals[2] - arrivals[0] < 3

    def test_a_stream_of_it_can_be_opened_and_tells_at_once(self, faults):
        faults.wait_state(15, "UNAVAILABLE", "ERROR")
        with faults.stream(15, limit_s=2) as stream:
            assert next(stream).states == {"UNAVAILABLE", "ERROR"}


class TestEnding:
    def test_an_unknown_component_is_not_found(self, all_site):
        with refused(StatusCode.NOT_FOUND, "99999"):
            next(all_site.stream(99999))

    def test_it_lasts_until_the_client_ends_it(self, all_site):
        with all_site.stream(4, ACTIVE, limit_s=3) as stream:
            with pytest.raises(grpc.RpcError) as failure:
                for _ in stream:
                    pass
        assert failure.value.code() is StatusCode.DEADLINE_EXCEEDED

    def test_a_cancelled_one_leaves_the_connection_alive(self, all_site):
        for _ in range(50):
            with all_site.stream(4) as stream:
                next(stream)
        assert all_site.metadata().id == 4711


class TestSensorStreams:
    VALUES = {
        101: (metrics.METRIC_SENSOR_TEMPERATURE, 21.5),
        102: (metrics.METRIC_SENSOR_RELATIVE_HUMIDITY, 40),
        103: (metrics.METRIC_SENSOR_AIR_PRESSURE, 101300),
        104: (metrics.METRIC_SENSOR_IRRADIANCE, 800),
        105: (metrics.METRIC_SENSOR_WIND_SPEED, 8),
        4: (metrics.METRIC_SENSOR_TEMPERATURE, 19),
    }
    SENSOR_METRICS = range(metrics.METRIC_SENSOR_WIND_SPEED, metrics.METRIC_SENSOR_IRRADIANCE + 1)

    @pytest.mark.parametrize("sensor", VALUES)
    def test_a_healthy_one_is_on_and_measures_in_si_units(self, all_site, sensor):
        metric, value = self.VALUES[sensor]
        with all_site.sensor_stream(sensor) as stream:
            sample = stream.until(lambda sample: sample.values)
        assert sample.raw.sensor_id == sensor
        assert sample.states == {"ON"} and not sample.errors
        assert sample[metric] == pytest.approx(value, rel=0.05)
        assert set(sample.values) <= set(self.SENSOR_METRICS)

    def test_each_sample_is_newer(self, all_site):
        with all_site.sensor_stream(101) as stream:
            stamps = [sample.at for sample in stream.take(10)]
        assert all(earlier < later for earlier, later in zip(stamps, stamps[1:])), stamps

    def test_a_filter_chooses_and_what_it_lacks_is_left_out(self, all_site):
        wanted = [metrics.METRIC_SENSOR_TEMPERATURE, metrics.METRIC_SENSOR_TEMPERATURE, UNKNOWN_NUMBER, ACTIVE]
        with all_site.sensor_stream(101, *wanted) as stream:
            sample = stream.until(lambda sample: sample.values)
        assert [one.metric for one in sample.raw.metric_samples] == [metrics.METRIC_SENSOR_TEMPERATURE]
        with all_site.sensor_stream(101, metrics.METRIC_SENSOR_WIND_SPEED) as stream:
            sample = stream.until(lambda sample: sample.states)
        assert not sample.values and sample.states == {"ON"}

    def test_a_filter_without_metrics_or_with_unspecified_is_refused(self, all_site):
        with refused(StatusCode.INVALID_ARGUMENT):
            next(all_site.sensor_stream(101, []))
        with refused(StatusCode.INVALID_ARGUMENT, "METRIC_UNSPECIFIED"):
            next(all_site.sensor_stream(101, metrics.METRIC_UNSPECIFIED))

    def test_an_unknown_sensor_is_not_found_nor_is_a_component(self, all_site):
        with refused(StatusCode.NOT_FOUND, "99999"):
            next(all_site.sensor_stream(99999))
        with refused(StatusCode.NOT_FOUND, "5"):
            next(all_site.sensor_stream(5))

    @pytest.mark.parametrize("sensor", [2, 3], ids=["faulty", "offline"])
    def test_a_faulty_or_silent_one_is_in_error(self, faults, sensor):
        with faults.sensor_stream(sensor) as stream:
            sample = stream.until(lambda sample: "ERROR" in sample.states)
        assert sample.states == {"ERROR"} and sample.errors == {"UNKNOWN"}
