# SPDX-License-Identifier: MIT
"""The published v1 bindings, with the words that the tests are written in."""
import contextlib
import dataclasses
import math
import threading
import time

import grpc
from frequenz.api.common.v1.metrics import bounds_pb2, metric_sample_pb2 as metrics
from frequenz.api.common.v1.microgrid.components import components_pb2 as components
from frequenz.api.common.v1.microgrid.sensors import sensors_pb2 as sensors
from frequenz.api.microgrid.v1 import microgrid_pb2 as api
from frequenz.api.microgrid.v1.microgrid_pb2_grpc import MicrogridStub
from google.protobuf.empty_pb2 import Empty
from grpc import StatusCode

ACTIVE = metrics.METRIC_AC_ACTIVE_POWER
REACTIVE = metrics.METRIC_AC_REACTIVE_POWER
DC_POWER = metrics.METRIC_DC_POWER
SOC = metrics.METRIC_BATTERY_SOC_PCT
FREQUENCY = metrics.METRIC_AC_FREQUENCY
UNKNOWN_NUMBER = 999  # an enum number that no version knows

LIMIT_S = 15  # for everything that should happen sooner


def state(code):
    return components.ComponentStateCode.Name(code).removeprefix("COMPONENT_STATE_CODE_")


def error(code):
    return components.ComponentErrorCode.Name(code).removeprefix("COMPONENT_ERROR_CODE_")


def category(name):
    return components.ComponentCategory.Value("COMPONENT_CATEGORY_" + name)


def seconds(timestamp):
    return timestamp.seconds + timestamp.nanos / 1e9


def bounds(*pairs):
    """[(1, 2), (None, 5)] as the API's messages; None is a missing side."""
    made = []
    for lower, upper in pairs:
        one = bounds_pb2.Bounds()
        if lower is not None:
            one.lower = lower
        if upper is not None:
            one.upper = upper
        made.append(one)
    return made


@dataclasses.dataclass
class Sample:
    """One message of a telemetry stream, unwrapped."""

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
        return Sample._of(message.data, state, error)

    @staticmethod
    def of_sensor(message):
        return Sample._of(
            message.data,
            lambda code: sensors.SensorStateCode.Name(code).removeprefix("SENSOR_STATE_CODE_"),
            lambda code: sensors.SensorErrorCode.Name(code).removeprefix("SENSOR_ERROR_CODE_"),
        )

    @staticmethod
    def _of(data, state_name, error_name):
        values, ranges, states, errors = {}, {}, set(), set()
        for sample in data.metric_samples:
            assert sample.metric not in values, "a metric twice in one message"
            kind = sample.value.WhichOneof("metric_value_variant")
            assert kind == "simple_metric", f"value of kind {kind}"
            values[sample.metric] = sample.value.simple_metric.value
            if getattr(sample, "bounds", None):
                ranges[sample.metric] = [(one.lower, one.upper) for one in sample.bounds]
        for one in data.states:
            states |= {state_name(code) for code in one.states}
            errors |= {error_name(code) for code in one.errors}
        stamps = {seconds(sample.sampled_at) for sample in data.metric_samples}
        stamps |= {seconds(one.sampled_at) for one in data.states if one.HasField("sampled_at")}
        return Sample(values, ranges, states, errors, max(stamps, default=0.0), data)


