# SPDX-License-Identifier: MIT
"""GetMicrogrid and the lists of v1alpha18 and v1alpha19."""
import pytest
from frequenz.api.common.v1alpha8.grid import delivery_area_pb2
from frequenz.api.common.v1alpha8.microgrid import microgrid_pb2

from alpha import ACTIVE, DC_POWER, REACTIVE, SOC, category, components
from client import seconds

CATEGORIES = {
    1: "GRID_CONNECTION_POINT", 2: "METER", 3: "METER", 4: "INVERTER", 5: "BATTERY", 6: "INVERTER", 7: "BATTERY",
    8: "METER", 9: "INVERTER", 10: "EV_CHARGER", 11: "METER", 12: "CHP", 13: "METER", 14: "BREAKER", 15: "PRECHARGER",
    16: "ELECTROLYZER", 17: "WIND_TURBINE", 18: "CAPACITOR_BANK", 19: "CONVERTER", 20: "CRYPTO_MINER", 21: "HVAC",
    22: "UNSPECIFIED", 23: "POWER_TRANSFORMER", 24: "INVERTER", 25: "BATTERY", 26: "INVERTER", 27: "METER",
}  # fmt: skip
KINDS = {
    "GRID_CONNECTION_POINT": "grid_connection_point", "INVERTER": "inverter", "BATTERY": "battery",
    "EV_CHARGER": "ev_charger", "POWER_TRANSFORMER": "power_transformer",
}  # fmt: skip
CONTROLLED = {4, 5, 6, 7, 9, 10, 12, 14, 15, 16, 17, 18, 24, 25, 26}
INACTIVE = {23}
MARCH_2024 = 1709251200


def mode(component):
    name = components.ElectricalComponentOperationalMode.Name(component.operational_mode)
    return name.removeprefix("ELECTRICAL_COMPONENT_OPERATIONAL_MODE_")


class TestMetadata:
    def test_the_site_tells_who_and_where_it_is(self, all_alpha):
        site = all_alpha.metadata()
        assert (site.id, site.enterprise_id, site.name) == (4711, 42, "Test bench")
        assert site.status == microgrid_pb2.MICROGRID_STATUS_ACTIVE
        assert (site.location.latitude, site.location.longitude) == (52.5, 13.25)
        assert site.location.country_code == "DE"
        assert site.delivery_area.code == "10YDE-VE-------2"
        assert site.delivery_area.code_type == delivery_area_pb2.ENERGY_MARKET_CODE_TYPE_EUROPE_EIC
        assert seconds(site.create_timestamp) == MARCH_2024


