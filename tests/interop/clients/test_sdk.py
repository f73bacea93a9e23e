# SPDX-License-Identifier: MIT
"""The published SDK, frequenz-sdk, at the default site: the logical meter, the pools, and an outage."""
import asyncio
import itertools
import math
import shutil
from datetime import datetime, timedelta, timezone

import pytest
from frequenz.client.common.microgrid.components import ComponentId
from frequenz.client.microgrid import Validity
from frequenz.client.microgrid.metrics import Bounds, Metric
from frequenz.quantities import Power
from frequenz.sdk import microgrid
from frequenz.sdk.microgrid import connection_manager

from aio import power_of, until, value
from daemon import DEFAULT_SITE

MAIN_METER, BAT_METER, INV_1, INV_2, PV_METER, PV, CHARGER, CHP = 2, 3, 4, 6, 8, 9, 10, 12
ACTIVE = Metric.AC_POWER_ACTIVE
STALE = 4  # resampled values at the start that may have come of samples before the test's own readings


def watts(sample):
    return math.nan if sample.value is None else sample.value.as_watts()


async def pool_up(pool):
    """Waits until a pool has bounds: what is proposed earlier is ignored."""
    return await until(pool.power_status.new_receiver(), lambda report: report.bounds.upper != report.bounds.lower)


class Readings:
    """What the API itself tells of some components while a test runs."""

    def __init__(self, client, *components, metric=ACTIVE):
        self.seen = {component: [] for component in components}
        self.tasks = [asyncio.create_task(self._watch(client, component, metric)) for component in components]

    async def _watch(self, client, component, metric):
        async for samples in client.receive_component_data_samples_stream(ComponentId(component), [metric]):
            self.seen[component].append(value(samples, metric))

    def span(self, *plus, minus=()):
        """The lowest and highest sum there can have been."""
        low = sum(min(self.seen[one]) for one in plus) - sum(max(self.seen[one]) for one in minus)
        high = sum(max(self.seen[one]) for one in plus) - sum(min(self.seen[one]) for one in minus)
        return low - 1, high + 1


async def take(receivers, count):
    """`count` messages of each receiver, by name."""

    async def of_one(receiver):
        return [await until(receiver) for _ in range(count)]

    return dict(zip(receivers, await asyncio.gather(*map(of_one, receivers.values()))))


