# SPDX-License-Identifier: MIT
"""The published bindings of v1alpha18 and v1alpha19, with the words that the tests are written in."""
import dataclasses
import importlib
import itertools
import math

import grpc
import pytest
from frequenz.api.common.v1alpha8.metrics import bounds_pb2, metrics_pb2 as metrics
from frequenz.api.common.v1alpha8.microgrid.electrical_components import electrical_components_pb2 as components
from frequenz.api.common.v1alpha8.microgrid.sensors import sensors_pb2 as sensors
from google.protobuf.empty_pb2 import Empty

from client import LIMIT_S, Stream, Waits, seconds

VERSIONS = ["v1alpha18", "v1alpha19"]
ONE_VERSION = pytest.mark.parametrize("version", VERSIONS[:1])  # for what takes long: the two are one implementation
ACTIVE = metrics.METRIC_AC_POWER_ACTIVE
REACTIVE = metrics.METRIC_AC_POWER_REACTIVE
DC_POWER = metrics.METRIC_DC_POWER
SOC = metrics.METRIC_BATTERY_SOC_PCT
MOST_RANGES = 2


def category(name):
    return components.ElectricalComponentCategory.Value("ELECTRICAL_COMPONENT_CATEGORY_" + name)


def bounds(*pairs):
    """[(1, 2), (None, 5)] as the API's messages; None is a missing side."""
    return [bounds_pb2.Bounds(lower=lower, upper=upper) for lower, upper in pairs]


def _names(enum, prefix, numbers):
    return {enum.Name(number).removeprefix(prefix) for number in numbers}


@dataclasses.dataclass
class Sample:
    """One message of a telemetry stream, unwrapped. Each is checked for what the published clients demand of all."""

    values: dict
    bounds: dict
    states: set
    errors: set
    at: float
    raw: object

    def __getitem__(self, metric):
        return self.values[metric]

    @staticmethod
    def of_component(message):
        sample = Sample._of(
            message.telemetry,
            (components.ElectricalComponentStateCode, "ELECTRICAL_COMPONENT_STATE_CODE_"),
            (components.ElectricalComponentDiagnosticCode, "ELECTRICAL_COMPONENT_DIAGNOSTIC_CODE_"),
        )
        assert bool(sample.errors) == ("ERROR" in sample.states), sample
        return sample

    @staticmethod
    def of_sensor(message):
        return Sample._of(
            message.telemetry,
            (sensors.SensorStateCode, "SENSOR_STATE_CODE_"),
            (sensors.SensorDiagnosticCode, "SENSOR_DIAGNOSTIC_CODE_"),
        )

    @staticmethod
    def _of(data, state_names, diagnostic_names):
        (state,) = data.state_snapshots
        stamps = {seconds(one.sample_time) for one in data.metric_samples} | {seconds(state.origin_time)}
        assert len(stamps) == 1, f"several timestamps: {data}"
        values = {one.metric: one.value.simple_metric.value for one in data.metric_samples}
        assert len(values) == len(data.metric_samples), f"a metric twice: {data}"
        assert all(map(math.isfinite, values.values())), data
        ranges = {one.metric: [(b.lower, b.upper) for b in one.bounds] for one in data.metric_samples if one.bounds}
        for pairs in ranges.values():
            ends = list(itertools.chain(*pairs))
            assert len(pairs) <= MOST_RANGES and all(map(math.isfinite, ends)) and ends == sorted(ends), data
        return Sample(
            values=values,
            bounds=ranges,
            states=_names(*state_names, state.states),
            errors=_names(*diagnostic_names, (one.diagnostic_code for one in state.errors)),
            at=stamps.pop(),
            raw=data,
        )


class Setting:
    """A running SetElectricalComponentPower."""

    def __init__(self, api, call):
        self.api, self.call = api, call

    def _next(self):
        """The name of the next message's status, and its time or None."""
        message = next(self.call)
        name = self.api.SetElectricalComponentPowerRequestStatus.Name(message.status)
        until = seconds(message.valid_until_time) if message.HasField("valid_until_time") else None
        return name.removeprefix("SET_ELECTRICAL_COMPONENT_POWER_REQUEST_STATUS_"), until

    def accepted(self):
        """Reads the first message; returns valid_until."""
        name, until = self._next()
        assert name == "ACCEPTED"
        return until

    def end(self):
        """Reads all the rest, which is one final message and then OK; returns that message."""
        final = self._next()
        rest = list(self.call)
        assert not rest and self.call.code() is grpc.StatusCode.OK, (rest, self.call.code())
        return final

    def outcome(self):
        """What the set-point became, after it was accepted."""
        self.accepted()
        return self.end()[0]


