# SPDX-License-Identifier: MIT
"""The three ways to call with the published bindings, their options, and the newest release of them."""
import asyncio
import json
import socket
import subprocess
import threading
import time

import grpc
import grpc.experimental  # which the bindings' one-shot class uses and does not import
import pytest
from frequenz.api.microgrid.v1.microgrid_pb2_grpc import Microgrid, MicrogridStub
from google.protobuf.empty_pb2 import Empty

from client import ACTIVE, Sample, api, bounds, refused
from daemon import HERE, TOOLS, Gateway, SITES

CALLS = {
    "GetMicrogridMetadata": Empty(),
    "ListComponents": api.ListComponentsRequest(component_ids=[4, 5]),
    "ListSensors": api.ListSensorRequest(sensor_ids=[101]),
    "ListConnections": api.ListConnectionsRequest(starts=[3]),
    "ReceiveComponentDataStream": api.ReceiveComponentDataStreamRequest(component_id=4),
    "ReceiveSensorDataStream": api.ReceiveSensorDataStreamRequest(sensor_id=101),
    "AddComponentBounds": api.AddComponentBoundsRequest(
        component_id=4, target_metric=ACTIVE, bounds=bounds((-10, 10))
    ),
    "SetComponentPowerActive": api.SetComponentPowerActiveRequest(component_id=4, power=5),
    "SetComponentPowerReactive": api.SetComponentPowerReactiveRequest(component_id=4, power=5),
    "StartComponent": api.StartComponentRequest(component_id=4),
    "PutComponentInStandby": api.PutComponentInStandbyRequest(component_id=4),
    "StopComponent": api.StopComponentRequest(component_id=4),
    "AckComponentError": api.AckComponentErrorRequest(component_id=4),
}
COMPRESSIONS = [grpc.Compression.NoCompression, grpc.Compression.Deflate, grpc.Compression.Gzip]


def check(method, reply):
    """Whether a reply says what the site of these tests has to say."""
    if method == "GetMicrogridMetadata":
        assert reply.microgrid.id == 4711
    elif method == "ListComponents":
        assert [one.id for one in reply.components] == [4, 5]
    elif method == "ListSensors":
        assert [one.id for one in reply.sensors] == [101]
    elif method == "ListConnections":
        assert {one.destination_component_id for one in reply.connections} == {4, 6}
    elif method == "ReceiveComponentDataStream":
        assert reply.data.component_id == 4 and Sample.of_component(reply).states
    elif method == "ReceiveSensorDataStream":
        assert reply.data.sensor_id == 101 and Sample.of_sensor(reply).states
    elif method == "AddComponentBounds":
        assert reply.ts.seconds > time.time()
    elif method.startswith("SetComponentPower"):
        assert reply.valid_until.seconds > time.time() + 50
    else:
        assert reply == Empty()


@pytest.mark.parametrize("method", CALLS)
class TestThreeWays:
    def test_blocking_stub(self, all_site, method):
        reply = getattr(all_site.stub, method)(CALLS[method], timeout=15)
        if method.startswith("Receive"):
            stream, reply = reply, next(reply)
            stream.cancel()
        check(method, reply)

    def test_asyncio_stub(self, gateway, method):
        target = gateway("all").target

        async def call():
            async with grpc.aio.insecure_channel(target) as channel:
                running = getattr(MicrogridStub(channel), method)(CALLS[method], timeout=15)
                if not method.startswith("Receive"):
                    return await running
                async for message in running:
                    running.cancel()
                    return message

        check(method, asyncio.run(call()))

    def test_one_shot_class(self, gateway, method):
        reply = getattr(Microgrid, method)(
            CALLS[method], gateway("all").target, insecure=True, wait_for_ready=True, timeout=15
        )
        if method.startswith("Receive"):
            stream, reply = reply, next(reply)
            stream.cancel()
        check(method, reply)


@pytest.mark.parametrize("compression", COMPRESSIONS, ids=lambda one: one.name)
class TestCompression:
    def test_of_each_call(self, all_site, compression):
        for method, request in CALLS.items():
            reply = getattr(all_site.stub, method)(request, timeout=15, compression=compression)
            if method.startswith("Receive"):
                stream, reply = reply, next(reply)
                stream.cancel()
            check(method, reply)

    def test_of_a_whole_connection(self, gateway, connect, compression):
        client = connect(gateway("all"), compression=compression)
        ids = list(range(1, 20000))  # large enough to be worth it
        assert len(client.components(ids=ids)) == 27
        assert client.sample(4).values

    def test_of_the_one_shot_class(self, gateway, compression):
        reply = Microgrid.ListComponents(
            CALLS["ListComponents"], gateway("all").target, insecure=True, compression=compression, timeout=15
        )
        check("ListComponents", reply)


