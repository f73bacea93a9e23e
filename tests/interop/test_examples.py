# SPDX-License-Identifier: MIT
"""What the examples say when they cannot do their work; that they do it is seen by tests/support/full-run."""
import socket
import subprocess
import sys

from daemon import TOP


class TestFirstCall:
    def test_without_a_gateway_it_says_so_in_words(self):
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))  # and does not listen
            target = f"127.0.0.1:{nobody.getsockname()[1]}"
            ended = subprocess.run(
                [sys.executable, TOP / "examples" / "first_call.py", target], capture_output=True, text=True
            )
        assert ended.returncode == 1
        assert ended.stderr.startswith(f"no answer from {target}: ")
        assert ended.stderr.endswith("give its HOST:PORT.\n")
        assert "Traceback" not in ended.stderr
