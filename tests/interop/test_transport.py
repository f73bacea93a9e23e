# SPDX-License-Identifier: MIT
"""What bad input gets, down to single frames; and that the gateway lives on."""
import gzip
import os
import socket
import ssl
import time
import zlib

import pytest
from grpc import StatusCode

from client import api
from daemon import wait_until
from h2raw import LIST, METADATA, STREAM, Connection, message

CODE = {code.value[0]: code for code in StatusCode}
MIB = 1024 * 1024


@pytest.fixture
def site(gateway, connect):
    """A gateway that must still answer another client after the test."""
    one = gateway("all")
    yield one
    assert connect(one).metadata().id == 4711


@pytest.fixture
def wire(site):
    with Connection(site.target) as connection:
        yield connection


def answered(call, code):
    assert call.grpc_status() is not None, f"no grpc-status: {call.headers} {call.trailers} reset {call.reset}"
    assert CODE[call.grpc_status()] is code, call.grpc_message()
    assert call.headers[":status"] == "200"


class TestMessages:
    def test_a_good_call_is_answered_as_grpc_says(self, wire):
        call = wire.call(METADATA)
        assert call.headers[":status"] == "200"
        assert call.headers["content-type"].startswith("application/grpc")
        assert call.trailers["grpc-status"] == "0"
        [(flag, body)] = call.messages()
        assert flag == 0 and api.GetMicrogridMetadataResponse.FromString(body).microgrid.id == 4711

    @pytest.mark.parametrize("size", [4 * MIB + 1, 2**32 - 1])
    def test_an_oversized_one_is_resource_exhausted(self, wire, size):
        call = wire.open(LIST)
        wire.send(call, message(b"\0" * 100, length=size), end=False)
        answered(wire.finish(call), StatusCode.RESOURCE_EXHAUSTED)
        assert wire.alive()

    def test_one_just_within_the_limit_is_read(self, wire):
        ids = api.ListComponentsRequest(component_ids=[2**63] * 400000).SerializeToString()
        assert 3.5 * MIB < len(ids) < 4 * MIB
        answered(wire.call(LIST, message(ids)), StatusCode.OK)

    def test_one_in_many_small_frames_is_put_together(self, wire):
        call = wire.open(LIST)
        for byte in message(api.ListComponentsRequest(component_ids=[4, 5]).SerializeToString()):
            wire.send(call, bytes([byte]), end=False)
        wire.send(call, b"", end=True)
        answered(wire.finish(call), StatusCode.OK)
        assert len(api.ListComponentsResponse.FromString(call.messages()[0][1]).components) == 2

    def test_a_truncated_one_is_internal(self, wire):
        answered(wire.call(LIST, message(b"12345", length=10)), StatusCode.INTERNAL)
        answered(wire.call(LIST, b"\0\0\0"), StatusCode.INTERNAL)

    def test_a_second_one_on_a_unary_call_is_an_invalid_argument(self, wire):
        answered(wire.call(LIST, message() + message()), StatusCode.INVALID_ARGUMENT)

    def test_none_at_all_on_a_unary_call_is_refused(self, wire):
        call = wire.open(LIST)
        wire.send(call, b"")
        assert wire.finish(call).grpc_status() in (StatusCode.INVALID_ARGUMENT.value[0], StatusCode.INTERNAL.value[0],
                                                   StatusCode.UNIMPLEMENTED.value[0])  # fmt: skip


class TestCompression:
    PACKED = {
        "gzip": gzip.compress,
        "deflate": zlib.compress,
    }

    @pytest.mark.parametrize("encoding", PACKED)
    def test_requests_may_be_packed(self, wire, encoding):
        body = api.ListComponentsRequest(component_ids=[4] * 1000).SerializeToString()
        call = wire.call(LIST, message(self.PACKED[encoding](body), flag=1), [("grpc-encoding", encoding)])
        answered(call, StatusCode.OK)

    @pytest.mark.parametrize("encoding", PACKED)
    def test_replies_are_packed_for_who_accepts_only_as_said_in_their_headers(self, wire, encoding):
        unpack = {"gzip": gzip.decompress, "deflate": zlib.decompress}
        call = wire.call(LIST, message(), [("grpc-accept-encoding", encoding)])
        answered(call, StatusCode.OK)
        [(flag, body)] = call.messages()
        if flag:
            assert call.headers["grpc-encoding"] == encoding
            body = unpack[encoding](body)
        assert len(api.ListComponentsResponse.FromString(body).components) == 27

    def test_an_unknown_encoding_is_unimplemented_and_told_what_is_known(self, wire):
        call = wire.call(LIST, message(b"xx", flag=1), [("grpc-encoding", "snappy")])
        answered(call, StatusCode.UNIMPLEMENTED)
        known = {**call.headers, **call.trailers}["grpc-accept-encoding"]
        assert {"identity", "gzip", "deflate"} <= {one.strip() for one in known.split(",")}

    def test_a_compressed_message_without_an_encoding_is_internal(self, wire):
        answered(wire.call(LIST, message(gzip.compress(b""), flag=1)), StatusCode.INTERNAL)

    def test_an_unknown_flag_is_internal(self, wire):
        answered(wire.call(LIST, message(b"", flag=7)), StatusCode.INTERNAL)

    def test_broken_gzip_is_refused(self, wire):
        call = wire.call(LIST, message(b"no gzip at all", flag=1), [("grpc-encoding", "gzip")])
        assert CODE[call.grpc_status()] in (StatusCode.INTERNAL, StatusCode.INVALID_ARGUMENT)

    @pytest.mark.parametrize("encoding", PACKED)
    def test_a_bomb_is_resource_exhausted_and_costs_no_memory(self, site, wire, encoding):
        bomb = message(self.PACKED[encoding](b"\0" * (200 * MIB)), flag=1)
        assert len(bomb) < MIB
        before = site.rss_kb()
        answered(wire.call(LIST, bomb, [("grpc-encoding", encoding)]), StatusCode.RESOURCE_EXHAUSTED)
        assert site.rss_kb() - before < 50_000


