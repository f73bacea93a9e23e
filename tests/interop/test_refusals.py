# SPDX-License-Identifier: MIT
"""Which call each component has, which failing check answers first, and what a read-only gateway refuses."""
import grpc
import pytest
from grpc import StatusCode

from client import ACTIVE, UNKNOWN_NUMBER, refused

INVERTERS = {4, 6, 9, 24, 26}
ACCEPTED = {
    "set_active": INVERTERS | {10, 12, 16, 17},
    "set_reactive": INVERTERS | {18},
    "start": INVERTERS | {5, 7, 25, 14, 15},
    "stop": INVERTERS | {5, 7, 25, 14, 15},
    "standby": INVERTERS,
    "ack": set(range(1, 27)),
}
COMMANDS = {
    "set_active": lambda site, i: site.set_active(i, 0),
    "set_reactive": lambda site, i: site.set_reactive(i, 0),
    "start": lambda site, i: site.start(i),
    "stop": lambda site, i: site.stop(i),
    "standby": lambda site, i: site.standby(i),
    "ack": lambda site, i: site.ack(i),
    "add_bounds": lambda site, i: site.add_bounds(i, ACTIVE, (0, 1)),
}
V1 = "/frequenz.api.microgrid.v1.Microgrid/"
SET = V1 + "SetComponentPowerActive"
UNARY = ["GetMicrogridMetadata", "ListComponents", "ListSensors", "ListConnections", "AddComponentBounds",
         "SetComponentPowerActive", "SetComponentPowerReactive", "StartComponent", "PutComponentInStandby",
         "StopComponent", "AckComponentError"]  # fmt: skip
STREAMS = ["ReceiveComponentDataStream", "ReceiveSensorDataStream"]


def raw_call(client, path, body=b""):
    """A unary call of any path with any bytes."""
    return client.channel.unary_unary(path, None, None)(body, timeout=10)


class TestAbilities:
    @pytest.mark.parametrize("component", range(1, 27))
    @pytest.mark.parametrize("command", ACCEPTED)
    def test_every_component_has_exactly_the_calls_of_the_table(self, all_site, command, component):
        if component in ACCEPTED[command]:
            COMMANDS[command](all_site, component)
        else:
            with refused(StatusCode.UNIMPLEMENTED, f"({component})"):
                COMMANDS[command](all_site, component)

    @pytest.mark.parametrize("command", COMMANDS)
    def test_an_unknown_component_is_not_found(self, all_site, command):
        with refused(StatusCode.NOT_FOUND, "99999"):
            COMMANDS[command](all_site, 99999)

    @pytest.mark.parametrize("command", COMMANDS)
    def test_a_sensors_id_is_no_components_id(self, all_site, command):
        with refused(StatusCode.NOT_FOUND, "101"):
            COMMANDS[command](all_site, 101)


class TestOrder:
    """Each call fails several checks; the first of them must answer."""

    def test_decoding_before_all_else(self, all_site):
        with refused(StatusCode.INVALID_ARGUMENT):
            raw_call(all_site, SET, b"\x08\x63\xff\xff\xff")

    def test_field_values_before_the_id(self, all_site):
        with refused(StatusCode.INVALID_ARGUMENT, "lifetime"):
            all_site.set_active(99999, 1000, 5)
        with refused(StatusCode.INVALID_ARGUMENT):
            all_site.set_active(99999, float("nan"))

    def test_field_values_before_the_ability(self, all_site):
        with refused(StatusCode.INVALID_ARGUMENT):
            all_site.set_active(2, 1000, 5)
        with refused(StatusCode.INVALID_ARGUMENT):
            all_site.add_bounds(2, ACTIVE, (0, 1), duration=UNKNOWN_NUMBER)

    def test_field_values_before_the_state(self, faults):
        with refused(StatusCode.INVALID_ARGUMENT):
            faults.set_active(4, 1000, 5)

    def test_the_ability_before_the_offline_device(self, faults):
        faults.wait_state(15, "UNAVAILABLE", "ERROR")
        with refused(StatusCode.UNIMPLEMENTED):
            faults.set_active(15, 1000)
        faults.wait_state(16, "UNAVAILABLE", "ERROR")
        with refused(StatusCode.UNIMPLEMENTED):
            faults.standby(16)

    def test_the_offline_device_before_bounds(self, faults):
        faults.wait_state(8, "UNAVAILABLE", "ERROR")
        with refused(StatusCode.UNAVAILABLE):
            faults.set_active(8, 1e6)

    def test_the_state_before_bounds(self, all_site):
        all_site.stop(4)
        with refused(StatusCode.FAILED_PRECONDITION):
            all_site.set_active(4, 1e6)

    def test_relays_before_bounds(self, relays):
        with refused(StatusCode.FAILED_PRECONDITION, "breaker (3)"):
            relays.set_active(4, 1e6)

    def test_streams_stop_after_the_id(self, faults):
        faults.wait_state(8, "UNAVAILABLE", "ERROR")
        with refused(StatusCode.NOT_FOUND):
            next(faults.stream(99999))


