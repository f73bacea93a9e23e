# SPDX-License-Identifier: MIT
"""A gateway under test as a process of its own."""
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD", TOP / "build")).resolve()
TOOLS = pathlib.Path(os.environ.get("INTEROP_DIR", TOP / ".work" / "interop")).resolve()
SITES = HERE / "sites"
DEFAULT_SITE = TOP / "share" / "site-default.yaml"

START_LIMIT_S = 20  # with sanitizers and a busy machine
STOP_LIMIT_S = 3  # as promised
SANITIZER = re.compile(r"AddressSanitizer|LeakSanitizer|UndefinedBehavior|ThreadSanitizer|runtime error:")


def program(name):
    """The path of one of the build's programs."""
    path = BUILD / "bin" / name
    assert path.exists(), f"{path} is not built (BUILD names the build folder)"
    return path


def wait_until(condition, limit_s, what):
    """For what tells nobody when it happens, such as a file that appears."""
    end = time.monotonic() + limit_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what}: not within {limit_s} s"
        time.sleep(0.005)


class Process:
    """A server process whose standard error is kept in a file."""

    def __init__(self, command, log):
        self.log_file = log
        self.due_status = 0
        with open(log, "wb") as stderr:
            self.process = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr
            )

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return self.log_file.read_text(errors="replace")

    def wait_log(self, pattern, limit_s=5):
        """Waits for a line that matches and returns it."""

        def find():
            return next((line for line in self.log().splitlines() if re.search(pattern, line)), None)

        return wait_until(find, limit_s, f"a log line with {pattern!r} in\n{self.log()}")

    def rss_kb(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def open_files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def crash(self):
        """Ends it as a power cut would."""
        self.process.kill()
        self.due_status = self.process.wait()

    def wait(self, limit_s=STOP_LIMIT_S):
        """Waits for the end and returns the exit status."""
        try:
            return self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"did not end within {limit_s} s; its log:\n{self.log()}") from None

    def check_log(self):
        match = SANITIZER.search(self.log())
        assert not match, f"a sanitizer's report:\n{self.log()}"

    def stop(self):
        """Ends it as an operator would; it must end well, in time, and without a leak."""
        if self.process.poll() is None:
            self.terminate()
        status = self.wait()
        self.check_log()
        assert status == self.due_status, f"exit status {status}; its log:\n{self.log()}"


class Gateway(Process):
    """microgridd on a site file, ready for calls."""

    def __init__(self, site, folder, grpc=("127.0.0.1:0",), args=()):
        endpoints = folder / "endpoints.json"
        command = shlex.split(os.environ.get("MICROGRIDD_WRAPPER", ""))
        command += [program("microgridd"), "--config", site, "--endpoints", endpoints]
        for address in grpc:
            command += ["--grpc", address]
        self.started_at = time.time()
        super().__init__([*command, *args], folder / "stderr.log")

        def ready():
            status = self.process.poll()
            assert status is None, f"ended at once with status {status}:\n{self.log()}"
            return endpoints.exists() and endpoints.read_text().strip().endswith("}")

        try:
            wait_until(ready, START_LIMIT_S, "endpoints")
            told = json.loads(endpoints.read_text())
            assert told["pid"] == self.pid or "MICROGRIDD_WRAPPER" in os.environ
            self.addresses = told["grpc"]
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    @property
    def target(self):
        return self.addresses[0]

    @property
    def port(self):
        return int(self.target.rsplit(":", 1)[1])
