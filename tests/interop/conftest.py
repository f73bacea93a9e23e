# SPDX-License-Identifier: MIT
"""Fixtures: a gateway of its own for each test, and a client connected to it."""
from pathlib import Path

import pytest

from client import Client
from daemon import DEFAULT_SITE, SITES, Gateway


@pytest.fixture
def gateway(tmp_path):
    """Starts gateways: gateway("all") on tests/interop/sites/all.yaml; all are stopped, and judged, at the end."""
    started = []

    def start(site="all", **options):
        if site == "default":
            path = DEFAULT_SITE
        else:
            path = site if isinstance(site, Path) else SITES / f"{site}.yaml"
        folder = tmp_path / f"gateway{len(started)}"
        folder.mkdir()
        started.append(Gateway(path, folder, **options))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def connect():
    """Makes clients that are closed at the end of the test."""
    clients = []

    def to(target, **options):
        clients.append(Client(getattr(target, "target", target), **options))
        return clients[-1]

    yield to
    for one in clients:
        one.close()


def _client_of(site):
    @pytest.fixture
    def fixture(gateway, connect):
        return connect(gateway(site))

    return fixture


all_site = _client_of("all")  # every type of component, no faults
faults = _client_of("faults")
relays = _client_of("relays")
default_site = _client_of("default")