class TestHeaders:
    @pytest.mark.parametrize("timeout", ["", "abc", "10", "-1S", "123456789S", "5X", "1.5S", "S"])
    def test_a_bad_timeout_is_an_invalid_argument(self, wire, timeout):
        answered(wire.call(METADATA, headers=[("grpc-timeout", timeout)]), StatusCode.INVALID_ARGUMENT)

    @pytest.mark.parametrize("timeout", ["99999999H", "10S", "10000m", "10000000u", "99999999n"])
    def test_every_unit_of_a_timeout_is_known(self, wire, timeout):
        answered(wire.call(METADATA, headers=[("grpc-timeout", timeout)]), StatusCode.OK)

    def test_the_server_itself_ends_a_call_at_its_deadline(self, wire):
        call = wire.open(STREAM, [("grpc-timeout", "300m")])
        begun = time.monotonic()
        wire.send(call, message(b"\x08\x04"))
        wire.finish(call)
        answered(call, StatusCode.DEADLINE_EXCEEDED)
        assert 0.25 < time.monotonic() - begun < 2

    @pytest.mark.parametrize("content_type", ["text/html", "application/json", "application/grpcx", None])
    def test_another_content_type_is_415(self, wire, content_type):
        assert wire.call(METADATA, content_type=content_type).headers[":status"] == "415"

    @pytest.mark.parametrize("content_type", ["application/grpc", "application/grpc+proto"])
    def test_both_names_of_ours_are_fine(self, wire, content_type):
        answered(wire.call(METADATA, content_type=content_type), StatusCode.OK)

    def test_get_is_refused(self, wire):
        call = wire.open(METADATA, method="GET", end=True)
        wire.flush()
        wire.finish(call)
        assert call.headers[":status"].startswith("4") or call.grpc_status() not in (None, 0)

    def test_a_message_with_special_characters_is_percent_encoded(self, wire):
        call = wire.call("/frequenz.api.microgrid.v1.Microgrid/N\u00e4in%")
        assert call.grpc_status() == StatusCode.UNIMPLEMENTED.value[0]
        assert all(32 <= ord(letter) < 127 for letter in call.grpc_message())

    def test_too_large_headers_cost_the_call_but_not_the_gateway(self, site, wire):
        call = wire.open(METADATA, [(f"x-{i}", "v" * 1000) for i in range(100)])
        try:
            wire.send(call, message())
            wire.finish(call)
        except AssertionError:
            assert wire.closed or wire.goaway
            return
        assert call.reset is not None or call.grpc_status() != 0 or call.headers[":status"] == "431"


class TestOtherProtocols:
    def exchange(self, site, data):
        """Sends bytes and reads until the server closes."""
        with socket.create_connection(("127.0.0.1", site.port), timeout=15) as plain:
            plain.sendall(data)
            got = b""
            try:
                while part := plain.recv(65536):
                    got += part
            except ConnectionResetError:
                pass
            return got

    @pytest.mark.parametrize("request_line", [b"GET / HTTP/1.1", b"POST /v1/components HTTP/1.1", b"PUT / HTTP/1.0"])
    def test_http_1_gets_a_readable_4xx(self, site, request_line):
        reply = self.exchange(site, request_line + b"\r\nHost: test\r\n\r\n")
        assert reply.startswith(b"HTTP/1.1 4"), reply
        head, _, body = reply.partition(b"\r\n\r\n")
        assert b"gRPC" in body and b"content-length" in head.lower()

    def test_tls_on_the_plain_port_is_closed_and_logged(self, site):
        context = ssl.create_default_context()
        with socket.create_connection(("127.0.0.1", site.port), timeout=15) as plain:
            with pytest.raises((ssl.SSLError, OSError)):
                context.wrap_socket(plain, server_hostname="localhost")
        site.wait_log("TLS on a port without TLS")

    @pytest.mark.parametrize("data", [b"\0" * 100, b"\xff" * 100, b"SSH-2.0-x\r\n" * 5, os.urandom(500),
                             b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n" + b"\0" * 50],
                             ids=["zeros", "ones", "ssh", "random", "broken_preface"])  # fmt: skip
    def test_garbage_is_closed(self, site, data):
        self.exchange(site, data)

    @pytest.mark.parametrize("frame", [b"\xff" * 9, b"\0\0\4\x08\0\0\0\0\0\0\0\0\0", b"\0\0\0\x09\4\0\0\0\1",
                             b"\xff\xff\xff\0\0\0\0\0\1"], ids=["unknown", "zero_window", "lone_continuation",
                             "too_long"])  # fmt: skip
    def test_a_broken_frame_ends_its_connection_only(self, site, wire, frame):
        assert wire.alive()
        wire.raw(frame * 20)
        wire.until_closed()

    def test_half_open_connections_do_not_matter(self, site, connect):
        sockets = [socket.create_connection(("127.0.0.1", site.port)) for _ in range(100)]
        for i, one in enumerate(sockets):
            one.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[: i % 25])
        assert connect(site).metadata().id == 4711
        for one in sockets:
            one.close()

    def test_vanished_clients_leave_nothing_open(self, site, connect):
        other = connect(site)
        other.metadata()
        before = site.open_files()
        for _ in range(50):
            with Connection(site.target) as one:
                call = one.open(STREAM)
                one.send(call, message(b"\x08\x04"))
                one.until(call.messages)
        wait_until(lambda: site.open_files() <= before + 1, 5, "closing of what the clients left")
