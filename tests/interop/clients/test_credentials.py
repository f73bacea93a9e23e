# SPDX-License-Identifier: MIT
"""TLS, client certificates, API keys and signatures, as the published client stack shows them to us."""
import subprocess

import grpc
import pytest
from frequenz.api.microgrid.v1alpha18 import microgrid_pb2 as api
from frequenz.api.microgrid.v1alpha18.microgrid_pb2_grpc import MicrogridStub
from frequenz.client.base.client import BaseApiClient
from google.protobuf.empty_pb2 import Empty
from grpc import StatusCode

from certificates import make_authority
from daemon import SITES, program


class Client(BaseApiClient):
    """What every published client of a Frequenz API is made of."""

    def __init__(self, url, **options):
        super().__init__(url, MicrogridStub, **options)


@pytest.fixture
def authority(tmp_path):
    return make_authority(tmp_path)


def make_key(tmp_path, name, *options):
    """A key as an operator makes it."""
    made = subprocess.run(
        [program("microgridctl"), "key", "new", name, "--keys", tmp_path / "keys", *options],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return made.stdout.strip()


@pytest.fixture
def guarded(gateway, authority, tmp_path):
    """Starts a gateway that wants keys, which must have been made; returns how it is reached."""

    def start(client_ca=False):
        server = authority.issue("localhost", "server")
        tls = f"certificate: {server.certificate}, key: {server.key}"
        if client_ca:
            tls += f", client_ca: {authority.certificate}"
        site = tmp_path / "site.yaml"
        site.write_text(
            (SITES / "all.yaml").read_text() + f"listen: {{tls: {{{tls}}}, keys: {tmp_path / 'keys'}}}\n"
        )
        port = gateway(site).target.rsplit(":", 1)[1]
        return f"grpc://localhost:{port}?ssl=true&ssl_root_certificates_path={authority.certificate}"

    return start


async def outcome(client, call):
    """The status of a call."""
    async with client:
        try:
            await call(client._stub)
        except grpc.aio.AioRpcError as error:
            return error.code()
        return StatusCode.OK


def read(stub):
    return stub.GetMicrogrid(Empty(), timeout=5)


def command(component_id):
    async def call(stub):
        request = api.SetElectricalComponentPowerRequest(
            electrical_component_id=component_id, power_type=1, power=0.0
        )
        async for _ in stub.SetElectricalComponentPower(request, timeout=5):
            return

    return call


async def test_a_key_is_let_in_and_another_is_not(guarded, tmp_path):
    key = make_key(tmp_path, "ems")
    url = guarded()
    assert await outcome(Client(url, auth_key=key), read) == StatusCode.OK
    assert await outcome(Client(url, auth_key=key), command(4)) == StatusCode.OK
    assert await outcome(Client(url, auth_key=key + "x"), read) == StatusCode.UNAUTHENTICATED
    assert await outcome(Client(url), read) == StatusCode.UNAUTHENTICATED


async def test_a_key_that_signs_is_let_in_only_with_its_signature(guarded, tmp_path):
    key = make_key(tmp_path, "ems", "--sign", tmp_path / "secret")
    secret = (tmp_path / "secret").read_text().strip()
    url = guarded()
    assert await outcome(Client(url, auth_key=key, sign_secret=secret), read) == StatusCode.OK
    assert await outcome(Client(url, auth_key=key, sign_secret=secret), command(4)) == StatusCode.OK
    assert await outcome(Client(url, auth_key=key), read) == StatusCode.UNAUTHENTICATED
    assert await outcome(Client(url, auth_key=key, sign_secret="guessed"), read) == StatusCode.UNAUTHENTICATED


async def test_a_key_does_what_its_role_and_components_allow(guarded, tmp_path):
    viewer = make_key(tmp_path, "tv", "--role", "viewer")
    few = make_key(tmp_path, "few", "--components", "4,5")
    url = guarded()
    assert await outcome(Client(url, auth_key=viewer), read) == StatusCode.OK
    assert await outcome(Client(url, auth_key=viewer), command(4)) == StatusCode.PERMISSION_DENIED
    assert await outcome(Client(url, auth_key=few), command(4)) == StatusCode.OK
    assert await outcome(Client(url, auth_key=few), command(6)) == StatusCode.PERMISSION_DENIED


async def test_a_certificate_is_shown_beside_the_key_or_instead_of_it(guarded, authority, tmp_path):
    key = make_key(tmp_path, "ems", "--role", "viewer")
    with (tmp_path / "keys").open("a") as keys:
        keys.write("cert:panel role=operator\n")
    url = guarded(client_ca=True)
    panel = authority.issue("panel", "panel")
    url_with = f"{url}&ssl_private_key_path={panel.key}&ssl_certificate_chain_path={panel.certificate}"
    assert await outcome(Client(url_with), command(4)) == StatusCode.OK
    assert await outcome(Client(url_with, auth_key=key), command(4)) == StatusCode.PERMISSION_DENIED
    assert await outcome(Client(url, auth_key=key), read) == StatusCode.UNAVAILABLE  # no certificate at all