class TestLogicalMeter:
    async def test_powers_are_those_of_the_meters(self, sdk):
        client = await sdk()
        await client.set_component_power_active(ComponentId(CHP), -3000)
        await client.set_component_power_active(ComponentId(INV_1), 2000)
        await power_of(client, CHP, -1000, tolerance=500)  # of a slow engine on its way
        pools = {
            "battery": microgrid.new_battery_pool(priority=1),
            "pv": microgrid.new_pv_pool(priority=2),
            "ev": microgrid.new_ev_charger_pool(priority=3),
        }
        await power_of(client, CHARGER, 0)  # which is the first that its pool asks of it
        formulas = {
            "grid": microgrid.grid(), "consumer": microgrid.consumer(), "producer": microgrid.producer(), **pools
        }  # fmt: skip
        receivers = {name: one.power.new_receiver() for name, one in formulas.items()}
        receivers["chp"] = microgrid.logical_meter().chp_power.new_receiver()
        readings = Readings(client, MAIN_METER, BAT_METER, INV_1, INV_2, PV, CHARGER, CHP)
        taken = await take(receivers, 10)
        spans = {
            "grid": readings.span(MAIN_METER),
            "consumer": readings.span(MAIN_METER, minus=[BAT_METER, PV, CHARGER, CHP]),
            "producer": readings.span(PV, CHP),
            "battery": readings.span(INV_1, INV_2),
            "pv": readings.span(PV),
            "ev": readings.span(CHARGER),
            "chp": readings.span(CHP),
        }
        for name, samples in taken.items():
            values = [watts(sample) for sample in samples[STALE:]]
            low, high = spans[name]
            assert all(low <= one <= high for one in values), (name, low, high, values)
            steps = {later.timestamp - earlier.timestamp for earlier, later in itertools.pairwise(samples)}
            assert steps == {timedelta(seconds=1)}, name
        assert spans["chp"][1] < -500 and spans["pv"][1] < -1000 and spans["battery"][1] > 1900
        assert spans["consumer"][0] > 2000

    @pytest.mark.parametrize("metric, formula", [
        (Metric.AC_POWER_REACTIVE, lambda: microgrid.grid().reactive_power),
        (Metric.AC_FREQUENCY, microgrid.frequency),
    ], ids=["reactive power", "frequency"])  # fmt: skip
    async def test_reactive_power_and_frequency_are_those_of_the_main_meter(self, sdk, metric, formula):
        client = await sdk()
        readings = Readings(client, MAIN_METER, metric=metric)
        (samples,) = (await take({"": formula().new_receiver()}, 8)).values()
        low, high = readings.span(MAIN_METER)
        assert all(low <= sample.value.base_value <= high for sample in samples[STALE:]), (low, high, samples)

    @pytest.mark.parametrize("quantity, formula", [
        ("CURRENT_PHASE_{}", lambda: microgrid.grid().current_per_phase),
        ("VOLTAGE_PHASE_{}_N", microgrid.voltage_per_phase),
    ], ids=["current", "voltage"])  # fmt: skip
    async def test_currents_and_voltages_are_those_of_the_main_meter(self, sdk, quantity, formula):
        client = await sdk()
        phases = [Readings(client, MAIN_METER, metric=Metric["AC_" + quantity.format(i)]) for i in (1, 2, 3)]
        (samples,) = (await take({"": formula().new_receiver()}, 8)).values()
        for phase, name in zip(phases, ("value_p1", "value_p2", "value_p3")):
            low, high = phase.span(MAIN_METER)
            assert low > 1 and all(low <= getattr(one, name).base_value <= high for one in samples[STALE:]), samples

    async def test_the_fuse_of_the_grid_connection_is_known(self, sdk):
        await sdk()
        assert microgrid.grid().fuse.max_current.as_amperes() == 100

    async def test_an_inactive_inverter_is_measured_by_its_meter(self, sdk, gateway, tmp_path):
        site = shutil.copytree(DEFAULT_SITE.parent, tmp_path / "share") / DEFAULT_SITE.name
        site.write_text(site.read_text().replace("type: pv_inverter,", "type: pv_inverter, status: inactive,"))
        await sdk(gateway(site))
        formula = connection_manager.get().component_graph.pv_formula(None)
        assert f"#{PV_METER}" in formula and f"#{PV}" not in formula


class TestBatteryPool:
    async def test_charge_capacity_temperature_and_bounds_are_those_of_the_batteries(self, sdk):
        """20 kWh at 50 % and 30 kWh at 60 %, both used between 10 % and 90 %."""
        await sdk()
        pool = microgrid.new_battery_pool(priority=1)
        assert (await until(pool.capacity.new_receiver())).value.as_kilowatt_hours() == pytest.approx(40, rel=0.01)
        assert (await until(pool.soc.new_receiver())).value.as_percent() == pytest.approx(57.5, abs=1)
        assert (await until(pool.temperature.new_receiver())).value.as_celsius() == pytest.approx(20, abs=3)
        bounds = (await pool_up(pool)).bounds
        assert (bounds.lower.as_watts(), bounds.upper.as_watts()) == (-22000, 22000)

    @pytest.mark.parametrize("proposed", [8000, -8000])
    async def test_what_is_proposed_flows_through_inverters_and_meters_and_ends_with_the_proposal(self, sdk, proposed):
        client = await sdk()
        main_meter = client.receive_component_data_samples_stream(ComponentId(MAIN_METER), [ACTIVE])
        before = value(await until(main_meter))
        pool = microgrid.new_battery_pool(priority=1)
        await pool_up(pool)
        results = pool.power_distribution_results.new_receiver()
        await pool.propose_power(Power.from_watts(proposed))
        assert (await until(results)).succeeded_power.as_watts() == pytest.approx(proposed)
        await until(pool.power.new_receiver(), lambda sample: abs(watts(sample) - proposed) < 200)
        readings = Readings(client, INV_1, INV_2)
        await power_of(client, BAT_METER, proposed, tolerance=250)
        await power_of(client, MAIN_METER, before + proposed, tolerance=3000)
        assert all(seen[-1] * proposed > 0 for seen in readings.seen.values()), "one of the inverters stands aside"
        await pool.propose_power(None)
        await power_of(client, BAT_METER, 0)
        await power_of(client, MAIN_METER, before, tolerance=3000)

    async def test_its_bounds_follow_those_that_others_add(self, sdk):
        client = await sdk()
        pool = microgrid.new_battery_pool(priority=1)
        await pool_up(pool)
        status = pool.power_status.new_receiver()
        added = [Bounds(lower=-1000, upper=500)]
        await client.add_component_bounds(ComponentId(INV_1), ACTIVE, added, validity=Validity.ONE_MINUTE)
        await until(status, lambda one: (one.bounds.lower.as_watts(), one.bounds.upper.as_watts()) == (-13000, 12500))
        await pool.propose_power(Power.from_watts(22000))
        await power_of(client, BAT_METER, 12500, tolerance=250)
        await power_of(client, INV_1, 500)


    @pytest.mark.parametrize("fault", ["offline: true", "error: overvoltage"])
    async def test_what_is_offline_or_in_error_is_left_out(self, sdk, gateway, tmp_path, fault):
        site = shutil.copytree(DEFAULT_SITE.parent, tmp_path / "share") / DEFAULT_SITE.name
        site.write_text(site.read_text().replace("rated: 10 kW}", f"rated: 10 kW, {fault}}}"))
        client = await sdk(gateway(site))
        pool = microgrid.new_battery_pool(priority=1)
        assert (await pool_up(pool)).bounds.upper.as_watts() == 12000
        assert (await until(pool.capacity.new_receiver())).value.as_kilowatt_hours() == pytest.approx(24, rel=0.01)
        await pool.propose_power(Power.from_watts(5000))
        await power_of(client, INV_2, 5000, tolerance=250)