class Stream:
    """A running telemetry stream; iterates over samples."""

    def __init__(self, call, unwrap):
        self.call, self.unwrap = call, unwrap

    def __iter__(self):
        return self

    def __next__(self):
        return self.unwrap(next(self.call))

    def take(self, count):
        return [next(self) for _ in range(count)]

    def until(self, condition, what="the awaited sample"):
        """The first sample that fulfils the condition, or an error with the last one."""
        last = None
        try:
            for last in self:
                if condition(last):
                    return last
        except grpc.RpcError as failure:
            if failure.code() is not StatusCode.DEADLINE_EXCEEDED:
                raise
        raise AssertionError(f"{what} did not come; the last: {last}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.call.cancel()


class Waits:
    """What a client waits for in a component's stream; `active` is its version's number of active power."""

    def until(self, component_id, condition, what="the awaited sample", limit_s=LIMIT_S):
        with self.stream(component_id, limit_s=limit_s) as stream:
            return stream.until(condition, f"component {component_id}: {what}")

    def sample(self, component_id):
        """The first sample there is."""
        return self.until(component_id, lambda sample: "UNKNOWN" not in sample.states, "a sample")

    def wait_state(self, component_id, *states, limit_s=LIMIT_S):
        return self.until(component_id, lambda sample: sample.states == set(states), f"{states}", limit_s)

    def wait_power(self, component_id, power, tolerance=30.0, metric=None, limit_s=LIMIT_S):
        metric = metric or self.active
        return self.until(
            component_id,
            lambda sample: metric in sample.values and abs(sample[metric] - power) <= tolerance,
            f"{power} within {tolerance} of metric {metric}",
            limit_s,
        )

    def holds_power(self, component_id, power, until, tolerance):
        """Every sample has this power until one is a second later than `until`."""
        with self.stream(component_id) as stream:
            for sample in stream:
                assert abs(sample[self.active] - power) <= tolerance, sample
                if sample.at > until + 1:
                    break


class Client(Waits):
    """A connection of its own to one gateway."""

    active = ACTIVE

    def __init__(self, target, credentials=None, options=(), **channel):
        options = [("grpc.use_local_subchannel_pool", 1), *options]
        if credentials:
            self.channel = grpc.secure_channel(target, credentials, options, **channel)
        else:
            self.channel = grpc.insecure_channel(target, options, **channel)
        self.stub = MicrogridStub(self.channel)

    def close(self):
        self.channel.close()

    # Lists
    def metadata(self):
        return self.stub.GetMicrogridMetadata(Empty(), timeout=LIMIT_S).microgrid

    def components(self, ids=(), categories=()):
        request = api.ListComponentsRequest(component_ids=ids, categories=categories)
        return {one.id: one for one in self.stub.ListComponents(request, timeout=LIMIT_S).components}

    def sensors(self, ids=(), categories=()):
        request = api.ListSensorRequest(sensor_ids=ids, categories=categories)
        return {one.id: one for one in self.stub.ListSensors(request, timeout=LIMIT_S).sensors}

    def connections(self, starts=(), ends=()):
        request = api.ListConnectionsRequest(starts=starts, ends=ends)
        reply = self.stub.ListConnections(request, timeout=LIMIT_S)
        return {(one.source_component_id, one.destination_component_id) for one in reply.connections}

    # Streams
    def stream(self, component_id, *wanted, limit_s=LIMIT_S):
        """All metrics, or only those wanted; [] is a filter without any."""
        request = api.ReceiveComponentDataStreamRequest(component_id=component_id)
        if wanted:
            chosen = [] if wanted == ([],) else wanted
            request.filter.CopyFrom(request.ComponentDataStreamFilter(metrics=chosen))
        call = self.stub.ReceiveComponentDataStream(request, timeout=limit_s)
        return Stream(call, Sample.of_component)

    def sensor_stream(self, sensor_id, *wanted, limit_s=LIMIT_S):
        request = api.ReceiveSensorDataStreamRequest(sensor_id=sensor_id)
        if wanted:
            chosen = [] if wanted == ([],) else wanted
            request.filter.CopyFrom(request.SensorDataStreamFilter(metrics=chosen))
        return Stream(self.stub.ReceiveSensorDataStream(request, timeout=limit_s), Sample.of_sensor)

    def wait_bounds(self, component_id, metric, ranges, tolerance=0.01, limit_s=LIMIT_S):
        def close(sample):
            told = sample.bounds.get(metric, [])
            return len(told) == len(ranges) and all(
                math.isclose(a, b, rel_tol=1e-6, abs_tol=tolerance)
                for one, other in zip(told, ranges)
                for a, b in zip(one, other)
            )

        return self.until(component_id, close, f"bounds {ranges} of metric {metric}", limit_s)

    # Commands
    def set_active(self, component_id, power, lifetime=None):
        request = api.SetComponentPowerActiveRequest(
            component_id=component_id, power=power, request_lifetime=lifetime
        )
        return seconds(self.stub.SetComponentPowerActive(request, timeout=LIMIT_S).valid_until)

    def set_reactive(self, component_id, power, lifetime=None):
        request = api.SetComponentPowerReactiveRequest(
            component_id=component_id, power=power, request_lifetime=lifetime
        )
        return seconds(self.stub.SetComponentPowerReactive(request, timeout=LIMIT_S).valid_until)

    def add_bounds(self, component_id, metric, *pairs, duration=0):
        """duration: the enum's number; 0 is the default of 5 s."""
        request = api.AddComponentBoundsRequest(
            component_id=component_id, target_metric=metric, bounds=bounds(*pairs), validity_duration=duration
        )
        return seconds(self.stub.AddComponentBounds(request, timeout=LIMIT_S).ts)

    def start(self, component_id):
        self.stub.StartComponent(api.StartComponentRequest(component_id=component_id), timeout=35)

    def standby(self, component_id):
        self.stub.PutComponentInStandby(api.PutComponentInStandbyRequest(component_id=component_id), timeout=35)

    def stop(self, component_id):
        self.stub.StopComponent(api.StopComponentRequest(component_id=component_id), timeout=35)

    def ack(self, component_id):
        self.stub.AckComponentError(api.AckComponentErrorRequest(component_id=component_id), timeout=35)


@contextlib.contextmanager
def refused(code, *words):
    """The call inside must fail with this status, and its message must hold all the words."""
    try:
        yield
    except grpc.RpcError as failure:
        assert failure.code() is code, f"{failure.code().name}: {failure.details()}"
        for word in words:
            assert str(word) in failure.details(), f"{word!r} is not in {failure.details()!r}"
    else:
        raise AssertionError(f"accepted, {code.name} was due")


class InBackground:
    """Runs a call beside the test; result() returns or raises what the call did."""

    def __init__(self, call, *args):
        self.failure = None
        self.thread = threading.Thread(target=self._run, args=(call, args), daemon=True)
        self.thread.start()

    def _run(self, call, args):
        try:
            call(*args)
        except Exception as failure:  # handed to whoever asks
            self.failure = failure

    def result(self, limit_s=LIMIT_S):
        self.thread.join(limit_s)
        assert not self.thread.is_alive(), "the call did not end"
        if self.failure:
            raise self.failure


def now():
    return time.time()
