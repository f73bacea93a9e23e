# SPDX-License-Identifier: MIT
"""The published Rust client, frequenz-microgrid, with only the address changed."""
import re
import subprocess

import pytest

from client import ACTIVE, FREQUENCY, REACTIVE, metrics
from daemon import wait_until
from rustclient import Failed, program
from wire import Wire

FUSE, HOURLY = 22, 27
FOREVER_S = 900  # added bounds that outlast the test


@pytest.fixture
def both(gateway, connect, rust):
    """A site, a client of v1 and one in Rust."""

    def start(site, **options):
        running = gateway(site)
        return connect(running), rust(running, **options)

    return start


def alpha_name(metric):
    """v1's METRIC_AC_ACTIVE_POWER_PHASE_1 is METRIC_AC_POWER_ACTIVE_PHASE_1 in v1alpha."""
    return re.sub(r"AC_(ACTIVE|REACTIVE|APPARENT)_(POWER|ENERGY)", r"AC_\2_\1", metrics.Metric.Name(metric))


def close_to(value, tolerance=0.5):
    return lambda answer: answer["value"] is not None and abs(answer["value"] - value) <= tolerance


class TestLists:
    def test_components_are_those_of_v1(self, both):
        v1, rust = both("all")
        told = {one["id"]: one["name"] for one in rust.ask("components")["components"]}
        assert told == {one.id: one.name for one in v1.components().values()}
        assert {one["id"] for one in rust.ask("components 5 2 99999")["components"]} == {2, 5}

    def test_each_has_a_mode_and_all_but_a_fuse_a_category(self, both):
        _, rust = both("all")
        told = rust.ask("components")["components"]
        assert not [one for one in told if one["mode"].endswith("UNSPECIFIED")]
        assert [one["id"] for one in told if one["category"].endswith("UNSPECIFIED")] == [FUSE]

    def test_connections_are_those_of_v1_but_for_what_has_no_category(self, both):
        v1, rust = both("all")
        told = {tuple(one) for one in rust.ask("connections")["connections"]}
        assert told == {one for one in v1.connections() if FUSE not in one}

    def test_sensors_are_those_of_v1(self, both):
        v1, rust = both("all")
        assert set(rust.ask("sensors")["sensors"]) == set(v1.sensors())


class TestStreams:
    @pytest.mark.parametrize("component", [1, 2, 4, 5, 9, 10, 12, 14, 15, 17, 18, 23, 24])
    def test_samples_are_those_of_v1(self, both, component):
        v1, rust = both("all")
        rust.send(f"stream {component}")
        with v1.stream(component) as stream:
            samples = {one.at: one for one in stream.take(5)}
        told = rust.until(f"stream {component}", lambda one: one["at"] in samples)
        sample = samples[told["at"]]
        assert told["values"] == {alpha_name(metric): value for metric, value in sample.values.items()}
        assert told["bounds"] == {
            alpha_name(metric): [list(pair) for pair in pairs] for metric, pairs in sample.bounds.items()
        }
        assert {one.removeprefix("ELECTRICAL_COMPONENT_STATE_CODE_") for one in told["states"]} == sample.states


# What each of the crate's formulas is made of, at three sites.
FORMULAS = {
    "default": {
        "grid": {2}, "consumer": {2, 3, 4, 6, 8, 9, 10, 11, 12}, "producer": {8, 9, 11, 12},
        "battery": {3, 4, 6}, "pv": {8, 9}, "ev": {10}, "chp": {11, 12}, "boiler": set(), "13": {13},
    },
    "all": {
        "grid": {2}, "consumer": {2, 3, 4, 6, 8, 9, 10, 11, 12, 17, 26}, "producer": {8, 9, 11, 12, 26},
        "battery": {3, 4, 6}, "pv": {8, 9, 26}, "ev": {10}, "chp": {11, 12}, "boiler": set(), "24": {24},
    },
    "relays": {
        "grid": {2}, "consumer": {2, 4, 7, 9, 11}, "producer": set(),
        "battery": {4, 7, 9, 11}, "pv": set(), "ev": set(), "chp": set(), "boiler": set(), "15": {15},
    },
}  # fmt: skip


class TestGraph:
    @pytest.mark.parametrize("site", FORMULAS)
    def test_its_formulas_name_the_right_components(self, both, site):
        _, rust = both(site)
        for of, components in FORMULAS[site].items():
            text = rust.ask(f"formula power {of}")["formula"]
            assert {int(one) for one in re.findall(r"#(\d+)", text)} == components, text

    def test_of_a_site_behind_a_fuse(self, gateway, rust, tmp_path):
        site = tmp_path / "fuses.yaml"
        site.write_text(
            "version: 1\n"
            "site: {id: 1, name: Fuses, location: {latitude: 1, longitude: 2, country: DE}}\n"
            "components:\n"
            "  grid: {id: 1, type: grid, fuse: 100 A}\n"
            "  main_fuse: {id: 2, type: fuse, under: grid, rated: 63 A}\n"
            "  meter: {id: 3, type: meter, under: main_fuse}\n"
            "  pv_fuse: {id: 4, type: fuse, under: meter, rated: 63 A}\n"
            "  pv: {id: 5, type: pv_inverter, under: pv_fuse, rated: 15 kW}\n"
        )
        client = rust(gateway(site))
        assert client.ask("connections")["connections"] == [[1, 3], [3, 5]]
        assert "#3" in client.ask("formula power grid")["formula"]
        assert "#5" in client.ask("formula power pv")["formula"]


