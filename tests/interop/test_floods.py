# SPDX-License-Identifier: MIT
"""Abuse of HTTP/2 is contained; a client that merely cancels and pings a lot is not taken for an abuser.

INTEROP_CANCEL_S says for how many seconds 500 calls a second are cancelled (5)."""
import os
import socket
import struct
import time

import h2.exceptions
import h2.settings
import pytest

from client import api
from h2raw import LIST, METADATA, STREAM, Connection, message

CANCEL_S = float(os.environ.get("INTEROP_CANCEL_S", "5"))
CANCELS_PER_S = 500
ROOM_KB = 64 * 1024  # what an attack may cost in memory
STREAM_OF_4 = message(b"\x08\x04")


def frame(kind, flags, stream, body=b""):
    return struct.pack("!I", len(body))[1:] + struct.pack("!BBI", kind, flags, stream) + body


@pytest.fixture
def site(gateway, connect):
    """A gateway under attack: another client must be served all the while, and memory must not grow."""
    one = gateway("all")
    other = connect(one)
    other.metadata()
    before = one.rss_kb()
    yield one
    begun = time.monotonic()
    assert other.metadata().id == 4711
    assert time.monotonic() - begun < 5
    assert one.rss_kb() - before < ROOM_KB


@pytest.fixture
def wire(site):
    with Connection(site.target) as connection:
        connection.until(lambda: connection.settings_acked)
        yield connection


class TestLegitimate:
    def test_five_hundred_cancelled_calls_a_second_never_cost_the_connection(self, wire):
        begun, cancelled = time.monotonic(), 0
        while (elapsed := time.monotonic() - begun) < CANCEL_S:
            while cancelled < elapsed * CANCELS_PER_S:
                call = wire.open(STREAM)
                wire.h2.send_data(call.id, STREAM_OF_4, end_stream=True)
                wire.h2.reset_stream(call.id, error_code=8)
                del wire.calls[call.id]
                cancelled += 1
            wire.flush()
            wire.ping()
            answered = wire.acks + 1
            wire.until(lambda: wire.acks >= answered)  # paces, and keeps reading
            assert wire.goaway is None and not wire.closed
        assert cancelled >= CANCEL_S * CANCELS_PER_S * 0.9
        assert wire.alive()

    @pytest.mark.parametrize("pause_ms", [10, 100])
    def test_pings_on_an_idle_connection_are_answered_for_ever(self, wire, pause_ms):
        count = 300 if pause_ms == 10 else 30
        for i in range(count):
            due = time.monotonic() + pause_ms / 1000
            assert wire.ping()
            wire.until(lambda: wire.acks > i)
            assert wire.goaway is None
            time.sleep(max(0, due - time.monotonic()))  # the pace is what is tested
        assert wire.alive()

    def test_many_short_calls_leave_nothing_behind(self, site, wire):
        for _ in range(2000):
            wire.call(METADATA)
        before = site.rss_kb()
        for _ in range(6000):
            assert wire.call(METADATA).grpc_status() == 0
            wire.calls.clear()
        assert site.rss_kb() - before < 4096


