# SPDX-License-Identifier: MIT
"""TLS, client certificates, API keys, and that nothing listens beyond this machine unguarded."""
import hashlib
import os
import socket
import ssl
import subprocess

import grpc
import pytest
from grpc import StatusCode

from certificates import make_authority
from client import api, refused
from daemon import SITES, program, wait_until
from h2raw import METADATA, Connection, message


@pytest.fixture
def authority(tmp_path):
    return make_authority(tmp_path)


@pytest.fixture
def site_file(tmp_path):
    """all.yaml with a listen: section."""

    def write(listen):
        path = tmp_path / "site.yaml"
        path.write_text((SITES / "all.yaml").read_text() + f"listen: {listen}\n")
        return path

    return write


def credentials(authority, pair=None):
    return grpc.ssl_channel_credentials(
        authority.certificate_pem, pair.key_pem if pair else None, pair.certificate_pem if pair else None
    )


@pytest.fixture
def server(authority):
    return authority.issue("localhost", "server")


@pytest.fixture
def tls_site(gateway, site_file, server):
    return gateway(site_file(f"{{tls: {{certificate: {server.certificate}, key: {server.key}}}}}"))


class TestTls:
    def test_calls_and_streams_pass(self, tls_site, connect, authority):
        client = connect(tls_site, credentials=credentials(authority))
        assert client.metadata().id == 4711
        assert client.sample(4).values

    def test_an_unknown_authority_is_the_clients_refusal(self, tls_site, connect, tmp_path):
        other = make_authority(tmp_path, "other")
        with refused(StatusCode.UNAVAILABLE):
            connect(tls_site, credentials=credentials(other)).metadata()

    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    def test_modern_versions_agree_on_h2(self, tls_site, authority, version):
        context = ssl.create_default_context(cafile=authority.certificate)
        context.minimum_version = context.maximum_version = version
        context.set_alpn_protocols(["h2"])
        with socket.create_connection(("127.0.0.1", tls_site.port)) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as secure:
                assert secure.selected_alpn_protocol() == "h2"
                assert secure.version() == version.name.replace("_", ".")

    def test_tls_1_1_is_refused(self, tls_site):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        with socket.create_connection(("127.0.0.1", tls_site.port)) as plain:
            with pytest.raises((ssl.SSLError, OSError)):
                context.wrap_socket(plain)

    def test_plain_text_on_the_tls_port_is_closed_and_logged(self, tls_site):
        with Connection(tls_site.target) as plain:
            plain.until_closed()
        tls_site.wait_log("HTTP/2 without TLS, but this port needs TLS")

    def test_a_renewed_certificate_is_taken_without_restart(self, tls_site, authority, server):
        def serial():
            context = ssl.create_default_context(cafile=authority.certificate)
            context.set_alpn_protocols(["h2"])
            with socket.create_connection(("127.0.0.1", tls_site.port)) as plain:
                with context.wrap_socket(plain, server_hostname="localhost") as secure:
                    return secure.getpeercert()["serialNumber"]

        before = serial()
        renewed = authority.issue("localhost", "renewed")
        os.replace(renewed.key, server.key)
        os.replace(renewed.certificate, server.certificate)
        wait_until(lambda: serial() != before, 15, "the renewed certificate")


class TestClientCertificates:
    @pytest.fixture
    def site(self, gateway, site_file, server, authority):
        tls = f"certificate: {server.certificate}, key: {server.key}, client_ca: {authority.certificate}"
        return gateway(site_file(f"{{tls: {{{tls}}}}}"))

    def test_a_signed_one_is_let_in(self, site, connect, authority):
        assert connect(site, credentials=credentials(authority, authority.issue("client"))).metadata().id == 4711

    def test_without_one_nobody_is(self, site, connect, authority):
        with refused(StatusCode.UNAVAILABLE):
            connect(site, credentials=credentials(authority)).metadata()

    def test_nor_with_one_of_another_authority(self, site, connect, authority, tmp_path):
        stranger = make_authority(tmp_path, "stranger").issue("client", "stranger-client")
        with refused(StatusCode.UNAVAILABLE):
            connect(site, credentials=credentials(authority, stranger)).metadata()


class TestKeys:
    @pytest.fixture
    def site(self, gateway, site_file, tmp_path):
        keys = tmp_path / "keys"
        keys.write_text(f"ems {hashlib.sha256(b'open sesame').hexdigest()}\n")
        keys.chmod(0o600)
        return gateway(site_file(f"{{keys: {keys}}}"))

    def test_the_right_key_is_let_in(self, site, connect):
        stub = connect(site).stub
        assert stub.ListComponents(api.ListComponentsRequest(), metadata=[("key", "open sesame")], timeout=10).components

    @pytest.mark.parametrize("metadata", [[], [("key", "wrong")], [("key", "")]], ids=["none", "wrong", "empty"])
    def test_none_or_a_wrong_one_is_unauthenticated(self, site, connect, metadata):
        stub = connect(site).stub
        with refused(StatusCode.UNAUTHENTICATED):
            stub.ListComponents(api.ListComponentsRequest(), metadata=metadata, timeout=10)

    def test_it_comes_before_every_other_check(self, site):
        with Connection(site.target) as wire:
            call = wire.call("/frequenz.api.microgrid.v1.Microgrid/SetComponentPowerActive", message(b"\xff"))
            assert call.grpc_status() == StatusCode.UNAUTHENTICATED.value[0]
            call = wire.call(METADATA, headers=[("key", "open sesame")])
            assert call.grpc_status() == 0


class TestBeyondThisMachine:
    def test_an_open_listener_without_tls_and_keys_is_refused(self, tmp_path):
        ran = subprocess.run(
            [program("microgridd"), "--config", SITES / "all.yaml", "--grpc", "0.0.0.0:0"],
            capture_output=True, text=True, timeout=20,
        )  # fmt: skip
        assert ran.returncode != 0
        assert "--insecure-listen" in ran.stderr

    def test_unless_one_says_so_in_words(self, gateway, connect):
        site = gateway("all", grpc=["0.0.0.0:0"], args=["--insecure-listen"])
        assert connect(f"127.0.0.1:{site.port}").metadata().id == 4711