class TestLogicalMeter:
    def test_values_are_those_of_the_components(self, both):
        v1, rust = both("all")
        pv = v1.sample(9)[ACTIVE] + v1.sample(26)[ACTIVE]
        assert pv < -10000
        for of, value in {"pv": pv, "ev": v1.sample(10)[ACTIVE], "13": v1.sample(13)[ACTIVE], "chp": 0}.items():
            rust.send(f"meter power {of}")
            rust.until(f"meter power {of}", close_to(value))

    @pytest.mark.parametrize(
        "name, metric", [("power", ACTIVE), ("reactive", REACTIVE), ("frequency", FREQUENCY),
                         ("voltage", metrics.METRIC_AC_VOLTAGE_PHASE_1_N), ("current", metrics.METRIC_AC_CURRENT)]
    )  # fmt: skip
    def test_each_is_the_mean_of_the_last_three_seconds_samples(self, both, name, metric):
        v1, rust = both("default", interval_ms=1000)
        rust.send(f"meter {name} grid")
        with v1.stream(2) as stream:
            samples = [one for one in stream.take(6) if metric in one.values]

        def is_mean(answer):
            latest = [one[metric] for one in samples if answer["at"] - 3 < one.at <= answer["at"]]
            return len(latest) == 3 and close_to(sum(latest) / 3, abs(latest[0]) * 1e-5)(answer)

        rust.until(f"meter {name} grid", is_mean)

    def test_they_follow_a_command(self, both):
        v1, rust = both("relays")
        formulas = ["grid", "battery", "consumer"]
        for of in formulas:
            rust.send(f"meter power {of}")
        for power in (0, 4000, -2000):
            v1.set_active(11, power)
            for of, value in zip(formulas, (3000 + power, power, 3000)):
                rust.until(f"meter power {of}", close_to(value, 5))


def ids(groups, side, health):
    return {one for group in groups["groups"] for one in group[side][health]}


def all_healthy(groups, *batteries):
    return ids(groups, "batteries", "healthy") == set(batteries) and not ids(groups, "inverters", "unhealthy")


class TestBatteryPool:
    def test_all_of_the_default_site_are_well_and_their_bounds_add_up(self, both):
        v1, rust = both("default")
        rust.send("health battery")
        rust.until("health battery", lambda groups: all_healthy(groups, 5, 7))
        (one,), (other,) = (v1.sample(inverter).bounds[ACTIVE] for inverter in (4, 6))
        rust.send("bounds battery")
        rust.until("bounds battery", lambda all: all["bounds"] == [[one[0] + other[0], one[1] + other[1]]])

    def test_a_stopped_battery_is_left_out_until_it_is_started(self, both):
        v1, rust = both("all")
        rust.send("health battery")
        rust.send("bounds battery")
        rust.until("health battery", lambda groups: all_healthy(groups, 5, 7, 25))
        rust.until("bounds battery", lambda all: all["bounds"] == [[-32000, 32000]])
        v1.stop(5)
        rust.until("health battery", lambda groups: ids(groups, "batteries", "unhealthy") == {5})
        rust.until("bounds battery", lambda all: all["bounds"] == [[-22000, 22000]])
        v1.start(5)
        rust.until("health battery", lambda groups: all_healthy(groups, 5, 7, 25))
        rust.until("bounds battery", lambda all: all["bounds"] == [[-32000, 32000]])

    def test_what_is_offline_or_in_error_is_not_healthy(self, both):
        v1, rust = both("faults")
        rust.send("health battery")
        rust.until("health battery", lambda groups: ids(groups, "batteries", "healthy") == {5, 9})
        v1.wait_state(8, "UNAVAILABLE", "ERROR")
        rust.forget("health battery")
        told = rust.next("health battery")
        assert ids(told, "inverters", "unhealthy") == {4, 6, 8} and ids(told, "batteries", "unhealthy") == {7}

    def test_behind_open_switches_there_is_no_power(self, both):
        _, rust = both("relays")
        rust.send("bounds battery")
        rust.until("bounds battery", lambda all: all["bounds"] == [[-10000, 10000]])  # of inverter 11, by battery 13

    def test_added_bounds_are_in_them_until_their_end(self, both):
        v1, rust = both("all")
        rust.send("bounds battery")
        rust.until("bounds battery", lambda all: all["bounds"] == [[-32000, 32000]])
        until = rust.ask("augment 4 -1000 2000 5")["until"]
        rust.until("bounds battery", lambda all: all["bounds"] == [[-23000, 24000]])
        rust.until("bounds battery", lambda all: all["bounds"] == [[-32000, 32000]])
        assert v1.sample(4).at >= until - 0.2