class TestComponents:
    def test_each_has_its_category_and_nothing_but_information_of_that(self, all_alpha):
        listed = all_alpha.components()
        assert {i: one.category for i, one in listed.items()} == {i: category(n) for i, n in CATEGORIES.items()}
        for i, one in listed.items():
            assert one.category_specific_info.WhichOneof("kind") == KINDS.get(CATEGORIES[i]), one
            assert one.microgrid_id == 4711 and one.name

    def test_each_category_has_its_own_information(self, all_alpha):
        info = {i: one.category_specific_info for i, one in all_alpha.components().items()}
        assert info[1].grid_connection_point.rated_fuse_current == 100
        assert info[4].inverter.type == components.INVERTER_TYPE_BATTERY
        assert info[9].inverter.type == components.INVERTER_TYPE_PV
        assert info[24].inverter.type == components.INVERTER_TYPE_HYBRID
        assert info[5].battery.type == components.BATTERY_TYPE_LI_ION
        assert info[7].battery.type == components.BATTERY_TYPE_NA_ION
        assert info[10].ev_charger.type == components.EV_CHARGER_TYPE_AC
        assert (info[23].power_transformer.primary, info[23].power_transformer.secondary) == (400, 230)

    def test_maker_and_model_stand_in_the_old_fields_and_the_new(self, all_alpha):
        one = all_alpha.components()[4]
        assert (one.manufacturer, one.model_name, one.model) == ("Maker", "Model 10", "Model 10")
        assert seconds(one.operational_lifetime.start_timestamp) == MARCH_2024
        assert seconds(one.operational_lifetime.end_timestamp) > MARCH_2024

    def test_the_mode_tells_what_can_be_controlled(self, all_alpha):
        modes = {i: mode(one) for i, one in all_alpha.components().items()}
        assert {i for i in modes if modes[i] == "CONTROL_AND_TELEMETRY"} == CONTROLLED
        assert {i for i in modes if modes[i] == "INACTIVE"} == INACTIVE
        assert {i for i in modes if modes[i] == "TELEMETRY_ONLY"} == set(CATEGORIES) - CONTROLLED - INACTIVE

    def test_nothing_can_be_controlled_where_commands_are_refused(self, gateway, speak, version):
        listed = speak(gateway("all", args=["--read-only"]), version).components()
        assert {mode(one) for one in listed.values()} == {"TELEMETRY_ONLY", "INACTIVE"}

    @pytest.mark.parametrize(
        "component, metric, expected",
        [
            (1, ACTIVE, (-40000, 60000)),
            (4, ACTIVE, (-10000, 10000)),
            (4, REACTIVE, (-10000, 10000)),
            (5, SOC, (10, 90)),
            (5, DC_POWER, (-20000, 20000)),
            (9, ACTIVE, (-15000, 0)),
            (10, ACTIVE, (0, 11000)),
            (12, ACTIVE, (-5000, 0)),
            (17, ACTIVE, (-6000, 0)),
            (18, REACTIVE, (-8000, 0)),
        ],
    )
    def test_rated_bounds_are_told_with_their_signs(self, all_alpha, component, metric, expected):
        told = all_alpha.components()[component].metric_config_bounds
        rated = {one.metric: (one.config_bounds.lower, one.config_bounds.upper) for one in told}
        assert rated[metric] == expected

    def test_rated_bounds_are_whole_and_ascending(self, all_alpha):
        for component in all_alpha.components().values():
            for one in component.metric_config_bounds:
                bounds = one.config_bounds
                assert bounds.HasField("lower") and bounds.HasField("upper") and bounds.lower <= bounds.upper, component

    def test_filters(self, all_alpha):
        assert set(all_alpha.components(ids=[5, 2, 5, 99999])) == {2, 5}
        assert set(all_alpha.components(categories=[category("BATTERY"), category("CHP"), 999])) == {5, 7, 12, 25}
        assert set(all_alpha.components(ids=[4, 5], categories=[category("INVERTER")])) == {4}
        assert not all_alpha.components(ids=[22], categories=[category("UNSPECIFIED")])
        assert set(all_alpha.components(categories=[category("WIND_TURBINE")])) == {17}

    @pytest.mark.parametrize("kind", ["ac", "dc", "hybrid"])
    def test_each_kind_of_charger(self, gateway, speak, version, tmp_path, kind):
        site = tmp_path / "charger.yaml"
        site.write_text(
            "version: 1\n"
            "site: {id: 1, name: Charger, location: {latitude: 1, longitude: 2, country: DE}}\n"
            "components:\n"
            "  grid: {id: 1, type: grid, fuse: 100 A}\n"
            "  meter: {id: 2, type: meter, under: grid}\n"
            f"  charger: {{id: 3, type: ev_charger, under: meter, rated: 11 kW, kind: {kind}}}\n"
        )
        charger = speak(gateway(site), version).components()[3]
        assert charger.category_specific_info.ev_charger.type == components.EvChargerType.Value(
            "EV_CHARGER_TYPE_" + kind.upper()
        )


class TestSensors:
    def test_all_or_those_asked_for(self, all_alpha):
        assert set(all_alpha.sensors()) == {4, 101, 102, 103, 104, 105}
        assert set(all_alpha.sensors(ids=[101, 4, 99999])) == {4, 101}

    def test_maker_model_and_lifetime_are_told(self, all_alpha):
        one = all_alpha.sensors()[101]
        assert (one.name, one.manufacturer, one.model_name, one.model) == ("thermometer", "Sense", "T1", "T1")
        assert seconds(one.operational_lifetime.start_timestamp) == MARCH_2024
        assert not one.operational_lifetime.HasField("end_timestamp")


class TestConnections:
    def test_they_point_away_from_the_grid(self, all_alpha):
        told = all_alpha.connections()
        assert len(told) == 25 and {(1, 2), (3, 4), (4, 5), (14, 15), (24, 25)} <= told

    def test_what_has_no_category_stands_apart(self, all_alpha):
        """The clients' graphs refuse a whole site otherwise."""
        assert 22 in all_alpha.components()
        assert not all_alpha.connections(sources=[22]) and not all_alpha.connections(destinations=[22])

    def test_filters(self, all_alpha):
        assert all_alpha.connections(sources=[3, 4]) == {(3, 4), (3, 6), (4, 5)}
        assert all_alpha.connections(destinations=[4, 5]) == {(3, 4), (4, 5)}
        assert all_alpha.connections(sources=[3], destinations=[4, 5]) == {(3, 4)}
        assert not all_alpha.connections(sources=[99999])
