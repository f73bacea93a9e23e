# SPDX-License-Identifier: MIT
"""The cases of the interop suite with a client on libugrpc: against grpc-go's server, grpcio's (with threads and with
asyncio) and our own, plain and with TLS."""
import re
import socket
import subprocess
import sys

import pytest

from certificates import make_authority
from daemon import HERE, START_LIMIT_S, TOOLS, Process, program, wait_until

CASES = """
empty_unary large_unary client_streaming server_streaming ping_pong empty_stream timeout_on_sleeping_server
cancel_after_begin cancel_after_first_response custom_metadata status_code_and_message special_status_message
unimplemented_method unimplemented_service
""".split()
NAME = "foo.test.google.fr"


@pytest.fixture(scope="session")
def descriptors(tmp_path_factory):
    path = tmp_path_factory.mktemp("testing") / "test.set"
    protos = HERE / "testing"
    subprocess.run(
        ["protoc", f"-I{protos}", "--include_imports", f"--descriptor_set_out={path}", "grpc/testing/test.proto"],
        check=True,
    )
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def command(kind, leaf, descriptors):
    """Starts a server of this kind; with a leaf, which is its certificate, it has TLS."""
    if kind == "go":
        options = ["-use_tls=true", f"-tls_cert_file={leaf.certificate}", f"-tls_key_file={leaf.key}"] if leaf else []
        return [TOOLS / "bin" / "interop-server", f"-port={free_port()}", *options]
    if kind == "ugrpc":
        return [program("ugrpc-interop-server"), "--port", "0", *(["--cert", leaf.certificate, "--key", leaf.key] if leaf else [])]
    return [sys.executable, HERE / "testing_server.py", kind, descriptors, *([leaf.certificate, leaf.key] if leaf else [])]


def is_listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module", params=[(kind, tls) for kind in ("go", "sync", "asyncio", "ugrpc") for tls in (False, True)],
                ids=lambda param: f"{param[0]}-{'tls' if param[1] else 'plain'}")  # fmt: skip
def server(request, tmp_path_factory, descriptors):
    """The client's options for it."""
    kind, tls = request.param
    folder = tmp_path_factory.mktemp(kind)
    authority = make_authority(folder) if tls else None
    words = command(kind, authority.issue(NAME) if tls else None, descriptors)
    process = Process(words, folder / "server.log")
    if kind == "go":
        port = int(str(words[1]).partition("=")[2])
        wait_until(lambda: is_listening(port), START_LIMIT_S, "grpc-go's server")
    else:
        port = int(wait_until(lambda: re.search(r":(\d+)\b", process.log()), START_LIMIT_S, "the server's port")[1])
    options = ["--target", f"127.0.0.1:{port}"]
    if tls:
        options += ["--ca", authority.certificate, "--server-name", NAME]
    yield kind, options
    process.terminate()
    process.wait(START_LIMIT_S)
    process.check_log()


def run(options, case, *more):
    ran = subprocess.run(
        [program("ugrpc-interop-client"), *options, "--case", case, *more], capture_output=True, text=True, timeout=40
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""


@pytest.mark.parametrize("case", CASES)
def test_case(server, case):
    _, options = server
    run(options, case)


@pytest.mark.parametrize("case", ["large_unary", "client_streaming", "server_streaming", "ping_pong", "empty_unary"])
@pytest.mark.parametrize("how", ["--compression=gzip", "--compression=deflate", "--ask-compressed"])
def test_compressed(server, case, how):
    kind, options = server
    if kind == "go":
        pytest.skip("grpc-go's test server has no compression")
    run(options, case, how)