class TestPvPool:
    def test_health_and_bounds(self, both):
        v1, rust = both("all")
        (one,), (other,) = (v1.sample(inverter).bounds[ACTIVE] for inverter in (9, 26))
        rust.send("health pv")
        rust.send("bounds pv")
        rust.until("health pv", lambda pool: set(pool["healthy"]) == {9, 26} and not pool["unhealthy"])
        assert one[1] == other[1] == 0
        rust.until("bounds pv", lambda all: all["bounds"] == [pytest.approx([one[0] + other[0], 0])])
        rust.ask(f"augment 9 -500 0 {FOREVER_S}")
        rust.until("bounds pv", lambda all: all["bounds"] == [pytest.approx([-500 + other[0], 0])])

    def test_one_in_error_is_not_healthy_until_it_is_acknowledged(self, both):
        v1, rust = both("faults")
        rust.send("health pv")
        rust.until("health pv", lambda pool: pool["unhealthy"] == [10])
        v1.ack(10)
        rust.until("health pv", lambda pool: pool["healthy"] == [10])


def test_a_pool_of_nothing_has_no_bounds(both):
    _, rust = both("default")
    assert rust.ask("bounds boiler") == {"bounds": []}


class TestCommands:
    def test_a_set_point_is_accepted_and_reached(self, both):
        v1, rust = both("all")
        rust.send("set 4 3000")
        told = [rust.next("set 4 3000")["status"].rsplit("_", 1)[-1] for _ in range(3)]
        assert told == ["ACCEPTED", "SUCCESS", "OK"]
        v1.wait_power(4, 3000)

    @pytest.mark.parametrize(
        "command, words",
        [("set 4 20000", ["bat_inv_1", "20000", "10000"]), ("set 99 1", ["99"]), ("augment 13 0 1 5", ["load_meter"]),
         ("augment 4 0 1 4", ["request_lifetime is 4 s"])],
    )  # fmt: skip
    def test_a_refusal_says_why(self, both, command, words):
        _, rust = both("all")
        with pytest.raises(Failed) as refused:
            rust.ask(command)
        assert all(word in str(refused.value) for word in words), refused.value


class TestOutages:
    def test_it_waits_for_a_gateway_that_starts_later(self, gateway, rust):
        earlier = gateway("all")
        earlier.stop()
        client = rust(earlier.target, forgiving=True)
        wait_until(lambda: "retrying" in client.log(), 10, "a vain try")
        gateway("all", grpc=[earlier.target])
        assert client.ask("components")["components"]

    @pytest.mark.parametrize("outage", ["stop", "crash"])
    def test_streams_meters_and_pools_come_back_by_themselves(self, gateway, rust, outage):
        site = gateway("all")
        client = rust(site, forgiving=True)
        works = {
            "stream 4": lambda sample: "METRIC_AC_POWER_ACTIVE" in sample["values"],
            "meter power ev": close_to(11000),
            "health battery": lambda groups: all_healthy(groups, 5, 7, 25),
            "health pv": lambda pool: set(pool["healthy"]) == {9, 26},
        }
        for command, condition in works.items():
            client.send(command)
            client.until(command, condition)
        for _ in range(2):
            getattr(site, outage)()
            for command in works:
                client.forget(command)
            site = gateway("all", grpc=[site.target])
            for command, condition in works.items():
                client.until(command, condition)
        assert client.ask("components")["components"]


class TestIdleStreams:
    def test_one_that_nobody_listens_to_ends_with_its_next_message_and_then_costs_nothing(self, gateway, rust):
        wire = Wire(gateway("all").target)
        client = rust(wire.address)
        everything = [f"stream {one}" for one in range(1, HOURLY + 1)]
        for command in everything:
            client.ask(command)
        *ending, staying = wire.opened[-HOURLY:]
        for command in everything:
            client.drop(command)
        wait_until(lambda: wire.reset == set(ending), 10, "the end of every stream that has messages")
        calm = len(wire.messages)
        client.ask("stream 2")
        for _ in range(10):
            client.next("stream 2")
        assert set(wire.messages[calm:]) == {wire.opened[-1]} and staying not in wire.reset


def test_the_example_charges_a_battery_and_sees_it_fall_back(gateway):
    ran = subprocess.run(
        [program("battery-follows"), f"http://{gateway('default').target}"], capture_output=True, text=True, timeout=50
    )
    powers = [line.split("  ")[1] for line in ran.stdout.splitlines()]
    assert ran.returncode == 0 and not ran.stderr, ran.stderr
    assert "5 kW" in powers and powers[-1] == "0 mW", powers
