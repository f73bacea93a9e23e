# SPDX-License-Identifier: MIT
"""The client of the grpc-go interop suite against a test service on libugrpc, plain and with TLS."""
import re
import subprocess

import pytest

from certificates import make_authority
from daemon import STOP_LIMIT_S, TOOLS, Process, program, wait_until

CASES = """
empty_unary large_unary client_streaming server_streaming ping_pong empty_stream timeout_on_sleeping_server
cancel_after_begin cancel_after_first_response custom_metadata status_code_and_message special_status_message
unimplemented_method unimplemented_service
""".split()


@pytest.fixture(params=["plain", "tls"])
def server(request, tmp_path):
    """Its port, and the client's options for it."""
    command, options = [program("ugrpc-interop-server"), "--port", "0"], []
    if request.param == "tls":
        authority = make_authority(tmp_path)
        leaf = authority.issue("foo.test.google.fr")
        command += ["--cert", leaf.certificate, "--key", leaf.key]
        options = ["-use_tls=true", "-use_test_ca=true", f"-ca_file={authority.certificate}",
                   "-server_host_override=foo.test.google.fr"]  # fmt: skip
    process = Process(command, tmp_path / "server.log")
    found = wait_until(lambda: re.search(r":(\d+)\b", process.log()), 10, "the server's address")
    yield int(found[1]), options
    process.terminate()
    process.wait(STOP_LIMIT_S)
    process.check_log()


@pytest.mark.parametrize("case", CASES)
def test_case(server, case):
    port, options = server
    ran = subprocess.run(
        [TOOLS / "bin" / "interop-client", "-server_host=127.0.0.1", f"-server_port={port}", f"-test_case={case}",
         *options],
        capture_output=True, text=True, timeout=40,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
