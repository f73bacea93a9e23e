# SPDX-License-Identifier: MIT
"""The published Python client, frequenz-client-microgrid: every method, as its documentation says."""
import asyncio
import contextlib
import logging
import math
import re
from datetime import datetime, timedelta, timezone

import pytest
from frequenz.client.common.microgrid import EnterpriseId, MicrogridId
from frequenz.client.common.microgrid.components import ComponentId
from frequenz.client.common.microgrid.sensors import SensorId
from frequenz.client.microgrid import (
    EntityNotFound,
    InvalidArgument,
    MicrogridApiClient,
    MicrogridStatus,
    OperationNotImplemented,
    OperationOutOfRange,
    OperationPreconditionFailed,
    PermissionDenied,
    ServiceUnavailable,
    Validity,
)
from frequenz.client.microgrid import component as kinds
from frequenz.client.microgrid.component import ComponentErrorCode, ComponentStateCode
from frequenz.client.microgrid.metrics import Bounds, Metric
from frequenz.client.microgrid.sensor import SensorStateCode

from aio import complaints, power_of, until
from client import LIMIT_S
from daemon import wait_until

ACTIVE, REACTIVE = Metric.AC_POWER_ACTIVE, Metric.AC_POWER_REACTIVE
KINDS = {
    1: kinds.GridConnectionPoint, 2: kinds.Meter, 3: kinds.Meter, 4: kinds.BatteryInverter, 5: kinds.LiIonBattery,
    6: kinds.BatteryInverter, 7: kinds.NaIonBattery, 8: kinds.Meter, 9: kinds.SolarInverter, 10: kinds.AcEvCharger,
    11: kinds.Meter, 12: kinds.Chp, 13: kinds.Meter, 14: kinds.Relay, 15: kinds.Precharger, 16: kinds.Electrolyzer,
    17: kinds.WindTurbine, 18: kinds.UnrecognizedComponent, 19: kinds.Converter, 20: kinds.CryptoMiner, 21: kinds.Hvac,
    22: kinds.UnspecifiedComponent, 23: kinds.VoltageTransformer, 24: kinds.HybridInverter, 25: kinds.LiIonBattery,
    26: kinds.SolarInverter, 27: kinds.Meter,
}  # fmt: skip
UNKNOWN_TO_THE_CLIENT = {18, 22}  # it has no word for a capacitor bank, the API has none for a fuse


@contextlib.asynccontextmanager
async def connected(gateway):
    async with MicrogridApiClient(f"grpc://{gateway.target}") as client:
        yield client


def bounds(samples, metric):
    found = next(one for one in samples.metric_samples if one.metric is metric)
    return [(one.lower, one.upper) for one in found.bounds]


class TestLists:
    async def test_the_site(self, gateway):
        async with connected(gateway("all")) as client:
            site = await client.get_microgrid_info()
        assert (site.id, site.enterprise_id, site.name) == (MicrogridId(4711), EnterpriseId(42), "Test bench")
        assert site.status is MicrogridStatus.ACTIVE and site.is_active
        assert (site.location.latitude, site.location.longitude, site.location.country_code) == (52.5, 13.25, "DE")
        assert site.delivery_area.code == "10YDE-VE-------2"
        assert site.create_timestamp == datetime(2024, 3, 1, tzinfo=timezone.utc)

    async def test_components_of_every_category(self, gateway, caplog):
        async with connected(gateway("all")) as client:
            listed = {int(one.id): one for one in await client.list_components()}
        assert {i: type(one) for i, one in listed.items()} == KINDS
        assert {i for i in listed if f"id: {i}\n" in "".join(complaints(caplog))} == UNKNOWN_TO_THE_CLIENT
        assert listed[1].rated_fuse_current == 100
        assert listed[4].rated_bounds[ACTIVE] == Bounds(lower=-10000, upper=10000)
        assert (listed[4].manufacturer, listed[4].model_name) == ("Maker", "Model 10")
        assert listed[4].is_operational_now()
        assert (listed[23].primary_voltage, listed[23].secondary_voltage) == (400, 230)
        assert listed[4].accepts_control() and not listed[2].accepts_control() and listed[2].provides_telemetry()

    async def test_components_by_id_and_category(self, gateway):
        async with connected(gateway("all")) as client:
            by_id = list(await client.list_components(components=[ComponentId(4), ComponentId(5)]))
            assert {int(one.id) for one in by_id} == {4, 5}
            both = await client.list_components(components=by_id, categories=[kinds.ComponentCategory.BATTERY, 999])
            assert {int(one.id) for one in both} == {5}

    async def test_connections(self, gateway):
        async with connected(gateway("all")) as client:
            assert len(list(await client.list_connections())) == 25
            found = await client.list_connections(sources=[ComponentId(3)], destinations=[ComponentId(4), ComponentId(9)])
            assert [(int(one.source), int(one.destination)) for one in found] == [(3, 4)]

    async def test_sensors(self, gateway):
        async with connected(gateway("all")) as client:
            assert {int(one.id) for one in await client.list_sensors()} == {4, 101, 102, 103, 104, 105}
            (one,) = await client.list_sensors(sensors=[SensorId(101)])
        assert (one.name, one.manufacturer, one.model_name) == ("thermometer", "Sense", "T1")


