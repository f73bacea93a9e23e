# SPDX-License-Identifier: MIT
"""The program on the published Rust client (rust/) as a process that takes commands and answers them."""
import collections
import json
import queue
import subprocess
import threading
import time

import pytest

from client import LIMIT_S
from daemon import TOOLS

PROGRAMS = TOOLS / "rust" / "debug"


def is_built():
    """False where there is no compiler for it."""
    return (PROGRAMS / "rust-client").exists()


def program(name):
    """The path of one of the Rust programs; without them the test is skipped."""
    if not is_built():
        pytest.skip("no rustc 1.88 or newer, as the Rust client takes and Debian 12 has in its security updates")
    return PROGRAMS / name


class Failed(Exception):
    """What the crate returned as an error."""


class RustClient:
    """Connects when its site can be reached; its logical meter resamples every `interval_ms`."""

    def __init__(self, target, folder, interval_ms=200):
        self.log_file = folder / "rust-client.log"
        self.answers = collections.defaultdict(queue.Queue)  # by command
        with open(self.log_file, "wb") as stderr:
            self.process = subprocess.Popen(
                [program("rust-client"), f"http://{getattr(target, 'target', target)}", str(interval_ms)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True, bufsize=1,
            )  # fmt: skip
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            answer = json.loads(line)
            self.answers[answer.pop("to")].put(answer)

    def send(self, command):
        print(command, file=self.process.stdin)

    def next(self, command, limit_s=LIMIT_S):
        """The next answer to a command that was sent."""
        try:
            answer = self.answers[command].get(timeout=max(limit_s, 0))
        except queue.Empty:
            raise AssertionError(f"{command}: no answer in time; the client's log:\n{self.log()}") from None
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    def ask(self, command, limit_s=LIMIT_S):
        """Sends a command; its first answer."""
        self.send(command)
        return self.next(command, limit_s)

    def until(self, command, condition, limit_s=LIMIT_S):
        """The first answer of those still to come that fulfils the condition, or an error with the last one."""
        end, last = time.monotonic() + limit_s, None
        while True:
            try:
                last = self.next(command, end - time.monotonic())
            except AssertionError as failure:
                raise AssertionError(f"{failure}\nthe last answer: {last}") from None
            if condition(last):
                return last

    def forget(self, command):
        """What was answered so far."""
        self.answers[command] = queue.Queue()

    def drop(self, command):
        """Ends a command, as an application drops its receiver."""
        self.ask(f"drop {command}")

    def log(self):
        return self.log_file.read_text()

    def complaints(self):
        """Warnings and errors, but for those about what power passes through."""
        return [line for line in self.log().splitlines() if " INFO " not in line and "is a pass-through" not in line]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
