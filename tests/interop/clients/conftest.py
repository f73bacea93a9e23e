# SPDX-License-Identifier: MIT
"""Fixtures for today's clients, beside those of the folder above. A test may be a coroutine, as these clients are."""
import asyncio
import inspect
import re
from datetime import timedelta

import pytest
from frequenz.sdk import microgrid
from frequenz.sdk.microgrid import _data_pipeline, connection_manager
from frequenz.sdk.timeseries import ResamplerConfig2, grid

from aio import complaints
from alpha import VERSIONS, Alpha

ITS_OWN_AFFAIR = re.compile(
    r"Component Status Channel.* is full"  # a queue of one, and two batteries come up in the same turn
    r"|No bounds for frozenset\(\)"  # the result of a first command to no chargers
    r"|voltage streaming task cancelled"  # the end of the test
    r"|_resampl|_wall_clock_timer"  # a busy machine
)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.fixture(params=VERSIONS)
def version(request):
    return request.param


@pytest.fixture
def speak():
    """Makes clients of a version, closed at the end of the test."""
    clients = []

    def to(target, version=VERSIONS[0], **options):
        clients.append(Alpha(getattr(target, "target", target), version, **options))
        return clients[-1]

    yield to
    for one in clients:
        one.close()


def _alpha_of(site):
    @pytest.fixture
    def fixture(gateway, speak, version):
        return speak(gateway(site), version)

    return fixture


all_alpha = _alpha_of("all")
faults_alpha = _alpha_of("faults")


@pytest.fixture
def sdk(gateway, monkeypatch, caplog):
    """Starts the SDK at a gateway, as in a process of its own: it knows one microgrid a process. In the end it must have
    had nothing to complain of."""
    monkeypatch.setattr(connection_manager, "_CONNECTION_MANAGER", None)
    monkeypatch.setattr(_data_pipeline, "_DATA_PIPELINE", None)
    monkeypatch.setattr(grid, "_GRID", None)

    async def start(site=None):
        site = site or gateway("default")
        await microgrid.initialize(
            f"grpc://{site.target}", ResamplerConfig2(resampling_period=timedelta(seconds=1))
        )
        return connection_manager.get().api_client

    start.forgiving = False  # a test that stops the gateway sets it
    yield start
    if not start.forgiving:
        assert not [one for one in complaints(caplog) if not ITS_OWN_AFFAIR.search(one)]