class TestAbuse:
    def pour(self, wire, data, times):
        """Sends without reading until done or thrown out."""
        wire.socket.settimeout(2)
        for _ in range(times):
            try:
                wire.socket.sendall(data)
            except OSError:  # closed on us, or no longer read
                return

    def test_rapid_reset(self, wire):
        for _ in range(100):
            for _ in range(500):
                call = wire.open(STREAM)
                wire.h2.reset_stream(call.id, error_code=8)
                del wire.calls[call.id]
            if not wire.flush() or wire.goaway:
                break

    def test_ping_flood_that_is_not_read(self, wire):
        self.pour(wire, frame(6, 0, 0, b"12345678") * 1000, 2000)

    def test_settings_flood_that_is_not_read(self, wire):
        self.pour(wire, frame(4, 0, 0) * 1000, 2000)

    def test_empty_data_flood(self, wire):
        call = wire.open(LIST)
        wire.flush()
        self.pour(wire, frame(0, 0, call.id) * 1000, 500)

    def test_continuation_flood(self, wire):
        self.pour(wire, frame(1, 0, 1, b"\x82"), 1)
        self.pour(wire, frame(9, 0, 1, b"\x40\x01a\x7f\x00" + b"b" * 127) * 100, 500)

    def test_empty_continuation_flood(self, wire):
        self.pour(wire, frame(1, 0, 1, b"\x82"), 1)
        self.pour(wire, frame(9, 0, 1) * 1000, 500)

    def test_header_bomb_by_reference(self, wire):
        """One large field in the table, then thousands of references to it."""
        large = b"\x40\x01x" + b"\x7f\xe1\x1e" + b"v" * 4000
        self.pour(wire, frame(1, 4, 1, b"\x82\x86\x84" + large + b"\xbe" * 10000), 1)
        wire.until_closed(5)

    def test_priority_and_window_update_flood(self, wire):
        self.pour(wire, frame(2, 0, 1, b"\0\0\0\0\x10") * 1000, 500)
        self.pour(wire, frame(8, 0, 0, b"\0\0\0\1") * 1000, 500)

    def test_more_streams_than_allowed(self, wire):
        allowed = wire.h2.remote_settings.max_concurrent_streams
        calls = [wire.open(STREAM) for _ in range(100)]
        for call in calls:
            wire.h2.send_data(call.id, STREAM_OF_4, end_stream=True)
        wire.flush()
        last = calls[-1].id
        block = wire.h2.encoder.encode(
            [(":method", "POST"), (":scheme", "http"), (":path", STREAM), (":authority", "t"), ("te", "trailers"),
             ("content-type", "application/grpc")])  # fmt: skip
        for i in range(1, allowed + 2000):
            wire.raw(frame(1, 5, last + 2 * i, block))
            if wire.closed:
                break

    def test_a_reader_that_does_not_read_misses_samples_but_costs_no_memory(self, site):
        settings = {h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 0}
        with Connection(site.target, settings) as slow:
            calls = [slow.open(STREAM) for _ in range(50)]
            for call in calls:
                slow.send(call, STREAM_OF_4)
            before = site.rss_kb()
            with Connection(site.target) as fast:
                seen = fast.open(STREAM)
                fast.send(seen, STREAM_OF_4)
                fast.until(lambda: len(seen.messages()) >= 30)
            assert site.rss_kb() - before < 4096
            slow.h2.increment_flow_control_window(1_000_000, calls[0].id)
            slow.flush()
            slow.until(calls[0].messages)
            newest = api.ReceiveComponentDataStreamResponse.FromString(seen.messages()[-1][1])
            slow.until(lambda: self.at(calls[0].messages()[-1]) >= self.at((0, newest.SerializeToString())))
            assert len(calls[0].messages()) < 20, "old samples were kept for a reader that did not read"

    @staticmethod
    def at(framed):
        told = api.ReceiveComponentDataStreamResponse.FromString(framed[1]).data.states[0].sampled_at
        return told.seconds + told.nanos / 1e9

    def test_a_socket_that_is_never_read(self, site):
        small = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)]
        settings = {h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 2**31 - 1}
        with Connection(site.target, settings, small) as deaf:
            deaf.h2.increment_flow_control_window(2**30)
            for _ in range(60):
                call = deaf.open(LIST)
                deaf.h2.send_data(call.id, message(), end_stream=True)
            deaf.flush()
            for _ in range(3000):
                call_id = deaf.h2.get_next_available_stream_id()
                try:
                    deaf.open(LIST)
                    deaf.h2.send_data(call_id, message(), end_stream=True)
                except h2.exceptions.TooManyStreamsError:
                    break
            deaf.flush()

    def test_a_dripping_request_holds_nothing_up(self, site, wire):
        call = wire.open(LIST)
        for byte in message(b"\x08\x04")[:-1]:
            wire.send(call, bytes([byte]), end=False)
        with Connection(site.target) as other:
            assert other.alive()
