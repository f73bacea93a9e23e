# SPDX-License-Identifier: MIT
"""Applications of every kind at one gateway, which is stopped, crashes and comes back. Nobody helps them."""
import asyncio
import itertools
from datetime import datetime, timezone

import grpc
import pytest
from frequenz.client.common.microgrid.components import ComponentId
from frequenz.client.microgrid.metrics import Metric
from frequenz.quantities import Power
from frequenz.sdk import microgrid

from aio import power_of, until
from rustclient import is_built

MAIN_METER, BAT_METER, PV, EV, CHP = 2, 3, 9, 10, 12
OUTAGES = ["stop", "crash"] * 4


class Sdk:
    """An actor that wants the batteries charged, whatever happens."""

    def __init__(self):
        self.pool = microgrid.new_battery_pool(priority=1)
        self.grid_power = microgrid.grid().power.new_receiver()
        self.task = asyncio.create_task(self.run())

    async def run(self):
        async for _ in self.pool.power_status.new_receiver():
            break
        while True:
            await self.pool.propose_power(Power.from_watts(5000))
            await asyncio.sleep(2)

    async def works_since(self, client, moment):
        await until(self.grid_power, lambda one: one.timestamp > moment and one.value is not None, "grid power", 40)
        await power_of(client, BAT_METER, 5000, tolerance=250, limit_s=40)


class PythonClient:
    """Streams of all components, and now and then a command."""

    def __init__(self, client, components):
        self.client = client
        self.receivers = [client.receive_component_data_samples_stream(one, list(Metric)[1:]) for one in components]

    async def works_since(self, client, moment):
        for receiver in self.receivers:
            await until(receiver, lambda one: one.states[0].sampled_at > moment, "a sample of each component", 40)
        await client.set_component_power_active(ComponentId(PV), -500)
        await power_of(client, PV, -500)


class V1:
    """One connection of v1, and one after the other stream on it."""

    def __init__(self, connect, target):
        self.one = connect(target, options=[("grpc.max_reconnect_backoff_ms", 1000)])
        self.sets = itertools.count(-1500, -100)

    def watch(self, moment):
        while True:
            try:
                self.one.until(MAIN_METER, lambda sample: sample.at > moment.timestamp())
                self.one.set_active(CHP, next(self.sets))
                return
            except grpc.RpcError as failure:
                assert failure.code() is grpc.StatusCode.UNAVAILABLE

    async def works_since(self, client, moment):
        await asyncio.to_thread(self.watch, moment)
        await until(
            client.receive_component_data_samples_stream(ComponentId(CHP), [Metric.AC_POWER_ACTIVE]),
            lambda one: one.states[0].sampled_at > moment,
        )


class Rust:
    """The Rust client's logical meter and pools, and now and then a command."""

    def __init__(self, one):
        self.one = one
        self.one.send("meter power grid")
        self.one.send("health battery")
        self.sets = itertools.count(5000, 100)

    def watch(self, moment):
        self.one.until("meter power grid", lambda one: one["at"] > moment and one["value"] is not None, 40)
        self.one.forget("health battery")
        self.one.until("health battery", lambda pool: all(not one["batteries"]["unhealthy"] for one in pool["groups"]))
        command = f"set {EV} {next(self.sets)}"
        self.one.send(command)
        self.one.until(command, lambda one: one["status"] == "OK")

    async def works_since(self, client, moment):
        await asyncio.to_thread(self.watch, moment.timestamp())


@pytest.mark.timeout(90)
async def test_they_recover_by_themselves(gateway, sdk, connect, rust):
    sdk.forgiving = True
    site = gateway("default")
    client = await sdk(site)
    applications = [Sdk(), PythonClient(client, await client.list_components()), V1(connect, site.target)]
    if is_built():
        applications.append(Rust(rust(site, forgiving=True, interval_ms=1000)))

    async def all_work():
        moment = datetime.now(timezone.utc)
        async with asyncio.TaskGroup() as tasks:
            for one in applications:
                tasks.create_task(one.works_since(client, moment))

    await all_work()
    for outage in OUTAGES:
        getattr(site, outage)()
        site = gateway("default", grpc=[site.target])
        await all_work()
        assert "level=error" not in site.log()