class TestUndecodable:
    @pytest.mark.parametrize("method", UNARY[1:])
    @pytest.mark.parametrize("body", [b"\xff", b"\x08", b"\x0a\x7f\x01", b"\x0b"], ids=["cut_tag", "cut_varint",
                             "cut_field", "group"])  # fmt: skip
    def test_garbage_is_an_invalid_argument(self, all_site, method, body):
        with refused(StatusCode.INVALID_ARGUMENT):
            raw_call(all_site, V1 + method, body)

    @pytest.mark.parametrize("method", STREAMS)
    def test_streams_too(self, all_site, method):
        with refused(StatusCode.INVALID_ARGUMENT):
            next(all_site.channel.unary_stream(V1 + method, None, None)(b"\xff", timeout=10))

    @pytest.mark.parametrize("method", UNARY[:4])
    def test_unknown_fields_are_no_garbage(self, all_site, method):
        assert raw_call(all_site, V1 + method, b"\xa0\x1f\x01")


class TestReadOnly:
    @pytest.fixture
    def read_only(self, gateway, connect):
        return connect(gateway("all", args=["--read-only"]))

    @pytest.mark.parametrize("command", COMMANDS)
    @pytest.mark.parametrize("component", [4, 2, 99999], ids=["able", "unable", "unknown"])
    def test_every_command_is_denied_whatever_it_names(self, read_only, command, component):
        with refused(StatusCode.PERMISSION_DENIED):
            COMMANDS[command](read_only, component)

    def test_rights_come_before_decoding_and_values(self, read_only):
        with refused(StatusCode.PERMISSION_DENIED):
            raw_call(read_only, SET, b"\xff")
        with refused(StatusCode.PERMISSION_DENIED):
            read_only.set_active(4, float("nan"), 5)

    def test_all_that_only_reads_is_allowed(self, read_only):
        assert read_only.metadata().id == 4711
        assert read_only.components() and read_only.sensors() and read_only.connections()
        assert read_only.sample(4).values
        with read_only.sensor_stream(101) as stream:
            next(stream)

    def test_control_off_in_the_site_file_does_the_same(self, gateway, connect, tmp_path):
        site = tmp_path / "off.yaml"
        site.write_text(
            "version: 1\n"
            "control: off\n"
            "site: {id: 1, name: Off, location: {latitude: 1, longitude: 2, country: DE}}\n"
            "components:\n"
            "  grid:   {id: 1, type: grid, fuse: 100 A}\n"
            "  pv_inv: {id: 2, type: pv_inverter, under: meter, rated: 5 kW, irradiance: 500 W/m2}\n"
            "  meter:  {id: 3, type: meter, under: grid}\n"
        )
        with refused(StatusCode.PERMISSION_DENIED):
            connect(gateway(site)).set_active(2, -100)


class TestLog:
    def test_a_line_about_a_call_names_its_component_by_what_was_asked_not_by_what_was_answered(self, gateway, connect):
        site = gateway("all", args=("--log-level", "debug", "--log-format", "logfmt"))
        client = connect(site)
        client.set_active(4, 1000)
        with refused(StatusCode.INVALID_ARGUMENT):
            client.add_bounds(6, 0, (4, 5))
        with refused(StatusCode.NOT_FOUND):
            client.set_active(99999, 1000)
        with client.stream(9) as stream:
            stream.take(1)
        site.wait_log(r"component=bat_inv_1 id=4 msg=.*SetComponentPowerActive from .*: OK")
        site.wait_log(r"component=bat_inv_2 id=6 msg=.*AddComponentBounds from .*: INVALID_ARGUMENT")
        site.wait_log(r"component=pv_inv id=9 msg=.*ReceiveComponentDataStream from .*: CANCELLED")
        assert "component=" not in site.wait_log(r"SetComponentPowerActive from .*: NOT_FOUND")


class TestOtherVersions:
    @pytest.mark.parametrize("version", ["v1alpha17", "v1beta", "v2"])
    def test_a_call_to_another_version_is_told_which_are_served(self, all_site, version):
        path = f"/frequenz.api.microgrid.{version}.Microgrid/ListElectricalComponents"
        with refused(StatusCode.UNIMPLEMENTED, "frequenz.api.microgrid.v1", version):
            raw_call(all_site, path)

    def test_it_is_logged_once_for_a_client(self, gateway, connect):
        site = gateway("all")
        client = connect(site)
        for _ in range(3):
            with pytest.raises(grpc.RpcError):
                raw_call(client, "/frequenz.api.microgrid.v1alpha17.Microgrid/ListElectricalComponents")
        site.wait_log("v1alpha17")
        site.stop()
        assert sum("v1alpha17" in line for line in site.log().splitlines()) == 1

    def test_an_unknown_method_is_unimplemented(self, all_site):
        with refused(StatusCode.UNIMPLEMENTED, "Nonsense"):
            raw_call(all_site, V1 + "Nonsense")

    def test_an_unknown_service_is_unimplemented(self, all_site):
        with refused(StatusCode.UNIMPLEMENTED):
            raw_call(all_site, "/some.other.Service/Call")
