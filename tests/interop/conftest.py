# SPDX-License-Identifier: MIT
"""Fixtures: a gateway of its own for each test, and a client connected to it."""
import contextlib
import itertools
from pathlib import Path

import pytest

from client import Client
from daemon import DEFAULT_SITE, SITES, Gateway
from rustclient import RustClient


@pytest.fixture
def gateway(tmp_path):
    """Starts gateways: gateway("all") on tests/interop/sites/all.yaml; all are stopped, and judged, at the end."""
    started = contextlib.ExitStack()
    numbers = itertools.count()

    def start(site="all", **options):
        if site == "default":
            path = DEFAULT_SITE
        else:
            path = site if isinstance(site, Path) else SITES / f"{site}.yaml"
        folder = tmp_path / f"gateway{next(numbers)}"
        folder.mkdir()
        one = Gateway(path, folder, **options)
        started.callback(lambda: one.stop())  # looked up then: a test may judge an end by itself
        return one

    with started:
        yield start


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


@pytest.fixture
def rust(tmp_path):
    """Starts Rust clients, which must have nothing to complain of in the end unless they are forgiving."""
    started = []

    def start(target, forgiving=False, **options):
        folder = tmp_path / f"rust{len(started)}"
        folder.mkdir()
        started.append((RustClient(target, folder, **options), forgiving))
        return started[-1][0]

    yield start
    for one, _ in started:
        one.close()
    for one, forgiving in started:
        assert forgiving or not one.complaints()


def _client_of(site):
    @pytest.fixture
    def fixture(gateway, connect):
        return connect(gateway(site))

    return fixture


all_site = _client_of("all")  # every type of component, no faults
faults = _client_of("faults")
relays = _client_of("relays")
default_site = _client_of("default")