class TestTelemetry:
    async def test_of_a_component(self, gateway):
        async with connected(gateway("all")) as client:
            receiver = client.receive_component_data_samples_stream(ComponentId(4), [ACTIVE, Metric.AC_FREQUENCY])
            samples = await until(receiver, lambda one: one.metric_samples)
        assert samples.component_id == ComponentId(4)
        assert {one.metric for one in samples.metric_samples} == {ACTIVE, Metric.AC_FREQUENCY}
        assert bounds(samples, ACTIVE) == [(-10000, 10000)]
        assert samples.states[0].states == {ComponentStateCode.READY} and not samples.states[0].errors
        assert {one.sampled_at for one in samples.metric_samples} == {samples.states[0].sampled_at}

    async def test_of_a_sensor(self, gateway):
        async with connected(gateway("all")) as client:
            receiver = client.receive_sensor_telemetry_stream(SensorId(101), [Metric.SENSOR_TEMPERATURE])
            telemetry = await until(receiver, lambda one: one.metric_samples)
        assert telemetry.metric_samples[0].value == 21.5
        assert telemetry.state_snapshots[0].states == {SensorStateCode.OK}

    @pytest.mark.parametrize("component, states, errors", [
        (4, {ComponentStateCode.ERROR}, {ComponentErrorCode.OVERVOLTAGE}),
        (8, {ComponentStateCode.UNAVAILABLE, ComponentStateCode.ERROR}, {ComponentErrorCode.HARDWARE_INACCESSIBLE}),
    ])  # fmt: skip
    async def test_of_what_is_broken_or_silent(self, gateway, component, states, errors):
        async with connected(gateway("faults")) as client:
            receiver = client.receive_component_data_samples_stream(ComponentId(component), [ACTIVE])
            samples = await until(receiver, lambda one: one.states[0].errors)
        assert (samples.states[0].states, samples.states[0].errors) == (states, errors)

    async def test_a_stream_comes_back_by_itself_when_the_gateway_does(self, gateway):
        """Every few seconds it tries again, for ever; an end with OK would be for good."""
        site = gateway("all")
        async with connected(site) as client:
            receiver = client.receive_component_data_samples_stream(ComponentId(4), [ACTIVE])
            assert await until(receiver, lambda one: one.metric_samples)
            site.stop()
            gateway("all", grpc=[site.target])
            restarted = datetime.now(timezone.utc)
            await until(receiver, lambda one: one.states[0].sampled_at > restarted)

    async def test_an_unknown_id_is_tried_again_and_the_gateway_lives(self, gateway):
        site = gateway("all", args=["--log-level", "debug"])

        def tries():
            return len(re.findall(r"from 127\.0\.0\.1:\d+: NOT_FOUND: no component 99999", site.log()))

        async with connected(site) as client:
            client.receive_component_data_samples_stream(ComponentId(99999), [ACTIVE])
            await asyncio.to_thread(wait_until, lambda: tries() > 1, LIMIT_S, "a second try")
            await client.list_components()
            await power_of(client, 4, 0)


class TestPower:
    @pytest.mark.parametrize("lifetime", [None, timedelta(seconds=10), timedelta(minutes=15)])
    async def test_active_power(self, gateway, lifetime):
        async with connected(gateway("all")) as client:
            asked = datetime.now(timezone.utc)
            until_time = await client.set_component_power_active(ComponentId(4), 5000, request_lifetime=lifetime)
            due = asked + (lifetime or timedelta(minutes=1))
            assert due - timedelta(seconds=0.1) <= until_time <= due + timedelta(seconds=5)
            await power_of(client, 4, 5000)
            await power_of(client, 3, 5000)

    async def test_reactive_power(self, gateway):
        async with connected(gateway("all")) as client:
            assert await client.set_component_power_reactive(ComponentId(4), -2000)
            await power_of(client, 4, -2000, metric=REACTIVE)
            await power_of(client, 3, -2000, metric=REACTIVE)

    async def test_a_thousand_commands_of_a_minute_do_not_wait_for_each_other(self, gateway):
        """The client never reads the end of an answer, so each call goes on for it until its deadline."""
        async with connected(gateway("all")) as client, asyncio.timeout(LIMIT_S):
            for power in range(1000):
                await client.set_component_power_active(ComponentId(4), power)
            await client.set_component_power_active(ComponentId(4), 5000)
            await power_of(client, 4, 5000)

    @pytest.mark.parametrize("site, component, power, options, error, words", [
        ("all", 4, 20000, {}, OperationOutOfRange, ["20000", "10000"]),
        ("all", 9, 100, {}, OperationOutOfRange, ["100"]),
        ("all", 99999, 1, {}, EntityNotFound, ["99999"]),
        ("all", 2, 1, {}, OperationNotImplemented, ["main_meter"]),
        ("all", 4, math.nan, {"validate_arguments": False}, InvalidArgument, ["nan"]),
        ("all", 4, 1, {"validate_arguments": False, "request_lifetime": timedelta(seconds=5)}, InvalidArgument, ["5 s"]),
        ("faults", 4, 1, {}, OperationPreconditionFailed, ["overvoltage"]),
        ("faults", 8, 1, {}, ServiceUnavailable, ["inv_offline"]),
    ])  # fmt: skip
    async def test_refusals_are_the_clients_own_exceptions(self, gateway, site, component, power, options, error, words):
        running = gateway(site)
        if error is ServiceUnavailable:
            running.wait_log("inv_offline.*offline")
        async with connected(running) as client:
            with pytest.raises(error) as raised:
                await client.set_component_power_active(ComponentId(component), power, **options)
        assert all(word in str(raised.value) for word in words), raised.value

    async def test_a_read_only_gateway_denies_it(self, gateway):
        async with connected(gateway("all", args=["--read-only"])) as client:
            for command in (client.set_component_power_active, client.set_component_power_reactive):
                with pytest.raises(PermissionDenied):
                    await command(ComponentId(4), 1000)