class TestPvPool:
    async def test_it_can_be_curtailed_and_let_go(self, sdk):
        client = await sdk()
        free = value(await until(client.receive_component_data_samples_stream(ComponentId(PV), [ACTIVE])))
        assert free < -1000
        pool = microgrid.new_pv_pool(priority=1)
        bounds = (await pool_up(pool)).bounds
        assert bounds.lower.as_watts() == pytest.approx(free, rel=0.1) and bounds.upper.as_watts() == 0
        await pool.propose_power(Power.from_watts(-500))
        await power_of(client, PV, -500)
        await power_of(client, PV_METER, -500)
        await pool.propose_power(None)
        await power_of(client, PV_METER, free, tolerance=-free * 0.1)


class TestEvPool:
    @pytest.mark.timeout(150)
    async def test_it_stops_a_car_that_it_finds_and_charges_it_a_minute_later(self, sdk):
        """As its distribution has it: with 10 A at first, and nothing while it knows too little of the car."""
        client = await sdk()
        pool = microgrid.new_ev_charger_pool(priority=1)
        bounds = (await pool_up(pool)).bounds
        assert (bounds.lower.as_watts(), bounds.upper.as_watts()) == (0, 11000)
        await power_of(client, CHARGER, 0)
        await pool.propose_power(Power.from_watts(8000))
        power = pool.power.new_receiver()
        await power_of(client, CHARGER, 3 * 10 * 229, tolerance=150, limit_s=90)
        await until(power, lambda sample: abs(watts(sample) - 3 * 10 * 229) < 150)


class TestOutage:
    @pytest.mark.parametrize("end", ["stop", "crash"])
    async def test_it_recovers_by_itself(self, sdk, gateway, end):
        sdk.forgiving = True
        site = gateway("default")
        client = await sdk(site)
        pool = microgrid.new_battery_pool(priority=1)
        await pool_up(pool)
        power = microgrid.grid().power.new_receiver()
        await pool.propose_power(Power.from_watts(5000))
        await power_of(client, BAT_METER, 5000, tolerance=250)
        getattr(site, end)()
        gateway("default", grpc=[site.target])
        restarted = datetime.now(timezone.utc)
        await power_of(client, BAT_METER, 0)  # a new life: nobody has commanded anything
        await until(power, lambda sample: sample.timestamp > restarted and sample.value is not None)
        await until(pool.soc.new_receiver(), lambda sample: sample.timestamp > restarted and sample.value is not None)
        await pool.propose_power(Power.from_watts(4000))
        await power_of(client, BAT_METER, 4000, tolerance=250)
