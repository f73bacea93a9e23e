# SPDX-License-Identifier: MIT
"""grpc.health.v1, and how the gateway stops."""
import signal
import time

import grpc
import pytest
from grpc import StatusCode
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub

from client import InBackground, api, refused
from daemon import STOP_LIMIT_S

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
MICROGRID = "frequenz.api.microgrid.v1.Microgrid"


def ask(service=""):
    return health_pb2.HealthCheckRequest(service=service)


class TestHealth:
    @pytest.mark.parametrize("service", ["", MICROGRID])
    def test_a_running_gateway_serves(self, all_site, service):
        assert HealthStub(all_site.channel).Check(ask(service), timeout=10).status == SERVING

    def test_an_unknown_service_is_not_found(self, all_site):
        with refused(StatusCode.NOT_FOUND):
            HealthStub(all_site.channel).Check(ask("no.such.Service"), timeout=10)

    def test_watching_an_unknown_service_says_so(self, all_site):
        watch = HealthStub(all_site.channel).Watch(ask("no.such.Service"), timeout=10)
        assert next(watch).status == SERVICE_UNKNOWN
        watch.cancel()

    def test_a_name_that_is_not_utf8_is_an_invalid_argument(self, all_site):
        check = all_site.channel.unary_unary("/grpc.health.v1.Health/Check", None, None)
        with refused(StatusCode.INVALID_ARGUMENT):
            check(b"\x0a\x02\xff\xfe", timeout=10)


class TestShutdown:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_both_signals_end_it_well_and_in_time(self, gateway, connect, number):
        site = gateway("all")
        assert connect(site).metadata()
        site.process.send_signal(number)
        assert site.wait() == 0

    @pytest.mark.parametrize("service", ["", MICROGRID])
    def test_health_turns_to_not_serving(self, gateway, connect, service):
        site = gateway("all")
        watch = HealthStub(connect(site).channel).Watch(ask(service), timeout=15)
        assert next(watch).status == SERVING
        site.terminate()
        assert next(watch).status == NOT_SERVING
        assert site.wait() == 0

    def test_streams_end_with_unavailable_at_once(self, gateway, connect):
        site = gateway("all")
        client = connect(site)
        streams = [client.stream(i) for i in (2, 4, 27)] + [client.sensor_stream(101)]
        for stream in streams:
            next(stream)
        told = time.monotonic()
        site.terminate()
        for stream in streams:
            with refused(StatusCode.UNAVAILABLE):
                for _ in stream:
                    pass
        assert time.monotonic() - told < STOP_LIMIT_S
        assert site.wait() == 0

    def test_a_running_call_ends_and_the_gateway_too(self, gateway, connect):
        site = gateway("all")
        client = connect(site)
        client.stop(4)
        starting = InBackground(client.start, 4)
        client.wait_state(4, "SWITCHING_ON")
        site.terminate()
        assert site.wait() == 0
        try:
            starting.result()
        except grpc.RpcError as failure:
            assert failure.code() is StatusCode.UNAVAILABLE

    def test_idle_connections_do_not_hold_it_up(self, gateway, connect):
        site = gateway("all")
        clients = [connect(site) for _ in range(20)]
        for client in clients:
            assert client.metadata()
        site.terminate()
        assert site.wait() == 0

    def test_a_second_signal_ends_it_immediately(self, gateway, connect):
        site = gateway("all")
        client = connect(site)
        client.stop(4)
        starting = InBackground(client.start, 4)
        client.wait_state(4, "SWITCHING_ON")
        site.terminate()
        site.wait_log("stopping")  # two signals at once are one
        site.terminate()
        site.wait(2)
        with refused(StatusCode.UNAVAILABLE):
            starting.result()
        site.stop = site.check_log  # its exit status is free here

    def test_a_new_gateway_takes_over_and_clients_come_back(self, gateway, connect):
        first = gateway("all")
        client = connect(first, options=[("grpc.initial_reconnect_backoff_ms", 100),
                                         ("grpc.min_reconnect_backoff_ms", 100)])  # fmt: skip
        assert client.metadata().id == 4711
        first.stop()
        gateway("all", grpc=[first.target])
        reply = client.stub.ListComponents(api.ListComponentsRequest(), wait_for_ready=True, timeout=15)
        assert len(reply.components) == 27

