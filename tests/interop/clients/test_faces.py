# SPDX-License-Identifier: MIT
"""Two faces, one model: what a client sets in one version is seen in every other."""
import pytest
from grpc import StatusCode

import client as v1
from alpha import ACTIVE, ONE_VERSION, REACTIVE, VERSIONS
from client import refused

ONE_MINUTE = 2  # COMPONENT_BOUNDS_VALIDITY_DURATION_1_MINUTE


@pytest.fixture
def both(gateway, connect, speak, version):
    """A client of v1 and one of a preview at the same gateway."""
    site = gateway("all")
    return connect(site), speak(site, version)


class TestPower:
    def test_what_v1_sets_is_seen(self, both):
        ours, theirs = both
        ours.set_active(4, 5000)
        ours.set_reactive(4, -2000)
        theirs.wait_power(4, 5000)
        theirs.wait_power(4, -2000, metric=REACTIVE)
        theirs.wait_power(3, 5000, tolerance=60)

    def test_what_a_preview_sets_is_seen_in_v1(self, both):
        ours, theirs = both
        assert theirs.set_power(4, 5000).outcome() == "SUCCESS"
        assert theirs.set_power(4, -2000, axis="REACTIVE").outcome() == "SUCCESS"
        ours.wait_power(4, 5000)
        ours.wait_power(4, -2000, metric=v1.REACTIVE)
        ours.wait_power(3, 5000, tolerance=60)

    @ONE_VERSION
    def test_a_command_of_v1_overrides_one_of_a_preview(self, both):
        ours, theirs = both
        assert theirs.set_power(16, 0).outcome() == "SUCCESS"
        setting = theirs.set_power(16, 8000)
        setting.accepted()
        ours.set_active(16, 2000)
        assert setting.end() == ("OVERRIDDEN", None)

    @ONE_VERSION
    def test_an_expiry_in_v1_does_not_touch_a_newer_command_of_a_preview(self, both):
        ours, theirs = both
        until = ours.set_active(4, 5000, 10)
        assert theirs.set_power(4, 3000, 60).outcome() == "SUCCESS"
        theirs.holds_power(4, 3000, until, tolerance=200)


class TestBounds:
    def test_those_of_all_versions_are_united(self, both):
        ours, theirs = both
        ours.add_bounds(4, v1.ACTIVE, (-1000, 1000), duration=ONE_MINUTE)
        theirs.augment(4, ACTIVE, (500, 2000), lifetime=60, token="mine")
        theirs.wait_bounds(4, ACTIVE, [(-1000, 2000)])
        ours.wait_bounds(4, v1.ACTIVE, [(-1000, 2000)])
        theirs.clear(4, ACTIVE, "mine")
        ours.wait_bounds(4, v1.ACTIVE, [(-1000, 1000)])

    def test_v1_shows_all_ranges_and_a_preview_two(self, both):
        ours, theirs = both
        ranges = [(-9000, -8000), (-500, -300), (1000, 2000), (5000, 6000)]
        ours.add_bounds(4, v1.ACTIVE, *ranges, duration=ONE_MINUTE)
        ours.wait_bounds(4, v1.ACTIVE, ranges)
        theirs.wait_bounds(4, ACTIVE, ranges[1:3])


class TestLifeCycle:
    def test_each_sees_what_the_other_switched(self, both):
        ours, theirs = both
        ours.standby(4)
        theirs.wait_state(4, "STANDBY")
        theirs.stop(4)
        ours.wait_state(4, "OFF")
        theirs.start(4)
        ours.wait_state(4, "READY")
        ours.stop(14)
        theirs.wait_state(14, "RELAY_OPEN", "OFF")

    def test_an_error_acknowledged_in_one_is_gone_in_the_other(self, gateway, connect, speak, version):
        site = gateway("faults")
        connect(site).ack(10)
        assert not speak(site, version).sample(10).errors


class TestReadOnly:
    COMMANDS = {
        "set_power": lambda alpha: alpha.set_power(4, 1000).accepted(),
        "augment": lambda alpha: alpha.augment(4, ACTIVE, (0, 1)),
        "clear": lambda alpha: alpha.clear(4, ACTIVE, "mine"),
        "start": lambda alpha: alpha.start(4),
        "standby": lambda alpha: alpha.standby(4),
        "stop": lambda alpha: alpha.stop(4),
        "ack": lambda alpha: alpha.ack(4),
        "one of an unknown component": lambda alpha: alpha.stop(99999),
    }

    @pytest.mark.parametrize("command", COMMANDS)
    def test_every_command_is_denied(self, gateway, speak, version, command):
        with refused(StatusCode.PERMISSION_DENIED, "--read-only"):
            self.COMMANDS[command](speak(gateway("all", args=["--read-only"]), version))

    def test_lists_and_streams_are_served(self, gateway, speak, version):
        alpha = speak(gateway("all", args=["--read-only"]), version)
        assert len(alpha.components()) == 27 and alpha.sample(4).values


def test_every_version_is_served_at_once_on_one_connection(gateway, connect, speak):
    site = gateway("all")
    clients = [connect(site), *(speak(site, version) for version in VERSIONS)]
    streams = [one.stream(4) for one in clients]
    for _ in range(5):
        assert all(next(stream).values for stream in streams)
    for stream in streams:
        stream.call.cancel()