class TestOptions:
    def test_metadata_that_nobody_asked_for_is_ignored(self, all_site):
        signing = [("key", "k"), ("ts", "1700000000"), ("nonce", "bm9uY2U="), ("sig", "c2ln"), ("raw-bin", b"\0\xff")]
        reply = all_site.stub.ListComponents(CALLS["ListComponents"], metadata=signing, timeout=10)
        check("ListComponents", reply)

    def test_wait_for_ready_waits_for_a_gateway_that_starts_later(self, tmp_path):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        replies = []

        def call():
            options = (("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 200))
            replies.append(
                Microgrid.GetMicrogridMetadata(
                    Empty(), f"127.0.0.1:{port}", insecure=True, options=options, wait_for_ready=True, timeout=30
                )
            )

        waiting = threading.Thread(target=call)
        waiting.start()
        site = Gateway(SITES / "all.yaml", tmp_path, grpc=[f"127.0.0.1:{port}"])
        waiting.join()
        site.stop()
        check("GetMicrogridMetadata", replies[0])

    def test_a_deadline_ends_a_stream(self, all_site):
        with refused(grpc.StatusCode.DEADLINE_EXCEEDED):
            for _ in all_site.stream(4, limit_s=0.5):
                pass

    def test_a_hundred_calls_at_a_time_on_one_connection(self, all_site):
        calls = [all_site.stub.ListComponents.future(CALLS["ListComponents"], timeout=20) for _ in range(500)]
        for one in calls:
            check("ListComponents", one.result())

    def test_two_hundred_cancelled_streams_leave_the_connection_alive(self, all_site):
        for _ in range(200):
            all_site.stub.ReceiveComponentDataStream(CALLS["ReceiveComponentDataStream"]).cancel()
        check("ListComponents", all_site.stub.ListComponents(CALLS["ListComponents"], timeout=10))

    def test_eager_keepalive_pings_are_answered_for_ever(self, gateway, connect):
        options = [
            ("grpc.keepalive_time_ms", 100),
            ("grpc.keepalive_timeout_ms", 2000),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.http2.max_pings_without_data", 0),
        ]
        client = connect(gateway("all"), options=options)
        states = []
        client.channel.subscribe(states.append)
        with client.stream(27, limit_s=4) as idle:  # one sample an hour
            with refused(grpc.StatusCode.DEADLINE_EXCEEDED):
                for _ in idle:
                    pass
        assert client.metadata().id == 4711
        assert grpc.ChannelConnectivity.TRANSIENT_FAILURE not in states

    def test_the_bindings_unregistered_paths_work_beside_others(self, gateway, connect):
        """Several channels and event loops of one process, as applications have them."""
        site = gateway("all")
        one, other = connect(site), connect(site)
        with one.stream(4) as first, other.stream(5) as second:
            for _ in range(5):
                assert next(first).raw.component_id == 4 and next(second).raw.component_id == 5


class TestAddresses:
    def test_ipv4_ipv6_and_a_unix_socket_at_the_same_time(self, gateway, connect, tmp_path):
        path = f"unix:{tmp_path}/socket"
        if len(path) > 100:
            path = f"unix:/tmp/mg-interop-{tmp_path.name[-20:]}"
        addresses = ["127.0.0.1:0", path]
        if socket.has_ipv6 and ipv6_loopback():
            addresses.append("[::1]:0")
        site = gateway("all", grpc=addresses)
        assert len(site.addresses) == len(addresses)
        for address in site.addresses:
            assert connect(address).metadata().id == 4711

    def test_gateways_run_side_by_side(self, gateway, connect):
        sites = [gateway("all") for _ in range(3)]
        assert len({site.target for site in sites}) == 3
        for site in sites:
            assert connect(site).metadata().id == 4711


def ipv6_loopback():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
            return True
    except OSError:
        return False


def test_the_newest_release_of_the_bindings_speaks_with_it_too(gateway):
    """Runs tests/interop/newest.py with that release; its output is one line of JSON for each call."""
    ran = subprocess.run(
        [TOOLS / "venv-newest" / "bin" / "python", HERE / "newest.py", gateway("all").target],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    told = {line["call"]: line for line in map(json.loads, ran.stdout.splitlines())}
    assert set(told) == set(CALLS)
    assert all(line["code"] == "OK" for line in told.values()), told