class Alpha(Waits):
    """A connection of its own to one gateway, in one of the versions."""

    active = ACTIVE

    def __init__(self, target, version, **channel):
        package = f"frequenz.api.microgrid.{version}.microgrid_pb2"
        self.api = importlib.import_module(package)
        self.channel = grpc.insecure_channel(target, [("grpc.use_local_subchannel_pool", 1)], **channel)
        self.stub = importlib.import_module(package + "_grpc").MicrogridStub(self.channel)

    def close(self):
        self.channel.close()

    # Lists
    def metadata(self):
        return self.stub.GetMicrogrid(Empty(), timeout=LIMIT_S).microgrid

    def components(self, ids=(), categories=()):
        request = self.api.ListElectricalComponentsRequest(
            electrical_component_ids=ids, electrical_component_categories=categories
        )
        reply = self.stub.ListElectricalComponents(request, timeout=LIMIT_S)
        return {one.id: one for one in reply.electrical_components}

    def sensors(self, ids=()):
        request = self.api.ListSensorRequest(sensor_ids=ids)
        return {one.id: one for one in self.stub.ListSensors(request, timeout=LIMIT_S).sensors}

    def connections(self, sources=(), destinations=()):
        request = self.api.ListElectricalComponentConnectionsRequest(
            source_electrical_component_ids=sources, destination_electrical_component_ids=destinations
        )
        reply = self.stub.ListElectricalComponentConnections(request, timeout=LIMIT_S)
        return {
            (one.source_electrical_component_id, one.destination_electrical_component_id)
            for one in reply.electrical_component_connections
        }

    # Streams
    @staticmethod
    def _filter(request, wanted):
        """All metrics, or only those wanted; [] is a filter without any."""
        if wanted:
            request.filter.SetInParent()
            request.filter.metrics.extend([] if wanted == ([],) else wanted)
        return request

    def stream(self, component_id, *wanted, limit_s=LIMIT_S):
        request = self.api.ReceiveElectricalComponentTelemetryStreamRequest(electrical_component_id=component_id)
        call = self.stub.ReceiveElectricalComponentTelemetryStream(self._filter(request, wanted), timeout=limit_s)
        return Stream(call, Sample.of_component)

    def sensor_stream(self, sensor_id, *wanted, limit_s=LIMIT_S):
        request = self.api.ReceiveSensorTelemetryStreamRequest(sensor_id=sensor_id)
        call = self.stub.ReceiveSensorTelemetryStream(self._filter(request, wanted), timeout=limit_s)
        return Stream(call, Sample.of_sensor)

    def wait_bounds(self, component_id, metric, ranges, limit_s=LIMIT_S):
        return self.until(
            component_id,
            lambda sample: sample.bounds.get(metric) == ranges,
            f"bounds {ranges} of metric {metric}",
            limit_s,
        )

    # Commands
    def set_power(self, component_id, power, lifetime=None, axis="ACTIVE", limit_s=LIMIT_S):
        """`axis` is the end of a PowerType's name, or a number."""
        power_type = axis if isinstance(axis, int) else self.api.PowerType.Value("POWER_TYPE_" + axis)
        request = self.api.SetElectricalComponentPowerRequest(
            electrical_component_id=component_id, power_type=power_type, power=power, request_lifetime=lifetime
        )
        return Setting(self.api, self.stub.SetElectricalComponentPower(request, timeout=limit_s))

    def augment(self, component_id, metric, *pairs, lifetime=None, token=None):
        request = self.api.AugmentElectricalComponentBoundsRequest(
            electrical_component_id=component_id, target_metric=metric, bounds=bounds(*pairs),
            request_lifetime=lifetime, bounds_token=token,
        )  # fmt: skip
        return seconds(self.stub.AugmentElectricalComponentBounds(request, timeout=LIMIT_S).valid_until_time)

    def clear(self, component_id, metric, token):
        request = self.api.ClearElectricalComponentBoundsRequest(
            electrical_component_id=component_id, target_metric=metric, bounds_token=token
        )
        self.stub.ClearElectricalComponentBounds(request, timeout=LIMIT_S)

    def _run(self, name, component_id):
        request = getattr(self.api, name + "Request")(electrical_component_id=component_id)
        getattr(self.stub, name)(request, timeout=35)

    def start(self, component_id):
        self._run("StartElectricalComponent", component_id)

    def standby(self, component_id):
        self._run("PutElectricalComponentInStandby", component_id)

    def stop(self, component_id):
        self._run("StopElectricalComponent", component_id)

    def ack(self, component_id):
        self._run("AckElectricalComponentError", component_id)