class TestBounds:
    @pytest.mark.parametrize("validity", [None, *Validity])
    async def test_each_validity(self, gateway, validity):
        async with connected(gateway("all")) as client:
            asked = datetime.now(timezone.utc)
            until_time = await client.add_component_bounds(
                ComponentId(4), ACTIVE, [Bounds(lower=-1000, upper=1000)], validity=validity
            )
            due = asked + timedelta(seconds=validity.value if validity else 5)
            assert due - timedelta(seconds=0.1) <= until_time <= due + timedelta(seconds=5)

    async def test_they_are_in_the_telemetry_and_limit_commands(self, gateway):
        async with connected(gateway("all")) as client:
            await client.add_component_bounds(
                ComponentId(4), ACTIVE, [Bounds(lower=-1000, upper=-500), Bounds(lower=500, upper=None)],
                validity=Validity.ONE_MINUTE,
            )  # fmt: skip
            receiver = client.receive_component_data_samples_stream(ComponentId(4), [ACTIVE])
            await until(
                receiver, lambda one: one.metric_samples and bounds(one, ACTIVE) == [(-1000, -500), (500, 10000)]
            )
            with pytest.raises(OperationOutOfRange):
                await client.set_component_power_active(ComponentId(4), 100)
            await client.set_component_power_active(ComponentId(4), -700)

    @pytest.mark.parametrize("component, metric, given, error", [
        (4, ACTIVE, [], InvalidArgument),
        (4, 999, [Bounds(lower=0, upper=1)], InvalidArgument),
        (4, Metric.AC_FREQUENCY, [Bounds(lower=49, upper=51)], OperationNotImplemented),
        (99999, ACTIVE, [Bounds(lower=0, upper=1)], EntityNotFound),
    ])  # fmt: skip
    async def test_refusals(self, gateway, component, metric, given, error):
        async with connected(gateway("all")) as client:
            with pytest.raises(error):
                await client.add_component_bounds(ComponentId(component), metric, given)


async def test_it_has_nothing_to_complain_of_at_the_default_site(gateway, caplog):
    """All that it can parse, parsed: not even an enum number that it does not know, which it would hand on."""
    caplog.set_level(logging.DEBUG)
    async with connected(gateway("default")) as client:
        await client.get_microgrid_info()
        components, sensors = list(await client.list_components()), list(await client.list_sensors())
        await client.list_connections()
        for component in components:
            receiver = client.receive_component_data_samples_stream(component, list(Metric)[1:])
            samples = await until(receiver, lambda one: one.states)
            assert samples.metric_samples or isinstance(component, (kinds.Relay, kinds.Precharger)), component
            assert all(isinstance(one.metric, Metric) for one in samples.metric_samples)
            assert all(isinstance(code, ComponentStateCode) for code in samples.states[0].states)
        for sensor in sensors:
            receiver = client.receive_sensor_telemetry_stream(sensor, list(Metric)[1:])
            assert (await until(receiver, lambda one: one.metric_samples)).state_snapshots
    assert not complaints(caplog)
    assert not [record for record in caplog.records if "unrecognized" in record.getMessage()]


async def test_it_pings_as_often_as_it_likes(gateway):
    site = gateway("all")
    url = f"grpc://{site.target}?keep_alive=true&keep_alive_interval_s=1&keep_alive_timeout_s=1"
    async with MicrogridApiClient(url) as client:
        receiver = client.receive_component_data_samples_stream(ComponentId(27), [ACTIVE])  # one sample an hour
        await until(receiver, lambda one: one.metric_samples)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await receiver.receive()  # idle: nothing but pings
        assert (await client.get_microgrid_info()).id == MicrogridId(4711)
