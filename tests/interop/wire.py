# SPDX-License-Identifier: MIT
"""Stands between a client and a gateway, and takes note of the HTTP/2 frames that pass."""
import socket
import threading

PREFACE = 24  # bytes that a client begins with
DATA, HEADERS, RST_STREAM = 0, 1, 3


class Wire:
    """Carries one connection."""

    def __init__(self, target):
        self.opened, self.reset = [], set()  # streams, by the client
        self.messages = []  # the stream of each DATA frame that came from the gateway
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._carry, daemon=True).start()

    def _carry(self):
        client, _ = self.listener.accept()
        host, port = self.target.rsplit(":", 1)
        gateway = socket.create_connection((host, int(port)))
        threading.Thread(target=self._pump, args=(gateway, client, 0, self._from_gateway), daemon=True).start()
        self._pump(client, gateway, PREFACE, self._from_client)

    def _from_client(self, kind, stream):
        if kind == HEADERS:
            self.opened.append(stream)
        elif kind == RST_STREAM:
            self.reset.add(stream)

    def _from_gateway(self, kind, stream):
        if kind == DATA:
            self.messages.append(stream)

    @staticmethod
    def _pump(source, sink, skip, note):
        unread = b""
        try:
            while data := source.recv(65536):
                unread += data
                while len(unread) >= skip + 9:
                    length, kind = int.from_bytes(unread[skip : skip + 3], "big"), unread[skip + 3]
                    if len(unread) < skip + 9 + length:
                        break
                    note(kind, int.from_bytes(unread[skip + 5 : skip + 9], "big"))
                    unread, skip = unread[skip + 9 + length :], 0
                sink.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, sink):
                end.close()

    def close(self):
        self.listener.close()
