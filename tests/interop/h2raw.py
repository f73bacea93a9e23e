# SPDX-License-Identifier: MIT
"""A small HTTP/2 client that can also do what no good client does."""
import socket
import struct
import time

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

V1 = "/frequenz.api.microgrid.v1.Microgrid/"
LIST = V1 + "ListComponents"
METADATA = V1 + "GetMicrogridMetadata"
STREAM = V1 + "ReceiveComponentDataStream"
LIMIT_S = 10


def message(body=b"", flag=0, length=None):
    """A gRPC message with its five bytes in front."""
    return struct.pack("!BI", flag, len(body) if length is None else length) + body


class Call:
    """What came back on one stream."""

    def __init__(self, stream_id):
        self.id = stream_id
        self.headers, self.trailers, self.body = {}, {}, b""
        self.ended, self.reset = False, None

    def grpc_status(self):
        told = self.trailers.get("grpc-status", self.headers.get("grpc-status"))
        return None if told is None else int(told)

    def grpc_message(self):
        return self.trailers.get("grpc-message", self.headers.get("grpc-message", ""))

    def messages(self):
        """[(flag, bytes)] of what came so far."""
        found, rest = [], self.body
        while len(rest) >= 5:
            flag, length = struct.unpack("!BI", rest[:5])
            if len(rest) < 5 + length:
                break
            found.append((flag, rest[5 : 5 + length]))
            rest = rest[5 + length :]
        return found


class Connection:
    """One connection; every wait reads frames until something is there, or fails after a limit."""

    def __init__(self, target, settings=None, socket_options=()):
        host, port = target.rsplit(":", 1)
        self.socket = socket.create_connection((host.strip("[]"), int(port)), timeout=LIMIT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for option in socket_options:
            self.socket.setsockopt(*option)
        config = h2.config.H2Configuration(
            client_side=True,
            header_encoding="utf-8",
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
        self.h2 = h2.connection.H2Connection(config)
        self.calls = {}
        self.goaway, self.closed, self.acks, self.settings_acked = None, False, 0, 0
        self.h2.initiate_connection()
        if settings:  # only now: what is set before is applied here but never told to the peer
            self.h2.update_settings(settings)
        self.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    # Sending
    def flush(self):
        """Writes what is due; False if the peer is gone."""
        try:
            self.socket.sendall(self.h2.data_to_send())
            return True
        except OSError:
            self.closed = True
            return False

    def raw(self, data):
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            self.closed = True
            return False

    def open(self, path, headers=(), end=False, method="POST", content_type="application/grpc"):
        """Begins a call: its headers."""
        call = Call(self.h2.get_next_available_stream_id())
        fields = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "test"), ("te", "trailers")]
        if content_type:
            fields.append(("content-type", content_type))
        self.h2.send_headers(call.id, [*fields, *headers], end_stream=end)
        self.calls[call.id] = call
        return call

    def send(self, call, data, end=True):
        """Sends data, keeping to the peer's windows."""
        while data or end:
            room = min(self.h2.local_flow_control_window(call.id), self.h2.max_outbound_frame_size)
            if data and room == 0:
                self.flush()
                self.read()
                if call.ended or call.reset is not None:
                    return
                continue
            part, data = data[:room], data[room:]
            self.h2.send_data(call.id, part, end_stream=end and not data)
            if not data:
                break
        self.flush()

    def call(self, path, data=message(), headers=(), **options):
        """A whole unary call."""
        call = self.open(path, headers, **options)
        self.send(call, data)
        return self.finish(call)

    # Receiving
    def read(self, limit_s=LIMIT_S):
        """Reads once and takes note of what came; False at the end of the connection."""
        self.socket.settimeout(limit_s)
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            raise AssertionError(f"nothing came within {limit_s} s") from None
        except OSError:
            data = b""
        if not data:
            self.closed = True
            return False
        try:
            events = self.h2.receive_data(data)
        except h2.exceptions.ProtocolError as failure:
            raise AssertionError(f"the server broke the protocol: {failure}") from failure
        for event in events:
            self._note(event)
        self.flush()
        return True

    def _note(self, event):
        call = self.calls.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.PingAckReceived):
            self.acks += 1
        elif isinstance(event, h2.events.SettingsAcknowledged):
            self.settings_acked += 1
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.goaway = event
        elif call is None:
            return
        elif isinstance(event, h2.events.ResponseReceived):
            call.headers = dict(event.headers)
        elif isinstance(event, h2.events.TrailersReceived):
            call.trailers = dict(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            call.body += event.data
            if event.flow_controlled_length:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            call.ended = True
        elif isinstance(event, h2.events.StreamReset):
            call.reset = event.error_code

    def until(self, condition, limit_s=LIMIT_S):
        end = time.monotonic() + limit_s
        while not condition():
            left = end - time.monotonic()
            assert left > 0, "it did not come in time"
            if not self.read(left):
                assert condition(), "the server closed the connection"
                return

    def finish(self, call, limit_s=LIMIT_S):
        self.until(lambda: call.ended or call.reset is not None, limit_s)
        return call

    def until_closed(self, limit_s=LIMIT_S):
        """Waits until the server gives up this connection: GOAWAY or its end."""
        end = time.monotonic() + limit_s
        while not self.closed and self.goaway is None:
            if not self.read(max(0.01, end - time.monotonic())):
                return

    def ping(self):
        self.h2.ping(b"12345678")
        return self.flush()

    def alive(self):
        """Whether a unary call passes on this very connection."""
        call = self.call(METADATA)
        return call.grpc_status() == 0 and self.goaway is None
