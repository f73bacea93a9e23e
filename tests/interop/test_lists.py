# SPDX-License-Identifier: MIT
"""GetMicrogridMetadata, ListComponents, ListSensors and ListConnections."""
import math

import pytest
from frequenz.api.common.v1.grid import delivery_area_pb2
from frequenz.api.common.v1.microgrid import microgrid_pb2
from frequenz.api.common.v1.microgrid.components import battery_pb2, ev_charger_pb2, inverter_pb2

from client import (ACTIVE, DC_POWER, REACTIVE, SOC, UNKNOWN_NUMBER, category, components, seconds, sensors)

CATEGORIES = {
    1: "GRID", 2: "METER", 3: "METER", 4: "INVERTER", 5: "BATTERY", 6: "INVERTER", 7: "BATTERY", 8: "METER",
    9: "INVERTER", 10: "EV_CHARGER", 11: "METER", 12: "CHP", 13: "METER", 14: "RELAY", 15: "PRECHARGER",
    16: "ELECTROLYZER", 17: "UNSPECIFIED", 18: "UNSPECIFIED", 19: "CONVERTER", 20: "CRYPTO_MINER", 21: "HVAC",
    22: "FUSE", 23: "VOLTAGE_TRANSFORMER", 24: "INVERTER", 25: "BATTERY", 26: "INVERTER", 27: "METER",
}  # fmt: skip
CONNECTIONS = {
    (1, 2), (2, 3), (3, 4), (4, 5), (3, 6), (6, 7), (2, 8), (8, 9), (2, 10), (2, 11), (11, 12), (2, 13), (2, 14),
    (14, 15), (2, 16), (2, 17), (2, 18), (2, 19), (2, 20), (2, 21), (2, 22), (2, 23), (2, 24), (24, 25), (8, 26),
    (2, 27),
}  # fmt: skip
MARCH_2024 = 1709251200


def rated(component):
    return {
        one.metric: (one.config_bounds.lower, one.config_bounds.upper) for one in component.metric_config_bounds
    }


class TestMetadata:
    def test_the_site_tells_who_and_where_it_is(self, all_site):
        site = all_site.metadata()
        assert (site.id, site.enterprise_id, site.name) == (4711, 42, "Test bench")
        assert site.status == microgrid_pb2.MICROGRID_STATUS_ACTIVE
        assert (site.location.latitude, site.location.longitude) == (52.5, 13.25)
        assert site.location.country_code == "DE"
        assert site.delivery_area.code == "10YDE-VE-------2"
        assert site.delivery_area.code_type == delivery_area_pb2.ENERGY_MARKET_CODE_TYPE_EUROPE_EIC
        assert seconds(site.create_timestamp) == MARCH_2024

    def test_the_default_site_is_the_demo_site(self, default_site):
        site = default_site.metadata()
        assert (site.id, site.name) == (2200, "Demo site")


class TestComponents:
    def test_all_are_listed_when_nothing_filters(self, all_site):
        listed = all_site.components()
        assert {i: one.category for i, one in listed.items()} == {i: category(n) for i, n in CATEGORIES.items()}
        assert {one.microgrid_id for one in listed.values()} == {4711}

    def test_ids_in_a_filter_are_alternatives(self, all_site):
        assert set(all_site.components(ids=[5, 2, 5])) == {2, 5}

    def test_categories_in_a_filter_are_alternatives(self, all_site):
        listed = all_site.components(categories=[category("BATTERY"), category("CHP")])
        assert set(listed) == {5, 7, 12, 25}

    def test_both_filters_must_match(self, all_site):
        assert set(all_site.components(ids=[4, 5, 12], categories=[category("INVERTER"), category("CHP")])) == {4, 12}
        assert not all_site.components(ids=[5], categories=[category("INVERTER")])

    def test_unknown_ids_match_nothing(self, all_site):
        assert set(all_site.components(ids=[5, 99999, 2**64 - 1])) == {5}
        assert not all_site.components(ids=[99999])

    @pytest.mark.parametrize("number", [UNKNOWN_NUMBER, 7, -1])
    def test_unknown_categories_match_nothing(self, all_site, number):
        assert not all_site.components(categories=[number])
        assert set(all_site.components(categories=[number, category("CHP")])) == {12}

    def test_unspecified_matches_not_even_what_is_shown_as_such(self, all_site):
        assert all_site.components(ids=[17])[17].category == components.COMPONENT_CATEGORY_UNSPECIFIED
        assert not all_site.components(categories=[components.COMPONENT_CATEGORY_UNSPECIFIED])

    def test_each_category_has_its_own_metadata(self, all_site):
        listed = all_site.components()
        assert listed[1].category_type.grid.rated_fuse_current == 100
        assert listed[4].category_type.inverter.type == inverter_pb2.INVERTER_TYPE_BATTERY
        assert listed[9].category_type.inverter.type == inverter_pb2.INVERTER_TYPE_SOLAR
        assert listed[24].category_type.inverter.type == inverter_pb2.INVERTER_TYPE_HYBRID
        assert listed[5].category_type.battery.type == battery_pb2.BATTERY_TYPE_LI_ION
        assert listed[7].category_type.battery.type == battery_pb2.BATTERY_TYPE_NA_ION
        assert listed[10].category_type.ev_charger.type == ev_charger_pb2.EV_CHARGER_TYPE_AC
        assert listed[22].category_type.fuse.rated_current == 63
        voltage = listed[23].category_type.voltage_transformer
        assert (voltage.primary, voltage.secondary) == (400, 230)

    def test_the_metadata_kind_fits_the_category(self, all_site):
        kinds = {
            "GRID": "grid", "INVERTER": "inverter", "BATTERY": "battery", "EV_CHARGER": "ev_charger", "FUSE": "fuse",
            "VOLTAGE_TRANSFORMER": "voltage_transformer",
        }  # fmt: skip
        for i, one in all_site.components().items():
            assert one.category_type.WhichOneof("metadata") == kinds.get(CATEGORIES[i]), one

    def test_maker_model_name_status_and_lifetime_are_told(self, all_site):
        listed = all_site.components()
        one = listed[4]
        assert (one.name, one.manufacturer, one.model_name) == ("bat_inv_1", "Maker", "Model 10")
        assert one.status == components.COMPONENT_STATUS_ACTIVE
        assert seconds(one.operational_lifetime.start_timestamp) == MARCH_2024
        assert seconds(one.operational_lifetime.end_timestamp) > seconds(one.operational_lifetime.start_timestamp)
        assert listed[23].status == components.COMPONENT_STATUS_INACTIVE

    @pytest.mark.parametrize(
        "component, metric, expected",
        [
            (4, ACTIVE, (-10000, 10000)),
            (6, ACTIVE, (-12000, 12000)),
            (9, ACTIVE, (-15000, 0)),
            (10, ACTIVE, (0, 11000)),
            (12, ACTIVE, (-5000, 0)),
            (16, ACTIVE, (0, 8000)),
            (17, ACTIVE, (-6000, 0)),
            (24, ACTIVE, (-10000, 10000)),
            (4, REACTIVE, (-10000, 10000)),
            (18, REACTIVE, (-8000, 0)),
            (1, ACTIVE, (-40000, 60000)),
            (5, SOC, (10, 90)),
            (5, DC_POWER, (-20000, 20000)),
        ],
    )
    def test_rated_bounds_are_told_with_their_signs(self, all_site, component, metric, expected):
        assert rated(all_site.components(ids=[component])[component])[metric] == expected

    def test_all_rated_bounds_are_finite_and_ordered(self, all_site):
        for one in all_site.components().values():
            for lower, upper in rated(one).values():
                assert math.isfinite(lower) and math.isfinite(upper) and lower <= upper, one


