# SPDX-License-Identifier: MIT
"""grpcurl, which knows of the API only what reflection tells it."""
import json
import subprocess

import pytest

from daemon import TOOLS

MICROGRID = "frequenz.api.microgrid.v1.Microgrid"


@pytest.fixture
def grpcurl(gateway):
    target = gateway("all").target

    def run(*words, data=None, status=0, limit_s=20):
        options = ["-plaintext", *(["-d", json.dumps(data)] if data is not None else [])]
        before = [word for word in words if word.startswith("-")]
        after = [word for word in words if not word.startswith("-")]
        ran = subprocess.run(
            [TOOLS / "bin" / "grpcurl", *options, *before, target, *after],
            capture_output=True, text=True, timeout=limit_s,
        )  # fmt: skip
        assert ran.returncode == status, ran.stderr
        return ran.stdout if status == 0 else ran.stderr

    return run


def test_list_names_the_services(grpcurl):
    assert {MICROGRID, "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"} <= set(grpcurl("list").split())


def test_list_of_a_service_names_its_methods(grpcurl):
    assert len(grpcurl("list", MICROGRID).split()) == 13


def test_describe_shows_a_service_with_its_routes(grpcurl):
    text = grpcurl("describe", MICROGRID)
    assert "rpc ListComponents" in text and '/v1/components' in text


def test_describe_shows_a_message(grpcurl):
    text = grpcurl("describe", "frequenz.api.microgrid.v1.SetComponentPowerActiveRequest")
    assert "optional uint64 request_lifetime = 3" in text


def test_a_call_with_a_request_in_json(grpcurl):
    told = json.loads(grpcurl(f"{MICROGRID}/ListComponents", data={"componentIds": [4]}))
    [one] = told["components"]
    assert one["name"] == "bat_inv_1" and one["category"] == "COMPONENT_CATEGORY_INVERTER"


def test_a_call_that_sets_power(grpcurl):
    told = json.loads(grpcurl(f"{MICROGRID}/SetComponentPowerActive", data={"componentId": 4, "power": 1000}))
    assert told["validUntil"]


def test_a_refusal_shows_code_and_message(grpcurl):
    request = {"componentId": 4, "power": -15000}
    text = grpcurl(f"{MICROGRID}/SetComponentPowerActive", data=request, status=64 + 11)
    assert "OutOfRange" in text and "-15000" in text


def test_a_stream_runs_until_the_time_is_up(grpcurl):
    text = grpcurl("-max-time=1", f"{MICROGRID}/ReceiveComponentDataStream", data={"componentId": 4}, status=64 + 4)
    assert "DeadlineExceeded" in text


def test_health(grpcurl):
    assert json.loads(grpcurl("grpc.health.v1.Health/Check")) == {"status": "SERVING"}