class TestSensors:
    KINDS = {
        101: sensors.SENSOR_CATEGORY_THERMOMETER, 102: sensors.SENSOR_CATEGORY_HYGROMETER,
        103: sensors.SENSOR_CATEGORY_BAROMETER, 104: sensors.SENSOR_CATEGORY_PYRANOMETER,
        105: sensors.SENSOR_CATEGORY_ANEMOMETER, 4: sensors.SENSOR_CATEGORY_THERMOMETER,
    }  # fmt: skip

    def test_all_are_listed_when_nothing_filters(self, all_site):
        listed = all_site.sensors()
        assert {i: one.category for i, one in listed.items()} == self.KINDS
        assert {one.microgrid_id for one in listed.values()} == {4711}

    def test_filters_are_alternatives_inside_and_conditions_together(self, all_site):
        thermometer = sensors.SENSOR_CATEGORY_THERMOMETER
        assert set(all_site.sensors(ids=[101, 103])) == {101, 103}
        assert set(all_site.sensors(categories=[thermometer, sensors.SENSOR_CATEGORY_BAROMETER])) == {4, 101, 103}
        assert set(all_site.sensors(ids=[101, 103], categories=[thermometer])) == {101}

    def test_unknown_ids_and_categories_match_nothing(self, all_site):
        assert not all_site.sensors(ids=[99999])
        assert not all_site.sensors(categories=[UNKNOWN_NUMBER])
        assert not all_site.sensors(categories=[sensors.SENSOR_CATEGORY_UNSPECIFIED])
        assert set(all_site.sensors(ids=[99999, 101])) == {101}

    def test_their_ids_are_a_space_of_their_own(self, all_site):
        assert all_site.sensors(ids=[4])[4].name == "inside"
        assert all_site.components(ids=[4])[4].name == "bat_inv_1"
        assert not all_site.components(ids=[101]), "a sensor is no electrical component"

    def test_maker_model_and_lifetime_are_told(self, all_site):
        one = all_site.sensors(ids=[101])[101]
        assert (one.name, one.manufacturer, one.model_name) == ("thermometer", "Sense", "T1")
        assert seconds(one.operational_lifetime.start_timestamp) == MARCH_2024
        assert not one.operational_lifetime.HasField("end_timestamp")


class TestConnections:
    def test_they_point_away_from_the_grid(self, all_site):
        assert all_site.connections() == CONNECTIONS

    def test_starts_are_alternatives(self, all_site):
        assert all_site.connections(starts=[1, 11]) == {(1, 2), (11, 12)}

    def test_ends_are_alternatives(self, all_site):
        assert all_site.connections(ends=[5, 7]) == {(4, 5), (6, 7)}

    def test_starts_and_ends_must_both_match(self, all_site):
        assert all_site.connections(starts=[3, 4], ends=[4, 7]) == {(3, 4)}

    def test_unknown_ids_match_nothing(self, all_site):
        assert not all_site.connections(starts=[99999])
        assert all_site.connections(ends=[99999, 5]) == {(4, 5)}
